/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The registry's engine: a copy lies where the last completed movement left it. A movement whose copy is not where the movement
 * says is refused at every step that moves or signs it; one that completes moves the copy in the same transaction, in the name of
 * the rule custody-movement.copy-follows. Who may read the copy and who is cleared for it, the core checks as for any step.
 */
#include <string.h>

#include "base/text.h"
#include "office/duty.h"
#include "office/office.h"

#define RULE "custody-movement.copy-follows"

/* What a kind of movement does to its copy: the state in which it finds it, and the steps that it takes then. A transfer between two
 * holders finds the copy issued, and takes it back first. */
static const struct motion { const char *kind, *found, *steps[2]; } motions[] = {
    {"transfer", "held", {"issue"}},
    {"transfer", "issued", {"return", "issue"}},
    {"return", "issued", {"return"}},
    {"dispatch", "held", {"dispatch"}},
    {"destruction", "held", {"destroy"}},
    {"receipt", "held", {0}}, {"reproduction", "held", {0}}, {"reproduction", "issued", {0}}, {"page-check", "held", {0}},
    {"page-check", "issued", {0}}, {"regrade", "held", {0}}, {"regrade", "issued", {0}},
};

static const char *state_of(const struct image *image) { return image->def->states[image->state].name; }
static record_id link_to(const struct image *image, const char *field)
{
    const struct field_def *def = register_field(image->def, field);
    return def ? image_link_to(image, def) : 0;
}
static bool is_movement(const struct image *image) { return image && strcmp(image->def->name, "custody-movement") == 0; }

static const struct motion *motion_of(const struct image *movement, const struct image *copy)
{
    for (size_t i = 0; copy && i < sizeof motions / sizeof *motions; i++)
        if (str_eq(motions[i].kind, image_text(movement, "kind")) && strcmp(motions[i].found, state_of(copy)) == 0)
            return &motions[i];
    return NULL;
}

/* ---- refusals ---- */

/* Wherever a copy is that the writer does not read, the answer is the same. */
static void say_hidden(struct reasons *reasons)
{
    reason_add(reasons, "registry.copy-elsewhere", "copy", T_("The copy is not where this movement says."));
}
static void say_state(const struct image *copy, struct reasons *reasons)
{
    const struct words *words = &copy->def->states[copy->state].words;
    struct reason *reason = reason_add(reasons, "registry.copy-elsewhere", "copy", T_("The copy is not where this movement says; it is: %1$s."), words->in[LANG_EN]);
    reason->text.in[LANG_FR] = arena_printf(reasons->arena, "L'exemplaire n'est pas là où ce mouvement le dit ; il est : %s.", words->in[LANG_FR]);
}

static void check_place(const struct change_view *view, struct reasons *reasons)
{
    const struct image *copy = view->look(view, link_to(view->at, "copy"));
    const struct motion *motion = motion_of(view->at, copy);
    record_id giver = link_to(view->at, "from-holder"), holder = copy ? link_to(copy, "holder") : 0;
    size_t before = reasons->count;
    if (copy && !view->writer_reads(view, copy->id))
        say_hidden(reasons);
    else if (copy && !motion)
        say_state(copy, reasons);
    else if (motion && strcmp(motion->found, "issued") == 0 && strcmp(motion->kind, "transfer") == 0 && giver != holder)
        reason_add(reasons, "registry.copy-elsewhere", "from-holder", T_("The copy is issued, and not to the person whom this movement names as giver."));
    else if (motion && strcmp(motion->found, "held") == 0 && strcmp(motion->kind, "transfer") == 0 && giver)
        reason_add(reasons, "registry.copy-elsewhere", "from-holder", T_("The copy lies in the registry; nobody holds it who could give it."));
    else if (motion && strcmp(motion->kind, "return") == 0 && giver && giver != holder)
        reason_add(reasons, "registry.copy-elsewhere", "from-holder", T_("The copy is issued, and not to the person whom this movement names as giver."));
    if (reasons->count != before)
        reason_next(reasons, reasons->last, T_("Correct the movement, or cancel it and prepare the right one."));
}

static void check_body(const struct change_view *view, struct reasons *reasons)
{
    if (!str_eq(image_text(view->at, "kind"), "dispatch") || link_to(view->at, "to-body"))
        return;
    reason_add(reasons, "registry.no-addressee", "to-body", T_("It is not said to which body the copy is dispatched."));
    reason_next(reasons, reasons->last, T_("Name the body that receives it."));
}

static void review(struct duty *duty, const struct change_view *view, const char *const *names, size_t n, struct reasons *reasons)
{
    (void)duty;
    for (size_t i = 0; is_movement(view->at) && i < n; i++) {
        if (strcmp(names[i], "registry.copy-elsewhere") == 0)
            check_place(view, reasons);
        else if (strcmp(names[i], "registry.no-addressee") == 0)
            check_body(view, reasons);
    }
}

/* ---- consequences ---- */

static const char *number_of(const struct change_view *view, record_id id)
{
    const struct image *image = id ? view->look(view, id) : NULL;
    return image ? image->number : "";
}

static struct val *step_fields(const struct change_view *view, const struct image *movement, const char *step)
{
    struct val *fields = val_object(view->arena);
    char day[MOMENT_TEXT];
    if (strcmp(step, "issue") == 0) {
        val_set_str(view->arena, fields, "holder", number_of(view, link_to(movement, "to-holder")));
        val_set_str(view->arena, fields, "issued-on", moment_iso_day(view->now, day));
    } else if (strcmp(step, "dispatch") == 0) {
        val_set_str(view->arena, fields, "dispatched-to", number_of(view, link_to(movement, "to-body")));
    }
    if (strcmp(step, "dispatch") == 0 || strcmp(step, "destroy") == 0)
        val_set_str(view->arena, fields, "certificate", movement->number);
    return fields;
}

static bool completed(const struct changed *item)
{
    return is_movement(item->after) && strcmp(state_of(item->after), "complete") == 0 &&
           (!item->before || strcmp(state_of(item->before), "complete") != 0);
}

static void follow(struct duty *duty, const struct change_view *view, struct consequences *more)
{
    (void)duty;
    const struct rule *rule = pack_rule(view->pack, RULE);
    if (!rule || rule->value->kind != VAL_BOOL || !rule->value->truth)
        return;
    for (size_t i = 0; i < view->n_items; i++) {
        const struct image *movement = view->items[i].after, *copy;
        const struct motion *motion;
        if (!completed(&view->items[i]))
            continue;
        copy = view->look(view, link_to(movement, "copy"));
        motion = motion_of(movement, copy);
        for (size_t s = 0; motion && s < 2 && motion->steps[s]; s++)
            more->add(more, RULE, movement->number, &(struct op){.kind = OP_STEP, .number = copy->number, .step = motion->steps[s],
                .fields = step_fields(view, movement, motion->steps[s]), .reason = movement->number});
    }
}

static const char *const refusals[] = {"registry.copy-elsewhere", "registry.no-addressee", NULL};
const struct duty duty_registry = {.name = "registry", .review = review, .foretells = true, .consequences = follow, .refusals = refusals};
