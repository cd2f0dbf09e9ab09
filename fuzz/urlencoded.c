/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Addresses and urlencoded forms: a path that is taken never climbs, and no decoded text holds a NUL.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    struct reasons reasons;
    struct pair *pairs;
    size_t n;
    const char *path;
    reasons_init(&reasons, arena);
    if (path_read(arena, (const char *)data, size, &path) == OK) {
        if (path[0] != '/' || strstr(path, "//") || strstr(path, "/../") || strstr(path, "/./") || strchr(path, '\\')) abort();
        if (str_ends(path, "/..") || str_ends(path, "/.")) abort();
    }
    if (urlencoded_read(arena, (const char *)data, size, (struct form_limits){0}, &reasons, &pairs, &n) == OK) {
        for (size_t i = 0; i < n; i++) {
            if (!utf8_valid(pairs[i].name, strlen(pairs[i].name)) || !utf8_valid(pairs[i].value, strlen(pairs[i].value))) abort();
        }
    } else if (reasons.count == 0) {
        abort();
    }
    arena_free(arena);
    return 0;
}
