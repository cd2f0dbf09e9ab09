/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * YAML: no input crashes the reader, every refusal has a reason, and what was read can be written as JSON.
 */
#include <stdint.h>
#include <stdlib.h>

#include "base/val.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)512 << 20);
    struct reasons reasons;
    struct val *val = NULL;
    struct buf text;
    reasons_init(&reasons, arena);
    buf_init(&text, (size_t)64 << 20);
    if (size <= 65536) {
        if (yaml_read(arena, "fuzz.yaml", (const char *)data, size, &reasons, &val) == OK)
            json_write(&text, val);
        else if (reasons.count == 0)
            abort();
    }
    buf_free(&text);
    arena_free(arena);
    return 0;
}
