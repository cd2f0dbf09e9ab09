/* SPDX-License-Identifier: GPL-3.0-or-later
 * Forms: a new record, an edit, a step, a new label, a proposal's confirmation. The label comes first; what was typed is kept when
 * something is wrong; the office's reasons stand beside the fields.
 */
#include <string.h>

#include "web/pages/inside.h"

struct form {
    const struct request *request;
    const struct register_def *def;
    struct record_view record;             /* absent for a new one */
    bool has_record;
    const struct step_def *step;
    const char *title, *action, *verb, *explain;
    const struct field_def *const *only; size_t n_only;      /* NULL: those of the register that this form may set */
    bool label, reason, second;
    moment draft;                          /* when the waiting draft was kept; MOMENT_NONE: none waits */
};

static bool is_needed(const struct form *form, const struct field_def *field)
{
    for (size_t i = 0; form->step && i < form->step->n_needs; i++)
        if (form->step->needs[i] == field)
            return true;
    return !form->step && field->required;
}

static struct val *asked_fields(const struct form *form, const struct val *given, const struct reasons *faults)
{
    struct val *list = val_array(form->request->arena);
    size_t n = form->only ? form->n_only : form->def->n_fields;
    for (size_t i = 0; i < n; i++) {
        const struct field_def *field = form->only ? form->only[i] : &form->def->fields[i];
        if (field->computed || field->type == FIELD_ATTACHMENTS || (!form->only && field->by_step) || (form->has_record && field->hidden_in >> form->record.state_index & 1))
            continue;
        val_push(form->request->arena, list, field_asked(form->request, field, form->has_record ? &form->record : NULL, given, is_needed(form, field), faults));
    }
    return list;
}

/* A link that the address names is filled in: "/corrective-measure/new?incident=INC-..." */
static struct val *prefilled(const struct form *form)
{
    struct val *given = val_object(form->request->arena);
    for (size_t i = 0; i < form->request->n_query; i++) {
        const struct field_def *field = register_field(form->def, form->request->query[i].name);
        if (field && (field->type == FIELD_LINK || field->type == FIELD_LINKS))
            val_set_str(form->request->arena, given, field->name, form->request->query[i].value);
    }
    return given;
}

/* What was chosen before stays chosen when the form comes back. */
static void keep_categories(const struct form *form, const struct val *policy)
{
    const struct request *request = form->request;
    const struct val *tags = val_get(policy, "tags");
    for (size_t t = 0; t < val_count(tags); t++) {
        const struct val *tag = val_at(tags, t), *values = val_get(tag, "values");
        for (size_t v = 0; v < val_count(values); v++) {
            const char *sent = arena_printf(request->arena, "%s|%s|%s|%s", val_get_str(policy, "oid"), val_get_str(tag, "set"), val_get_str(tag, "type"), val_get_str(val_at(values, v), "lacv"));
            for (size_t i = 0; i < request->n_form; i++)
                if (str_eq(request->form[i].name, "label.category") && str_eq(request->form[i].value, sent))
                    val_set_bool(request->arena, val_at(values, v), "chosen", true);
        }
    }
}

static void keep_label(const struct form *form, const struct val *choices, struct val *data)
{
    struct arena *arena = form->request->arena;
    const char *both = request_form(form->request, "label.class"), *bar = both ? strchr(both, '|') : NULL;
    if (!bar)
        return;
    val_set_str(arena, data, "label-policy", arena_strndup(arena, both, (size_t)(bar - both)));
    val_set_str(arena, data, "label-class", bar + 1);
    for (size_t i = 0; i < val_count(choices); i++)
        keep_categories(form, val_at(choices, i));
}

static void add_label_choices(const struct form *form, struct val *data)
{
    const struct request *request = form->request;
    struct val *choices = reader_label_choices(request->reader, form->def, request->lang, request->arena);
    const char *now = form->has_record ? label_write(form->record.label, request->arena) : label_given(request);
    val_set(request->arena, data, "label-choices", choices);
    val_set_str(request->arena, data, "label-now", now);
    if (form->has_record) {
        val_set_str(request->arena, data, "label-policy", form->record.label->policy);
        val_set_str(request->arena, data, "label-class", form->record.label->class_lacv);
        val_set_str(request->arena, data, "label-words", mark_of(request, form->record.label, MARK_PAGE));
    }
    keep_label(form, choices, data);
}

static enum status show(const struct form *form, const struct val *given, const struct reasons *faults, struct answer *answer)
{
    const struct request *request = form->request;
    struct arena *arena = request->arena;
    struct val *data = val_object(arena);
    struct shown shown;
    const char *key = request_form(request, "key");
    shown_begin(&shown, request);
    if (form->has_record)
        shown_record(&shown, &form->record);
    val_set_str(arena, data, "title", form->title);
    val_set_str(arena, data, "action", form->action);
    val_set_str(arena, data, "verb", form->verb);
    val_set_str(arena, data, "explain", form->explain);
    if (form->draft != MOMENT_NONE)
        val_set_int(arena, data, "draft", form->draft);
    val_set_str(arena, data, "register", form->def->name);
    val_set_str(arena, data, "register-name", words_in(&form->def->words, request->lang));
    val_set_str(arena, data, "help", form->has_record ? NULL : words_in(&form->def->help, request->lang));
    if (form->has_record) {
        val_set_str(arena, data, "number", form->record.number);
        val_set_str(arena, data, "href", record_href(request, form->def, form->record.number));
        val_set_str(arena, data, "record-title", words_in(&form->record.titles, request->lang));
        val_set_str(arena, data, "version", request_form(request, "version") ? request_form(request, "version") : version_sealed(request, &form->record));
    }
    val_set_str(arena, data, "key", key ? key : request->nonce);
    val_set_bool(arena, data, "asks-label", form->label);
    val_set_bool(arena, data, "asks-reason", form->reason);
    val_set_bool(arena, data, "second", form->second);
    val_set_str(arena, data, "reason", request_form(request, "reason"));
    if (form->label)
        add_label_choices(form, data);
    val_set(arena, data, "fields", asked_fields(form, given, faults));
    val_set(arena, data, "faults", reasons_shown(request, faults));
    if (faults && faults->count)
        answer->status = 422;
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "form", data);
    return status;
}

/* ---- which form ---- */

static const char *headed(const struct request *request, const char *verb, const char *title)
{
    return words_format(request->arena, T_("%1$s: %2$s"), verb, title).in[request->lang];
}

static enum status form_new(const struct request *request, struct form *form)
{
    *form = (struct form){.request = request, .def = pack_register(office_pack(request->office), request_part(request, 0))};
    bool may = false;
    for (size_t i = 0; form->def && i < form->def->n_create_rights; i++)
        may |= reader_has_right(request->reader, form->def->create_rights[i]);
    if (!form->def || (!may && !reader_sees(request->reader, form->def)))
        return ABSENT;
    if (!may)
        return REFUSED;
    form->title = words_format(request->arena, T_("New: %1$s"), words_in(&form->def->one, request->lang)).in[request->lang];
    form->action = arena_printf(request->arena, "/%s/new", form->def->name);
    form->verb = tr(request->lang, T_("Enter"));
    form->label = form->def->label == LABEL_OWN;
    form->second = form->def->create_second_person;
    return OK;
}

static enum status form_of_record(const struct request *request, struct form *form)
{
    *form = (struct form){.request = request, .has_record = true};
    enum status status = office_get(request->office, request->reader, request_part(request, 0), request_part(request, 1), request->arena, &form->record);
    form->def = status == OK ? form->record.def : NULL;
    return status;
}

static enum status form_edit(const struct request *request, struct form *form)
{
    enum status status = form_of_record(request, form);
    if (status != OK)
        return status;
    form->title = headed(request, tr(request->lang, T_("Edit")), words_in(&form->record.titles, request->lang));
    form->action = arena_printf(request->arena, "%s/edit", record_href(request, form->def, form->record.number));
    form->verb = tr(request->lang, T_("Save"));
    return OK;
}

static enum status form_step(const struct request *request, struct form *form)
{
    static const struct field_def *const none[1];
    enum status status = form_of_record(request, form);
    if (status != OK)
        return status;
    form->step = register_step(form->def, request_part(request, 2));
    if (!form->step)
        return ABSENT;
    form->only = form->step->n_asks ? form->step->asks : none;
    form->n_only = form->step->n_asks;
    form->reason = form->step->reason;
    form->second = form->step->second_person;
    form->title = headed(request, words_in(&form->step->words, request->lang), words_in(&form->record.titles, request->lang));
    form->verb = words_in(&form->step->words, request->lang);
    form->explain = form->step->text.in[LANG_EN] ? words_in(&form->step->text, request->lang) : NULL;
    form->action = arena_printf(request->arena, "%s/step/%s", record_href(request, form->def, form->record.number), form->step->name);
    return OK;
}

static enum status form_regrade(const struct request *request, struct form *form)
{
    static const struct field_def *const none[1];
    enum status status = form_of_record(request, form);
    if (status != OK)
        return status;
    form->only = none;
    form->label = form->reason = true;
    form->title = headed(request, tr(request->lang, T_("Change the label")), words_in(&form->record.titles, request->lang));
    form->verb = tr(request->lang, T_("Change the label"));
    form->action = arena_printf(request->arena, "%s/regrade", record_href(request, form->def, form->record.number));
    return OK;
}

static enum status get_with(const struct request *request, struct answer *answer, enum status (*make)(const struct request *, struct form *))
{
    struct form form;
    struct request kept;
    moment at;
    enum status status = make(request, &form);
    form.draft = MOMENT_NONE;
    if (status != OK)
        return status;
    bool waits = draft_take(request, form.action, &kept, &at);
    if (waits && str_eq(request_query(request, "draft"), "1")) {
        form.request = &kept;
        return show(&form, fields_given(&kept, form.def, form.only, form.n_only), NULL, answer);
    }
    form.draft = waits ? at : MOMENT_NONE;
    return show(&form, form.has_record ? NULL : prefilled(&form), NULL, answer);
}

static enum status post_with(const struct request *request, struct answer *answer, enum status (*make)(const struct request *, struct form *), enum op_kind kind)
{
    struct form form;
    struct outcome outcome;
    enum status status = make(request, &form);
    if (status != OK)
        return status;
    struct val *fields = kind == OP_REGRADE ? NULL : fields_given(request, form.def, form.only, form.n_only);
    struct op op = {.kind = kind, .register_ = kind == OP_CREATE ? form.def->name : NULL, .number = form.has_record ? form.record.number : NULL, .version = form.has_record ? version_given(request, &form.record) : 0,
                    .step = form.step ? form.step->name : NULL, .fields = fields, .label = form.label ? label_given(request) : NULL, .reason = request_form(request, "reason")};
    form.draft = MOMENT_NONE;
    status = do_op(request, &op, &outcome);
    if (status == ABSENT)
        return status;
    if (status != OK)
        return show(&form, fields, &outcome.reasons, answer);
    draft_drop(request, form.action);
    if (outcome.proposed)
        answer_redirect(answer, arena_printf(request->arena, "/proposal/%s", outcome.numbers[0]));
    else if (form.has_record)
        answer_redirect(answer, record_href(request, form.def, form.record.number));
    else
        answer_redirect(answer, outcome.n_numbers ? record_href(request, form.def, outcome.numbers[0]) : "/");
    return OK;
}

static enum status get_new(const struct request *q, struct answer *a) { return get_with(q, a, form_new); }
static enum status post_new(const struct request *q, struct answer *a) { return post_with(q, a, form_new, OP_CREATE); }
static enum status get_edit(const struct request *q, struct answer *a) { return get_with(q, a, form_edit); }
static enum status post_edit(const struct request *q, struct answer *a) { return post_with(q, a, form_edit, OP_EDIT); }
static enum status get_step(const struct request *q, struct answer *a) { return get_with(q, a, form_step); }
static enum status post_step(const struct request *q, struct answer *a) { return post_with(q, a, form_step, OP_STEP); }
static enum status get_regrade(const struct request *q, struct answer *a) { return get_with(q, a, form_regrade); }
static enum status post_regrade(const struct request *q, struct answer *a) { return post_with(q, a, form_regrade, OP_REGRADE); }

/* ---- proposals ---- */

static enum status show_proposal(const struct request *request, const struct record_view *record, const struct reasons *faults, struct answer *answer)
{
    struct arena *arena = request->arena;
    const struct pack *pack = office_pack(request->office);
    const char *text = val_get_str(record->fields, "op"), *register_ = val_get_str(record->fields, "register"), *target = val_get_str(record->fields, "target");
    const struct register_def *def = register_ ? pack_register(pack, register_) : NULL;
    const struct step_def *step = def && val_get_str(record->fields, "step") ? register_step(def, val_get_str(record->fields, "step")) : NULL;
    struct val *data = val_object(arena), *op = NULL, *shown_fields = val_array(arena);
    struct reasons ignored;
    struct shown shown;
    char hex[65];
    reasons_init(&ignored, arena);
    shown_begin(&shown, request);
    shown_record(&shown, record);
    if (text && json_read(arena, text, strlen(text), (struct json_limits){0}, &ignored, &op) == OK) {
        struct hash hash = sha256(text, strlen(text));
        hex_write(hash.bytes, HASH_BYTES, hex);
        val_set_str(arena, data, "hash", hex);
        struct record_view would = {.def = def, .fields = val_get(op, "fields")};
        for (size_t i = 0; def && i < def->n_fields; i++) {
            struct val *field = val_get(would.fields, def->fields[i].name) ? field_shown(request, &would, &def->fields[i]) : NULL;
            if (field)
                val_push(arena, shown_fields, field);
        }
        val_set_str(arena, data, "reason", val_get_str(op, "reason"));
    }
    const struct post_def *post = val_get_str(record->fields, "proposer-post") ? pack_post(pack, val_get_str(record->fields, "proposer-post")) : NULL;
    struct record_view proposer;
    if (val_get_str(record->fields, "proposer") && office_get(request->office, request->reader, "person", val_get_str(record->fields, "proposer"), arena, &proposer) == OK)
        val_set_str(arena, data, "proposer", words_in(&proposer.titles, request->lang));
    val_set_str(arena, data, "proposer-post", post ? words_in(&post->words, request->lang) : NULL);
    val_set_str(arena, data, "number", record->number);
    val_set_str(arena, data, "title", words_in(&record->titles, request->lang));
    val_set_str(arena, data, "state", words_in(&record->state->words, request->lang));
    val_set_bool(arena, data, "waiting", str_eq(record->state->name, "waiting"));
    val_set_bool(arena, data, "own", str_eq(val_get_str(record->fields, "proposer"), reader_person_number(request->reader)));
    val_set_str(arena, data, "step", step_words(request, def, val_get_str(record->fields, "step")));
    val_set_str(arena, data, "explain", step && step->text.in[LANG_EN] ? words_in(&step->text, request->lang) : NULL);
    if (def && target && *target)
        val_set_str(arena, data, "target", record_href(request, def, target));
    val_set_str(arena, data, "target-number", target);
    val_set(arena, data, "fields", shown_fields);
    val_set_str(arena, data, "key", request->nonce);
    val_set(arena, data, "faults", reasons_shown(request, faults));
    if (faults && faults->count)
        answer->status = 422;
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "proposal", data);
    return status;
}

static enum status get_proposal(const struct request *request, struct answer *answer)
{
    struct record_view record;
    enum status status = office_get(request->office, request->reader, "proposal", request_part(request, 0), request->arena, &record);
    return status == OK ? show_proposal(request, &record, NULL, answer) : status;
}

static enum status post_proposal(const struct request *request, struct answer *answer)
{
    static const struct { const char *name; enum op_kind kind; } verbs[] = {{"confirm", OP_CONFIRM}, {"decline", OP_DECLINE}, {"withdraw", OP_WITHDRAW}};
    struct record_view record;
    struct outcome outcome;
    enum status status = office_get(request->office, request->reader, "proposal", request_part(request, 0), request->arena, &record);
    if (status != OK)
        return status;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) {
        if (!str_eq(verbs[i].name, request_part(request, 1)))
            continue;
        struct op op = {.kind = verbs[i].kind, .number = record.number, .proposed = request_form(request, "hash"), .reason = request_form(request, "reason")};
        status = do_op(request, &op, &outcome);
        if (status == ABSENT)
            return status;
        if (status != OK)
            return show_proposal(request, &record, &outcome.reasons, answer);
        const char *register_ = val_get_str(record.fields, "register"), *target = outcome.n_numbers ? outcome.numbers[0] : NULL;
        struct record_view left;
        if (target && register_ && office_get(request->office, request->reader, register_, target, request->arena, &left) != OK)
            target = NULL;                     /* it was erased, or leads beyond what one may read */
        answer_redirect(answer, verbs[i].kind == OP_CONFIRM && register_ && target && strncmp(target, "PRO-", 4) != 0 ? arena_printf(request->arena, "/%s/%s", register_, target) : "/");
        return OK;
    }
    return ABSENT;
}

/* ---- the marking of a label, live, as it will print ---- */

static enum status post_marking(const struct request *request, struct answer *answer)
{
    const char *text = label_given(request);
    struct reasons reasons;
    struct label *label;
    struct val *data = val_object(request->arena);
    reasons_init(&reasons, request->arena);
    bool read = text && label_import(office_policies(request->office), text, strlen(text), SPIF_LENIENT, request->arena, &reasons, &label) == OK;
    bool valid = read && label_valid(office_policies(request->office), label, request->now, true, &reasons);
    val_set_str(request->arena, data, "marking", read ? mark_of(request, label, MARK_PAGE) : "");
    val_set_bool(request->arena, data, "valid", valid);
    val_set(request->arena, data, "faults", reasons_shown(request, &reasons));
    answer_json(request, answer, data);
    return OK;
}

const struct page form_pages[] = {
    {METHOD_GET, "/{register}/new", "", "new", get_new},
    {METHOD_POST, "/{register}/new", "", "create", post_new},
    {METHOD_GET, "/{register}/{number}/edit", "", "edit-form", get_edit},
    {METHOD_POST, "/{register}/{number}/edit", "", "edit", post_edit},
    {METHOD_GET, "/{register}/{number}/step/{step}", "", "step-form", get_step},
    {METHOD_POST, "/{register}/{number}/step/{step}", "", "step", post_step},
    {METHOD_GET, "/{register}/{number}/regrade", "", "regrade-form", get_regrade},
    {METHOD_POST, "/{register}/{number}/regrade", "", "regrade", post_regrade},
    {METHOD_GET, "/proposal/{number}", "", "proposal", get_proposal},
    {METHOD_POST, "/proposal/{number}/{verb}", "", "decide-proposal", post_proposal},
    {METHOD_POST, "/label/marking", "", "marking", post_marking},
    {0}};
