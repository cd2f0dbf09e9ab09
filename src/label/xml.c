/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libxml2, tamed: see xml.h. A document type is refused while it is being read, before any of its declarations could
 * take effect; nothing is ever loaded from elsewhere; libxml2's own limits on depth and text size stay on.
 */
#include "label/xml.h"

#include <libxml/parser.h>
#include <libxml/parserInternals.h>
#include <pthread.h>
#include <string.h>

#include "base/text.h"
#include "label/model.h"
#include "label/xml_inside.h"

static pthread_once_t once = PTHREAD_ONCE_INIT;

void xml_note_error(void *arg, xmlErrorPtr error)
{
    xmlParserCtxt *ctxt = arg;
    struct xml_reading *reading = ctxt->_private;
    if (!reading || error->level < XML_ERR_ERROR || reading->doctype)
        return;
    reading->faulty = true;
    if (!reading->reasons || reading->reasons->count >= MOST_FAULTS)
        return;
    struct arena *arena = reading->reasons->arena;
    char *words = arena_strdup(arena, error->message ? error->message : "?");
    if (!utf8_valid(words, strlen(words)))
        words = arena_strdup(arena, "the text is not UTF-8");
    size_t len = strlen(words);
    while (len && (words[len - 1] == '\n' || words[len - 1] == ' '))
        words[--len] = '\0';
    reason_add(reading->reasons, "xml.malformed",
               xml_where(arena, reading->name, error->line > 0 ? (unsigned)error->line : 0),
               T_("The XML is not well-formed: %1$s"), words);
}

void xml_refuse_doctype(void *arg, const xmlChar *name, const xmlChar *external, const xmlChar *system)
{
    xmlParserCtxt *ctxt = arg;
    struct xml_reading *reading = ctxt->_private;
    if (!reading->doctype && reading->reasons)
        reason_add(reading->reasons, "xml.doctype",
                   xml_where(reading->reasons->arena, reading->name, (unsigned)xmlSAX2GetLineNumber(ctxt)),
                   T_("A document type declaration is not allowed in policies and labels"));
    reading->doctype = true;
    xmlStopParser(ctxt);
}

static void start_library(void)
{
    xmlInitParser();
}

enum status xml_begin(const char *name, size_t len, size_t max, struct reasons *reasons)
{
    if (len <= max && len <= (1u << 30)) {
        pthread_once(&once, start_library);
        return OK;
    }
    if (reasons)
        reason_add(reasons, "xml.size", name, T_("The file has %1$s bytes; at most %2$s are read"),
                   arena_printf(reasons->arena, "%zu", len), arena_printf(reasons->arena, "%zu", max));
    return TOO_LARGE;
}

enum status xml_bad(const struct xml_reading *reading)
{
    if (!reading->doctype && !reading->faulty && reading->reasons)
        reason_add(reading->reasons, "xml.malformed", reading->name, T_("The XML is not well-formed: %1$s"), "?");
    return BAD_INPUT;
}

enum status xml_parse(const char *name, const char *data, size_t len, size_t max, bool recover, struct reasons *reasons,
                      xmlDoc **ret)
{
    struct xml_reading reading = { .name = name, .reasons = reasons };
    enum status status = xml_begin(name, len, max, reasons);
    if (status != OK)
        return status;
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (!ctxt)
        return NO_MEMORY;
    ctxt->_private = &reading;
    ctxt->sax->serror = xml_note_error;
    ctxt->sax->internalSubset = xml_refuse_doctype;
    int options = XML_PARSE_NONET | XML_PARSE_NOCDATA | XML_PARSE_COMPACT | XML_PARSE_BIG_LINES;
    if (recover)
        options |= XML_PARSE_RECOVER;
    xmlDoc *doc = xmlCtxtReadMemory(ctxt, data, (int)len, NULL, NULL, options);
    bool whole = ctxt->wellFormed && ctxt->nsWellFormed;
    xmlFreeParserCtxt(ctxt);
    if (!doc || reading.doctype || (!recover && !whole) || !xmlDocGetRootElement(doc)) {
        if (doc)
            xmlFreeDoc(doc);
        return xml_bad(&reading);
    }
    *ret = doc;
    return OK;
}

xmlNode *xml_element(xmlNode *node)
{
    while (node && node->type != XML_ELEMENT_NODE)
        node = node->next;
    return node;
}

bool xml_is(const xmlNode *node, const char *local)
{
    return strcmp((const char *)node->name, local) == 0;
}

const char *xml_ns(const xmlNode *node)
{
    return node->ns && node->ns->href ? (const char *)node->ns->href : "";
}

static const char *attr_text(struct arena *arena, const xmlAttr *attr)
{
    /* nearly always one text node; anything else is put together by libxml2 */
    const xmlNode *child = attr->children;
    if (!child)
        return "";
    if (child->type == XML_TEXT_NODE && !child->next)
        return arena_strdup(arena, (const char *)child->content);
    xmlChar *text = xmlNodeListGetString(attr->doc, attr->children, 1);
    const char *copy = arena_strdup(arena, text ? (const char *)text : "");
    xmlFree(text);
    return copy;
}

const char *xml_attr(struct arena *arena, const xmlNode *node, const char *name)
{
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        if (!attr->ns && strcmp((const char *)attr->name, name) == 0)
            return attr_text(arena, attr);
    return NULL;
}

const char *xml_attr_lang(struct arena *arena, const xmlNode *node)
{
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next)
        if (attr->ns && attr->ns->href && strcmp((const char *)attr->name, "lang") == 0 &&
            strcmp((const char *)attr->ns->href, (const char *)XML_XML_NAMESPACE) == 0)
            return attr_text(arena, attr);
    return NULL;
}

const char *xml_text(struct arena *arena, const xmlNode *node)
{
    const xmlNode *child = node->children;
    if (!child)
        return "";
    if (child->type == XML_TEXT_NODE && !child->next)
        return arena_strdup(arena, (const char *)child->content);
    xmlChar *text = xmlNodeGetContent(node);
    const char *copy = arena_strdup(arena, text ? (const char *)text : "");
    xmlFree(text);
    return copy;
}

const char *xml_where(struct arena *arena, const char *name, unsigned line)
{
    return line ? arena_printf(arena, "%s:%u", name, line) : arena_strdup(arena, name);
}
