/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Items on their way into the tables, and the log. A walk goes through the buckets in the tables' own order, a slice with
 * each batch; when it is through, every item that was born before it began is in its table, and the log until then
 * goes, from its oldest end, a few batches at a time. A store that is closed, or that erases, moves everything at once.
 */
#include <stdlib.h>
#include <string.h>

#include "store/fresh_inner.h"
#include "store/posting.h"

/* How new a place in a pack of this bucket can be at most. */
static moment packed_in(const struct fresh *f, const struct bucket *b)
{
    uint64_t since = f->packed_in[b->hash % PACKED_SLOTS];
    moment newest = since ? (moment)(since ^ UINT64_C(0x8000000000000000)) : INT64_MIN;
    return newest > f->packed_before ? newest : f->packed_before;
}

static void note_packed(struct fresh *f, const struct bucket *b, moment newest)
{
    uint64_t *slot = &f->packed_in[b->hash % PACKED_SLOTS], n = (uint64_t)newest ^ UINT64_C(0x8000000000000000);
    *slot = n > *slot ? n : *slot;
    f->packed = newest > f->packed ? newest : f->packed;
}

static struct posting posting_of(const struct item *i)
{
    return (struct posting){key_time(i->key), i->record};
}

static enum status put_row(struct fresh *f, struct db *db, const struct bucket *b, const struct item *i)
{
    if (b->kind == 'v') {
        field_id field;
        memcpy(&field, b->name, sizeof field);
        return RUN(db, i->gone ? SQL_DROP_VALUE : SQL_PUT_VALUE, INT(field), INT(b->guard), BLOB(i->key, i->len),
                   INT(i->record));
    }
    return (i->gone ? posting_drop : posting_put)(db, fresh_name_of(b), posting_of(i), packed_in(f, b));
}

/* From an item on: one row, or a pack of the search rows that follow one another; `ret_end`: behind the last. */
static enum status put_some(struct fresh *f, struct db *db, const struct bucket *b, uint32_t from, uint32_t *ret_end)
{
    struct posting places[PACK_MOST];
    size_t n = 0;
    uint32_t end = from;
    for (; b->kind == 'p' && end < b->n && n < PACK_MOST; end++) {
        const struct item *i = b->items[end];
        if (item_live(i) && i->gone) {
            break;
        }
        if (item_live(i)) {
            places[n++] = posting_of(i);
        }
    }
    if (n < PACK_LEAST) {
        *ret_end = from + 1;
        return put_row(f, db, b, b->items[from]);
    }
    *ret_end = end;
    note_packed(f, b, places[n - 1].updated);
    return posting_put_all(db, fresh_name_of(b), places, n);
}

static enum status move_bucket(struct fresh *f, struct db *db, struct bucket *b, size_t *moved)
{
    uint32_t through = 0, end;
    enum status status = OK;
    while (status == OK && through < b->n) {
        if (!item_live(b->items[through])) {
            through++;
            continue;
        }
        status = put_some(f, db, b, through, &end);
        for (; status == OK && through < end; through++) {
            if (item_live(b->items[through]) && !fresh_note(f, b->items[through], false)) {
                status = NO_MEMORY;
                break;
            }
            *moved += item_live(b->items[through]);
        }
    }
    pthread_rwlock_wrlock(&f->lock);
    for (uint32_t n = 0; n < through; n++) {        /* those that are noted, and can be undone */
        if (item_live(b->items[n])) {
            b->items[n]->died = f->batch;
            f->live--;
        }
    }
    fresh_spend(f, b);
    pthread_rwlock_unlock(&f->lock);
    return status;
}

/* The oldest part of the log that the tables have caught up with goes, some batches of it at a time. */
static enum status shorten_log(struct fresh *f, struct db *db, bool all)
{
    struct log_span *l = &f->logged;
    if (l->low > l->done) {
        return OK;
    }
    uint64_t last = all || l->done - l->low < LOG_STEP ? l->done : l->low + LOG_STEP - 1;
    enum status status = RUN(db, SQL_DROP_LOG, INT((int64_t)last));
    l->low = last + 1;
    return status;
}

static enum status walk(struct fresh *f, struct db *db, size_t most)
{
    size_t moved = 0;
    enum status status = OK;
    struct fresh_at at = {0};
    if (!f->walking) {
        f->walking = true;
        f->cursor = NULL;
        f->walk_began = f->batch;
    } else if (f->cursor) {
        at = fresh_from(f, fresh_name_of(f->cursor));
    }
    f->touched = true;
    struct bucket *b = fresh_next(f, &at);
    while (status == OK && b && moved < most) {
        status = move_bucket(f, db, b, &moved);
        b = fresh_next(f, &at);
    }
    f->cursor = b;
    if (status == OK && !b) {
        f->walking = false;
        f->logged.done = f->walk_began;
    }
    return status;                          /* when it failed the batch falls, and the next walk starts afresh */
}

bool fresh_untidy(const struct fresh *f)
{
    return f->live > f->target + f->slice;
}

/* With a batch: nothing while the writer's idle moments suffice; then twice what it brought and a share of the backlog, so
 * that a lone change pays for little more than itself and a full batch never falls behind. */
static size_t to_move(const struct fresh *f, size_t added, enum fresh_move how)
{
    size_t bound = f->target + FRESH_SLACK * f->slice;
    if (how != FRESH_LITTLE) {
        return how == FRESH_ALL ? SIZE_MAX : f->slice;
    }
    return f->live > bound ? 2 * added + (f->live - bound) / 16 : 0;
}

enum status fresh_seal(struct fresh *f, struct db *db, enum fresh_move how)
{
    enum status status = OK;
    bool all = how == FRESH_ALL;
    size_t most = to_move(f, f->n_undo, how);
    if (all) {
        f->walking = false;
        buf_clear(&f->log);
    }
    if (most) {
        status = walk(f, db, most);
    }
    if (status == OK && (f->touched || f->log.len)) {
        status = shorten_log(f, db, all);
    }
    if (status == OK && f->log.len) {
        status = RUN(db, SQL_PUT_LOG, INT((int64_t)f->batch), BLOB(f->log.data, f->log.len));
    }
    if (status == OK && f->touched) {
        status = RUN(db, SQL_PUT_PROGRESS, INT((int64_t)f->batch), INT(f->packed));
    }
    return status;
}

/* ---- after a crash ---- */

static bool read_op(const uint8_t **at, const uint8_t *end, struct fresh_name *name, struct fresh_row *row, bool *there)
{
    const uint8_t *b = *at;
    if (end - b < 16 || (b[0] != 'v' && b[0] != 'p')) {
        return false;
    }
    uint32_t guard = 0;
    uint64_t record = 0;
    for (int i = 0; i < 4; i++) {
        guard |= (uint32_t)b[2 + i] << (8 * i);
    }
    for (int i = 0; i < 8; i++) {
        record |= (uint64_t)b[6 + i] << (8 * i);
    }
    *there = b[1] != 0;
    *name = (struct fresh_name){(char)b[0], (guard_id)guard, b + 15, b[14]};
    if (end - b < 16 + b[14]) {
        return false;
    }
    *row = (struct fresh_row){b + 16 + b[14], b[15 + b[14]], (record_id)record};
    if (end - b < 16 + b[14] + (ptrdiff_t)row->len || (name->kind == 'v' && name->len != sizeof(field_id))
        || (name->kind == 'p' && row->len != TIME_KEY)) {
        return false;
    }
    *at = b + 16 + b[14] + row->len;
    return true;
}

/* The last word on a row counts, whatever was said of it before. */
static enum status last_word(struct fresh *f, struct fresh_name name, struct fresh_row row, bool there)
{
    struct bucket *b = fresh_bucket(f, name, false);
    size_t at = b ? fresh_lower(b, row) : 0;
    if (b && at < b->n && row_order(row_of(b->items[at]), row) == 0) {
        b->items[at]->gone = !there;
        return OK;
    }
    return fresh_set(f, name, row, there);
}

static enum status table_has(struct db *db, const struct bucket *b, const struct item *i, bool *ret)
{
    field_id field;
    if (b->kind == 'p') {
        return posting_has(db, fresh_name_of(b), posting_of(i), ret);
    }
    memcpy(&field, b->name, sizeof field);
    struct rows r = QUERY(db, SQL_HAS_VALUE, INT(field), INT(b->guard), BLOB(i->key, i->len), INT(i->record));
    *ret = db_step(&r);
    db_done(&r);
    return r.status;
}

/* What a walk had moved before the crash is in the tables already: such items are not wanted. */
static enum status drop_moved(struct fresh *f, struct db *db)
{
    struct fresh_at at = {0};
    for (struct bucket *b; (b = fresh_next(f, &at)); ) {
        for (uint32_t i = 0; i < b->n; i++) {
            bool has;
            enum status status = table_has(db, b, b->items[i], &has);
            if (status != OK) {
                return status;
            }
            if (has != b->items[i]->gone) {
                b->items[i]->born = NEVER;
                f->live--;
                fresh_spend(f, b);
            }
        }
    }
    return OK;
}

enum status fresh_load(struct fresh *f, struct db *db)
{
    struct rows r = QUERY_ALL(db, SQL_GET_PROGRESS);
    if (db_step(&r)) {
        f->committed = (uint64_t)col_int(&r, 0);
        f->packed = f->packed_before = col_null(&r, 1) ? INT64_MIN : col_int(&r, 1);
    }
    enum status status = r.status;
    db_done(&r);
    if (status != OK) {
        return status;
    }
    f->batch = f->committed;
    f->logged.low = f->committed + 1;
    r = QUERY_ALL(db, SQL_EACH_LOG);
    while (status == OK && db_step(&r)) {
        const uint8_t *at = col_blob(&r, 1), *end = at + col_len(&r, 1);
        if ((uint64_t)col_int(&r, 0) < f->logged.low) {
            f->logged.low = (uint64_t)col_int(&r, 0);
        }
        while (status == OK && at < end) {
            struct fresh_name name;
            struct fresh_row row;
            bool there;
            status = read_op(&at, end, &name, &row, &there) ? last_word(f, name, row, there) : DAMAGED;
        }
    }
    if (status == OK) {
        status = r.status;
    }
    db_done(&r);
    f->n_undo = 0;
    return status == OK && f->n_leaves ? drop_moved(f, db) : status;
}
