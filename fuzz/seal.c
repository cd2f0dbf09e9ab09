/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Seals: no text is taken that was not sealed here (the key is not in the corpus), and what is sealed comes back to its account and
 * purpose alone, also after any one change of its text.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "front/seal.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint8_t secret[32] = {3, 1, 4, 1, 5};
    struct arena *arena = arena_new((size_t)64 << 20);
    struct seal seal;
    void *back;
    size_t len;
    seal_init(&seal, secret);
    must(seal_read(&seal, arena, 42, "cursor", arena_strndup(arena, (const char *)data, size), &back, &len) == BAD_INPUT);
    if (size <= 16384) {
        const char *text = seal_write(&seal, arena, 42, "cursor", data, size);
        must(seal_read(&seal, arena, 42, "cursor", text, &back, &len) == OK && len == size && (size == 0 || memcmp(back, data, size) == 0));
        must(seal_read(&seal, arena, 43, "cursor", text, &back, &len) == BAD_INPUT && seal_read(&seal, arena, 42, "version", text, &back, &len) == BAD_INPUT);
        char *bent = arena_strdup(arena, text);
        size_t at = (size ? data[0] * 257u + data[size - 1] : 0) % strlen(bent);
        bent[at] = (char)(bent[at] == 'A' ? 'B' : 'A');
        must(seal_read(&seal, arena, 42, "cursor", bent, &back, &len) == BAD_INPUT);
    }
    arena_free(arena);
    return 0;
}
