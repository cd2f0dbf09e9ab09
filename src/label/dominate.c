/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The access decision: does a clearance dominate a label? And the lattice order between labels. Both walk sorted
 * arrays of identifiers; nothing is allocated on the way unless the policies differ or reasons are wanted. Everything
 * that is unknown, unclear or out of order denies.
 */
#include <string.h>

#include "base/text.h"
#include "label/model.h"

enum { FEW_VALUES = 12 };       /* up to here a walk is quicker than a search */

static bool holds(const struct clearance *clearance, const struct category *category)
{
    if (clearance->n_categories <= FEW_VALUES) {
        for (unsigned i = 0; i < clearance->n_categories; i++) {
            const struct category *held = &clearance->categories[i];
            if (held->type == category->type && same_text(held->lacv, category->lacv) &&
                strcmp(held->tag_set, category->tag_set) == 0)
                return true;
        }
        return false;
    }
    unsigned low = 0, high = clearance->n_categories;
    while (low < high) {
        unsigned middle = (low + high) / 2;
        int order = category_compare(&clearance->categories[middle], category);
        if (order == 0)
            return true;
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return false;
}

static void grant(struct reasons *reasons, struct reason *reason)
{
    if (reasons && reason)
        reason->grants = true;
}

static bool class_reached(const struct policy *policy, const struct sp_class *class, const struct clearance *clearance)
{
    for (unsigned i = 0; i < clearance->n_classes; i++) {
        if (!policy->by_hierarchy) {
            if (same_text(clearance->classes[i], class->lacv))
                return true;
            continue;
        }
        const struct sp_class *held = policy_class(policy, clearance->classes[i]);
        if (held && held->flaw == FLAW_NONE && held->rank >= class->rank)
            return true;
    }
    return false;
}

static bool check_class(const struct policy *policy, const struct label *label, const struct clearance *clearance,
                        struct reasons *reasons)
{
    const struct sp_class *class = policy_class(policy, label->class_lacv);
    if (!class || class->flaw != FLAW_NONE) {
        SAY(reasons, "dominance.class-unknown", "class", T_("The policy %1$s has no usable class %2$s"), policy->name,
            label->class_lacv);
        return false;
    }
    bool reached = class_reached(policy, class, clearance);
    if (!reached)
        SAY(reasons, "dominance.class", "class", T_("The clearance does not reach the class %1$s"), class->name);
    else
        grant(reasons, SAY(reasons, "dominance.class", "class", T_("The clearance reaches the class %1$s"), class->name));
    return reached;
}

/* What a permissive tag has met so far. A label has few tags, so they stand in a short list; a label with more than the
 * list holds is denied. */
enum { FEW_TAGS = 16 };
struct met {
    const struct sp_tag *tag;
    bool common;
};

static void say_value(struct reasons *reasons, bool good, const struct sp_value *value)
{
    if (good)
        grant(reasons, SAY(reasons, "dominance.restrictive", "categories", T_("The clearance holds %1$s"), value->name));
    else
        SAY(reasons, "dominance.restrictive", "categories", T_("The clearance does not hold %1$s"), value->name);
}

static void say_tag(struct reasons *reasons, const struct met *met)
{
    const char *name = *met->tag->name ? met->tag->name : met->tag->set->name;
    if (met->common)
        grant(reasons, SAY(reasons, "dominance.permissive", "categories",
                           T_("The clearance holds at least one of the values of %1$s"), name));
    else
        SAY(reasons, "dominance.permissive", "categories",
            T_("The clearance holds none of the values of %1$s that the label is released to"), name);
}

static struct met *met_of(struct met *list, unsigned *n, const struct sp_tag *tag)
{
    for (unsigned i = 0; i < *n; i++)
        if (list[i].tag == tag)
            return &list[i];
    if (*n == FEW_TAGS)
        return NULL;
    list[*n] = (struct met){ .tag = tag };
    return &list[(*n)++];
}

static bool check_categories(const struct policy *policy, const struct label *label, const struct clearance *clearance,
                             moment now, struct reasons *reasons)
{
    struct met met[FEW_TAGS];
    unsigned n_met = 0;
    bool good = true;
    for (unsigned i = 0; i < label->n_categories && (good || reasons); i++) {
        const struct category *category = &label->categories[i];
        if (category->type == TAG_INFORMATIVE || category->type == TAG_NOT_APPLICABLE)
            continue;
        const struct sp_value *value = is_nobody(category) ? NULL
            : policy_value(policy, category->tag_set, category->type, category->lacv);
        if (!value || value->flaw != FLAW_NONE) {
            good = false;
            if (is_nobody(category))
                SAY(reasons, "dominance.nobody", "categories",
                    T_("The label is releasable to nobody until a person has decided"));
            else
                SAY(reasons, "dominance.category-unknown", "categories", T_("The policy %1$s has no usable value %2$s"),
                    policy->name, category->lacv);
        } else if (is_restrictive(category->type)) {
            bool held = holds(clearance, category);
            good &= held;
            say_value(reasons, held, value);
        } else {
            struct met *tag = met_of(met, &n_met, value->tag);
            if (!tag)
                return false;       /* more permissive tags than any policy has use for */
            tag->common |= value_in_force(value, now) && holds(clearance, category);
        }
    }
    for (unsigned i = 0; i < n_met; i++) {
        good &= met[i].common;
        say_tag(reasons, &met[i]);
    }
    return good;
}

static bool dominated_here(const struct policy *policy, const struct label *label, const struct clearance *clearance,
                           moment now, struct reasons *reasons)
{
    bool class = check_class(policy, label, clearance, reasons);
    if (!class && !reasons)
        return false;
    return check_categories(policy, label, clearance, now, reasons) && class;
}

/* Another policy: the label is translated into the clearance's. */
static bool dominated_there(const struct policies *policies, const struct policy *to, const struct label *label,
                            const struct clearance *clearance, moment now, struct reasons *reasons)
{
    if (!reasons && !policies_related(policies_by_oid(policies, label->policy), to))
        return false;
    struct arena *arena = arena_new(0);
    struct label *translated;
    if (!arena)
        return false;
    bool good = false;
    if (label_translate(policies, label, to->oid, now, arena, reasons, &translated) == OK) {
        const struct sp_class *class = policy_class(to, translated->class_lacv);
        grant(reasons, SAY(reasons, "dominance.translated", "policy",
                           T_("The label counts as %1$s %2$s by equivalence"), to->name,
                           class ? class->name : translated->class_lacv));
        good = dominated_here(to, translated, clearance, now, reasons);
    }
    arena_free(arena);
    return good;
}

bool label_dominated(const struct policies *policies, const struct label *label, const struct clearance *clearance,
                     moment now, struct reasons *reasons)
{
    const struct policy *policy = policies_by_oid(policies, label->policy);
    bool same = strcmp(label->policy, clearance->policy) == 0;
    const struct policy *held = same ? policy : policies_by_oid(policies, clearance->policy);
    if (!policy || !held) {
        SAY(reasons, "label.policy-unknown", "policy", T_("Unknown policy id: %1$s"),
            policy ? clearance->policy : label->policy);
        return false;
    }
    return same ? dominated_here(policy, label, clearance, now, reasons)
                : dominated_there(policies, held, label, clearance, now, reasons);
}

static bool has(const struct label *label, const struct category *category)
{
    struct clearance as = { .categories = label->categories, .n_categories = label->n_categories };
    return holds(&as, category);
}

/* The tag that a category belongs to, also when it says "nobody" (then the first of its set and type). */
static const struct sp_tag *tag_of(const struct policy *policy, const struct category *category)
{
    const struct sp_value *value = is_nobody(category) ? NULL
        : policy_value(policy, category->tag_set, category->type, category->lacv);
    return value && value->flaw == FLAW_NONE ? value->tag : NULL;
}

static bool says_nobody(const struct label *label, const struct category *like)
{
    struct category nobody = { .tag_set = like->tag_set, .type = like->type, .lacv = "" };
    return has(label, &nobody);
}

/* Every permissive tag of `low` must be in `high`, with no value that `low` lacks. */
static bool permissive_within(const struct policy *policy, const struct label *high, const struct label *low)
{
    for (unsigned i = 0; i < low->n_categories; i++) {
        const struct category *asked = &low->categories[i];
        if (!is_permissive(asked->type) || says_nobody(high, asked))
            continue;
        const struct sp_tag *tag = tag_of(policy, asked);
        bool met = false;
        if (!tag)
            return false;           /* unclear, or released to nobody while `high` is released to somebody */
        for (unsigned k = 0; k < high->n_categories; k++) {
            const struct category *given = &high->categories[k];
            if (!is_permissive(given->type) || tag_of(policy, given) != tag)
                continue;
            if (!has(low, given))
                return false;
            met = true;
        }
        if (!met)
            return false;
    }
    return true;
}

bool label_at_least(const struct policies *policies, const struct label *high, const struct label *low)
{
    const struct policy *policy = policies_by_oid(policies, high->policy);
    if (!policy || strcmp(high->policy, low->policy) != 0)
        return false;
    int upper = policy_class_rank(policy, high->class_lacv), lower = policy_class_rank(policy, low->class_lacv);
    if (upper < 0 || lower < 0 || upper < lower)
        return false;
    for (unsigned i = 0; i < low->n_categories; i++)
        if (is_restrictive(low->categories[i].type) && !has(high, &low->categories[i]))
            return false;
    return permissive_within(policy, high, low);
}
