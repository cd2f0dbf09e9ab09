/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a table or a catalogue to changes. A table's columns are known by field names or by the fields' words in either language; every row is
 * tried through door one before anything is written, and a table with one fault imports nothing. Faults name the cell ("C17") or row.
 */
#ifndef OFFICE_IMPORT_H
#define OFFICE_IMPORT_H

#include "office/office.h"

/* The shape of report's grid: row i stands in row i + 1 of the file. */
struct import_table { const char *const *cells; size_t n_rows, n_columns; };
struct import_plan {
    const struct register_def *def;
    struct op *ops; size_t n_ops;                /* one a row */
    const size_t *rows;                          /* the file's row of each op, from 1; NULL: no table */
    const struct field_def **columns;            /* by column; NULL: left out */
    size_t n_columns;
    size_t bad;                                  /* rows with faults */
};
/* Reads heads and cells. `label` (canonical text, NULL: by the register) is every row's. BAD_INPUT with each bad cell. */
enum status import_rows(struct office *, const struct register_def *, const struct import_table *, const char *label, struct arena *, struct reasons *, struct import_plan *ret) MUST_CHECK;
/* A catalogue as report's oscal reader gives it, for the register "control". */
enum status import_controls(struct office *, const struct val *catalogue, struct arena *, struct reasons *, struct import_plan *ret) MUST_CHECK;
/* Tries the whole; when it is refused, each row alone, to count bad rows and name their cells. OK: all would be taken, or were under this key. */
enum status import_try(struct office *, const struct reader *, struct import_plan *, const char *key, moment now, struct arena *, struct reasons *) MUST_CHECK;
/* In one change: all or nothing. `done` says how many were made. The same key makes nothing twice. */
enum status import_apply(struct office *, const struct reader *, const struct import_plan *, const char *key, moment now, struct arena *, struct reasons *, size_t *done) MUST_CHECK;

#endif
