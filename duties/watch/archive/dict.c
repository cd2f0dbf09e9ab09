/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parts unpacked, codes and dictionaries decoded. Whatever is read here may be hostile: lengths are checked before memory is taken, and
 * none is taken that the block's own size, by its bound on unpacked bytes, does not allow.
 */
#include "watch/archive/read.h"

const char *place_bytes(struct archive *a, struct place place)
{
    struct packed *part = &a->parts[place.part];
    if (a->bad)
        return NULL;
    if (place.len == 0)
        return "";
    if (!part->bytes && part->packed == part->plain)
        part->bytes = part->stored;
    if (!part->bytes) {
        uint8_t *room = ARENA_ARRAY(a->arena, uint8_t, (size_t)part->plain + 1);
        if (!a->zstd && !(a->zstd = ZSTD_createDCtx()))
            return NULL;
        if (ZSTD_decompressDCtx(a->zstd, room, part->plain, part->stored, part->packed) != part->plain) {
            a->bad = true;
            return NULL;
        }
        part->bytes = room;
    }
    return (const char *)part->bytes + place.at;
}

static uint32_t code_at(const uint8_t *planes, unsigned width, size_t n, size_t i)
{
    uint32_t code = planes[i];
    for (unsigned plane = 1; plane < width; plane++)
        code |= (uint32_t)planes[plane * n + i] << 8 * plane;
    return code;
}

bool codes_read(struct archive *a, struct place place, unsigned way, unsigned width, uint32_t n, uint32_t distinct, uint32_t **ret)
{
    uint32_t next = 0, highest = 0;
    if (place.len != (size_t)width * n || width > 3 || (n && distinct == 0))
        return false;
    const uint8_t *planes = (const uint8_t *)place_bytes(a, place);
    uint32_t *codes = ARENA_ARRAY(a->arena, uint32_t, (size_t)n + 1);
    if (!planes)
        return false;
    if (width == 1)
        for (size_t i = 0; i < n; i++)
            codes[i] = planes[i];
    else if (width == 2)
        for (size_t i = 0; i < n; i++)
            codes[i] = planes[i] | (uint32_t)planes[n + i] << 8;
    else
        for (size_t i = 0; width && i < n; i++)
            codes[i] = code_at(planes, width, n, i);
    for (uint32_t i = 0; way == CODES_RECENT && i < n; i++) {
        uint32_t back = codes[i];
        if (back > next)
            return false;
        codes[i] = next - back;
        next += back == 0;
    }
    for (uint32_t i = 0; i < n; i++)
        highest = codes[i] > highest ? codes[i] : highest;
    if (n && highest >= distinct)
        return false;
    *ret = codes;
    return true;
}

/* ---- dictionaries ---- */

static bool open_texts(struct archive *a, struct dict *d, struct reading_bytes *r)
{
    uint32_t *ends = ARENA_ARRAY(a->arena, uint32_t, (size_t)d->n + 1);
    for (uint32_t i = 0; i < d->n; i++)
        ends[i + 1] = ends[i] + get_below(r, UINT32_MAX - ends[i]);
    if (d->mark == 255)
        d->marks = (const uint8_t *)get_bytes(r, d->n);
    for (uint32_t i = 0; d->marks && !r->bad && i < d->n; i++)
        r->bad |= d->marks[i] > (MARK_KIND | MARK_ESCAPED) || (d->marks[i] & MARK_KIND) >= VALUE_NULL;
    if (r->bad || (size_t)(r->end - r->at) != ends[d->n])
        return false;
    d->bytes = (const char *)r->at;
    d->ends = ends;
    return true;
}

static uint32_t put_decimal(char *out, uint64_t n)
{
    char back[20];
    uint32_t len = 0;
    do
        back[len++] = (char)('0' + n % 10);
    while ((n /= 10) > 0);
    for (uint32_t i = 0; i < len; i++)
        out[i] = back[len - 1 - i];
    return len;
}

static bool put_digits(char *out, const char *form, uint32_t len, uint64_t n)
{
    for (uint32_t i = len; i-- > 0;) {
        out[i] = form[i];
        if ((unsigned char)(form[i] - '0') < 10) {
            out[i] = (char)('0' + n % 10);
            n /= 10;
        }
    }
    return n == 0;
}

static bool open_numbers(struct archive *a, struct dict *d, struct reading_bytes *r)
{
    uint32_t len = d->way == DICT_DIGITS ? get_below(r, 64) : 20;
    const char *form = d->way == DICT_DIGITS ? get_bytes(r, len) : "";
    if (r->bad || d->n > (size_t)(r->end - r->at))         /* each number takes a byte at least */
        return false;
    uint32_t *ends = ARENA_ARRAY(a->arena, uint32_t, (size_t)d->n + 1);
    char *bytes = ARENA_ARRAY(a->arena, char, (size_t)d->n * len + 1);
    uint64_t number = 0;
    for (uint32_t i = 0; i < d->n; i++) {
        number += (uint64_t)unzigzag(get_number(r));
        if (number > INT64_MAX || (d->way == DICT_DIGITS && !put_digits(bytes + ends[i], form, len, number)))
            return false;
        ends[i + 1] = ends[i] + (d->way == DICT_DIGITS ? len : put_decimal(bytes + ends[i], number));
    }
    if (r->bad || r->at != r->end)
        return false;
    d->bytes = bytes;
    d->ends = ends;
    return true;
}

bool dict_open(struct archive *a, struct dict *d)
{
    if (d->ends || a->bad)
        return !a->bad;
    const char *bytes = place_bytes(a, d->place);
    if (!bytes || d->n > d->place.len)                     /* a length or number each */
        return !(a->bad = true);
    struct reading_bytes r = {(const uint8_t *)bytes, (const uint8_t *)bytes + d->place.len, false};
    bool good = d->way == DICT_TEXT ? open_texts(a, d, &r) : d->mark != 255 && open_numbers(a, d, &r);
    a->bad |= !good;
    return good;
}

/* ---- templates ---- */

static bool open_forms(struct archive *a, struct lane *lane)
{
    const char *shapes = place_bytes(a, lane->shapes), *text = place_bytes(a, lane->literals);
    if (!shapes || !text || lane->n_forms > lane->shapes.len)
        return false;
    struct reading_bytes r = {(const uint8_t *)shapes, (const uint8_t *)shapes + lane->shapes.len, false};
    size_t left = lane->literals.len;
    lane->forms = ARENA_ARRAY(a->arena, struct form, lane->n_forms);
    for (uint32_t i = 0; i < lane->n_forms; i++) {
        struct form *form = &lane->forms[i];
        const char *mark = get_bytes(&r, 1);
        form->mark = (uint8_t)*mark;
        form->n = get_below(&r, TEMPLATE_PARTS_MOST);
        if (r.bad || form->mark > (MARK_KIND | MARK_ESCAPED) || (form->mark & MARK_KIND) != VALUE_TEXT)
            return false;
        form->parts = ARENA_ARRAY(a->arena, uint32_t, form->n + 1);
        form->lens = ARENA_ARRAY(a->arena, uint32_t, form->n + 1);
        for (uint32_t k = 0; k < form->n; k++) {
            uint32_t cell = get_below(&r, EVENT_VALUES_MOST);
            form->parts[k] = cell ? cell - 1 : PART_PIECE;
            form->pieces += !cell;
        }
        form->text = text;
        for (uint32_t k = 0; k <= form->n; k++) {
            form->lens[k] = get_below(&r, left);
            left -= form->lens[k];
            text += form->lens[k];
        }
    }
    return !r.bad && left == 0 && r.at == r.end;
}

/* Where the pieces of each template lie; the codes of a column say how often each was used. */
static bool count_uses(struct archive *a, struct lane *lane)
{
    uint64_t at = lane->first_piece;
    lane->use = ARENA_ARRAY(a->arena, uint32_t, (size_t)lane->n_codes + 1);
    for (uint32_t i = 0; i < lane->n_codes; i++)
        if (lane->codes[i] >= lane->dict.n)
            lane->use[i] = lane->forms[lane->codes[i] - lane->dict.n].uses++;
    for (uint32_t i = 0; i < lane->n_forms; i++) {
        lane->forms[i].first = (uint32_t)at;
        at += (uint64_t)lane->forms[i].uses * lane->forms[i].pieces;
        if (at > (uint64_t)lane->first_piece + lane->n_pieces)
            return false;
    }
    return at == (uint64_t)lane->first_piece + lane->n_pieces;
}

bool lane_codes(struct archive *a, struct lane *lane)
{
    uint32_t *codes;
    if (lane->codes || a->bad)
        return !a->bad;
    if (!codes_read(a, lane->codes_place, lane->way, lane->width, lane->n_codes, lane->dict.n + lane->n_forms, &codes))
        return !(a->bad = true);
    lane->codes = codes;
    if (lane->n_forms == 0)
        return true;
    bool good = open_forms(a, lane) && count_uses(a, lane) && dict_open(a, &a->pieces) &&
                (a->piece_codes || codes_read(a, a->piece_place, a->piece_way, a->piece_width, a->n_piece_codes, a->pieces.n, &a->piece_codes));
    if (!good)
        lane->codes = NULL;
    a->bad |= !good;
    return good;
}

bool lane_open(struct archive *a, struct lane *lane)
{
    return dict_open(a, &lane->dict) && lane_codes(a, lane);
}
