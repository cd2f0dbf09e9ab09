/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A group's events become an alert, or join one: decided in the writer for what it finds there, so neither another thread nor a restart
 * can make two of one. What is found counts how far it has counted (`through`), so events that come again are not counted again.
 */
#include <string.h>

#include "base/text.h"
#include "office/own.h"
#include "watch/alerts/inside.h"

static const char *const level_names[] = {"informational", "low", "medium", "high", "critical"};

uint64_t risk_of(const struct alerts *alerts, enum sigma_level level, uint64_t events)
{
    uint64_t points = alerts->points[level], risk = points;
    for (uint64_t ten = 10; ten <= events && ten < UINT64_C(1000000000000); ten *= 10)
        risk += points * alerts->growth / 100;
    return risk > 1000000 ? 1000000 : risk;
}

/* A clock that is wrong by more than a year says nothing. */
moment hit_time(const struct watch_hit *hit, moment now)
{
    return hit->time == MOMENT_NONE || hit->time > now + 366 * DAY || hit->time < now - 36600 * DAY ? now : hit->time;
}

/* What of this call's hits lies above what was counted before. */
void adding_sum(struct adding *add, uint64_t above)
{
    if (!add->hits)
        return;
    add->events = 0;
    for (size_t i = 0; i < add->n; i++) {
        const struct watch_hit *hit = &add->hits[add->which[i]];
        moment time = hit_time(hit, add->now);
        if (hit->seq && hit->seq <= above)
            continue;
        add->first = add->events && add->first < time ? add->first : time;
        add->last = add->events && add->last > time ? add->last : time;
        add->through = hit->seq > add->through ? hit->seq : add->through;
        add->events++;
    }
}

/* ---- the change ---- */

static void set_time(struct arena *arena, struct val *fields, const char *name, moment at)
{
    char text[MOMENT_TEXT];
    val_set(arena, fields, name, val_str(arena, moment_iso(at, text)));
}

static struct val *new_alert(const struct adding *add, struct arena *arena)
{
    const struct group *group = add->group;
    struct val *fields = val_object(arena);
    val_set_str(arena, fields, "title", group->title);
    val_set_str(arena, fields, "level", level_names[group->level]);
    val_set_str(arena, fields, "origin", *group->origin ? group->origin : "watch");
    if (*group->reference)
        val_set_str(arena, fields, "reference", group->reference);
    val_set_str(arena, fields, "rule-id", group->rule_id);
    val_set_str(arena, fields, "rule-title", group->title);
    if (*group->techniques)
        val_set_str(arena, fields, "techniques", group->techniques);
    if (*group->entity)
        val_set_str(arena, fields, "entity", group->entity);
    if (*group->guard->source)
        val_set_str(arena, fields, "source", group->guard->source);
    if (*group->guard->system)
        val_set_str(arena, fields, "system", group->guard->system);
    set_time(arena, fields, "first-seen", add->first);
    set_time(arena, fields, "last-seen", add->last);
    val_set_int(arena, fields, "events", (int64_t)add->events);
    val_set_int(arena, fields, "risk", (int64_t)risk_of(add->alerts, group->level, add->events));
    val_set_str(arena, fields, "group", group->value);
    val_set_int(arena, fields, "through", (int64_t)add->through);
    return fields;
}

/* What a person has set since stays: risk moves by as much as the events move it. */
static struct val *more_events(const struct adding *add, const struct image *found, struct arena *arena)
{
    const struct alerts *alerts = add->alerts;
    struct val *fields = val_object(arena);
    uint64_t had = (uint64_t)val_get_int(found->fields, "events", 1), has = had + add->events;
    moment first = val_get_int(found->fields, "first-seen", add->first), last = val_get_int(found->fields, "last-seen", first);
    int64_t risk = val_get_int(found->fields, "risk", 0) + (int64_t)risk_of(alerts, add->group->level, has) - (int64_t)risk_of(alerts, add->group->level, had);
    val_set_int(arena, fields, "events", (int64_t)(has > UINT64_C(1000000000000) ? UINT64_C(1000000000000) : has));
    val_set_int(arena, fields, "risk", risk < 0 ? 0 : risk > 1000000 ? 1000000 : risk);
    if (add->first < first)
        set_time(arena, fields, "first-seen", add->first);
    if (add->last > last)
        set_time(arena, fields, "last-seen", add->last);
    if (add->through)
        val_set_int(arena, fields, "through", (int64_t)add->through);
    return fields;
}

enum gathering alert_choose(struct gather *gather, const struct image *found, struct arena *arena, struct op *ret)
{
    struct adding *add = gather->arg;
    if (!found) {
        add->kept_already = false;
        adding_sum(add, 0);
        *ret = (struct op){.kind = OP_CREATE, .fields = new_alert(add, arena)};
        return GATHER_OP;
    }
    moment first = val_get_int(found->fields, "first-seen", 0), last = val_get_int(found->fields, "last-seen", first), window = add->alerts->window;
    uint64_t through = (uint64_t)val_get_int(found->fields, "through", 0);
    if (found->def->states[found->state].final)
        return GATHER_NEXT;
    adding_sum(add, through);
    if (!add->events || (add->first <= last + window && add->last >= first - window)) {
        add->kept_already = val_count(val_get(found->fields, "evidence")) > 0;
        add->through = add->through > through ? add->through : through;
        if (!add->events)
            return GATHER_NOTHING;
        *ret = (struct op){.kind = OP_EDIT, .fields = more_events(add, found, arena)};
        return GATHER_OP;
    }
    return GATHER_NEXT;
}

/* ---- writing ---- */

static void taken(struct alerts *alerts, struct adding *add, const struct gather *gather)
{
    struct group *group = add->group;
    memcpy(group->number, gather->number, sizeof group->number);
    if (gather->made)
        group->n_evidence = 0;
    else if (add->kept_already && !group->n_evidence)
        group->n_evidence = alerts->evidence;                /* kept before this memory began */
    group->through = add->through > group->through ? add->through : group->through;
    if (!add->hits)
        group->events = 0;
    alerts->counts.raised += gather->made;
    alerts->counts.updates += gather->wrote && !gather->made;
    alerts->counts.changes += gather->wrote;
}

static void say_refused(struct adding *add, const struct outcome *outcome, struct reasons *reasons)
{
    const struct reason *why = outcome->reasons.first;
    struct reason *said = reason_add(reasons, why ? why->rule : "alert", NULL, "%1$s", why ? why->text.in[LANG_EN] : "");
    for (int lang = 0; why && lang < LANG_COUNT; lang++)
        said->text.in[lang] = words_format(reasons->arena, T_("No alert could be raised for the rule “%1$s”: %2$s"), add->group->title, why->text.in[lang]).in[lang];
    add->group->refused = true;
    add->group->events = 0;
    add->alerts->counts.refused++;
}

static enum status write_some(struct alerts *alerts, struct adding *adds, size_t n, moment now, struct arena *arena, struct reasons *reasons)
{
    struct gather *gathers = ARENA_ARRAY(arena, struct gather, n);
    struct outcome outcome;
    for (size_t i = 0; i < n; i++)
        gathers[i] = (struct gather){.register_ = "alert", .field = "group", .value = adds[i].group->value, .label = adds[i].group->guard->label,
                                     .file = adds[i].group->guard->file, .choose = alert_choose, .arg = &adds[i]};
    enum status status = office_gather(alerts->office, RULE, adds[0].group->rule_id, gathers, n, now, arena, &outcome);
    if (status == OK) {
        for (size_t i = 0; i < n; i++)
            taken(alerts, &adds[i], &gathers[i]);
        return OK;
    }
    if (status != REFUSED && status != BAD_INPUT && status != ABSENT && status != CONFLICT)
        return status;
    if (n == 1) {
        say_refused(&adds[0], &outcome, reasons);
        return OK;
    }
    status = OK;
    for (size_t i = 0; status == OK && i < n; i++)
        status = write_some(alerts, &adds[i], 1, now, arena, reasons);
    return status;
}

enum status alerts_write(struct alerts *alerts, struct adding *adds, size_t n, moment now, struct arena *arena, struct reasons *reasons)
{
    enum status status = OK;
    for (size_t at = 0; status == OK && at < n; at += TOGETHER)
        status = write_some(alerts, adds + at, n - at < TOGETHER ? n - at : TOGETHER, now, arena, reasons);
    return status;
}

/* ---- evidence ---- */

enum status alerts_keep_evidence(struct alerts *alerts, struct group *group, moment now, struct arena *arena, struct reasons *reasons)
{
    struct buf lines;
    struct outcome outcome;
    unsigned n = 0, from = group->n_evidence;
    buf_init(&lines, EVENTS_ROOM + (64 << 10));
    for (const struct kept *kept = group->kept; kept && from + n < alerts->evidence; kept = kept->next, n++) {
        buf_add(&lines, kept->bytes, kept->len);
        buf_addc(&lines, '\n');
    }
    enum status status = lines.failed ? NO_MEMORY : OK;
    if (status == OK && n && *group->number && !group->refused) {
        struct own_file file = {"evidence", arena_printf(arena, n > 1 ? "events-%u-%u.jsonl" : "event-%u.jsonl", from + 1, from + n), "application/x-ndjson", lines.data, lines.len};
        struct own_attach attach = {.rule = RULE, .cause = "first events as evidence", .number = group->number, .files = &file, .n_files = 1};
        status = office_own_attach(alerts->office, &attach, now, arena, &outcome);
        if (status == REFUSED || status == BAD_INPUT || status == ABSENT || status == TOO_LARGE) {     /* full, or erased meanwhile */
            const struct reason *why = outcome.reasons.first;
            if (why)
                reason_add(reasons, why->rule, group->number, "%1$s", "")->text = why->text;
            status = OK;
        }
        alerts->counts.changes += status == OK;
    }
    buf_free(&lines);
    if (status == OK) {
        group->n_evidence += n;
        group->kept = NULL;
        group->n_kept = 0;
    }
    return status;
}
