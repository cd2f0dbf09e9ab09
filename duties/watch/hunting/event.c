/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One event of the archive, whole: as it was read, and its fields.
 */
#include <stdlib.h>

#include "base/text.h"
#include "front/shown.h"
#include "hunting.h"

struct showing { const struct request *request; struct val *data; bool there; };

static bool took(void *arg, const struct hunt_answer *answer, const struct sift_block *blocks)
{
    struct showing *showing = arg;
    struct arena *arena = showing->request->arena;
    struct val *fields = val_array(arena);
    if (!answer->n_hits)
        return true;
    const struct hunt_hit *hit = &answer->hits[0];
    for (size_t i = 0; i < hit->n_values; i++) {
        struct val *one = val_object(arena);
        val_set_str(arena, one, "name", hit->values[i].name);
        val_set_str(arena, one, "text", hit->values[i].text);
        val_push(arena, fields, one);
    }
    val_set(arena, showing->data, "event", results_hit(arena, hit, blocks, true));
    val_set_str(arena, showing->data, "format", hit->format);
    val_set(arena, showing->data, "fields", fields);
    showing->there = true;
    return true;
}

enum status event_page(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct showing showing = {.request = request, .data = val_object(arena)};
    struct sift sift = {.office = request->office, .reader = request->reader, .took = took, .arg = &showing, .now = request->now};
    struct record_view record;
    struct reasons reasons;
    struct shown shown;
    char *end;
    const char *text = request_part(request, 1);
    unsigned long item = strtoul(text, &end, 10);
    reasons_init(&reasons, arena);
    if (*end || end == text || *text < '0' || *text > '9' || item > UINT32_MAX)
        return ABSENT;
    enum status status = office_get(request->office, request->reader, "event-segment", request_part(request, 0), arena, &record);
    if (status != OK || !(sift.scratch = arena_new((size_t)512 << 20)))
        return status == OK ? NO_MEMORY : status;
    sift_begin(&sift, arena);
    const struct sift_place place = {record.number, (uint32_t)item};
    status = sift_places(&sift, &place, 1, arena, &reasons);
    sift_end(&sift);
    arena_free(sift.scratch);
    if (status != OK && reasons.count) {
        answer_reasons(request, answer, status, &reasons);
        return OK;
    }
    if (status == OK && !showing.there)
        status = sift.died ? DAMAGED : ABSENT;
    if (status != OK)
        return status;
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    val_set_str(arena, showing.data, "segment", record.number);
    val_set_int(arena, showing.data, "item", (int64_t)item);
    val_set_str(arena, showing.data, "title", record.title);
    status = shown_end(&shown, showing.data, "read");
    if (status == OK)
        answer_page(request, answer, "watch/event", showing.data);
    return status;
}
