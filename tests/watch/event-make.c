/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See event-make.h.
 */
#include "event-make.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "regex-make.h"
#include "tap.h"

struct making { struct arena *arena; const struct variant *variant; struct made *made; bool with_filters; };

static const char *renamed(const struct making *m, const char *field)
{
    for (const struct rename *r = m->variant->renames; r; r = r->next)
        if (strcmp(r->from, field) == 0)
            return r->to;
    return field;
}
static void wish(struct making *m, const char *field, const char *text, size_t len, int place)
{
    if (m->made->n < 400)
        m->made->wishes[m->made->n++] = (struct wish){field ? renamed(m, field) : "Message", text, len, place, false};
}

static void wish_pattern(struct making *m, const char *field, struct pattern p)
{
    static const char *const between[] = {"", "", "q7", "Zz-8 "};
    char *text = arena_alloc(m->arena, 4 * p.n + 8 * p.n + 8);
    size_t n = 0;
    bool open_front = p.n && p.c[0] == ANY, open_end = p.n && p.c[p.n - 1] == ANY;
    for (size_t i = 0; i < p.n; i++) {
        const char *bytes;
        size_t len;
        if (p.c[i] == ANY) {
            const char *some = between[tap_below(4)];
            memcpy(text + n, some, strlen(some));
            n += strlen(some);
        } else if (p.c[i] == ONE) {
            text[n++] = 'w';
        } else if (text_plain(m->arena, (struct pattern){&p.c[i], 1}, &bytes, &len)) {
            memcpy(text + n, bytes, len);
            n += len;
        }
    }
    wish(m, field, text, n, open_front && open_end ? 0 : open_front ? 1 : open_end ? -1 : 2);
}

static void wish_regex(struct making *m, const char *field, const struct test *test)
{
    char text[4096];
    for (int i = 0; i < 50; i++) {
        regex_make(test->expression, text, sizeof text);
        if (test_holds_for(test, text, strlen(text)))
            break;
    }
    wish(m, field, arena_strdup(m->arena, text), strlen(text), 2);
}

static void wish_number(struct making *m, const char *field, const struct test *test)
{
    long double n = test->number + (test->order == ORDER_LT ? -1 : test->order == ORDER_GT ? 1 : 0);
    char *text = arena_alloc(m->arena, 80);
    if (test->part == PART_NONE) {
        snprintf(text, 80, "%.0Lf", n);
    } else {
        int y = test->part == PART_YEAR ? (int)n : 2024, mo = test->part == PART_MONTH ? (int)n : test->part == PART_WEEK ? 1 + (int)(n * 12 / 54) : 3,
            d = test->part == PART_DAY ? (int)n : 5;
        snprintf(text, 80, "%04d-%02d-%02dT%02d:%02d:00Z", y, mo, d, test->part == PART_HOUR ? (int)n : 4, test->part == PART_MINUTE ? (int)n : 6);
    }
    wish(m, field, text, strlen(text), 2);
}

static void test_true(struct making *m, const char *field, const struct test *test)
{
    char address[64];
    switch (test->kind) {
    case TEST_PATTERN: wish_pattern(m, field, test->pattern); break;
    case TEST_REGEX: wish_regex(m, field, test); break;
    case TEST_CIDR:
        inet_ntop(test->family, test->address, address, sizeof address);
        wish(m, field, arena_strdup(m->arena, address), strlen(address), 2);
        break;
    case TEST_NUMBER: wish_number(m, field, test); break;
    case TEST_FIELD:
        wish(m, field, "the same", 8, 2);
        wish(m, test->field, "THE same", 8, 2);
        break;
    case TEST_EXISTS:
        if (test->exists)
            wish(m, field, "there", 5, 0);
        break;
    case TEST_NULL: break;
    }
}
static const struct test *some_test(const struct test *test)
{
    size_t n = 0;
    for (const struct test *t = test; t; t = t->next)
        n++;
    for (size_t skip = tap_below(n); skip; skip--)
        test = test->next;
    return test;
}
static void item_true(struct making *m, const struct item *item)
{
    if (item->all)
        for (size_t i = 0; i < item->n_values; i++)
            test_true(m, item->field, some_test(item->values[i]));
    else
        test_true(m, item->field, some_test(item->values[tap_below(item->n_values)]));
}
/* Absent fields fail every test but these. */
static void item_false(struct making *m, const struct item *item)
{
    for (size_t i = 0; i < item->n_values; i++)
        for (const struct test *t = item->values[i]; t; t = t->next)
            if (t->kind == TEST_NULL || (t->kind == TEST_EXISTS && !t->exists)) {
                const char *text = arena_printf(m->arena, "something %u", (unsigned)tap_below(100000));      /* other than any other field's */
                wish(m, item->field, text, strlen(text), 0);
                return;
            }
}
static void item_make(struct making *m, const struct item *item, bool want)
{
    if (want != item->negated)
        item_true(m, item);
    else
        item_false(m, item);
}

static void expression_make(struct making *m, const struct rule *rule, const struct expression *e, bool want)
{
    const struct selection *s;
    const struct group *g;
    switch (e->kind) {
    case IS_SELECTION:
        s = &rule->selections[e->selection];
        g = &s->groups[tap_below(s->n_groups)];
        if (want) {
            for (size_t i = 0; i < g->n; i++)
                item_make(m, &g->items[i], true);
        } else {
            for (size_t i = 0; i < s->n_groups; i++)
                item_make(m, &s->groups[i].items[tap_below(s->groups[i].n)], false);
        }
        break;
    case IS_NOT: expression_make(m, rule, e->left, m->with_filters ? want : !want); break;
    case IS_AND:
    case IS_OR:
        if ((e->kind == IS_AND) == want || m->with_filters) {
            expression_make(m, rule, e->left, want);
            expression_make(m, rule, e->right, want);
        } else {
            expression_make(m, rule, tap_below(2) ? e->left : e->right, want);
        }
        break;
    }
}

static const char *accepted(struct arena *arena, const struct node *values)
{
    const struct node *one = values->kind == NODE_LIST ? values->items[tap_below(values->n)] : values;
    size_t len = strlen(one->text);
    if (strcmp(one->text, "*") == 0)
        return "some";
    return len && one->text[len - 1] == '*' ? arena_printf(arena, "%.*s7", (int)len - 1, one->text) : one->text;
}
static void source_make(struct making *m)
{
    for (size_t a = 0; a < m->variant->n; a++) {
        const struct node *when = node_get(m->variant->alternatives[a], "when"), *format = node_get(m->variant->alternatives[a], "format");
        if (format)
            m->made->format = accepted(m->arena, format);
        for (size_t i = 0; when && i < when->n; i++) {
            bool there = false;
            for (size_t w = 0; w < m->made->n; w++)
                there |= strcmp(m->made->wishes[w].field, when->keys[i]->text) == 0;
            if (there)
                continue;
            const char *text = accepted(m->arena, when->items[i]);
            wish(m, when->keys[i]->text, text, strlen(text), 2);
            m->made->wishes[m->made->n - 1] = (struct wish){when->keys[i]->text, text, strlen(text), 2, true};
        }
    }
}

bool event_from_rule(struct arena *arena, const struct rule *rule, bool with_filters, struct made *ret)
{
    size_t n = 0;
    for (const struct variant *v = rule->variants; v; v = v->next)
        n++;
    if (rule->shown.refused || !n || !rule->n_conditions)
        return false;
    *ret = (struct made){0};
    struct making m = {.arena = arena, .variant = rule->variants, .made = ret, .with_filters = with_filters};
    for (size_t skip = tap_below(4) ? 0 : tap_below(n); skip; skip--)
        m.variant = m.variant->next;
    expression_make(&m, rule, rule->conditions[tap_below(rule->n_conditions)], true);
    source_make(&m);
    return true;
}

enum { CHANGES = 7 };
size_t event_changes(const struct made *made) { return made->n * CHANGES; }
void event_change(struct arena *arena, const struct made *made, size_t change, struct made *ret)
{
    *ret = *made;
    struct wish *w = &ret->wishes[change / CHANGES];
    char *text = arena_alloc(arena, w->len + 8);
    memcpy(text, w->text, w->len);
    switch (change % CHANGES) {
    case 0: *w = ret->wishes[--ret->n]; return;                         /* gone */
    case 1: w->len -= w->len > 0; break;                                /* its last byte gone */
    case 2: memmove(text, text + (w->len > 0), w->len - (w->len > 0)); w->len -= w->len > 0; break;
    case 3: memcpy(text + w->len, "~", 1); w->len++; break;
    case 4: memmove(text + 1, text, w->len); text[0] = '~'; w->len++; break;
    case 5:
        for (size_t i = 0; i < w->len; i++)
            text[i] = (char)(isupper((unsigned char)text[i]) ? tolower((unsigned char)text[i]) : toupper((unsigned char)text[i]));
        break;
    default: memcpy(text, "other", 5); w->len = 5; break;
    }
    w->text = text;
}

static void json_bytes(struct buf *out, const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c == '"' || c == '\\' || c < 0x20)
            buf_addf(out, "\\u%04x", c);
        else
            buf_add(out, &text[i], 1);
    }
}
static void json_joined(struct buf *out, const struct made *made, const char *field)
{
    for (size_t i = 0; i < made->n; i++)                /* a whole value stands alone */
        if (strcmp(made->wishes[i].field, field) == 0 && made->wishes[i].place == 2) {
            json_bytes(out, made->wishes[i].text, made->wishes[i].len);
            return;
        }
    for (int place = -1; place <= 1; place++)
        for (size_t i = 0; i < made->n; i++)
            if (strcmp(made->wishes[i].field, field) == 0 && made->wishes[i].place == place)
                json_bytes(out, made->wishes[i].text, made->wishes[i].len);
}
static bool in_system(const char *field) { return strcmp(field, "Channel") == 0 || strcmp(field, "EventID") == 0; }
/* The members whose name is one of System's (or none of them). */
static void json_members(struct buf *out, const struct made *made, bool joined, bool system, bool dressed)
{
    for (size_t i = 0; i < made->n; i++) {
        bool before = dressed && in_system(made->wishes[i].field) != system;
        for (size_t k = 0; k < i; k++)
            before |= strcmp(made->wishes[k].field, made->wishes[i].field) == 0;
        if (before)
            continue;
        buf_addf(out, ", \"");
        json_bytes(out, made->wishes[i].field, strlen(made->wishes[i].field));
        buf_addf(out, "\": ");
        if (joined) {
            buf_adds(out, "\"");
            json_joined(out, made, made->wishes[i].field);
            buf_adds(out, "\"");
            continue;
        }
        const char *separator = "[";
        for (size_t k = i; k < made->n; k++)
            if (strcmp(made->wishes[k].field, made->wishes[i].field) == 0) {
                buf_addf(out, "%s\"", separator);
                json_bytes(out, made->wishes[k].text, made->wishes[k].len);
                buf_adds(out, "\"");
                separator = ", ";
            }
        buf_addf(out, "]");
    }
}

const char *event_json(struct arena *arena, const struct made *made, bool joined)
{
    struct buf out;
    bool dressed = false, flat_name = false;
    buf_init(&out, (size_t)8 << 20);
    for (size_t i = 0; i < made->n; i++) {
        dressed |= strcmp(made->wishes[i].field, "Channel") == 0 && made->wishes[i].of_source;
        flat_name |= strcmp(made->wishes[i].field, "SourceName") == 0;      /* in a flat event it would be the provider's name */
    }
    dressed = dressed && (flat_name || tap_below(2));
    buf_addf(&out, dressed ? "{\"Event\": {\"System\": {\"_\": 0" : "{\"_\": 0");
    json_members(&out, made, joined, true, dressed);
    if (dressed) {
        buf_addf(&out, "}, \"EventData\": {\"_\": 0");
        json_members(&out, made, joined, false, dressed);
        buf_addf(&out, "}}");
    }
    buf_addf(&out, "}");
    const char *text = arena_strndup(arena, out.data, out.len);
    buf_free(&out);
    return text;
}
