/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The face of the reader: open, next event, counts. What it needs besides the event's own arena is taken at the beginning and never
 * grows, so a file of any size is read in the same memory.
 */
#include "watch/evtx/inside.h"

static const char file_mark[8] = "ElfFile";
static const char time_name[] = "TimeCreated_SystemTime", record_name[] = "EventRecordID";

static struct store store_new(struct arena *arena, size_t bytes)
{
    char *start = arena_alloc(arena, bytes);
    return (struct store){start, start, start + bytes};
}

enum status evtx_open(struct arena *arena, struct fields *fields, const char *bytes, size_t len, struct reasons *reasons, struct evtx **ret)
{
    if (len > EVTX_FILE_MOST) {
        reason_add(reasons, "evtx.size", NULL, T_("An event log may have at most 16 GiB."));
        return TOO_LARGE;
    }
    struct evtx *evtx = ARENA_NEW(arena, struct evtx);
    evtx->fields = fields;
    evtx->file = (const unsigned char *)bytes;
    evtx->len = len;
    evtx->time_field = fields_add(fields, time_name, sizeof time_name - 1);
    evtx->record_field = fields_add(fields, record_name, sizeof record_name - 1);
    evtx->kept = store_new(arena, KEPT_BYTES);
    evtx->scratch = store_new(arena, SCRATCH_BYTES);
    crc_init(evtx->crc);
    bool headed = len >= 128 && memcmp(bytes, file_mark, sizeof file_mark) == 0;
    size_t head = headed ? le16(evtx->file + 0x28) : 0;
    evtx->next = head >= 128 && head <= len ? head : headed && len >= 4096 ? 4096 : 0;
    if (!chunk_find(evtx) && !(headed && le16(evtx->file + 0x2a) == 0)) {
        reason_add(reasons, "evtx.form", NULL, T_("This is no Windows event log: no chunk (“ElfChnk”) and no record is in it."));
        return BAD_INPUT;
    }
    *ret = evtx;
    return OK;
}

enum status evtx_next(struct evtx *evtx, struct event *event)
{
    struct record record;
    evtx->record = (struct record){0};
    for (;;) {
        while (!record_find(evtx, &record))
            if (!chunk_find(evtx))
                return ABSENT;
        evtx->scratch.at = evtx->scratch.start;
        if (evtx->kept.at - evtx->kept.start > (ptrdiff_t)(KEPT_BYTES / 2))
            chunk_forget(evtx);
        if (run_record(evtx, &record, event))
            break;
        evtx->counts.damaged_records++;
        event_clear(event);
    }
    evtx->counts.records++;
    evtx->counts.recovered_records += record.found;
    evtx->record = record;
    return OK;
}

struct evtx_counts evtx_counts(const struct evtx *evtx) { return evtx->counts; }

size_t evtx_place(const struct evtx *evtx) { return evtx->chunk.base ? (size_t)(evtx->chunk.base - evtx->file) : evtx->next; }
