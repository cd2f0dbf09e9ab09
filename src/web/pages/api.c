/* SPDX-License-Identifier: GPL-3.0-or-later
 * The API: what the pages do, as JSON, through the same two doors. Every answer carries its markings; a refusal carries its reasons; the
 * version that a change expects is the sealed text that the record came with.
 */
#include <stdlib.h>
#include <string.h>

#include "web/pages/inside.h"

typedef enum status handler(const struct request *, struct answer *);

/* Whatever a client says it accepts, this part of the site answers JSON. */
static enum status as_api(const struct request *request, struct answer *answer, handler *handle)
{
    struct request mine = *request;
    mine.api = true;
    enum status status = handle(&mine, answer);
    if (status != OK)
        answer_reasons(&mine, answer, status, NULL);
    return OK;
}

/* ---- records as JSON ---- */

static struct val *iso(struct arena *arena, moment at)
{
    char text[MOMENT_TEXT];
    return at == MOMENT_NONE ? val_null(arena) : val_str(arena, moment_iso(at, text));
}

static struct val *field_json(struct arena *arena, const struct field_def *field, const struct val *value)
{
    if (field->type == FIELD_TIME && value->kind == VAL_INT)
        return iso(arena, value->number);
    if (field->type == FIELD_INTERVAL && value->kind == VAL_OBJECT) {
        struct val *both = val_object(arena);
        for (size_t i = 0; i < value->count; i++)
            val_set(arena, both, value->members[i].name, value->members[i].value->kind == VAL_INT ? iso(arena, value->members[i].value->number) : value->members[i].value);
        return both;
    }
    return val_copy(arena, value);
}

static struct val *words_json(struct arena *arena, const struct words *words)
{
    struct val *both = val_object(arena);
    val_set_str(arena, both, "en", words_in(words, LANG_EN));
    val_set_str(arena, both, "fr", words_in(words, LANG_FR));
    return both;
}

/* Where the list goes on, by the field's name; NULL when all links stand here. */
static struct val *more_links(const struct request *request, const struct record_view *record)
{
    struct val *more = NULL;
    for (size_t i = 0; i < record->n_links; i++) {
        const struct link_view *link = &record->links[i];
        if (!link->more)
            continue;
        more = more ? more : val_object(request->arena);
        val_set(request->arena, more, link->field->name, val_strf(request->arena, "/api/v1/records/%s?named-in=%s&links-by=%s", link->register_->name, record->number, link->field->name));
    }
    return more;
}

static struct val *links_json(struct arena *arena, const struct record_view *record)
{
    struct val *links = val_object(arena);
    for (size_t i = 0; i < record->n_links; i++) {
        const struct link_view *link = &record->links[i];
        struct val *list = val_get(links, link->field->name), *item = val_object(arena);
        if (!list)
            val_set(arena, links, link->field->name, list = val_array(arena));
        val_set_str(arena, item, "number", link->number);
        val_set_str(arena, item, "register", link->register_->name);
        val_set(arena, item, "title", words_json(arena, &link->titles));
        val_push(arena, list, item);
    }
    return links;
}

static struct val *record_json(const struct request *request, const struct record_view *record)
{
    struct arena *arena = request->arena;
    struct val *item = val_object(arena), *fields = val_object(arena), *clocks = val_array(arena), *label;
    struct reasons ignored;
    const char *text = label_write(record->label, arena);
    reasons_init(&ignored, arena);
    val_set_str(arena, item, "number", record->number);
    val_set_str(arena, item, "register", record->def->name);
    val_set(arena, item, "title", words_json(arena, &record->titles));
    val_set_str(arena, item, "state", record->state->name);
    val_set_str(arena, item, "marking", mark_of(request, record->label, MARK_PAGE));
    if (text && json_read(arena, text, strlen(text), (struct json_limits){0}, &ignored, &label) == OK)
        val_set(arena, item, "label", label);
    val_set_str(arena, item, "version", version_sealed(request, record));
    val_set(arena, item, "created", iso(arena, record->created));
    val_set(arena, item, "updated", iso(arena, record->updated));
    val_set(arena, item, "due", iso(arena, record->due));
    val_set_str(arena, item, "file", record->file_number);
    for (size_t i = 0; i < record->def->n_fields; i++) {
        const struct field_def *field = &record->def->fields[i];
        const struct val *value = val_get(record->fields, field->name);
        if (value && !(field->hidden_in >> record->state_index & 1))
            val_set(arena, fields, field->name, field_json(arena, field, value));
    }
    val_set(arena, item, "fields", fields);
    val_set(arena, item, "links", links_json(arena, record));
    struct val *more = more_links(request, record);
    if (more)
        val_set(arena, item, "more-links", more);
    for (size_t i = 0; i < record->n_clocks; i++) {
        struct val *clock = val_object(arena);
        val_set_str(arena, clock, "name", record->clocks[i].def->name);
        val_set(arena, clock, "due", iso(arena, record->clocks[i].due));
        val_set(arena, clock, "stopped", iso(arena, record->clocks[i].stopped));
        val_push(arena, clocks, clock);
    }
    val_set(arena, item, "clocks", clocks);
    return item;
}

/* Ends an answer: the read entry, the markings of what it shows, the ETag over all of it. */
static enum status finish(const struct request *request, struct answer *answer, struct shown *shown, struct val *data)
{
    struct val *markings = val_array(request->arena);
    struct buf text;
    enum status status = shown_end(shown, data, "read");
    if (status != OK)
        return status;
    const struct val *bands = val_get(data, "bands");
    for (size_t i = 0; i < val_count(bands); i++)
        val_push(request->arena, markings, val_str(request->arena, val_get_str(val_at(bands, i), "text")));
    val_drop(data, "bands");
    val_set(request->arena, data, "markings", markings);
    buf_init(&text, (size_t)16 << 20);
    json_write(&text, data);
    if (text.failed) {
        buf_free(&text);
        return TOO_LARGE;
    }
    if (!answer_not_modified(request, answer, text.data, text.len))
        answer_json(request, answer, data);
    buf_free(&text);
    return OK;
}

static void add_rows(const struct request *request, struct shown *shown, const struct page_of *page, const char *purpose, struct val *data)
{
    struct val *records = val_array(request->arena);
    for (size_t i = 0; i < page->n_rows; i++) {
        shown_record(shown, &page->rows[i]);
        val_push(request->arena, records, record_json(request, &page->rows[i]));
    }
    val_set(request->arena, data, "records", records);
    if (page->next)
        val_set_str(request->arena, data, "next", seal_write(request->seal, request->arena, request->account, purpose, page->next, page->next_len));
}

/* ---- reading ---- */

static enum status list(const struct request *request, struct answer *answer)
{
    struct listing listing = {.request = request};
    struct shown shown;
    struct val *data = val_object(request->arena);
    const char *limit = request_query(request, "limit");
    size_t n = limit ? strtoul(limit, NULL, 10) : 50;
    enum status status = listing_take(&listing, n < 1 ? 1 : n > 500 ? 500 : n);
    if (status != OK) {
        if (listing.def && listing.reasons.count) {
            answer_reasons(request, answer, status, &listing.reasons);
            return OK;
        }
        return status;
    }
    shown_begin(&shown, request);
    add_rows(request, &shown, &listing.page, listing.def->name, data);
    return finish(request, answer, &shown, data);
}

static enum status search(const struct request *request, struct answer *answer)
{
    const char *after = request_query(request, "after");
    struct query query = {.text = request_query(request, "q"), .limit = 50, .with_links = LINKS_SHOWN};
    struct page_of page = {0};
    struct reasons reasons;
    struct shown shown;
    struct val *data = val_object(request->arena);
    void *cursor;
    reasons_init(&reasons, request->arena);
    shown_begin(&shown, request);
    if (after && seal_read(request->seal, request->arena, request->account, "search", after, &cursor, &query.cursor_len) != OK)
        return BAD_INPUT;
    if (after)
        query.cursor = cursor;
    enum status status = query.text && *query.text ? office_find(request->office, request->reader, &query, request->arena, &reasons, &page) : OK;
    if (status != OK)
        return status;
    add_rows(request, &shown, &page, "search", data);
    return finish(request, answer, &shown, data);
}

static enum status get(const struct request *request, struct record_view *record)
{
    return office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), request->arena, record);
}

static enum status one(const struct request *request, struct answer *answer)
{
    struct record_view record;
    struct shown shown;
    enum status status = get(request, &record);
    if (status != OK)
        return status;
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    return finish(request, answer, &shown, record_json(request, &record));
}

static enum status history(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct record_view record;
    struct version_view *versions;
    struct shown shown;
    size_t n;
    struct val *data = val_object(arena), *items = val_array(arena);
    enum status status = get(request, &record);
    if (status == OK)
        status = office_history(request->office, request->reader, record.number, arena, &versions, &n);
    if (status != OK)
        return status;
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    for (size_t i = n; i-- > 0;) {
        struct val *item = val_object(arena);
        val_set_int(arena, item, "number", versions[i].number);
        val_set(arena, item, "time", iso(arena, versions[i].time));
        val_set_str(arena, item, "person", versions[i].person);
        val_set_str(arena, item, "post", versions[i].post);
        val_set_str(arena, item, "step", versions[i].step);
        val_set_str(arena, item, "reason", versions[i].reason);
        val_set_bool(arena, item, "erased", versions[i].erased);
        val_set(arena, item, "proven", iso(arena, office_proven(request->office, versions[i].position)));
        val_set(arena, item, "changes", reasons_shown(request, &versions[i].changes));
        val_push(arena, items, item);
    }
    val_set(arena, data, "versions", items);
    return finish(request, answer, &shown, data);
}

static enum status steps(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct record_view record;
    struct step_view *all;
    struct shown shown;
    size_t n;
    struct val *data = val_object(arena), *items = val_array(arena);
    enum status status = get(request, &record);
    if (status != OK)
        return status;
    office_steps(request->office, request->reader, &record, request->now, arena, &all, &n);
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    for (size_t i = 0; i < n; i++) {
        struct val *item = val_object(arena), *asks = val_array(arena);
        val_set_str(arena, item, "name", all[i].def->name);
        val_set(arena, item, "words", words_json(arena, &all[i].def->words));
        val_set_bool(arena, item, "possible", all[i].possible);
        val_set_bool(arena, item, "second_person", all[i].def->second_person);
        val_set_bool(arena, item, "reason", all[i].def->reason);
        for (size_t a = 0; a < all[i].def->n_asks; a++)
            val_push(arena, asks, val_str(arena, all[i].def->asks[a]->name));
        val_set(arena, item, "asks", asks);
        val_set(arena, item, "why_not", reasons_shown(request, &all[i].why_not));
        val_push(arena, items, item);
    }
    val_set(arena, data, "steps", items);
    return finish(request, answer, &shown, data);
}

/* ---- changing ---- */

static const char *label_text(const struct request *request, const struct val *label)
{
    struct buf text;
    if (!label || label->kind == VAL_NULL)
        return NULL;
    if (label->kind == VAL_STR)
        return label->str.s;
    buf_init(&text, 1 << 16);
    const char *ret = json_canonical(&text, label) == OK ? arena_strndup(request->arena, text.data, text.len) : "";
    buf_free(&text);
    return ret;
}

static enum status apply(const struct request *request, struct answer *answer, struct op *op, record_id of, int made)
{
    const struct val *body = request->json, *sources = val_get(body, "sources");
    struct arena *arena = request->arena;
    struct outcome outcome;
    struct val *data = val_object(arena), *numbers = val_array(arena);
    const char *key = val_get_str(body, "key");
    if (!body || body->kind != VAL_OBJECT)
        return BAD_INPUT;
    op->version = version_read(request, val_get_str(body, "version"), of);
    if (op->version < 0)
        return CONFLICT;
    op->fields = val_get(body, "fields");
    op->label = label_text(request, val_get(body, "label"));
    op->file = val_get_str(body, "file");
    op->reason = val_get_str(body, "reason");
    op->proposed = val_get_str(body, "hash");
    const char **from = ARENA_ARRAY(arena, const char *, val_count(sources) + 1);
    for (size_t i = 0; i < val_count(sources); i++)
        if (val_text(val_at(sources, i)))
            from[op->n_sources++] = val_text(val_at(sources, i));
    op->sources = from;
    struct change change = {.writer = request->reader, .key = key && strlen(key) >= 8 && strlen(key) <= 64 ? key : request->nonce, .now = request->now, .ops = op, .n_ops = 1};
    enum status status = office_apply(request->office, &change, arena, &outcome);
    if (status == ABSENT)
        return status;
    if (status != OK) {
        answer_reasons(request, answer, status, &outcome.reasons);
        if (status == BAD_INPUT)
            answer->status = 422;
        return OK;
    }
    for (size_t i = 0; i < outcome.n_numbers; i++)
        val_push(arena, numbers, val_str(arena, outcome.numbers[i]));
    val_set(arena, data, "numbers", numbers);
    val_set_bool(arena, data, "proposed", outcome.proposed);
    val_set_bool(arena, data, "repeated", outcome.repeated);
    answer->status = outcome.proposed ? 202 : made;
    answer_json(request, answer, data);
    return OK;
}

static enum status create(const struct request *request, struct answer *answer)
{
    const struct register_def *def = pack_register(office_pack(request->office), request_part(request, 0));
    bool may = false;
    for (size_t i = 0; def && i < def->n_create_rights; i++)
        may |= reader_has_right(request->reader, def->create_rights[i]);
    if (!def || (!may && !reader_sees(request->reader, def)))
        return ABSENT;
    return apply(request, answer, &(struct op){.kind = OP_CREATE, .register_ = def->name}, 0, 201);
}

static enum status change_one(const struct request *request, struct answer *answer, enum op_kind kind, const char *step)
{
    struct record_view record;
    enum status status = get(request, &record);
    return status == OK ? apply(request, answer, &(struct op){.kind = kind, .number = record.number, .step = step}, record.id, 200) : status;
}
static enum status edit(const struct request *q, struct answer *a) { return change_one(q, a, OP_EDIT, NULL); }
static enum status regrade(const struct request *q, struct answer *a) { return change_one(q, a, OP_REGRADE, NULL); }
static enum status step(const struct request *q, struct answer *a) { return change_one(q, a, OP_STEP, request_part(q, 2)); }

static enum status decide(const struct request *request, struct answer *answer)
{
    static const struct { const char *name; enum op_kind kind; } verbs[] = {{"confirm", OP_CONFIRM}, {"decline", OP_DECLINE}, {"withdraw", OP_WITHDRAW}};
    struct record_view record;
    enum status status = office_get(request->office, request->reader, "proposal", request_part(request, 0), request->arena, &record);
    if (status != OK)
        return status;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (str_eq(verbs[i].name, request_part(request, 1)))
            return apply(request, answer, &(struct op){.kind = verbs[i].kind, .number = record.number}, record.id, 200);
    return ABSENT;
}

static enum status document_page(const struct request *request, struct answer *answer)
{
    answer_json(request, answer, api_document(request));
    return OK;
}

#define WRAP(name) static enum status api_##name(const struct request *q, struct answer *a) { return as_api(q, a, name); }
WRAP(list) WRAP(search) WRAP(one) WRAP(history) WRAP(steps) WRAP(create) WRAP(edit) WRAP(regrade) WRAP(step) WRAP(decide) WRAP(document_page)

const struct page api_pages[] = {
    {METHOD_GET, "/api/v1/openapi.json", "", "api-document", api_document_page},
    {METHOD_GET, "/api/v1/search", "", "api-search", api_search},
    {METHOD_GET, "/api/v1/records/{register}", "", "api-list", api_list},
    {METHOD_POST, "/api/v1/records/{register}", "", "api-create", api_create},
    {METHOD_GET, "/api/v1/records/{register}/{number}", "", "api-record", api_one},
    {METHOD_PUT, "/api/v1/records/{register}/{number}", "", "api-edit", api_edit},
    {METHOD_GET, "/api/v1/records/{register}/{number}/history", "", "api-history", api_history},
    {METHOD_GET, "/api/v1/records/{register}/{number}/steps", "", "api-steps", api_steps},
    {METHOD_POST, "/api/v1/records/{register}/{number}/steps/{step}", "", "api-step", api_step},
    {METHOD_POST, "/api/v1/records/{register}/{number}/regrade", "", "api-regrade", api_regrade},
    {METHOD_POST, "/api/v1/proposals/{number}/{verb}", "", "api-decide", api_decide},
    {0}};
