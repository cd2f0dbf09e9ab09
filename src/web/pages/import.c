/* SPDX-License-Identifier: GPL-3.0-or-later
 * Import of a table (CSV, XLSX) or, for controls, of an OSCAL catalogue: read in a jail, every row tried, and only a file without fault is
 * taken in. Without a nursery nothing foreign is parsed here.
 */
#include <string.h>
#include <strings.h>

#include "base/jail.h"
#include "base/log.h"
#include "office/import.h"
#include "report/report.h"
#include "web/pages/inside.h"
#include "web/pages/pages.h"

#define MOST_SHOWN 200

static struct nursery *nursery;
void pages_nursery(struct nursery *given) { nursery = given; }

struct import { const struct request *request; const struct register_def *def; struct import_plan plan; struct reasons faults; size_t made; bool tried, done; };

static enum status begin(const struct request *request, struct import *import)
{
    *import = (struct import){.request = request, .def = pack_register(office_pack(request->office), request_part(request, 0))};
    bool may = false;
    reasons_init(&import->faults, request->arena);
    for (size_t i = 0; import->def && i < import->def->n_create_rights; i++)
        may |= reader_has_right(request->reader, import->def->create_rights[i]);
    if (!import->def || (!may && !reader_sees(request->reader, import->def)))
        return ABSENT;
    return may ? OK : REFUSED;
}

static struct val *rows_shown(const struct import *import)
{
    struct arena *arena = import->request->arena;
    struct val *list = val_array(arena);
    for (size_t i = 0; import->tried && !import->faults.count && i < import->plan.n_ops && i < MOST_SHOWN; i++) {
        const struct op *op = &import->plan.ops[i];
        struct val *row = val_object(arena), *cells = val_array(arena);
        for (size_t m = 0; m < op->fields->count && m < 4; m++)
            val_push(arena, cells, val_str(arena, val_text(op->fields->members[m].value)));
        val_set_int(arena, row, "row", import->plan.rows ? (int64_t)import->plan.rows[i] : (int64_t)i + 1);
        val_set(arena, row, "cells", cells);
        val_push(arena, list, row);
    }
    return list;
}

static enum status show(const struct import *import, struct answer *answer)
{
    const struct request *request = import->request;
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *heads = val_array(arena);
    struct shown shown;
    shown_begin(&shown, request);
    val_set_str(arena, data, "register", import->def->name);
    val_set_str(arena, data, "register-name", words_in(&import->def->words, request->lang));
    val_set_str(arena, data, "here", register_href(request->arena, import->def));
    val_set_bool(arena, data, "oscal", str_eq(import->def->name, "control"));
    val_set_bool(arena, data, "asks-label", import->def->label == LABEL_OWN);
    if (import->def->label == LABEL_OWN)
        val_set(arena, data, "label-choices", reader_label_choices(request->reader, import->def, request->lang, arena));
    for (size_t i = 0; i < import->def->n_fields; i++)
        if (!import->def->fields[i].computed && import->def->fields[i].type != FIELD_ATTACHMENTS) {
            struct val *head = val_object(arena);
            val_set_str(arena, head, "name", import->def->fields[i].name);
            val_set_str(arena, head, "words", words_in(&import->def->fields[i].words, request->lang));
            val_set_bool(arena, head, "required", import->def->fields[i].required);
            val_push(arena, heads, head);
        }
    val_set(arena, data, "heads", heads);
    val_set(arena, data, "faults", reasons_shown(request, &import->faults));
    val_set(arena, data, "rows", rows_shown(import));
    val_set_bool(arena, data, "tried", import->tried);
    val_set_bool(arena, data, "done", import->done);
    val_set_int(arena, data, "good", (int64_t)(import->plan.n_ops - import->plan.bad));
    val_set_int(arena, data, "bad", (int64_t)import->plan.bad);
    val_set_int(arena, data, "made", (int64_t)import->made);
    val_set_str(arena, data, "key", request_form(request, "key") && !import->done ? request_form(request, "key") : request->nonce);
    if (import->faults.count)
        answer->status = 422;
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "import", data);
    return status;
}

/* What the API answers: the same counts and faults. */
static enum status tell(const struct import *import, struct answer *answer)
{
    const struct request *request = import->request;
    struct val *data = val_object(request->arena);
    val_set_int(request->arena, data, "rows", (int64_t)import->plan.n_ops);
    val_set_int(request->arena, data, "faulty", (int64_t)import->plan.bad);
    val_set_int(request->arena, data, "imported", (int64_t)import->made);
    val_set(request->arena, data, "reasons", reasons_shown(request, &import->faults));
    answer->status = import->faults.count ? 422 : import->done ? 201 : 200;
    answer_json(request, answer, data);
    return OK;
}

static enum status get_import(const struct request *request, struct answer *answer)
{
    struct import import;
    enum status status = begin(request, &import);
    return status == OK ? show(&import, answer) : status;
}

static const char *jailer_for(const struct import *import, const struct upload *upload)
{
    const char *name = upload->file_name ? upload->file_name : "";
    if (str_eq(import->def->name, "control") && str_ends(name, ".json"))
        return "oscal";
    return upload->len > 3 && memcmp(upload->data, "PK\3\4", 4) == 0 ? "xlsx" : "csv";
}

/* A reader that tried what is forbidden, crashed or ate its bounds tells something about the file, or about the reader: the journal keeps
 * which reader it was and how it ended. */
static void note_death(const struct import *import, const char *jailer)
{
    const struct request *request = import->request;
    const struct reason *why = import->faults.last;
    static const char *const told[] = {"jail.forbidden", "jail.crash", "jail.memory", "jail.time", "jail.answer", NULL};
    if (why && str_in(why->rule, told) && office_note_event(request->office, reader_account(request->reader), reader_appointment(request->reader), "jail",
                                                            arena_printf(request->arena, "%s: %s", jailer, why->rule), request->now) != OK)
        log_error("the death of the reader \"%s\" in its jail could not be journalled", jailer);
}

/* Reads the file in a jail and makes the plan; faults are told by cell. */
static enum status plan(struct import *import, const struct upload *upload)
{
    const struct request *request = import->request;
    const char *jailer = jailer_for(import, upload), *text;
    size_t len;
    struct grid grid;
    struct val *catalogue;
    enum status status = nursery_run(nursery, jailer, NULL, upload->data, upload->len, request->arena, &import->faults, &text, &len);
    if (status == FAILED_IO)
        note_death(import, jailer);
    if (status != OK)
        return status;
    if (str_eq(jailer, "oscal")) {
        status = json_read(request->arena, text, len, (struct json_limits){.bytes = (size_t)128 << 20}, &import->faults, &catalogue);
        return status == OK ? import_controls(request->office, catalogue, request->arena, &import->faults, &import->plan) : status;
    }
    status = grid_from_json(request->arena, text, len, &import->faults, &grid);
    struct import_table table = {grid.cells, grid.n_rows, grid.n_columns};
    return status == OK ? import_rows(request->office, import->def, &table, import->def->label == LABEL_OWN ? label_given(request) : NULL, request->arena, &import->faults, &import->plan) : status;
}

static enum status post_import(const struct request *request, struct answer *answer)
{
    struct import import;
    const struct upload *upload = request->n_uploads ? &request->uploads[0] : NULL;
    const char *key = request_form(request, "key");
    enum status status = begin(request, &import);
    if (status != OK)
        return status;
    key = key && strlen(key) >= 8 && strlen(key) <= 64 ? key : request->nonce;
    if (!upload || !upload->len)
        reason_add(&import.faults, "import.file", "upload", T_("Choose a file to import."));
    else if (!nursery)
        reason_add(&import.faults, "import.nursery", NULL, T_("Files from outside are read in a jail only, and this program runs without a nursery."));
    if (import.faults.count)
        return request->api ? tell(&import, answer) : show(&import, answer);
    status = plan(&import, upload);
    for (size_t i = 0; i < import.plan.n_ops && request_form(request, "file"); i++)
        import.plan.ops[i].file = request_form(request, "file");
    import.tried = import.plan.n_ops > 0;      /* wrong heads do not hide the rows' own faults */
    if (import.tried) {
        enum status tried = import_try(request->office, request->reader, &import.plan, key, request->now, request->arena, &import.faults);
        status = status == OK ? tried : status;
    }
    if (status == OK && str_eq(request_form(request, "do"), "import")) {
        status = import_apply(request->office, request->reader, &import.plan, key, request->now, request->arena, &import.faults, &import.made);
        import.done = status == OK;
    }
    if (status != OK && !import.faults.count)
        return status;
    return request->api ? tell(&import, answer) : show(&import, answer);
}

static enum status api_import(const struct request *request, struct answer *answer)
{
    struct request mine = *request;
    mine.api = true;
    enum status status = post_import(&mine, answer);
    if (status != OK)
        answer_reasons(&mine, answer, status, NULL);
    return OK;
}

const struct page import_pages[] = {
    {METHOD_GET, "/{register}/import", "", "import-form", get_import},
    {METHOD_POST, "/{register}/import", "", "import", post_import},
    {METHOD_POST, "/api/v1/import/{register}", "", "api-import", api_import},
    {0}};
