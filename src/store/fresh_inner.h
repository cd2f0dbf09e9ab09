/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The items' structure, shared by fresh.c (keeping them), fresh_bucket.c (finding them), fresh_read.c (readers) and
 * fresh_move.c (log and tables).
 */
#ifndef STORE_FRESH_INNER_H
#define STORE_FRESH_INNER_H

#include "store/fresh.h"

#define NEVER UINT64_MAX
#define SLOTS (1u << 17)
#define LEAF 64
#define FRESH_SLACK 8           /* slices beyond the target before changes have to move some themselves */
#define PACKED_SLOTS (1u << 16)
#define LOG_STEP 4              /* batches of the log that go with one, once all that they say is in the tables */

struct item {
    record_id record;
    uint64_t born, died;            /* NEVER born: its job was rolled back */
    bool gone;
    uint8_t len;
    uint8_t key[];
};
struct bucket {                     /* the items of one (kind, name, guard), in row order */
    struct bucket *chain;           /* the next one with the same hash */
    struct item **items, *one;      /* most hold a single item */
    uint64_t hash;
    guard_id guard;
    char kind;
    uint8_t len;
    bool spent;                     /* waits in the queue below */
    uint32_t n, cap, dead;          /* dead: about how many of the items are over */
    uint8_t name[];
};
struct leaf {                       /* buckets that follow one another in the tables' order */
    uint32_t n;
    struct leaf_place { uint64_t head; struct bucket *bucket; } places[LEAF];
};
struct fresh_at { size_t leaf; uint32_t place; };
struct undo { struct item *item; bool created; };
struct fresh {
    pthread_rwlock_t lock;
    struct bucket **slots;
    struct leaf **leaves;
    uint64_t *heads;                /* of the first place of each leaf */
    size_t n_leaves, cap_leaves;
    size_t live, target, slice;
    bool fixed;                     /* the limits were given, and do not follow the database's size */
    uint64_t batch, committed;      /* the number of the batch at work; of the last one committed */
    bool touched;                   /* by the batch at work */
    struct undo *undo;
    size_t n_undo, cap_undo;
    struct buf log;
    bool walking;                   /* a walk is under way: all before `cursor` is in the tables */
    struct bucket *cursor;          /* NULL: the beginning */
    uint64_t walk_began;            /* items born until then are in the tables when the walk is through */
    struct log_span { uint64_t low, done; } logged, logged_before;  /* the log begins at `low`; up to `done` it may go */
    struct bucket **spent;          /* a queue of buckets whose items are over, or soon will be for every reader */
    size_t spent_at, n_spent, cap_spent;
    struct fresh_reader *readers;
    moment packed, packed_before;   /* the newest time in any pack of search rows; that when the store was opened */
    uint64_t *packed_in;            /* the same since then for buckets by their hash, 0: none; see posting.h */
};

/* fresh_bucket.c */
struct bucket *fresh_bucket(struct fresh *, struct fresh_name, bool make);
void fresh_bucket_drop(struct fresh *, struct bucket *);
void fresh_bucket_free(struct bucket *);                            /* alone, when all go */
/* In order, while none is made or dropped: from the first at or behind a name; {0}: from the beginning. */
struct fresh_at fresh_from(struct fresh *, struct fresh_name);
struct bucket *fresh_next(struct fresh *, struct fresh_at *);
size_t fresh_lower(const struct bucket *, struct fresh_row);        /* the first item at or behind the row */
/* fresh.c */
bool fresh_note(struct fresh *, struct item *, bool created);       /* for undoing; false without memory */
enum status fresh_set(struct fresh *, struct fresh_name, struct fresh_row, bool there) MUST_CHECK;
void fresh_spend(struct fresh *, struct bucket *);
static inline struct fresh_name fresh_name_of(const struct bucket *b)
{
    return (struct fresh_name){b->kind, b->guard, b->name, b->len};
}
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
