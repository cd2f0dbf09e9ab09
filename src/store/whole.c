/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's own start-up, verify and the journal's readers: everything, unguarded. A source check allows these calls
 * to office_open, verify and the journal's surfaces only.
 */
#include <string.h>

#include "store/inner.h"
#include "store/posting.h"

#define EACH(s, query, ...) \
    pthread_mutex_lock(&(s)->whole_lock); \
    struct rows r = query; \
    while (db_step(&r)) { \
        __VA_ARGS__ \
    } \
    db_done(&r); \
    (s)->whole.fault = OK; \
    pthread_mutex_unlock(&(s)->whole_lock); \
    return r.status

enum status store_each_label(struct store *s, bool (*each)(void *, label_id, const char *), void *arg)
{
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_LABEL), {
        if (!each(arg, (label_id)col_int(&r, 0), col_text(&r, 1))) {
            break;
        }
    });
}

enum status store_each_guard(struct store *s, bool (*each)(void *, const struct stored_guard *), void *arg)
{
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_GUARD), {
        struct stored_guard g = {(guard_id)col_int(&r, 0), (int32_t)col_int(&r, 1), (label_id)col_int(&r, 2),
                                 col_int(&r, 3), col_int(&r, 4)};
        if (!each(arg, &g)) {
            break;
        }
    });
}

enum status store_each_field(struct store *s, bool (*each)(void *, field_id, const char *, const char *), void *arg)
{
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_FIELD), {
        int64_t id = col_int(&r, 0);
        if (id < 1 || id > FIELDS_MOST) {       /* given in order from 1; tables are made by it */
            r.status = DAMAGED;
            break;
        }
        if (!each(arg, (field_id)id, col_text(&r, 1), col_text(&r, 2))) {
            break;
        }
    });
}

enum status store_each_link(struct store *s, bool (*each)(void *, const struct stored_link *), void *arg)
{
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_LINK), {
        struct stored_link link = link_from(&r);
        if (!each(arg, &link)) {
            break;
        }
    });
}

enum status store_each_value(struct store *s, bool (*each)(void *, field_id, guard_id, const void *, size_t, record_id), void *arg)
{
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_VALUE), {
        const void *key = col_blob(&r, 2);
        size_t len = col_len(&r, 2);
        if (!each(arg, (field_id)col_int(&r, 0), (guard_id)col_int(&r, 1), key, len, col_int(&r, 3))) {
            break;
        }
    });
}

/* Rows of a term under a guard do not overlap. */
struct former_row { uint8_t term[TERM_LIMIT]; size_t len; guard_id guard; struct posting last; };
static bool follows(struct former_row *former, const void *term, size_t len, guard_id guard, struct posting first, struct posting last)
{
    bool same = former->guard == guard && former->len == len && len <= TERM_LIMIT && memcmp(former->term, len ? term : "", len) == 0;
    bool good = !same || posting_order(former->last, first) < 0;
    former->guard = guard;
    former->len = len;
    former->last = last;
    memcpy(former->term, len ? term : "", len <= TERM_LIMIT ? len : 0);
    return good;
}

enum status store_each_posting(struct store *s, bool (*each)(void *, const void *, size_t, guard_id, moment, record_id), void *arg)
{
    struct former_row former = {0};
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_POSTING), {
        const void *term = col_blob(&r, 0);
        size_t len = col_len(&r, 0);
        guard_id guard = (guard_id)col_int(&r, 1);
        struct posting places[PACK_MOST] = {{0}};
        size_t n = 1;
        bool good = posting_read((struct posting){col_int(&r, 2), col_int(&r, 3)}, col_blob(&r, 4), col_len(&r, 4), places, &n)
            && follows(&former, term, len, guard, places[0], places[n - 1]);
        bool go = good || each(arg, term, len, guard, places[0].updated, 0);
        for (size_t i = 0; go && good && i < n; i++) {
            go = each(arg, term, len, guard, places[i].updated, places[i].record);
        }
        if (!go) {
            break;
        }
    });
}

enum status store_each_tombstone(struct store *s, bool (*each)(void *, const char *, const char *, uint64_t), void *arg)
{
    EACH(s, QUERY_ALL(&s->whole, SQL_EACH_TOMBSTONE), {
        if (!each(arg, col_text(&r, 0), col_text(&r, 1), (uint64_t)col_int(&r, 2))) {
            break;
        }
    });
}

enum status store_each_record(struct store *s, const char *register_, bool (*each)(void *, const struct stored_record *),
                              void *arg)
{
    struct arena *arena = arena_new(2 * (size_t)BODY_LIMIT);
    if (!arena) {
        return NO_MEMORY;
    }
    pthread_mutex_lock(&s->whole_lock);
    struct rows r = register_ ? QUERY(&s->whole, SQL_EACH_OF_REGISTER, TEXT(register_))
                              : QUERY_ALL(&s->whole, SQL_EACH_RECORD);
    enum status status = OK;
    while (db_step(&r)) {
        struct stored_record x;
        arena_clear(arena);
        if (!record_from(&r, arena, &x)) {
            status = DAMAGED;
            break;
        }
        if (!each(arg, &x)) {
            break;
        }
    }
    db_done(&r);
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    arena_free(arena);
    return r.status != OK ? r.status : status;
}

enum status store_each_version(struct store *s, record_id id, bool (*each)(void *, const struct stored_record *),
                               void *arg)
{
    struct arena *arena = arena_new(2 * (size_t)BODY_LIMIT);
    if (!arena) {
        return NO_MEMORY;
    }
    pthread_mutex_lock(&s->whole_lock);
    struct rows first = QUERY(&s->whole, SQL_RECORD_POSITION, INT(id));
    int64_t position = db_step(&first) ? col_int(&first, 0) : -1;
    enum status status = first.status != OK ? first.status : position < 0 ? ABSENT : OK;
    db_done(&first);
    while (status == OK && position >= 0) {
        struct rows r = QUERY(&s->whole, SQL_VERSION_AT, INT(position));
        struct stored_record x;
        arena_clear(arena);
        bool go = false;
        if (db_step(&r) && record_from(&r, arena, &x) && col_int(&r, 13) < position) {
            position = col_int(&r, 13);
            go = true;
        } else {
            status = r.status != OK ? r.status : DAMAGED;
        }
        db_done(&r);
        if (!go || !each(arg, &x)) {
            break;
        }
    }
    s->whole.fault = OK;
    pthread_mutex_unlock(&s->whole_lock);
    arena_free(arena);
    return status;
}

enum status store_each_entry(struct store *s, uint64_t from, uint64_t to,
                             bool (*each)(void *, uint64_t, const void *, size_t), void *arg)
{
    EACH(s, QUERY(&s->whole, SQL_EACH_ENTRY, INT((int64_t)from), INT(to > INT64_MAX ? INT64_MAX : (int64_t)to)), {
        size_t len = col_len(&r, 1);
        if (!each(arg, (uint64_t)col_int(&r, 0), len ? col_blob(&r, 1) : "", len)) {
            break;
        }
    });
}

static enum status body_from(struct db *db, enum sql_id id, uint64_t position, struct arena *arena,
                             uint8_t salt[SALT_BYTES], const char **ret, size_t *ret_len)
{
    struct rows r = QUERY(db, id, INT((int64_t)position));
    enum status status = ABSENT;
    if (db_step(&r)) {
        const void *body = col_blob(&r, 1);
        if (body) {
            status = col_copy(&r, 0, salt, SALT_BYTES) ? OK : DAMAGED;
        }
        if (status == OK) {
            *ret_len = col_len(&r, 1);
            *ret = arena_strndup(arena, body, *ret_len);
        }
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    return status;
}

enum status store_body_at(struct store *s, uint64_t position, struct arena *arena, uint8_t salt[SALT_BYTES],
                          const char **ret, size_t *ret_len)
{
    pthread_mutex_lock(&s->whole_lock);
    enum status status = body_from(&s->whole, SQL_VERSION_BODY_AT, position, arena, salt, ret, ret_len);
    if (status == ABSENT) {
        status = body_from(&s->whole, SQL_BODY_AT, position, arena, salt, ret, ret_len);
    }
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}
