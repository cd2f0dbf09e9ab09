/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Each live rule of the public data: a generator makes from its text an event that must match, and from that one others that differ in one
 * thing. Engine and reference agree on all of them, and for every rule there is at least one event that matches and one that does not. A
 * seeded twentieth of the rules in ./test, all of them with more events when soaking. Also: every rule's log source resolves.
 */
#include <ctype.h>
#include <stdio.h>

#include "both.h"
#include "event-make.h"
#include "tap.h"

/* Every %name% of rules that use expand means two values here. */
static size_t bind_all(struct arena *arena, const struct sigma_text *texts, size_t n, struct sigma_binding **ret)
{
    static const char *const values[] = {"value-one", "10.11.12.13"};
    struct sigma_binding *bindings = ARENA_ARRAY(arena, struct sigma_binding, 1000);
    size_t count = 0;
    for (size_t i = 0; i < n; i++)
        for (const char *at = strstr(texts[i].text, "|expand") ? strchr(texts[i].text, '%') : NULL; at && count < 1000; at = strchr(at + 1, '%')) {
            size_t len = 0;
            bool known = false;
            while (isalnum((unsigned char)at[1 + len]) || at[1 + len] == '_' || at[1 + len] == '-')
                len++;
            if (!len || at[1 + len] != '%')
                continue;
            char *name = arena_strndup(arena, at + 1, len);
            for (size_t b = 0; b < count; b++)
                known |= strcmp(bindings[b].name, name) == 0;
            if (!known)
                bindings[count++] = (struct sigma_binding){name, values, 2};
        }
    *ret = bindings;
    return count;
}

struct tally { size_t events, matching, other, differences; bool matched, unmatched; };
static bool try_event(struct both *both, size_t rule, const struct made *made, bool joined, struct tally *tally)
{
    const char *json = event_json(both->arena, made, joined);
    size_t at = 0, ask[64], n = 0;
    if (!both_read(both, json, strlen(json), &at))
        return false;
    both->event.format = made->format;
    both_match(both);
    ask[n++] = rule;
    for (size_t i = 0; i < both->n && n < 60; i++)
        if (i != rule && (both->hit[0][i] || both->hit[1][i]))
            ask[n++] = i;
    while (n < 62)
        ask[n++] = tap_below(both->n);
    tally->differences += both_compare(both, ask, n, json);
    bool matches = reference_match(both->reference, rule, &both->event);
    tally->events++;
    *(matches ? &tally->matched : &tally->unmatched) = true;
    *(matches ? &tally->matching : &tally->other) += 1;
    return matches;
}

/* Rules that no event of their own log source can match as they are written. */
static bool never_matches(const char *id)
{
    static const char *const ids[] = {"a62b37e0-45d3-48d9-a517-90c1a1b0186b"};
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++)
        if (id && strcmp(ids[i], id) == 0)
            return true;
    return false;
}

static void one_rule(struct both *both, struct arena *arena, size_t rule, size_t changes, struct tally *total)
{
    const struct rule *from = both->reference->rules[rule];
    struct tally tally = {0};
    struct made *made = ARENA_NEW(arena, struct made), *good = ARENA_NEW(arena, struct made), *changed = ARENA_NEW(arena, struct made);
    bool joined = false;
    for (int i = 0; i < 60 && !tally.matched; i++) {
        if (!event_from_rule(arena, from, false, made))
            break;
        joined = tap_below(2);
        if (try_event(both, rule, made, joined, &tally))
            *good = *made;
    }
    if (!tally.matched && never_matches(from->shown.id)) {
        tap_skip(from->shown.title, "no event can match: the channel that its log source demands is one that its filter excludes");
        return;
    }
    if (!ok(tally.matched, "%s: an event that matches (%s:%u)", from->shown.title, from->shown.path, from->shown.line))
        return;
    size_t n = event_changes(good);
    for (size_t i = 0; i < n && i < changes; i++) {
        event_change(arena, good, n <= changes ? i : tap_below(n), changed);
        try_event(both, rule, changed, joined, &tally);
    }
    for (int i = 0; i < 3 && event_from_rule(arena, from, true, made); i++)      /* with what filters exclude */
        try_event(both, rule, made, tap_below(2), &tally);
    for (int i = 0; i < 200 && n && !tally.unmatched; i++) {
        event_change(arena, good, tap_below(n), changed);
        try_event(both, rule, changed, joined, &tally);
    }
    ok(tally.unmatched, "%s: one that does not", from->shown.title);
    ok(tally.differences == 0, "%s: the engine agrees on %zu events", from->shown.title, tally.events);
    total->events += tally.events, total->matching += tally.matching, total->other += tally.other, total->differences += tally.differences;
}

int main(void)
{
    struct arena *arena = arena_new((size_t)2 << 30), *scratch = arena_new((size_t)1 << 30);
    struct sigma_text *all, *some;
    size_t n = live_rules(arena, &all), chosen = 0;
    bool soak = getenv("CASTELLAN_SOAK");
    struct sigma_binding *bindings;
    struct tally total = {0};
    struct both both;
    tap_seed();
    if (!n) {
        tap_skip("live rules", "the folder of public data (CASTELLAN_DATA) is missing");
        return tap_done();
    }
    some = ARENA_ARRAY(arena, struct sigma_text, n);
    for (size_t i = 0; i < n; i++)
        if (soak || tap_below(20) == 0)
            some[chosen++] = all[i];
    struct both_options options = {.texts = some, .n = chosen, .map = product_map(arena)};
    options.n_bindings = bind_all(arena, some, chosen, &bindings);
    options.bindings = bindings;
    if (ok(both_open(&both, &options), "%zu of %zu files of rules", chosen, n))
        for (size_t i = 0; i < both.n; i++, arena_clear(scratch)) {
            const struct sigma_rule *rule = sigma_rule(both.engine[0], i);
            if (ok(rule->standing == SIGMA_READY && !both.reference->rules[i]->shown.refused, "%s: read by both (%s) (%s)", rule->title,
                   rule->standing == SIGMA_READY ? "" : rule->why.in[LANG_EN], both.reference->rules[i]->shown.refused ? both.reference->rules[i]->shown.refused : ""))
                one_rule(&both, scratch, i, soak ? 400 : 24, &total);
        }
    ok(total.differences == 0, "%zu events, %zu of which match their rule", total.events, total.matching);
    both_close(&both);
    arena_free(scratch);
    arena_free(arena);
    return tap_done();
}
