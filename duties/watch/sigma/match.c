/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Matching: route, memo, witnesses, and the trees of the few candidates that are left (fast.h says how they go together).
 */
#include <string.h>

#include "watch/sigma/fast.h"
#include "watch/sigma/values.h"

#define KEYWORDS_DIRECT 48
#define PENDING 32                               /* values for which memory is called at once */

struct pending { struct memo_key key; const char *text; };

struct sigma_matcher {
    const struct sigma *sigma;
    struct bench bench;
    struct routes *routes;
    struct memo *memo;
    struct scan scan;
    uint32_t now;                                /* number of the event, for the stamps */
    uint32_t *holds;                             /* by predicate: holds in this event */
    uint32_t *woken;                             /* by variant */
    uint32_t *candidates; uint32_t n_candidates;
    uint32_t *hits; uint32_t n_hits;
    struct pending pending[PENDING]; uint32_t n_pending;
    bool referred;                               /* fields were compared in this event */
};

static bool make_scratch(struct sigma_matcher *m)
{
    const struct fast *fast = m->sigma->fast;
    for (uint32_t field = 0; field < fast->n_indexes; field++) {
        const struct field_index *index = fast->fields[field];
        if (!index)
            continue;
        const hs_database_t *const databases[] = {index->folded.database, index->raw.database};
        for (size_t i = 0; i < 2; i++)
            if (databases[i] && hs_alloc_scratch(databases[i], &m->scan.scratch) != HS_SUCCESS)
                return false;
    }
    return true;
}

enum status sigma_matcher_new(const struct sigma *sigma, struct arena *arena, size_t memo_bytes, struct sigma_matcher **ret)
{
    struct sigma_matcher *m = ARENA_NEW(arena, struct sigma_matcher);
    m->sigma = sigma;
    bench_init(&m->bench, arena);
    m->routes = routes_new(arena, sigma);
    m->memo = memo_bytes ? memo_new(arena, memo_bytes) : NULL;
    m->scan = (struct scan){.sigma = sigma, .bench = &m->bench, .found = ARENA_ARRAY(arena, uint32_t, sigma->n_preds + 1),
                            .seen = ARENA_ARRAY(arena, uint64_t, sigma->n_preds / 64 + 1)};
    m->holds = ARENA_ARRAY(arena, uint32_t, sigma->n_preds + 1);
    m->woken = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_variants + 1);
    m->candidates = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_variants + 1);
    m->hits = ARENA_ARRAY(arena, uint32_t, sigma->fast->n_variants + 1);
    if (!make_scratch(m)) {
        sigma_matcher_free(m);
        return NO_MEMORY;
    }
    *ret = m;
    return OK;
}

void sigma_matcher_free(struct sigma_matcher *m)
{
    if (m && m->scan.scratch) {
        hs_free_scratch(m->scan.scratch);
        m->scan.scratch = NULL;
    }
}

/* ---- predicates that hold ----------------------------------------------------------------------------------- */

static void wake(struct sigma_matcher *m, const struct route *route, uint32_t pred)
{
    const struct fast *fast = m->sigma->fast;
    m->holds[pred] = m->now;
    for (uint32_t i = fast->wakes_at[pred]; i < fast->wakes_at[pred + 1]; i++) {
        uint32_t v = fast->wakes[i];
        if ((route->variants[v / 64] >> v % 64 & 1) && m->woken[v] != m->now) {
            m->woken[v] = m->now;
            m->candidates[m->n_candidates++] = v;
        }
    }
}

static void take_scanned(struct sigma_matcher *m, const struct route *route, const struct pending *p)
{
    scan_value(&m->scan, p->key.field, p->text, p->key.len);
    for (uint32_t i = 0; i < m->scan.n; i++)
        wake(m, route, m->scan.found[i]);
    if (m->memo)
        memo_put(m->memo, &p->key, m->scan.found, m->scan.n);
}

/* Asks the memo for all that wait; what each needs from memory was called for when it came in. */
static void take_pending(struct sigma_matcher *m, const struct route *route)
{
    for (uint32_t i = 0; i < m->n_pending; i++) {
        uint32_t n;
        const uint32_t *preds = m->memo ? memo_get(m->memo, &m->pending[i].key, &n) : NULL;
        if (!preds) {
            take_scanned(m, route, &m->pending[i]);
            continue;
        }
        for (uint32_t k = 0; k < n; k++)
            wake(m, route, preds[k]);
    }
    m->n_pending = 0;
}

static void take_value(struct sigma_matcher *m, const struct route *route, uint32_t field, const char *text, size_t len)
{
    struct pending *p = &m->pending[m->n_pending++];
    p->text = text;
    if (m->memo) {
        p->key = memo_key_of(m->memo, field, text, len);
        memo_ahead(m->memo, &p->key);
    } else {
        p->key = (struct memo_key){.field = field, .len = (uint32_t)len};
    }
    if (m->n_pending == PENDING)
        take_pending(m, route);
}

/* Short values are searched for keywords again each time: that is as quick as to remember them. */
static void take_keywords(struct sigma_matcher *m, const struct route *route, const char *text, size_t len)
{
    for (uint32_t i = 0; i < route->n_keywords; i++) {
        if (len > KEYWORDS_DIRECT) {
            take_value(m, route, route->keywords[i], text, len);
            continue;
        }
        scan_value(&m->scan, route->keywords[i], text, len);
        for (uint32_t k = 0; k < m->scan.n; k++)
            wake(m, route, m->scan.found[k]);
    }
}

static void take_values(struct sigma_matcher *m, const struct route *route, const struct event *event)
{
    const struct fast *fast = m->sigma->fast;
    for (size_t i = 0; i < event->n; i++) {
        struct event_value *value = &event->values[i];
        bool asked = value->field && value->field < fast->n_fields && (route->fields[value->field / 64] >> value->field % 64 & 1);
        if (value->kind == VALUE_NULL || (!asked && !route->n_keywords))
            continue;
        event_text(event, value);
        if (asked)
            take_value(m, route, value->field, value->text, value->len);
        take_keywords(m, route, value->text, value->len);
    }
    if (event->n == 0 && event->raw)
        take_keywords(m, route, event->raw, event->raw_len);
    take_pending(m, route);
}

/* ---- trees -------------------------------------------------------------------------------------------------- */

static bool holds(struct sigma_matcher *m, const struct node *node, const struct event *event)
{
    if (node->kind == NODE_PRED) {
        const struct pred *pred = &m->sigma->preds[node->pred];
        m->referred |= pred->kind == TEST_FIELDREF;
        return PRED_OF_EVENT(pred) ? pred_holds(&m->bench, pred, event) : m->holds[node->pred] == m->now;
    }
    if (node->kind == NODE_NOT)
        return !holds(m, node->kids[0], event);
    for (uint32_t i = 0; i < node->n; i++)
        if (holds(m, node->kids[i], event) == (node->kind == NODE_OR))
            return node->kind == NODE_OR;
    return node->kind == NODE_AND;
}

static void add_hit(struct sigma_matcher *m, uint32_t variant)
{
    uint32_t rule = m->sigma->fast->variants[variant].rule, at = m->n_hits;
    while (at && m->hits[at - 1] > rule)
        at--;
    if (at && m->hits[at - 1] == rule)
        return;
    memmove(&m->hits[at + 1], &m->hits[at], (m->n_hits - at) * sizeof *m->hits);
    m->hits[at] = rule;
    m->n_hits++;
}

/* ---- events ------------------------------------------------------------------------------------------------- */

static void begin(struct sigma_matcher *m)
{
    m->n_candidates = m->n_hits = 0;
    m->referred = false;
    if (++m->now)
        return;
    memset(m->holds, 0, (m->sigma->n_preds + 1) * sizeof *m->holds);
    memset(m->woken, 0, (m->sigma->fast->n_variants + 1) * sizeof *m->woken);
    m->now = 1;
}

/* Each variant directly: for events with so many values that decide that no route is made for them. */
static void match_plainly(struct sigma_matcher *m, const struct event *event)
{
    const struct fast *fast = m->sigma->fast;
    for (uint32_t v = 0; v < fast->n_variants; v++) {
        const struct variant *variant = &fast->variants[v];
        const struct resolved *resolved = m->sigma->codes[variant->rule].resolved;
        if (alternative_holds(&m->bench, &resolved->alternatives[variant->alternative], event) &&
            node_holds_directly(&m->bench, m->sigma, variant->program->node, event))
            add_hit(m, v);
    }
}

size_t sigma_match(struct sigma_matcher *m, const struct event *event, void (*hit)(void *, size_t), void *arg)
{
    const struct fast *fast = m->sigma->fast;
    begin(m);
    const struct route *route = route_of(m->routes, &m->bench, event);
    if (route && !route->nothing) {
        take_values(m, route, event);
        for (uint32_t i = 0; i < m->n_candidates; i++)
            if (holds(m, fast->variants[m->candidates[i]].program->node, event))
                add_hit(m, m->candidates[i]);
        for (uint32_t i = 0; i < route->n_always; i++)
            if (holds(m, fast->variants[route->always[i]].program->node, event))
                add_hit(m, route->always[i]);
    }
    for (uint32_t i = 0; route && i < route->n_sure; i++)
        add_hit(m, route->sure[i]);
    if (!route)
        match_plainly(m, event);
    for (uint32_t i = 0; hit && i < m->n_hits; i++)
        hit(arg, m->hits[i]);
    return m->n_hits;
}

/* ---- step by step (values.h) -------------------------------------------------------------------------------- */

struct sigma_wants sigma_wants(struct sigma_matcher *m, const struct event *event)
{
    const struct route *route = route_of(m->routes, &m->bench, event);
    if (!route)
        return (struct sigma_wants){.plainly = true};
    return (struct sigma_wants){.nothing = route->nothing, .fields = route->fields, .n_fields = m->sigma->fast->n_fields, .keywords = route->keywords,
                                .n_keywords = route->n_keywords};
}

bool sigma_decides(const struct sigma_matcher *m, field_id field)
{
    return field && field < m->sigma->fast->n_fields && m->sigma->fast->classes[field] != CLASS_NONE;
}

bool sigma_says(struct sigma_matcher *m, const struct event *event, struct event_value *value, const void **ret, size_t *ret_len)
{
    return route_says(m->routes, &m->bench, event, value, ret, ret_len);
}

size_t sigma_holding(struct sigma_matcher *m, uint32_t index, const char *text, size_t len, const uint32_t **ret)
{
    scan_value(&m->scan, index, text, len);
    *ret = m->scan.found;
    return m->scan.n;
}

bool sigma_only_contains(const struct sigma_matcher *m, uint32_t index, bool (*each)(const char *, size_t))
{
    const struct field_index *all = m->sigma->fast->fields[index];
    for (uint32_t i = 0; all && i < all->all.n; i++) {
        const struct pred *pred = &m->sigma->preds[all->all.ids[i]];
        if (pred->kind != TEST_CONTAINS || pred->cased || !each(pred->text, pred->len))
            return false;
    }
    return true;
}

bool sigma_referred(const struct sigma_matcher *m) { return m->referred; }
struct fields *sigma_fields(const struct sigma_matcher *m) { return m->sigma->fields; }
