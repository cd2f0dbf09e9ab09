/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a register says about who may know and who may do: number, label, file, party, rights, roles of persons,
 * retention. The proofs over more than one register are in pack-check.c.
 */
#include "office/pack-read.h"

#include <string.h>

/* "INC-{year}-{id}" */
static void load_number(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const char *text = read_text(r, tree, "number", true);
    if (!text)
        return;
    size_t len = 0;
    while (text[len] >= 'A' && text[len] <= 'Z')
        len++;
    def->number_year = strcmp(text + len, "-{year}-{id}") == 0;
    if (len < 2 || len > 5 || !(def->number_year || strcmp(text + len, "-{id}") == 0)) {
        struct reason *fault = FAULT(r, val_get(tree, "number"), T_("“%1$s” is no pattern of numbers."), text);
        HINT(r, fault, T_("Write 2 to 5 capitals, then -{year}-{id} or -{id}: \"INC-{year}-{id}\"."));
        return;
    }
    def->prefix = arena_strndup(r->l->arena, text, len);
    for (size_t i = 0; i < r->l->pack->n_registers; i++) {
        const struct register_def *other = &r->l->registers[i];
        if (other != def && other->prefix && strcmp(other->prefix, def->prefix) == 0)
            FAULT(r, val_get(tree, "number"), T_("The prefix %1$s belongs to the register %2$s already."), def->prefix, other->name);
    }
}

/* The link of `label: {of: F}` and `file: {of: F}`: one, required, so that there is always a record to follow. */
static const struct field_def *followed(const struct reader_of *r, const struct register_def *def, const struct val *value)
{
    if (!want_object(r, value, value, "{of: FIELD}", "of"))
        return NULL;
    const struct field_def *field = read_field(r, def, value, "of", true);
    if (!field)
        return NULL;
    if (field->type == FIELD_LINK && field->required)
        return field;
    FAULT(r, value, T_("The record to follow must always be there: %1$s must be a required field of type link."), field->name);
    return NULL;
}

static void load_label(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    static const char *const kinds[] = {"own", "of-file", "fixed", NULL};
    static const enum label_kind meant[] = {LABEL_OWN, LABEL_OF_FILE, LABEL_FIXED};
    const struct val *value = member(r, tree, "label", true), *fixed = member(r, tree, "fixed-label", false);
    if (value && value->kind == VAL_OBJECT) {
        def->label = LABEL_OF_FIELD;
        def->label_field = followed(r, def, value);
    } else if (value) {
        def->label = meant[read_one_of(r, tree, "label", kinds, 0)];
    }
    if (fixed && def->label != LABEL_FIXED)
        FAULT(r, fixed, T_("“fixed-label” belongs to label: fixed."));
    if (!fixed && def->label == LABEL_FIXED)
        FAULT(r, value, T_("The key “%1$s” is missing."), "fixed-label");
    if (!fixed || !want_object(r, fixed, tree, "fixed-label", "policy class categories"))
        return;
    read_text(r, fixed, "policy", true);
    read_text(r, fixed, "class", true);
    def->fixed_label = fixed;
}

static void load_opens(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *opens = member(r, tree, "file-opens", false);
    if (opens && def->file != FILE_OWN)
        FAULT(r, opens, T_("“file-opens” belongs to file: own."));
    if (!opens || !want_object(r, opens, tree, "{to, kind}", "to kind"))
        return;
    def->file_open_to = read_rights(r, opens, "to", false, true, &def->n_file_open_to);
    def->file_kind_term = read_text(r, opens, "kind", false);
    const struct register_def *file = NAMED_FIND(r->l->registers, r->l->pack->n_registers, "file");
    const struct field_def *kind = file ? NAMED_FIND(file->fields, file->n_fields, "kind") : NULL;
    if (!def->file_kind_term || !kind || !kind->of || vocabulary_term(kind->of, def->file_kind_term))
        return;
    struct reason *fault = FAULT(r, val_get(opens, "kind"), T_("“%1$s” is no term of the vocabulary %2$s."), def->file_kind_term, kind->of->name);
    hint_named(r, fault, def->file_kind_term, kind->of->terms, kind->of->n_terms, sizeof *kind->of->terms);
}

static void load_file(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    static const char *const kinds[] = {"none", "own", "choose", "self", NULL};
    static const enum file_kind meant[] = {FILE_NONE, FILE_OWN, FILE_CHOOSE, FILE_SELF};
    const struct val *value = member(r, tree, "file", true);
    if (value && value->kind == VAL_OBJECT) {
        def->file = FILE_OF_FIELD;
        def->file_field = followed(r, def, value);
    } else if (value) {
        def->file = meant[read_one_of(r, tree, "file", kinds, 1)];
    }
    if ((def->file == FILE_SELF) != (strcmp(def->name, "file") == 0))
        FAULT(r, value ? value : tree, T_("The register file, and no other, has file: self."));
    if (def->label == LABEL_OF_FILE && (def->file == FILE_NONE || def->file == FILE_CHOOSE || def->file == FILE_SELF))
        FAULT(r, member(r, tree, "label", false), T_("The label cannot be the file's: the register's records need not have a file."));
    load_opens(r, def, tree);
}

static void load_party(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *party = member(r, tree, "party", false);
    if (!party || !want_object(r, party, tree, "party", "field until subject-may"))
        return;
    member(r, party, "field", true);
    def->party = read_person_field(r, def, party, "field", false);
    def->party_until = read_states(r, def, party, "until", 0);
    def->party_in_spite = read_bool(r, party, "subject-may", false);
    if (def->file == FILE_NONE)
        FAULT(r, party, T_("A party reads without membership of the file; a register without files has none."));
}

static void load_roles(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    def->subject = read_person_field(r, def, tree, "subject", true);
    def->author = read_person_field(r, def, tree, "author", false);
    def->owner = read_person_field(r, def, tree, "owner", false);
    def->members = read_fields(r, def, tree, "members", &def->n_members);
    for (size_t i = 0; i < def->n_members; i++)
        if (!is_person_link(def->members[i], true))
            FAULT(r, val_get(tree, "members"), T_("“%1$s” names persons, and the field %2$s is no link to the register person."), "members", def->members[i]->name);
    if (def->n_members && def->file == FILE_NONE)
        FAULT(r, val_get(tree, "members"), T_("A register without files has no members."));
    if (def->subject && def->file == FILE_NONE)
        FAULT(r, val_get(tree, "subject"), T_("A subject is excluded from the file; a register without files has no subject."));
}

static void load_create(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *create = member(r, tree, "create", true);
    if (!create || (create->kind == VAL_STR && strcmp(create->str.s, "none") == 0))
        return;
    if (!want_object(r, create, tree, "{right: ...} / none", "right second-person"))
        return;
    def->create_rights = read_rights(r, create, "right", true, false, &def->n_create_rights);
    def->create_second_person = read_bool(r, create, "second-person", false);
}

static void load_edit(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *edit = member(r, tree, "edit", false);
    if (!edit || (edit->kind == VAL_STR && strcmp(edit->str.s, "none") == 0))
        return;
    if (!want_object(r, edit, tree, "{right: ..., in: [states]}", "right in"))
        return;
    uint64_t open = 0;
    for (size_t i = 0; i < def->n_states; i++)
        open |= def->states[i].final ? 0 : UINT64_C(1) << i;
    def->edit_rights = read_rights(r, edit, "right", true, false, &def->n_edit_rights);
    def->edit_in = read_states(r, def, edit, "in", open);
}

static void load_regrade(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *regrade = member(r, tree, "regrade", false);
    if (!regrade || !want_object(r, regrade, tree, "{right: ...}", "right consent reason"))
        return;
    def->regrade_rights = read_rights(r, regrade, "right", true, false, &def->n_regrade_rights);
    def->regrade_consent = read_field(r, def, regrade, "consent", false);
    if (def->regrade_consent && def->regrade_consent->type != FIELD_BOOLEAN && def->regrade_consent->type != FIELD_CHOICE)
        FAULT(r, val_get(regrade, "consent"), T_("Consent is a boolean or choice field; %1$s is of type %2$s."), def->regrade_consent->name, field_type_name(def->regrade_consent->type));
    if (!read_bool(r, regrade, "reason", true))
        FAULT(r, val_get(regrade, "reason"), T_("Lowering a label always asks for a reason."));
    if (def->label != LABEL_OWN)
        FAULT(r, regrade, T_("Only a label that the writer chose (label: own) can be lowered."));
}

static void load_retention(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    const struct val *retention = member(r, tree, "retention", false);
    def->retention_from = -1;
    def->personal_data = read_bool(r, tree, "personal-data", false);
    if (def->personal_data && !retention)
        FAULT(r, val_get(tree, "personal-data"), T_("Personal data need a retention rule: retention: {rule: ..., from: STATE}."));
    if (!retention || !want_object(r, retention, tree, "{rule, from}", "rule from"))
        return;
    def->retention = read_rule(r, retention, "rule", true);
    if (def->retention && !rule_gives_spans(def->retention))
        FAULT(r, val_get(retention, "rule"), T_("The rule %1$s gives no span, so no clock can run by it."), def->retention->name);
    const struct val *from = member(r, retention, "from", true);
    def->retention_from = from ? find_state(r, def, from) : -1;
}

void load_access(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    static const char *const reads[] = {"policy", "always", "never", NULL};
    def->words = read_words(r, tree, "name", true);
    def->one = read_words(r, tree, "one", true);
    def->help = read_words(r, tree, "help", true);
    load_number(r, def, tree);
    load_label(r, def, tree);
    load_file(r, def, tree);
    def->seen_by = read_rights(r, tree, "seen-by", true, false, &def->n_seen_by);
    def->sealed = read_bool(r, tree, "sealed", false);
    def->journal_reads = read_one_of(r, tree, "journal-reads", reads, READS_POLICY);
    load_party(r, def, tree);
    load_roles(r, def, tree);
    load_create(r, def, tree);
    load_edit(r, def, tree);
    load_regrade(r, def, tree);
    load_retention(r, def, tree);
}
