/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The page of a hunt's run: what is looked for as it was understood, run and stop, how far it has come, what was found so far; and what the hunter
 * picks of it becomes an alert or an incident with the events as evidence, through the one door.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/shown.h"
#include "hunting.h"
#include "office/own.h"

#define PICKED_MOST HUNT_PLACES_MOST

static struct val *words_of(const struct request *request, const struct reasons *reasons)
{
    struct val *list = val_array(request->arena);
    for (const struct reason *one = reasons->first; one; one = one->after) {
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "rule", one->rule);
        val_set_str(request->arena, item, "where", one->where);
        val_set_str(request->arena, item, "text", one->text.in[request->lang] ? one->text.in[request->lang] : one->text.in[LANG_EN]);
        if (one->next.in[request->lang])
            val_set_str(request->arena, item, "next", one->next.in[request->lang]);
        val_push(request->arena, list, item);
    }
    return list;
}

/* ---- what is looked for ---- */

static struct val *terms_of(const struct request *request, const struct hunt_query *query)
{
    static const char *const how[] = {T_("is"), T_("begins with"), T_("ends with"), T_("has")};
    struct arena *arena = request->arena;
    struct val *list = val_array(arena);
    for (size_t i = 0; i < query->n_terms; i++) {
        struct val *item = val_object(arena);
        val_set_int(arena, item, "line", query->terms[i].line);
        val_set_str(arena, item, "field", query->terms[i].field ? query->terms[i].field : tr(request->lang, T_("any field")));
        val_set_str(arena, item, "how", tr(request->lang, how[query->terms[i].how]));
        val_set_str(arena, item, "text", query->terms[i].text);
        val_push(arena, list, item);
    }
    for (size_t i = 0; i < query->n_rules; i++) {
        struct val *item = val_object(arena);
        val_set_int(arena, item, "line", query->rules[i].line);
        val_set_str(arena, item, "field", tr(request->lang, T_("rule")));
        val_set_str(arena, item, "text", query->rules[i].id);
        val_push(arena, list, item);
    }
    return list;
}

/* ---- what has been found ---- */

static void add_view(const struct request *request, const struct work_view *view, struct val *data)
{
    struct arena *arena = request->arena;
    const struct val *shown = view->shown;
    val_set_bool(arena, data, "known", true);
    val_set_bool(arena, data, "running", view->running);
    val_set_bool(arena, data, "stopping", view->running && view->stopping);
    val_set_int(arena, data, "began", view->began);
    if (!view->running) {
        val_set_int(arena, data, "ended", view->ended);
        val_set_bool(arena, data, "good", view->status == OK);
        val_set(arena, data, "faults", words_of(request, &view->reasons));
    }
    if (!shown)
        return;
    int64_t segments = val_get_int(shown, "segments", 0), read = val_get_int(shown, "read", 0);
    val_set_int(arena, data, "percent", segments ? 100 * read / segments : 100);
    struct val *progress = val_copy(arena, shown), *refused = val_get(progress, "refused");
    for (size_t i = 0; i < val_count(refused); i++)
        val_set_str(arena, val_at(refused, i), "text", val_get_str(val_at(refused, i), request->lang == LANG_FR ? "fr" : "en"));
    val_set(arena, data, "progress", progress);
}

static enum status show(const struct request *request, const struct record_view *hunt, const struct reasons *told, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct val *data = val_object(arena);
    struct works *works = office_works(request->office);
    struct hunt_query query = {0};
    struct reasons faults, may;
    struct work_view view;
    struct shown shown;
    reasons_init(&faults, arena);
    reasons_init(&may, arena);
    shown_begin(&shown, request);
    shown_record(&shown, hunt);
    val_set_str(arena, data, "number", hunt->number);
    val_set_str(arena, data, "title", hunt->titles.in[request->lang] ? hunt->titles.in[request->lang] : hunt->title);
    val_set_str(arena, data, "state", hunt->state->words.in[request->lang]);
    if (hunting_query(hunt, arena, &faults, &query) == OK)
        val_set(arena, data, "terms", terms_of(request, &query));
    val_set(arena, data, "query-faults", words_of(request, &faults));
    bool good = hunting_may(request->reader, hunt, &may) == OK && works;
    val_set(arena, data, "why-not", words_of(request, &may));
    if (works && work_look(works, &hunting_work, request->reader, hunt->number, arena, &view))
        add_view(request, &view, data);
    val_set_bool(arena, data, "may-run", good && !faults.count && !val_get_bool(data, "running", false));
    val_set_bool(arena, data, "may-raise", reader_has_right(request->reader, "hunt"));
    if (told)
        val_set(arena, data, "told", words_of(request, told));
    val_set_str(arena, data, "key", request->nonce);
    enum status status = shown_end(&shown, data, "read");
    if (status != OK)
        return status;
    if (told && told->count)
        answer->status = 422;
    answer_page(request, answer, "watch/hunt-run", data);
    return OK;
}

enum status hunting_page(const struct request *request, struct answer *answer)
{
    struct record_view hunt;
    enum status status = office_get(request->office, request->reader, "hunt", request_part(request, 0), request->arena, &hunt);
    return status == OK ? show(request, &hunt, NULL, answer) : status;
}

/* ---- run and stop ---- */

static const char *given(const struct request *request, const char *name)
{
    const char *text = request_form(request, name);
    return text ? text : val_get_str(request->json, name);
}

enum status hunting_post(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    struct works *works = office_works(request->office);
    struct record_view hunt;
    struct hunt_query query;
    struct reasons reasons;
    const char *what = given(request, "do");
    reasons_init(&reasons, arena);
    enum status status = office_get(request->office, request->reader, "hunt", request_part(request, 0), arena, &hunt);
    if (status != OK)
        return status;
    if (!works)
        reason_add(&reasons, "hunt.works", NULL, T_("This program carries out no long work."));
    else if (str_eq(what, "stop"))
        (void)work_stop(works, &hunting_work, request->reader, hunt.number);
    else if (!str_eq(what, "run"))
        reason_add(&reasons, "hunt.do", "do", T_("A hunt is run or stopped: “run” or “stop”."));
    else if (hunting_may(request->reader, &hunt, &reasons) == OK && hunting_query(&hunt, arena, &reasons, &query) == OK)
        status = work_begin(works, &hunting_work, request->reader, hunt.number, NULL, request->now, &reasons);
    if (status == NO_MEMORY)
        return status;
    if (!reasons.count && !request->api) {
        answer_redirect(answer, arena_printf(arena, "/hunt/%s/run", hunt.number));
        return OK;
    }
    if (reasons.count && request->api) {
        answer_reasons(request, answer, status == OK ? REFUSED : status, &reasons);
        return OK;
    }
    return show(request, &hunt, &reasons, answer);
}

/* ---- what was picked becomes an alert or an incident ---- */

struct raising {
    const struct request *request;
    const struct record_view *hunt;
    struct sift_place places[PICKED_MOST]; size_t n;
    struct buf evidence;
    moment first, last;
    size_t taken;
};

static int in_order(const void *a, const void *b)
{
    const struct sift_place *one = a, *other = b;
    int by = strcmp(one->segment, other->segment);
    return by ? by : one->item < other->item ? -1 : one->item > other->item;
}

/* "SEG-2026-7KQ4M2XD0A.17" */
static bool take_place(struct raising *raising, const char *text)
{
    const char *dot = text ? strchr(text, '.') : NULL;
    char *end;
    if (!dot || raising->n == PICKED_MOST || dot[1] < '0' || dot[1] > '9')
        return false;
    unsigned long item = strtoul(dot + 1, &end, 10);
    if (*end || item > UINT32_MAX)
        return false;
    raising->places[raising->n++] = (struct sift_place){arena_strndup(raising->request->arena, text, (size_t)(dot - text)), (uint32_t)item};
    return true;
}
static bool take_places(struct raising *raising)
{
    const struct request *request = raising->request;
    const struct val *list = val_get(request->json, "hits");
    for (size_t i = 0; i < request->n_form; i++)
        if (str_eq(request->form[i].name, "hit") && !take_place(raising, request->form[i].value))
            return false;
    for (size_t i = 0; i < val_count(list); i++)
        if (!take_place(raising, val_text(val_at(list, i))))
            return false;
    if (!raising->n)
        return false;
    if (raising->n)
        qsort(raising->places, raising->n, sizeof *raising->places, in_order);
    size_t n = 1;
    for (size_t i = 1; i < raising->n; i++)
        if (in_order(&raising->places[n - 1], &raising->places[i]) != 0)
            raising->places[n++] = raising->places[i];
    raising->n = n;
    return true;
}

static bool took(void *arg, const struct hunt_answer *answer, const struct sift_block *blocks)
{
    struct raising *raising = arg;
    for (size_t i = 0; i < answer->n_hits; i++) {
        const struct hunt_hit *hit = &answer->hits[i];
        json_write(&raising->evidence, results_hit(raising->request->arena, hit, blocks, true));
        buf_addc(&raising->evidence, '\n');
        raising->taken++;
        if (hit->time == MOMENT_NONE)
            continue;
        raising->first = raising->first == MOMENT_NONE || hit->time < raising->first ? hit->time : raising->first;
        raising->last = raising->last == MOMENT_NONE || hit->time > raising->last ? hit->time : raising->last;
    }
    return true;
}

static struct val *fields_of(const struct raising *raising, bool incident, const char *title)
{
    struct arena *arena = raising->request->arena;
    struct val *fields = val_object(arena);
    char at[MOMENT_TEXT];
    moment first = raising->first == MOMENT_NONE ? raising->request->now : raising->first, last = raising->last == MOMENT_NONE ? first : raising->last;
    if (incident) {
        val_set_str(arena, fields, "summary", title);
        val_set_str(arena, fields, "family", "ict");
        val_set_str(arena, fields, "detected", moment_iso(raising->request->now, at));
        return fields;
    }
    val_set_str(arena, fields, "title", title);
    val_set_str(arena, fields, "level", given(raising->request, "level") ? given(raising->request, "level") : "medium");
    val_set_str(arena, fields, "origin", "hunt");
    val_set_str(arena, fields, "reference", raising->hunt->number);
    val_set_str(arena, fields, "first-seen", moment_iso(first, at));
    val_set_str(arena, fields, "last-seen", moment_iso(last, at));
    val_set_int(arena, fields, "events", (int64_t)raising->taken);
    return fields;
}

/* The record, by the hunter; then the events on it, by the office: whoever reports an incident need not be among its readers. A repeated key finds
 * the record that it made, and nothing is attached twice. */
static enum status put_in(struct raising *raising, bool incident, const char *title, struct reasons *reasons, const char **ret_number)
{
    const struct request *request = raising->request;
    struct arena *arena = request->arena;
    const char *key = given(request, "key") ? given(request, "key") : request->nonce, **sources = ARENA_ARRAY(arena, const char *, raising->n + 1);
    struct op op = {.kind = OP_CREATE, .register_ = incident ? "incident" : "alert", .fields = fields_of(raising, incident, title), .label = label_write(raising->hunt->label, arena),
                    .file = incident ? NULL : raising->hunt->file_number, .sources = sources};
    struct change change = {.writer = request->reader, .key = key, .now = request->now, .ops = &op, .n_ops = 1};
    struct outcome outcome;
    sources[op.n_sources++] = raising->hunt->number;
    for (size_t i = 0; i < raising->n; i++)
        if (!i || !str_eq(raising->places[i].segment, raising->places[i - 1].segment))
            sources[op.n_sources++] = raising->places[i].segment;
    enum status status = office_apply(request->office, &change, arena, &outcome);
    if (status != OK) {
        reasons_join(reasons, &outcome.reasons);
        return status;
    }
    *ret_number = outcome.numbers[0];
    if (outcome.repeated)
        return OK;
    const struct own_file file = {"evidence", arena_printf(arena, "events-%s.jsonl", raising->hunt->number), "application/jsonl", raising->evidence.data, raising->evidence.len};
    status = office_own_attach(request->office, &(struct own_attach){.rule = "hunt.results", .cause = raising->hunt->number, .number = *ret_number, .files = &file, .n_files = 1},
                               request->now, arena, &outcome);
    if (status != OK)
        reasons_join(reasons, &outcome.reasons);
    return status;
}

static enum status raise_it(struct raising *raising, struct reasons *reasons, const char **ret_number)
{
    const struct request *request = raising->request;
    const char *as = given(request, "as"), *title = given(request, "title");
    struct sift sift = {.office = request->office, .reader = request->reader, .asking = raising->hunt->number, .scratch = arena_new((size_t)512 << 20), .took = took, .arg = raising, .now = request->now};
    if (!sift.scratch)
        return NO_MEMORY;
    sift_begin(&sift, request->arena);
    enum status status = sift_places(&sift, raising->places, raising->n, request->arena, reasons);
    sift_end(&sift);
    arena_free(sift.scratch);
    if (status == OK && (raising->taken != raising->n || raising->evidence.failed)) {
        reason_add(reasons, "hunt.evidence", NULL, T_("The events could not be read again as they were found, so nothing was reported."));
        status = REFUSED;
    }
    if (status == OK)
        status = put_in(raising, str_eq(as, "incident"), title && *title ? title : raising->hunt->title, reasons, ret_number);
    return status;
}

enum status hunting_raise(const struct request *request, struct answer *answer)
{
    struct record_view hunt;
    struct reasons reasons;
    const char *number = NULL;
    enum status status = office_get(request->office, request->reader, "hunt", request_part(request, 0), request->arena, &hunt);
    if (status != OK)
        return status;
    struct raising raising = {.request = request, .hunt = &hunt, .first = MOMENT_NONE, .last = MOMENT_NONE};
    reasons_init(&reasons, request->arena);
    buf_init(&raising.evidence, (size_t)60 << 20);
    if (!take_places(&raising)) {
        reason_add(&reasons, "hunt.hits", "hit", T_("Pick between one and 200 events."));
        status = BAD_INPUT;
    } else {
        status = raise_it(&raising, &reasons, &number);
    }
    buf_free(&raising.evidence);
    if (status != OK) {
        if (!reasons.count)
            return status;
        answer_reasons(request, answer, status, &reasons);
        return OK;
    }
    if (!request->api) {
        answer_redirect(answer, arena_printf(request->arena, "/%s/%s", str_eq(given(request, "as"), "incident") ? "incident" : "alert", number));
        return OK;
    }
    struct val *data = val_object(request->arena);
    val_set_str(request->arena, data, "number", number);
    answer->status = 201;
    answer_json(request, answer, data);
    return OK;
}
