/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The run time of compiled templates: lookups, truth, comparison, writing. Filters are in template_filter.c.
 */
#include "front/template.h"

#include <assert.h>
#include <string.h>

#include "base/log.h"
#include "front/escape.h"
#include "front/front.h"

static const struct template_table *tables[8];
static size_t n_tables;

void templates_use(const struct template_table *table)
{
    for (size_t i = 0; i < n_tables; i++) {
        if (tables[i] == table) return;
    }
    assert(n_tables < sizeof tables / sizeof *tables);
    tables[n_tables++] = table;
}

static const struct template_entry *find_template(const char *name)
{
    for (size_t t = n_tables; t-- > 0;) {
        size_t low = 0, high = tables[t]->count;
        while (low < high) {
            size_t middle = (low + high) / 2;
            int order = strcmp(name, tables[t]->entries[middle].name);
            if (order == 0) return &tables[t]->entries[middle];
            if (order < 0) high = middle;
            else low = middle + 1;
        }
    }
    return NULL;
}

bool template_exists(const char *name) { return find_template(name) != NULL; }

static moment val_moment(const struct val *v)
{
    moment at;
    if (v && v->kind == VAL_INT) return v->number;
    if (v && v->kind == VAL_STR && moment_read(v->str.s, &at) == OK) return at;
    return MOMENT_NONE;
}

void render(const char *name, const struct val *data, enum lang lang, struct buf *out)
{
    struct arena *arena = arena_new(0);
    if (arena) render_in(arena, name, data, lang, out);
    else out->failed = true;
    arena_free(arena);
}

void render_in(struct arena *arena, const char *name, const struct val *data, enum lang lang, struct buf *out)
{
    const struct template_entry *entry = find_template(name);
    if (!entry) {
        log_error("there is no template \"%s\"", name);
        out->failed = true;
        return;
    }
    struct tpl r = {.out = out, .lang = lang, .root = data, .arena = arena, .now = val_moment(val_get(data, "now"))};
    entry->write(&r);
}

/* ---- looking ------------------------------------------------------------------------------------------------- */

const struct val *tpl_get_slow(const struct val *v, const char *name, uint32_t *hint)
{
    for (uint32_t i = 0; i < v->count; i++) {
        const char *one = v->members[i].name;
        if (one == name || (*one == *name && strcmp(one, name) == 0)) {
            __atomic_store_n(hint, i, __ATOMIC_RELAXED);
            return v->members[i].value;
        }
    }
    return NULL;
}

const struct val *tpl_index(const struct val *v, const struct val *key)
{
    if (!v || !key) return NULL;
    if (key->kind == VAL_STR) return v->kind == VAL_OBJECT ? val_get(v, key->str.s) : NULL;
    if (key->kind != VAL_INT || v->kind != VAL_ARRAY || key->number < 0 || key->number >= v->count) return NULL;
    return v->items[key->number];
}

const struct val *tpl_item(const struct val *v, size_t i)
{
    return v->kind == VAL_ARRAY ? v->items[i] : v->members[i].value;
}

const struct val *tpl_key(struct tpl *r, const struct val *v, size_t i)
{
    if (v->kind == VAL_ARRAY) return tpl_int(r, (long long)i);
    return val_kept(r->arena, v->members[i].name);
}

size_t tpl_length(const struct val *v)
{
    return v && (v->kind == VAL_ARRAY || v->kind == VAL_OBJECT) ? v->count : 0;
}

bool tpl_true(const struct val *v)
{
    if (!v) return false;
    switch (v->kind) {
    case VAL_NULL: return false;
    case VAL_BOOL: return v->truth;
    case VAL_INT: return v->number != 0;
    case VAL_NUMBER: case VAL_STR: return v->str.len > 0;
    case VAL_ARRAY: case VAL_OBJECT: return v->count > 0;
    }
    return false;
}

static bool is_absent(const struct val *v) { return !v || v->kind == VAL_NULL; }

bool tpl_same(const struct val *a, const struct val *b)
{
    if (is_absent(a) || is_absent(b)) return is_absent(a) && is_absent(b);
    return val_equal(a, b);
}

int tpl_order(const struct val *a, const struct val *b)
{
    if (is_absent(a) || is_absent(b)) return (int)is_absent(b) - (int)is_absent(a);
    if (a->kind == VAL_INT && b->kind == VAL_INT) return (a->number > b->number) - (a->number < b->number);
    if (a->kind == VAL_STR && b->kind == VAL_STR) return strcmp(a->str.s, b->str.s);
    return (int)a->kind - (int)b->kind;
}

const struct val *tpl_either(const struct val *a, const struct val *b) { return tpl_true(a) ? a : b; }
const struct val *tpl_both(const struct val *a, const struct val *b) { return tpl_true(a) ? b : a; }

const struct val *tpl_bool(bool truth)
{
    static const struct val YES = {.kind = VAL_BOOL, .truth = true}, NO = {.kind = VAL_BOOL, .truth = false};
    return truth ? &YES : &NO;
}

const struct val *tpl_int(struct tpl *r, long long number)
{
    return val_int(r->arena, number);
}

/* English counts one as one, French none, too. */
bool tpl_is_one(const struct tpl *r, const struct val *v)
{
    int64_t n = v && v->kind == VAL_INT ? v->number : (int64_t)tpl_length(v);
    return n == 1 || (n == 0 && r->lang == LANG_FR);
}

/* ---- writing ------------------------------------------------------------------------------------------------- */

void tpl_out(struct tpl *r, const struct val *v)
{
    if (!v) return;
    switch (v->kind) {
    case VAL_STR: case VAL_NUMBER: escape_html(r->out, v->str.s, v->str.len); break;
    case VAL_INT: buf_addi(r->out, v->number); break;
    case VAL_BOOL: buf_adds(r->out, v->truth ? "true" : "false"); break;
    default: break;                          /* null, lists and objects write nothing */
    }
}

void tpl_url(struct tpl *r, const struct val *v)
{
    if (v && v->kind == VAL_STR) escape_url(r->out, v->str.s, v->str.len);
    else if (v && v->kind == VAL_INT) buf_addi(r->out, v->number);
}

void tpl_url_part(struct tpl *r, const struct val *v)
{
    if (v && v->kind == VAL_STR) escape_url_part(r->out, v->str.s, v->str.len);
    else if (v && v->kind == VAL_INT) buf_addi(r->out, v->number);
}

void tpl_lines(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_STR) {
        tpl_out(r, v);
        return;
    }
    const char *at = v->str.s, *end = at + v->str.len;
    for (;;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        escape_html(r->out, at, (size_t)((stop ? stop : end) - at));
        if (!stop) return;
        buf_add(r->out, "<br>", 4);
        at = stop + 1;
    }
}

void tpl_svg(struct tpl *r, const struct val *v)
{
    if (!v || v->kind != VAL_STR || v->str.len == 0) return;
    if (svg_is_modest(v->str.s, v->str.len)) buf_add(r->out, v->str.s, v->str.len);
    else log_error("a drawing holds what a drawing may not: left out");
}

/* Whether words stand on a page as they are: their length then, else 0. */
static uint32_t plain_length(const char *text)
{
    size_t len = strcspn(text, "%\"&'<>`\177");
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char)text[i] < ' ') return 0;
    }
    return text[len] || len > UINT16_MAX ? 0 : (uint32_t)len;
}

/* The text of a place is looked up and looked through once for each language; whichever thread is first writes the same. A place with
 * words for one and for many remembers those that it met first. */
static const char *site_text(struct tpl *r, struct tpl_site *site, const char *english, uint32_t *ret_plain)
{
    const char *first = __atomic_load_n(&site->english, __ATOMIC_ACQUIRE);
    if (!first) {
        __atomic_compare_exchange_n(&site->english, &first, english, false, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE);
        if (!first) first = english;
    }
    *ret_plain = 0;
    if (first != english) return tr(r->lang, english);
    const char *text = __atomic_load_n(&site->text[r->lang], __ATOMIC_ACQUIRE);
    if (!text) {
        text = tr(r->lang, english);
        __atomic_store_n(&site->plain[r->lang], plain_length(text), __ATOMIC_RELAXED);
        __atomic_store_n(&site->text[r->lang], text, __ATOMIC_RELEASE);
    }
    *ret_plain = __atomic_load_n(&site->plain[r->lang], __ATOMIC_RELAXED);
    return text;
}

void tpl_words(struct tpl *r, struct tpl_site *site, const char *english, size_t n, const struct val *const *args)
{
    uint32_t plain;
    const char *text = site_text(r, site, english, &plain);
    if (plain) {
        buf_add(r->out, text, plain);
        return;
    }
    for (;;) {
        const char *stop = strchr(text, '%');
        escape_html(r->out, text, stop ? (size_t)(stop - text) : strlen(text));
        if (!stop) return;
        if (stop[1] == '%') {
            buf_addc(r->out, '%');
            text = stop + 2;
        } else if (stop[1] >= '1' && stop[1] <= '9' && stop[2] == '$' && stop[3] == 's') {
            size_t i = (size_t)(stop[1] - '1');
            if (i < n) tpl_out(r, args[i]);
            text = stop + 4;
        } else {
            buf_addc(r->out, '%');
            text = stop + 1;
        }
    }
}
