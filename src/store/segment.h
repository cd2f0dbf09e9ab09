/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Holdings: append-only sealed segments with one label, file, source and time range. Blocks are compressed, sealed
 * (XChaCha20-Poly1305 under a key of the segment's own, kept in the database), hashed and chained; a segment's closing
 * hash goes into the journal. Which segments a reader may read is decided by guard, like a record. The office's
 * office_segment() is the only caller on somebody's behalf. Erasing a segment erases its key and its file.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "store/store.h"

#define SEGMENT_BLOCK_LIMIT (16u << 20)     /* plain bytes of a block: one of the archive may be as large when nothing in it packs */

struct segment_info {
    record_id id;
    guard_id guard;
    const char *source;
    moment from, to;           /* MOMENT_NONE both while empty */
    uint64_t items, bytes;     /* plain bytes */
    struct hash chain;         /* over the blocks; of a closed segment */
    bool closed, erased;
};
struct segment_writer;
/* CONFLICT when the id is used. Not from the writer's thread. */
enum status segment_create(struct store *, record_id id, guard_id, const char *source, struct reasons *,
                           struct segment_writer **ret) MUST_CHECK;
/* A block of `items` items between two times; durable when segment_sync returns OK. */
enum status segment_append(struct segment_writer *, const void *block, size_t len, uint32_t items, moment from,
                           moment to) MUST_CHECK;
enum status segment_sync(struct segment_writer *) MUST_CHECK;
/* Syncs, closes, records range and chain. Frees the writer, also when it fails; `source` of the answer is NULL. */
enum status segment_close(struct segment_writer *, struct segment_info *ret) MUST_CHECK;
/* Frees the writer and leaves the segment open, as a crash would. Takes NULL. */
void segment_abandon(struct segment_writer *);
/* After a crash: an open segment without a writer is closed at its last whole block. */
enum status segment_recover(struct store *, record_id id, struct reasons *, struct segment_info *ret) MUST_CHECK;
/* ABSENT where the reader lacks the guard. A closed segment is checked to its chain (DAMAGED); of an open one the
 * whole blocks are given. `each` returns false to stop. */
enum status segment_read(struct store *, const struct guards *, record_id id,
                         bool (*each)(void *, const void *block, size_t len, uint32_t items), void *arg,
                         struct reasons *) MUST_CHECK;
/* What is known of one without reading it; ABSENT as above. Of an open one range, items and bytes are not known yet. */
enum status segment_look(struct store *, const struct guards *, record_id id, struct arena *, struct segment_info *ret) MUST_CHECK;
/* In a change of the office's, whose entry has this position; key and file go, chain and a tombstone stay. */
enum status segment_erase(struct txn *, record_id id, uint64_t position) MUST_CHECK;
/* All, unguarded: for the office's start, its retention rule and verify. */
enum status segment_each(struct store *, bool (*)(void *, const struct segment_info *), void *) MUST_CHECK;
/* Reads a closed segment's file against its stored chain, as verify does. */
enum status segment_verify(struct store *, record_id id) MUST_CHECK;

#endif
