/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events into a block that is begun: each becomes a row of codes. Nothing here is written yet (pack.c).
 */
#include "watch/archive/build.h"

#define WHOLE_MOST (6u << 20)                    /* bytes of all values of one event beside its raw text */

static void begin(struct archive_builder *b)
{
    struct arena *arena = b->arena;
    const struct fields *fields = b->fields;
    ZSTD_CCtx *zstd = b->zstd;
    arena_clear(arena);
    *b = (struct archive_builder){.arena = arena, .fields = fields, .zstd = zstd};
    table_init(&b->names, arena);
    table_init(&b->pieces, arena);
}

struct archive_builder *archive_builder_new(struct arena *lasting, struct arena *block, const struct fields *fields)
{
    struct archive_builder *b = ARENA_NEW(lasting, struct archive_builder);
    *b = (struct archive_builder){.arena = block, .fields = fields};
    begin(b);
    return b;
}

void archive_builder_free(struct archive_builder *b)
{
    if (!b)
        return;
    ZSTD_freeCCtx(b->zstd);
    b->zstd = NULL;
}

static void more_rows(struct archive_builder *b)
{
    uint32_t room = b->row_room ? 2 * b->row_room : 1024;
    b->rows = grown(b->arena, b->rows, b->n_rows, room, sizeof *b->rows);
    b->row_room = room;
}

static void more_codes(struct archive_builder *b, size_t need)
{
    size_t room = 2 * b->n_codes + need + 16384;
    if (b->code_room - b->n_codes >= need)
        return;
    b->codes = grown(b->arena, b->codes, b->n_codes, room, sizeof *b->codes);
    b->code_room = room;
}

static uint32_t code_of(struct archive_builder *b, struct cell *cell, const struct written *w)
{
    struct table *values = &b->columns[w->column].values;
    uint32_t before = values->n;
    if (cell->last < before && table_is(values, cell->last, w->text, w->len, w->mark))
        return cell->last;
    cell->last = table_code(values, w->text, w->len, w->mark);
    if (values->n != before)
        b->kept += w->len + 3;
    return cell->last;
}

/* The most that the event can add to what is kept. */
static size_t most_of(const struct event *event)
{
    size_t most = 2 * event->raw_len + 64;
    for (size_t i = 0; i < event->n; i++) {
        const struct event_value *value = &event->values[i];
        most += 32 + (value->field ? 0 : EVENT_NAME_MOST) + (event->raw && value->text >= event->raw && value->text < event->raw + event->raw_len ? 0 : value->len);
    }
    return most;
}

bool archive_add(struct archive_builder *b, const struct event *event)
{
    size_t most = most_of(event);
    bool alone = most > 2 * (size_t)EVENT_BYTES_MOST + WHOLE_MOST;
    if (b->n_rows && (b->n_rows == ARCHIVE_ROWS_MOST || b->kept + most > BLOCK_KEPT_MOST || b->n_codes + event->n > BLOCK_CELLS_MOST / 2 ||
                      b->n_columns + event->n > BLOCK_COLUMNS_MOST))
        return false;
    size_t n = written_find(b, event, alone);
    uint32_t id = skeleton_of(b, event, b->written, n), n_pieces, pieces[TEMPLATE_PARTS_MOST];
    struct skeleton *s = &b->skeletons[id];
    if (b->n_rows == b->row_room)
        more_rows(b);
    more_codes(b, n);
    size_t first = b->n_codes, at = first;
    b->n_codes += s->n_codes;
    for (size_t i = 0; i < n; i++) {
        struct cell *cell = &s->cells[i];
        if (cell->flags & CELL_NULL)
            continue;
        uint32_t code = template_of(b, cell, b->written, n, i, pieces, &n_pieces);
        if (code == UINT32_MAX) {
            b->codes[at++] = code_of(b, cell, &b->written[i]);
        } else {
            b->codes[at++] = code;
            more_codes(b, n_pieces);
            memcpy(b->codes + b->n_codes, pieces, n_pieces * sizeof *pieces);
            b->n_codes += n_pieces;
            b->n_pieces += n_pieces;
            b->columns[cell->column].templates[code & ~IS_TEMPLATE].uses++;
        }
        uint32_t distinct = b->columns[cell->column].values.n + b->columns[cell->column].n_templates;
        b->kept += distinct < 2 ? 0 : distinct <= 256 ? 1 : distinct <= 65536 ? 2 : 3;
        b->columns[cell->column].codes++;
    }
    b->rows[b->n_rows++] = (struct row){id, (uint32_t)first, event->time, event->record};
    b->kept += 3 * (b->n_codes - first - s->n_codes) + 8;
    b->raw += event->raw_len;
    s->rows++;
    return true;
}

uint32_t archive_added(const struct archive_builder *b) { return b->n_rows; }
size_t archive_weight(const struct archive_builder *b) { return b->kept; }

enum status archive_finish(struct archive_builder *b, struct arena *out, const void **ret, size_t *ret_len, struct archive_info *ret_info)
{
    struct buf buf;
    if (b->n_rows == 0)
        return ABSENT;
    if (!b->zstd && !(b->zstd = ZSTD_createCCtx()))
        return NO_MEMORY;
    buf_init(&buf, ARCHIVE_BLOCK_MOST);
    if (!block_write(b, &buf, ret_info)) {
        buf_free(&buf);
        return NO_MEMORY;
    }
    *ret = arena_memdup(out, buf.data, buf.len);
    *ret_len = buf.len;
    buf_free(&buf);
    begin(b);
    return OK;
}
