/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the fuzzers of text logs share: a text is read whole and in two pieces; each event lies inside the bytes, and reading goes on.
 */
#ifndef FUZZ_LOGS_H
#define FUZZ_LOGS_H

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "watch/logs/logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static inline void fuzz_must(int good)
{
    if (!good)
        abort();
}

static inline size_t fuzz_pass(struct log_reader *reader, struct arena *scratch, const char *text, size_t len, bool last)
{
    struct event event;
    size_t at = 0, end = 0;
    event_init(&event, scratch);
    for (enum status status; (status = log_read(reader, &event, text, len, at, last, NULL, &end)) != ABSENT; at = end) {
        fuzz_must(end > at && end <= len);
        fuzz_must(status != OK || (event.raw >= text && event.raw + event.raw_len <= text + len));
        for (size_t i = 0; i < event.n; i++)
            fuzz_must(event.values[i].len == 0 || memchr(event.values[i].text, 0, event.values[i].len) != event.values[i].text - 1);
        event_clear(&event);
    }
    fuzz_must(end <= len && (!last || end == len));
    event_clear(&event);
    return end;
}

static inline void fuzz_format(const char *name, const uint8_t *data, size_t size)
{
    if (size > 1 << 20)
        return;
    struct arena *lasting = arena_new((size_t)256 << 20), *scratch = arena_new((size_t)128 << 20);
    struct fields *fields = fields_new(lasting);
    const struct log_format *format = log_format_named(name);
    log_format_of((const char *)data, size);
    fuzz_pass(log_reader_new(lasting, fields, format, INT64_C(1795348800000)), scratch, (const char *)data, size, true);
    struct log_reader *reader = log_reader_new(lasting, fields, format, INT64_C(1795348800000));
    size_t cut = size / 2, taken = fuzz_pass(reader, scratch, (const char *)data, cut, false);
    fuzz_pass(reader, scratch, (const char *)data + taken, size - taken, true);
    arena_free(scratch);
    arena_free(lasting);
}

#endif
