/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Builds a policy from a SPIF's tree in two rounds: first everything that others refer to (equivalent policies,
 * classes, tag sets by name), then everything that refers (requirements, exclusions, equivalences, values).
 */
#include "label/spif_build.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/spif_schema.h"
#include "label/xml.h"

static const char *where(struct build *build, const xmlNode *node)
{
    return xml_where(build->faults ? build->faults->arena : build->arena, build->name, node_line(node));
}

static const char *text_attr(struct build *build, const xmlNode *node, const char *attr)
{
    const char *text = xml_attr(build->arena, node, attr);
    return text ? collapse(build->arena, text) : NULL;
}

/* A name as people see it; white space that only a slip of the keyboard can explain is listed and dropped. */
static const char *read_name(struct build *build, const xmlNode *node)
{
    const char *raw = xml_attr(build->arena, node, "name");
    if (!raw)
        return "";
    const char *name = collapse(build->arena, raw);
    if (!str_eq(raw, name))
        SAY(build->faults, "spif.name-space", where(build, node), T_("The name \"%1$s\" of %2$s carries stray white space"),
            name, (const char *)node->name);
    return name;
}

static bool read_bool(struct build *build, const xmlNode *node, const char *attr)
{
    const char *text = xml_attr(build->arena, node, attr);
    bool truth = false;
    return text && xs_boolean(text, &truth) && truth;
}

static enum status read_identity(struct build *build, const xmlNode *root)
{
    struct policy *policy = build->policy;
    const xmlNode *id = first_child(root, "securityPolicyId");
    const char *oid = id ? text_attr(build, id, "id") : NULL;
    if (!oid || !*oid) {
        SAY(build->faults, "policy.nameless", where(build, root), T_("The policy has no identifier, so it cannot be used"));
        return BAD_INPUT;
    }
    policy->oid = oid;
    policy->name = read_name(build, id);
    policy->id_marks = read_marks(build, id);
    policy->marks = read_marks(build, root);
    policy->version = text_attr(build, root, "version");
    policy->created = text_attr(build, root, "creationDate");
    policy->originator = text_attr(build, root, "originatorDN");
    policy->not_before = read_moment(build, root, "notBefore");
    policy->not_after = read_moment(build, root, "notAfter");
    return OK;
}

static void read_equiv_policies(struct build *build, const xmlNode *root)
{
    const xmlNode *list = first_child(root, "equivalentPolicies");
    if (!list)
        return;
    struct equiv_policy *policies = ARENA_ARRAY(build->arena, struct equiv_policy,
                                                count_children(list, "equivalentPolicy") + 1);
    unsigned n = 0;
    for EACH_CHILD (node, list, "equivalentPolicy") {
        bool flawed = false;
        struct equiv_policy *policy = &policies[n];
        policy->name = read_name(build, node);
        policy->oid = text_attr(build, node, "id");
        policy->required = read_groups(build, node, false, &flawed);
        if (policy->oid && !flawed)
            n++;                /* an equivalence that is not understood is none */
    }
    build->policy->equivs = policies;
    build->policy->n_equivs = n;
}

static void read_equiv_classes(struct build *build, const xmlNode *node, struct sp_class *class)
{
    struct equiv_class *list = ARENA_ARRAY(build->arena, struct equiv_class,
                                           count_children(node, "equivalentClassification") + 1);
    for EACH_CHILD (child, node, "equivalentClassification") {
        bool flawed = false;
        struct equiv_class equiv = { .policy = equiv_oid(build, child), .lacv = read_lacv(build, child, "lacv"),
            .applied = read_applied(build, child), .required = read_groups(build, child, false, &flawed) };
        if (equiv.policy && equiv.lacv && equiv.applied && !flawed)
            list[class->n_equivs++] = equiv;
    }
    class->equivs = list;
}

/* First round: what a class is. False when it cannot even be named in a label. */
static bool read_class(struct build *build, const xmlNode *node, struct sp_class *class)
{
    const char *hierarchy = xml_attr(build->arena, node, "hierarchy");
    *class = (struct sp_class){ .name = read_name(build, node), .lacv = read_lacv(build, node, "lacv"),
        .color = text_attr(build, node, "color"), .obsolete = read_bool(build, node, "obsolete"),
        .marks = read_marks(build, node), .line = node_line(node) };
    if (!hierarchy || !xs_integer(hierarchy, &class->hierarchy)) {
        class->flaw = FLAW_BROKEN;
        SAY(build->faults, "spif.class-rank", where(build, node),
            T_("The class %1$s has no place in the hierarchy; it is refused wherever it is used"), class->name);
    }
    return class->lacv && *class->lacv;
}

static enum status read_classes(struct build *build, const xmlNode *list)
{
    struct policy *policy = build->policy;
    unsigned n = count_children(list, "securityClassification");
    if (n == 0 || n > MAX_CLASSES) {
        SAY(build->faults, "policy.classes", where(build, list), T_("A policy has 1 to %1$s classes; this one has %2$s"),
            "64", arena_printf(build->arena, "%u", n));
        return BAD_INPUT;
    }
    policy->class_marks = read_marks(build, list);
    policy->classes = ARENA_ARRAY(build->arena, struct sp_class, n);
    for EACH_CHILD (node, list, "securityClassification")
        if (read_class(build, node, &policy->classes[policy->n_classes]))
            policy->n_classes++;
    return OK;
}

/* Dense ranks: classes of equal hierarchy share one. */
static void rank_classes(struct policy *policy)
{
    for (unsigned i = 0; i < policy->n_classes; i++) {
        struct sp_class *class = &policy->classes[i];
        class->rank = 0;
        for (unsigned j = 0; j < policy->n_classes; j++) {
            bool first = policy->classes[j].hierarchy < class->hierarchy && policy->classes[j].flaw == FLAW_NONE;
            for (unsigned k = 0; first && k < j; k++)
                first = policy->classes[k].hierarchy != policy->classes[j].hierarchy ||
                        policy->classes[k].flaw != FLAW_NONE;
            class->rank += first;
        }
    }
}

/* Second round: what a class asks for. Classes without lacv were left out, so both walks step together by line. */
static void read_class_rules(struct build *build, const xmlNode *list)
{
    unsigned at = 0;
    for EACH_CHILD (node, list, "securityClassification") {
        const char *lacv = read_lacv(build, node, "lacv");
        if (!lacv || !*lacv)
            continue;
        struct sp_class *class = &build->policy->classes[at++];
        bool flawed = false;
        read_equiv_classes(build, node, class);
        class->required = read_groups(build, node, true, &flawed);
        if (flawed)
            class->flaw = FLAW_BROKEN;
    }
}

static void read_set_names(struct build *build, const xmlNode *list)
{
    struct policy *policy = build->policy;
    policy->sets = ARENA_ARRAY(build->arena, struct sp_set, count_children(list, "securityCategoryTagSet") + 1);
    for EACH_CHILD (node, list, "securityCategoryTagSet") {
        struct sp_set *set = &policy->sets[policy->n_sets++];
        const char *oid = text_attr(build, node, "id");
        *set = (struct sp_set){ .name = read_name(build, node), .oid = oid ? oid : "", .line = node_line(node) };
    }
}

static void read_excluded_classes(struct build *build, const xmlNode *node, struct sp_value *value)
{
    for EACH_CHILD (child, node, "excludedClass") {
        const char *name = collapse(build->arena, xml_text(build->arena, child));
        const struct sp_class *class = policy_class_named(build->policy, name);
        if (!class) {           /* to drop an exclusion would open something: the value goes instead */
            value->flaw = FLAW_BROKEN;
            SAY(build->faults, "spif.class-reference", where(build, child),
                T_("The value %1$s excludes the class \"%2$s\", which the policy does not have; the value is refused"),
                value->name, name);
            continue;
        }
        uint64_t bit = UINT64_C(1) << (class - build->policy->classes);
        if (value->excluded_classes & bit) {
            build->contradiction = true;
            SAY(build->faults, "policy.duplicate-exclusion", where(build, child),
                T_("Duplicate excluded classification in category %1$s: %2$s"), value->name, name);
        }
        value->excluded_classes |= bit;
    }
}

static void read_excluded_categories(struct build *build, const xmlNode *node, struct sp_value *value)
{
    struct selector *list = ARENA_ARRAY(build->arena, struct selector, count_children(node, "excludedCategory") + 1);
    for EACH_CHILD (child, node, "excludedCategory") {
        if (read_selector(build, child, true, &list[value->n_excluded]))
            value->n_excluded++;
        else
            value->flaw = FLAW_BROKEN;
    }
    value->excluded = list;
}

static void read_equiv_values(struct build *build, const xmlNode *node, struct sp_value *value)
{
    struct equiv_value *list = ARENA_ARRAY(build->arena, struct equiv_value,
                                           count_children(node, "equivalentSecCategoryTag") + 1);
    for EACH_CHILD (child, node, "equivalentSecCategoryTag") {
        struct equiv_value equiv = { .policy = equiv_oid(build, child), .set = text_attr(build, child, "tagSetId"),
            .lacv = read_lacv(build, child, "lacv"), .applied = read_applied(build, child),
            .discard = str_eq(xml_attr(build->arena, child, "action"), "discard") };
        bool typed = read_tag_type(build, child, &equiv.type);
        if (equiv.policy && equiv.applied && (equiv.discard || (typed && equiv.set && equiv.lacv && *equiv.lacv)))
            list[value->n_equivs++] = equiv;
    }
    value->equivs = list;
}

static enum input_kind read_input(struct build *build, const xmlNode *node)
{
    const char *text = xml_attr(build->arena, node, "userInput");
    return str_eq(text, "string") ? INPUT_STRING : str_eq(text, "integer") ? INPUT_INTEGER
         : str_eq(text, "date") ? INPUT_DATE : INPUT_NONE;
}

static void read_value(struct build *build, const xmlNode *node, struct sp_tag *tag)
{
    struct policy *policy = build->policy;
    struct sp_value *value = &tag->values[tag->n];
    const char *class = text_attr(build, node, "requiredClass");
    bool flawed = false;
    *value = (struct sp_value){ .name = read_name(build, node), .lacv = read_lacv(build, node, "lacv"), .tag = tag,
        .ordinal = policy->n_values, .obsolete = read_bool(build, node, "obsolete"), .input = read_input(build, node),
        .date_format = text_attr(build, node, "dateFormat"), .required_class = -1,
        .not_before = read_moment(build, node, "notBefore"), .not_after = read_moment(build, node, "notAfter"),
        .marks = read_marks(build, node), .line = node_line(node) };
    if (!value->lacv || !*value->lacv) {
        SAY(build->faults, "spif.value-nameless", where(build, node),
            T_("The value %1$s has no lacv, so no label can carry it; it is left out"), value->name);
        return;
    }
    if (class) {
        const struct sp_class *found = policy_class_named(policy, class);
        flawed |= !found;
        value->required_class = found ? (int)(found - policy->classes) : -1;
    }
    read_excluded_classes(build, node, value);
    read_excluded_categories(build, node, value);
    read_equiv_values(build, node, value);
    value->required = read_groups(build, node, true, &flawed);
    if (flawed)
        value->flaw = FLAW_BROKEN;
    tag->n++;
    policy->n_values++;
}

/* A count; "unbounded" and negative numbers say that there is none. */
static unsigned read_selection(struct build *build, const xmlNode *node, const char *attr)
{
    const char *text = xml_attr(build->arena, node, attr);
    int64_t number;
    return text && xs_integer(text, &number) && number > 0 && number < 1000000 ? (unsigned)number : 0;
}

static void read_tag(struct build *build, const xmlNode *node, const struct sp_set *set, struct sp_tag *tag)
{
    *tag = (struct sp_tag){ .name = read_name(build, node), .set = set, .index = build->policy->n_tags++,
        .single = read_bool(build, node, "singleSelection"), .min = read_selection(build, node, "minSelection"),
        .max = read_selection(build, node, "maxSelection"), .marks = read_marks(build, node), .line = node_line(node) };
    bool typed = read_tag_type(build, node, &tag->type);
    tag->values = ARENA_ARRAY(build->arena, struct sp_value, count_children(node, "tagCategory") + 1);
    if (tag->single)
        tag->max = tag->max ? tag->max : 1;
    if (!typed)
        return;                 /* nobody can say what its values would do: none is known */
    for EACH_CHILD (child, node, "tagCategory")
        read_value(build, child, tag);
}

static void read_sets(struct build *build, const xmlNode *list)
{
    unsigned at = 0;
    for EACH_CHILD (node, list, "securityCategoryTagSet") {
        struct sp_set *set = &build->policy->sets[at++];
        set->tags = ARENA_ARRAY(build->arena, struct sp_tag, count_children(node, "securityCategoryTag") + 1);
        for EACH_CHILD (child, node, "securityCategoryTag")
            read_tag(build, child, set, &set->tags[set->n++]);
        struct equiv_set *equivs = ARENA_ARRAY(build->arena, struct equiv_set,
                                               count_children(node, "equivalentSecurityCategoryTagSet") + 1);
        for EACH_CHILD (child, node, "equivalentSecurityCategoryTagSet") {
            bool flawed = false;
            struct equiv_set equiv = { .policy = equiv_oid(build, child), .name = text_attr(build, child, "name"),
                .oid = text_attr(build, child, "id"), .required = read_groups(build, child, false, &flawed) };
            if (equiv.policy && !flawed)
                equivs[set->n_equivs++] = equiv;
        }
        set->equivs = equivs;
    }
}

static void read_privacy(struct build *build, const xmlNode *list)
{
    struct privacy_mark *marks = ARENA_ARRAY(build->arena, struct privacy_mark, count_children(list, "privacyMark") + 1);
    unsigned n = 0;
    for EACH_CHILD (node, list, "privacyMark")
        marks[n++] = (struct privacy_mark){ .name = read_name(build, node), .obsolete = read_bool(build, node, "obsolete"),
                                            .marks = read_marks(build, node) };
    build->policy->privacy = marks;
    build->policy->n_privacy = n;
}

enum status spif_build(struct build *build, xmlNode *root)
{
    enum status status = read_identity(build, root);
    const xmlNode *classes = first_child(root, "securityClassifications");
    const xmlNode *sets = first_child(root, "securityCategoryTagSets");
    const xmlNode *privacy = first_child(root, "privacyMarks");
    if (status != OK)
        return status;
    if (!classes) {
        SAY(build->faults, "policy.classes", where(build, root), T_("A policy has 1 to %1$s classes; this one has %2$s"),
            "64", "0");
        return BAD_INPUT;
    }
    read_equiv_policies(build, root);
    if ((status = read_classes(build, classes)) != OK)
        return status;
    rank_classes(build->policy);
    if (sets)
        read_set_names(build, sets);
    read_class_rules(build, classes);
    if (sets)
        read_sets(build, sets);
    if (privacy)
        read_privacy(build, privacy);
    read_extension(build, root);
    policy_index(build->policy);
    spif_check(build);
    return build->contradiction ? REFUSED : OK;
}
