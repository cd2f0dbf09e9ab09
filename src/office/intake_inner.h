/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The intake from inside. Threads and what they own:
 *
 *     whoever takes     appends to a lane's spool and, while the lane keeps up, puts into its ring (lane.order)
 *     committer         one: syncs spools, settles what was acknowledged so
 *     a lane's feeder   puts into the ring all that is not a message that just came: sources, state, configuration, ticks, and messages from the
 *                       spool while the lane is behind (lane.rings)
 *     a lane's drain    takes from the other ring: segments, state, hits; it alone holds segments open and writes notes
 *     tick              sources, configurations, workers
 */
#ifndef OFFICE_INTAKE_INNER_H
#define OFFICE_INTAKE_INNER_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/log.h"
#include "office/intake.h"
#include "office/segments.h"
#include "store/spool.h"

#define LANES_MOST 64
#define NOTE_LANE 0                          /* key of the note that says what lane this is; others: a source's id */
#define TRACKED 8192u
#define DRAIN_MOST ((size_t)18 << 20)

/* What a segment holds of a source, as a note: `after` counts when the segment has so many items, else `before`. */
struct mark { record_id segment; uint64_t items; char number[NUMBER_TEXT], format[24]; struct lane_cover before, after; };

struct lane_slot {
    record_id source;
    char number[NUMBER_TEXT], format[24];
    bool active;
    struct mark mark;                        /* `after` is what is covered now */
    uint64_t last;                           /* newest message of it that is known here */
    struct holding *holding; record_id segment; uint64_t items, bytes; moment opened;      /* of the drain */
    atomic_bool rotate;
    struct intake_facts facts;
    int64_t minute;                          /* of the newest item of per_minute */
    uint64_t base_events, base_raw, base_faulty;     /* of workers before this one */
};

struct pending_token { uint64_t token, seq; };
struct lane {
    struct intake *intake;
    guard_id guard;
    struct lane_view view;
    struct arena *arena, *scratch;           /* the duty's memory; the drain's, of one message */
    struct spool *spool;
    void *duty;
    pthread_mutex_t lock;                    /* slots' marks and facts, tokens, configuration */
    struct lane_slot *slots; atomic_uint n_slots;
    struct pending_token *tokens; size_t n_tokens, cap_tokens;

    int worker;                              /* -1: none */
    struct ring *in, *out;
    atomic_bool up, behind, stop, closing, flushed, failed, dirty, unsettled;
    pthread_mutex_t rings;                   /* held by the feeder while it uses the ring; by whoever exchanges the worker */
    pthread_mutex_t order;                   /* a message's number, and its place in the ring */
    pthread_cond_t wake;                     /* with order */
    pthread_t feeder, drain;
    bool has_feeder, has_drain;
    atomic_ullong fed;
    /* of the feeder */
    struct spool_cursor *cursor;
    unsigned told;                           /* slots that the worker knows */
    atomic_bool introduce, reconfigure;
    moment ticked;
    /* what the worker goes by */
    struct buf configuration; uint32_t generation;
    bool asked;                              /* another configuration is due */
    /* of the drain */
    struct buf state; struct lane_cover state_cover;         /* the newest whole one */
    struct buf coming; uint64_t coming_size;
    /* what the worker was at when it died */
    struct { uint64_t end, seq; } track[TRACKED]; unsigned n_track;
    uint64_t suspect, raw_from[16]; unsigned n_raw, deaths;
    moment revive_at, begun_at;
};

struct route { char *port, *sender; struct lane *lane; uint32_t slot; moment made; record_id source; };
struct unclaimed { char *port, *sender; uint64_t messages; moment last; };
struct intake {
    struct intake_options options;
    struct office *office;
    const struct stream_def *stream;
    struct lane *lanes[LANES_MOST]; atomic_uint n_lanes;
    pthread_rwlock_t lock;                   /* routes */
    struct route *routes; size_t n_routes;
    uint32_t *table; size_t n_table;         /* routes by hash of port and sender; 0: free, else 1 + place */
    pthread_mutex_t unclaimed_lock;
    struct unclaimed unclaimed[256]; size_t n_unclaimed;
    atomic_bool changed, configure, stopping, abandoned;
    pthread_t committer; bool has_committer;
    pthread_mutex_t commit_lock; pthread_cond_t commit; bool dirty;
    _Atomic moment now;
    moment configured;
    int64_t size_most, span_most;            /* of a segment: bytes, ms */
};

moment intake_now(struct intake *);
void intake_dirty(struct intake *, struct lane *);
/* lane.c */
struct lane *lane_new(struct intake *, guard_id, const char *label, const char *file, struct reasons *);
void lane_free(struct lane *);
int lane_slot(struct lane *, record_id source);      /* -1: none */
int lane_add_slot(struct lane *, record_id source, const char *number, const char *format, struct reasons *);
bool lane_begin(struct lane *, int worker);          /* worker, feeder */
void lane_mend(struct lane *, moment now);           /* a worker that died */
void lane_finish(struct lane *, bool flush);         /* drained, flushed; threads and worker end */
enum status lane_take(struct lane *, uint32_t slot, const struct spool_message *, uint64_t token, uint64_t *ret_seq);
void lane_settle(struct lane *);                     /* sync, then what was waiting for it */
void lane_configure(struct lane *, moment now);
/* lane_drain.c */
void *lane_drain(void *);
void lane_recover_marks(struct lane *);
void lane_forget(struct lane *);

#endif
