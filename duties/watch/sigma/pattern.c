/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text with wildcards: reading with the specification's escapes, dashes of Windows arguments, folding, matching. A pattern is a row of
 * 16-bit tokens: bytes below 256, and "*" (any length), "?" (one character) and any-dash above.
 */
#include <string.h>

#include "watch/sigma/inside.h"

struct pattern pattern_read(struct arena *arena, const char *text, size_t len, bool percent)
{
    uint16_t *tokens = ARENA_ARRAY(arena, uint16_t, len + 1);
    size_t n = 0;
    for (size_t i = 0; i < len; i++) {
        char c = text[i], next = i + 1 < len ? text[i + 1] : 0;
        if (c == '\\' && i + 1 < len && (next == '*' || next == '?' || next == '\\' || (percent && next == '%')))
            tokens[n++] = (unsigned char)text[++i];
        else
            tokens[n++] = c == '*' ? TOKEN_STAR : c == '?' ? TOKEN_ONE : (unsigned char)c;
    }
    return (struct pattern){tokens, n};
}

struct pattern pattern_join(struct arena *arena, struct pattern a, struct pattern b)
{
    uint16_t *tokens = ARENA_ARRAY(arena, uint16_t, a.n + b.n + 1);
    if (a.n)
        memcpy(tokens, a.tokens, a.n * sizeof *tokens);
    if (b.n)
        memcpy(tokens + a.n, b.tokens, b.n * sizeof *tokens);
    return (struct pattern){tokens, a.n + b.n};
}

struct pattern pattern_star(struct arena *arena, struct pattern p, bool before, bool behind)
{
    static const uint16_t star[] = {TOKEN_STAR};
    const struct pattern one = {star, 1};
    if (before)
        p = pattern_join(arena, one, p);
    return behind ? pattern_join(arena, p, one) : p;
}

/* ---- dashes ------------------------------------------------------------------------------------------------- */

static bool is_word(uint16_t token)
{
    return token < 256 && ((token >= '0' && token <= '9') || ((token | 32) >= 'a' && (token | 32) <= 'z') || token == '_' || token >= 0x80);
}

/* How many tokens the dash here has: - and / one, U+2013 to U+2015 three. */
static size_t dash_at(struct pattern p, size_t at)
{
    if (p.tokens[at] == '-' || p.tokens[at] == '/')
        return 1;
    bool long_dash = at + 2 < p.n && p.tokens[at] == 0xe2 && p.tokens[at + 1] == 0x80 && p.tokens[at + 2] >= 0x93 && p.tokens[at + 2] <= 0x95;
    return long_dash ? 3 : 0;
}

struct pattern pattern_windash(struct arena *arena, struct pattern p)
{
    uint16_t *tokens = ARENA_ARRAY(arena, uint16_t, p.n + 1);
    size_t n = 0;
    bool word = false;                                 /* before this place stands a character of a word */
    for (size_t i = 0; i < p.n;) {
        size_t dash = dash_at(p, i);
        bool next_is_dash = dash && i + dash < p.n && dash_at(p, i + dash);
        if (dash && !word && i + dash < p.n && is_word(p.tokens[i + dash]) && !next_is_dash) {
            tokens[n++] = TOKEN_DASH;
        } else {
            for (size_t k = 0; k < (dash ? dash : 1); k++)
                tokens[n++] = p.tokens[i + k];
        }
        word = !dash && is_word(p.tokens[i]);
        i += dash ? dash : 1;
    }
    return (struct pattern){tokens, n};
}

/* ---- bytes -------------------------------------------------------------------------------------------------- */

bool pattern_has_wildcards(struct pattern p)
{
    for (size_t i = 0; i < p.n; i++)
        if (p.tokens[i] > 255)
            return true;
    return false;
}

char *pattern_bytes(struct arena *arena, struct pattern p)
{
    char *bytes = ARENA_ARRAY(arena, char, p.n + 1);
    for (size_t i = 0; i < p.n; i++)
        bytes[i] = (char)p.tokens[i];
    return bytes;
}

struct pattern pattern_fold(struct arena *arena, struct pattern p)
{
    uint16_t *tokens = ARENA_ARRAY(arena, uint16_t, 2 * p.n + 8);
    size_t n = 0;
    for (size_t i = 0; i < p.n;) {
        size_t end = i;
        while (end < p.n && p.tokens[end] < 256)
            end++;
        if (end == i) {
            tokens[n++] = p.tokens[i++];
            continue;
        }
        bool ascii;
        char *bytes = pattern_bytes(arena, (struct pattern){p.tokens + i, end - i}), *folded = ARENA_ARRAY(arena, char, 2 * (end - i) + 8);
        size_t made = sigma_fold(folded, bytes, end - i, &ascii);
        for (size_t k = 0; k < made; k++)
            tokens[n++] = (unsigned char)folded[k];
        i = end;
    }
    return (struct pattern){tokens, n};
}

/* ---- matching ----------------------------------------------------------------------------------------------- */

/* Bytes that the token takes at the start of the text; 0: it does not match. */
static size_t takes(uint16_t token, const char *text, size_t len)
{
    if (len == 0)
        return 0;
    if (token == TOKEN_ONE)
        return sigma_char(text, len);
    if (token == TOKEN_DASH) {
        bool long_dash = len >= 3 && memcmp(text, "\xe2\x80", 2) == 0 && (unsigned char)text[2] >= 0x93 && (unsigned char)text[2] <= 0x95;
        return text[0] == '-' || text[0] == '/' ? 1 : long_dash ? 3 : 0;
    }
    return (unsigned char)text[0] == token;
}

/* Greedy, going back to the last star only: that is enough, since a later star can take what an earlier one could. */
bool pattern_matches(struct pattern p, const char *text, size_t len)
{
    size_t at = 0, token = 0, star = SIZE_MAX, from = 0;
    while (at < len || token < p.n) {
        if (token < p.n && p.tokens[token] == TOKEN_STAR) {
            star = ++token;
            from = at;
            continue;
        }
        size_t n = token < p.n ? takes(p.tokens[token], text + at, len - at) : 0;
        if (n) {
            token++;
            at += n;
        } else if (star != SIZE_MAX && from < len) {
            from += sigma_char(text + from, len - from);
            at = from;
            token = star;
        } else {
            return false;
        }
    }
    return true;
}
