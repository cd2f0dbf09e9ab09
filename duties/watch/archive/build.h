/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the builder share: distinct texts with their codes (table.c), skeletons (shape.c), templates (cut.c), the block
 * as it grows (build.c), and how it is written (pack.c).
 */
#ifndef WATCH_ARCHIVE_BUILD_H
#define WATCH_ARCHIVE_BUILD_H

#include <zstd.h>

#include "watch/archive/block.h"

/* ---- distinct texts (table.c) ---- */
struct entry { uint32_t at, len, hash; uint8_t mark; };
struct table {
    struct arena *arena;
    struct entry *entries; uint32_t n, room;
    char *bytes; size_t len, bytes_room;
    uint32_t *slots, n_slots;                    /* entry + 1; a power of two */
};
void table_init(struct table *, struct arena *);
uint32_t table_code(struct table *, const char *text, size_t len, uint8_t mark);
static inline bool table_is(const struct table *t, uint32_t code, const char *text, size_t len, uint8_t mark)
{
    const struct entry *e = &t->entries[code];
    return e->len == len && e->mark == mark && (len == 0 || memcmp(t->bytes + e->at, text, len) == 0);
}

/* ---- templates (cut.c) ---- */
/* A value of the event that is being added, as it was written. */
struct written { const char *text; uint32_t len, column; uint8_t mark; bool raw, null; uint32_t at; };
#define RECENT 6                                 /* templates that a cell is tried with first */
struct template {
    uint8_t mark;
    uint32_t n, *parts;                          /* cells, PART_PIECE */
    uint32_t *lens;                              /* of the n + 1 literals */
    const char *text; uint32_t len;              /* the literals */
    uint32_t uses, pieces;
    uint32_t next, hash;
    uint32_t order, taken, *at;                  /* when it is written: its number + 1, uses so far, codes of pieces by piece and use */
};
struct column {
    const char *name;
    struct table values;
    struct template *templates; uint32_t n_templates, template_room;
    uint32_t *template_slots, n_template_slots;
    uint32_t codes;                              /* of all cells */
};
struct cell { uint32_t column; uint8_t flags; uint32_t last; uint8_t n_recent; uint32_t recent[RECENT]; };

/* ---- skeletons (shape.c) ---- */
struct skeleton {
    const char *format;                          /* NULL: none */
    uint32_t n, n_raw, n_codes;                  /* cells, those in the raw text, those with a code */
    struct cell *cells;
    uint32_t *order;                             /* the n_raw cells as they stand in the text */
    uint32_t *lens;                              /* of the n_raw + 1 literals */
    const char *text; uint32_t len;
    uint32_t rows, next, hash;
    bool no_raw;                                 /* the event had none */
};

struct row { uint32_t skeleton, codes; int64_t time; uint64_t record; };
#define IS_TEMPLATE 0x80000000u

struct archive_builder {
    struct arena *arena;                         /* of the block */
    const struct fields *fields;
    ZSTD_CCtx *zstd;
    struct row *rows; uint32_t n_rows, row_room;
    uint32_t *codes; size_t n_codes, code_room;  /* of each row: its cells, then the pieces of its templates */
    struct column *columns; uint32_t n_columns, column_room;
    uint32_t *by_field, n_by_field;              /* column + 1 by field id */
    struct table names;                          /* of fields without an id; by_name: their columns */
    uint32_t *by_name, by_name_room;
    struct skeleton *skeletons; uint32_t n_skeletons, skeleton_room;
    uint32_t *skeleton_slots, n_skeleton_slots;
    struct table pieces;
    uint32_t n_pieces;                           /* codes of pieces */
    uint64_t raw;
    size_t kept;                                 /* distinct bytes, and what codes may take */
    struct written *written; size_t written_room;
    uint32_t *order;
    char *literals; size_t literal_room;
};

void *grown(struct arena *, void *old, size_t n, size_t room, size_t size);
/* Fills builder->written with the event's values and says where they stand; the number of them. */
size_t written_find(struct archive_builder *, const struct event *, bool without_values);
uint32_t skeleton_of(struct archive_builder *, const struct event *, const struct written *, size_t n);
/* The code of a long text: IS_TEMPLATE + template, its pieces appended to `pieces` (at most TEMPLATE_PARTS_MOST); or UINT32_MAX: none. */
uint32_t template_of(struct archive_builder *, struct cell *, const struct written *, size_t n, size_t which, uint32_t *pieces, uint32_t *n_pieces);
bool block_write(struct archive_builder *, struct buf *out, struct archive_info *);

#endif
