/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the values of an event stand in its raw text, and its skeleton: what is left of the text without them. A value that its reader
 * made (unescaped, joined) is looked for in the text once more as JSON would write it; what is not found there is kept beside the text.
 */
#include <stdlib.h>
#include <xxhash.h>

#include "watch/archive/build.h"
#include "base/text.h"
#include "watch/event/json_run.h"

/* ---- columns ---- */

static uint32_t column_new(struct archive_builder *b, const char *name, size_t len)
{
    if (b->n_columns == b->column_room) {
        uint32_t room = b->column_room ? 2 * b->column_room : 256;
        b->columns = grown(b->arena, b->columns, b->n_columns, room, sizeof *b->columns);
        b->column_room = room;
    }
    struct column *column = &b->columns[b->n_columns];
    *column = (struct column){.name = arena_strndup(b->arena, name, len)};
    table_init(&column->values, b->arena);
    b->kept += len + 8;
    return b->n_columns++;
}

static uint32_t column_named(struct archive_builder *b, const char *name)
{
    size_t len = strlen(name);
    uint32_t code = table_code(&b->names, name, len, 0);
    if (code >= b->by_name_room) {
        uint32_t room = 2 * code + 16;
        b->by_name = grown(b->arena, b->by_name, b->by_name_room, room, sizeof *b->by_name);
        b->by_name_room = room;
    }
    if (!b->by_name[code])
        b->by_name[code] = column_new(b, name, len) + 1;
    return b->by_name[code] - 1;
}

static uint32_t column_of(struct archive_builder *b, const struct event_value *value)
{
    if (!value->field)
        return column_named(b, value->name ? value->name : "");
    if (value->field >= b->n_by_field) {
        uint32_t room = 2 * value->field + 64;
        b->by_field = grown(b->arena, b->by_field, b->n_by_field, room, sizeof *b->by_field);
        b->n_by_field = room;
    }
    if (!b->by_field[value->field]) {
        const char *name = fields_name(b->fields, value->field);
        b->by_field[value->field] = column_new(b, name, strlen(name)) + 1;
    }
    return b->by_field[value->field] - 1;
}

/* ---- places in the text ---- */

/* Whether the JSON string that begins at `at` (behind its quote) is this text; its length as written. */
static bool same_string(const char *at, const char *end, const char *text, size_t len, uint32_t *ret_len)
{
    const char *begin = at;
    size_t done = 0;
    for (;;) {
        while (at < end && done < len && *at == text[done] && *at != '\\' && *at != '"') {
            at++;
            done++;
        }
        if (at == end || *at != '\\')
            break;
        char out[8], *to = out;
        bool ends;
        size_t n = json_escape(at, end, &to, &ends);
        if (n == 0 || (size_t)(to - out) > len - done || memcmp(text + done, out, (size_t)(to - out)) != 0)
            return false;
        done += (size_t)(to - out);
        at += n;
    }
    *ret_len = (uint32_t)(at - begin);
    return at < end && *at == '"' && done == len;
}

#define TRIES 20                                 /* strings that are looked at: names of members, values that gave nothing */
static bool find_string(const char *raw, size_t raw_len, size_t from, struct written *w)
{
    const char *at = raw + from, *end = raw + raw_len;
    for (unsigned try = 0; try < TRIES && at < end; try++) {
        const char *quote = memchr(at, '"', (size_t)(end - at));
        uint32_t len;
        if (!quote)
            return false;
        if (same_string(quote + 1, end, w->text, w->len, &len)) {
            bool escaped = memchr(quote + 1, '\\', len) != NULL;
            if (escaped && !utf8_valid(w->text, w->len))
                return false;                    /* undoing its escapes would mend it */
            *w = (struct written){quote + 1, len, w->column, (uint8_t)(w->mark | (escaped ? MARK_ESCAPED : 0)), true, false, (uint32_t)(quote + 1 - raw)};
            return true;
        }
        for (at = quote + 1; at < end && *at != '"'; at++)
            at += *at == '\\';
        at++;
    }
    return false;
}

static bool lies_in(const struct event *event, const char *text, size_t len)
{
    uintptr_t begin = (uintptr_t)event->raw, at = (uintptr_t)text;
    return event->raw && text && at >= begin && at - begin <= event->raw_len && len <= event->raw_len - (at - begin);
}

size_t written_find(struct archive_builder *b, const struct event *event, bool without_values)
{
    size_t cursor = 0, n = without_values ? 0 : event->n;
    if (n > b->written_room) {
        b->written = ARENA_ARRAY(b->arena, struct written, b->written_room = 2 * n + 64);
        b->order = ARENA_ARRAY(b->arena, uint32_t, b->written_room);
    }
    for (size_t i = 0; i < n; i++) {
        const struct event_value *value = &event->values[i];
        struct written *w = &b->written[i];
        *w = (struct written){value->text, value->len, column_of(b, value), (uint8_t)(value->kind | (value->escaped ? MARK_ESCAPED : 0)), false, false, 0};
        if (value->kind == VALUE_NULL) {
            *w = (struct written){"null", 4, w->column, VALUE_NULL, false, true, 0};
            continue;
        }
        if (lies_in(event, w->text, w->len)) {
            w->at = (uint32_t)(w->text - event->raw);
            w->raw = true;
        } else if (value->len == 0 || value->kind != VALUE_TEXT || value->escaped || !event->raw || !find_string(event->raw, event->raw_len, cursor, w)) {
            continue;
        }
        if (w->at + w->len >= cursor) {
            cursor = w->at + w->len;
            cursor += cursor < event->raw_len && event->raw[cursor] == '"';      /* the one that ends it begins no string */
        }
    }
    return n;
}

/* ---- skeletons ---- */

static _Thread_local const struct written *sorting;            /* qsort has no argument */
static int by_place(const void *a, const void *b)
{
    const struct written *x = &sorting[*(const uint32_t *)a], *y = &sorting[*(const uint32_t *)b];
    return x->at != y->at ? (x->at < y->at ? -1 : 1) : *(const uint32_t *)a < *(const uint32_t *)b ? -1 : 1;
}

/* The cells in the raw text by place; what overlaps one before it is kept beside the text. */
static uint32_t order_raw(struct archive_builder *b, struct written *w, size_t n)
{
    uint32_t n_raw = 0, kept = 0, end = 0;
    bool rising = true;
    for (uint32_t i = 0; i < n; i++)
        if (w[i].raw) {
            rising = rising && (n_raw == 0 || w[b->order[n_raw - 1]].at <= w[i].at);
            b->order[n_raw++] = i;
        }
    if (!rising) {
        sorting = w;
        if (n_raw)
            qsort(b->order, n_raw, sizeof *b->order, by_place);
    }
    for (uint32_t k = 0; k < n_raw; k++) {
        struct written *one = &w[b->order[k]];
        if (one->at < end) {
            one->raw = false;
            continue;
        }
        end = one->at + one->len;
        b->order[kept++] = b->order[k];
    }
    return kept;
}

static uint8_t flags_of(const struct written *w) { return (uint8_t)((w->raw ? CELL_RAW : 0) | (w->null ? CELL_NULL : 0)); }

static bool is_skeleton(const struct skeleton *s, const struct archive_builder *b, const struct event *event, const struct written *w, size_t n, uint32_t n_raw)
{
    if (s->n != n || s->n_raw != n_raw || s->no_raw != !event->raw || (s->format != event->format && (!s->format || !event->format || strcmp(s->format, event->format) != 0)))
        return false;
    for (size_t i = 0; i < n; i++)
        if (s->cells[i].column != w[i].column || s->cells[i].flags != flags_of(&w[i]))
            return false;
    uint32_t at = 0;
    const char *text = s->text;
    for (uint32_t k = 0; k < n_raw; k++) {
        const struct written *one = &w[b->order[k]];
        if (s->order[k] != b->order[k] || s->lens[k] != one->at - at || memcmp(text, event->raw + at, s->lens[k]) != 0)
            return false;
        text += s->lens[k];
        at = one->at + one->len;
    }
    return s->lens[n_raw] == event->raw_len - at && (s->lens[n_raw] == 0 || memcmp(text, event->raw + at, s->lens[n_raw]) == 0);
}

static uint32_t hash_of(const struct archive_builder *b, const struct event *event, const struct written *w, size_t n, uint32_t n_raw)
{
    uint64_t hash = n * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t at = 0;
    for (size_t i = 0; i < n; i++)
        hash = (hash ^ (w[i].column << 2 | flags_of(&w[i]))) * UINT64_C(0x100000001b3);
    for (uint32_t k = 0; k < n_raw; k++) {
        hash = (hash ^ (w[b->order[k]].at - at)) * UINT64_C(0x100000001b3);
        at = w[b->order[k]].at + w[b->order[k]].len;
    }
    hash ^= n_raw || !event->raw_len ? event->raw_len - at : XXH3_64bits(event->raw, event->raw_len);
    hash *= UINT64_C(0x9fb21c651e98df25);
    return (uint32_t)(hash >> 32);
}

static uint32_t skeleton_new(struct archive_builder *b, const struct event *event, const struct written *w, size_t n, uint32_t n_raw, uint32_t hash)
{
    if (b->n_skeletons == b->skeleton_room) {
        uint32_t room = b->skeleton_room ? 2 * b->skeleton_room : 64;
        b->skeletons = grown(b->arena, b->skeletons, b->n_skeletons, room, sizeof *b->skeletons);
        b->skeleton_room = room;
        b->n_skeleton_slots = 4 * room;
        b->skeleton_slots = ARENA_ARRAY(b->arena, uint32_t, b->n_skeleton_slots);
        for (uint32_t i = 0; i < b->n_skeletons; i++) {
            uint32_t *slot = &b->skeleton_slots[b->skeletons[i].hash & (b->n_skeleton_slots - 1)];
            b->skeletons[i].next = *slot;
            *slot = i + 1;
        }
    }
    struct skeleton *s = &b->skeletons[b->n_skeletons];
    *s = (struct skeleton){.format = event->format, .n = (uint32_t)n, .n_raw = n_raw, .hash = hash, .no_raw = !event->raw};
    s->cells = ARENA_ARRAY(b->arena, struct cell, n + 1);
    s->order = arena_memdup(b->arena, b->order ? (const void *)b->order : "", n_raw * sizeof *b->order);
    s->lens = ARENA_ARRAY(b->arena, uint32_t, n_raw + 1);
    for (size_t i = 0; i < n; i++) {
        s->cells[i] = (struct cell){.column = w[i].column, .flags = flags_of(&w[i]), .last = UINT32_MAX};
        s->n_codes += !w[i].null;
    }
    char *text = arena_alloc(b->arena, event->raw_len + 1);
    uint32_t at = 0;
    s->text = text;
    for (uint32_t k = 0; k <= n_raw; k++) {
        uint32_t end = k < n_raw ? w[b->order[k]].at : (uint32_t)event->raw_len;
        s->lens[k] = end - at;
        if (end > at)
            memcpy(text, event->raw + at, end - at);
        text += end - at;
        at = k < n_raw ? end + w[b->order[k]].len : at;
    }
    s->len = (uint32_t)(text - s->text);
    b->kept += s->len + 4 * n + 2 * n_raw + 16;
    uint32_t *slot = &b->skeleton_slots[hash & (b->n_skeleton_slots - 1)];
    s->next = *slot;
    *slot = b->n_skeletons + 1;
    return b->n_skeletons++;
}

uint32_t skeleton_of(struct archive_builder *b, const struct event *event, const struct written *written, size_t n)
{
    uint32_t n_raw = order_raw(b, b->written, n), hash = hash_of(b, event, written, n, n_raw);
    if (b->n_skeleton_slots)
        for (uint32_t i = b->skeleton_slots[hash & (b->n_skeleton_slots - 1)]; i; i = b->skeletons[i - 1].next)
            if (b->skeletons[i - 1].hash == hash && is_skeleton(&b->skeletons[i - 1], b, event, written, n, n_raw))
                return i - 1;
    return skeleton_new(b, event, written, n, n_raw, hash);
}
