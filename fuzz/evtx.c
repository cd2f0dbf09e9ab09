/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * EVTX: whatever bytes come, events that hold together and JSON that our own reader takes; the same bytes give the same events again.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/val.h"
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
    buf_init(&json, (size_t)16 << 20);
    if (evtx_open(arena, fields, bytes, size, &reasons, &evtx) == OK) {
        while (evtx_next(evtx, &event) == OK) {
            sum = sum * 31 + look(fields, &event);
            buf_clear(&json);
            struct val *val;
            struct arena *tree = arena_new((size_t)512 << 20);
            if (evtx_json(evtx, &json) == OK)
                must(json_read(tree, json.data, json.len, (struct json_limits){.depth = 200}, NULL, &val) == OK);
            arena_free(tree);
            event_clear(&event);
        }
        must(evtx_counts(evtx).chunks > 0);
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
