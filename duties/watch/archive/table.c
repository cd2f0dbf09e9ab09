/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Distinct texts: each is kept once and gets the next number. Open addressing by XXH3; memory in the block's arena.
 */
#include <xxhash.h>

#include "watch/archive/build.h"

void *grown(struct arena *arena, void *old, size_t n, size_t room, size_t size)
{
    void *more = arena_array(arena, room, size);
    if (n)
        memcpy(more, old, n * size);
    return more;
}

void table_init(struct table *t, struct arena *arena)
{
    *t = (struct table){.arena = arena};
}

static void more_slots(struct table *t)
{
    t->n_slots = t->n_slots ? 4 * t->n_slots : 16;
    t->slots = ARENA_ARRAY(t->arena, uint32_t, t->n_slots);
    for (uint32_t i = 0; i < t->n; i++) {
        uint32_t at = t->entries[i].hash & (t->n_slots - 1);
        while (t->slots[at])
            at = (at + 1) & (t->n_slots - 1);
        t->slots[at] = i + 1;
    }
}

uint32_t table_code(struct table *t, const char *text, size_t len, uint8_t mark)
{
    uint32_t hash = (uint32_t)(XXH3_64bits(text, len) >> 32) ^ mark;
    if (t->n >= t->n_slots / 2)
        more_slots(t);
    uint32_t at = hash & (t->n_slots - 1);
    for (; t->slots[at]; at = (at + 1) & (t->n_slots - 1))
        if (t->entries[t->slots[at] - 1].hash == hash && table_is(t, t->slots[at] - 1, text, len, mark))
            return t->slots[at] - 1;
    if (t->n == t->room) {
        size_t room = t->room ? 2 * (size_t)t->room : 8;
        t->entries = grown(t->arena, t->entries, t->n, room, sizeof *t->entries);
        t->room = (uint32_t)room;
    }
    if (t->bytes_room - t->len < len) {
        t->bytes_room = 2 * (t->len + len) + 32;
        t->bytes = grown(t->arena, t->bytes, t->len, t->bytes_room, 1);
    }
    if (len)
        memcpy(t->bytes + t->len, text, len);
    t->entries[t->n] = (struct entry){(uint32_t)t->len, (uint32_t)len, hash, mark};
    t->len += len;
    t->slots[at] = ++t->n;
    return t->n - 1;
}
