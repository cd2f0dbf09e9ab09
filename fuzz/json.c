/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * JSON: whatever is read must come back from both writers as the same value.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

static void again(struct arena *arena, const struct buf *text, const struct val *val)
{
    struct reasons reasons;
    struct val *read = NULL;
    reasons_init(&reasons, arena);
    must(json_read(arena, text->data, text->len, (struct json_limits){0}, &reasons, &read) == OK);
    must(val_equal(read, val));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)512 << 20);
    struct reasons reasons;
    struct val *val = NULL;
    struct buf text;
    reasons_init(&reasons, arena);
    buf_init(&text, (size_t)64 << 20);
    if (json_read(arena, (const char *)data, size, (struct json_limits){.bytes = 1 << 20}, &reasons, &val) == OK) {
        json_write(&text, val);
        again(arena, &text, val);
        buf_clear(&text);
        if (json_canonical(&text, val) == OK)
            again(arena, &text, val);
    } else {
        must(reasons.count == 1);
    }
    buf_free(&text);
    arena_free(arena);
    return 0;
}
