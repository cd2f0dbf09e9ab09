/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UTF-16LE to UTF-8. Nearly all of a log is ASCII, so sixteen units at a time are narrowed where the processor can; whatever is not
 * ASCII goes through the plain loop, and the outcome is the same.
 */
#include "watch/evtx/inside.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

/* Narrows leading blocks of 16 ASCII units; returns how many units. */
static size_t narrow(const unsigned char *from, size_t units, char *to)
{
    size_t done = 0;
#ifdef __SSE2__
    const __m128i high = _mm_set1_epi16((short)0xff80), none = _mm_setzero_si128();
    for (; units - done >= 16; done += 16) {
        __m128i a = _mm_loadu_si128((const __m128i *)(const void *)(from + 2 * done));
        __m128i b = _mm_loadu_si128((const __m128i *)(const void *)(from + 2 * done + 16));
        if (_mm_movemask_epi8(_mm_cmpeq_epi16(_mm_and_si128(_mm_or_si128(a, b), high), none)) != 0xffff)
            break;
        _mm_storeu_si128((__m128i *)(void *)(to + done), _mm_packus_epi16(a, b));
    }
#endif
    return done;
}

static size_t put(uint32_t c, char *to)
{
    if (c < 0x80) {
        to[0] = (char)c;
        return 1;
    }
    if (c < 0x800) {
        to[0] = (char)(0xc0 | c >> 6);
        to[1] = (char)(0x80 | (c & 63));
        return 2;
    }
    if (c < 0x10000) {
        to[0] = (char)(0xe0 | c >> 12);
        to[1] = (char)(0x80 | (c >> 6 & 63));
        to[2] = (char)(0x80 | (c & 63));
        return 3;
    }
    to[0] = (char)(0xf0 | c >> 18);
    to[1] = (char)(0x80 | (c >> 12 & 63));
    to[2] = (char)(0x80 | (c >> 6 & 63));
    to[3] = (char)(0x80 | (c & 63));
    return 4;
}

/* The character at the start, which has `units` units (at least one); *ret_units: how many it took. */
static uint32_t character(const unsigned char *from, size_t units, size_t *ret_units)
{
    uint32_t c = le16(from);
    *ret_units = 1;
    if (c < 0xd800 || c > 0xdfff)
        return c;
    uint32_t low = units > 1 ? le16(from + 2) : 0;
    if (c > 0xdbff || low < 0xdc00 || low > 0xdfff)
        return 0xfffd;
    *ret_units = 2;
    return 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00);
}

char *utf16_write(const unsigned char *from, size_t units, char *to)
{
    while (units) {
        size_t fast = narrow(from, units, to);
        from += 2 * fast;
        to += fast;
        units -= fast;
        for (size_t slow = 0; units && slow < 16; slow++) {
            size_t taken;
            uint32_t c = character(from, units, &taken);
            to += put(c, to);
            from += 2 * taken;
            units -= taken;
        }
    }
    return to;
}

size_t utf16_utf8_length(const unsigned char *from, size_t units)
{
    size_t len = 0;
    while (units) {
        size_t taken;
        uint32_t c = character(from, units, &taken);
        len += c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        from += 2 * taken;
        units -= taken;
    }
    return len;
}

bool utf16_text(struct space *space, const unsigned char *from, size_t units, struct text *ret)
{
    /* Three bytes a unit are enough for any text; when they are not there, the exact length is worth counting. */
    if ((size_t)(space->end - space->at) < 3 * units && !space_need(space, utf16_utf8_length(from, units)))
        return false;
    char *end = utf16_write(from, units, space->at);
    *ret = (struct text){space->at, (uint32_t)(end - space->at)};
    space->at = end;
    return true;
}
