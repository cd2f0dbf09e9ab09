/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events from JSON: every kind of instructions, whole and lazily, reads the same; nothing outside the bytes is touched; reading always
 * goes on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "watch/event/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

static void read_all(struct event_json *json, struct arena *scratch, const char *text, size_t len, bool last, struct buf *out)
{
    struct event event;
    size_t at = 0, end;
    event_init(&event, scratch);
    for (enum status status; (status = event_json_read(json, &event, text, len, at, last, NULL, &end)) != ABSENT; at = end) {
        must(end > at && end <= len && event.n <= EVENT_VALUES_MOST);
        buf_addf(out, "%d %zu %lld\n", (int)status, end, (long long)event.time);
        for (size_t i = 0; i < event.n; i++) {
            buf_addf(out, "%u %d ", event.values[i].field, (int)event.values[i].kind);
            const char *value = event_text(&event, &event.values[i]);      /* first, since it changes the length */
            buf_add(out, value, event.values[i].len);
        }
        event_clear(&event);
    }
    event_clear(&event);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 20)
        return 0;
    struct arena *lasting = arena_new((size_t)256 << 20), *scratch = arena_new((size_t)64 << 20);
    struct fields *fields = fields_new(lasting);
    struct buf first, other;
    buf_init(&first, (size_t)256 << 20);
    buf_init(&other, (size_t)256 << 20);
    for (int way = 0; way < 8; way++) {
        struct event_json *json = event_json_new(lasting, fields, way & 1 ? EVENT_JSON_LAZY : EVENT_JSON_WHOLE);
        if (!event_json_use(json, (enum event_json_tier)(way / 2)))
            continue;
        buf_clear(&other);
        read_all(json, scratch, (const char *)data, size, size % 3 != 0, way ? &other : &first);
        must(way == 0 || (first.len == other.len && (first.len == 0 || memcmp(first.data, other.data, first.len) == 0)));
    }
    buf_free(&first);
    buf_free(&other);
    arena_free(scratch);
    arena_free(lasting);
    return 0;
}
