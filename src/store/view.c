/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading connections. Two locks: every statement asks for guards that the reader has, and the connection's authorizer
 * admits only the seen_... views, whose predicate may_read(guard) looks into the same list. So a statement that forgot
 * the guard shows nothing that it should not, and one that names a table is not even prepared.
 */
#include <stdlib.h>
#include <string.h>

#include "store/inner.h"
#include "store/schema.h"

bool guards_have(const struct guards *g, guard_id id)
{
    size_t low = 0, high = g ? g->count : 0;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (g->ids[mid] == id) {
            return true;
        }
        if (g->ids[mid] < id) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return false;
}

static void may_read(sqlite3_context *context, int n, sqlite3_value **values)
{
    const struct view *v = sqlite3_user_data(context);
    sqlite3_result_int(context, guards_have(v->guards, (guard_id)sqlite3_value_int64(values[0])));
}

static bool is_view(const char *name)
{
    for (const char *const *view = views_seen; name && *view; view++) {
        if (strcmp(*view, name) == 0) {
            return true;
        }
    }
    return false;
}

static int authorize(void *arg, int action, const char *a, const char *b, const char *database, const char *inside)
{
    switch (action) {
    case SQLITE_SELECT: case SQLITE_TRANSACTION:
        return SQLITE_OK;
    case SQLITE_READ:
        return is_view(a) || is_view(inside) ? SQLITE_OK : SQLITE_DENY;
    case SQLITE_FUNCTION:
        return b && (strcmp(b, "may_read") == 0 || sqlite3_stricmp(b, "count") == 0) ? SQLITE_OK : SQLITE_DENY;
    default:
        return SQLITE_DENY;
    }
}

static enum status set_up(struct view *v)
{
    enum status status = db_exec(&v->db, "PRAGMA temp_store = MEMORY");
    if (status == OK) {
        status = db_exec(&v->db, "PRAGMA cache_size = -4096");
    }
    if (status == OK) {
        status = db_status(&v->db, sqlite3_create_function_v2(v->db.c, "may_read", 1, SQLITE_UTF8, v, may_read, NULL,
                                                              NULL, NULL));
    }
    if (status == OK) {
        status = db_status(&v->db, sqlite3_set_authorizer(v->db.c, authorize, NULL));
    }
    if (status == OK) {
        status = db_status(&v->db, sqlite3_prepare_v3(v->db.c, "BEGIN", -1, SQLITE_PREPARE_PERSISTENT, &v->begin, NULL));
    }
    if (status == OK) {
        status = db_status(&v->db, sqlite3_prepare_v3(v->db.c, "COMMIT", -1, SQLITE_PREPARE_PERSISTENT, &v->commit, NULL));
    }
    return status;
}

static enum status control(struct view *v, sqlite3_stmt *statement)
{
    (void)sqlite3_step(statement);
    return db_status(&v->db, sqlite3_reset(statement));
}

enum status view_open(struct store *s, struct view **ret)
{
    char path[PATH_LIMIT];
    struct view *v = calloc(1, sizeof *v);
    if (!v) {
        return NO_MEMORY;
    }
    v->store = s;
    enum status status = store_path(s, "office.db", path, sizeof path) ? db_open(&v->db, path, DB_READ) : TOO_LARGE;
    if (status == OK) {
        status = set_up(v);
    }
    if (status != OK) {
        view_close(v);
        return status;
    }
    *ret = v;
    return OK;
}

void view_close(struct view *v)
{
    if (v) {
        view_end(v);
        sqlite3_finalize(v->begin);
        sqlite3_finalize(v->commit);
        db_close(&v->db);
        free(v);
    }
}

void view_shrink(struct view *v) { (void)sqlite3_db_release_memory(v->db.c); }

enum status view_begin(struct view *v)
{
    if (v->begun) {
        return OK;
    }
    fresh_enter(v->store->fresh, &v->reader);
    enum status status = control(v, v->begin);
    v->begun = true;
    v->snapshot = 0;
    if (status == OK) {
        struct rows r = QUERY_ALL(&v->db, VIEW_PROGRESS);       /* also takes the snapshot */
        if (db_step(&r)) {
            v->snapshot = (uint64_t)col_int(&r, 0);
        }
        status = r.status;
        db_done(&r);
    }
    if (status != OK) {
        view_end(v);
    }
    return status;
}

enum status view_enter(struct view *v, bool *ret_mine)
{
    *ret_mine = !v->begun;
    return view_begin(v);
}

void view_leave(struct view *v, bool mine)
{
    if (mine) {
        view_end(v);
    }
}

void view_end(struct view *v)
{
    if (v->begun) {
        if (!sqlite3_get_autocommit(v->db.c)) {
            (void)control(v, v->commit);
        }
        fresh_leave(v->store->fresh, &v->reader);
        v->begun = false;
    }
    v->db.fault = OK;
}

enum status view_record(struct view *v, const struct guards *guards, record_id id, struct arena *arena,
                        struct stored_record *ret)
{
    v->guards = guards;
    struct rows r = QUERY(&v->db, VIEW_RECORD, INT(id));
    enum status status = ABSENT;
    if (db_step(&r)) {
        status = record_from(&r, arena, ret) ? OK : DAMAGED;
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    v->guards = NULL;
    return status;
}

static enum status version_at(struct view *v, int64_t position, struct arena *arena, struct stored_record *ret,
                              int64_t *ret_previous)
{
    struct rows r = QUERY(&v->db, VIEW_VERSION, INT(position));
    enum status status = r.status == OK ? DAMAGED : r.status;
    if (db_step(&r)) {
        status = record_from(&r, arena, ret) ? OK : DAMAGED;
        *ret_previous = col_int(&r, 13);
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    return status;
}

enum status view_versions(struct view *v, const struct guards *guards, record_id id, struct arena *arena,
                          struct stored_record **ret, size_t *ret_n)
{
    struct stored_record now;
    enum status status = view_record(v, guards, id, arena, &now);
    if (status != OK) {
        return status;
    }
    size_t most = (size_t)now.version, n = 0;
    struct stored_record *list = ARENA_ARRAY(arena, struct stored_record, most);
    int64_t position = (int64_t)now.position, previous = -1;
    v->guards = guards;
    for (; position >= 0 && n < most && status == OK; position = previous) {
        status = version_at(v, position, arena, &list[n], &previous);
        n++;
    }
    v->guards = NULL;
    if (status == OK && (n != most || position >= 0)) {
        status = DAMAGED;
    }
    if (status == OK) {
        *ret = list;
        *ret_n = n;
    }
    return status;
}
