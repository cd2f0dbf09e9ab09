/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The memo under more values than it holds: it never gives a list that is not the value's own, keeps what is asked for again and again, and
 * forgets the rest within its memory; lists of each length; a matcher whose memo is far too small finds what one without a memo finds.
 */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "watch/sigma/fast.h"

static struct arena *arena;

/* The list of a value follows from its number, so every answer can be checked. */
static uint32_t list_of(uint32_t number, uint32_t *preds)
{
    static const uint32_t lengths[] = {0, 1, 3, 9, 10, 25, 60};        /* within an entry, in a room of their own, the longest */
    uint32_t n = lengths[number % 7];
    for (uint32_t i = 0; i < n; i++)
        preds[i] = number * 31 + i;
    return n;
}

static struct memo_key key_of(const struct memo *memo, uint32_t number)
{
    char text[24];
    int n = snprintf(text, sizeof text, "value %u", number);
    return memo_key_of(memo, 1 + number % 5, text, (size_t)n);
}

static void put(struct memo *memo, uint32_t number)
{
    uint32_t preds[64], n = list_of(number, preds);
    struct memo_key key = key_of(memo, number);
    memo_put(memo, &key, preds, n);
}

/* 1: there and right, 0: not there, -1: there and wrong. */
static int get(struct memo *memo, uint32_t number)
{
    uint32_t want[64], n = list_of(number, want), got_n = 0;
    struct memo_key key = key_of(memo, number);
    const uint32_t *got = memo_get(memo, &key, &got_n);
    return !got ? 0 : got_n == n && (n == 0 || memcmp(got, want, n * sizeof *want) == 0) ? 1 : -1;
}

static void flood(void)
{
    enum { BYTES = 64 << 10, VALUES = 20000 };
    size_t before = arena_used(arena);
    struct memo *memo = memo_new(arena, BYTES);
    size_t used = arena_used(arena) - before, held = 0, wrong = 0, fresh = 0;
    for (uint32_t i = 0; i < VALUES; i++) {
        put(memo, i);
        fresh += get(memo, i) == 1;
        wrong += get(memo, (uint32_t)tap_below(i + 1)) < 0;
    }
    ok(fresh == VALUES, "what was just put is there");
    for (uint32_t i = 0; i < VALUES; i++) {
        int there = get(memo, i);
        held += there == 1;
        wrong += there < 0;
    }
    is_int(wrong, 0, "no answer is another value's");
    ok(held > 0 && held * 64 <= BYTES, "of %d values %zu are still there: no more than fit", VALUES, held);
    ok(used <= BYTES + BYTES / 2, "it has taken %zu bytes of %d and nothing since: %zu", used, BYTES, arena_used(arena) - before);
    ok(arena_used(arena) - before == used, "whatever is put");
}

/* A clock hand passes over what was asked for since it last came by. */
static void kept(void)
{
    struct memo *memo = memo_new(arena, 64 << 10);
    size_t lost = 0, seldom = 0;
    enum { HOT = 40 };
    for (uint32_t i = 0; i < HOT; i++)
        put(memo, 7 * i + 1);                          /* one predicate each: within the entry */
    for (uint32_t i = 0; i < 20000; i++) {
        put(memo, 1000000 + 7 * i + 1);
        if (get(memo, 7 * (i % HOT) + 1) != 1) {
            lost++;
            put(memo, 7 * (i % HOT) + 1);
        }
        seldom += i >= 10000 && get(memo, 1000000 + 7 * (i - 10000) + 1) == 1;
    }
    ok(lost <= 200, "what is asked for all the time stays, but for %zu of 20000 askings", lost);
    ok(seldom < 500, "what was put ten thousand values ago is gone, but for %zu", seldom);
}

static void longer(void)
{
    struct memo *memo = memo_new(arena, 64 << 10);
    uint32_t preds[64] = {0}, n = 0;
    struct memo_key key = key_of(memo, 1), other = key;
    memo_put(memo, &key, preds, 61);
    ok(memo_get(memo, &key, &n) == NULL, "a list longer than it holds is not kept");
    memo_put(memo, &key, preds, 3);
    memo_put(memo, &key, preds, 5);
    ok(memo_get(memo, &key, &n) && n == 5, "what is put again is replaced");
    other.field++;
    ok(memo_get(memo, &other, &n) == NULL, "the same text in another field is another value");
    other = key;
    other.len++;
    ok(memo_get(memo, &other, &n) == NULL, "and so is one of another length");
}

/* ---- through the matcher */

struct hits { size_t n; uint64_t sum; };
static void hit(void *arg, size_t rule)
{
    struct hits *hits = arg;
    hits->n++;
    hits->sum = hits->sum * 31 + rule + 1;
}

static void matchers(void)
{
    struct fields *fields = fields_new(arena);
    struct sigma *sigma;
    struct sigma_matcher *none, *small;
    struct buf text;
    buf_init(&text, 1 << 20);
    for (unsigned i = 0; i < 100; i++)
        buf_addf(&text, "title: r%u\nlogsource: {product: x}\ndetection:\n  s: {A|contains: 'v%u'}\n  t: {B|startswith: '%u'}\n  condition: s or t\n---\n", i, i, i);
    struct sigma_text file = {"r.yml", text.data, text.len - 4};
    bool good = sigma_compile(arena, fields, &file, 1, NULL, NULL, &sigma) == OK && sigma_matcher_new(sigma, arena, 0, &none) == OK &&
                sigma_matcher_new(sigma, arena, 1, &small) == OK;
    if (!ok(good, "two matchers"))
        return;
    struct arena *scratch = arena_new(1 << 20);
    size_t differ = 0, all = 0, cases = tap_cases(1000000);
    for (size_t i = 0; i < cases; i++) {
        struct event event;
        struct hits a = {0}, b = {0};
        char one[40], other[40];
        event_init(&event, scratch);
        int n = snprintf(one, sizeof one, "x v%u v%u", (unsigned)tap_below(110), (unsigned)tap_below(30)), m = snprintf(other, sizeof other, "%u", (unsigned)tap_below(3000));
        event_add(&event, fields_add(fields, "A", 1), VALUE_TEXT, one, (size_t)n);
        event_add(&event, fields_add(fields, "B", 1), VALUE_TEXT, other, (size_t)m);
        sigma_match(none, &event, hit, &a);
        sigma_match(small, &event, hit, &b);
        differ += a.n != b.n || a.sum != b.sum;
        all += a.n;
        event_clear(&event);
    }
    ok(differ == 0 && all > cases, "%zu events: %zu hits with a memo of a few values and without any", cases, all);
    sigma_matcher_free(none);
    sigma_matcher_free(small);
    sigma_free(sigma);
    arena_free(scratch);
    buf_free(&text);
}

int main(void)
{
    arena = arena_new((size_t)1 << 30);
    tap_seed();
    flood();
    kept();
    longer();
    matchers();
    arena_free(arena);
    return tap_done();
}
