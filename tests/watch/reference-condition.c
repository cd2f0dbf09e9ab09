/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's conditions: a descent through or, and, not, "x of", parentheses, weakest first. "1 of" and "all of" become the or
 * and the and of the selections that they name. The grammar's words are read without regard to case (decided), names as they are.
 */
#include <ctype.h>
#include <strings.h>

#include "reference-inside.h"

struct parser {
    struct arena *arena;
    const char *at, *why;
    const struct selection *selections;
    size_t n;
    unsigned depth;
};

static struct expression *read_or(struct parser *p);

/* The next word or parenthesis, without taking it; empty at the end. */
static const char *peek(struct parser *p)
{
    const char *from = p->at;
    while (isspace((unsigned char)*from))
        from++;
    const char *to = from;
    if (*to == '(' || *to == ')')
        to++;
    else
        while (*to && !isspace((unsigned char)*to) && *to != '(' && *to != ')')
            to++;
    return arena_strndup(p->arena, from, (size_t)(to - from));
}
static void take(struct parser *p)
{
    const char *word = peek(p);
    while (isspace((unsigned char)*p->at))
        p->at++;
    p->at += strlen(word);
}
static bool taken(struct parser *p, const char *word)
{
    bool there = strcasecmp(peek(p), word) == 0;
    if (there)
        take(p);
    return there;
}

static struct expression *make(struct parser *p, int kind, size_t selection, struct expression *left, struct expression *right)
{
    struct expression *e = ARENA_NEW(p->arena, struct expression);
    e->kind = kind, e->selection = selection, e->left = left, e->right = right;
    return e;
}
static struct expression *fail(struct parser *p, const char *why)
{
    if (!p->why)
        p->why = why;
    return NULL;
}

static struct expression *read_of(struct parser *p, int kind)
{
    const char *pattern = peek(p);
    struct expression *e = NULL;
    take(p);
    if (!*pattern || *pattern == '(' || *pattern == ')')
        return fail(p, "a pattern or them must follow of");
    for (size_t i = 0; i < p->n; i++) {
        const char *name = p->selections[i].name;
        bool hidden = name[0] == '_' && pattern[0] != '_';       /* decided: also for patterns that do not ask for it */
        if (!hidden && (strcasecmp(pattern, "them") == 0 || text_glob(pattern, name))) {
            struct expression *one = make(p, IS_SELECTION, i, NULL, NULL);
            e = e ? make(p, kind, 0, e, one) : one;
        }
    }
    return e ? e : fail(p, "no selection has such a name");      /* decided: a condition over nothing is a mistake */
}

static struct expression *read_one(struct parser *p)
{
    const char *word = peek(p);
    if (++p->depth > 5000)
        return fail(p, "too deep");
    if (taken(p, "(")) {
        struct expression *e = read_or(p);
        return e && !taken(p, ")") ? fail(p, "a closing parenthesis is missing") : e;
    }
    if (!*word || strcmp(word, ")") == 0 || strcasecmp(word, "and") == 0 || strcasecmp(word, "or") == 0)
        return fail(p, "a selection is missing");
    take(p);
    if (strcmp(word, "1") == 0 || strcasecmp(word, "any") == 0 || strcasecmp(word, "all") == 0)
        if (taken(p, "of"))
            return read_of(p, strcasecmp(word, "all") == 0 ? IS_AND : IS_OR);
    for (size_t i = 0; i < p->n; i++)
        if (strcmp(p->selections[i].name, word) == 0)
            return make(p, IS_SELECTION, i, NULL, NULL);
    return fail(p, "no selection has this name");
}
static struct expression *read_not(struct parser *p)
{
    if (++p->depth > 5000)
        return fail(p, "too deep");
    if (!taken(p, "not"))
        return read_one(p);
    struct expression *e = read_not(p);
    return e ? make(p, IS_NOT, 0, e, NULL) : NULL;
}
static struct expression *read_and(struct parser *p)
{
    struct expression *e = read_not(p);
    while (e && taken(p, "and")) {
        struct expression *right = read_not(p);
        e = right ? make(p, IS_AND, 0, e, right) : NULL;
    }
    return e;
}
static struct expression *read_or(struct parser *p)
{
    struct expression *e = read_and(p);
    while (e && taken(p, "or")) {
        struct expression *right = read_and(p);
        e = right ? make(p, IS_OR, 0, e, right) : NULL;
    }
    return e;
}

struct expression *condition_read(struct arena *arena, const char *text, const struct selection *selections, size_t n, const char **ret_why)
{
    struct parser p = {.arena = arena, .at = text, .selections = selections, .n = n};
    struct expression *e = read_or(&p);
    if (e && *peek(&p))
        e = fail(&p, "something follows the condition");
    *ret_why = p.why;
    return e;
}
