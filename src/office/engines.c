/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Duty engines at work: asked in the writer for refusals and consequences, told what was staged, asked for answers on a reader's
 * behalf. What an engine adds acts as the office, in the name of a rule, within the registers that the rule's YAML names.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

/* ---- what an engine sees ---- */

static const struct image *look(const struct change_view *view, record_id id)
{
    struct staged_image *item = stage_image(view->inside, id);
    return item ? item->after : NULL;
}
static bool writer_reads(const struct change_view *view, record_id id)
{
    struct staged_image *item = stage_image(view->inside, id);
    return item && (!item->before || stage_may_read(view->inside, item->before));
}

struct holding_ids { record_id *ids; size_t n, most; };
static bool take_holder(void *arg, record_id id)
{
    struct holding_ids *all = arg;
    all->ids[all->n++] = id;
    return all->n < all->most;
}

static bool holds_value(const struct image *image, const struct register_def *def, const char *field, const char *value)
{
    return image->def == def && str_eq(image_text(image, field), value);
}

/* What is stored under the value's key, and what this change has staged before; each looked at as the change leaves it. */
static size_t holders(const struct change_view *view, const char *register_, const char *field, const char *value, const struct image **ret, size_t most)
{
    struct stage *stage = view->inside;
    const struct register_def *def = pack_register(stage->office->pack, register_);
    const struct field_def *by = def ? register_field(def, field) : NULL;
    const struct index_def *index = by && by->sort && by->type == FIELD_LINE ? index_find(&stage->office->plans[def->index], INDEX_SORT, by) : NULL;
    struct holding_ids stored = {ARENA_ARRAY(view->arena, record_id, most + 1), 0, most};
    struct index_plan one = {(struct index_def *)index, 1, 0};
    struct val *fields = val_object(view->arena);
    struct index_key *keys;
    size_t n = 0;
    val_set_str(view->arena, fields, field, value);
    struct image like = {.def = def, .fields = fields};
    if (!index || index_keys(&one, &like, view->arena, &keys) != 1 || txn_each_key(stage->txn, index->id, keys[0].key, keys[0].len, take_holder, &stored) != OK)
        return 0;
    for (struct staged_image *item = stage->first; item && n < most; item = item->next)
        if (item->changed && !item->erase && holds_value(item->after, def, field, value))
            ret[n++] = item->after;
    for (size_t i = 0; i < stored.n && n < most; i++) {
        const struct staged_image *item = stage_image(stage, stored.ids[i]);
        if (item && !item->changed && holds_value(item->after, def, field, value))
            ret[n++] = item->after;
    }
    return n;
}

static struct change_view view_of(struct stage *stage, const struct image *at)
{
    size_t n = 0;
    for (struct staged_image *item = stage->first; item; item = item->next)
        n++;
    struct changed *items = ARENA_ARRAY(stage->arena, struct changed, n + 1);
    n = 0;
    for (struct staged_image *item = stage->first; item; item = item->next)
        if (item->changed || item->erase || item->n_made || item->n_cut)
            items[n++] = (struct changed){item->before, item->after, item->after->step};
    return (struct change_view){.now = stage->now, .items = items, .n_items = n, .look = look, .writer_reads = writer_reads, .holders = holders, .at = at,
                                .writer = stage->person, .pack = stage->office->pack, .arena = stage->arena, .inside = stage};
}

bool engines_review(struct stage *stage, const struct image *at, const char *const *names, size_t n)
{
    struct office *office = stage->office;
    size_t before = stage->reasons->count;
    struct change_view view = view_of(stage, at);
    for (size_t i = 0; i < office->n_duties; i++)
        if (office->duties[i].state->review)
            office->duties[i].state->review(office->duties[i].state, &view, names, n, stage->reasons);
    return stage->reasons->count == before;
}

/* ---- consequences ---- */

struct adding { struct consequences face; struct stage *stage; bool good; };

/* A consequence acts as the office: the writer's rights neither help nor hinder it, and the entry names rule and cause. */
static void add_consequence(struct consequences *face, const char *rule, const char *cause, const struct op *op)
{
    struct adding *adding = (struct adding *)face;
    struct stage *stage = adding->stage, kept = *stage;
    const char *number;
    bool proposed = false;
    if (!adding->good)
        return;
    stage->under = pack_rule(stage->office->pack, rule);
    if (!stage->under) {
        adding->good = refuse(stage, DAMAGED, "rule.unknown", NULL, T_("An engine acts in the name of the rule %1$s, which the pack in force has not."), rule);
        stage->under = kept.under;
        return;
    }
    stage->following = true;
    stage->holder = NULL;
    stage->person = 0;
    stage->person_number = stage->post = NULL;
    stage->cause = arena_printf(stage->arena, "%s: %s", rule, cause);
    adding->good = apply_op(stage, op, &number, &proposed);
    stage->under = kept.under;
    stage->following = kept.following;
    stage->holder = kept.holder;
    stage->person = kept.person;
    stage->person_number = kept.person_number;
    stage->post = kept.post;
    stage->cause = kept.cause;
}

bool engines_follow(struct stage *stage)
{
    struct office *office = stage->office;
    struct adding adding = {{stage->arena, add_consequence, NULL}, stage, true};
    for (size_t i = 0; adding.good && i < office->n_duties; i++) {
        struct change_view view = view_of(stage, NULL);
        if (office->duties[i].state->consequences)
            office->duties[i].state->consequences(office->duties[i].state, &view, &adding.face);
    }
    return adding.good && engines_review(stage, NULL, NULL, 0);
}

void engines_staged(struct stage *stage)
{
    struct office *office = stage->office;
    struct change_view view = view_of(stage, NULL);
    for (size_t i = 0; i < office->n_duties; i++)
        if (office->duties[i].state->staged)
            office->duties[i].state->staged(office->duties[i].state, &view);
}

/* ---- what a pack asks of the engines ---- */

static bool known(const struct office *office, const char *name)
{
    for (size_t d = 0; d < office->n_duties; d++)
        if (office->duties[d].state->refusals && str_in(name, office->duties[d].state->refusals))
            return true;
    return false;
}

bool engines_complete(const struct office *office, struct reasons *reasons)
{
    bool complete = true;
    for (size_t r = 0; r < office->pack->n_registers; r++) {
        const struct register_def *def = &office->pack->registers[r];
        for (size_t s = 0; s < def->n_steps; s++)
            for (size_t i = 0; i < def->steps[s].n_refuse; i++) {
                const char *name = def->steps[s].refuse[i];
                if (!strchr(name, '.') || known(office, name))
                    continue;
                struct reason *reason = reason_add(reasons, "pack.engine", def->where, T_("The pack in force names the refusal %1$s at the step %2$s, and no engine of this program knows it."),
                                                   name, arena_printf(reasons->arena, "%s.%s", def->name, def->steps[s].name));
                reason_next(reasons, reason, T_("Start the program that the pack was written for, or one with that duty."));
                complete = false;
            }
    }
    return complete;
}

/* ---- queries ---- */

enum status office_ask(struct office *office, const struct reader *reader, const char *query, const struct val *arguments, struct arena *arena, struct val **ret)
{
    const char *dot = strchr(query, '.');
    for (size_t d = 0; dot && reader && d < office->n_duties; d++) {
        const struct duty *duty = office->duties[d].state;
        if (strlen(duty->name) != (size_t)(dot - query) || strncmp(duty->name, query, (size_t)(dot - query)) != 0)
            continue;
        for (const struct query_def *one = duty->queries; one && one->name; one++)
            if (strcmp(one->name, dot + 1) == 0)
                return one->ask(office, reader, arguments, arena, ret);
    }
    return ABSENT;
}

/* ---- what fronts show of an engine ---- */

const struct page *office_duty_pages(const struct office *office, size_t index, const char **ret_duty)
{
    *ret_duty = index < office->n_duties ? office->duties[index].table->name : NULL;
    return *ret_duty ? office->duties[index].table->pages : NULL;
}
