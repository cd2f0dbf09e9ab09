/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * EVTX: whatever bytes come, events that hold together and JSON that our own reader takes; the same bytes give the same events again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "watch/event/json.h"
#include "watch/evtx/evtx.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

static uint64_t look(const struct fields *fields, const struct event *event)
{
    uint64_t sum = event->record;
    for (size_t i = 0; i < event->n; i++) {
        const struct event_value *value = &event->values[i];
        const char *name = value->field ? fields_name(fields, value->field) : value->name;
        must(name && strlen(name) <= EVENT_NAME_MOST);
        for (uint32_t k = 0; k < value->len; k++)
            sum = sum * 31 + (unsigned char)value->text[k];
    }
    return sum;
}

static uint64_t read_all(const char *bytes, size_t size)
{
    struct arena *arena = arena_new((size_t)64 << 20), *scratch = arena_new((size_t)64 << 20);
    struct fields *fields = fields_new(arena);
    struct reasons reasons;
    struct evtx *evtx;
    struct event event;
    struct buf json;
    uint64_t sum = 0;
    reasons_init(&reasons, arena);
    event_init(&event, scratch);
    buf_init(&json, EVENT_BYTES_MOST);
    if (evtx_open(arena, fields, bytes, size, &reasons, &evtx) == OK) {
        while (evtx_next(evtx, &event) == OK) {
            sum = sum * 31 + look(fields, &event);
            buf_clear(&json);
            struct event again;
            struct arena *other = arena_new((size_t)64 << 20);
            size_t end;
            event_init(&again, other);
            if (evtx_json(evtx, &json) == OK)
                must(event_read_json(&again, fields, json.data, json.len, 0, NULL, &end) == OK && end == json.len);
            arena_free(other);
            event_clear(&event);
        }
    } else {
        must(reasons.count == 1);
    }
    buf_free(&json);
    arena_free(scratch);
    arena_free(arena);
    return sum;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *copy = malloc(size ? size : 1);
    memcpy(copy, data, size);
    must(read_all(copy, size) == read_all(copy, size));
    free(copy);
    return 0;
}
