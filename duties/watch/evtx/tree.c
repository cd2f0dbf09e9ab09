/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See tree.h. The same ops as the plan's, walked one by one: elements, attributes, values, and the fragments that values hold.
 */
#include "watch/evtx/tree.h"

bool tree_is(struct text text, const char *name) { return text.len == strlen(name) && memcmp(text.at, name, text.len) == 0; }

static bool add_datum(struct tree *tree, enum value_kind kind, struct text text)
{
    struct node *node = tree->attribute ? tree->attribute : tree->at;
    struct datum *datum = store_take(&tree->evtx->scratch, sizeof *datum);
    if (!datum)
        return false;
    *datum = (struct datum){kind, text, NULL};
    if (node->datum)
        node->last_datum->next = datum;
    else
        node->datum = datum;
    node->last_datum = datum;
    return true;
}

static struct node *add_node(struct tree *tree, const struct op *op, struct node **first, struct node **last)
{
    struct node *node = store_take(&tree->evtx->scratch, sizeof *node);
    if (!node)
        return NULL;
    *node = (struct node){.name = {op->text, op->len}, .parent = tree->at};
    if (*first)
        (*last)->next = node;
    else
        *first = node;
    tree->n++;
    return *last = node;
}

static bool fragment_in(struct tree *tree, size_t at, size_t end, bool dependent);
static bool walk(struct tree *tree, const struct program *program, const struct value *values, uint32_t n);

static bool scalar(struct tree *tree, const struct value *value)
{
    enum value_kind kind;
    struct text text;
    char *room = tree->space.at;
    if (!tree->steps || !tree->steps--)
        return false;
    tree->space = (struct space){.at = tree->evtx->scratch.at, .end = tree->evtx->scratch.end};
    if (!value_text(&tree->space, value, &kind, &text))
        return false;
    room = tree->space.at;
    tree->evtx->scratch.at = room + (-(uintptr_t)room & 7);
    return tree->evtx->scratch.at <= tree->evtx->scratch.end && add_datum(tree, kind, text);
}

static bool substituted(struct tree *tree, const struct value *value)
{
    struct value rest = *value, one;
    size_t at = (size_t)(value->bytes - tree->evtx->chunk.base);
    if (value->type == TYPE_BINXML)
        return tree->attribute || fragment_in(tree, at, at + value->len, false);
    if (!(value->type & TYPE_ARRAY))
        return scalar(tree, value);
    (tree->attribute ? tree->attribute : tree->at)->list = true;
    while (value_item(&rest, &one))
        if (!scalar(tree, &one))
            return false;
    return true;
}

static bool open_element(struct tree *tree, const struct op *op)
{
    struct node *node = tree->elements < DEPTH_MOST ? add_node(tree, op, &tree->at->first, &tree->at->last) : NULL;
    if (!node)
        return false;
    tree->elements++;
    tree->at = node;
    return true;
}

static bool nested(struct tree *tree, size_t offset)
{
    struct instance instance;
    if (tree->depth == NESTED_MOST || !instance_read(tree->evtx, offset, tree->evtx->chunk.len, &instance))
        return false;
    tree->depth++;
    bool good = walk(tree, instance.program, instance.values, instance.n);
    tree->depth--;
    return good;
}

static bool one_op(struct tree *tree, const struct op *op, const struct value *values, uint32_t n)
{
    if (!tree->steps || !tree->steps--)
        return false;
    switch ((enum op_kind)op->kind) {
    case OP_OPEN: return open_element(tree, op);
    case OP_ATTR: return (tree->attribute = add_node(tree, op, &tree->at->first_attribute, &tree->at->last_attribute)) != NULL;
    case OP_BODY: tree->attribute = NULL; return true;
    case OP_TEXT: return add_datum(tree, (enum value_kind)op->value_kind, (struct text){op->text, op->len});
    case OP_SUBST: return op->index >= n || substituted(tree, &values[op->index]);
    case OP_INSTANCE: return nested(tree, op->len);
    case OP_END: break;
    }
    tree->at = tree->at->parent;
    tree->elements--;
    return true;
}

static bool walk(struct tree *tree, const struct program *program, const struct value *values, uint32_t n)
{
    for (uint32_t i = 0; i < program->n; i++)
        if (!one_op(tree, &program->ops[i], values, n))
            return false;
    return true;
}

static bool each_instance(void *arg, const struct instance *instance) { return walk(arg, instance->program, instance->values, instance->n); }
static bool plain_elements(void *arg, struct program *program) { return walk(arg, program, NULL, 0); }

static bool fragment_in(struct tree *tree, size_t at, size_t end, bool dependent)
{
    const struct fragment_use use = {each_instance, plain_elements, tree};
    if (tree->depth == NESTED_MOST)
        return false;
    tree->depth++;
    bool good = fragment_read(tree->evtx, at, end, dependent, &use);
    tree->depth--;
    return good;
}

bool tree_build(struct tree *tree, struct evtx *evtx, const struct record *record)
{
    *tree = (struct tree){.evtx = evtx, .steps = STEPS_MOST};
    tree->at = &tree->root;
    return fragment_in(tree, record->at + RECORD_HEAD, record->end, true) && tree->root.first;
}

/* ---- elements of one name ---- */

static size_t slot_of(struct node *const *slots, size_t n_slots, const struct node *node)
{
    uint64_t hash = (uintptr_t)node->parent * UINT64_C(0x9e3779b97f4a7c15);
    for (uint32_t i = 0; i < node->name.len; i++)
        hash = (hash ^ (unsigned char)node->name.at[i]) * UINT64_C(0x100000001b3);
    size_t at = (size_t)(hash >> 20) & (n_slots - 1);
    while (slots[at] && (slots[at]->parent != node->parent || slots[at]->name.len != node->name.len ||
                         memcmp(slots[at]->name.at, node->name.at, node->name.len) != 0))
        at = (at + 1) & (n_slots - 1);
    return at;
}

/* What an element is called in JSON: Data by its attribute. */
static void rename_data(struct node *node)
{
    if (!tree_is(node->name, "Data"))
        return;
    for (const struct node *attribute = node->first_attribute; attribute; attribute = attribute->next)
        if (tree_is(attribute->name, "Name") && attribute->datum && !attribute->datum->next && attribute->datum->kind != VALUE_NULL) {
            node->name = attribute->datum->text;
            node->named = true;
            return;
        }
}

/* The node after this one, elements before what lies inside them. */
static struct node *after(struct node *node)
{
    if (node->first)
        return node->first;
    while (node && !node->next)
        node = node->parent;
    return node ? node->next : NULL;
}

bool tree_pair(struct tree *tree)
{
    size_t n_slots = 64;
    while (n_slots < 2u * tree->n)
        n_slots *= 2;
    struct node **slots = store_take(&tree->evtx->scratch, n_slots * sizeof *slots);
    struct node **last = store_take(&tree->evtx->scratch, n_slots * sizeof *last);
    if (!slots || !last)
        return false;
    memset(slots, 0, n_slots * sizeof *slots);
    for (struct node *node = tree->root.first; node; node = after(node)) {
        rename_data(node);
        size_t at = slot_of(slots, n_slots, node);
        if (slots[at]) {
            last[at]->again = node;
            node->repeats = true;
        } else {
            slots[at] = node;
        }
        last[at] = node;
    }
    return true;
}
