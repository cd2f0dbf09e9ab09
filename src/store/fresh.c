/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keeping items: see fresh.h. Of one row at most one item lives at a time; a put under a living "gone" ends it, a drop
 * under a living "there" ends that, and otherwise a new item says what differs from the table. Items that are over are
 * freed bucket by bucket, in the order in which they ended, as soon as no reader can need them.
 */
#include <stdlib.h>
#include <string.h>

#include "store/fresh_inner.h"

struct fresh *fresh_new(void)
{
    struct fresh *f = calloc(1, sizeof *f);
    if (!f || !(f->slots = calloc(SLOTS, sizeof *f->slots)) || !(f->packed_in = calloc(PACKED_SLOTS, sizeof *f->packed_in))) {
        free(f ? f->slots : NULL);
        free(f);
        return NULL;
    }
    f->packed = f->packed_before = INT64_MIN;
    pthread_rwlock_init(&f->lock, NULL);
    f->target = FRESH_TARGET;
    f->slice = FRESH_SLICE;
    buf_init(&f->log, LOG_LIMIT);
    return f;
}

void fresh_set_limits(struct fresh *f, size_t target, size_t slice)
{
    f->target = target;
    f->slice = slice;
    f->fixed = true;
}

void fresh_scale(struct fresh *f, size_t pages)
{
    size_t target = pages * FRESH_PER_PAGE;
    if (!f->fixed) {
        f->target = target < FRESH_TARGET ? FRESH_TARGET : target > FRESH_MOST ? FRESH_MOST : target;
    }
}

void fresh_free(struct fresh *f)
{
    if (!f) {
        return;
    }
    struct fresh_at at = {0};
    for (struct bucket *b; (b = fresh_next(f, &at)); ) {
        fresh_bucket_free(b);
    }
    for (size_t i = 0; i < f->n_leaves; i++) {
        free(f->leaves[i]);
    }
    free(f->leaves);
    free(f->heads);
    pthread_rwlock_destroy(&f->lock);
    buf_free(&f->log);
    free(f->undo);
    free(f->spent);
    free(f->slots);
    free(f->packed_in);
    free(f);
}

/* Puts a bucket with items that are over into the queue; without memory it waits for the next occasion. */
void fresh_spend(struct fresh *f, struct bucket *b)
{
    if (b->spent) {
        return;
    }
    if (f->n_spent == f->cap_spent && f->spent_at) {
        f->n_spent -= f->spent_at;
        memmove(f->spent, f->spent + f->spent_at, f->n_spent * sizeof *f->spent);
        f->spent_at = 0;
    }
    if (f->n_spent == f->cap_spent) {
        size_t cap = f->cap_spent ? 2 * f->cap_spent : 256;
        struct bucket **more = realloc(f->spent, cap * sizeof *more);
        if (!more) {
            return;
        }
        f->spent = more;
        f->cap_spent = cap;
    }
    f->spent[f->n_spent++] = b;
    b->spent = true;
}

bool fresh_note(struct fresh *f, struct item *item, bool created)
{
    if (f->n_undo == f->cap_undo) {
        size_t cap = f->cap_undo ? 2 * f->cap_undo : 1024;
        struct undo *more = realloc(f->undo, cap * sizeof *more);
        if (!more) {
            return false;
        }
        f->undo = more;
        f->cap_undo = cap;
    }
    f->undo[f->n_undo++] = (struct undo){item, created};
    return true;
}

static bool insert(struct fresh *f, struct bucket *b, size_t at, struct fresh_row row, bool gone)
{
    if (b->n == b->cap) {
        uint32_t cap = 2 * b->cap;
        struct item **more = realloc(b->items == &b->one ? NULL : b->items, cap * sizeof *more);
        if (!more) {
            return false;
        }
        if (b->items == &b->one) {
            more[0] = b->one;
        }
        b->items = more;
        b->cap = cap;
    }
    struct item *item = malloc(sizeof *item + row.len);
    if (!item || !fresh_note(f, item, true)) {
        free(item);
        return false;
    }
    *item = (struct item){.record = row.record, .born = f->batch, .died = NEVER, .gone = gone, .len = (uint8_t)row.len};
    if (row.len) {
        memcpy(item->key, row.key, row.len);
    }
    memmove(b->items + at + 1, b->items + at, (b->n - at) * sizeof *b->items);
    b->items[at] = item;
    b->n++;
    f->live++;
    return true;
}

enum status fresh_set(struct fresh *f, struct fresh_name name, struct fresh_row row, bool there)
{
    struct bucket *b = fresh_bucket(f, name, true);
    if (!b) {
        return NO_MEMORY;
    }
    size_t at = fresh_lower(b, row);
    for (size_t i = at; i < b->n && row_order(row_of(b->items[i]), row) == 0; i++) {
        struct item *item = b->items[i];
        if (item_live(item)) {
            if (item->gone != there) {
                return OK;                          /* so it is already */
            }
            if (!fresh_note(f, item, false)) {
                return NO_MEMORY;
            }
            item->died = f->batch;
            f->live--;
            if (++b->dead * 2 > b->n) {
                fresh_spend(f, b);
            }
            return OK;
        }
    }
    return insert(f, b, at, row, !there) ? OK : NO_MEMORY;
}

/* In the log: kind, there or gone, guard (4), record (8), name's length, name, key's length, key. */
static void write_log(struct buf *log, struct fresh_name n, struct fresh_row row, bool there)
{
    uint8_t head[14] = {(uint8_t)n.kind, there};
    for (int i = 0; i < 4; i++) {
        head[2 + i] = (uint8_t)((uint32_t)n.guard >> (8 * i));
    }
    for (int i = 0; i < 8; i++) {
        head[6 + i] = (uint8_t)((uint64_t)row.record >> (8 * i));
    }
    buf_add(log, head, sizeof head);
    buf_addc(log, (char)n.len);
    buf_add(log, n.name, n.len);
    buf_addc(log, (char)row.len);
    if (row.len) {
        buf_add(log, row.key, row.len);
    }
}

void fresh_edit(struct fresh *f)
{
    pthread_rwlock_wrlock(&f->lock);
}

void fresh_edited(struct fresh *f)
{
    pthread_rwlock_unlock(&f->lock);
}

enum status fresh_put(struct fresh *f, struct fresh_name name, struct fresh_row row, bool there)
{
    enum status status = fresh_set(f, name, row, there);
    write_log(&f->log, name, row, there);
    f->touched = true;
    return status == OK && f->log.failed ? NO_MEMORY : status;
}

void fresh_begin(struct fresh *f)
{
    f->batch = f->committed + 1;
    f->touched = false;
    f->logged_before = f->logged;
    f->n_undo = 0;
    buf_clear(&f->log);
}

struct fresh_mark fresh_savepoint(const struct fresh *f)
{
    return (struct fresh_mark){f->n_undo, f->log.len};
}

void fresh_roll_back(struct fresh *f, struct fresh_mark mark)
{
    pthread_rwlock_wrlock(&f->lock);
    while (f->n_undo > mark.undo) {
        struct undo u = f->undo[--f->n_undo];
        if (u.created) {
            f->live -= item_live(u.item);
            u.item->born = NEVER;
        } else {
            u.item->died = NEVER;
            f->live++;
        }
    }
    f->log.len = mark.log < f->log.len ? mark.log : f->log.len;
    f->log.failed = false;
    pthread_rwlock_unlock(&f->lock);
}

/* Frees what is over for every reader, now and to come; false when some of it is still needed. */
static bool sweep(struct fresh *f, struct bucket *b, uint64_t least)
{
    uint32_t kept = 0, dead = 0;
    for (uint32_t i = 0; i < b->n; i++) {
        struct item *item = b->items[i];
        if (item->died <= least || item->born == NEVER) {
            free(item);
        } else {
            b->items[kept++] = item;
            dead += item->died != NEVER;
        }
    }
    b->n = kept;
    b->dead = dead;
    if (dead) {
        return false;
    }
    b->spent = false;
    if (!kept) {
        fresh_bucket_drop(f, b);
    }
    return true;
}

void fresh_end(struct fresh *f, bool committed)
{
    if (!committed) {
        fresh_roll_back(f, (struct fresh_mark){0, 0});
        f->walking = false;                 /* what the walk moved is not there: it starts afresh */
        f->cursor = NULL;
        f->logged = f->logged_before;
    } else if (f->touched) {
        pthread_rwlock_wrlock(&f->lock);
        f->committed = f->batch;
        uint64_t least = f->committed;
        for (struct fresh_reader *r = f->readers; r; r = r->next) {
            least = r->least < least ? r->least : least;
        }
        while (f->spent_at < f->n_spent && sweep(f, f->spent[f->spent_at], least)) {
            f->spent_at++;
        }
        if (f->spent_at == f->n_spent) {
            f->spent_at = f->n_spent = 0;
        }
        pthread_rwlock_unlock(&f->lock);
    }
    f->n_undo = 0;
}

size_t fresh_count(const struct fresh *f)
{
    return f->live;
}

struct fresh_name fresh_value(field_id *field, guard_id guard)
{
    return (struct fresh_name){'v', guard, field, sizeof *field};
}
