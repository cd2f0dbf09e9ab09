/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An event through the rules in force, and what comes of it through the correlations. A hit brings along the event as JSON: its fields in their
 * order, long values cut, as many as fit; that is for people who triage, not for machines that match.
 */
#include "inside.h"

#include <string.h>

#include "base/text.h"

enum { VALUE_MOST = 4096, VALUES_MOST = 256 };

static void note_hit(void *arg, size_t rule)
{
    struct live *live = arg;
    if (live->n_hits < LIVE_HITS_MOST)
        live->hits[live->n_hits++] = rule;
}

static size_t cut_at(const struct event_value *value)
{
    size_t len = value->len;
    if (len > VALUE_MOST)
        for (len = VALUE_MOST; len && ((unsigned char)value->text[len] & 0xc0) == 0x80; len--)
            continue;
    return len;
}

static const char *name_of(const struct live *live, const struct event_value *value)
{
    return value->field ? fields_name(live->fields, value->field) : value->name ? value->name : "";
}

/* The event as JSON, made once. */
static void make_json(struct live *live, const struct event *event)
{
    struct val *object = val_object(live->words);
    size_t room = LIVE_EVENT_MOST - 512;
    if (live->json_made)
        return;
    live->json_made = true;
    for (size_t i = 0; i < event->n && i < VALUES_MOST; i++) {
        struct event_value *value = &event->values[i];
        const char *name = name_of(live, value);
        (void)event_text(event, value);
        size_t len = cut_at(value), cost = strlen(name) + 2 * len + 16;
        if (!utf8_valid(name, strlen(name)) || !utf8_valid(value->text, len) || cost > room)
            continue;
        room -= cost;
        struct val *text = val_strn(live->words, value->text, len), *before = val_get(object, name);
        if (before && before->kind == VAL_ARRAY) {
            val_push(live->words, before, text);
        } else if (before) {
            struct val *both = val_array(live->words);
            val_push(live->words, both, before);
            val_push(live->words, both, text);
            val_set(live->words, object, name, both);
        } else {
            val_set(live->words, object, name, text);
        }
    }
    buf_clear(&live->json);
    json_write(&live->json, object);
    if (live->json.failed || live->json.len > LIVE_EVENT_MOST) {
        live->json.failed = false;
        buf_clear(&live->json);
        buf_adds(&live->json, "{}");
    }
}

static void tell(struct live *live, const struct event *event, size_t index, bool correlation, moment time)
{
    const struct sigma_rule *rule = sigma_rule(live->rules->sigma, index);
    make_json(live, event);
    const struct live_hit hit = {.slot = live->slot, .generation = live->rules->generation, .text = live->rules->text_of[index], .seq = live->seq, .time = time,
        .correlation = correlation, .level = rule->level, .rule_id = rule->id ? rule->id : rule->name ? rule->name : rule->path, .rule_title = rule->title ? rule->title : "", .tags = rule->tags, .n_tags = rule->n_tags,
        .entity = entity_of(event, &live->rules->entity, live->words), .event = live->json.data, .event_len = live->json.len};
    live->gone |= !live_say_hit(live, &hit);
}

struct reporting { struct live *live; const struct event *event; };
static void report(void *arg, const struct correlated *found)
{
    struct reporting *reporting = arg;
    tell(reporting->live, reporting->event, found->rule, true, found->last);
}

void live_match(struct live *live, const struct event *event)
{
    struct rules *rules = live->rules;
    if (!rules)
        return;
    live->n_hits = 0;
    live->json_made = false;
    sigma_match(rules->matcher, event, note_hit, live);
    for (size_t i = 0; i < live->n_hits && !live->gone; i++)
        if (!correlator_silences(rules->correlator, live->hits[i]))
            tell(live, event, live->hits[i], false, event->time);
    if (live->n_hits)
        (void)correlator_take(rules->correlator, event, live->hits, live->n_hits, report, &(struct reporting){live, event});
}
