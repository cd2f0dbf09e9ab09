/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One document tree, several writers. Every page carries its marking; the writers cannot leave it out. Bytes are
 * deterministic: fixed zip times, sorted parts, the time that was handed in.
 */
#ifndef REPORT_REPORT_H
#define REPORT_REPORT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/words.h"

enum part_kind { PART_HEADING, PART_PARAGRAPH, PART_TABLE, PART_LIST, PART_FIGURE, PART_PAGE_BREAK };
enum cell_kind { CELL_TEXT, CELL_INTEGER, CELL_DATE, CELL_MOMENT };

struct cell { enum cell_kind kind; const char *text; int64_t number; };    /* number: integer or moment */
struct part {
    enum part_kind kind;
    int level;                               /* heading 1..4 */
    const char *mark;                        /* portion mark, NULL for none */
    const char *text;                        /* heading, paragraph, figure's caption */
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

enum status report_csv(const struct document *, struct buf *) MUST_CHECK;   /* RFC 4180, UTF-8 with BOM, first row marking; formula cells defused */
enum status report_xlsx(const struct document *, struct buf *) MUST_CHECK;  /* libxlsxwriter, in memory, marking in header and footer */
enum status report_html(const struct document *, struct buf *) MUST_CHECK;  /* stands alone, print style inside, no script */

/* Tables from outside. Run in a jail by their callers. Every cell as text; ISO dates for date cells. */
struct grid { const char *const *cells; size_t n_rows, n_columns; };        /* row major, NULL for empty */
struct grid_limits { size_t rows, columns, cell_bytes; };                   /* 0: 100000, 200, 32768 */
enum status csv_read(struct arena *, const char *, size_t, struct grid_limits, struct reasons *, struct grid *ret) MUST_CHECK;
enum status xlsx_read(struct arena *, const char *, size_t, struct grid_limits, struct reasons *, struct grid *ret) MUST_CHECK;

#endif
