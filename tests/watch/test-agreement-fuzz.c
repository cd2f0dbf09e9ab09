/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Fuzzed rules over fuzzed events: a grammar makes rules and events from few fields and few pieces of text, so that they often meet. Engine
 * (with pattern databases and without) and reference must agree on every pair. 100,000 pairs in ./test, 10 million when soaking.
 */
#include <stdio.h>

#include "both.h"
#include "tap.h"

#define RULES 40
#define EVENTS 100

struct out { char text[1 << 18]; size_t n; };
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
static const char *one_of(const char *const *list, size_t n) { return list[tap_below(n)]; }
#define ONE_OF(list) one_of((list), sizeof (list) / sizeof *(list))
static bool in(unsigned hundred) { return tap_below(100) < hundred; }

/* ---- pieces of text: what a value holds, as a rule writes it and as JSON writes it */
struct piece { const char *rule, *json; };
static const struct piece pieces[] = {
    {"a", "a"}, {"b", "b"}, {"A", "A"}, {"ab", "ab"}, {"ba", "Ba"}, {"c", "c"}, {"\\", "\\\\"}, {"\\\\", "\\\\"}, {"\\*", "*"}, {"\\?", "?"}, {".", "."},
    {"/", "/"}, {" -a", " -a"}, {" /b", " /b"}, {" ", " "}, {"\xc3\xa9", "\xc3\x89"}, {"\xc3\x89", "\xc3\xa9"}, {"\xcf\x83", "\xcf\x82"}, {"1", "1"}, {"10", "10"}, {"%", "%"},
    {"ss", "\xc3\x9f"}, {"k", "\xe2\x84\xaa"}, {"cmd.exe", "CMD.exe"}, {"abab", "ababab"}, {"\xf0\x9f\x98\x80", "\xf0\x9f\x98\x80"},
};
#define PIECES (sizeof pieces / sizeof *pieces)
/* Most values are short words of the first few letters, so that rules and events meet. */
static size_t a_piece(void) { return in(60) ? tap_below(5) : tap_below(PIECES); }

static void rule_text(struct out *out, bool wild)
{
    size_t n = in(5) ? 0 : in(2) ? 40 : 1 + tap_below(3);
    for (size_t i = 0; i < n; i++) {
        if (wild && in(18))
            put(out, "%s", in(60) ? "*" : "?");
        put(out, "%s", pieces[a_piece()].rule);
    }
    if (wild && in(8))
        put(out, "*");
}
static void json_text(struct out *out)
{
    size_t n = in(6) ? 0 : in(2) ? 60 : 1 + tap_below(4);
    put(out, "\"");
    for (size_t i = 0; i < n; i++) {
        size_t piece = a_piece();
        put(out, "%s", in(70) ? pieces[piece].json : piece < 5 ? pieces[piece].rule : "x");
    }
    put(out, "\"");
}

/* ---- events */
static const char *const fields[] = {"A", "B", "C", "D"};
static void json_value(struct out *out)
{
    static const char *const others[] = {"null", "true", "false", "1", "10", "-1", "1.5", "\"10.0.0.1\"", "\"10.9.0.1\"", "\"fe80::1\"", "\"2024-05-06T03:07:09Z\"", "\"2024-12-30 22:00:00\"",
        "\"YWI=\"", "\"xYWJhYQ==\"", "\"a\\nb\"", "\"ab\\n\"", "\"\\u0000a\"", "\"cGluZw==\""};
    if (in(30))
        put(out, "%s", ONE_OF(others));
    else
        json_text(out);
}
static void event_make(struct out *out)
{
    put(out, "{\"Z\": 0");
    for (size_t f = 0; f < 4; f++) {
        if (in(25))
            continue;
        put(out, ", \"%s\": ", fields[f]);
        if (in(12)) {
            put(out, "[");
            json_value(out);
            put(out, ", ");
            json_value(out);
            put(out, "]");
        } else {
            json_value(out);
        }
    }
    put(out, "}\n");
}

/* ---- rules */
static void quoted(struct out *out, bool wild)
{
    put(out, "'");
    rule_text(out, wild);
    put(out, "'");
}
static void values_of(struct out *out, void (*value)(struct out *), size_t least)
{
    if (least < 2 && in(55)) {
        value(out);
        return;
    }
    size_t n = 2 + tap_below(3);
    for (size_t i = 0; i < n; i++) {
        put(out, "%s", i ? ", " : "[");
        value(out);
    }
    put(out, "]");
}
static void a_wild(struct out *out) { quoted(out, true); }
static void a_plain(struct out *out) { quoted(out, false); }
static void a_scalar(struct out *out)
{
    static const char *const scalars[] = {"1", "10", "-1", "true", "false", "''", "'*'", "'null'", "1.5"};
    if (in(30))
        put(out, "%s", ONE_OF(scalars));
    else
        quoted(out, true);
}
static void a_regex(struct out *out)
{
    static const char *const parts[] = {"a", "b", "[ab]", "a+", "b*", "(a|b)", ".", "a{2}", "^a", "b$", "\\d", "\\w+", "(ab)+", "A", "^", "\\.", "[^a]", "a?", "b.*?a", "\\s"};
    put(out, "'");
    for (size_t i = 0, n = 1 + tap_below(3); i < n; i++)
        put(out, "%s", ONE_OF(parts));
    put(out, "'");
}
static void a_number(struct out *out)
{
    static const char *const numbers[] = {"0", "1", "5", "10", "-1", "1.5", "2024"};
    put(out, "%s", ONE_OF(numbers));
}
static void a_clock(struct out *out)
{
    static const char *const numbers[] = {"1", "3", "5", "6", "7", "9", "12", "19", "22", "30", "2024"};
    put(out, "%s", ONE_OF(numbers));
}
static void a_network(struct out *out)
{
    static const char *const networks[] = {"10.0.0.0/8", "10.0.0.0/16", "10.0.0.1/32", "'fe80::/10'", "0.0.0.0/0", "'::/0'", "10.8.0.0/13"};
    put(out, "%s", ONE_OF(networks));
}
static void a_field(struct out *out) { put(out, "%s", ONE_OF(fields)); }
static void a_placeholder(struct out *out)
{
    static const char *const texts[] = {"'%name%'", "'%name%b'", "'a%other%'", "'%name%%other%'"};
    put(out, "%s", ONE_OF(texts));
}

static const struct shape { const char *modifiers; void (*value)(struct out *); size_t least; unsigned weight; } shapes[] = {
    {"", a_scalar, 1, 20}, {"|contains", a_wild, 1, 20}, {"|startswith", a_wild, 1, 12}, {"|endswith", a_wild, 1, 12}, {"|contains|all", a_wild, 2, 8}, {"|all", a_wild, 2, 2},
    {"|startswith|all", a_wild, 2, 1}, {"|endswith|all", a_wild, 2, 1}, {"|cased", a_wild, 1, 3}, {"|contains|cased", a_wild, 1, 3}, {"|cased|endswith", a_wild, 1, 2},
    {"|contains|windash", a_wild, 1, 4}, {"|windash|contains|all", a_wild, 2, 1}, {"|endswith|windash", a_wild, 1, 1}, {"|windash", a_wild, 1, 1},
    {"|re", a_regex, 1, 6}, {"|re|i", a_regex, 1, 3}, {"|re|m", a_regex, 1, 1}, {"|re|s", a_regex, 1, 1}, {"|re|i|m|s", a_regex, 1, 1}, {"|re|all", a_regex, 2, 1},
    {"|neq", a_scalar, 1, 3}, {"|contains|neq", a_wild, 1, 2}, {"|re|neq", a_regex, 1, 1}, {"|gt", a_number, 1, 2}, {"|gte", a_number, 1, 2}, {"|lt", a_number, 1, 2}, {"|lte", a_number, 1, 2},
    {"|cidr", a_network, 1, 3}, {"|cidr|neq", a_network, 1, 1}, {"|hour", a_clock, 1, 1}, {"|minute", a_clock, 1, 1}, {"|day", a_clock, 1, 1}, {"|week", a_clock, 1, 1}, {"|month", a_clock, 1, 1},
    {"|year", a_clock, 1, 1}, {"|hour|gte", a_clock, 1, 1}, {"|month|lt", a_clock, 1, 1}, {"|fieldref", a_field, 1, 4}, {"|fieldref|neq", a_field, 1, 1}, {"|fieldref|startswith", a_field, 1, 1},
    {"|fieldref|contains", a_field, 1, 1}, {"|fieldref|endswith", a_field, 1, 1}, {"|base64", a_plain, 1, 1}, {"|base64offset|contains", a_plain, 1, 2}, {"|wide|base64offset|contains", a_plain, 1, 1},
    {"|utf16be|base64|contains", a_plain, 1, 1}, {"|expand", a_placeholder, 1, 2}, {"|contains|expand", a_placeholder, 1, 2}, {"|expand|startswith", a_placeholder, 1, 1},
};
static void item_make(struct out *out, const char *indent, size_t field)
{
    unsigned total = 0, at;
    size_t s = 0;
    if (in(5)) {
        put(out, "%s%s|exists: %s\n", indent, fields[field], in(50) ? "true" : "false");
        return;
    }
    if (in(4)) {
        put(out, "%s%s: null\n", indent, fields[field]);
        return;
    }
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        total += shapes[i].weight;
    for (at = (unsigned)tap_below(total); at >= shapes[s].weight; s++)
        at -= shapes[s].weight;
    put(out, "%s%s%s: ", indent, fields[field], shapes[s].modifiers);
    values_of(out, shapes[s].value, shapes[s].least);
    put(out, "\n");
}
static void keywords_make(struct out *out)
{
    if (in(30)) {
        put(out, "      '|all': ");
        values_of(out, a_wild, 2);
        put(out, "\n");
        return;
    }
    for (size_t i = 0, n = 1 + tap_below(2); i < n; i++) {
        put(out, "      - ");
        quoted(out, true);
        put(out, "\n");
    }
}
static void selection_make(struct out *out)
{
    size_t from = tap_below(4);
    if (in(10)) {
        keywords_make(out);
    } else if (in(15)) {
        for (size_t i = 0, n = 1 + tap_below(3); i < n; i++) {
            put(out, "      -\n");
            for (size_t k = 0, items = 1 + tap_below(2); k < items; k++)
                item_make(out, "        ", (from + i + k) % 4);
        }
    } else {
        for (size_t i = 0, n = in(60) ? 1 : 2; i < n; i++)
            item_make(out, "      ", (from + i) % 4);
    }
}
static void condition_make(struct out *out, unsigned depth)
{
    static const char *const names[] = {"sel_a", "sel_b", "flt_a", "_hid"};
    static const char *const ofs[] = {"1 of sel_*", "all of sel_*", "1 of them", "all of them", "1 of *_a", "all of *_a", "1 of _*", "any of them"};
    if (depth == 0 || in(35)) {
        put(out, "%s%s", in(15) ? "not " : "", in(60) ? ONE_OF(names) : ONE_OF(ofs));
        return;
    }
    bool parenthesis = in(40);
    put(out, "%s%s", in(10) ? "not " : "", parenthesis ? "(" : "");
    condition_make(out, depth - 1);
    put(out, " %s ", in(50) ? "and" : in(30) ? "and not" : "or");
    condition_make(out, depth - 1);
    put(out, "%s", parenthesis ? ")" : "");
}
static void rule_make(struct out *out, size_t i)
{
    static const char *const names[] = {"sel_a", "sel_b", "flt_a", "_hid"};
    put(out, "title: rule %zu\nname: r%zu\nlogsource: {product: p}\ndetection:\n", i, i);
    for (size_t s = 0; s < 4; s++) {
        put(out, "    %s:\n", names[s]);
        selection_make(out);
    }
    put(out, "    condition: ");
    if (in(10)) {
        put(out, "['");
        condition_make(out, 1);
        put(out, "', '");
        condition_make(out, 1);
        put(out, "']\n");
    } else {
        condition_make(out, (unsigned)tap_below(4));
        put(out, "\n");
    }
}
static void filter_make(struct out *out, size_t i)
{
    put(out, "title: filter %zu\nlogsource: {product: p}\nfilter:\n    rules: [r%zu, r%zu]\n    sel_a:\n", i, tap_below(RULES), tap_below(RULES));
    selection_make(out);
    put(out, "    flt_a:\n");
    selection_make(out);
    put(out, "    condition: %s\n", in(50) ? "not sel_a" : "not 1 of them");
}

struct totals { size_t pairs, matches, differences, refused, unlike; };
/* Each line behind the mark of a comment. */
static void tell(const char *text)
{
    while (*text) {
        int len = (int)strcspn(text, "\n");
        printf("#   %.*s\n", len, text);
        text += len + (text[len] == '\n');
    }
}
static void round_run(struct totals *totals)
{
    static const char *const names[] = {"a", "ab*"}, *const others[] = {"b", "?", "ba"};
    static const struct sigma_binding bindings[] = {{"name", names, 2}, {"other", others, 3}};
    static struct out texts[RULES + 2], events;
    struct sigma_text documents[RULES + 2];
    struct both both;
    size_t at = 0;
    for (size_t i = 0; i < RULES + 2; i++) {
        texts[i].n = 0;
        if (i < RULES)
            rule_make(&texts[i], i);
        else
            filter_make(&texts[i], i);
        documents[i] = (struct sigma_text){"fuzz.yml", texts[i].text, texts[i].n};
    }
    events.n = 0;
    for (size_t i = 0; i < EVENTS; i++)
        event_make(&events);
    if (!both_open(&both, &(struct both_options){.texts = documents, .n = RULES + 2, .bindings = bindings, .n_bindings = 2, .memo = in(50) ? 4096 : 1 << 20})) {
        totals->unlike++;
        return;
    }
    for (size_t i = 0; i < both.n; i++) {
        bool engine = sigma_rule(both.engine[0], i)->standing == SIGMA_REFUSED, reference = reference_rule(both.reference, i)->refused != NULL;
        totals->refused += engine;
        if (engine != reference && totals->unlike++ < 5)
            printf("# refused by %s only: %s\n", engine ? "the engine" : "the reference",
                   engine ? sigma_rule(both.engine[0], i)->why.in[LANG_EN] : reference_rule(both.reference, i)->refused), tell(texts[i].text);
    }
    for (size_t before = 0; both_read(&both, events.text, events.n, &at); before = at) {
        size_t from = before + strspn(events.text + before, "\n");
        char *event = arena_strndup(both.scratch, events.text + from, at - from);
        size_t differences = both_compare(&both, NULL, 0, event);
        for (size_t i = 0; i < both.n; i++) {
            totals->matches += both.hit[0][i];
            if (differences && totals->differences < 5 && (both.hit[0][i] != both.hit[1][i] || both.hit[0][i] != reference_match(both.reference, i, &both.event)))
                tell(texts[i].text);
        }
        totals->differences += differences;
        totals->pairs += RULES;
    }
    both_close(&both);
}

int main(void)
{
    struct totals totals = {0};
    size_t rounds = tap_cases(2500);
    tap_seed();
    for (size_t i = 0; i < rounds; i++)
        round_run(&totals);
    is_int(totals.differences, 0, "engine and reference agree on every rule and event");
    is_int(totals.unlike, 0, "and on which rules are refused");
    ok(totals.pairs == rounds * RULES * EVENTS, "%zu pairs of a rule and an event", totals.pairs);
    ok(totals.matches * 100 > totals.pairs * 10 && totals.matches * 100 < totals.pairs * 90, "of which %zu match", totals.matches);
    ok(totals.refused * 20 < rounds * RULES, "%zu rules were refused", totals.refused);
    return tap_done();
}
