/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CSV: whatever is read comes back from its own writing, cell by cell, and through JSON; whatever is refused has a reason.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

static void same(const struct grid *a, size_t a_row, const struct grid *b, size_t b_row)
{
    for (size_t k = 0; k < a->n_columns; k++) {
        const char *x = grid_cell(a, a_row, k), *y = grid_cell(b, b_row, k);
        must(!strcmp(x ? x : "", y ? y : ""));
    }
}

static void write_and_read(struct arena *arena, const struct grid *grid)
{
    static const char *const markings[] = { "OFFICE" };
    struct document *doc = document_new(arena, "fuzz", LANG_EN, 0);
    struct reasons reasons;
    struct grid again;
    struct buf out;
    const char **columns = ARENA_ARRAY(arena, const char *, grid->n_columns);
    struct cell *cells = ARENA_ARRAY(arena, struct cell, grid->n_rows * grid->n_columns);
    doc->markings = markings;
    doc->n_markings = 1;
    struct part *table = document_add(doc, PART_TABLE);
    for (size_t k = 0; k < grid->n_columns; k++)
        columns[k] = "head";                 /* two filled cells settle the width, and commas the separator */
    for (size_t i = 0; i < grid->n_rows * grid->n_columns; i++)
        cells[i].text = grid->cells[i];
    table->columns = columns;
    table->n_columns = grid->n_columns;
    table->cells = cells;
    table->n_rows = grid->n_rows;
    buf_init(&out, 16 << 20);
    reasons_init(&reasons, arena);
    must(report_csv(doc, &out) == OK);
    enum status status = csv_read(arena, out.data, out.len, (struct grid_limits){ 0 }, &reasons, &again);
    if (grid->n_columns > 2 && grid->n_rows < 3) {       /* else odd texts may look like another separator */
        must(status == OK);
        for (size_t i = 0; i < grid->n_rows; i++)
            same(grid, i, &again, i + 2);
    }
    buf_free(&out);
}

static void through_json(struct arena *arena, const struct grid *grid)
{
    struct reasons reasons;
    struct grid again;
    struct buf out;
    buf_init(&out, 64 << 20);
    reasons_init(&reasons, arena);
    grid_to_json(grid, &out);
    must(grid_from_json(arena, out.data, out.len, &reasons, &again) == OK);
    must(again.n_rows == grid->n_rows && again.n_columns == grid->n_columns);
    for (size_t i = 0; i < grid->n_rows; i++)
        same(grid, i, &again, i);
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)512 << 20);
    struct reasons reasons;
    struct grid grid;
    reasons_init(&reasons, arena);
    if (csv_read(arena, (const char *)data, size, (struct grid_limits){ .rows = 2000, .columns = 50 }, &reasons, &grid) == OK) {
        must(!reasons.count && grid.n_rows && grid.n_columns);
        through_json(arena, &grid);
        write_and_read(arena, &grid);
    } else {
        must(reasons.count > 0);
    }
    arena_free(arena);
    return 0;
}
