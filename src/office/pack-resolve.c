/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Names in a pack become pointers: fields, states, rights, registers, rules. A name that leads nowhere is a fault with
 * the nearest one that exists. Fields of any register may be named, so all registers' fields are read before anything
 * else of a register (pack.c holds the order of the passes).
 */
#include "office/pack-read.h"

#include <string.h>

#include "base/text.h"

const struct field_def *find_field(const struct reader_of *r, const struct register_def *def, const struct val *value)
{
    const char *name = item_text(r, value);
    if (!name)
        return NULL;
    const struct field_def *field = NAMED_FIND(def->fields, def->n_fields, name);
    if (!field) {
        struct reason *fault = FAULT(r, value, T_("There is no field “%1$s” in the register %2$s."), name, def->name);
        hint_named(r, fault, name, def->fields, def->n_fields, sizeof *def->fields);
    }
    return field;
}

const struct field_def *read_field(const struct reader_of *r, const struct register_def *def, const struct val *object, const char *key, bool required)
{
    const struct val *value = member(r, object, key, required);
    return value ? find_field(r, def, value) : NULL;
}

const struct field_def *const *read_fields(const struct reader_of *r, const struct register_def *def, const struct val *object, const char *key, size_t *ret_n)
{
    size_t n, found = 0;
    const struct val *const *list = read_list(r, object, key, false, &n);
    const struct field_def **fields = ARENA_ARRAY(r->l->arena, const struct field_def *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct field_def *field = find_field(r, def, list[i]);
        for (size_t j = 0; field && j < found; j++)
            if (fields[j] == field) {
                FAULT(r, list[i], T_("“%1$s” stands twice in this list."), field->name);
                field = NULL;
            }
        if (field)
            fields[found++] = field;
    }
    *ret_n = found;
    return fields;
}

bool is_person_link(const struct field_def *field, bool several)
{
    bool link = field->type == FIELD_LINK || (several && field->type == FIELD_LINKS);
    return link && (!field->to || strcmp(field->to->name, "person") == 0);      /* no target: told already */
}

const struct field_def *read_person_field(const struct reader_of *r, const struct register_def *def, const struct val *object, const char *key, bool several)
{
    const struct field_def *field = read_field(r, def, object, key, false);
    if (field && !is_person_link(field, several)) {
        struct reason *fault = FAULT(r, member(r, object, key, false), T_("“%1$s” names persons, and the field %2$s is no link to the register person."), key, field->name);
        if (!several && is_person_link(field, true))
            HINT(r, fault, T_("One person is meant here: a field of type link, not links."));
    }
    return field;
}

int find_state(const struct reader_of *r, const struct register_def *def, const struct val *value)
{
    const char *name = item_text(r, value);
    if (!name)
        return -1;
    int state = register_state(def, name);
    if (state < 0) {
        struct reason *fault = FAULT(r, value, T_("There is no state “%1$s” in the register %2$s."), name, def->name);
        hint_named(r, fault, name, def->states, def->n_states, sizeof *def->states);
    }
    return state;
}

uint64_t read_states(const struct reader_of *r, const struct register_def *def, const struct val *object, const char *key, uint64_t otherwise)
{
    size_t n;
    const struct val *const *list = read_list(r, object, key, false, &n);
    if (!list)
        return otherwise;
    uint64_t all = def->n_states >= 64 ? UINT64_MAX : (UINT64_C(1) << def->n_states) - 1;
    if (n == 1 && list[0]->kind == VAL_STR && strcmp(list[0]->str.s, "any") == 0)
        return all;
    uint64_t states = 0;
    for (size_t i = 0; i < n; i++) {
        int state = find_state(r, def, list[i]);
        if (state < 0)
            continue;
        if (states >> state & 1)
            FAULT(r, list[i], T_("“%1$s” stands twice in this list."), def->states[state].name);
        states |= UINT64_C(1) << state;
    }
    return states;
}

const char *find_right(const struct reader_of *r, const struct val *value)
{
    const char *name = item_text(r, value);
    if (!name)
        return NULL;
    const struct right_def *right = NAMED_FIND(r->l->rights, r->l->pack->n_rights, name);
    if (right)
        return right->name;
    struct reason *fault = FAULT(r, value, T_("No duty declares a right “%1$s”."), name);
    hint_named(r, fault, name, r->l->rights, r->l->pack->n_rights, sizeof *r->l->rights);
    if (!fault->next.in[LANG_EN])
        HINT(r, fault, T_("Declare it under “rights” in the duty.yaml of the duty that it belongs to."));
    return NULL;
}

const char *const *read_rights(const struct reader_of *r, const struct val *object, const char *key, bool required, bool none_allowed, size_t *ret_n)
{
    *ret_n = 0;
    size_t n, found = 0;
    const struct val *const *list = read_list(r, object, key, required, &n);
    if (!list)
        return NULL;
    if (none_allowed && n == 1 && list[0]->kind == VAL_STR && strcmp(list[0]->str.s, "none") == 0)
        return NULL;
    const char **rights = ARENA_ARRAY(r->l->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *right = find_right(r, list[i]);
        if (!right)
            continue;
        if (str_in(right, rights))
            FAULT(r, list[i], T_("“%1$s” stands twice in this list."), right);
        else
            rights[found++] = right;
    }
    *ret_n = found;
    return rights;
}

const struct register_def *find_register(const struct reader_of *r, const struct val *value)
{
    const char *name = item_text(r, value);
    if (!name)
        return NULL;
    const struct register_def *def = NAMED_FIND(r->l->registers, r->l->pack->n_registers, name);
    if (!def) {
        struct reason *fault = FAULT(r, value, T_("There is no register “%1$s”."), name);
        hint_named(r, fault, name, r->l->registers, r->l->pack->n_registers, sizeof *r->l->registers);
    }
    return def;
}

const struct rule *read_rule(const struct reader_of *r, const struct val *object, const char *key, bool required)
{
    const struct val *value = member(r, object, key, required);
    const char *name = value ? item_text(r, value) : NULL;
    if (!name)
        return NULL;
    const struct rule *rule = NAMED_FIND(r->l->rules, r->l->pack->n_rules, name);
    if (!rule) {
        struct reason *fault = FAULT(r, value, T_("There is no rule “%1$s”."), name);
        hint_named(r, fault, name, r->l->rules, r->l->pack->n_rules, sizeof *r->l->rules);
    }
    return rule;
}
