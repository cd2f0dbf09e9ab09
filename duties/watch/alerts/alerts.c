/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See alerts.h. Memory holds groups in a table of fixed size, found by a hash; guards with their joined label; how many entities each rule
 * has had in its window; and the bytes of first events. When one of them is full, all is written and the memory begins anew.
 */
#include "watch/alerts/alerts.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/text.h"
#include "watch/alerts/inside.h"

/* ---- texts ---- */

uint64_t hash_text(uint64_t hash, const char *text)
{
    for (const unsigned char *at = (const unsigned char *)(text ? text : "");; at++) {
        unsigned char c = *at >= 'A' && *at <= 'Z' ? (unsigned char)(*at + 32) : *at;
        hash = (hash ^ c) * UINT64_C(0x100000001b3);
        if (!c)
            return hash;
    }
}

/* A line as a register holds it: no control characters, cut in whole characters. */
static void put_line(char *out, size_t most, const char *text)
{
    size_t at = 0, len = text ? strlen(text) : 0, put = 0;
    while (at < len) {
        size_t n = utf8_length(text + at, len - at);
        if (!n || put + n > most)
            break;
        if (n == 1 && ((unsigned char)text[at] < 32 || text[at] == 127))
            out[put++] = ' ';
        else
            for (size_t i = 0; i < n; i++)
                out[put++] = text[at + i];
        at += n;
    }
    while (put && out[put - 1] == ' ')
        put--;
    out[put] = 0;
}

static void put_techniques(char *out, const struct watch_hit *hit)
{
    size_t put = 0;
    for (size_t i = 0; i < hit->n_tags; i++) {
        const char *tag = hit->tags[i] && str_starts(hit->tags[i], "attack.t") ? hit->tags[i] + 8 : NULL;
        size_t len = tag ? strlen(tag) : 0;
        if (len < 4 || len > 8 || strspn(tag, "0123456789.") != len || put + len + 4 > LINE_MOST)
            continue;
        put += (size_t)snprintf(out + put, LINE_MOST - put, "%sT%s", put ? ", " : "", tag);
    }
    out[put] = 0;
}

/* From the event's JSON, where the worker has not said it: {field: text or [texts]}. */
static const char *entity_of_json(const struct alerts *alerts, const struct watch_hit *hit, struct arena *arena)
{
    struct reasons ignored;
    struct val *event;
    reasons_init(&ignored, arena);
    if (!hit->event || json_read(arena, hit->event, hit->event_len, (struct json_limits){.bytes = ALERT_EVENT_MOST}, &ignored, &event) != OK)
        return "";
    for (size_t i = 0; i < alerts->n_entity_names; i++) {
        const struct val *value = val_get(event, alerts->entity_names[i]);
        const char *text = val_text(value && value->kind == VAL_ARRAY ? val_at(value, 0) : value);
        if (text && *text && strcmp(text, "-") != 0)
            return text;
    }
    return "";
}

/* ---- guards ---- */

static bool join_labels(struct alerts *alerts, const struct watch_guard *from, struct guard *guard, struct arena *arena, struct reasons *reasons)
{
    const struct label **all = ARENA_ARRAY(arena, const struct label *, from->n_labels + 1);
    unsigned n = 0, n_high = 0;
    bool *empty = NULL;
    for (size_t i = 0; i < from->n_labels; i++) {
        struct label *label;
        if (label_read(from->labels[i], strlen(from->labels[i]), arena, reasons, &label) != OK)
            return false;
        all[n++] = label;
    }
    struct label **high = label_high_water(office_policies(alerts->office), all, n, arena, &n_high, &empty);
    const char *text = n_high == 1 && !empty[0] ? label_write(high[0], arena) : NULL;
    if (!text || strlen(text) >= sizeof guard->label) {
        reason_add(reasons, "alert.label", "label", T_("The labels of source, rules and registers have no common mark under one policy: a person has to decide. Source: %1$s."), from->source ? from->source : "");
        return false;
    }
    memcpy(guard->label, text, strlen(text) + 1);
    return true;
}

static struct guard *guard_of(struct alerts *alerts, const struct watch_guard *from, struct arena *arena, struct reasons *reasons)
{
    uint64_t hash = hash_text(hash_text(hash_text(UINT64_C(0xcbf29ce484222325), from->file), from->source), from->system);
    for (size_t i = 0; i < from->n_labels; i++)
        hash = hash_text(hash, from->labels[i]);
    for (size_t i = 0; i < alerts->n_guards; i++)
        if (alerts->guards[i].hash == hash)
            return &alerts->guards[i];
    if (alerts->n_guards == GUARDS_MOST)
        return NULL;
    struct guard *guard = &alerts->guards[alerts->n_guards++];
    *guard = (struct guard){.hash = hash};
    guard->usable = join_labels(alerts, from, guard, arena, reasons);
    put_line(guard->file, sizeof guard->file - 1, from->file);
    put_line(guard->source, sizeof guard->source - 1, from->source);
    put_line(guard->system, sizeof guard->system - 1, from->system);
    guard->eyes = hash_text(hash_text(UINT64_C(0xcbf29ce484222325), guard->label), guard->file);
    return guard;
}

/* ---- how many entities a rule has had ---- */

struct counter *alerts_counter(struct alerts *alerts, uint64_t eyes, const char *rule_id, moment now)
{
    uint64_t hash = hash_text(eyes, rule_id) | 1;
    struct counter *oldest = NULL;
    for (size_t i = 0; i < 8; i++) {           /* eight places for each; the one that began first gives way */
        struct counter *counter = &alerts->counters[(hash + i * 0x9e37) % COUNTERS_MOST];
        if (counter->hash == hash) {
            if (now - counter->since > alerts->window)
                *counter = (struct counter){hash, 0, now};
            return counter;
        }
        if (!oldest || !counter->hash || (oldest->hash && counter->since < oldest->since))
            oldest = counter;
        if (!counter->hash)
            break;
    }
    *oldest = (struct counter){hash, 0, now};
    return oldest;
}

/* ---- groups ---- */

static void forget(struct alerts *alerts)
{
    memset(alerts->index, 0, INDEX_SIZE * sizeof *alerts->index);
    memset(alerts->groups, 0, alerts->n_groups * sizeof *alerts->groups);
    alerts->n_groups = alerts->n_guards = 0;
    alerts->used = 0;
    alerts->due = MOMENT_EVER;
}

static uint16_t *place_of(struct alerts *alerts, uint64_t hash)
{
    size_t at = (size_t)(hash >> 20) % INDEX_SIZE;
    while (alerts->index[at] && alerts->groups[alerts->index[at] - 1].hash != hash)
        at = (at + 1) % INDEX_SIZE;
    return &alerts->index[at];
}

static uint64_t group_hash(const struct guard *guard, const char *origin, const char *rule_id, const char *entity)
{
    uint64_t hash = hash_text(hash_text(*origin ? hash_text(guard->eyes, origin) : guard->eyes, rule_id), entity);
    hash ^= hash >> 29;
    return hash * UINT64_C(0xbf58476d1ce4e5b9) | 1;
}

static void name_group(struct group *group, struct arena *arena)
{
    char *text = arena_printf(arena, "%s\n%s\n%s\n%s%s%s", group->rule_id, group->entity, group->guard->label, group->guard->file, *group->origin ? "\n" : "", group->origin);
    for (char *at = text; *at; at++)
        *at = *at >= 'A' && *at <= 'Z' ? (char)(*at + 32) : *at;
    struct hash hash = sha256(text, strlen(text));
    hex_write(hash.bytes, GROUP_DIGITS / 2, group->value);
}

/* NULL: memory is full. */
static struct group *group_of(struct alerts *alerts, const struct watch_hit *hit, const struct guard *guard, moment now, struct arena *arena)
{
    char entity[ENTITY_MOST + 1], rule_id[81], origin[17];
    put_line(origin, sizeof origin - 1, hit->origin);
    put_line(rule_id, sizeof rule_id - 1, hit->rule_id && *hit->rule_id ? hit->rule_id : hit->rule_title);
    put_line(entity, sizeof entity - 1, hit->entity ? hit->entity : entity_of_json(alerts, hit, arena));
    uint64_t hash = group_hash(guard, origin, rule_id, entity);
    uint16_t *place = place_of(alerts, hash);
    if (*place)
        return &alerts->groups[*place - 1];
    struct counter *counter = alerts_counter(alerts, guard->eyes, rule_id, now);
    if (counter->n >= alerts->entities && strcmp(entity, OTHERS) != 0) {
        alerts->counts.merged++;
        put_line(entity, sizeof entity - 1, OTHERS);
        hash = group_hash(guard, origin, rule_id, entity);
        place = place_of(alerts, hash);
        if (*place)
            return &alerts->groups[*place - 1];
    } else {
        counter->n++;
    }
    if (alerts->n_groups == ALERT_GROUPS_MOST)
        return NULL;
    struct group *group = &alerts->groups[alerts->n_groups++];
    *group = (struct group){.hash = hash, .guard = guard, .level = hit->level > SIGMA_CRITICAL ? SIGMA_CRITICAL : hit->level, .seen = MOMENT_NONE};
    put_line(group->rule_id, sizeof group->rule_id - 1, rule_id);
    put_line(group->origin, sizeof group->origin - 1, origin);
    put_line(group->reference, sizeof group->reference - 1, hit->reference);
    put_line(group->entity, sizeof group->entity - 1, entity);
    put_line(group->title, LINE_MOST, hit->rule_title && *hit->rule_title ? hit->rule_title : rule_id);
    put_techniques(group->techniques, hit);
    name_group(group, arena);
    *place = (uint16_t)alerts->n_groups;
    return group;
}

/* ---- taking ---- */

static void keep_event(struct alerts *alerts, struct group *group, const struct watch_hit *hit)
{
    unsigned wanted = group->n_evidence >= alerts->evidence ? 1 : alerts->evidence - group->n_evidence;    /* one more in case a new alert must begin */
    size_t need = sizeof(struct kept) + hit->event_len;
    need = (need + 15) & ~(size_t)15;
    if (!hit->event || !hit->event_len || hit->event_len > ALERT_EVENT_MOST || group->n_kept >= wanted || alerts->used + need > EVENTS_ROOM)
        return;
    struct kept *kept = (struct kept *)(void *)(alerts->room + alerts->used);
    char *bytes = (char *)(kept + 1);
    alerts->used += need;
    for (size_t i = 0; i < hit->event_len; i++)
        bytes[i] = hit->event[i] == '\n' || hit->event[i] == '\r' ? ' ' : hit->event[i];
    *kept = (struct kept){NULL, hit->event_len, bytes};
    if (!group->kept)
        group->kept_end = &group->kept;
    *group->kept_end = kept;
    group->kept_end = &kept->next;
    group->n_kept++;
}

static void add_hit(struct group *group, uint32_t at, struct arena *arena)
{
    if (group->n_hits == group->cap_hits) {
        size_t cap = group->cap_hits ? 2 * group->cap_hits : 8;
        uint32_t *grown = ARENA_ARRAY(arena, uint32_t, cap);
        if (group->n_hits)
            memcpy(grown, group->hits, group->n_hits * sizeof *grown);
        group->hits = grown;
        group->cap_hits = cap;
    }
    group->hits[group->n_hits++] = at;
}

static void gather_hit(struct alerts *alerts, struct group *group, const struct watch_hit *hit, moment now)
{
    moment time = hit_time(hit, now);
    group->first = group->events && group->first < time ? group->first : time;
    group->last = group->events && group->last > time ? group->last : time;
    group->through = hit->seq > group->through ? hit->seq : group->through;
    group->events++;
    if (alerts->due == MOMENT_EVER)
        alerts->due = now + alerts->gather;
}

struct call { struct alerts *alerts; const struct watch_hit *hits; moment now; struct arena *arena; struct reasons *reasons; struct group *list[ALERT_GROUPS_MOST]; size_t n; };

/* A group that is not known, or whose window is over, asks the writer at once. */
static void take_hit(struct call *call, struct group *group, uint32_t at)
{
    struct alerts *alerts = call->alerts;
    const struct watch_hit *hit = &call->hits[at];
    moment time = hit_time(hit, call->now);
    bool repeated = hit->seq && hit->seq <= group->through;
    if (group->refused || (repeated && !group->at_once))
        return;
    bool far = *group->number && group->seen != MOMENT_NONE && time > group->seen + alerts->window;
    if (!group->at_once && (!*group->number || far)) {
        group->at_once = true;
        group->hits = NULL;
        group->n_hits = group->cap_hits = 0;
        call->list[call->n++] = group;
    }
    group->seen = group->seen == MOMENT_NONE || time > group->seen ? time : group->seen;
    if (group->at_once)
        add_hit(group, at, call->arena);
    else
        gather_hit(alerts, group, hit, call->now);
    keep_event(alerts, group, hit);
}

static struct adding gathered(struct alerts *alerts, struct group *group, moment now)
{
    return (struct adding){.alerts = alerts, .group = group, .events = group->events, .first = group->first, .last = group->last, .through = group->through, .now = now};
}

static enum status write_call(struct call *call)
{
    struct alerts *alerts = call->alerts;
    struct adding *adds = ARENA_ARRAY(call->arena, struct adding, 2 * call->n + 1);
    size_t n = 0;
    for (size_t i = 0; i < call->n; i++) {
        struct group *group = call->list[i];
        if (group->events)
            adds[n++] = gathered(alerts, group, call->now);
        adds[n++] = (struct adding){.alerts = alerts, .group = group, .hits = call->hits, .which = group->hits, .n = group->n_hits, .now = call->now};
        group->at_once = false;
    }
    call->n = 0;
    enum status status = alerts_write(alerts, adds, n, call->now, call->arena, call->reasons);
    for (size_t i = 0; i < n; i++) {
        if (adds[i].group->kept && alerts->due == MOMENT_EVER)
            alerts->due = call->now + alerts->gather;
        adds[i].group->hits = NULL;
        adds[i].group->n_hits = adds[i].group->cap_hits = 0;
    }
    return status;
}

enum status alerts_take(struct alerts *alerts, const struct watch_hit *hits, size_t n, moment now, struct arena *arena, struct reasons *reasons)
{
    struct call *call = ARENA_NEW(arena, struct call);
    const struct watch_guard *of = NULL;
    struct guard *guard = NULL;
    enum status status = OK;
    *call = (struct call){.alerts = alerts, .hits = hits, .now = now, .arena = arena, .reasons = reasons};
    for (uint32_t i = 0; status == OK && i < n; i++) {
        struct group *group = NULL;
        if (hits[i].guard != of || !guard)
            guard = guard_of(alerts, of = hits[i].guard, arena, reasons);
        if (guard && !guard->usable) {
            alerts->counts.refused++;
            alerts->counts.hits++;
            continue;
        }
        group = guard ? group_of(alerts, &hits[i], guard, now, arena) : NULL;
        if (!group) {                          /* full: everything is written, and the hit tried again */
            status = write_call(call);
            if (status == OK)
                status = alerts_flush(alerts, true, now, arena, reasons);
            if (status != OK)
                break;
            forget(alerts);
            guard = NULL;
            i--;
            continue;
        }
        take_hit(call, group, i);
        alerts->counts.hits++;
    }
    return status == OK ? write_call(call) : status;
}

enum status alerts_flush(struct alerts *alerts, bool all, moment now, struct arena *arena, struct reasons *reasons)
{
    enum status status;
    size_t n = 0;
    if (alerts->due == MOMENT_EVER || (!all && now < alerts->due))
        return OK;
    struct adding *adds = ARENA_ARRAY(arena, struct adding, alerts->n_groups + 1);
    for (size_t i = 0; i < alerts->n_groups; i++)
        if (alerts->groups[i].events)
            adds[n++] = gathered(alerts, &alerts->groups[i], now);
    status = alerts_write(alerts, adds, n, now, arena, reasons);
    for (size_t i = 0; status == OK && i < alerts->n_groups; i++)
        if (alerts->groups[i].kept)
            status = alerts_keep_evidence(alerts, &alerts->groups[i], now, arena, reasons);
    if (status == OK) {
        alerts->due = MOMENT_EVER;
        alerts->used = 0;
    }
    return status;
}

moment alerts_due(const struct alerts *alerts) { return alerts->due; }
struct alerts_counts alerts_counts(const struct alerts *alerts) { return alerts->counts; }
