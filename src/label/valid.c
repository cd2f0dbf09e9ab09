/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Validity, which comes before access: is this label one that its policy allows? Every rule that is broken adds its
 * own reason. Obsolete values are read but not written anew; a value outside its dates is not in force at all.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "label/model.h"

struct check {
    const struct policy *policy;
    const struct sp_class *class;       /* NULL when unknown */
    const struct category *list;
    unsigned n;
    moment now;
    bool is_new;
    struct reasons *reasons;
    bool good;
};

#define WRONG(check, ...) ((check)->good = false, (void)SAY((check)->reasons, __VA_ARGS__))

static const char *type_name(enum tag_type type)
{
    return tag_type_text(type);
}

static void check_policy(struct check *check)
{
    const struct policy *policy = check->policy;
    if ((policy->not_before != MOMENT_NONE && check->now < policy->not_before) ||
        (policy->not_after != MOMENT_NONE && check->now > policy->not_after))
        WRONG(check, "label.policy-dates", "policy", T_("The policy %1$s is not in force at this time"), policy->name);
}

static void check_class(struct check *check, const char *lacv)
{
    const struct sp_class *class = policy_class(check->policy, lacv);
    check->class = class;
    if (!class)
        WRONG(check, "label.class-unknown", "class", T_("The policy %1$s has no class %2$s"), check->policy->name, lacv);
    else if (class->flaw != FLAW_NONE)
        WRONG(check, "label.class-flawed", "class", T_("The policy leaves the class %1$s unclear, so it is refused"),
              class->name);
    else if (class->obsolete && check->is_new)
        WRONG(check, "label.obsolete", "class", T_("%1$s is obsolete and may not be used in a new label"), class->name);
}

static unsigned matches(const struct check *check, const struct selector *selector)
{
    unsigned n = 0;
    for (unsigned i = 0; i < check->n; i++)
        n += selector_takes(selector, &check->list[i]);
    return n;
}

/* How many values an "all" selector stands for: those that a new label could carry. */
static unsigned values_of(const struct policy *policy, const struct selector *selector)
{
    unsigned n = 0;
    const struct sp_set *set = selector->set_oid ? policy_set(policy, selector->set_oid) : NULL;
    for (unsigned t = 0; set && t < set->n; t++)
        for (unsigned v = 0; set->tags[t].type == selector->type && v < set->tags[t].n; v++)
            n += set->tags[t].values[v].flaw == FLAW_NONE && !set->tags[t].values[v].obsolete;
    return n;
}

static bool group_satisfied(const struct check *check, const struct group *group)
{
    unsigned found = 0;
    for (unsigned i = 0; i < check->n; i++) {
        bool taken = false;
        for (unsigned s = 0; s < group->n && !taken; s++)
            taken = selector_takes(&group->selectors[s], &check->list[i]);
        found += taken;
    }
    if (group->op == NEED_ONLY_ONE)
        return found == 1;
    if (group->op == NEED_ONE_OR_MORE)
        return found >= 1;
    for (unsigned s = 0; s < group->n; s++) {
        const struct selector *selector = &group->selectors[s];
        if (matches(check, selector) < (selector->lacv ? 1 : values_of(check->policy, selector)))
            return false;
    }
    return true;
}

static const char *group_words(const struct check *check, const struct group *group)
{
    struct arena *arena = check->reasons->arena;
    const char *list = "";
    for (unsigned s = 0; s < group->n; s++) {
        const struct selector *selector = &group->selectors[s];
        const struct sp_value *value = selector->lacv && selector->set_oid
            ? policy_value(check->policy, selector->set_oid, selector->type, selector->lacv) : NULL;
        list = arena_printf(arena, "%s%s%s: %s", list, *list ? ", " : "", selector->set_name,
                            value ? value->name : selector->lacv ? selector->lacv : "*");
    }
    return list;
}

static void check_groups(struct check *check, const struct groups *groups, const char *who)
{
    static const char *const words[] = {
        [NEED_ONLY_ONE] = T_("%1$s requires exactly one of: %2$s"),
        [NEED_ONE_OR_MORE] = T_("%1$s requires at least one of: %2$s"),
        [NEED_ALL] = T_("%1$s requires all of: %2$s"),
    };
    for (unsigned g = 0; g < groups->n; g++) {
        if (group_satisfied(check, &groups->list[g]))
            continue;
        check->good = false;
        if (check->reasons && check->reasons->count < MOST_FAULTS)
            reason_add(check->reasons, "label.category-required", "categories", words[groups->list[g].op], who,
                       group_words(check, &groups->list[g]));
    }
}

static void check_value_class(struct check *check, const struct sp_value *value)
{
    if (!check->class)
        return;
    unsigned at = (unsigned)(check->class - check->policy->classes);
    if (value->excluded_classes >> at & 1)
        WRONG(check, "label.class-excluded", "class", T_("%1$s may not be used with the class %2$s"), value->name,
              check->class->name);
    if (value->required_class >= 0 && (unsigned)value->required_class != at)
        WRONG(check, "label.class-required", "class", T_("%1$s may be used only with the class %2$s, not with %3$s"),
              value->name, check->policy->classes[value->required_class].name, check->class->name);
}

static void check_excluded(struct check *check, const struct sp_value *value, const struct category *self)
{
    for (unsigned e = 0; e < value->n_excluded; e++)
        for (unsigned i = 0; i < check->n; i++) {
            if (&check->list[i] == self || !selector_takes(&value->excluded[e], &check->list[i]))
                continue;
            const struct sp_value *other = policy_value(check->policy, check->list[i].tag_set, check->list[i].type,
                                                        check->list[i].lacv);
            WRONG(check, "label.category-excluded", "categories", T_("%1$s may not be used together with %2$s"),
                  value->name, other ? other->name : check->list[i].lacv);
        }
}

/* The value behind a category; a reason and NULL when there is none that may be used. */
static const struct sp_value *known_value(struct check *check, const struct category *category)
{
    const struct sp_set *set = policy_set(check->policy, category->tag_set);
    if (is_nobody(category)) {
        WRONG(check, "label.releasable-to-nobody", "categories",
              T_("The sources' values of %1$s have nothing in common: a person must decide to whom this is releasable"),
              set ? set->name : category->tag_set);
        return NULL;
    }
    const struct sp_value *value = policy_value(check->policy, category->tag_set, category->type, category->lacv);
    if (!value)
        WRONG(check, "label.category-unknown", "categories", T_("The policy %1$s has no value %2$s of type %3$s in %4$s"),
              check->policy->name, category->lacv, type_name(category->type), set ? set->name : category->tag_set);
    else if (value->flaw == FLAW_AMBIGUOUS)
        WRONG(check, "label.category-ambiguous", "categories",
              T_("The policy defines %1$s more than once, so it is ambiguous and refused"), value->name);
    else if (value->flaw != FLAW_NONE)
        WRONG(check, "label.category-flawed", "categories",
              T_("The policy leaves the value %1$s unclear, so it is refused"), value->name);
    return value && value->flaw == FLAW_NONE ? value : NULL;
}

static void check_category(struct check *check, const struct category *category)
{
    const struct sp_value *value = known_value(check, category);
    if (!value)
        return;
    if (value->obsolete && check->is_new)
        WRONG(check, "label.obsolete", "categories", T_("%1$s is obsolete and may not be used in a new label"),
              value->name);
    if (!value_in_force(value, check->now))
        WRONG(check, "label.category-dates", "categories", T_("%1$s is not in force at this time"), value->name);
    check_value_class(check, value);
    check_excluded(check, value, category);
    check_groups(check, &value->required, value->name);
}

static void check_tag(struct check *check, const struct sp_tag *tag)
{
    unsigned n = 0;
    for (unsigned i = 0; i < check->n; i++) {
        const struct category *c = &check->list[i];
        if (c->type != tag->type || is_nobody(c) || strcmp(c->tag_set, tag->set->oid))
            continue;
        const struct sp_value *value = policy_value(check->policy, c->tag_set, c->type, c->lacv);
        n += value && value->tag == tag;
    }
    const char *name = *tag->name ? tag->name : tag->set->name;
    char count[16] = "1";
    if (n > 1 && tag->single)
        WRONG(check, "label.selection", "categories", T_("%1$s allows one value only"), name);
    else if (tag->max && n > tag->max && snprintf(count, sizeof count, "%u", tag->max) > 0)
        WRONG(check, "label.selection", "categories", T_("%1$s allows at most %2$s values"), name, count);
    if (n < tag->min && snprintf(count, sizeof count, "%u", tag->min) > 0)
        WRONG(check, "label.selection", "categories", T_("%1$s needs at least %2$s values"), name, count);
}

static const struct policy *known_policy(const struct policies *policies, const char *oid, struct reasons *reasons)
{
    const struct policy *policy = policies_by_oid(policies, oid);
    if (!policy)
        SAY(reasons, "label.policy-unknown", "policy", T_("Unknown policy id: %1$s"), oid);
    return policy;
}

bool label_valid(const struct policies *policies, const struct label *label, moment now, bool is_new,
                 struct reasons *reasons)
{
    struct check check = { .policy = known_policy(policies, label->policy, reasons), .list = label->categories,
        .n = label->n_categories, .now = now, .is_new = is_new, .reasons = reasons, .good = true };
    if (!check.policy)
        return false;
    check_policy(&check);
    check_class(&check, label->class_lacv);
    if (check.class)
        check_groups(&check, &check.class->required, check.class->name);
    for (unsigned i = 0; i < label->n_categories; i++)
        check_category(&check, &label->categories[i]);
    for (unsigned s = 0; s < check.policy->n_sets; s++)
        for (unsigned t = 0; t < check.policy->sets[s].n; t++)
            check_tag(&check, &check.policy->sets[s].tags[t]);
    return check.good;
}

bool clearance_valid(const struct policies *policies, const struct clearance *clearance, moment now,
                     struct reasons *reasons)
{
    struct check check = { .policy = known_policy(policies, clearance->policy, reasons), .now = now,
                           .reasons = reasons, .good = true };
    if (!check.policy)
        return false;
    check_policy(&check);
    for (unsigned i = 0; i < clearance->n_classes; i++)
        check_class(&check, clearance->classes[i]);
    for (unsigned i = 0; i < clearance->n_categories; i++)
        known_value(&check, &clearance->categories[i]);
    return check.good;
}
