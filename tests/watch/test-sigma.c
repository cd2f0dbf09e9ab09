/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Sigma engine over small rules and events of its own: each modifier, escapes, condition forms, filters, log sources, and faults
 * with their exact lines. Every case runs with patterns and without.
 */
#include <stdio.h>
#include <string.h>

#include "base/val.h"
#include "tap.h"
#include "watch/sigma/sigma.h"

static struct arena *arena;
static const struct sigma_binding bindings[] = {
    {"Servers", (const char *const[]){"srv*", "web01"}, 2}, {"Nobody", NULL, 0}, {"a", (const char *const[]){"x", "y"}, 2}};

static void add(struct fields *fields, struct event *event, const char *name, const struct val *value)
{
    const char *text = value->kind == VAL_INT ? arena_printf(arena, "%lld", (long long)value->number) : value->kind == VAL_BOOL ? (value->truth ? "true" : "false") :
                       value->kind == VAL_NULL ? "null" : value->str.s;
    enum value_kind kind = value->kind == VAL_INT || value->kind == VAL_NUMBER ? VALUE_NUMBER : value->kind == VAL_BOOL ? (value->truth ? VALUE_TRUE : VALUE_FALSE) :
                           value->kind == VAL_NULL ? VALUE_NULL : VALUE_TEXT;
    event_add(event, fields_add(fields, name, strlen(name)), kind, text, value->kind == VAL_STR || value->kind == VAL_NUMBER ? value->str.len : strlen(text));
}

/* A flat object, whose arrays are values one after the other. */
static void make_event(struct fields *fields, struct event *event, const char *json)
{
    struct val *object;
    event_init(event, arena);
    if (json[0] != '{') {
        event->raw = json;
        event->raw_len = strlen(json);
        return;
    }
    if (json_read(arena, json, strlen(json), (struct json_limits){0}, NULL, &object) != OK) {
        printf("# bad JSON in the test: %s\n", json);
        return;
    }
    for (uint32_t i = 0; i < object->count; i++) {
        const struct val *value = object->members[i].value;
        for (uint32_t k = 0; k < (value->kind == VAL_ARRAY ? value->count : 1); k++)
            add(fields, event, object->members[i].name, value->kind == VAL_ARRAY ? value->items[k] : value);
    }
}

static struct sigma *compile(const char *text, const char *sources, bool without, struct fields **ret_fields)
{
    struct sigma_text file = {"r.yml", text, strlen(text)};
    struct sigma_options options = {.bindings = bindings, .n_bindings = sizeof bindings / sizeof *bindings, .without_patterns = without};
    struct sigma *sigma = NULL;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (sources)
        options.sources = (struct sigma_text){"sources.yaml", sources, strlen(sources)};
    *ret_fields = fields_new(arena);
    if (sigma_compile(arena, *ret_fields, &file, 1, &options, &reasons, &sigma) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    return sigma;
}

static void note(void *arg, size_t rule) { *(size_t *)arg = *(size_t *)arg * 10 + rule + 1; }

/* The numbers of the rules that match, as decimal digits in their order; and explain says the same. */
static size_t matches(const char *text, const char *sources, const char *json, bool without)
{
    struct fields *fields;
    struct event event;
    struct sigma_matcher *matcher;
    struct sigma *sigma = compile(text, sources, without, &fields);
    size_t seen = 0;
    if (!sigma || sigma_matcher_new(sigma, arena, 1 << 20, &matcher) != OK)
        return 9999;
    make_event(fields, &event, json);
    sigma_match(matcher, &event, note, &seen);
    size_t again = 0, explained = 0;
    sigma_match(matcher, &event, note, &again);        /* from the memo */
    for (size_t i = 0; i < sigma_count(sigma); i++)
        if (val_get_bool(sigma_explain(sigma, i, &event, arena), "matches", false))
            note(&explained, i);
    for (size_t i = 0; i < sigma_count(sigma); i++)
        if (sigma_rule(sigma, i)->standing == SIGMA_REFUSED)
            printf("# refused: %s: %s\n", sigma_rule(sigma, i)->where, sigma_rule(sigma, i)->why.in[LANG_EN]);
    sigma_matcher_free(matcher);
    sigma_free(sigma);
    return again == seen && explained == seen ? seen : 8888;
}

#define HEAD "title: t\nlogsource: {category: x}\ndetection:\n"
/* One selection with the item, condition s. */
#define ITEM(item) HEAD "  s:\n    " item "\n  condition: s\n"

static const struct { const char *rule, *event; bool matches; } cases[] = {
    /* text, case, kinds of values */
    {ITEM("A: Foo"), "{\"A\": \"fOO\"}", true}, {ITEM("A: Foo"), "{\"A\": \"Foo \"}", false}, {ITEM("A: Foo"), "{\"a\": \"Foo\"}", false},
    {ITEM("A: Éclair ΣΣ"), "{\"A\": \"éclair σς\"}", true}, {ITEM("A|cased: Foo"), "{\"A\": \"foo\"}", false}, {ITEM("A|cased: Foo"), "{\"A\": \"Foo\"}", true},
    {ITEM("A: straße"), "{\"A\": \"STRASSE\"}", false}, {ITEM("A: k"), "{\"A\": \"\\u212a\"}", true},
    {ITEM("A: 4624"), "{\"A\": \"4624\"}", true}, {ITEM("A: '4624'"), "{\"A\": 4624}", true}, {ITEM("A: 4624"), "{\"A\": \"04624\"}", false},
    {ITEM("A: true"), "{\"A\": true}", true}, {ITEM("A: 'TRUE'"), "{\"A\": true}", true}, {ITEM("A: false"), "{\"A\": true}", false},
    {ITEM("A: [x, y]"), "{\"A\": \"y\"}", true}, {ITEM("A: y"), "{\"A\": [\"x\", \"y\"]}", true}, {ITEM("Thr eat: y"), "{\"Threat\": \"y\"}", true},
    {ITEM("A: ''"), "{\"A\": \"\"}", true}, {ITEM("A: ''"), "{\"B\": \"\"}", false}, {ITEM("A: ''"), "{\"A\": null}", false},
    {ITEM("A: null"), "{\"B\": 1}", true}, {ITEM("A: null"), "{\"A\": null}", true}, {ITEM("A: null"), "{\"A\": \"\"}", false},
    {ITEM("A: '*'"), "{\"A\": \"\"}", true}, {ITEM("A: '*'"), "{\"A\": null}", false}, {ITEM("A: '*'"), "{\"B\": 1}", false},
    {ITEM("A|exists: true"), "{\"A\": null}", true}, {ITEM("A|exists: true"), "{\"B\": 1}", false}, {ITEM("A|exists: false"), "{\"B\": 1}", true},
    {ITEM("A: {}"), "{\"A\": 1}", false},
    /* wildcards and escapes */
    {ITEM("A: 'a*c'"), "{\"A\": \"aXXc\"}", true}, {ITEM("A: 'a*c'"), "{\"A\": \"aXXcd\"}", false}, {ITEM("A: 'a?c'"), "{\"A\": \"aéc\"}", true},
    {ITEM("A: 'a?c'"), "{\"A\": \"ac\"}", false}, {ITEM("A: 'a??c'"), "{\"A\": \"aéc\"}", false}, {ITEM("A: '?'"), "{\"A\": \"\"}", false},
    {ITEM("A: 'a\\*c'"), "{\"A\": \"a*c\"}", true}, {ITEM("A: 'a\\*c'"), "{\"A\": \"abc\"}", false}, {ITEM("A: 'a\\\\*c'"), "{\"A\": \"a\\\\xc\"}", true},
    {ITEM("A: 'a\\\\*c'"), "{\"A\": \"axc\"}", false}, {ITEM("A: 'a\\\\\\*c'"), "{\"A\": \"a\\\\*c\"}", true}, {ITEM("A: 'a\\b'"), "{\"A\": \"a\\\\b\"}", true},
    {ITEM("A: 'a\\\\b'"), "{\"A\": \"a\\\\b\"}", true}, {ITEM("A: 'a\\\\\\\\b'"), "{\"A\": \"a\\\\\\\\b\"}", true}, {ITEM("A: 'a\\\\\\b'"), "{\"A\": \"a\\\\\\\\b\"}", true},
    {ITEM("A: 'a\\'"), "{\"A\": \"a\\\\\"}", true}, {ITEM("A: '*a*b*'"), "{\"A\": \"xaxbx\"}", true}, {ITEM("A: '*a*b*'"), "{\"A\": \"xbxax\"}", false},
    /* places */
    {ITEM("A|contains: BC"), "{\"A\": \"abcd\"}", true}, {ITEM("A|startswith: AB"), "{\"A\": \"abcd\"}", true}, {ITEM("A|startswith: bc"), "{\"A\": \"abcd\"}", false},
    {ITEM("A|endswith: CD"), "{\"A\": \"abcd\"}", true}, {ITEM("A|endswith: bc"), "{\"A\": \"abcd\"}", false}, {ITEM("A|contains: ''"), "{\"A\": \"\"}", true},
    {ITEM("A|endswith: '\\x.exe'"), "{\"A\": \"C:\\\\X.EXE\"}", true}, {ITEM("A|contains|cased: BC"), "{\"A\": \"abcd\"}", false},
    {ITEM("A|contains|all: [b, d]"), "{\"A\": \"abcd\"}", true}, {ITEM("A|contains|all: [b, z]"), "{\"A\": \"abcd\"}", false}, {ITEM("A|contains: 62"), "{\"A\": 4624}", true},
    {ITEM("A|neq: x"), "{\"A\": \"y\"}", true}, {ITEM("A|neq: x"), "{\"A\": \"X\"}", false}, {ITEM("A|neq: [x, y]"), "{\"A\": \"Y\"}", false},
    {ITEM("A|neq: x"), "{\"B\": 1}", true}, {ITEM("A|contains|neq: x"), "{\"A\": \"axb\"}", false}, {ITEM("A|startswith|neq: x"), "{\"A\": [\"b\", \"xy\"]}", false},
    /* dashes */
    {ITEM("A|contains|windash: ' -f '"), "{\"A\": \"a /F b\"}", true}, {ITEM("A|contains|windash: ' -f '"), "{\"A\": \"a \\u2013f b\"}", true},
    {ITEM("A|windash|contains: ' /f -g'"), "{\"A\": \"a \\u2015f \\u2014g\"}", true}, {ITEM("A|contains|windash: 'a-b'"), "{\"A\": \"a/b\"}", false},
    {ITEM("A|contains|windash: '--f'"), "{\"A\": \"-/f\"}", true}, {ITEM("A|contains|windash: '--f'"), "{\"A\": \"//f\"}", false},
    {ITEM("A|contains|all|windash: [' -a', ' -b']"), "{\"A\": \"x /b -a\"}", true}, {ITEM("A|contains|all|windash: [' -a', ' -b']"), "{\"A\": \"x /b a\"}", false},
    /* encodings: base64("foobar") = Zm9vYmFy; UTF-16 of "cmd" = YwBtAGQA */
    {ITEM("A|base64: foobar"), "{\"A\": \"Zm9vYmFy\"}", true}, {ITEM("A|base64|cased: foobar"), "{\"A\": \"zm9vymfy\"}", false},
    {ITEM("A|base64offset|contains: foobar"), "{\"A\": \"Zm9vYmFy\"}", true}, {ITEM("A|base64offset|contains: foobar"), "{\"A\": \"YWZvb2JhcmI=\"}", true},
    {ITEM("A|base64offset|contains: foobar"), "{\"A\": \"YWFmb29iYXJiYg==\"}", true}, {ITEM("A|base64offset|contains: foobar"), "{\"A\": \"Zm9vYm\"}", false},
    {ITEM("A|wide|base64: cmd"), "{\"A\": \"YwBtAGQA\"}", true}, {ITEM("A|utf16le|base64: cmd"), "{\"A\": \"YwBtAGQA\"}", true},
    {ITEM("A|utf16be|base64: cmd"), "{\"A\": \"AGMAbQBk\"}", true}, {ITEM("A|utf16|base64: cmd"), "{\"A\": \"//5jAG0AZAA=\"}", true},
    {ITEM("A|wide|base64offset|contains: cmd"), "{\"A\": \"xxYwBtAGQAxx\"}", true},
    /* regular expressions */
    {ITEM("A|re: 'b.d'"), "{\"A\": \"abcde\"}", true}, {ITEM("A|re: 'B.d'"), "{\"A\": \"abcde\"}", false}, {ITEM("A|re|i: 'B.D'"), "{\"A\": \"abcde\"}", true},
    {ITEM("A|re: '^b'"), "{\"A\": \"a\\nb\"}", false}, {ITEM("A|re|m: '^b'"), "{\"A\": \"a\\nb\"}", true}, {ITEM("A|re: 'a.b'"), "{\"A\": \"a\\nb\"}", false},
    {ITEM("A|re|s: 'a.b'"), "{\"A\": \"a\\nb\"}", true}, {ITEM("A|re|i|s: 'A.b$'"), "{\"A\": \"xa\\nb\"}", true}, {ITEM("A|re: '^a.b$'"), "{\"A\": \"aéb\"}", true},
    {ITEM("A|re: '^(?!b)a'"), "{\"A\": \"ab\"}", true}, {ITEM("A|re: '(a)\\1'"), "{\"A\": \"xaa\"}", true}, {ITEM("A|re: [x, 'b$']"), "{\"A\": \"ab\"}", true},
    {ITEM("A|re|neq: '^a'"), "{\"A\": \"ab\"}", false}, {ITEM("A|re: '^$'"), "{\"A\": \"\"}", true}, {ITEM("A|re: 'x*'"), "{\"A\": \"\"}", true},
    /* networks */
    {ITEM("A|cidr: 10.0.0.0/8"), "{\"A\": \"10.1.2.3\"}", true}, {ITEM("A|cidr: 10.0.0.0/8"), "{\"A\": \"11.1.2.3\"}", false},
    {ITEM("A|cidr: 10.0.0.0/9"), "{\"A\": \"10.128.0.1\"}", false}, {ITEM("A|cidr: 10.0.0.0/8"), "{\"A\": \"::ffff:10.1.2.3\"}", true},
    {ITEM("A|cidr: '2001:db8::/33'"), "{\"A\": \"2001:DB8:7fff::1\"}", true}, {ITEM("A|cidr: '2001:db8::/33'"), "{\"A\": \"2001:db8:8000::1\"}", false},
    {ITEM("A|cidr: 0.0.0.0/0"), "{\"A\": \"host\"}", false}, {ITEM("A|cidr: 10.0.0.7"), "{\"A\": \"10.0.0.7\"}", true}, {ITEM("A|cidr: 'fe80::/10'"), "{\"A\": \"fe80::1%eth0\"}", true},
    {ITEM("A|cidr: '::/0'"), "{\"A\": \"::\"}", true}, {ITEM("A|cidr: '::1'"), "{\"A\": \"0:0:0:0:0:0:0:1\"}", true}, {ITEM("A|cidr: '1::'"), "{\"A\": \"1:0::0\"}", true},
    {ITEM("A|cidr: '::/0'"), "{\"A\": \"1:2:3:4:5:6:7:8:9\"}", false}, {ITEM("A|cidr: '::/0'"), "{\"A\": \"1:2:3:4:5:6:7\"}", false}, {ITEM("A|cidr: '::/0'"), "{\"A\": \"1::2::3\"}", false},
    {ITEM("A|cidr: '::/0'"), "{\"A\": \"1:2:3:4:5:6:7:\"}", false}, {ITEM("A|cidr: '::/0'"), "{\"A\": \":1:2:3:4:5:6:7\"}", false}, {ITEM("A|cidr: '::/0'"), "{\"A\": \"12345::\"}", false},
    {ITEM("A|cidr: 1.2.3.4"), "{\"A\": \"1.2.3.04\"}", false}, {ITEM("A|cidr: 0.0.0.0/0"), "{\"A\": \"1.2.3.256\"}", false}, {ITEM("A|cidr: 0.0.0.0/0"), "{\"A\": \"1.2.3.4.\"}", false},
    /* numbers and times */
    {ITEM("A|gt: 5"), "{\"A\": 6}", true}, {ITEM("A|gt: 5"), "{\"A\": \"5\"}", false}, {ITEM("A|gte: 5"), "{\"A\": \"5\"}", true}, {ITEM("A|lt: 5"), "{\"A\": -1}", true},
    {ITEM("A|lte: 5.5"), "{\"A\": 5.5}", true}, {ITEM("A|lt: 9223372036854775807"), "{\"A\": 9223372036854775806}", true}, {ITEM("A|lt: 5"), "{\"A\": \"x\"}", false},
    {ITEM("A|gt: 1"), "{\"A\": 1e3}", true}, {ITEM("A|hour: 13"), "{\"A\": \"2026-11-22T13:05:00Z\"}", true}, {ITEM("A|minute: 5"), "{\"A\": \"2026-11-22 13:05:00\"}", true},
    {ITEM("A|day: 22"), "{\"A\": \"2026-11-22\"}", true}, {ITEM("A|hour: 0"), "{\"A\": \"2026-11-22\"}", false}, {ITEM("A|week: 53"), "{\"A\": \"2027-01-01\"}", true},
    {ITEM("A|week: 1"), "{\"A\": \"2024-12-30\"}", true}, {ITEM("A|month: 11"), "{\"A\": \"2026-11-22\"}", true}, {ITEM("A|year: 2026"), "{\"A\": \"2026-11-22\"}", true},
    {ITEM("A|hour|gte: 18"), "{\"A\": \"2026-11-22T19:00\"}", true}, {ITEM("A|hour|gte: 18"), "{\"A\": \"2026-11-22T17:59\"}", false}, {ITEM("A|month: 2"), "{\"A\": \"2026-02-30\"}", false},
    /* references, placeholders */
    {ITEM("A|fieldref: B"), "{\"A\": \"x\", \"B\": \"X\"}", true}, {ITEM("A|fieldref|cased: B"), "{\"A\": \"x\", \"B\": \"X\"}", false}, {ITEM("A|fieldref: B"), "{\"A\": \"x\"}", false},
    {ITEM("A|fieldref|neq: B"), "{\"A\": \"x\", \"B\": \"y\"}", true}, {ITEM("A|fieldref|startswith: B"), "{\"A\": \"xyz\", \"B\": \"XY\"}", true},
    {ITEM("A|fieldref|endswith: B"), "{\"A\": \"xyz\", \"B\": \"XY\"}", false}, {ITEM("A|fieldref|contains: B"), "{\"A\": \"xyz\", \"B\": [\"q\", \"y\"]}", true},
    {ITEM("A|expand: '%Servers%'"), "{\"A\": \"SRV-7\"}", true}, {ITEM("A|expand: '%Servers%'"), "{\"A\": \"web02\"}", false}, {ITEM("A|expand: '%Nobody%'"), "{\"A\": \"\"}", false},
    {ITEM("A|contains|expand: '-%a%-%a%-'"), "{\"A\": \"q-y-x-q\"}", true}, {ITEM("A|expand: '\\%a%%a%'"), "{\"A\": \"%a%x\"}", true}, {ITEM("A: '%a%'"), "{\"A\": \"%a%\"}", true},
    /* keywords */
    {HEAD "  s: [foo, 17]\n  condition: s\n", "{\"Z\": \"a FOO b\"}", true}, {HEAD "  s: [foo, 17]\n  condition: s\n", "{\"Z\": 9179}", true},
    {HEAD "  s: [foo]\n  condition: s\n", "{\"foo\": \"x\"}", false}, {HEAD "  s: {'|all': [foo, bar]}\n  condition: s\n", "{\"Z\": \"foo\", \"Y\": \"bar\"}", true},
    {HEAD "  s: {'|all': [foo, bar]}\n  condition: s\n", "{\"Z\": \"foo\"}", false}, {HEAD "  s: ['f?o*r']\n  condition: s\n", "{\"Z\": \"a fXo bar\"}", true},
    {HEAD "  s: [foo]\n  condition: s\n", "raw with Foo inside", true}, {HEAD "  s: {'|re': 'f[o]+$'}\n  condition: s\n", "{\"Z\": \"foo\"}", true},
    {HEAD "  s: [foo, {A: x}]\n  condition: s\n", "{\"A\": \"x\"}", true},
};

#define THREE HEAD "  a: {A: 1}\n  b: {B: 1}\n  c1: {C: 1}\n  c2: {D: 1}\n  _h: {E: 1}\n  condition: "
static const struct { const char *rule, *event; bool matches; } conditions[] = {
    {THREE "a or b and c1\n", "{\"A\": 1}", true}, {THREE "(a or b) and c1\n", "{\"A\": 1}", false}, {THREE "not a and b\n", "{\"B\": 1}", true},
    {THREE "not (a and b)\n", "{\"B\": 1}", true}, {THREE "not not a\n", "{\"A\": 1}", true}, {THREE "a and not b or c1\n", "{\"C\": 1}", true},
    {THREE "1 of c*\n", "{\"D\": 1}", true}, {THREE "all of c*\n", "{\"D\": 1}", false}, {THREE "all of c*\n", "{\"C\": 1, \"D\": 1}", true},
    {THREE "1 of them\n", "{\"E\": 1}", false}, {THREE "all of them\n", "{\"A\": 1, \"B\": 1, \"C\": 1, \"D\": 1}", true}, {THREE "1 of _*\n", "{\"E\": 1}", true},
    {THREE "1 of *1\n", "{\"C\": 1}", true}, {THREE "1 of *2\n", "{\"C\": 1}", false}, {THREE "not 1 of c*\n", "{\"A\": 1}", true}, {THREE "_h\n", "{\"E\": 1}", true},
    {THREE "NOT a AND b\n", "{\"B\": 1}", true}, {THREE "any of c*\n", "{\"C\": 1}", true}, {THREE "[a and b, c1]\n", "{\"C\": 1}", true}, {THREE "\n    a and\n    b\n", "{\"A\": 1, \"B\": 1}", true},
    {HEAD "  s:\n    - A: 1\n      B: 1\n    - C: 1\n  condition: s\n", "{\"C\": 1}", true}, {HEAD "  s:\n    - A: 1\n      B: 1\n    - C: 1\n  condition: s\n", "{\"A\": 1}", false},
    {HEAD "  of: {A: 1}\n  condition: of\n", "{\"A\": 1}", true}, {HEAD "  all: {A: 1}\n  condition: all\n", "{\"A\": 1}", true},
};

static const struct { const char *text; unsigned line; const char *says; } faults[] = {
    {"a: [\n", 2, "well-formed"}, {"detection: {s: {A: 1}, condition: s}\nlogsource: {product: x}\n", 1, "no title"}, {"title: t\ndetection: {s: {A: 1}, condition: s}\n", 1, "logsource"},
    {"title: t\nlogsource: {product: x}\n", 1, "neither"}, {HEAD "  s: {A: 1}\n", 1, "no condition"}, {ITEM("A|foo: 1"), 5, "“foo” is no modifier"},
    {ITEM("A|foo:\n      - 1"), 5, "“foo”"}, {ITEM("A|cidr:\n      - 10.0.0.0/8\n      - 10.0.0.0/40"), 7, "no network"}, {ITEM("A|cidr: 10.0.0.1/8"), 5, "prefix"},
    {ITEM("A|re: '('"), 5, "character"}, {ITEM("A|re|contains: x"), 5, "do not go"}, {ITEM("A|i: x"), 5, "behind “re”"}, {ITEM("A|all: [x]"), 5, "“all” needs"},
    {ITEM("A|gt: x"), 5, "no number"}, {ITEM("A|gt: null"), 5, "null stands alone"}, {ITEM("A: [x, null]"), 5, "null stands alone"}, {ITEM("A|exists: maybe"), 5, "true or false"},
    {ITEM("A|expand:\n    - '%a%'\n    - '%none%'"), 7, "“%none%”"}, {ITEM("A|base64: 'x*'"), 5, "base64"}, {ITEM("A: []"), 5, "empty"},
    {ITEM("A: {}"), 5, "list or a mapping"}, {ITEM("A|contains|contains: x"), 5, "twice"}, {ITEM("A|re|cidr: x"), 5, "before it"}, {ITEM("A|fieldref: ''"), 5, "name of a field"},
    {HEAD "  s: {}\n  condition: s\n", 4, "empty"}, {HEAD "  s: []\n  condition: s\n", 4, "empty"}, {HEAD "  s: [[x]]\n  condition: s\n", 4, "in the list"},
    {THREE "a and\n", 9, "ends where"}, {THREE "a and d\n", 9, "“d”"}, {THREE "(a\n", 9, "not closed"}, {THREE "a b\n", 9, "behind the end"}, {THREE "a | count() > 5\n", 9, "correlation"},
    {THREE "2 of c*\n", 9, "“2”"}, {THREE "1 of z*\n", 9, "“z*”"}, {THREE "1 c*\n", 9, "“1”"}, {THREE "[]\n", 9, "empty"}, {THREE "all of\n", 9, "behind “of”"}, {THREE "a)\n", 9, "“)”"},
    {"title: t\nlevel: grave\nlogsource: {product: x}\ndetection: {s: {A: 1}, condition: s}\n", 2, "“grave”"},
    {"title: t\nlogsource: {product: x}\nstatus: old\ndetection: {s: {A: 1}, condition: s}\n", 3, "“old”"},
    {"title: t\ncorrelation:\n  type: event_count\n  rules: [none]\n  group-by: [A]\n  timespan: 1h\n  condition: {gte: 1}\n", 4, "“none”"},
    {"title: t\ncorrelation:\n  type: count\n", 3, "one of"},
    {"title: f\nlogsource: {product: x}\nfilter:\n  rules: any\n  s: {A: 1}\n", 1, "no condition"},
};

static void run_cases(void)
{
    for (unsigned without = 0; without < 2; without++) {
        for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
            ok(matches(cases[i].rule, NULL, cases[i].event, without) == cases[i].matches, "%s %s%s", strstr(cases[i].rule, "  s:") + 5, cases[i].event, without ? " (no patterns)" : "");
        for (size_t i = 0; i < sizeof conditions / sizeof *conditions; i++)
            ok(matches(conditions[i].rule, NULL, conditions[i].event, without) == conditions[i].matches, "%s %s", strstr(conditions[i].rule, "condition:"), conditions[i].event);
    }
}

static void run_faults(void)
{
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct fields *fields;
        char where[32];
        snprintf(where, sizeof where, "r.yml:%u", faults[i].line);
        struct sigma *sigma = compile(faults[i].text, NULL, true, &fields);
        const struct sigma_rule *rule = sigma_rule(sigma, 0);
        bool good = rule && rule->standing == SIGMA_REFUSED && strcmp(rule->where, where) == 0 && strstr(rule->why.in[LANG_EN], faults[i].says) &&
                    strcmp(rule->why.in[LANG_FR], rule->why.in[LANG_EN]) != 0;
        ok(good, "%s: %s", where, faults[i].says);
        if (!good && rule)
            printf("# %s: %s\n", rule->where ? rule->where : "ready", rule->where ? rule->why.in[LANG_EN] : "");
        sigma_free(sigma);
    }
}

#define RULE(title, id, source, item) "title: " title "\nid: " id "\nlogsource: {" source "}\ndetection:\n  s: {" item "}\n  condition: s\n"
#define FILTER(source, rules, item) "---\ntitle: f\nlogsource: {" source "}\nfilter:\n  rules: " rules "\n  s: {" item "}\n  condition: not s\n"
static const char map[] =
    "sources:\n"
    "  - {product: w, any: [{when: {Channel: '*'}}]}\n"
    "  - {product: w, category: p, any: [{when: {Channel: Sys, EventID: 1}}, {when: {Channel: sec*, EventID: [4, 5]}, rename: {Image: NewName}}]}\n"
    "  - {product: w, service: sys, any: [{when: {Channel: SYS}}]}\n"
    "  - {category: web, any: [{format: [apache]}]}\n"
    "  - {product: gone, why: {en: no such events, fr: aucun}}\n";

static void run_documents(void)
{
    const char *two = RULE("a", "1", "product: w", "A: 1") "---\n# only words\n---\n" RULE("b", "2", "product: w, category: p", "A: 1");
    is_int(matches(two, NULL, "{\"A\": 1}", false), 12, "both documents of a file match, an empty one between is none");
    const char *filtered = RULE("a", "1", "product: w", "A: 1") "---\n" RULE("b", "2", "product: w, category: p", "A: 1") FILTER("category: p, product: w", "any", "B: 1");
    is_int(matches(filtered, NULL, "{\"A\": 1, \"B\": 1}", false), 1, "a filter takes the rules of its log source");
    is_int(matches(filtered, NULL, "{\"A\": 1}", false), 12, "and only the events that it means");
    const char *named = RULE("a", "1", "product: w", "A: 1") "---\n" RULE("b", "2", "product: w", "A: 1") FILTER("product: w", "['1']", "B: 1");
    is_int(matches(named, NULL, "{\"A\": 1, \"B\": 1}", true), 2, "a filter takes the rules that it names");
    const char *sourced = RULE("a", "1", "product: w", "A: 1") "---\n" RULE("b", "2", "product: w, category: p", "Image: x") "---\n"
                          RULE("c", "3", "product: w, category: p, service: sys", "Image: x") "---\n" RULE("d", "4", "category: web", "A: 1");
    for (unsigned without = 0; without < 2; without++) {
        is_int(matches(sourced, map, "{\"A\": 1, \"Channel\": \"other\"}", without), 1, "a product's events");
        is_int(matches(sourced, map, "{\"A\": 1}", without), 0, "events of no source");
        is_int(matches(sourced, map, "{\"Image\": \"x\", \"Channel\": \"sys\", \"EventID\": 1}", without), 23, "category, and category with service");
        is_int(matches(sourced, map, "{\"NewName\": \"X\", \"Channel\": \"Security\", \"EventID\": \"5\"}", without), 2, "a field under another name");
        is_int(matches(sourced, map, "{\"Image\": \"X\", \"Channel\": \"Security\", \"EventID\": \"5\"}", without), 0, "and only under that");
    }
    struct fields *fields;
    struct sigma *sigma = compile(RULE("a", "1", "product: gone", "A: 1") "---\n" RULE("b", "2", "product: v", "A: 1") "---\n" RULE("c", "2", "product: w", "A: 1") "---\n"
                                  RULE("d", "2", "product: w", "A: 1"), map, true, &fields);
    is(sigma_rule(sigma, 0)->why.in[LANG_FR], "aucun", "a source that is not read says why");
    is(sigma_rule(sigma, 1)->where, "r.yml:10", "a source that is not in the map is refused where it stands");
    is(sigma_rule(sigma, 3)->where, "r.yml:23", "an id twice");
    struct sigma_counts counts = sigma_counts(sigma);
    ok(counts.rules == 4 && counts.ready + counts.refused == 4, "all are counted");
    sigma_free(sigma);
}

int main(void)
{
    arena = arena_new((size_t)1 << 30);
    run_cases();
    run_faults();
    run_documents();
    arena_free(arena);
    return tap_done();
}
