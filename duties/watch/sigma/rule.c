/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A rule becomes programs: its selections and condition compiled for each way in which its log source names the fields, joined with the
 * filters that concern it (their conditions are ANDed).
 */
#include <string.h>

#include "base/text.h"
#include "watch/sigma/inside.h"

/* ---- filters ------------------------------------------------------------------------------------------------ */

static bool filter_rules(struct reading *r, const struct val *rules)
{
    if (!rules || rules->kind == VAL_NULL || str_eq(val_text(rules), "any"))
        return true;
    if (rules->kind != VAL_ARRAY)
        return reading_fault_key(r, "rules", rules, T_("“rules” must be “any” or a list of ids or names"));
    for (uint32_t i = 0; i < rules->count; i++)
        if (!val_text(rules->items[i]))
            return reading_fault(r, rules->items[i], T_("“rules” must be “any” or a list of ids or names"));
    return true;
}

static const struct node *filter_node(struct reading *r, const struct val *body)
{
    struct program program = {0};
    return selections_compile(r, body, &program) ? condition_compile(r, val_get(body, "condition"), &program) : NULL;
}

void filter_compile(struct sigma *sigma, size_t index)
{
    struct reading r;
    reading_begin(&r, sigma, index);
    if (filter_rules(&r, val_get(sigma->codes[index].body, "rules")))
        filter_node(&r, sigma->codes[index].body);
}

static bool concerns(const struct sigma_rule *filter, const struct val *body, const struct sigma_rule *rule)
{
    if ((filter->product && !str_eq(filter->product, rule->product)) || (filter->category && !str_eq(filter->category, rule->category)) ||
        (filter->service && !str_eq(filter->service, rule->service)))
        return false;
    const struct val *rules = val_get(body, "rules");
    if (!rules || rules->kind != VAL_ARRAY)
        return true;
    for (uint32_t i = 0; i < rules->count; i++) {
        const char *name = val_text(rules->items[i]);
        if (str_eq(name, rule->id) || str_eq(name, rule->name))
            return true;
    }
    return false;
}

static void join_filters(struct sigma *sigma, size_t index)
{
    struct rule_code *code = &sigma->codes[index];
    uint32_t *list = NULL;
    for (size_t i = 0; sigma->any_filter && i < sigma->n; i++) {
        const struct sigma_rule *filter = &sigma->rules[i];
        if (!filter->filter || filter->standing != SIGMA_READY || !concerns(filter, sigma->codes[i].body, &sigma->rules[index]))
            continue;
        if (!list)
            list = ARENA_ARRAY(sigma->arena, uint32_t, sigma->n);
        list[code->n_filters++] = (uint32_t)i;
    }
    code->filters = list;
}

/* ---- programs ----------------------------------------------------------------------------------------------- */

static const struct program *program_compile(struct reading *r, const struct rule_code *code, const struct alternative *alternative)
{
    struct sigma *sigma = r->sigma;
    struct program *program = ARENA_NEW(sigma->arena, struct program);
    r->renames = program->renames = alternative->renames;
    r->n_renames = program->n_renames = alternative->n_renames;
    if (!selections_compile(r, code->body, program))
        return NULL;
    program->rule = condition_compile(r, val_get(code->body, "condition"), program);
    if (!program->rule)
        return NULL;
    const struct node **kids = ARENA_ARRAY(sigma->arena, const struct node *, code->n_filters + 1);
    kids[0] = program->rule;
    for (size_t i = 0; i < code->n_filters; i++) {
        struct reading of_filter;
        reading_begin(&of_filter, sigma, code->filters[i]);
        of_filter.renames = r->renames;
        of_filter.n_renames = r->n_renames;
        kids[i + 1] = filter_node(&of_filter, sigma->codes[code->filters[i]].body);
        if (!kids[i + 1])
            return reading_fault(r, NULL, T_("the filter “%1$s” cannot be joined to the rule"), sigma->rules[code->filters[i]].title);
    }
    program->node = node_many(sigma->arena, NODE_AND, kids, code->n_filters + 1);
    return program;
}

static bool same_renames(const struct alternative *a, const struct alternative *b)
{
    if (a->n_renames != b->n_renames)
        return false;
    for (size_t i = 0; i < a->n_renames; i++)
        if (!str_eq(a->renames[i].from, b->renames[i].from) || !str_eq(a->renames[i].to, b->renames[i].to))
            return false;
    return true;
}

void rule_compile(struct sigma *sigma, size_t index)
{
    struct sigma_rule *rule = &sigma->rules[index];
    struct rule_code *code = &sigma->codes[index];
    struct reading r;
    reading_begin(&r, sigma, index);
    code->resolved = source_resolve(sigma->map, rule->product, rule->category, rule->service);
    join_filters(sigma, index);
    size_t n = code->resolved->n;
    static const struct alternative plain;
    if (code->resolved->missing) {                     /* faults of the rule's own text come first */
        if (!program_compile(&r, code, &plain))
            return;
        const struct val *source = val_get(rule->document, "logsource");
        reading_fault_key(&r, "logsource", source, T_("the log source of the rule is not in the map"));
        if (code->resolved->why.in[0])
            rule->why = code->resolved->why;
        return;
    }
    code->programs = ARENA_ARRAY(sigma->arena, const struct program *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct alternative *all = code->resolved->alternatives;
        for (size_t k = 0; k < i && !code->programs[i]; k++)
            if (same_renames(&all[k], &all[i]))
                code->programs[i] = code->programs[k];
        r.values = 0;
        if (!code->programs[i] && !(code->programs[i] = program_compile(&r, code, &all[i])))
            return;
    }
}

int code_alternative(struct bench *bench, const struct rule_code *code, const struct event *event)
{
    for (size_t i = 0; code->programs && i < code->resolved->n; i++)
        if (alternative_holds(bench, &code->resolved->alternatives[i], event))
            return (int)i;
    return -1;
}
