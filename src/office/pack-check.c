/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What has to be proved over several definitions: that a check over visible records counts all of them, that unique
 * values betray nothing, that files and labels are followed to an end, and that the core finds the registers and fields
 * which it reads (docs/registers.md, "Registers that the core itself reads").
 */
#include "office/pack-read.h"

#include <string.h>

#include "base/text.h"

/* ---- over: visible ------------------------------------------------------------------------------------------ */

/* Whether every record of `counted` whose link `field` names a record of `def` has that record's label or a lower one.
 * A case file that a record opened has that record's label and follows it, so `of-file` is equal there, too. */
static bool label_follows(const struct register_def *counted, const struct field_def *field, const struct register_def *def)
{
    switch (counted->label) {
    case LABEL_OF_FIELD:
        return counted->label_field == field;
    case LABEL_OF_FILE:
        return def->label == LABEL_OF_FILE || def->file == FILE_OWN || def->file == FILE_SELF;
    case LABEL_FIXED:
        return def->label == LABEL_FIXED && val_equal(counted->fixed_label, def->fixed_label);
    default:
        return false;
    }
}

static bool file_follows(const struct register_def *counted, const struct field_def *field)
{
    return counted->file == FILE_NONE || (counted->file == FILE_OF_FIELD && counted->file_field == field);
}

/* A post that may take the step and sees this register, but not the counted one; NULL when there is none. */
static const struct post_def *blind_post(const struct loading *l, const struct step_def *step, const struct register_def *def, const struct register_def *counted)
{
    for (size_t i = 0; i < l->pack->n_posts; i++) {
        const struct post_def *post = &l->posts[i];
        bool takes = step->second_right && post_has_right(post, step->second_right);
        for (size_t k = 0; k < step->n_rights; k++)
            takes = takes || post_has_right(post, step->rights[k]);
        if (takes && post_sees(post, def) && !post_sees(post, counted))
            return post;
    }
    return NULL;
}

static void check_visible(const struct reader_of *r, const struct register_def *def, const struct step_def *step, const struct open_check *check, const struct val *tree)
{
    const struct register_def *counted = check->register_;
    const struct val *at = val_get(tree, "unless-open");
    if (check->over_all)
        return;
    struct reason *fault = NULL;
    if (!label_follows(counted, check->field, def)) {
        fault = FAULT(r, at, T_("“over: visible” is not proven: a record of %1$s can have a higher label than the record of %2$s that its field %3$s names."), counted->name, def->name, check->field->name);
        HINT(r, fault, T_("Give %1$s label: {of: %2$s}, or count all: {over: all, ask: RIGHT}."), counted->name, check->field->name);
    }
    if (!file_follows(counted, check->field)) {
        fault = FAULT(r, at, T_("“over: visible” is not proven: a record of %1$s can lie in another file than the record of %2$s that its field %3$s names."), counted->name, def->name, check->field->name);
        HINT(r, fault, T_("Give %1$s file: {of: %2$s}, or count all: {over: all, ask: RIGHT}."), counted->name, check->field->name);
    }
    if (def->party && step->by == BY_FIELD && step->by_field == def->party && counted->file != FILE_NONE) {
        fault = FAULT(r, at, T_("“over: visible” is not proven: the party takes this step without membership of the file, and so does not read the records of %1$s."), counted->name);
        HINT(r, fault, T_("Let another person take the step, or count all: {over: all, ask: RIGHT}."));
    }
    const struct post_def *blind = blind_post(r->l, step, def, counted);
    if (blind) {
        fault = FAULT(r, at, T_("“over: visible” is not proven: the post %1$s may take this step but sees no record of %2$s."), blind->name, counted->name);
        HINT(r, fault, T_("Name a right of that post under “seen-by” of %1$s, or count all: {over: all, ask: RIGHT}."), counted->name);
    }
}

/* ---- a register by itself ----------------------------------------------------------------------------------- */

static void check_unique(const struct reader_of *r, const struct register_def *def, const struct val *tree)
{
    const struct val *fields = val_get(tree, "fields");
    for (size_t i = 0; i < def->n_fields; i++) {
        if (!def->fields[i].unique || (def->label == LABEL_FIXED && def->file == FILE_NONE))
            continue;
        struct reason *fault = FAULT(r, val_get(fields, def->fields[i].name), T_("%1$s cannot be unique: a refused value would betray a record that the writer may not see."), def->fields[i].name);
        HINT(r, fault, T_("“unique” needs label: fixed and file: none; elsewhere equal values are accepted and shown to those who see both."));
    }
}

static const struct register_def *next_followed(const struct register_def *def, bool file)
{
    if (file)
        return def->file == FILE_OF_FIELD && def->file_field ? def->file_field->to : NULL;
    return def->label == LABEL_OF_FIELD && def->label_field ? def->label_field->to : NULL;
}

static void check_followed(const struct reader_of *r, const struct register_def *def, const struct val *tree, bool file)
{
    const char *key = file ? "file" : "label";
    const struct register_def *at = next_followed(def, file);
    size_t steps = 0;
    for (; at && at != def && steps <= r->l->pack->n_registers; steps++)
        at = next_followed(at, file);
    if (at == def)
        FAULT(r, val_get(tree, key), T_("“%1$s” runs in a circle: it follows a record that follows this one."), key);
    const struct register_def *to = file ? next_followed(def, true) : NULL;
    if (to && to->file == FILE_NONE)
        FAULT(r, val_get(tree, key), T_("The register %1$s has no files, so there is none to follow."), to->name);
}

void check_register(const struct reader_of *r, const struct register_def *def, const struct val *tree)
{
    const struct val *steps = val_get(val_get(tree, "lifecycle"), "steps");
    check_unique(r, def, tree);
    check_followed(r, def, tree, true);
    check_followed(r, def, tree, false);
    check_refusals_used(r, def, tree);
    for (size_t i = 0; i < def->n_steps; i++)
        for (size_t k = 0; k < def->steps[i].n_unless_open; k++)
            check_visible(r, def, &def->steps[i], &def->steps[i].unless_open[k], val_get(steps, def->steps[i].name));
}

/* ---- what the core reads ------------------------------------------------------------------------------------ */

#define NEEDED_FIELDS 10
static const struct needed {
    const char *name, *state;
    struct { const char *name; enum field_type type; const char *to; bool unique; } fields[NEEDED_FIELDS];
} core[] = {
    {"person", "active", {{"name", FIELD_LINE}, {"given-name", FIELD_LINE}, {"nationality", FIELD_CHOICE}, {"email", FIELD_EMAIL},
                          {"unit", FIELD_LINK, "organisation"}, {"superior", FIELD_LINK, "person"}, {"contractor", FIELD_BOOLEAN}}},
    {"account", "active", {{"login", FIELD_LINE, NULL, true}, {"person", FIELD_LINK, "person"}}},
    {"appointment", "in-force", {{"person", FIELD_LINK, "person"}, {"post", FIELD_POST}, {"from", FIELD_DATE}, {"until", FIELD_DATE}}},
    {"clearance", "granted", {{"person", FIELD_LINK, "person"}, {"clearance", FIELD_CLEARANCE}, {"from", FIELD_DATE}, {"until", FIELD_DATE}}},
    {"briefing", "in-force", {{"person", FIELD_LINK, "person"}, {"policy", FIELD_POLICY}, {"class", FIELD_LINE}, {"from", FIELD_DATE}, {"until", FIELD_DATE}}},
    {"file", "open", {{"title", FIELD_LINE}, {"owner", FIELD_LINK, "person"}, {"open-to", FIELD_RIGHTS}, {"kind", FIELD_CHOICE}}},
    {"membership", "in-force", {{"file", FIELD_LINK, "file"}, {"person", FIELD_LINK, "person"}, {"from", FIELD_TIME}, {"until", FIELD_TIME}, {"emergency", FIELD_BOOLEAN}}},
    {"organisation", NULL, {{"name", FIELD_LINE}, {"parent", FIELD_LINK, "organisation"}}},
};
/* Registers that a pack need not have, and fields that a register need not have; but of another type they cannot be. */
static const struct needed optional[] = {
    {"emergency-access", "in-force", {{"file", FIELD_LINK, "file"}, {"person", FIELD_LINK, "person"}, {"from", FIELD_TIME}, {"until", FIELD_TIME}}},
};
static const struct { const char *register_, *name; enum field_type type; const char *to; } optional_fields[] = {
    {"appointment", "deputy-for", FIELD_LINK, "person"},
};
/* What the core writes where a second person is asked for. */
static const struct needed proposal = {"proposal", "waiting", {{"title", FIELD_LINE}, {"register", FIELD_LINE}, {"target", FIELD_LINE},
    {"target-version", FIELD_NUMBER}, {"step", FIELD_LINE}, {"op", FIELD_PROSE}, {"proposer", FIELD_LINE}, {"proposer-account", FIELD_LINE},
    {"proposer-post", FIELD_POST}, {"proposer-seat", FIELD_LINE}}};
static const char *const proposal_states[] = {"confirmed", "declined", "withdrawn", "stale"};

static void miss(struct loading *l, const char *where, const char *what)
{
    reason_add(l->reasons, "pack.core", where, T_("The engines cannot run this pack: missing %1$s."), what);
}

static void check_core_field(struct loading *l, const struct register_def *def, const char *name, enum field_type type, const char *to, bool unique)
{
    const struct field_def *field = NAMED_FIND(def->fields, def->n_fields, name);
    struct arena *arena = l->reasons->arena;
    const char *wants = to ? arena_printf(arena, "%s.%s (link to %s)", def->name, name, to)
                           : arena_printf(arena, "%s.%s (%s%s)", def->name, name, field_type_name(type), unique ? ", unique" : "");
    if (!field || field->type != type || (to && (!field->to || !str_eq(field->to->name, to))) || (unique && !field->unique))
        miss(l, def->where, wants);
}

static bool alpha3(const struct vocabulary *of)
{
    for (size_t i = 0; of && i < of->n_terms; i++) {
        const char *name = of->terms[i].name;
        if (strlen(name) != 3 || strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 3)
            return false;
    }
    return true;
}

static const struct register_def *find_def(const struct loading *l, const char *name)
{
    return NAMED_FIND(l->registers, l->pack->n_registers, name);
}

static void check_state(struct loading *l, const struct register_def *def, const char *state)
{
    if (register_state(def, state) < 0)
        miss(l, def->where, arena_printf(l->reasons->arena, "%s.lifecycle.states.%s", def->name, state));
}

static void check_needed(struct loading *l, const struct needed *needed, bool required)
{
    const struct register_def *def = find_def(l, needed->name);
    if (!def) {
        if (required)
            miss(l, NULL, arena_printf(l->reasons->arena, "register %s", needed->name));
        return;
    }
    for (size_t f = 0; f < NEEDED_FIELDS && needed->fields[f].name; f++)
        check_core_field(l, def, needed->fields[f].name, needed->fields[f].type, needed->fields[f].to, needed->fields[f].unique);
    if (needed->state)
        check_state(l, def, needed->state);
}

static bool asks_second_persons(const struct loading *l)
{
    for (size_t i = 0; i < l->pack->n_registers; i++) {
        const struct register_def *def = &l->registers[i];
        if (def->create_second_person)
            return true;
        for (size_t s = 0; s < def->n_steps; s++)
            if (def->steps[s].second_person)
                return true;
    }
    return false;
}

static void check_proposal(struct loading *l)
{
    const struct register_def *def = find_def(l, "proposal");
    check_needed(l, &proposal, asks_second_persons(l));
    for (size_t i = 0; def && i < sizeof proposal_states / sizeof *proposal_states; i++)
        check_state(l, def, proposal_states[i]);
}

void check_core(struct loading *l)
{
    for (size_t i = 0; i < sizeof core / sizeof *core; i++)
        check_needed(l, &core[i], true);
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        check_needed(l, &optional[i], false);
    for (size_t i = 0; i < sizeof optional_fields / sizeof *optional_fields; i++) {
        const struct register_def *def = find_def(l, optional_fields[i].register_);
        if (def && NAMED_FIND(def->fields, def->n_fields, optional_fields[i].name))
            check_core_field(l, def, optional_fields[i].name, optional_fields[i].type, optional_fields[i].to, false);
    }
    check_proposal(l);
    const struct register_def *person = find_def(l, "person");
    const struct field_def *nation = person ? NAMED_FIND(person->fields, person->n_fields, "nationality") : NULL;
    if (nation && !alpha3(nation->of))
        miss(l, person->where, "person.nationality (terms of three capitals, ISO 3166 alpha-3)");
}
