/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parts, codes and dictionaries as bytes (pack.h).
 */
#include <stdlib.h>

#include "watch/archive/pack.h"

#define GROUP_FULL (64u << 10)
#define LEVEL 7

static void close_part(struct packer *p, uint32_t part, const char *bytes, size_t len)
{
    size_t bound = ZSTD_compressBound(len);
    char *room = ARENA_ARRAY(p->b->arena, char, bound);
    ZSTD_CCtx_setParameter(p->b->zstd, ZSTD_c_compressionLevel, LEVEL);
    ZSTD_CCtx_setParameter(p->b->zstd, ZSTD_c_contentSizeFlag, 1);
    size_t n = ZSTD_compress2(p->b->zstd, room, bound, bytes, len);
    if (ZSTD_isError(n)) {
        p->failed = true;
        return;
    }
    bool packed = n < len;
    p->parts[part].plain = (uint32_t)len;
    p->parts[part].stored = (uint32_t)(packed ? n : len);
    p->parts[part].at = p->packed.len;
    buf_add(&p->packed, packed ? room : bytes, p->parts[part].stored);
}

static uint32_t new_part(struct packer *p)
{
    if (p->n_parts == BLOCK_PARTS_MOST) {
        p->failed = true;
        return 0;
    }
    return p->n_parts++;
}

struct place pack_blob(struct packer *p, enum group group, const struct buf *blob)
{
    struct buf *buf = &p->groups[group];
    if (blob->len == 0)
        return (struct place){0, 0, 0};
    if (blob->len >= GROUP_FULL / 2 && blob->len < UINT32_MAX) {
        uint32_t part = new_part(p);
        close_part(p, part, blob->data, blob->len);
        return (struct place){part, 0, (uint32_t)blob->len};
    }
    if (buf->len == 0)
        p->open[group] = new_part(p);
    struct place place = {p->open[group], (uint32_t)buf->len, (uint32_t)blob->len};
    buf_add(buf, blob->data, blob->len);
    if (buf->len >= GROUP_FULL) {
        close_part(p, p->open[group], buf->data, buf->len);
        buf_clear(buf);
    }
    return place;
}

void pack_flush(struct packer *p)
{
    for (unsigned group = 0; group < GROUPS; group++) {
        struct buf *buf = &p->groups[group];
        if (buf->len)
            close_part(p, p->open[group], buf->data, buf->len);
        buf_clear(buf);
    }
}

void put_place(struct buf *buf, struct place place)
{
    put_number(buf, place.part);
    put_number(buf, place.at);
    put_number(buf, place.len);
}

/* ---- codes ---- */

/* Codes are numbered as they first occur. So the next new one needs no telling: it is 0, and c is told by how many came after it. */
static void recent(uint32_t *codes, size_t n)
{
    uint32_t next = 0;
    for (size_t i = 0; i < n; i++) {
        uint32_t code = codes[i];
        codes[i] = next - code;
        next += code == next;
    }
}

void put_codes(struct buf *meta, struct buf *blob, uint32_t *codes, size_t n, uint32_t distinct, bool rising)
{
    bool way = rising && distinct > 200;
    unsigned width = distinct <= 1 ? 0 : distinct <= 256 ? 1 : distinct <= 65535 ? 2 : 3;
    if (way)
        recent(codes, n);
    put_number(meta, way ? CODES_RECENT : CODES_PLAIN);
    put_number(meta, width);
    for (unsigned plane = 0; plane < width; plane++)
        for (size_t i = 0; i < n; i++)
            buf_addc(blob, (char)(codes[i] >> 8 * plane));
}

/* ---- dictionaries ---- */

static bool is_digit(char c) { return (unsigned char)(c - '0') < 10; }

static bool decimal(const char *text, size_t len, int64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < len && len <= 18; i++) {
        if (!is_digit(text[i]))
            return false;
        *ret = *ret * 10 + (text[i] - '0');
    }
    return len && len <= 18 && (text[0] != '0' || len == 1);
}

/* The digits of a text in the form of another, as one number. */
static bool digits(const char *form, const char *text, size_t len, int64_t *ret)
{
    unsigned n = 0;
    *ret = 0;
    for (size_t i = 0; i < len; i++) {
        if (is_digit(form[i]) && is_digit(text[i])) {
            if (++n > 18)
                return false;
            *ret = *ret * 10 + (text[i] - '0');
        } else if (form[i] != text[i]) {
            return false;
        }
    }
    return n > 0;
}

static unsigned way_of(const struct table *t, bool mixed)
{
    bool as_decimal = t->n >= 4 && !mixed, as_digits = as_decimal;
    int64_t number;
    for (uint32_t i = 0; i < t->n && (as_decimal || as_digits); i++) {
        const struct entry *e = &t->entries[i];
        const char *text = t->bytes + e->at;
        as_decimal = as_decimal && decimal(text, e->len, &number);
        as_digits = as_digits && e->len == t->entries[0].len && e->len <= 64 && digits(t->bytes + t->entries[0].at, text, e->len, &number);
    }
    return as_decimal ? DICT_DECIMAL : as_digits ? DICT_DIGITS : DICT_TEXT;
}

static void put_numbers(struct buf *blob, const struct table *t, const uint32_t *order, unsigned way)
{
    const struct entry *first = &t->entries[order[0]];
    const char *form = t->bytes + first->at;
    int64_t before = 0, number = 0;
    if (way == DICT_DIGITS) {
        put_number(blob, first->len);
        buf_add(blob, form, first->len);
    }
    for (uint32_t i = 0; i < t->n; i++) {
        const struct entry *e = &t->entries[order[i]];
        if (way == DICT_DIGITS)
            digits(form, t->bytes + e->at, e->len, &number);
        else
            decimal(t->bytes + e->at, e->len, &number);
        put_number(blob, zigzag(number - before));
        before = number;
    }
}

void put_dict(struct buf *meta, struct buf *blob, const struct table *t, const uint32_t *order)
{
    bool mixed = false;
    for (uint32_t i = 1; i < t->n && !mixed; i++)
        mixed = t->entries[i].mark != t->entries[0].mark;
    unsigned way = way_of(t, mixed);
    put_number(meta, way);
    put_number(meta, mixed ? 255 : t->n ? t->entries[0].mark : 0);
    if (way != DICT_TEXT) {
        put_numbers(blob, t, order, way);
        return;
    }
    for (uint32_t i = 0; i < t->n; i++)
        put_number(blob, t->entries[order[i]].len);
    for (uint32_t i = 0; mixed && i < t->n; i++)
        buf_addc(blob, (char)t->entries[order[i]].mark);
    for (uint32_t i = 0; i < t->n; i++)
        buf_add(blob, t->bytes + t->entries[order[i]].at, t->entries[order[i]].len);
}
