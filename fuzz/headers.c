/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Headers of a request, a line each, cut at the first colon: whatever is taken is plain, comes once and means one thing.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "web/call.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool good)
{
    if (!good)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct call call;
    struct arena *arena = arena_new((size_t)64 << 20);
    unsigned lengths = 0, codings = 0, hosts = 0;
    const char *at = (const char *)data, *end = at + size;
    memset(&call, 0, sizeof call);
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at)), *line_end = stop ? stop : end, *colon = memchr(at, ':', (size_t)(line_end - at));
        const char *name_end = colon ? colon : line_end, *from = colon ? colon + 1 : line_end;
        size_t len = (size_t)(name_end - at), value_len = (size_t)(line_end - from);
        const char *value = arena_strndup(arena, from, value_len);
        lengths += len == 14 && strncasecmp(at, "content-length", 14) == 0;
        codings += len == 17 && strncasecmp(at, "transfer-encoding", 17) == 0;
        hosts += len == 4 && strncasecmp(at, "host", 4) == 0;
        call_header(&call, at, len, value, value_len);
        at = stop ? stop + 1 : end;
    }
    if (!call.bad_headers) {
        must(lengths + codings <= 1 && hosts <= 1);
        must(call.has_length == (lengths == 1) && call.chunked == (codings == 1));
        for (int i = 0; i < HEADER_COUNT; i++)
            for (const char *c = call.headers[i]; c && *c; c++)
                must((unsigned char)*c >= ' ' || *c == '\t');
    }
    arena_free(arena);
    return 0;
}
