/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reasons: why something was refused or is faulty, in words, in both languages, with the rule's name, the place (file
 * and line, or field) and the lawful next step. One mechanism for faults in input, refusals of the office, decisions
 * that are explained, and findings of a check.
 */
#ifndef BASE_REASONS_H
#define BASE_REASONS_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/words.h"

struct reason {
    const char *rule;          /* "label.ceiling", "register.field-required": dotted, stable, never shown alone */
    const char *where;         /* "incident.yaml:12", a field's name, a row and column; NULL when it is the whole */
    struct words text;
    struct words next;         /* the lawful next step; both NULL when there is none to give */
    bool grants;               /* in an explanation: this one speaks for, not against */
    struct reason *after;
};

struct reasons {
    struct arena *arena;
    struct reason *first, *last;
    size_t count;
    size_t limit;              /* further ones are only counted; 0 means 1000 */
};

void reasons_init(struct reasons *, struct arena *);
/* Where a function takes reasons, NULL is allowed: nothing is written then. */
/* Adds one. `english` is a T_ text whose conversions are positional strings ("%1$s"); both languages are written at
 * once, so the arguments need not live longer than the call. Returns it so that `next` or `grants` can be set. */
struct reason *reason_add(struct reasons *, const char *rule, const char *where, const char *english, ...);
/* Sets the lawful next step of a reason just added; same rules for the text. */
void reason_next(struct reasons *, struct reason *, const char *english, ...);
/* A text in both languages outside a list of reasons; same rules. */
struct words words_format(struct arena *, const char *english, ...);
/* Copies all of `from` behind those of `to`. */
void reasons_join(struct reasons *to, const struct reasons *from);
/* "where: text (rule)" a line each, in the arena of the reasons. */
char *reasons_text(const struct reasons *, enum lang);

#endif
