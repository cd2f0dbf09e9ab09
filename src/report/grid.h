/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How the table readers (CSV, XLSX) build a grid: cells are placed by row and column, in rising order or not, limits
 * are checked on the way, faults are named by cell. Private to the report room.
 */
#ifndef REPORT_GRID_H
#define REPORT_GRID_H

#include "report/report.h"

struct grid_row { const char **cells; size_t n, cap; };
struct grid_builder {
    struct arena *arena;
    struct reasons *reasons;
    struct grid_limits limits;               /* filled in, no zeros */
    const char *rule;                        /* "csv" or "xlsx": the first part of a fault's rule */
    struct grid_row *rows;
    size_t n_rows, cap_rows, cells, faults;
    bool stopped;                            /* a limit was passed: nothing more is taken */
};
void grid_begin(struct grid_builder *, struct arena *, struct reasons *, struct grid_limits, const char *rule);
/* A fault at a cell; `english` has %1$s for the row's number and %2$s for the column's letters, %3$s for `detail`. */
void grid_fault(struct grid_builder *, size_t row, size_t column, const char *rule, const char *english,
                const char *detail);
/* Places a cell's text (copied). Checks limits, UTF-8 and control characters. Empty text leaves the cell empty. */
void grid_put(struct grid_builder *, size_t row, size_t column, const char *text, size_t len);
/* Makes the grid; BAD_INPUT when there were faults or nothing is in it. */
enum status grid_end(struct grid_builder *, struct grid *ret) MUST_CHECK;

/* A cell that a spreadsheet program could take for a formula: written with an apostrophe before it, read without.
 * Plain numbers are none. cell_defused(text): is the text such a writing? Reading then starts one byte later. */
bool cell_needs_defusing(const char *text, size_t len);
bool cell_defused(const char *text, size_t len);

#endif
