/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text as search and sorting see it. ASCII takes a short way; everything else goes through ICU: NFKD, marks dropped,
 * case folded, and the few Latin letters that NFKD leaves whole written as typists write them. The collator and the
 * normaliser are opened once and shared; ICU allows that for both as long as nobody changes them.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unicode/uchar.h>
#include <unicode/ucol.h>
#include <unicode/unorm2.h>
#include <unicode/ustring.h>

#include "base/text.h"

#define LONGEST_TERM 40
#define MOST_TEXT ((size_t)64 << 20)

static pthread_once_t once = PTHREAD_ONCE_INIT;
static const UNormalizer2 *nfkd;
static UCollator *collator;

static void open_icu(void)
{
    UErrorCode code = U_ZERO_ERROR;
    nfkd = unorm2_getNFKDInstance(&code);
    collator = ucol_open("", &code);
    if (U_FAILURE(code))
        abort();               /* the library's own data is missing: nothing could be found or sorted */
}

static bool is_ascii(const char *text, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] >= 0x80)
            return false;
    }
    return true;
}

/* What typists write for letters that have no decomposition. */
static const struct { UChar32 letter; char as[3]; } plain_letters[] = {
    {0xe6, "ae"}, {0xf0, "d"}, {0xf8, "o"}, {0xfe, "th"}, {0x111, "d"}, {0x127, "h"}, {0x131, "i"}, {0x142, "l"},
    {0x153, "oe"}, {0x167, "t"},
};

static const char *plain_letter(UChar32 letter)
{
    for (size_t i = 0; i < sizeof plain_letters / sizeof *plain_letters; i++) {
        if (plain_letters[i].letter == letter)
            return plain_letters[i].as;
    }
    return NULL;
}

static UChar *to_utf16(struct arena *arena, const char *text, size_t len, int32_t *ret_len)
{
    UErrorCode code = U_ZERO_ERROR;
    UChar *wide = ARENA_ARRAY(arena, UChar, len + 1);
    u_strFromUTF8WithSub(wide, (int32_t)len + 1, ret_len, text, (int32_t)len, 0xfffd, NULL, &code);
    return wide;
}

static UChar *decomposed(struct arena *arena, const UChar *from, int32_t len, int32_t *ret_len)
{
    UErrorCode code = U_ZERO_ERROR;
    int32_t need = unorm2_normalize(nfkd, from, len, NULL, 0, &code);
    code = U_ZERO_ERROR;
    UChar *to = ARENA_ARRAY(arena, UChar, (size_t)need + 1);
    *ret_len = unorm2_normalize(nfkd, from, len, to, need + 1, &code);
    return to;
}

static UChar *case_folded(struct arena *arena, const UChar *from, int32_t len, int32_t *ret_len)
{
    UErrorCode code = U_ZERO_ERROR;
    int32_t need = u_strFoldCase(NULL, 0, from, len, U_FOLD_CASE_DEFAULT, &code);
    code = U_ZERO_ERROR;
    UChar *to = ARENA_ARRAY(arena, UChar, (size_t)need + 1);
    *ret_len = u_strFoldCase(to, need + 1, from, len, U_FOLD_CASE_DEFAULT, &code);
    return to;
}

/* Drops non-spacing and enclosing marks, in place. */
static int32_t drop_marks(UChar *text, int32_t len)
{
    int32_t out = 0;
    for (int32_t in = 0; in < len;) {
        UChar32 letter;
        int32_t begin = in;
        U16_NEXT(text, in, len, letter);
        int8_t type = u_charType(letter);
        if (type == U_NON_SPACING_MARK || type == U_ENCLOSING_MARK)
            continue;
        while (begin < in)
            text[out++] = text[begin++];
    }
    return out;
}

static char *to_plain_utf8(struct arena *arena, const UChar *text, int32_t len)
{
    char *out = arena_alloc(arena, (size_t)len * 3 + 1);
    size_t at = 0;
    for (int32_t in = 0; in < len;) {
        UChar32 letter;
        U16_NEXT(text, in, len, letter);
        const char *plain = plain_letter(letter);
        if (plain) {
            memcpy(out + at, plain, strlen(plain));
            at += strlen(plain);
        } else {
            if (U_IS_SURROGATE(letter))
                letter = 0xfffd;
            U8_APPEND_UNSAFE((uint8_t *)out, at, letter);
        }
    }
    out[at] = '\0';
    return out;
}

char *text_fold(struct arena *arena, const char *text, size_t len)
{
    if (len > MOST_TEXT)
        len = MOST_TEXT;
    if (is_ascii(text, len)) {
        char *out = arena_strndup(arena, text, len);
        for (size_t i = 0; i < len; i++) {
            if (out[i] >= 'A' && out[i] <= 'Z')
                out[i] = (char)(out[i] - 'A' + 'a');
        }
        return out;
    }
    pthread_once(&once, open_icu);
    int32_t count = 0;
    UChar *wide = to_utf16(arena, text, len, &count);
    wide = decomposed(arena, wide, count, &count);
    count = drop_marks(wide, count);
    wide = case_folded(arena, wide, count, &count);
    wide = decomposed(arena, wide, count, &count);
    count = drop_marks(wide, count);
    return to_plain_utf8(arena, wide, count);
}

/* ---- terms ---- */

struct terms {
    struct arena *arena;
    const char **list;
    size_t count, max;
    const char **table;        /* open addressing, at most half full */
    size_t slots;
};

static void terms_grow(struct terms *terms)
{
    if (terms->count * 2 < terms->slots)
        return;
    size_t slots = terms->slots ? terms->slots * 2 : 64;
    const char **table = ARENA_ARRAY(terms->arena, const char *, slots);
    const char **list = ARENA_ARRAY(terms->arena, const char *, slots / 2 + 1);
    for (size_t i = 0; i < terms->count; i++) {
        size_t at = (size_t)str_hash(terms->list[i]);
        while (table[at & (slots - 1)])
            at++;
        table[at & (slots - 1)] = list[i] = terms->list[i];
    }
    terms->table = table;
    terms->list = list;
    terms->slots = slots;
}

static void terms_add(struct terms *terms, const char *text, size_t len)
{
    if (terms->count == terms->max || len == 0)
        return;
    while (len > LONGEST_TERM || (len && len == LONGEST_TERM && ((unsigned char)text[len] & 0xc0) == 0x80)) {
        len = len > LONGEST_TERM ? LONGEST_TERM : len - 1;
        while (len && ((unsigned char)text[len] & 0xc0) == 0x80)
            len--;
    }
    terms_grow(terms);
    char *term = arena_strndup(terms->arena, text, len);
    size_t at = (size_t)str_hash(term);
    for (; terms->table[at & (terms->slots - 1)]; at++) {
        if (strcmp(terms->table[at & (terms->slots - 1)], term) == 0)
            return;
    }
    terms->table[at & (terms->slots - 1)] = term;
    terms->list[terms->count++] = term;
}

/* The bytes of a letter or digit at the start, 0 for anything else. */
static size_t word_letter(const char *at)
{
    unsigned char c = (unsigned char)*at;
    if (c < 0x80)
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? 1 : 0;
    size_t len = strnlen(at, 4), bytes = utf8_length(at, len);
    UChar32 letter = 0;
    int32_t i = 0;
    if (!bytes)
        return 0;
    U8_NEXT_UNSAFE(at, i, letter);
    return u_isalnum(letter) || u_charType(letter) == U_COMBINING_SPACING_MARK ? bytes : 0;
}

static size_t word_length(const char *at)
{
    size_t len = 0;
    for (size_t bytes; (bytes = word_letter(at + len)) != 0;)
        len += bytes;
    return len;
}

/* A run such as "inc-2026-7kq4m2xd", "ac-2", "10.0.0.7": words with one joint between, a digit somewhere. */
static size_t joined_length(const char *at, size_t first, bool *ret_digit)
{
    size_t len = first;
    while (at[len] == '-' || at[len] == '.' || at[len] == '/') {
        size_t more = word_length(at + len + 1);
        if (!more)
            break;
        len += 1 + more;
    }
    *ret_digit = false;
    for (size_t i = 0; i < len; i++)
        *ret_digit |= at[i] >= '0' && at[i] <= '9';
    return len;
}

size_t text_terms(struct arena *arena, const char *text, size_t len, size_t max, const char ***ret_terms)
{
    const char *at = text_fold(arena, text, len);
    struct terms terms = {.arena = arena, .max = max};
    size_t inside = 0;         /* bytes left of the joined run that was already added whole */
    while (*at && terms.count < max) {
        size_t word = word_length(at);
        if (!word) {
            size_t bytes = utf8_length(at, strnlen(at, 4));
            at += bytes ? bytes : 1;
            inside -= inside < bytes ? inside : bytes;
            continue;
        }
        terms_add(&terms, at, word);
        if (!inside) {
            bool digit;
            inside = joined_length(at, word, &digit);
            if (inside > word && digit && inside <= LONGEST_TERM)
                terms_add(&terms, at, inside);
        }
        at += word;
        inside -= inside < word ? inside : word;
    }
    *ret_terms = terms.list;
    return terms.count;
}

size_t text_sort_key(const char *text, size_t len, uint8_t *out, size_t max)
{
    UChar wide[512];
    int32_t count = 0;
    UErrorCode code = U_ZERO_ERROR;
    pthread_once(&once, open_icu);
    if (len > 511)
        len = 511;             /* a key is cut anyway, and far below this */
    u_strFromUTF8WithSub(wide, 512, &count, text, (int32_t)len, 0xfffd, NULL, &code);
    if (U_FAILURE(code) || max == 0)
        return 0;
    uint8_t key[4096];
    int32_t need = ucol_getSortKey(collator, wide, count, key, sizeof key);
    size_t have = need <= 0 ? 0 : (size_t)need > sizeof key ? sizeof key : (size_t)need - 1;
    if (have > max)
        have = max;
    memcpy(out, key, have);
    return have;
}
