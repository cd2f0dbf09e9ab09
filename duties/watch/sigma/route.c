/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Routes: for each combination of what decides about log sources (the values of Channel, EventID, EventType and Provider_Name, the
 * reader's format, which of the map's other conditions hold) the variants of rules that can match, after the predicates of those four
 * fields have been worked into them. A bounded table, keyed by 128 bits of XXH3 under a secret; when it is full it starts anew.
 */
#include <string.h>
#include <xxhash.h>

#include "base/hash.h"
#include "watch/sigma/fast.h"

#define ROUTES_MOST 4096
#define KEY_MOST 4096

struct routes {
    struct arena *arena;
    const struct sigma *sigma;
    struct route table[ROUTES_MOST];
    uint32_t n;
    char key[KEY_MOST];
    uint32_t now;                                /* which route is made */
    uint32_t *list, *sure, *keywords;            /* while a route is made */
    uint32_t *keyword_seen;                      /* by index of keywords: it is in the route that is made */
    uint8_t secret[192];
};

struct routes *routes_new(struct arena *arena, const struct sigma *sigma)
{
    struct routes *routes = ARENA_NEW(arena, struct routes);
    routes->arena = arena;
    routes->sigma = sigma;
    routes->list = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_variants + 1);
    routes->sure = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_variants + 1);
    routes->keywords = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_indexes - sigma->fast->n_fields + 1);
    routes->keyword_seen = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_indexes - sigma->fast->n_fields + 1);
    random_bytes(routes->secret, sizeof routes->secret);
    return routes;
}

/* ---- keys --------------------------------------------------------------------------------------------------- */

static bool put(struct routes *r, size_t *len, const void *bytes, size_t n)
{
    if (n > KEY_MOST - *len)
        return false;
    memcpy(r->key + *len, bytes, n);
    *len += n;
    return true;
}

static bool accepts(const struct when *when, const struct looked *looked)
{
    for (size_t i = 0; i < when->n; i++) {
        const struct accepted *a = &when->accepted[i];
        if ((a->beginning ? looked->folded_len >= a->len : looked->folded_len == a->len) && memcmp(a->text, looked->folded, a->len) == 0)
            return true;
    }
    return false;
}

static bool put_value(struct routes *r, struct bench *bench, const struct event *event, struct event_value *value, size_t *len)
{
    const struct fast *fast = r->sigma->fast;
    event_text(event, value);
    if (fast->classes[value->field] == CLASS_PRIMARY) {
        const uint32_t head[] = {value->field, value->len, value->kind};
        return put(r, len, head, sizeof head) && put(r, len, value->text, value->len);
    }
    if (value->kind == VALUE_NULL)
        return true;
    const struct looked looked = bench_look(bench, 0, value->text, value->len);
    for (uint32_t i = 0; i < fast->n_whens[value->field]; i++) {
        const struct when *when = fast->whens[value->field][i];
        const uintptr_t mark[] = {(uintptr_t)when, 1};
        if (accepts(when, &looked) && !put(r, len, mark, sizeof mark))
            return false;
    }
    return true;
}

/* ---- making ------------------------------------------------------------------------------------------------- */

enum known { KNOWN_FALSE, KNOWN_TRUE, KNOWN_NOT };

/* The tree with the predicates of the deciding fields worked in. */
static enum known known(struct routes *r, struct bench *bench, const struct node *node, const struct event *event)
{
    if (node->kind == NODE_PRED) {
        const struct pred *pred = &r->sigma->preds[node->pred];
        bool decided = pred->field && r->sigma->fast->classes[pred->field] == CLASS_PRIMARY && pred->kind != TEST_FIELDREF;
        return decided ? (enum known)pred_holds(bench, pred, event) : KNOWN_NOT;
    }
    if (node->kind == NODE_NOT) {
        enum known inner = known(r, bench, node->kids[0], event);
        return inner == KNOWN_NOT ? KNOWN_NOT : inner == KNOWN_TRUE ? KNOWN_FALSE : KNOWN_TRUE;
    }
    enum known ends = node->kind == NODE_OR ? KNOWN_TRUE : KNOWN_FALSE, all = node->kind == NODE_OR ? KNOWN_FALSE : KNOWN_TRUE;
    for (uint32_t i = 0; i < node->n; i++) {
        enum known one = known(r, bench, node->kids[i], event);
        if (one == ends)
            return ends;
        if (one == KNOWN_NOT)
            all = KNOWN_NOT;
    }
    return all;
}

static void fill(struct routes *r, struct bench *bench, struct route *route, const struct event *event)
{
    const struct sigma *sigma = r->sigma;
    const struct fast *fast = sigma->fast;
    const struct resolved *asked = NULL;
    uint32_t alternative = UINT32_MAX, n_always = 0, n_sure = 0, n_keywords = 0;
    bool holds = false;
    memset(route->fields, 0, (fast->n_fields / 64 + 1) * sizeof *route->fields);
    memset(route->variants, 0, (fast->n_variants / 64 + 1) * sizeof *route->variants);
    route->nothing = true;
    for (uint32_t v = 0; v < fast->n_variants; v++) {
        const struct variant *variant = &fast->variants[v];
        const struct resolved *resolved = sigma->codes[variant->rule].resolved;
        if (resolved != asked || alternative != variant->alternative) {
            asked = resolved;
            alternative = variant->alternative;
            holds = alternative_holds(bench, &resolved->alternatives[alternative], event);
        }
        enum known state = holds ? known(r, bench, variant->program->node, event) : KNOWN_FALSE;
        if (state == KNOWN_TRUE)
            r->sure[n_sure++] = v;
        if (state != KNOWN_NOT)
            continue;
        route->nothing = false;
        route->variants[v / 64] |= UINT64_C(1) << v % 64;
        for (uint32_t i = 0; i < fast->n_reads[v]; i++)
            route->fields[fast->reads[v][i] / 64] |= UINT64_C(1) << fast->reads[v][i] % 64;
        if (!fast->witnessed[v])
            r->list[n_always++] = v;
        bool keywords = fast->n_reads[v] && fast->reads[v][0] == 0;
        if (keywords && r->keyword_seen[fast->keywords[v] - fast->n_fields] != r->now) {
            r->keyword_seen[fast->keywords[v] - fast->n_fields] = r->now;
            r->keywords[n_keywords++] = fast->keywords[v];
        }
    }
    /* Lists are kept with their route; a route that starts anew takes its old room where that is enough. */
    if (n_always + n_sure + n_keywords > route->room) {
        route->room = n_always + n_sure + n_keywords + 8;
        route->always = ARENA_ARRAY(r->arena, uint32_t, route->room);
    }
    route->sure = route->room ? route->always + n_always : NULL;
    route->keywords = route->room ? route->sure + n_sure : NULL;
    if (n_always)
        memcpy(route->always, r->list, n_always * sizeof *r->list);
    if (n_sure)
        memcpy(route->sure, r->sure, n_sure * sizeof *r->sure);
    if (n_keywords)
        memcpy(route->keywords, r->keywords, n_keywords * sizeof *r->keywords);
    route->n_keywords = n_keywords;
    route->n_always = n_always;
    route->n_sure = n_sure;
}

/* ---- asking ------------------------------------------------------------------------------------------------- */

static const struct route *find(struct routes *r, struct bench *bench, const struct event *event, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits_withSecret(r->key, len, r->secret, sizeof r->secret);
    uint32_t at = (uint32_t)hash.low64 & (ROUTES_MOST - 1);
    for (; r->table[at].used; at = (at + 1) & (ROUTES_MOST - 1))
        if (r->table[at].low == hash.low64 && r->table[at].high == hash.high64)
            return &r->table[at];
    if (r->n == ROUTES_MOST / 2) {
        for (uint32_t i = 0; i < ROUTES_MOST; i++)
            r->table[i].used = false;
        r->n = 0;
        at = (uint32_t)hash.low64 & (ROUTES_MOST - 1);
    }
    struct route *route = &r->table[at];
    if (!route->fields) {
        route->fields = ARENA_ARRAY(r->arena, uint64_t, r->sigma->fast->n_fields / 64 + 1);
        route->variants = ARENA_ARRAY(r->arena, uint64_t, r->sigma->fast->n_variants / 64 + 1);
    }
    fill(r, bench, route, event);
    route->low = hash.low64;
    route->high = hash.high64;
    route->used = true;
    r->n++;
    return route;
}

bool route_says(struct routes *r, struct bench *bench, const struct event *event, struct event_value *value, const void **ret, size_t *ret_len)
{
    const struct fast *fast = r->sigma->fast;
    *ret = r->key;
    *ret_len = 0;
    return !value->field || value->field >= fast->n_fields || !fast->classes[value->field] || put_value(r, bench, event, value, ret_len);
}

const struct route *route_of(struct routes *r, struct bench *bench, const struct event *event)
{
    const struct fast *fast = r->sigma->fast;
    size_t len = 0;
    if (++r->now == 0) {
        memset(r->keyword_seen, 0, (fast->n_indexes - fast->n_fields + 1) * sizeof *r->keyword_seen);
        r->now = 1;
    }
    if (event->format && !put(r, &len, event->format, strlen(event->format) + 1))
        return NULL;
    for (size_t i = 0; i < event->n; i++) {
        struct event_value *value = &event->values[i];
        if (value->field && value->field < fast->n_fields && fast->classes[value->field] && !put_value(r, bench, event, value, &len))
            return NULL;
    }
    return find(r, bench, event, len);
}
