/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Multipart forms: whatever comes is read inside its bounds or refused with a reason. The first line is the boundary.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "front/form.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    const uint8_t *line = memchr(data, '\n', size);
    struct reasons reasons;
    struct multipart m;
    size_t first = line ? (size_t)(line - data) : 0;
    const char *text = arena_strndup(arena, (const char *)data, first);
    const char *type = arena_printf(arena, "multipart/form-data; boundary=%s", text);
    const char *body = (const char *)data + (line ? first + 1 : 0);
    size_t len = size - (line ? first + 1 : 0);
    reasons_init(&reasons, arena);
    if (multipart_read(arena, type, body, len, (struct form_limits){.fields = 50, .uploads = 5}, &reasons, &m) == OK) {
        for (size_t i = 0; i < m.n_uploads; i++) {
            if (m.uploads[i].data < body || m.uploads[i].data + m.uploads[i].len > body + len) abort();
            if (strchr(m.uploads[i].file_name, '/') || strchr(m.uploads[i].file_name, '\\')) abort();
        }
        for (size_t i = 0; i < m.n_fields; i++) {
            if (!m.fields[i].name[0]) abort();
        }
    } else if (reasons.count == 0) {
        abort();
    }
    arena_free(arena);
    return 0;
}
