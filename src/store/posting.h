/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search rows in their table. A row holds one place (time of update, record) of a term under a guard, or a pack of up to PACK_MOST places:
 * the oldest is the row's key, the others stand behind it in `rest`, 16 bytes each, in order. The rows of a term under a guard
 * never overlap: all places of one are older than all of the next. So a walk from the newest reads row after row.
 *
 * Packs are made where many places move together. Between those of a pack a single place may come later (a clock was set back);
 * whoever puts or drops one says how new the newest packed place can be, so that only older ones have to look.
 */
#ifndef STORE_POSTING_H
#define STORE_POSTING_H

#include "store/fresh.h"

#define PACK_MOST 32
#define PACK_LEAST 4            /* fewer are rows of their own: that needs no look */

struct posting { moment updated; record_id record; };
static inline int posting_order(struct posting a, struct posting b)
{
    return a.updated != b.updated ? (a.updated > b.updated) - (a.updated < b.updated) : (a.record > b.record) - (a.record < b.record);
}

/* The places of a row, oldest first; false when `rest` is none that this room writes. */
bool posting_read(struct posting first, const void *rest, size_t len, struct posting out[PACK_MOST], size_t *ret_n) MUST_CHECK;

/* `packed`: no pack of this term and guard holds a newer time. */
enum status posting_put(struct db *, struct fresh_name, struct posting, moment packed) MUST_CHECK;
enum status posting_drop(struct db *, struct fresh_name, struct posting, moment packed) MUST_CHECK;
/* As a pack: in order, at most PACK_MOST. */
enum status posting_put_all(struct db *, struct fresh_name, const struct posting *, size_t n) MUST_CHECK;
enum status posting_has(struct db *, struct fresh_name, struct posting, bool *ret) MUST_CHECK;

#endif
