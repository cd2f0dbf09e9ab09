/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Answers about rights: which steps a reader may take and why not the others; whether somebody may read a record and why; who may.
 * Given only to those who may know that the record exists. None of it counts over records that the asker cannot read, and no declared
 * channel is consulted.
 */
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

/* ---- what is asked about ---- */

struct asking { struct office *office; const struct reader *reader; const struct record_view *record; moment now; struct image image; bool only_party; };

/* All own links that the reader may see, without looking at the other ends: a record's view has the first of each field alone. */
static void all_links(struct asking *ask, struct arena *arena)
{
    struct office *office = ask->office;
    const struct guards all = reader_guards(ask->reader, NULL);
    struct view *view = view_take(office);
    struct stored_link *links;
    size_t n = 0;
    if (!view)
        return;
    if (view_begin(view) == OK) {
        if (view_links(view, &all, ask->record->id, &(struct link_range){.outgoing = true}, arena, &links, &n) != OK)
            n = 0;
        view_end(view);
    }
    view_give(office, view);
    struct image_link *list = ARENA_ARRAY(arena, struct image_link, n + 1);
    ask->image.n_links = 0;
    for (size_t i = 0; i < n; i++)
        if (links[i].field < (field_id)office->access.n_registers && office->link_fields[links[i].field])
            list[ask->image.n_links++] = (struct image_link){links[i].id, office->link_fields[links[i].field], links[i].to, links[i].made};
    ask->image.links = list;
}

static struct asking ask_about(struct office *office, const struct reader *reader, const struct record_view *record, moment now, struct arena *arena)
{
    struct asking ask = {office, reader, record, now, {.id = record->id, .def = record->def, .number = record->number, .label = record->label_id, .file = record->file,
        .party = record->party, .state = record->state_index, .fields = record->fields, .since = record->since, .hands = record->hands,
        .links = ARENA_ARRAY(arena, struct image_link, record->n_links + 1), .n_links = record->n_links}, false};
    bool more = false;
    pthread_rwlock_rdlock(&office->lock);
    ask.only_party = record->party && record->party == reader->person && !holder_file(reader->holder, office->published, record->file, 0, false, NULL);
    pthread_rwlock_unlock(&office->lock);
    for (size_t i = 0; i < record->n_links; i++) {
        ask.image.links[i] = (struct image_link){record->links[i].id, record->links[i].field, record->links[i].other, record->links[i].made};
        more |= record->links[i].more;
    }
    if (more)
        all_links(&ask, arena);
    return ask;
}

/* Whether a condition can be told from what its reader sees: it looks at no field that the step itself asks for, at no
 * link that may be hidden, at no other person, and at no rule's span. What is left is said when the step is taken. */
static bool can_be_told(const struct step_def *step, const struct condition *when)
{
    if (when->label_at_least || when->by || (when->unless && !can_be_told(step, when->unless)))
        return false;
    if (when->test == TEST_ACTOR_IN)
        return true;
    if (when->test == TEST_PERSON_ALSO_IN || when->test == TEST_NOT_CLEARED || (when->other && step_asks_for(step, when->other)))
        return false;
    return when->field && when->field->type != FIELD_LINK && when->field->type != FIELD_LINKS && !step_asks_for(step, when->field);
}

/* Refusals that are data, as they stand with the record as it is. */
static void refusals_now(struct asking *ask, const struct step_def *step, struct reasons *ret)
{
    struct stage stage = {.office = ask->office, .arena = ret->arena, .now = ask->now, .person = ask->reader->person, .person_number = ask->reader->person_number,
                          .holder = ask->reader->holder, .reasons = ret};
    (void)separation_allows(&stage, &ask->image, step->rights, step->n_rights);
    stage.holder = NULL;
    for (size_t i = 0; i < step->n_refusals; i++)
        if (can_be_told(step, &step->refusals[i]->when))
            (void)refusal_applies(&stage, &ask->image, step->refusals[i]);
    foretell(ask->office, ask->reader, &ask->image, step, ask->now, ret);
}

static bool is_open(const struct register_def *def, int state) { return state >= 0 && !def->states[state].final; }

/* How many of a page of what the record's view left out are open; more than a page is looked at when the step is taken. */
static size_t open_behind(const struct asking *ask, const struct open_check *check, struct arena *arena)
{
    struct query query = {.register_ = check->register_->name, .links_field = check->field->name, .links_to = ask->record->id, .limit = 1000};
    struct page_of page;
    struct reasons ignored;
    size_t open = 0;
    reasons_init(&ignored, arena);
    if (office_find(ask->office, ask->reader, &query, arena, &ignored, &page) == OK)
        for (size_t i = 0; i < page.n_rows; i++)
            open += is_open(page.rows[i].def, page.rows[i].state_index);
    return open;
}

/* How many of what hangs on the record keep it open, of what the reader may read; a declared channel is not asked. */
static size_t still_open(const struct asking *ask, const struct open_check *check, struct arena *arena)
{
    size_t open = 0;
    for (size_t b = 0; !check->over_all && b < ask->record->n_back; b++) {
        const struct link_view *back = &ask->record->back[b];
        if (back->field != check->field || back->register_ != check->register_)
            continue;
        if (back->more)
            return open_behind(ask, check, arena);
        open += is_open(back->register_, register_state(back->register_, back->state));
    }
    return open;
}

static void why_not(struct asking *ask, const struct step_def *step, struct reasons *ret)
{
    const struct record_view *record = ask->record;
    if (!(step->from >> record->state_index & 1)) {
        struct reason *reason = reason_add(ret, "lifecycle.state", NULL, T_("\"%1$s\" is not possible in the state \"%2$s\"."), step->words.in[LANG_EN], record->state->words.in[LANG_EN]);
        reason->text.in[LANG_FR] = arena_printf(ret->arena, "« %s » n'est pas possible dans l'état « %s ».", step->words.in[LANG_FR], record->state->words.in[LANG_FR]);
    }
    if (!holder_any_right(ask->reader->holder, step->rights, step->n_rights))
        reason_add(ret, "lifecycle.right", NULL, T_("Your post does not carry the right to take this step."));
    if (step->by != BY_ANYONE && image_links_to(&ask->image, step->by_field, ask->reader->person) != (step->by == BY_FIELD)) {
        struct reason *reason = reason_add(ret, "lifecycle.person", NULL,
            step->by == BY_FIELD ? T_("Only whoever is named under \"%1$s\" may take this step.") : T_("Whoever is named under \"%1$s\" may not take this step."), step->by_field->words.in[LANG_EN]);
        reason->text.in[LANG_FR] = arena_printf(ret->arena, step->by == BY_FIELD ? "Seule la personne indiquée sous « %s » peut accomplir cette étape."
            : "La personne indiquée sous « %s » ne peut pas accomplir cette étape.", step->by_field->words.in[LANG_FR]);
    }
    if (ask->only_party && !(step->by == BY_FIELD && step->by_field == record->def->party))
        reason_add(ret, "lifecycle.party", NULL, T_("You read this record as the person it concerns, not as a member of its file; this step belongs to its members."));
    for (size_t i = 0; i < step->n_unless_open; i++) {
        const struct open_check *check = &step->unless_open[i];
        size_t open = still_open(ask, check, ret->arena);
        if (open) {
            struct reason *reason = reason_add(ret, "lifecycle.open", NULL, T_("Still open: %1$s of \"%2$s\"."), arena_printf(ret->arena, "%zu", open), check->register_->words.in[LANG_EN]);
            reason->text.in[LANG_FR] = arena_printf(ret->arena, "Encore ouverts : %zu de « %s ».", open, check->register_->words.in[LANG_FR]);
        }
    }
    if (step->from >> record->state_index & 1)
        refusals_now(ask, step, ret);
}

void office_steps(struct office *office, const struct reader *reader, const struct record_view *record, moment now, struct arena *arena,
                  struct step_view **ret, size_t *ret_n)
{
    struct step_view *steps = ARENA_ARRAY(arena, struct step_view, record->def->n_steps + 1);
    struct asking ask = ask_about(office, reader, record, now, arena);
    for (size_t i = 0; i < record->def->n_steps; i++) {
        steps[i].def = &record->def->steps[i];
        reasons_init(&steps[i].why_not, arena);
        why_not(&ask, steps[i].def, &steps[i].why_not);
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
