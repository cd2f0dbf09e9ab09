/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's rules: a document's selections and conditions, filters that join rules, and a rule against an event.
 */
#include "reference-inside.h"

struct reference *reference_new(struct arena *arena, const struct fields *fields, const char *map, size_t map_len, const struct sigma_binding *bindings, size_t n_bindings)
{
    struct reference *reference = ARENA_NEW(arena, struct reference);
    *reference = (struct reference){.arena = arena, .scratch = arena_new(0), .fields = fields, .bindings = bindings, .n_bindings = n_bindings};
    if (map && map_len) {
        struct node **documents;
        unsigned line;
        const char *fault;
        if (nodes_read(arena, map, map_len, &documents, &line, &fault) != 1 || fault)
            abort();
        reference->map = documents[0];
    }
    return reference;
}

void reference_free(struct reference *reference)
{
    for (struct compiled *one = reference->regexes; one; one = one->next)
        pcre2_code_free(one->code);
    arena_free(reference->scratch);
}

static bool refuse(struct rule *rule, const char *why, unsigned line)
{
    if (!rule->shown.refused)
        rule->shown.refused = why, rule->shown.refused_line = line;
    return false;
}

/* A map: all of its items. */
static bool read_map(struct reference *reference, struct rule *rule, const struct node *map, struct group *group)
{
    struct fault fault;
    if (map->n == 0)
        return refuse(rule, "an empty selection", map->line);
    group->items = ARENA_ARRAY(reference->arena, struct item, map->n);
    for (size_t i = 0; i < map->n; i++) {
        if (map->keys[i]->kind != NODE_SCALAR)
            return refuse(rule, "a field's name must be a text", map->keys[i]->line);
        if (!item_read(reference, map->keys[i], map->items[i], &group->items[i], &fault))
            return refuse(rule, fault.why, fault.line);
        for (size_t k = 0; k < i; k++)
            if (strcmp(map->keys[k]->text, map->keys[i]->text) == 0)
                return refuse(rule, "a key twice", map->keys[i]->line);
    }
    group->n = map->n;
    return true;
}

/* A selection: a map, a list of maps and keywords of which one is enough, or one keyword. */
static bool read_selection(struct reference *reference, struct rule *rule, struct selection *selection)
{
    const struct node *node = selection->node;
    size_t n = node->kind == NODE_LIST ? node->n : 1;
    struct fault fault;
    if (n == 0)
        return refuse(rule, "an empty selection", node->line);
    selection->groups = ARENA_ARRAY(reference->arena, struct group, n);
    for (size_t i = 0; i < n; i++) {
        const struct node *one = node->kind == NODE_LIST ? node->items[i] : node;
        struct group *group = &selection->groups[selection->n_groups++];
        if (one->kind == NODE_LIST)
            return refuse(rule, "a list in a list", one->line);
        if (one->kind == NODE_MAP) {
            if (!read_map(reference, rule, one, group))
                return false;
            continue;
        }
        group->items = ARENA_ARRAY(reference->arena, struct item, 1);
        group->n = 1;
        if (!item_read(reference, NULL, one, &group->items[0], &fault))
            return refuse(rule, fault.why, fault.line);
    }
    return true;
}

static bool read_conditions(struct reference *reference, struct rule *rule, const struct node *node, unsigned line)
{
    if (!node)
        return refuse(rule, "no condition", line);
    size_t n = node->kind == NODE_LIST ? node->n : 1;
    if (node->kind == NODE_MAP || n == 0)
        return refuse(rule, "no condition", node->line);
    rule->conditions = ARENA_ARRAY(reference->arena, struct expression *, n);
    for (size_t i = 0; i < n; i++) {
        const struct node *one = node->kind == NODE_LIST ? node->items[i] : node;
        const char *why = "no condition", *text = node_text(one);
        struct expression *e = text ? condition_read(reference->arena, text, rule->selections, rule->n_selections, &why) : NULL;
        if (!e)
            return refuse(rule, why, one->line);
        rule->conditions[rule->n_conditions++] = e;
    }
    return true;
}

static bool read_detection(struct reference *reference, struct rule *rule, const struct node *detection)
{
    rule->selections = ARENA_ARRAY(reference->arena, struct selection, detection->n + 1);
    for (size_t i = 0; i < detection->n; i++) {
        const char *name = detection->keys[i]->kind == NODE_SCALAR ? detection->keys[i]->text : "";
        if (strcmp(name, "condition") == 0 || (rule->shown.filter && strcmp(name, "rules") == 0))
            continue;
        struct selection *selection = &rule->selections[rule->n_selections++];
        *selection = (struct selection){.name = name, .node = detection->items[i], .line = detection->keys[i]->line};
        if (!read_selection(reference, rule, selection))
            return false;
    }
    return read_conditions(reference, rule, node_get(detection, "condition"), detection->line);
}

static void read_document(struct reference *reference, const char *path, const struct node *document)
{
    struct rule *rule = ARENA_NEW(reference->arena, struct rule);
    const struct node *source = node_get(document, "logsource"), *filter = node_get(document, "filter"), *detection = node_get(document, "detection");
    rule->document = document;
    rule->shown = (struct reference_rule){.path = path, .line = document->line, .filter = filter != NULL,
        .correlation = node_get(document, "correlation") != NULL, .id = node_text(node_get(document, "id")), .name = node_text(node_get(document, "name")),
        .title = node_text(node_get(document, "title")), .product = node_text(node_get(source, "product")),
        .category = node_text(node_get(source, "category")), .service = node_text(node_get(source, "service"))};
    *(reference->last ? &reference->last->next : &reference->first) = rule;
    reference->last = rule;
    reference->n++;
    const char *why = NULL;
    const struct node *body = filter ? filter : detection;
    if (rule->shown.correlation)
        return;
    if (!body || body->kind != NODE_MAP)
        refuse(rule, "no detection", document->line);
    else if (!filter && (!source || source->kind != NODE_MAP))
        refuse(rule, "no log source", document->line);
    else if (!filter && !source_variants(reference, rule->shown.product, rule->shown.category, rule->shown.service, &rule->variants, &why))
        refuse(rule, why, source->line);
    else
        read_detection(reference, rule, body);
}

void reference_read(struct reference *reference, const char *path, const char *text, size_t len)
{
    struct node **documents;
    unsigned line = 0;
    const char *fault;
    size_t n = nodes_read(reference->arena, text, len, &documents, &line, &fault);
    path = arena_strdup(reference->arena, path);
    for (size_t i = 0; i < n; i++)
        read_document(reference, path, documents[i]);
    if (fault) {
        struct rule *rule = ARENA_NEW(reference->arena, struct rule);
        rule->shown = (struct reference_rule){.path = path, .line = line, .refused = fault, .refused_line = line};
        *(reference->last ? &reference->last->next : &reference->first) = rule;
        reference->last = rule;
        reference->n++;
    }
}

/* ---- filters: decided as docs/watch-rules.md says: the filter's own condition must hold as well */
static bool named_by(const struct rule *filter, const struct rule *rule)
{
    const struct node *rules = node_get(node_get(filter->document, "filter"), "rules");
    if (!rules || (rules->kind == NODE_SCALAR && strcmp(rules->text, "any") == 0))
        return true;
    for (size_t i = 0; i < (rules->kind == NODE_LIST ? rules->n : 1); i++) {
        const char *name = node_text(rules->kind == NODE_LIST ? rules->items[i] : rules);
        if (name && ((rule->shown.id && strcmp(name, rule->shown.id) == 0) || (rule->shown.name && strcmp(name, rule->shown.name) == 0)))
            return true;
    }
    return false;
}
static bool source_fits(const char *filter, const char *rule)
{
    return !filter || (rule && strcmp(filter, rule) == 0);
}

void reference_ready(struct reference *reference)
{
    size_t i = 0;
    reference->rules = ARENA_ARRAY(reference->arena, struct rule *, reference->n + 1);
    for (struct rule *rule = reference->first; rule; rule = rule->next)
        reference->rules[i++] = rule;
    for (struct rule *rule = reference->first; rule; rule = rule->next) {
        rule->filters = ARENA_ARRAY(reference->arena, struct rule *, reference->n);
        for (struct rule *filter = reference->first; filter && !rule->shown.filter; filter = filter->next)
            if (filter->shown.filter && !filter->shown.refused && named_by(filter, rule) && source_fits(filter->shown.product, rule->shown.product)
                && source_fits(filter->shown.category, rule->shown.category) && source_fits(filter->shown.service, rule->shown.service))
                rule->filters[rule->n_filters++] = filter;
    }
    correlations_ready(reference);
}
size_t reference_count(const struct reference *reference) { return reference->n; }
const struct reference_rule *reference_rule(const struct reference *reference, size_t index) { return &reference->rules[index]->shown; }

/* ---- a rule against an event */
static bool selection_holds(const struct reference *reference, const struct selection *selection, const struct rename *renames, const struct event *event)
{
    for (size_t g = 0; g < selection->n_groups; g++) {
        bool all = true;
        for (size_t i = 0; i < selection->groups[g].n; i++)
            all = all && item_holds(reference, &selection->groups[g].items[i], renames, event);
        if (all)
            return true;
    }
    return false;
}
static bool expression_holds(const struct reference *reference, const struct rule *rule, const struct expression *e, const struct rename *renames, const struct event *event)
{
    switch (e->kind) {
    case IS_SELECTION: return selection_holds(reference, &rule->selections[e->selection], renames, event);
    case IS_NOT: return !expression_holds(reference, rule, e->left, renames, event);
    case IS_AND: return expression_holds(reference, rule, e->left, renames, event) && expression_holds(reference, rule, e->right, renames, event);
    case IS_OR: return expression_holds(reference, rule, e->left, renames, event) || expression_holds(reference, rule, e->right, renames, event);
    }
    return false;
}
static bool conditions_hold(const struct reference *reference, const struct rule *rule, const struct rename *renames, const struct event *event)
{
    for (size_t i = 0; i < rule->n_conditions; i++)
        if (expression_holds(reference, rule, rule->conditions[i], renames, event))
            return true;
    return false;
}

bool reference_match(const struct reference *reference, size_t index, const struct event *event)
{
    const struct rule *rule = reference->rules[index];
    if (rule->shown.refused || rule->shown.filter || rule->shown.correlation)
        return false;
    for (const struct variant *variant = rule->variants; variant; variant = variant->next) {
        bool holds = variant_holds(reference, variant, event) && conditions_hold(reference, rule, variant->renames, event);
        for (size_t f = 0; f < rule->n_filters && holds; f++)
            holds = conditions_hold(reference, rule->filters[f], variant->renames, event);
        if (holds)
            return true;
    }
    return false;
}
