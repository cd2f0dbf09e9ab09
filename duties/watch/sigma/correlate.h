/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Correlations: what sigma_match() found in events, counted over sliding windows of event time, for each group of values.
 *
 *     struct correlator *c        of one thread; memory of a fixed size, state can be written and read back
 *     correlator_take()           an event and its hits -> the correlations that it completes
 *
 * - A window is as long as `timespan` and ends with an event, both ends in it. It is looked at whenever an event of one of the rules
 *   comes. An event that comes late, but by no more than the lateness, takes its place by its time, and the windows that end with it and
 *   with the events up to a timespan behind it are looked at again (temporal types: only the window that ends with the group's latest
 *   event). What comes later still is counted in `late` and not used.
 * - A correlation *holds* for each event with which its condition is true; correlations that stand on it see each of these. It is
 *   *reported* when it begins to hold for a group, and again when it still holds a timespan later.
 * - Groups: the first value of each field of group-by, without regard to case; an event that lacks one is not counted. Without
 *   group-by all events are one group. A correlation on correlations groups by its own fields, of the event that completed the lower one.
 * - value_count counts distinct values, without regard to case; with several fields distinct combinations, and events that lack one do
 *   not count; a value counts at the time of its latest event. value_sum, value_avg: events whose field is no number are left out. value_percentile: how many percent of the window's
 *   values are the event's own; with `percentile: P` the smallest number that P percent of the numbers do not exceed.
 * - An event is counted once in a group, however many of the rules it matches; for temporal types it stands for each of them, but never
 *   for two places of an order. A window is looked at once for an event, when everything that the event brings is in it.
 * - temporal counts the distinct rules, each at its latest event; temporal_ordered how many rules, from the first of the list on, occurred in the list's order.
 *   Without a condition all must occur.
 */
#ifndef WATCH_CORRELATE_H
#define WATCH_CORRELATE_H

#include "base/buf.h"
#include "watch/sigma/sigma.h"

#define CORRELATE_VALUES_MOST 65536u       /* events of one group that a window holds; beyond that the oldest go (counted in `cut`, also where a late event misses them) */
#define CORRELATE_ORDERED_MOST 1024u       /* the same for temporal_ordered */

struct correlator;
/* bytes: all that it will hold (0: 64 MiB). lateness: ms. The arena needs that much room. */
enum status correlator_new(const struct sigma *, struct arena *, size_t bytes, int64_t lateness, struct correlator **ret) MUST_CHECK;

/* What was counted; the first and last event of those that count in the window; the fields of the event at hand that made the group (correlation_shape says how many);
 * partial: the window had more events than memory keeps, and what was counted is a part. */
struct correlated { size_t rule; double value; moment first, last; const field_id *groups; bool partial; };
/* The event's hits as sigma_match() gave them. An event without time is not counted (`timeless`). Calls `report` for each correlation
 * that is reported; returns how many. */
size_t correlator_take(struct correlator *, const struct event *, const size_t *hits, size_t n, void (*report)(void *arg, const struct correlated *), void *arg);
/* Whether hits of the rule are only there for correlations (none that names it says `generate: true`). */
bool correlator_silences(const struct correlator *, size_t rule);
/* Whether a correlation counts hits of the rule. */
bool correlator_uses(const struct correlator *, size_t rule);
/* Every field that correlations look at, once: an event that is only to be counted needs no more of its values than the first of each. */
const field_id *correlator_fields(const struct correlator *, size_t *ret_n);

/* A correlation in words; false when the rule is none, or was refused. */
struct correlation_shape { const char *type; const char *const *groups; size_t n_groups; const uint32_t *rules; size_t n_rules; };
bool correlation_shape(const struct sigma *, size_t rule, struct correlation_shape *ret);

struct correlate_counts { uint64_t updates, reported, late, timeless, cut, evicted; size_t groups, bytes, used; };       /* used: of the bytes */
struct correlate_counts correlator_counts(const struct correlator *);

/* The state as bytes, and back into a correlator that is new. Groups of correlations that are no longer there, or were changed, are left
 * out. BAD_INPUT for bytes that are no state: the correlator is then empty. */
void correlator_write(const struct correlator *, struct buf *);
enum status correlator_read(struct correlator *, const void *bytes, size_t len, size_t *ret_groups) MUST_CHECK;

#endif
