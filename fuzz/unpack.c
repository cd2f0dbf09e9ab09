/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packed streams: the first byte is the room for each piece; nothing is written behind it, and it ends.
 */
#include <stdint.h>
#include <stdlib.h>

#include "watch/logs/unpack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 2)
        return 0;
    size_t room = 64u * (1 + data[0]), at = 1, used, made, rounds = 0;
    char *out = malloc(room);
    struct arena *arena = arena_new(0);
    struct unpack *unpack = unpack_new(arena, unpack_looks((const char *)data + 1, size - 1));
    if (!unpack || !out)
        abort();
    while (rounds++ < 100000 && unpack_some(unpack, (const char *)data + at, size - at, true, out, room, NULL, &used, &made) == OK && (used || made)) {
        if (made > room || used > size - at)
            abort();
        at += used;
    }
    unpack_free(unpack);
    arena_free(arena);
    free(out);
    return 0;
}
