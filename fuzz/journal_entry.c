/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Journal entries: a text is either damaged, or exactly the text that is written again from what was read; and the
 * second verifier's reader says the same about it.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"
#include "verify/cv.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct reasons reasons;
    struct entry entry;
    struct cv_entry second;
    reasons_init(&reasons, arena);
    enum status s = entry_read((const char *)data, size, arena, &reasons, &entry);
    must(s == OK || (s == DAMAGED && reasons.count == 1));
    must((s == OK) == cv_entry_read((struct cv_span){(const char *)data, size}, &second));
    if (s == OK) {
        struct buf text;
        buf_init(&text, ENTRY_MAX + 1);
        entry_write(&entry, &text);
        must(!text.failed && text.len == size && memcmp(text.data, data, size) == 0);
        must(second.position == entry.position && second.has_commitment == entry.has_commitment);
        buf_free(&text);
    }
    arena_free(arena);
    return 0;
}
