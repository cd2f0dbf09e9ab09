/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The value tree: making, changing while it is being built, looking, comparing.
 */
#include "base/val.h"

#include <assert.h>
#include <string.h>

static struct val *val_new(struct arena *arena, enum val_kind kind)
{
    struct val *val = ARENA_NEW(arena, struct val);
    val->kind = kind;
    return val;
}

struct val *val_null(struct arena *arena)
{
    return val_new(arena, VAL_NULL);
}

struct val *val_bool(struct arena *arena, bool truth)
{
    struct val *val = val_new(arena, VAL_BOOL);
    val->truth = truth;
    return val;
}

struct val *val_int(struct arena *arena, int64_t number)
{
    struct val *val = val_new(arena, VAL_INT);
    val->number = number;
    return val;
}

struct val *val_strn(struct arena *arena, const char *text, size_t len)
{
    struct val *val = val_new(arena, VAL_STR);
    val->str.s = arena_strndup(arena, text, len);
    val->str.len = len;
    return val;
}

struct val *val_str(struct arena *arena, const char *text)
{
    return text ? val_strn(arena, text, strlen(text)) : val_null(arena);
}

struct val *val_kept(struct arena *arena, const char *text)
{
    if (!text)
        return val_null(arena);
    struct val *val = val_new(arena, VAL_STR);
    val->str.s = text;
    val->str.len = strlen(text);
    return val;
}

struct val *val_strf(struct arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    struct val *val = val_new(arena, VAL_STR);
    val->str.s = arena_vprintf(arena, format, list);
    val->str.len = strlen(val->str.s);
    va_end(list);
    return val;
}

struct val *val_array(struct arena *arena)
{
    return val_new(arena, VAL_ARRAY);
}

struct val *val_object(struct arena *arena)
{
    return val_new(arena, VAL_OBJECT);
}

static uint32_t grown(uint32_t cap)
{
    assert(cap < UINT32_MAX / 2);
    return cap ? cap * 2 : 4;
}

void val_push(struct arena *arena, struct val *array, struct val *item)
{
    assert(array->kind == VAL_ARRAY && item);
    if (array->count == array->cap) {
        array->cap = grown(array->cap);
        struct val **items = ARENA_ARRAY(arena, struct val *, array->cap);
        if (array->count)
            memcpy(items, array->items, array->count * sizeof *items);
        array->items = items;
    }
    array->items[array->count++] = item;
}

static struct val_member *member(const struct val *object, const char *name)
{
    for (uint32_t i = 0; i < object->count; i++) {
        const char *one = object->members[i].name;
        if (one == name || (*one == *name && strcmp(one, name) == 0))      /* literals are often the same one */
            return &object->members[i];
    }
    return NULL;
}

void (val_set)(struct arena *arena, struct val *object, const char *name, struct val *value)
{
    struct val_member *there = member(object, name);
    if (there)
        there->value = value;
    else
        val_put(arena, object, arena_strdup(arena, name), value);
}

void val_put(struct arena *arena, struct val *object, const char *name, struct val *value)
{
    assert(object->kind == VAL_OBJECT && value);
    struct val_member *there = member(object, name);
    if (there) {
        there->value = value;
        return;
    }
    if (object->count == object->cap) {
        object->cap = grown(object->cap);
        struct val_member *members = ARENA_ARRAY(arena, struct val_member, object->cap);
        if (object->count)
            memcpy(members, object->members, object->count * sizeof *members);
        object->members = members;
    }
    object->members[object->count++] = (struct val_member){name, value};
}

void (val_set_str)(struct arena *arena, struct val *object, const char *name, const char *text)
{
    (val_set)(arena, object, name, val_str(arena, text));
}

void (val_set_int)(struct arena *arena, struct val *object, const char *name, int64_t number)
{
    (val_set)(arena, object, name, val_int(arena, number));
}

void (val_set_bool)(struct arena *arena, struct val *object, const char *name, bool truth)
{
    (val_set)(arena, object, name, val_bool(arena, truth));
}

void val_drop(struct val *object, const char *name)
{
    assert(object->kind == VAL_OBJECT);
    struct val_member *there = member(object, name);
    if (!there)
        return;
    size_t behind = object->count - (size_t)(there - object->members) - 1;
    memmove(there, there + 1, behind * sizeof *there);
    object->count--;
}

struct val *val_get(const struct val *object, const char *name)
{
    if (!object || object->kind != VAL_OBJECT)
        return NULL;
    struct val_member *there = member(object, name);
    return there ? there->value : NULL;
}

struct val *val_at(const struct val *array, size_t index)
{
    return array && array->kind == VAL_ARRAY && index < array->count ? array->items[index] : NULL;
}

const char *val_text(const struct val *val)
{
    return val && val->kind == VAL_STR ? val->str.s : NULL;
}

const char *val_get_str(const struct val *object, const char *name)
{
    return val_text(val_get(object, name));
}

int64_t val_get_int(const struct val *object, const char *name, int64_t otherwise)
{
    const struct val *val = val_get(object, name);
    return val && val->kind == VAL_INT ? val->number : otherwise;
}

bool val_get_bool(const struct val *object, const char *name, bool otherwise)
{
    const struct val *val = val_get(object, name);
    return val && val->kind == VAL_BOOL ? val->truth : otherwise;
}

size_t val_count(const struct val *val)
{
    return val && (val->kind == VAL_ARRAY || val->kind == VAL_OBJECT) ? val->count : 0;
}

static bool objects_equal(const struct val *a, const struct val *b)
{
    for (uint32_t i = 0; i < a->count; i++) {
        /* Usually the members stand in the same order: look there first. */
        const struct val *other = strcmp(a->members[i].name, b->members[i].name) == 0
                                      ? b->members[i].value
                                      : val_get(b, a->members[i].name);
        if (!other || !val_equal(a->members[i].value, other))
            return false;
    }
    return true;
}

bool val_equal(const struct val *a, const struct val *b)
{
    if (a == b)
        return true;
    if (!a || !b || a->kind != b->kind)
        return false;
    switch (a->kind) {
    case VAL_NULL:
        return true;
    case VAL_BOOL:
        return a->truth == b->truth;
    case VAL_INT:
        return a->number == b->number;
    case VAL_NUMBER:
    case VAL_STR:
        return a->str.len == b->str.len && memcmp(a->str.s, b->str.s, a->str.len) == 0;
    case VAL_ARRAY:
        if (a->count != b->count)
            return false;
        for (uint32_t i = 0; i < a->count; i++) {
            if (!val_equal(a->items[i], b->items[i]))
                return false;
        }
        return true;
    case VAL_OBJECT:
        return a->count == b->count && objects_equal(a, b);
    }
    return false;
}

struct val *val_copy(struct arena *arena, const struct val *from)
{
    if (!from)
        return NULL;
    struct val *copy = ARENA_NEW(arena, struct val);
    *copy = *from;
    copy->cap = copy->count;
    switch (from->kind) {
    case VAL_NULL:
    case VAL_BOOL:
    case VAL_INT:
        break;
    case VAL_NUMBER:
    case VAL_STR:
        copy->str.s = arena_strndup(arena, from->str.s, from->str.len);
        break;
    case VAL_ARRAY:
        copy->items = ARENA_ARRAY(arena, struct val *, from->count);
        for (uint32_t i = 0; i < from->count; i++)
            copy->items[i] = val_copy(arena, from->items[i]);
        break;
    case VAL_OBJECT:
        copy->members = ARENA_ARRAY(arena, struct val_member, from->count);
        for (uint32_t i = 0; i < from->count; i++) {
            copy->members[i].name = arena_strdup(arena, from->members[i].name);
            copy->members[i].value = val_copy(arena, from->members[i].value);
        }
        break;
    }
    return copy;
}
