/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Compiled pattern databases kept and given back: the same hits; whatever is damaged, cut, of other rules or under another secret is not
 * used, and the hits are the same all the same.
 */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "watch/sigma/sigma.h"

#define RULE(title, field, regex) "title: " title "\nlogsource: {product: x}\ndetection:\n  s: {" field "|re: '" regex "'}\n  condition: s\n---\n"
static const char rules[] = RULE("one", "A", "^a+b$") RULE("two", "A", "x[0-9]{2,4}y") RULE("three", "B", "(cat|dog)s?") RULE("four", "A", "(?=look)look") RULE("five", "", "key[1-3]");
static const char other[] = RULE("one", "A", "^a+c$") RULE("two", "A", "x[0-9]{2,4}y") RULE("three", "B", "(cat|dog)s?") RULE("four", "A", "(?=look)look") RULE("five", "", "key[1-3]");
static const char *const values[] = {"aab", "aac", "x12y", "x1y", "cats", "look", "key2", "key9", "\xc3\xa9 aab", ""};
enum { N_VALUES = sizeof values / sizeof *values };

struct compiled { struct arena *arena; struct fields *fields; struct sigma *sigma; };

static struct compiled compile(const char *text, const void *cache, size_t len, const uint8_t *secret)
{
    struct compiled c = {.arena = arena_new((size_t)256 << 20)};
    struct sigma_text file = {"r.yml", text, strlen(text)};
    struct sigma_options options = {.cache = cache, .cache_len = len, .cache_secret = secret};
    c.fields = fields_new(c.arena);
    if (sigma_compile(c.arena, c.fields, &file, 1, &options, NULL, &c.sigma) != OK)
        abort();
    return c;
}

static void hit(void *arg, size_t rule) { *(unsigned *)arg |= 1u << rule; }

/* What each value hits, in both fields, as one number each. */
static void hits(const struct compiled *c, unsigned ret[2 * N_VALUES])
{
    struct sigma_matcher *matcher;
    struct arena *scratch = arena_new(1 << 22);
    if (sigma_matcher_new(c->sigma, c->arena, 1 << 16, &matcher) != OK)
        abort();
    for (unsigned i = 0; i < 2 * N_VALUES; i++) {
        struct event event;
        event_init(&event, scratch);
        event_add(&event, fields_add(c->fields, i % 2 ? "B" : "A", 1), VALUE_TEXT, values[i / 2], strlen(values[i / 2]));
        ret[i] = 0;
        sigma_match(matcher, &event, hit, &ret[i]);
        event_clear(&event);
    }
    sigma_matcher_free(matcher);
    arena_free(scratch);
}

static void done(struct compiled *c)
{
    sigma_free(c->sigma);
    arena_free(c->arena);
}

/* Compiled with these bytes: the databases that came from them; *ret_same: the hits are those of `want`. */
static size_t used(const char *text, const void *bytes, size_t len, const uint8_t *secret, const unsigned *want, bool *ret_same)
{
    unsigned got[2 * N_VALUES];
    struct compiled c = compile(text, bytes, len, secret);
    size_t cached = sigma_counts(c.sigma).cached;
    hits(&c, got);
    *ret_same = memcmp(got, want, sizeof got) == 0;
    done(&c);
    return cached;
}

int main(void)
{
    uint8_t secret[SIGMA_SECRET] = {1, 2, 3}, wrong[SIGMA_SECRET] = {1, 2, 4};
    unsigned want[2 * N_VALUES], want_other[2 * N_VALUES];
    struct buf plain, sealed;
    bool same, all = true;
    size_t taken = 0, tries = 0;
    tap_seed();
    buf_init(&plain, 1 << 24);
    buf_init(&sealed, 1 << 24);
    struct compiled cold = compile(rules, NULL, 0, NULL), cold_other = compile(other, NULL, 0, NULL);
    size_t databases = sigma_counts(cold.sigma).databases;
    hits(&cold, want);
    hits(&cold_other, want_other);
    done(&cold_other);
    ok(memcmp(want, want_other, sizeof want) != 0, "the two sets of rules differ");
    sigma_cache_write(cold.sigma, NULL, &plain);
    sigma_cache_write(cold.sigma, secret, &sealed);
    done(&cold);
    if (databases == 0) {
        tap_skip("pattern databases", "Vectorscan does not run here");
        return tap_done();
    }
    is_int(used(rules, plain.data, plain.len, NULL, want, &same), databases, "all databases come from the cache");
    ok(same, "and find the same");
    is_int(used(rules, sealed.data, sealed.len, secret, want, &same), databases, "under a secret, too");
    ok(same, "and find the same");
    is_int(used(rules, sealed.data, sealed.len, wrong, want, &same), 0, "under another secret none");
    ok(same, "and the same is found");
    is_int(used(rules, plain.data, plain.len, secret, want, &same), 0, "one without a secret is none under a secret");
    is_int(used(rules, sealed.data, sealed.len, NULL, want, &same), 0, "nor the other way round");
    is_int(used(other, plain.data, plain.len, NULL, want_other, &same), 0, "of other rules none");
    ok(same, "and what those say is found");
    for (size_t i = 0; i < tap_cases(20000); i++, tries++) {
        size_t at = i < 200 && i < plain.len ? i : tap_below(plain.len);
        plain.data[at] ^= (char)(1 << i % 8);
        taken += used(rules, plain.data, plain.len, NULL, want, &same);
        all &= same;
        plain.data[at] ^= (char)(1 << i % 8);
    }
    ok(taken == 0 && all, "%zu damaged ones: none is used, the same is found", tries);
    for (size_t i = 0; i < 60; i++) {
        taken += used(rules, plain.data, i < 30 ? i * 4 : tap_below(plain.len), NULL, want, &same);
        all &= same;
    }
    ok(taken == 0 && all, "nor what was cut");
    is_int(used(rules, plain.data, plain.len, NULL, want, &same), databases, "what was not touched still is");
    buf_free(&plain);
    buf_free(&sealed);
    return tap_done();
}
