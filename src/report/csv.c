/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CSV (RFC 4180) with a byte order mark: the first row is the marking, every row has as many fields as the widest. A
 * table is its head and its rows; other parts are a row each; an empty row stands between parts. Cells that a
 * spreadsheet program could take for a formula get an apostrophe, which csv_read takes away again.
 */
#include <stdio.h>
#include <string.h>

#include "report/grid.h"

struct csv { struct buf *out; size_t width, at; };

static void field(struct csv *csv, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    bool defuse = cell_needs_defusing(text ? text : "", len);
    bool quote = len && strpbrk(text, "\",;\r\n\t") != NULL;
    if (csv->at++)
        buf_addc(csv->out, ',');
    if (!len)
        return;
    if (quote || text[0] == ' ' || text[len - 1] == ' ') {
        buf_addc(csv->out, '"');
        if (defuse)
            buf_addc(csv->out, '\'');
        for (const char *p = text; *p; p++) {
            if (*p == '"')
                buf_addc(csv->out, '"');
            buf_addc(csv->out, *p);
        }
        buf_addc(csv->out, '"');
        return;
    }
    if (defuse)
        buf_addc(csv->out, '\'');
    buf_add(csv->out, text, len);
}

static void end_row(struct csv *csv)
{
    while (csv->at < csv->width)
        field(csv, NULL);
    buf_adds(csv->out, "\r\n");
    csv->at = 0;
}

static void cell(struct csv *csv, const struct cell *c)
{
    char text[MOMENT_TEXT];
    switch (c->kind) {
    case CELL_TEXT:
        field(csv, c->text);
        return;
    case CELL_INTEGER:
        snprintf(text, sizeof text, "%lld", (long long)c->number);
        break;
    case CELL_DATE:
    case CELL_MOMENT:
        if (c->number == MOMENT_NONE)
            text[0] = 0;
        else if (c->kind == CELL_DATE)
            moment_iso_day(c->number, text);
        else
            moment_iso(c->number, text);
        break;
    }
    field(csv, text);
}

static void one_text(struct csv *csv, struct arena *arena, const struct part *part)
{
    if (!part->text)
        return;
    field(csv, part->mark ? arena_printf(arena, "(%s) %s", part->mark, part->text) : part->text);
    end_row(csv);
}

static void write_part(struct csv *csv, struct arena *arena, const struct part *part)
{
    one_text(csv, arena, part);
    if (part->kind != PART_TABLE && part->kind != PART_LIST)
        return;
    for (size_t k = 0; part->columns && k < part->n_columns; k++)
        field(csv, part->columns[k]);
    if (part->columns)
        end_row(csv);
    for (size_t i = 0; i < part->n_rows; i++) {
        for (size_t k = 0; k < part->n_columns; k++)
            cell(csv, &part->cells[i * part->n_columns + k]);
        end_row(csv);
    }
}

enum status report_csv(const struct document *doc, struct buf *out)
{
    if (!document_sound(doc))
        return BAD_INPUT;
    struct csv csv = { .out = out, .width = 1 };
    for (const struct part *part = doc->first; part; part = part->next)
        if (part->n_columns > csv.width)
            csv.width = part->n_columns;
    buf_adds(out, "\xEF\xBB\xBF");
    field(&csv, document_marking(doc));
    end_row(&csv);
    for (const struct part *part = doc->first; part; part = part->next) {
        if (part->kind == PART_PAGE_BREAK)
            continue;
        if (part != doc->first)
            end_row(&csv);
        write_part(&csv, doc->arena, part);
    }
    return out->failed ? TOO_LARGE : OK;
}
