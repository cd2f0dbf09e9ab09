/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conditions: or, and, not, "1 of", "all of", parentheses, weakest first; a list of conditions is their OR. Words of the grammar are
 * read without regard to case, names of selections exactly. A pattern leaves out names that begin with "_" unless it begins so itself.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "watch/sigma/inside.h"

struct parser {
    struct reading *r;
    const struct val *where;
    const struct program *program;
    const char *at;
    char word[256];                        /* the current token; empty at the end */
    unsigned depth;
};

static bool name_byte(char c) { return c && !strchr(" \t\r\n()|", c); }

static bool advance(struct parser *p)
{
    while (*p->at && strchr(" \t\r\n", *p->at))
        p->at++;
    size_t n = 0;
    if (*p->at && strchr("()|", *p->at))
        n = 1;
    else
        while (name_byte(p->at[n]))
            n++;
    if (n >= sizeof p->word) {
        reading_fault(p->r, p->where, T_("a word of the condition is longer than %1$s characters"), "255");
        return false;
    }
    memcpy(p->word, p->at, n);
    p->word[n] = 0;
    p->at += n;
    return true;
}

static bool is_word(const struct parser *p, const char *word) { return strcasecmp(p->word, word) == 0; }
static const struct node *parse_or(struct parser *);

static bool fits(const char *pattern, const char *name)
{
    if (*pattern == '*')
        return fits(pattern + 1, name) || (*name && fits(pattern, name + 1));
    return *pattern ? *pattern == *name && fits(pattern + 1, name + 1) : !*name;
}

/* "1 of x*", "all of them": the number has been read into `kind`. */
static const struct node *parse_of(struct parser *p, enum node_kind kind)
{
    struct arena *arena = p->r->sigma->arena;
    if (!advance(p))
        return NULL;
    if (!is_word(p, "of"))
        return reading_fault(p->r, p->where, T_("after “1” or “all” the condition must go on with “of”; here stands “%1$s”"), p->word);
    if (!advance(p))
        return NULL;
    const char *pattern = is_word(p, "them") ? "*" : p->word;
    if (!pattern[0] || strchr("()|", pattern[0]))
        return reading_fault(p->r, p->where, T_("behind “of” a name of selections or “them” must stand"));
    size_t stars = 0;
    for (const char *c = pattern; *c; c++)
        stars += *c == '*';
    if (stars > 4)
        return reading_fault(p->r, p->where, T_("the pattern “%1$s” has more than four stars"), pattern);
    const struct node **kids = ARENA_ARRAY(arena, const struct node *, p->program->n_selections + 1);
    size_t n = 0;
    for (size_t i = 0; i < p->program->n_selections; i++) {
        const char *name = p->program->selections[i].name;
        if ((name[0] != '_' || pattern[0] == '_') && fits(pattern, name))
            kids[n++] = p->program->selections[i].node;
    }
    if (n == 0)
        return reading_fault(p->r, p->where, T_("no selection has a name like “%1$s”"), p->word);
    return advance(p) ? node_many(arena, kind, kids, n) : NULL;
}

static const struct node *parse_name(struct parser *p)
{
    for (size_t i = 0; i < p->program->n_selections; i++)
        if (strcmp(p->program->selections[i].name, p->word) == 0)
            return advance(p) ? p->program->selections[i].node : NULL;
    return reading_fault(p->r, p->where, T_("the condition names the selection “%1$s”, which is not there"), p->word);
}

static bool starts_of(const struct parser *p)
{
    const char *at = p->at;
    while (*at && strchr(" \t\r\n", *at))
        at++;
    return strncasecmp(at, "of", 2) == 0 && !name_byte(at[2]);
}

static const struct node *parse_one(struct parser *p)
{
    if (is_word(p, "(")) {
        const struct node *inner = advance(p) ? parse_or(p) : NULL;
        if (inner && !is_word(p, ")"))
            return reading_fault(p->r, p->where, T_("a parenthesis of the condition is not closed"));
        return inner && advance(p) ? inner : NULL;
    }
    if (p->word[0] == 0)
        return reading_fault(p->r, p->where, T_("the condition ends where a selection should stand"));
    if (is_word(p, "|"))
        return reading_fault(p->r, p->where, T_("conditions with “|” are no longer part of Sigma; write a correlation instead"));
    if (is_word(p, ")") || is_word(p, "and") || is_word(p, "or"))
        return reading_fault(p->r, p->where, T_("“%1$s” stands in the condition where a selection should stand"), p->word);
    if (starts_of(p)) {
        if (is_word(p, "1") || is_word(p, "any"))
            return parse_of(p, NODE_OR);
        if (is_word(p, "all"))
            return parse_of(p, NODE_AND);
        return reading_fault(p->r, p->where, T_("before “of” only “1” or “all” may stand, not “%1$s”"), p->word);
    }
    return parse_name(p);
}

static const struct node *parse_not(struct parser *p)
{
    if (++p->depth > SIGMA_DEPTH_MOST)
        return reading_fault(p->r, p->where, T_("the condition is nested deeper than %1$s levels"), "48");
    const struct node *node;
    if (is_word(p, "not")) {
        node = advance(p) ? parse_not(p) : NULL;
        node = node ? node_not(p->r->sigma->arena, node) : NULL;
    } else {
        node = parse_one(p);
    }
    p->depth--;
    return node;
}

/* Terms joined by one word; what binds tighter is read by `next`. */
static const struct node *parse_joined(struct parser *p, const char *word, enum node_kind kind, const struct node *(*next)(struct parser *))
{
    struct arena *arena = p->r->sigma->arena;
    const struct node **kids = NULL;
    size_t n = 0, room = 0;
    do {
        const struct node *term = (n == 0 || advance(p)) ? next(p) : NULL;
        if (!term)
            return NULL;
        if (n == room) {
            const struct node **more = ARENA_ARRAY(arena, const struct node *, room = room ? 2 * room : 4);
            if (n)
                memcpy(more, kids, n * sizeof *more);
            kids = more;
        }
        kids[n++] = term;
    } while (is_word(p, word));
    return node_many(arena, kind, kids, n);
}

static const struct node *parse_and(struct parser *p) { return parse_joined(p, "and", NODE_AND, parse_not); }
static const struct node *parse_or(struct parser *p) { return parse_joined(p, "or", NODE_OR, parse_and); }

static const struct node *parse(struct reading *r, const struct val *condition, const struct program *program)
{
    const char *text = val_text(condition);
    if (!text || !text[0])
        return reading_fault(r, condition, T_("a condition must be text such as “selection and not filter”"));
    struct parser p = {.r = r, .where = condition, .program = program, .at = text};
    const struct node *node = advance(&p) ? parse_or(&p) : NULL;
    if (node && p.word[0])
        return reading_fault(r, condition, is_word(&p, "|") ? T_("conditions with “|” are no longer part of Sigma; write a correlation instead") :
                             T_("“%1$s” stands behind the end of the condition; “and”, “or” or nothing is expected"), p.word);
    return node;
}

const struct node *condition_compile(struct reading *r, const struct val *condition, const struct program *program)
{
    if (!condition)
        return reading_fault(r, NULL, T_("the rule has no condition"));
    if (condition->kind != VAL_ARRAY)
        return parse(r, condition, program);
    if (condition->count == 0)
        return reading_fault(r, condition, T_("the list of conditions is empty"));
    const struct node **kids = ARENA_ARRAY(r->sigma->arena, const struct node *, condition->count);
    for (uint32_t i = 0; i < condition->count; i++)
        if (!(kids[i] = parse(r, condition->items[i], program)))
            return NULL;
    return node_many(r->sigma->arena, NODE_OR, kids, condition->count);
}
