/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Grids: what the CSV and XLSX readers build, and their way through the jail as JSON. Rows keep only the cells that
 * were placed, so a far-off stray cell costs its row, not the whole rectangle, until the end; the rectangle itself is
 * bounded by `most_cells`.
 */
#include "report/grid.h"

#include <string.h>

#include "base/text.h"
#include "base/val.h"

enum { most_cells = 4 * 1000 * 1000 };

const char *grid_place(struct arena *arena, size_t row, size_t column)
{
    char letters[8];
    size_t at = sizeof letters;
    letters[--at] = 0;
    for (size_t n = column + 1; n && at; n = (n - 1) / 26)
        letters[--at] = (char)('A' + (n - 1) % 26);
    return arena_printf(arena, "%s%zu", letters + at, row + 1);
}

const char *grid_cell(const struct grid *grid, size_t row, size_t column)
{
    if (row >= grid->n_rows || column >= grid->n_columns)
        return NULL;
    return grid->cells[row * grid->n_columns + column];
}

void grid_begin(struct grid_builder *b, struct arena *arena, struct reasons *reasons, struct grid_limits limits,
                const char *rule)
{
    *b = (struct grid_builder){ .arena = arena, .reasons = reasons, .limits = limits, .rule = rule };
    if (!b->limits.rows)
        b->limits.rows = 100000;
    if (!b->limits.columns)
        b->limits.columns = 200;
    if (!b->limits.cell_bytes)
        b->limits.cell_bytes = 32768;
}

void grid_fault(struct grid_builder *b, size_t row, size_t column, const char *rule, const char *english,
                const char *detail)
{
    const char *place = grid_place(b->arena, row, column);
    const char *number = place + strcspn(place, "0123456789");
    char *letters = arena_strndup(b->arena, place, (size_t)(number - place));
    const char *name = arena_printf(b->arena, "%s.%s", b->rule, rule);
    reason_add(b->reasons, name, place, english, number, letters, detail ? detail : "");
    b->faults++;
}

/* The row, made when new; NULL when the grid has stopped at a limit. */
static struct grid_row *row_at(struct grid_builder *b, size_t row)
{
    if (row >= b->limits.rows) {
        grid_fault(b, row, 0, "rows", T_("Row %1$s: the table has too many rows; at most %3$s are taken."),
                   arena_printf(b->arena, "%zu", b->limits.rows));
        b->stopped = true;
        return NULL;
    }
    if (row >= b->cap_rows) {
        size_t cap = b->cap_rows ? b->cap_rows * 2 : 64;
        while (cap <= row)
            cap *= 2;
        struct grid_row *rows = ARENA_ARRAY(b->arena, struct grid_row, cap);
        if (b->n_rows)
            memcpy(rows, b->rows, b->n_rows * sizeof *rows);
        b->rows = rows;
        b->cap_rows = cap;
    }
    if (row >= b->n_rows)
        b->n_rows = row + 1;
    return &b->rows[row];
}

static bool text_fits(struct grid_builder *b, size_t row, size_t column, const char *text, size_t len)
{
    if (len > b->limits.cell_bytes) {
        grid_fault(b, row, column, "cell-bytes",
                   T_("Row %1$s, column %2$s: the text is too long; at most %3$s bytes are taken."),
                   arena_printf(b->arena, "%zu", b->limits.cell_bytes));
        return false;
    }
    if (!utf8_valid(text, len) || !text_is_plain(text, len, true)) {
        grid_fault(b, row, column, "control",
                   T_("Row %1$s, column %2$s: the text holds a control character or is not Unicode; write it anew."),
                   NULL);
        return false;
    }
    return true;
}

void grid_put(struct grid_builder *b, size_t row, size_t column, const char *text, size_t len)
{
    if (b->stopped || !len)
        return;
    if (column >= b->limits.columns) {
        grid_fault(b, row, column, "columns",
                   T_("Row %1$s, column %2$s: the table has too many columns; at most %3$s are taken."),
                   arena_printf(b->arena, "%zu", b->limits.columns));
        b->stopped = b->faults > 100;
        return;
    }
    if (!text_fits(b, row, column, text, len))
        return;
    struct grid_row *r = row_at(b, row);
    if (!r)
        return;
    if (column >= r->cap) {
        size_t cap = r->cap ? r->cap * 2 : 8;
        while (cap <= column)
            cap *= 2;
        const char **cells = ARENA_ARRAY(b->arena, const char *, cap);
        if (r->n)
            memcpy(cells, r->cells, r->n * sizeof *cells);
        r->cells = cells;
        r->cap = cap;
    }
    if (column >= r->n)
        r->n = column + 1;
    r->cells[column] = arena_strndup(b->arena, text, len);
}

enum status grid_end(struct grid_builder *b, struct grid *ret)
{
    if (b->faults)
        return BAD_INPUT;
    size_t columns = 0, rows = 0;
    for (size_t i = 0; i < b->n_rows; i++) {
        if (b->rows[i].n)
            rows = i + 1;
        if (b->rows[i].n > columns)
            columns = b->rows[i].n;
    }
    if (!rows) {
        reason_add(b->reasons, arena_printf(b->arena, "%s.empty", b->rule), NULL, T_("The table is empty."));
        return BAD_INPUT;
    }
    if (rows > most_cells / columns) {
        reason_add(b->reasons, arena_printf(b->arena, "%s.cells", b->rule), NULL,
                   T_("The table spans %1$s rows by %2$s columns; at most %3$s cells are taken."),
                   arena_printf(b->arena, "%zu", rows), arena_printf(b->arena, "%zu", columns),
                   arena_printf(b->arena, "%d", most_cells));
        return TOO_LARGE;
    }
    const char **cells = ARENA_ARRAY(b->arena, const char *, rows * columns);
    for (size_t i = 0; i < rows; i++)
        if (b->rows[i].n)
            memcpy(cells + i * columns, b->rows[i].cells, b->rows[i].n * sizeof *cells);
    *ret = (struct grid){ .cells = cells, .n_rows = rows, .n_columns = columns };
    return OK;
}

/* ---- cells that look like formulas ---- */

static bool plain_number(const char *s, size_t len)
{
    size_t i = 0, digits = 0, points = 0;
    if (i < len && (s[i] == '+' || s[i] == '-'))
        i++;
    for (; i < len; i++) {
        if (s[i] >= '0' && s[i] <= '9')
            digits++;
        else if (s[i] == '.' && !points)
            points++;
        else
            return false;
    }
    return digits > 0;
}

/* Apostrophes before the dangerous character count as part of it, so that writing and reading are inverse. The wide
 * forms of = + - @ are taken for formulas by some programs, too. */
bool cell_needs_defusing(const char *s, size_t len)
{
    while (len && *s == '\'')
        s++, len--;
    if (!len || plain_number(s, len))
        return false;
    while (len && *s == ' ')
        s++, len--;
    if (!len)
        return false;
    if (memchr("=+-@\t\r\n|", *s, 8))
        return true;
    return len >= 3 && (!memcmp(s, "\xEF\xBC\x9D", 3) || !memcmp(s, "\xEF\xBC\x8B", 3) ||
                        !memcmp(s, "\xEF\xBC\x8D", 3) || !memcmp(s, "\xEF\xBC\xA0", 3));
}

bool cell_defused(const char *s, size_t len)
{
    return len > 1 && *s == '\'' && cell_needs_defusing(s + 1, len - 1);
}

/* ---- through the jail ---- */

/* {"columns":n,"rows":[[...],...]}: cells are strings or null, trailing nulls of a row are left out. */
void grid_to_json(const struct grid *grid, struct buf *out)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    if (!arena) {
        out->failed = true;
        return;
    }
    buf_addf(out, "{\"columns\":%zu,\"rows\":[", grid->n_columns);
    for (size_t i = 0; i < grid->n_rows; i++) {
        arena_clear(arena);
        struct val *row = val_array(arena);
        size_t n = grid->n_columns;
        while (n && !grid_cell(grid, i, n - 1))
            n--;
        for (size_t k = 0; k < n; k++)
            val_push(arena, row, val_str(arena, grid_cell(grid, i, k)));
        if (i)
            buf_addc(out, ',');
        json_write(out, row);
    }
    buf_adds(out, "]}");
    arena_free(arena);
}

enum status grid_from_json(struct arena *arena, const char *text, size_t len, struct reasons *reasons,
                           struct grid *ret)
{
    struct val *root;
    enum status status = json_read(arena, text, len, (struct json_limits){ .bytes = (size_t)256 << 20 }, reasons, &root);
    if (status != OK)
        return status;
    const struct val *rows = val_get(root, "rows");
    int64_t columns = val_get_int(root, "columns", -1);
    bool good = rows && rows->kind == VAL_ARRAY && columns > 0 && columns <= most_cells &&
                val_count(rows) <= (size_t)most_cells / (size_t)columns;
    if (!good) {
        reason_add(reasons, "grid.form", NULL, T_("The table reader's answer is damaged."));
        return DAMAGED;
    }
    const char **cells = ARENA_ARRAY(arena, const char *, val_count(rows) * (size_t)columns + 1);
    for (size_t i = 0; i < val_count(rows); i++) {
        const struct val *row = val_at(rows, i);
        if (row->kind != VAL_ARRAY || val_count(row) > (size_t)columns) {
            reason_add(reasons, "grid.form", NULL, T_("The table reader's answer is damaged."));
            return DAMAGED;
        }
        for (size_t k = 0; k < val_count(row); k++)
            cells[i * (size_t)columns + k] = val_text(val_at(row, k));
    }
    *ret = (struct grid){ .cells = cells, .n_rows = val_count(rows), .n_columns = (size_t)columns };
    return OK;
}

typedef enum status reader(struct arena *, const char *, size_t, struct grid_limits, struct reasons *, struct grid *);

static enum status run_reader(reader *read, struct arena *arena, const char *input, size_t len,
                              struct reasons *reasons, struct buf *answer)
{
    struct grid grid;
    enum status status = read(arena, input, len, (struct grid_limits){ 0 }, reasons, &grid);
    if (status != OK)
        return status;
    grid_to_json(&grid, answer);
    return answer->failed ? TOO_LARGE : OK;
}

static enum status run_csv(struct arena *arena, const char *input, size_t len, const char *argument,
                           struct reasons *reasons, struct buf *answer)
{
    return run_reader(csv_read, arena, input, len, reasons, answer);
}

static enum status run_xlsx(struct arena *arena, const char *input, size_t len, const char *argument,
                            struct reasons *reasons, struct buf *answer)
{
    return run_reader(xlsx_read, arena, input, len, reasons, answer);
}

const struct jailer csv_jailer = { .name = "csv", .run = run_csv, .max_input = 32 << 20, .max_answer = 128 << 20,
                                   .max_memory = 1 << 30, .max_seconds = 20 };
const struct jailer xlsx_jailer = { .name = "xlsx", .run = run_xlsx, .max_input = 32 << 20, .max_answer = 128 << 20,
                                    .max_memory = 1 << 30, .max_seconds = 60 };
