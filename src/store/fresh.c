/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Keeping items: see fresh.h. Of one row at most one item lives at a time; a put under a living "gone" ends it, a drop
 * under a living "there" ends that, and otherwise a new item says what differs from the table.
 */
#include <stdlib.h>
#include <string.h>

#include "store/fresh_inner.h"

struct fresh *fresh_new(void)
{
    struct fresh *f = calloc(1, sizeof *f);
    if (!f || !(f->slots = calloc(SLOTS, sizeof *f->slots))) {
        free(f);
        return NULL;
    }
    pthread_rwlock_init(&f->lock, NULL);
    fresh_set_limits(f, FRESH_TARGET, FRESH_SLICE);
    buf_init(&f->log, LOG_LIMIT);
    return f;
}

void fresh_set_limits(struct fresh *f, size_t target, size_t slice)
{
    f->target = target;
    f->slice = slice;
}

static void free_bucket(struct bucket *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        free(b->items[i]);
    }
    free(b->items);
    free(b);
}

void fresh_free(struct fresh *f)
{
    if (!f) {
        return;
    }
    for (size_t i = 0; i < SLOTS; i++) {
        for (struct bucket *b = f->slots[i], *next; b; b = next) {
            next = b->next;
            free_bucket(b);
        }
    }
    pthread_rwlock_destroy(&f->lock);
    buf_free(&f->log);
    free(f->undo);
    free(f->cycle);
    free(f->slots);
    free(f);
}

static uint64_t hash_name(struct fresh_name n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)(uint8_t)n.kind ^ (uint64_t)(uint32_t)n.guard << 8;
    const uint8_t *bytes = n.name;
    for (size_t i = 0; i < n.len; i++) {
        h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

static unsigned field_slot(const struct bucket *b)
{
    return b->name[0];
}

struct bucket *fresh_bucket(struct fresh *f, struct fresh_name n, bool make)
{
    uint64_t h = hash_name(n);
    struct bucket **slot = &f->slots[h >> 48];
    for (struct bucket *b = *slot; b; b = b->next) {
        if (b->hash == h && b->guard == n.guard && b->kind == n.kind && b->len == n.len
            && memcmp(b->name, n.name, n.len) == 0) {
            return b;
        }
    }
    struct bucket *b = make ? calloc(1, sizeof *b + n.len) : NULL;
    if (b) {
        b->hash = h;
        b->guard = n.guard;
        b->kind = n.kind;
        b->len = (uint8_t)n.len;
        memcpy(b->name, n.name, n.len);
        b->next = *slot;
        *slot = b;
        if (b->kind == 'v') {
            b->next_of_field = f->fields[field_slot(b)];
            f->fields[field_slot(b)] = b;
        }
        f->n_buckets++;
    }
    return b;
}

size_t fresh_lower(const struct bucket *b, struct fresh_row row)
{
    size_t low = 0, high = b->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (row_order(row_of(b->items[mid]), row) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
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
        uint32_t cap = b->cap ? 2 * b->cap : 2;
        struct item **more = realloc(b->items, cap * sizeof *more);
        if (!more) {
            return false;
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

void fresh_end(struct fresh *f, bool committed)
{
    if (!committed) {
        fresh_roll_back(f, (struct fresh_mark){0, 0});
        f->n_cycle = f->at_cycle = 0;       /* what the walk moved is not there: it starts afresh */
        f->purge_due = false;
    } else if (f->touched) {
        pthread_rwlock_wrlock(&f->lock);
        f->committed = f->batch;
        if (f->purge_due) {
            fresh_purge(f);
            f->purge_due = false;
        }
        pthread_rwlock_unlock(&f->lock);
    }
    f->n_undo = 0;
}

/* Frees what is over for every reader, now and to come. The lock is held; no walk is under way. */
void fresh_purge(struct fresh *f)
{
    uint64_t least = f->committed;
    for (struct fresh_reader *r = f->readers; r; r = r->next) {
        least = r->least < least ? r->least : least;
    }
    memset(f->fields, 0, sizeof f->fields);
    for (size_t s = 0; s < SLOTS; s++) {
        for (struct bucket **at = &f->slots[s]; *at; ) {
            struct bucket *b = *at;
            uint32_t kept = 0;
            for (uint32_t i = 0; i < b->n; i++) {
                if (b->items[i]->died <= least || b->items[i]->born == NEVER) {
                    free(b->items[i]);
                } else {
                    b->items[kept++] = b->items[i];
                }
            }
            b->n = kept;
            if (!kept) {
                *at = b->next;
                free_bucket(b);
                f->n_buckets--;
                continue;
            }
            if (b->kind == 'v') {
                b->next_of_field = f->fields[field_slot(b)];
                f->fields[field_slot(b)] = b;
            }
            at = &b->next;
        }
    }
}

size_t fresh_count(const struct fresh *f)
{
    return f->live;
}

struct fresh_name fresh_value(field_id *field, guard_id guard)
{
    return (struct fresh_name){'v', guard, field, sizeof *field};
}
