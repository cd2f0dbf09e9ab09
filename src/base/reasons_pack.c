/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reasons as bytes, on their way out of a jail. Each text is a length (four bytes, 0xffffffff for none) and its bytes.
 * The reading side trusts nothing: lengths are checked, and texts must be plain UTF-8.
 */
#include <string.h>

#include "base/nursery.h"
#include "base/text.h"

#define NONE 0xffffffffu
#define TEXTS (2 + 2 * LANG_COUNT)

static void list_texts(struct reason *reason, const char **texts[TEXTS])
{
    size_t n = 0;
    texts[n++] = &reason->rule;
    texts[n++] = &reason->where;
    for (int lang = 0; lang < LANG_COUNT; lang++) {
        texts[n++] = &reason->text.in[lang];
        texts[n++] = &reason->next.in[lang];
    }
}

static void put(struct buf *out, const char *text)
{
    uint32_t len = text ? (uint32_t)strlen(text) : NONE;
    buf_add(out, &len, sizeof len);
    if (text)
        buf_add(out, text, len);
}

void reasons_pack(const struct reasons *reasons, struct buf *out)
{
    for (const struct reason *one = reasons->first; one; one = one->after) {
        struct reason copy = *one;
        const char **texts[TEXTS];
        size_t before = out->len;
        list_texts(&copy, texts);
        for (size_t i = 0; i < TEXTS; i++)
            put(out, *texts[i]);
        buf_addc(out, copy.grants ? 1 : 0);
        if (out->failed) {                 /* the last that fit whole */
            out->len = before;
            return;
        }
    }
}

static bool take(struct arena *arena, const char **at, const char *end, const char **ret)
{
    uint32_t len;
    if ((size_t)(end - *at) < sizeof len)
        return false;
    memcpy(&len, *at, sizeof len);
    *at += sizeof len;
    *ret = NULL;
    if (len == NONE)
        return true;
    if (len > (size_t)(end - *at) || !utf8_valid(*at, len) || !text_is_plain(*at, len, true) || memchr(*at, 0, len))
        return false;
    *ret = arena_strndup(arena, *at, len);
    *at += len;
    return true;
}

bool reasons_unpack(struct reasons *reasons, const char *bytes, size_t len)
{
    const char *end = bytes + len;
    while (bytes < end) {
        struct reason one = {0};
        struct reasons single = {.first = &one, .last = &one, .count = 1};
        const char **texts[TEXTS];
        list_texts(&one, texts);
        for (size_t i = 0; i < TEXTS; i++) {
            if (!take(reasons->arena, &bytes, end, texts[i]))
                return false;
        }
        if (bytes == end || !one.rule || !one.text.in[LANG_EN] || !one.text.in[LANG_FR])
            return false;
        one.grants = *bytes++ != 0;
        reasons_join(reasons, &single);
    }
    return true;
}
