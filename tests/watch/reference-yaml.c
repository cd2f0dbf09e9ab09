/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference reads YAML: libyaml's documents become nodes that know their line. Plain scalars have the types of YAML's core schema
 * as far as rules use them: null, booleans, numbers; every other scalar is text.
 */
#include "reference-inside.h"

static enum scalar scalar_type(const char *text, bool plain)
{
    static const char *const nulls[] = {"", "~", "null", "Null", "NULL"}, *const bools[] = {"true", "True", "TRUE", "false", "False", "FALSE"};
    if (!plain)
        return SCALAR_TEXT;
    for (size_t i = 0; i < sizeof nulls / sizeof *nulls; i++)
        if (strcmp(text, nulls[i]) == 0)
            return SCALAR_NULL;
    for (size_t i = 0; i < sizeof bools / sizeof *bools; i++)
        if (strcmp(text, bools[i]) == 0)
            return SCALAR_BOOL;
    long double number;
    return decimal_read(text, strlen(text), &number) ? SCALAR_NUMBER : SCALAR_TEXT;
}

static struct node *node_of(struct arena *arena, yaml_document_t *document, int index, unsigned depth)
{
    yaml_node_t *from = yaml_document_get_node(document, index);
    struct node *node = ARENA_NEW(arena, struct node);
    node->line = (unsigned)from->start_mark.line + 1;
    if (depth > 32)
        return node->text = "", node;
    if (from->type == YAML_SCALAR_NODE) {
        node->text = arena_strndup(arena, (const char *)from->data.scalar.value, from->data.scalar.length);
        node->type = scalar_type(node->text, from->data.scalar.style == YAML_PLAIN_SCALAR_STYLE);
    } else if (from->type == YAML_SEQUENCE_NODE) {
        node->kind = NODE_LIST;
        node->n = (size_t)(from->data.sequence.items.top - from->data.sequence.items.start);
        node->items = ARENA_ARRAY(arena, struct node *, node->n + 1);
        for (size_t i = 0; i < node->n; i++)
            node->items[i] = node_of(arena, document, from->data.sequence.items.start[i], depth + 1);
    } else {
        node->kind = NODE_MAP;
        node->n = (size_t)(from->data.mapping.pairs.top - from->data.mapping.pairs.start);
        node->items = ARENA_ARRAY(arena, struct node *, node->n + 1);
        node->keys = ARENA_ARRAY(arena, struct node *, node->n + 1);
        for (size_t i = 0; i < node->n; i++) {
            node->keys[i] = node_of(arena, document, from->data.mapping.pairs.start[i].key, depth + 1);
            node->items[i] = node_of(arena, document, from->data.mapping.pairs.start[i].value, depth + 1);
        }
    }
    return node;
}

size_t nodes_read(struct arena *arena, const char *text, size_t len, struct node ***ret_documents, unsigned *ret_fault_line, const char **ret_fault)
{
    struct node **documents = NULL;
    size_t n = 0, room = 0;
    yaml_parser_t parser;
    yaml_parser_initialize(&parser);
    yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
    *ret_fault = NULL;
    for (;;) {
        yaml_document_t document;
        if (!yaml_parser_load(&parser, &document)) {
            *ret_fault = arena_strdup(arena, parser.problem ? parser.problem : "no YAML");
            *ret_fault_line = (unsigned)parser.problem_mark.line + 1;
            break;
        }
        bool any = yaml_document_get_root_node(&document) != NULL;
        if (any && n == room) {
            struct node **more = ARENA_ARRAY(arena, struct node *, room = room ? 2 * room : 1);
            for (size_t i = 0; i < n; i++)
                more[i] = documents[i];
            documents = more;
        }
        if (any)
            documents[n++] = node_of(arena, &document, 1, 0);
        yaml_document_delete(&document);
        if (!any)
            break;
    }
    yaml_parser_delete(&parser);
    *ret_documents = documents;
    return n;
}

struct node *node_get(const struct node *map, const char *key)
{
    for (size_t i = 0; map && map->kind == NODE_MAP && i < map->n; i++)
        if (map->keys[i]->kind == NODE_SCALAR && strcmp(map->keys[i]->text, key) == 0)
            return map->items[i];
    return NULL;
}

const char *node_text(const struct node *node)
{
    return node && node->kind == NODE_SCALAR && node->type != SCALAR_NULL ? node->text : NULL;
}
