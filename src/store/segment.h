/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Holdings: append-only sealed segments with one label, file, source and time range. Blocks are compressed, hashed and
 * chained; a segment's closing hash goes into the journal. Which segments a reader may read is decided by guard, like
 * a record. The office's office_segment() is the only caller on somebody's behalf.
 */
#ifndef STORE_SEGMENT_H
#define STORE_SEGMENT_H

#include "store/store.h"

struct segment_info {
    record_id id;
    guard_id guard;
    const char *source;
    moment from, to;
    uint64_t items, bytes;
    struct hash chain;         /* over the blocks; of a closed segment */
    bool closed, erased;
};
struct segment_writer;
enum status segment_create(struct store *, record_id id, guard_id, const char *source, struct reasons *,
                           struct segment_writer **ret) MUST_CHECK;
/* A block of `items` items between two times; durable when segment_sync returns OK. */
enum status segment_append(struct segment_writer *, const void *block, size_t len, uint32_t items, moment from,
                           moment to) MUST_CHECK;
enum status segment_sync(struct segment_writer *) MUST_CHECK;
enum status segment_close(struct segment_writer *, struct segment_info *ret) MUST_CHECK;   /* frees the writer */
enum status segment_read(struct store *, const struct guards *, record_id id,
                         bool (*each)(void *, const void *block, size_t len, uint32_t items), void *arg,
                         struct reasons *) MUST_CHECK;
enum status segment_erase(struct store *, record_id id, struct reasons *) MUST_CHECK;

#endif
