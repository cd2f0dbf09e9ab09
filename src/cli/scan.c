/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan scan: Sigma rules over log files, without an office. Rules are compiled first; then each file is read and matched in a jail
 * of its own, one a core, and only hits come out. What a jail sends is checked before it is used: it may have been taken over by what it
 * read.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/jailed_stream.h"
#include "cli/rule_set.h"
#include "cli/scan_correlate.h"
#include "cli/scan_jail.h"
#include "cli/scan_out.h"

enum { HIT = 1, COUNTS = 2, COUNTED = 3 };
enum { MEMO_BYTES = 48 << 20 };
struct scan {
    const char **rules, **files;
    size_t n_rules, n_files;
    const char *map, *cache;
    enum scan_format format;
    enum sigma_level level;
    moment now, since, until;
    int64_t lateness;
    struct rule_set set;
    struct scan_correlate *correlate;      /* NULL: no correlations */
    struct scan_out *out;
    struct scan_counts all;
    bool failed, unwritten;
};

/* ---- in the jail ---- */

struct hit_head { uint64_t record; int64_t time; uint32_t rule; uint16_t words[N_WORDS]; };
struct matching {
    const struct scan *scan;
    struct stream_jail *jail;
    struct sigma_matcher *matcher;
    struct event *event;
    field_id fields[N_WORDS];
    size_t *rules, n_rules;                /* those that match the event */
    char words[N_WORDS][SCAN_WORD_MOST];   /* of the event, once some rule matches */
    struct buf message;
    bool gone;
};

static void take_words(struct matching *matching)
{
    for (unsigned i = 0; i < N_WORDS; i++) {
        const struct event_value *value = event_get(matching->event, matching->fields[i]);
        size_t word = 0, len = value && value->kind != VALUE_NULL ? value->len : 0;
        if (len)
            event_text(matching->event, &matching->event->values[value - matching->event->values]);
        len = len ? value->len : 0;
        word = len < SCAN_WORD_MOST ? len : SCAN_WORD_MOST - 1;
        while (word && word < len && ((unsigned char)value->text[word] & 0xc0) == 0x80)
            word--;                        /* not inside a character */
        if (word)
            memcpy(matching->words[i], value->text, word);
        matching->words[i][word] = 0;
    }
}

static void send_hit(struct matching *matching, size_t rule)
{
    const struct event *event = matching->event;
    struct hit_head head = {.record = event->record, .time = event->time, .rule = (uint32_t)rule};
    for (unsigned i = 0; i < N_WORDS; i++)
        head.words[i] = (uint16_t)strlen(matching->words[i]);
    buf_clear(&matching->message);
    buf_add(&matching->message, &head, sizeof head);
    for (unsigned i = 0; i < N_WORDS; i++)
        buf_add(&matching->message, matching->words[i], head.words[i]);
    matching->gone |= !stream_send(matching->jail, HIT, matching->message.data, matching->message.len);
}

static void keep_rule(void *arg, size_t rule)
{
    struct matching *matching = arg;
    matching->rules[matching->n_rules++] = rule;
}

static bool match(void *arg, struct event *event)
{
    struct matching *matching = arg;
    const struct scan *scan = matching->scan;
    const char *const words[N_WORDS] = {matching->words[0], matching->words[1], matching->words[2]};
    /* An event without a time is never left out. */
    if (event->time != MOMENT_NONE && (event->time < scan->since || event->time >= scan->until))
        return true;
    matching->event = event;
    matching->n_rules = 0;
    if (sigma_match(matching->matcher, event, keep_rule, matching) == 0)
        return true;
    take_words(matching);
    for (size_t i = 0; i < matching->n_rules; i++)
        if (sigma_rule(scan->set.sigma, matching->rules[i])->level >= scan->level && !scan_correlate_silences(scan->correlate, matching->rules[i]))
            send_hit(matching, matching->rules[i]);
    if (scan->correlate && scan_correlate_pack(scan->correlate, event, matching->rules, matching->n_rules, words, &matching->message))
        matching->gone |= !stream_send(matching->jail, COUNTED, matching->message.data, matching->message.len);
    return !matching->gone;
}

static enum status scan_file(struct stream_jail *jail, void *arg, struct arena *arena, struct reasons *reasons)
{
    static const char *const words[N_WORDS] = {"Computer", "Channel", "EventID"};
    const struct scan *scan = arg;
    struct matching matching = {.scan = scan, .jail = jail};
    const struct scan_events events = {.fields = scan->set.fields, .now = scan->now, .took = match, .arg = &matching};
    struct scan_counts counts;
    for (unsigned i = 0; i < N_WORDS; i++)
        matching.fields[i] = fields_add(scan->set.fields, words[i], strlen(words[i]));
    matching.rules = ARENA_ARRAY(arena, size_t, sigma_count(scan->set.sigma) + 1);
    buf_init(&matching.message, 1 << 20);
    enum status status = sigma_matcher_new(scan->set.sigma, arena, MEMO_BYTES, &matching.matcher);
    if (status != OK)
        return status;
    status = scan_read(jail, &events, arena, reasons, &counts);
    (void)stream_send(jail, COUNTS, &counts, sizeof counts);
    return status;
}

/* ---- outside ---- */

/* A message of a hit, as foreign bytes; false when it is none. */
static bool take_hit(struct scan *scan, size_t input, const char *bytes, size_t len)
{
    struct hit_head head;
    char words[N_WORDS][SCAN_WORD_MOST];
    struct scan_hit hit = {.file = scan->files[input]};
    if (len < sizeof head)
        return false;
    memcpy(&head, bytes, sizeof head);
    size_t at = sizeof head;
    for (unsigned i = 0; i < N_WORDS; i++) {
        if (head.words[i] >= SCAN_WORD_MOST || len - at < head.words[i])
            return false;
        memcpy(words[i], bytes + at, head.words[i]);
        words[i][head.words[i]] = 0;
        at += head.words[i];
        hit.words[i] = utf8_valid(words[i], strlen(words[i])) ? words[i] : "";
    }
    if (at != len || head.rule >= sigma_count(scan->set.sigma))
        return false;
    hit.rule = sigma_rule(scan->set.sigma, head.rule);
    hit.record = head.record > INT64_MAX ? INT64_MAX : head.record;
    hit.time = head.time;
    scan->unwritten |= !scan_out_hit(scan->out, &hit);
    return true;
}

static void correlated(void *arg, const struct scan_hit *hit)
{
    struct scan *scan = arg;
    if (hit->rule->level >= scan->level)
        scan->unwritten |= !scan_out_hit(scan->out, hit);
}

static bool took(void *arg, size_t input, unsigned kind, const char *bytes, size_t len)
{
    struct scan *scan = arg;
    struct scan_counts counts;
    if (kind == HIT && !take_hit(scan, input, bytes, len))
        scan->failed = true;
    if (kind == COUNTED && !scan_correlate_take(scan->correlate, input, scan->files, bytes, len, correlated, scan))
        scan->failed = true;
    if (kind == COUNTS && len == sizeof counts) {
        memcpy(&counts, bytes, sizeof counts);
        scan->all.events += counts.events;
        scan->all.faulty += counts.faulty;
        scan->all.raw += counts.raw;
        scan->all.lost += counts.lost;
    }
    return !scan->unwritten;
}

static void ended(void *arg, size_t input, enum status status, const struct reasons *reasons)
{
    struct scan *scan = arg;
    scan->failed |= status != OK;
    if (status == OK && !reasons->count)
        return;
    fflush(stdout);
    for (const struct reason *reason = reasons->first; reason; reason = reason->after)
        fprintf(stderr, "%s: %s%s%s (%s)\n", scan->files[input], reason->where ? reason->where : "", reason->where ? ": " : "", reason->text.in[cli_lang()], reason->rule);
    if (!reasons->count)
        fprintf(stderr, "%s: %s\n", scan->files[input], status_name(status));
}

static void progress(void *arg, unsigned long long done, unsigned long long all)
{
    cli_progress("MB", done >> 20, all >> 20);
}

/* What correlations could not count as it should have been counted. */
static void say_uncounted(const struct scan *scan, struct arena *arena)
{
    struct correlate_counts counts = scan_correlate_counts(scan->correlate);
    const struct { uint64_t n; const char *english; } told[] = {
        {counts.timeless, T_("%1$s events without a time were not counted by correlations")},
        {counts.late, T_("%1$s events came later than --lateness allows and were not counted by correlations")},
        {counts.evicted, T_("correlations: their memory was full; %1$s groups were given up before their time")},
        {counts.cut, T_("correlations: their windows were full; %1$s events went out of them before their time")}};
    char text[24];
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        snprintf(text, sizeof text, "%" PRIu64, told[i].n);
        if (told[i].n)
            fprintf(stderr, "%s\n", words_format(arena, told[i].english, text).in[cli_lang()]);
    }
}

static void summary(const struct scan *scan)
{
    struct arena *arena = arena_new(0);
    struct sigma_counts counts = sigma_counts(scan->set.sigma);
    const uint64_t numbers[] = {scan->all.events, scan->n_files, counts.ready, scan_out_hits(scan->out)};
    char text[4][24];
    for (size_t i = 0; i < 4; i++)
        snprintf(text[i], sizeof text[i], "%" PRIu64, numbers[i]);
    fprintf(stderr, "%s\n", words_format(arena, T_("%1$s events of %2$s files, %3$s rules: %4$s hits"), text[0], text[1], text[2], text[3]).in[cli_lang()]);
    snprintf(text[0], sizeof text[0], "%" PRIu64, scan->all.raw);
    if (scan->all.raw)
        fprintf(stderr, "%s\n", words_format(arena, T_("%1$s lines are in no known form and were searched as text"), text[0]).in[cli_lang()]);
    snprintf(text[0], sizeof text[0], "%zu", counts.refused);
    if (counts.refused)
        fprintf(stderr, "%s\n", words_format(arena, T_("%1$s rules could not be compiled; castellan rules check says why"), text[0]).in[cli_lang()]);
    if (scan->correlate)
        say_uncounted(scan, arena);
    arena_free(arena);
}

/* ---- arguments ---- */

/* "90s", "15m", "6h", "2d" */
static bool read_lateness(const char *text, int64_t *ret)
{
    char *unit;
    unsigned long n = strtoul(text, &unit, 10);
    bool good = *text >= '0' && *text <= '9' && n <= 1000000 && *unit && strchr("smhd", *unit) && !unit[1];
    if (good)
        *ret = (int64_t)n * (*unit == 's' ? SECOND : *unit == 'm' ? MINUTE : *unit == 'h' ? HOUR : DAY);
    return good;
}

static bool read_value(struct scan *scan, const char *option, const char *value)
{
    static const char *const formats[] = {"json", "csv", "html"};
    if (str_eq(option, "--map")) {
        scan->map = value;
        return true;
    }
    if (str_eq(option, "--rule-cache")) {
        scan->cache = value;
        return *value;
    }
    if (str_eq(option, "--since"))
        return moment_read(value, &scan->since) == OK;
    if (str_eq(option, "--until"))
        return moment_read(value, &scan->until) == OK;
    if (str_eq(option, "--lateness"))
        return read_lateness(value, &scan->lateness);
    if (str_eq(option, "--level"))
        return rule_level_read(value, &scan->level);
    for (unsigned i = 0; i < 3; i++)
        if (str_eq(option, "--format") && str_eq(value, formats[i])) {
            scan->format = (enum scan_format)i;
            return true;
        }
    return false;
}

static bool read_arguments(struct scan *scan, int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        if (str_eq(argv[i], "--rules")) {
            if (i + 1 < argc)
                scan->rules[scan->n_rules++] = argv[++i];
            while (i + 1 < argc && rule_path(argv[i + 1]))
                scan->rules[scan->n_rules++] = argv[++i];
        } else if (str_starts(argv[i], "--rules=")) {
            scan->rules[scan->n_rules++] = argv[i] + strlen("--rules=");
        } else if (str_starts(argv[i], "--")) {
            char name[16];
            size_t len = strcspn(argv[i], "=");
            const char *value = argv[i][len] ? argv[i] + len + 1 : i + 1 < argc ? argv[++i] : "";
            snprintf(name, sizeof name, "%.*s", (int)len, argv[value == argv[i] ? i - 1 : i]);
            if (!read_value(scan, name, value))
                return false;
        } else {
            scan->files[scan->n_files++] = argv[i];
        }
    }
    return scan->n_rules && scan->n_files;
}

static int work(struct scan *scan, struct arena *arena)
{
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (!rule_set_load(&scan->set, arena, scan->rules, scan->n_rules, scan->map, scan->cache, &reasons))
        return cli_fail(&reasons, BAD_INPUT);
    scan->now = moment_now();
    scan->correlate = scan_correlate_new(scan->set.sigma, arena, scan->lateness, SCAN_WAITING_MOST);
    scan->out = scan_out_new(arena, scan->format, scan->now);
    const struct stream_work stream = {.run = scan_file, .took = took, .ended = ended, .progress = progress, .arg = scan};
    bool good = stream_run(&stream, scan->files, scan->n_files);
    if (good)
        scan_correlate_end(scan->correlate, scan->files, correlated, scan);
    good = good && !scan->unwritten && scan_out_end(scan->out, scan->all.events, scan->n_files);
    if (!good)
        fprintf(stderr, "castellan scan: %s\n", strerror(errno));
    else
        summary(scan);
    scan_correlate_free(scan->correlate);
    sigma_free(scan->set.sigma);
    return good && !scan->failed ? 0 : 1;
}

int cli_scan(int argc, char **argv)
{
    struct arena *arena = arena_new((size_t)2 << 30);
    struct scan scan = {.since = INT64_MIN, .until = INT64_MAX, .lateness = SCAN_LATENESS_DEFAULT, .level = SIGMA_INFORMATIONAL};
    scan.rules = ARENA_ARRAY(arena, const char *, (size_t)argc + 1);
    scan.files = ARENA_ARRAY(arena, const char *, (size_t)argc + 1);
    int code = read_arguments(&scan, argc, argv) ? work(&scan, arena) : cli_usage("scan");
    arena_free(arena);
    return code;
}
