/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See correlate.h: from an event's hits to updates of groups, and from what holds to the correlations that stand on it.
 */
#include "watch/sigma/correlate.h"

#include <string.h>
#include <xxhash.h>

#include "base/hash.h"
#include "watch/sigma/correlate-inside.h"

#define SPARE 62                           /* events beyond what decides, so that counts are told as they are, and late events find theirs */

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
    return most + 2 + SPARE < CORRELATE_VALUES_MOST ? (uint32_t)most + 2 + SPARE : CORRELATE_VALUES_MOST;
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

/* The numbers of the correlations that compiled, those that others stand on before these; behind them UINT32_MAX. */
static const uint32_t *lower_first(struct correlator *c)
{
    const struct sigma *sigma = c->sigma;
    uint32_t *order = ARENA_ARRAY(c->arena, uint32_t, sigma->counts.correlations + 1), n = 0;
    uint8_t *levels = ARENA_ARRAY(c->arena, uint8_t, sigma->n + 1);
    for (unsigned level = 1, more = 1; more; level++) {        /* chains are bounded: correlation.c */
        more = 0;
        for (size_t i = 0; i < sigma->n; i++) {
            const struct correlation *correlation = sigma->codes[i].correlation;
            bool ready = correlation && !levels[i];
            for (size_t k = 0; ready && k < correlation->n_rules; k++)
                ready = !sigma->codes[correlation->rules[k]].correlation || (levels[correlation->rules[k]] && levels[correlation->rules[k]] < level);
            if (!ready)
                continue;
            levels[i] = (uint8_t)level;
            order[n++] = (uint32_t)i;
            more = 1;
        }
    }
    order[n] = UINT32_MAX;
    return order;
}

static void make_watches(struct correlator *c)
{
    const struct sigma *sigma = c->sigma;
    uint32_t *counts = ARENA_ARRAY(c->arena, uint32_t, sigma->n + 1);
    struct corr_use **room = ARENA_ARRAY(c->arena, struct corr_use *, sigma->n + 1);
    bool *loud = ARENA_ARRAY(c->arena, bool, sigma->n + 1);
    struct buf text;
    size_t uses = 0;
    c->n_uses = ARENA_ARRAY(c->arena, uint32_t, sigma->n + 1);
    c->silent = ARENA_ARRAY(c->arena, bool, sigma->n + 1);
    c->watches = ARENA_ARRAY(c->arena, struct corr_watch, sigma->counts.correlations + 1);
    buf_init(&text, (size_t)16 << 20);
    for (size_t i = 0; i < sigma->n; i++)
        for (size_t k = 0; sigma->codes[i].correlation && k < sigma->codes[i].correlation->n_rules; k++)
            counts[sigma->codes[i].correlation->rules[k]]++;
    for (size_t i = 0; i < sigma->n; i++)
        room[i] = counts[i] ? ARENA_ARRAY(c->arena, struct corr_use, counts[i]) : NULL;
    const uint32_t *order = lower_first(c);
    for (size_t at = 0; at < sigma->counts.correlations && order[at] < sigma->n; at++) {
        uint32_t i = order[at];
        const struct correlation *correlation = sigma->codes[i].correlation;
        struct corr_watch *w = &c->watches[c->n_watches];
        *w = (struct corr_watch){.c = correlation, .rule = i, .most = most_of(correlation)};
        mark(sigma, w, &text);
        for (size_t k = 0; k < correlation->n_rules; k++) {
            uint32_t rule = correlation->rules[k];
            bool again = false;
            for (size_t j = 0; j < k && correlation->type != TEMPORAL_ORDERED; j++)
                again |= correlation->rules[j] == rule;
            if (again)
                continue;
            room[rule][c->n_uses[rule]++] = (struct corr_use){c->n_watches, (uint32_t)k};
            uses++;
            c->silent[rule] = true;
            loud[rule] |= correlation->generate;
        }
        c->n_watches++;
    }
    for (size_t i = 0; i < sigma->n; i++)
        c->silent[i] &= !loud[i];
    buf_free(&text);
    c->todo = ARENA_ARRAY(c->arena, struct corr_use, uses + 1);
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
    counts.used = c->counts.groups * sizeof *c->groups + c->n_heads * sizeof *c->heads;
    for (uint32_t i = 1; i <= c->n_groups; i++)
        counts.used += c->groups[i].n * sizeof *c->nodes;
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
    struct measured found;
    moment end = temporal ? g->last : time;
    if (time >= g->last || temporal) {
        any = corr_measure(c, w, g, end, own, &found) && corr_bounds_hold(w->c, found.value);
        if (any)
            *ret = (struct correlated){.rule = w->rule, .value = found.value, .first = found.first, .last = end, .partial = found.partial};
        return any;
    }
    c->counts.cut += g->trimmed;                       /* an event that came late, and what it has to be counted with went */
    end = MOMENT_NONE;
    for (uint32_t at = g->head; at; at = c->nodes[at].next) {
        moment next = CORR_TIME(&c->nodes[at]);
        if (next < time || next > time + w->c->timespan || next == end)
            continue;
        end = next;
        if (corr_measure(c, w, g, end, own, &found) && corr_bounds_hold(w->c, found.value)) {
            *ret = (struct correlated){.rule = w->rule, .value = found.value, .first = found.first, .last = end, .partial = found.partial};
            any = true;
        }
    }
    return any;
}

static bool before(struct corr_use a, struct corr_use b) { return a.watch < b.watch || (a.watch == b.watch && a.place > b.place); }

/* The rule hit the event: what counts it is still to do, each once. A correlation is counted only by such as stand behind it. */
static void add_todo(struct correlator *c, uint32_t rule)
{
    for (uint32_t i = 0; i < c->n_uses[rule]; i++) {
        struct corr_use use = c->uses[rule][i];
        uint32_t low = c->done, high = c->n_todo;
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (before(c->todo[middle], use))
                low = middle + 1;
            else
                high = middle;
        }
        if (low < c->n_todo && c->todo[low].watch == use.watch && c->todo[low].place == use.place)
            continue;
        memmove(&c->todo[low + 1], &c->todo[low], (c->n_todo - low) * sizeof *c->todo);
        c->todo[low] = use;
        c->n_todo++;
    }
}

/* The event at one place of the watch takes its place in the group. */
static void insert(struct correlator *c, const struct corr_watch *w, struct corr_group *g, moment time, uint64_t value, uint32_t place)
{
    bool counts = w->c->type == EVENT_COUNT || w->c->type == VALUE_COUNT;
    if (w->c->type == VALUE_COUNT || w->c->type == TEMPORAL) {
        value = w->c->type == TEMPORAL ? place : value;
        moment at = corr_remove_value(c, g, value);    /* its latest time stands for it */
        time = at != MOMENT_NONE && at > time ? at : time;
    }
    c->counts.cut += g->n >= w->most && !counts;
    (void)corr_insert(c, g, time, value, place, w->most);
}

/* The event in one group of one correlation, at all places that it has there: looked at once they are all in. */
static void take_group(struct taking *t, const struct corr_watch *w, const struct corr_use *uses, uint64_t (*keys)[2], bool *done, uint32_t n, uint64_t value)
{
    struct correlator *c = t->c;
    moment time = t->event->time;
    struct correlated found;
    bool temporal = w->c->type == TEMPORAL || w->c->type == TEMPORAL_ORDERED;
    struct corr_group *g = corr_find(c, keys[0], uses->watch, true);
    c->counts.updates++;
    if (g->last == MOMENT_NONE || time > g->last)
        g->last = time;
    corr_expire(c, g, g->last - c->lateness - w->c->timespan);
    for (uint32_t i = 0; i < n; i++) {
        if (done[i] || keys[i][0] != keys[0][0] || keys[i][1] != keys[0][1])
            continue;
        done[i] = true;
        if (i == 0 || temporal)            /* for the others an event is one, however many of the rules it matches */
            insert(c, w, g, time, value, uses[i].place);
    }
    bool now = holds(c, w, g, time, value, &found);
    found.groups = w->c->groups + uses->place * w->c->n_groups;
    if (now && (!g->holds || found.last - g->reported > w->c->timespan)) {
        g->reported = found.last;
        t->reported++;
        c->counts.reported++;
        if (t->report)
            t->report(t->arg, &found);
    }
    g->holds = now;
    if (now)
        add_todo(c, w->rule);
}

/* All that is to do for one correlation. */
static void take_watch(struct taking *t, const struct corr_use *uses, uint32_t n)
{
    const struct corr_watch *w = &t->c->watches[uses->watch];
    uint64_t keys[CORR_PLACES_MOST][2], value;
    bool done[CORR_PLACES_MOST];
    if (!value_of(t->c, w, t->event, &value))
        return;
    for (uint32_t i = 0; i < n; i++)
        done[i] = !fields_hash(t->c, t->event, w->c->groups + uses[i].place * w->c->n_groups, w->c->n_groups, w->mark[0], keys[i]);
    for (uint32_t i = 0; i < n; i++)
        if (!done[i])
            take_group(t, w, uses + i, keys + i, done + i, n - i, value);
}

size_t correlator_take(struct correlator *c, const struct event *event, const size_t *hits, size_t n, void (*report)(void *, const struct correlated *), void *arg)
{
    struct taking t = {.c = c, .event = event, .report = report, .arg = arg};
    bool any = false;
    for (size_t i = 0; i < n && !any; i++)
        any = correlator_uses(c, hits[i]);
    if (!any)
        return 0;
    if (event->time <= -CORR_TIME_MOST || event->time >= CORR_TIME_MOST) {
        c->counts.timeless++;
        return 0;
    }
    if (c->newest != MOMENT_NONE && event->time < c->newest - c->lateness) {
        c->counts.late++;
        return 0;
    }
    if (c->newest == MOMENT_NONE || event->time > c->newest)
        c->newest = event->time;
    c->n_todo = c->done = 0;
    for (size_t i = 0; i < n; i++)
        if (correlator_uses(c, hits[i]))
            add_todo(c, (uint32_t)hits[i]);
    while (c->done < c->n_todo) {
        struct corr_use uses[CORR_PLACES_MOST];
        uint32_t same = 0;
        for (uint32_t watch = c->todo[c->done].watch; c->done < c->n_todo && c->todo[c->done].watch == watch; c->done++)
            uses[same++] = c->todo[c->done];
        take_watch(&t, uses, same);
    }
    return t.reported;
}
