/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One door for labels and clearances from outside: finds the form from the first bytes, or the root element's
 * namespace, and hands over to its reader.
 */
#include <string.h>

#include "base/text.h"
#include "label/formats.h"
#include "label/xml.h"

enum status import_fault(struct import *import, const xmlNode *node, const char *rule, const char *english, const char *a,
                         const char *b, const char *c)
{
    if (import->reasons && import->reasons->count < MOST_FAULTS) {
        long line = node ? xmlGetLineNo((xmlNode *)node) : 0;
        reason_add(import->reasons, rule, xml_where(import->reasons->arena, "label", line > 0 ? (unsigned)line : 0),
                   english, a, b, c);
    }
    return BAD_INPUT;
}

enum status import_policy(struct import *import, const char *oid_or_name, const struct policy **ret)
{
    const struct policy *policy = policies_find(import->policies, oid_or_name);
    if (!policy) {
        SAY(import->reasons, "label.policy-unknown", "policy", T_("Unknown policy id: %1$s"), oid_or_name);
        return REFUSED;
    }
    *ret = policy;
    return OK;
}

bool add_value(struct values *values, const char *set, enum tag_type type, const char *lacv)
{
    if (values->n == MAX_LABEL_VALUES)
        return false;
    values->list[values->n++] = (struct category){ .tag_set = set, .type = type, .lacv = lacv };
    return true;
}

struct label *settle_label(struct import *import, const struct policy *policy, const struct sp_class *class,
                           struct values *values)
{
    struct label *label = ARENA_NEW(import->arena, struct label);
    struct category *list = ARENA_ARRAY(import->arena, struct category, values->n + 1);
    for (unsigned i = 0; i < values->n; i++)
        list[i] = (struct category){ .tag_set = arena_strdup(import->arena, values->list[i].tag_set),
            .type = values->list[i].type, .lacv = arena_strdup(import->arena, values->list[i].lacv) };
    label->policy = arena_strdup(import->arena, policy->oid);
    label->class_lacv = arena_strdup(import->arena, class->lacv);
    label->n_categories = categories_settle(list, values->n);
    label->categories = list;
    return label;
}

bool kind_fits(const char *kind, enum tag_type type)
{
    return str_eq(kind, kind_of(type));
}

const char *kind_of(enum tag_type type)
{
    return is_restrictive(type) ? "RESTRICTIVE" : is_permissive(type) ? "PERMISSIVE" : "INFORMATIVE";
}

enum form { FORM_UNKNOWN, FORM_XML, FORM_JSON, FORM_BER };

static enum form form_of(const char *data, size_t len)
{
    size_t i = len >= 3 && memcmp(data, "\xef\xbb\xbf", 3) == 0 ? 3 : 0;
    if (len > 1 && (data[0] == 0x31 || data[0] == 0x30) && data[1] != '\0' && len <= MAX_LABEL_FILE &&
        (unsigned char)data[0] < 0x40)
        return FORM_BER;
    while (i < len && strchr(" \t\r\n", data[i]) && data[i])
        i++;
    return i == len ? FORM_UNKNOWN : data[i] == '<' ? FORM_XML : data[i] == '{' ? FORM_JSON : FORM_UNKNOWN;
}

static enum status unknown_form(struct import *import, const char *what)
{
    SAY(import->reasons, "label.form-unknown", "label",
        T_("This is no label in a form that is read here (STANAG 4774, 4778 sidecar, spiffy, ESS BER, our JSON): %1$s"), what);
    return BAD_INPUT;
}

static enum status read_xml_label(struct import *import, const xmlNode *root, struct label_envelope *envelope)
{
    if (str_eq(xml_ns(root), NS_4778) && xml_is(root, "BindingInformation"))
        return read_4778(import, root, envelope);
    if (is_4774_root(root, SPIF_LENIENT))       /* strict mode says itself what is wrong with the name */
        return read_4774(import, root, envelope);
    if (str_eq(xml_ns(root), NS_SPIFFY))
        return read_spiffy_label(import, root, &envelope->label);
    return unknown_form(import, (const char *)root->name);
}

static enum status from_xml(struct import *import, const char *data, size_t len, struct label_envelope *envelope)
{
    const xmlNode *root;
    enum status status = xml_parse_light("label", data, len, MAX_LABEL_FILE, import->arena, import->reasons, &root);
    return status == OK ? read_xml_label(import, root, envelope) : status;
}

static enum status from_json(struct import *import, const char *data, size_t len, struct label **ret)
{
    const struct policy *policy;
    struct label *label;
    enum status status = label_read(data, len, import->arena, import->reasons, &label);
    if (status == OK)
        status = import_policy(import, label->policy, &policy);
    if (status == OK)
        *ret = label;
    return status;
}

enum status label_import_whole(const struct policies *policies, const char *data, size_t len, enum spif_mode mode,
                               struct arena *arena, struct reasons *reasons, struct label_envelope *ret)
{
    struct import import = { .policies = policies, .mode = mode, .arena = arena, .reasons = reasons };
    struct label_envelope envelope = { .created = MOMENT_NONE, .review = MOMENT_NONE, .succession = MOMENT_NONE };
    enum status status;
    switch (form_of(data, len)) {
    case FORM_XML: status = from_xml(&import, data, len, &envelope); break;
    case FORM_JSON: status = from_json(&import, data, len, &envelope.label); break;
    case FORM_BER: status = read_ess_label(&import, data, len, &envelope.label); break;
    default: status = unknown_form(&import, "?");
    }
    if (status == OK)
        *ret = envelope;
    return status;
}

enum status label_import(const struct policies *policies, const char *data, size_t len, enum spif_mode mode,
                         struct arena *arena, struct reasons *reasons, struct label **ret)
{
    struct label_envelope envelope;
    enum status status = label_import_whole(policies, data, len, mode, arena, reasons, &envelope);
    if (status == OK)
        *ret = envelope.label;
    return status;
}

enum status clearance_import(const struct policies *policies, const char *data, size_t len, enum spif_mode mode,
                             struct arena *arena, struct reasons *reasons, struct clearance **ret)
{
    struct import import = { .policies = policies, .mode = mode, .arena = arena, .reasons = reasons };
    enum form form = form_of(data, len);
    if (form == FORM_JSON) {
        const struct policy *policy;
        struct clearance *clearance;
        enum status status = clearance_read(data, len, arena, reasons, &clearance);
        if (status == OK)
            status = import_policy(&import, clearance->policy, &policy);
        if (status == OK)
            *ret = clearance;
        return status;
    }
    if (form != FORM_XML) {
        SAY(reasons, "clearance.form-unknown", "clearance", T_("This is no clearance in a form that is read here (spiffy, our JSON)"));
        return BAD_INPUT;
    }
    const xmlNode *root;
    enum status status = xml_parse_light("clearance", data, len, MAX_LABEL_FILE, arena, reasons, &root);
    return status == OK ? read_spiffy_clearance(&import, root, ret) : status;
}
