/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Labels are read a million times, so their XML is not built by libxml2's tree but into nodes of the same type in the
 * caller's arena: elements, attributes without namespace declarations, text; comments and instructions are dropped.
 * Half the time of a whole tree, and nothing to free. Strict only: what is not well-formed is refused.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "label/xml.h"
#include "label/xml_inside.h"

/* A parser is costly to make next to a label's few hundred bytes, so a thread keeps one for small files and renews it
 * now and then, lest its dictionary of names grow with every odd name it ever met. */
enum { SMALL_FILE = 16 * 1024, MOST_USES = 64 };
struct kept {
    xmlParserCtxt *ctxt;
    unsigned uses;
};
static pthread_once_t once = PTHREAD_ONCE_INIT;
static pthread_key_t kept_key;

static void drop_kept(void *arg)
{
    struct kept *kept = arg;
    if (kept->ctxt)
        xmlFreeParserCtxt(kept->ctxt);
    free(kept);
}

static void make_key(void)
{
    if (pthread_key_create(&kept_key, drop_kept) != 0)
        abort();
}

static xmlChar *copy(struct arena *arena, const xmlChar *text)
{
    return (xmlChar *)arena_strdup(arena, (const char *)text);
}

static xmlNs *namespace(struct xml_reading *reading, const xmlChar *href)
{
    if (!href)
        return NULL;
    for (xmlNode *up = reading->open; up; up = up->parent)
        if (up->ns && xmlStrEqual(up->ns->href, href))
            return up->ns;
    xmlNs *ns = ARENA_NEW(reading->arena, xmlNs);
    ns->type = XML_NAMESPACE_DECL;
    ns->href = copy(reading->arena, href);
    return ns;
}

static void append(xmlNode *parent, xmlNode *child)
{
    child->parent = parent;
    child->prev = parent->last;
    if (parent->last)
        parent->last->next = child;
    else
        parent->children = child;
    parent->last = child;
}

/* Five pointers an attribute: local name, prefix, namespace, where its value begins and ends. */
static void add_attribute(struct xml_reading *reading, xmlNode *node, xmlAttr **last, const xmlChar **parts)
{
    xmlAttr *attr = ARENA_NEW(reading->arena, xmlAttr);
    attr->type = XML_ATTRIBUTE_NODE;
    attr->name = copy(reading->arena, parts[0]);
    attr->ns = namespace(reading, parts[2]);
    attr->parent = node;
    if (parts[4] > parts[3]) {
        xmlNode *text = ARENA_NEW(reading->arena, xmlNode);
        text->type = XML_TEXT_NODE;
        text->content = (xmlChar *)arena_strndup(reading->arena, (const char *)parts[3], (size_t)(parts[4] - parts[3]));
        attr->children = attr->last = text;
    }
    if (*last)
        (*last)->next = attr;
    else
        node->properties = attr;
    *last = attr;
}

static void start_element(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *href, int n_declared,
                          const xmlChar **declared, int n_attributes, int n_defaulted, const xmlChar **attributes)
{
    xmlParserCtxt *ctxt = arg;
    struct xml_reading *reading = ctxt->_private;
    xmlNode *node = ARENA_NEW(reading->arena, xmlNode);
    xmlAttr *last = NULL;
    int line = ctxt->input ? ctxt->input->line : 0;
    node->type = XML_ELEMENT_NODE;
    node->name = copy(reading->arena, name);
    node->ns = namespace(reading, href);
    node->line = (unsigned short)(line < 65535 ? line : 65535);
    for (int i = 0; i < n_attributes; i++)
        add_attribute(reading, node, &last, attributes + 5 * i);
    if (reading->open)
        append(reading->open, node);
    else if (!reading->root)
        reading->root = node;
    reading->open = node;
    reading->text_cap = 0;
}

static void end_element(void *arg, const xmlChar *name, const xmlChar *prefix, const xmlChar *href)
{
    struct xml_reading *reading = ((xmlParserCtxt *)arg)->_private;
    if (reading->open)
        reading->open = reading->open->parent;
    reading->text_cap = 0;
}

/* Text comes in pieces; they grow into one node. */
static void add_text(void *arg, const xmlChar *bytes, int n)
{
    struct xml_reading *reading = ((xmlParserCtxt *)arg)->_private;
    xmlNode *text = reading->open ? reading->open->last : NULL;
    size_t len = n > 0 ? (size_t)n : 0;
    if (!reading->open || !len)
        return;
    if (!text || text->type != XML_TEXT_NODE) {
        text = ARENA_NEW(reading->arena, xmlNode);
        text->type = XML_TEXT_NODE;
        append(reading->open, text);
        reading->text_len = 0;
        reading->text_cap = 0;
    }
    if (reading->text_len + len >= reading->text_cap) {
        size_t cap = reading->text_cap ? 2 * (reading->text_len + len) : len + 1;
        xmlChar *more = arena_alloc(reading->arena, cap);
        if (reading->text_len)
            memcpy(more, text->content, reading->text_len);
        text->content = more;
        reading->text_cap = cap;
    }
    memcpy(text->content + reading->text_len, bytes, len);
    reading->text_len += len;
    text->content[reading->text_len] = '\0';
}

static xmlParserCtxt *new_parser(void)
{
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    if (!ctxt)
        return NULL;
    memset(ctxt->sax, 0, sizeof *ctxt->sax);
    ctxt->sax->initialized = XML_SAX2_MAGIC;
    ctxt->sax->serror = xml_note_error;
    ctxt->sax->internalSubset = xml_refuse_doctype;
    ctxt->sax->startElementNs = start_element;
    ctxt->sax->endElementNs = end_element;
    ctxt->sax->characters = add_text;
    ctxt->sax->ignorableWhitespace = add_text;
    return ctxt;
}

/* *ret_kept tells whether the thread keeps it. */
static xmlParserCtxt *take_parser(size_t len, bool *ret_kept)
{
    struct kept *kept = len <= SMALL_FILE ? pthread_getspecific(kept_key) : NULL;
    *ret_kept = false;
    if (len > SMALL_FILE)
        return new_parser();
    if (!kept) {
        kept = calloc(1, sizeof *kept);
        if (!kept || pthread_setspecific(kept_key, kept) != 0) {
            free(kept);
            return new_parser();
        }
    }
    if (kept->ctxt && ++kept->uses > MOST_USES) {
        xmlFreeParserCtxt(kept->ctxt);
        kept->ctxt = NULL;
    }
    if (!kept->ctxt) {
        kept->ctxt = new_parser();
        kept->uses = 0;
    }
    *ret_kept = kept->ctxt != NULL;
    return kept->ctxt;
}

enum status xml_parse_light(const char *name, const char *data, size_t len, size_t max, struct arena *arena,
                            struct reasons *reasons, const xmlNode **ret)
{
    struct xml_reading reading = { .name = name, .reasons = reasons, .arena = arena };
    enum status status = xml_begin(name, len, max, reasons);
    if (status != OK)
        return status;
    pthread_once(&once, make_key);
    bool kept;
    xmlParserCtxt *ctxt = take_parser(len, &kept);
    if (!ctxt)
        return NO_MEMORY;
    ctxt->_private = &reading;
    xmlDoc *none = xmlCtxtReadMemory(ctxt, data, (int)len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_BIG_LINES);
    bool whole = ctxt->wellFormed && ctxt->nsWellFormed;
    ctxt->_private = NULL;
    if (none)
        xmlFreeDoc(none);
    if (!kept)
        xmlFreeParserCtxt(ctxt);
    if (!whole || reading.doctype || !reading.root)
        return xml_bad(&reading);
    *ret = reading.root;
    return OK;
}
