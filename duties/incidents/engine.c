/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The incidents' engine: the repeat counter. How often the persons and the unit of an incident stood in infractions and breaches
 * within the rule's window, counted over what the asking reader may read and over nothing else; so two readers may get two
 * numbers, and the words beside it say so. The window ends with the incident's own detection.
 */
#include <string.h>

#include "base/text.h"
#include "front/shown.h"
#include "office/duty.h"
#include "office/office.h"

#define MOST_COUNTED 1000

static bool counts(const struct record_view *row)
{
    static const char *const classes[] = {"infraction", "breach", "breach-compromise", NULL};
    static const char *const not_counted[] = {"dismissed", "duplicate", NULL};
    const char *class = val_get_str(row->fields, "classification");
    return class && str_in(class, classes) && !str_in(row->state->name, not_counted);
}

/* The span's beginning, counted back from an instant. */
static moment window_begin(const struct pack *pack, moment end)
{
    struct span span;
    if (rule_span(pack_rule(pack, "incident.repeat-window"), NULL, &span) != OK)
        return 0;
    span.count = -span.count;
    return span_add(NULL, end, span);
}

static struct val *window_words(const struct pack *pack, struct arena *arena)
{
    struct val *words = val_object(arena);
    struct span span;
    if (rule_span(pack_rule(pack, "incident.repeat-window"), NULL, &span) == OK) {
        val_set_str(arena, words, "en", span_words(arena, span, LANG_EN));
        val_set_str(arena, words, "fr", span_words(arena, span, LANG_FR));
    }
    return words;
}

struct counting { struct office *office; const struct reader *reader; struct arena *arena; moment from, to; struct shown *shown; };

static enum status count_over(const struct counting *in, const char *field, record_id id, struct val *ret)
{
    struct query query = {.register_ = "incident", .links_field = field, .links_to = id, .limit = MOST_COUNTED};
    struct reasons ignored;
    struct page_of page;
    struct val *numbers = val_array(in->arena);
    reasons_init(&ignored, in->arena);
    enum status status = office_find(in->office, in->reader, &query, in->arena, &ignored, &page);
    for (size_t i = 0; status == OK && i < page.n_rows; i++) {
        moment detected = val_get_int(page.rows[i].fields, "detected", MOMENT_NONE);
        if (counts(&page.rows[i]) && detected != MOMENT_NONE && detected > in->from && detected <= in->to)
            val_push(in->arena, numbers, val_str(in->arena, page.rows[i].number));
        if (in->shown)
            shown_record(in->shown, &page.rows[i]);
    }
    val_set(in->arena, ret, "incidents", numbers);
    val_set_int(in->arena, ret, "count", (int64_t)val_count(numbers));
    return status;
}

static enum status count_link(const struct counting *in, const struct link_view *link, int64_t threshold, struct val *list)
{
    struct val *one = val_object(in->arena);
    enum status status = count_over(in, link->field->name, link->other, one);
    val_set_str(in->arena, one, "field", link->field->name);
    val_set_str(in->arena, one, "number", link->number);
    val_set_str(in->arena, one, "title", link->title);
    val_set_bool(in->arena, one, "reached", val_get_int(one, "count", 0) >= threshold);
    val_push(in->arena, list, one);
    return status;
}

/* What was read for the answer goes to `shown`, unless it is NULL: a page's marks and the entry of the read.
 * {"incident": NUMBER} -> {incident, title, window, threshold, counts: [{field, number, title, count, reached, incidents}]} */
static enum status count_repeats(struct office *office, const struct reader *reader, const struct val *arguments, struct arena *arena, struct shown *shown, struct val **ret)
{
    const struct pack *pack = office_pack(office);
    struct record_view *record = ARENA_NEW(arena, struct record_view);
    const char *number = val_get_str(arguments, "incident");
    enum status status = number ? office_get(office, reader, "incident", number, arena, record) : ABSENT;
    if (status != OK)
        return status;
    if (shown)
        shown_record(shown, record);
    const struct rule *window = pack_rule(pack, "incident.repeat-window");
    int64_t threshold = rule_number(pack_rule(pack, "incident.repeat-threshold"), 3);
    struct counting in = {office, reader, arena, 0, val_get_int(record->fields, "detected", record->created), shown};
    struct val *answer = val_object(arena), *list = val_array(arena);
    in.from = window_begin(pack, in.to);
    for (size_t i = 0; status == OK && i < record->n_links; i++)
        if (str_eq(record->links[i].field->name, "persons") || str_eq(record->links[i].field->name, "unit"))
            status = count_link(&in, &record->links[i], threshold, list);
    val_set_str(arena, answer, "incident", record->number);
    val_set_str(arena, answer, "title", record->title);
    val_set_str(arena, answer, "window", window && val_text(window->value) ? val_text(window->value) : "");
    val_set(arena, answer, "span", window_words(pack, arena));
    val_set_int(arena, answer, "threshold", threshold);
    val_set(arena, answer, "counts", list);
    if (status == OK)
        *ret = answer;
    return status;
}

static enum status repeats(struct office *office, const struct reader *reader, const struct val *arguments, struct arena *arena, struct val **ret)
{
    return count_repeats(office, reader, arguments, arena, NULL, ret);
}

/* ---- its page ---- */

static enum status repeats_page(const struct request *request, struct answer *answer)
{
    struct val *arguments = val_object(request->arena), *data;
    val_set_str(request->arena, arguments, "incident", request_part(request, 0));
    struct shown shown;
    shown_begin(&shown, request);
    enum status status = count_repeats(request->office, request->reader, arguments, request->arena, &shown, &data);
    if (status == OK)
        status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    if (request->api)
        answer_json(request, answer, data);
    else
        answer_page(request, answer, "incidents/repeats", data);
    return OK;
}

static const struct page pages[] = {
    {METHOD_GET, "/incident/{number}/repeats", "", "repeats", repeats_page, .menu = T_("Repeats")},
    {0},
};
static const struct query_def queries[] = {{"repeats", repeats}, {0}};
const struct duty duty_incidents = {.name = "incidents", .pages = pages, .queries = queries};
