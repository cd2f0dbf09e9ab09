/* SPDX-License-Identifier: GPL-3.0-or-later
 * A register's records as a board, a column a state, and as a calendar of six weeks. Both come from door two like the list.
 */
#include <stdio.h>
#include <string.h>

#include "web/pages/inside.h"

/* A column a state; each holds its newest. */
enum status list_board(struct listing *listing, struct answer *answer)
{
    const struct request *request = listing->request;
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *columns = val_array(arena);
    struct shown shown;
    shown_begin(&shown, request);
    for (size_t s = 0; s < listing->def->n_states; s++) {
        struct filter filter = {"state", listing->def->states[s].name};
        struct query query = {.register_ = listing->def->name, .filters = &filter, .n_filters = 1, .limit = 25};
        struct page_of page;
        struct val *column = val_object(arena), *rows = val_array(arena);
        if (office_find(request->office, request->reader, &query, arena, &listing->reasons, &page) != OK)
            continue;
        for (size_t i = 0; i < page.n_rows; i++) {
            shown_record(&shown, &page.rows[i]);
            val_push(arena, rows, row_of(request, &page.rows[i], NULL, 0));
        }
        val_set_str(arena, column, "name", words_in(&listing->def->states[s].words, request->lang));
        val_set(arena, column, "rows", rows);
        val_set_bool(arena, column, "more", page.next != NULL);
        val_set(arena, column, "href", val_strf(arena, "%s?state=%s", register_href(request->arena, listing->def), listing->def->states[s].name));
        val_push(arena, columns, column);
    }
    val_set(arena, data, "columns", columns);
    list_frame(listing, data, "board");
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "board", data);
    return status;
}

#define CALENDAR_PAGES 8           /* of a thousand records: further back a list with a filter serves better */

/* When a record stands in the calendar: by its field, else by its due time. */
static moment calendar_moment(const struct field_def *by, const struct record_view *record)
{
    const struct val *value = by ? val_get(record->fields, by->name) : NULL;
    moment at;
    if (value && value->kind == VAL_OBJECT)
        value = val_get(value, "from");
    if (value && value->kind == VAL_INT)
        return value->number;
    return value && val_text(value) && moment_read(val_text(value), &at) == OK ? at : record->due;
}

/* The records of the six weeks, later ones first; `by` being sortable, the walk ends with the first that lies before them. */
static const struct record_view **calendar_rows(struct listing *listing, const struct field_def *by, moment begin, moment end, size_t *ret_n)
{
    const struct request *request = listing->request;
    bool sorted = by && by->sort;
    const struct record_view **rows = ARENA_ARRAY(request->arena, const struct record_view *, CALENDAR_PAGES * 1000 + 1);
    struct query query = {.register_ = listing->def->name, .sort = sorted ? by->name : "due", .descending = sorted, .ascending = !sorted, .limit = 1000};
    size_t n = 0;
    bool more = true;
    for (int turn = 0; more && turn < CALENDAR_PAGES; turn++) {
        struct page_of page;
        if (office_find(request->office, request->reader, &query, request->arena, &listing->reasons, &page) != OK)
            break;
        for (size_t i = 0; i < page.n_rows; i++) {
            moment at = calendar_moment(by, &page.rows[i]);
            more = !sorted || at == MOMENT_NONE || at >= begin;
            if (at != MOMENT_NONE && at >= begin && at < end)
                rows[n++] = &page.rows[i];
        }
        more = more && page.next;
        query.cursor = page.next;
        query.cursor_len = page.next_len;
    }
    *ret_n = n;
    return rows;
}

#define CALENDAR_CELL 8

static struct val *calendar_day(struct listing *listing, struct shown *shown, const struct field_def *by, moment day, const struct record_view **rows, size_t n_rows)
{
    const struct request *request = listing->request;
    struct val *cell = val_object(request->arena), *list = val_array(request->arena);
    size_t more = 0;
    for (size_t i = 0; i < n_rows; i++) {
        moment at = calendar_moment(by, rows[i]);
        if (at < day || at >= day + DAY)
            continue;
        if (list->count == CALENDAR_CELL) {
            more++;
            continue;
        }
        shown_record(shown, rows[i]);
        val_push(request->arena, list, row_of(request, rows[i], NULL, 0));
    }
    val_set_int(request->arena, cell, "day", moment_civil(day).day);
    val_set_bool(request->arena, cell, "today", request->now >= day && request->now < day + DAY);
    val_set(request->arena, cell, "rows", list);
    if (more)
        val_set_int(request->arena, cell, "more", (int64_t)more);
    return cell;
}

/* Six weeks around a month's days. */
enum status list_calendar(struct listing *listing, struct answer *answer)
{
    const struct request *request = listing->request;
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *weeks = val_array(arena);
    struct shown shown;
    moment first;
    const char *month = request_query(request, "month");
    struct civil civil = moment_civil(request->now);
    if (month && strlen(month) == 7 && moment_read(arena_printf(arena, "%s-01", month), &first) == OK)
        civil = moment_civil(first);
    first = moment_from_civil((struct civil){civil.year, civil.month, 1, 0, 0, 0, 0});
    moment begin = first - (moment)(moment_weekday(first) - 1) * DAY;
    const struct field_def *by = listing->def->calendar_by;
    size_t n_rows;
    const struct record_view **rows = calendar_rows(listing, by, begin, begin + 42 * DAY, &n_rows);
    shown_begin(&shown, request);
    for (int w = 0; w < 6; w++) {
        struct val *week = val_array(arena);
        for (int d = 0; d < 7; d++) {
            moment day = begin + (w * 7 + d) * DAY;
            struct val *cell = calendar_day(listing, &shown, by, day, rows, n_rows);
            val_set_bool(arena, cell, "outside", moment_civil(day).month != civil.month);
            val_push(arena, week, cell);
        }
        val_push(arena, weeks, week);
    }
    struct civil before = moment_civil(first - DAY), after = moment_civil(moment_add_months(first, 1));
    val_set(arena, data, "weeks", weeks);
    char *month_words = arena_strdup(arena, moment_words(arena, first, request->lang)), *space = strchr(month_words, ' '), *time = strstr(month_words, " 00:00");
    if (time)
        *time = 0;
    val_set_str(arena, data, "month", space ? space + 1 : month_words);
    val_set(arena, data, "before", val_strf(arena, "%s?view=calendar&month=%04d-%02d", register_href(request->arena, listing->def), before.year, before.month));
    val_set(arena, data, "after", val_strf(arena, "%s?view=calendar&month=%04d-%02d", register_href(request->arena, listing->def), after.year, after.month));
    list_frame(listing, data, "calendar");
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "calendar", data);
    return status;
}
