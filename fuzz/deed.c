/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Founding deeds: an office is founded whole, or nothing lies there and a reason says why.
 */
#include <ftw.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/found.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int drop(const char *path, const struct stat *about, int kind, struct FTW *ftw)
{
    (void)about;
    (void)kind;
    (void)ftw;
    return remove(path);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char base[] = "/tmp/castellan-fuzz-deed-XXXXXX";
    struct arena *arena = arena_new((size_t)512 << 20);
    struct reasons reasons;
    struct val *deed;
    reasons_init(&reasons, arena);
    if (size <= 65536 && yaml_read(arena, "deed.yaml", (const char *)data, size, &reasons, &deed) == OK) {
        if (!mkdtemp(base))
            abort();
        const char *folder = arena_printf(arena, "%s/office", base);
        enum status status = found_office(folder, deed, false, INT64_C(1803888000000), arena, &reasons);
        if (status == OK ? access(folder, F_OK) != 0 : reasons.count == 0 || access(folder, F_OK) == 0)
            abort();
        nftw(base, drop, 16, FTW_DEPTH | FTW_PHYS);
    } else if (size <= 65536 && reasons.count == 0) {
        abort();
    }
    arena_free(arena);
    return 0;
}
