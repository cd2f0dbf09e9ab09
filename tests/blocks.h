/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a block of the archive holds, as text: each event as it was read, with LF. For tests that look at what became of a log.
 */
#ifndef TESTS_BLOCKS_H
#define TESTS_BLOCKS_H

#include "base/buf.h"
#include "watch/archive/archive.h"

/* Events appended; 0 when the block is none. */
static inline uint32_t block_text(const void *block, size_t len, struct buf *out)
{
    struct arena *arena = arena_new((size_t)1 << 30), *text = arena_new((size_t)64 << 20);
    struct archive *archive;
    uint32_t n = 0;
    if (archive_open(block, len, arena, &archive) == OK) {
        const char *raw;
        size_t raw_len;
        for (; n < archive_info(archive).items && archive_raw(archive, n, text, &raw, &raw_len) == OK; n++) {
            buf_add(out, raw, raw_len);
            buf_addc(out, '\n');
            arena_clear(text);
        }
        archive_close(archive);
    }
    arena_free(arena);
    arena_free(text);
    return n;
}

#endif
