/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Readers: a person in a post, with every guard decided once. Kept as long as nothing that bears on access changed and no
 * validity began or ended; new guards are decided when they first matter. Shared between threads, never changed.
 */
#include <stdlib.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

static void *must(void *memory)
{
    if (!memory)
        abort();
    return memory;
}

static void release(struct reader *reader)
{
    if (atomic_fetch_sub(&reader->references, 1) != 1)
        return;
    if (reader->base)
        release(reader->base);
    else
        holder_free(reader->holder);
    free(reader->name);
    for (int lang = 0; lang < LANG_COUNT; lang++)
        free(reader->clearances[lang]);
    free(reader->bits);
    free(reader->all);
    free(reader->of_register);
    free(reader->grouped);
    free(reader);
}
void reader_free(const struct reader *reader)
{
    if (reader)
        release((struct reader *)reader);
}

static void number_of(const struct office *office, const char *register_, record_id id, char out[NUMBER_TEXT])
{
    const struct register_def *def = pack_register(office->pack, register_);
    char digits[ID_DIGITS + 1];
    crockford_write((uint64_t)id, ID_DIGITS, digits);
    snprintf(out, NUMBER_TEXT, "%s-%s", def ? def->prefix : "REC", digits);
}

/* Decides the guards that came since `reader->seen`, then lays the lists out anew. */
static void decide_guards(struct reader *reader, guard_id upto)
{
    struct office *office = reader->office;
    int32_t n_registers = office->access.n_registers;
    size_t *counts = must(calloc((size_t)n_registers + 1, sizeof *counts));
    reader->bits = must(realloc(reader->bits, (size_t)upto + 1));
    if (!reader->seen)
        reader->bits[0] = 0;
    for (guard_id id = reader->seen + 1; id <= upto; id++)
        reader->bits[id] = holder_guard(reader->holder, office->published, intern_guard(office->intern, id), NULL);
    reader->seen = upto;
    size_t n = 0;
    for (guard_id id = 1; id <= upto; id++)
        if (reader->bits[id]) {
            n++;
            counts[intern_guard(office->intern, id)->register_]++;
        }
    reader->all = must(realloc(reader->all, (n + 1) * sizeof *reader->all));
    reader->grouped = must(realloc(reader->grouped, (n + 1) * sizeof *reader->grouped));
    reader->of_register = must(realloc(reader->of_register, ((size_t)n_registers + 1) * sizeof *reader->of_register));
    guard_id *at = reader->grouped;
    for (int32_t r = 0; r < n_registers; r++) {
        reader->of_register[r] = (struct guards){at, 0};
        at += counts[r];
    }
    reader->n_all = 0;
    for (guard_id id = 1; id <= upto; id++)
        if (reader->bits[id]) {
            struct guards *of = &reader->of_register[intern_guard(office->intern, id)->register_];
            ((guard_id *)of->ids)[of->count++] = id;
            reader->all[reader->n_all++] = id;
        }
    free(counts);
}

static struct reader *make(struct office *office, const struct m_account *account, const struct m_appointment *seat, moment now)
{
    const struct m_person *person = model_person(office->published, account->person);
    struct reader *reader = must(calloc(1, sizeof *reader));
    atomic_init(&reader->references, 1);
    reader->office = office;
    reader->account = account->id;
    reader->person = account->person;
    reader->appointment = seat->id;
    reader->holder = holder_new(&office->access, office->published, account->person, seat->id, seat->post, now);
    reader->at = now;
    reader->until = reader->holder->until;
    reader->generation = reader->holder->generation;
    number_of(office, "person", account->person, reader->person_number);
    number_of(office, "account", account->id, reader->account_number);
    size_t len = strlen(person->name ? person->name : "") + strlen(person->given ? person->given : "") + 2;
    reader->name = must(malloc(len));
    snprintf(reader->name, len, "%s%s%s", person->given ? person->given : "", person->given ? " " : "", person->name ? person->name : "");
    decide_guards(reader, intern_guards(office->intern));
    return reader;
}

/* The same person in the same post, of whom guards came since and nothing else changed: what was decided stays decided. */
static struct reader *extend(struct reader *former)
{
    struct reader *reader = must(calloc(1, sizeof *reader));
    struct reader *base = former->base ? former->base : former;
    *reader = (struct reader){.office = former->office, .holder = former->holder, .account = former->account, .person = former->person,
        .appointment = former->appointment, .at = former->at, .until = former->until, .generation = former->generation, .seen = former->seen};
    memcpy(reader->person_number, former->person_number, sizeof reader->person_number);
    memcpy(reader->account_number, former->account_number, sizeof reader->account_number);
    atomic_init(&reader->references, 1);
    atomic_fetch_add(&base->references, 1);
    reader->base = base;
    reader->name = must(strdup(former->name));
    reader->bits = must(malloc((size_t)former->seen + 1));
    memcpy(reader->bits, former->bits, (size_t)former->seen + 1);
    decide_guards(reader, intern_guards(reader->office->intern));
    return reader;
}

static bool same_seat(const struct reader *reader, record_id account, record_id appointment)
{
    return reader && reader->account == account && reader->appointment == appointment;
}
/* Nothing that bears on what was decided has changed, and no validity began or ended. */
static bool holds(const struct reader *reader, const struct office *office, moment now)
{
    return reader->at <= now && now < reader->until && reader->generation == office->published->generation;
}

/* The slot of a seat: the one that it has, else a free one, else the first of its few. Under the readers' lock. */
static struct reader **slot_of(struct office *office, record_id account, record_id appointment)
{
    struct reader **first = &office->readers[(uint64_t)appointment % (READER_SLOTS / READER_WAYS) * READER_WAYS], **free_one = NULL;
    for (size_t i = 0; i < READER_WAYS; i++) {
        if (same_seat(first[i], account, appointment))
            return &first[i];
        if (!first[i] && !free_one)
            free_one = &first[i];
    }
    return free_one ? free_one : first + ((uint64_t)appointment / READER_SLOTS) % READER_WAYS;
}

/* A reference to what is kept for a seat; NULL. Under the readers' lock. */
static struct reader *kept(struct office *office, record_id account, record_id appointment)
{
    struct reader *reader = *slot_of(office, account, appointment);
    if (!same_seat(reader, account, appointment))
        return NULL;
    atomic_fetch_add(&reader->references, 1);
    return reader;
}

static void keep(struct office *office, struct reader *reader)
{
    atomic_fetch_add(&reader->references, 1);
    pthread_mutex_lock(&office->readers_lock);
    struct reader **slot = slot_of(office, reader->account, reader->appointment), *former = *slot;
    *slot = reader;
    pthread_mutex_unlock(&office->readers_lock);
    if (former)
        release(former);
}

enum status reader_open(struct office *office, record_id account_id, record_id appointment, moment now, struct reasons *reasons,
                        const struct reader **ret)
{
    struct reader *found = NULL, *former;
    enum status status = OK;
    pthread_rwlock_rdlock(&office->lock);
    pthread_mutex_lock(&office->readers_lock);
    former = kept(office, account_id, appointment);
    pthread_mutex_unlock(&office->readers_lock);
    if (former && holds(former, office, now)) {
        found = former;
        former = NULL;
        if (found->seen != intern_guards(office->intern)) {
            former = found;
            found = extend(former);
            keep(office, found);
        }
    } else {
        const struct m_account *account = idmap_get(&office->published->accounts, account_id);
        const struct m_appointment *seat = idmap_get(&office->published->appointments, appointment);
        if (!account || !account->active || !seat || seat->person != account->person || !model_appointed(office->published, seat, now)) {
            reason_add(reasons, "reader", NULL, T_("The account or the appointment is not in force."));
            status = REFUSED;
        } else {
            found = make(office, account, seat, now);
            keep(office, found);
        }
    }
    if (former)
        release(former);
    pthread_rwlock_unlock(&office->lock);
    if (found)
        *ret = found;
    return status;
}

/* ---- what a reader is ---- */

bool reader_has_right(const struct reader *reader, const char *right) { return reader && holder_right(reader->holder, right); }
const struct post_def *reader_post(const struct reader *reader) { return reader->holder->post; }
record_id reader_person(const struct reader *reader) { return reader->person; }
record_id reader_account(const struct reader *reader) { return reader->account; }
record_id reader_appointment(const struct reader *reader) { return reader->appointment; }
const char *reader_person_number(const struct reader *reader) { return reader->person_number; }
const char *reader_account_number(const struct reader *reader) { return reader->account_number; }
const char *reader_person_name(const struct reader *reader) { return reader->name; }
moment reader_at(const struct reader *reader) { return reader->at; }
bool reader_sees(const struct reader *reader, const struct register_def *def)
{
    return holder_any_right(reader->holder, def->seen_by, def->n_seen_by);
}
bool reader_may(const struct reader *reader, guard_id guard)
{
    return guard > 0 && guard <= reader->seen && reader->bits[guard];
}

struct guards reader_guards(const struct reader *reader, const struct register_def *def)
{
    if (!def)
        return (struct guards){reader->all, reader->n_all};
    return reader->of_register[reader->office->plans[def->index].register_];
}

/* The highest class of a clearance, marked as a label of that class alone. */
static const char *highest_class(const struct policies *policies, const struct clearance *clearance, enum lang lang, struct arena *arena)
{
    const struct policy *policy = policies_find(policies, clearance->policy);
    struct label label = {.policy = clearance->policy};
    int highest = -1;
    for (unsigned i = 0; policy && i < clearance->n_classes; i++)
        if (policy_class_rank(policy, clearance->classes[i]) > highest) {
            highest = policy_class_rank(policy, clearance->classes[i]);
            label.class_lacv = clearance->classes[i];
        }
    return highest < 0 ? NULL : label_marking(policies, &label, MARK_PAGE, lang, arena);
}

const char *reader_clearance_words(const struct reader *reader, enum lang lang)
{
    _Atomic(char *) *kept = &((struct reader *)reader)->clearances[lang];
    char *text = atomic_load_explicit(kept, memory_order_acquire), *none = NULL;
    if (text)
        return text;
    struct arena *arena = arena_new(0);
    const char *all = "";
    if (!arena)
        abort();
    for (size_t i = 0; i < reader->holder->n_clearances; i++) {
        const char *words = highest_class(reader->office->policies, reader->holder->clearances[i], lang, arena);
        if (words)
            all = *all ? arena_printf(arena, "%s, %s", all, words) : words;
    }
    text = must(strdup(all));
    arena_free(arena);
    if (!atomic_compare_exchange_strong(kept, &none, text)) {      /* another thread was first */
        free(text);
        text = none;
    }
    return text;
}

/* ---- label choices ---- */

static bool may_use(const struct reader *reader, const struct policy *policy, const char *class_lacv)
{
    struct label label = {.policy = policy_oid(policy), .class_lacv = class_lacv};
    struct arena *arena = arena_new(0);
    struct reasons scratch;
    if (!arena)
        abort();
    reasons_init(&scratch, arena);
    bool may = label_usable(reader->office, reader->holder, &label, &scratch);
    arena_free(arena);
    return may;
}

struct val *reader_label_choices(const struct reader *reader, const struct register_def *def, enum lang lang, struct arena *arena)
{
    const struct policies *policies = reader->office->policies;
    struct val *all = val_array(arena);
    (void)def;
    for (unsigned p = 0; p < policies_count(policies); p++) {
        const struct policy *policy = policies_at(policies, p);
        struct val *about = policy_describe(policy, lang, reader->at, arena), *kept = val_array(arena);
        const struct val *classes = val_get(about, "classes");
        for (size_t c = 0; c < val_count(classes); c++)
            if (may_use(reader, policy, val_get_str(val_at(classes, c), "lacv")))
                val_push(arena, kept, val_at(classes, c));
        val_set(arena, about, "classes", kept);
        if (kept->count)
            val_push(arena, all, about);
    }
    return all;
}

/* ---- seats ---- */

record_id office_account(struct office *office, const char *login, bool *ret_active)
{
    pthread_rwlock_rdlock(&office->lock);
    record_id id = model_account(office->published, login);
    const struct m_account *account = idmap_get(&office->published->accounts, id);
    *ret_active = account && account->active;
    pthread_rwlock_unlock(&office->lock);
    return id;
}

size_t office_seats(struct office *office, record_id account_id, moment now, struct arena *arena, struct seat **ret)
{
    size_t n = 0;
    pthread_rwlock_rdlock(&office->lock);
    const struct m_account *account = idmap_get(&office->published->accounts, account_id);
    const struct m_person *person = account && account->active ? model_person(office->published, account->person) : NULL;
    struct seat *seats = ARENA_ARRAY(arena, struct seat, (person ? person->appointments.count : 0) + 1);
    for (size_t i = 0; person && i < person->appointments.count; i++) {
        const struct m_appointment *seat = person->appointments.items[i];
        if (model_appointed(office->published, seat, now))
            seats[n++] = (struct seat){seat->id, seat->post, seat->from, seat->until, seat->deputy_for != 0};
    }
    pthread_rwlock_unlock(&office->lock);
    *ret = seats;
    return n;
}
