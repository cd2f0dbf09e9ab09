/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The live worker from inside: what one lane's worker holds, and who of its files does what.
 *
 *     work.c        the loop: one message after the other, the clock, flushing, state
 *     sources.c     slots, senders and their readers: from messages to events
 *     match.c       events through rules and correlations: hits
 *     configure.c   what it goes by, written and read, compiled, exchanged between two events
 *     block.c       events laid into blocks
 *     hit.c, verdict.c   what it says, written here and read in the office
 */
#ifndef WATCH_LIVE_INSIDE_H
#define WATCH_LIVE_INSIDE_H

#include "base/buf.h"
#include "watch/event/entity.h"
#include "watch/live/live.h"
#include "watch/logs/logs.h"
#include "watch/sigma/correlate.h"
#include "wire/wire.h"

#define LIVE_SENDERS_MOST 256u             /* of one lane, with readers of their own; the one that was silent longest goes */
#define LIVE_HITS_MOST 4096u               /* of one event */
#define LIVE_PATIENCE 1000                 /* ms: then a group of lines that was begun counts as whole */
#define LIVE_STATE_EVERY 3000
#define LIVE_COUNTS_EVERY 1000
#define LIVE_WEIGHT_MOST ((size_t)12 << 20)          /* plain bytes of one block */
#define LIVE_WEIGHTS_MOST ((size_t)48 << 20)         /* of all that are begun */

struct block;                              /* events of one slot, not yet given back (block.c) */

/* Whoever sends to a slot, where the format's lines belong together; else one for the whole slot, with id 0. */
struct sender {
    struct sender *next;
    uint64_t id;
    uint32_t slot;
    struct arena *arena;
    const struct log_format *format;
    struct log_reader *reader;
    struct buf pending;                    /* text of messages that are begun */
    uint64_t seqs[LANE_HOLES]; uint32_t n_seqs;      /* these messages */
    uint32_t flags;                        /* of the newest of them */
    moment touched;
};
struct slot {
    bool used;
    char format[24];
    struct sender *senders;
    struct block *block;
    uint64_t seen, told;                   /* newest message that came; that the office knows of */
    moment received;                       /* of the newest */
    struct lane_counts counts;
    bool counted;                          /* since they were told */
};
/* Compiled rules and what follows them. */
struct rules {
    struct arena *arena;
    uint32_t generation;
    struct live_configuration with;
    struct sigma *sigma;
    struct sigma_matcher *matcher;
    struct correlator *correlator;
    struct entity_fields entity;
    uint32_t *text_of;                     /* rule -> its text */
};
struct parts { struct buf bytes; uint64_t size; uint32_t kind, generation; struct lane_cover cover; };

struct live {
    struct ring *in, *out;
    struct arena *arena, *scratch, *words; /* words: of one event's hits */
    struct fields *fields;
    struct slot *slots;
    unsigned n_senders;
    struct rules *rules;                   /* NULL: nothing is matched yet */
    struct parts parts;
    struct buf kept;                       /* a state that came before the rules it belongs to */
    struct lane_cover base;                /* what the state had seen that came at the start */
    uint64_t last;                         /* newest message of the lane */
    moment now, stated, counted;
    bool changed;                          /* since the state was told */
    bool gone;                             /* the office is no more */
    struct event event;
    size_t hits[LIVE_HITS_MOST], n_hits;
    struct buf json, message;
    bool json_made;
    uint64_t seq; uint32_t slot;           /* of the message under work */
};

bool live_send(struct live *, const void *, size_t);
/* sources.c */
void live_message(struct live *, const struct lane_message *, const char *bytes, size_t len);
void live_close_groups(struct live *, uint32_t slot, moment older_than);     /* what was begun before is read as whole */
/* Messages of the slot (LANE_SLOTS: of all) that are begun. */
void live_cover(const struct live *, uint32_t slot, uint64_t through, struct lane_cover *ret);
/* match.c */
void live_match(struct live *, const struct event *);
/* configure.c */
void live_configure(struct live *, const char *bytes, size_t len, uint32_t generation);
bool live_verdict(struct live *, const struct rules *, uint32_t milliseconds, const char *fault);
void live_rules_free(struct rules *);
/* block.c */
struct block *block_new(struct live *);
void block_free(struct block *);               /* takes NULL */
bool block_add(struct block *, const struct event *, moment received);
bool block_has_room(const struct block *, size_t len);     /* for whatever comes of a message of so many bytes */
uint32_t block_items(const struct block *);
size_t block_weight(const struct block *);
moment block_begun(const struct block *);
/* Bytes in the block's own memory until the next call. */
bool block_finish(struct block *, const void **ret, size_t *ret_len, uint32_t *ret_items, moment *ret_from, moment *ret_to);
/* work.c */
void live_give_block(struct live *, uint32_t slot);
/* hit.c */
bool live_say_hit(struct live *, const struct live_hit *);

#endif
