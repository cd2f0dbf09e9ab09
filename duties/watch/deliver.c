/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * POST /api/v1/events/{number}: a batch for an active log source, by whoever carries the right and reads the source. Events go to the
 * intake, which answers once they are durable; alerts of another SIEM become alert records under the source's label and file. Either way the
 * answer is {taken, refused, faults}. A batch is foreign: it is unpacked, and alerts are read, in a jail.
 */
#include "deliver.h"

#include <string.h>

#include "base/jail.h"
#include "base/text.h"
#include "office/intake.h"
#include "watch/alerts/alerts.h"
#include "watch/logs/batch.h"
#include "watch/siem/siem.h"

struct delivery {
    const struct request *request;
    struct record_view source;
    struct arena *arena;                       /* of this delivery alone: alerts' memory is larger than a request's */
    struct reasons reasons;
    struct siem_batch batch;
    uint64_t not_raised;
    uint64_t events, events_refused;           /* of batches of events */
    uint32_t again_from;                       /* the first line that was not taken though it could have been; 0: none */
};

static enum status refuse(struct delivery *d, enum status status, const char *rule, const char *english, const char *value)
{
    reason_add(&d->reasons, rule, NULL, english, value);
    return status;
}

static enum status no_nursery(struct delivery *d)
{
    return refuse(d, BUSY, "events.nursery", T_("Batches are read in a jail, and there is none here: serve the office with castellan serve."), "");
}

/* Names and words by the pack's rules: an office can change them. */
static const struct val *list_of(const struct pack *pack, const char *rule)
{
    const struct rule *found = pack_rule(pack, rule);
    return found ? rule_value(found, NULL) : NULL;
}

static struct val *mapping_of(struct delivery *d)
{
    static const char *const parts[] = {"title", "level", "entity", "time", "reference", "rule"}, *const levels[] = {"informational", "low", "medium", "high", "critical"};
    const struct pack *pack = office_pack(d->request->office);
    struct arena *arena = d->arena;
    struct val *mapping = val_object(arena), *words = val_array(arena);
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        const struct val *names = list_of(pack, arena_printf(arena, "siem.%s", parts[i]));
        (val_set)(arena, mapping, parts[i], names ? val_copy(arena, names) : val_array(arena));
    }
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const struct val *list = list_of(pack, arena_printf(arena, "siem.level.%s", levels[i]));
        val_push(arena, words, list ? val_copy(arena, list) : val_array(arena));
    }
    val_set(arena, mapping, "levels", words);
    val_set_int(arena, mapping, "otherwise", SIGMA_MEDIUM);
    return mapping;
}

static enum status read_batch(struct delivery *d)
{
    const struct request *request = d->request;
    const char *answer;
    size_t len;
    struct buf input;
    if (!nursery_shared())
        return no_nursery(d);
    buf_init(&input, SIEM_BODY_MOST + (1 << 20));
    siem_input(&input, mapping_of(d), request->raw, request->raw_len);
    enum status status = input.failed ? TOO_LARGE : nursery_run(nursery_shared(), "siem", NULL, input.data, input.len, d->arena, &d->reasons, &answer, &len);
    buf_free(&input);
    return status == OK ? siem_answer_read(answer, len, d->arena, &d->batch) : status;
}

static const char *system_of(const struct record_view *source)
{
    for (size_t i = 0; i < source->n_links; i++)
        if (strcmp(source->links[i].field->name, "system") == 0)
            return source->links[i].number;
    return NULL;
}

/* One guard for all: the source's own. */
static enum status raise(struct delivery *d)
{
    const char *label = label_write(d->source.label, d->arena);
    const struct watch_guard guard = {.labels = &label, .n_labels = 1, .file = d->source.file_number, .source = d->source.number, .system = system_of(&d->source)};
    struct watch_hit *hits = ARENA_ARRAY(d->arena, struct watch_hit, d->batch.n + 1);
    for (size_t i = 0; i < d->batch.n; i++) {
        const struct siem_alert *alert = &d->batch.alerts[i];
        hits[i] = (struct watch_hit){.guard = &guard, .origin = "siem", .rule_id = *alert->rule ? alert->rule : alert->title, .rule_title = alert->title, .level = alert->level,
                                     .reference = alert->reference, .time = alert->time, .entity = alert->entity, .event = alert->event, .event_len = alert->event_len};
    }
    struct alerts *alerts = d->batch.n ? alerts_open(d->request->office, d->arena, &d->reasons) : NULL;
    if (!alerts)
        return d->batch.n ? REFUSED : OK;
    enum status status = alerts_take(alerts, hits, d->batch.n, d->request->now, d->arena, &d->reasons);
    if (status == OK)
        status = alerts_flush(alerts, true, d->request->now, d->arena, &d->reasons);
    d->not_raised = alerts_counts(alerts).refused;
    return status;
}

/* ---- events ---- */

static enum status plain(struct delivery *d, const char **ret, size_t *ret_len)
{
    const struct request *request = d->request;
    *ret = request->raw;
    *ret_len = request->raw_len;
    if (!batch_packed(request->raw, request->raw_len))
        return OK;
    if (!nursery_shared())
        return no_nursery(d);
    return nursery_run(nursery_shared(), "unpack", NULL, request->raw, request->raw_len, d->arena, &d->reasons, ret, ret_len);
}

/* Some may be taken and the rest not: then the answer says from which line the sender sends again. */
static enum status take_events(struct delivery *d)
{
    const struct request *request = d->request;
    struct intake *intake = office_intake(request->office);
    struct batch batch;
    const char *text;
    size_t len, taken = 0;
    if (!intake)
        return refuse(d, BUSY, "events.nobody", T_("Nobody takes events here now: the office is served without workers for logs."), "");
    enum status status = plain(d, &text, &len);
    if (status != OK)
        return status;
    batch_cut(text, len, d->arena, &batch);
    if (batch.too_long)
        reason_add(&d->reasons, "events.long", NULL, T_("%1$s lines are too long to be read, the first of them line %2$s."), arena_printf(d->arena, "%llu", (unsigned long long)batch.too_long),
                   arena_printf(d->arena, "%u", batch.too_long_at));
    struct intake_text *texts = ARENA_ARRAY(d->arena, struct intake_text, batch.n + 1);
    for (size_t i = 0; i < batch.n; i++)
        texts[i] = (struct intake_text){batch.texts[i].bytes, batch.texts[i].len};
    if (batch.n)
        status = intake_deliver(intake, request->reader, d->source.number, texts, batch.n, request->now, d->arena, &d->reasons, &taken);
    d->events_refused = batch.too_long;
    for (size_t i = 0; i < batch.n; i++)
        *(i < taken ? &d->events : &d->events_refused) += batch.texts[i].events;
    d->again_from = taken < batch.n ? batch.texts[taken].line : 0;
    return taken ? OK : status;
}

static void answer_counts(const struct delivery *d, struct answer *answer)
{
    static const char *const words[] = {[SIEM_NO_FORM] = T_("This line is neither JSON nor CEF."), [SIEM_NO_TITLE] = T_("This alert has no title: none of the names in the rule siem.title is in it."),
                                        [SIEM_TOO_LONG] = T_("This line is too long.")};
    struct arena *arena = d->request->arena;
    struct val *all = val_object(arena), *faults = val_array(arena);
    uint64_t taken = d->batch.n > d->not_raised ? d->batch.n - d->not_raised : 0;
    val_set_int(arena, all, "taken", (int64_t)(taken + d->events));
    val_set_int(arena, all, "refused", (int64_t)(d->batch.refused + d->batch.n - taken + d->events_refused));
    if (d->again_from)
        val_set_int(arena, all, "again-from", d->again_from);
    for (size_t i = 0; i < d->batch.n_faults; i++) {
        struct val *item = val_object(arena);
        val_set_int(arena, item, "line", d->batch.faults[i].line);
        val_set_str(arena, item, "text", tr(d->request->lang, words[d->batch.faults[i].why]));
        val_push(arena, faults, item);
    }
    for (const struct reason *r = d->reasons.first; r; r = r->after) {        /* alerts that could not be raised */
        struct val *item = val_object(arena);
        val_set_str(arena, item, "text", r->text.in[d->request->lang]);
        val_push(arena, faults, item);
    }
    val_set(arena, all, "faults", faults);
    answer_json(d->request, answer, all);
}

static enum status take(struct delivery *d)
{
    const struct request *request = d->request;
    enum status status = office_get(request->office, request->reader, "log-source", request_part(request, 0), d->arena, &d->source);
    if (status != OK)
        return status;
    if (!d->source.state || strcmp(d->source.state->name, "active") != 0)
        return refuse(d, REFUSED, "events.not-active", T_("This source is not active: nothing of it is kept before it is approved."), "");
    if (!request->raw_len)
        return refuse(d, BAD_INPUT, "events.empty", T_("The batch is empty, or of a kind that is not taken: send application/x-ndjson, text/plain, application/gzip or application/zstd."), "");
    if (request->raw_len > SIEM_BODY_MOST)
        return refuse(d, TOO_LARGE, "events.size", T_("A batch has at most %1$s bytes."), arena_printf(d->arena, "%zu", SIEM_BODY_MOST));
    if (!str_eq(val_get_str(d->source.fields, "format"), "siem"))
        return take_events(d);
    status = read_batch(d);
    return status == OK ? raise(d) : status;
}

enum status deliver_page(const struct request *request, struct answer *answer)
{
    struct delivery d = {.request = request, .arena = arena_new((size_t)256 << 20)};
    if (!d.arena)
        return NO_MEMORY;
    reasons_init(&d.reasons, d.arena);
    enum status status = take(&d);
    if (status == OK) {
        answer_counts(&d, answer);
    } else if (status != ABSENT) {
        answer_reasons(request, answer, status, &d.reasons);
        status = OK;
    }
    arena_free(d.arena);
    return status;
}
