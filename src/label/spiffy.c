/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The short XML syntax of the public label cases: <label> or <clearance> with policy@id, classification@lacv (several
 * in a clearance) and tag@type @id @lacv. Names beside the identifiers are for people and are not read.
 */
#include <string.h>

#include "base/text.h"
#include "label/formats.h"
#include "label/xml.h"

struct parts {
    const struct policy *policy;
    const struct sp_class *classes[MAX_CLASSES];
    unsigned n_classes;
    struct values values;
};

static enum status read_policy(struct import *import, const xmlNode *root, struct parts *parts)
{
    const xmlNode *node = xml_element(root->children);
    const char *id = node && xml_is(node, "policy") ? xml_attr(import->arena, node, "id") : NULL;
    if (!id)
        return import_fault(import, root, "spiffy.policy", T_("%1$s begins with a policy element that has an id"),
                            (const char *)root->name, "", "");
    return import_policy(import, collapse(import->arena, id), &parts->policy);
}

static enum status read_class(struct import *import, const xmlNode *node, struct parts *parts)
{
    const char *lacv = xml_attr(import->arena, node, "lacv");
    const struct sp_class *class = lacv
        ? policy_class(parts->policy, lacv_normal(import->arena, collapse(import->arena, lacv))) : NULL;
    if (!class || parts->n_classes == MAX_CLASSES)
        return import_fault(import, node, "label.class-unknown", T_("The policy %1$s has no class %2$s"),
                            parts->policy->name, lacv ? lacv : "", "");
    parts->classes[parts->n_classes++] = class;
    return OK;
}

static enum status read_tag(struct import *import, const xmlNode *node, struct parts *parts)
{
    const char *word = xml_attr(import->arena, node, "type"), *set = xml_attr(import->arena, node, "id"),
               *lacv = xml_attr(import->arena, node, "lacv");
    enum tag_type type;
    if (!set || !lacv || !tag_type_read(word, &type))
        return import_fault(import, node, "spiffy.tag", T_("tag needs id, lacv and a type such as restrictive: type is \"%1$s\""),
                            word ? word : "", "", "");
    lacv = lacv_normal(import->arena, collapse(import->arena, lacv));
    const struct sp_value *value = policy_value(parts->policy, set, type, lacv);
    if (!value)
        return import_fault(import, node, "label.category-unknown",
                            T_("The policy %1$s has no value %2$s of the tag set %3$s and this type"), parts->policy->name,
                            lacv, set);
    if (!add_value(&parts->values, set, type, lacv))
        return TOO_LARGE;
    return OK;
}

static enum status read_parts(struct import *import, const xmlNode *root, struct parts *parts)
{
    enum status status = read_policy(import, root, parts);
    if (status != OK)
        return status;
    for (const xmlNode *node = xml_element(xml_element(root->children)->next); node && status == OK;
         node = xml_element(node->next)) {
        if (xml_is(node, "classification"))
            status = read_class(import, node, parts);
        else if (xml_is(node, "tag"))
            status = read_tag(import, node, parts);
        else
            status = import_fault(import, node, "spiffy.element", T_("%1$s may not stand here"), (const char *)node->name,
                                  "", "");
    }
    return status;
}

static enum status check_root(struct import *import, const xmlNode *root, const char *name)
{
    if (xml_is(root, name) && str_eq(xml_ns(root), NS_SPIFFY))
        return OK;
    return import_fault(import, root, "spiffy.root", T_("The root element is %1$s; right is: %2$s"),
                        (const char *)root->name, name, "");
}

enum status read_spiffy_label(struct import *import, const xmlNode *root, struct label **ret)
{
    enum status status = check_root(import, root, "label");
    if (status != OK)
        return status;
    struct parts *parts = ARENA_NEW(import->arena, struct parts);
    status = read_parts(import, root, parts);
    if (status != OK)
        return status;
    if (parts->n_classes != 1)
        return import_fault(import, root, "spiffy.class", T_("A label has exactly one classification"), "", "", "");
    *ret = settle_label(import, parts->policy, parts->classes[0], &parts->values);
    return OK;
}

enum status read_spiffy_clearance(struct import *import, const xmlNode *root, struct clearance **ret)
{
    enum status status = check_root(import, root, "clearance");
    if (status != OK)
        return status;
    struct parts *parts = ARENA_NEW(import->arena, struct parts);
    status = read_parts(import, root, parts);
    if (status != OK)
        return status;
    struct clearance *clearance = ARENA_NEW(import->arena, struct clearance);
    const char **classes = ARENA_ARRAY(import->arena, const char *, parts->n_classes + 1);
    for (unsigned i = 0; i < parts->n_classes; i++)
        classes[i] = arena_strdup(import->arena, parts->classes[i]->lacv);
    static const struct sp_class none = { .lacv = "" };
    const struct label *settled = settle_label(import, parts->policy, &none, &parts->values);
    clearance->policy = settled->policy;
    clearance->classes = classes;
    clearance->n_classes = parts->n_classes;
    clearance->categories = settled->categories;
    clearance->n_categories = settled->n_categories;
    *ret = clearance;
    return OK;
}
