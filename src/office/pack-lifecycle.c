/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * States, steps and clocks of a register. Beyond the form it proves that every state can be reached from the first
 * one, and that each step says clearly from where it leads and who may take it.
 */
#include "office/pack-read.h"

#include <string.h>

/* ---- states ------------------------------------------------------------------------------------------------- */

static void load_state(const struct reader_of *r, struct state_def *state, const struct val *tree)
{
    want_name(r, tree, state->name);
    if (strcmp(state->name, "any") == 0 || strcmp(state->name, "same") == 0 || strcmp(state->name, "created") == 0)
        FAULT(r, tree, T_("A state cannot be named “%1$s”: the language uses that word."), state->name);
    if (!val_get(tree, "name")) {
        state->words = words_of(r, tree, NULL);
        return;
    }
    want_object(r, tree, NULL, "state", "name final");
    state->words = read_words(r, tree, "name", true);
    state->final = read_bool(r, tree, "final", false);
}

static void load_hidden(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *map = val_get(tree, "fields");
    struct field_def *fields = (struct field_def *)def->fields;
    for (size_t i = 0; i < def->n_fields; i++)
        if (map->members[i].value->kind == VAL_OBJECT)
            fields[i].hidden_in = read_states(r, def, map->members[i].value, "hidden-in", 0);
    for (size_t i = 0; i < def->n_fields; i++)
        if (fields[i].required && (fields[i].hidden_in >> def->first_state & 1))
            FAULT(r, map->members[i].value, T_("The field %1$s is required, and hidden where a new record begins."), fields[i].name);
}

void load_lifecycle(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *cycle = member(r, tree, "lifecycle", true);
    if (!cycle || !want_object(r, cycle, tree, "lifecycle", "first states steps"))
        return;
    const struct val *map = read_map(r, cycle, "states", true, MAX_STATES);
    if (!map)
        return;
    struct state_def *states = ARENA_ARRAY(r->l->arena, struct state_def, map->count + 1);
    def->states = states;
    def->n_states = map->count;
    if (map->count == 0)
        FAULT(r, map, T_("A lifecycle has at least one state."));
    for (uint32_t i = 0; i < map->count; i++) {
        states[i].name = map->members[i].name;
        load_state(r, &states[i], map->members[i].value);
    }
    const struct val *first = member(r, cycle, "first", true);
    int index = first ? find_state(r, def, first) : 0;
    def->first_state = index < 0 ? 0 : index;
    load_hidden(r, def, tree);
}

/* ---- steps -------------------------------------------------------------------------------------------------- */

static void load_needs(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    step->needs = read_fields(r, def, tree, "needs", &step->n_needs);
    if (val_get(tree, "asks")) {
        step->asks = read_fields(r, def, tree, "asks", &step->n_asks);
        for (size_t i = 0; i < step->n_asks; i++)
            if (step->asks[i]->computed)
                FAULT(r, val_get(tree, "asks"), T_("The field %1$s is computed, so a step cannot ask for it."), step->asks[i]->name);
        return;
    }
    const struct field_def **asks = ARENA_ARRAY(r->l->arena, const struct field_def *, step->n_needs + 1);
    for (size_t i = 0; i < step->n_needs; i++)
        if (!step->needs[i]->computed)
            asks[step->n_asks++] = step->needs[i];
    step->asks = asks;
}

static bool asked_for(const struct register_def *def, const struct field_def *field)
{
    for (size_t s = 0; s < def->n_steps; s++)
        for (size_t i = 0; i < def->steps[s].n_asks; i++)
            if (def->steps[s].asks[i] == field)
                return true;
    return false;
}

/* A field that steps alone fill, and no step asks for, stays empty for ever. */
static void check_by_step(const struct reader_of *r, const struct register_def *def, const struct val *tree)
{
    const struct val *map = val_get(tree, "fields");
    for (size_t i = 0; i < def->n_fields; i++)
        if (def->fields[i].by_step && !asked_for(def, &def->fields[i]))
            FAULT(r, map->members[i].value, T_("Only steps fill the field %1$s, and no step asks for it."), def->fields[i].name);
}

/* owner, author, party, or a link field to persons. */
static const struct field_def *person_word(const struct reader_of *r, const struct register_def *def, const struct val *value, const char *word)
{
    const struct { const char *word; const struct field_def *field; } roles[] = {
        {"owner", def->owner}, {"author", def->author}, {"party", def->party}, {"subject", def->subject}};
    for (size_t i = 0; i < sizeof roles / sizeof *roles; i++) {
        if (strcmp(roles[i].word, word) != 0 || NAMED_FIND(def->fields, def->n_fields, word))
            continue;
        if (!roles[i].field)
            FAULT(r, value, T_("The register %1$s names no “%2$s”."), def->name, word);
        return roles[i].field;
    }
    const struct field_def *field = NAMED_FIND(def->fields, def->n_fields, word);
    if (!field) {
        struct reason *fault = FAULT(r, value, T_("There is no field “%1$s” in the register %2$s."), word, def->name);
        hint_named(r, fault, word, def->fields, def->n_fields, sizeof *def->fields);
    } else if (!is_person_link(field, true)) {
        FAULT(r, value, T_("“%1$s” names persons, and the field %2$s is no link to the register person."), word, field->name);
        return NULL;
    }
    return field;
}

static void load_by(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    const char *word = read_text(r, tree, "by", false);
    if (!word)
        return;
    bool not = strncmp(word, "not-", 4) == 0 && !NAMED_FIND(def->fields, def->n_fields, word);
    step->by_field = person_word(r, def, val_get(tree, "by"), not ? word + 4 : word);
    step->by = !step->by_field ? BY_ANYONE : not ? BY_NOT_FIELD : BY_FIELD;
}

static void load_tells(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "tells", false, &n);
    const struct field_def **tells = ARENA_ARRAY(r->l->arena, const struct field_def *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *word = item_text(r, list[i]);
        const struct field_def *field = word ? person_word(r, def, list[i], word) : NULL;
        if (field)
            tells[step->n_tells++] = field;
    }
    step->tells = tells;
}

static void load_second(const struct reader_of *r, struct step_def *step, const struct val *tree)
{
    const struct val *value = member(r, tree, "second-person", false);
    if (!value)
        return;
    if (value->kind == VAL_BOOL) {
        step->second_person = value->truth;
    } else if (want_object(r, value, tree, "true / {right: ...}", "right")) {
        step->second_person = true;
        const struct val *right = member(r, value, "right", true);
        step->second_right = right ? find_right(r, right) : NULL;
    }
    const char *right = val_get_str(tree, "right");
    if (step->second_person && right && strcmp(right, "none") == 0)
        FAULT(r, value, T_("A step that the office takes by itself has no second person."));
}

static void load_refuse(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    size_t n, named = 0;
    const struct val *const *list = read_list(r, tree, "refuse", false, &n);
    const char **names = ARENA_ARRAY(r->l->arena, const char *, n + 1);
    const struct refusal **data = ARENA_ARRAY(r->l->arena, const struct refusal *, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *name = item_text(r, list[i]);
        if (!name)
            continue;
        const struct refusal *refusal = NAMED_FIND(def->refusals, def->n_refusals, name);
        const char *dot = strchr(name, '.');
        if (refusal) {
            data[step->n_refusals++] = refusal;
        } else if (!dot) {
            struct reason *fault = FAULT(r, list[i], T_("There is no refusal “%1$s” in the register %2$s."), name, def->name);
            hint_named(r, fault, name, def->refusals, def->n_refusals, sizeof *def->refusals);
            if (!fault->next.in[LANG_EN])
                HINT(r, fault, T_("Define it under “refusals”, or name an engine's one as DUTY.NAME."));
            continue;
        } else if (!NAMED_FIND(r->l->duties, r->l->pack->n_duties, arena_strndup(r->l->arena, name, (size_t)(dot - name)))) {
            struct reason *fault = FAULT(r, list[i], T_("“%1$s” would be an engine's refusal, and there is no such duty."), name);
            hint_named(r, fault, name, r->l->duties, r->l->pack->n_duties, sizeof *r->l->duties);
            continue;
        }
        names[named++] = name;
    }
    step->refuse = names;
    step->n_refuse = named;
    step->refusals = data;
}

static bool load_open_check(const struct reader_of *r, struct open_check *check, const struct register_def *def, const struct val *tree, const struct val *at)
{
    static const char *const overs[] = {"visible", "all", NULL};
    if (!want_object(r, tree, at, "{register, field, over}", "register field over ask"))
        return false;
    const struct val *name = member(r, tree, "register", true), *ask = member(r, tree, "ask", false);
    check->register_ = name ? find_register(r, name) : NULL;
    check->field = check->register_ ? read_field(r, check->register_, tree, "field", true) : NULL;
    if (check->field && (check->field->to != def)) {
        FAULT(r, val_get(tree, "field"), T_("The field %1$s of the register %2$s is no link to the register %3$s."), check->field->name, check->register_->name, def->name);
        return false;
    }
    member(r, tree, "over", true);
    check->over_all = read_one_of(r, tree, "over", overs, 0) == 1;
    if (ask && !check->over_all)
        FAULT(r, ask, T_("“ask” belongs to over: all."));
    if (check->over_all && !ask) {
        struct reason *fault = FAULT(r, tree, T_("A check over all records tells something about records that the person may not see."));
        HINT(r, fault, T_("Say who is asked: ask: RIGHT, or count only what is visible: over: visible."));
    }
    check->ask = ask ? find_right(r, ask) : NULL;
    return check->register_ && check->field;
}

static void load_unless_open(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "unless-open", false, &n);
    struct open_check *checks = ARENA_ARRAY(r->l->arena, struct open_check, n + 1);
    for (size_t i = 0; i < n; i++)
        if (load_open_check(r, &checks[step->n_unless_open], def, list[i], tree))
            step->n_unless_open++;
    step->unless_open = checks;
}

static void load_ends(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    if (member(r, tree, "from", true))
        step->from = read_states(r, def, tree, "from", 0);
    const struct val *to = member(r, tree, "to", true);
    bool same = to && to->kind == VAL_STR && strcmp(to->str.s, "same") == 0;
    step->to = to && !same ? find_state(r, def, to) : -1;
}

static void load_step(const struct reader_of *r, struct step_def *step, const struct register_def *def, const struct val *tree)
{
    static const char *const taken[] = {"create", "edit", "regrade", "move", NULL};
    want_name(r, tree, step->name);
    for (size_t i = 0; taken[i]; i++)
        if (strcmp(taken[i], step->name) == 0)
            FAULT(r, tree, T_("A step cannot be named “%1$s”: the language uses that word."), step->name);
    if (!want_object(r, tree, NULL, "step", "name text from to right needs asks reason second-person refuse unless-open by tells"))
        return;
    step->words = read_words(r, tree, "name", true);
    step->text = read_words(r, tree, "text", false);
    load_ends(r, step, def, tree);
    step->rights = read_rights(r, tree, "right", true, true, &step->n_rights);
    step->reason = read_bool(r, tree, "reason", false);
    load_needs(r, step, def, tree);
    load_second(r, step, tree);
    load_refuse(r, step, def, tree);
    load_unless_open(r, step, def, tree);
    load_by(r, step, def, tree);
    load_tells(r, step, def, tree);
}

/* Records that the core makes and moves by itself (proposals) have states but no steps. */
static void check_reachable(const struct reader_of *r, const struct register_def *def, const struct val *states)
{
    if (def->n_steps == 0 && def->n_create_rights == 0)
        return;
    uint64_t reached = UINT64_C(1) << def->first_state, before = 0;
    while (reached != before) {
        before = reached;
        for (size_t i = 0; i < def->n_steps; i++)
            if (def->steps[i].to >= 0 && (def->steps[i].from & reached))
                reached |= UINT64_C(1) << def->steps[i].to;
    }
    for (size_t i = 0; i < def->n_states; i++)
        if (!(reached >> i & 1)) {
            struct reason *fault = FAULT(r, states->members[i].value, T_("No steps lead to the state %1$s."), def->states[i].name);
            HINT(r, fault, T_("Add a step to it, or take the state away."));
        }
}

void load_steps(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *cycle = val_get(tree, "lifecycle");
    const struct val *map = def->n_states ? read_map(r, cycle, "steps", false, MAX_STEPS) : NULL;
    size_t n = map ? map->count : 0;
    struct step_def *steps = ARENA_ARRAY(r->l->arena, struct step_def, n + 1);
    def->steps = steps;
    def->n_steps = n;
    size_t faults = r->l->reasons->count;
    for (size_t i = 0; i < n; i++) {
        steps[i].name = map->members[i].name;
        steps[i].to = -1;
        load_step(r, &steps[i], def, map->members[i].value);
    }
    /* A step with a fault may be the one that leads there: do not report what only follows from it. */
    if (def->n_states == 0 || r->l->reasons->count != faults)
        return;
    check_reachable(r, def, val_get(cycle, "states"));
    check_by_step(r, def, tree);
}

/* ---- clocks ------------------------------------------------------------------------------------------------- */

static bool is_instant(const struct field_def *field)
{
    return field->type == FIELD_DATE || field->type == FIELD_TIME || field->type == FIELD_INTERVAL;
}

static const struct field_def *read_instant(const struct reader_of *r, const struct register_def *def, const struct val *object, const char *key)
{
    const struct field_def *field = read_field(r, def, object, key, false);
    if (field && !is_instant(field)) {
        FAULT(r, val_get(object, key), T_("The field %1$s is no date or time."), field->name);
        return NULL;
    }
    return field;
}

static void load_clock_start(const struct reader_of *r, struct clock_def *clock, const struct register_def *def, const struct val *tree)
{
    clock->from_state = -1;
    const struct val *from = member(r, tree, "from", clock->rule != NULL);
    const char *word = from ? item_text(r, from) : NULL;
    if (!word)
        return;
    bool field = NAMED_FIND(def->fields, def->n_fields, word), state = register_state(def, word) >= 0;
    if (strcmp(word, "created") == 0) {
        clock->from_created = true;
    } else if (field && state) {
        FAULT(r, from, T_("“%1$s” is a field and a state: name one of them otherwise."), word);
    } else if (state) {
        clock->from_state = register_state(def, word);
    } else if (field) {
        clock->from_field = read_instant(r, def, tree, "from");
    } else {
        struct reason *fault = FAULT(r, from, T_("“%1$s” is neither a date or time field nor a state nor “created”."), word);
        hint_named(r, fault, word, def->fields, def->n_fields, sizeof *def->fields);
        if (NAMED_FIND(def->states, def->n_states, word))
            hint_named(r, fault, word, def->states, def->n_states, sizeof *def->states);
    }
}

static void load_calendar_of(const struct reader_of *r, struct clock_def *clock, const struct val *tree)
{
    clock->calendar = read_text(r, tree, "calendar", false);
    if (clock->calendar && !NAMED_FIND(r->l->calendars, r->l->pack->n_calendars, clock->calendar)) {
        struct reason *fault = FAULT(r, val_get(tree, "calendar"), T_("There is no calendar “%1$s”."), clock->calendar);
        hint_named(r, fault, clock->calendar, r->l->calendars, r->l->pack->n_calendars, sizeof *r->l->calendars);
    }
    if (!clock->calendar && clock->rule && rule_asks_working_days(clock->rule)) {
        struct reason *fault = FAULT(r, tree, T_("The rule %1$s counts working days, so the clock needs a calendar."), clock->rule->name);
        hint_named(r, fault, NULL, r->l->calendars, r->l->pack->n_calendars, sizeof *r->l->calendars);
    }
}

static void load_warn(const struct reader_of *r, struct clock_def *clock, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "warn", false, &n);
    struct span *spans = ARENA_ARRAY(r->l->arena, struct span, n + 1);
    for (size_t i = 0; i < n; i++) {
        const char *text = item_text(r, list[i]);
        if (!text)
            continue;
        if (span_read(text, &spans[clock->n_warn]) == OK) {
            clock->n_warn++;
            continue;
        }
        struct reason *fault = FAULT(r, list[i], T_("This is no span."));
        HINT(r, fault, T_("Write 15m, 24h, 3d, 10wd (working days), 2w, 6mo or 5y."));
    }
    clock->warn = spans;
}

static bool is_link_field(const struct field_def *field) { return field->type == FIELD_LINK || field->type == FIELD_LINKS; }
static void load_clock(const struct reader_of *r, struct clock_def *clock, const struct register_def *def, const struct val *tree)
{
    want_name(r, tree, clock->name);
    if (!want_object(r, tree, NULL, "clock", "name rule to from stops-at calendar warn met-by when"))
        return;
    clock->words = read_words(r, tree, "name", true);
    clock->rule = read_rule(r, tree, "rule", false);
    clock->to = read_instant(r, def, tree, "to");
    if (!val_get(tree, "rule") == !val_get(tree, "to"))
        FAULT(r, tree, T_("A clock runs by a rule from an instant, or to a date field: “rule” or “to”, one of both."));
    if (clock->rule && !rule_gives_spans(clock->rule))
        FAULT(r, val_get(tree, "rule"), T_("The rule %1$s gives no span, so no clock can run by it."), clock->rule->name);
    load_clock_start(r, clock, def, tree);
    uint64_t final = 0;
    for (size_t i = 0; i < def->n_states; i++)
        final |= def->states[i].final ? UINT64_C(1) << i : 0;
    clock->stops_at = read_states(r, def, tree, "stops-at", final);
    load_calendar_of(r, clock, tree);
    load_warn(r, clock, tree);
    clock->met_by = read_field(r, def, tree, "met-by", false);
    if (clock->met_by && is_link_field(clock->met_by))
        FAULT(r, val_get(tree, "met-by"), T_("A clock is met by a field of the record's own: a link may lead to what some of its readers do not read."));
    if (val_get(tree, "when"))
        clock->when = read_condition(r, def, val_get(tree, "when"), tree, ARENA_NEW(r->l->arena, struct condition));
    for (const struct condition *when = clock->when; when; when = when->unless)
        if (when->field && is_link_field(when->field))
            FAULT(r, val_get(tree, "when"), T_("Whether a clock runs hangs on fields of the record's own: a link may lead to what some of its readers do not read."));
}

void load_clocks(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *map = read_map(r, tree, "clocks", false, 32);
    size_t n = map ? map->count : 0;
    struct clock_def *clocks = ARENA_ARRAY(r->l->arena, struct clock_def, n + 1);
    for (size_t i = 0; i < n; i++) {
        clocks[i].name = map->members[i].name;
        load_clock(r, &clocks[i], def, map->members[i].value);
    }
    def->clocks = clocks;
    def->n_clocks = n;
}
