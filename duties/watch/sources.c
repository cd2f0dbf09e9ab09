/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See sources.h. Records come through door two and are marked and journalled like any other; what the intake knows of a source is asked only with a
 * record that the reader has read.
 */
#include "sources.h"

#include "base/text.h"
#include "front/shown.h"
#include "office/intake.h"

enum { ROWS_MOST = 500, UNCLAIMED_MOST = 50 };

static const char *standing(const struct request *request, const struct record_view *source, const struct intake_facts *facts)
{
    static const char *const words[] = {[INTAKE_TAKEN] = T_("taken"), [INTAKE_NO_WORKER] = T_("not taken: no log worker is free for its label and file"),
        [INTAKE_FULL] = T_("not taken: its spool is full"), [INTAKE_DEAD] = T_("waiting: its log workers died one after the other"),
        [INTAKE_FAILED] = T_("kept in the spool alone: segments or alerts cannot be written")};
    if (!str_eq(source->state->name, "active"))
        return tr(request->lang, T_("not taken: the source is not active"));
    return tr(request->lang, facts->known ? words[facts->standing] : T_("not taken: this office takes no logs now"));
}

/* Nothing for longer than the source itself says, since it is listened to. */
static bool silent(const struct request *request, const struct record_view *source, const struct intake_facts *facts)
{
    const char *text = val_get_str(source->fields, "silent-after");
    moment since = facts->last_received != MOMENT_NONE ? facts->last_received : facts->active_since;
    struct span span;
    return facts->known && text && since != MOMENT_NONE && span_read(text, &span) == OK && span_add(NULL, since, span) < request->now;
}

static struct val *row_of_source(const struct request *request, const struct record_view *source)
{
    struct arena *arena = request->arena;
    struct intake *intake = office_intake(request->office);
    struct intake_facts facts = {.last_received = MOMENT_NONE, .newest = MOMENT_NONE};
    struct val *row = val_object(arena);
    int64_t hour = 0;
    if (intake)
        intake_facts(intake, source, request->now, &facts);
    for (size_t i = 0; i < 60; i++)
        hour += facts.per_minute[i];
    val_set_str(arena, row, "number", source->number);
    val_set_str(arena, row, "href", arena_printf(arena, "/log-source/%s", source->number));
    val_set_str(arena, row, "mark", mark_of(request, source->label, MARK_PORTION));
    val_set_str(arena, row, "title", source->titles.in[request->lang]);
    val_set_str(arena, row, "port", val_get_str(source->fields, "port"));
    val_set_str(arena, row, "sender", val_get_str(source->fields, "sender"));
    val_set_str(arena, row, "standing", standing(request, source, &facts));
    val_set_bool(arena, row, "silent", silent(request, source, &facts));
    val_set_bool(arena, row, "known", facts.known);
    if (facts.last_received != MOMENT_NONE)
        val_set_int(arena, row, "last", facts.last_received);
    val_set_int(arena, row, "hour", hour);
    val_set_int(arena, row, "events", (int64_t)facts.events);
    val_set_int(arena, row, "raw", (int64_t)facts.raw);
    val_set_int(arena, row, "faulty", (int64_t)facts.faulty);
    val_set_int(arena, row, "aside", (int64_t)facts.set_aside);
    return row;
}

static struct val *unclaimed(const struct request *request)
{
    struct arena *arena = request->arena;
    struct intake *intake = office_intake(request->office);
    struct val *list = val_array(arena);
    struct intake_unclaimed *senders;
    size_t n = intake ? intake_unclaimed(intake, arena, &senders) : 0;
    for (size_t i = 0; i < n && i < UNCLAIMED_MOST; i++) {
        struct val *row = val_object(arena);
        val_set_str(arena, row, "port", senders[i].port);
        val_set_str(arena, row, "sender", senders[i].sender);
        val_set_int(arena, row, "messages", (int64_t)senders[i].messages);
        val_set_int(arena, row, "last", senders[i].last);
        val_push(arena, list, row);
    }
    return list;
}

enum status sources_page(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct query query = {.register_ = "log-source", .limit = ROWS_MOST};
    struct page_of page = {0};
    struct reasons reasons;
    struct shown shown;
    struct val *data = val_object(arena), *rows = val_array(arena);
    reasons_init(&reasons, arena);
    shown_begin(&shown, request);
    enum status status = office_find(request->office, request->reader, &query, arena, &reasons, &page);
    for (size_t i = 0; status == OK && i < page.n_rows; i++) {
        if (page.rows[i].state->final)
            continue;
        shown_record(&shown, &page.rows[i]);
        val_push(arena, rows, row_of_source(request, &page.rows[i]));
    }
    val_set(arena, data, "rows", rows);
    val_set_bool(arena, data, "cut", page.next != NULL);
    val_set(arena, data, "unclaimed", unclaimed(request));
    if (status == OK)
        status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "watch/sources", data);
    return status;
}
