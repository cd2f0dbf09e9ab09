/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Refusals written as data, and their conditions over a record's own fields and links. Each form of a condition is a
 * row of a table: the key that it is known by, the keys that may stand with it, and what reads it.
 */
#include "office/pack-read.h"

#include <string.h>

/* ---- what each form reads ----------------------------------------------------------------------------------- */

static const struct field_def *const *read_persons(const struct reader_of *r, const struct register_def *def, const struct val *tree, const char *key, size_t *ret_n)
{
    const struct field_def *const *fields = read_fields(r, def, tree, key, ret_n);
    for (size_t i = 0; i < *ret_n; i++)
        if (!is_person_link(fields[i], true))
            FAULT(r, val_get(tree, key), T_("“%1$s” names persons, and the field %2$s is no link to the register person."), key, fields[i]->name);
    return fields;
}

static void read_person_in(const struct reader_of *r, const struct register_def *def, const struct val *tree, struct condition *into)
{
    into->field = read_person_field(r, def, tree, "person-in", true);
    const struct val *cleared = member(r, tree, "not-cleared-for", false);
    into->others = read_persons(r, def, tree, "also-in", &into->n_others);
    into->superiors_of = read_person_field(r, def, tree, "or-superior-of", true);
    into->test = cleared ? TEST_NOT_CLEARED : TEST_PERSON_ALSO_IN;
    if (cleared && (cleared->kind != VAL_STR || strcmp(cleared->str.s, "label") != 0))
        FAULT(r, cleared, T_("A person is compared with the record's own label: not-cleared-for: label."));
    bool among = into->n_others || into->superiors_of;
    if (!cleared == !among) {
        struct reason *fault = FAULT(r, tree, T_("“person-in” needs something to compare with."));
        HINT(r, fault, T_("Write also-in: [FIELD], or-superior-of: FIELD, or not-cleared-for: label."));
    }
}

static void read_actor_in(const struct reader_of *r, const struct register_def *def, const struct val *tree, struct condition *into)
{
    into->test = TEST_ACTOR_IN;
    into->others = read_persons(r, def, tree, "actor-in", &into->n_others);
}

/* A word that a field may hold, as text; NULL and a fault when it cannot. */
static const char *value_word(const struct reader_of *r, const struct field_def *field, const struct val *value)
{
    if (field->type == FIELD_BOOLEAN) {
        if (value->kind == VAL_BOOL)
            return value->truth ? "true" : "false";
        FAULT(r, value, T_("“%1$s” is true or false."), field->name);
        return NULL;
    }
    if (field->type == FIELD_NUMBER) {
        if (value->kind == VAL_INT)
            return arena_printf(r->l->arena, "%lld", (long long)value->number);
        FAULT(r, value, T_("The field %1$s holds a whole number."), field->name);
        return NULL;
    }
    const char *word = item_text(r, value);
    if (word && field->of && !vocabulary_term(field->of, word)) {
        struct reason *fault = FAULT(r, value, T_("“%1$s” is no term of the vocabulary %2$s."), word, field->of->name);
        hint_named(r, fault, word, field->of->terms, field->of->n_terms, sizeof *field->of->terms);
    }
    return word;
}

static void read_is(const struct reader_of *r, const struct val *tree, struct condition *into, const char *key)
{
    static const enum field_type comparable[] = {FIELD_LINE, FIELD_NUMBER, FIELD_BOOLEAN, FIELD_CHOICE, FIELD_CHOICES, FIELD_POST, FIELD_POLICY, FIELD_RIGHT};
    bool fits = false;
    for (size_t i = 0; i < sizeof comparable / sizeof *comparable; i++)
        fits = fits || comparable[i] == into->field->type;
    if (!fits) {
        FAULT(r, tree, T_("A field of type %1$s cannot be compared by “%2$s”."), field_type_name(into->field->type), key);
        return;
    }
    size_t n;
    const struct val *const *list = read_list(r, tree, key, true, &n);
    const char **words = ARENA_ARRAY(r->l->arena, const char *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *word = value_word(r, into->field, list[i]);
        if (word)
            words[into->n_words++] = word;
    }
    into->words = words;
    into->test = key[2] ? TEST_IS_NOT : TEST_IS;
}

static bool is_day_or_time(const struct field_def *field)
{
    return field->type == FIELD_DATE || field->type == FIELD_TIME || field->type == FIELD_INTERVAL;
}

/* "after: from, by: RULE": more than the rule's span after; the span is chosen by the record's label or by `rank-of`. */
static void read_by(const struct reader_of *r, const struct register_def *def, const struct val *tree, struct condition *into)
{
    into->by = read_rule(r, tree, "by", false);
    into->rank_of = read_field(r, def, tree, "rank-of", false);
    if (into->by && !rule_gives_spans(into->by))
        FAULT(r, val_get(tree, "by"), T_("The rule %1$s gives no span, so no time can be moved by it."), into->by->name);
    if (into->by && rule_asks_working_days(into->by))
        FAULT(r, val_get(tree, "by"), T_("The rule %1$s counts working days, and a refusal has no calendar."), into->by->name);
    if (into->rank_of && into->rank_of->type != FIELD_LABEL && into->rank_of->type != FIELD_CLEARANCE)
        FAULT(r, val_get(tree, "rank-of"), T_("The field %1$s is no label or clearance."), into->rank_of->name);
}

static void read_order(const struct reader_of *r, const struct register_def *def, const struct val *tree, struct condition *into, const char *key)
{
    into->test = key[0] == 'a' ? TEST_AFTER : TEST_BEFORE;
    read_by(r, def, tree, into);
    const struct val *value = member(r, tree, key, true);
    if (!is_day_or_time(into->field))
        FAULT(r, tree, T_("The field %1$s is no date or time."), into->field->name);
    if (value && value->kind == VAL_STR && strcmp(value->str.s, "now") == 0) {
        into->against_now = true;
        return;
    }
    into->other = value ? find_field(r, def, value) : NULL;
    if (into->other && !is_day_or_time(into->other))
        FAULT(r, value, T_("The field %1$s is no date or time."), into->other->name);
}

static void read_presence(const struct reader_of *r, const struct val *tree, struct condition *into, const char *key)
{
    bool truth = read_bool(r, tree, key, true);
    bool absent = (key[0] == 'a') == truth;
    into->test = absent ? TEST_ABSENT : TEST_PRESENT;
}

static void read_field_test(const struct reader_of *r, const struct register_def *def, const struct val *tree, struct condition *into)
{
    static const char *const tests[] = {"is", "is-not", "absent", "present", "after", "before"};
    into->field = read_field(r, def, tree, "field", true);
    const char *found = NULL;
    size_t count = 0;
    for (size_t i = 0; i < sizeof tests / sizeof *tests; i++)
        if (val_get(tree, tests[i]))
            found = tests[i], count++;
    if (count != 1) {
        struct reason *fault = FAULT(r, tree, T_("A condition on a field makes one test."));
        HINT(r, fault, T_("One of: is, is-not, absent, present, after, before."));
        return;
    }
    if (!into->field)
        return;
    bool order = strcmp(found, "after") == 0 || strcmp(found, "before") == 0;
    if (val_get(tree, "by") && !order)
        FAULT(r, val_get(tree, "by"), T_("“by” belongs to “after” and “before”."));
    if (val_get(tree, "rank-of") && !val_get(tree, "by"))
        FAULT(r, val_get(tree, "rank-of"), T_("“rank-of” belongs to “by”."));
    if (found[0] == 'i')
        read_is(r, tree, into, found);
    else if (order)
        read_order(r, def, tree, into, found);
    else
        read_presence(r, tree, into, found);
}

/* ---- conditions and refusals -------------------------------------------------------------------------------- */

static const struct form {
    const char *key, *allowed;
    void (*read)(const struct reader_of *, const struct register_def *, const struct val *, struct condition *);
} forms[] = {
    {"person-in", "person-in also-in or-superior-of not-cleared-for label-at-least unless", read_person_in},
    {"actor-in", "actor-in label-at-least unless", read_actor_in},
    {"field", "field is is-not absent present after before by rank-of label-at-least unless", read_field_test},
};

const struct condition *read_condition(const struct reader_of *r, const struct register_def *def, const struct val *tree, const struct val *at, struct condition *into)
{
    const struct form *form = NULL;
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++)
        if (tree && tree->kind == VAL_OBJECT && val_get(tree, forms[i].key))
            form = form ? form : &forms[i];
    if (!form) {
        struct reason *fault = FAULT(r, tree ? tree : at, T_("This is no condition."));
        HINT(r, fault, T_("A condition begins with person-in, actor-in or field."));
        return into;
    }
    if (!want_object(r, tree, at, "condition", form->allowed))
        return into;
    form->read(r, def, tree, into);
    int rank = read_one_of(r, tree, "label-at-least", rank_words, -1);
    into->label_at_least = rank < 0 ? NULL : rank_words[rank];
    if (val_get(tree, "unless"))
        into->unless = read_condition(r, def, val_get(tree, "unless"), tree, ARENA_NEW(r->l->arena, struct condition));
    return into;
}

void load_refusals(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *map = read_map(r, tree, "refusals", false, 64);
    size_t n = map ? map->count : 0;
    struct refusal *refusals = ARENA_ARRAY(r->l->arena, struct refusal, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct val *one = map->members[i].value;
        refusals[i].name = map->members[i].name;
        want_name(r, one, refusals[i].name);
        if (!want_object(r, one, map, "refusal", "when text next"))
            continue;
        const struct val *when = member(r, one, "when", true);
        if (when)
            read_condition(r, def, when, one, &refusals[i].when);
        refusals[i].text = read_words(r, one, "text", true);
        refusals[i].next = read_words(r, one, "next", false);
    }
    def->refusals = refusals;
    def->n_refusals = n;
}

/* A refusal that no step names says nothing: most often its name was mistyped at the step. */
void check_refusals_used(const struct reader_of *r, const struct register_def *def, const struct val *tree)
{
    const struct val *map = val_get(tree, "refusals");
    for (size_t i = 0; i < def->n_refusals; i++) {
        bool used = false;
        for (size_t s = 0; s < def->n_steps; s++)
            for (size_t k = 0; k < def->steps[s].n_refusals; k++)
                used = used || def->steps[s].refusals[k] == &def->refusals[i];
        if (!used)
            FAULT(r, map->members[i].value, T_("No step names the refusal %1$s under “refuse”."), def->refusals[i].name);
    }
}
