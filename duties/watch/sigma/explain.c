/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Why a rule matches an event or does not: each predicate tested directly, with the values that were seen.
 */
#include <string.h>

#include "watch/sigma/fast.h"

#define SEEN_MOST 16
#define SEEN_BYTES 512

struct explaining { const struct sigma *sigma; const struct event *event; struct arena *arena; struct bench bench; };

static bool holds(struct explaining *x, const struct node *node) { return node_holds_directly(&x->bench, x->sigma, node, x->event); }

/* The name under which the events have the rule's field. */
static const char *renamed(const struct program *program, const char *name)
{
    for (size_t i = 0; i < program->n_renames; i++)
        if (strcmp(program->renames[i].from, name) == 0)
            return program->renames[i].to;
    return name;
}

static struct val *seen(struct explaining *x, const char *name)
{
    struct val *list = val_array(x->arena);
    field_id field = fields_find(x->sigma->fields, name, strlen(name));
    for (size_t i = 0; field && i < x->event->n && list->count < SEEN_MOST; i++) {
        const struct event_value *value = &x->event->values[i];
        if (value->field != field)
            continue;
        size_t len = value->len < SEEN_BYTES ? value->len : SEEN_BYTES;
        while (len && len < value->len && ((unsigned char)value->text[len] & 0xc0) == 0x80)
            len--;
        val_push(x->arena, list, value->kind == VALUE_NULL ? val_null(x->arena) : val_strn(x->arena, value->text, len));
    }
    return list;
}

static struct val *item_val(struct explaining *x, const struct program *program, const struct item *item)
{
    struct val *made = val_object(x->arena);
    const char *bar = strchr(item->key, '|');
    size_t len = bar ? (size_t)(bar - item->key) : strlen(item->key);
    char *field = arena_strndup(x->arena, item->key, len), *to = field;
    for (const char *from = field; *from; from++)
        if (*from != ' ')
            *to++ = *from;
    *to = 0;
    const char *name = renamed(program, field);
    val_set_str(x->arena, made, "field", name);
    val_set_str(x->arena, made, "test", bar ? bar + 1 : field[0] ? "equals" : "keyword");
    val_set(x->arena, made, "values", val_copy(x->arena, item->value));
    val_set_bool(x->arena, made, "holds", holds(x, item->node));
    val_set(x->arena, made, "seen", field[0] ? seen(x, name) : val_array(x->arena));
    return made;
}

static struct val *selections_val(struct explaining *x, const struct program *program)
{
    struct val *list = val_array(x->arena);
    for (size_t i = 0; i < program->n_selections; i++) {
        const struct selection *selection = &program->selections[i];
        struct val *made = val_object(x->arena), *items = val_array(x->arena);
        val_set_str(x->arena, made, "name", selection->name);
        val_set_bool(x->arena, made, "holds", holds(x, selection->node));
        for (size_t k = 0; k < selection->n_items; k++)
            val_push(x->arena, items, item_val(x, program, &selection->items[k]));
        val_set(x->arena, made, "items", items);
        val_push(x->arena, list, made);
    }
    return list;
}

static struct val *source_val(struct explaining *x, const struct sigma_rule *rule, bool applies)
{
    struct val *made = val_object(x->arena);
    const char *const names[] = {"product", "category", "service"}, *const values[] = {rule->product, rule->category, rule->service};
    for (size_t i = 0; i < 3; i++)
        if (values[i])
            val_set_str(x->arena, made, names[i], values[i]);
    val_set_bool(x->arena, made, "holds", applies);
    return made;
}

static struct val *filters_val(struct explaining *x, const struct rule_code *code, const struct program *program)
{
    struct val *list = val_array(x->arena);
    for (size_t i = 0; i < code->n_filters; i++) {
        const struct sigma_rule *filter = &x->sigma->rules[code->filters[i]];
        struct val *made = val_object(x->arena);
        if (filter->id)
            val_set_str(x->arena, made, "id", filter->id);
        val_set_str(x->arena, made, "title", filter->title);
        val_set_bool(x->arena, made, "holds", holds(x, program->node->kids[i + 1]));
        val_push(x->arena, list, made);
    }
    return list;
}

/* A correlation: which of its rules match, and the group in which the event counts; "matches" is whether it is counted. */
static struct val *correlation_val(struct explaining *x, size_t index)
{
    const struct rule_code *code = &x->sigma->codes[index];
    const struct correlation *c = code->correlation;
    struct val *made = val_object(x->arena), *list = val_array(x->arena);
    bool counts = false;
    for (size_t i = 0; i < c->n_rules; i++) {
        const struct sigma_rule *rule = &x->sigma->rules[c->rules[i]];
        struct val *one = val_object(x->arena), *group = val_object(x->arena), *lacks = val_array(x->arena);
        const struct val *below = rule->correlation ? NULL : val_get(sigma_explain(x->sigma, c->rules[i], x->event, x->arena), "matches");
        bool matches = below && below->truth;
        for (size_t k = 0; k < c->n_groups; k++) {
            field_id field = c->groups[i * c->n_groups + k];
            const struct event_value *value = event_get(x->event, field);
            if (value && value->kind != VALUE_NULL)
                (val_set)(x->arena, group, c->group_names[k], val_strn(x->arena, value->text, value->len < SEEN_BYTES ? value->len : SEEN_BYTES));
            else
                val_push(x->arena, lacks, val_str(x->arena, fields_name(x->sigma->fields, field)));
        }
        val_set_str(x->arena, one, "rule", rule->id ? rule->id : rule->name ? rule->name : rule->title);
        val_set_bool(x->arena, one, "correlation", rule->correlation);
        val_set_bool(x->arena, one, "matches", matches);
        val_set(x->arena, one, "group", group);
        val_set(x->arena, one, "lacks", lacks);
        counts |= matches && lacks->count == 0;
        val_push(x->arena, list, one);
    }
    val_set_bool(x->arena, made, "matches", counts);
    val_set(x->arena, made, "rules", list);
    val_set(x->arena, made, "correlation", val_copy(x->arena, code->body));
    return made;
}

struct val *sigma_explain(const struct sigma *sigma, size_t index, const struct event *event, struct arena *arena)
{
    struct explaining x = {.sigma = sigma, .event = event, .arena = arena};
    struct val *made = val_object(arena);
    const struct sigma_rule *rule = sigma_rule(sigma, index);
    if (rule && sigma->codes[index].correlation)
        return correlation_val(&x, index);
    if (!rule || rule->standing != SIGMA_READY || !sigma->codes[index].programs) {
        val_set_bool(arena, made, "matches", false);
        return made;
    }
    const struct rule_code *code = &sigma->codes[index];
    bench_init(&x.bench, arena);
    int which = code_alternative(&x.bench, code, event);
    for (int i = which + 1; which >= 0 && i < (int)code->resolved->n && !holds(&x, code->programs[which]->node); i++)
        if (alternative_holds(&x.bench, &code->resolved->alternatives[i], event) && holds(&x, code->programs[i]->node))
            which = i;                                 /* of several that hold, one that matches */
    const struct program *program = code->programs[which < 0 ? 0 : which];
    const struct val *condition = val_get(code->body, "condition");
    val_set_bool(arena, made, "matches", which >= 0 && holds(&x, program->node));
    val_set(arena, made, "log-source", source_val(&x, rule, which >= 0));
    val_set(arena, made, "selections", selections_val(&x, program));
    val_set(arena, made, "condition", val_copy(arena, condition));
    val_set_bool(arena, made, "condition-holds", holds(&x, program->rule));
    val_set(arena, made, "filters", filters_val(&x, code, program));
    return made;
}
