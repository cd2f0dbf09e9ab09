/* SPDX-License-Identifier: GPL-3.0-or-later
 * Erasure for those who carry the right: the records whose retention is over, rule by rule, and the form that proposes to erase one, under its
 * rule or a lawful order. Another person confirms it like any proposal.
 */
#include "office/erase.h"

#include "web/pages/inside.h"

#define RIGHT "erase-records"
#define SHOWN_MOST 500

/* ---- what is over ---- */

/* The group of a rule, made when its first record comes. */
static struct val *group_of(const struct request *request, struct val *groups, const struct register_def *def)
{
    struct arena *arena = request->arena;
    for (size_t i = 0; i < groups->count; i++)
        if (str_eq(val_get_str(groups->items[i], "id"), def->retention->name))
            return groups->items[i];
    struct val *group = val_object(arena);
    val_set_str(arena, group, "id", def->retention->name);
    val_set_str(arena, group, "name", words_in(&def->retention->words, request->lang));
    val_set_str(arena, group, "source", words_in(&def->retention->source, request->lang));
    val_set_bool(arena, group, "assumption", def->retention->standing == STANDING_ASSUMPTION);
    val_set(arena, group, "rows", val_array(arena));
    val_push(arena, groups, group);
    return group;
}

static enum status collect(const struct request *request, struct shown *shown, struct val *data)
{
    struct arena *arena = request->arena;
    struct retention_over *over;
    struct val *groups = val_array(arena);
    size_t n;
    enum status status = office_retention_over(request->office, request->reader, request->now, SHOWN_MOST, arena, &over, &n);
    for (size_t i = 0; status == OK && i < n; i++) {
        struct val *row = row_of(request, &over[i].record, NULL, 0);
        val_set_int(arena, row, "since", over[i].since);
        val_set_int(arena, row, "over", over[i].over);
        val_set(arena, row, "erase", val_strf(arena, "%s/erase?basis=retention", record_href(request, over[i].def, over[i].number)));
        val_push(arena, val_get(group_of(request, groups, over[i].def), "rows"), row);
        shown_record(shown, &over[i].record);
    }
    val_set(arena, data, "groups", groups);
    val_set_bool(arena, data, "more", status == OK && n == SHOWN_MOST);
    return status;
}

static enum status get_retention(const struct request *request, struct answer *answer)
{
    struct val *data = val_object(request->arena);
    struct shown shown;
    shown_begin(&shown, request);
    enum status status = collect(request, &shown, data);
    if (status == OK)
        status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    if (request->api)
        answer_json(request, answer, data);
    else
        answer_page(request, answer, "retention", data);
    return OK;
}

/* ---- the form ---- */

static enum status show(const struct request *request, const struct record_view *record, const struct reasons *faults, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct val *data = val_object(arena);
    struct shown shown;
    const char *basis = request_form(request, "basis") ? request_form(request, "basis") : request_query(request, "basis");
    shown_begin(&shown, request);
    shown_record(&shown, record);
    val_set_str(arena, data, "register", record->def->name);
    val_set_str(arena, data, "register-name", words_in(&record->def->words, request->lang));
    val_set_str(arena, data, "number", record->number);
    val_set_str(arena, data, "record-title", words_in(&record->titles, request->lang));
    val_set_str(arena, data, "href", record_href(request, record->def, record->number));
    val_set_str(arena, data, "basis", basis);
    val_set_str(arena, data, "reason", request_form(request, "reason"));
    val_set_str(arena, data, "key", request_form(request, "key") ? request_form(request, "key") : request->nonce);
    if (record->def->retention) {
        val_set_str(arena, data, "rule", words_in(&record->def->retention->words, request->lang));
        val_set_str(arena, data, "rule-id", record->def->retention->name);
    }
    val_set(arena, data, "faults", reasons_shown(request, faults));
    if (faults && faults->count)
        answer->status = 422;
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "erase", data);
    return status;
}

static enum status get_erase(const struct request *request, struct answer *answer)
{
    struct record_view record;
    enum status status = office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), request->arena, &record);
    return status == OK ? show(request, &record, NULL, answer) : status;
}

static enum status post_erase(const struct request *request, struct answer *answer)
{
    struct record_view record;
    struct outcome outcome;
    enum status status = office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), request->arena, &record);
    if (status != OK)
        return status;
    struct op op = {.kind = OP_ERASE, .number = record.number, .step = request_form(request, "basis") ? request_form(request, "basis") : "", .reason = request_form(request, "reason")};
    status = do_op(request, &op, &outcome);
    if (status == ABSENT)
        return status;
    if (status != OK || !outcome.n_numbers)
        return show(request, &record, &outcome.reasons, answer);
    answer_redirect(answer, arena_printf(request->arena, "/proposal/%s", outcome.numbers[0]));
    return OK;
}

static enum status api_retention(const struct request *request, struct answer *answer)
{
    struct request as = *request;
    as.api = true;
    return get_retention(&as, answer);
}

const struct page retention_pages[] = {
    {METHOD_GET, "/retention", RIGHT, "retention", get_retention},
    {METHOD_GET, "/api/v1/retention", RIGHT, "api-retention", api_retention},
    {METHOD_GET, "/{register}/{number}/erase", RIGHT, "erase-form", get_erase},
    {METHOD_POST, "/{register}/{number}/erase", RIGHT, "erase", post_erase},
    {0}};
