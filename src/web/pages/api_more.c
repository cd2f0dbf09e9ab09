/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The API's part for commands: who I am, who may read a record and why, erasure. Same doors, same
 * refusals as the pages.
 */
#include <string.h>

#include "web/pages/inside.h"

/* Whatever a client says it accepts, this part of the site answers JSON. */
static enum status as_api(const struct request *request, struct answer *answer, enum status (*handle)(const struct request *, struct answer *))
{
    struct request mine = *request;
    mine.api = true;
    enum status status = handle(&mine, answer);
    if (status != OK)
        answer_reasons(&mine, answer, status, NULL);
    return OK;
}

/* "-" stands for any register: the number says which. */
static enum status get(const struct request *request, struct record_view *record)
{
    const char *name = request_part(request, 0);
    return office_get(request->office, request->reader, str_eq(name, "-") ? NULL : name, request_part(request, 1), request->arena, record);
}

/* ---- who I am ---- */

static enum status account(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    const struct post_def *post = reader_post(request->reader);
    struct val *data = val_object(arena), *rights = val_array(arena);
    val_set_str(arena, data, "office", office_name(request->office));
    val_set_str(arena, data, "person", reader_person_number(request->reader));
    val_set_str(arena, data, "name", reader_person_name(request->reader));
    val_set_str(arena, data, "account", reader_account_number(request->reader));
    val_set_str(arena, data, "post", post->name);
    val_set_str(arena, data, "post_name", words_in(&post->words, request->lang));
    val_set_str(arena, data, "clearance", reader_clearance_words(request->reader, request->lang));
    for (size_t i = 0; i < post->n_rights; i++)
        val_push(arena, rights, val_str(arena, post->rights[i]));
    val_set(arena, data, "rights", rights);
    answer_json(request, answer, data);
    return OK;
}

/* ---- who may read, and why somebody may or may not ---- */

static enum status readers(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct record_view record;
    struct may_read *all;
    struct shown shown;
    size_t n;
    struct val *data = val_object(arena), *list = val_array(arena);
    const char *login = request_query(request, "account");
    enum status status = get(request, &record);
    if (status == OK && !login)
        status = office_who_may(request->office, request->reader, record.number, request->now, arena, &all, &n);
    if (status != OK)
        return status;
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    val_set_str(arena, data, "number", record.number);
    for (size_t i = 0; !login && i < n; i++) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "name", all[i].name);
        val_set_str(arena, item, "post", all[i].post);
        val_push(arena, list, item);
    }
    if (!login)
        val_set(arena, data, "persons", list);
    if (login) {
        struct reasons reasons;
        bool may = false;
        reasons_init(&reasons, arena);
        status = office_explain(request->office, request->reader, login, record.number, request->now, arena, &may, &reasons);
        if (status == BAD_INPUT) {
            answer_reasons(request, answer, status, &reasons);
            return OK;
        }
        if (status != OK)
            return status;
        val_set_str(arena, data, "account", login);
        val_set_bool(arena, data, "may", may);
        val_set(arena, data, "reasons", reasons_shown(request, &reasons));
    }
    status = shown_end(&shown, data, "read");
    val_drop(data, "bands");
    if (status == OK)
        answer_json(request, answer, data);
    return status;
}

/* ---- erasure: proposed here, confirmed like any proposal ---- */

static enum status erase(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct record_view record;
    struct outcome outcome;
    const char *key = val_get_str(request->json, "key");
    enum status status = get(request, &record);
    if (status != OK)
        return status;
    struct op op = {.kind = OP_ERASE, .number = record.number, .step = val_get_str(request->json, "basis"), .reason = val_get_str(request->json, "reason")};
    struct change change = {.writer = request->reader, .key = key && strlen(key) >= 8 && strlen(key) <= 64 ? key : request->nonce, .now = request->now, .ops = &op, .n_ops = 1};
    status = office_apply(request->office, &change, arena, &outcome);
    if (status != OK) {
        answer_reasons(request, answer, status, &outcome.reasons);
        return OK;
    }
    struct val *data = val_object(arena);
    val_set_str(arena, data, "proposal", outcome.n_numbers ? outcome.numbers[0] : NULL);
    answer->status = 202;
    answer_json(request, answer, data);
    return OK;
}

#define WRAP(name) static enum status api_##name(const struct request *q, struct answer *a) { return as_api(q, a, name); }
WRAP(account) WRAP(readers) WRAP(erase)

const struct page api_more_pages[] = {
    {METHOD_GET, "/api/v1/account", "", "api-account", api_account},
    {METHOD_GET, "/api/v1/records/{register}/{number}/readers", "", "api-readers", api_readers, .slow = true},
    {METHOD_POST, "/api/v1/records/{register}/{number}/erase", "erase-records", "api-erase", api_erase},
    {0}};
