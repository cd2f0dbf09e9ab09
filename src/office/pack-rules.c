/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Rules (the numbers that a regulation sets, each with source, date and standing), vocabularies and working calendars.
 * A rule's value is one span, number, word, boolean, a list of words, or a list of {level, within} or {level, value}
 * whose levels are rank words; the entry with `any` speaks for every rank that no other entry names.
 */
#include "office/pack-read.h"

#include <string.h>

#include "base/text.h"

const char *const rank_words[] = {"TOP SECRET", "SECRET", "CONFIDENTIAL", "RESTRICTED", "UNCLASSIFIED", NULL};

static bool is_span(const struct val *value)
{
    struct span span;
    return value && value->kind == VAL_STR && span_read(value->str.s, &span) == OK;
}

/* ---- a rule's value ----------------------------------------------------------------------------------------- */

/* Marks the ranks that an entry names; bit 5 is `any`. */
static void read_levels(const struct reader_of *r, const struct val *entry, unsigned *seen)
{
    size_t n;
    const struct val *const *list = read_list(r, entry, "level", true, &n);
    for (size_t i = 0; i < n; i++) {
        const char *word = item_text(r, list[i]);
        if (!word)
            continue;
        unsigned rank = 0;
        while (rank_words[rank] && strcmp(rank_words[rank], word) != 0)
            rank++;
        if (!rank_words[rank] && strcmp(word, "any") != 0) {
            struct reason *fault = FAULT(r, list[i], T_("“%1$s” is no rank word."), word);
            static const char *const known[] = {"TOP SECRET", "SECRET", "CONFIDENTIAL", "RESTRICTED", "UNCLASSIFIED", "any", NULL};
            hint_words(r, fault, word, known);
            continue;
        }
        if (*seen >> rank & 1)
            FAULT(r, list[i], T_("The level “%1$s” has a value already."), word);
        *seen |= 1u << rank;
    }
}

static void check_levels(const struct reader_of *r, const struct val *value)
{
    unsigned seen = 0;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct val *entry = value->items[i];
        if (!want_object(r, entry, value, "{level, within}", "level within value"))
            continue;
        read_levels(r, entry, &seen);
        const struct val *within = member(r, entry, "within", false), *plain = member(r, entry, "value", false);
        if (!within == !plain)
            FAULT(r, entry, T_("Each entry of a rule says “within” (a span) or “value”, one of both."));
        else if (within && !is_span(within)) {
            struct reason *fault = FAULT(r, within, T_("This is no span."));
            HINT(r, fault, T_("Write 15m, 24h, 3d, 10wd (working days), 2w, 6mo or 5y."));
        } else if (plain && (plain->kind == VAL_OBJECT || plain->kind == VAL_ARRAY)) {
            FAULT(r, plain, T_("The value for a level is one span, number, word, true or false."));
        }
    }
}

static void check_rule_value(const struct reader_of *r, const struct val *value)
{
    if (value->kind == VAL_OBJECT || value->kind == VAL_NUMBER || (value->kind == VAL_ARRAY && value->count == 0) || value->count > 1000) {
        struct reason *fault = FAULT(r, value, T_("This cannot be the value of a rule."));
        HINT(r, fault, T_("A value is one span, number, word, true or false, a list of words, or a list of {level, within}."));
    } else if (value->kind == VAL_ARRAY && value->items[0]->kind == VAL_OBJECT) {
        check_levels(r, value);
    } else if (value->kind == VAL_ARRAY) {
        for (uint32_t i = 0; i < value->count; i++)
            item_text(r, value->items[i]);
    } else if (value->kind == VAL_STR) {
        item_text(r, value);
    }
}

/* Any “within” passes: one that is no span has been told where it stands. */
static bool within_given(const struct val *value) { return value != NULL; }

/* Whether a predicate holds for every value that a rule can give. */
static bool all_values(const struct rule *rule, bool (*test)(const struct val *), bool any)
{
    const struct val *value = rule->value;
    if (!value)
        return !any;
    if (value->kind != VAL_ARRAY)
        return test(value);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct val *within = val_get(value->items[i], "within");
        bool holds = within && test(within);
        if (holds == any)
            return any;
    }
    return !any;
}

static bool is_working_span(const struct val *value)
{
    struct span span;
    return value->kind == VAL_STR && span_read(value->str.s, &span) == OK && span.unit == 'W';
}

bool rule_gives_spans(const struct rule *rule)
{
    bool list = rule->value && rule->value->kind == VAL_ARRAY;
    return all_values(rule, list ? within_given : is_span, false);
}

bool rule_asks_working_days(const struct rule *rule) { return all_values(rule, is_working_span, true); }

/* ---- rules -------------------------------------------------------------------------------------------------- */

static bool rule_name_ok(const char *name)
{
    const char *dot = strchr(name, '.');
    if (!dot || strlen(name) > 80)
        return false;
    char part[81];
    for (const char *at = name;;) {
        size_t len = strcspn(at, ".");
        memcpy(part, at, len);
        part[len] = 0;
        if (!name_ok(part))
            return false;
        if (!at[len])
            return true;
        at += len + 1;
    }
}

static bool day_ok(const char *text)
{
    moment at;
    return text && strlen(text) == 10 && moment_read(text, &at) == OK;
}

/* "consequences: [REGISTER]": what an engine or a job may change in this rule's name. */
static void load_consequences(const struct reader_of *r, struct rule *rule, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "consequences", false, &n);
    const struct register_def **registers = ARENA_ARRAY(r->l->arena, const struct register_def *, n + 1);
    rule->consequences = registers;
    for (size_t i = 0; i < n; i++) {
        const struct register_def *def = find_register(r, list[i]);
        if (def && rule_touches(rule, def))
            FAULT(r, list[i], T_("“%1$s” stands twice in this list."), def->name);
        else if (def)
            registers[rule->n_consequences++] = def;
    }
}

bool rule_touches(const struct rule *rule, const struct register_def *def)
{
    for (size_t i = 0; i < rule->n_consequences; i++)
        if (rule->consequences[i] == def)
            return true;
    return false;
}

/* "source: TEXT", or in both languages where it is more than the name of a regulation. */
static void load_source(const struct reader_of *r, struct rule *rule, const struct val *tree)
{
    const struct val *source = member(r, tree, "source", true);
    if (source && source->kind == VAL_OBJECT) {
        rule->source = read_words(r, tree, "source", true);
        return;
    }
    const char *text = source ? read_text(r, tree, "source", true) : NULL;
    rule->source = (struct words){{[LANG_EN] = text, [LANG_FR] = text}};
    rule->source_english = true;
}

static void load_rule(const struct reader_of *r, struct rule *rule, const struct val *tree)
{
    static const char *const standings[] = {"confirmed", "assumption", "local", NULL};
    if (!rule_name_ok(rule->name)) {
        struct reason *fault = FAULT(r, tree, T_("“%1$s” is not the name of a rule."), rule->name);
        HINT(r, fault, T_("A rule's name is its subject and its own name with a dot between: incident.initial-report."));
    }
    if (!want_object(r, tree, NULL, "rule", "name value standing source as-of help consequences"))
        return;
    rule->where = place_in(r->l->arena, r, tree);
    rule->words = read_words(r, tree, "name", true);
    read_words(r, tree, "help", false);
    rule->value = member(r, tree, "value", true);
    if (rule->value)
        check_rule_value(r, rule->value);
    member(r, tree, "standing", true);
    rule->standing = (enum standing)read_one_of(r, tree, "standing", standings, STANDING_ASSUMPTION);
    load_source(r, rule, tree);
    rule->as_of = read_text(r, tree, "as-of", true);
    load_consequences(r, rule, tree);
    if (rule->as_of && !day_ok(rule->as_of)) {
        struct reason *fault = FAULT(r, member(r, tree, "as-of", false), T_("“%1$s” is no day."), rule->as_of);
        HINT(r, fault, T_("Write a day as 2026-11-22."));
    }
}

void load_rules(const struct reader_of *r, const struct val *tree, size_t *n)
{
    read_text(r, tree, "rules", true);
    for (uint32_t i = 0; i < tree->count; i++) {
        const char *name = tree->members[i].name;
        if (strcmp(name, "rules") == 0)
            continue;
        struct rule *rule = &r->l->rules[*n];
        if (named_find(r->l->rules, *n, sizeof *rule, name)) {
            FAULT(r, tree->members[i].value, T_("The rule %1$s is there twice."), name);
            continue;
        }
        ++*n;
        rule->name = name;
        load_rule(r, rule, tree->members[i].value);
    }
}

const struct val *rule_value(const struct rule *rule, const char *rank)
{
    const struct val *value = rule ? rule->value : NULL, *otherwise = NULL;
    if (!value || value->kind != VAL_ARRAY || value->count == 0 || value->items[0]->kind != VAL_OBJECT)
        return value;
    for (uint32_t i = 0; i < value->count; i++) {
        const struct val *entry = value->items[i], *level = val_get(entry, "level");
        const struct val *says = val_get(entry, "within") ? val_get(entry, "within") : val_get(entry, "value");
        for (uint32_t j = 0; level && j < (level->kind == VAL_ARRAY ? level->count : 1); j++) {
            const char *word = val_text(level->kind == VAL_ARRAY ? level->items[j] : level);
            if (word && rank && strcmp(word, rank) == 0)
                return says;
            if (word && strcmp(word, "any") == 0)
                otherwise = says;
        }
    }
    return otherwise;
}

enum status rule_span(const struct rule *rule, const char *rank, struct span *ret)
{
    const char *text = val_text(rule_value(rule, rank));
    return text ? span_read(text, ret) : ABSENT;
}

int64_t rule_number(const struct rule *rule, int64_t otherwise)
{
    return rule && rule->value && rule->value->kind == VAL_INT ? rule->value->number : otherwise;
}

/* ---- vocabularies ------------------------------------------------------------------------------------------- */

static bool term_ok(const char *name)
{
    size_t len = strlen(name);
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || strchr("-._+", c);
        if (!plain)
            return false;
    }
    return len >= 1 && len <= 40;
}

static void load_term(const struct reader_of *r, struct term *term, const struct val *tree)
{
    if (!term_ok(term->name)) {
        struct reason *fault = FAULT(r, tree, T_("“%1$s” is not a term's name."), term->name);
        HINT(r, fault, T_("A term has 1 to 40 letters, digits, hyphens, dots and underscores."));
    }
    if (val_get(tree, "name")) {
        want_object(r, tree, NULL, "term", "name obsolete");
        term->words = read_words(r, tree, "name", true);
        term->obsolete = read_bool(r, tree, "obsolete", false);
    } else {
        term->words = words_of(r, tree, NULL);
    }
}

static void load_vocabulary(const struct reader_of *r, struct vocabulary *vocabulary, const struct val *tree)
{
    want_name(r, tree, vocabulary->name);
    if (!want_object(r, tree, NULL, "vocabulary", "name terms"))
        return;
    vocabulary->words = read_words(r, tree, "name", true);
    const struct val *map = read_map(r, tree, "terms", true, MAX_TERMS);
    if (!map)
        return;
    if (map->count == 0)
        FAULT(r, map, T_("The vocabulary %1$s has no terms."), vocabulary->name);
    struct term *terms = ARENA_ARRAY(r->l->arena, struct term, map->count + 1);
    for (uint32_t i = 0; i < map->count; i++) {
        terms[i].name = map->members[i].name;
        load_term(r, &terms[i], map->members[i].value);
    }
    vocabulary->terms = terms;
    vocabulary->n_terms = map->count;
}

void load_vocabularies(const struct reader_of *r, const struct val *tree, const char *duty, size_t *n)
{
    read_text(r, tree, "vocabularies", true);
    for (uint32_t i = 0; i < tree->count; i++) {
        const char *name = tree->members[i].name;
        if (strcmp(name, "vocabularies") == 0)
            continue;
        struct vocabulary *vocabulary = &r->l->vocabularies[*n];
        if (named_find(r->l->vocabularies, *n, sizeof *vocabulary, name)) {
            FAULT(r, tree->members[i].value, T_("The vocabulary %1$s is there twice."), name);
            continue;
        }
        ++*n;
        vocabulary->name = name;
        vocabulary->duty = duty;
        load_vocabulary(r, vocabulary, tree->members[i].value);
    }
}
