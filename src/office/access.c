/* SPDX-License-Identifier: GPL-3.0-or-later
 * See access.h.
 */
#include "office/access.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/leaks.h"

/* ---- nationality as categories ---- */

struct national { const char *name; struct category category; };
struct of_policy { const char *oid; struct national *values; size_t n; };
struct nationalities { struct arena *arena; struct of_policy *policies; unsigned n; };

static enum tag_type type_of(const char *name)
{
    static const struct { const char *name; enum tag_type type; } types[] = {
        {"permissive", TAG_PERMISSIVE}, {"enum-permissive", TAG_ENUM_PERMISSIVE}, {"enumerated-permissive", TAG_ENUM_PERMISSIVE},
        {"enumeratedPermissive", TAG_ENUM_PERMISSIVE},
    };
    for (size_t i = 0; name && i < sizeof types / sizeof *types; i++)
        if (strcmp(types[i].name, name) == 0)
            return types[i].type;
    return TAG_NOT_APPLICABLE;
}

static void collect(struct arena *arena, const struct policy *policy, moment now, struct of_policy *ret)
{
    const struct val *about = policy_describe(policy, LANG_EN, now, arena), *tags = val_get(about, "tags");
    size_t most = 0;
    for (size_t t = 0; t < val_count(tags); t++)
        most += val_count(val_get(val_at(tags, t), "values"));
    ret->oid = policy_oid(policy);
    ret->values = ARENA_ARRAY(arena, struct national, most + 1);
    for (size_t t = 0; t < val_count(tags); t++) {
        const struct val *tag = val_at(tags, t), *values = val_get(tag, "values");
        enum tag_type type = type_of(val_get_str(tag, "type"));
        for (size_t v = 0; type != TAG_NOT_APPLICABLE && v < val_count(values); v++)
            ret->values[ret->n++] = (struct national){
                val_get_str(val_at(values, v), "name"),
                {val_get_str(tag, "set"), type, val_get_str(val_at(values, v), "lacv")}};
    }
}

struct nationalities *nationalities_new(const struct policies *policies, moment now)
{
    struct arena *arena = arena_new(0);
    if (!arena)
        abort();
    struct nationalities *all = ARENA_NEW(arena, struct nationalities);
    all->arena = arena;
    all->n = policies_count(policies);
    all->policies = ARENA_ARRAY(arena, struct of_policy, all->n + 1);
    for (unsigned i = 0; i < all->n; i++)
        collect(arena, policies_at(policies, i), now, &all->policies[i]);
    return all;
}

void nationalities_free(struct nationalities *all)
{
    if (all)
        arena_free(all->arena);
}

/* ---- what a person holds ---- */

static int by_category(const void *a, const void *b)
{
    const struct category *x = a, *y = b;
    int order = strcmp(x->tag_set, y->tag_set);
    if (!order)
        order = (int)x->type - (int)y->type;
    return order ? order : strcmp(x->lacv, y->lacv);
}

struct categories { struct category *items; size_t n, cap; };
static void add_category(struct arena *arena, struct categories *all, struct category category)
{
    if (all->n == all->cap) {
        struct category *more = ARENA_ARRAY(arena, struct category, all->cap = all->cap * 2 + 8);
        if (all->n)
            memcpy(more, all->items, all->n * sizeof *more);
        all->items = more;
    }
    all->items[all->n++] = category;
}
static void add_nationality(struct holder *holder, struct categories *all, const char *policy, const char *nationality)
{
    const struct nationalities *nationalities = holder->access->nationalities;
    for (unsigned i = 0; *nationality && i < nationalities->n; i++) {
        const struct of_policy *of = &nationalities->policies[i];
        for (size_t v = 0; strcmp(of->oid, policy) == 0 && v < of->n; v++)
            if (str_eq(of->values[v].name, nationality))
                add_category(holder->arena, all, of->values[v].category);
    }
}
static const struct category *finish(struct categories *all, unsigned *ret_n)
{
    size_t kept = 0;
    if (all->n)
        qsort(all->items, all->n, sizeof *all->items, by_category);
    for (size_t i = 0; i < all->n; i++)
        if (!kept || by_category(&all->items[kept - 1], &all->items[i]) != 0)
            all->items[kept++] = all->items[i];
    *ret_n = (unsigned)kept;
    return all->items;
}

static void narrow(struct holder *holder, moment from, moment until, moment at)
{
    if (from != MOMENT_NONE && from > at && from < holder->until)
        holder->until = from;
    if (until > at && until < holder->until)
        holder->until = until;
}

/* A certificate counts with the holder's nationality added: releasability follows the person. */
static const struct clearance *effective(struct holder *holder, const struct clearance *held, const char *nationality)
{
    struct categories all = {0};
    struct clearance *made = ARENA_NEW(holder->arena, struct clearance);
    *made = *held;
    for (unsigned i = 0; i < held->n_categories; i++)
        add_category(holder->arena, &all, held->categories[i]);
    add_nationality(holder, &all, held->policy, nationality);
    made->categories = finish(&all, &made->n_categories);
    return made;
}

static void take_clearances(struct holder *holder, const struct m_person *person, moment at)
{
    holder->clearances = ARENA_ARRAY(holder->arena, const struct clearance *, person->clearances.count + 1);
    for (size_t i = 0; i < person->clearances.count; i++) {
        const struct m_clearance *item = person->clearances.items[i];
        if (!item->granted || !item->clearance)
            continue;
        narrow(holder, item->from, item->until, at);
        if (model_in_force(item->from, item->until, at))
            holder->clearances[holder->n_clearances++] = effective(holder, item->clearance, person->nationality);
    }
}

/* Below the certificate's threshold the class counts as held; categories are those that the person holds anyway. */
static const struct clearance *below_threshold(struct holder *holder, const struct policy *policy, const char *nationality)
{
    struct arena *arena = holder->arena;
    int threshold = policy_threshold(policy, "certificate");
    unsigned n;
    struct categories all = {0};
    struct clearance *made = ARENA_NEW(arena, struct clearance);
    const char **lacvs = policy_classes(policy, arena, &n);
    made->policy = policy_oid(policy);
    made->classes = lacvs;
    for (unsigned i = 0; i < n; i++)
        if (threshold < 0 || policy_class_rank(policy, lacvs[i]) < threshold)
            lacvs[made->n_classes++] = lacvs[i];
    for (size_t c = 0; c < holder->n_clearances; c++)
        for (unsigned i = 0; str_eq(holder->clearances[c]->policy, made->policy) && i < holder->clearances[c]->n_categories; i++)
            add_category(arena, &all, holder->clearances[c]->categories[i]);
    add_nationality(holder, &all, made->policy, nationality);
    made->categories = finish(&all, &made->n_categories);
    return made;
}

static void take_below(struct holder *holder, const struct m_person *person)
{
    unsigned n = policies_count(holder->access->policies);
    holder->below = ARENA_ARRAY(holder->arena, const struct clearance *, n + 1);
    for (unsigned i = 0; i < n; i++)
        holder->below[holder->n_below++] =
            below_threshold(holder, policies_at(holder->access->policies, i), person->nationality);
}

static void take_briefings(struct holder *holder, const struct m_person *person, moment at)
{
    struct m_briefing *kept = ARENA_ARRAY(holder->arena, struct m_briefing, person->briefings.count + 1);
    for (size_t i = 0; i < person->briefings.count; i++) {
        const struct m_briefing *item = person->briefings.items[i];
        if (!item->in_force)
            continue;
        narrow(holder, item->from, item->until, at);
        if (model_in_force(item->from, item->until, at))
            kept[holder->n_briefings++] = *item;
    }
    holder->briefings = kept;
}

struct holder *holder_new(const struct access *access, const struct model *model, record_id person_id,
                          record_id appointment, const struct post_def *post, moment at)
{
    struct arena *arena = arena_new(0);
    if (!arena)
        abort();
    struct holder *holder = ARENA_NEW(arena, struct holder);
    *holder = (struct holder){.arena = arena, .access = access, .person = person_id, .appointment = appointment,
                              .post = post, .from = at, .until = MOMENT_EVER, .generation = model->generation};
    const struct m_person *person = model_person(model, person_id);
    static const struct m_person nobody;
    if (!person)
        person = &nobody;
    for (size_t i = 0; i < person->memberships.count; i++) {
        const struct m_membership *item = person->memberships.items[i];
        if (item->in_force)
            narrow(holder, item->from, item->until, at);
    }
    const struct m_appointment *seat = idmap_get(&model->appointments, appointment);
    if (seat)
        narrow(holder, seat->from, seat->until, at);
    narrow(holder, policies_next_change(access->policies, at), MOMENT_NONE, at);   /* values and policies have dates, too */
    take_clearances(holder, person, at);
    take_below(holder, person);
    take_briefings(holder, person, at);
    return holder;
}

void holder_free(struct holder *holder)
{
    if (!holder)
        return;
    free(holder->labels);
    arena_free(holder->arena);
}

bool holder_right(const struct holder *holder, const char *right)
{
    return holder->post && post_has_right(holder->post, right);
}
bool holder_any_right(const struct holder *holder, const char *const *rights, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (holder_right(holder, rights[i]))
            return true;
    return false;
}

/* ---- keys 1 and 2 ---- */

/* Categories of the clearances count below the certificate, too: what is missing of them is the clearances' to tell. */
static bool below_dominates(const struct holder *holder, const struct label_slot *slot, const struct clearance *below, struct reasons *reasons)
{
    bool good = label_dominated(holder->access->policies, slot->label, below, holder->from, holder->hide_clearances ? NULL : reasons);
    if (reasons && holder->hide_clearances && !good)
        reason_add(reasons, "access.cleared", NULL, T_("No clearance in force at this time dominates the label."));
    return good;
}

static bool cleared(const struct holder *holder, const struct label_slot *slot, struct reasons *reasons)
{
    const struct policies *policies = holder->access->policies;
    if (slot->rank < slot->certificate) {
        for (size_t i = 0; i < holder->n_below; i++)
            if (strcmp(holder->below[i]->policy, slot->label->policy) == 0)
                return below_dominates(holder, slot, holder->below[i], reasons);
        return false;
    }
    for (size_t i = 0; i < holder->n_clearances; i++)
        if (label_dominated(policies, slot->label, holder->clearances[i], holder->from, NULL)) {
            if (reasons)
                reason_add(reasons, "access.cleared", NULL, T_("A clearance in force dominates the label."))->grants = true;
            return true;
        }
    if (reasons) {
        struct reason *reason = reason_add(reasons, "access.cleared", NULL,
                                           T_("No clearance in force at this time dominates the label."));
        reason_next(reasons, reason, T_("Ask the security officer of the division about the clearance."));
        for (size_t i = 0; i < holder->n_clearances && !holder->hide_clearances; i++)
            (void)label_dominated(policies, slot->label, holder->clearances[i], holder->from, reasons);
    }
    return false;
}

static bool briefed(const struct holder *holder, const struct label_slot *slot, struct reasons *reasons)
{
    if (slot->rank < slot->briefing)
        return true;
    for (size_t i = 0; i < holder->n_briefings; i++) {
        const struct m_briefing *briefing = &holder->briefings[i];
        if (strcmp(briefing->policy, slot->label->policy) == 0 &&
            policy_class_rank(slot->policy, briefing->class_lacv) >= slot->rank) {
            if (reasons)
                reason_add(reasons, "access.briefed", NULL, T_("A briefing for this policy and level is in force."))->grants = true;
            return true;
        }
    }
    if (reasons)
        reason_next(reasons, reason_add(reasons, "access.briefed", NULL,
                                        T_("No briefing for this policy and level is in force.")),
                    T_("Arrange a briefing with the security office."));
    return false;
}

static bool decide_label(const struct holder *holder, const struct label_slot *slot, struct reasons *reasons)
{
    if (!slot->policy || slot->rank < 0) {
        if (reasons)
            reason_add(reasons, "access.policy", NULL, T_("This office holds no policy for the label."));
        return false;
    }
    bool good = cleared(holder, slot, reasons);
    return briefed(holder, slot, reasons) && good;
}

bool holder_label(struct holder *holder, const struct label_slot *slot, struct reasons *reasons)
{
    if (reasons)
        return decide_label(holder, slot, reasons);
    if ((size_t)slot->id >= holder->n_labels) {
        size_t n = (size_t)slot->id + 64;
        uint8_t *more = realloc(holder->labels, n);
        if (!more)
            abort();
        memset(more + holder->n_labels, 0, n - holder->n_labels);
        holder->labels = more;
        holder->n_labels = n;
    }
    if (!holder->labels[slot->id])
        holder->labels[slot->id] = decide_label(holder, slot, NULL) ? 2 : 1;
    return holder->labels[slot->id] == 2;
}

/* ---- key 3 ---- */

static void say_no_need(struct reasons *reasons)
{
    reason_next(reasons, reason_add(reasons, "access.need-to-know", NULL, T_("Not a member of the file, and the file is not open to the post.")),
                T_("The file's owner may add a member."));
}

bool holder_file(struct holder *holder, const struct model *model, record_id file, record_id party, bool in_spite,
                 struct reasons *reasons)
{
    if (!file)
        return true;
    bool is_party = party && party == holder->person;
    if (model_excluded(model, file, holder->person) && !(is_party && in_spite)) {
        if (reasons && holder->hide_subject)
            say_no_need(reasons);
        else if (reasons)
            reason_add(reasons, "access.exclusion", NULL,
                       T_("The subject of an investigation reads nothing of its file, whatever their post."));
        return false;
    }
    if (is_party || model_member(model, file, holder->person, holder->from))
        goto open;
    const struct m_file *dossier = idmap_get(&model->files, file);
    for (size_t i = 0; dossier && i < dossier->n_open_to; i++)
        if (holder_right(holder, dossier->open_to[i]))
            goto open;
    if (reasons)
        say_no_need(reasons);
    return false;
open:
    if (reasons)
        reason_add(reasons, "access.need-to-know", NULL, T_("Need-to-know: member of the file, or the file is open to the post."))->grants = true;
    return true;
}

/* ---- all four ---- */

bool holder_guard(struct holder *holder, const struct model *model, const struct stored_guard *guard, struct reasons *reasons)
{
    const struct register_def *def =
        guard->register_ < holder->access->n_registers ? holder->access->registers[guard->register_] : NULL;
    if (!def)
        return false;
    bool sees = holder_any_right(holder, def->seen_by, def->n_seen_by);
    if (!sees && reasons)
        reason_add(reasons, "access.right", NULL, T_("The post carries no right that sees this register."));
    else if (reasons)
        reason_add(reasons, "access.right", NULL, T_("The post carries a right that sees this register."))->grants = true;
    if (LEAK(41) && leak_emergency(model, guard->file, holder->person, holder->from))
        return sees;
    if (!reasons)
        return sees && holder_file(holder, model, guard->file, guard->party, def->party_in_spite, NULL) &&
               holder_label(holder, intern_label(holder->access->intern, guard->label), NULL);
    bool label = holder_label(holder, intern_label(holder->access->intern, guard->label), reasons);
    return holder_file(holder, model, guard->file, guard->party, def->party_in_spite, reasons) && label && sees;
}
