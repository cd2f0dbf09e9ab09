/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's text: strings become arrays of characters, so that "?" is one character whatever its bytes. Case is Unicode's simple
 * case folding (decided; the specification says "case-insensitive" only), through the C library's tables. A byte that is no UTF-8 is a
 * character that no rule can write.
 */
#include <locale.h>
#include <wctype.h>

#include "reference-inside.h"

static uint32_t next_character(const char *text, size_t len, size_t *at)
{
    const unsigned char *s = (const unsigned char *)text + *at;
    size_t left = len - *at, more = s[0] < 0x80 ? 0 : s[0] >= 0xc2 && s[0] < 0xe0 ? 1 : s[0] >= 0xe0 && s[0] < 0xf0 ? 2 : s[0] >= 0xf0 && s[0] < 0xf5 ? 3 : 9;
    static const uint32_t first[] = {0x7f, 0x1f, 0x0f, 0x07}, least[] = {0, 0x80, 0x800, 0x10000};
    if (more < left && more < 4) {
        uint32_t c = s[0] & first[more];
        size_t i = 1;
        for (; i <= more && (s[i] & 0xc0) == 0x80; i++)
            c = c << 6 | (s[i] & 0x3f);
        if (i > more && c >= least[more] && c < 0x110000 && !(c >= 0xd800 && c < 0xe000)) {
            *at += more + 1;
            return c;
        }
    }
    *at += 1;
    return 0x120000u + s[0];
}

struct pattern text_characters(struct arena *arena, const char *text, size_t len)
{
    struct pattern p = {ARENA_ARRAY(arena, uint32_t, len + 1), 0};
    for (size_t at = 0; at < len;)
        p.c[p.n++] = next_character(text, len, &at);
    return p;
}

/* A backslash before a wildcard or a backslash makes it plain; every other backslash is one. */
struct pattern text_pattern(struct arena *arena, const char *text)
{
    struct pattern from = text_characters(arena, text, strlen(text)), to = {ARENA_ARRAY(arena, uint32_t, from.n + 1), 0};
    for (size_t i = 0; i < from.n; i++) {
        bool escapes = from.c[i] == '\\' && i + 1 < from.n && (from.c[i + 1] == '\\' || from.c[i + 1] == '*' || from.c[i + 1] == '?');
        if (escapes)
            to.c[to.n++] = from.c[++i];
        else
            to.c[to.n++] = from.c[i] == '*' ? ANY : from.c[i] == '?' ? ONE : from.c[i];
    }
    return to;
}

struct pattern text_joined(struct arena *arena, struct pattern a, struct pattern b)
{
    struct pattern p = {ARENA_ARRAY(arena, uint32_t, a.n + b.n + 1), a.n + b.n};
    for (size_t i = 0; i < p.n; i++)
        p.c[i] = i < a.n ? a.c[i] : b.c[i - a.n];
    return p;
}

bool text_plain(struct arena *arena, struct pattern p, const char **ret_bytes, size_t *ret_len)
{
    char *bytes = arena_alloc(arena, 4 * p.n + 1);
    size_t n = 0;
    for (size_t i = 0; i < p.n; i++) {
        uint32_t c = p.c[i];
        if (c == ANY || c == ONE)
            return false;
        if (c >= 0x120000u) {
            bytes[n++] = (char)(c - 0x120000u);
        } else if (c < 0x80) {
            bytes[n++] = (char)c;
        } else {
            int more = c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
            bytes[n++] = (char)((more == 1 ? 0xc0 : more == 2 ? 0xe0 : 0xf0) | c >> (6 * more));
            while (more--)
                bytes[n++] = (char)(0x80 | (c >> (6 * more) & 0x3f));
        }
    }
    *ret_bytes = bytes;
    *ret_len = n;
    return true;
}

static uint32_t folded(uint32_t c)
{
    static locale_t unicode;
    if (!unicode)
        unicode = newlocale(LC_CTYPE_MASK, "C.UTF-8", NULL);
    if (c < 0x80)
        return c >= 'A' && c <= 'Z' ? c + 32 : c;
    if (c >= 0x110000 || c == 0x130 || c == 0x131)      /* dotted and dotless i have no simple folding */
        return c;
    return (uint32_t)towlower_l(towupper_l((wint_t)c, unicode), unicode);
}

static bool same(uint32_t a, uint32_t b, bool cased)
{
    return cased ? a == b : folded(a) == folded(b);
}

/* The row of a table: row[j] says whether the pattern so far matches the first j characters. */
bool text_matches(struct pattern pattern, struct pattern text, bool cased)
{
    unsigned char *row = calloc(text.n + 1, 1);
    row[0] = 1;
    for (size_t i = 0; i < pattern.n; i++) {
        uint32_t c = pattern.c[i];
        unsigned char before = row[0];          /* of the row above, one to the left */
        row[0] = c == ANY && row[0];
        for (size_t j = 1; j <= text.n; j++) {
            unsigned char above = row[j];
            row[j] = c == ANY ? (above || row[j - 1]) : before && (c == ONE || same(c, text.c[j - 1], cased));
            before = above;
        }
    }
    bool matches = row[text.n];
    free(row);
    return matches;
}

bool text_equal(const char *a, const char *b)
{
    size_t at_a = 0, at_b = 0, len_a = strlen(a), len_b = strlen(b);
    while (at_a < len_a && at_b < len_b)
        if (!same(next_character(a, len_a, &at_a), next_character(b, len_b, &at_b), false))
            return false;
    return at_a == len_a && at_b == len_b;
}

bool text_glob(const char *glob, const char *name)
{
    if (*glob == '*')
        return text_glob(glob + 1, name) || (*name && text_glob(glob, name + 1));
    return *glob == *name && (!*glob || text_glob(glob + 1, name + 1));
}
