/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Correlations over small streams of events: each type, groups and aliases, windows' edges, lateness, chains, conditions, reports,
 * memory that runs out, state written and read back.
 */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "watch/sigma/correlate.h"

static struct arena *arena;
static char seen[1024];

#define RULE(name, field) "title: " name "\nname: " name "\nlogsource: {product: x}\ndetection:\n  s: {" field ": 1}\n  condition: s\n---\n"
#define RULES RULE("a", "A") RULE("b", "B") RULE("c", "C")
#define CORRELATION(type, rules, more) "title: k\nname: k\ncorrelation:\n  type: " type "\n  rules: [" rules "]\n" more

struct stage { struct sigma *sigma; struct fields *fields; struct sigma_matcher *matcher; struct correlator *correlator; };

static struct stage stage(const char *text, size_t bytes, int64_t lateness)
{
    struct stage s = {.fields = fields_new(arena)};
    struct sigma_text file = {"c.yml", text, strlen(text)};
    if (sigma_compile(arena, s.fields, &file, 1, NULL, NULL, &s.sigma) != OK || sigma_matcher_new(s.sigma, arena, 1 << 16, &s.matcher) != OK ||
        correlator_new(s.sigma, arena, bytes, lateness, &s.correlator) != OK)
        printf("# the stage cannot be made\n");
    for (size_t i = 0; i < sigma_count(s.sigma); i++)
        if (sigma_rule(s.sigma, i)->standing == SIGMA_REFUSED)
            printf("# refused: %s: %s\n", sigma_rule(s.sigma, i)->where, sigma_rule(s.sigma, i)->why.in[LANG_EN]);
    return s;
}

static struct stage *current;
static void report(void *arg, const struct correlated *found)
{
    size_t len = strlen(seen);
    snprintf(seen + len, sizeof seen - len, "%s@%lld=%g ", sigma_rule(current->sigma, found->rule)->title, (long long)(found->last / SECOND), found->value);
}

struct hits { size_t list[16], n; };
static void hit(void *arg, size_t rule)
{
    struct hits *hits = arg;
    hits->list[hits->n++] = rule;
}

/* "5 A=1 U=bob; 7 ...": at second 5 an event with these fields. What is reported is appended to `seen`. */
static void play(struct stage *s, const char *script)
{
    static struct arena *scratch;
    scratch = scratch ? scratch : arena_new(1 << 20);
    current = s;
    while (*script) {
        struct event event;
        struct hits hits = {.n = 0};
        char *end;
        arena_clear(scratch);
        event_init(&event, scratch);
        event.time = strtoll(script, &end, 10) * SECOND;
        for (script = end; *script == ' ';) {
            size_t name = strcspn(++script, "="), len = strcspn(script + name + 1, " ;");
            event_add(&event, fields_add(s->fields, script, name), VALUE_TEXT, script + name + 1, len);
            script += name + 1 + len;
        }
        sigma_match(s->matcher, &event, hit, &hits);
        correlator_take(s->correlator, &event, hits.list, hits.n, report, NULL);
        script += strspn(script, "; ");
    }
}

static const char *run(const char *text, int64_t lateness, const char *script)
{
    struct stage s = stage(text, 1 << 16, lateness);
    seen[0] = 0;
    play(&s, script);
    sigma_matcher_free(s.matcher);
    sigma_free(s.sigma);
    return seen;
}

#define COUNT(more) RULES CORRELATION("event_count", "a", "  group-by: [U]\n  timespan: 10s\n  condition: {" more "}\n")
static void counts(void)
{
    is(run(COUNT("gte: 3"), 0, "1 A=1 U=x; 2 A=1 U=x; 3 A=1 U=y; 4 A=1 U=X; 5 A=1 U=x"), "k@4=3 ", "three of one group, whatever the case; reported once");
    is(run(COUNT("gte: 3"), 0, "1 A=1 U=x; 6 A=1 U=x; 12 A=1 U=x"), "", "the window slides");
    is(run(COUNT("gte: 3"), 0, "1 A=1 U=x; 6 A=1 U=x; 11 A=1 U=x"), "k@11=3 ", "both of its ends are in it");
    is(run(COUNT("gte: 2"), 0, "9 A=1 U=x; 12 A=1 U=x"), "k@12=2 ", "it knows no bucket's edge");
    is(run(COUNT("gte: 2"), 0, "1 A=1 U=x; 2 A=1 U=x; 30 A=1 U=x; 31 A=1 U=x"), "k@2=2 k@31=2 ", "what ends and begins again is reported again");
    is(run(COUNT("gte: 2"), 0, "1 A=1 U=x; 2 A=1 U=x; 8 A=1 U=x; 14 A=1 U=x"), "k@2=2 k@14=2 ", "what lasts is reported again after a timespan");
    is(run(COUNT("gt: 1, lt: 3"), 0, "1 A=1 U=x; 2 A=1 U=x; 3 A=1 U=x"), "k@2=2 ", "a range: both bounds hold");
    is(run(COUNT("eq: 2"), 0, "1 A=1 U=x; 2 A=1 U=x; 3 A=1 U=x; 4 A=1 U=x; 5 A=1 U=x; 13 A=1 U=x"), "k@2=2 ", "exactly two, also where there were more");
    is(run(COUNT("neq: 1"), 0, "1 A=1 U=x; 2 A=1 U=x"), "k@2=2 ", "not one");
    is(run(COUNT("gte: 2"), 0, "1 A=1; 2 A=1"), "", "an event without the field of its group does not count");
    is(run(RULES CORRELATION("event_count", "a, b", "  timespan: 1m\n  condition: {gte: 2}\n"), 0, "1 A=1; 2 B=1 U=x"), "k@2=2 ", "two rules, no groups");
    is(run(COUNT("gte: 3"), 0, "5 A=1 U=x; 6 A=1 U=x; 4 A=1 U=x; 7 A=1 U=x"), "k@7=3 ", "without lateness an earlier event is not used");
    is(run(COUNT("gte: 3"), 5000, "5 A=1 U=x; 6 A=1 U=x; 4 A=1 U=x"), "k@6=3 ", "with it, it takes its place");
    is(run(COUNT("gte: 3"), 60000, "1 A=1 U=x; 9 A=1 U=x; 30 A=1 U=x; 5 A=1 U=x"), "k@9=3 ", "and completes a window that lies behind");
}

static void others(void)
{
    const char *values = RULES CORRELATION("value_count", "a", "  group-by: [U]\n  timespan: 10s\n  condition: {field: V, gte: 3}\n");
    is(run(values, 0, "1 A=1 U=x V=p; 2 A=1 U=x V=q; 3 A=1 U=x V=P; 4 A=1 U=x; 5 A=1 U=x V=r"), "k@5=3 ", "distinct values");
    is(run(values, 0, "1 A=1 U=x V=p; 9 A=1 U=x V=p; 12 A=1 U=x V=q; 13 A=1 U=x V=r"), "k@13=3 ", "a value counts at its latest time");
    is(run(RULES CORRELATION("value_count", "a", "  timespan: 10s\n  condition: {field: [V, W], gte: 2}\n"), 0, "1 A=1 V=p W=q; 2 A=1 V=p; 3 A=1 V=p W=r"), "k@3=2 ", "combinations");
    const char *both = RULES CORRELATION("temporal", "a, b, c", "  group-by: [U]\n  timespan: 10s\n");
    is(run(both, 0, "1 C=1 U=x; 2 A=1 U=x; 3 B=1 U=y; 4 A=1 U=x; 5 B=1 U=x"), "k@5=3 ", "temporal: all, in any order");
    is(run(both, 0, "1 C=1 U=x; 2 A=1 U=x; 12 B=1 U=x"), "", "and within the timespan");
    is(run(RULES CORRELATION("temporal", "a, b, c", "  timespan: 10s\n  condition: {gte: 2}\n"), 0, "1 A=1; 2 A=1; 3 C=1"), "k@3=2 ", "two of three");
    const char *ordered = RULES CORRELATION("temporal_ordered", "a, b, c", "  timespan: 10s\n");
    is(run(ordered, 0, "1 A=1; 2 B=1; 3 A=1; 4 C=1"), "k@4=3 ", "in order, with others between");
    is(run(ordered, 0, "1 B=1; 2 A=1; 3 C=1"), "", "not in order");
    is(run(ordered, 0, "1 A=1; 2 B=1; 12 C=1"), "", "in order, too late");
    is(run(RULES CORRELATION("temporal_ordered", "a, a, b", "  timespan: 10s\n"), 0, "1 A=1; 2 B=1; 3 A=1; 4 B=1"), "k@4=3 ", "a rule twice in the order");
    is(run(RULES CORRELATION("temporal_ordered", "a, b", "  timespan: 10s\n"), 5000, "5 B=1; 3 A=1"), "k@5=2 ", "an event that came late is put in order");
    const char *sum = RULES CORRELATION("value_sum", "a", "  timespan: 10s\n  condition: {field: N, gt: 100}\n");
    is(run(sum, 0, "1 A=1 N=60; 2 A=1 N=x; 3 A=1 N=40; 4 A=1 N=0.5; 20 A=1 N=50"), "k@4=100.5 ", "sum");
    is(run(RULES CORRELATION("value_avg", "a", "  timespan: 10s\n  condition: {field: N, gte: 5}\n"), 0, "1 A=1 N=1; 2 A=1 N=9; 3 A=1 N=-9"), "k@2=5 ", "average");
    is(run(RULES CORRELATION("value_percentile", "a", "  timespan: 10s\n  condition: {field: N, lte: 25}\n"), 0, "1 A=1 N=p; 2 A=1 N=p; 3 A=1 N=P; 4 A=1 N=q"), "k@4=25 ",
       "the share of the event's own value");
    is(run(RULES CORRELATION("value_percentile", "a", "  timespan: 10s\n  condition: {field: N, percentile: 50, gte: 3}\n"), 0, "1 A=1 N=1; 2 A=1 N=5; 3 A=1 N=3"), "k@3=3 ", "the median");
}

#define CHAIN "---\ntitle: top\ncorrelation:\n  type: temporal_ordered\n  rules: [k, b]\n  group-by: [U]\n  timespan: 10s\n  generate: true\n"
static void chains(void)
{
    const char *chain = RULES CORRELATION("event_count", "a", "  group-by: [U, W]\n  timespan: 10s\n  condition: {gte: 2}\n") CHAIN;
    is(run(chain, 0, "1 A=1 U=x W=1; 2 A=1 U=x W=1; 3 B=1 U=y; 4 B=1 U=x"), "k@2=2 top@4=2 ", "a correlation on a correlation, with groups of its own");
    is(run(chain, 0, "1 A=1 U=x W=1; 2 A=1 U=x W=1; 8 A=1 U=x W=1; 15 B=1 U=x"), "k@2=2 top@15=2 ", "sees it as long as it lasts, not as it is reported");
    struct stage s = stage(chain, 1 << 16, 0);
    ok(correlator_silences(s.correlator, 0) && !correlator_silences(s.correlator, 1) && !correlator_silences(s.correlator, 2), "rules without `generate` are silent");
    sigma_matcher_free(s.matcher);
    sigma_free(s.sigma);
    is(run(RULES CORRELATION("temporal", "a, b", "  group-by: [ip]\n  timespan: 10s\n  aliases:\n    ip: {a: Src, b: Dst}\n"), 0, "1 A=1 Src=1.1; 2 B=1 Dst=2.2 Src=1.1; 3 B=1 Dst=1.1"),
       "k@3=2 ", "aliases");
    is(run(RULES CORRELATION("event_count", "k", "  timespan: 1s\n  condition: {gte: 1}\n"), 0, "1 A=1"), "", "a correlation on itself is refused");
}

/* What is written in the middle of a stream and read by another correlator goes on as if nothing had been. */
static void states(void)
{
    const char *text = RULES CORRELATION("value_count", "a", "  group-by: [U]\n  timespan: 1h\n  condition: {field: V, gte: 5}\n") "---\n"
                       "title: m\ncorrelation:\n  type: temporal_ordered\n  rules: [a, b, c]\n  group-by: [U]\n  timespan: 20s\n";
    struct buf bytes;
    buf_init(&bytes, 1 << 20);
    unsigned wrong = 0, spoilt = 0;
    size_t cases = tap_cases(2000);
    for (size_t i = 0; i < cases; i++) {
        char script[2][1200] = {"", ""}, straight[sizeof seen];
        long time = 1;
        for (unsigned k = 0; k < 60; k++) {
            size_t len = strlen(script[k / 30]);
            time += (long)tap_below(4);
            snprintf(script[k / 30] + len, sizeof script[0] - len, "%ld %c=1 U=%d V=%d;", time, "ABC"[tap_below(3)], (int)tap_below(3), (int)tap_below(8));
        }
        struct stage one = stage(text, 1 << 14, 3000), two = stage(text, 1 << 14, 3000);
        size_t groups = 0;
        seen[0] = 0;
        play(&one, script[0]);
        buf_clear(&bytes);
        correlator_write(one.correlator, &bytes);
        wrong += correlator_read(two.correlator, bytes.data, bytes.len, &groups) != OK || groups != correlator_counts(one.correlator).groups;
        seen[0] = 0;
        play(&one, script[1]);
        memcpy(straight, seen, sizeof straight);
        seen[0] = 0;
        play(&two, script[1]);
        wrong += strcmp(straight, seen) != 0;
        size_t cut = tap_below(bytes.len);
        spoilt += correlator_read(two.correlator, bytes.data, cut, &groups) == OK;
        bytes.data[tap_below(bytes.len)] ^= (char)(1 + tap_below(255));
        if (correlator_read(two.correlator, bytes.data, bytes.len, &groups) == OK)
            play(&two, "500 A=1 U=1 V=1; 501 B=1 U=1; 502 C=1 U=1");       /* only that nothing breaks */
        sigma_matcher_free(one.matcher);
        sigma_matcher_free(two.matcher);
        sigma_free(one.sigma);
        sigma_free(two.sigma);
        arena_clear(arena);
    }
    ok(wrong == 0, "%zu streams go on from what was written", cases);
    ok(spoilt == 0, "a state that was cut is refused");
    buf_free(&bytes);
}

static void memory(void)
{
    struct stage s = stage(COUNT("gte: 2"), 1 << 14, 0);
    char script[64];
    seen[0] = 0;
    for (unsigned i = 0; i < 3000; i++) {
        snprintf(script, sizeof script, "%u A=1 U=u%u", 1 + i / 1000, i);
        play(&s, script);
    }
    struct correlate_counts counts_now = correlator_counts(s.correlator);
    ok(counts_now.evicted > 0 && counts_now.groups < 200 && counts_now.updates == 3000 && counts_now.bytes <= 1 << 14, "a flood of groups stays within its memory, and what goes is counted");
    play(&s, "3 A=1 U=u2999");
    is(seen, "k@3=2 ", "the newest group is still there");
    sigma_matcher_free(s.matcher);
    sigma_free(s.sigma);
}

int main(void)
{
    arena = arena_new((size_t)1 << 30);
    tap_seed();
    counts();
    others();
    chains();
    states();
    memory();
    arena_free(arena);
    return tap_done();
}
