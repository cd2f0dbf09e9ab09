/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A label in another policy's terms. The label's own policy says what each class and value becomes there (applied
 * encrypt or both); where it is silent, the other policy may say what it takes it for (applied decrypt or both). A
 * value without equivalent refuses the translation unless the policy says discard: to drop it silently could open
 * something. Requirements of the equivalence add categories to the result.
 */
#include <string.h>

#include "base/text.h"
#include "label/model.h"

enum { MAX_TRANSLATED = 1024 };

struct translation {
    const struct policy *from, *to;
    struct arena *arena;
    struct reasons *reasons;
    struct category *out;
    unsigned n, cap;
    bool good;
};

#define UNABLE(t, ...) ((t)->good = false, (void)SAY((t)->reasons, __VA_ARGS__))

static void put(struct translation *t, const char *set, enum tag_type type, const char *lacv)
{
    if (t->n == MAX_TRANSLATED) {
        UNABLE(t, "translate.size", "categories", T_("The translated label would have too many values"));
        return;
    }
    if (t->n == t->cap) {
        unsigned cap = t->cap ? 2 * t->cap : 16;
        struct category *more = ARENA_ARRAY(t->arena, struct category, cap);
        if (t->n)
            memcpy(more, t->out, t->n * sizeof *more);
        t->out = more;
        t->cap = cap;
    }
    t->out[t->n++] = (struct category){ .tag_set = set, .type = type, .lacv = lacv };
}

static bool present(const struct translation *t, const char *set, const struct selector *selector)
{
    for (unsigned i = 0; i < t->n; i++)
        if (t->out[i].type == selector->type && str_eq(t->out[i].tag_set, set) &&
            (!selector->lacv || str_eq(t->out[i].lacv, selector->lacv)))
            return true;
    return false;
}

static void put_selected(struct translation *t, const struct sp_set *set, const struct selector *selector)
{
    if (selector->lacv) {
        put(t, set->oid, selector->type, selector->lacv);
        return;
    }
    for (unsigned g = 0; g < set->n; g++)
        for (unsigned v = 0; set->tags[g].type == selector->type && v < set->tags[g].n; v++)
            if (!set->tags[g].values[v].obsolete)
                put(t, set->oid, selector->type, set->tags[g].values[v].lacv);
}

/* All are added. One of several is added only where there is no choice to make. */
static void require(struct translation *t, const struct group *group)
{
    bool any = false;
    for (unsigned s = 0; s < group->n; s++) {
        const struct selector *selector = &group->selectors[s];
        const struct sp_set *set = policy_set_named(t->to, selector->set_name);
        if (!set) {
            UNABLE(t, "translate.set-unknown", "categories", T_("%1$s asks for the tag set \"%2$s\", which %3$s does not have"),
                   t->from->name, selector->set_name, t->to->name);
            return;
        }
        any |= present(t, set->oid, selector);
        if (group->op == NEED_ALL || (group->n == 1 && selector->lacv && !any))
            put_selected(t, set, selector), any = true;
    }
    if (!any)
        UNABLE(t, "translate.choice", "categories",
               T_("The label needs one of several values in %1$s: a person must choose"), t->to->name);
}

/* Additions wait until all values are there, so that "one of" can see what is met already. */
static void require_all(struct translation *t, const struct groups *groups)
{
    for (unsigned g = 0; g < groups->n; g++)
        require(t, &groups->list[g]);
}

static const struct equiv_class *own_class(const struct translation *t, const struct sp_class *class)
{
    for (unsigned i = 0; i < class->n_equivs; i++)
        if ((class->equivs[i].applied & ON_ENCRYPT) && str_eq(class->equivs[i].policy, t->to->oid))
            return &class->equivs[i];
    return NULL;
}

/* Of several classes that the other policy takes this one for, the highest. */
static const struct sp_class *their_class(const struct translation *t, const struct sp_class *class)
{
    const struct sp_class *best = NULL;
    for (unsigned c = 0; c < t->to->n_classes; c++) {
        const struct sp_class *there = &t->to->classes[c];
        for (unsigned i = 0; i < there->n_equivs; i++)
            if ((there->equivs[i].applied & ON_DECRYPT) && str_eq(there->equivs[i].policy, t->from->oid) &&
                str_eq(there->equivs[i].lacv, class->lacv) && (!best || there->rank > best->rank))
                best = there;
    }
    return best;
}

/* Whether either policy says anything about the other: without that no class translates. */
bool policies_related(const struct policy *from, const struct policy *to)
{
    for (unsigned i = 0; i < from->n_equivs; i++)
        if (str_eq(from->equivs[i].oid, to->oid))
            return true;
    for (unsigned i = 0; i < to->n_equivs; i++)
        if (str_eq(to->equivs[i].oid, from->oid))
            return true;
    return false;
}

static const char *translate_class(struct translation *t, const struct sp_class *class, const struct groups **required)
{
    const struct equiv_class *equiv = own_class(t, class);
    const struct sp_class *there = equiv ? policy_class(t->to, equiv->lacv) : their_class(t, class);
    if (there && there->flaw == FLAW_NONE) {
        *required = equiv ? &equiv->required : NULL;
        return there->lacv;
    }
    UNABLE(t, "translate.class", "class", T_("%1$s %2$s has no equivalent in %3$s"), t->from->name, class->name,
           t->to->name);
    return NULL;
}

static bool translate_own(struct translation *t, const struct sp_value *value, const char *lacv)
{
    bool found = false;
    for (unsigned i = 0; i < value->n_equivs; i++) {
        const struct equiv_value *equiv = &value->equivs[i];
        if (!(equiv->applied & ON_ENCRYPT) || !str_eq(equiv->policy, t->to->oid))
            continue;
        found = true;
        if (!equiv->discard)
            put(t, equiv->set, equiv->type, value->input != INPUT_NONE ? lacv : equiv->lacv);
    }
    return found;
}

/* A whole set may have a counterpart that carries the same values. */
static bool translate_set(struct translation *t, const struct sp_value *value, const char *lacv)
{
    const struct sp_set *set = value->tag->set;
    for (unsigned i = 0; i < set->n_equivs; i++) {
        const struct sp_set *there = set->equivs[i].oid ? policy_set(t->to, set->equivs[i].oid)
                                                        : policy_set_named(t->to, set->equivs[i].name);
        if (!str_eq(set->equivs[i].policy, t->to->oid) || !there ||
            !policy_value(t->to, there->oid, value->tag->type, lacv))
            continue;
        put(t, there->oid, value->tag->type, lacv);
        return true;
    }
    return false;
}

static bool translate_theirs(struct translation *t, const struct category *category)
{
    bool found = false;
    for (unsigned s = 0; s < t->to->n_sets; s++)
        for (unsigned g = 0; g < t->to->sets[s].n; g++)
            for (unsigned v = 0; v < t->to->sets[s].tags[g].n; v++) {
                const struct sp_value *there = &t->to->sets[s].tags[g].values[v];
                for (unsigned i = 0; i < there->n_equivs; i++) {
                    const struct equiv_value *equiv = &there->equivs[i];
                    if (equiv->discard || !(equiv->applied & ON_DECRYPT) || !str_eq(equiv->policy, t->from->oid) ||
                        !str_eq(equiv->set, category->tag_set) || equiv->type != category->type ||
                        !str_eq(equiv->lacv, category->lacv))
                        continue;
                    put(t, there->tag->set->oid, there->tag->type, there->lacv);
                    found = true;
                }
            }
    return found;
}

static void translate_category(struct translation *t, const struct category *category)
{
    const struct sp_value *value = is_nobody(category) ? NULL
        : policy_value(t->from, category->tag_set, category->type, category->lacv);
    if (!value || value->flaw != FLAW_NONE)
        UNABLE(t, "translate.value-unknown", "categories", T_("The policy %1$s has no usable value %2$s"), t->from->name,
               category->lacv);
    else if (!translate_own(t, value, category->lacv) && !translate_set(t, value, category->lacv) &&
             !translate_theirs(t, category))
        UNABLE(t, "translate.value", "categories", T_("%1$s %2$s has no equivalent in %3$s"), t->from->name, value->name,
               t->to->name);
}

static void check_result(struct translation *t)
{
    for (unsigned i = 0; i < t->n; i++) {
        const struct sp_value *value = policy_value(t->to, t->out[i].tag_set, t->out[i].type, t->out[i].lacv);
        if (!value || value->flaw != FLAW_NONE)
            UNABLE(t, "translate.result", "categories", T_("The equivalent value %1$s is not one that %2$s can use"),
                   t->out[i].lacv, t->to->name);
    }
}

static void require_for_policy(struct translation *t)
{
    for (unsigned i = 0; i < t->from->n_equivs; i++)
        if (str_eq(t->from->equivs[i].oid, t->to->oid))
            require_all(t, &t->from->equivs[i].required);
}

/* What an equivalent set asks for where any of its values is present. */
static void require_for_sets(struct translation *t, const struct label *label)
{
    for (unsigned s = 0; s < t->from->n_sets; s++) {
        const struct sp_set *set = &t->from->sets[s];
        bool used = false;
        for (unsigned i = 0; i < label->n_categories; i++)
            used |= str_eq(label->categories[i].tag_set, set->oid);
        for (unsigned i = 0; used && i < set->n_equivs; i++)
            if (str_eq(set->equivs[i].policy, t->to->oid))
                require_all(t, &set->equivs[i].required);
    }
}

static const char *own(struct arena *arena, const char *text)
{
    return arena_strdup(arena, text);
}

static struct label *result(struct translation *t, const char *class)
{
    struct label *label = ARENA_NEW(t->arena, struct label);
    for (unsigned i = 0; i < t->n; i++) {
        t->out[i].tag_set = own(t->arena, t->out[i].tag_set);
        t->out[i].lacv = own(t->arena, t->out[i].lacv);
    }
    label->policy = own(t->arena, t->to->oid);
    label->class_lacv = own(t->arena, class);
    label->n_categories = categories_settle(t->out, t->n);
    label->categories = t->out;
    return label;
}

enum status label_translate(const struct policies *policies, const struct label *label, const char *to_policy, moment now,
                            struct arena *arena, struct reasons *reasons, struct label **ret)
{
    struct translation t = { .from = policies_by_oid(policies, label->policy), .to = policies_find(policies, to_policy),
                             .arena = arena, .reasons = reasons, .good = true };
    if (!t.from || !t.to) {
        SAY(reasons, "label.policy-unknown", "policy", T_("Unknown policy id: %1$s"), t.from ? to_policy : label->policy);
        return REFUSED;
    }
    const struct sp_class *class = policy_class(t.from, label->class_lacv);
    const struct groups *required = NULL;
    const char *lacv = NULL;
    if (t.from == t.to) {
        lacv = label->class_lacv;
        for (unsigned i = 0; i < label->n_categories; i++)
            put(&t, label->categories[i].tag_set, label->categories[i].type, label->categories[i].lacv);
        if (t.good)
            *ret = result(&t, lacv);
        return t.good ? OK : REFUSED;
    }
    if (!class || class->flaw != FLAW_NONE)
        UNABLE(&t, "label.class-unknown", "class", T_("The policy %1$s has no class %2$s"), t.from->name,
               label->class_lacv);
    else
        lacv = translate_class(&t, class, &required);
    for (unsigned i = 0; i < label->n_categories; i++)
        translate_category(&t, &label->categories[i]);
    if (required)
        require_all(&t, required);
    require_for_sets(&t, label);
    require_for_policy(&t);
    check_result(&t);
    if (!t.good || !lacv)
        return REFUSED;
    *ret = result(&t, lacv);
    return OK;
}
