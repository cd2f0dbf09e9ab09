/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Case folding for comparison: ASCII by arithmetic, the rest by Unicode's simple folding (one character gives one character), so that
 * "?" still stands for one character of the text as it was written.
 */
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

#include "watch/sigma/inside.h"

size_t sigma_char(const char *text, size_t len)
{
    size_t n = 1;
    if ((unsigned char)text[0] >= 0x80)
        while (n < len && ((unsigned char)text[n] & 0xc0) == 0x80)
            n++;
    return n;
}

static size_t fold_rest(char *out, size_t made, const char *text, size_t at, size_t len)
{
    while (at < len) {
        int32_t from = 0, left = (int32_t)(len - at > 8 ? 8 : len - at);
        UChar32 c;
        U8_NEXT((const uint8_t *)text + at, from, left, c);
        if (c < 0) {                                   /* no UTF-8: as it is */
            out[made++] = text[at++];
            continue;
        }
        c = u_foldCase(c, U_FOLD_CASE_DEFAULT);
        size_t n = 0;
        U8_APPEND_UNSAFE((uint8_t *)out + made, n, c);
        made += n;
        at += (size_t)from;
    }
    return made;
}

size_t sigma_fold(char *restrict out, const char *restrict text, size_t len, bool *ret_ascii)
{
    unsigned char seen = 0;
    size_t i = 0;
#if defined(__SSE2__)
    __m128i any = _mm_setzero_si128();
    for (; i + 16 <= len; i += 16) {
        __m128i c = _mm_loadu_si128((const __m128i *)(const void *)(text + i));
        __m128i upper = _mm_and_si128(_mm_cmpgt_epi8(c, _mm_set1_epi8('A' - 1)), _mm_cmplt_epi8(c, _mm_set1_epi8('Z' + 1)));
        any = _mm_or_si128(any, c);
        _mm_storeu_si128((__m128i *)(void *)(out + i), _mm_or_si128(c, _mm_and_si128(upper, _mm_set1_epi8(0x20))));
    }
    seen = _mm_movemask_epi8(any) ? 0x80 : 0;
#endif
    for (; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        seen |= c;
        out[i] = (char)(c | ((unsigned char)(c - 'A') < 26 ? 0x20 : 0));
    }
    *ret_ascii = seen < 0x80;
    if (seen < 0x80)
        return len;
    size_t plain = 0;
    while (plain < len && (unsigned char)text[plain] < 0x80)
        plain++;
    return fold_rest(out, plain, text, plain, len);
}
