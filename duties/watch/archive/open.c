/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opening a block: its head, the list of its parts, and the contents, which say where everything lies. All that is an index is checked here.
 */
#include "watch/archive/read.h"

static uint64_t fixed(const uint8_t *at, unsigned bytes)
{
    uint64_t n = 0;
    for (unsigned i = 0; i < bytes; i++)
        n |= (uint64_t)at[i] << 8 * i;
    return n;
}

static bool open_parts(struct archive *a, const uint8_t *bytes, size_t len)
{
    size_t at = BLOCK_HEAD + 8 * (size_t)a->n_parts, plain = 0;
    if (a->n_parts == 0 || a->n_parts > BLOCK_PARTS_MOST || at > len)
        return false;
    a->parts = ARENA_ARRAY(a->arena, struct packed, a->n_parts);
    for (uint32_t i = 0; i < a->n_parts; i++) {
        struct packed *part = &a->parts[i];
        part->plain = (uint32_t)fixed(bytes + BLOCK_HEAD + 8 * i, 4);
        part->packed = (uint32_t)fixed(bytes + BLOCK_HEAD + 8 * i + 4, 4);
        plain += part->plain;
        if (part->packed > len - at || part->packed > part->plain || plain > BLOCK_UNPACKED_MOST)
            return false;
        part->stored = bytes + at;
        at += part->packed;
    }
    return at == len;
}

static struct place get_place(struct archive *a, struct reading_bytes *r)
{
    struct place place;
    place.part = get_below(r, a->n_parts - 1);
    place.at = get_below(r, a->parts[place.part].plain);
    place.len = get_below(r, a->parts[place.part].plain - place.at);
    return place;
}

static void get_dict(struct archive *a, struct reading_bytes *r, struct dict *d)
{
    d->n = get_below(r, BLOCK_CELLS_MOST);
    d->way = (uint8_t)get_below(r, DICT_DIGITS);
    d->mark = (uint8_t)get_below(r, 255);
    r->bad |= d->mark != 255 && (d->mark > (MARK_KIND | MARK_ESCAPED) || (d->mark & MARK_KIND) >= VALUE_NULL);
    d->place = get_place(a, r);
    d->bloom = get_place(a, r);
    r->bad |= (d->bloom.len & (d->bloom.len - 1)) != 0 || d->bloom.len > 8192 || d->n > d->place.len;
}

static void get_codes(struct archive *a, struct reading_bytes *r, uint8_t *way, uint8_t *width, struct place *place)
{
    *way = (uint8_t)get_below(r, CODES_RECENT);
    *width = (uint8_t)get_below(r, 3);
    *place = get_place(a, r);
}

static bool open_lanes(struct archive *a, struct reading_bytes *r)
{
    a->n_lanes = get_below(r, BLOCK_COLUMNS_MOST);
    if (r->bad || a->n_lanes > (size_t)(r->end - r->at))
        return false;
    a->lanes = ARENA_ARRAY(a->arena, struct lane, a->n_lanes + 1);
    for (uint32_t i = 0; i < a->n_lanes && !r->bad; i++) {
        struct lane *lane = &a->lanes[i];
        lane->name_len = get_below(r, EVENT_NAME_MOST);
        lane->name = get_bytes(r, lane->name_len);
        get_dict(a, r, &lane->dict);
        get_codes(a, r, &lane->way, &lane->width, &lane->codes_place);
        lane->n_forms = get_below(r, BLOCK_CELLS_MOST);
        if (lane->n_forms) {
            lane->shapes = get_place(a, r);
            lane->literals = get_place(a, r);
            lane->bloom = get_place(a, r);
            r->bad |= (lane->bloom.len & (lane->bloom.len - 1)) != 0 || lane->bloom.len > 8192 || lane->n_forms > lane->shapes.len;
        }
        lane->first_piece = a->n_piece_codes;
        lane->n_pieces = get_below(r, BLOCK_CELLS_MOST - a->n_piece_codes);
        a->n_piece_codes += lane->n_pieces;
    }
    get_dict(a, r, &a->pieces);
    get_codes(a, r, &a->piece_way, &a->piece_width, &a->piece_place);
    return !r->bad;
}

/* ---- skeletons ---- */

static bool open_cells(struct archive *a, struct reading_bytes *r, struct bone *bone)
{
    bone->cells = ARENA_ARRAY(a->arena, struct node_cell, bone->n + 1);
    for (uint32_t k = 0; k < bone->n; k++) {
        if (a->n_lanes == 0)
            return false;
        bone->cells[k].lane = get_below(r, a->n_lanes - 1);
        bone->cells[k].flags = (uint8_t)*get_bytes(r, 1);
        bone->n_raw += bone->cells[k].flags & CELL_RAW;
        if (r->bad || bone->cells[k].flags >= (CELL_RAW | CELL_NULL))
            return false;
    }
    bone->rising = get_below(r, 1) == 0;
    bone->order = ARENA_ARRAY(a->arena, uint32_t, bone->n_raw + 1);
    uint8_t *seen = ARENA_ARRAY(a->arena, uint8_t, bone->n + 1);
    for (uint32_t k = 0, next = 0; k < bone->n_raw && !r->bad; k++) {
        while (bone->rising && !(bone->cells[next].flags & CELL_RAW))
            next++;
        uint32_t cell = bone->rising ? next++ : get_below(r, bone->n - 1);
        if (seen[cell]++ || !(bone->cells[cell].flags & CELL_RAW))
            return false;
        bone->order[k] = cell;
    }
    return !r->bad;
}

static bool saying_cell(const struct bone *bone, uint32_t n)
{
    return n < bone->n && !(bone->cells[n].flags & CELL_NULL);
}

static bool open_bone(struct archive *a, struct reading_bytes *r, struct bone *bone, size_t *left)
{
    uint32_t format = get_below(r, 64);
    const void *name = get_bytes(r, format ? format - 1 : 0);
    if (r->bad)                                  /* then there are not so many */
        return false;
    bone->format = format ? arena_strndup(a->arena, name, format - 1) : NULL;
    bone->no_raw = *get_bytes(r, 1) != 0;
    bone->time = get_below(r, EVENT_VALUES_MOST);
    bone->record = get_below(r, EVENT_VALUES_MOST + 1);
    bone->n = get_below(r, EVENT_VALUES_MOST);
    if (r->bad || bone->n > (size_t)(r->end - r->at) || !open_cells(a, r, bone) || (bone->time && !saying_cell(bone, bone->time - 1)) ||
        (bone->record > 1 && !saying_cell(bone, bone->record - 2)))
        return false;
    bone->lens = ARENA_ARRAY(a->arena, uint32_t, bone->n_raw + 1);
    for (uint32_t k = 0; k <= bone->n_raw; k++) {
        bone->lens[k] = get_below(r, *left);
        bone->text_len += bone->lens[k];
        *left -= bone->lens[k];
    }
    return !r->bad && bone->text_len <= RAW_MOST;
}

static bool open_bones(struct archive *a, struct reading_bytes *meta)
{
    a->n_bones = get_below(meta, ARCHIVE_ROWS_MOST);
    struct place shapes = get_place(a, meta);
    a->bone_texts = get_place(a, meta);
    const char *bytes = meta->bad ? NULL : place_bytes(a, shapes);
    if (!bytes || a->n_bones > shapes.len)
        return false;
    struct reading_bytes r = {(const uint8_t *)bytes, (const uint8_t *)bytes + shapes.len, false};
    size_t left = a->bone_texts.len;
    a->bones = ARENA_ARRAY(a->arena, struct bone, a->n_bones + 1);
    for (uint32_t i = 0; i < a->n_bones; i++) {
        a->bones[i].text = (uint32_t)(a->bone_texts.len - left);
        if (!open_bone(a, &r, &a->bones[i], &left))
            return false;
    }
    return !r.bad && r.at == r.end && left == 0;
}

/* ---- rows ---- */

static bool open_rows(struct archive *a, struct reading_bytes *meta)
{
    uint8_t way, width;
    struct place place;
    uint64_t cells = 0;
    get_codes(a, meta, &way, &width, &place);
    a->times_place = get_place(a, meta);
    a->records_place = get_place(a, meta);
    if (meta->bad || meta->at != meta->end || !codes_read(a, place, way, width, a->info.items, a->n_bones, &a->bone_of))
        return false;
    a->rank = ARENA_ARRAY(a->arena, uint32_t, a->info.items);
    a->rows_of = ARENA_ARRAY(a->arena, uint32_t, a->info.items);
    for (uint32_t i = 0; i < a->info.items; i++)
        a->rank[i] = a->bones[a->bone_of[i]].rows++;
    for (uint32_t i = 0, first = 0; i < a->n_bones; i++) {
        struct bone *bone = &a->bones[i];
        bone->first = first;
        first += bone->rows;
        cells += (uint64_t)bone->rows * bone->n;
        if (cells > BLOCK_CELLS_MOST)
            return false;
        for (uint32_t k = 0; k < bone->n; k++) {
            if (bone->cells[k].flags & CELL_NULL)
                continue;
            bone->cells[k].base = a->lanes[bone->cells[k].lane].n_codes;
            a->lanes[bone->cells[k].lane].n_codes += bone->rows;
        }
    }
    for (uint32_t i = 0; i < a->info.items; i++)
        a->rows_of[a->bones[a->bone_of[i]].first + a->rank[i]] = i;
    return true;
}

static bool open_all(struct archive *a, const uint8_t *bytes, size_t len)
{
    if (len < BLOCK_HEAD || len > ARCHIVE_BLOCK_MOST || memcmp(bytes, BLOCK_MAGIC, 8) != 0)
        return false;
    a->info.items = (uint32_t)fixed(bytes + 8, 4);
    a->n_parts = (uint32_t)fixed(bytes + 12, 4);
    a->info.from = (moment)fixed(bytes + 16, 8);
    a->info.to = (moment)fixed(bytes + 24, 8);
    a->info.raw = fixed(bytes + 32, 8);
    if (a->info.items == 0 || a->info.items > ARCHIVE_ROWS_MOST || !open_parts(a, bytes, len))
        return false;
    struct place all = {a->n_parts - 1, 0, a->parts[a->n_parts - 1].plain};
    const char *contents = place_bytes(a, all);
    if (!contents)
        return false;
    struct reading_bytes r = {(const uint8_t *)contents, (const uint8_t *)contents + all.len, false};
    return open_lanes(a, &r) && open_bones(a, &r) && open_rows(a, &r);
}

enum status archive_open(const void *bytes, size_t len, struct arena *arena, struct archive **ret)
{
    struct archive *a = ARENA_NEW(arena, struct archive);
    a->arena = arena;
    if (!open_all(a, bytes, len)) {
        archive_close(a);
        return DAMAGED;
    }
    *ret = a;
    return OK;
}

void archive_close(struct archive *a)
{
    if (!a)
        return;
    ZSTD_freeDCtx(a->zstd);
    a->zstd = NULL;
}

struct archive_info archive_info(const struct archive *a) { return a->info; }
