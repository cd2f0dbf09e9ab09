/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The canonical text of labels and clearances: RFC 8785 JSON of identifiers only, so that equal labels are equal bytes
 * and can be interned, journalled and compared without a policy at hand. Reading refuses anything that this file
 * would not have written, but for order, doubles and leading zeros, which it settles.
 */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "label/model.h"

enum { MAX_TEXT = 256, MAX_CATEGORIES = 1024, MAX_JSON = 256 * 1024 };

static const char *const type_words[] = {
    [TAG_RESTRICTIVE] = "restrictive", [TAG_PERMISSIVE] = "permissive",
    [TAG_ENUM_RESTRICTIVE] = "enumeratedRestrictive", [TAG_ENUM_PERMISSIVE] = "enumeratedPermissive",
    [TAG_INFORMATIVE] = "informative", [TAG_NOT_APPLICABLE] = "notApplicable",
};
enum { N_TYPES = sizeof type_words / sizeof *type_words };

const char *tag_type_text(enum tag_type type)
{
    return type_words[type];
}

bool tag_type_read(const char *text, enum tag_type *ret)
{
    for (unsigned i = 0; i < N_TYPES; i++)
        if (str_eq(type_words[i], text)) {
            *ret = (enum tag_type)i;
            return true;
        }
    return false;
}

const char *lacv_normal(struct arena *arena, const char *text)
{
    const char *digits = text + (*text == '-');
    if (!isdigit((unsigned char)*digits) || digits[strspn(digits, "0123456789")] != '\0')
        return text;
    const char *first = digits;
    while (*first == '0' && first[1])
        first++;
    if (first == digits)
        return text;
    return *text == '-' && !(first[0] == '0' && !first[1]) ? arena_printf(arena, "-%s", first) : first;
}

const char *collapse(struct arena *arena, const char *text)
{
    char *out = arena_strdup(arena, text), *to = out;
    for (const char *from = text; *from;) {
        size_t gap = strspn(from, " \t\r\n");
        from += gap;
        if (gap && to > out && *from)
            *to++ = ' ';
        while (*from && !strchr(" \t\r\n", *from))
            *to++ = *from++;
    }
    *to = '\0';
    return out;
}

int category_compare(const struct category *a, const struct category *b)
{
    int order = strcmp(a->tag_set, b->tag_set);
    if (!order)
        order = (a->type > b->type) - (a->type < b->type);
    return order ? order : strcmp(a->lacv, b->lacv);
}

static int compare(const void *a, const void *b)
{
    return category_compare(a, b);
}

unsigned categories_settle(struct category *list, unsigned n)
{
    if (n < 2)
        return n;
    qsort(list, n, sizeof *list, compare);
    unsigned kept = 1;
    for (unsigned i = 1; i < n; i++)
        if (category_compare(&list[kept - 1], &list[i]) != 0)
            list[kept++] = list[i];
    return kept;
}

static struct val *categories_val(struct arena *arena, const struct category *list, unsigned n)
{
    struct val *array = val_array(arena);
    for (unsigned i = 0; i < n; i++) {
        struct val *item = val_array(arena);
        val_push(arena, item, val_str(arena, list[i].tag_set));
        val_push(arena, item, val_str(arena, tag_type_text(list[i].type)));
        val_push(arena, item, val_str(arena, list[i].lacv));
        val_push(arena, array, item);
    }
    return array;
}

static void drop_buf(void *buf) { buf_free(buf); }

/* The text of a tree that we have built of strings: cannot fail but for memory, where the arena's own rule holds. */
static char *canonical(struct arena *arena, const struct val *tree)
{
    struct buf out;
    buf_init(&out, 4 * MAX_JSON);
    char *text = NULL;
    struct arena_guard guard = {.release = drop_buf, .arg = &out};
    arena_guard(arena, &guard);
    if (json_canonical(&out, tree) == OK && !out.failed)
        text = arena_strndup(arena, out.data, out.len);
    arena_unguard(arena, &guard);
    buf_free(&out);
    return text;
}

char *label_write(const struct label *label, struct arena *arena)
{
    struct val *tree = val_object(arena);
    val_set(arena, tree, "categories", categories_val(arena, label->categories, label->n_categories));
    val_set_str(arena, tree, "class", label->class_lacv);
    val_set_str(arena, tree, "policy", label->policy);
    return canonical(arena, tree);
}

static int by_text(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

char *clearance_write(const struct clearance *clearance, struct arena *arena)
{
    const char **sorted = ARENA_ARRAY(arena, const char *, clearance->n_classes + 1);
    for (unsigned i = 0; i < clearance->n_classes; i++)
        sorted[i] = clearance->classes[i];
    if (clearance->n_classes > 1)
        qsort(sorted, clearance->n_classes, sizeof *sorted, by_text);
    struct val *classes = val_array(arena), *tree = val_object(arena);
    for (unsigned i = 0; i < clearance->n_classes; i++)
        if (!i || !str_eq(sorted[i], sorted[i - 1]))
            val_push(arena, classes, val_str(arena, sorted[i]));
    val_set(arena, tree, "categories", categories_val(arena, clearance->categories, clearance->n_categories));
    val_set(arena, tree, "classes", classes);
    val_set_str(arena, tree, "policy", clearance->policy);
    return canonical(arena, tree);
}

static bool is_oid(const char *text)
{
    if (!text || !*text || strlen(text) > MAX_TEXT)
        return false;
    for (bool digit = false;; text++) {
        if (isdigit((unsigned char)*text))
            digit = true;
        else if (!digit || (*text && *text != '.'))
            return false;
        else if (!*text)
            return true;
        else
            digit = false;
    }
}

/* A value's text: short, printable, not empty (but for the one that says "nobody"). */
static bool is_lacv(const struct val *text, bool may_be_empty)
{
    return text && text->kind == VAL_STR && text->str.len <= MAX_TEXT && (text->str.len || may_be_empty) &&
           strlen(text->str.s) == text->str.len && text_is_plain(text->str.s, text->str.len, false);
}

static enum status fault(struct reasons *reasons, const char *where, const char *want)
{
    SAY(reasons, "label.form", where, T_("The label text is not in its form: %1$s should be %2$s"), where, want);
    return BAD_INPUT;
}

static enum status read_categories(const struct val *array, struct arena *arena, struct reasons *reasons,
                                   struct category **ret, unsigned *ret_n)
{
    if (!array || array->kind != VAL_ARRAY || array->count > MAX_CATEGORIES)
        return fault(reasons, "categories", "[[OID, type, lacv], ...]");
    struct category *list = ARENA_ARRAY(arena, struct category, array->count + 1);
    for (unsigned i = 0; i < array->count; i++) {
        const struct val *item = array->items[i];
        const char *set = val_text(val_at(item, 0)), *word = val_text(val_at(item, 1));
        if (!item || item->kind != VAL_ARRAY || item->count != 3 || !is_oid(set) || !tag_type_read(word, &list[i].type) ||
            !is_lacv(val_at(item, 2), is_permissive(list[i].type)))
            return fault(reasons, "categories", "[[OID, type, lacv], ...]");
        list[i].tag_set = set;
        list[i].lacv = lacv_normal(arena, val_text(val_at(item, 2)));
    }
    *ret_n = categories_settle(list, array->count);
    *ret = list;
    return OK;
}

static enum status read_tree(const char *text, size_t len, const char *class_member, struct arena *arena,
                             struct reasons *reasons, struct val **ret)
{
    struct reasons unheard;
    if (!reasons) {
        reasons_init(&unheard, arena);
        reasons = &unheard;
    }
    struct val *tree;
    enum status status = json_read(arena, text, len, (struct json_limits){ MAX_JSON, 8 }, reasons, &tree);
    if (status != OK)
        return status;
    if (tree->kind != VAL_OBJECT || tree->count != 3 || !val_get(tree, class_member))
        return fault(reasons, "label", "{categories, class | classes, policy}");
    if (!is_oid(val_get_str(tree, "policy")))
        return fault(reasons, "policy", "OID");
    *ret = tree;
    return OK;
}

enum status label_read(const char *text, size_t len, struct arena *arena, struct reasons *reasons, struct label **ret)
{
    struct val *tree;
    struct category *list;
    enum status status = read_tree(text, len, "class", arena, reasons, &tree);
    if (status != OK)
        return status;
    struct label *label = ARENA_NEW(arena, struct label);
    if (!is_lacv(val_get(tree, "class"), false))
        return fault(reasons, "class", "lacv");
    status = read_categories(val_get(tree, "categories"), arena, reasons, &list, &label->n_categories);
    if (status != OK)
        return status;
    label->policy = val_get_str(tree, "policy");
    label->class_lacv = lacv_normal(arena, val_get_str(tree, "class"));
    label->categories = list;
    *ret = label;
    return OK;
}

enum status clearance_read(const char *text, size_t len, struct arena *arena, struct reasons *reasons,
                           struct clearance **ret)
{
    struct val *tree;
    struct category *list;
    enum status status = read_tree(text, len, "classes", arena, reasons, &tree);
    if (status != OK)
        return status;
    const struct val *array = val_get(tree, "classes");
    if (array->kind != VAL_ARRAY || array->count > MAX_CLASSES)
        return fault(reasons, "classes", "[lacv, ...]");
    struct clearance *clearance = ARENA_NEW(arena, struct clearance);
    const char **classes = ARENA_ARRAY(arena, const char *, array->count + 1);
    for (unsigned i = 0; i < array->count; i++) {
        if (!is_lacv(array->items[i], false))
            return fault(reasons, "classes", "[lacv, ...]");
        classes[i] = lacv_normal(arena, array->items[i]->str.s);
    }
    if (array->count > 1)
        qsort(classes, array->count, sizeof *classes, by_text);
    status = read_categories(val_get(tree, "categories"), arena, reasons, &list, &clearance->n_categories);
    if (status != OK)
        return status;
    clearance->policy = val_get_str(tree, "policy");
    clearance->classes = classes;
    clearance->n_classes = array->count;
    clearance->categories = list;
    *ret = clearance;
    return OK;
}
