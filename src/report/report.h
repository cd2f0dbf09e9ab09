/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document tree, several writers. Every page carries its marking; the writers cannot leave it out: a document
 * without one is refused (BAD_INPUT). Bytes are deterministic: fixed zip times, sorted parts, the time that was handed
 * in. Nothing of a document ever touches a disk here: all writers work in memory.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/jail.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/words.h"

enum part_kind { PART_HEADING, PART_PARAGRAPH, PART_TABLE, PART_LIST, PART_FIGURE, PART_PAGE_BREAK };
enum cell_kind { CELL_TEXT, CELL_INTEGER, CELL_DATE, CELL_MOMENT };

/* number: integer or moment; MOMENT_NONE (date, moment) and a NULL text are an empty cell. */
struct cell { enum cell_kind kind; const char *text; int64_t number; };
struct part {
    enum part_kind kind;
    int level;                               /* heading 1..4 */
    const char *mark;                        /* portion mark, NULL for none */
    const char *text;                        /* heading, paragraph, caption of a table or figure */
    const char *svg;                         /* figure */
    const char *const *columns; size_t n_columns;
    const struct cell *cells; size_t n_rows; /* n_rows x n_columns; a list has one column */
    struct part *next;
};
struct document {
    struct arena *arena;
    const char *title;
    const char *const *markings; size_t n_markings;   /* page marking, one per policy: high-water mark of the parts */
    const char *office, *author;             /* for the foot */
    const char *copy;                        /* "copy 2 of 5", NULL */
    moment made;
    enum lang lang;
    struct part *first, *last;
};
struct document *document_new(struct arena *, const char *title, enum lang, moment made);
struct part *document_add(struct document *, enum part_kind);
/* Whether the tree can be written: a title, at least one marking, every table with columns and cells. */
bool document_sound(const struct document *);
/* The page marking in one line, policies apart by " | ". */
const char *document_marking(const struct document *);

/* BAD_INPUT when the document is not sound, TOO_LARGE when the buffer's maximum or the form's own limit is passed. */
enum status report_csv(const struct document *, struct buf *) MUST_CHECK;   /* RFC 4180, UTF-8 with BOM, first row marking; formula cells defused */
enum status report_xlsx(const struct document *, struct buf *) MUST_CHECK;  /* in memory, marking in header, footer and first row of every sheet */
enum status report_html(const struct document *, struct buf *) MUST_CHECK;  /* stands alone, print style inside, no script; serve it as an attachment */

/* Tables from outside. Run in a jail by their callers. Every cell as text; ISO dates for date cells. Row i of the grid
 * is row i + 1 of the file as a spreadsheet program shows it, so callers can name rows. NULL limits mean the defaults.
 * A file with faults gives no grid: every fault is a reason whose `where` is the cell ("C17") or the row ("17"). */
struct grid { const char *const *cells; size_t n_rows, n_columns; };        /* row major, NULL for empty */
struct grid_limits { size_t rows, columns, cell_bytes; };                   /* 0: 100000, 200, 32768 */
enum status csv_read(struct arena *, const char *, size_t, struct grid_limits, struct reasons *, struct grid *ret) MUST_CHECK;
enum status xlsx_read(struct arena *, const char *, size_t, struct grid_limits, struct reasons *, struct grid *ret) MUST_CHECK;

/* NULL for empty and for a place outside the grid. */
const char *grid_cell(const struct grid *, size_t row, size_t column);
/* "C17": column 0.. as letters, row 0.. as number. */
const char *grid_place(struct arena *, size_t row, size_t column);

/* In the jail the readers answer with the grid as JSON; here it comes back. */
extern const struct jailer csv_jailer;       /* "csv" */
extern const struct jailer xlsx_jailer;      /* "xlsx" */
void grid_to_json(const struct grid *, struct buf *);
enum status grid_from_json(struct arena *, const char *, size_t, struct reasons *, struct grid *ret) MUST_CHECK;

#endif
