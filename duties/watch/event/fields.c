/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The names of fields as small numbers: an open-addressed table of ids over an array of names, both in one arena. When it is half full
 * it doubles; what is left behind is at most as much again.
 */
#include <string.h>

#include "watch/event/event.h"

struct name { const char *text; uint32_t len, hash; };
struct fields {
    struct arena *arena;
    struct name *names;                    /* by id; 0 is not used */
    uint32_t *slots;                       /* ids; 0: free */
    uint32_t n, room, n_slots;
};

/* FNV-1a over at most the bytes that a name may have; names are short and come from trusted rules or are bounded in number. */
static uint32_t hash_of(const char *name, size_t len)
{
    uint32_t hash = 2166136261u;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ (unsigned char)name[i]) * 16777619u;
    return hash;
}

struct fields *fields_new(struct arena *arena)
{
    struct fields *fields = ARENA_NEW(arena, struct fields);
    *fields = (struct fields){.arena = arena, .room = 512, .n_slots = 1024};
    fields->names = ARENA_ARRAY(arena, struct name, fields->room);
    fields->slots = ARENA_ARRAY(arena, uint32_t, fields->n_slots);
    memset(fields->slots, 0, fields->n_slots * sizeof *fields->slots);
    return fields;
}

/* The slot where the name stands, or the free one where it would. */
static uint32_t *slot_of(const struct fields *fields, const char *name, size_t len, uint32_t hash)
{
    uint32_t at = hash & (fields->n_slots - 1);
    while (fields->slots[at]) {
        const struct name *known = &fields->names[fields->slots[at]];
        if (known->hash == hash && known->len == len && memcmp(known->text, name, len) == 0)
            break;
        at = (at + 1) & (fields->n_slots - 1);
    }
    return &fields->slots[at];
}

static void grow(struct fields *fields)
{
    struct name *names = ARENA_ARRAY(fields->arena, struct name, 2 * fields->room);
    memcpy(names, fields->names, (fields->n + 1) * sizeof *names);
    fields->names = names;
    fields->room *= 2;
    fields->n_slots *= 2;
    fields->slots = ARENA_ARRAY(fields->arena, uint32_t, fields->n_slots);
    memset(fields->slots, 0, fields->n_slots * sizeof *fields->slots);
    for (uint32_t id = 1; id <= fields->n; id++)
        *slot_of(fields, names[id].text, names[id].len, names[id].hash) = id;
}

field_id fields_find(const struct fields *fields, const char *name, size_t len)
{
    len = len > EVENT_NAME_MOST ? EVENT_NAME_MOST : len;
    return *slot_of(fields, name, len, hash_of(name, len));
}

field_id fields_add(struct fields *fields, const char *name, size_t len)
{
    len = len > EVENT_NAME_MOST ? EVENT_NAME_MOST : len;
    uint32_t hash = hash_of(name, len), *slot = slot_of(fields, name, len, hash);
    if (*slot || fields->n == EVENT_NAMES_MOST)
        return *slot;
    if (fields->n + 2 > fields->room) {
        grow(fields);
        slot = slot_of(fields, name, len, hash);
    }
    fields->names[++fields->n] = (struct name){arena_strndup(fields->arena, name, len), (uint32_t)len, hash};
    return *slot = fields->n;
}

const char *fields_name(const struct fields *fields, field_id id) { return id && id <= fields->n ? fields->names[id].text : ""; }
size_t fields_count(const struct fields *fields) { return fields->n; }
