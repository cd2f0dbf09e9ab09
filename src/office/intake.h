/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Masses from outside (logs), live: what ports and posts bring is routed to the *active* source that it belongs to, kept durably (spool), then
 * acknowledged, looked at by a jailed worker of the duty's, and laid down in sealed segments. What belongs to no active source is not kept,
 * only counted by port and sender.
 *
 * A *lane* is everything of one guard (label, file, party) of sources: its spool, its worker, its segments. Nothing of one lane ever meets what
 * is in another: two labels share no worker. More lanes than workers: those that came last are not taken, and said to be so.
 *
 * After kill -9: what a spool holds and neither a segment nor the worker's last state covers is given to a fresh worker again. Nothing that was
 * acknowledged is lost, nothing is in the segments twice (before a block is appended a note in the spool says where; at the next start the
 * segment itself tells whether it got there), and the worker's state goes on exactly where it was.
 *
 * A worker that dies is replaced. The message at which two workers died one after the other is *set aside*: the next worker gets it marked
 * LANE_RAW and keeps it without looking into it.
 */
#ifndef OFFICE_INTAKE_H
#define OFFICE_INTAKE_H

#include "office/duty.h"
#include "office/lane.h"
#include "office/office.h"
#include "wire/wire.h"
#include "wire/workers.h"

/* ---- the office's side ---- */

struct intake;
struct intake_options {
    struct office *office;
    const struct stream_def *stream;
    const char *folder;                      /* spools lie in FOLDER/spool */
    struct keeper *workers;                 /* started with stream->work; before any thread */
    enum status (*settle)(void *arg, const uint64_t *tokens, size_t n);       /* wire_settle; NULL: no ports */
    void *arg;
    moment (*now)(void *arg);                /* NULL: moments come by intake_tick alone */
    uint64_t spool_most;                     /* bytes of one lane's spool; 0: 1 GiB */
};
/* Closes what a crash left open, reads sources, begins lanes. One for an office; office_intake() finds it. */
enum status intake_start(const struct intake_options *, moment now, struct reasons *, struct intake **ret) MUST_CHECK;
/* Takes no more and settles all that it took: before the ports are closed. */
void intake_close(struct intake *);
/* Blocks are flushed, segments closed, workers end. What comes meanwhile is not taken. Takes NULL. */
void intake_stop(struct intake *, moment now);
void intake_abandon(struct intake *);        /* as kill -9 would end it, for tests */
/* For wire_taker.took. */
void intake_took(struct intake *, const struct port *, uint64_t token, const struct port_message *);
/* Records that changed (office_on_change): cheap, from the writer's thread. */
void intake_heard(struct intake *, const struct touched *, size_t n);
/* Once a second or so, from one thread: sources that changed, workers that died, segments that are old enough. */
void intake_tick(struct intake *, moment now);
/* A batch from a reader who carries stream_def.deliver_right and reads the source: texts, each of one or more events in the source's format;
 * returns when all of it is durable. ABSENT: no such source for this reader; REFUSED with a reason: not active, or no worker for it;
 * BUSY with a reason: the spool is full; nothing is kept then unless *ret_taken says so. */
struct intake_text { const char *bytes; size_t len; };
enum status intake_deliver(struct intake *, const struct reader *, const char *number, const struct intake_text *, size_t n, moment now, struct arena *,
                           struct reasons *, size_t *ret_taken) MUST_CHECK;

/* ---- what pages show ---- */

struct intake *office_intake(const struct office *);      /* NULL: none */
enum intake_standing { INTAKE_TAKEN, INTAKE_NO_WORKER, INTAKE_FULL, INTAKE_DEAD, INTAKE_FAILED };
struct intake_facts {
    bool known;                              /* an active source, so known here */
    enum intake_standing standing;
    moment last_received, newest;            /* MOMENT_NONE: never; newest: by the events' own time */
    uint64_t messages, events, raw, faulty, blocks, set_aside;
    uint32_t per_minute[60];                 /* messages of the last hour, oldest first */
    moment active_since;                     /* since when it is listened to, in this run */
};
/* Of a source that the caller has read through door two. */
void intake_facts(struct intake *, const struct record_view *source, moment now, struct intake_facts *ret);
struct intake_unclaimed { const char *port, *sender; uint64_t messages; moment last; };
/* Senders to whom no active source belongs; for those who carry the right to make sources. Newest first. */
size_t intake_unclaimed(struct intake *, struct arena *, struct intake_unclaimed **ret);

#endif
