/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What engines would refuse, told before a step is taken. The engine reviews the record as it stands and looks at others through door two, under the
 * guards of whoever asks: what they may not read is not there. So nothing that is said tells of a hidden record, and what a hidden
 * record would refuse is said when the step is taken, in the words that the engine has for it.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct looked { record_id id; struct image *image; struct looked *next; };
struct foretelling {
    struct change_view face;
    struct office *office;
    const struct reader *reader;
    struct view *view;                         /* begun with the first look */
    struct looked *looked;
};

bool step_asks_for(const struct step_def *step, const struct field_def *field)
{
    for (size_t i = 0; i < step->n_asks; i++)
        if (step->asks[i] == field)
            return true;
    for (size_t i = 0; i < step->n_needs; i++)
        if (step->needs[i] == field)
            return true;
    return false;
}

static void take_links(struct foretelling *all, const struct guards *guards, struct image *image)
{
    struct office *office = all->office;
    struct arena *arena = all->face.arena;
    struct stored_link *links;
    size_t n;
    if (view_links(all->view, guards, image->id, &(struct link_range){.outgoing = true}, arena, &links, &n) != OK)
        return;
    image->links = ARENA_ARRAY(arena, struct image_link, n + 1);
    for (size_t i = 0; i < n; i++)
        if (links[i].field < (field_id)office->access.n_registers && office->link_fields[links[i].field])
            image->links[image->n_links++] = (struct image_link){links[i].id, office->link_fields[links[i].field], links[i].to, links[i].made};
}

static const struct image *look(const struct change_view *face, record_id id)
{
    struct foretelling *all = face->inside;
    struct arena *arena = face->arena;
    const struct guards guards = reader_guards(all->reader, NULL);
    struct stored_record stored;
    if (id == face->at->id)
        return face->at;
    for (const struct looked *one = all->looked; one; one = one->next)
        if (one->id == id)
            return one->image;
    if (!all->view) {
        all->view = view_take(all->office);
        if (all->view && view_begin(all->view) != OK) {
            view_give(all->office, all->view);
            all->view = NULL;
        }
    }
    struct looked *one = ARENA_NEW(arena, struct looked);
    struct image *image = ARENA_NEW(arena, struct image);
    *one = (struct looked){id, NULL, all->looked};
    all->looked = one;
    if (id && all->view && view_record(all->view, &guards, id, arena, &stored) == OK && image_from_stored(all->office->pack, &stored, arena, image) == OK) {
        take_links(all, &guards, image);
        one->image = image;
    }
    return one->image;
}
static bool writer_reads(const struct change_view *face, record_id id) { return look(face, id); }

/* What hangs on something that the step itself asks for is not known yet. */
static void say(const struct step_def *step, const struct register_def *def, const struct reasons *found, struct reasons *ret)
{
    for (const struct reason *one = found->first; one; one = one->after) {
        const struct field_def *field = one->where ? register_field(def, one->where) : NULL;
        if (field && step_asks_for(step, field))
            continue;
        struct reason *reason = reason_add(ret, one->rule, one->where, "%1$s", one->text.in[LANG_EN]);
        reason->text = one->text;
        reason->next = one->next;
    }
}

void foretell(struct office *office, const struct reader *reader, const struct image *at, const struct step_def *step, moment now, struct reasons *ret)
{
    struct foretelling all = {.office = office, .reader = reader,
        .face = {.now = now, .look = look, .writer_reads = writer_reads, .at = at, .writer = reader->person, .pack = office->pack, .arena = ret->arena, .foretelling = true}};
    struct reasons found;
    all.face.inside = &all;
    reasons_init(&found, ret->arena);
    for (size_t i = 0; step->n_refuse && i < office->n_duties; i++) {
        struct duty *duty = office->duties[i].state;
        if (duty->review && duty->foretells)
            duty->review(duty, &all.face, step->refuse, step->n_refuse, &found);
    }
    if (all.view) {
        view_end(all.view);
        view_give(office, all.view);
    }
    say(step, at->def, &found, ret);
}
