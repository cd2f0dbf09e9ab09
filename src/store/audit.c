/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What verify looks at beside records, links and the journal: rows as they lie in the tables, whether anything leads to
 * them or not. So a row that was added from outside is seen although no reader would ever meet it.
 */
#include <string.h>

#include "store/escape.h"
#include "store/inner.h"

/* ---- index rows that still lie in the log go to their tables, so that the tables can be compared ---- */

static bool move_all(struct job *job, struct txn *txn)
{
    txn->move_all = true;
    return true;
}
static void moved(struct job *job, bool committed)
{
}

enum status store_move_fresh(struct store *s)
{
    struct job job = {.run = move_all, .settled = moved};
    bool committed = false;
    enum status status = store_perform(s, &job, &committed);
    return status == OK && !committed ? FAILED_IO : status;
}

/* ---- rows ---- */

enum status store_count(struct store *s, struct store_counts *ret)
{
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_COUNT_ROWS);
    if (db_step(&r)) {
        *ret = (struct store_counts){(uint64_t)col_int(&r, 0), (uint64_t)col_int(&r, 1), (uint64_t)col_int(&r, 2)};
    }
    enum status status = r.status;
    db_done(&r);
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

enum status store_each_version_row(struct store *s, bool (*each)(void *, const struct version_row *), void *arg)
{
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_VERSION);
    while (db_step(&r)) {
        struct version_row v = {.position = col_int(&r, 0), .record = col_int(&r, 1), .version = col_int(&r, 2),
                                .previous = col_int(&r, 3), .guard = (guard_id)col_int(&r, 4),
                                .label = (label_id)col_int(&r, 5), .file = col_int(&r, 6), .state = col_text(&r, 7),
                                .updated = col_int(&r, 8), .body = col_blob(&r, 9), .body_len = col_len(&r, 9)};
        if (!each(arg, &v)) {
            break;
        }
    }
    enum status status = r.status;
    db_done(&r);
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

enum status store_each_body_place(struct store *s, bool (*each)(void *, int64_t), void *arg)
{
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_BODY_PLACE);
    while (db_step(&r) && each(arg, col_int(&r, 0))) {
    }
    enum status status = r.status;
    db_done(&r);
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

enum status store_each_list(struct store *s, bool (*each)(void *, const struct listed_item *), void *arg)
{
    struct arena *arena = arena_new(2 * (size_t)BODY_LIMIT);
    if (!arena) {
        return NO_MEMORY;
    }
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_LIST);
    bool go = true;
    while (go && db_step(&r)) {
        struct listed_item item = {.record = col_int(&r, 1), .guard = (guard_id)col_int(&r, 2), .updated = col_int(&r, 3)};
        arena_clear(arena);
        /* A list that its record does not name, or that cannot be read, is given once, as an item without bytes. */
        bool named = sqlite3_column_type(r.s, 5) == SQLITE_INTEGER && col_int(&r, 5) == col_int(&r, 0);
        go = named && index_list_items(arena, col_blob(&r, 4), col_len(&r, 4), &item, each, arg);
        if (!go) {
            item.bytes = NULL;
            go = each(arg, &item);
        }
    }
    enum status status = r.status;
    db_done(&r);
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    arena_free(arena);
    return status;
}

enum status store_each_attachment(struct store *s, bool (*each)(void *, const struct attachment_row *), void *arg)
{
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_ATTACHMENT);
    while (db_step(&r)) {
        struct attachment_row a = {.address = col_text(&r, 0), .label = (label_id)col_int(&r, 1), .file = col_int(&r, 2),
                                   .size = col_int(&r, 3), .uses = col_int(&r, 4)};
        if (!each(arg, &a)) {
            break;
        }
    }
    enum status status = r.status;
    db_done(&r);
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

void txn_escaped(struct txn *txn)
{
    struct db *db = txn->db;
    for (sqlite3_stmt *at = sqlite3_next_stmt(db->c, NULL), *next; at; at = next) {
        bool kept = false;
        next = sqlite3_next_stmt(db->c, at);
        for (int i = 0; i < SQL_COUNT; i++) {
            kept = kept || db->stmt[i] == at;
        }
        for (int i = 0; i < DB_CONTROLS; i++) {
            kept = kept || db->control[i] == at;
        }
        if (kept) {
            sqlite3_reset(at);
            sqlite3_clear_bindings(at);
        } else {
            sqlite3_finalize(at);
        }
    }
}
