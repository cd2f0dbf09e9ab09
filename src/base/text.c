/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Small string helpers and UTF-8 (RFC 3629: shortest forms, no surrogates, at most U+10FFFF).
 */
#include "base/text.h"

#include <string.h>

bool str_eq(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

bool str_starts(const char *text, const char *prefix)
{
    return text && prefix && strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
    if (!text || !suffix)
        return false;
    size_t len = strlen(text), tail = strlen(suffix);
    return len >= tail && memcmp(text + len - tail, suffix, tail) == 0;
}

bool str_in(const char *text, const char *const *list)
{
    for (; text && list && *list; list++) {
        if (strcmp(text, *list) == 0)
            return true;
    }
    return false;
}

uint64_t str_hash(const char *text)
{
    uint64_t hash = UINT64_C(14695981039346656037);
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return hash ^ (hash >> 29);
}

size_t utf8_length(const char *text, size_t len)
{
    const unsigned char *s = (const unsigned char *)text;
    if (len == 0)
        return 0;
    if (s[0] < 0x80)
        return 1;
    if (s[0] >= 0xc2 && s[0] <= 0xdf)
        return len >= 2 && (s[1] & 0xc0) == 0x80 ? 2 : 0;
    if ((s[0] & 0xf0) == 0xe0) {
        if (len < 3 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80)
            return 0;
        if ((s[0] == 0xe0 && s[1] < 0xa0) || (s[0] == 0xed && s[1] > 0x9f))
            return 0;
        return 3;
    }
    if (s[0] >= 0xf0 && s[0] <= 0xf4) {
        if (len < 4 || (s[1] & 0xc0) != 0x80 || (s[2] & 0xc0) != 0x80 || (s[3] & 0xc0) != 0x80)
            return 0;
        if ((s[0] == 0xf0 && s[1] < 0x90) || (s[0] == 0xf4 && s[1] > 0x8f))
            return 0;
        return 4;
    }
    return 0;
}

/* How many bytes from here on are ASCII, eight at a time. */
static size_t ascii_run(const char *text, size_t len)
{
    size_t at = 0;
    for (uint64_t eight; len - at >= 8; at += 8) {
        memcpy(&eight, text + at, 8);
        if (eight & UINT64_C(0x8080808080808080))
            break;
    }
    while (at < len && (unsigned char)text[at] < 0x80)
        at++;
    return at;
}

bool utf8_valid(const char *text, size_t len)
{
    size_t at = 0;
    while (at < len) {
        at += ascii_run(text + at, len - at);
        if (at == len)
            break;
        size_t bytes = utf8_length(text + at, len - at);
        if (!bytes)
            return false;
        at += bytes;
    }
    return true;
}

size_t utf8_count(const char *text, size_t len)
{
    size_t count = 0;
    for (size_t at = 0; at < len; count++) {
        size_t bytes = utf8_length(text + at, len - at);
        at += bytes ? bytes : 1;
    }
    return count;
}

bool text_is_plain(const char *text, size_t len, bool lines)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        bool control = c < 0x20 || c == 0x7f || (c == 0xc2 && i + 1 < len && (unsigned char)text[i + 1] < 0xa0);
        if (control && c != '\t' && !(lines && c == '\n'))
            return false;
    }
    return true;
}
