/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The small parts that SPIF elements share: markings, tag types, selectors, groups of required categories, values,
 * dates, references to equivalent policies.
 */
#include <string.h>

#include "base/text.h"
#include "label/spif_build.h"
#include "label/spif_schema.h"
#include "label/xml.h"

xmlNode *first_child(const xmlNode *parent, const char *name)
{
    xmlNode *child = xml_element(parent->children);
    while (child && !xml_is(child, name))
        child = xml_element(child->next);
    return child;
}

xmlNode *next_same(const xmlNode *node)
{
    xmlNode *next = xml_element(node->next);
    while (next && !xml_is(next, (const char *)node->name))
        next = xml_element(next->next);
    return next;
}

unsigned count_children(const xmlNode *parent, const char *name)
{
    unsigned n = 0;
    for EACH_CHILD (child, parent, name)
        n++;
    return n;
}

unsigned node_line(const xmlNode *node)
{
    long line = xmlGetLineNo((xmlNode *)node);
    return line > 0 ? (unsigned)line : 0;
}

static const struct { const char *word; unsigned code; } code_words[] = {
    { "pageTop", AT_PAGE }, { "pageBottom", AT_PAGE }, { "pageTopBottom", AT_PAGE }, { "portionMarking", AT_PORTION },
    { "noNameDisplay", NO_NAME }, { "noMarkingDisplay", NO_MARKING }, { "suppressClassName", NO_CLASS },
    { "replacePolicy", NEW_POLICY },
};

static unsigned code_of(const char *word)
{
    for (size_t i = 0; i < sizeof code_words / sizeof *code_words; i++)
        if (str_eq(code_words[i].word, word))
            return code_words[i].code;
    return AT_OTHER;
}

/* Without a place a phrase is for the page, as is usual. */
static struct mark read_mark(struct build *build, const xmlNode *node)
{
    struct mark mark = { .lang = xml_attr_lang(build->arena, node), .phrase = xml_attr(build->arena, node, "phrase") };
    for EACH_CHILD (child, node, "code")
        mark.codes |= code_of(collapse(build->arena, xml_text(build->arena, child)));
    if (!(mark.codes & AT_ANY))
        mark.codes |= mark.codes & (NO_MARKING | NEW_POLICY | NO_CLASS) ? AT_PAGE | AT_PORTION : AT_PAGE;
    return mark;
}

static unsigned read_qualifiers(struct build *build, const xmlNode *holder, struct qualifier *out)
{
    unsigned n = 0;
    for EACH_CHILD (node, holder, "markingQualifier") {
        const char *code = xml_attr(build->arena, node, "markingCode");
        if (!code)
            code = xml_attr(build->arena, node, "code");     /* a slip seen in the field; listed as unknown attribute */
        for EACH_CHILD (child, node, "qualifier") {
            const char *kind = xml_attr(build->arena, child, "qualifierCode");
            const char *text = xml_attr(build->arena, child, "markingQualifier");
            const char *lang = xml_attr_lang(build->arena, child);
            if (!kind || !text)
                continue;
            out[n++] = (struct qualifier){ .lang = lang ? lang : xml_attr_lang(build->arena, node), .text = text,
                .kind = str_eq(kind, "prefix") ? QUAL_PREFIX : str_eq(kind, "suffix") ? QUAL_SUFFIX : QUAL_SEPARATOR,
                .places = code ? code_of(code) & AT_ANY : 0 };
        }
    }
    return n;
}

struct marks read_marks(struct build *build, const xmlNode *holder)
{
    unsigned n_quals = 0, n = 0;
    for EACH_CHILD (node, holder, "markingQualifier")
        n_quals += count_children(node, "qualifier");
    struct mark *data = ARENA_ARRAY(build->arena, struct mark, count_children(holder, "markingData") + 1);
    struct qualifier *quals = ARENA_ARRAY(build->arena, struct qualifier, n_quals + 1);
    for EACH_CHILD (node, holder, "markingData")
        data[n++] = read_mark(build, node);
    n_quals = read_qualifiers(build, holder, quals);
    return (struct marks){ .data = data, .n_data = n, .quals = quals, .n_quals = n_quals };
}

bool read_tag_type(struct build *build, const xmlNode *node, enum tag_type *ret)
{
    const char *type = xml_attr(build->arena, node, "tagType"), *kind = xml_attr(build->arena, node, "enumType");
    static const struct { const char *word; enum tag_type type; } words[] = {
        { "restrictive", TAG_RESTRICTIVE }, { "permissive", TAG_PERMISSIVE }, { "tagType7", TAG_INFORMATIVE },
        { "notApplicable", TAG_NOT_APPLICABLE },
    };
    if (str_eq(type, "enumerated") && (str_eq(kind, "restrictive") || str_eq(kind, "permissive"))) {
        *ret = str_eq(kind, "permissive") ? TAG_ENUM_PERMISSIVE : TAG_ENUM_RESTRICTIVE;
        return true;
    }
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (str_eq(words[i].word, type)) {
            *ret = words[i].type;
            return true;
        }
    SAY(build->faults, "spif.tag-type", xml_where(build->faults->arena, build->name, node_line(node)),
        T_("%1$s has no tag type that can be used: tagType is \"%2$s\", enumType \"%3$s\""), (const char *)node->name,
        type ? type : "", kind ? kind : "");
    return false;
}

const char *read_lacv(struct build *build, const xmlNode *node, const char *attr)
{
    const char *text = xml_attr(build->arena, node, attr);
    return text ? lacv_normal(build->arena, collapse(build->arena, text)) : NULL;
}

bool read_selector(struct build *build, const xmlNode *node, bool own, struct selector *ret)
{
    const char *name = xml_attr(build->arena, node, "tagSetRef");
    struct selector selector = { .set_name = collapse(build->arena, name ? name : ""),
                                 .lacv = read_lacv(build, node, "lacv") };
    bool all = false;
    const char *text = xml_attr(build->arena, node, "all");
    if (!read_tag_type(build, node, &selector.type))
        return false;
    if (text && xs_boolean(text, &all) && all && selector.lacv) {
        SAY(build->faults, "spif.selector", xml_where(build->faults->arena, build->name, node_line(node)),
            T_("%1$s has both lacv and all=\"true\"; it is taken as: all values"), (const char *)node->name);
        selector.lacv = NULL;
    }
    if (own) {
        const struct sp_set *set = policy_set_named(build->policy, selector.set_name);
        if (!set) {
            SAY(build->faults, "spif.set-reference", xml_where(build->faults->arena, build->name, node_line(node)),
                T_("%1$s names the tag set \"%2$s\", which the policy does not have"), (const char *)node->name,
                selector.set_name);
            return false;
        }
        selector.set_oid = set->oid;
    }
    *ret = selector;
    return true;
}

static struct group read_group(struct build *build, const xmlNode *node, bool own, bool *flawed)
{
    const char *op = xml_attr(build->arena, node, "operation");
    struct selector *list = ARENA_ARRAY(build->arena, struct selector, count_children(node, "categoryGroup") + 1);
    struct group group = { .selectors = list };
    if (str_eq(op, "all"))
        group.op = NEED_ALL;
    else if (str_eq(op, "oneOrMore"))
        group.op = NEED_ONE_OR_MORE;
    else if (str_eq(op, "onlyOne"))
        group.op = NEED_ONLY_ONE;
    else
        *flawed = true;         /* the missing word is listed by the schema check */
    for EACH_CHILD (child, node, "categoryGroup") {
        if (read_selector(build, child, own, &list[group.n]))
            group.n++;
        else
            *flawed = true;
    }
    return group;
}

struct groups read_groups(struct build *build, const xmlNode *holder, bool own, bool *flawed)
{
    unsigned n = 0;
    struct group *list = ARENA_ARRAY(build->arena, struct group, count_children(holder, "requiredCategory") + 1);
    for EACH_CHILD (child, holder, "requiredCategory")
        list[n++] = read_group(build, child, own, flawed);
    return (struct groups){ .list = list, .n = n };
}

moment read_moment(struct build *build, const xmlNode *node, const char *attr)
{
    const char *text = xml_attr(build->arena, node, attr);
    if (!text)
        return MOMENT_NONE;
    text = collapse(build->arena, text);
    size_t len = strlen(text);
    if (len == 19)
        text = arena_printf(build->arena, "%sZ", text);     /* without zone: UTC */
    moment at;
    if (moment_read(text, &at) == OK)
        return at;
    SAY(build->faults, "spif.date", xml_where(build->faults->arena, build->name, node_line(node)),
        T_("%1$s: \"%2$s\" is no date; the value is never in force"), (const char *)node->name, text);
    return str_eq(attr, "notBefore") ? MOMENT_EVER : MOMENT_NONE + 1;
}

const char *equiv_oid(struct build *build, const xmlNode *node)
{
    const char *name = xml_attr(build->arena, node, "policyRef");
    name = collapse(build->arena, name ? name : "");
    for (unsigned i = 0; i < build->policy->n_equivs; i++)
        if (str_eq(build->policy->equivs[i].name, name))
            return build->policy->equivs[i].oid;
    return NULL;                /* listed by the schema's own reference check */
}

unsigned read_applied(struct build *build, const xmlNode *node)
{
    const char *text = xml_attr(build->arena, node, "applied");
    return str_eq(text, "both") ? ON_ENCRYPT | ON_DECRYPT : str_eq(text, "encrypt") ? ON_ENCRYPT
         : str_eq(text, "decrypt") ? ON_DECRYPT : 0;
}
