/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * STANAG 4774 XML. Strict takes what the schema takes, less the attribute URL, which the schema lets pass by accident.
 * Lenient forgives exactly three slips seen in the field, each with a warning: capitals of the root element, attribute
 * URL for URI, a missing CreationDateTime. Names become identifiers through the policy; what it does not know refuses
 * the label.
 */
#include <ctype.h>
#include <libxml/tree.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "label/formats.h"
#include "label/xml.h"

static const char *const roots[] = { "originatorConfidentialityLabel", "alternativeConfidentialityLabel",
    "metadataConfidentialityLabel", "ConfidentialityLabel", NULL };
static const char *const id_types[] = { "rfc822Name", "dNSName", "directoryName", "uniformResourceIdentifier",
    "iPAddress", "x400Address", "userPrincipalName", "jID", NULL };

bool is_4774_root(const xmlNode *node, enum spif_mode mode)
{
    if (!str_eq(xml_ns(node), NS_4774))
        return false;
    for (const char *const *root = roots; *root; root++)
        if (strcmp((const char *)node->name, *root) == 0 ||
            (mode == SPIF_LENIENT && strcasecmp((const char *)node->name, *root) == 0))
            return true;
    return false;
}

static bool is_own(const xmlNode *node, const char *name)
{
    return node && xml_is(node, name) && str_eq(xml_ns(node), NS_4774);
}

static enum status unexpected(struct import *import, const xmlNode *parent, const xmlNode *node, const char *want)
{
    return import_fault(import, node ? node : parent, "label.4774-structure",
                        T_("%1$s: here should stand %2$s, not %3$s"), (const char *)parent->name, want,
                        node ? (const char *)node->name : "-");
}

static bool has_text(const xmlNode *node)
{
    for (const xmlNode *child = node->children; child; child = child->next)
        if ((child->type == XML_TEXT_NODE || child->type == XML_CDATA_SECTION_NODE) && child->content &&
            strspn((const char *)child->content, " \t\r\n") != strlen((const char *)child->content))
            return true;
    return false;
}

/* Elements of other namespaces at the end are allowed; they are named, since nobody here understands them. */
static enum status rest_is_foreign(struct import *import, const xmlNode *parent, const xmlNode *node)
{
    if (has_text(parent))
        return import_fault(import, parent, "label.4774-text", T_("%1$s may not hold text"), (const char *)parent->name,
                            "", "");
    for (; node; node = xml_element(node->next)) {
        if (str_eq(xml_ns(node), NS_4774) || !*xml_ns(node))
            return unexpected(import, parent, node, "-");
        import_fault(import, node, "label.4774-foreign", T_("%1$s belongs to another namespace and was not read"),
                     (const char *)node->name, "", "");
    }
    return OK;
}

/* xs:dateTime */
static bool read_time(struct import *import, const char *text, moment *ret)
{
    text = collapse(import->arena, text);
    size_t len = strlen(text);
    if (len < 19 || len > 60 || text[10] != 'T' || text[16] != ':')
        return false;
    if (!strchr(text + 19, 'Z') && !strpbrk(text + 19, "+-"))
        text = arena_printf(import->arena, "%sZ", text);
    return moment_read(text, ret) == OK;
}

static enum status read_time_element(struct import *import, const xmlNode *node, moment *ret)
{
    if (read_time(import, xml_text(import->arena, node), ret))
        return OK;
    return import_fault(import, node, "label.4774-time", T_("%1$s is \"%2$s\"; right is: %3$s"), (const char *)node->name,
                        xml_text(import->arena, node), "2026-11-22T13:05:00Z");
}

/* The attribute URI, or URL where lenient forgives it. */
static enum status read_uri(struct import *import, const xmlNode *node, const char **ret)
{
    const char *uri = xml_attr(import->arena, node, "URI"), *url = xml_attr(import->arena, node, "URL");
    if (url) {
        import_fault(import, node, "label.4774-url", T_("%1$s has the attribute URL; right is: URI"),
                     (const char *)node->name, "", "");
        if (import->mode == SPIF_STRICT)
            return BAD_INPUT;
    }
    *ret = uri ? uri : url;
    return OK;
}

static const char *oid_of_uri(const char *uri)
{
    return uri && strncasecmp(uri, "urn:oid:", 8) == 0 ? uri + 8 : NULL;
}

static enum status read_policy(struct import *import, const xmlNode *node, const struct policy **ret)
{
    const char *uri, *name = collapse(import->arena, xml_text(import->arena, node));
    enum status status = read_uri(import, node, &uri);
    if (status != OK)
        return status;
    if (!*name)
        return unexpected(import, node, NULL, "xs:token");
    const char *oid = oid_of_uri(uri);
    const struct policy *by_oid = oid ? policies_by_oid(import->policies, oid) : NULL;
    const struct policy *by_name = policies_find(import->policies, name);
    if (oid && by_oid != by_name && by_name)
        return import_fault(import, node, "label.4774-policy", T_("The policy's name %1$s and its URI %2$s do not agree"),
                            name, uri, "");
    if (by_oid) {
        *ret = by_oid;          /* named in another way than our file does; the identifier decides */
        return OK;
    }
    return import_policy(import, oid ? oid : name, ret);
}

static enum status read_class(struct import *import, const xmlNode *node, const struct policy *policy,
                              const struct sp_class **ret)
{
    const char *uri, *name = collapse(import->arena, xml_text(import->arena, node));
    enum status status = read_uri(import, node, &uri);
    if (status != OK)
        return status;
    const struct sp_class *class = policy_class_named(policy, name);
    if (!class)
        return import_fault(import, node, "label.class-unknown", T_("The policy %1$s has no class %2$s"), policy->name, name,
                            "");
    *ret = class;
    return OK;
}

struct tag_choice {
    const struct policy *policy;
    const char *kind;           /* RESTRICTIVE ... */
    const struct sp_set *set;   /* NULL: a tag of any set, by name */
    const char *tag;            /* NULL: any tag of the set */
};

static bool chosen(const struct tag_choice *choice, const struct sp_tag *tag)
{
    return kind_fits(choice->kind, tag->type) && (!choice->set || tag->set == choice->set) &&
           (!choice->tag || str_eq(tag->name, choice->tag));
}

static bool set_has_tag(const struct sp_set *set, const char *name)
{
    for (unsigned t = 0; t < set->n; t++)
        if (str_eq(set->tags[t].name, name))
            return true;
    return false;
}

static enum status choose_tag(struct import *import, const xmlNode *node, struct tag_choice *choice)
{
    const char *uri, *name = xml_attr(import->arena, node, "TagName");
    enum status status = read_uri(import, node, &uri);
    if (status != OK)
        return status;
    if (!name)
        return unexpected(import, node, NULL, "TagName");
    name = collapse(import->arena, name);
    const char *oid = oid_of_uri(uri);
    const struct sp_set *by_oid = oid ? policy_set(choice->policy, oid) : NULL;
    const struct sp_set *by_name = policy_set_named(choice->policy, name);
    choice->set = by_oid ? by_oid : by_name;
    if (by_oid && by_oid != by_name && !set_has_tag(by_oid, name))
        return import_fault(import, node, "label.4774-tag", T_("The tag's name %1$s and its URI %2$s do not agree"), name, uri,
                            "");
    if (by_oid ? by_oid != by_name : !by_name)
        choice->tag = name;
    return OK;
}

/* Looks through the chosen tags for the one value with this name, or this lacv. */
static enum status find_value(struct import *import, const xmlNode *node, const struct tag_choice *choice,
                              const char *text, bool by_name, struct values *values)
{
    const struct sp_value *found = NULL, *entered = NULL;
    const char *lacv = by_name ? NULL : lacv_normal(import->arena, text);
    unsigned matches = 0;
    for (unsigned s = 0; s < choice->policy->n_sets; s++)
        for (unsigned t = 0; (!choice->set || choice->set == &choice->policy->sets[s]) && t < choice->policy->sets[s].n;
             t++) {
            const struct sp_tag *tag = &choice->policy->sets[s].tags[t];
            unsigned n = chosen(choice, tag) ? tag->n : 0;
            for (unsigned v = 0; v < n; v++) {
                const struct sp_value *value = &tag->values[v];
                if (value->input != INPUT_NONE)
                    entered = value;
                if (strcmp(by_name ? value->name : value->lacv, by_name ? text : lacv) == 0) {
                    found = value;
                    matches++;
                }
            }
        }
    if (matches > 1)
        return import_fault(import, node, "label.category-ambiguous",
                            T_("The policy defines %1$s more than once, so it is ambiguous and refused"), text, "", "");
    const char *typed = lacv_normal(import->arena, text);
    if (!found && entered && policy_value(choice->policy, entered->tag->set->oid, entered->tag->type, typed) == entered)
        return add_value(values, entered->tag->set->oid, entered->tag->type, typed) ? OK : TOO_LARGE;
    if (!found)
        return import_fault(import, node, "label.category-unknown",
                            T_("The policy %1$s has no value \"%2$s\" in %3$s"), choice->policy->name, text,
                            choice->set ? choice->set->name : choice->tag);
    return add_value(values, found->tag->set->oid, found->tag->type, found->lacv) ? OK : TOO_LARGE;
}

static enum status read_bits(struct import *import, const xmlNode *node, const struct tag_choice *choice,
                             const char *bits, struct values *values)
{
    enum status status = OK;
    for (size_t i = 0; bits[i] && status == OK; i++)
        if (bits[i] == '1')
            status = find_value(import, node, choice, arena_printf(import->arena, "%zu", i), false, values);
    return status;
}

static enum status read_value(struct import *import, const xmlNode *node, const struct tag_choice *choice,
                              struct values *values)
{
    const char *text = xml_text(import->arena, node);
    size_t len = strlen(text);
    if (xml_element(node->children))
        return unexpected(import, node, xml_element(node->children), "xs:string");
    if (is_own(node, "GenericValue"))
        return find_value(import, node, choice, collapse(import->arena, text), true, values);
    if (is_own(node, "IntegerValue") && len && strspn(text, "0123456789") == len)
        return find_value(import, node, choice, text, false, values);
    if (is_own(node, "BitStringValue") && len && strspn(text, "01") == len)
        return read_bits(import, node, choice, text, values);
    return unexpected(import, node->parent, node, "GenericValue, IntegerValue [0-9]+, BitStringValue [01]+");
}

/* Released, but to nobody: kept as such. */
static enum status empty_permissive(struct import *import, const xmlNode *node, const struct tag_choice *choice,
                                    struct values *values)
{
    for (unsigned s = 0; s < choice->policy->n_sets; s++)
        for (unsigned t = 0; t < choice->policy->sets[s].n; t++)
            if (chosen(choice, &choice->policy->sets[s].tags[t])) {
                add_value(values, choice->policy->sets[s].oid, choice->policy->sets[s].tags[t].type, "");
                return OK;
            }
    return import_fault(import, node, "label.category-unknown", T_("The policy %1$s has no value \"%2$s\" in %3$s"),
                        choice->policy->name, "", choice->tag ? choice->tag : choice->set->name);
}

static enum status read_category(struct import *import, const xmlNode *node, const struct policy *policy,
                                 struct values *values)
{
    const char *kind = xml_attr(import->arena, node, "Type");
    struct tag_choice choice = { .policy = policy, .kind = kind ? collapse(import->arena, kind) : "" };
    if (!str_eq(choice.kind, "RESTRICTIVE") && !str_eq(choice.kind, "PERMISSIVE") && !str_eq(choice.kind, "INFORMATIVE"))
        return import_fault(import, node, "label.4774-type", T_("Category's Type is \"%1$s\"; right is: %2$s"), choice.kind,
                            "RESTRICTIVE, PERMISSIVE, INFORMATIVE", "");
    enum status status = choose_tag(import, node, &choice);
    if (has_text(node))
        return import_fault(import, node, "label.4774-text", T_("%1$s may not hold text"), "Category", "", "");
    if (status == OK && !xml_element(node->children) && str_eq(choice.kind, "PERMISSIVE"))
        return empty_permissive(import, node, &choice, values);
    for (const xmlNode *child = xml_element(node->children); child && status == OK; child = xml_element(child->next))
        status = read_value(import, child, &choice, values);
    return status;
}

static enum status no_attributes(struct import *import, const xmlNode *node)
{
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        if (!attr->ns || !str_eq((const char *)attr->ns->href, "http://www.w3.org/2001/XMLSchema-instance"))
            return import_fault(import, node, "label.4774-attribute", T_("%1$s has no attribute %2$s"),
                                (const char *)node->name, (const char *)attr->name, "");
    return OK;
}

static enum status read_information(struct import *import, const xmlNode *node, struct label_envelope *envelope)
{
    const struct policy *policy;
    const struct sp_class *class = NULL;
    struct values *values = ARENA_NEW(import->arena, struct values);
    const xmlNode *child = xml_element(node->children);
    enum status status = no_attributes(import, node);
    if (status != OK)
        return status;
    if (!is_own(child, "PolicyIdentifier"))
        return unexpected(import, node, child, "PolicyIdentifier");
    if ((status = read_policy(import, child, &policy)) != OK)
        return status;
    child = xml_element(child->next);
    if (!is_own(child, "Classification"))
        return unexpected(import, node, child, "Classification");
    if ((status = read_class(import, child, policy, &class)) != OK)
        return status;
    child = xml_element(child->next);
    if (is_own(child, "PrivacyMark")) {
        envelope->privacy_mark = xml_text(import->arena, child);
        child = xml_element(child->next);
    }
    for (; is_own(child, "Category") && status == OK; child = xml_element(child->next))
        status = read_category(import, child, policy, values);
    if (status == OK)
        status = rest_is_foreign(import, node, child);
    if (status == OK)
        envelope->label = settle_label(import, policy, class, values);
    return status;
}

static enum status read_originator(struct import *import, const xmlNode *node, struct label_envelope *envelope)
{
    envelope->originator_type = xml_attr(import->arena, node, "IDType");
    envelope->originator = xml_text(import->arena, node);
    if (str_in(envelope->originator_type ? envelope->originator_type : "", id_types))
        return OK;
    return import_fault(import, node, "label.4774-originator", T_("OriginatorID's IDType is \"%1$s\"; right is: %2$s"),
                        envelope->originator_type ? envelope->originator_type : "",
                        "rfc822Name, dNSName, directoryName, uniformResourceIdentifier ...", "");
}

static enum status read_base(struct import *, const xmlNode *, bool successor, struct label_envelope *);

static enum status read_succession(struct import *import, const xmlNode *node, struct label_envelope *envelope)
{
    struct label_envelope next = { .created = MOMENT_NONE };
    const xmlNode *child = xml_element(node->children);
    if (!is_own(child, "SuccessionDateTime"))
        return unexpected(import, node, child, "SuccessionDateTime");
    enum status status = read_time_element(import, child, &envelope->succession);
    child = xml_element(child->next);
    if (status == OK && !is_own(child, "SuccessorConfidentialityLabel"))
        return unexpected(import, node, child, "SuccessorConfidentialityLabel");
    if (status == OK)
        status = read_base(import, child, true, &next);
    if (status == OK)
        envelope->successor = next.label;
    return status;
}

/* One successor deep: a successor's own succession is read over and dropped, it belongs to that later label. */
static enum status read_base(struct import *import, const xmlNode *node, bool successor, struct label_envelope *envelope)
{
    const xmlNode *child = xml_element(node->children);
    if (!is_own(child, "ConfidentialityInformation"))
        return unexpected(import, node, child, "ConfidentialityInformation");
    enum status status = read_information(import, child, envelope);
    child = xml_element(child->next);
    if (status == OK && is_own(child, "OriginatorID")) {
        status = read_originator(import, child, envelope);
        child = xml_element(child->next);
    }
    if (status == OK && is_own(child, "CreationDateTime")) {
        status = read_time_element(import, child, &envelope->created);
        child = xml_element(child->next);
    } else if (status == OK) {
        import_fault(import, node, "label.4774-created", T_("%1$s has no CreationDateTime"), (const char *)node->name, "",
                     "");
        if (import->mode == SPIF_STRICT)
            return BAD_INPUT;
    }
    if (status == OK && is_own(child, "SuccessionHandling")) {
        if (!successor)
            status = read_succession(import, child, envelope);
        child = xml_element(child->next);
    }
    return status == OK ? rest_is_foreign(import, node, child) : status;
}

enum status read_4774(struct import *import, const xmlNode *root, struct label_envelope *ret)
{
    if (!is_4774_root(root, SPIF_STRICT)) {
        import_fault(import, root, "label.4774-root", T_("The root element is %1$s; right is: %2$s"),
                     (const char *)root->name, "originatorConfidentialityLabel", "");
        if (import->mode == SPIF_STRICT)
            return BAD_INPUT;
    }
    struct label_envelope envelope = { .created = MOMENT_NONE, .review = MOMENT_NONE, .succession = MOMENT_NONE };
    const char *review = xml_attr(import->arena, root, "ReviewDateTime"), *id = xml_attr(import->arena, root, "Id");
    if (review && !read_time(import, review, &envelope.review))
        return import_fault(import, root, "label.4774-time", T_("%1$s is \"%2$s\"; right is: %3$s"), "ReviewDateTime", review,
                            "2026-11-22T13:05:00Z");
    if (id && xmlValidateNCName((const xmlChar *)id, 1) != 0)
        return import_fault(import, root, "label.4774-id", T_("Id is \"%1$s\"; right is a name without colon"), id, "", "");
    enum status status = read_base(import, root, false, &envelope);
    if (status == OK)
        *ret = envelope;
    return status;
}
