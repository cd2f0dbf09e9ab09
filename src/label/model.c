/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding things in a loaded policy: values by (set, type, lacv) through an open hash, classes and sets by a walk,
 * since there are few; and the set of policies that an office holds.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/model.h"

const struct sp_class *policy_class(const struct policy *policy, const char *lacv)
{
    for (unsigned i = 0; i < policy->n_classes; i++)
        if (same_text(policy->classes[i].lacv, lacv))
            return &policy->classes[i];
    return NULL;
}

const struct sp_class *policy_class_named(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->n_classes; i++)
        if (str_eq(policy->classes[i].name, name))
            return &policy->classes[i];
    return NULL;
}

const struct sp_set *policy_set(const struct policy *policy, const char *oid)
{
    for (unsigned i = 0; i < policy->n_sets; i++)
        if (str_eq(policy->sets[i].oid, oid))
            return &policy->sets[i];
    return NULL;
}

const struct sp_set *policy_set_named(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->n_sets; i++)
        if (str_eq(policy->sets[i].name, name))
            return &policy->sets[i];
    return NULL;
}

/* The last eight bytes of a text as a number: identifiers of one policy differ at their ends. */
static uint64_t tail(const char *text)
{
    size_t len = strlen(text);
    uint64_t word = 0;
    if (len >= sizeof word)
        memcpy(&word, text + len - sizeof word, sizeof word);
    else
        memcpy(&word, text, len);
    return word + len;
}

static uint32_t slot_hash(const char *set, enum tag_type type, const char *lacv)
{
    uint64_t hash = (tail(set) ^ (uint64_t)type) * UINT64_C(0x9e3779b97f4a7c15);
    hash = ((hash ^ hash >> 29) + tail(lacv)) * UINT64_C(0xbf58476d1ce4e5b9);
    return (uint32_t)(hash >> 32);
}

static const struct sp_value **slot(const struct policy *policy, const char *set, enum tag_type type, const char *lacv)
{
    uint32_t at = slot_hash(set, type, lacv);
    for (;; at++) {
        const struct sp_value **here = &policy->slots[at & policy->mask];
        if (!*here || ((*here)->tag->type == type && same_text((*here)->lacv, lacv) &&
                       strcmp((*here)->tag->set->oid, set) == 0))
            return here;
    }
}

void policy_index(struct policy *policy)
{
    unsigned size = 16;
    while (size < 3 * policy->n_values)
        size *= 2;
    policy->slots = ARENA_ARRAY(policy->arena, const struct sp_value *, size);
    policy->mask = size - 1;
    for (unsigned s = 0; s < policy->n_sets; s++)
        for (unsigned t = 0; t < policy->sets[s].n; t++)
            for (unsigned v = 0; v < policy->sets[s].tags[t].n; v++) {
                struct sp_value *value = &policy->sets[s].tags[t].values[v];
                const struct sp_value **here = slot(policy, value->tag->set->oid, value->tag->type, value->lacv);
                if (!*here)
                    *here = value;      /* a later double is flawed, and so is this one */
            }
}

static bool is_date(const char *text)
{
    moment at;
    return strlen(text) == 10 && moment_read(text, &at) == OK;
}

/* One line as a form would hand it in: no blank at an end, none doubled. */
static bool is_tidy(const char *text, size_t len)
{
    if (!len || text[0] == ' ' || text[len - 1] == ' ')
        return false;
    for (size_t i = 0; i < len; i++)
        if ((unsigned char)text[i] < ' ' || (text[i] == ' ' && text[i + 1] == ' '))
            return false;
    return true;
}

static bool input_takes(const struct sp_value *value, const char *text)
{
    size_t len = strlen(text);
    if (!is_tidy(text, len))
        return false;
    switch (value->input) {
    case INPUT_INTEGER: return len && len <= 64 && strspn(text, "0123456789") == len;
    case INPUT_DATE: return value->date_format ? len && len <= 64 : is_date(text);
    case INPUT_STRING: return len && len <= 256;
    default: return false;
    }
}

static const struct sp_value *input_value(const struct policy *policy, const char *set_oid, enum tag_type type,
                                          const char *text)
{
    const struct sp_set *set = policy_set(policy, set_oid);
    const struct sp_value *found = NULL;
    for (unsigned t = 0; set && t < set->n; t++)
        for (unsigned v = 0; set->tags[t].type == type && v < set->tags[t].n; v++) {
            const struct sp_value *value = &set->tags[t].values[v];
            if (strcmp(value->name, text) == 0)
                return NULL;        /* an entered text may not pass for a listed value */
            if (!found && input_takes(value, text))
                found = value;
        }
    return found;
}

const struct sp_value *policy_value(const struct policy *policy, const char *set, enum tag_type type, const char *lacv)
{
    const struct sp_value *value = *slot(policy, set, type, lacv);
    return value ? value : input_value(policy, set, type, lacv);
}

bool value_in_force(const struct sp_value *value, moment now)
{
    return (value->not_before == MOMENT_NONE || now >= value->not_before) &&
           (value->not_after == MOMENT_NONE || now <= value->not_after);
}

bool selector_takes(const struct selector *selector, const struct category *category)
{
    return selector->set_oid && selector->type == category->type && strcmp(selector->set_oid, category->tag_set) == 0 &&
           (!selector->lacv || strcmp(selector->lacv, category->lacv) == 0);
}

static moment sooner(moment best, moment now, moment begins, moment ends)
{
    if (begins != MOMENT_NONE && begins > now && begins < best)
        best = begins;
    if (ends != MOMENT_NONE && ends >= now && ends != MOMENT_EVER && ends + 1 < best)
        best = ends + 1;            /* notAfter itself is still in force */
    return best;
}

/* The face. */

moment policies_next_change(const struct policies *policies, moment now)
{
    moment best = MOMENT_EVER;
    for (unsigned p = 0; p < policies->n; p++) {
        const struct policy *policy = policies->list[p];
        best = sooner(best, now, policy->not_before, policy->not_after);
        for (unsigned s = 0; s < policy->n_sets; s++)
            for (unsigned t = 0; t < policy->sets[s].n; t++)
                for (unsigned v = 0; v < policy->sets[s].tags[t].n; v++)
                    best = sooner(best, now, policy->sets[s].tags[t].values[v].not_before,
                                  policy->sets[s].tags[t].values[v].not_after);
    }
    return best;
}

void policy_free(struct policy *policy)
{
    if (policy)
        arena_free(policy->arena);
}

const char *policy_oid(const struct policy *policy) { return policy->oid; }
const char *policy_name(const struct policy *policy) { return policy->name; }

int policy_class_rank(const struct policy *policy, const char *lacv)
{
    const struct sp_class *class = policy_class(policy, lacv);
    return class && class->flaw == FLAW_NONE ? class->rank : -1;
}

const char *policy_class_colour(const struct policy *policy, const char *lacv)
{
    const struct sp_class *class = policy_class(policy, lacv);
    return class ? class->color : NULL;
}

int policy_threshold(const struct policy *policy, const char *name)
{
    for (unsigned i = 0; i < policy->n_thresholds; i++)
        if (str_eq(policy->thresholds[i].name, name))
            return policy->thresholds[i].rank;
    return -1;
}

struct policies *policies_new(void)
{
    return calloc(1, sizeof(struct policies));
}

enum status policies_add(struct policies *policies, struct policy *policy, struct reasons *reasons)
{
    for (unsigned i = 0; i < policies->n; i++)
        if (str_eq(policies->list[i]->oid, policy->oid) || str_eq(policies->list[i]->name, policy->name)) {
            SAY(reasons, "policy.twice", NULL, T_("The policy %1$s (%2$s) is loaded already"), policy->name, policy->oid);
            return REFUSED;
        }
    if (policies->n == policies->cap) {
        unsigned cap = policies->cap ? 2 * policies->cap : 8;
        struct policy **more = realloc(policies->list, cap * sizeof *more);
        if (!more)
            return NO_MEMORY;
        policies->list = more;
        policies->cap = cap;
    }
    policies->list[policies->n++] = policy;
    return OK;
}

void policies_free(struct policies *policies)
{
    for (unsigned i = 0; policies && i < policies->n; i++)
        policy_free(policies->list[i]);
    if (policies)
        free(policies->list);
    free(policies);
}

unsigned policies_count(const struct policies *policies) { return policies->n; }
const struct policy *policies_at(const struct policies *policies, unsigned i)
{
    return i < policies->n ? policies->list[i] : NULL;
}

const struct policy *policies_by_oid(const struct policies *policies, const char *oid)
{
    for (unsigned i = 0; i < policies->n; i++)
        if (strcmp(policies->list[i]->oid, oid) == 0)
            return policies->list[i];
    return NULL;
}

const struct policy *policies_find(const struct policies *policies, const char *oid_or_name)
{
    if (!oid_or_name)
        return NULL;
    const struct policy *policy = policies_by_oid(policies, oid_or_name);
    if (policy)
        return policy;
    for (unsigned i = 0; i < policies->n; i++)
        if (strcmp(policies->list[i]->name, oid_or_name) == 0)
            return policies->list[i];
    return NULL;
}
