/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Expressions of the template language, by recursive descent:
 *     pipe := or ('|' filter)*      or := and ('or' and)*      and := not ('and' not)*      not := 'not' not | compare
 *     compare := item (('=='|'!='|'<='|'>='|'<'|'>') item)?
 *     item := "string" | 12 | true | false | null | name ('.' name | '[' pipe ']')* | '(' pipe ')'
 * Names may hold hyphens, since the fields of registers do; the language has no arithmetic.
 */
#include "template.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

static const struct filter FILTERS[] = {
    {"due", "tpl_f_due"},       {"date", "tpl_f_date"},   {"time", "tpl_f_time"},   {"iso", "tpl_f_iso"},
    {"day", "tpl_f_day"},       {"count", "tpl_f_count"}, {"words", "tpl_f_words"}, {"tr", "tpl_f_tr"},
    {"json", "tpl_f_json"},     {"asset", "tpl_f_asset"}, {"upper", "tpl_f_upper"}, {"join", "tpl_f_join"},
    {"number", "tpl_f_number"}, {"lines", NULL},          {"svg", NULL},
};

const struct filter *filter_find(const char *name)
{
    for (size_t i = 0; i < sizeof FILTERS / sizeof *FILTERS; i++) {
        if (strcmp(FILTERS[i].name, name) == 0) return &FILTERS[i];
    }
    return NULL;
}

static bool name_char(char c, bool first)
{
    unsigned char u = (unsigned char)c;
    return isalpha(u) || c == '_' || (!first && (isdigit(u) || c == '-'));
}

void skip_space(struct reader *r)
{
    while (r->next < r->end && isspace((unsigned char)*r->next)) {
        if (*r->next == '\n') r->at.line++;
        r->next++;
    }
}

bool take_char(struct reader *r, char c)
{
    skip_space(r);
    if (r->next == r->end || *r->next != c) return false;
    r->next++;
    return true;
}

bool take_word(struct reader *r, const char *word)
{
    skip_space(r);
    size_t len = strlen(word);
    if ((size_t)(r->end - r->next) < len || memcmp(r->next, word, len) != 0) return false;
    if (r->next + len < r->end && name_char(r->next[len], false)) return false;
    r->next += len;
    return true;
}

char *read_name(struct reader *r)
{
    skip_space(r);
    const char *start = r->next;
    while (r->next < r->end && name_char(*r->next, r->next == start)) r->next++;
    if (r->next == start) fault(r->at, "a name is expected here: \"%.*s\"", (int)(r->end - start), start);
    return take_text(start, (size_t)(r->next - start));
}

char *read_string(struct reader *r, size_t *ret_len)
{
    if (!take_char(r, '"')) fault(r->at, "a text in double quotes is expected here");
    char *out = take((size_t)(r->end - r->next) + 1);
    size_t len = 0;
    while (r->next < r->end && *r->next != '"') {
        char c = *r->next++;
        if (c == '\n') fault(r->at, "a text may not run over the end of a line");
        if (c == '\\' && r->next < r->end) c = *r->next++;
        out[len++] = c;
    }
    if (r->next == r->end) fault(r->at, "the closing quote is missing");
    r->next++;
    if (ret_len) *ret_len = len;
    return out;
}

void read_end(struct reader *r)
{
    skip_space(r);
    if (r->next < r->end) fault(r->at, "not understood: \"%.*s\"", (int)(r->end - r->next), r->next);
}

static struct expr *expr_new(struct reader *r, enum expr_kind kind)
{
    struct expr *e = take(sizeof *e);
    e->kind = kind;
    e->at = r->at;
    return e;
}

static struct expr *read_path(struct reader *r)
{
    struct expr *e = expr_new(r, EXPR_NAME);
    e->text = read_name(r);
    for (;;) {
        if (r->next < r->end && *r->next == '.') {
            r->next++;
            struct expr *member = expr_new(r, EXPR_MEMBER);
            member->text = read_name(r);
            member->left = e;
            e = member;
        } else if (r->next < r->end && *r->next == '[') {
            r->next++;
            struct expr *index = expr_new(r, EXPR_INDEX);
            index->left = e;
            index->right = read_expr(r);
            if (!take_char(r, ']')) fault(r->at, "\"]\" is missing");
            e = index;
        } else {
            return e;
        }
    }
}

static struct expr *read_item(struct reader *r)
{
    skip_space(r);
    if (r->next == r->end) fault(r->at, "an expression is missing");
    if (take_char(r, '(')) {
        struct expr *inner = read_expr(r);
        if (!take_char(r, ')')) fault(r->at, "\")\" is missing");
        return inner;
    }
    if (*r->next == '"') {
        struct expr *e = expr_new(r, EXPR_STRING);
        e->text = read_string(r, NULL);
        return e;
    }
    if (isdigit((unsigned char)*r->next)) {
        struct expr *e = expr_new(r, EXPR_INT);
        char *stop;
        e->number = strtoll(r->next, &stop, 10);
        r->next = stop;
        return e;
    }
    if (take_word(r, "true")) return expr_new(r, EXPR_TRUE);
    if (take_word(r, "false")) return expr_new(r, EXPR_FALSE);
    if (take_word(r, "null")) return expr_new(r, EXPR_NULL);
    return read_path(r);
}

static struct expr *read_compare(struct reader *r)
{
    static const char *const OPERATORS[] = {"==", "!=", "<=", ">=", "<", ">"};
    struct expr *left = read_item(r);
    skip_space(r);
    for (size_t i = 0; i < sizeof OPERATORS / sizeof *OPERATORS; i++) {
        size_t len = strlen(OPERATORS[i]);
        if ((size_t)(r->end - r->next) < len || memcmp(r->next, OPERATORS[i], len) != 0) continue;
        r->next += len;
        struct expr *e = expr_new(r, EXPR_COMPARE);
        e->text = OPERATORS[i];
        e->left = left;
        e->right = read_item(r);
        return e;
    }
    return left;
}

static struct expr *read_not(struct reader *r)
{
    if (!take_word(r, "not")) return read_compare(r);
    struct expr *e = expr_new(r, EXPR_NOT);
    e->left = read_not(r);
    return e;
}

static struct expr *read_and(struct reader *r)
{
    struct expr *left = read_not(r);
    while (take_word(r, "and")) {
        struct expr *e = expr_new(r, EXPR_AND);
        e->left = left;
        e->right = read_not(r);
        left = e;
    }
    return left;
}

static struct expr *read_or(struct reader *r)
{
    struct expr *left = read_and(r);
    while (take_word(r, "or")) {
        struct expr *e = expr_new(r, EXPR_OR);
        e->left = left;
        e->right = read_and(r);
        left = e;
    }
    return left;
}

struct expr *read_expr(struct reader *r)
{
    struct expr *left = read_or(r);
    while (take_char(r, '|')) {
        struct expr *e = expr_new(r, EXPR_FILTER);
        e->text = read_name(r);
        if (!filter_find(e->text)) fault(e->at, "there is no filter \"%s\"", e->text);
        e->left = left;
        left = e;
    }
    return left;
}
