/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The content model of Open XML SPIF as a table, and the walk over it. An element's name decides its type (the schema
 * names every element globally), so the table has one row an element; its children are a sequence in the order
 * written, which is all that this schema uses. Uniqueness and references are in spif_keys.c.
 */
#include "label/spif_schema.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"
#include "base/text.h"
#include "label/model.h"
#include "label/spif_keys.h"
#include "label/xml.h"

enum simple {
    S_STRING, S_NAME256, S_OID, S_INTEGER, S_BOOLEAN, S_SELECTION, S_COLOR, S_DATETIME, S_URI,
    S_VERSION, S_OPERATION, S_INPUT, S_CODE, S_TAGTYPE, S_ENUMTYPE, S_TAG7, S_QUALIFIER, S_APPLIED, S_ACTION,
};
struct attr_rule { const char *name; enum simple type; bool required; };
struct child_rule { const char *name; unsigned min, max; };                /* max 0: any number */
enum content { C_ELEMENTS, C_EMPTY, C_NAME256, C_CODE, C_ANY };
struct element_rule {
    const char *name;
    enum content content;
    struct child_rule children[12];
    struct attr_rule attrs[16];
    bool any_attr;               /* the schema has anyAttribute: foreign names are asked for by declaration */
};

#define MARKS { "markingData", 0, 0 }, { "markingQualifier", 0, 0 }
static const struct element_rule rules[] = {
    { "SPIF", C_ELEMENTS,
      { { "defaultSecurityPolicyId", 0, 1 }, { "securityPolicyId", 1, 1 }, { "updateInfo", 0, 1 },
        { "securityClassifications", 1, 1 }, { "securityCategoryTagSets", 0, 1 }, { "privacyMarks", 0, 1 },
        { "equivalentPolicies", 0, 1 }, MARKS, { "extensions", 0, 1 } },
      { { "schemaVersion", S_VERSION, true }, { "version", S_INTEGER, false }, { "creationDate", S_STRING, true },
        { "originatorDN", S_STRING, true }, { "keyIdentifier", S_STRING, true }, { "privilegeId", S_OID, true },
        { "rbacId", S_OID, true }, { "userRefURI", S_URI, false }, { "docRefURI", S_URI, false },
        { "notBefore", S_DATETIME, false }, { "notAfter", S_DATETIME, false } }, true },
    { "defaultSecurityPolicyId", C_ELEMENTS, { MARKS }, { { "name", S_NAME256, true }, { "id", S_OID, true } }, true },
    { "securityPolicyId", C_ELEMENTS, { MARKS }, { { "name", S_NAME256, true }, { "id", S_OID, true } }, true },
    { "updateInfo", C_EMPTY, { { 0 } }, { { 0 } }, false },
    { "securityClassifications", C_ELEMENTS, { { "securityClassification", 1, 0 }, MARKS },
      { { "name", S_STRING, false } }, true },
    { "securityClassification", C_ELEMENTS,
      { { "equivalentClassification", 0, 0 }, MARKS, { "requiredCategory", 0, 0 } },
      { { "name", S_NAME256, true }, { "color", S_COLOR, false }, { "lacv", S_INTEGER, true },
        { "hierarchy", S_INTEGER, true }, { "obsolete", S_BOOLEAN, false } }, true },
    { "equivalentClassification", C_ELEMENTS, { { "requiredCategory", 0, 0 } },
      { { "policyRef", S_NAME256, true }, { "lacv", S_INTEGER, true }, { "applied", S_APPLIED, true } }, true },
    { "requiredCategory", C_ELEMENTS, { { "categoryGroup", 1, 0 } }, { { "operation", S_OPERATION, true } }, true },
    { "categoryGroup", C_EMPTY, { { 0 } },
      { { "tagSetRef", S_NAME256, true }, { "tagType", S_TAGTYPE, true }, { "enumType", S_ENUMTYPE, false },
        { "lacv", S_STRING, false }, { "all", S_BOOLEAN, false } }, true },
    { "excludedCategory", C_EMPTY, { { 0 } },
      { { "tagSetRef", S_NAME256, true }, { "tagType", S_TAGTYPE, true }, { "enumType", S_ENUMTYPE, false },
        { "lacv", S_STRING, false }, { "all", S_BOOLEAN, false } }, true },
    { "excludedClass", C_NAME256, { { 0 } }, { { 0 } }, false },
    { "securityCategoryTagSets", C_ELEMENTS, { { "securityCategoryTagSet", 1, 0 } }, { { 0 } }, false },
    { "securityCategoryTagSet", C_ELEMENTS,
      { { "securityCategoryTag", 1, 0 }, { "equivalentSecurityCategoryTagSet", 0, 0 } },
      { { "name", S_NAME256, true }, { "id", S_OID, true } }, true },
    { "equivalentSecurityCategoryTagSet", C_ELEMENTS, { { "requiredCategory", 0, 0 } },
      { { "policyRef", S_NAME256, true }, { "name", S_NAME256, false }, { "id", S_OID, false } }, true },
    { "securityCategoryTag", C_ELEMENTS, { { "tagCategory", 0, 0 }, { "markingQualifier", 0, 0 } },
      { { "name", S_STRING, false }, { "tagType", S_TAGTYPE, true }, { "enumType", S_ENUMTYPE, false },
        { "tag7Encoding", S_TAG7, false }, { "singleSelection", S_BOOLEAN, false },
        { "maxSelection", S_SELECTION, false }, { "minSelection", S_SELECTION, false } }, true },
    { "tagCategory", C_ELEMENTS,
      { { "equivalentSecCategoryTag", 0, 0 }, MARKS, { "excludedClass", 0, 0 }, { "requiredCategory", 0, 0 },
        { "excludedCategory", 0, 0 } },
      { { "name", S_STRING, true }, { "lacv", S_STRING, true }, { "userInput", S_INPUT, false },
        { "requiredClass", S_NAME256, false }, { "obsolete", S_BOOLEAN, false }, { "dateFormat", S_STRING, false },
        { "notBefore", S_DATETIME, false }, { "notAfter", S_DATETIME, false } }, true },
    { "equivalentSecCategoryTag", C_EMPTY, { { 0 } },
      { { "policyRef", S_NAME256, true }, { "tagSetId", S_OID, true }, { "tagType", S_TAGTYPE, true },
        { "enumType", S_ENUMTYPE, false }, { "lacv", S_STRING, true }, { "applied", S_APPLIED, true },
        { "action", S_ACTION, false } }, true },
    { "privacyMarks", C_ELEMENTS, { { "privacyMark", 1, 0 }, MARKS },
      { { "maxSelection", S_SELECTION, false }, { "minSelection", S_SELECTION, false } }, false },
    { "privacyMark", C_ELEMENTS, { MARKS }, { { "name", S_STRING, false }, { "obsolete", S_BOOLEAN, false } }, true },
    { "equivalentPolicies", C_ELEMENTS, { { "equivalentPolicy", 1, 0 } }, { { 0 } }, false },
    { "equivalentPolicy", C_ELEMENTS, { { "requiredCategory", 0, 0 } },
      { { "name", S_NAME256, true }, { "id", S_OID, true }, { "userRefURI", S_URI, false },
        { "docRefURI", S_URI, false } }, true },
    { "markingData", C_ELEMENTS, { { "code", 1, 0 } }, { { "phrase", S_NAME256, false } }, true },
    { "code", C_CODE, { { 0 } }, { { 0 } }, false },
    { "markingQualifier", C_ELEMENTS, { { "qualifier", 1, 0 } }, { { "markingCode", S_CODE, false } }, true },
    { "qualifier", C_EMPTY, { { 0 } },
      { { "markingQualifier", S_NAME256, true }, { "qualifierCode", S_QUALIFIER, true } }, true },
    { "extensions", C_ANY, { { 0 } }, { { 0 } }, false },
};

/* Enumerated simple types; the schema bases them on xs:string, so white space counts. */
static const char *const versions[] = { "1.0", "2.0", "2.1", NULL };
static const char *const operations[] = { "onlyOne", "oneOrMore", "all", NULL };
static const char *const inputs[] = { "string", "integer", "date", NULL };
static const char *const codes[] = { "pageTop", "pageBottom", "pageTopBottom", "documentStart", "documentEnd",
    "noNameDisplay", "noMarkingDisplay", "suppressClassName", "firstLineOfText", "lastLineOfText", "subject",
    "xHeader", "portionMarking", "inputTitle", "waterMark", "replacePolicy", NULL };
static const char *const tag_types[] = { "notApplicable", "restrictive", "enumerated", "permissive", "tagType7", NULL };
static const char *const enum_types[] = { "restrictive", "permissive", NULL };
static const char *const encodings[] = { "bitSetAttributes", "securityAttributes", NULL };
static const char *const qualifiers[] = { "prefix", "suffix", "separator", NULL };
static const char *const applieds[] = { "encrypt", "decrypt", "both", NULL };
static const char *const actions[] = { "discard", NULL };
static const char *const colors[] = { "aqua", "black", "blue", "fuschia", "gray", "green", "lime", "maroon", "navy",
    "olive", "purple", "red", "silver", "teal", "white", "yellow", NULL };
static const struct { enum simple type; const char *const *words; } enumerations[] = {
    { S_VERSION, versions }, { S_OPERATION, operations }, { S_INPUT, inputs }, { S_CODE, codes },
    { S_TAGTYPE, tag_types }, { S_ENUMTYPE, enum_types }, { S_TAG7, encodings }, { S_QUALIFIER, qualifiers },
    { S_APPLIED, applieds }, { S_ACTION, actions },
};

struct walk {
    const char *name;
    struct reasons *faults;
    struct arena *arena;
    bool clean;
};

static const char *skip_space(const char *text, size_t *len)
{
    while (*text && strchr(" \t\r\n", *text))
        text++;
    *len = strlen(text);
    while (*len && strchr(" \t\r\n", text[*len - 1]))
        (*len)--;
    return text;
}

bool xs_integer(const char *text, int64_t *ret)
{
    size_t len, i = 0;
    text = skip_space(text, &len);
    bool negative = len && text[0] == '-';
    if (len && (text[0] == '-' || text[0] == '+'))
        i = 1;
    if (i == len)
        return false;
    int64_t number = 0;
    for (; i < len; i++) {
        if (!isdigit((unsigned char)text[i]) || __builtin_mul_overflow(number, 10, &number) ||
            __builtin_add_overflow(number, text[i] - '0', &number))
            return false;
    }
    *ret = negative ? -number : number;
    return true;
}

bool xs_boolean(const char *text, bool *ret)
{
    size_t len;
    text = skip_space(text, &len);
    bool yes = (len == 1 && *text == '1') || (len == 4 && memcmp(text, "true", 4) == 0);
    bool no = (len == 1 && *text == '0') || (len == 5 && memcmp(text, "false", 5) == 0);
    if (yes || no)
        *ret = yes;
    return yes || no;
}

/* Digits with an optional sign, of any length. */
static bool is_integer(const char *text)
{
    size_t len, i;
    text = skip_space(text, &len);
    i = len && (text[0] == '-' || text[0] == '+');
    size_t first = i;
    while (i < len && isdigit((unsigned char)text[i]))
        i++;
    return i == len && i > first;
}

static bool is_oid(const char *text)
{
    if (text[0] < '0' || text[0] > '2' || text[1] != '.')
        return false;
    for (text++; *text == '.';) {
        if (!isdigit((unsigned char)*++text))
            return false;
        while (isdigit((unsigned char)*text))
            text++;
    }
    return *text == '\0';
}

static bool is_color(const char *text)
{
    if (text[0] != '#')
        return str_in(text, colors);
    return strlen(text) == 7 && strspn(text + 1, "0123456789abcdefABCDEF") == 6;
}

/* xs:dateTime: what the calendar knows, with seconds, with or without a zone. */
static bool is_datetime(const char *text)
{
    size_t len;
    char copy[64];
    text = skip_space(text, &len);
    if (len < 19 || len >= sizeof copy - 1 || text[10] != 'T' || text[16] != ':')
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    if (!strchr(copy + 19, 'Z') && !strpbrk(copy + 19, "+-")) {
        copy[len] = 'Z';
        copy[len + 1] = '\0';
    }
    moment at;
    return moment_read(copy, &at) == OK;
}

/* xs:anyURI: a URI reference. Its first segment holds a colon only behind a scheme, so "2026-01-01T00:00" is none;
   spaces would be escaped and may stand in it. */
static bool is_uri(const char *text)
{
    size_t len, fragments = 0;
    text = skip_space(text, &len);
    size_t first = strcspn(text, ":/?#");
    if (first < len && text[first] == ':') {
        if (!isalpha((unsigned char)text[0]))
            return false;
        for (size_t i = 0; i < first; i++)
            if (!isalnum((unsigned char)text[i]) && !strchr("+-.", text[i]))
                return false;
    }
    for (size_t i = 0; i < len; i++) {
        if (text[i] == '%' && (i + 2 >= len || !isxdigit((unsigned char)text[i + 1]) || !isxdigit((unsigned char)text[i + 2])))
            return false;
        fragments += text[i] == '#';
    }
    return fragments <= 1;
}

static bool simple_valid(enum simple type, const char *text)
{
    for (size_t i = 0; i < sizeof enumerations / sizeof *enumerations; i++)
        if (enumerations[i].type == type)
            return str_in(text, enumerations[i].words);
    switch (type) {
    case S_NAME256: return utf8_count(text, strlen(text)) <= 256;
    case S_OID: return is_oid(text);
    case S_INTEGER: return is_integer(text);
    case S_BOOLEAN: { bool truth; return xs_boolean(text, &truth); }
    case S_SELECTION: return is_integer(text) || str_eq(text, "unbounded");
    case S_COLOR: return is_color(text);
    case S_DATETIME: return is_datetime(text);
    case S_URI: return is_uri(text);
    default: return true;
    }
}

static const char *simple_words(struct arena *arena, enum simple type)
{
    for (size_t i = 0; i < sizeof enumerations / sizeof *enumerations; i++) {
        if (enumerations[i].type != type)
            continue;
        const char *list = enumerations[i].words[0];
        for (const char *const *word = enumerations[i].words + 1; *word; word++)
            list = arena_printf(arena, "%s, %s", list, *word);
        return list;
    }
    switch (type) {
    case S_NAME256: return "xs:string, 256";
    case S_OID: return "OID (1.3.26.1)";
    case S_INTEGER: return "xs:integer";
    case S_BOOLEAN: return "true, false, 1, 0";
    case S_SELECTION: return "xs:integer, unbounded";
    case S_COLOR: return "#RRGGBB, aqua, black, blue ...";
    case S_DATETIME: return "xs:dateTime (2026-11-22T13:05:00Z)";
    case S_URI: return "xs:anyURI (https://example.org/)";
    default: return "xs:string";
    }
}

static const struct element_rule *rule_of(const char *name)
{
    for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
        if (str_eq(rules[i].name, name))
            return &rules[i];
    return NULL;
}

/* One fault; the walk always goes on, so that the list is complete. */
#define FAULT(walk, line, rule, ...)                                                                                  \
    do {                                                                                                              \
        (walk)->clean = false;                                                                                        \
        SAY((walk)->faults, (rule), xml_where((walk)->arena, (walk)->name, (line)), __VA_ARGS__);                     \
    } while (0)

static unsigned line_of(const xmlNode *node)
{
    long line = xmlGetLineNo((xmlNode *)node);
    return line > 0 ? (unsigned)line : 0;
}

static void check_attrs(struct walk *walk, const struct element_rule *rule, const xmlNode *node)
{
    const char *element = rule->name;
    for (const struct attr_rule *want = rule->attrs; want->name; want++) {
        const char *text = xml_attr(walk->arena, node, want->name);
        if (!text && want->required)
            FAULT(walk, line_of(node), "spif.attribute-missing", T_("%1$s needs the attribute %2$s"), element, want->name);
        else if (text && !simple_valid(want->type, text))
            FAULT(walk, line_of(node), "spif.attribute-value", T_("%1$s: the attribute %2$s is \"%3$s\"; right is: %4$s"),
                  element, want->name, text, simple_words(walk->arena, want->type));
    }
    for (const xmlAttr *attr = node->properties; attr; attr = attr->next) {
        const char *ns = attr->ns && attr->ns->href ? (const char *)attr->ns->href : "";
        if (str_eq(ns, "http://www.w3.org/2001/XMLSchema-instance"))
            continue;
        if (rule->any_attr && str_eq(ns, (const char *)XML_XML_NAMESPACE))
            continue;
        bool known = false;
        for (const struct attr_rule *want = rule->attrs; want->name && !*ns; want++)
            known |= str_eq(want->name, (const char *)attr->name);
        if (!known)
            FAULT(walk, line_of(node), "spif.attribute-unknown", T_("%1$s has no attribute %2$s"), element,
                  (const char *)attr->name);
    }
}

static bool is_blank(const xmlNode *text)
{
    return !text->content || strspn((const char *)text->content, " \t\r\n") == strlen((const char *)text->content);
}

static bool is_text(const xmlNode *node)
{
    return node->type == XML_TEXT_NODE || node->type == XML_CDATA_SECTION_NODE;
}

static const char *expected(struct walk *walk, const struct element_rule *rule)
{
    const char *list = rule->children[0].name ? rule->children[0].name : "-";
    for (const struct child_rule *child = rule->children + 1; rule->children[0].name && child->name; child++)
        list = arena_printf(walk->arena, "%s, %s", list, child->name);
    return list;
}

static void check_element(struct walk *, xmlNode *);

static int child_rule_of(const struct element_rule *rule, const xmlNode *node)
{
    for (int i = 0; rule->children[i].name; i++)
        if (str_eq(rule->children[i].name, (const char *)node->name))
            return i;
    return -1;
}

/* Which children break the order: all but a longest run that keeps it, so that one element put in the wrong place is
 * one fault and not a fault of everything behind it. `at[i]` is child i's place in the sequence, -1 when unknown. */
static bool *misplaced(struct walk *walk, const int *at, size_t n)
{
    enum { PLACES = 12 };
    size_t best[PLACES] = { 0 }, last[PLACES] = { 0 };      /* longest run that ends in each place, and with which child */
    size_t *before = ARENA_ARRAY(walk->arena, size_t, n + 1);
    bool *wrong = ARENA_ARRAY(walk->arena, bool, n + 1);
    for (size_t i = 0; i < n; i++) {
        wrong[i] = at[i] >= 0;
        if (at[i] < 0)
            continue;
        int from = at[i];
        for (int p = 0; p < at[i]; p++)
            if (best[p] > best[from])
                from = p;
        before[i] = best[from] ? last[from] : n;
        best[at[i]] = best[from] + 1;
        last[at[i]] = i;
    }
    int end = 0;
    for (int p = 1; p < PLACES; p++)
        if (best[p] > best[end])
            end = p;
    for (size_t i = best[end] ? last[end] : n; i < n; i = before[i])
        wrong[i] = false;
    return wrong;
}

static void check_order(struct walk *walk, const struct element_rule *rule, xmlNode *const *nodes, const int *at, size_t n)
{
    size_t seen[12] = { 0 };
    const bool *wrong = misplaced(walk, at, n);
    for (size_t i = 0; i < n; i++) {
        if (at[i] < 0)
            FAULT(walk, line_of(nodes[i]), "spif.element-unknown",
                  T_("%1$s may not hold %2$s; it may hold, in this order: %3$s"), rule->name, (const char *)nodes[i]->name,
                  expected(walk, rule));
        else if (wrong[i])
            FAULT(walk, line_of(nodes[i]), "spif.element-order", T_("%1$s stands in the wrong place in %2$s; the order is: %3$s"),
                  (const char *)nodes[i]->name, rule->name, expected(walk, rule));
        if (at[i] >= 0 && ++seen[at[i]] > 1 && rule->children[at[i]].max == 1)
            FAULT(walk, line_of(nodes[i]), "spif.element-repeated", T_("%1$s may hold %2$s only once"), rule->name,
                  (const char *)nodes[i]->name);
    }
    for (unsigned i = 0; rule->children[i].name; i++)
        if (rule->children[i].min && !seen[i])
            FAULT(walk, line_of(nodes[n]), "spif.element-missing", T_("%1$s needs %2$s"), rule->name, rule->children[i].name);
}

static void check_children(struct walk *walk, const struct element_rule *rule, xmlNode *node)
{
    size_t n = 0;
    for (const xmlNode *child = node->children; child; child = child->next)
        n += child->type == XML_ELEMENT_NODE;
    xmlNode **nodes = ARENA_ARRAY(walk->arena, xmlNode *, n + 1);
    int *at = ARENA_ARRAY(walk->arena, int, n + 1);
    n = 0;
    for (xmlNode *child = node->children; child; child = child->next) {
        if (is_text(child) && !is_blank(child))
            FAULT(walk, line_of(child), "spif.text", T_("%1$s may not hold text"), rule->name);
        if (child->type != XML_ELEMENT_NODE)
            continue;
        nodes[n] = child;
        at[n++] = child_rule_of(rule, child);
    }
    nodes[n] = node;            /* for the line of what is missing */
    check_order(walk, rule, nodes, at, n);
    for (size_t i = 0; i < n; i++) {
        if (at[i] < 0)
            continue;
        if (!str_eq(xml_ns(nodes[i]), SPIF_NS) && str_eq(xml_ns(node), SPIF_NS))
            FAULT(walk, line_of(nodes[i]), "spif.namespace", T_("%1$s is not in the namespace %2$s"),
                  (const char *)nodes[i]->name, SPIF_NS);
        check_element(walk, nodes[i]);
    }
}

static void check_leaf(struct walk *walk, const struct element_rule *rule, const xmlNode *node)
{
    bool elements = false, text = false, words = false;
    for (const xmlNode *child = node->children; child; child = child->next) {
        elements |= child->type == XML_ELEMENT_NODE;
        text |= is_text(child) && child->content && *child->content;
        words |= is_text(child) && !is_blank(child);
    }
    if (rule->content == C_ANY) {           /* any element, but no text beside */
        if (words)
            FAULT(walk, line_of(node), "spif.text", T_("%1$s may not hold text"), rule->name);
    } else if (elements || (text && rule->content == C_EMPTY))
        FAULT(walk, line_of(node), "spif.content", T_("%1$s may not hold anything like this"), rule->name);
    else if (rule->content != C_EMPTY) {
        enum simple type = rule->content == C_CODE ? S_CODE : S_NAME256;
        const char *content = xml_text(walk->arena, node);
        if (!simple_valid(type, content))
            FAULT(walk, line_of(node), "spif.element-value", T_("%1$s is \"%2$s\"; right is: %3$s"), rule->name, content,
                  simple_words(walk->arena, type));
    }
}

/* The table is four levels of nesting deep, so this cannot run away. */
static void check_element(struct walk *walk, xmlNode *node)
{
    const struct element_rule *rule = rule_of((const char *)node->name);
    check_attrs(walk, rule, node);
    if (rule->content == C_ELEMENTS)
        check_children(walk, rule, node);
    else
        check_leaf(walk, rule, node);
}

bool spif_schema_check(const char *name, xmlNode *root, struct reasons *faults)
{
    struct walk walk = { .name = name, .faults = faults, .arena = arena_new(0), .clean = true };
    if (!walk.arena)
        return false;
    if (!str_eq((const char *)root->name, "SPIF")) {
        FAULT(&walk, line_of(root), "spif.root", T_("The root element is %1$s; right is: %2$s"), (const char *)root->name,
              "SPIF");
    } else {
        if (!str_eq(xml_ns(root), SPIF_NS))
            FAULT(&walk, line_of(root), "spif.namespace", T_("%1$s is not in the namespace %2$s"), "SPIF", SPIF_NS);
        check_element(&walk, root);
        if (!spif_keys_check(name, root, faults))
            walk.clean = false;
    }
    arena_free(walk.arena);
    return walk.clean;
}
