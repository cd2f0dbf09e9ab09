/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How fast all rules are compiled and matched, as processor time of one core, beside a pass over the same bytes in the same run. The
 * events are read from JSON each time; then every value but those that decide about log sources is made unique, which leaves the memo
 * nothing to remember; then correlations alone.
 *
 *     bench-sigma LOGSOURCES.yaml EVENTS.jsonl.zst FOLDER-OF-RULES...
 */
#include <ftw.h>
#include <string.h>

#include "figure.h"
#include "input.h"
#include "watch/event/json.h"
#include "watch/sigma/correlate.h"

enum { ROUNDS = 5, TEXTS_MOST = 20000 };
static struct sigma_text texts[TEXTS_MOST];
static size_t n_texts;

static int take_rule(const char *path, const struct stat *about, int kind, struct FTW *place)
{
    size_t len = strlen(path);
    if (kind == FTW_F && len > 4 && strcmp(path + len - 4, ".yml") == 0 && n_texts < TEXTS_MOST) {
        texts[n_texts].path = strdup(path);
        texts[n_texts].text = whole_file(path, &texts[n_texts].len);
        n_texts++;
    }
    return 0;
}

static bool decides(const char *name)
{
    return strcmp(name, "Channel") == 0 || strcmp(name, "EventID") == 0 || strcmp(name, "EventType") == 0 || strcmp(name, "Provider_Name") == 0;
}

/* A number behind each value that decides nothing; what that costs is left out of the time. */
static double make_unique(struct event *event, const struct fields *fields, struct arena *scratch)
{
    static uint64_t number;
    double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
    for (size_t i = 0; i < event->n; i++) {
        struct event_value *value = &event->values[i];
        if (decides(fields_name(fields, value->field)))
            continue;
        char *text = arena_alloc(scratch, value->len + 12);
        memcpy(text, value->text, value->len);
        number++;
        for (unsigned k = 0; k < 11; k++)
            text[value->len + k] = (char)('a' + (number >> 4 * k & 15));
        value->text = text;
        value->len += 11;
    }
    return clock_of(CLOCK_THREAD_CPUTIME_ID) - begun;
}

static void match_figures(const struct sigma *sigma, struct fields *fields, const char *text, size_t len, bool unique)
{
    struct arena *lasting = arena_new((size_t)512 << 20), *scratch = arena_new((size_t)64 << 20);
    struct event_json *json = event_json_new(lasting, fields, EVENT_JSON_WHOLE);
    struct sigma_matcher *matcher = NULL;
    struct event event;
    double speed[ROUNDS], share = 0;
    size_t hits = 0, events = 0;
    char remark[200];
    must(sigma_matcher_new(sigma, lasting, (size_t)64 << 20, &matcher) == OK, "no matcher");
    event_init(&event, scratch);
    for (int round = -1; round < ROUNDS; round++) {        /* the first fills the memo */
        double floor = floor_pass(text, len), begun = clock_of(CLOCK_THREAD_CPUTIME_ID), aside = 0;
        hits = events = 0;
        size_t at = 0;
        for (enum status status; (status = event_json_read(json, &event, text, len, at, true, NULL, &at)) != ABSENT; events++) {
            if (unique)
                aside += make_unique(&event, fields, scratch);
            hits += sigma_match(matcher, &event, NULL, NULL);
            event_clear(&event);
        }
        double took = clock_of(CLOCK_THREAD_CPUTIME_ID) - begun - aside;
        if (round < 0)
            continue;
        speed[round] = (double)events / took / 1e3;
        share += floor / took / ROUNDS;
    }
    double median = centile_of(speed, ROUNDS, .5);
    snprintf(remark, sizeof remark, "%.2f GB/s with JSON; %zu hits in %zu events; %.4f of a pass over memory", median * 1e3 * (double)len / (double)events / 1e9, hits, events, share);
    figure(unique ? "All rules, every value unique" : "All rules over Windows events", unique ? ">= 100" : ">= 300", speed[0], median, speed[ROUNDS - 1], " thousand events/s", remark);
    sigma_matcher_free(matcher);
    arena_free(scratch);
    arena_free(lasting);
}

static void correlate_figures(void)
{
    static const char rules[] = "title: a\nname: a\nlogsource: {product: x}\ndetection: {s: {A: 1}, condition: s}\n---\ntitle: k\ncorrelation:\n  type: event_count\n"
                                "  rules: [a]\n  group-by: [User]\n  timespan: 1h\n  condition: {gte: 5}\n";
    enum { UPDATES = 2000000, GROUPS = 500000 };
    struct arena *arena = arena_new((size_t)1 << 30), *scratch = arena_new(1 << 20);
    struct fields *fields = fields_new(arena);
    const struct sigma_text file = {"bench.yml", rules, sizeof rules - 1};
    struct sigma *sigma = NULL;
    struct correlator *correlator = NULL;
    struct event event;
    size_t hit = 0;
    char user[16], remark[120];
    must(sigma_compile(arena, fields, &file, 1, NULL, NULL, &sigma) == OK && correlator_new(sigma, arena, (size_t)256 << 20, 0, &correlator) == OK, "no correlator");
    field_id field = fields_add(fields, "User", 4);
    double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
    for (unsigned i = 0; i < UPDATES; i++) {
        unsigned group = i * 2654435761u % GROUPS;
        for (unsigned k = 0; k < 8; k++, group /= 10)
            user[k] = (char)('0' + group % 10);
        event_clear((event_init(&event, scratch), &event));
        event_add(&event, field, VALUE_TEXT, user, 8);
        event.time = (moment)i;
        sink += correlator_take(correlator, &event, &hit, 1, NULL, NULL);
    }
    double took = clock_of(CLOCK_THREAD_CPUTIME_ID) - begun, speed = UPDATES / took / 1e6;
    struct correlate_counts counts = correlator_counts(correlator);
    double each = counts.groups ? (double)counts.used / (double)counts.groups : 0;
    snprintf(remark, sizeof remark, "%zu groups; %llu evicted", counts.groups, (unsigned long long)counts.evicted);
    figure("Correlation, updates", ">= 1", speed, speed, speed, " million/s", remark);
    snprintf(remark, sizeof remark, "%zu groups, each with its four events and its share of the table", counts.groups);
    figure("Correlation, memory of a group", "<= 150", each, each, each, " bytes", remark);
    sigma_free(sigma);
    arena_free(scratch);
    arena_free(arena);
}

/* The same start with the pattern databases of an earlier one. */
static void cached_figures(const struct sigma_options *options)
{
    struct sigma_options with = *options;
    struct buf bytes;
    double took[3];
    char remark[120] = "";
    buf_init(&bytes, (size_t)256 << 20);
    for (int round = -1; round < 3; round++) {
        struct arena *arena = arena_new((size_t)1 << 30);
        struct sigma *sigma = NULL;
        double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
        must(sigma_compile(arena, fields_new(arena), texts, n_texts, &with, NULL, &sigma) == OK, "no rules");
        struct sigma_counts counts = sigma_counts(sigma);
        if (round < 0) {
            sigma_cache_write(sigma, NULL, &bytes);
            with.cache = bytes.data;
            with.cache_len = bytes.len;
        } else {
            took[round] = clock_of(CLOCK_THREAD_CPUTIME_ID) - begun;
            snprintf(remark, sizeof remark, "%zu of %zu pattern databases from %zu KB", counts.cached, counts.databases, bytes.len >> 10);
        }
        sigma_free(sigma);
        arena_free(arena);
    }
    double median = centile_of(took, 3, .5);
    figure("All rules, patterns from a cache", "<= 0.2 s", took[0], median, took[2], " s", remark);
    buf_free(&bytes);
}

int main(int argc, char **argv)
{
    struct sigma_options options = {.sources = {.path = argc > 1 ? argv[1] : ""}};
    double took[3];
    size_t len;
    char remark[120];
    must(argc >= 4, "usage: bench-sigma LOGSOURCES.yaml EVENTS.jsonl.zst FOLDER-OF-RULES...");
    options.sources.text = whole_file(argv[1], &options.sources.len);
    char *text = whole_file(argv[2], &len);
    for (int i = 3; i < argc; i++)
        must(nftw(argv[i], take_rule, 32, FTW_PHYS) == 0, argv[i]);
    for (int round = 0; round < 3; round++) {
        struct arena *arena = arena_new((size_t)1 << 30);
        struct fields *fields = fields_new(arena);
        struct sigma *sigma = NULL;
        double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
        must(sigma_compile(arena, fields, texts, n_texts, &options, NULL, &sigma) == OK, "no rules");
        took[round] = clock_of(CLOCK_THREAD_CPUTIME_ID) - begun;
        struct sigma_counts counts = sigma_counts(sigma);
        snprintf(remark, sizeof remark, "%zu rules, %zu of them ready, %zu predicates; %zu MB", counts.rules, counts.ready, counts.predicates, arena_used(arena) >> 20);
        if (round == 2) {
            match_figures(sigma, fields, text, len, false);
            match_figures(sigma, fields, text, len, true);
        }
        sigma_free(sigma);
        arena_free(arena);
    }
    double median = centile_of(took, 3, .5);
    figure("All rules, compiled", "<= 1.5 s", took[0], median, took[2], " s", remark);
    cached_figures(&options);
    correlate_figures();
    free(text);
    return 0;
}
