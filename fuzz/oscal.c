/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * OSCAL catalogues: a catalogue that survives JSON, or reasons.
 */
#include <stdint.h>
#include <stdlib.h>

#include "report/oscal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons reasons;
    struct val *catalogue, *again;
    struct buf text;
    buf_init(&text, (size_t)128 << 20);
    reasons_init(&reasons, arena);
    if (oscal_catalogue_read(arena, (const char *)data, size, &reasons, &catalogue) == OK) {
        must(!reasons.count);
        json_write(&text, catalogue);
        must(json_read(arena, text.data, text.len, (struct json_limits){ .bytes = (size_t)128 << 20 }, &reasons, &again) == OK);
        must(val_equal(catalogue, again));
    } else {
        must(reasons.count > 0);
    }
    buf_free(&text);
    arena_free(arena);
    return 0;
}
