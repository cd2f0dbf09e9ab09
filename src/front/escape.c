/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Escaping for text, attributes and addresses; see escape.h. Runs of harmless bytes are copied at once.
 */
#include "front/escape.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif
#include <stdint.h>
#include <string.h>
#include <strings.h>

/* 0: copy, 1: look closer (markup, control, not ASCII) */
static const unsigned char SPECIAL[256] = {
    1, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 1, 1, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
    ['"'] = 1, ['&'] = 1, ['\''] = 1, ['<'] = 1, ['>'] = 1, ['`'] = 1, [127] = 1, [128 ... 255] = 1,
};

/* The length of the valid UTF-8 character at p (2..4), 0 when it is none; surrogates and over-long forms are none. */
static size_t utf8_at(const unsigned char *p, size_t left)
{
    size_t len = p[0] >= 0xf0 && p[0] <= 0xf4 ? 4 : p[0] >= 0xe0 ? 3 : p[0] >= 0xc2 ? 2 : 0;
    if (p[0] > 0xf4 || len == 0 || len > left) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
        (p[0] == 0xf4 && p[1] > 0x8f)) {
        return 0;
    }
    return len;
}

static void escape_one(struct buf *out, unsigned char c)
{
    switch (c) {
    case '<': buf_add(out, "&lt;", 4); break;
    case '>': buf_add(out, "&gt;", 4); break;
    case '&': buf_add(out, "&amp;", 5); break;
    case '"': buf_add(out, "&#34;", 5); break;
    case '\'': buf_add(out, "&#39;", 5); break;
    case '`': buf_add(out, "&#96;", 5); break;
    default: break;                          /* a control character: left out */
    }
}

/* Steps over harmless bytes, sixteen at a time where the processor has the means, else eight: a lane's top bit is set for a byte that may need a closer look. The
 * subtraction borrows only out of lanes that are caught themselves, so nothing is missed. */
static const unsigned char *skip_harmless(const unsigned char *p, const unsigned char *end)
{
#ifdef __SSE2__
    for (; end - p >= 16; p += 16) {
        const __m128i w = _mm_loadu_si128((const __m128i *)(const void *)p);
#define IS(c) _mm_cmpeq_epi8(w, _mm_set1_epi8(c))
        /* Signed: what is below a space is a control character or begins with a set bit. */
        __m128i found = _mm_or_si128(_mm_cmplt_epi8(w, _mm_set1_epi8(' ')), _mm_or_si128(IS(127), IS('`')));
        found = _mm_or_si128(found, _mm_or_si128(_mm_or_si128(IS('"'), IS('&')), _mm_or_si128(IS('\''), _mm_or_si128(IS('<'), IS('>')))));
#undef IS
        int at = _mm_movemask_epi8(found);
        if (at) {
            p += __builtin_ctz((unsigned)at);
            break;
        }
    }
#else
    const uint64_t ones = UINT64_C(0x0101010101010101), tops = UINT64_C(0x8080808080808080);
    while (end - p >= 8) {
        uint64_t w;
        memcpy(&w, p, 8);
#define LANES(c) (((w ^ (ones * (c))) - ones) & ~(w ^ (ones * (c))))
        uint64_t found = w | (w - ones * 32) | LANES('"') | LANES('&') | LANES('\'') | LANES('<') | LANES('>') | LANES('`') | LANES(127);
#undef LANES
        if (found & tops) break;
        p += 8;
    }
#endif
    while (p < end && !SPECIAL[*p]) p++;
    return p;
}

void escape_html(struct buf *out, const char *text, size_t len)
{
    const unsigned char *p = (const unsigned char *)text, *end = p + len, *run = p;
    while ((p = skip_harmless(p, end)) < end) {
        if (*p >= 128) {
            size_t n = utf8_at(p, (size_t)(end - p));
            if (n && !(n == 2 && p[0] == 0xc2 && p[1] < 0xa0)) {      /* not the C1 controls */
                p += n;
                continue;
            }
            if (p > run) buf_add(out, run, (size_t)(p - run));
            if (!n) buf_add(out, "\xef\xbf\xbd", 3);
            p += n ? n : 1;
            run = p;
            continue;
        }
        if (p > run) buf_add(out, run, (size_t)(p - run));
        escape_one(out, *p++);
        run = p;
    }
    if (p > run) buf_add(out, run, (size_t)(p - run));
}

static const bool UNRESERVED[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true,
};

/* What stands in an address as it is: the unreserved, and what divides an address into its parts. */
static const bool IN_URL[256] = {
    ['a' ... 'z'] = true, ['A' ... 'Z'] = true, ['0' ... '9'] = true, ['-'] = true, ['.'] = true, ['_'] = true, ['~'] = true, ['/'] = true,
    ['?'] = true, ['#'] = true, ['['] = true, [']'] = true, ['@'] = true, ['!'] = true, ['$'] = true, ['('] = true, [')'] = true, ['*'] = true,
    ['+'] = true, [','] = true, [';'] = true, ['='] = true, [':'] = true, ['%'] = true,
};

static void percent(struct buf *out, unsigned char c)
{
    static const char HEX[] = "0123456789ABCDEF";
    char three[3] = {'%', HEX[c >> 4], HEX[c & 15]};
    buf_add(out, three, 3);
}

void escape_url_part(struct buf *out, const char *text, size_t len)
{
    /* "." and ".." as a whole component would climb. */
    bool dots = (len == 1 && text[0] == '.') || (len == 2 && text[0] == '.' && text[1] == '.');
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        if (UNRESERVED[(unsigned char)text[i]] && !dots) continue;
        buf_add(out, text + run, i - run);
        percent(out, (unsigned char)text[i]);
        run = i + 1;
    }
    buf_add(out, text + run, len - run);
}

bool url_is_local(const char *url)
{
    if (!url || url[0] != '/' || url[1] == '/' || url[1] == '\\') return false;
    for (const unsigned char *p = (const unsigned char *)url; *p; p++) {
        if (*p < 33 || *p == 127 || *p == '\\') return false;
    }
    return true;
}

static bool scheme_is_sound(const char *text, size_t len)
{
    static const char *const SCHEMES[] = {"http://", "https://", "mailto:"};
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (c < 32 || c == 127 || c == '\\' || (c == ' ' && i == 0)) return false;   /* a browser strips these before it looks for the scheme */
    }
    for (size_t i = 0; i < 3; i++) {
        size_t n = strlen(SCHEMES[i]);
        if (len > n && strncasecmp(text, SCHEMES[i], n) == 0) return true;
    }
    if (len >= 2 && text[0] == '/' && text[1] == '/') return false;
    for (size_t i = 0; i < len; i++) {
        if (text[i] == ':') return false;
        if (text[i] == '/' || text[i] == '?' || text[i] == '#') return true;
    }
    return true;
}

void escape_url(struct buf *out, const char *text, size_t len)
{
    size_t plain = 0;
    while (plain < len && IN_URL[(unsigned char)text[plain]]) plain++;
    if (plain == len && len > 1 && text[0] == '/' && text[1] != '/') {      /* an address of ours: most are */
        buf_add(out, text, len);
        return;
    }
    if (!scheme_is_sound(text, len)) {
        buf_addc(out, '#');
        return;
    }
    size_t run = 0;
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (IN_URL[c]) continue;
        buf_add(out, text + run, i - run);
        if (c == '&') buf_add(out, "&amp;", 5);
        else percent(out, c);
        run = i + 1;
    }
    buf_add(out, text + run, len - run);
}
