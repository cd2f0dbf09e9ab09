/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One journal entry as canonical JSON (RFC 8785, integers and strings only) and back. Reading is strict: there is
 * exactly one text for an entry, and every other text is DAMAGED. So the fields stand in one table in canonical order,
 * the writer walks it, and the reader accepts the members only in that order, each at most once, each in the only
 * spelling that the writer could have given it. docs/journal-format.md describes the same table in words.
 */
#include "journal/journal.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

enum kind { TEXT, COUNT, LABEL, TIME, COMMITMENT };
#define FIELD(name, kind, member, required) {name, sizeof name - 1, kind, offsetof(struct entry, member), required}
/* In the order of their UTF-16 names, which for these names is the order of their bytes. */
static const struct field {
    const char *name;
    size_t len;
    enum kind kind;
    size_t offset;
    bool required;
} fields[] = {
    FIELD("account", TEXT, account, false),
    FIELD("cause", TEXT, cause, false),
    FIELD("commitment", COMMITMENT, commitment, false),
    FIELD("kind", TEXT, kind, true),
    FIELD("label", LABEL, label, false),
    FIELD("pack", TEXT, pack, false),
    FIELD("person", TEXT, person, false),
    FIELD("position", COUNT, position, true),
    FIELD("post", TEXT, post, false),
    FIELD("reason", TEXT, reason, false),
    FIELD("record", TEXT, record, false),
    FIELD("register", TEXT, register_, false),
    FIELD("step", TEXT, step, false),
    FIELD("time", TIME, time, true),
    FIELD("version", COUNT, version, false),
};
#define N_FIELDS (sizeof fields / sizeof *fields)
#define INTEGER_MAX INT64_C(9007199254740991)        /* 2^53-1: what every JSON reader keeps exactly */

/* ---- writing ---- */

static void write_string(struct buf *out, const char *text)
{
    static const char *const shorts[32] = {['\b'] = "\\b", ['\t'] = "\\t", ['\n'] = "\\n", ['\f'] = "\\f",
                                           ['\r'] = "\\r"};
    if (!utf8_valid(text, strlen(text))) {
        out->failed = true;
        return;
    }
    buf_addc(out, '"');
    const char *plain = text;
    for (const char *p = text;; p++) {
        unsigned char c = (unsigned char)*p;
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        buf_add(out, plain, (size_t)(p - plain));
        plain = p + 1;
        if (c == 0)
            break;
        if (c >= 0x20) {
            buf_addc(out, '\\');
            buf_addc(out, (char)c);
        } else if (shorts[c]) {
            buf_adds(out, shorts[c]);
        } else {
            buf_addf(out, "\\u%04x", c);
        }
    }
    buf_addc(out, '"');
}

static void write_integer(struct buf *out, int64_t number)
{
    if (number > INTEGER_MAX || number < -INTEGER_MAX)
        out->failed = true;
    buf_addi(out, number);
}

static bool is_given(const struct entry *entry, const struct field *field)
{
    const char *at = (const char *)entry + field->offset;
    if (field->required)
        return true;
    switch (field->kind) {
    case TEXT: {
        const char *text = *(const char *const *)at;
        return text && *text;
    }
    case COUNT:
        return *(const uint64_t *)at != 0;
    case LABEL:
        return *(const int64_t *)at > 0;
    case COMMITMENT:
        return entry->has_commitment;
    default:
        return true;
    }
}

static void write_value(struct buf *out, const struct field *field, const char *at)
{
    switch (field->kind) {
    case TEXT: {
        const char *text = *(const char *const *)at;
        if (text && *text)
            write_string(out, text);
        else
            out->failed = true;                     /* a kind is never empty */
        break;
    }
    case COUNT: {
        uint64_t count = *(const uint64_t *)at;
        write_integer(out, count > (uint64_t)INTEGER_MAX ? INT64_MAX : (int64_t)count);
        break;
    }
    case LABEL:
    case TIME:
        write_integer(out, *(const int64_t *)at);
        break;
    case COMMITMENT: {
        char hex[2 * HASH_BYTES + 3] = "\"";
        hex_write(at, HASH_BYTES, hex + 1);
        hex[2 * HASH_BYTES + 1] = '"';
        buf_add(out, hex, 2 * HASH_BYTES + 2);
        break;
    }
    }
}

void entry_write(const struct entry *entry, struct buf *out)
{
    size_t before = out->len;
    char lead = '{';
    for (size_t i = 0; i < N_FIELDS; i++) {
        if (!is_given(entry, &fields[i]))
            continue;
        buf_add(out, (const char[]){lead, '"'}, 2);
        buf_add(out, fields[i].name, fields[i].len);
        buf_add(out, "\":", 2);
        write_value(out, &fields[i], (const char *)entry + fields[i].offset);
        lead = ',';
    }
    buf_addc(out, '}');
    if (out->len - before > ENTRY_MAX)
        out->failed = true;
}

/* ---- reading ---- */

struct reader {
    const char *p, *end;
    struct arena *arena;
};

static bool take(struct reader *r, char c)
{
    if (r->p == r->end || *r->p != c)
        return false;
    r->p++;
    return true;
}

static int hex_digit(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* The character that an escape stands for, 0 when canonical JSON would not have written it so. */
static char read_escape(struct reader *r)
{
    static const char from[] = "btnfr\"\\", to[] = "\b\t\n\f\r\"\\";
    if (r->p == r->end)
        return 0;
    char c = *r->p++;
    const char *found = c ? strchr(from, c) : NULL;
    if (found)
        return to[found - from];
    if (c != 'u' || r->end - r->p < 4 || memcmp(r->p, "00", 2) != 0)
        return 0;
    int high = hex_digit(r->p[2]), low = hex_digit(r->p[3]);
    r->p += 4;
    if ((high != 0 && high != 1) || low < 0)
        return 0;
    char value = (char)(high * 16 + low);
    return value && strchr("\b\t\n\f\r", value) ? 0 : value;
}

static bool read_string(struct reader *r, const char **ret)
{
    if (!take(r, '"'))
        return false;
    const char *start = r->p;
    bool escaped = false, ascii = true;
    while (r->p < r->end && *r->p != '"') {
        unsigned char c = (unsigned char)*r->p;
        if (c < 0x20)
            return false;
        ascii = ascii && c < 0x80;
        if (c == '\\') {
            escaped = true;
            r->p++;
            if (r->p == r->end)
                return false;
        }
        r->p++;
    }
    const char *stop = r->p;
    if (!take(r, '"') || start == stop || (!ascii && !utf8_valid(start, (size_t)(stop - start))))
        return false;
    char *text = arena_strndup(r->arena, start, (size_t)(stop - start));
    *ret = text;
    if (!escaped)
        return true;
    struct reader in = {.p = start, .end = stop};
    while (in.p < in.end) {
        char c = *in.p++;
        if (c == '\\' && !(c = read_escape(&in)))
            return false;
        *text++ = c;
    }
    *text = 0;
    return true;
}

static bool read_integer(struct reader *r, int64_t least, int64_t *ret)
{
    bool negative = take(r, '-');
    const char *start = r->p;
    int64_t value = 0;
    while (r->p < r->end && *r->p >= '0' && *r->p <= '9' && r->p - start < 16)
        value = value * 10 + (*r->p++ - '0');
    if (r->p == start || (*start == '0' && (r->p - start > 1 || negative)) || value > INTEGER_MAX)
        return false;
    *ret = negative ? -value : value;
    return *ret >= least;
}

static bool read_commitment(struct reader *r, struct entry *entry)
{
    const char *hex = r->p + 1;
    if (r->end - r->p < 2 * HASH_BYTES + 2 || !take(r, '"') || hex[2 * HASH_BYTES] != '"')
        return false;
    for (size_t i = 0; i < HASH_BYTES; i++) {
        int high = hex_digit(hex[2 * i]), low = hex_digit(hex[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        entry->commitment.bytes[i] = (uint8_t)(high * 16 + low);
    }
    r->p += 2 * HASH_BYTES + 1;
    entry->has_commitment = true;
    return true;
}

static bool read_value(struct reader *r, const struct field *field, struct entry *entry)
{
    char *at = (char *)entry + field->offset;
    int64_t number;
    switch (field->kind) {
    case TEXT:
        return read_string(r, (const char **)at);
    case COUNT:
        if (!read_integer(r, field->required ? 0 : 1, &number))
            return false;
        *(uint64_t *)at = (uint64_t)number;
        return true;
    case LABEL:
        return read_integer(r, 1, (int64_t *)at);
    case TIME:
        return read_integer(r, -INTEGER_MAX, (int64_t *)at);
    case COMMITMENT:
        return read_commitment(r, entry);
    }
    return false;
}

/* The field whose quoted name and colon stand next, at or behind `from`; N_FIELDS when none. */
static size_t read_name(struct reader *r, size_t from)
{
    for (size_t i = from; i < N_FIELDS; i++) {
        size_t n = fields[i].len;
        if ((size_t)(r->end - r->p) > n + 2 && r->p[0] == '"' && r->p[n + 1] == '"'
            && r->p[n + 2] == ':' && memcmp(r->p + 1, fields[i].name, n) == 0) {
            r->p += n + 3;
            return i;
        }
        if (fields[i].required)
            break;                                  /* it may not be passed over */
    }
    return N_FIELDS;
}

static enum status damaged(struct reasons *reasons, const char *where, size_t at, const char *english)
{
    if (reasons) {
        char byte[24];
        snprintf(byte, sizeof byte, "%zu", at);
        reason_add(reasons, "journal.entry-form", where, english, byte);
    }
    return DAMAGED;
}

enum status entry_read(const char *text, size_t len, struct arena *arena, struct reasons *reasons, struct entry *ret)
{
    if (len > ENTRY_MAX)
        return damaged(reasons, NULL, ENTRY_MAX, T_("the entry is longer than the %1$s bytes that an entry may have"));
    struct reader r = {.p = text, .end = text + len, .arena = arena};
    struct entry entry = {.label = -1};
    size_t next = 0, last_required = 0;
    for (size_t i = 0; i < N_FIELDS; i++)
        if (fields[i].required)
            last_required = i;
    if (!take(&r, '{'))
        return damaged(reasons, NULL, 0, T_("the entry does not begin with “{” (byte %1$s)"));
    for (;;) {
        size_t i = read_name(&r, next);
        if (i == N_FIELDS)
            return damaged(reasons, next < N_FIELDS ? fields[next].name : NULL, (size_t)(r.p - text),
                           T_("at byte %1$s stands no known field of an entry in canonical order, or one is missing"));
        if (!read_value(&r, &fields[i], &entry))
            return damaged(reasons, fields[i].name, (size_t)(r.p - text),
                           T_("the value before byte %1$s is not in canonical form"));
        next = i + 1;
        if (!take(&r, ','))
            break;
    }
    if (next <= last_required) {
        while (!fields[next].required)
            next++;
        return damaged(reasons, fields[next].name, (size_t)(r.p - text),
                       T_("at byte %1$s the entry ends before a field that every entry has"));
    }
    if (!take(&r, '}') || r.p != r.end)
        return damaged(reasons, NULL, (size_t)(r.p - text), T_("the entry does not end at byte %1$s as it should"));
    *ret = entry;
    return OK;
}

struct hash commit(const uint8_t salt[SALT_BYTES], const void *canonical, size_t len)
{
    return sha256_two(salt, SALT_BYTES, canonical, len);
}
