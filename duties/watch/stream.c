/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The watch's side of live intake: what a lane's worker goes by (rule sets in force, filters, placeholders, the log-source map), and what becomes of
 * what it finds (alerts).
 *
 * A worker may have been taken over by what it read. Of a hit it chooses the words, the event and which of the lane's texts of rules it was; the
 * office itself knows which rule set that text belongs to and which registers' values it could have used, and the alert bears the high-water
 * mark of all of these and of the source.
 */
#include "watch/stream.h"

#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "office/office.h"
#include "watch/alerts/alerts.h"
#include "watch/live/live.h"
#include "watch/ruleset/ruleset.h"

enum { TABLES = 3 };
#define TABLE_MOST ((size_t)64 << 20)

/* What the texts of one configuration stand for. */
struct meaning { const char **labels; size_t n_labels; };
struct table { struct arena *arena; uint32_t generation; struct meaning *texts; size_t n; };
struct watching {
    struct office *office;
    struct lane_view lane;
    struct alerts *alerts;
    pthread_mutex_t lock;                  /* configurations come from another thread */
    struct table tables[TABLES];           /* the newest first: hits of the one before may still be under way */
    char hash[65];
};

static void *begin(struct office *office, const struct lane_view *lane, struct arena *arena)
{
    struct watching *watching = ARENA_NEW(arena, struct watching);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    *watching = (struct watching){.office = office, .lane = *lane};
    pthread_mutex_init(&watching->lock, NULL);
    watching->alerts = alerts_open(office, arena, &reasons);
    if (!watching->alerts)
        log_error("alerts cannot be raised: %s", reasons_text(&reasons, LANG_EN));
    return watching;
}

static void end(void *state)
{
    struct watching *watching = state;
    for (size_t i = 0; i < TABLES; i++)
        arena_free(watching->tables[i].arena);
    pthread_mutex_destroy(&watching->lock);
}

/* ---- configuration ---- */

static bool names(const struct sigma_text *text, const char *placeholder, struct arena *arena)
{
    const char *wanted = arena_printf(arena, "%%%s%%", placeholder);
    return memmem(text->text, text->len, wanted, strlen(wanted)) != NULL;
}

static void add(struct meaning *to, size_t room, const char *label, struct arena *arena)
{
    for (size_t i = 0; i < to->n_labels; i++)
        if (str_eq(to->labels[i], label))
            return;
    if (to->n_labels < room)
        to->labels[to->n_labels++] = arena_strdup(arena, label);
}

/* The labels whose high-water mark an alert of a rule in this text must bear. */
static void mean(struct watching *watching, const struct rules_in_force *force, const struct sigma_text *text, struct meaning *ret, struct arena *arena, struct arena *scratch)
{
    const struct rules_set *set = rules_set_of(force, text->path);
    size_t room = 2 + force->n_source_labels;
    for (size_t i = 0; i < force->n_bindings; i++)
        room += force->origins[i].n;
    *ret = (struct meaning){.labels = ARENA_ARRAY(arena, const char *, room)};
    add(ret, room, watching->lane.label, arena);
    if (set)
        add(ret, room, set->label, arena);
    for (size_t i = 0; i < force->n_source_labels; i++)
        add(ret, room, force->source_labels[i], arena);
    for (size_t i = 0; i < force->n_bindings; i++)
        for (size_t k = 0; k < force->origins[i].n && names(text, force->bindings[i].name, scratch); k++)
            add(ret, room, force->origins[i].labels[k], arena);
}

static bool learn(struct watching *watching, const struct rules_in_force *force, const struct sigma_text *texts, size_t n, uint32_t generation, struct arena *scratch)
{
    struct table table = {.arena = arena_new(TABLE_MOST), .generation = generation, .n = n};
    if (!table.arena)
        return false;
    table.texts = ARENA_ARRAY(table.arena, struct meaning, n + 1);
    for (size_t i = 0; i < n; i++)
        mean(watching, force, &texts[i], &table.texts[i], table.arena, scratch);
    pthread_mutex_lock(&watching->lock);
    arena_free(watching->tables[TABLES - 1].arena);
    memmove(watching->tables + 1, watching->tables, (TABLES - 1) * sizeof *watching->tables);
    watching->tables[0] = table;
    pthread_mutex_unlock(&watching->lock);
    return true;
}

static enum status configure(struct office *office, void *state, const struct lane_view *lane, uint32_t generation, moment now, struct arena *arena, struct reasons *reasons, struct buf *out)
{
    struct watching *watching = state;
    struct rules_in_force force;
    struct sigma_options options = {0};
    const struct sigma_text *texts;
    enum status status = rules_in_force(office, lane->file, now, arena, reasons, &force);
    if (status != OK)
        return status;
    if (str_eq(force.hash, watching->hash))
        return ABSENT;
    size_t n = rules_texts(&force, arena, &texts, &options);
    const struct rule *entity = pack_rule(office_pack(office), "alert.entity");
    const struct val *fields = entity ? rule_value(entity, NULL) : NULL;
    struct live_configuration with = {.generation = generation, .sources = options.sources, .texts = texts, .n_texts = n, .bindings = options.bindings, .n_bindings = options.n_bindings};
    const char **entities = ARENA_ARRAY(arena, const char *, val_count(fields) + 1);
    for (size_t i = 0; i < val_count(fields); i++)
        if (val_text(val_at(fields, i)))
            entities[with.n_entity++] = val_text(val_at(fields, i));
    with.entity = entities;
    if (!learn(watching, &force, texts, n, generation, arena))
        return NO_MEMORY;
    live_configuration_write(out, &with);
    if (out->failed)
        return TOO_LARGE;
    memcpy(watching->hash, force.hash, sizeof watching->hash);
    return OK;
}

/* ---- what a worker says ---- */

static enum status take_hit(struct watching *watching, const char *bytes, size_t len, const char *(*number_of)(void *, uint32_t), void *arg, moment now, struct arena *arena)
{
    struct live_hit hit;
    struct watch_guard guard = {0};
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (live_hit_read(bytes, len, arena, &hit) != OK || !(guard.source = number_of(arg, hit.slot)))
        return DAMAGED;
    pthread_mutex_lock(&watching->lock);
    for (size_t i = 0; i < TABLES && !guard.labels; i++)
        if (watching->tables[i].arena && watching->tables[i].generation == hit.generation && hit.text < watching->tables[i].n) {
            const struct meaning *meaning = &watching->tables[i].texts[hit.text];
            const char **labels = ARENA_ARRAY(arena, const char *, meaning->n_labels + 1);
            for (size_t k = 0; k < meaning->n_labels; k++)
                labels[k] = arena_strdup(arena, meaning->labels[k]);
            guard.labels = labels;
            guard.n_labels = meaning->n_labels;
        }
    pthread_mutex_unlock(&watching->lock);
    if (!guard.labels)
        return DAMAGED;
    guard.file = watching->lane.file;
    const struct watch_hit found = {.guard = &guard, .rule_id = hit.rule_id, .rule_title = hit.rule_title, .level = hit.level, .tags = hit.tags, .n_tags = hit.n_tags, .seq = hit.seq,
        .time = hit.time, .entity = *hit.entity ? hit.entity : NULL, .event = hit.event, .event_len = hit.event_len};
    enum status status = watching->alerts ? alerts_take(watching->alerts, &found, 1, now, arena, &reasons) : OK;
    if (reasons.count)
        log_warn("a hit: %s", reasons_text(&reasons, LANG_EN));
    return status;
}

static enum status said(void *state, uint32_t kind, const char *bytes, size_t len, const char *(*number_of)(void *, uint32_t), void *arg, moment now, struct arena *arena)
{
    struct live_verdict verdict;
    if (kind == LIVE_HIT)
        return take_hit(state, bytes, len, number_of, arg, now, arena);
    if (kind != LIVE_VERDICT || live_verdict_read(bytes, len, arena, &verdict) != OK)
        return DAMAGED;
    if (*verdict.fault)
        log_error("a log worker cannot work by what is in force: %s", verdict.fault);
    else
        log_info("a log worker works by %u rules, correlations and filters, compiled in %u ms; %u could not be compiled", verdict.ready, verdict.milliseconds, verdict.refused);
    return OK;
}

static enum status keep(void *state, bool all, moment now, struct arena *arena)
{
    struct watching *watching = state;
    struct reasons reasons;
    if (!watching->alerts || (!all && alerts_due(watching->alerts) > now))
        return OK;
    reasons_init(&reasons, arena);
    enum status status = alerts_flush(watching->alerts, all, now, arena, &reasons);
    if (status != OK)
        log_error("alerts could not be brought up to date (%s): %s", status_name(status), reasons_text(&reasons, LANG_EN));
    return status;
}

static const char *const configured_by[] = {"rule-set", "detection-filter", "detection-binding", "rule-key", "system", "asset", NULL};
const struct stream_def watch_stream = {.sources = "log-source", .segments = "event-segment", .hold_rule = "event-segment.hold", .size_rule = "event-segment.size",
    .span_rule = "event-segment.span", .deliver_right = "deliver-events", .work = live_work, .configured_by = configured_by, .configure = configure, .begin = begin, .end = end,
    .said = said, .keep = keep};
