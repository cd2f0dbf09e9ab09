/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the schema lets pass although it is wrong. Two values of one tag with the same lacv or name, or two tags of one
 * set and type with the same lacv: a label that carries one cannot say which, so each is flawed and refused alone. A
 * policy that contradicts itself (two classes under one name or lacv, a value that requires what it excludes ...) is
 * refused whole, since any reading of it would be a guess.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/spif_build.h"
#include "label/xml.h"

static const char *at_line(struct build *build, unsigned line)
{
    return xml_where(build->faults ? build->faults->arena : build->arena, build->name, line);
}

static void refuse_twice(struct build *build, unsigned line, const char *what, const char *text)
{
    build->contradiction = true;
    SAY(build->faults, "policy.contradiction", at_line(build, line),
        T_("The policy contradicts itself: %1$s \"%2$s\" is defined twice"), what, text);
}

static void check_classes(struct build *build)
{
    const struct policy *policy = build->policy;
    for (unsigned i = 0; i < policy->n_classes; i++)
        for (unsigned j = 0; j < i; j++) {
            const struct sp_class *a = &policy->classes[i], *b = &policy->classes[j];
            if (str_eq(a->lacv, b->lacv))
                refuse_twice(build, a->line, "securityClassification lacv", a->lacv);
            if (str_eq(a->name, b->name))
                refuse_twice(build, a->line, "securityClassification name", a->name);
        }
}

static int by_oid(const void *a, const void *b)
{
    return strcmp((*(const struct sp_set *const *)a)->oid, (*(const struct sp_set *const *)b)->oid);
}

static int by_set_name(const void *a, const void *b)
{
    return strcmp((*(const struct sp_set *const *)a)->name, (*(const struct sp_set *const *)b)->name);
}

static void check_sets(struct build *build)
{
    const struct policy *policy = build->policy;
    const struct sp_set **sets = ARENA_ARRAY(build->arena, const struct sp_set *, policy->n_sets + 1);
    for (unsigned i = 0; i < policy->n_sets; i++)
        sets[i] = &policy->sets[i];
    if (policy->n_sets > 1)
        qsort(sets, policy->n_sets, sizeof *sets, by_oid);
    for (unsigned i = 1; i < policy->n_sets; i++)
        if (str_eq(sets[i]->oid, sets[i - 1]->oid))
            refuse_twice(build, sets[i]->line, "securityCategoryTagSet id", sets[i]->oid);
    if (policy->n_sets > 1)
        qsort(sets, policy->n_sets, sizeof *sets, by_set_name);
    for (unsigned i = 1; i < policy->n_sets; i++)
        if (str_eq(sets[i]->name, sets[i - 1]->name))
            refuse_twice(build, sets[i]->line, "securityCategoryTagSet name", sets[i]->name);
}

static int by_lacv(const void *a, const void *b)
{
    const struct sp_value *x = *(struct sp_value *const *)a, *y = *(struct sp_value *const *)b;
    int order = (x->tag->type > y->tag->type) - (x->tag->type < y->tag->type);
    order = order ? order : strcmp(x->lacv, y->lacv);
    return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static int by_tag_and_name(const void *a, const void *b)
{
    const struct sp_value *x = *(struct sp_value *const *)a, *y = *(struct sp_value *const *)b;
    int order = (x->tag->index > y->tag->index) - (x->tag->index < y->tag->index);
    order = order ? order : strcmp(x->name, y->name);
    return order ? order : (x->ordinal > y->ordinal) - (x->ordinal < y->ordinal);
}

static void flaw_both(struct build *build, struct sp_value *first, struct sp_value *second, const char *what,
                      const char *text)
{
    SAY(build->faults, "spif.value-ambiguous", at_line(build, second->line),
        T_("%1$s and %2$s share the %3$s \"%4$s\": a label that carries it is ambiguous and will be refused"), first->name,
        second->name, what, text);
    if (first->flaw == FLAW_NONE)
        first->flaw = FLAW_AMBIGUOUS;
    if (second->flaw == FLAW_NONE)
        second->flaw = FLAW_AMBIGUOUS;
}

static void check_values(struct build *build, struct sp_set *set)
{
    unsigned n = 0;
    for (unsigned t = 0; t < set->n; t++)
        n += set->tags[t].n;
    struct sp_value **values = ARENA_ARRAY(build->arena, struct sp_value *, n + 1);
    n = 0;
    for (unsigned t = 0; t < set->n; t++)
        for (unsigned v = 0; v < set->tags[t].n; v++)
            values[n++] = &set->tags[t].values[v];
    if (n < 2)
        return;
    qsort(values, n, sizeof *values, by_lacv);
    for (unsigned i = 1; i < n; i++)
        if (values[i]->tag->type == values[i - 1]->tag->type && str_eq(values[i]->lacv, values[i - 1]->lacv))
            flaw_both(build, values[i - 1], values[i], "lacv", values[i]->lacv);
    qsort(values, n, sizeof *values, by_tag_and_name);
    for (unsigned i = 1; i < n; i++)
        if (values[i]->tag == values[i - 1]->tag && str_eq(values[i]->name, values[i - 1]->name))
            flaw_both(build, values[i - 1], values[i], "name", values[i]->name);
}

/* One contradiction in a value; the text takes its name. */
#define REFUSE_VALUE(build, value, text)                                                                              \
    ((build)->contradiction = true,                                                                                   \
     (void)SAY((build)->faults, "policy.contradiction", at_line((build), (value)->line), text, (value)->name))

static bool selects_same(const struct selector *a, const struct selector *b)
{
    return str_eq(a->set_oid, b->set_oid) && a->type == b->type && (!b->lacv || str_eq(a->lacv, b->lacv));
}

static void check_value(struct build *build, const struct sp_value *value)
{
    struct category self = { .tag_set = value->tag->set->oid, .type = value->tag->type, .lacv = value->lacv };
    uint64_t every = build->policy->n_classes == 64 ? UINT64_MAX : (UINT64_C(1) << build->policy->n_classes) - 1;
    if (value->required_class >= 0 && (value->excluded_classes >> value->required_class & 1))
        REFUSE_VALUE(build, value, T_("The policy contradicts itself: the value %1$s requires a class that it excludes"));
    else if (value->excluded_classes == every)
        REFUSE_VALUE(build, value, T_("The policy contradicts itself: the value %1$s excludes every class"));
    if (value->not_before != MOMENT_NONE && value->not_after != MOMENT_NONE && value->not_before > value->not_after)
        REFUSE_VALUE(build, value, T_("The policy contradicts itself: the value %1$s ends before it begins"));
    for (unsigned e = 0; e < value->n_excluded; e++) {
        if (value->excluded[e].lacv && selector_takes(&value->excluded[e], &self))
            REFUSE_VALUE(build, value, T_("The policy contradicts itself: the value %1$s excludes itself"));
        for (unsigned g = 0; g < value->required.n; g++)
            for (unsigned s = 0; value->required.list[g].op == NEED_ALL && s < value->required.list[g].n; s++)
                if (selects_same(&value->required.list[g].selectors[s], &value->excluded[e]))
                    REFUSE_VALUE(build, value, T_("The policy contradicts itself: the value %1$s requires what it excludes"));
    }
}

static void check_tag(struct build *build, const struct sp_tag *tag)
{
    if (tag->min && ((tag->max && tag->min > tag->max) || (tag->single && tag->min > 1))) {
        build->contradiction = true;
        SAY(build->faults, "policy.contradiction", at_line(build, tag->line),
            T_("The policy contradicts itself: the tag %1$s asks for more values than it allows"), tag->name);
    }
    for (unsigned v = 0; v < tag->n; v++)
        check_value(build, &tag->values[v]);
}

void spif_check(struct build *build)
{
    struct policy *policy = build->policy;
    check_classes(build);
    check_sets(build);
    for (unsigned s = 0; s < policy->n_sets; s++) {
        check_values(build, &policy->sets[s]);
        for (unsigned t = 0; t < policy->sets[s].n; t++)
            check_tag(build, &policy->sets[s].tags[t]);
    }
    if (policy->not_before != MOMENT_NONE && policy->not_after != MOMENT_NONE && policy->not_before > policy->not_after) {
        build->contradiction = true;
        SAY(build->faults, "policy.contradiction", build->name,
            T_("The policy contradicts itself: it ends before it begins"));
    }
}
