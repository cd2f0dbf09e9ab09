/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The high-water mark of a set of labels, policy by policy: the highest class, all restrictive and informative values,
 * and of each permissive tag the values that all labels carrying the tag have in common. Where they have none, the
 * result carries the empty value of that set: no clearance holds it, so the result is readable by nobody, even for a
 * caller who forgets to look at ret_empty, until a person has decided.
 */
#include <string.h>

#include "base/text.h"
#include "label/model.h"

struct tide {
    const struct policies *policies;
    const struct policy *policy;        /* NULL: unknown; then nothing can be merged but equal labels */
    const struct label *const *labels;
    unsigned n;
    struct arena *arena;
    struct category *out;
    unsigned n_out;
    bool empty;
};

static bool has(const struct label *label, const struct category *category)
{
    for (unsigned i = 0; i < label->n_categories; i++)
        if (category_compare(&label->categories[i], category) == 0)
            return true;
    return false;
}

static const struct sp_tag *tag_of(const struct tide *tide, const struct category *category)
{
    const struct sp_value *value = tide->policy && !is_nobody(category)
        ? policy_value(tide->policy, category->tag_set, category->type, category->lacv) : NULL;
    return value ? value->tag : NULL;
}

/* Whether two permissive categories belong together: one tag, or, where the policy does not know them, one set. */
static bool together(const struct tide *tide, const struct category *a, const struct category *b)
{
    const struct sp_tag *x = tag_of(tide, a), *y = tag_of(tide, b);
    if (x && y)
        return x == y;
    return a->type == b->type && strcmp(a->tag_set, b->tag_set) == 0;
}

/* Does every label that carries the category's tag carry this value? Seeing an empty one anywhere, no. */
static bool common(const struct tide *tide, const struct category *category)
{
    for (unsigned l = 0; l < tide->n; l++) {
        bool carries_tag = false;
        for (unsigned i = 0; i < tide->labels[l]->n_categories && !carries_tag; i++)
            carries_tag = is_permissive(tide->labels[l]->categories[i].type) &&
                          together(tide, &tide->labels[l]->categories[i], category);
        if (carries_tag && !has(tide->labels[l], category))
            return false;
    }
    return !is_nobody(category);
}

static bool tag_settled(const struct tide *tide, const struct category *category)
{
    for (unsigned i = 0; i < tide->n_out; i++)
        if (is_permissive(tide->out[i].type) && !is_nobody(&tide->out[i]) && together(tide, &tide->out[i], category))
            return true;
    return false;
}

static void merge(struct tide *tide)
{
    for (unsigned l = 0; l < tide->n; l++)
        for (unsigned i = 0; i < tide->labels[l]->n_categories; i++) {
            const struct category *category = &tide->labels[l]->categories[i];
            if (!is_permissive(category->type) || common(tide, category))
                tide->out[tide->n_out++] = *category;
        }
    /* a tag that somebody asked for and of which nothing is left */
    for (unsigned l = 0; l < tide->n; l++)
        for (unsigned i = 0; i < tide->labels[l]->n_categories; i++) {
            const struct category *category = &tide->labels[l]->categories[i];
            if (!is_permissive(category->type) || tag_settled(tide, category))
                continue;
            tide->empty = true;
            tide->out[tide->n_out++] = (struct category){ .tag_set = category->tag_set, .type = category->type,
                                                          .lacv = "" };
        }
}

/* The highest class; one that the policy does not rank counts as above all others, and stays. */
static const char *highest(const struct tide *tide)
{
    const char *best = tide->labels[0]->class_lacv;
    for (unsigned l = 0; l < tide->n; l++) {
        const char *here = tide->labels[l]->class_lacv;
        int rank = tide->policy ? policy_class_rank(tide->policy, here) : -1;
        if (rank < 0)
            return here;
        if (rank > policy_class_rank(tide->policy, best))
            best = here;
    }
    return best;
}

static struct label *high_water(struct tide *tide)
{
    unsigned room = 0;
    for (unsigned l = 0; l < tide->n; l++)
        room += 2 * tide->labels[l]->n_categories;
    tide->out = ARENA_ARRAY(tide->arena, struct category, room + 1);
    merge(tide);
    struct label *label = ARENA_NEW(tide->arena, struct label);
    label->policy = tide->labels[0]->policy;
    label->class_lacv = highest(tide);
    label->n_categories = categories_settle(tide->out, tide->n_out);
    label->categories = tide->out;
    return label;
}

struct label **label_high_water(const struct policies *policies, const struct label *const *labels, unsigned n,
                                struct arena *arena, unsigned *ret_n, bool **ret_empty)
{
    struct label **results = ARENA_ARRAY(arena, struct label *, n + 1);
    bool *empty = ARENA_ARRAY(arena, bool, n + 1), *done = ARENA_ARRAY(arena, bool, n + 1);
    unsigned count = 0;
    for (unsigned first = 0; first < n; first++) {
        if (done[first])
            continue;
        const struct label **group = ARENA_ARRAY(arena, const struct label *, n);
        struct tide tide = { .policies = policies, .policy = policies_by_oid(policies, labels[first]->policy),
                             .labels = group, .arena = arena };
        for (unsigned i = first; i < n; i++)
            if (strcmp(labels[i]->policy, labels[first]->policy) == 0) {
                group[tide.n++] = labels[i];
                done[i] = true;
            }
        results[count] = high_water(&tide);
        empty[count++] = tide.empty;
    }
    *ret_n = count;
    if (ret_empty)
        *ret_empty = empty;
    return results;
}
