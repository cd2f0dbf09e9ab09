/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * In the jail: query and blocks in, hits out. Twice over the blocks: the first time only which items fit (so that of too many the newest
 * can be chosen), the second time the events that are given, whole and bounded.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "watch/hunt/inside.h"

#define ANSWER_MOST ((size_t)56 << 20)
#define VALUES_BYTES 8192                  /* of one hit's values */

struct given { const char *at; uint32_t len, items; };
struct ref { moment time; uint32_t block, item, index; bool rule; };
struct best { uint32_t index; bool seen, rule; };
#define ITEMS_MOST (1u << 20)              /* of a block */
struct looking {
    struct arena *arena;
    struct hunt_query query;
    struct hunt_scan scan;
    struct given *blocks; size_t n_blocks;
    struct ref *refs; size_t n_refs, room;
    uint32_t block;                        /* being looked at */
    uint64_t found, damaged, block_found;
    struct best *best; uint32_t items;     /* by item of this block: what it fits, of several things the first of the query */
    bool strange;                          /* the block gave an item that it has not */
    struct hunt_span *spans; size_t n_spans;
    bool places;
    struct val *hits;
    size_t bytes;                          /* of the answer so far */
};

/* ---- the input ---- */

static bool number_at(const char *input, size_t len, size_t *at, uint32_t *ret)
{
    const uint8_t *bytes = (const uint8_t *)input + *at;
    if (len - *at < 4)
        return false;
    *ret = bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[3] << 24;
    *at += 4;
    return true;
}

static bool take_blocks(struct looking *l, const char *input, size_t len, size_t at)
{
    size_t room = 64;
    l->blocks = ARENA_ARRAY(l->arena, struct given, room);
    while (at < len) {
        struct given block;
        if (!number_at(input, len, &at, &block.len) || !number_at(input, len, &at, &block.items) || block.len > len - at)
            return false;
        block.at = input + at;
        at += block.len;
        if (l->n_blocks == room) {
            struct given *more = ARENA_ARRAY(l->arena, struct given, room * 2);
            memcpy(more, l->blocks, room * sizeof *more);
            l->blocks = more;
            room *= 2;
        }
        l->blocks[l->n_blocks++] = block;
    }
    return true;
}

/* Single events by their places: the first look is left out. */
static bool take_places(struct looking *l, const struct val *list)
{
    size_t n = val_count(list) / 2;
    for (size_t i = 0; i < n && i < l->room; i++) {
        struct ref ref = {.block = (uint32_t)val_at(list, 2 * i)->number, .item = (uint32_t)val_at(list, 2 * i + 1)->number, .index = UINT32_MAX};
        if (ref.block >= l->n_blocks || ref.item >= l->blocks[ref.block].items)
            return false;
        l->refs[l->n_refs++] = ref;
    }
    l->places = n > 0;
    l->found = l->scan.events = l->n_refs;
    return true;
}

static void take_query(struct looking *l, const struct val *all)
{
    const struct val *terms = val_get(all, "terms"), *rules = val_get(all, "rules");
    struct hunt_query *query = &l->query;
    struct hunt_term *t = ARENA_ARRAY(l->arena, struct hunt_term, val_count(terms) + 1);
    struct hunt_rule *r = ARENA_ARRAY(l->arena, struct hunt_rule, val_count(rules) + 1);
    for (size_t i = 0; i < val_count(terms); i++) {
        const struct val *item = val_at(terms, i), *text = val_at(item, 3);
        t[i] = (struct hunt_term){(unsigned)val_at(item, 0)->number, val_text(val_at(item, 1)), (enum hunt_how)val_at(item, 2)->number, text->str.s, text->str.len};
    }
    for (size_t i = 0; i < val_count(rules); i++)
        r[i] = (struct hunt_rule){(unsigned)val_at(val_at(rules, i), 0)->number, val_text(val_at(val_at(rules, i), 1))};
    *query = (struct hunt_query){.terms = t, .n_terms = val_count(terms), .rules = r, .n_rules = val_count(rules), .everything = val_get_bool(all, "everything", false),
        .newest = val_get_bool(all, "newest", false), .from = val_get_int(all, "from", MOMENT_NONE), .to = val_get_int(all, "to", MOMENT_NONE),
        .most = (size_t)val_get_int(all, "most", 0), .step = val_get_int(all, "step", 0)};
    if (!query->most || query->most > HUNT_HITS_MOST)
        query->most = HUNT_HITS_MOST;
}

static enum status compile(struct looking *l, const struct val *all, struct reasons *reasons, struct sigma **ret)
{
    const struct val *texts = val_get(all, "texts"), *bindings = val_get(all, "bindings"), *sources = val_get(all, "sources");
    size_t n = val_count(texts), n_bindings = val_count(bindings);
    struct sigma_text *given = ARENA_ARRAY(l->arena, struct sigma_text, n + 1);
    struct sigma_binding *bound = ARENA_ARRAY(l->arena, struct sigma_binding, n_bindings + 1);
    const char **only = ARENA_ARRAY(l->arena, const char *, l->query.n_rules + 1);
    struct sigma_options options = {.bindings = bound, .n_bindings = n_bindings, .only = only};
    for (size_t i = 0; i < n; i++)
        given[i] = (struct sigma_text){val_text(val_at(val_at(texts, i), 0)), val_at(val_at(texts, i), 1)->str.s, val_at(val_at(texts, i), 1)->str.len};
    for (size_t i = 0; i < n_bindings; i++) {
        const struct val *item = val_at(bindings, i);
        const char **values = ARENA_ARRAY(l->arena, const char *, item->count);
        for (size_t v = 1; v < item->count; v++)
            values[v - 1] = val_text(val_at(item, v));
        bound[i] = (struct sigma_binding){val_text(val_at(item, 0)), values, item->count - 1};
    }
    for (size_t i = 0; i < l->query.n_rules && !str_eq(l->query.rules[0].id, HUNT_ALL_RULES); i++)
        only[options.n_only++] = l->query.rules[i].id;
    if (sources)
        options.sources = (struct sigma_text){val_text(val_at(sources, 0)), val_at(sources, 1)->str.s, val_at(sources, 1)->str.len};
    enum status status = sigma_compile(l->arena, l->scan.fields, given, n, &options, reasons, ret);
    if (status == OK)
        status = sigma_matcher_new(*ret, l->arena, 4 << 20, &l->scan.matcher);
    l->scan.sigma = status == OK ? *ret : NULL;
    return status;
}

/* ---- first: what fits ---- */

static int newer(const void *a, const void *b)
{
    const struct ref *one = a, *other = b;
    if (one->time != other->time)
        return one->time < other->time ? 1 : -1;
    if (one->block != other->block)
        return one->block < other->block ? 1 : -1;
    return one->item < other->item ? 1 : one->item > other->item ? -1 : 0;
}
static int in_order(const void *a, const void *b)
{
    const struct ref *one = a, *other = b;
    return one->block != other->block ? one->block < other->block ? -1 : 1 : one->item < other->item ? -1 : one->item > other->item ? 1 : 0;
}

static void keep_newest(struct looking *l)
{
    if (l->n_refs)
        qsort(l->refs, l->n_refs, sizeof *l->refs, newer);
    l->n_refs = l->n_refs > l->query.most ? l->query.most : l->n_refs;
}

static void count_span(struct looking *l, moment at)
{
    int64_t number = at / l->query.step - (at % l->query.step < 0);
    for (size_t i = l->n_spans; i-- > 0;)
        if (l->spans[i].number == number) {
            l->spans[i].events++;
            return;
        }
    if (l->n_spans < HUNT_SPANS_MOST)
        l->spans[l->n_spans++] = (struct hunt_span){number, 1};
}

static unsigned line_of(const struct looking *l, const struct ref *ref);

static bool fits(void *arg, const struct hunt_fit *fit)
{
    struct looking *l = arg;
    struct ref ref = {fit->time, l->block, fit->item, fit->index, fit->rule};
    if (fit->item >= l->items) {
        l->strange = true;
        return false;
    }
    struct best *best = &l->best[fit->item];
    struct ref former = {.index = best->index, .rule = best->rule};
    bool again = best->seen;
    if (!again || line_of(l, &ref) < line_of(l, &former))
        *best = (struct best){fit->index, true, fit->rule};
    if (again)
        return true;
    l->block_found++;
    if (l->query.step > 0 && fit->time != MOMENT_NONE)
        count_span(l, fit->time);
    if (l->n_refs == l->room && l->query.newest)
        keep_newest(l);
    if (l->n_refs < l->room)
        l->refs[l->n_refs++] = ref;
    return true;
}

/* Of a block that was looked at to its end what was found gets the first thing that it fits; of another nothing stays. */
static void settle(struct looking *l, bool good)
{
    size_t n = 0;
    for (size_t i = 0; i < l->n_refs; i++) {
        struct ref ref = l->refs[i];
        if (ref.block == l->block && !good)
            continue;
        if (ref.block == l->block) {
            ref.index = l->best[ref.item].index;
            ref.rule = l->best[ref.item].rule;
        }
        l->refs[n++] = ref;
    }
    l->n_refs = n;
}

static void look(struct looking *l)
{
    l->scan.fits = fits;
    l->scan.arg = l;
    uint32_t most = 1;
    for (size_t i = 0; i < l->n_blocks; i++)
        most = l->blocks[i].items > most && l->blocks[i].items <= ITEMS_MOST ? l->blocks[i].items : most;
    l->best = ARENA_ARRAY(l->arena, struct best, most);
    for (l->block = 0; l->block < l->n_blocks; l->block++) {
        const struct given *block = &l->blocks[l->block];
        uint64_t before = l->scan.events;
        l->block_found = 0;
        l->items = block->items <= ITEMS_MOST ? block->items : 0;
        l->strange = block->items > ITEMS_MOST;
        memset(l->best, 0, l->items * sizeof *l->best);
        bool good = !l->strange && hunt_block_look(&l->scan, block->at, block->len, block->items) == OK && !l->strange;
        settle(l, good);
        l->scan.events = good ? l->scan.events : before;
        l->damaged += !good;
        l->found += good ? l->block_found : 0;
    }
    if (l->query.newest)
        keep_newest(l);
    if (l->n_refs)
        qsort(l->refs, l->n_refs, sizeof *l->refs, in_order);
}

/* ---- then: the events themselves ---- */

/* At most so many bytes, valid UTF-8 without NUL: what is neither becomes "?". */
static struct val *bounded(struct arena *arena, const char *text, size_t len, size_t most, bool *ret_cut)
{
    size_t n = len > most ? most : len;
    char *out = arena_alloc(arena, n + 1);
    *ret_cut |= len > most;
    for (size_t at = 0; at < n;) {
        size_t one = utf8_length(text + at, n - at);
        if (!one || !text[at]) {
            out[at] = '?';
            at++;
            continue;
        }
        memcpy(out + at, text + at, one);
        at += one;
    }
    return val_strn(arena, out, n);
}

static struct val *values_of(struct looking *l, const struct event *event, bool *ret_cut)
{
    struct val *list = val_array(l->arena);
    size_t bytes = 0, most = l->places ? 64 * VALUES_BYTES : VALUES_BYTES;
    bool ignored = false;
    for (size_t i = 0; i < event->n; i++) {
        const struct event_value *value = &event->values[i];
        const char *name = value->field ? fields_name(l->scan.fields, value->field) : value->name ? value->name : "";
        if (list->count + 2 > HUNT_VALUES_MOST || bytes > most) {
            *ret_cut = true;
            break;
        }
        val_push(l->arena, list, bounded(l->arena, name, strlen(name), EVENT_NAME_MOST, &ignored));
        val_push(l->arena, list, bounded(l->arena, value->text, value->len, l->places ? 16 * HUNT_VALUE_MOST : HUNT_VALUE_MOST, ret_cut));
        bytes += strlen(name) + value->len;
    }
    return list;
}

static unsigned line_of(const struct looking *l, const struct ref *ref)
{
    if (!ref->rule)
        return ref->index < l->query.n_terms ? l->query.terms[ref->index].line : 0;
    const char *id = sigma_rule(l->scan.sigma, ref->index)->id;
    for (size_t i = 0; i < l->query.n_rules; i++)
        if (id && strcasecmp(l->query.rules[i].id, id) == 0)
            return l->query.rules[i].line;
    return 0;
}

struct giving { struct looking *l; const struct ref *ref; };
static bool give(void *arg, uint32_t item, const struct event *event)
{
    struct giving *giving = arg;
    struct looking *l = giving->l;
    const struct ref *ref = giving->ref++;
    const struct sigma_rule *rule = ref->rule ? sigma_rule(l->scan.sigma, ref->index) : NULL;
    const char *what = rule ? rule->title ? rule->title : "" : ref->index < l->query.n_terms ? l->query.terms[ref->index].text : "";
    struct arena *arena = l->arena;
    struct val *hit = val_array(arena);
    bool raw_cut = false, values_cut = false, ignored = false;
    struct val *raw = bounded(arena, event->raw ? event->raw : "", event->raw ? event->raw_len : 0, l->places ? HUNT_RAW_WHOLE : HUNT_RAW_MOST, &raw_cut), *values = values_of(l, event, &values_cut);
    val_push(arena, hit, val_int(arena, ref->block));
    val_push(arena, hit, val_int(arena, item));
    val_push(arena, hit, val_int(arena, event->time));
    val_push(arena, hit, val_int(arena, (int64_t)event->record));
    val_push(arena, hit, bounded(arena, event->format ? event->format : "", event->format ? strlen(event->format) : 0, 60, &ignored));
    val_push(arena, hit, val_int(arena, line_of(l, ref)));
    val_push(arena, hit, bounded(arena, what, strlen(what), 200, &ignored));
    val_push(arena, hit, rule && rule->id ? bounded(arena, rule->id, strlen(rule->id), 64, &ignored) : val_null(arena));
    val_push(arena, hit, raw);
    val_push(arena, hit, val_int(arena, raw_cut | values_cut << 1));
    val_push(arena, hit, values);
    l->bytes += 6 * raw->str.len / 4 + 2 * VALUES_BYTES;
    if (l->bytes < ANSWER_MOST)
        val_push(arena, l->hits, hit);
    return true;
}

static void give_all(struct looking *l)
{
    uint32_t *wanted = ARENA_ARRAY(l->arena, uint32_t, l->n_refs + 1);
    for (size_t i = 0; i < l->n_refs;) {
        size_t n = 0;
        struct giving giving = {l, &l->refs[i]};
        const struct given *block = &l->blocks[l->refs[i].block];
        uint32_t number = l->refs[i].block;
        for (; i < l->n_refs && l->refs[i].block == number; i++)
            wanted[n++] = l->refs[i].item;
        l->scan.give = give;
        l->scan.arg = &giving;
        if (hunt_block_events(&l->scan, block->at, block->len, block->items, wanted, n) != OK)
            l->damaged++;
    }
}

/* ---- the answer ---- */

static void say_refused(struct val *list, struct arena *arena, const char *id, const char *where, const struct words *why)
{
    const char *texts[] = {id, where, why->in[LANG_EN] ? why->in[LANG_EN] : "", why->in[LANG_FR] ? why->in[LANG_FR] : ""};
    struct val *item = val_array(arena);
    bool ignored = false;
    for (size_t t = 0; t < 4; t++)
        val_push(arena, item, bounded(arena, texts[t], strlen(texts[t]), 1000, &ignored));
    val_push(arena, list, item);
}

static bool has_rule(const struct sigma *sigma, const char *id)
{
    for (size_t i = 0; i < sigma_count(sigma); i++)
        if (sigma_rule(sigma, i)->id && strcasecmp(sigma_rule(sigma, i)->id, id) == 0)
            return true;
    return false;
}

/* Rules that could not be compiled, and ids that the query names and no text has: nobody shall take silence for an answer. */
static struct val *refused_of(const struct looking *l, struct arena *arena)
{
    const struct sigma *sigma = l->scan.sigma;
    struct val *list = val_array(arena);
    for (size_t i = 0; sigma && i < sigma_count(sigma) && list->count < HUNT_TERMS_MOST; i++) {
        const struct sigma_rule *rule = sigma_rule(sigma, i);
        if (rule->standing == SIGMA_REFUSED)
            say_refused(list, arena, rule->id ? rule->id : "", rule->where ? rule->where : "", &rule->why);
    }
    for (size_t r = 0; sigma && r < l->query.n_rules && list->count < HUNT_TERMS_MOST; r++)
        if (!str_eq(l->query.rules[r].id, HUNT_ALL_RULES) && !has_rule(sigma, l->query.rules[r].id)) {
            struct words why = words_format(arena, T_("No rule in force that this hunt may use has the id %1$s."), l->query.rules[r].id);
            say_refused(list, arena, l->query.rules[r].id, arena_printf(arena, "%u", l->query.rules[r].line), &why);
        }
    return list;
}

static void answer(const struct looking *l, struct buf *out)
{
    struct arena *arena = l->arena;
    struct val *all = val_object(arena), *spans = val_array(arena);
    for (size_t i = 0; i < l->n_spans; i++) {
        val_push(arena, spans, val_int(arena, l->spans[i].number));
        val_push(arena, spans, val_int(arena, (int64_t)l->spans[i].events));
    }
    val_set_int(arena, all, "events", (int64_t)l->scan.events);
    val_set_int(arena, all, "found", (int64_t)l->found);
    val_set_int(arena, all, "damaged", (int64_t)l->damaged);
    val_set(arena, all, "hits", l->hits);
    val_set(arena, all, "spans", spans);
    val_set(arena, all, "refused", refused_of(l, arena));
    json_write(out, all);
}

static enum status run(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons, struct buf *out)
{
    struct looking l = {.arena = arena, .hits = val_array(arena)};
    struct sigma *sigma = NULL;
    struct val *all;
    size_t at = strlen(HUNT_HEAD);
    uint32_t query_len = 0;
    if (len < at || memcmp(input, HUNT_HEAD, at) != 0 || !number_at(input, len, &at, &query_len) || query_len > len - at || !take_blocks(&l, input, len, at + query_len))
        return DAMAGED;
    enum status status = json_read(arena, input + at, query_len, (struct json_limits){.bytes = HUNT_INPUT_MOST}, reasons, &all);
    if (status != OK)
        return status;
    take_query(&l, all);
    l.room = l.query.newest ? 2 * l.query.most : l.query.most;
    l.refs = ARENA_ARRAY(arena, struct ref, l.room);
    l.spans = ARENA_ARRAY(arena, struct hunt_span, HUNT_SPANS_MOST);
    l.scan = (struct hunt_scan){.arena = arena, .query = &l.query, .fields = fields_new(arena)};
    if (l.query.n_rules)
        status = compile(&l, all, reasons, &sigma);
    if (status == OK && !take_places(&l, val_get(all, "places")))
        status = DAMAGED;
    if (status == OK) {
        if (!l.places)
            look(&l);
        give_all(&l);
        answer(&l, out);
        status = out->failed ? TOO_LARGE : OK;
    }
    sigma_matcher_free(l.scan.matcher);
    sigma_free(sigma);
    return status;
}

const struct jailer hunt_jailer = {.name = "hunt", .run = run, .max_input = HUNT_INPUT_MOST + (1 << 20), .max_answer = (size_t)128 << 20, .max_memory = (size_t)1536 << 20, .max_seconds = 60};
