/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fields of a register: their types, what each type allows, and what a field's marks ask of it. What a type may
 * carry stands in one table.
 */
#include "office/pack-read.h"

#include <string.h>

#define INT53 ((INT64_C(1) << 53) - 1)
#define FIELD_KEYS "type name help required search sort filter unique portions custody min max of to default computed by-step hidden-in"

/* `most`: the limit of max and what it is without one: characters, items, or 0 where max says nothing. */
static const struct { const char *name; bool search, sort, filter, unique; int64_t usual, most; } types[FIELD_TYPES] = {
    [FIELD_LINE] = {"line", true, true, true, true, 200, 200},
    [FIELD_PROSE] = {"prose", true, false, false, false, 50000, 50000},
    [FIELD_NUMBER] = {"number", false, true, true, true, INT53, INT53},
    [FIELD_MONEY] = {"money", false, true, false, false, 0, 0},
    [FIELD_BOOLEAN] = {"boolean", false, true, true, false, 0, 0},
    [FIELD_CHOICE] = {"choice", true, true, true, false, 0, 0},
    [FIELD_CHOICES] = {"choices", true, false, true, false, 200, 200},
    [FIELD_DATE] = {"date", false, true, true, false, 0, 0},
    [FIELD_TIME] = {"time", false, true, true, false, 0, 0},
    [FIELD_INTERVAL] = {"interval", false, true, true, false, 0, 0},
    [FIELD_SPAN] = {"span", false, false, false, false, 0, 0},
    [FIELD_LINK] = {"link", false, false, true, false, 0, 0},
    [FIELD_LINKS] = {"links", false, false, true, false, 1000, 10000},
    [FIELD_ATTACHMENTS] = {"attachments", true, false, false, false, 100, 1000},
    [FIELD_LABEL] = {"label", false, false, false, false, 0, 0},
    [FIELD_CLEARANCE] = {"clearance", false, false, false, false, 0, 0},
    [FIELD_POST] = {"post", false, true, true, false, 0, 0},
    [FIELD_RIGHT] = {"right", false, true, true, false, 0, 0},
    [FIELD_RIGHTS] = {"rights", false, false, true, false, 200, 200},
    [FIELD_POLICY] = {"policy", false, true, true, false, 0, 0},
    [FIELD_EMAIL] = {"email", true, true, true, true, 254, 254},
};

const char *field_type_name(enum field_type type)
{
    return (unsigned)type < FIELD_TYPES ? types[type].name : "?";
}

static bool find_type(const struct reader_of *r, const struct val *tree, enum field_type *ret)
{
    const struct val *value = member(r, tree, "type", true);
    const char *name = value ? item_text(r, value) : NULL;
    for (unsigned i = 0; name && i < FIELD_TYPES; i++)
        if (strcmp(types[i].name, name) == 0) {
            *ret = (enum field_type)i;
            return true;
        }
    if (name) {
        struct reason *fault = FAULT(r, value, T_("There is no type “%1$s”."), name);
        hint_named(r, fault, name, types, FIELD_TYPES, sizeof types[0]);
    }
    return false;
}

/* A boolean mark that only some types may carry. */
static bool mark(const struct reader_of *r, const struct field_def *field, const struct val *tree, const char *key, bool allowed)
{
    bool set = read_bool(r, tree, key, false);
    if (set && !allowed)
        FAULT(r, member(r, tree, key, false), T_("A field of type %1$s cannot be marked “%2$s”."), field_type_name(field->type), key);
    return set && allowed;
}

static void load_marks(const struct reader_of *r, struct field_def *field, const struct val *tree)
{
    field->required = read_bool(r, tree, "required", false);
    field->computed = read_bool(r, tree, "computed", false);
    field->by_step = read_bool(r, tree, "by-step", false);
    field->search = mark(r, field, tree, "search", types[field->type].search);
    field->sort = mark(r, field, tree, "sort", types[field->type].sort);
    field->filter = mark(r, field, tree, "filter", types[field->type].filter);
    field->unique = mark(r, field, tree, "unique", types[field->type].unique);
    field->portions = mark(r, field, tree, "portions", field->type == FIELD_PROSE);
    field->custody = mark(r, field, tree, "custody", field->type == FIELD_ATTACHMENTS);
    if (field->by_step && (field->required || field->computed))
        FAULT(r, member(r, tree, "by-step", false), T_("A field that steps alone fill is neither required nor computed; steps name it under “needs”."));
    if (field->required && field->computed)
        FAULT(r, member(r, tree, "computed", false), T_("A computed field cannot be required: no form shows it."));
}

static void load_limits(const struct reader_of *r, struct field_def *field, const struct val *tree)
{
    int64_t most = types[field->type].most;
    const struct val *max = member(r, tree, "max", false), *min = member(r, tree, "min", false);
    if (max && most == 0)
        FAULT(r, max, T_("A field of type %1$s has no “%2$s”."), field_type_name(field->type), "max");
    if (min && field->type != FIELD_NUMBER)
        FAULT(r, min, T_("A field of type %1$s has no “%2$s”."), field_type_name(field->type), "min");
    field->min = field->type == FIELD_NUMBER ? read_int(r, tree, "min", -INT53, INT53, -INT53) : 0;
    field->max = most ? read_int(r, tree, "max", field->type == FIELD_NUMBER ? -INT53 : 1, most, types[field->type].usual) : 0;
    if (min && field->min > field->max)
        FAULT(r, min, T_("“min” is above “max”."));
}

static void load_targets(const struct reader_of *r, struct field_def *field, const struct val *tree)
{
    bool choice = field->type == FIELD_CHOICE || field->type == FIELD_CHOICES;
    bool link = field->type == FIELD_LINK || field->type == FIELD_LINKS;
    const struct val *of = member(r, tree, "of", choice), *to = member(r, tree, "to", link);
    if (of && !choice)
        FAULT(r, of, T_("A field of type %1$s has no “%2$s”."), field_type_name(field->type), "of");
    if (to && !link)
        FAULT(r, to, T_("A field of type %1$s has no “%2$s”."), field_type_name(field->type), "to");
    if (to && link)
        field->to = find_register(r, to);
    const char *name = of && choice ? item_text(r, of) : NULL;
    if (!name)
        return;
    field->of = NAMED_FIND(r->l->vocabularies, r->l->pack->n_vocabularies, name);
    if (!field->of) {
        struct reason *fault = FAULT(r, of, T_("There is no vocabulary “%1$s”."), name);
        hint_named(r, fault, name, r->l->vocabularies, r->l->pack->n_vocabularies, sizeof *r->l->vocabularies);
    }
}

/* Why a default does not fit its field; NULL when it does. */
static const char *default_fault(const struct field_def *field, const struct val *value)
{
    switch (field->type) {
    case FIELD_BOOLEAN:
        return value->kind == VAL_BOOL ? NULL : T_("The default of a boolean is true or false.");
    case FIELD_NUMBER:
        return value->kind == VAL_INT && value->number >= field->min && value->number <= field->max ? NULL
               : T_("The default is no whole number between “min” and “max”.");
    case FIELD_CHOICE:
        return !field->of || (value->kind == VAL_STR && vocabulary_term(field->of, value->str.s)) ? NULL
               : T_("The default is no term of the field's vocabulary.");
    case FIELD_DATE:
    case FIELD_TIME:
        return value->kind == VAL_STR && strcmp(value->str.s, "now") == 0 ? NULL : T_("The only default of a date or time is now.");
    case FIELD_LINE:
    case FIELD_PROSE:
        return value->kind == VAL_STR ? NULL : T_("The default of a text is a text.");
    case FIELD_SPAN: {
        struct span span;
        return value->kind == VAL_STR && span_read(value->str.s, &span) == OK ? NULL : T_("This is no span.");
    }
    default:
        return T_("A field of this type has no default.");
    }
}

static void load_default(const struct reader_of *r, struct field_def *field, const struct val *tree)
{
    field->fallback = member(r, tree, "default", false);
    const char *wrong = field->fallback ? default_fault(field, field->fallback) : NULL;
    if (wrong)
        FAULT(r, field->fallback, wrong);
}

static void load_field(const struct reader_of *r, struct field_def *field, const struct val *tree)
{
    want_name(r, tree, field->name);
    if (!want_object(r, tree, NULL, "field", FIELD_KEYS))
        return;
    field->words = read_words(r, tree, "name", true);
    field->help = read_words(r, tree, "help", false);
    if (!find_type(r, tree, &field->type)) {
        field->sort = field->filter = true;      /* told already: not again where it is used */
        return;
    }
    load_marks(r, field, tree);
    load_limits(r, field, tree);
    load_targets(r, field, tree);
    load_default(r, field, tree);
}

void load_fields(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    static const char *const taken[] = {"number", "state", "due", "updated", "created", "version", "id", NULL};
    const struct val *map = read_map(r, tree, "fields", true, 10 * MAX_FIELDS);
    if (!map)
        return;
    struct field_def *fields = ARENA_ARRAY(r->l->arena, struct field_def, map->count + 1);
    def->fields = fields;
    def->n_fields = map->count;
    if (map->count > MAX_FIELDS)
        FAULT(r, map, T_("There are %1$s entries under “%2$s”; at most %3$s are possible."), arena_printf(r->l->reasons->arena, "%u", (unsigned)map->count), "fields", "60");
    unsigned indexed = 0;
    for (uint32_t i = 0; i < map->count; i++) {
        fields[i].name = map->members[i].name;
        fields[i].index = i;
        load_field(r, &fields[i], map->members[i].value);
        for (size_t j = 0; taken[j]; j++)
            if (strcmp(taken[j], fields[i].name) == 0)
                FAULT(r, map->members[i].value, T_("Every record has “%1$s” of itself; a field needs another name."), taken[j]);
        indexed += fields[i].sort || fields[i].filter || fields[i].unique;
        if (indexed == MAX_INDEXED + 1 && (fields[i].sort || fields[i].filter || fields[i].unique))
            FAULT(r, map->members[i].value, T_("This is the seventeenth field marked sort, filter or unique; at most 16 are possible."));
    }
}
