/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names of fields and flat events (duties/watch/event).
 */
#include <stdio.h>
#include <string.h>

#include "tap.h"
#include "watch/event/event.h"

static void names(struct arena *arena)
{
    struct fields *fields = fields_new(arena);
    bool steady = true;
    char name[32];
    for (unsigned i = 0; i < 5000; i++) {
        int len = snprintf(name, sizeof name, "Field%u", i);
        steady &= fields_add(fields, name, (size_t)len) == i + 1;
    }
    for (unsigned i = 0; i < 5000; i++) {
        int len = snprintf(name, sizeof name, "Field%u", i);
        steady &= fields_find(fields, name, (size_t)len) == i + 1 && strcmp(fields_name(fields, i + 1), name) == 0;
    }
    ok(steady, "5,000 names keep their numbers while the table grows");
    ok(fields_find(fields, "field1", 6) == 0, "case makes another name");
    for (unsigned i = 5000; i < EVENT_NAMES_MOST + 10u; i++) {
        int len = snprintf(name, sizeof name, "Field%u", i);
        steady &= (fields_add(fields, name, (size_t)len) != 0) == (i < EVENT_NAMES_MOST);
    }
    ok(steady && fields_count(fields) == EVENT_NAMES_MOST, "the table stops at its limit, and says 0 from there");
}

static void values(struct arena *arena)
{
    struct event event;
    event_init(&event, arena);
    size_t kept = 0;
    for (unsigned i = 0; i < EVENT_VALUES_MOST + 5u; i++)
        kept += event_add(&event, 1 + i % 7, VALUE_TEXT, "x", 1);
    ok(kept == EVENT_VALUES_MOST && event.n == kept && event.dropped == 5, "an event takes its most values and counts the rest");
    ok(event_get(&event, 7) == &event.values[6] && !event_get(&event, 8) && !event_get(&event, 0), "the first value of a field is found");
    event_clear(&event);
    ok(event.n == 0 && event.dropped == 0 && event.time == MOMENT_NONE, "a cleared event is empty");
}

int main(void)
{
    struct arena *lasting = arena_new(64 << 20), *scratch = arena_new(64 << 20);
    names(lasting);
    values(scratch);
    arena_free(scratch);
    arena_free(lasting);
    return tap_done();
}
