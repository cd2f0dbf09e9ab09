/* SPDX-License-Identifier: GPL-3.0-or-later
 * See idmap.h. Load stays below one half; removal shifts later entries of the run back, so there are no tombstones.
 */
#include "office/idmap.h"

#include <stdlib.h>

static size_t slot_of(const struct idmap *map, int64_t key)
{
    size_t slot = (size_t)((uint64_t)key * UINT64_C(0x9e3779b97f4a7c15) >> 20) & (map->cap - 1);
    while (map->keys[slot] && map->keys[slot] != key)
        slot = (slot + 1) & (map->cap - 1);
    return slot;
}

static void grow(struct idmap *map)
{
    struct idmap old = *map;
    map->cap = old.cap ? old.cap * 2 : 64;
    map->keys = calloc(map->cap, sizeof *map->keys);
    map->values = calloc(map->cap, sizeof *map->values);
    if (!map->keys || !map->values)
        abort();
    for (size_t i = 0; i < old.cap; i++) {
        if (old.keys[i]) {
            size_t slot = slot_of(map, old.keys[i]);
            map->keys[slot] = old.keys[i];
            map->values[slot] = old.values[i];
        }
    }
    free(old.keys);
    free(old.values);
}

void idmap_free(struct idmap *map)
{
    free(map->keys);
    free(map->values);
    *map = (struct idmap){0};
}

void *idmap_get(const struct idmap *map, int64_t key)
{
    if (!map->cap || !key)
        return NULL;
    size_t slot = slot_of(map, key);
    return map->keys[slot] ? map->values[slot] : NULL;
}

void idmap_put(struct idmap *map, int64_t key, void *value)
{
    if ((map->count + 1) * 2 > map->cap)
        grow(map);
    size_t slot = slot_of(map, key);
    if (!map->keys[slot])
        map->count++;
    map->keys[slot] = key;
    map->values[slot] = value;
}

void *idmap_take(struct idmap *map, int64_t key)
{
    if (!map->cap || !key)
        return NULL;
    size_t hole = slot_of(map, key);
    if (!map->keys[hole])
        return NULL;
    void *value = map->values[hole];
    map->keys[hole] = 0;
    map->count--;
    for (size_t at = (hole + 1) & (map->cap - 1); map->keys[at]; at = (at + 1) & (map->cap - 1)) {
        int64_t moved = map->keys[at];
        void *with = map->values[at];
        map->keys[at] = 0;
        size_t slot = slot_of(map, moved);
        map->keys[slot] = moved;
        map->values[slot] = with;
    }
    return value;
}

bool idmap_next(const struct idmap *map, size_t *walk, int64_t *ret_key, void **ret_value)
{
    while (*walk < map->cap) {
        size_t at = (*walk)++;
        if (map->keys[at]) {
            if (ret_key)
                *ret_key = map->keys[at];
            *ret_value = map->values[at];
            return true;
        }
    }
    return false;
}
