/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Triage of one alert: take it, settle it with a cause, or hand it over to an incident, an existing one or one that is reported in the same
 * change. The incident gets the alert's events as evidence, under its own label and file (carry.h).
 */
#include <string.h>

#include "base/text.h"
#include "watch/alerts/carry.h"
#include "watch/board/board.h"

struct triage { const struct request *request; struct record_view alert; struct reasons reasons; const char *what; };

static enum status open_alert(const struct request *request, struct triage *triage)
{
    *triage = (struct triage){.request = request};
    reasons_init(&triage->reasons, request->arena);
    triage->what = request->method == METHOD_POST ? request_form(request, "do") : request_query(request, "do");
    return office_get(request->office, request->reader, "alert", request_part(request, 0), request->arena, &triage->alert);
}

/* ---- the form ---- */

static void add_steps(const struct triage *triage, struct val *data)
{
    const struct request *request = triage->request;
    struct arena *arena = request->arena;
    struct step_view *steps;
    struct val *possible = val_object(arena);
    size_t n = 0;
    office_steps(request->office, request->reader, &triage->alert, request->now, arena, &steps, &n);
    for (size_t i = 0; i < n; i++)
        if (steps[i].possible && (!triage->what || !*triage->what || str_eq(triage->what, steps[i].def->name)))
            val_set_bool(arena, possible, steps[i].def->name, true);
    val_set_bool(arena, data, "may-take", val_get(possible, "take") != NULL);
    val_set_bool(arena, data, "may-settle", val_get(possible, "settle") != NULL);
    val_set_bool(arena, data, "may-hand-over", val_get(possible, "hand-over") != NULL);
}

static struct val *causes(const struct request *request)
{
    const struct vocabulary *terms = pack_vocabulary(office_pack(request->office), "alert-cause");
    struct val *list = val_array(request->arena);
    for (size_t i = 0; terms && i < terms->n_terms; i++) {
        struct val *item = val_object(request->arena);
        if (str_eq(terms->terms[i].name, "malicious"))
            continue;                          /* goes to an incident */
        val_set_str(request->arena, item, "value", terms->terms[i].name);
        val_set_str(request->arena, item, "text", terms->terms[i].words.in[request->lang]);
        val_set_bool(request->arena, item, "chosen", str_eq(request_form(request, "cause"), terms->terms[i].name));
        val_push(request->arena, list, item);
    }
    return list;
}

static struct val *facts(const struct triage *triage)
{
    static const char *const names[] = {"level", "rule-title", "rule-id", "techniques", "entity", "first-seen", "last-seen", "events", "risk"};
    const struct request *request = triage->request;
    struct val *list = val_array(request->arena);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        const struct field_def *field = register_field(triage->alert.def, names[i]);
        const struct val *value = field ? val_get(triage->alert.fields, names[i]) : NULL;
        const char *text = value ? field_words(request->office, field, value, request->lang, request->arena) : NULL;
        struct val *item = val_object(request->arena);
        if (!text || !*text)
            continue;
        val_set_str(request->arena, item, "name", field->words.in[request->lang]);
        val_set_str(request->arena, item, "text", text);
        val_push(request->arena, list, item);
    }
    return list;
}

static enum status show(struct triage *triage, struct answer *answer)
{
    const struct request *request = triage->request;
    struct arena *arena = request->arena;
    struct val *data = val_object(arena);
    struct shown shown;
    shown_begin(&shown, request);
    shown_record(&shown, &triage->alert);
    val_set_str(arena, data, "number", triage->alert.number);
    val_set_str(arena, data, "title", triage->alert.titles.in[request->lang]);
    val_set_str(arena, data, "state", triage->alert.state->words.in[request->lang]);
    val_set(arena, data, "facts", facts(triage));
    val_set(arena, data, "causes", causes(request));
    val_set_str(arena, data, "conclusion", request_form(request, "conclusion"));
    val_set_str(arena, data, "incident", request_form(request, "incident"));
    val_set_str(arena, data, "key", request->nonce);
    val_set_bool(arena, data, "evidence", val_count(val_get(triage->alert.fields, "evidence")) > 0);
    add_steps(triage, data);
    if (triage->reasons.first)
        val_set(arena, data, "faults", said(request, &triage->reasons));
    enum status status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    answer_page(request, answer, "watch/triage", data);
    if (triage->reasons.first)
        answer->status = 422;
    return OK;
}

enum status triage_form(const struct request *request, struct answer *answer)
{
    struct triage triage;
    enum status status = open_alert(request, &triage);
    return status == OK ? show(&triage, answer) : status;
}

/* ---- what was chosen ---- */

static struct val *conclusion(const struct triage *triage)
{
    struct val *fields = val_object(triage->request->arena);
    const char *text = request_form(triage->request, "conclusion");
    if (text && *text)
        val_set_str(triage->request->arena, fields, "conclusion", text);
    return fields;
}

/* The incident that is reported with it: under the alert's label, with its words. */
static struct op reported(const struct triage *triage, const char *const *source)
{
    struct arena *arena = triage->request->arena;
    const struct record_view *alert = &triage->alert;
    struct val *fields = val_object(arena);
    char text[MOMENT_TEXT];
    const char *told = request_form(triage->request, "conclusion"), *entity = val_get_str(alert->fields, "entity");
    val_set_str(arena, fields, "summary", entity && *entity ? arena_printf(arena, "%.150s (%.40s)", alert->title, entity) : alert->title);
    val_set_str(arena, fields, "family", "ict");
    val_set(arena, fields, "detected", val_str(arena, moment_iso(val_get_int(alert->fields, "first-seen", alert->created), text)));
    if (told && *told)
        val_set_str(arena, fields, "narrative", told);
    return (struct op){.kind = OP_CREATE, .register_ = "incident", .number = "$incident", .fields = fields, .label = label_write(alert->label, arena), .sources = source, .n_sources = 1};
}

static size_t ops_of(struct triage *triage, struct op *ops, const char *const *source)
{
    struct arena *arena = triage->request->arena;
    struct val *fields = conclusion(triage);
    size_t n = 0;
    struct op step = {.kind = OP_STEP, .number = triage->alert.number, .version = record_seen(triage->request->office, &triage->alert), .step = triage->what, .fields = fields};
    if (str_eq(triage->what, "take")) {
        fields = val_object(arena);
        val_set_str(arena, fields, "analyst", reader_person_number(triage->request->reader));
        step.fields = fields;
    } else if (str_eq(triage->what, "settle")) {
        val_set_str(arena, fields, "cause", request_form(triage->request, "cause"));
    } else if (str_eq(triage->what, "hand-over")) {
        const char *incident = request_form(triage->request, "incident");
        bool fresh = !incident || !*incident;
        if (fresh)
            ops[n++] = reported(triage, source);
        val_set_str(arena, fields, "incident", fresh ? "$incident" : incident);
    } else {
        return 0;
    }
    step.version = 0;                          /* counts move while one reads; the state is what matters */
    ops[n++] = step;
    return n;
}

/* The incident that is named holds what the alert holds. One that cannot be read is for the step itself to refuse. */
static bool high_enough(struct triage *triage)
{
    const struct request *request = triage->request;
    const char *number = request_form(request, "incident");
    struct record_view incident;
    if (!str_eq(triage->what, "hand-over") || !number || !*number || office_get(request->office, request->reader, "incident", number, request->arena, &incident) != OK ||
        label_at_least(office_policies(request->office), incident.label, triage->alert.label))
        return true;
    struct reason *reason = reason_add(&triage->reasons, "watch.incident-below", "incident", T_("The incident's label lies below the alert's: its events cannot go there."));
    reason_next(&triage->reasons, reason, T_("Have the incident regraded first, or report a new one."));
    return false;
}

enum status triage_post(const struct request *request, struct answer *answer)
{
    struct triage triage;
    struct op ops[2];
    struct outcome outcome;
    enum status status = open_alert(request, &triage);
    const char *key = request_form(request, "key"), *number = request_part(request, 0);
    if (status != OK)
        return status;
    struct change change = {.writer = request->reader, .key = key && strlen(key) >= 8 && strlen(key) <= 64 ? key : request->nonce, .now = request->now, .ops = ops, .n_ops = ops_of(&triage, ops, &number)};
    if (!change.n_ops) {
        reason_add(&triage.reasons, "triage.step", "do", T_("An alert is taken, settled or handed over."));
        return show(&triage, answer);
    }
    if (!high_enough(&triage))
        return show(&triage, answer);
    status = office_apply(request->office, &change, request->arena, &outcome);
    if (status == ABSENT && change.n_ops == 1 && !str_eq(triage.what, "hand-over"))
        return ABSENT;
    if (status != OK) {
        triage.reasons = outcome.reasons;
        return show(&triage, answer);
    }
    const char *incident = request_form(request, "incident");
    if (str_eq(triage.what, "hand-over") && alert_carry(request->office, number, change.n_ops == 2 ? outcome.numbers[0] : incident, request->now, request->arena, &triage.reasons) != OK)
        return show(&triage, answer);          /* handed over, but the events lie with the alert still; it is said */
    answer_redirect(answer, "/alert-board");
    return OK;
}
