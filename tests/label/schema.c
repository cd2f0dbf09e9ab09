/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Our own check of SPIF files against a schema processor's: valid files are mutated at random (elements deleted,
 * doubled, moved, renamed; attributes dropped, changed, invented; text put in) and both must say the same of each. The
 * schema is public data; without it only the fixture and the policies are checked.
 */
#include <libxml/xmlschemas.h>
#include <libxml/xmlschemastypes.h>
#include <libxml/xmlsave.h>
#include <stdlib.h>
#include <unistd.h>

#include "common.h"
#include "label/spif_schema.h"
#include "label/xml.h"

#include "tap.h"

static struct arena *arena;
static xmlSchema *schema;

static void silent(void *arg, xmlErrorPtr error)
{
    (void)arg;
    (void)error;
}

static void copy_file(const char *from, const char *to)
{
    size_t len = 0;
    const char *bytes = read_file(arena, from, &len);
    FILE *file = bytes ? fopen(to, "wb") : NULL;
    if (file) {
        fwrite(bytes, 1, len, file);
        fclose(file);
    }
}

/* The SPIF schema with the xml: attributes that it imports and that the public folder lacks. */
static void load_schema(void)
{
    const char *xsd = data_path(arena, "labels/schema/xmlspif.xsd");
    char folder[] = "/tmp/castellan-xsd-XXXXXX";
    if (!xsd || !mkdtemp(folder))
        return;
    const char *main_copy = arena_printf(arena, "%s/xmlspif.xsd", folder), *xml_copy = arena_printf(arena, "%s/xml.xsd", folder);
    copy_file(xsd, main_copy);
    copy_file(source_path(arena, "tests/label/fixtures/xml.xsd"), xml_copy);
    xmlSchemaParserCtxt *parser = xmlSchemaNewParserCtxt(main_copy);
    if (parser) {
        xmlSchemaSetParserStructuredErrors(parser, silent, NULL);
        schema = xmlSchemaParse(parser);
        xmlSchemaFreeParserCtxt(parser);
    }
    unlink(main_copy);
    unlink(xml_copy);
    rmdir(folder);
}

static bool schema_says(xmlDoc *doc)
{
    xmlSchemaValidCtxt *ctxt = xmlSchemaNewValidCtxt(schema);
    xmlSchemaSetValidStructuredErrors(ctxt, silent, NULL);
    int verdict = xmlSchemaValidateDoc(ctxt, doc);
    xmlSchemaFreeValidCtxt(ctxt);
    return verdict == 0;
}

/* Everything but the content of <extensions>, where anything may stand. */
static unsigned gather(xmlNode *node, xmlNode **out, unsigned n, unsigned cap)
{
    for (; node && n < cap; node = node->next) {
        if (node->type != XML_ELEMENT_NODE)
            continue;
        out[n++] = node;
        if (!xml_is(node, "extensions"))
            n = gather(node->children, out, n, cap);
    }
    return n;
}

static const char *const names[] = { "SPIF", "markingData", "markingQualifier", "requiredCategory", "excludedClass",
    "tagCategory", "code", "equivalentClassification", "privacyMark", "odd" };
static const char *const texts[] = { "", "0", "1", "7", "+7", " 7 ", "-1", "true", "1.0", "2.1", "all", "unbounded", "red",
    "gold", "#123456", "#12345", "1.3.26", "3.1", "1.2.", "NATO", "CLOSED", "OPEN", "Days", "restrictive", "permissive",
    "enumerated", "both", "pageTop", "prefix", "discard", "2026-01-01T00:00:00Z", "2026-13-01T00:00:00Z", "string",
    "urn:x:y", "one/two:three", "?a:b", ":x", "1a:b", "a b", "a%2", "a%2fb", "a%2g", "a#b", "a#b#c", "%", "a+b.c-1:d", "a_b:c" };
static const char *const attrs[] = { "name", "lacv", "id", "odd", "color", "all", "phrase" };
#define ANY_OF(list) list[tap_below(sizeof list / sizeof *list)]

static void mutate_attr(xmlNode *node)
{
    unsigned n = 0;
    for (xmlAttr *attr = node->properties; attr; attr = attr->next)
        n++;
    unsigned at = (unsigned)tap_below(n + 1);
    xmlAttr *attr = node->properties;
    for (; attr && at; at--)
        attr = attr->next;
    if (!attr)
        xmlSetProp(node, (const xmlChar *)ANY_OF(attrs), (const xmlChar *)ANY_OF(texts));
    else if (tap_below(2) && !attr->ns)
        xmlSetProp(node, attr->name, (const xmlChar *)ANY_OF(texts));
    else
        xmlRemoveProp(attr);
}

static void mutate(xmlDoc *doc)
{
    xmlNode *nodes[2048];
    unsigned n = gather(xmlDocGetRootElement(doc), nodes, 0, 2048);
    xmlNode *node = nodes[tap_below(n)], *other = nodes[tap_below(n)];
    bool root = node == nodes[0];
    switch (tap_below(8)) {
    case 0:
        if (!root) {
            xmlUnlinkNode(node);
            xmlFreeNode(node);
        }
        break;
    case 1:
        if (!root)
            xmlAddNextSibling(node, xmlCopyNode(node, 1));
        break;
    case 2:
        if (!root && other != nodes[0] && other->parent == node->parent && other != node)
            xmlAddPrevSibling(other, node);
        break;
    case 3:
        xmlNodeSetName(node, (const xmlChar *)ANY_OF(names));
        break;
    case 4:
        xmlAddChild(node, xmlNewText((const xmlChar *)(tap_below(2) ? " " : "x")));
        break;
    default:
        mutate_attr(node);
    }
}

/* Through text, so that both judge what a file would hold. */
static xmlDoc *again(xmlDoc *doc)
{
    xmlChar *text = NULL;
    int len = 0;
    xmlDocDumpMemory(doc, &text, &len);
    xmlDoc *fresh = xmlReadMemory((const char *)text, len, NULL, NULL, XML_PARSE_NONET | XML_PARSE_NOERROR);
    xmlFree(text);
    return fresh;
}

static void show_difference(xmlDoc *doc, bool theirs)
{
    struct reasons faults;
    xmlChar *text = NULL;
    int len = 0;
    reasons_init(&faults, arena);
    spif_schema_check("mutant", xmlDocGetRootElement(doc), &faults);
    xmlDocDumpMemory(doc, &text, &len);
    printf("# the schema says %s, we say: %s\n", theirs ? "valid" : "invalid", why(&faults));
    char *rest = NULL;
    for (char *line = strtok_r((char *)text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest))
        printf("# %s\n", line);
    xmlFree(text);
}

static void test_mutants(const char *path, size_t cases)
{
    xmlDoc *base = xmlReadFile(path, NULL, XML_PARSE_NONET);
    size_t same = 0, invalid = 0;
    for (size_t i = 0; i < cases; i++) {
        xmlDoc *doc = xmlCopyDoc(base, 1);
        for (size_t k = 1 + tap_below(2); k; k--)
            mutate(doc);
        xmlDoc *fresh = again(doc);
        xmlFreeDoc(doc);
        if (!fresh) {           /* a rename broke the names of a namespace: no file, no verdict */
            same++;
            continue;
        }
        bool theirs = schema_says(fresh), ours = spif_schema_check("mutant", xmlDocGetRootElement(fresh), NULL);
        invalid += !theirs;
        same += theirs == ours;
        if (theirs != ours && same + 3 > i)
            show_difference(fresh, theirs);
        xmlFreeDoc(fresh);
    }
    ok(same == cases, "%s: %zu of %zu mutants judged alike, %zu invalid", strrchr(path, '/') + 1, same, cases, invalid);
    xmlFreeDoc(base);
}

static void test_valid(const char *path)
{
    xmlDoc *doc = xmlReadFile(path, NULL, XML_PARSE_NONET);
    ok(doc && spif_schema_check("file", xmlDocGetRootElement(doc), NULL), "%s is valid for us", strrchr(path, '/') + 1);
    if (schema)
        ok(doc && schema_says(doc), "... and for the schema");
    xmlFreeDoc(doc);
}

int main(void)
{
    static const char *const files[] = { "tests/label/fixtures/weekdays.xml", "policies/nato.xml", "policies/eu.xml",
                                         "policies/occar.xml", "policies/office-public.xml" };
    arena = arena_new(0);
    tap_seed();
    load_schema();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        test_valid(source_path(arena, files[i]));
    if (!schema) {
        tap_skip("mutants against the schema", "labels/schema/xmlspif.xsd is missing");
    } else {
        test_mutants(source_path(arena, files[0]), tap_cases(200000));
        test_mutants(source_path(arena, files[3]), tap_cases(20000));
        xmlSchemaFree(schema);
    }
    xmlSchemaCleanupTypes();
    arena_free(arena);
    return tap_done();
}
