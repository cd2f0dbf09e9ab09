/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reasons: both languages are written when the reason is made. The texts know two conversions only, "%1$s".."%9$s"
 * and "%%"; how many arguments a call has is read from the English text.
 */
#include "base/reasons.h"

#include <stdio.h>
#include <string.h>

#define MOST_ARGUMENTS 9
#define DEFAULT_LIMIT 1000

/* Stands for a reason that is only counted. What is written to it is never read. */
static _Thread_local struct reason nobody;

void reasons_init(struct reasons *reasons, struct arena *arena)
{
    *reasons = (struct reasons){.arena = arena, .limit = DEFAULT_LIMIT};
}

/* The argument that a conversion at `text` ("%1$s") names, from 1; 0 when it is none. */
static int argument_at(const char *text)
{
    return text[0] == '%' && text[1] >= '1' && text[1] <= '9' && text[2] == '$' && text[3] == 's' ? text[1] - '0' : 0;
}

static int arguments_of(const char *format)
{
    int most = 0;
    for (const char *at = strchr(format, '%'); at; at = strchr(at + 1, '%')) {
        int n = argument_at(at);
        if (n > most)
            most = n;
    }
    return most;
}

/* Writes the text; with out NULL only measures it. */
static size_t expand(const char *format, const char *const *arguments, int count, char *out)
{
    size_t len = 0;
    while (*format) {
        int n = argument_at(format);
        const char *piece = format;
        size_t piece_len = *format == '%' ? 1 : strcspn(format, "%");
        if (n) {
            piece = n <= count && arguments[n - 1] ? arguments[n - 1] : "";
            piece_len = strlen(piece);
            format += 4;
        } else {
            format += format[0] == '%' && format[1] == '%' ? 2 : piece_len;
        }
        if (out)
            memcpy(out + len, piece, piece_len);
        len += piece_len;
    }
    return len;
}

static struct words words_va(struct arena *arena, const char *english, va_list list)
{
    const char *arguments[MOST_ARGUMENTS];
    int count = arguments_of(english);
    for (int i = 0; i < count; i++)
        arguments[i] = va_arg(list, const char *);
    struct words words;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        const char *format = tr((enum lang)lang, english);
        size_t len = expand(format, arguments, count, NULL);
        char *text = arena_alloc(arena, len + 1);
        expand(format, arguments, count, text);
        words.in[lang] = text;
    }
    return words;
}

struct words words_format(struct arena *arena, const char *english, ...)
{
    va_list list;
    va_start(list, english);
    struct words words = words_va(arena, english, list);
    va_end(list);
    return words;
}

static struct reason *append(struct reasons *reasons)
{
    size_t limit = reasons->limit ? reasons->limit : DEFAULT_LIMIT;
    if (reasons->count++ >= limit)
        return &nobody;
    struct reason *reason = ARENA_NEW(reasons->arena, struct reason);
    if (reasons->last)
        reasons->last->after = reason;
    else
        reasons->first = reason;
    reasons->last = reason;
    return reason;
}

struct reason *reason_add(struct reasons *reasons, const char *rule, const char *where, const char *english, ...)
{
    if (!reasons)
        return &nobody;
    struct reason *reason = append(reasons);
    if (reason == &nobody)
        return reason;
    reason->rule = arena_strdup(reasons->arena, rule);
    reason->where = where ? arena_strdup(reasons->arena, where) : NULL;
    va_list list;
    va_start(list, english);
    reason->text = words_va(reasons->arena, english, list);
    va_end(list);
    return reason;
}

void reason_next(struct reasons *reasons, struct reason *reason, const char *english, ...)
{
    if (!reasons || reason == &nobody)
        return;
    va_list list;
    va_start(list, english);
    reason->next = words_va(reasons->arena, english, list);
    va_end(list);
}

static const char *copied(struct arena *arena, const char *text)
{
    return text ? arena_strdup(arena, text) : NULL;
}

void reasons_join(struct reasons *to, const struct reasons *from)
{
    if (!to || !from)
        return;
    size_t linked = 0;
    for (const struct reason *one = from->first; one; one = one->after, linked++) {
        struct reason *copy = append(to);
        if (copy == &nobody)
            continue;
        copy->rule = copied(to->arena, one->rule);
        copy->where = copied(to->arena, one->where);
        copy->grants = one->grants;
        for (int lang = 0; lang < LANG_COUNT; lang++) {
            copy->text.in[lang] = copied(to->arena, one->text.in[lang]);
            copy->next.in[lang] = copied(to->arena, one->next.in[lang]);
        }
    }
    to->count += from->count - linked;     /* those that `from` only counted */
}

static size_t line_length(const struct reason *one, enum lang lang)
{
    return (one->where ? strlen(one->where) + 2 : 0) + strlen(one->text.in[lang]) + strlen(one->rule) + 4;
}

char *reasons_text(const struct reasons *reasons, enum lang lang)
{
    size_t len = 0, at = 0;
    for (const struct reason *one = reasons->first; one; one = one->after)
        len += line_length(one, lang);
    char *text = arena_alloc(reasons->arena, len + 1);
    for (const struct reason *one = reasons->first; one; one = one->after) {
        snprintf(text + at, len + 1 - at, "%s%s%s (%s)\n", one->where ? one->where : "", one->where ? ": " : "",
                 one->text.in[lang], one->rule);
        at += line_length(one, lang);
    }
    return text;
}
