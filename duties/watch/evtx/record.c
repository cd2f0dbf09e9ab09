/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records of a chunk. They follow each other, each with its size before and behind it. Where that is broken, the next one is found by its
 * signature, and what lies between is one damaged record. A record with a wrong size is tried nevertheless: its content says whether it
 * is one. Behind the end that a sound header counts lie remains of older records; they are taken only where they carry the numbers on.
 */
#include "watch/evtx/inside.h"

static const char mark[4] = "**\0";

static bool marked(const struct chunk *chunk, size_t at) { return chunk->len - at >= RECORD_HEAD + 4 && memcmp(chunk->base + at, mark, sizeof mark) == 0; }

static size_t search(const struct chunk *chunk, size_t from)
{
    const unsigned char *found = from < chunk->len ? memmem(chunk->base + from, chunk->len - from, mark, sizeof mark) : NULL;
    return found ? (size_t)(found - chunk->base) : chunk->len;
}

static bool framed(const struct chunk *chunk, size_t at)
{
    size_t size = le32(chunk->base + at + 4);
    return size >= RECORD_HEAD + 4 && size <= chunk->len - at && le32(chunk->base + at + size - 4) == size;
}

static bool blank(const unsigned char *bytes, size_t len)
{
    return !len || (bytes[0] == 0 && memcmp(bytes, bytes + 1, len - 1) == 0);
}

static void give(struct chunk *chunk, size_t at, size_t end, size_t next, bool whole, struct record *ret)
{
    *ret = (struct record){.at = at, .end = end, .id = le64(chunk->base + at + 8), .written = le64(chunk->base + at + 16), .whole = whole,
                           .found = chunk->astray || !whole || at >= chunk->counted};
    chunk->at = next;
    chunk->last = ret->id;
}

/* Signature, but no frame: up to the size it names, or to the next signature. */
static void give_broken(struct chunk *chunk, struct record *ret)
{
    size_t at = chunk->at, size = le32(chunk->base + at + 4), next = search(chunk, at + 4), end = next;
    if (size >= RECORD_HEAD + 4 && size <= next - at)
        end = at + size - 4;
    give(chunk, at, end, next, false, ret);
}

bool record_find(struct evtx *evtx, struct record *ret)
{
    struct chunk *chunk = &evtx->chunk;
    while (chunk->base && chunk->at < chunk->len) {
        size_t at = chunk->at;
        bool beyond = at >= chunk->counted && !chunk->damaged;
        if (marked(chunk, at) && framed(chunk, at)) {
            size_t size = le32(chunk->base + at + 4);
            if (beyond && le64(chunk->base + at + 8) != chunk->last + 1)
                break;
            give(chunk, at, at + size - 4, at + size, true, ret);
            return true;
        }
        if (beyond)
            break;
        if (marked(chunk, at)) {
            give_broken(chunk, ret);
            return true;
        }
        chunk->at = search(chunk, at + 1);
        chunk->astray = true;
        if (at < chunk->counted && !blank(chunk->base + at, (chunk->at < chunk->counted ? chunk->at : chunk->counted) - at) && !(at == CHUNK_HEAD && chunk->damaged && chunk->at == chunk->len))
            evtx->counts.damaged_records++;
    }
    chunk->base = NULL;
    return false;
}
