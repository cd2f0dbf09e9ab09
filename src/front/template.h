/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What compiled templates (tools/template.c) stand on: looking up members, writing values escaped for their place,
 * words in the reader's language, filters. Only generated code and front/template*.c include this; pages call
 * render(). Nothing here fails: what is absent writes nothing.
 */
#ifndef FRONT_TEMPLATE_H
#define FRONT_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/moment.h"
#include "base/val.h"
#include "base/words.h"

struct tpl {
    struct buf *out;
    enum lang lang;
    moment now;                              /* the data's "now" */
    const struct val *root;
    struct arena *arena;                     /* for what filters make */
};
struct template_entry { const char *name; void (*write)(struct tpl *); };
struct template_table { const struct template_entry *entries; size_t count; };   /* sorted by name */

/* Adds a table of compiled templates; before the first thread. A later table's template hides an earlier one's. */
void templates_use(const struct template_table *);
extern const struct template_table office_templates;      /* ui/templates and the pages of the duties */
bool template_exists(const char *name);

/* Addresses of static assets: set by web; the filter `asset` asks it. NULL for an unknown name. */
void template_assets(const char *(*path_of)(const char *name));

/* ---- for generated code ---- */
struct tpl_site { const char *english, *text[LANG_COUNT]; uint32_t plain[LANG_COUNT]; };

#define TPL_STR(literal) (&(const struct val){.kind = VAL_STR, .str = {(literal), sizeof(literal) - 1}})
#define TPL_INT(n) (&(const struct val){.kind = VAL_INT, .number = (n)})

const struct val *tpl_get_slow(const struct val *, const char *name, uint32_t *hint);
/* The member of an object; the hint remembers where the last object had it, in whichever thread: it is a guess and looked at again. */
static inline const struct val *tpl_get(const struct val *v, const char *name, uint32_t *hint)
{
    if (!v || v->kind != VAL_OBJECT) return NULL;
    uint32_t at = __atomic_load_n(hint, __ATOMIC_RELAXED);
    if (at < v->count && (v->members[at].name == name || strcmp(v->members[at].name, name) == 0)) return v->members[at].value;
    return tpl_get_slow(v, name, hint);
}
/* Static text; its length is known when this is compiled. */
static inline void tpl_static(struct tpl *r, const char *text, size_t len)
{
    struct buf *out = r->out;
    if (!out->failed && out->cap > out->len && out->cap - out->len > len && out->max - out->len >= len) {
        memcpy(out->data + out->len, text, len);
        out->len += len;
        out->data[out->len] = '\0';
    } else {
        buf_add(out, text, len);
    }
}
const struct val *tpl_index(const struct val *, const struct val *key);
const struct val *tpl_item(const struct val *, size_t);
const struct val *tpl_key(struct tpl *, const struct val *, size_t);
size_t tpl_length(const struct val *);
bool tpl_true(const struct val *);           /* not: absent, null, false, 0, "", an empty list */
bool tpl_same(const struct val *, const struct val *);
int tpl_order(const struct val *, const struct val *);
const struct val *tpl_either(const struct val *, const struct val *);
const struct val *tpl_both(const struct val *, const struct val *);
const struct val *tpl_bool(bool);
const struct val *tpl_int(struct tpl *, long long);
bool tpl_is_one(const struct tpl *, const struct val *);

void tpl_out(struct tpl *, const struct val *);         /* text and quoted attributes */
void tpl_url(struct tpl *, const struct val *);         /* an address from its beginning */
void tpl_url_part(struct tpl *, const struct val *);    /* one component inside an address */
void tpl_lines(struct tpl *, const struct val *);       /* text with line breaks */
void tpl_svg(struct tpl *, const struct val *);         /* a drawing of our own making, checked */
void tpl_words(struct tpl *, struct tpl_site *, const char *english, size_t n, const struct val *const *args);

const struct val *tpl_f_due(struct tpl *, const struct val *);
const struct val *tpl_f_date(struct tpl *, const struct val *);
const struct val *tpl_f_time(struct tpl *, const struct val *);
const struct val *tpl_f_iso(struct tpl *, const struct val *);
const struct val *tpl_f_day(struct tpl *, const struct val *);
const struct val *tpl_f_count(struct tpl *, const struct val *);
const struct val *tpl_f_words(struct tpl *, const struct val *);
const struct val *tpl_f_tr(struct tpl *, const struct val *);
const struct val *tpl_f_json(struct tpl *, const struct val *);
const struct val *tpl_f_asset(struct tpl *, const struct val *);
const struct val *tpl_f_upper(struct tpl *, const struct val *);
const struct val *tpl_f_join(struct tpl *, const struct val *);
const struct val *tpl_f_number(struct tpl *, const struct val *);

#endif
