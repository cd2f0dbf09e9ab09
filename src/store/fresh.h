/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Index rows that were written lately. A change has a dozen index rows, each at another place of a large table: written
 * at once, they would dirty a page each. So the writer keeps them in memory and in a log (one row a batch), and moves them
 * into the tables in sorted slices, a range of the index at a time, so that neighbours share their pages. Readers
 * merge both. After a crash the log is read again.
 *
 * A row is (kind, name, guard) and then (key, record): of a value the name is the field and the key is the key; of a
 * posting the name is the term and the key is the time. An *item* says that such a row is there though the table lacks
 * it, or is gone though the table has it. Each batch that touches items has a number, which stands in the database, too;
 * an item holds from the batch `born` on, until the batch `died`: so a reader's snapshot of the tables and the items go
 * together exactly. Items are freed when no reader can need them.
 */
#ifndef STORE_FRESH_H
#define STORE_FRESH_H

#include <pthread.h>

#include "base/buf.h"
#include "store/db.h"
#include "store/store.h"

#define FRESH_TARGET 40000          /* items kept before slices are moved, at least */
#define FRESH_PER_PAGE 3            /* items kept for each page of the database: so that neighbours go into a page together */
#define FRESH_MOST 200000           /* and never more than these */
#define FRESH_SLICE 500             /* items moved at a time */
#define TIME_KEY 8

struct fresh;
struct fresh_name { char kind; guard_id guard; const void *name; size_t len; };     /* kind: 'v' or 'p' */
struct fresh_row { const void *key; size_t len; record_id record; };

struct fresh *fresh_new(void);
/* By the database's size; by the writer. */
void fresh_scale(struct fresh *, size_t pages);
/* Other limits, for tests: while the writer rests. */
void fresh_set_limits(struct fresh *, size_t target, size_t slice);
void fresh_free(struct fresh *);
/* After opening: what the log holds and the tables lack. */
enum status fresh_load(struct fresh *, struct db *) MUST_CHECK;

/* ---- the writer ---- */
void fresh_begin(struct fresh *);                               /* a batch */
/* Around puts: readers wait meanwhile. */
void fresh_edit(struct fresh *);
void fresh_edited(struct fresh *);
enum status fresh_put(struct fresh *, struct fresh_name, struct fresh_row, bool there) MUST_CHECK;
struct fresh_mark { size_t undo, log; };
struct fresh_mark fresh_savepoint(const struct fresh *);
void fresh_roll_back(struct fresh *, struct fresh_mark);
/* Moving into the tables: with a batch only when there are far too many, since a change waits for it; a slice when the
 * writer has nothing else to do; all of them. */
enum fresh_move { FRESH_LITTLE, FRESH_TIDY, FRESH_ALL };
/* Whether there is a slice to be moved at leisure. */
bool fresh_untidy(const struct fresh *);
/* Before the commit: moves, writes log and number. */
enum status fresh_seal(struct fresh *, struct db *, enum fresh_move) MUST_CHECK;
void fresh_end(struct fresh *, bool committed);
/* Every record that has this key under a field by an item, as the batch sees it; and whether a row of the table is gone. */
struct fresh_name fresh_value(field_id *, guard_id);
void fresh_each_holder(struct fresh *, field_id, struct fresh_row key, bool (*each)(void *, record_id), void *arg);
bool fresh_gone_now(struct fresh *, struct fresh_name, struct fresh_row);
size_t fresh_count(const struct fresh *);

/* ---- readers ---- */
struct fresh_reader { struct fresh_reader *next; uint64_t least; };
/* Before the snapshot is taken, so that nothing it may need is freed; and after it has ended. */
void fresh_enter(struct fresh *, struct fresh_reader *);
void fresh_leave(struct fresh *, struct fresh_reader *);
/* Whether there are items under this name at all; most often there are not. */
bool fresh_any(struct fresh *, struct fresh_name);
bool fresh_hides(struct fresh *, uint64_t snapshot, struct fresh_name, struct fresh_row);
/* Up to `most` rows (at most 64) strictly behind `start` in walking order, not beyond `stop` (up: below it; down: not
 * below it). Their keys are copied into `room`, `stride` bytes each. */
size_t fresh_rows(struct fresh *, uint64_t snapshot, struct fresh_name, struct fresh_row start, struct fresh_row stop,
                  bool down, uint8_t *room, size_t stride, struct fresh_row *rows, size_t most);
/* How many rows from `low` to below `high` are added, and how many of the table's are gone. */
void fresh_tally(struct fresh *, uint64_t snapshot, struct fresh_name, struct fresh_row low, struct fresh_row high,
                 size_t *ret_added, size_t *ret_gone);

static inline void time_key(moment at, uint8_t out[TIME_KEY])
{
    uint64_t n = (uint64_t)at ^ UINT64_C(0x8000000000000000);
    for (int i = 0; i < TIME_KEY; i++) {
        out[i] = (uint8_t)(n >> (56 - 8 * i));
    }
}
static inline moment key_time(const uint8_t *key)
{
    uint64_t n = 0;
    for (int i = 0; i < TIME_KEY; i++) {
        n = n << 8 | key[i];
    }
    return (moment)(n ^ UINT64_C(0x8000000000000000));
}
static inline int key_order(const void *a, size_t a_len, const void *b, size_t b_len)
{
    size_t least = a_len < b_len ? a_len : b_len;
    int order = least ? __builtin_memcmp(a, b, least) : 0;
    return order ? order : (a_len > b_len) - (a_len < b_len);
}
static inline int row_order(struct fresh_row a, struct fresh_row b)
{
    int order = key_order(a.key, a.len, b.key, b.len);
    return order ? order : (a.record > b.record) - (a.record < b.record);
}

#endif
