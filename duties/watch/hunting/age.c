/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See age.h. The time stands in the source's record; it is in force once a second person has approved the source, and a source that was proposed anew
 * with other times erases nothing before it is approved again.
 */
#include "watch/hunting/age.h"

#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "office/own.h"

#define RULE "event-segment.age"

/* The source's records by id: there are few, and many segments. */
static const struct image *source_of(const struct image *segment, const struct image *const *sources, size_t n)
{
    for (size_t i = 0; i < segment->n_links; i++)
        for (size_t s = 0; str_eq(segment->links[i].field->name, "log-source") && s < n; s++)
            if (sources[s]->id == segment->links[i].to)
                return sources[s];
    return NULL;
}

/* MOMENT_NONE: not to be erased. */
static moment kept_until(const struct image *segment, const struct image *source)
{
    const char *state = source ? source->def->states[source->state].name : "", *keep = source ? val_get_str(source->fields, "keep-for") : NULL;
    moment last = val_get_int(val_get(segment->fields, "covers"), "to", MOMENT_NONE);
    struct span span;
    if (!keep || str_eq(state, "proposed") || !val_get(source->fields, "approved-on") || span_read(keep, &span) != OK)
        return MOMENT_NONE;
    return span_add(NULL, last == MOMENT_NONE ? segment->updated : last, span);
}

static enum status erase_one(struct office *office, const struct image *segment, const struct image *source, moment now, struct arena *arena, struct reasons *reasons)
{
    struct outcome outcome;
    const struct op op = {.kind = OP_STEP, .number = segment->number, .step = "erase", .fields = val_object(arena),
                          .reason = arena_printf(arena, "%s: %s", source->number, val_get_str(source->fields, "keep-for"))};
    enum status status = office_act(office, RULE, segment->number, &op, 1, now, arena, &outcome);
    if (status != OK)
        reasons_join(reasons, &outcome.reasons);
    return status;
}

enum status segments_age(struct office *office, moment now, struct reasons *reasons)
{
    const struct image *const *segments, *const *sources;
    size_t n, n_sources, erased = 0;
    struct arena *arena = arena_new((size_t)512 << 20);
    if (!arena)
        return NO_MEMORY;
    enum status status = office_own_records(office, "event-segment", "closed", true, arena, &segments, &n);
    if (status == OK)
        status = office_own_records(office, "log-source", NULL, false, arena, &sources, &n_sources);
    for (size_t i = 0; status == OK && i < n && erased < AGE_MOST; i++) {
        const struct image *source = source_of(segments[i], sources, n_sources);
        moment until = kept_until(segments[i], source);
        if (until == MOMENT_NONE || until > now)
            continue;
        status = erase_one(office, segments[i], source, now, arena, reasons);
        erased += status == OK;
    }
    if (erased)
        log_info("segments of events erased by their age: %zu", erased);
    arena_free(arena);
    return status == ABSENT ? OK : status;
}
