/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From hits to alerts: what detection rules and correlations report is grouped by rule, entity and guard within a window and put into
 * the office through its own door, as the office, in the name of the rule `alert.window` of the pack. No reader is asked.
 *
 *     struct alerts *a = alerts_open(office, arena)     of one thread (the drain's); memory of a fixed size
 *     alerts_take()                                     hits -> an alert for each new group, at once; the rest is gathered
 *     alerts_flush()                                    what was gathered is written: when due, or all of it
 *
 * - A group is (rule, entity without regard to case, label, file). A hit joins the group's alert when that is not yet settled or handed over
 *   and the hit lies within `alert.window` of what the alert has seen; otherwise it begins a new alert. Which alert that is, the office
 *   itself finds in the writer, so nothing that this memory holds is needed after a crash.
 * - The alert's label is the high-water mark of all labels that the guard names; its file is the guard's.
 * - The first hit of a group is a change at once. Further ones are counted here and written together every `alert.gather`: events, last seen,
 *   risk. Of one rule and guard at most `alert.entities` entities have alerts of their own within a window; the rest share one.
 * - Nothing is counted twice and nothing is lost by a crash if the caller keeps two promises: hits of one guard come in the order of their
 *   `seq`, again from some earlier one after a restart, and the spool forgets nothing before alerts_flush(all) has returned OK.
 */
#ifndef WATCH_ALERTS_H
#define WATCH_ALERTS_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "watch/sigma/sigma.h"

struct office;
struct alerts;

#define ALERT_EVENT_MOST (16u << 10)       /* bytes of an event that a hit brings along; a longer one is not kept as evidence */
#define ALERT_GROUPS_MOST 4096u            /* groups that memory holds; beyond, all is written and forgotten */

/* Whose eyes a hit is for. One for each source and rule set, shared by their hits; all texts outlive the call alone. */
struct watch_guard {
    const char *const *labels; size_t n_labels;    /* canonical: of the source, the rule set, the registers whose values `expand` used */
    const char *file;                              /* number of the source's file; NULL: none */
    const char *source, *system;                   /* numbers of the log source and its system; NULL: none */
};
struct watch_hit {
    const struct watch_guard *guard;
    const char *origin;                            /* a word of alert-origin; NULL: "watch" */
    const char *rule_id, *rule_title;
    const char *reference;                         /* its number elsewhere; NULL or "": none */
    enum sigma_level level;
    const char *const *tags; size_t n_tags;        /* as the rule has them; "attack.t1059.001" becomes a technique */
    uint64_t seq;                                  /* of the event in the spool, from 1; 0: not from a spool, always counted */
    moment time;                                   /* the event's own; MOMENT_NONE: the instant of taking */
    const char *entity;                            /* a correlation's group, or what the worker took from the event (event/entity.h); NULL: taken from `event` */
    const char *event; size_t event_len;           /* JSON; NULL: none */
};

/* The arena (at least 12 MiB of room) and the office outlive it. NULL with reasons when the pack in force has not the rules named above. */
struct alerts *alerts_open(struct office *, struct arena *, struct reasons *);
/* OK, also when single hits could not become an alert (a label above the ceiling, labels of two policies): then reasons say why, once for each
 * group, and alerts_counts tells how many. Otherwise nothing of this call is counted and the caller gives the same hits again. */
enum status alerts_take(struct alerts *, const struct watch_hit *, size_t n, moment now, struct arena *, struct reasons *) MUST_CHECK;
/* `all`: everything, due or not: before the spool forgets, and at the end. */
enum status alerts_flush(struct alerts *, bool all, moment now, struct arena *, struct reasons *) MUST_CHECK;
/* When alerts_flush has something to do; MOMENT_EVER: nothing is gathered. */
moment alerts_due(const struct alerts *);

struct alerts_counts { uint64_t hits, raised, updates, changes, merged, refused; };    /* changes: journalled ones; merged: hits of "other entities" */
struct alerts_counts alerts_counts(const struct alerts *);

#endif
