/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A step of a lifecycle: from the right state, by a right, by the right person, with what it needs, unless a refusal applies
 * or something that must be closed is still open, and with a second person where the step asks for one.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

static bool from_state(struct stage *stage, const struct image *image, const struct step_def *step)
{
    const struct state_def *state = &image->def->states[image->state];
    if (step->from >> image->state & 1)
        return true;
    struct reason *reason = reason_add(stage->reasons, "lifecycle.state", NULL,
                                       T_("\"%1$s\" is not possible in the state \"%2$s\"."), step->words.in[LANG_EN], state->words.in[LANG_EN]);
    reason->text.in[LANG_FR] = arena_printf(stage->reasons->arena, "« %s » n'est pas possible dans l'état « %s ».",
                                            step->words.in[LANG_FR], state->words.in[LANG_FR]);
    return false;
}

static bool right_held(struct stage *stage, const struct step_def *step)
{
    if (!stage->holder || holder_any_right(stage->holder, step->rights, step->n_rights))
        return true;
    return refuse(stage, REFUSED, "lifecycle.right", NULL, T_("Your post does not carry the right to take this step."));
}

static bool right_person(struct stage *stage, const struct image *image, const struct step_def *step)
{
    if (!stage->holder || step->by == BY_ANYONE)
        return true;
    bool is = image_links_to(image, step->by_field, stage->person);
    if (is == (step->by == BY_FIELD))
        return true;
    struct reason *reason = reason_add(stage->reasons, "lifecycle.person", NULL,
        is ? T_("Whoever is named under \"%1$s\" may not take this step.") : T_("Only whoever is named under \"%1$s\" may take this step."),
        step->by_field->words.in[LANG_EN]);
    reason->text.in[LANG_FR] = arena_printf(stage->reasons->arena,
        is ? "La personne indiquée sous « %s » ne peut pas accomplir cette étape." : "Seule la personne indiquée sous « %s » peut accomplir cette étape.",
        step->by_field->words.in[LANG_FR]);
    return false;
}

/* Whoever reads a record only as its party, without need-to-know of its file, takes only the steps that are the party's own:
 * a step's checks over visible records count what its taker is proved to read (docs/registers.md). */
static bool not_only_party(struct stage *stage, const struct image *image, const struct step_def *step)
{
    bool own = step->by == BY_FIELD && step->by_field == image->def->party;
    if (!stage->holder || own || !image->party || image->party != stage->person ||
        holder_file(stage->holder, stage->office->staged, image->file, 0, false, NULL))
        return true;
    return refuse(stage, REFUSED, "lifecycle.party", NULL, T_("You read this record as the person it concerns, not as a member of its file; this step belongs to its members."));
}

struct open_count { struct stage *stage; const struct open_check *check; size_t open; };

static bool count_open(void *arg, const struct stored_link *link)
{
    struct open_count *count = arg;
    struct staged_image *item = link->cut ? NULL : stage_image(count->stage, link->from);
    if (item && item->after->def == count->check->register_ && image_links_to(item->after, count->check->field, link->to) &&
        !item->after->def->states[item->after->state].final)
        count->open++;
    return true;
}

/* Over what all see, the count may be told; over all, only the one fixed sentence of declared channels, and only when the step is really taken. */
static bool none_open(struct stage *stage, const struct image *image, const struct step_def *step)
{
    if (LEAK(23) && leak_open(stage, image, MOMENT_NONE))
        return refuse(stage, REFUSED, "lifecycle.open", NULL, "Something is open.");
    for (size_t i = 0; i < step->n_unless_open; i++) {
        const struct open_check *check = &step->unless_open[i];
        struct open_count count = {stage, check, 0};
        if (check->over_all && stage->only_try)
            continue;
        if (check->over_all && !channel_may_ask(stage, image->def, step, i))
            return false;
        if (check->over_all && stage->holder) {
            stage->asked_number = arena_strdup(stage->arena, image->number);
            stage->asked_step = step;
            stage->asked_right = check->ask;
        }
        if (txn_each_link(stage->txn, image->id, false, count_open, &count) != OK)
            return refuse(stage, FAILED_IO, "store", NULL, T_("The store could not be read."));
        if (!count.open)
            continue;
        if (check->over_all)
            return refuse(stage, REFUSED, "channel", NULL,
                          T_("A check that this office makes over all its records stands against it. Those who coordinate it have been told."));
        const struct register_def *def = check->register_;
        char *number = arena_printf(stage->arena, "%zu", count.open);
        struct reason *reason = reason_add(stage->reasons, "lifecycle.open", NULL, T_("Still open: %1$s of \"%2$s\"."), number, def->words.in[LANG_EN]);
        reason->text.in[LANG_FR] = arena_printf(stage->reasons->arena, "Encore ouverts : %s de « %s ».", number, def->words.in[LANG_FR]);
        return false;
    }
    return true;
}

static bool not_refused(struct stage *stage, const struct image *image, const struct step_def *step)
{
    bool refused = false;
    for (size_t i = 0; i < step->n_refusals; i++)
        refused |= refusal_applies(stage, image, step->refusals[i]);
    return !refused && engines_review(stage, image, step->refuse, step->n_refuse);
}

static bool with_fields(struct stage *stage, struct staged_image *item, const struct op *op, const struct step_def *step)
{
    static const struct field_def *const none[1];
    return form_take(stage, item, op->fields, step->n_asks ? step->asks : none, step->n_asks, false) &&
           form_complete(stage, item, step->needs, step->n_needs, "lifecycle.needs");
}

bool apply_step(struct stage *stage, struct staged_image *item, const struct op *op, bool *ret_proposed)
{
    struct image *image = item->after;
    const struct step_def *step = op->step ? register_step(image->def, op->step) : NULL;
    if (!step)
        return refuse(stage, BAD_INPUT, "lifecycle.step", "step", T_("This register has no step \"%1$s\"."), op->step ? op->step : "");
    if (!from_state(stage, image, step) || !right_held(stage, step) || !right_person(stage, image, step) || !not_only_party(stage, image, step) ||
        !separation_allows(stage, image, step->rights, step->n_rights))
        return false;
    if (!with_fields(stage, item, op, step)) {
        stage->failure = BAD_INPUT;
        return false;
    }
    if (step->reason && (!op->reason || !*op->reason))
        return refuse(stage, BAD_INPUT, "lifecycle.reason", "reason", T_("This step asks for a reason."));
    if (!not_refused(stage, image, step) || !none_open(stage, image, step))
        return false;
    if (step->second_person && stage->holder && !stage->confirming) {
        *ret_proposed = true;
        return true;
    }
    if (step->to >= 0)
        image->state = step->to;
    stage_changed(stage, item, step->name, op->reason);
    return true;
}
