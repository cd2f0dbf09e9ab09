/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See month.h. The report is a list of sections, each a query through door two and a few columns; page and files are made from the same
 * sections. Every row shown is marked, and its read is journalled. A reader who may read less gets a smaller report; it says so.
 */
#include "month.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "front/shown.h"
#include "report/report.h"

#define ROWS_MOST 20000                    /* looked at, a section */
#define COLUMNS_MOST 8

/* What a section shows: of the month (`time`: a field marked sort, "" for the time of the last change), or whatever is in these states. */
static const struct section { const char *heading, *register_, *time, *states[4], *columns[COLUMNS_MOST]; } sections[] = {
    {T_("Alerts"), "alert", "first-seen", {NULL}, {"title", "level", "origin", "entity", "events", "cause"}},
    {T_("Log reviews"), "log-review", "period-end", {NULL}, {"title", "period-begin", "period-end", "result"}},
    {T_("Hunts"), "hunt", "", {NULL}, {"title", "trigger", "verdict"}},
    {T_("Sources that need attention"), "log-source", NULL, {"proposed", "suspended"}, {"title", "format", "personal-data"}},
    {T_("Filters in force"), "detection-filter", NULL, {"in-force"}, {"title", "rule-id", "ends-on"}},
    {T_("Rule sets"), "rule-set", "received-on", {NULL}, {"title", "publisher", "rules", "refused"}},
};
#define SECTIONS (sizeof sections / sizeof *sections)

struct month {
    const struct request *request;
    struct shown shown;
    struct reasons reasons;
    moment from, to;
    char name[32];                         /* "2026-10" */
    struct document *document;
    struct val *tables;                    /* for the page: [{heading, columns, rows: [{number, href, cells}]}] */
    struct val *alerts;                    /* counts, {level: {state: n}} */
    size_t cut;                            /* sections that were longer than ROWS_MOST */
};

/* ---- which month ---- */

static enum status take_month(struct month *month)
{
    const char *asked = request_query(month->request, "month");
    struct civil now = moment_civil(month->request->now);
    moment first = moment_from_civil((struct civil){.year = now.year, .month = now.month, .day = 1});
    if (!asked || !*asked)
        month->from = moment_add_months(first, -1);
    else if (strlen(asked) != 7 || moment_read(arena_printf(month->request->arena, "%s-01", asked), &month->from) != OK) {
        reason_add(&month->reasons, "monitoring.month", "month", T_("“%1$s” is no month; write year and month, as in 2026-10."), asked);
        return BAD_INPUT;
    }
    struct civil begins = moment_civil(month->from);
    month->to = moment_add_months(month->from, 1);
    snprintf(month->name, sizeof month->name, "%04d-%02d", begins.year % 10000, begins.month);
    return OK;
}

/* A time or a day of the record, as an instant. */
static moment time_of(const struct record_view *row, const char *field)
{
    const struct val *value = *field ? val_get(row->fields, field) : NULL;
    moment at = *field ? MOMENT_NONE : row->updated;
    if (value && value->kind == VAL_INT)
        at = value->number;
    else if (val_text(value) && moment_read(val_text(value), &at) != OK)
        at = MOMENT_NONE;
    return at;
}

/* ---- one section ---- */

static const struct field_def *field_named(const struct register_def *def, const char *name)
{
    for (size_t i = 0; i < def->n_fields; i++)
        if (str_eq(def->fields[i].name, name))
            return &def->fields[i];
    return NULL;
}
static const char *column_words(const struct month *month, const struct register_def *def, const char *column)
{
    const struct field_def *field = field_named(def, column);
    return field && !str_eq(column, "title") ? field->words.in[month->request->lang] : tr(month->request->lang, T_("What"));
}
static const char *cell_text(const struct month *month, const struct record_view *row, const char *column)
{
    const struct field_def *field = field_named(row->def, column);
    const char *text = str_eq(column, "title") ? row->titles.in[month->request->lang] : field ? field_words(month->request->office, field, val_get(row->fields, column), month->request->lang, month->request->arena) : NULL;
    return text ? text : "";
}

static size_t columns_of(const struct section *section)
{
    size_t n = 0;
    while (n < COLUMNS_MOST && section->columns[n])
        n++;
    return n;
}

static bool wanted(const struct month *month, const struct section *section, const struct record_view *row)
{
    moment at = section->time ? time_of(row, section->time) : MOMENT_NONE;
    return section->time ? at != MOMENT_NONE && at >= month->from && at < month->to : str_in(row->state->name, section->states);
}

/* Rows come newest first by the section's time; what is older than the month ends the walk. */
static bool past(const struct month *month, const struct section *section, const struct record_view *row)
{
    moment at = section->time ? time_of(row, section->time) : MOMENT_NONE;
    return at != MOMENT_NONE && at < month->from;
}

struct rows { const struct record_view *items[ROWS_MOST]; size_t n; };

static enum status gather(struct month *month, const struct section *section, const char *state, struct rows *rows)
{
    const struct request *request = month->request;
    struct filter filter = {"state", state};
    struct query query = {.register_ = section->register_, .filters = &filter, .n_filters = state ? 1 : 0, .limit = 1000,
                          .sort = section->time && *section->time ? section->time : NULL, .descending = section->time && *section->time};
    for (size_t looked = 0; looked < ROWS_MOST;) {
        struct page_of page;
        enum status status = office_find(request->office, request->reader, &query, request->arena, &month->reasons, &page);
        if (status != OK)
            return status;
        for (size_t i = 0; i < page.n_rows; i++) {
            if (past(month, section, &page.rows[i]))
                return OK;
            if (rows->n < ROWS_MOST && wanted(month, section, &page.rows[i]))
                rows->items[rows->n++] = &page.rows[i];
        }
        looked += page.n_rows;
        if (!page.next)
            return OK;
        query.cursor = page.next;
        query.cursor_len = page.next_len;
    }
    month->cut++;
    return OK;
}

static void count_alert(struct month *month, const struct record_view *row)
{
    const char *level = val_get_str(row->fields, "level");
    struct val *of = level ? val_get(month->alerts, level) : NULL;
    if (!of)
        return;
    val_set_int(month->request->arena, of, row->state->name, val_get_int(of, row->state->name, 0) + 1);
}

static void add_rows(struct month *month, const struct section *section, const struct register_def *def, const struct rows *rows)
{
    const struct request *request = month->request;
    struct arena *arena = request->arena;
    size_t given = columns_of(section), columns = given + 3;
    struct part *heading = document_add(month->document, PART_HEADING), *table = document_add(month->document, PART_TABLE);
    const char **heads = ARENA_ARRAY(arena, const char *, columns);
    struct cell *cells = ARENA_ARRAY(arena, struct cell, rows->n * columns + 1);
    struct val *shown = val_object(arena), *head = val_array(arena), *lines = val_array(arena);
    heading->level = 2;
    heading->text = tr(request->lang, section->heading);
    heads[0] = tr(request->lang, T_("Marking"));
    heads[1] = tr(request->lang, T_("Number"));
    for (size_t c = 0; c < given; c++)
        heads[2 + c] = column_words(month, def, section->columns[c]);
    heads[columns - 1] = tr(request->lang, T_("State"));
    for (size_t c = 0; c < columns; c++)
        val_push(arena, head, val_str(arena, heads[c]));
    for (size_t r = 0; r < rows->n; r++) {
        const struct record_view *row = rows->items[r];
        struct val *line = val_object(arena), *values = val_array(arena);
        shown_record(&month->shown, row);
        cells[r * columns] = (struct cell){.text = mark_of(request, row->label, MARK_PORTION)};
        cells[r * columns + 1] = (struct cell){.text = row->number};
        for (size_t c = 0; c < given; c++)
            cells[r * columns + 2 + c] = (struct cell){.text = cell_text(month, row, section->columns[c])};
        cells[r * columns + columns - 1] = (struct cell){.text = row->state->words.in[request->lang]};
        for (size_t c = 2; c < columns; c++)
            val_push(arena, values, val_str(arena, cells[r * columns + c].text));
        val_set_str(arena, line, "mark", cells[r * columns].text);
        val_set_str(arena, line, "number", row->number);
        val_set(arena, line, "href", val_strf(arena, "/%s/%s", row->def->name, row->number));
        val_set(arena, line, "cells", values);
        val_push(arena, lines, line);
    }
    *table = (struct part){.kind = PART_TABLE, .columns = heads, .n_columns = columns, .cells = cells, .n_rows = rows->n, .next = table->next};
    val_set_str(arena, shown, "heading", heading->text);
    val_set(arena, shown, "columns", head);
    val_set(arena, shown, "rows", lines);
    val_push(arena, month->tables, shown);
}

static enum status add_section(struct month *month, const struct section *section)
{
    const struct register_def *def = pack_register(office_pack(month->request->office), section->register_);
    struct rows *rows = ARENA_NEW(month->request->arena, struct rows);
    enum status status = OK;
    rows->n = 0;
    if (!def || !reader_sees(month->request->reader, def))
        return OK;
    if (!section->states[0])
        status = gather(month, section, NULL, rows);
    for (size_t s = 0; status == OK && section->states[s]; s++)
        status = gather(month, section, section->states[s], rows);
    for (size_t i = 0; status == OK && str_eq(section->register_, "alert") && i < rows->n; i++)
        count_alert(month, rows->items[i]);
    if (status == OK)
        add_rows(month, section, def, rows);
    return status;
}

/* ---- figures: alerts by level and state ---- */

static void begin_figures(struct month *month)
{
    const struct vocabulary *levels = pack_vocabulary(office_pack(month->request->office), "alert-level");
    month->alerts = val_object(month->request->arena);
    for (size_t i = 0; levels && i < levels->n_terms; i++)
        val_set(month->request->arena, month->alerts, levels->terms[i].name, val_object(month->request->arena));
}

static void fill_figures(struct month *month, struct part *table, struct val *figures)
{
    const struct request *request = month->request;
    struct arena *arena = request->arena;
    const struct register_def *def = pack_register(office_pack(request->office), "alert");
    const struct vocabulary *levels = pack_vocabulary(office_pack(request->office), "alert-level");
    size_t states = def ? def->n_states : 0, columns = states + 1, rows = levels ? levels->n_terms : 0;
    const char **heads = ARENA_ARRAY(arena, const char *, columns);
    struct cell *cells = ARENA_ARRAY(arena, struct cell, rows * columns + 1);
    struct val *head = val_array(arena), *lines = val_array(arena);
    heads[0] = tr(request->lang, T_("Alerts by level"));
    for (size_t s = 0; s < states; s++)
        heads[s + 1] = def->states[s].words.in[request->lang];
    for (size_t c = 0; c < columns; c++)
        val_push(arena, head, val_str(arena, heads[c]));
    for (size_t r = 0; r < rows; r++) {
        const struct val *counts = val_get(month->alerts, levels->terms[r].name);
        struct val *line = val_array(arena);
        cells[r * columns] = (struct cell){.text = levels->terms[r].words.in[request->lang]};
        val_push(arena, line, val_str(arena, cells[r * columns].text));
        for (size_t s = 0; s < states; s++) {
            cells[r * columns + 1 + s] = (struct cell){.kind = CELL_INTEGER, .number = val_get_int(counts, def->states[s].name, 0)};
            val_push(arena, line, val_strf(arena, "%lld", (long long)cells[r * columns + 1 + s].number));
        }
        val_push(arena, lines, line);
    }
    *table = (struct part){.kind = PART_TABLE, .columns = heads, .n_columns = columns, .cells = cells, .n_rows = rows, .next = table->next};
    val_set(arena, figures, "columns", head);
    val_set(arena, figures, "rows", lines);
}

/* ---- the answer ---- */

static const struct { const char *name, *media; enum status (*write)(const struct document *, struct buf *); } formats[] = {
    {"html", "text/html; charset=utf-8", report_html},
    {"xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", report_xlsx}};

static void mark_document(struct month *month, const struct val *data)
{
    const struct request *request = month->request;
    const struct val *bands = val_get(data, "bands");
    const char **markings = ARENA_ARRAY(request->arena, const char *, val_count(bands) + 1);
    for (size_t i = 0; i < val_count(bands); i++)
        markings[month->document->n_markings++] = val_get_str(val_at(bands, i), "text");
    if (!month->document->n_markings)
        markings[month->document->n_markings++] = tr(request->lang, T_("Nothing classified in this report"));
    month->document->markings = markings;
    month->document->office = office_name(request->office);
    month->document->author = reader_person_name(request->reader);
}

static enum status as_file(struct month *month, const char *format, struct answer *answer)
{
    const struct request *request = month->request;
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        if (str_eq(formats[f].name, format)) {
            enum status status = office_note_event(request->office, reader_account(request->reader), reader_appointment(request->reader), "export", NULL, request->now);
            if (status != OK)
                return status;
            answer->status = 200;
            answer->media_type = formats[f].media;
            answer_header(answer, "Content-Disposition", arena_printf(request->arena, "attachment; filename=\"monitoring-%s.%s\"", month->name, format));
            return formats[f].write(month->document, answer->body);
        }
    reason_add(&month->reasons, "monitoring.format", "format", T_("“%1$s” is no form of this report; there are html and xlsx."), format);
    answer_reasons(request, answer, BAD_INPUT, &month->reasons);
    return OK;
}

enum status month_page(const struct request *request, struct answer *answer)
{
    struct month month = {.request = request, .tables = val_array(request->arena)};
    struct val *data = val_object(request->arena), *figures = val_object(request->arena);
    const char *format = request_query(request, "format");
    reasons_init(&month.reasons, request->arena);
    shown_begin(&month.shown, request);
    if (take_month(&month) != OK) {
        answer_reasons(request, answer, BAD_INPUT, &month.reasons);
        return OK;
    }
    const char *title = words_format(request->arena, T_("Monitoring report, %1$s"), month.name).in[request->lang];
    month.document = document_new(request->arena, title, request->lang, request->now);
    document_add(month.document, PART_PARAGRAPH)->text = tr(request->lang, T_("Counted over what the reader named at the foot may read."));
    struct part *figure_table = document_add(month.document, PART_TABLE);
    begin_figures(&month);
    enum status status = OK;
    for (size_t i = 0; status == OK && i < SECTIONS; i++)
        status = add_section(&month, &sections[i]);
    if (status != OK)
        return status;
    if (month.cut)
        document_add(month.document, PART_PARAGRAPH)->text = tr(request->lang, T_("A table is not whole: more records than one report holds."));
    fill_figures(&month, figure_table, figures);
    status = shown_end(&month.shown, data, "read");
    if (status != OK)
        return status;
    mark_document(&month, data);
    if (format && *format)
        return as_file(&month, format, answer);
    val_set_str(request->arena, data, "title", title);
    val_set_str(request->arena, data, "month", month.name);
    val_set_bool(request->arena, data, "cut", month.cut > 0);
    val_set(request->arena, data, "figures", figures);
    val_set(request->arena, data, "tables", month.tables);
    answer_page(request, answer, "watch/month", data);
    return OK;
}
