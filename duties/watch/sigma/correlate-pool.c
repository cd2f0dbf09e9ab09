/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Groups and nodes in pools: found by hash, evicted by a clock when there is no room left (first what no window can need any more).
 */
#include <string.h>

#include "watch/sigma/correlate-inside.h"

static void give_nodes(struct correlator *c, uint32_t first, uint32_t last)
{
    c->nodes[last].next = c->free_node;
    c->free_node = first;
}

void corr_expire(struct correlator *c, struct corr_group *g, moment before)
{
    while (g->head && CORR_TIME(&c->nodes[g->head]) < before) {
        g->trimmed = 0;                    /* what went before it was older still */
        uint32_t node = g->head;
        g->head = c->nodes[node].next;
        g->n--;
        give_nodes(c, node, node);
    }
    if (!g->head)
        g->tail = 0;
}

static void unlink_group(struct correlator *c, const struct corr_group *g)
{
    uint32_t number = (uint32_t)(g - c->groups), *head = &c->heads[g->low & (c->n_heads - 1)], before = 0;
    for (uint32_t at = *head; at != number; at = c->groups[at].next)
        before = at;
    if (before)
        c->groups[before].next = g->next;
    else
        *head = g->next;
}

static void drop(struct correlator *c, struct corr_group *g)
{
    uint32_t number = (uint32_t)(g - c->groups);
    unlink_group(c, g);
    if (g->head)
        give_nodes(c, g->head, g->tail);
    *g = (struct corr_group){.next = c->free_group};
    c->free_group = number;
    c->counts.groups--;
}

/* Room for one more group or node: the clock takes what is past, or what was not asked for since its last round. */
static void evict(struct correlator *c, const struct corr_group *spare)
{
    for (;;) {
        c->hand = c->hand % c->n_groups + 1;
        struct corr_group *g = &c->groups[c->hand];
        if (g->watch == 0 || g == spare)
            continue;
        bool past = g->last < c->newest - c->lateness - c->watches[g->watch - 1].c->timespan;
        if (!past && g->asked) {
            g->asked = false;
            continue;
        }
        c->counts.evicted += !past;
        drop(c, g);
        return;
    }
}

struct corr_group *corr_find(struct correlator *c, const uint64_t key[2], uint32_t watch, bool make)
{
    for (uint32_t at = c->heads[key[0] & (c->n_heads - 1)]; at; at = c->groups[at].next)
        if (c->groups[at].low == key[0] && c->groups[at].high == key[1] && c->groups[at].watch == watch + 1) {
            c->groups[at].asked = true;
            return &c->groups[at];
        }
    if (!make)
        return NULL;
    if (!c->free_group)
        evict(c, NULL);
    uint32_t number = c->free_group, *head = &c->heads[key[0] & (c->n_heads - 1)];
    struct corr_group *g = &c->groups[number];
    c->free_group = g->next;
    *g = (struct corr_group){.low = key[0], .high = key[1], .watch = watch + 1, .next = *head, .last = MOMENT_NONE, .reported = MOMENT_NONE};
    *head = number;
    c->counts.groups++;
    return g;
}

static void drop_oldest(struct correlator *c, struct corr_group *g)
{
    uint32_t oldest = g->head;
    g->head = c->nodes[oldest].next;
    g->tail = g->head ? g->tail : 0;
    g->n--;
    g->trimmed = 1;
    give_nodes(c, oldest, oldest);
}

bool corr_insert(struct correlator *c, struct corr_group *g, moment time, uint64_t value, uint32_t place, uint32_t most)
{
    if (g->head && time < CORR_TIME(&c->nodes[g->head]) && (g->trimmed || g->n >= most)) {
        g->trimmed = 1;
        return false;
    }
    if (g->n >= most)
        drop_oldest(c, g);
    while (!c->free_node) {
        if (c->counts.groups == 1) {                   /* the only group holds all nodes: its oldest goes */
            drop_oldest(c, g);
            c->counts.cut++;
        } else {
            evict(c, g);
        }
    }
    uint32_t node = c->free_node;
    c->free_node = c->nodes[node].next;
    c->nodes[node] = (struct corr_node){.value = value, .stamp = CORR_STAMP(time, place)};
    if (!g->tail || CORR_TIME(&c->nodes[g->tail]) <= time) {
        if (g->tail)
            c->nodes[g->tail].next = node;
        else
            g->head = node;
        g->tail = node;
    } else {
        uint32_t before = 0;
        for (uint32_t at = g->head; CORR_TIME(&c->nodes[at]) <= time; at = c->nodes[at].next)
            before = at;
        c->nodes[node].next = before ? c->nodes[before].next : g->head;
        if (before)
            c->nodes[before].next = node;
        else
            g->head = node;
    }
    g->n++;
    return true;
}

moment corr_remove_value(struct correlator *c, struct corr_group *g, uint64_t value)
{
    uint32_t before = 0;
    for (uint32_t at = g->head; at; before = at, at = c->nodes[at].next) {
        if (c->nodes[at].value != value)
            continue;
        if (before)
            c->nodes[before].next = c->nodes[at].next;
        else
            g->head = c->nodes[at].next;
        if (g->tail == at)
            g->tail = before;
        g->n--;
        give_nodes(c, at, at);
        return CORR_TIME(&c->nodes[at]);
    }
    return MOMENT_NONE;
}

void corr_empty(struct correlator *c)
{
    memset(c->heads, 0, c->n_heads * sizeof *c->heads);
    for (uint32_t i = 1; i <= c->n_groups; i++)
        c->groups[i] = (struct corr_group){.next = i < c->n_groups ? i + 1 : 0};
    for (uint32_t i = 1; i <= c->n_nodes; i++)
        c->nodes[i] = (struct corr_node){.next = i < c->n_nodes ? i + 1 : 0};
    c->free_group = c->free_node = 1;
    c->hand = 0;
    c->newest = MOMENT_NONE;
    c->counts.groups = 0;
}
