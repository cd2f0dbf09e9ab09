/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tables for import: the first line names a register, the rest is the CSV. What has no fault becomes one op a row, each of which door one
 * judges; what has one names it. Nothing is written.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "fixture.h"
#include "office/import.h"
#include "report/report.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture f;
static const struct reader *reader;
static void close_office(void)
{
    reader_free(reader);
    fixture_free(&f);
}

static void import(struct arena *arena, const struct register_def *def, const char *text, size_t len)
{
    struct reasons reasons;
    struct grid grid;
    struct import_plan plan = {0};
    reasons_init(&reasons, arena);
    if (csv_read(arena, text, len, (struct grid_limits){.rows = 40, .columns = 40}, &reasons, &grid) != OK)
        return;
    struct import_table table = {grid.cells, grid.n_rows, grid.n_columns};
    enum status status = import_rows(f.office, def, &table, fixture_label(&f, "NATO", "CONFIDENTIAL"), arena, &reasons, &plan);
    if (status == OK) {
        for (size_t i = 0; i < plan.n_ops; i++)
            if (plan.ops[i].kind != OP_CREATE || !plan.ops[i].fields || (plan.rows && (plan.rows[i] < 2 || plan.rows[i] > grid.n_rows)))
                abort();
        status = import_try(f.office, reader, &plan, "fuzz-key-0001", f.now, arena, &reasons);
    }
    if ((status == OK) != (reasons.count == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const uint8_t *line = memchr(data, '\n', size);
    if (!f.office) {
        fixture_new(&f);
        atexit(close_office);
        reader = fixture_reader(&f, "hso");
    }
    struct arena *arena = arena_new((size_t)256 << 20);
    const struct register_def *def = line ? pack_register(office_pack(f.office), arena_strndup(arena, (const char *)data, (size_t)(line - data))) : NULL;
    if (def)
        import(arena, def, (const char *)line + 1, size - (size_t)(line - data) - 1);
    arena_free(arena);
    return 0;
}
