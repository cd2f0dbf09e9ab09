/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What goes over the two rings between the office and the worker of a lane (intake.h): heads of messages, in the machine's own byte order, since
 * both sides are one program. Needs base alone. Neither side believes a number that the other has written before it has looked at it.
 */
#ifndef OFFICE_LANE_H
#define OFFICE_LANE_H

#include <stdbool.h>
#include <stdint.h>

#define LANE_SLOTS 1024u                     /* sources of one lane */
#define LANE_HOLES 256u
#define LANE_PART (256u << 10)               /* bytes of a part of what comes in parts */

enum lane_kind {
    /* to the worker */
    LANE_SOURCE = 1,                         /* lane_source, then format (u16 length, bytes): a slot, told before its first message */
    LANE_CONFIGURE,                          /* lane_part: what the duty's `configure` made */
    LANE_RESUME,                             /* lane_part: the state that a worker gave back before (LANE_STATE) */
    LANE_MESSAGE,                            /* lane_message, then bytes */
    LANE_TICK,                               /* lane_tick: the time, several a second */
    LANE_FLUSH,                              /* lane_tick: all that is held is to be given back now, blocks and state; answered by LANE_FLUSHED */
    /* from the worker */
    LANE_BLOCK = 32,                         /* lane_block, then the block */
    LANE_STATE,                              /* lane_part, whose `cover` says what the state has seen */
    LANE_COUNTS,                             /* lane_counts of one slot */
    LANE_FLUSHED,                            /* lane_tick, as it came */
    LANE_SAID = 64,                          /* from here on the duty's own: handed to stream_def.said */
};
/* Which messages were seen: all up to `through` but the holes. */
struct lane_cover { uint64_t through; uint32_t n; uint32_t unused; uint64_t holes[LANE_HOLES]; };
struct lane_source { uint32_t kind, slot; };
struct lane_part { uint32_t kind; uint32_t generation; uint64_t size, at; struct lane_cover cover; };      /* then bytes at .. of size */
enum { LANE_ARCHIVED = 1, LANE_CORRELATED = 2 /* was seen before: not again */, LANE_RAW = 4 /* not to be looked into */, LANE_WHOLE = 8 /* a text of its own: nothing before or behind belongs to it */ };
struct lane_message { uint32_t kind, slot; uint64_t seq, peer; int64_t received; uint32_t flags, unused; };
struct lane_tick { uint32_t kind, number; int64_t now; };
struct lane_block { uint32_t kind, slot; uint32_t items, unused; int64_t from, to; struct lane_cover cover; };
struct lane_counts { uint32_t kind, slot; uint64_t events, raw, faulty; int64_t newest; };
static inline bool lane_covers(const struct lane_cover *cover, uint64_t seq)
{
    for (uint32_t i = 0; i < cover->n && i < LANE_HOLES; i++)
        if (cover->holes[i] == seq)
            return false;
    return seq <= cover->through;
}
/* What one of the two has seen. Holes beyond the room end the cover before them: then a message may be looked at twice, never not at all. */
static inline struct lane_cover lane_cover_join(const struct lane_cover *a, const struct lane_cover *b)
{
    struct lane_cover joined = {.through = a->through > b->through ? a->through : b->through};
    const struct lane_cover *both[2] = {a, b};
    for (int k = 0; k < 2; k++)
        for (uint32_t i = 0; i < both[k]->n && i < LANE_HOLES; i++) {
            uint64_t hole = both[k]->holes[i];
            bool there = hole > joined.through || lane_covers(a, hole) || lane_covers(b, hole);
            for (uint32_t j = 0; j < joined.n && !there; j++)
                there = joined.holes[j] == hole;
            if (!there && joined.n < LANE_HOLES)
                joined.holes[joined.n++] = hole;
            else if (!there && hole - 1 < joined.through)
                joined.through = hole - 1;
        }
    return joined;
}

#endif
