/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Prose with parameters: "{{ insert: param, ac-1_prm_1 }}" becomes what the reader of the printed catalogue sees. A
 * selection's choices may hold parameters again; one that holds itself is a fault, as is one that is not there.
 */
#include "report/oscal_text.h"

#include <string.h>

#include "base/text.h"

enum { most_steps = 1000000 };               /* parameters written in all: nested ones could double at each level */

void oscal_fault(struct oscal *o, const char *control, const char *rule, const char *english, const char *detail)
{
    reason_add(o->reasons, rule, control, english, control ? control : "", detail ? detail : "");
    o->faults++;
}

/* ---- tables by id ---- */

static size_t hash_id(const char *id)
{
    uint64_t h = UINT64_C(14695981039346656037);
    for (; *id; id++)
        h = (h ^ (unsigned char)*id) * UINT64_C(1099511628211);
    return (size_t)(h ^ h >> 29);
}

static struct oscal_param *place(struct oscal_param *table, size_t size, const char *id)
{
    size_t i = hash_id(id) & (size - 1);
    while (table[i].id && strcmp(table[i].id, id))
        i = (i + 1) & (size - 1);
    return &table[i];
}

static struct oscal_param *find(struct oscal *o, const char *id)
{
    struct oscal_param *p = o->n_table ? place(o->table, o->n_table, id) : NULL;
    return p && p->id ? p : NULL;
}

static void grow_params(struct oscal *o)
{
    if ((o->n_params + 1) * 2 <= o->n_table)
        return;
    size_t size = o->n_table ? o->n_table * 2 : 1024;
    struct oscal_param *table = ARENA_ARRAY(o->arena, struct oscal_param, size);
    for (size_t i = 0; i < o->n_table; i++)
        if (o->table[i].id)
            *place(table, size, o->table[i].id) = o->table[i];
    o->table = table;
    o->n_table = size;
}

void oscal_enter_params(struct oscal *o, const char *control, const struct val *params)
{
    for (size_t i = 0; i < val_count(params); i++) {
        const struct val *param = val_at(params, i);
        const char *id = val_get_str(param, "id");
        if (!id) {
            oscal_fault(o, control, "oscal.param-id", T_("Control %1$s: a parameter has no id."), NULL);
            continue;
        }
        grow_params(o);
        struct oscal_param *p = place(o->table, o->n_table, id);
        if (p->id) {
            oscal_fault(o, control, "oscal.param-twice", T_("Control %1$s: the parameter %2$s is there twice."), id);
            continue;
        }
        *p = (struct oscal_param){ .id = id, .param = param };
        o->n_params++;
    }
}

bool oscal_enter_id(struct oscal *o, const char *id)
{
    if ((o->n_ids + 1) * 2 > o->n_id_table) {
        size_t size = o->n_id_table ? o->n_id_table * 2 : 1024;
        const char **ids = ARENA_ARRAY(o->arena, const char *, size);
        for (size_t i = 0; i < o->n_id_table; i++)
            if (o->ids[i]) {
                size_t at = hash_id(o->ids[i]) & (size - 1);
                while (ids[at])
                    at = (at + 1) & (size - 1);
                ids[at] = o->ids[i];
            }
        o->ids = ids;
        o->n_id_table = size;
    }
    size_t at = hash_id(id) & (o->n_id_table - 1);
    while (o->ids[at] && strcmp(o->ids[at], id))
        at = (at + 1) & (o->n_id_table - 1);
    if (o->ids[at])
        return false;
    o->ids[at] = id;
    o->n_ids++;
    return true;
}

/* ---- parameters ---- */

static void joined(struct oscal *o, const char *control, const struct val *texts, const char *between, struct buf *out)
{
    for (size_t i = 0; i < val_count(texts); i++) {
        const char *text = val_text(val_at(texts, i));
        if (i)
            buf_adds(out, between);
        if (text)
            oscal_prose(o, control, text, out);
    }
}

void oscal_param_text(struct oscal *o, const char *control, const char *id, struct buf *out)
{
    struct oscal_param *p = find(o, id);
    if (!p) {
        oscal_fault(o, control, "oscal.param-absent",
                    T_("Control %1$s: its text names the parameter %2$s, which the catalogue does not have."), id);
        return;
    }
    if (o->steps++ == most_steps)
        oscal_fault(o, control, "oscal.param-many", T_("Control %1$s: parameters hold one another too many times."), NULL);
    if (o->steps > most_steps)
        return;
    if (p->mark) {
        oscal_fault(o, control, "oscal.param-circle", T_("Control %1$s: the parameter %2$s holds itself."), id);
        return;
    }
    p->mark = 1;
    const struct val *choices = val_get(val_get(p->param, "select"), "choice"), *values = val_get(p->param, "values");
    const char *label = val_get_str(p->param, "label");
    if (val_count(values)) {
        joined(o, control, values, ", ", out);
    } else if (val_count(choices)) {
        bool more = str_eq(val_get_str(val_get(p->param, "select"), "how-many"), "one-or-more");
        buf_adds(out, more ? "[Selection (one or more): " : "[Selection: ");
        joined(o, control, choices, "; ", out);
        buf_addc(out, ']');
    } else if (label) {
        buf_addc(out, '[');
        oscal_prose(o, control, label, out);
        buf_addc(out, ']');
    } else {
        oscal_fault(o, control, "oscal.param-empty",
                    T_("Control %1$s: the parameter %2$s has neither values, a selection nor a label."), id);
    }
    p->mark = 0;
}

/* ---- prose ---- */

/* At "{{": replaces it and gives what stands behind "}}"; NULL when it is no insertion of a parameter. */
static const char *insertion(struct oscal *o, const char *control, const char *at, struct buf *out)
{
    static const char *const words[] = { "insert:", "param," };
    const char *p = at + 2, *close = strstr(at, "}}");
    for (size_t i = 0; i < 2; i++) {
        p += strspn(p, " \t\n");
        if (!str_starts(p, words[i]))
            return NULL;
        p += strlen(words[i]);
    }
    p += strspn(p, " \t\n");
    size_t len = strcspn(p, " \t\n}");
    if (!close || !len || p + len + strspn(p + len, " \t\n") != close)
        return NULL;
    oscal_param_text(o, control, arena_strndup(o->arena, p, len), out);
    return close + 2;
}

/* At "[": when it is a link inside the catalogue, "[AU-2](#au-2)", writes its words and gives what follows. */
static const char *inner_link(struct oscal *o, const char *control, const char *at, struct buf *out)
{
    const char *middle = strstr(at, "](#"), *close = middle ? strchr(middle, ')') : NULL;
    if (!close || (size_t)(middle - at) != strcspn(at, "]\n") || strcspn(middle, " \n") < (size_t)(close - middle))
        return NULL;
    oscal_prose(o, control, arena_strndup(o->arena, at + 1, (size_t)(middle - at - 1)), out);
    return close + 1;
}

void oscal_prose(struct oscal *o, const char *control, const char *prose, struct buf *out)
{
    size_t start = out->len;
    prose += strspn(prose, " \t\n");
    while (*prose && !out->failed) {
        size_t plain = strcspn(prose, "{[");
        const char *after = NULL;
        buf_add(out, prose, plain);
        prose += plain;
        if (str_starts(prose, "{{")) {
            after = insertion(o, control, prose, out);
            if (!after)
                oscal_fault(o, control, "oscal.insert",
                            T_("Control %1$s: \"%2$s\" is no insertion of a parameter; write {{ insert: param, ID }}."),
                            arena_strndup(o->arena, prose, strcspn(prose, "}\n") < 80 ? strcspn(prose, "}\n") : 80));
        } else if (*prose == '[') {
            after = inner_link(o, control, prose, out);
        }
        if (after) {
            prose = after;
        } else if (*prose) {
            buf_addc(out, *prose++);
            if (str_starts(prose, "{"))
                buf_addc(out, *prose++);
        }
    }
    while (out->len > start && (out->data[out->len - 1] == '\n' || out->data[out->len - 1] == ' '))
        out->data[--out->len] = 0;
}
