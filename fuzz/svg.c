/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Drawings: what passes the check of modest drawings holds no way to run anything; and whatever text comes is escaped
 * without a sign that could end its place.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "front/escape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (!text) return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (svg_is_modest(text, size)) {
        static const char *const NEVER[] = {"<script", "<foreignObject", "<a ", "<!--", "<!", "<?", "<style", "<image", NULL};
        for (size_t i = 0; NEVER[i]; i++) {
            if (strstr(text, NEVER[i])) abort();
        }
    }
    struct buf out;
    buf_init(&out, size * 6 + 16);
    escape_html(&out, text, size);
    if (out.failed || (out.data && strpbrk(out.data, "<>\"'`"))) abort();
    buf_clear(&out);
    escape_url(&out, text, size);
    if (out.failed || (out.data && (strpbrk(out.data, "<>\"'` ") || strncmp(out.data, "//", 2) == 0))) abort();
    buf_clear(&out);
    escape_url_part(&out, text, size);
    if (out.failed || (out.data && strpbrk(out.data, "<>\"'` /:?#&\\"))) abort();
    buf_free(&out);
    free(text);
    return 0;
}
