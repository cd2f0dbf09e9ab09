/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers about rights: which steps a reader may take and why not the others; whether somebody may read a record and why; who may.
 * Given only to those who may know that the record exists. None of it counts over records that the asker cannot read, and no declared
 * channel is consulted.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

static bool links_to(const struct record_view *record, const struct field_def *field, record_id to)
{
    for (size_t i = 0; i < record->n_links; i++)
        if (record->links[i].field == field && record->links[i].other == to)
            return true;
    return false;
}

static bool asked_for(const struct step_def *step, const struct field_def *field)
{
    for (size_t i = 0; i < step->n_asks; i++)
        if (step->asks[i] == field)
            return true;
    for (size_t i = 0; i < step->n_needs; i++)
        if (step->needs[i] == field)
            return true;
    return false;
}

/* Whether a condition can be told from what its reader sees: it looks at no field that the step itself asks for, at no
 * link that may be hidden, at no other person, and at no rule's span. What is left is said when the step is taken. */
static bool can_be_told(const struct step_def *step, const struct condition *when)
{
    if (when->label_at_least || when->by || (when->unless && !can_be_told(step, when->unless)))
        return false;
    if (when->test == TEST_ACTOR_IN)
        return true;
    if (when->test == TEST_PERSON_ALSO_IN || when->test == TEST_NOT_CLEARED || (when->other && asked_for(step, when->other)))
        return false;
    return when->field && when->field->type != FIELD_LINK && when->field->type != FIELD_LINKS && !asked_for(step, when->field);
}

/* Refusals that are data, as they stand with the record as it is. */
static void refusals_now(struct office *office, const struct reader *reader, const struct record_view *record, const struct step_def *step,
                         moment now, struct reasons *ret)
{
    struct stage stage = {.office = office, .arena = ret->arena, .now = now, .person = reader->person, .reasons = ret};
    struct image image = {.id = record->id, .def = record->def, .label = record->label_id, .fields = record->fields,
                          .links = ARENA_ARRAY(ret->arena, struct image_link, record->n_links + 1), .n_links = record->n_links};
    for (size_t i = 0; i < record->n_links; i++)
        image.links[i] = (struct image_link){record->links[i].id, record->links[i].field, record->links[i].other, record->links[i].made};
    for (size_t i = 0; i < step->n_refusals; i++)
        if (can_be_told(step, &step->refusals[i]->when))
            (void)refusal_applies(&stage, &image, step->refusals[i]);
}

static void why_not(struct office *office, const struct reader *reader, const struct record_view *record, const struct step_def *step,
                    moment now, struct reasons *ret)
{
    if (!(step->from >> record->state_index & 1)) {
        struct reason *reason = reason_add(ret, "lifecycle.state", NULL, T_("\"%1$s\" is not possible in the state \"%2$s\"."), step->words.in[LANG_EN], record->state->words.in[LANG_EN]);
        reason->text.in[LANG_FR] = arena_printf(ret->arena, "« %s » n'est pas possible dans l'état « %s ».", step->words.in[LANG_FR], record->state->words.in[LANG_FR]);
    }
    if (!holder_any_right(reader->holder, step->rights, step->n_rights))
        reason_add(ret, "lifecycle.right", NULL, T_("Your post does not carry the right to take this step."));
    if (step->by != BY_ANYONE && links_to(record, step->by_field, reader->person) != (step->by == BY_FIELD)) {
        struct reason *reason = reason_add(ret, "lifecycle.person", NULL,
            step->by == BY_FIELD ? T_("Only whoever is named under \"%1$s\" may take this step.") : T_("Whoever is named under \"%1$s\" may not take this step."), step->by_field->words.in[LANG_EN]);
        reason->text.in[LANG_FR] = arena_printf(ret->arena, step->by == BY_FIELD ? "Seule la personne indiquée sous « %s » peut accomplir cette étape."
            : "La personne indiquée sous « %s » ne peut pas accomplir cette étape.", step->by_field->words.in[LANG_FR]);
    }
    for (size_t i = 0; i < step->n_unless_open; i++) {
        const struct open_check *check = &step->unless_open[i];
        size_t open = 0;
        for (size_t b = 0; !check->over_all && b < record->n_back; b++) {
            const struct link_view *back = &record->back[b];
            int state = register_state(back->register_, back->state);
            open += back->field == check->field && back->register_ == check->register_ && state >= 0 && !back->register_->states[state].final;
        }
        if (open) {
            struct reason *reason = reason_add(ret, "lifecycle.open", NULL, T_("Still open: %1$s of \"%2$s\"."), arena_printf(ret->arena, "%zu", open), check->register_->words.in[LANG_EN]);
            reason->text.in[LANG_FR] = arena_printf(ret->arena, "Encore ouverts : %zu de « %s ».", open, check->register_->words.in[LANG_FR]);
        }
    }
    if (step->from >> record->state_index & 1)
        refusals_now(office, reader, record, step, now, ret);
}

void office_steps(struct office *office, const struct reader *reader, const struct record_view *record, moment now, struct arena *arena,
                  struct step_view **ret, size_t *ret_n)
{
    struct step_view *steps = ARENA_ARRAY(arena, struct step_view, record->def->n_steps + 1);
    for (size_t i = 0; i < record->def->n_steps; i++) {
        steps[i].def = &record->def->steps[i];
        reasons_init(&steps[i].why_not, arena);
        why_not(office, reader, record, steps[i].def, now, &steps[i].why_not);
        steps[i].possible = !steps[i].why_not.count;
    }
    *ret = steps;
    *ret_n = record->def->n_steps;
}

static guard_id guard_of(const struct office *office, const struct reader *asker, const char *number, struct arena *arena)
{
    struct stored_record stored;
    struct guards all = LEAK_GUARDS(19, office, reader_guards(asker, NULL));
    struct view *view = view_take((struct office *)office);
    guard_id guard = 0;
    if (!view)
        return 0;
    if (view_begin(view) == OK) {
        record_id id = number_id(number);
        if (id && view_record(view, &all, id, arena, &stored) == OK && str_eq(stored.number, number))
            guard = stored.guard;
        view_end(view);
    }
    view_give((struct office *)office, view);
    return guard;
}

/* An account is a record: to an asker who does not read it there is no such account. Their own they may ask about. */
static record_id known_account(struct office *office, const struct reader *asker, const char *login, bool *ret_active, struct arena *arena)
{
    record_id id = office_account(office, login, ret_active);
    struct stored_record stored;
    struct guards all = reader_guards(asker, NULL);
    struct view *view = id && id != asker->account && !LEAK(32) ? view_take(office) : NULL;
    if (!view)
        return id == asker->account || LEAK(32) ? id : 0;
    if (view_begin(view) != OK)
        id = 0;
    else {
        if (view_record(view, &all, id, arena, &stored) != OK)
            id = 0;
        view_end(view);
    }
    view_give(office, view);
    return id;
}

enum status office_explain(struct office *office, const struct reader *asker, const char *login, const char *number, moment now,
                           struct arena *arena, bool *ret_may, struct reasons *reasons)
{
    guard_id guard = guard_of(office, asker, number, arena);
    bool active;
    if (!guard)
        return ABSENT;
    record_id account_id = known_account(office, asker, login, &active, arena);
    if (!account_id) {
        reason_add(reasons, "account", "login", T_("There is no account \"%1$s\"."), login);
        return BAD_INPUT;
    }
    *ret_may = false;
    pthread_rwlock_rdlock(&office->lock);
    const struct m_account *account = idmap_get(&office->published->accounts, account_id);
    const struct m_person *person = account ? model_person(office->published, account->person) : NULL;
    if (!active)
        reason_add(reasons, "account", NULL, T_("The account is not active."));
    /* Why somebody else may not read it is told as far as the asker sees what it stands on: clearances are records, and who is the
     * subject of an investigation is known to those who have need-to-know of its file, not to whoever gave a statement. */
    const struct register_def *clearances = pack_register(office->pack, "clearance");
    bool own = person && person->id == asker->person, seated = false;
    bool sees_clearances = clearances && holder_any_right(asker->holder, clearances->seen_by, clearances->n_seen_by);
    bool knows_file = holder_file(asker->holder, office->published, intern_guard(office->intern, guard)->file, 0, false, NULL);
    for (size_t i = 0; person && i < person->appointments.count; i++) {
        const struct m_appointment *seat = person->appointments.items[i];
        if (!model_appointed(office->published, seat, now))
            continue;
        seated = true;
        struct holder *holder = holder_new(&office->access, office->published, person->id, seat->id, seat->post, now);
        holder->hide_clearances = !own && !sees_clearances;
        holder->hide_subject = !own && !knows_file;
        struct reason *title = reason_add(reasons, "post", NULL, "%1$s", seat->post->words.in[LANG_EN]);
        title->text = seat->post->words;
        title->grants = holder_guard(holder, office->published, intern_guard(office->intern, guard), reasons);
        *ret_may |= title->grants && active;
        holder_free(holder);
    }
    if (!seated)
        reason_add(reasons, "appointment", NULL, T_("No appointment is in force."));
    pthread_rwlock_unlock(&office->lock);
    return OK;
}

enum status office_who_may(struct office *office, const struct reader *asker, const char *number, moment now, struct arena *arena,
                           struct may_read **ret, size_t *ret_n)
{
    guard_id guard = guard_of(office, asker, number, arena);
    size_t n = 0, cap = 64;
    void *value;
    if (!guard)
        return ABSENT;
    struct may_read *all = ARENA_ARRAY(arena, struct may_read, cap);
    pthread_rwlock_rdlock(&office->lock);
    for (size_t walk = 0; idmap_next(&office->published->appointments, &walk, NULL, &value);) {
        const struct m_appointment *seat = value;
        const struct m_person *person = model_person(office->published, seat->person);
        if (!person || !model_appointed(office->published, seat, now))
            continue;
        struct holder *holder = holder_new(&office->access, office->published, seat->person, seat->id, seat->post, now);
        if (holder_guard(holder, office->published, intern_guard(office->intern, guard), NULL)) {
            if (n == cap) {
                struct may_read *more = ARENA_ARRAY(arena, struct may_read, cap * 2);
                memcpy(more, all, n * sizeof *more);
                all = more;
                cap *= 2;
            }
            all[n++] = (struct may_read){person->id, arena_printf(arena, "%s%s%s", person->given ? person->given : "", person->given ? " " : "", person->name ? person->name : ""), seat->post->name};
        }
        holder_free(holder);
    }
    pthread_rwlock_unlock(&office->lock);
    *ret = all;
    *ret_n = n;
    return OK;
}
