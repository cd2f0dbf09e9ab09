/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See event.h. Values and made bytes lie in the scratch arena and go with it when the event is cleared.
 */
#include "watch/event/event.h"

#include <string.h>

void event_init(struct event *event, struct arena *scratch)
{
    *event = (struct event){.arena = scratch, .time = MOMENT_NONE};
}

void event_clear(struct event *event)
{
    struct arena *scratch = event->arena;
    arena_clear(scratch);
    event_init(event, scratch);
}

bool event_add(struct event *event, field_id field, enum value_kind kind, const char *text, size_t len)
{
    if (event->n == event->room) {
        size_t room = event->room ? 2 * event->room : 64;
        if (event->n >= EVENT_VALUES_MOST) {
            event->dropped++;
            return false;
        }
        struct event_value *values = ARENA_ARRAY(event->arena, struct event_value, room);
        if (event->n)
            memcpy(values, event->values, event->n * sizeof *values);
        event->values = values;
        event->room = room;
    }
    event->values[event->n++] = (struct event_value){.field = field, .kind = kind, .text = text, .len = (uint32_t)len};
    return true;
}

const struct event_value *event_get(const struct event *event, field_id field)
{
    for (size_t i = 0; field && i < event->n; i++)
        if (event->values[i].field == field)
            return &event->values[i];
    return NULL;
}
