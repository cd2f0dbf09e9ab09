/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The archive: events of one source, in the order in which they came, packed into a *block* from which every event comes back bit by
 * bit, and which can be hunted through without unpacking what a hunt does not ask for. docs/archive-format.md says how a block is laid
 * out; block.h what its files share.
 *
 *     archive_builder   struct event ... -> one block
 *     archive_open      a block, whoever made it: every offset is checked; a hostile one gives DAMAGED, takes bounded memory and time
 *     archive_raw       the bytes of an event as they were read
 *     archive_event     the event as its reader gave it: the same values, in the same order
 *     archive_hunt      terms -> (event, term)
 *     archive_match     compiled rules -> (event, rule), exactly as sigma_match says event by event
 *
 * Which blocks somebody may hunt through is not decided here: whoever calls brings those that the asker may read.
 */
#ifndef WATCH_ARCHIVE_H
#define WATCH_ARCHIVE_H

#include "base/reasons.h"
#include "watch/event/event.h"
#include "watch/sigma/sigma.h"

#define ARCHIVE_ROWS_MOST 131072u          /* events of a block */
#define ARCHIVE_BLOCK_MOST (16u << 20)     /* bytes of a block; what it holds is far more */

struct archive_info {
    uint32_t items;
    moment from, to;                       /* of the events that have a time; MOMENT_NONE both when none has */
    uint64_t raw;                          /* bytes of all events as they were read */
};

/* ---- writing ---- */

/* The builder and what lasts lie in `lasting`; `block` holds what goes with each block and is the builder's alone (give it 512 MiB). The
 * fields are those of the events' reader. */
struct archive_builder;
struct archive_builder *archive_builder_new(struct arena *lasting, struct arena *block, const struct fields *);
void archive_builder_free(struct archive_builder *);                         /* takes NULL; gives back what zstd holds */
/* Copies the event. False: the block is full, finish it first. Best before anything undid the event's escapes (sigma_match does): then
 * every value lies where it was written. An event that not even an empty block has room for (more than 6 MiB in all its values) is kept
 * without values. */
bool archive_add(struct archive_builder *, const struct event *);
uint32_t archive_added(const struct archive_builder *);                      /* events in the block that is begun */
size_t archive_weight(const struct archive_builder *);                       /* plain bytes that it holds so far; the block is a part of them */
/* The block into `out`; the builder is empty then. ABSENT: no event was added. */
enum status archive_finish(struct archive_builder *, struct arena *out, const void **ret, size_t *ret_len, struct archive_info *ret_info) MUST_CHECK;

/* ---- reading ---- */

/* The bytes are not copied and outlive the archive. DAMAGED: no block. Whatever is damaged inside a part is found when it is needed. An
 * archive is used by one thread; what it unpacks lies in the arena (1 GiB is enough for any block). */
struct archive;
enum status archive_open(const void *bytes, size_t len, struct arena *, struct archive **ret) MUST_CHECK;
void archive_close(struct archive *);                                        /* takes NULL; gives back what zstd holds */
struct archive_info archive_info(const struct archive *);
/* Items count from 0. In the given arena. */
enum status archive_raw(struct archive *, uint32_t item, struct arena *, const char **ret, size_t *ret_len) MUST_CHECK;
/* Time (MOMENT_NONE: none) and number of the event in its file. */
enum status archive_stamp(struct archive *, uint32_t item, moment *ret_time, uint64_t *ret_record) MUST_CHECK;
/* Into the cleared event; names are added to the fields. Values are unescaped; what event_add did not take then is not there now. */
enum status archive_event(struct archive *, uint32_t item, struct fields *, struct event *) MUST_CHECK;

/* ---- hunting ---- */

/* Events of [from, to); MOMENT_NONE: open. An event without a time is found when both are open. */
struct archive_range { moment from, to; };
/* Items come in order, each once with a term or rule, which come in order, too. False stops, and the answer is OK. */
typedef bool archive_hit(void *arg, uint32_t item, uint32_t which);

/* What is looked for in values, as they were meant (escapes undone), without regard to case as Sigma folds it (Unicode, character by
 * character). Null is no value. */
enum archive_how { ARCHIVE_IS, ARCHIVE_BEGINS, ARCHIVE_ENDS, ARCHIVE_HAS, ARCHIVE_LIKE };       /* LIKE: the whole, with * and ? as in Sigma */
struct archive_term { const char *field; enum archive_how how; const char *text; size_t len; };    /* field NULL: any */
#define ARCHIVE_TERMS_MOST 1000u
struct archive_terms;
/* Made once, for any number of blocks and for one thread. TOO_LARGE: more terms than that. */
enum status archive_terms_new(struct arena *, const struct archive_term *, size_t n, struct archive_terms **ret) MUST_CHECK;
enum status archive_hunt(struct archive *, struct archive_terms *, struct archive_range, archive_hit *, void *arg) MUST_CHECK;

/* The matcher's own memory is used. */
enum status archive_match(struct archive *, struct sigma_matcher *, struct archive_range, archive_hit *, void *arg) MUST_CHECK;

#endif
