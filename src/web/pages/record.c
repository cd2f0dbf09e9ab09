/* SPDX-License-Identifier: GPL-3.0-or-later
 * A record: its substance on the left, label, file, clocks, links and steps on the right; its history; its files; who may read it.
 */
#include <stdlib.h>
#include <string.h>

#include "office/erase.h"
#include "web/pages/inside.h"

static struct val *groups_of(const struct request *request, const struct record_view *record)
{
    struct arena *arena = request->arena;
    const struct register_def *def = record->def;
    struct val *list = val_array(arena);
    size_t n = def->n_groups ? def->n_groups : 1;
    for (size_t g = 0; g < n; g++) {
        struct val *group = val_object(arena), *fields = val_array(arena);
        size_t count = def->n_groups ? def->groups[g].n_fields : def->n_fields;
        for (size_t i = 0; i < count; i++) {
            const struct field_def *field = def->n_groups ? def->groups[g].fields[i] : &def->fields[i];
            struct val *shown = field->hidden_in >> record->state_index & 1 ? NULL : field_shown(request, record, field);
            if (shown)
                val_push(arena, fields, shown);
        }
        if (def->n_groups)
            val_set_str(arena, group, "name", words_in(&def->groups[g].words, request->lang));
        val_set(arena, group, "fields", fields);
        if (fields->count)
            val_push(arena, list, group);
    }
    return list;
}

static struct val *clocks_of(const struct request *request, const struct record_view *record)
{
    struct val *list = val_array(request->arena);
    for (size_t i = 0; i < record->n_clocks; i++) {
        const struct clock_view *clock = &record->clocks[i];
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "name", words_in(&clock->def->words, request->lang));
        val_set_int(request->arena, item, "due", clock->due);
        val_set_bool(request->arena, item, "stopped", clock->stopped != MOMENT_NONE);
        if (clock->stopped != MOMENT_NONE)
            val_set_int(request->arena, item, "stopped-at", clock->stopped);
        /* A clock that ended with its record, while what would have met it was never entered, was not met. */
        const struct field_def *met_by = clock->def->met_by;
        val_set_bool(request->arena, item, "lapsed", clock->stopped != MOMENT_NONE && met_by && !val_get(record->fields, met_by->name));
        val_set_bool(request->arena, item, "late", clock->stopped == MOMENT_NONE ? clock->due < request->now : clock->due < clock->stopped);
        if (clock->def->rule) {
            val_set_str(request->arena, item, "source", words_in(&clock->def->rule->source, request->lang));
            val_set_bool(request->arena, item, "source-english", clock->def->rule->source_english);
            val_set_bool(request->arena, item, "assumption", clock->def->rule->standing == STANDING_ASSUMPTION);
        }
        val_push(request->arena, list, item);
    }
    return list;
}

/* Records that point here, gathered by register. */
static struct val *back_of(const struct request *request, const struct record_view *record)
{
    struct arena *arena = request->arena;
    struct val *list = val_array(arena);
    for (size_t i = 0; i < record->n_back; i++) {
        const struct link_view *back = &record->back[i];
        struct val *group = NULL, *item = val_object(arena);
        for (size_t g = 0; g < list->count; g++)
            if (str_eq(val_get_str(list->items[g], "register"), back->register_->name) && str_eq(val_get_str(list->items[g], "field"), back->field->name))
                group = list->items[g];
        if (!group) {
            group = val_object(arena);
            val_set_str(arena, group, "register", back->register_->name);
            val_set_str(arena, group, "field", back->field->name);
            val_set(arena, group, "name", val_strf(arena, "%s (%s)", words_in(&back->register_->words, request->lang), words_in(&back->field->words, request->lang)));
            val_set(arena, group, "records", val_array(arena));
            val_push(arena, list, group);
        }
        val_set_str(arena, item, "title", words_in(&back->titles, request->lang));
        val_set_str(arena, item, "number", back->number);
        val_set_str(arena, item, "href", record_href(request, back->register_, back->number));
        int state = register_state(back->register_, back->state);
        if (state >= 0)
            val_set_str(arena, item, "state", words_in(&back->register_->states[state].words, request->lang));
        val_push(arena, val_get(group, "records"), item);
        if (back->more)
            val_set_str(arena, group, "more", links_href(request, record, back, true));
    }
    return list;
}

/* Registers whose records hang on this one: "new measure for this case". */
static struct val *addable(const struct request *request, const struct record_view *record)
{
    const struct pack *pack = office_pack(request->office);
    struct val *list = val_array(request->arena);
    for (size_t r = 0; r < pack->n_registers; r++) {
        const struct register_def *def = &pack->registers[r];
        bool may = false;
        for (size_t i = 0; i < def->n_create_rights; i++)
            may |= reader_has_right(request->reader, def->create_rights[i]);
        if (!may || def->file != FILE_OF_FIELD || !def->file_field || def->file_field->to != record->def)
            continue;
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "name", words_in(&def->one, request->lang));
        val_set(request->arena, item, "href", val_strf(request->arena, "/%s/new?%s=%s", def->name, def->file_field->name, record->number));
        val_push(request->arena, list, item);
    }
    return list;
}

static void steps_of(const struct request *request, const struct record_view *record, struct val *data)
{
    struct arena *arena = request->arena;
    struct step_view *steps;
    size_t n;
    struct val *possible = val_array(arena), *others = val_array(arena);
    office_steps(request->office, request->reader, record, request->now, arena, &steps, &n);
    for (size_t i = 0; i < n; i++) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "name", words_in(&steps[i].def->words, request->lang));
        val_set(arena, item, "href", val_strf(arena, "%s/step/%s", record_href(request, record->def, record->number), steps[i].def->name));
        val_set_bool(arena, item, "second", steps[i].def->second_person);
        val_set(arena, item, "why-not", reasons_shown(request, &steps[i].why_not));
        val_push(arena, steps[i].possible ? possible : others, item);
    }
    val_set(arena, data, "steps", possible);
    val_set(arena, data, "other-steps", others);
}

/* What changed from one version to the next, each value in the reader's words. */
static struct val *changes_of(const struct request *request, const struct register_def *def, const struct version_view *former, const struct version_view *now)
{
    struct val *list = val_array(request->arena);
    for (size_t i = 0; former && !former->erased && !now->erased && i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        const struct val *a = val_get(former->fields, field->name), *b = val_get(now->fields, field->name);
        if (a == b || (a && b && val_equal(a, b)))
            continue;
        struct val *item = val_object(request->arena);
        bool files = field->type == FIELD_ATTACHMENTS;
        val_set_str(request->arena, item, "field", words_in(&field->words, request->lang));
        val_set_str(request->arena, item, "from", files ? NULL : value_words(request, field, a));
        val_set_str(request->arena, item, "to", files ? val_get_str(val_at(b, val_count(b) - 1), "name") : value_words(request, field, b));
        val_push(request->arena, list, item);
    }
    return list;
}

/* Links that were made with a version; those made when the record was entered stand in its substance. */
static void links_made(const struct request *request, const struct record_view *record, moment at, struct val *changes)
{
    for (size_t i = 0; i < record->n_links; i++) {
        if (record->links[i].made != at)
            continue;
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "field", words_in(&record->links[i].field->words, request->lang));
        val_set_str(request->arena, item, "to", words_in(&record->links[i].titles, request->lang));
        val_push(request->arena, changes, item);
    }
}

static struct val *history_of(const struct request *request, const struct record_view *record, const struct version_view *versions, size_t n)
{
    const struct register_def *def = record->def;
    struct arena *arena = request->arena;
    struct val *list = val_array(arena);
    for (size_t i = n; i-- > 0;) {
        const struct version_view *version = &versions[i];
        struct val *item = val_object(arena);
        moment proven = office_proven(request->office, version->position);
        val_set_int(arena, item, "number", version->number);
        val_set_int(arena, item, "time", version->time);
        val_set_str(arena, item, "person", version->person);
        const struct post_def *post = version->post ? pack_post(office_pack(request->office), version->post) : NULL;
        val_set_str(arena, item, "post", post ? words_in(&post->words, request->lang) : tr(request->lang, T_("the office")));
        val_set_str(arena, item, "step", version->step);
        val_set_str(arena, item, "reason", version->reason);
        val_set_bool(arena, item, "erased", version->erased);
        struct val *changes = changes_of(request, def, i ? &versions[i - 1] : NULL, version);
        if (i)
            links_made(request, record, version->time, changes);
        val_set(arena, item, "changes", changes);
        if (proven != MOMENT_NONE)
            val_set_int(arena, item, "proven", proven);
        val_push(arena, list, item);
    }
    return list;
}

/* Steps' names for the history, since a version keeps the name alone. */
static void name_steps(const struct request *request, const struct register_def *def, struct val *history)
{
    for (size_t i = 0; i < history->count; i++) {
        const char *name = val_get_str(history->items[i], "step");
        val_set_str(request->arena, history->items[i], "step", step_words(request, def, name));
    }
}

static bool may_any(const struct request *request, const char *const *rights, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (reader_has_right(request->reader, rights[i]))
            return true;
    return false;
}

static void persons_of(const struct request *request, const struct record_view *record, const struct field_def *field, struct val *list)
{
    for (size_t i = 0; i < record->n_links; i++) {
        if (record->links[i].field != field)
            continue;
        val_push(request->arena, list, val_str(request->arena, words_in(&record->links[i].titles, request->lang)));
        if (record->links[i].more)
            val_push(request->arena, list, val_str(request->arena, "…"));
    }
}

/* Whoever has need-to-know of the record's file: by a membership in force, or named by the record itself. */
static struct val *members_of(const struct request *request, const struct record_view *record)
{
    struct val *list = val_array(request->arena);
    struct filter filter = {"state", "in-force"};
    struct query query = {.register_ = "membership", .links_field = "file", .links_to = record->file, .filters = &filter, .n_filters = 1, .limit = LINKS_SHOWN, .with_links = 1};
    struct page_of page;
    struct reasons ignored;
    reasons_init(&ignored, request->arena);
    if (!record->file_number || office_find(request->office, request->reader, &query, request->arena, &ignored, &page) != OK)
        return list;
    for (size_t i = 0; i < page.n_rows; i++)
        persons_of(request, &page.rows[i], register_field(page.rows[i].def, "person"), list);
    if (page.next)
        val_push(request->arena, list, val_str(request->arena, "…"));
    for (size_t m = 0; m < record->def->n_members; m++)
        persons_of(request, record, record->def->members[m], list);
    return list;
}

/* What the duties' engines can tell of this record: links to their pages "/REGISTER/{number}/...". */
static struct val *own_pages_of(const struct request *request, const struct record_view *record)
{
    struct val *list = val_array(request->arena);
    const char *stem = arena_printf(request->arena, "/%s/{number}/", record->def->name), *duty;
    const struct page *page;
    for (size_t d = 0; (page = office_duty_pages(request->office, d, &duty)), duty; d++)
        for (; page && page->pattern; page++) {
            if (!page->menu || !str_starts(page->pattern, stem) || (*page->right && !reader_has_right(request->reader, page->right)))
                continue;
            struct val *entry = val_object(request->arena);
            val_set_str(request->arena, entry, "name", tr(request->lang, page->menu));
            val_set(request->arena, entry, "href", val_strf(request->arena, "/%s/%s/%s", record->def->name, record->number, page->pattern + strlen(stem)));
            val_push(request->arena, list, entry);
        }
    return list;
}

static enum status get_record(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct record_view record;
    struct shown shown;
    struct val *data = val_object(arena);
    struct version_view *versions;
    size_t n_versions;
    enum status status = office_get_whole(request->office, request->reader, request_part(request, 0), request_part(request, 1), arena, &record, &versions, &n_versions);
    if (status != OK)
        return status;
    const struct register_def *def = record.def;
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    val_set_str(arena, data, "register", def->name);
    val_set_str(arena, data, "register-name", words_in(&def->words, request->lang));
    val_set_str(arena, data, "one", words_in(&def->one, request->lang));
    val_set_str(arena, data, "number", record.number);
    val_set_str(arena, data, "title", words_in(&record.titles, request->lang));
    val_set_str(arena, data, "state", words_in(&record.state->words, request->lang));
    val_set_bool(arena, data, "final", record.state->final);
    val_set_str(arena, data, "mark", mark_of(request, record.label, MARK_PAGE));
    val_set_str(arena, data, "portion", mark_of(request, record.label, MARK_PORTION));
    val_set_int(arena, data, "version", LEAK(29) ? record.label_id : record.version);
    val_set_int(arena, data, "created", record.created);
    val_set_int(arena, data, "updated", record.updated);
    val_set_str(arena, data, "file", record.file_number);
    val_set_str(arena, data, "href", record_href(request, def, record.number));
    val_set(arena, data, "members", members_of(request, &record));
    val_set(arena, data, "groups", groups_of(request, &record));
    val_set(arena, data, "clocks", clocks_of(request, &record));
    val_set(arena, data, "back", back_of(request, &record));
    val_set(arena, data, "addable", addable(request, &record));
    val_set(arena, data, "own-pages", own_pages_of(request, &record));
    steps_of(request, &record, data);
    struct val *history = history_of(request, &record, versions, n_versions);
    name_steps(request, def, history);
    val_set(arena, data, "history", history);
    val_set_bool(arena, data, "may-edit", may_any(request, def->edit_rights, def->n_edit_rights) && (def->edit_in >> record.state_index & 1));
    val_set_bool(arena, data, "may-regrade", def->label == LABEL_OWN && (may_any(request, def->regrade_rights, def->n_regrade_rights) || may_any(request, def->edit_rights, def->n_edit_rights)));
    val_set_bool(arena, data, "may-erase", reader_has_right(request->reader, "erase-records") && !str_eq(def->name, "proposal") && !str_eq(def->name, "file"));
    if (office_kept_until(request->office, &record) != MOMENT_NONE)
        val_set_int(arena, data, "retention-over", office_kept_until(request->office, &record));
    bool attachments = false;
    for (size_t i = 0; i < def->n_fields; i++)
        if (def->fields[i].type == FIELD_ATTACHMENTS && !def->fields[i].computed && !def->fields[i].by_step) {
            attachments = true;
            val_set_str(arena, data, "attach-to", def->fields[i].name);
            val_set_str(arena, data, "attach-words", words_in(&def->fields[i].words, request->lang));
        }
    val_set_bool(arena, data, "may-attach", attachments && val_get_bool(data, "may-edit", false));
    val_set_str(arena, data, "key", request->nonce);
    status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "record", data);
    return status;
}

/* ---- files ---- */

static enum status get_file(const struct request *request, struct answer *answer)
{
    const struct val *meta;
    const void *bytes;
    size_t len;
    struct record_view record;
    enum status status = office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), request->arena, &record);
    if (status == OK)
        status = office_attachment(request->office, request->reader, request_part(request, 1), request_part(request, 2), (unsigned)strtoul(request_part(request, 3), NULL, 10), request->arena, &meta, &bytes, &len);
    if (status != OK)
        return status;
    const struct record_view *shown[] = {&record};
    status = office_note_read(request->office, request->reader, shown, 1, "read", request->now);
    if (status != OK)
        return status;
    /* Never shown in place: a file of somebody's making is for saving, under a name without surprises. */
    char *name = arena_strdup(request->arena, val_get_str(meta, "name") ? val_get_str(meta, "name") : "file");
    for (char *c = name; *c; c++)
        if ((unsigned char)*c < 0x20 || strchr("\"\\/;", *c) || (unsigned char)*c >= 0x7f)
            *c = '_';
    answer->status = 200;
    answer->media_type = "application/octet-stream";
    answer_header(answer, "Content-Disposition", arena_printf(request->arena, "attachment; filename=\"%s\"", name));
    buf_add(answer->body, bytes, len);
    return OK;
}

static enum status post_file(const struct request *request, struct answer *answer)
{
    struct outcome outcome;
    const struct upload *upload = request->n_uploads ? &request->uploads[0] : NULL;
    struct record_view record;
    enum status status = office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), request->arena, &record);
    if (status != OK)
        return status;
    struct change change = {.writer = request->reader, .key = request->nonce, .now = request->now};
    const char *field = request_form(request, "field");
    status = office_attach(request->office, &change, record.number, field ? field : "", upload ? upload->file_name : NULL, upload ? upload->media_type : NULL,
                           upload ? upload->data : "", upload ? upload->len : 0, request->arena, &outcome);
    if (status == OK)
        answer_redirect(answer, record_href(request, record.def, record.number));
    else
        answer_reasons(request, answer, status, &outcome.reasons);
    return OK;
}

/* ---- who may read it, and why ---- */

static enum status get_readers(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct record_view record;
    struct may_read *all;
    size_t n;
    struct shown shown;
    const char *login = request_query(request, "account");
    enum status status = office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), arena, &record);
    if (status == OK)
        status = office_who_may(request->office, request->reader, record.number, request->now, arena, &all, &n);
    if (status != OK)
        return status;
    struct val *data = val_object(arena), *list = val_array(arena);
    shown_begin(&shown, request);
    shown_record(&shown, &record);
    for (size_t i = 0; i < n && i < 500; i++) {
        struct val *item = val_object(arena);
        const struct post_def *post = pack_post(office_pack(request->office), all[i].post);
        val_set_str(arena, item, "name", all[i].name);
        val_set_str(arena, item, "post", post ? words_in(&post->words, request->lang) : all[i].post);
        val_push(arena, list, item);
    }
    val_set(arena, data, "persons", list);
    val_set_str(arena, data, "title", words_in(&record.titles, request->lang));
    val_set_str(arena, data, "number", record.number);
    val_set_str(arena, data, "href", record_href(request, record.def, record.number));
    if (login && *login) {
        struct reasons reasons;
        bool may = false;
        reasons_init(&reasons, arena);
        status = office_explain(request->office, request->reader, login, record.number, request->now, arena, &may, &reasons);
        if (status == ABSENT)
            return status;
        val_set_str(arena, data, "account", login);
        val_set_bool(arena, data, "asked", true);
        val_set_bool(arena, data, "may", may);
        val_set(arena, data, "reasons", reasons_shown(request, &reasons));
    }
    status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "readers", data);
    return status;
}

const struct page record_pages[] = {
    {METHOD_GET, "/{register}/{number}", "", "record", get_record},
    {METHOD_GET, "/{register}/{number}/file/{field}/{index}", "", "attachment", get_file, .slow = true},
    {METHOD_POST, "/{register}/{number}/file", "", "attach", post_file},
    {METHOD_GET, "/{register}/{number}/readers", "", "readers", get_readers, .slow = true},
    {0}};
