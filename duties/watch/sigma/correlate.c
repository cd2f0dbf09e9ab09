/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See correlate.h: from an event's hits to updates of groups, and from what holds to the correlations that stand on it.
 */
#include "watch/sigma/correlate.h"

#include <string.h>
#include <xxhash.h>

#include "base/hash.h"
#include "watch/sigma/correlate-inside.h"

#define CHAIN_MOST 16

/* ---- making ------------------------------------------------------------------------------------------------- */

static uint32_t most_of(const struct correlation *c)
{
    double most = 0;
    if (c->type == TEMPORAL_ORDERED)
        return CORRELATE_ORDERED_MOST;
    if (c->type != EVENT_COUNT && c->type != VALUE_COUNT)
        return CORRELATE_VALUES_MOST;
    for (size_t i = 0; i < c->n_bounds; i++)
        most = c->bounds[i].value > most ? c->bounds[i].value : most;
    return most + 2 < CORRELATE_VALUES_MOST ? (uint32_t)most + 2 : CORRELATE_VALUES_MOST;
}

/* A mark of all that a state depends on, so that a changed correlation begins anew. */
static void mark(const struct sigma *sigma, struct corr_watch *w, struct buf *text)
{
    buf_clear(text);
    json_write(text, sigma->codes[w->rule].body);
    buf_adds(text, sigma->rules[w->rule].id ? sigma->rules[w->rule].id : sigma->rules[w->rule].title);
    struct hash hash = sha256(text->data, text->len);
    memcpy(w->mark, hash.bytes, sizeof w->mark);
}

static void add_use(struct correlator *c, struct corr_use **room, uint32_t rule, struct corr_use use)
{
    room[rule][c->n_uses[rule]++] = use;
}

static void make_watches(struct correlator *c)
{
    const struct sigma *sigma = c->sigma;
    uint32_t *counts = ARENA_ARRAY(c->arena, uint32_t, sigma->n + 1);
    struct corr_use **room = ARENA_ARRAY(c->arena, struct corr_use *, sigma->n + 1);
    bool *loud = ARENA_ARRAY(c->arena, bool, sigma->n + 1);
    struct buf text;
    c->n_uses = ARENA_ARRAY(c->arena, uint32_t, sigma->n + 1);
    c->silent = ARENA_ARRAY(c->arena, bool, sigma->n + 1);
    c->watches = ARENA_ARRAY(c->arena, struct corr_watch, sigma->counts.correlations + 1);
    buf_init(&text, (size_t)16 << 20);
    for (size_t i = 0; i < sigma->n; i++)
        for (size_t k = 0; sigma->codes[i].correlation && k < sigma->codes[i].correlation->n_rules; k++)
            counts[sigma->codes[i].correlation->rules[k]]++;
    for (size_t i = 0; i < sigma->n; i++)
        room[i] = counts[i] ? ARENA_ARRAY(c->arena, struct corr_use, counts[i]) : NULL;
    for (size_t i = 0; i < sigma->n; i++) {
        const struct correlation *correlation = sigma->codes[i].correlation;
        if (!correlation)
            continue;
        struct corr_watch *w = &c->watches[c->n_watches];
        *w = (struct corr_watch){.c = correlation, .rule = (uint32_t)i, .most = most_of(correlation)};
        mark(sigma, w, &text);
        for (size_t k = correlation->n_rules; k--;) {  /* from behind: a rule that stands twice shall not count for both places at once */
            uint32_t rule = correlation->rules[k];
            bool again = false;
            for (size_t j = 0; j < k && correlation->type != TEMPORAL_ORDERED; j++)
                again |= correlation->rules[j] == rule;
            if (again)
                continue;
            add_use(c, room, rule, (struct corr_use){c->n_watches, (uint32_t)k});
            c->silent[rule] = true;
            loud[rule] |= correlation->generate;
        }
        c->n_watches++;
    }
    for (size_t i = 0; i < sigma->n; i++)
        c->silent[i] &= !loud[i];
    buf_free(&text);
    c->uses = (const struct corr_use **)room;
}

static void add_looked_at(struct correlator *c, const field_id *fields, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t k = 0;
        while (k < c->n_fields && c->fields[k] != fields[i])
            k++;
        if (k < c->n_fields || fields[i] == 0)
            continue;
        if ((c->n_fields & (c->n_fields - 1)) == 0) {  /* at each power of two: twice the room */
            field_id *more = ARENA_ARRAY(c->arena, field_id, c->n_fields ? 2 * c->n_fields : 1);
            if (c->n_fields)
                memcpy(more, c->fields, c->n_fields * sizeof *more);
            c->fields = more;
        }
        c->fields[c->n_fields++] = fields[i];
    }
}

enum status correlator_new(const struct sigma *sigma, struct arena *arena, size_t bytes, int64_t lateness, struct correlator **ret)
{
    struct correlator *c = ARENA_NEW(arena, struct correlator);
    *c = (struct correlator){.sigma = sigma, .arena = arena, .lateness = lateness < 0 ? 0 : lateness};
    bytes = bytes ? bytes : (size_t)64 << 20;
    make_watches(c);
    for (uint32_t w = 0; w < c->n_watches; w++) {
        add_looked_at(c, c->watches[w].c->groups, c->watches[w].c->n_rules * c->watches[w].c->n_groups);
        add_looked_at(c, c->watches[w].c->fields, c->watches[w].c->n_fields);
    }
    size_t groups = bytes * 2 / 5 / (sizeof(struct corr_group) + 8), nodes = bytes * 3 / 5 / sizeof(struct corr_node);
    if (groups > UINT32_MAX / 2 || nodes > UINT32_MAX / 2 || groups < 4)
        return TOO_LARGE;
    c->n_groups = (uint32_t)groups;
    c->n_nodes = (uint32_t)nodes;
    for (c->n_heads = 16; c->n_heads < groups; c->n_heads *= 2)
        ;
    c->groups = ARENA_ARRAY(arena, struct corr_group, groups + 1);
    c->nodes = ARENA_ARRAY(arena, struct corr_node, nodes + 1);
    c->heads = ARENA_ARRAY(arena, uint32_t, c->n_heads);
    c->sorted = ARENA_ARRAY(arena, double, CORRELATE_VALUES_MOST + 1);
    c->key = ARENA_ARRAY(arena, char, c->key_room = 65536);
    bench_init(&c->bench, arena);
    random_bytes(c->secret, sizeof c->secret);
    corr_empty(c);
    *ret = c;
    return OK;
}

bool correlator_silences(const struct correlator *c, size_t rule) { return rule < c->sigma->n && c->silent[rule]; }
bool correlator_uses(const struct correlator *c, size_t rule) { return rule < c->sigma->n && c->n_uses[rule]; }

const field_id *correlator_fields(const struct correlator *c, size_t *ret_n)
{
    *ret_n = c->n_fields;
    return c->fields;
}

struct correlate_counts correlator_counts(const struct correlator *c)
{
    struct correlate_counts counts = c->counts;
    counts.bytes = c->n_groups * sizeof *c->groups + c->n_nodes * sizeof *c->nodes + c->n_heads * sizeof *c->heads;
    return counts;
}

/* ---- values ------------------------------------------------------------------------------------------------- */

/* Adds the folded first value of the field to the key; false when there is none, or no room. */
static bool add_field(struct correlator *c, const struct event *event, field_id field, size_t *len)
{
    const struct event_value *value = event_get(event, field);
    if (!value || value->kind == VALUE_NULL)
        return false;
    event_text(event, &event->values[value - event->values]);
    const struct looked looked = bench_look(&c->bench, 0, value->text, value->len);
    uint32_t n = (uint32_t)looked.folded_len;
    if (c->key_room - *len < n + sizeof n)             /* a longer one is known by its own hash */
        return false;
    memcpy(c->key + *len, &n, sizeof n);
    memcpy(c->key + *len + sizeof n, looked.folded, n);
    *len += sizeof n + n;
    return true;
}

static bool fields_hash(struct correlator *c, const struct event *event, const field_id *fields, size_t n, uint64_t first, uint64_t ret[2])
{
    size_t len = sizeof first;
    memcpy(c->key, &first, sizeof first);
    for (size_t i = 0; i < n; i++)
        if (!add_field(c, event, fields[i], &len))
            return false;
    XXH128_hash_t hash = XXH3_128bits_withSecret(c->key, len, c->secret, sizeof c->secret);
    ret[0] = hash.low64;
    ret[1] = hash.high64;
    return true;
}

/* What the event brings to the window; false: nothing that counts. */
static bool value_of(struct correlator *c, const struct corr_watch *w, const struct event *event, uint64_t *ret)
{
    uint64_t hash[2];
    struct number number;
    bool text = w->c->type == VALUE_COUNT || (w->c->type == VALUE_PERCENTILE && w->c->percentile < 0);
    *ret = 0;
    if (w->c->n_fields == 0)
        return true;
    if (text) {
        if (!fields_hash(c, event, w->c->fields, w->c->n_fields, 0, hash))
            return false;
        *ret = hash[0];
        return true;
    }
    const struct event_value *value = event_get(event, w->c->fields[0]);
    if (!value || value->kind == VALUE_NULL || !number_read(value->text, value->len, &number))
        return false;
    memcpy(ret, &number.real, sizeof *ret);
    return true;
}

/* ---- taking ------------------------------------------------------------------------------------------------- */

struct taking {
    struct correlator *c;
    const struct event *event;
    void (*report)(void *, const struct correlated *);
    void *arg;
    size_t reported;
};

/* Whether a window that holds the event makes the condition true; the latest such. */
static bool holds(struct correlator *c, const struct corr_watch *w, struct corr_group *g, moment time, uint64_t own, struct correlated *ret)
{
    bool temporal = w->c->type == TEMPORAL || w->c->type == TEMPORAL_ORDERED, any = false;
    double value;
    moment first;
    if (time >= g->last || temporal) {
        moment end = temporal ? g->last : time;
        any = corr_measure(c, w, g, end, own, &value, &first) && corr_bounds_hold(w->c, value);
        if (any)
            *ret = (struct correlated){.rule = w->rule, .value = value, .first = first, .last = end};
        return any;
    }
    moment end = MOMENT_NONE;
    for (uint32_t at = g->head; at; at = c->nodes[at].next) {
        if (c->nodes[at].time < time || c->nodes[at].time > time + w->c->timespan || c->nodes[at].time == end)
            continue;
        end = c->nodes[at].time;
        if (corr_measure(c, w, g, end, own, &value, &first) && corr_bounds_hold(w->c, value)) {
            *ret = (struct correlated){.rule = w->rule, .value = value, .first = first, .last = end};
            any = true;
        }
    }
    return any;
}

static void take_rule(struct taking *t, uint32_t rule, unsigned depth);

static void take_use(struct taking *t, struct corr_use use, unsigned depth)
{
    struct correlator *c = t->c;
    const struct corr_watch *w = &c->watches[use.watch];
    moment time = t->event->time;
    uint64_t key[2], value;
    struct correlated found;
    if (!fields_hash(c, t->event, w->c->groups + use.place * w->c->n_groups, w->c->n_groups, w->mark[0], key) || !value_of(c, w, t->event, &value))
        return;
    struct corr_group *g = corr_find(c, key, use.watch, true);
    c->counts.updates++;
    if (g->last == MOMENT_NONE || time > g->last)
        g->last = time;
    corr_expire(c, g, g->last - c->lateness - w->c->timespan);
    moment counts_at = time;
    if (w->c->type == VALUE_COUNT || w->c->type == TEMPORAL) {
        value = w->c->type == TEMPORAL ? use.place : value;
        moment before = corr_remove_value(c, g, value);        /* its latest time stands for it */
        counts_at = before != MOMENT_NONE && before > time ? before : time;
    }
    c->counts.cut += g->n >= w->most && w->c->type != EVENT_COUNT && w->c->type != VALUE_COUNT;
    corr_insert(c, g, counts_at, value, use.place, w->most);
    bool now = holds(c, w, g, time, value, &found);
    found.groups = w->c->groups + use.place * w->c->n_groups;
    if (now && (!g->holds || found.last - g->reported > w->c->timespan)) {
        g->reported = found.last;
        t->reported++;
        c->counts.reported++;
        if (t->report)
            t->report(t->arg, &found);
    }
    g->holds = now;
    if (now)
        take_rule(t, w->rule, depth + 1);
}

static void take_rule(struct taking *t, uint32_t rule, unsigned depth)
{
    for (uint32_t i = 0; depth <= CHAIN_MOST && i < t->c->n_uses[rule]; i++)
        take_use(t, t->c->uses[rule][i], depth);
}

size_t correlator_take(struct correlator *c, const struct event *event, const size_t *hits, size_t n, void (*report)(void *, const struct correlated *), void *arg)
{
    struct taking t = {.c = c, .event = event, .report = report, .arg = arg};
    if (c->n_watches == 0 || n == 0)
        return 0;
    if (event->time == MOMENT_NONE) {
        c->counts.timeless++;
        return 0;
    }
    if (c->newest != MOMENT_NONE && event->time < c->newest - c->lateness) {
        c->counts.late++;
        return 0;
    }
    if (c->newest == MOMENT_NONE || event->time > c->newest)
        c->newest = event->time;
    for (size_t i = 0; i < n; i++)
        if (hits[i] < c->sigma->n)
            take_rule(&t, (uint32_t)hits[i], 0);
    return t.reported;
}
