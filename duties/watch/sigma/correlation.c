/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Correlation documents, read and checked: type, rules (by id or name, also other correlations), group-by with aliases, timespan,
 * condition. What they count is in correlate.h.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "watch/sigma/correlate-inside.h"

#define GROUPS_MOST 16
#define NAMES T_("“%1$s” must be a name or a list of names")

static const char *const types[] = {"event_count", "value_count", "temporal", "temporal_ordered", "value_sum", "value_avg", "value_percentile"};

bool correlation_shape(const struct sigma *sigma, size_t rule, struct correlation_shape *ret)
{
    const struct correlation *c = rule < sigma->n ? sigma->codes[rule].correlation : NULL;
    if (c)
        *ret = (struct correlation_shape){types[c->type], c->group_names, c->n_groups, c->rules, c->n_rules};
    return c != NULL;
}

/* A text or a list of texts, at most `most`. */
static bool read_names(struct reading *r, const struct val *body, const char *key, size_t most, const char ***ret, size_t *ret_n)
{
    const struct val *value = val_get(body, key);
    size_t n = !value || value->kind == VAL_NULL ? 0 : value->kind == VAL_ARRAY ? value->count : 1;
    const char **names = ARENA_ARRAY(r->sigma->arena, const char *, n + 1);
    for (size_t i = 0; i < n && i < most; i++)
        if (!(names[i] = val_text(value->kind == VAL_ARRAY ? value->items[i] : value)))
            return reading_fault_key(r, key, value, NAMES, key);
    if (n > most)
        return reading_fault_key(r, key, value, T_("“%1$s” has too many entries"), key);
    *ret = names;
    *ret_n = n;
    return true;
}

static bool read_type(struct reading *r, const struct val *body, struct correlation *c)
{
    const char *type = val_get_str(body, "type");
    for (size_t i = 0; type && i < sizeof types / sizeof *types; i++)
        if (str_eq(type, types[i])) {
            c->type = (enum correlation_type)i;
            return true;
        }
    return reading_fault_key(r, "type", val_get(body, "type"), T_("the type of a correlation is one of %1$s"),
                             "event_count, value_count, temporal, temporal_ordered, value_sum, value_avg, value_percentile");
}

static bool read_timespan(struct reading *r, const struct val *body, struct correlation *c)
{
    const char *text = val_get_str(body, "timespan");
    int64_t n = 0;
    size_t at = 0;
    for (; text && at < 9 && (unsigned char)(text[at] - '0') <= 9; at++)
        n = n * 10 + text[at] - '0';
    const char *unit = at && n && text[at] && !text[at + 1] ? strchr("smhd", text[at]) : NULL;
    if (!unit)
        return reading_fault_key(r, "timespan", val_get(body, "timespan"), T_("“timespan” must be a number with s, m, h or d, such as 15m"));
    c->timespan = n * (*unit == 's' ? SECOND : *unit == 'm' ? MINUTE : *unit == 'h' ? HOUR : DAY);
    return true;
}

static bool read_bound(struct reading *r, struct correlation *c, const char *name, const struct val *value)
{
    static const struct { const char *name; enum compare compare; bool differs; } known[] = {{"eq", COMPARE_EQ, false}, {"neq", COMPARE_EQ, true},
        {"lt", COMPARE_LT, false}, {"lte", COMPARE_LTE, false}, {"gt", COMPARE_GT, false}, {"gte", COMPARE_GTE, false}};
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
        struct number number;
        if (!str_eq(known[i].name, name))
            continue;
        if (value->kind == VAL_INT)
            number.real = (double)value->number;
        else if (value->kind != VAL_STR || !number_read(value->str.s, value->str.len, &number))
            return reading_fault_key(r, name, value, T_("“%1$s” must be a number"), name);
        c->bounds[c->n_bounds++] = (struct bound){known[i].compare, known[i].differs, number.real};
        return true;
    }
    return reading_fault_key(r, name, value, T_("“%1$s” is not known in the condition of a correlation"), name);
}

static bool read_condition(struct reading *r, const struct val *body, struct correlation *c)
{
    const struct val *condition = val_get(body, "condition");
    const char **fields;
    bool temporal = c->type == TEMPORAL || c->type == TEMPORAL_ORDERED, values = !temporal && c->type != EVENT_COUNT;
    c->percentile = -1;
    if (!condition && temporal) {
        size_t n = 0;                                  /* distinct rules, or places in the order */
        for (size_t i = 0; i < c->n_rules; i++) {
            bool again = false;
            for (size_t k = 0; k < i && c->type == TEMPORAL; k++)
                again |= c->rules[k] == c->rules[i];
            n += !again;
        }
        c->bounds[c->n_bounds++] = (struct bound){COMPARE_EQ, false, (double)n};
        return true;
    }
    if (!condition || condition->kind != VAL_OBJECT)
        return reading_fault_key(r, "condition", condition, T_("the correlation needs a “condition” such as gte: 10"));
    for (uint32_t i = 0; i < condition->count; i++) {
        const char *name = condition->members[i].name;
        const struct val *value = condition->members[i].value;
        if (str_eq(name, "field") && values)
            continue;
        if (str_eq(name, "percentile") && c->type == VALUE_PERCENTILE) {
            if (value->kind != VAL_INT || value->number < 0 || value->number > 100)
                return reading_fault_key(r, name, value, T_("“percentile” must be a whole number from 0 to 100"));
            c->percentile = (double)value->number;
        } else if (!read_bound(r, c, name, value)) {
            return false;
        }
    }
    if (c->n_bounds == 0)
        return reading_fault_key(r, "condition", condition, T_("the correlation needs a “condition” such as gte: 10"));
    if (!values)
        return true;
    if (!read_names(r, condition, "field", GROUPS_MOST, &fields, &c->n_fields))
        return false;
    if (c->n_fields == 0 || (c->n_fields > 1 && c->type != VALUE_COUNT))
        return reading_fault_key(r, "condition", condition, T_("the condition of a correlation “%1$s” needs one “field”"), types[c->type]);
    field_id *ids = ARENA_ARRAY(r->sigma->arena, field_id, c->n_fields);
    for (size_t i = 0; i < c->n_fields; i++)
        ids[i] = fields_add(r->sigma->fields, fields[i], strlen(fields[i]));
    c->fields = ids;
    return true;
}

static bool read_rules(struct reading *r, const struct val *body, struct correlation *c)
{
    const char **names;
    const struct val *rules = val_get(body, "rules");
    if (!read_names(r, body, "rules", CORR_PLACES_MOST, &names, &c->n_rules))
        return false;
    if (c->n_rules == 0)
        return reading_fault_key(r, "rules", rules, T_("a correlation names its rules under “rules”"));
    uint32_t *found = ARENA_ARRAY(r->sigma->arena, uint32_t, c->n_rules);
    for (size_t i = 0; i < c->n_rules; i++) {
        size_t index = rule_find(r->sigma, names[i]);
        const struct val *at = rules->kind == VAL_ARRAY ? rules->items[i] : rules;
        if (index == SIZE_MAX || r->sigma->rules[index].filter)
            return reading_fault(r, at, T_("the rule “%1$s” is not there"), names[i]);
        if (r->sigma->rules[index].standing == SIGMA_REFUSED)
            return reading_fault(r, at, T_("the rule “%1$s” was refused itself: %2$s"), names[i], r->sigma->rules[index].where);
        found[i] = (uint32_t)index;
    }
    c->rules = found;
    return true;
}

/* The field of events of rule `i` that the name in group-by means. */
static const char *resolved_name(struct reading *r, const struct val *aliases, const char *name, const struct sigma_rule *rule)
{
    const struct val *alias = val_get(aliases, name);
    const char *by_name = alias && rule->name ? val_get_str(alias, rule->name) : NULL, *by_id = alias && rule->id ? val_get_str(alias, rule->id) : NULL;
    return by_name ? by_name : by_id ? by_id : name;
}

static bool read_groups(struct reading *r, const struct val *body, struct correlation *c)
{
    const char **names;
    const struct val *aliases = val_get(body, "aliases");
    if (!read_names(r, body, "group-by", GROUPS_MOST, &names, &c->n_groups))
        return false;
    if (aliases && aliases->kind != VAL_OBJECT)
        return reading_fault_key(r, "aliases", aliases, T_("“aliases” must be a mapping: alias, rule, field"));
    for (uint32_t i = 0; aliases && i < aliases->count; i++)
        for (uint32_t k = 0; k < (aliases->members[i].value->kind == VAL_OBJECT ? aliases->members[i].value->count : 1); k++)
            if (aliases->members[i].value->kind != VAL_OBJECT || !val_text(aliases->members[i].value->members[k].value))
                return reading_fault_key(r, "aliases", aliases, T_("“aliases” must be a mapping: alias, rule, field"));
    field_id *ids = ARENA_ARRAY(r->sigma->arena, field_id, c->n_rules * c->n_groups + 1);
    for (size_t i = 0; i < c->n_rules; i++)
        for (size_t k = 0; k < c->n_groups; k++) {
            const char *name = resolved_name(r, aliases, names[k], &r->sigma->rules[c->rules[i]]);
            ids[i * c->n_groups + k] = fields_add(r->sigma->fields, name, strlen(name));
        }
    c->groups = ids;
    c->group_names = names;
    return true;
}

/* Whether the chain of correlations comes back to `wanted`. */
static bool leads_to(const struct sigma *sigma, const struct val *body, size_t wanted, unsigned depth)
{
    const struct val *rules = val_get(body, "rules");
    for (size_t i = 0; rules && i < (rules->kind == VAL_ARRAY ? rules->count : 1); i++) {
        size_t next = rule_find(sigma, val_text(rules->kind == VAL_ARRAY ? rules->items[i] : rules));
        if (next == SIZE_MAX || !sigma->rules[next].correlation)
            continue;
        if (next == wanted || depth > 16 || leads_to(sigma, sigma->codes[next].body, wanted, depth + 1))
            return true;
    }
    return false;
}

/* Correlations that this one stands on come first, so that their verdicts are known. */
void correlation_compile(struct sigma *sigma, size_t index)
{
    struct rule_code *code = &sigma->codes[index];
    struct reading r;
    if (code->correlation || sigma->rules[index].standing == SIGMA_REFUSED)
        return;
    reading_begin(&r, sigma, index);
    if (leads_to(sigma, code->body, index, 0)) {
        reading_fault_key(&r, "rules", val_get(code->body, "rules"), T_("the chain of correlations comes back to this one, or is longer than 16"));
        return;
    }
    const struct val *rules = val_get(code->body, "rules");
    for (size_t i = 0; rules && i < (rules->kind == VAL_ARRAY ? rules->count : 1); i++) {
        size_t next = rule_find(sigma, val_text(rules->kind == VAL_ARRAY ? rules->items[i] : rules));
        if (next != SIZE_MAX && sigma->rules[next].correlation)
            correlation_compile(sigma, next);
    }
    struct correlation *c = ARENA_NEW(sigma->arena, struct correlation);
    const struct val *generate = val_get(code->body, "generate");
    if (!generate)
        generate = val_get(sigma->rules[index].document, "generate");
    c->generate = generate && generate->kind == VAL_BOOL && generate->truth;
    if (generate && generate->kind != VAL_BOOL) {
        reading_fault_key(&r, "generate", generate, T_("“generate” must be true or false"));
        return;
    }
    if (read_type(&r, code->body, c) && read_rules(&r, code->body, c) && read_groups(&r, code->body, c) &&
        read_timespan(&r, code->body, c) && read_condition(&r, code->body, c))
        code->correlation = c;
}
