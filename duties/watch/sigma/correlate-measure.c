/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a window holds, as the number that the condition is about.
 */
#include <stdlib.h>
#include <string.h>

#include "watch/sigma/correlate-inside.h"

bool corr_bounds_hold(const struct correlation *c, double value)
{
    for (size_t i = 0; i < c->n_bounds; i++) {
        double bound = c->bounds[i].value;
        bool good = c->bounds[i].compare == COMPARE_EQ ? (value == bound) != c->bounds[i].differs : c->bounds[i].compare == COMPARE_LT ? value < bound :
                    c->bounds[i].compare == COMPARE_LTE ? value <= bound : c->bounds[i].compare == COMPARE_GT ? value > bound : value >= bound;
        if (!good)
            return false;
    }
    return true;
}

static double number_of(uint64_t bits)
{
    double number;
    memcpy(&number, &bits, sizeof number);
    return number;
}

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return x < y ? -1 : x > y;
}

/* The length of the longest beginning of the list that occurred in order: for each place the latest start of a chain up to it. */
static double in_order(struct correlator *c, const struct corr_watch *w, const struct corr_group *g, uint32_t first, moment end)
{
    moment *starts = (moment *)(void *)c->sorted;      /* room for more than rules there can be */
    double longest = 0;
    for (size_t i = 0; i < w->c->n_rules; i++)
        starts[i] = MOMENT_NONE;
    for (uint32_t at = first; at && CORR_TIME(&c->nodes[at]) <= end; at = c->nodes[at].next) {
        const struct corr_node *node = &c->nodes[at];
        uint32_t place = CORR_PLACE(node);
        if (place == 0)
            starts[0] = CORR_TIME(node);
        else if (starts[place - 1] > starts[place])
            starts[place] = starts[place - 1];
        if (starts[place] != MOMENT_NONE && place + 1 > longest)
            longest = place + 1;
    }
    return longest;
}

static double distinct_places(const struct correlator *c, const struct corr_watch *w, uint32_t first, moment end)
{
    uint64_t seen[4] = {0};
    double n = 0;
    for (uint32_t at = first; at && CORR_TIME(&c->nodes[at]) <= end; at = c->nodes[at].next) {
        uint32_t rule = CORR_PLACE(&c->nodes[at]);
        n += !(seen[rule / 64] >> rule % 64 & 1);
        seen[rule / 64] |= UINT64_C(1) << rule % 64;
    }
    return n;
}

static double rank(struct correlator *c, double percentile, size_t n)
{
    qsort(c->sorted, n, sizeof *c->sorted, by_size);
    size_t at = ((size_t)percentile * n + 99) / 100;        /* whole numbers: 7 percent of 100 are 7 */
    return c->sorted[at ? at - 1 : 0];
}

bool corr_measure(struct correlator *c, const struct corr_watch *w, const struct corr_group *g, moment end, uint64_t own, struct measured *ret)
{
    uint32_t first = g->head, n = g->n;
    while (first && CORR_TIME(&c->nodes[first]) < end - w->c->timespan) {
        first = c->nodes[first].next;
        n--;
    }
    *ret = (struct measured){.first = first ? CORR_TIME(&c->nodes[first]) : end, .partial = g->trimmed && first == g->head};
    if (w->c->type == TEMPORAL || w->c->type == TEMPORAL_ORDERED) {
        ret->value = w->c->type == TEMPORAL ? distinct_places(c, w, first, end) : in_order(c, w, g, first, end);
        return true;
    }
    if ((w->c->type == EVENT_COUNT || w->c->type == VALUE_COUNT) && g->last <= end) {
        ret->value = n;
        return true;
    }
    double sum = 0, same = 0;
    n = 0;
    for (uint32_t at = first; at && CORR_TIME(&c->nodes[at]) <= end; at = c->nodes[at].next) {
        uint64_t value = c->nodes[at].value;
        if (w->c->type == VALUE_SUM || w->c->type == VALUE_AVG)
            sum += number_of(value);
        if (w->c->type == VALUE_PERCENTILE && w->c->percentile >= 0)
            c->sorted[n] = number_of(value);
        same += value == own;
        n++;
    }
    switch (w->c->type) {
    case VALUE_SUM: ret->value = sum; break;
    case VALUE_AVG: ret->value = n ? sum / n : 0; break;
    case VALUE_PERCENTILE: ret->value = n == 0 ? 0 : w->c->percentile < 0 ? 100 * same / n : rank(c, w->c->percentile, n); break;
    default: ret->value = n; break;
    }
    return n > 0;
}
