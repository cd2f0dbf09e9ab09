/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Items on their way into the tables, and the log. A walk goes through the buckets in the tables' own order, a slice with
 * each batch; when it is through, every item that was born before it began is in its table, and the log until then
 * goes. A store that is closed, or that erases, moves everything at once.
 */
#include <stdlib.h>
#include <string.h>

#include "store/fresh_inner.h"

static int bucket_order(const void *a, const void *b)
{
    const struct bucket *x = *(struct bucket *const *)a, *y = *(struct bucket *const *)b;
    if (x->kind != y->kind) {
        return x->kind < y->kind ? -1 : 1;
    }
    int order = key_order(x->name, x->len, y->name, y->len);
    return order ? order : (x->guard > y->guard) - (x->guard < y->guard);
}

static enum status start_walk(struct fresh *f)
{
    struct bucket **all = realloc(f->cycle, (f->n_buckets + 1) * sizeof *all);
    if (!all) {
        return NO_MEMORY;
    }
    f->cycle = all;
    f->n_cycle = f->at_cycle = 0;
    for (size_t s = 0; s < SLOTS; s++) {
        for (struct bucket *b = f->slots[s]; b; b = b->next) {
            all[f->n_cycle++] = b;
        }
    }
    qsort(all, f->n_cycle, sizeof *all, bucket_order);
    f->cycle_began = f->batch;
    return OK;
}

static enum status put_row(struct db *db, const struct bucket *b, const struct item *i)
{
    if (b->kind == 'v') {
        field_id field;
        memcpy(&field, b->name, sizeof field);
        return RUN(db, i->gone ? SQL_DROP_VALUE : SQL_PUT_VALUE, INT(field), INT(b->guard), BLOB(i->key, i->len),
                   INT(i->record));
    }
    return RUN(db, i->gone ? SQL_DROP_POSTING : SQL_PUT_POSTING, BLOB(b->name, b->len), INT(b->guard),
               INT(key_time(i->key)), INT(i->record));
}

static enum status move_bucket(struct fresh *f, struct db *db, struct bucket *b, size_t *moved)
{
    for (uint32_t n = 0; n < b->n; n++) {
        struct item *i = b->items[n];
        if (!item_live(i)) {
            continue;
        }
        enum status status = put_row(db, b, i);
        if (status != OK) {
            return status;
        }
        if (!fresh_note(f, i, false)) {
            return NO_MEMORY;
        }
        pthread_rwlock_wrlock(&f->lock);
        i->died = f->batch;
        f->live--;
        pthread_rwlock_unlock(&f->lock);
        ++*moved;
    }
    return OK;
}

static enum status walk(struct fresh *f, struct db *db, size_t most)
{
    size_t moved = 0;
    enum status status = f->at_cycle == f->n_cycle ? start_walk(f) : OK;
    size_t at = f->at_cycle;
    while (status == OK && at < f->n_cycle && moved < most) {
        status = move_bucket(f, db, f->cycle[at++], &moved);
    }
    if (status != OK) {
        f->n_cycle = f->at_cycle = 0;       /* the batch falls; the next walk starts afresh */
        return status;
    }
    f->at_cycle = at;
    f->touched = true;
    f->purge_due = at == f->n_cycle;
    if (at == f->n_cycle && f->logged) {
        status = RUN(db, SQL_DROP_LOG, INT((int64_t)f->cycle_began));
    }
    return status;
}

/* How many items leave with this batch: twice what it brought and a share of what has piled up, so that a lone change pays for little more than
 * itself and a full batch never falls behind; at most a slice beyond what it brought. */
static size_t to_move(const struct fresh *f, size_t added)
{
    size_t most = 2 * added + (f->live - f->target) / 16;
    return most > 2 * added + f->slice ? 2 * added + f->slice : most;
}

enum status fresh_seal(struct fresh *f, struct db *db, bool all)
{
    enum status status = OK;
    size_t added = f->n_undo;
    if (all) {
        f->n_cycle = f->at_cycle = 0;
        f->touched = true;
        f->logged = true;
        buf_clear(&f->log);
        status = walk(f, db, SIZE_MAX);
    } else if (f->live > f->target) {
        status = walk(f, db, to_move(f, added));
    }
    if (status == OK && f->log.len) {
        status = RUN(db, SQL_PUT_LOG, INT((int64_t)f->batch), BLOB(f->log.data, f->log.len));
        f->logged = true;
    }
    if (status == OK && f->touched) {
        status = RUN(db, SQL_PUT_PROGRESS, INT((int64_t)f->batch));
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
    struct rows r;
    field_id field;
    memcpy(&field, b->name, b->kind == 'v' ? sizeof field : 0);
    if (b->kind == 'v') {
        r = QUERY(db, SQL_HAS_VALUE, INT(field), INT(b->guard), BLOB(i->key, i->len), INT(i->record));
    } else {
        r = QUERY(db, SQL_HAS_POSTING, BLOB(b->name, b->len), INT(b->guard), INT(key_time(i->key)), INT(i->record));
    }
    *ret = db_step(&r);
    db_done(&r);
    return r.status;
}

/* What a walk had moved before the crash is in the tables already: such items are not wanted. */
static enum status drop_moved(struct fresh *f, struct db *db)
{
    for (size_t s = 0; s < SLOTS; s++) {
        for (struct bucket *b = f->slots[s]; b; b = b->next) {
            for (uint32_t i = 0; i < b->n; i++) {
                bool has;
                enum status status = table_has(db, b, b->items[i], &has);
                if (status != OK) {
                    return status;
                }
                if (has != b->items[i]->gone) {
                    b->items[i]->born = NEVER;
                    f->live--;
                }
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
    }
    enum status status = r.status;
    db_done(&r);
    if (status != OK) {
        return status;
    }
    f->batch = f->committed;
    r = QUERY_ALL(db, SQL_EACH_LOG);
    while (status == OK && db_step(&r)) {
        const uint8_t *at = col_blob(&r, 0), *end = at + col_len(&r, 0);
        f->logged = true;
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
    return status == OK && f->logged ? drop_moved(f, db) : status;
}
