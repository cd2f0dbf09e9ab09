/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only door to libxml2: XML from memory, bounded in size, without network, entities or document types. The tree
 * comes back with line numbers. Recovering is asked for where losing text cannot open anything (policies, whose every
 * defect is listed), never for labels.
 */
#ifndef LABEL_XML_H
#define LABEL_XML_H

#include <libxml/tree.h>

#include "base/reasons.h"
#include "base/status.h"

/* `name` is the file's name for faults. The caller frees the tree with xmlFreeDoc(). */
enum status xml_parse(const char *name, const char *data, size_t len, size_t max, bool recover, struct reasons *,
                      xmlDoc **ret) MUST_CHECK;
/* Into nodes of the same type that lie in the arena, for reading with the functions below only: no recovering, and
 * nothing to free. For labels, which are read often. */
enum status xml_parse_light(const char *name, const char *data, size_t len, size_t max, struct arena *, struct reasons *,
                            const xmlNode **ret) MUST_CHECK;
/* The next element from `node` on, itself included. */
xmlNode *xml_element(xmlNode *node);
bool xml_is(const xmlNode *, const char *local);
const char *xml_ns(const xmlNode *);                       /* never NULL */
/* An attribute without namespace, copied into the arena; NULL when absent. */
const char *xml_attr(struct arena *, const xmlNode *, const char *name);
const char *xml_attr_lang(struct arena *, const xmlNode *);
/* All text below an element, copied. */
const char *xml_text(struct arena *, const xmlNode *);
/* "name:line" */
const char *xml_where(struct arena *, const char *name, unsigned line);

#endif
