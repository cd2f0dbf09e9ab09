/* SPDX-License-Identifier: GPL-3.0-or-later
 * A list as a file: CSV, XLSX or a page to print, of all that fits the address and the reader may read, with its markings. What is too
 * much for one file is refused in words; nothing is ever left out silently.
 */
#include <string.h>

#include "report/report.h"
#include "web/pages/inside.h"

#define EXPORT_MOST 20000

static const struct { const char *name, *media; enum status (*write)(const struct document *, struct buf *); } formats[] = {
    {"csv", "text/csv; charset=utf-8", report_csv},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", report_xlsx},
    {"html", "text/html; charset=utf-8", report_html}};

/* A cell with a part of its links, imported again, would cut the others. */
static bool whole_cells(struct listing *listing, const struct record_view *row)
{
    for (size_t i = 0; i < row->n_links; i++)
        for (size_t c = 0; row->links[i].more && c < listing->n_columns; c++)
            if (listing->columns[c].field == row->links[i].field) {
                reason_add(&listing->reasons, "export.too-many-links", row->number, T_("%1$s names more records in one column than a cell holds. Leave the column out, or narrow the list."), row->number);
                return false;
            }
    return true;
}

/* All rows of the query, page by page. */
static enum status all_rows(struct listing *listing, const struct record_view ***ret, size_t *ret_n)
{
    const struct request *request = listing->request;
    const struct record_view **rows = ARENA_ARRAY(request->arena, const struct record_view *, EXPORT_MOST);
    struct page_of page = listing->page;
    size_t n = 0;
    for (;;) {
        if (n + page.n_rows > EXPORT_MOST || (n + page.n_rows == EXPORT_MOST && page.next)) {
            reason_add(&listing->reasons, "export.too-many", NULL, T_("More than %1$s records fit; one file holds no more. Narrow the list with its filters."), "20000");
            return TOO_LARGE;
        }
        for (size_t i = 0; i < page.n_rows; i++) {
            if (!whole_cells(listing, &page.rows[i]))
                return TOO_LARGE;
            rows[n++] = &page.rows[i];
        }
        if (!page.next)
            break;
        struct page_of *kept = ARENA_NEW(request->arena, struct page_of);
        listing->query.cursor = page.next;
        listing->query.cursor_len = page.next_len;
        enum status status = office_find(request->office, request->reader, &listing->query, request->arena, &listing->reasons, kept);
        if (status != OK)
            return status;
        page = *kept;
    }
    *ret = rows;
    *ret_n = n;
    return OK;
}

static struct cell cell_of_row(const struct val *value)
{
    const char *text = val_get_str(value, "text");
    return (struct cell){val_get(value, "at") ? CELL_MOMENT : CELL_TEXT, text ? text : "", val_get_int(value, "at", 0)};
}

static struct part *table_of(struct listing *listing, struct document *document, const struct record_view **rows, size_t n, struct shown *shown)
{
    struct arena *arena = listing->request->arena;
    struct part *table = document_add(document, PART_TABLE);
    size_t columns = listing->n_columns;
    const char **heads = ARENA_ARRAY(arena, const char *, columns + 1);
    struct cell *cells = ARENA_ARRAY(arena, struct cell, n * columns + 1);
    for (size_t c = 0; c < columns; c++)
        heads[c] = list_column_words(listing, &listing->columns[c]);
    for (size_t r = 0; r < n; r++) {
        const struct val *values = val_get(row_of(listing->request, rows[r], listing->columns, columns), "cells");
        shown_record(shown, rows[r]);
        for (size_t c = 0; c < columns; c++)
            cells[r * columns + c] = cell_of_row(val_at(values, c));
    }
    table->columns = heads;
    table->n_columns = columns;
    table->cells = cells;
    table->n_rows = n;
    return table;
}

/* The read entry names all records shown; the export has an entry of its own. */
static enum status journalled(struct listing *listing, struct shown *shown, struct document *document)
{
    const struct request *request = listing->request;
    struct val *data = val_object(request->arena);
    enum status status = shown_end(shown, data, "export");
    const struct val *bands = val_get(data, "bands");
    const char **markings = ARENA_ARRAY(request->arena, const char *, val_count(bands) + 1);
    for (size_t i = 0; i < val_count(bands); i++)
        markings[document->n_markings++] = val_get_str(val_at(bands, i), "text");
    document->markings = markings;
    document->office = office_name(request->office);
    document->author = reader_person_name(request->reader);
    if (status == OK)
        status = office_note_event(request->office, reader_account(request->reader), reader_appointment(request->reader), "export", NULL, request->now);
    return status;
}

enum status list_export(struct listing *listing, const char *format, struct answer *answer)
{
    const struct request *request = listing->request;
    const struct record_view **rows;
    struct shown shown;
    size_t n, f = 0;
    if (!reader_has_right(request->reader, "export-records"))
        return REFUSED;
    while (f < sizeof formats / sizeof *formats && !str_eq(formats[f].name, format))
        f++;
    if (f == sizeof formats / sizeof *formats)
        return BAD_INPUT;
    enum status status = all_rows(listing, &rows, &n);
    if (status == TOO_LARGE) {
        answer_reasons(request, answer, status, &listing->reasons);
        return OK;
    }
    if (status != OK)
        return status;
    struct document *document = document_new(request->arena, words_in(&listing->def->words, request->lang), request->lang, request->now);
    shown_begin(&shown, request);
    table_of(listing, document, rows, n, &shown);
    status = journalled(listing, &shown, document);
    if (status != OK)
        return status;
    answer->status = 200;
    answer->media_type = formats[f].media;
    answer_header(answer, "Content-Disposition", arena_printf(request->arena, "attachment; filename=\"%s.%s\"", listing->def->name, format));
    return formats[f].write(document, answer->body);
}
