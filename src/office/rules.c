/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Conditions and clocks as data: the refusals that a register's YAML words, and the due times that its rules give. Both look
 * at one record's own fields and links and at the persons in them; nothing here counts other records.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

/* Policies map their classes to rank words as thresholds of those names: the highest that the class reaches. */
static const char *rank_word_at(const struct policy *policy, int rank)
{
    for (int i = 0; policy && rank_words[i]; i++) {
        int from = policy_threshold(policy, rank_words[i]);
        if (from >= 0 && rank >= from)
            return rank_words[i];
    }
    return "UNCLASSIFIED";
}

const char *rank_word(const struct office *office, label_id id)
{
    const struct label_slot *slot = intern_label(office->intern, id);
    return rank_word_at(slot->policy, slot->rank);
}

static int rank_at(const char *word)
{
    int at = 0;
    while (rank_words[at] && !str_eq(rank_words[at], word))
        at++;
    return at;
}

/* ---- conditions ---- */

static bool person_also_in(const struct stage *stage, const struct image *image, const struct condition *when)
{
    for (size_t p = 0; p < image->n_links; p++) {
        if (image->links[p].field != when->field)
            continue;
        for (size_t o = 0; o < when->n_others; o++)
            if (image_links_to(image, when->others[o], image->links[p].to))
                return true;
        for (size_t s = 0; when->superiors_of && s < image->n_links; s++)
            if (image->links[s].field == when->superiors_of &&
                model_superior(stage->office->staged, image->links[p].to, image->links[s].to))
                return true;
    }
    return false;
}

static bool actor_in(const struct stage *stage, const struct image *image, const struct condition *when)
{
    for (size_t o = 0; stage->person && o < when->n_others; o++)
        if (image_links_to(image, when->others[o], stage->person))
            return true;
    return false;
}

static bool not_cleared(const struct stage *stage, const struct image *image, const struct condition *when)
{
    struct office *office = stage->office;
    bool found = false;
    for (size_t p = 0; !found && p < image->n_links; p++) {
        if (image->links[p].field != when->field)
            continue;
        struct holder *holder = holder_new(&office->access, office->staged, image->links[p].to, 0, NULL, stage->now);
        found = !holder_label(holder, intern_label(office->intern, image->label), NULL);
        holder_free(holder);
    }
    return found;
}

/* A link counts only to whom its end is visible: whoever writes, since the answer is theirs. Clocks, which everybody sees, look at no links
 * (the loader refuses it). */
static bool absent(struct stage *stage, const struct image *image, const struct field_def *field)
{
    if (field->type == FIELD_LINK || field->type == FIELD_LINKS)
        return !stage_sees_link(stage, image, field);
    const struct val *value = val_get(image->fields, field->name);
    return !value || (value->kind == VAL_STR && !value->str.len) || (value->kind == VAL_ARRAY && !value->count);
}

static bool is_one_of(const struct image *image, const struct condition *when)
{
    const struct val *value = val_get(image->fields, when->field->name);
    for (size_t w = 0; value && w < when->n_words; w++) {
        if (value->kind == VAL_BOOL && str_eq(when->words[w], value->truth ? "true" : "false"))
            return true;
        if (value->kind == VAL_STR && str_eq(when->words[w], value->str.s))
            return true;
        for (size_t i = 0; value->kind == VAL_ARRAY && i < value->count; i++)
            if (str_eq(when->words[w], val_text(value->items[i])))
                return true;
    }
    return false;
}

/* The rank word that chooses a rule's span: of the record's label, or of the highest class in a label or clearance field. */
static const char *ruling_rank(const struct stage *stage, const struct image *image, const struct condition *when)
{
    const struct policies *policies = stage->office->policies;
    const char *text = when->rank_of ? image_text(image, when->rank_of->name) : NULL;
    struct clearance *clearance;
    struct label *label;
    int rank = -1;
    if (!when->rank_of)
        return rank_word(stage->office, image->label);
    if (!text)
        return "UNCLASSIFIED";
    if (when->rank_of->type == FIELD_LABEL)
        return label_read(text, strlen(text), stage->arena, NULL, &label) != OK ? "UNCLASSIFIED"
            : rank_word_at(policies_find(policies, label->policy), policy_class_rank(policies_find(policies, label->policy), label->class_lacv));
    if (clearance_read(text, strlen(text), stage->arena, NULL, &clearance) != OK)
        return "UNCLASSIFIED";
    const struct policy *policy = policies_find(policies, clearance->policy);
    for (unsigned i = 0; policy && i < clearance->n_classes; i++)
        if (policy_class_rank(policy, clearance->classes[i]) > rank)
            rank = policy_class_rank(policy, clearance->classes[i]);
    return rank_word_at(policy, rank);
}

/* Where a rule says nothing for the rank, the condition compares with nothing and does not hold. */
static moment moved(const struct stage *stage, const struct image *image, const struct condition *when, moment other)
{
    struct span span;
    if (!when->by || other == MOMENT_NONE)
        return other;
    if (rule_span(when->by, ruling_rank(stage, image, when), &span) != OK)
        return MOMENT_NONE;
    return span_add(NULL, other, span);
}

static moment day_of(moment at) { return at - ((at % DAY) + DAY) % DAY; }

/* Days compare as days: a date field against now is over when its day is. `other` may be moved by a rule's span. */
static bool ordered(const struct stage *stage, const struct image *image, const struct condition *when, bool after)
{
    moment one = image_moment(image, when->field);
    moment other = when->against_now ? stage->now : image_moment(image, when->other);
    other = moved(stage, image, when, other);
    if (one == MOMENT_NONE || other == MOMENT_NONE)
        return false;
    if (when->field->type == FIELD_DATE) {
        one = day_of(one);
        other = day_of(other);
    }
    return after ? one > other : one < other;
}

static bool holds(struct stage *stage, const struct image *image, const struct condition *when)
{
    if (when->label_at_least && rank_at(rank_word(stage->office, image->label)) > rank_at(when->label_at_least))
        return false;
    if (when->unless && holds(stage, image, when->unless))
        return false;
    switch (when->test) {
    case TEST_PERSON_ALSO_IN: return person_also_in(stage, image, when);
    case TEST_ACTOR_IN: return actor_in(stage, image, when);
    case TEST_NOT_CLEARED: return not_cleared(stage, image, when);
    case TEST_IS: return is_one_of(image, when);
    case TEST_IS_NOT: return !is_one_of(image, when);
    case TEST_ABSENT: return absent(stage, image, when->field);
    case TEST_PRESENT: return !absent(stage, image, when->field);
    case TEST_AFTER: return ordered(stage, image, when, true);
    case TEST_BEFORE: return ordered(stage, image, when, false);
    }
    return false;
}

bool refusal_applies(struct stage *stage, const struct image *image, const struct refusal *refusal)
{
    if (!holds(stage, image, &refusal->when))
        return false;
    struct reason *reason = reason_add(stage->reasons, refusal->name, NULL, "%1$s", refusal->text.in[LANG_EN]);
    reason->text = refusal->text;
    reason->next = refusal->next;
    return true;
}

/* ---- clocks ---- */

static const struct calendar *calendar_of(const struct office *office, const char *name)
{
    return name ? pack_calendar(office->pack, name) : NULL;
}

static moment clock_start(const struct image *image, const struct clock_def *clock)
{
    if (clock->from_field)
        return image_moment(image, clock->from_field);
    if (clock->from_created)
        return image->created;
    return clock->from_state >= 0 ? val_get_int(image->since, image->def->states[clock->from_state].name, MOMENT_NONE)
                                  : MOMENT_NONE;
}

static moment clock_due(const struct stage *stage, const struct image *image, const struct clock_def *clock)
{
    struct span span;
    if (clock->to) {
        moment due = image_moment(image, clock->to);
        return due != MOMENT_NONE && clock->to->type == FIELD_DATE ? due + DAY - MINUTE : due;   /* by the end of its day */
    }
    moment start = clock_start(image, clock);
    if (start == MOMENT_NONE || rule_span(clock->rule, rank_word(stage->office, image->label), &span) != OK)
        return MOMENT_NONE;
    return span_add(calendar_of(stage->office, clock->calendar), start, span);
}

static bool clock_stopped(struct stage *stage, const struct image *image, const struct clock_def *clock)
{
    return (clock->stops_at >> image->state & 1) || image->def->states[image->state].final ||
           (clock->met_by && !absent(stage, image, clock->met_by));
}

/* A clock that stopped keeps the instant at which it did; one that starts again (a case reopened) runs anew. */
void clocks_compute(struct stage *stage, struct image *image)
{
    struct val *clocks = val_object(stage->arena);
    for (size_t i = 0; i < image->def->n_clocks; i++) {
        const struct clock_def *clock = &image->def->clocks[i];
        if (clock->when && !holds(stage, image, clock->when))
            continue;
        moment due = clock_due(stage, image, clock);
        if (due == MOMENT_NONE)
            continue;
        const struct val *former = val_get(image->clocks, clock->name);
        struct val *entry = val_object(stage->arena);
        val_set_int(stage->arena, entry, "due", due);
        if (clock_stopped(stage, image, clock))
            val_set_int(stage->arena, entry, "stopped", val_get_int(former, "stopped", stage->now));
        val_set(stage->arena, clocks, clock->name, entry);
    }
    image->clocks = clocks;
}
