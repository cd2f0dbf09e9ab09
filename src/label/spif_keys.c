/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Identity constraints of Open XML SPIF: see spif_keys.h. Each constraint is a path of element names from the root and
 * a field; the fields found are collected, sorted and compared. Integers compare by value, everything else as text.
 */
#include "label/spif_keys.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/model.h"
#include "label/spif_schema.h"
#include "label/xml.h"

enum { MAX_PATH = 6, MAX_PATHS = 2 };
struct field {
    const char *path[MAX_PATHS][MAX_PATH];
    const char *attr;           /* NULL: the element's text */
    bool integer;
};
struct constraint {
    struct field field;
    int refers;                 /* -1: the field must be unique; else the constraint (a key) it must be found in */
};

#define CLASSES "securityClassifications", "securityClassification"
#define TAGS "securityCategoryTagSets", "securityCategoryTagSet"
#define VALUES TAGS, "securityCategoryTag", "tagCategory"
#define POLICIES { { "equivalentPolicies", "equivalentPolicy" }, { "defaultSecurityPolicyId" } }
enum { POLICY_ID, POLICY_NAME, CLASS_NAME, CLASS_LACV, CLASS_COLOR, SET_ID, SET_NAME };
static const struct constraint constraints[] = {
    [POLICY_ID] = { { POLICIES, "id", false }, -1 },
    [POLICY_NAME] = { { POLICIES, "name", false }, -1 },
    [CLASS_NAME] = { { { { CLASSES } }, "name", false }, -1 },
    [CLASS_LACV] = { { { { CLASSES } }, "lacv", true }, -1 },
    [CLASS_COLOR] = { { { { CLASSES } }, "color", false }, -1 },
    [SET_ID] = { { { { TAGS } }, "id", false }, -1 },
    [SET_NAME] = { { { { TAGS } }, "name", false }, -1 },
    { { { { CLASSES, "equivalentClassification" } }, "policyRef", false }, POLICY_NAME },
    { { { { VALUES, "equivalentSecCategoryTag" } }, "policyRef", false }, POLICY_NAME },
    { { { { VALUES } }, "requiredClass", false }, CLASS_NAME },
    { { { { VALUES, "excludedClass" } }, NULL, false }, CLASS_NAME },
    { { { { VALUES, "excludedCategory" } }, "tagSetRef", false }, SET_NAME },
    { { { { CLASSES, "requiredCategory", "categoryGroup" } }, "tagSetRef", false }, SET_NAME },
};
enum { N_CONSTRAINTS = sizeof constraints / sizeof *constraints, N_KEYS = SET_NAME + 1 };

struct found {
    const char *text;
    const char *element;
    unsigned line;
    unsigned order;
};
struct found_list {
    struct found *items;
    size_t n, cap;
};

static void push(struct arena *arena, struct found_list *list, struct found item)
{
    if (list->n == list->cap) {
        size_t cap = list->cap ? 2 * list->cap : 16;
        struct found *more = ARENA_ARRAY(arena, struct found, cap);
        if (list->n)
            memcpy(more, list->items, list->n * sizeof *more);
        list->items = more;
        list->cap = cap;
    }
    item.order = (unsigned)list->n;
    list->items[list->n++] = item;
}

/* Integers by value: without white space, sign of plus, and leading zeros. */
static const char *integer_key(struct arena *arena, const char *text)
{
    while (*text && strchr(" \t\r\n", *text))
        text++;
    bool negative = *text == '-';
    if (*text == '-' || *text == '+')
        text++;
    while (*text == '0' && text[1] >= '0' && text[1] <= '9')
        text++;
    size_t len = strcspn(text, " \t\r\n");
    if (len == 1 && *text == '0')
        negative = false;
    return arena_printf(arena, "%s%.*s", negative ? "-" : "", (int)len, text);
}

static void collect(struct arena *arena, xmlNode *node, const char *const *path, const struct field *field,
                    struct found_list *list)
{
    if (*path) {
        for (xmlNode *child = xml_element(node->children); child; child = xml_element(child->next))
            if (str_eq((const char *)child->name, *path))
                collect(arena, child, path + 1, field, list);
        return;
    }
    const char *text = field->attr ? xml_attr(arena, node, field->attr) : xml_text(arena, node);
    if (!text)
        return;
    long line = xmlGetLineNo(node);
    push(arena, list, (struct found){ .text = field->integer ? integer_key(arena, text) : text,
        .element = (const char *)node->name, .line = line > 0 ? (unsigned)line : 0 });
}

static int by_text(const void *a, const void *b)
{
    const struct found *x = a, *y = b;
    int order = strcmp(x->text, y->text);
    return order ? order : (x->order > y->order) - (x->order < y->order);
}

static int text_only(const void *key, const void *item)
{
    return strcmp(key, ((const struct found *)item)->text);
}

static bool check_unique(struct arena *arena, const char *name, const struct found_list *list, const char *attr,
                         struct reasons *faults)
{
    bool clean = true;
    for (size_t i = 1; i < list->n; i++) {
        if (!str_eq(list->items[i].text, list->items[i - 1].text))
            continue;
        clean = false;
        SAY(faults, "spif.duplicate", xml_where(arena, name, list->items[i].line),
                       T_("%1$s: the %2$s \"%3$s\" is there twice"), list->items[i].element, attr, list->items[i].text);
    }
    return clean;
}

static bool check_refs(struct arena *arena, const char *name, const struct found_list *refs,
                       const struct found_list *keys, struct reasons *faults)
{
    bool clean = true;
    for (size_t i = 0; i < refs->n; i++) {
        if (keys->n && bsearch(refs->items[i].text, keys->items, keys->n, sizeof *keys->items, text_only))
            continue;
        clean = false;
        SAY(faults, "spif.reference", xml_where(arena, name, refs->items[i].line),
                       T_("%1$s refers to \"%2$s\", which the policy does not have"), refs->items[i].element,
                       refs->items[i].text);
    }
    return clean;
}

bool spif_keys_check(const char *name, xmlNode *root, struct reasons *faults)
{
    struct arena *arena = arena_new(0);
    if (!arena)
        return false;
    struct found_list keys[N_KEYS] = { 0 };
    bool clean = true;
    for (int i = 0; i < N_CONSTRAINTS; i++) {
        const struct constraint *c = &constraints[i];
        struct found_list refs = { 0 }, *list = i < N_KEYS ? &keys[i] : &refs;
        for (int p = 0; p < MAX_PATHS && c->field.path[p][0]; p++)
            collect(arena, root, c->field.path[p], &c->field, list);
        if (c->refers < 0) {
            if (list->n > 1)
                qsort(list->items, list->n, sizeof *list->items, by_text);
            clean &= check_unique(arena, name, list, c->field.attr, faults);
        } else {
            clean &= check_refs(arena, name, list, &keys[c->refers], faults);
        }
    }
    arena_free(arena);
    return clean;
}
