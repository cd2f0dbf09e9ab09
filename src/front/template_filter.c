/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Filters of templates: from a value to a value. Times may be given as milliseconds or as ISO text; what is no time
 * goes through as it is, so that a mistake is seen and not swallowed.
 */
#include "front/template.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"

static const char *(*asset_path)(const char *name);

void template_assets(const char *(*path_of)(const char *name)) { asset_path = path_of; }

static bool time_of(const struct val *v, moment *ret)
{
    if (v && v->kind == VAL_INT) {
        *ret = v->number;
        return true;
    }
    return v && v->kind == VAL_STR && moment_read(v->str.s, ret) == OK;
}

/* A text that lies in the arena or outlives it. */
static const struct val *text_val(struct tpl *r, const char *text)
{
    return text ? val_kept(r->arena, text) : NULL;
}

const struct val *tpl_f_due(struct tpl *r, const struct val *v)
{
    moment at;
    if (!time_of(v, &at)) return v;
    if (r->now == MOMENT_NONE) return tpl_f_time(r, v);
    return text_val(r, moment_due_words(r->arena, at, r->now, r->lang));
}

const struct val *tpl_f_date(struct tpl *r, const struct val *v)
{
    static const char *const MONTHS[LANG_COUNT][12] = {
        {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
        {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."}};
    moment at;
    if (!time_of(v, &at)) return v;
    struct civil c = moment_civil(at);
    bool first = r->lang == LANG_FR && c.day == 1;
    return val_strf(r->arena, "%d%s %s %d", c.day, first ? "er" : "", MONTHS[r->lang][c.month - 1], c.year);
}

const struct val *tpl_f_time(struct tpl *r, const struct val *v)
{
    moment at;
    if (!time_of(v, &at)) return v;
    return text_val(r, moment_words(r->arena, at, r->lang));
}

const struct val *tpl_f_iso(struct tpl *r, const struct val *v)
{
    moment at;
    char text[MOMENT_TEXT];
    return time_of(v, &at) ? val_str(r->arena, moment_iso(at, text)) : v;
}

const struct val *tpl_f_day(struct tpl *r, const struct val *v)
{
    moment at;
    char text[MOMENT_TEXT];
    return time_of(v, &at) ? val_str(r->arena, moment_iso_day(at, text)) : v;
}

const struct val *tpl_f_count(struct tpl *r, const struct val *v)
{
    if (v && v->kind == VAL_STR) return tpl_int(r, (long long)utf8_count(v->str.s, v->str.len));
    return tpl_int(r, (long long)tpl_length(v));
}

/* {en: ..., fr: ...} as data carries it; the other language when one is missing. */
const struct val *tpl_f_words(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_OBJECT) return v;
    const struct val *mine = val_get(v, lang_code(r->lang));
    return tpl_true(mine) ? mine : val_get(v, lang_code(r->lang == LANG_EN ? LANG_FR : LANG_EN));
}

const struct val *tpl_f_tr(struct tpl *r, const struct val *v)
{
    return v && v->kind == VAL_STR ? text_val(r, tr(r->lang, v->str.s)) : v;
}

const struct val *tpl_f_json(struct tpl *r, const struct val *v)
{
    struct buf text = {0};
    buf_init(&text, 1 << 20);
    if (v) json_write(&text, v);
    else buf_adds(&text, "null");
    const struct val *out = text.failed ? NULL : val_strn(r->arena, text.data, text.len);
    buf_free(&text);
    return out;
}

const struct val *tpl_f_asset(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_STR || !asset_path) return v;
    return text_val(r, asset_path(v->str.s));
}

const struct val *tpl_f_upper(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_STR) return v;
    char *copy = arena_strndup(r->arena, v->str.s, v->str.len);
    for (char *c = copy; *c; c++) {
        if (*c >= 'a' && *c <= 'z') *c = (char)(*c - 'a' + 'A');     /* ASCII only: codes and levels */
    }
    return val_strn(r->arena, copy, v->str.len);
}

const struct val *tpl_f_join(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_ARRAY) return v;
    struct buf text = {0};
    buf_init(&text, 1 << 20);
    for (uint32_t i = 0; i < v->count; i++) {
        if (i) buf_adds(&text, ", ");
        const struct val *item = v->items[i];
        if (item->kind == VAL_STR) buf_add(&text, item->str.s, item->str.len);
        else if (item->kind == VAL_INT) buf_addi(&text, item->number);
    }
    const struct val *out = val_strn(r->arena, text.data ? text.data : "", text.len);
    buf_free(&text);
    return out;
}

/* 12345 as "12 345" (narrow no-break spaces), the same in both languages. */
const struct val *tpl_f_number(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_INT) return v;
    char digits[24], out[64];
    int len = snprintf(digits, sizeof digits, "%lld", (long long)v->number), n = 0;
    for (int i = 0; i < len; i++) {
        bool group = i > 0 && digits[i - 1] != '-' && (len - i) % 3 == 0;
        if (group) {
            memcpy(out + n, "\xe2\x80\xaf", 3);
            n += 3;
        }
        out[n++] = digits[i];
    }
    return val_strn(r->arena, out, (size_t)n);
}
