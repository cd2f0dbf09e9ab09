/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzzed correlations over fuzzed streams of events: all types, several rules and chains, groups and aliases, ranges, events out of
 * order, without a time, without a field. Engine and reference must report the same at each event. 2,000 streams in ./test,
 * 200,000 when soaking.
 */
#include <stdio.h>

#include "both.h"
#include "tap.h"
#include "watch/sigma/correlate.h"

enum { RULES = 4, EVENTS = 40, FOUND = 256 };
struct out { char text[1 << 16]; size_t n; };
static void put(struct out *out, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void put(struct out *out, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    int n = vsnprintf(out->text + out->n, sizeof out->text - out->n, format, list);
    va_end(list);
    if (n < 0 || (size_t)n >= sizeof out->text - out->n)
        abort();
    out->n += (size_t)n;
}
static bool in(unsigned hundred) { return tap_below(100) < hundred; }
static const char *const types[] = {"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile"};
enum { EVENT_COUNT, VALUE_COUNT, TEMPORAL, TEMPORAL_ORDERED, VALUE_SUM, VALUE_AVG, VALUE_PERCENTILE };

/* ---- rules */
static void put_criteria(struct out *out, unsigned type, unsigned percentile)
{
    static const char *const orders[] = {"gte", "gt", "lte", "lt", "eq", "neq"};
    unsigned first = in(50) ? 0 : (unsigned)tap_below(6), second = in(25) ? (unsigned)tap_below(6) : first;
    for (unsigned i = 0; i < (second != first ? 2u : 1u); i++) {
        unsigned most = type == VALUE_PERCENTILE && !percentile ? 100 : type >= VALUE_SUM ? 20 : 5;
        put(out, "%s%s: %d%s", i ? ", " : "", orders[i ? second : first], (int)tap_below(most + 1) - (type >= VALUE_SUM && in(10) ? 10 : 0),
            type >= VALUE_SUM && in(20) ? ".5" : "");
    }
}

static void put_condition(struct out *out, unsigned type)
{
    unsigned percentile = type == VALUE_PERCENTILE && in(60);
    if ((type == TEMPORAL || type == TEMPORAL_ORDERED) && in(60))
        return;
    put(out, "  condition: {");
    if (type == VALUE_COUNT)
        put(out, "field: %s, ", in(70) ? "V" : "[V, N]");
    else if (type >= VALUE_SUM)
        put(out, "field: %s, ", type == VALUE_PERCENTILE && !percentile ? "V" : "N");
    if (percentile)
        put(out, "percentile: %d, ", (int)tap_below(101));
    put_criteria(out, type, percentile);
    put(out, "}\n");
}

static void put_correlation(struct out *out, unsigned number)
{
    unsigned type = (unsigned)tap_below(7), below = RULES + number, n = 1 + (unsigned)tap_below(type == TEMPORAL || type == TEMPORAL_ORDERED ? 4 : 2);
    bool by_id = in(30), aliases = in(30);
    put(out, "title: k%u\n%s: k%u\n", number, by_id ? "id" : "name", number);
    if (in(20))
        put(out, "generate: %s\n", in(70) ? "true" : "false");
    put(out, "correlation:\n  type: %s\n  rules: [", types[type]);
    for (unsigned i = 0; i < n; i++) {
        unsigned which = in(70) ? (unsigned)tap_below(RULES) : (unsigned)tap_below(below);
        if (in(1)) {                       /* refused, and with it what stands on it */
            put(out, "%snobody", i ? ", " : "");
            continue;
        }
        put(out, "%s%s%u", i ? ", " : "", which < RULES ? "r" : "k", which < RULES ? which : which - RULES);
    }
    put(out, "]\n  timespan: %u%s\n", 1 + (unsigned)tap_below(in(50) ? 6 : 20), in(5) ? "m" : "s");
    static const char *const groups[] = {"[U]", "U", "[U, W]", "[who]", "[who, W]", "[W]"};
    if (in(80))
        put(out, "  group-by: %s\n", groups[tap_below(6)]);
    if (aliases)
        put(out, "  aliases:\n    who: {r0: U, r1: W, k0: %s}\n", in(50) ? "U" : "W");
    put_condition(out, type);
    put(out, "---\n");
}

static void put_rules(struct out *out, unsigned correlations)
{
    out->n = 0;
    for (unsigned i = 0; i < RULES; i++)
        put(out, "title: r%u\n%s: r%u\nlogsource: {product: x}\ndetection:\n  s: {K|contains: '%u'}\n  condition: s\n---\n", i, i % 3 == 2 ? "id" : "name", i, i);
    unsigned first_later = (unsigned)tap_below(3);         /* what a chain stands on may come behind it in the file */
    static struct out later;
    later.n = 0;
    for (unsigned i = 0; i < correlations; i++)
        put_correlation(i == first_later ? &later : out, i);
    if (later.n)
        put(out, "%s", later.text);
    while (out->n && (out->text[out->n - 1] == '\n' || out->text[out->n - 1] == '-'))
        out->n--;
    out->text[out->n++] = '\n';
    out->text[out->n] = 0;
}

/* ---- events */
static void make_event(struct event *event, struct fields *fields, moment *clock, unsigned disorder)
{
    static const char *const users[] = {"a", "A", "b", "\xc3\xa9", "\xc3\x89"}, *const values[] = {"p", "P", "q", "r", "s", ""}, *const numbers[] = {"1", "2", "3", "7", "0.5", "-4", "x", "1e1"};
    static char keys[8];
    unsigned n = 0;
    *clock += (moment)tap_below(in(90) ? 3 : 12) * 500;
    event->time = in(2) ? MOMENT_NONE : *clock - (in(disorder) ? (moment)tap_below(10) * 1000 : 0);
    for (unsigned i = 0; i < RULES; i++)
        if (in(40))
            keys[n++] = (char)('0' + i);
    event_add(event, fields_add(fields, "K", 1), VALUE_TEXT, keys, n);
    struct { const char *name; const char *const *of; unsigned n, there; } one[] = {{"U", users, 5, 95}, {"W", users, 3, 90}, {"V", values, 6, 90}, {"N", numbers, 8, 95}};
    for (unsigned i = 0; i < 4; i++)
        for (unsigned k = in(5) ? 2 : 1; k && in(one[i].there); k--) {
            const char *text = one[i].of[tap_below(one[i].n)];
            event_add(event, fields_add(fields, one[i].name, 1), in(2) ? VALUE_NULL : VALUE_TEXT, text, strlen(text));
        }
}

/* ---- both */
struct found { size_t n; struct reference_correlated of[FOUND]; };
static void add(struct found *found, struct reference_correlated one)
{
    size_t at = found->n < FOUND ? found->n++ : FOUND - 1;
    for (; at && found->of[at - 1].rule > one.rule; at--)
        found->of[at] = found->of[at - 1];
    found->of[at] = one;
}
static void engine_found(void *arg, const struct correlated *one) { add(arg, (struct reference_correlated){one->rule, one->value, one->first, one->last}); }
static void expected_found(void *arg, const struct reference_correlated *one) { add(arg, *one); }

static bool same(const struct found *a, const struct found *b)
{
    bool same = a->n == b->n;
    for (size_t i = 0; same && i < a->n; i++) {        /* one rule may be found in several groups at once, in any order */
        bool there = false;
        for (size_t k = 0; k < b->n; k++)
            there |= a->of[i].rule == b->of[k].rule && a->of[i].value == b->of[k].value && a->of[i].first == b->of[k].first && a->of[i].last == b->of[k].last;
        same = there;
    }
    return same;
}

static void print_found(const char *what, const struct found *found)
{
    printf("#   %s:", what);
    for (size_t i = 0; i < found->n; i++)
        printf(" k[%zu]=%g %lld-%lld", found->of[i].rule, found->of[i].value, (long long)found->of[i].first, (long long)found->of[i].last);
    printf("\n");
}

struct hits { size_t list[RULES + 16], n; };
static void hit(void *arg, size_t rule)
{
    struct hits *hits = arg;
    hits->list[hits->n++] = rule;
}

static struct { size_t streams, events, found, ready, refused; } all;

/* One set of rules and one stream; false when the two differ. */
static bool stream(void)
{
    static struct out rules;
    static unsigned told;
    unsigned correlations = 1 + (unsigned)tap_below(5);
    put_rules(&rules, correlations);
    struct sigma_text text = {"fuzz.yml", rules.text, rules.n};
    struct both both;
    struct both_options options = {.texts = &text, .n = 1, .memo = 1 << 12};
    if (!both_open(&both, &options)) {
        printf("# cannot be read\n");
        return false;
    }
    bool good = true;
    struct correlator *correlator;
    int64_t lateness = in(50) ? 0 : (int64_t)tap_below(12) * 1000;
    struct reference_stream *reference = reference_stream_new(both.reference, both.arena, lateness);
    good = correlator_new(both.engine[0], both.arena, 1 << 16, lateness, &correlator) == OK;
    for (size_t i = 0; i < both.n; i++) {
        bool engine_ready = sigma_rule(both.engine[0], i)->standing == SIGMA_READY, ready = !reference_rule(both.reference, i)->refused;
        good &= engine_ready == ready && correlator_silences(correlator, i) == reference_silences(both.reference, i);
        if (i >= RULES)
            *(ready ? &all.ready : &all.refused) += 1;
        if (engine_ready != ready)
            printf("# %s: %s; reference: %s\n", sigma_rule(both.engine[0], i)->title, engine_ready ? "ready" : sigma_rule(both.engine[0], i)->why.in[LANG_EN],
                   ready ? "ready" : reference_rule(both.reference, i)->refused);
    }
    moment clock = 1000000;
    unsigned disorder = in(40) ? 0 : 30;
    for (unsigned e = 0; good && e < EVENTS; e++) {
        struct found got = {0}, want = {0};
        struct hits hits = {.n = 0};
        bool matches[RULES + 16] = {0};
        event_clear(&both.event);
        make_event(&both.event, both.fields, &clock, disorder);
        sigma_match(both.matcher[0], &both.event, hit, &hits);
        for (size_t i = 0; i < both.n; i++)
            matches[i] = reference_match(both.reference, i, &both.event);
        size_t n = correlator_take(correlator, &both.event, hits.list, hits.n, engine_found, &got);
        reference_stream_take(reference, &both.event, matches, expected_found, &want);
        all.events++;
        all.found += want.n;
        struct correlate_counts counts = correlator_counts(correlator);
        good = n == got.n && same(&got, &want) && same(&want, &got) && counts.late == reference_stream_late(reference)
               && counts.timeless == reference_stream_timeless(reference) && counts.evicted == 0;
        if (!good && told++ < 3) {
            printf("# event %u of this stream, at %lld, lateness %lld\n", e, (long long)both.event.time, (long long)lateness);
            print_found("engine", &got);
            print_found("reference", &want);
            for (char *line = strtok(rules.text, "\n"); line; line = strtok(NULL, "\n"))
                printf("#   | %s\n", line);
        }
    }
    all.streams++;
    both_close(&both);
    return good;
}

int main(void)
{
    tap_seed();
    size_t wrong = 0, cases = tap_cases(200000);
    for (size_t i = 0; i < cases; i++) {
        uint64_t state = tap_state;
        bool good = stream();
        if (!good && wrong++ < 3)
            printf("# CASTELLAN_SEED=%llu repeats it first\n", (unsigned long long)state);
    }
    ok(wrong == 0, "engine and reference report the same over %zu streams (%zu differ)", cases, wrong);
    ok(all.found > all.streams && all.ready > 2 * all.refused, "and there was something to report: %zu of %zu events; %zu correlations, %zu refused", all.found, all.events, all.ready, all.refused);
    return tap_done();
}
