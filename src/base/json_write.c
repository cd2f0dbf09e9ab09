/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two writers: JSON for pages and programs (members in their order, safe inside HTML), and the canonical form of
 * RFC 8785 that is hashed (members by their UTF-16 units, no escapes but the needed ones). Canonical writing knows
 * integers within +-(2^53-1) and strings only: there is then exactly one text for a value, in every implementation.
 */
#include <stdlib.h>
#include <string.h>

#include "base/json_scan.h"
#include "base/text.h"
#include "base/val.h"

#define MOST_DEPTH 200
#define LARGEST INT64_C(9007199254740991)
#define FEW_MEMBERS 64

/* What a byte needs: 0 nothing, 1 an escape always, 2 an escape inside HTML, 3 a look at what follows (U+2028/9). */
static const unsigned char needs[256] = {
    [0 ... 31] = 1, ['"'] = 1, ['\\'] = 1, ['<'] = 2, ['>'] = 2, ['&'] = 2, [0xe2] = 3,
};

static void escaped(struct buf *out, unsigned code)
{
    static const char hex[] = "0123456789abcdef";
    static const char from[] = "\"\\\b\f\n\r\t", to[] = "\"\\bfnrt";
    const char *simple = code ? strchr(from, (int)code) : NULL;
    if (simple && code < 0x80) {
        char two[2] = {'\\', to[simple - from]};
        buf_add(out, two, 2);
        return;
    }
    char six[6] = {'\\', 'u', hex[code >> 12 & 15], hex[code >> 8 & 15], hex[code >> 4 & 15], hex[code & 15]};
    buf_add(out, six, 6);
}

/* What stands at a byte that is not plain: how many bytes to escape, 0 when it may stand as it is. */
static size_t special(const char *at, size_t left, bool html, unsigned *ret_code)
{
    unsigned char c = (unsigned char)*at;
    unsigned need = needs[c];
    *ret_code = c;
    if (need == 1 || (need == 2 && html))
        return 1;
    if (need != 3 || !html || left < 3 || (unsigned char)at[1] != 0x80 || ((unsigned char)at[2] & 0xfe) != 0xa8)
        return 0;
    *ret_code = 0x2028 + ((unsigned char)at[2] & 1);
    return 3;
}

/* A string in quotes. `from` is what is not written yet. */
static void write_string(struct buf *out, const char *text, size_t len, bool html)
{
    const char *from = text, *at = text, *end = text + len;
    buf_addc(out, '"');
    while (at < end) {
        unsigned code;
        if (!html) {
            at = plain_run(at, end);
            while (at < end && (unsigned char)*at >= 0x80)
                at++;
            if (at == end)
                break;
        }
        size_t bytes = special(at, (size_t)(end - at), html, &code);
        if (bytes) {
            buf_add(out, from, (size_t)(at - from));
            escaped(out, code);
            from = at + bytes;
        }
        at += bytes ? bytes : 1;
    }
    buf_add(out, from, (size_t)(end - from));
    buf_addc(out, '"');
}

void json_write(struct buf *out, const struct val *val)
{
    if (!val) {
        buf_adds(out, "null");
        return;
    }
    switch (val->kind) {
    case VAL_NULL:
        buf_adds(out, "null");
        break;
    case VAL_BOOL:
        buf_adds(out, val->truth ? "true" : "false");
        break;
    case VAL_INT:
        buf_addi(out, val->number);
        break;
    case VAL_NUMBER:
        buf_add(out, val->str.s, val->str.len);
        break;
    case VAL_STR:
        write_string(out, val->str.s, val->str.len, true);
        break;
    case VAL_ARRAY:
        buf_addc(out, '[');
        for (uint32_t i = 0; i < val->count; i++) {
            if (i)
                buf_addc(out, ',');
            json_write(out, val->items[i]);
        }
        buf_addc(out, ']');
        break;
    case VAL_OBJECT:
        buf_addc(out, '{');
        for (uint32_t i = 0; i < val->count; i++) {
            if (i)
                buf_addc(out, ',');
            write_string(out, val->members[i].name, strlen(val->members[i].name), true);
            buf_addc(out, ':');
            json_write(out, val->members[i].value);
        }
        buf_addc(out, '}');
        break;
    }
}

/* Order by UTF-16 code units. Bytes of UTF-8 give the order of code points; the two differ only where a character
 * beyond U+FFFF (first byte F0 and up; surrogates D800-DFFF) meets one of U+E000-U+FFFF (first byte EE or EF). */
static int utf16_order(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    unsigned char x = (unsigned char)*a, y = (unsigned char)*b;
    if (x >= 0xf0 && (y == 0xee || y == 0xef))
        return -1;
    if (y >= 0xf0 && (x == 0xee || x == 0xef))
        return 1;
    return (int)x - (int)y;
}

static int member_order(const void *a, const void *b)
{
    const struct val_member *const *x = a, *const *y = b;
    return utf16_order((*x)->name, (*y)->name);
}

static void sort_members(const struct val_member **list, uint32_t count)
{
    if (count > FEW_MEMBERS) {
        qsort(list, count, sizeof *list, member_order);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        const struct val_member *one = list[i];
        uint32_t k = i;
        for (; k && utf16_order(list[k - 1]->name, one->name) > 0; k--)
            list[k] = list[k - 1];
        list[k] = one;
    }
}

static enum status canonical(struct buf *, const struct val *, unsigned depth);

static enum status canonical_object(struct buf *out, const struct val *object, unsigned depth)
{
    const struct val_member *few[FEW_MEMBERS], **list = few;
    if (object->count > FEW_MEMBERS) {
        list = malloc(object->count * sizeof *list);
        if (!list)
            return NO_MEMORY;
    }
    for (uint32_t i = 0; i < object->count; i++)
        list[i] = &object->members[i];
    sort_members(list, object->count);
    enum status status = OK;
    buf_addc(out, '{');
    for (uint32_t i = 0; i < object->count && !status; i++) {
        if (i)
            buf_addc(out, ',');
        write_string(out, list[i]->name, strlen(list[i]->name), false);
        buf_addc(out, ':');
        status = canonical(out, list[i]->value, depth);
    }
    buf_addc(out, '}');
    if (list != few)
        free(list);
    return status;
}

static enum status canonical(struct buf *out, const struct val *val, unsigned depth)
{
    if (depth > MOST_DEPTH)
        return BAD_INPUT;
    enum status status = OK;
    switch (val->kind) {
    case VAL_NULL:
        buf_add(out, "null", 4);
        return OK;
    case VAL_BOOL:
        buf_adds(out, val->truth ? "true" : "false");
        return OK;
    case VAL_INT:
        if (val->number > LARGEST || val->number < -LARGEST)
            return BAD_INPUT;
        buf_addi(out, val->number);
        return OK;
    case VAL_NUMBER:
        return BAD_INPUT;
    case VAL_STR:
        if (!utf8_valid(val->str.s, val->str.len))
            return BAD_INPUT;
        write_string(out, val->str.s, val->str.len, false);
        return OK;
    case VAL_ARRAY:
        buf_addc(out, '[');
        for (uint32_t i = 0; i < val->count && !status; i++) {
            if (i)
                buf_addc(out, ',');
            status = canonical(out, val->items[i], depth + 1);
        }
        buf_addc(out, ']');
        return status;
    case VAL_OBJECT:
        return canonical_object(out, val, depth + 1);
    }
    return BAD_INPUT;
}

enum status json_canonical(struct buf *out, const struct val *val)
{
    size_t before = out->len;
    enum status status = val ? canonical(out, val, 0) : BAD_INPUT;
    if (!status && out->failed)
        status = TOO_LARGE;
    if (status && before <= out->len) {
        out->len = before;
        if (out->data)
            out->data[before] = '\0';
    }
    return status;
}
