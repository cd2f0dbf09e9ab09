/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which segments a question may look at: those whose record the reader finds through door two, that would be read for the asker, of the sources
 * and the time that are asked for. Nothing else is looked at, so nothing else is told, by count or by time.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "hunting.h"

moment scope_end(const struct scope_segment *segment) { return segment->facts.closed && segment->facts.to != MOMENT_NONE ? segment->facts.to : MOMENT_EVER; }

static int newest_first(const void *a, const void *b)
{
    const struct scope_segment *one = a, *other = b;
    moment ends = scope_end(one), other_ends = scope_end(other);
    return ends != other_ends ? ends < other_ends ? 1 : -1 : strcmp(one->number, other->number);
}

static bool of_source(const struct scope_wish *wish, const struct record_view *record, const char **ret_name)
{
    *ret_name = "";
    for (size_t i = 0; i < record->n_links; i++)
        if (str_eq(record->links[i].field->name, "log-source")) {
            *ret_name = record->links[i].title;
            for (size_t s = 0; s < wish->n_sources; s++)
                if (str_eq(wish->sources[s], record->links[i].number))
                    return true;
        }
    return !wish->n_sources;
}

/* By what the record says; of an open one nothing is known. */
static bool in_time(const struct scope_wish *wish, const struct record_view *record)
{
    const struct val *covers = val_get(record->fields, "covers");
    moment from = val_get_int(covers, "from", MOMENT_NONE), to = val_get_int(covers, "to", MOMENT_NONE);
    if (!covers || from == MOMENT_NONE || to == MOMENT_NONE)
        return true;
    return (wish->from == MOMENT_NONE || to >= wish->from) && (wish->to == MOMENT_NONE || from < wish->to);
}

struct gathering { struct office *office; const struct reader *reader; const struct scope_wish *wish; struct arena *arena; struct scope *scope; size_t room; };
static void gather(struct gathering *g, const struct record_view *record)
{
    struct scope_segment one = {.number = record->number, .record = record};
    if (!in_time(g->wish, record) || !of_source(g->wish, record, &one.source) ||
        office_segment_facts(g->office, g->reader, record->number, g->wish->asking, g->arena, &one.facts) != OK)
        return;
    if (g->scope->n == g->room) {
        struct scope_segment *more = ARENA_ARRAY(g->arena, struct scope_segment, g->room = g->room * 2 + 64);
        if (g->scope->n)
            memcpy(more, g->scope->items, g->scope->n * sizeof *more);
        g->scope->items = more;
    }
    g->scope->items[g->scope->n++] = one;
}

enum status scope_find(struct office *office, const struct reader *reader, const struct scope_wish *wish, struct arena *arena, struct reasons *reasons, struct scope *ret)
{
    struct scope scope = {0};
    struct gathering g = {office, reader, wish, arena, &scope, 0};
    struct query query = {.register_ = "event-segment", .limit = 1000, .with_links = 1};
    for (size_t looked = 0;;) {
        struct page_of page;
        enum status status = office_find(office, reader, &query, arena, reasons, &page);
        if (status != OK)
            return status;
        for (size_t i = 0; i < page.n_rows; i++)
            gather(&g, &page.rows[i]);
        looked += page.n_rows;
        if (!page.next)
            break;
        if (looked >= SCOPE_MOST) {
            scope.more = true;
            break;
        }
        query.cursor = page.next;
        query.cursor_len = page.next_len;
    }
    if (scope.n)
        qsort(scope.items, scope.n, sizeof *scope.items, newest_first);
    *ret = scope;
    return OK;
}
