/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A STANAG 4778 sidecar (name.ext.bdo): finds the originator's label of the data that it binds. Labels of the metadata
 * itself and alternative labels are passed over. A file that binds different labels to different parts has no one
 * label and is refused. Signatures are not checked here, which is said.
 */
#include <string.h>

#include "base/text.h"
#include "label/formats.h"
#include "label/xml.h"

static bool is_binding(const xmlNode *node, const char *name)
{
    return node && xml_is(node, name) && str_eq(xml_ns(node), NS_4778);
}

static bool is_foreign(const xmlNode *node)
{
    return *xml_ns(node) && !str_eq(xml_ns(node), NS_4778);
}

static enum status wrong(struct import *import, const xmlNode *parent, const xmlNode *node, const char *want)
{
    return import_fault(import, node ? node : parent, "label.4778-structure", T_("%1$s: here should stand %2$s, not %3$s"),
                        (const char *)parent->name, want, node ? (const char *)node->name : "-");
}

static enum status read_metadata(struct import *import, const xmlNode *node, struct label_envelope *ret, bool *found)
{
    const xmlNode *child = xml_element(node->children);
    if (!child || xml_element(child->next))
        return wrong(import, node, child ? xml_element(child->next) : NULL, "xs:any (1)");
    if (!is_4774_root(child, SPIF_LENIENT) || xml_is(child, "alternativeConfidentialityLabel") ||
        xml_is(child, "metadataConfidentialityLabel"))
        return OK;
    struct label_envelope envelope;
    enum status status = read_4774(import, child, &envelope);
    if (status != OK)
        return status;
    if (*found && !str_eq(label_write(envelope.label, import->arena), label_write(ret->label, import->arena)))
        return import_fault(import, node, "label.4778-several",
                            T_("The file binds different labels to different parts; it has no label of its own"), "", "", "");
    if (!*found)
        *ret = envelope;
    *found = true;
    return OK;
}

static enum status check_reference(struct import *import, const xmlNode *node)
{
    return xml_attr(import->arena, node, "URI") ? OK
        : import_fault(import, node, "label.4778-uri", T_("%1$s needs the attribute %2$s"), (const char *)node->name, "URI",
                       "");
}

static enum status read_binding(struct import *import, const xmlNode *node, struct label_envelope *ret, bool *found)
{
    const xmlNode *child = xml_element(node->children);
    unsigned metadata = 0, data = 0;
    enum status status = OK;
    for (; status == OK && (is_binding(child, "Metadata") || is_binding(child, "MetadataReference"));
         child = xml_element(child->next), metadata++)
        status = xml_is(child, "Metadata") ? read_metadata(import, child, ret, found) : check_reference(import, child);
    for (; status == OK && (is_binding(child, "Data") || is_binding(child, "DataReference"));
         child = xml_element(child->next), data++)
        status = xml_is(child, "Data") ? OK : check_reference(import, child);
    if (status != OK)
        return status;
    return metadata && data && !child ? OK
        : wrong(import, node, child, !metadata ? "Metadata, MetadataReference" : "Data, DataReference");
}

static enum status read_container(struct import *import, const xmlNode *node, struct label_envelope *ret, bool *found)
{
    const xmlNode *child = xml_element(node->children);
    enum status status = is_binding(child, "MetadataBinding") ? OK : wrong(import, node, child, "MetadataBinding");
    for (; status == OK && is_binding(child, "MetadataBinding"); child = xml_element(child->next))
        status = read_binding(import, child, ret, found);
    for (; status == OK && child; child = xml_element(child->next))
        if (!is_foreign(child))
            status = wrong(import, node, child, "-");
    return status;
}

enum status read_4778(struct import *import, const xmlNode *root, struct label_envelope *ret)
{
    const xmlNode *child = xml_element(root->children);
    bool found = false;
    struct label_envelope envelope;
    for (; child && xml_is(child, "Signature") && str_eq(xml_ns(child), "http://www.w3.org/2000/09/xmldsig#");
         child = xml_element(child->next))
        import_fault(import, child, "label.4778-signature", T_("The binding is signed; the signature was not checked"), "", "",
                     "");
    enum status status = is_binding(child, "MetadataBindingContainer") ? OK
        : wrong(import, root, child, "MetadataBindingContainer");
    for (; status == OK && is_binding(child, "MetadataBindingContainer"); child = xml_element(child->next))
        status = read_container(import, child, &envelope, &found);
    for (; status == OK && child; child = xml_element(child->next))
        if (!is_foreign(child))
            status = wrong(import, root, child, "-");
    if (status == OK && !found)
        status = import_fault(import, root, "label.4778-none", T_("The binding holds no originator's label"), "", "", "");
    if (status == OK)
        *ret = envelope;
    return status;
}
