/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Index rows as a projection of an image: the same image always gives the same keys, so verify can rebuild them.
 * Keys compare by bytes. A filter's key ends with the time of update, so "filtered, newest first" is one range.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

#define KEY_MAX 200
#define TERMS_MAX 400

void index_moment(struct buf *key, moment at)
{
    uint64_t biased = (uint64_t)at ^ (UINT64_C(1) << 63);
    for (int shift = 56; shift >= 0; shift -= 8)
        buf_addc(key, (char)(biased >> shift));
}

static void add_term_position(struct buf *key, const struct vocabulary *of, const char *name)
{
    unsigned at = 0xffff;
    for (size_t i = 0; of && i < of->n_terms; i++)
        if (str_eq(of->terms[i].name, name))
            at = (unsigned)i;
    buf_addc(key, (char)(at >> 8));
    buf_addc(key, (char)at);
}

static void add_exact(struct buf *key, const char *text)
{
    size_t len = strlen(text);
    buf_add(key, text, len > 120 ? 120 : len);
    buf_addc(key, 0);
}

bool index_value_key(const struct field_def *field, const char *value, struct buf *key)
{
    moment at;
    switch (field->type) {
    case FIELD_NUMBER:
        index_moment(key, strtoll(value, NULL, 10));
        return true;
    case FIELD_TIME:
        if (moment_read(value, &at) != OK)
            return false;
        index_moment(key, at);
        return true;
    default:
        add_exact(key, value);
        return true;
    }
}

/* The order of a value among others: words as a reader expects them, terms in their vocabulary's order. */
static void add_sort_key(struct buf *key, const struct field_def *field, const struct val *value)
{
    uint8_t sort[120];
    switch (value ? value->kind : VAL_NULL) {
    case VAL_INT:
        index_moment(key, value->number);
        break;
    case VAL_BOOL:
        buf_addc(key, value->truth ? 1 : 0);
        break;
    case VAL_STR:
        if (field->type == FIELD_CHOICE)
            add_term_position(key, field->of, value->str.s);
        else
            buf_add(key, sort, text_sort_key(value->str.s, value->str.len, sort, sizeof sort));
        break;
    case VAL_OBJECT:
        index_moment(key, val_get_int(value, field->type == FIELD_MONEY ? "amount" : "from", 0));
        break;
    default:
        buf_addc(key, (char)0xff);             /* nothing given: last */
    }
}

static void exact_of(struct buf *key, const struct field_def *field, const struct val *value)
{
    if (value->kind == VAL_INT)
        index_moment(key, value->number);
    else if (value->kind == VAL_BOOL)
        add_exact(key, value->truth ? "true" : "false");
    else if (value->kind == VAL_STR)
        add_exact(key, value->str.s);
    (void)field;
}

static const char *state_name(const struct image *image) { return image->def->states[image->state].name; }

/* One index's keys of an image; `part` counts up for fields that hold several values. False: no more. */
static bool key_of(const struct index_def *def, const struct image *image, size_t part, struct buf *key)
{
    const struct val *value = def->field ? val_get(image->fields, def->field->name) : NULL;
    if (value && value->kind == VAL_ARRAY) {
        if (def->kind != INDEX_FILTER || part >= value->count)
            return false;
        value = value->items[part];
    } else if (part > 0) {
        return false;
    }
    switch (def->kind) {
    case INDEX_UPDATED:
        index_moment(key, image->updated);
        return true;
    case INDEX_STATE:
        add_exact(key, state_name(image));
        index_moment(key, image->updated);
        return true;
    case INDEX_DUE:
        if (image_due(image) == MOMENT_NONE)
            return false;
        index_moment(key, image_due(image));
        return true;
    case INDEX_FILTER:
        if (!value || value->kind == VAL_NULL)
            return false;
        exact_of(key, def->field, value);
        index_moment(key, image->updated);
        return true;
    case INDEX_UNIQUE:
        if (!value || value->kind != VAL_STR)
            return false;
        {
            struct arena *arena = arena_new(0);
            if (arena)
                add_exact(key, text_fold(arena, value->str.s, value->str.len));
            arena_free(arena);
        }
        return true;
    case INDEX_SORT:
        add_sort_key(key, def->field, value);
        return true;
    case INDEX_PAIR:
        if (def->pair->filter) {
            const struct val *filter = val_get(image->fields, def->pair->filter->name);
            if (!filter || filter->kind == VAL_ARRAY || filter->kind == VAL_NULL)
                return false;
            exact_of(key, def->pair->filter, filter);
        } else {
            add_exact(key, state_name(image));
        }
        if (def->pair->by)
            add_sort_key(key, def->pair->by, val_get(image->fields, def->pair->by->name));
        else if (str_eq(def->pair->by_name, "due"))
            index_moment(key, image_due(image) == MOMENT_NONE ? MOMENT_EVER : image_due(image));
        else
            index_moment(key, image->updated);
        return true;
    case INDEX_LINK:
        return false;
    }
    return false;
}

const char *index_name(const struct index_def *def, struct arena *arena)
{
    switch (def->kind) {
    case INDEX_UPDATED: return "~updated";
    case INDEX_STATE: return "~state";
    case INDEX_DUE: return "~due";
    case INDEX_FILTER: return arena_printf(arena, "f:%s", def->field->name);
    case INDEX_SORT: return arena_printf(arena, "s:%s", def->field->name);
    case INDEX_UNIQUE: return arena_printf(arena, "u:%s", def->field->name);
    case INDEX_LINK: return arena_printf(arena, "l:%s", def->field->name);
    case INDEX_PAIR: return arena_printf(arena, "p:%s:%s", def->pair->filter_name, def->pair->by_name);
    }
    return "";
}

/* The arena may end in the midst of it (a guard then frees what malloc gave). */
static void drop_buf(void *buf) { buf_free(buf); }

size_t index_keys(const struct index_plan *plan, const struct image *image, struct arena *arena, struct index_key **ret)
{
    struct buf key;
    size_t n = 0, cap = plan->n + 16;
    struct index_key *keys = ARENA_ARRAY(arena, struct index_key, cap);
    struct arena_guard guard = {.release = drop_buf, .arg = &key};
    buf_init(&key, KEY_MAX * 2);
    arena_guard(arena, &guard);
    for (size_t i = 0; i < plan->n; i++)
        for (size_t part = 0; n < cap; part++) {
            buf_clear(&key);
            if (!key_of(&plan->defs[i], image, part, &key))
                break;
            size_t len = key.len > KEY_MAX ? KEY_MAX : key.len;
            keys[n++] = (struct index_key){plan->defs[i].id, arena_memdup(arena, key.data, len), len};
        }
    arena_unguard(arena, &guard);
    buf_free(&key);
    *ret = keys;
    return n;
}

const struct index_def *index_find(const struct index_plan *plan, enum index_kind kind, const struct field_def *field)
{
    for (size_t i = 0; i < plan->n; i++)
        if (plan->defs[i].kind == kind && plan->defs[i].field == field)
            return &plan->defs[i];
    return NULL;
}

size_t index_terms(const struct image *image, struct arena *arena, const char ***ret)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    buf_adds(&text, image->number);
    for (size_t i = 0; i < image->def->n_fields; i++) {
        const struct field_def *field = &image->def->fields[i];
        const char *value = field->search ? image_text(image, field->name) : NULL;
        if (value) {
            buf_addc(&text, '\n');
            buf_adds(&text, value);
        }
    }
    struct arena_guard guard = {.release = drop_buf, .arg = &text};
    arena_guard(arena, &guard);
    size_t n = text_terms(arena, text.data, text.len, TERMS_MAX, ret);
    arena_unguard(arena, &guard);
    buf_free(&text);
    return n;
}
