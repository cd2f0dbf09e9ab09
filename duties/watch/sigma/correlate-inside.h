/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The correlator's memory: groups and the events (nodes) of their windows, both from pools of a fixed size, linked by numbers.
 */
#ifndef WATCH_CORRELATE_INSIDE_H
#define WATCH_CORRELATE_INSIDE_H

#include "watch/sigma/correlate.h"
#include "watch/sigma/inside.h"

/* value: hash of a value, bits of a number, or the place of a rule. stamp: the time, and in its lowest byte the place. Nodes of a group
 * are in the order of their times, those of one event with the highest place first: so none of them continues another in an order. */
struct __attribute__((packed, aligned(4))) corr_node { uint64_t value, stamp; uint32_t next; };
#define CORR_STAMP(time, place) ((uint64_t)(time) << 8 | (place))
#define CORR_TIME(node) ((moment)(node)->stamp >> 8)
#define CORR_PLACE(node) ((uint32_t)(node)->stamp & 255)
#define CORR_TIME_MOST ((moment)1 << 54)

struct __attribute__((packed, aligned(4))) corr_group {
    uint64_t low, high;                    /* key and correlation, by XXH3-128 under the correlator's secret */
    moment last, reported;
    uint32_t watch, next, head, tail;
    uint32_t n : 20, holds : 1, asked : 1, trimmed : 1;        /* trimmed: nodes went that were older than all that are left, and younger than a window */
};
_Static_assert(sizeof(struct corr_node) == 20 && sizeof(struct corr_group) == 52, "140 bytes a group of four events, with its share of `heads`");

#define CORR_PLACES_MOST 256               /* rules of one correlation: correlation.c */
struct corr_use { uint32_t watch, place; };       /* a rule is number `place` of this watch */
struct corr_watch {                         /* one correlation */
    const struct correlation *c;
    uint32_t rule;
    uint32_t most;                         /* nodes that decide */
    uint64_t mark[2];                      /* of its definition */
};
struct correlator {
    const struct sigma *sigma;
    struct arena *arena;
    int64_t lateness;
    moment newest;
    struct corr_watch *watches; uint32_t n_watches;
    const struct corr_use **uses; uint32_t *n_uses;      /* by rule */
    bool *silent;
    field_id *fields; size_t n_fields;
    struct corr_use *todo; uint32_t n_todo, done;        /* of the event at hand: by watch, lower ones first, and by place, from behind */
    struct corr_group *groups; uint32_t n_groups, free_group, hand;
    struct corr_node *nodes; uint32_t n_nodes, free_node;
    uint32_t *heads, n_heads;              /* 0: none; numbers count from 1 */
    double *sorted;                        /* for percentiles */
    struct bench bench;
    char *key; size_t key_room;
    uint8_t secret[192];
    struct correlate_counts counts;
};

struct corr_group *corr_find(struct correlator *, const uint64_t key[2], uint32_t watch, bool make);
/* In the order of time, behind those of the same time; the oldest goes beyond `most`. False: the new one itself would be it. */
bool corr_insert(struct correlator *, struct corr_group *, moment, uint64_t value, uint32_t place, uint32_t most);
/* The time that it had; MOMENT_NONE: it was not there. */
moment corr_remove_value(struct correlator *, struct corr_group *, uint64_t value);
void corr_expire(struct correlator *, struct corr_group *, moment before);
void corr_empty(struct correlator *);
/* What is counted in the window that ends at `end`; false when there is nothing to compare. */
struct measured { double value; moment first; bool partial; };
bool corr_measure(struct correlator *, const struct corr_watch *, const struct corr_group *, moment end, uint64_t own, struct measured *ret);
bool corr_bounds_hold(const struct correlation *, double value);
#endif
