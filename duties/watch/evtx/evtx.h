/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Windows event log files (EVTX; format as in Microsoft's [MS-EVEN6] BinXml and the public reverse engineering). Own reader: bounded
 * in memory and time on any input, never outside the bytes it was given, and it recovers: a damaged chunk or record costs that
 * record, not the file; records that a torn header no longer counts are found by their signature.
 */
#ifndef WATCH_EVTX_H
#define WATCH_EVTX_H

#include "base/buf.h"
#include "base/reasons.h"
#include "watch/event/event.h"

#define EVTX_FILE_MOST ((size_t)16 << 30)
struct evtx_counts { uint64_t chunks, damaged_chunks, records, damaged_records, recovered_records; };

struct evtx;
/* Begins to read a file whose bytes outlive it (memory that may be mapped). BAD_INPUT with a reason when nothing in it looks like a chunk. */
enum status evtx_open(struct arena *, struct fields *, const char *bytes, size_t len, struct reasons *, struct evtx **ret) MUST_CHECK;
/* The next event, into the cleared event, in the order of the file. ABSENT at the end. What was damaged is only counted. */
enum status evtx_next(struct evtx *, struct event *) MUST_CHECK;
struct evtx_counts evtx_counts(const struct evtx *);
/* The same record as JSON, in the shape that the public converters write ({"Event": {"System": ..., "EventData": ...}}, attributes
 * under "#attributes"). Of the record that evtx_next() gave last. */
enum status evtx_json(struct evtx *, struct buf *) MUST_CHECK;

/* The bytes before this are not looked at again. */
size_t evtx_place(const struct evtx *);

#endif
