/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Memory of one record or one chunk. Neither grows: input that would need more than a whole chunk can honestly need is damaged.
 */
#include "watch/evtx/inside.h"

void *store_take(struct store *store, size_t bytes)
{
    size_t rounded = (bytes + 7) & ~(size_t)7;
    if (rounded < bytes || (size_t)(store->end - store->at) < rounded)
        return NULL;
    void *at = store->at;
    store->at += rounded;
    return at;
}

char *space_need(struct space *space, size_t bytes)
{
    if ((size_t)(space->end - space->at) >= bytes)
        return space->at;
    if (!space->arena || bytes > space->left)
        return NULL;
    size_t piece = bytes < 4096 ? 4096 : bytes;
    piece = piece > space->left ? space->left : piece;
    space->left -= piece;
    space->at = arena_alloc(space->arena, piece);
    space->end = space->at + piece;
    return space->at;
}
