/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See propose.h. All hunts of one rule set are made in one change, or none.
 */
#include "watch/hunting/propose.h"

#include <string.h>

#include "base/text.h"
#include "office/own.h"
#include "watch/hunt/hunt.h"

#define RULE "hunt.new-rules"
#define HUNTS_MOST 100u

static const char *linked(struct office *office, const struct image *image, const char *field, struct arena *arena)
{
    for (size_t i = 0; i < image->n_links; i++)
        if (str_eq(image->links[i].field->name, field)) {
            char number[NUMBER_TEXT];
            const struct register_def *to = image->links[i].field->to;
            if (!to)
                return NULL;
            number_write(to, image->links[i].to, 0, number);       /* persons' numbers bear no year */
            return arena_strdup(arena, number);
        }
    return NULL;
}

/* A file's number bears a year, so it is looked up. */
static enum status file_of(struct office *office, const struct image *set, struct arena *arena, const char **ret)
{
    const struct image *const *files;
    size_t n;
    enum status status = office_own_records(office, "file", NULL, false, arena, &files, &n);
    for (size_t i = 0; status == OK && i < n; i++)
        if (files[i]->id == set->file) {
            *ret = files[i]->number;
            return OK;
        }
    return status == OK ? ABSENT : status;
}

static struct val *fields_of(const struct image *set, const char *hunter, const char *const *ids, size_t n, struct arena *arena)
{
    struct val *fields = val_object(arena);
    struct buf text;
    const char *name = val_get_str(set->fields, "name");
    buf_init(&text, HUNT_TEXT_MOST);
    for (size_t i = 0; i < n; i++)
        buf_addf(&text, "%s%.64s", i ? "\n" : "", ids[i]);
    val_set(arena, fields, "title", val_strf(arena, "New rules: %.150s", name ? name : set->number));
    val_set(arena, fields, "hypothesis", val_strf(arena, "What the new rules of %s describe has happened already. (%zu rules, over the whole archive.)", set->number, n));
    val_set_str(arena, fields, "trigger", "new-rule");
    val_set_str(arena, fields, "hunter", hunter);
    val_set(arena, fields, "looked-for", val_strn(arena, text.data ? text.data : "", text.len));
    buf_free(&text);
    return fields;
}

enum status hunt_propose(struct office *office, const char *rule_set, const char *const *rule_ids, size_t n, moment now, struct arena *arena, struct reasons *reasons,
                         const char *const **ret_numbers, size_t *ret_n)
{
    const struct image *set;
    struct outcome outcome;
    struct op ops[HUNTS_MOST];
    size_t n_ops = 0;
    const char **sound = ARENA_ARRAY(arena, const char *, n + 1);
    size_t n_sound = 0;
    for (size_t i = 0; i < n; i++)         /* a rule without an id of the usual form cannot be named in a query */
        if (rule_ids[i] && hunt_is_rule(rule_ids[i], strlen(rule_ids[i])))
            sound[n_sound++] = rule_ids[i];
    *ret_n = 0;
    if (!n_sound)
        return OK;
    enum status status = office_own_record(office, rule_set, arena, &set);
    const char *hunter = status == OK ? linked(office, set, "brought-by", arena) : NULL;
    if (status != OK)
        return status;
    if (!hunter) {
        reason_add(reasons, "hunt.nobody", rule_set, T_("Nobody is named who brought this rule set, so nobody can be named to hunt with it."));
        return REFUSED;
    }
    const char *file = "";
    status = set->file ? file_of(office, set, arena, &file) : OK;
    if (status != OK)
        return status;
    for (size_t at = 0; at < n_sound && n_ops < HUNTS_MOST; at += HUNT_PROPOSED_RULES) {
        size_t some = n_sound - at < HUNT_PROPOSED_RULES ? n_sound - at : HUNT_PROPOSED_RULES;
        ops[n_ops++] = (struct op){.kind = OP_CREATE, .register_ = "hunt", .fields = fields_of(set, hunter, sound + at, some, arena), .label = office_own_label_text(office, set->label), .file = file};
    }
    status = office_act(office, RULE, rule_set, ops, n_ops, now, arena, &outcome);
    if (status != OK) {
        reasons_join(reasons, &outcome.reasons);
        return status;
    }
    *ret_numbers = outcome.numbers;
    *ret_n = outcome.n_numbers;
    return OK;
}
