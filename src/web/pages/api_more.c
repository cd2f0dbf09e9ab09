/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The API's part for commands: who I am, who may read a record and why, bulk import with row-precise faults, erasure. Same doors, same
 * refusals as the pages.
 */
#include <string.h>

#include "web/pages/inside.h"

#define ROWS_MOST 500
#define COLUMNS_MOST 100

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
    val_set_str(arena, data, "clearance", reader_clearance_words(request->reader, request->lang, arena));
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

/* ---- import ---- */

struct importing {
    const struct request *request;
    const struct register_def *def;
    const struct val *columns, *rows, *names;
    const struct field_def *fields[COLUMNS_MOST];
    struct op *ops;
    struct val *faults;
};

static void add_fault(struct importing *in, int64_t row, const struct reasons *reasons)
{
    struct arena *arena = in->request->arena;
    struct val *item = val_object(arena);
    val_set_int(arena, item, "row", row);
    val_set(arena, item, "reasons", reasons_shown(in->request, reasons));
    val_push(arena, in->faults, item);
}

/* A column is named as the field is, or in either language's words; case does not count. */
static const struct field_def *field_of(const struct register_def *def, const char *name, struct arena *arena)
{
    const char *folded = text_fold(arena, name, strlen(name));
    for (size_t i = 0; i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        const char *const names[] = {field->name, field->words.in[LANG_EN], field->words.in[LANG_FR]};
        for (size_t n = 0; n < 3; n++)
            if (names[n] && !field->computed && str_eq(text_fold(arena, names[n], strlen(names[n])), folded))
                return field;
    }
    return NULL;
}

static bool take_columns(struct importing *in)
{
    struct arena *arena = in->request->arena;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    for (size_t c = 0; c < val_count(in->columns) && c < COLUMNS_MOST; c++) {
        const char *name = val_text(val_at(in->columns, c));
        in->fields[c] = name ? field_of(in->def, name, arena) : NULL;
        for (size_t other = 0; in->fields[c] && other < c; other++)
            if (in->fields[other] == in->fields[c])
                reason_add(&reasons, "import.column-twice", name, T_("Two columns name the same field."));
        if (!in->fields[c])
            reason_add(&reasons, "import.column", name ? name : "", T_("The register has no field of this name that can be imported."));
    }
    if (reasons.count)
        add_fault(in, 0, &reasons);
    return !reasons.count;
}

static bool is_list(const struct field_def *field) { return field->type == FIELD_CHOICES || field->type == FIELD_LINKS || field->type == FIELD_RIGHTS; }

/* Lists stand in one cell, apart by semicolons. */
static struct val *cell_value(struct arena *arena, const struct field_def *field, const char *text)
{
    if (!is_list(field))
        return val_str(arena, text);
    struct val *list = val_array(arena);
    for (const char *end; *text; text = *end ? end + 1 : end) {
        end = text + strcspn(text, ";");
        while (*text == ' ')
            text++;
        size_t len = end > text ? (size_t)(end - text) : 0;
        while (len && text[len - 1] == ' ')
            len--;
        if (len)
            val_push(arena, list, val_strn(arena, text, len));
    }
    return list;
}

static struct op op_of(const struct importing *in, size_t r)
{
    struct arena *arena = in->request->arena;
    const struct val *row = val_at(in->rows, r), *body = in->request->json;
    const char *name = val_text(val_at(in->names, r));
    struct val *fields = val_object(arena);
    for (size_t c = 0; c < val_count(in->columns); c++) {
        const char *text = val_text(val_at(row, c));
        if (text && *text)
            val_set(arena, fields, in->fields[c]->name, cell_value(arena, in->fields[c], text));
    }
    return (struct op){.kind = OP_CREATE, .register_ = in->def->name, .fields = fields, .label = val_get_str(body, "label"), .file = val_get_str(body, "file"),
                       .number = name && name[0] == '$' ? name : NULL};
}

/* Each row alone, so that every bad one is named; then all together, for what stands between them. */
static bool check_rows(struct importing *in, const struct change *change)
{
    struct outcome outcome;
    for (size_t r = 0; r < change->n_ops; r++) {
        struct change one = *change;
        one.ops = &in->ops[r];
        one.n_ops = 1;
        if (office_try(in->request->office, &one, in->request->arena, &outcome) != OK)
            add_fault(in, (int64_t)r + 1, &outcome.reasons);
    }
    if (val_count(in->faults))
        return false;
    if (office_try(in->request->office, change, in->request->arena, &outcome) != OK)
        add_fault(in, 0, &outcome.reasons);
    return !val_count(in->faults);
}

static enum status answer_import(struct importing *in, struct answer *answer, const struct outcome *outcome)
{
    struct arena *arena = in->request->arena;
    struct val *data = val_object(arena), *numbers = val_array(arena);
    for (size_t i = 0; outcome && i < outcome->n_numbers; i++)
        val_push(arena, numbers, val_str(arena, outcome->numbers[i]));
    val_set_int(arena, data, "rows", (int64_t)val_count(in->rows));
    val_set(arena, data, "numbers", numbers);
    val_set(arena, data, "faults", in->faults);
    answer->status = outcome ? 201 : 200;
    answer_json(in->request, answer, data);
    return OK;
}

static enum status import(const struct request *request, struct answer *answer)
{
    struct importing in = {.request = request, .def = pack_register(office_pack(request->office), request_part(request, 0)), .columns = val_get(request->json, "columns"),
                           .rows = val_get(request->json, "rows"), .names = val_get(request->json, "names"), .faults = val_array(request->arena)};
    const char *key = val_get_str(request->json, "key");
    struct outcome outcome;
    if (!in.def || !reader_sees(request->reader, in.def))
        return ABSENT;
    if (!val_count(in.rows) || val_count(in.rows) > ROWS_MOST || !val_count(in.columns) || val_count(in.columns) > COLUMNS_MOST)
        return BAD_INPUT;
    if (!take_columns(&in))
        return answer_import(&in, answer, NULL);
    in.ops = ARENA_ARRAY(request->arena, struct op, val_count(in.rows) + 1);
    for (size_t r = 0; r < val_count(in.rows); r++)
        in.ops[r] = op_of(&in, r);
    struct change change = {.writer = request->reader, .key = key && strlen(key) >= 8 && strlen(key) <= 64 ? key : request->nonce, .now = request->now, .ops = in.ops,
                            .n_ops = val_count(in.rows)};
    if (val_get_bool(request->json, "dry", true)) {
        (void)check_rows(&in, &change);
        return answer_import(&in, answer, NULL);
    }
    enum status status = office_apply(request->office, &change, request->arena, &outcome);
    if (status != OK) {
        answer_reasons(request, answer, status, &outcome.reasons);
        return OK;
    }
    return answer_import(&in, answer, &outcome);
}

#define WRAP(name) static enum status api_##name(const struct request *q, struct answer *a) { return as_api(q, a, name); }
WRAP(account) WRAP(readers) WRAP(erase) WRAP(import)

const struct page api_more_pages[] = {
    {METHOD_GET, "/api/v1/account", "", "api-account", api_account},
    {METHOD_GET, "/api/v1/records/{register}/{number}/readers", "", "api-readers", api_readers, .slow = true},
    {METHOD_POST, "/api/v1/records/{register}/{number}/erase", "erase-records", "api-erase", api_erase},
    {METHOD_POST, "/api/v1/import/{register}", "", "api-import", api_import},
    {0}};
