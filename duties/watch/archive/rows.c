/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events put together again: texts of cells, raw bytes, values, times and numbers.
 */
#include "watch/archive/read.h"
#include "watch/event/json_names.h"
#include "watch/event/stamp.h"

static bool form_text(struct archive *a, const struct bone *bone, uint32_t rank, const struct form *form, uint32_t use, struct arena *arena, struct text *ret)
{
    struct text parts[TEMPLATE_PARTS_MOST];
    const char *literal = form->text;
    uint64_t len = 0;
    uint32_t piece = 0;
    for (uint32_t i = 0; i <= form->n; i++)
        len += form->lens[i];
    for (uint32_t i = 0; i < form->n; i++) {
        uint32_t cell = form->parts[i];
        if (cell == PART_PIECE) {
            parts[i] = dict_text(&a->pieces, a->piece_codes[form->first + piece++ * form->uses + use]);
        } else {
            if (cell >= bone->n || bone->cells[cell].flags & CELL_NULL)
                return false;
            struct lane *lane = &a->lanes[bone->cells[cell].lane];
            if (!lane_open(a, lane) || lane->codes[bone->cells[cell].base + rank] >= lane->dict.n)
                return false;
            parts[i] = dict_text(&lane->dict, lane->codes[bone->cells[cell].base + rank]);
        }
        len += parts[i].len;
    }
    if (len > RAW_MOST)
        return false;
    char *text = arena_alloc(arena, len + 1), *to = text;
    for (uint32_t i = 0; i <= form->n; i++) {
        memcpy(to, literal, form->lens[i]);
        to += form->lens[i];
        literal += form->lens[i];
        if (i < form->n && parts[i].len) {
            memcpy(to, parts[i].at, parts[i].len);
            to += parts[i].len;
        }
    }
    *ret = (struct text){text, (uint32_t)len, form->mark};
    return true;
}

bool cell_text(struct archive *a, const struct bone *bone, uint32_t cell, uint32_t rank, struct arena *arena, struct text *ret)
{
    struct lane *lane = &a->lanes[bone->cells[cell].lane];
    if (!lane_open(a, lane))
        return false;
    uint32_t at = bone->cells[cell].base + rank, code = lane->codes[at];
    if (code >= lane->dict.n)
        return form_text(a, bone, rank, &lane->forms[code - lane->dict.n], lane->use[at], arena, ret);
    *ret = dict_text(&lane->dict, code);
    return true;
}

struct text text_plain(struct arena *arena, struct text text)
{
    if (!(text.mark & MARK_ESCAPED))
        return text;
    char *out = arena_alloc(arena, 3 * (size_t)text.len + 1);
    text.len = (uint32_t)json_unescape(text.at, text.len, out);
    text.at = out;
    text.mark &= MARK_KIND;
    return text;
}

enum status archive_raw(struct archive *a, uint32_t item, struct arena *arena, const char **ret, size_t *ret_len)
{
    if (item >= a->info.items)
        return ABSENT;
    const struct bone *bone = &a->bones[a->bone_of[item]];
    const char *literals = place_bytes(a, a->bone_texts);
    uint64_t len = bone->text_len;
    if (!literals)
        return DAMAGED;
    literals += bone->text;
    struct text *texts = ARENA_ARRAY(arena, struct text, bone->n_raw + 1);
    for (uint32_t k = 0; k < bone->n_raw; k++) {
        if (!cell_text(a, bone, bone->order[k], a->rank[item], arena, &texts[k]) || (len += texts[k].len) > RAW_MOST)
            return DAMAGED;
    }
    char *raw = arena_alloc(arena, len + 1), *to = raw;
    for (uint32_t k = 0; k <= bone->n_raw; k++) {
        memcpy(to, literals, bone->lens[k]);
        to += bone->lens[k];
        literals += bone->lens[k];
        if (k < bone->n_raw && texts[k].len) {
            memcpy(to, texts[k].at, texts[k].len);
            to += texts[k].len;
        }
    }
    *ret = bone->no_raw ? NULL : raw;
    *ret_len = (size_t)len;
    return OK;
}

enum status archive_event(struct archive *a, uint32_t item, struct fields *fields, struct event *event)
{
    for (uint32_t i = 0; i < a->n_lanes; i++)
        a->lanes[i].field = fields_add(fields, a->lanes[i].name, a->lanes[i].name_len);
    return event_of(a, item, event);
}

enum status event_of(struct archive *a, uint32_t item, struct event *event)
{
    uint64_t total = 0;
    if (item >= a->info.items)
        return ABSENT;
    const struct bone *bone = &a->bones[a->bone_of[item]];
    enum status status = archive_raw(a, item, event->arena, &event->raw, &event->raw_len);
    if (status == OK)
        status = archive_stamp(a, item, &event->time, &event->record);
    if (status != OK)
        return status;
    event->format = bone->format;
    for (uint32_t i = 0; i < bone->n; i++) {
        const struct lane *lane = &a->lanes[bone->cells[i].lane];
        struct text text = {"null", 4, VALUE_NULL};
        if (!(bone->cells[i].flags & CELL_NULL) && !cell_text(a, bone, i, a->rank[item], event->arena, &text))
            return DAMAGED;
        if ((total += text.len) > 4 * (uint64_t)RAW_MOST)
            return DAMAGED;
        text = text_plain(event->arena, text);
        if (event_add(event, lane->field, (enum value_kind)(text.mark & MARK_KIND), text.at, text.len) && !lane->field)
            event->values[event->n - 1].name = arena_strndup(event->arena, lane->name, lane->name_len);
    }
    return OK;
}

/* ---- times and numbers ---- */

/* A value that is not cut: the builder takes no other, and nothing is to be put together for every row. */
static bool short_text(struct archive *a, const struct bone *bone, uint32_t cell, uint32_t rank, struct text *ret)
{
    struct lane *lane = &a->lanes[bone->cells[cell].lane];
    return lane_open(a, lane) && lane->codes[bone->cells[cell].base + rank] < lane->dict.n && cell_text(a, bone, cell, rank, NULL, ret);
}

static bool time_of(struct archive *a, const struct bone *bone, uint32_t rank, moment *ret)
{
    struct text text;
    return short_text(a, bone, bone->time - 1, rank, &text) && stamp_read(text.at, text.len, ret);
}

static bool record_of(struct archive *a, const struct bone *bone, uint32_t rank, uint64_t *ret)
{
    struct text text;
    if (!short_text(a, bone, bone->record - 2, rank, &text) || text.len == 0 || text.len > 19)
        return false;
    *ret = 0;
    for (uint32_t i = 0; i < text.len; i++) {
        if ((unsigned char)(text.at[i] - '0') > 9)
            return false;
        *ret = *ret * 10 + (uint64_t)(text.at[i] - '0');
    }
    return true;
}

bool stamps_open(struct archive *a)
{
    if (a->times || a->bad)
        return !a->bad;
    const char *times = place_bytes(a, a->times_place), *records = place_bytes(a, a->records_place);
    if (!times || !records)
        return !(a->bad = true);
    struct reading_bytes t = {(const uint8_t *)times, (const uint8_t *)times + a->times_place.len, false};
    struct reading_bytes n = {(const uint8_t *)records, (const uint8_t *)records + a->records_place.len, false};
    moment *all = ARENA_ARRAY(a->arena, moment, a->info.items);
    uint64_t time = 0, record = 0;
    a->records = ARENA_ARRAY(a->arena, uint64_t, a->info.items);
    for (uint32_t i = 0; i < a->info.items; i++) {
        const struct bone *bone = &a->bones[a->bone_of[i]];
        if (!bone->time)
            all[i] = (moment)(time += (uint64_t)unzigzag(get_number(&t)));
        else if (!time_of(a, bone, a->rank[i], &all[i]))
            return !(a->bad = true);
        if (bone->record == 1)
            a->records[i] = record += (uint64_t)unzigzag(get_number(&n));
        else if (bone->record && !record_of(a, bone, a->rank[i], &a->records[i]))
            return !(a->bad = true);
    }
    if (t.bad || n.bad || t.at != t.end || n.at != n.end)
        return !(a->bad = true);
    a->times = all;
    return true;
}

enum status archive_stamp(struct archive *a, uint32_t item, moment *ret_time, uint64_t *ret_record)
{
    if (item >= a->info.items)
        return ABSENT;
    if (!stamps_open(a))
        return DAMAGED;
    *ret_time = a->times[item];
    *ret_record = a->records[item];
    return OK;
}
