/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one form of an entry: a flat JSON object with its members in order, read member by member and checked against the
 * table of the format's page. Nothing is unescaped: a text has one spelling, so spellings can be compared.
 */
#include <string.h>

#include "cv.h"

struct member {
    struct cv_span name, text;      /* text: between the quotes, or the digits */
    bool is_string;
};

enum needs { STRING, HEX64, FROM_ZERO, FROM_ONE, ANY };
#define ROW(name, needs, always) {{name, sizeof name - 1}, needs, always}
static const struct { struct cv_span name; enum needs needs; bool always; } table[] = {
    ROW("account", STRING, false), ROW("cause", STRING, false), ROW("commitment", HEX64, false), ROW("kind", STRING, true),
    ROW("label", FROM_ONE, false), ROW("pack", STRING, false), ROW("person", STRING, false), ROW("position", FROM_ZERO, true),
    ROW("post", STRING, false), ROW("reason", STRING, false), ROW("record", STRING, false), ROW("register", STRING, false),
    ROW("step", STRING, false), ROW("time", ANY, true), ROW("version", FROM_ONE, false),
};
#define MEMBERS (sizeof table / sizeof *table)

bool cv_utf8(struct cv_span s)
{
    const unsigned char *p = (const unsigned char *)s.p, *end = p + s.n;
    while (p < end) {
        if (*p < 0x80) {
            p++;
            continue;
        }
        unsigned c = *p++, more = c >= 0xc2 && c < 0xe0 ? 1 : c >= 0xe0 && c < 0xf0 ? 2 : c >= 0xf0 && c < 0xf5 ? 3 : 9;
        if (more == 9 || (size_t)(end - p) < more)
            return false;
        unsigned long code = c & (0x3fu >> more);
        for (unsigned i = 0; i < more; i++, p++) {
            if ((*p & 0xc0) != 0x80)
                return false;
            code = code << 6 | (*p & 0x3f);
        }
        if ((more == 2 && code < 0x800) || (more == 3 && (code < 0x10000 || code > 0x10ffff))
            || (code >= 0xd800 && code < 0xe000))
            return false;
    }
    return true;
}

/* The escape after a backslash: its length, 0 when it is not the canonical spelling. */
static size_t escape_length(const char *p, size_t left)
{
    if (left >= 1 && memchr("\"\\bfnrt", p[0], 7))
        return 1;
    if (left < 5 || p[0] != 'u' || p[1] != '0' || p[2] != '0' || (p[3] != '0' && p[3] != '1'))
        return 0;
    const char *digit = memchr("0123456789abcdef", p[4], 16);
    if (!digit)
        return 0;
    unsigned value = (unsigned)(p[3] - '0') * 16 + (unsigned)(strchr("0123456789abcdef", p[4]) - "0123456789abcdef");
    return value == 0 || value == 8 || value == 9 || value == 10 || value == 12 || value == 13 ? 0 : 5;
}

static bool string(const char **p, const char *end, struct cv_span *ret)
{
    if (*p == end || **p != '"')
        return false;
    const char *start = *p + 1, *at = start;
    unsigned char all = 0;
    for (; at < end && *at != '"'; at++) {
        unsigned char c = (unsigned char)*at;
        all |= c;
        if (c < 0x20)
            return false;
        if (c == '\\') {
            size_t n = escape_length(at + 1, (size_t)(end - at - 1));
            if (n == 0)
                return false;
            at += n;
        }
    }
    if (at == end)
        return false;
    *ret = (struct cv_span){start, (size_t)(at - start)};
    *p = at + 1;
    return all < 0x80 || cv_utf8(*ret);
}

static bool member_read(const char **p, const char *end, struct member *m)
{
    if (!string(p, end, &m->name) || *p == end || *(*p)++ != ':' || *p == end)
        return false;
    m->is_string = **p == '"';
    if (m->is_string)
        return string(p, end, &m->text);
    const char *start = *p;
    while (*p < end && ((**p >= '0' && **p <= '9') || (**p == '-' && *p == start)))
        ++*p;
    m->text = (struct cv_span){start, (size_t)(*p - start)};
    return true;
}

static bool integer(struct cv_span s, bool may_be_negative, uint64_t *ret)
{
    if (may_be_negative && s.n > 1 && s.p[0] == '-' && s.p[1] != '0')
        s = (struct cv_span){s.p + 1, s.n - 1};
    return cv_decimal(s, ret) && *ret <= UINT64_C(9007199254740991);
}

static bool fits(const struct member *m, enum needs needs, uint64_t *ret)
{
    uint8_t sum[HASH_BYTES];
    switch (needs) {
    case STRING:
        return m->is_string && m->text.n > 0;
    case HEX64:
        return m->is_string && cv_hex(m->text, sum, sizeof sum);
    default:
        return !m->is_string && integer(m->text, needs == ANY, ret) && (needs != FROM_ONE || *ret >= 1);
    }
}

static bool same(struct cv_span a, struct cv_span b)
{
    return a.n == b.n && memcmp(a.p, b.p, a.n) == 0;
}

static bool named(struct cv_span s, const char *name)
{
    return same(s, (struct cv_span){name, strlen(name)});
}

static void keep(const struct member *m, uint64_t number, struct cv_entry *e)
{
    if (named(m->name, "position"))
        e->position = number;
    else if (named(m->name, "record"))
        e->record = m->text;
    else if (named(m->name, "kind"))
        e->erases = named(m->text, "erasure");
    else if (named(m->name, "commitment"))
        e->has_commitment = cv_hex(m->text, e->commitment.bytes, HASH_BYTES);
}

bool cv_entry_read(struct cv_span text, struct cv_entry *ret)
{
    const char *p = text.p, *end = cv_end(text);
    struct cv_entry e = {0};
    size_t row = 0;
    if (text.n > CV_ENTRY_MAX || p == end || *p++ != '{')
        return false;
    for (;;) {
        struct member m;
        uint64_t number = 0;
        if (!member_read(&p, end, &m) || p == end)
            return false;
        /* Rows may be passed over only where they need not be there; so order, doubles and strangers are settled. */
        while (row < MEMBERS && !same(m.name, table[row].name) && !table[row].always)
            row++;
        if (row == MEMBERS || !same(m.name, table[row].name) || !fits(&m, table[row].needs, &number))
            return false;
        keep(&m, number, &e);
        row++;
        char next = *p++;
        if (next == '}')
            break;
        if (next != ',')
            return false;
    }
    for (; row < MEMBERS; row++)
        if (table[row].always)
            return false;
    if (p != end)
        return false;
    e.erases = e.erases && e.record.n > 0;
    *ret = e;
    return true;
}
