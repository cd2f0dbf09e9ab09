/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The items' structure, shared by fresh.c (keeping them), fresh_read.c (readers) and fresh_move.c (log and tables).
 */
#ifndef STORE_FRESH_INNER_H
#define STORE_FRESH_INNER_H

#include "store/fresh.h"

#define NEVER UINT64_MAX
#define SLOTS 65536
#define FIELDS 256

struct item {
    record_id record;
    uint64_t born, died;            /* NEVER born: its job was rolled back */
    bool gone;
    uint8_t len;
    uint8_t key[];
};
struct bucket {                     /* the items of one (kind, name, guard), in row order */
    struct bucket *next, *next_of_field;
    uint64_t hash;
    guard_id guard;
    char kind;
    uint8_t len;
    uint32_t n, cap;
    struct item **items;
    uint8_t name[];
};
struct undo { struct item *item; bool created; };
struct fresh {
    pthread_rwlock_t lock;
    struct bucket **slots, *fields[FIELDS];
    size_t n_buckets, live, target, slice;
    uint64_t batch, committed;      /* the number of the batch at work; of the last one committed */
    bool touched, logged;           /* by the batch at work; the log may hold rows */
    bool purge_due;                 /* a walk has ended */
    struct undo *undo;
    size_t n_undo, cap_undo;
    struct buf log;
    struct bucket **cycle;          /* the buckets in table order, as the walk that moves them found them */
    size_t n_cycle, at_cycle;
    uint64_t cycle_began;           /* items born until then are in the tables when the walk is through */
    struct fresh_reader *readers;
};

struct bucket *fresh_bucket(struct fresh *, struct fresh_name, bool make);
size_t fresh_lower(const struct bucket *, struct fresh_row);        /* the first item at or behind the row */
bool fresh_note(struct fresh *, struct item *, bool created);       /* for undoing; false without memory */
enum status fresh_set(struct fresh *, struct fresh_name, struct fresh_row, bool there) MUST_CHECK;
void fresh_purge(struct fresh *);
static inline struct fresh_row row_of(const struct item *i)
{
    return (struct fresh_row){i->key, i->len, i->record};
}
static inline bool item_live(const struct item *i) { return i->died == NEVER && i->born != NEVER; }
static inline bool item_seen(const struct item *i, uint64_t snapshot)
{
    return i->born <= snapshot && snapshot < i->died;
}
#define LOG_LIMIT (256u << 20)

#endif
