/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files that read a block share. Every part is unpacked, every dictionary and column decoded, when it is first asked for. What
 * open.c took is within bounds: indexes of columns, cells, positions of codes; codes are checked when their column is decoded.
 */
#ifndef WATCH_ARCHIVE_READ_H
#define WATCH_ARCHIVE_READ_H

#include <zstd.h>

#include "watch/archive/block.h"

#define RAW_MOST (2 * EVENT_BYTES_MOST)          /* bytes of an event that is put together */

struct packed { const uint8_t *stored; uint32_t plain, packed; const uint8_t *bytes; };
/* Distinct texts of a column, or all pieces. */
struct dict {
    uint32_t n;
    uint8_t way, mark;                           /* mark 255: each has its own */
    struct place place, bloom;
    const uint32_t *ends;                        /* NULL: not yet decoded; entry i is bytes[ends[i] .. ends[i + 1]) */
    const char *bytes;
    const uint8_t *marks;                        /* NULL: all `mark` */
};
struct form {                                    /* a template */
    uint8_t mark;
    uint32_t n, pieces, *parts;                  /* cells, PART_PIECE */
    uint32_t *lens;
    const char *text;
    uint32_t first, uses;                        /* its first code among the pieces' codes */
};
struct lane {                                    /* a column */
    const char *name; uint32_t name_len;
    field_id field;                              /* in the table of whoever asks */
    struct dict dict;
    uint8_t way, width;
    struct place codes_place, shapes, literals, bloom;
    uint32_t n_codes, *codes;
    uint32_t n_forms; struct form *forms;
    uint32_t first_piece, n_pieces;
    uint32_t *use;                               /* by position: how many uses of the same template came before */
};
struct node_cell { uint32_t lane, base; uint8_t flags; };
struct bone {                                    /* a skeleton */
    const char *format;
    bool no_raw, rising;
    uint32_t n, n_raw, rows, first;              /* rows: rows_of[first ...] */
    uint32_t time, record;                       /* cell + 1; 0: in the list. record: 1 in the list, 0 none, else cell + 2 */
    struct node_cell *cells;
    uint32_t *order, *lens;
    uint32_t text, text_len;                     /* its literals in the common text */
};
struct archive {
    struct arena *arena;
    ZSTD_DCtx *zstd;
    bool bad;                                    /* something was damaged: nothing is tried, and no memory taken, a second time */
    struct archive_info info;
    struct packed *parts; uint32_t n_parts;
    struct lane *lanes; uint32_t n_lanes;
    struct bone *bones; uint32_t n_bones;
    struct place bone_texts, times_place, records_place;
    struct dict pieces;
    uint8_t piece_way, piece_width;
    struct place piece_place;
    uint32_t n_piece_codes, *piece_codes;
    uint32_t *bone_of, *rank, *rows_of;          /* by row; by row; by bone and rank */
    moment *times; uint64_t *records;
};

struct text { const char *at; uint32_t len; uint8_t mark; };

/* The bytes of a place; NULL when its part is damaged. */
const char *place_bytes(struct archive *, struct place);
/* Codes as written by pack_parts.c; false when one is not below `distinct`. */
bool codes_read(struct archive *, struct place, unsigned way, unsigned width, uint32_t n, uint32_t distinct, uint32_t **ret);
bool dict_open(struct archive *, struct dict *);
bool lane_codes(struct archive *, struct lane *);        /* codes, and where there are templates: forms, uses, codes of pieces */
bool lane_open(struct archive *, struct lane *);         /* the same with the dictionary */
static inline struct text dict_text(const struct dict *d, uint32_t i)
{
    return (struct text){d->bytes + d->ends[i], d->ends[i + 1] - d->ends[i], d->marks ? d->marks[i] : d->mark};
}
/* The text of a cell as written, whole; what is cut into a template is put together in the arena. False: damaged or too long. */
bool cell_text(struct archive *, const struct bone *, uint32_t cell, uint32_t rank, struct arena *, struct text *ret);
/* Times and numbers of all rows. */
bool stamps_open(struct archive *);
/* archive_event() with the columns' fields as they are set. */
enum status event_of(struct archive *, uint32_t item, struct event *) MUST_CHECK;
/* Opens the times where the range needs them. *ret_nothing: no event lies in it. */
bool range_open(struct archive *, struct archive_range *, bool *ret_nothing);
bool row_in_range(struct archive *, struct archive_range, uint32_t row);
/* Undoes escapes where the mark says so. */
struct text text_plain(struct arena *, struct text);

#endif
