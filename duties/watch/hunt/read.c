/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The text of a query (see hunt.h), line by line. Every faulty line is told, with what would be right; nothing is guessed: a line that
 * could be meant in two ways is a fault.
 */
#include <string.h>

#include "base/text.h"
#include "watch/hunt/hunt.h"

#define RULE "hunt.query"
#define FAULTS_MOST 50

struct reading {
    struct arena *arena;
    struct reasons *reasons;
    struct hunt_term *terms; size_t n_terms;
    struct hunt_rule *rules; size_t n_rules;
    unsigned line, faults;
};
struct piece { const char *at, *end; };

static const char *here(struct reading *r) { return arena_printf(r->arena, "%u", r->line); }
static bool fault(struct reading *r, const char *english, const char *argument)
{
    if (++r->faults <= FAULTS_MOST)
        reason_add(r->reasons, RULE, here(r), english, here(r), argument ? argument : "");
    return false;
}

static bool blank(char c) { return c == ' ' || c == '\t' || c == '\r'; }
static struct piece bare(struct piece piece)
{
    while (piece.at < piece.end && blank(*piece.at))
        piece.at++;
    while (piece.end > piece.at && blank(piece.end[-1]))
        piece.end--;
    return piece;
}
static size_t length(struct piece piece) { return (size_t)(piece.end - piece.at); }

/* For a fault: not more than a line of it, cut between characters. */
static const char *some(struct reading *r, struct piece piece)
{
    size_t n = length(piece) < 80 ? length(piece) : 80;
    while (n && n < length(piece) && (piece.at[n] & 0xc0) == 0x80)
        n--;
    return arena_strndup(r->arena, piece.at, n);
}

bool hunt_is_rule(const char *text, size_t len)
{
    if (len != 36)
        return false;
    for (size_t i = 0; i < len; i++) {
        bool dash = i == 8 || i == 13 || i == 18 || i == 23, hex = (text[i] >= '0' && text[i] <= '9') || ((text[i] | 32) >= 'a' && (text[i] | 32) <= 'f');
        if (dash ? text[i] != '-' : !hex)
            return false;
    }
    return true;
}

/* "Image" of "Image: value": a name as events have them, a colon, and a blank or the end behind it. So "C:\x" and "http://x" are terms. */
static bool field_of(struct piece *piece, struct piece *ret_field)
{
    const char *at = piece->at;
    while (at < piece->end && ((*at >= 'a' && *at <= 'z') || (*at >= 'A' && *at <= 'Z') || (*at >= '0' && *at <= '9') || strchr("_.-@/", *at)))
        at++;
    if (at == piece->at || at == piece->end || *at != ':' || (at + 1 < piece->end && !blank(at[1])))
        return false;
    *ret_field = (struct piece){piece->at, at};
    *piece = bare((struct piece){at + 1, piece->end});
    return true;
}

/* "quoted": the text between; \" and \\ stand for themselves. */
static bool unquoted(struct reading *r, struct piece piece, struct piece *ret)
{
    char *text = arena_alloc(r->arena, length(piece) + 1);
    size_t n = 0;
    const char *at = piece.at + 1;
    for (; at < piece.end && *at != '"'; at++) {
        if (*at == '\\' && at + 1 < piece.end && (at[1] == '"' || at[1] == '\\'))
            at++;
        text[n++] = *at;
    }
    if (at == piece.end)
        return fault(r, T_("Line %1$s: the quotation mark is not closed; write one at the end, and a backslash before a quotation mark that is meant."), NULL);
    if (at + 1 != piece.end)
        return fault(r, T_("Line %1$s: something stands behind the closing quotation mark: %2$s. Write each term on a line of its own."), some(r, (struct piece){at + 1, piece.end}));
    *ret = (struct piece){text, text + n};
    return true;
}

/* Stars at the ends of a field's value. */
static bool stars(struct reading *r, struct piece *value, enum hunt_how *ret)
{
    bool before = value->at < value->end && *value->at == '*', after;
    value->at += before;
    after = value->at < value->end && value->end[-1] == '*';
    value->end -= after;
    if (value->at < value->end && memchr(value->at, '*', length(*value)))
        return fault(r, T_("Line %1$s: a * stands at the beginning or at the end of a value, not inside: %2$s. Quote the value where the * itself is meant."),
                     some(r, *value));
    *ret = before ? after ? HUNT_HAS : HUNT_ENDS : after ? HUNT_BEGINS : HUNT_IS;
    return true;
}

static bool take_rule(struct reading *r, struct piece piece)
{
    char *id = arena_strndup(r->arena, piece.at, length(piece));
    for (char *c = id; *c; c++)
        *c = *c >= 'A' && *c <= 'F' ? (char)(*c | 32) : *c;
    for (size_t i = 0; i < r->n_rules; i++)
        if (str_eq(r->rules[i].id, id))
            return true;
    r->rules[r->n_rules++] = (struct hunt_rule){r->line, id};
    return true;
}

static bool take_term(struct reading *r, struct piece piece)
{
    struct hunt_term term = {.line = r->line, .how = HUNT_HAS};
    struct piece field, value = piece;
    bool named = *piece.at != '"' && field_of(&value, &field);
    if (named && value.at == value.end)
        return fault(r, T_("Line %1$s: there is no value behind the field %2$s; write “%2$s: value”."), some(r, field));
    if (value.at < value.end && *value.at == '"') {
        if (!unquoted(r, value, &value))
            return false;
        term.how = named ? HUNT_IS : HUNT_HAS;
    } else if (named && !stars(r, &value, &term.how)) {
        return false;
    } else if (!named && memchr(value.at, '*', length(value))) {
        return fault(r, T_("Line %1$s: a term without a field is looked for anywhere, so it needs no *: %2$s. Leave it out, or quote the term where the * itself is meant."), some(r, value));
    }
    if (length(value) < HUNT_TERM_LEAST && term.how != HUNT_IS)
        return fault(r, T_("Line %1$s: %2$s is too short to be looked for; a term has two characters at least."), some(r, value));
    if (length(value) > HUNT_TERM_MOST || (named && length(field) > EVENT_NAME_MOST))
        return fault(r, T_("Line %1$s: the term is too long; at most 1024 bytes are looked for."), NULL);
    term.field = named ? arena_strndup(r->arena, field.at, length(field)) : NULL;
    term.text = arena_strndup(r->arena, value.at, length(value));
    term.len = length(value);
    r->terms[r->n_terms++] = term;
    return true;
}

static bool take_line(struct reading *r, struct piece line)
{
    line = bare(line);
    if (line.at == line.end || *line.at == '#')
        return true;
    if (!utf8_valid(line.at, length(line)) || memchr(line.at, 0, length(line)))
        return fault(r, T_("Line %1$s is no text in UTF-8."), NULL);
    if (r->n_terms + r->n_rules >= HUNT_TERMS_MOST) {
        if (r->n_terms + r->n_rules == HUNT_TERMS_MOST && !r->faults)
            fault(r, T_("Line %1$s: there are more than 1,000 terms; divide them among several hunts."), NULL);
        return false;
    }
    return hunt_is_rule(line.at, length(line)) ? take_rule(r, line) : take_term(r, line);
}

enum status hunt_read(const char *text, size_t len, struct arena *arena, struct reasons *reasons, struct hunt_query *ret)
{
    struct reading r = {.arena = arena, .reasons = reasons};
    if (len > HUNT_TEXT_MOST) {
        reason_add(reasons, RULE, NULL, T_("The query is longer than 256 KiB."));
        return BAD_INPUT;
    }
    r.terms = ARENA_ARRAY(arena, struct hunt_term, HUNT_TERMS_MOST + 1);
    r.rules = ARENA_ARRAY(arena, struct hunt_rule, HUNT_TERMS_MOST + 1);
    for (const char *at = text, *end = text + len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        r.line++;
        take_line(&r, (struct piece){at, stop ? stop : end});
        at = stop ? stop + 1 : end;
    }
    if (r.faults)
        return BAD_INPUT;
    ret->terms = r.terms;
    ret->n_terms = r.n_terms;
    ret->rules = r.rules;
    ret->n_rules = r.n_rules;
    return OK;
}
