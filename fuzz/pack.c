/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Whole packs: the input is cut into files at lines "%%% path". Whatever it holds, the loader answers with a pack or
 * with faults; a pack comes back from its canonical form with the same hash, and differs from itself in nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "office/pack.h"

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len);

#define MOST 64
static const char mark[] = "%%% ";

static size_t cut(char *text, struct pack_file *files)
{
    size_t n = 0;
    for (char *at = text; at && n < MOST;) {
        char *path = strncmp(at, mark, 4) == 0 ? at + 4 : NULL;
        char *body = path ? strchr(path, '\n') : NULL;
        if (!body)
            break;
        *body++ = 0;
        char *next = strncmp(body, mark, 4) == 0 ? body : strstr(body, "\n%%% ");
        if (next && next != body)
            *next++ = 0;
        files[n++] = (struct pack_file){path, body, next ? (size_t)(next - body) - (next != body) : strlen(body)};
        at = next;
    }
    return n;
}

static void check(const struct pack *pack, struct arena *arena)
{
    struct reasons reasons;
    reasons_init(&reasons, arena);
    struct pack *back = NULL;
    if (pack_from_source(pack->source, &reasons, &back) != OK || strcmp(back->hash, pack->hash) != 0)
        abort();
    pack_difference(pack, back, &reasons);
    if (reasons.count)
        abort();
    pack_free(back);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t len)
{
    if (len > 100000)
        return 0;
    struct arena *arena = arena_new((size_t)256 << 20);
    struct pack_file files[MOST];
    size_t n = cut(arena_strndup(arena, (const char *)data, len), files);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    struct pack *pack = NULL;
    enum status status = pack_load(files, n, &reasons, &pack);
    if ((status == OK) != (reasons.count == 0) || (status == OK) != (pack != NULL))
        abort();
    if (pack)
        check(pack, arena);
    pack_free(pack);
    arena_free(arena);
    return 0;
}
