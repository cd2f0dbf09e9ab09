/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the two ways of reading XML share (xml.c whole trees by libxml2, xml_light.c small trees in an arena): one
 * reading's state, which hangs in the parser's _private, and the callbacks that keep libxml2 tame.
 */
#ifndef LABEL_XML_INSIDE_H
#define LABEL_XML_INSIDE_H

#include <libxml/parser.h>

#include "base/reasons.h"
#include "base/status.h"

struct xml_reading {
    const char *name;
    struct reasons *reasons;        /* may be NULL */
    bool doctype, faulty;
    struct arena *arena;            /* xml_light.c: where the tree grows */
    xmlNode *root, *open;
    size_t text_len, text_cap;      /* of the text that is growing at the end of `open` */
};

void xml_note_error(void *ctxt, xmlErrorPtr);
void xml_refuse_doctype(void *ctxt, const xmlChar *name, const xmlChar *external, const xmlChar *system);
/* Size limit and the library's start. */
enum status xml_begin(const char *name, size_t len, size_t max, struct reasons *) MUST_CHECK;
/* BAD_INPUT, with a reason where libxml2 gave none. */
enum status xml_bad(const struct xml_reading *);

#endif
