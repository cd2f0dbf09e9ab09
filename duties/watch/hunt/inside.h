/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of this folder share: the query as the jail has it, and the face of blocks. A block gives the items that fit the terms
 * or the rules, each once for a term or rule, in order of items; and single events again, whole.
 */
#ifndef WATCH_HUNT_INSIDE_H
#define WATCH_HUNT_INSIDE_H

#include "watch/hunt/hunt.h"

#define HUNT_HEAD "hunt 1\n"

/* What fits an item: a term or a rule, by number; none: the query asks for everything. */
struct hunt_fit { uint32_t item; moment time; uint32_t index; bool rule; };

struct archive_terms;
struct hunt_scan {
    struct arena *arena;                   /* of the jail */
    const struct hunt_query *query;
    struct fields *fields;
    const struct sigma *sigma;             /* NULL: no rules */
    struct sigma_matcher *matcher;
    struct archive_terms *terms;           /* made with the first block of the archive */
    uint64_t events;                       /* looked at, counted by the block */
    bool (*fits)(void *, const struct hunt_fit *);
    bool (*give)(void *, uint32_t item, const struct event *);      /* for hunt_block_events */
    void *arg;
};
/* DAMAGED: the block cannot be read; nothing of it was given or counted. */
enum status hunt_block_look(struct hunt_scan *, const char *block, size_t len, uint32_t items) MUST_CHECK;
/* The events of these items (ascending), whole. */
enum status hunt_block_events(struct hunt_scan *, const char *block, size_t len, uint32_t items, const uint32_t *wanted, size_t n) MUST_CHECK;

/* The same for plain lines. */
enum status hunt_lines_look(struct hunt_scan *, const char *block, size_t len, uint32_t items) MUST_CHECK;
enum status hunt_lines_events(struct hunt_scan *, const char *block, size_t len, uint32_t items, const uint32_t *wanted, size_t n) MUST_CHECK;

bool hunt_in_time(const struct hunt_query *, moment);
bool hunt_term_fits(const struct hunt_term *, const char *text, size_t len);

#endif
