/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hunts in the archive against a plain look at every event: the same (event, term) for terms, the same (event, rule) as sigma_match()
 * gives for rules. Over random events and, where public data are there, over all of them with all live rules.
 */
#include <zstd.h>

#include "tap.h"

#include "archive-check.h"
#include "archive-make.h"
#include "both.h"
#include "watch/sigma/inside.h"

struct pair { uint32_t item, which; };
struct pairs { struct pair list[400000]; size_t n; };
static struct pairs wanted, got;

static bool add_pair(void *arg, uint32_t item, uint32_t which)
{
    struct pairs *pairs = arg;
    if (pairs->n < sizeof pairs->list / sizeof *pairs->list)
        pairs->list[pairs->n++] = (struct pair){item, which};
    return true;
}

static size_t differences(const char *what)
{
    size_t bad = wanted.n != got.n;
    for (size_t i = 0; i < wanted.n && i < got.n && bad < 3; i++)
        if (wanted.list[i].item != got.list[i].item || wanted.list[i].which != got.list[i].which) {
            printf("# %s, hit %zu: event %u by %u, wanted event %u by %u\n", what, i, got.list[i].item, got.list[i].which, wanted.list[i].item, wanted.list[i].which);
            return bad + 1;
        }
    if (bad)
        printf("# %s: %zu hits, wanted %zu\n", what, got.n, wanted.n);
    return bad;
}

static bool in_range(struct archive_range range, moment at)
{
    if (range.from == MOMENT_NONE && range.to == MOMENT_NONE)
        return true;
    return at != MOMENT_NONE && (range.from == MOMENT_NONE || at >= range.from) && (range.to == MOMENT_NONE || at < range.to);
}

/* ---- terms ---- */

struct asked { struct archive_term terms[ARCHIVE_TERMS_MOST]; size_t n; struct archive_range range; size_t bad, hits; struct arena *arena; };

static bool plainly(const struct archive_term *term, const char *text, size_t len, struct arena *arena)
{
    bool ascii;
    char *folded = arena_alloc(arena, 2 * len + 8), *want = arena_alloc(arena, 2 * term->len + 8);
    if (term->how == ARCHIVE_LIKE) {
        len = sigma_fold(folded, text, len, &ascii);
        return pattern_matches(pattern_fold(arena, pattern_read(arena, term->text, term->len, false)), folded, len);
    }
    len = sigma_fold(folded, text, len, &ascii);
    size_t n = sigma_fold(want, term->text, term->len, &ascii);
    for (size_t at = 0; at + n <= len; at++) {
        bool fits = memcmp(folded + at, want, n) == 0;
        if (fits && (term->how == ARCHIVE_HAS || (term->how == ARCHIVE_IS && len == n) || (term->how == ARCHIVE_BEGINS && at == 0) ||
                     (term->how == ARCHIVE_ENDS && at + n == len)))
            return true;
    }
    return false;
}

static void want_terms(struct check *c, struct asked *asked)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    wanted.n = 0;
    for (uint32_t i = 0; i < c->n; i++)
        for (uint32_t t = 0; t < asked->n && in_range(asked->range, c->events[i].time); t++) {
            const struct kept_event *event = &c->events[i];
            bool found = false;
            for (size_t v = 0; v < event->n && !found; v++)
                found = event->values[v].kind != VALUE_NULL && (!asked->terms[t].field || strcmp(asked->terms[t].field, event->values[v].name) == 0) &&
                        plainly(&asked->terms[t], event->values[v].text, event->values[v].len, arena);
            if (found)
                add_pair(&wanted, i, t);
            arena_clear(arena);
        }
    arena_free(arena);
}

static void look_for_terms(struct check *c, struct archive *archive)
{
    struct asked *asked = c->arg;
    struct archive_terms *terms = NULL;
    if (!asked->n)
        return;
    want_terms(c, asked);
    got.n = 0;
    if (archive_terms_new(asked->arena, asked->terms, asked->n, &terms) != OK || archive_hunt(archive, terms, asked->range, add_pair, &got) != OK)
        asked->bad++;
    asked->bad += differences("terms");
    asked->hits += got.n;
}

/* A piece of a value that is there, in any case, now and then with something changed; or one of the words. */
static void random_term(struct asked *asked, const char *text, size_t len)
{
    struct archive_term *term = &asked->terms[asked->n++];
    size_t at = tap_below(len), n = 1 + tap_below(tap_below(2) ? 8 : 40);
    n = n > len - at ? len - at : n;
    char *copy = arena_strndup(asked->arena, text + at, n);
    for (size_t i = 0; i < n; i++) {
        if (copy[i] >= 'a' && copy[i] <= 'z' && tap_below(3) == 0)
            copy[i] = (char)(copy[i] - 32);
        if (tap_below(60) == 0)
            copy[i] = "*?x\n"[tap_below(4)];
    }
    *term = (struct archive_term){tap_below(2) ? NULL : names[tap_below(sizeof names / sizeof *names)], (enum archive_how)tap_below(5), copy, n};
    if (term->how == ARCHIVE_LIKE && tap_below(2)) {
        term->text = arena_printf(asked->arena, "*%.*s*%s", (int)n, copy, tap_below(2) ? "e*" : "");
        term->len = strlen(term->text);
    }
}

static void random_terms(struct asked *asked, const char *text, size_t len)
{
    struct event event;
    struct arena *arena = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)64 << 20);
    struct fields *fields = fields_new(arena);
    size_t at = 0;
    event_init(&event, scratch);
    for (enum status status; event_clear(&event), asked->n < 40 && (status = event_read_json(&event, fields, text, len, at, NULL, &at)) != ABSENT;)
        for (size_t i = 0; i < event.n && asked->n < 40; i++)
            if (status == OK && event.values[i].len && tap_below(3) == 0)
                random_term(asked, event.values[i].text, event.values[i].len);
    if (tap_below(3) == 0)
        asked->terms[asked->n++] = (struct archive_term){NULL, (enum archive_how)tap_below(5), "", 0};
    arena_free(scratch);
    arena_free(arena);
}

static size_t hits_seen;
static bool terms_case(void)
{
    struct buf text;
    struct check check;
    struct asked asked = {.range = {MOMENT_NONE, MOMENT_NONE}, .arena = arena_new((size_t)256 << 20)};
    buf_init(&text, 16 << 20);
    for (size_t n = 1 + tap_below(60); n > 0; n--)
        random_json(&text);
    if (tap_below(4) == 0)
        asked.range = (struct archive_range){tap_below(2) ? INT64_C(1577934000000) : MOMENT_NONE, tap_below(2) ? INT64_C(1577935000000) : MOMENT_NONE};
    random_terms(&asked, text.data, text.len);
    check_open(&check, 1 + tap_below(60));
    check.look = look_for_terms;
    check.arg = &asked;
    check_json(&check, text.data, text.len, tap_below(2) ? EVENT_JSON_LAZY : EVENT_JSON_WHOLE);
    size_t bad = asked.bad + check_close(&check);
    hits_seen += asked.hits;
    arena_free(asked.arena);
    buf_free(&text);
    return bad == 0;
}

static void test_terms(void)
{
    size_t bad = 0;
    for (size_t i = tap_cases(40000); i > 0; i--)
        bad += !terms_case();
    is_int(bad, 0, "terms are found where a plain look at every event finds them");
    ok(hits_seen > 1000, "and that they are (%zu times)", hits_seen);
}

/* ---- rules ---- */

struct ruled { struct sigma *sigma; struct sigma_matcher *matcher, *plain; struct arena *arena; struct archive_range range; uint32_t item; size_t bad, hits; };

static void want_rule(void *arg, size_t rule)
{
    struct ruled *ruled = arg;
    add_pair(&wanted, ruled->item, (uint32_t)rule);
}

static void look_for_rules(struct check *c, struct archive *archive)
{
    struct ruled *ruled = c->arg;
    struct arena *scratch = arena_new((size_t)256 << 20);
    struct event event;
    event_init(&event, scratch);
    wanted.n = got.n = 0;
    for (uint32_t i = 0; i < c->n; i++) {
        const struct kept_event *kept = &c->events[i];
        event_clear(&event);
        for (size_t v = 0; v < kept->n; v++) {
            const struct kept_value *value = &kept->values[v];
            event_add(&event, fields_find(c->fields, value->name, strlen(value->name)), value->kind, value->text, value->len);
        }
        event.raw = kept->raw;
        event.raw_len = kept->raw_len;
        event.time = kept->time;
        event.format = kept->format;
        ruled->item = i;
        if (in_range(ruled->range, kept->time))
            sigma_match(ruled->plain, &event, want_rule, ruled);
    }
    arena_free(scratch);
    if (archive_match(archive, ruled->matcher, ruled->range, add_pair, &got) != OK)
        ruled->bad++;
    ruled->bad += differences("rules");
    ruled->hits += got.n;
}

static void rules_open(struct ruled *ruled, struct fields *fields, const struct sigma_text *texts, size_t n, struct sigma_text map)
{
    const struct sigma_options options = {.sources = map};
    *ruled = (struct ruled){.arena = arena_new((size_t)1 << 30), .range = {MOMENT_NONE, MOMENT_NONE}};
    if (sigma_compile(ruled->arena, fields, texts, n, &options, NULL, &ruled->sigma) != OK || sigma_matcher_new(ruled->sigma, ruled->arena, 4 << 20, &ruled->matcher) != OK ||
        sigma_matcher_new(ruled->sigma, ruled->arena, 0, &ruled->plain) != OK)
        ruled->bad++;
}

static void rules_close(struct ruled *ruled)
{
    sigma_matcher_free(ruled->matcher);
    sigma_matcher_free(ruled->plain);
    sigma_free(ruled->sigma);
    arena_free(ruled->arena);
}

static const char *const items[] = {
    "Message|contains: windows", "Message: '*4624*'", "EventID: 4624", "EventID: [0, '', '4624']", "Message|re: 'a.b'", "CommandLine|endswith: System32", "Channel: null",
    "Message|exists: false", "Message|exists: true", "UtcTime|fieldref: Message", "HostName|contains|all: [o, value]", "a.b|startswith: C", "CommandLine|cased|contains: Win",
    "EventRecordID|gt: 5", "k: true", "k: '*'", "Message|contains: 'Name: value'", "a.b.k|fieldref: a.b", "Message|contains: '\xc3\x89'",
};

static void random_rule(struct buf *out, size_t number)
{
    buf_addf(out, "%stitle: t%zu\nid: %zu\nlogsource: {product: p}\ndetection:\n", number ? "---\n" : "", number, number);
    size_t n = 1 + tap_below(3);
    for (size_t i = 0; i < n; i++) {
        if (tap_below(6) == 0)
            buf_addf(out, "  s%zu: [%s, '%s']\n", i, tap_below(2) ? "windows" : "value", tap_below(2) ? "46*4" : "one");
        else
            buf_addf(out, "  s%zu: {%s}\n", i, items[tap_below(sizeof items / sizeof *items)]);
    }
    buf_addf(out, "  condition: %s%s\n", tap_below(4) ? "" : "not ", n == 1 ? "s0" : n == 2 ? (tap_below(2) ? "s0 and s1" : "s0 or not s1") : (tap_below(2) ? "1 of s*" : "all of s*"));
}

static bool rules_case(size_t *hits)
{
    struct buf text, rules;
    struct check check;
    struct ruled ruled;
    buf_init(&text, 16 << 20);
    buf_init(&rules, 1 << 20);
    for (size_t n = 1 + tap_below(80); n > 0; n--)
        random_json(&text);
    for (size_t i = 0, n = 1 + tap_below(12); i < n; i++)
        random_rule(&rules, i);
    const struct sigma_text file = {"random.yml", rules.data, rules.len};
    check_open(&check, 1 + tap_below(80));
    rules_open(&ruled, check.fields, &file, 1, (struct sigma_text){0});
    check.look = look_for_rules;
    check.arg = &ruled;
    check_json(&check, text.data, text.len, EVENT_JSON_LAZY);
    size_t bad = ruled.bad;
    *hits += ruled.hits;
    rules_close(&ruled);
    bad += check_close(&check);
    buf_free(&rules);
    buf_free(&text);
    return bad == 0;
}

static void test_rules(void)
{
    size_t bad = 0, hits = 0;
    for (size_t i = tap_cases(15000); i > 0; i--)
        bad += !rules_case(&hits);
    is_int(bad, 0, "rules match the same events in the archive as live");
    ok(hits > 1000, "and they match (%zu times)", hits);
}

/* ---- public events ---- */

static char *public_events(const char *folder, size_t *ret_len)
{
    char path[1200];
    size_t packed;
    snprintf(path, sizeof path, "%s/events/windows-events.jsonl.zst", folder);
    char *bytes = file_read(path, &packed);
    unsigned long long size = bytes ? ZSTD_getFrameContentSize(bytes, packed) : ZSTD_CONTENTSIZE_ERROR;
    char *text = size < (1u << 30) ? malloc((size_t)size + 1) : NULL;
    *ret_len = text ? ZSTD_decompress(text, (size_t)size, bytes, packed) : 0;
    free(bytes);
    return text;
}

static void public_rules(const char *text, size_t len)
{
    struct check check;
    struct ruled ruled;
    struct sigma_text *texts;
    check_open(&check, 4000);
    struct arena *arena = arena_new((size_t)512 << 20);
    size_t n = live_rules(arena, &texts);
    rules_open(&ruled, check.fields, texts, n, product_map(arena));
    check.look = look_for_rules;
    check.arg = &ruled;
    check_json(&check, text, len, EVENT_JSON_LAZY);
    is_int(ruled.bad, 0, "all live rules match the same public events in the archive as live");
    ok(n > 3000, "%zu rules, %zu hits in %zu events", n, ruled.hits, check.items);
    rules_close(&ruled);
    is_int(check_close(&check), 0, "which come back");
    arena_free(arena);
}

static void public_terms(const char *text, size_t len)
{
    struct check check;
    struct asked asked = {.range = {MOMENT_NONE, MOMENT_NONE}, .arena = arena_new((size_t)256 << 20)};
    while (asked.n < 30) {
        size_t at = tap_below(len - 64), n = 2 + tap_below(14);
        const char *line = memchr(text + at, '\n', n), *quote = memchr(text + at, '"', n), *slash = memchr(text + at, '\\', n);
        if (!line && !quote && !slash)
            asked.terms[asked.n++] = (struct archive_term){tap_below(3) ? NULL : "Message", tap_below(8) ? ARCHIVE_HAS : ARCHIVE_LIKE, text + at, n};
    }
    check_open(&check, 3000);
    check.look = look_for_terms;
    check.arg = &asked;
    check_json(&check, text, len, EVENT_JSON_LAZY);
    is_int(asked.bad, 0, "pieces of public events are found in the archive where a plain look finds them");
    ok(asked.hits > 0, "%zu hits", asked.hits);
    arena_free(asked.arena);
    is_int(check_close(&check), 0, "in events that come back");
}

int main(void)
{
    const char *folder = data_folder();
    size_t len = 0;
    tap_seed();
    test_terms();
    test_rules();
    char *text = folder ? public_events(folder, &len) : NULL;
    if (!text) {
        tap_skip("hunts over public events", "CASTELLAN_DATA names no folder with them");
        return tap_done();
    }
    /* A stretch of them; all when soaking. */
    size_t some = tap_soak(len, len / 25), from = tap_below(len - some + 1);
    while (from && text[from - 1] != '\n')
        from--;
    while (some && text[from + some - 1] != '\n')
        some--;
    public_terms(text + from, some);
    public_rules(text + from, some);
    free(text);
    return tap_done();
}
