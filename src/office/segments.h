/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Holdings behind door two. A segment stands under a record of its own, made by the office in the name of a rule: the record's
 * register, label, file and party are the segment's four keys, and the segment bears the record's id. So opening a segment is a
 * change (the record is created) and closing it is a change (the step "close"), whose body holds the hash of its chain; the entry
 * commits to it.
 *
 * A register of segments has the states and the step open -> close -> closed ("close", right: none) and the fields source (line),
 * chain (line), items and bytes (numbers), covers (interval). Any of these missing: refused with its name.
 * With a step to a state "erased" (right: none) the segment's bytes and key go in the same change; its record stays, with the hash of the chain, and
 * verify tells erased from missing. An erasure of the record itself takes the segment along.
 */
#ifndef OFFICE_SEGMENTS_H
#define OFFICE_SEGMENTS_H

#include "office/office.h"
#include "store/segment.h"

#define SEGMENT_ERASED "erased"              /* the state */

/* A segment that is being written; one thread at a time. */
struct holding;
/* `create` names register, label, file and fields of the record; `source` is set by this function. The rule must name the register
 * under `consequences`. */
enum status office_hold(struct office *, const char *rule, const char *source, const struct op *create, moment now, struct arena *,
                        struct reasons *, struct holding **ret) MUST_CHECK;
const char *holding_number(const struct holding *);          /* the record's */
struct segment_writer *holding_writer(struct holding *);     /* for segment_append and segment_sync */
/* Closes the segment, then the record. Frees the holding in any case; when the change could not be made, office_hold_recover
 * makes it later. */
enum status office_hold_end(struct holding *, moment now, struct arena *, struct reasons *) MUST_CHECK;
/* Leaves it open, as a crash would. Takes NULL. */
void office_hold_abandon(struct holding *);
/* After a crash: closes what is open, segments at their last whole block and then their records. For the start, before anything is
 * held under this rule. `ret_n`: how many. */
enum status office_hold_recover(struct office *, const char *rule, moment now, struct arena *, struct reasons *, size_t *ret_n) MUST_CHECK;

/* Door two for holdings. ABSENT, without a word, unless the reader reads the segment's record, holds its guard as it was when the
 * segment was opened, and, where `asking` is not NULL, reads that record, too, its label is at least the segment's, and whoever has need-to-know
 * of it has it of the segment (which lies in no file, or in the same, and concerns nobody, or the same): what is found for a record never lies
 * above it. */
enum status office_segment(struct office *, const struct reader *, const char *number, const char *asking,
                           bool (*each)(void *, const void *block, size_t len, uint32_t items), void *arg, struct arena *,
                           struct reasons *) MUST_CHECK;
/* Whether the same would be read, and what is known of it without reading: so that nothing else is counted. Of an open one range, items and
 * bytes are not known yet. */
struct segment_facts { bool closed; uint64_t items, bytes; moment from, to; };
enum status office_segment_facts(struct office *, const struct reader *, const char *number, const char *asking, struct arena *,
                                 struct segment_facts *ret) MUST_CHECK;

#endif
