/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See scan_correlate.h. A message: its head, the numbers of rules, the values (field, length, bytes), and the words of a hit. What
 * waits lies in a heap by time and, at the same time, in the order in which it came.
 */
#include "cli/scan_correlate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/text.h"

enum { VALUE_MOST = 2048, RULES_MOST = 4096 };
struct head { uint64_t record; int64_t time; uint32_t n_rules, n_values; };
struct part { uint32_t field, len; };

struct waiting { moment time; uint64_t turn; size_t input; char *bytes; size_t len; };
struct scan_correlate {
    const struct sigma *sigma;
    struct correlator *correlator;
    const field_id *fields; size_t n_fields;
    struct arena *scratch;
    struct waiting *heap; size_t n, room;
    size_t bytes, most;
    uint64_t turn;
    /* the event that is being counted */
    struct event event;
    const char *const *files;
    size_t input;
    char words[N_WORDS][SCAN_WORD_MOST];
    scan_found_fn *found;
    void *arg;
};

struct scan_correlate *scan_correlate_new(const struct sigma *sigma, struct arena *arena, int64_t lateness, size_t waiting_bytes)
{
    bool any = false;
    struct correlation_shape shape;
    for (size_t i = 0; i < sigma_count(sigma); i++)
        any |= correlation_shape(sigma, i, &shape);
    if (!any)
        return NULL;
    struct scan_correlate *c = ARENA_NEW(arena, struct scan_correlate);
    *c = (struct scan_correlate){.sigma = sigma, .scratch = arena_new((size_t)64 << 20), .most = waiting_bytes};
    if (correlator_new(sigma, arena, 0, lateness, &c->correlator) != OK) {
        arena_free(c->scratch);
        return NULL;
    }
    c->fields = correlator_fields(c->correlator, &c->n_fields);
    return c;
}

void scan_correlate_free(struct scan_correlate *c)
{
    for (size_t i = 0; c && i < c->n; i++)
        free(c->heap[i].bytes);
    if (!c)
        return;
    free(c->heap);
    arena_free(c->scratch);
}

bool scan_correlate_silences(const struct scan_correlate *c, size_t rule) { return c && correlator_silences(c->correlator, rule); }
struct correlate_counts scan_correlate_counts(const struct scan_correlate *c) { return correlator_counts(c->correlator); }

/* ---- in the jail -------------------------------------------------------------------------------------------- */

/* A long value is its beginning and a hash of the whole, so that it stays apart from others. */
static void pack_value(struct buf *out, field_id field, const char *text, size_t len)
{
    struct part part = {field, (uint32_t)len};
    char hash[40] = "";
    if (len > VALUE_MOST) {
        XXH128_hash_t sum = XXH3_128bits(text, len);
        snprintf(hash, sizeof hash, "...%016llx%016llx", (unsigned long long)sum.high64, (unsigned long long)sum.low64);
        len = VALUE_MOST - strlen(hash);
        while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
        part.len = (uint32_t)(len + strlen(hash));
    }
    buf_add(out, &part, sizeof part);
    buf_add(out, text, len);
    buf_adds(out, hash);
}

bool scan_correlate_pack(const struct scan_correlate *c, struct event *event, const size_t *rules, size_t n, const char *const words[N_WORDS], struct buf *out)
{
    struct head head = {.record = event->record, .time = event->time};
    buf_clear(out);
    buf_add(out, &head, sizeof head);
    for (size_t i = 0; i < n && head.n_rules < RULES_MOST; i++) {
        uint32_t rule = (uint32_t)rules[i];
        if (!correlator_uses(c->correlator, rule))
            continue;
        buf_add(out, &rule, sizeof rule);
        head.n_rules++;
    }
    if (!head.n_rules)
        return false;
    for (size_t i = 0; i < c->n_fields; i++) {
        const struct event_value *value = event_get(event, c->fields[i]);
        if (!value || value->kind == VALUE_NULL)
            continue;
        event_text(event, &event->values[value - event->values]);
        pack_value(out, value->field, value->text, value->len);
        head.n_values++;
    }
    for (unsigned i = 0; i < N_WORDS; i++)
        pack_value(out, 0, words[i], strlen(words[i]));
    if (!out->failed)
        memcpy(out->data, &head, sizeof head);
    return !out->failed;
}

/* ---- outside ------------------------------------------------------------------------------------------------ */

static bool sooner(const struct waiting *a, const struct waiting *b) { return a->time < b->time || (a->time == b->time && a->turn < b->turn); }

static void swap(struct waiting *a, struct waiting *b)
{
    struct waiting kept = *a;
    *a = *b;
    *b = kept;
}

static bool push(struct scan_correlate *c, struct waiting one)
{
    if (c->n == c->room) {
        size_t room = c->room ? 2 * c->room : 1024;
        struct waiting *more = realloc(c->heap, room * sizeof *more);
        if (!more)
            return false;
        c->heap = more;
        c->room = room;
    }
    size_t at = c->n++;
    c->heap[at] = one;
    for (; at && sooner(&c->heap[at], &c->heap[(at - 1) / 2]); at = (at - 1) / 2)
        swap(&c->heap[at], &c->heap[(at - 1) / 2]);
    c->bytes += one.len + sizeof one;
    return true;
}

static struct waiting pop(struct scan_correlate *c)
{
    struct waiting first = c->heap[0];
    c->heap[0] = c->heap[--c->n];
    for (size_t at = 0;;) {
        size_t least = at;
        for (size_t kid = 2 * at + 1; kid <= 2 * at + 2 && kid < c->n; kid++)
            least = sooner(&c->heap[kid], &c->heap[least]) ? kid : least;
        if (least == at)
            break;
        swap(&c->heap[at], &c->heap[least]);
        at = least;
    }
    c->bytes -= first.len + sizeof first;
    return first;
}

struct cursor { const char *at; size_t left; };

static const char *take(struct cursor *cursor, size_t n)
{
    const char *at = cursor->at;
    if (cursor->left < n)
        return NULL;
    cursor->at += n;
    cursor->left -= n;
    return at;
}

/* The next value; false when it is none. */
static bool take_value(struct cursor *cursor, struct part *part, const char **ret)
{
    const char *at = take(cursor, sizeof *part);
    if (at)
        memcpy(part, at, sizeof *part);
    return at && part->len <= VALUE_MOST && (*ret = take(cursor, part->len)) != NULL;
}

/* Reads a message into c->event and c->words; the rules into `ret` where it is not NULL. */
static bool unpack(struct scan_correlate *c, const char *bytes, size_t len, size_t **ret, size_t *ret_n)
{
    struct cursor cursor = {bytes, len};
    struct head head;
    struct part part;
    const char *at = take(&cursor, sizeof head), *text;
    if (!at)
        return false;
    memcpy(&head, at, sizeof head);
    if (!head.n_rules || head.n_rules > RULES_MOST || head.n_values > c->n_fields ||
        (head.time != MOMENT_NONE && (head.time < INT64_MIN / 4 || head.time > INT64_MAX / 4)))
        return false;
    size_t *rules = ARENA_ARRAY(c->scratch, size_t, head.n_rules);
    for (uint32_t i = 0; i < head.n_rules; i++) {
        uint32_t rule;
        if (!(at = take(&cursor, sizeof rule)))
            return false;
        memcpy(&rule, at, sizeof rule);
        if (rule >= sigma_count(c->sigma))
            return false;
        rules[i] = rule;
    }
    c->event.time = head.time;
    c->event.record = head.record > INT64_MAX ? INT64_MAX : head.record;
    for (uint32_t i = 0; i < head.n_values; i++) {
        if (!take_value(&cursor, &part, &text))
            return false;
        event_add(&c->event, part.field, VALUE_TEXT, text, part.len);
    }
    for (unsigned i = 0; i < N_WORDS; i++) {
        if (!take_value(&cursor, &part, &text) || part.len >= SCAN_WORD_MOST)
            return false;
        memcpy(c->words[i], text, part.len);
        c->words[i][part.len] = 0;
    }
    *ret = rules;
    *ret_n = head.n_rules;
    return cursor.left == 0;
}

static const char *shown(struct scan_correlate *c, field_id field)
{
    const struct event_value *value = event_get(&c->event, field);
    const char *text = value ? arena_strndup(c->scratch, value->text, value->len) : "";
    return utf8_valid(text, strlen(text)) ? text : "";
}

static void report(void *arg, const struct correlated *found)
{
    struct scan_correlate *c = arg;
    struct correlation_shape shape;
    if (correlator_silences(c->correlator, found->rule) || !correlation_shape(c->sigma, found->rule, &shape))
        return;
    struct scan_hit hit = {.rule = sigma_rule(c->sigma, found->rule), .file = c->files[c->input], .time = c->event.time, .record = c->event.record,
                           .correlation = shape.type, .first = found->first, .last = found->last, .value = found->value, .partial = found->partial, .groups = shape.groups, .n_groups = shape.n_groups};
    const char **values = ARENA_ARRAY(c->scratch, const char *, shape.n_groups + 1);
    for (size_t i = 0; i < shape.n_groups; i++)
        values[i] = shown(c, found->groups[i]);
    hit.group_values = values;
    for (unsigned i = 0; i < N_WORDS; i++)
        hit.words[i] = utf8_valid(c->words[i], strlen(c->words[i])) ? c->words[i] : "";
    c->found(c->arg, &hit);
}

static void count(struct scan_correlate *c, const struct waiting *one)
{
    size_t *rules, n;
    arena_clear(c->scratch);
    event_init(&c->event, c->scratch);
    c->input = one->input;
    if (unpack(c, one->bytes, one->len, &rules, &n))
        correlator_take(c->correlator, &c->event, rules, n, report, c);
}

static void count_first(struct scan_correlate *c)
{
    struct waiting one = pop(c);
    count(c, &one);
    free(one.bytes);
}

bool scan_correlate_take(struct scan_correlate *c, size_t input, const char *const *files, const char *bytes, size_t len, scan_found_fn *found, void *arg)
{
    size_t *rules, n;
    if (!c)
        return false;
    arena_clear(c->scratch);
    event_init(&c->event, c->scratch);
    if (!unpack(c, bytes, len, &rules, &n))
        return false;
    c->files = files;
    c->found = found;
    c->arg = arg;
    struct waiting one = {.time = c->event.time, .turn = c->turn++, .input = input, .bytes = malloc(len), .len = len};
    if (one.bytes)
        memcpy(one.bytes, bytes, len);
    if (!one.bytes || !push(c, one)) {
        free(one.bytes);
        return false;
    }
    while (c->bytes > c->most)
        count_first(c);
    return true;
}

void scan_correlate_end(struct scan_correlate *c, const char *const *files, scan_found_fn *found, void *arg)
{
    if (!c)
        return;
    c->files = files;
    c->found = found;
    c->arg = arg;
    while (c->n)
        count_first(c);
}
