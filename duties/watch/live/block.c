/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events of one slot laid into a block of the archive (archive.h). An event goes in before anything looks at it, while its values still lie
 * where they were written.
 */
#include "inside.h"

#include "watch/archive/archive.h"

#define KEPT_MOST ((size_t)13 << 20)       /* distinct bytes, below what a builder takes: so that it never fills up in the middle of a message */
#define VALUE_COST 32                      /* bytes that a builder keeps of a value beside its own; a value takes two bytes of a message and more */

struct block { struct archive_builder *builder; struct arena *held, *packed; moment begun, from, to; };

struct block *block_new(struct live *live)
{
    struct arena *held = arena_new((size_t)512 << 20);
    struct block *block = ARENA_NEW(live->arena, struct block);
    block->held = held;
    block->packed = arena_new((size_t)64 << 20);
    block->builder = archive_builder_new(live->arena, held, live->fields);
    return block;
}

void block_free(struct block *block)
{
    if (!block)
        return;
    archive_builder_free(block->builder);
    arena_free(block->held);
    arena_free(block->packed);
}

uint32_t block_items(const struct block *block) { return archive_added(block->builder); }
size_t block_weight(const struct block *block) { return archive_weight(block->builder); }
moment block_begun(const struct block *block) { return block->begun; }
bool block_has_room(const struct block *block, size_t len)
{
    return block_items(block) + len / 2 < ARCHIVE_ROWS_MOST && block_weight(block) + len + len / 2 * VALUE_COST < KEPT_MOST;
}

bool block_add(struct block *block, const struct event *event, moment received)
{
    moment time = event->time != MOMENT_NONE ? event->time : received;
    bool first = !block_items(block);
    if (!archive_add(block->builder, event))
        return false;
    if (first) {
        block->begun = received;
        block->from = block->to = time;
    }
    block->from = time < block->from ? time : block->from;
    block->to = time > block->to ? time : block->to;
    return true;
}

bool block_finish(struct block *block, const void **ret, size_t *ret_len, uint32_t *ret_items, moment *ret_from, moment *ret_to)
{
    struct archive_info info;
    arena_clear(block->packed);
    if (archive_finish(block->builder, block->packed, ret, ret_len, &info) != OK)
        return false;
    *ret_items = info.items;
    *ret_from = block->from;
    *ret_to = block->to;
    return true;
}
