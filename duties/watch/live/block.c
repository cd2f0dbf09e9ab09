/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events of one slot laid into a block: a row for each, with its time, number, format and its text as it was read.
 *
 *     block   "ROWS1", then rows
 *     row     time (8) number (8) length of the format's name (1) length of the text (4) name text     little-endian
 */
#include "inside.h"

#include <string.h>

enum { ROWS_MOST = 131072, BYTES_MOST = 3 << 20 };

struct block { struct buf bytes; uint32_t items; moment begun, from, to; };

struct block *block_new(struct live *live)
{
    struct block *block = ARENA_NEW(live->arena, struct block);
    buf_init(&block->bytes, (size_t)BYTES_MOST + (6u << 20));
    return block;
}

uint32_t block_items(const struct block *block) { return block->items; }
size_t block_weight(const struct block *block) { return block->bytes.len; }
moment block_begun(const struct block *block) { return block->begun; }
bool block_has_room(const struct block *block, size_t len) { return block->items + len / 2 < ROWS_MOST && block->bytes.len + len + (len / 2) * 32 < BYTES_MOST; }

static void number(struct buf *buf, uint64_t value, int bytes)
{
    for (int i = 0; i < bytes; i++)
        buf_addc(buf, (char)(value >> (8 * i)));
}

bool block_add(struct block *block, const struct event *event, moment received)
{
    const char *format = event->format ? event->format : "";
    moment time = event->time != MOMENT_NONE ? event->time : received;
    size_t before = block->bytes.len;
    if (block->items == ROWS_MOST || (block->items && before + event->raw_len > BYTES_MOST))
        return false;
    if (!block->items) {
        buf_clear(&block->bytes);
        buf_add(&block->bytes, "ROWS1", 5);
        block->begun = received;
        block->from = block->to = time;
    }
    number(&block->bytes, (uint64_t)event->time, 8);
    number(&block->bytes, event->record, 8);
    number(&block->bytes, strlen(format), 1);
    number(&block->bytes, event->raw_len, 4);
    buf_adds(&block->bytes, format);
    if (event->raw_len)
        buf_add(&block->bytes, event->raw, event->raw_len);
    if (block->bytes.failed) {
        block->bytes.failed = false;
        block->bytes.len = before;
        return false;
    }
    block->items++;
    block->from = time < block->from ? time : block->from;
    block->to = time > block->to ? time : block->to;
    return true;
}

bool block_finish(struct block *block, const void **ret, size_t *ret_len, uint32_t *ret_items, moment *ret_from, moment *ret_to)
{
    if (!block->items)
        return false;
    *ret = block->bytes.data;
    *ret_len = block->bytes.len;
    *ret_items = block->items;
    *ret_from = block->from;
    *ret_to = block->to;
    block->items = 0;                        /* the bytes stay until the next event */
    block->bytes.len = 0;
    return true;
}
