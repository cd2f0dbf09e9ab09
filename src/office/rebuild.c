/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Other definitions over the same records: whether they fit, and index and search rows as they want them. For adopting a pack alone.
 */
#include <string.h>

#include "office/inside.h"
#include "office/leaks.h"

/* ---- whether records would be left without a home ---- */

/* What is in force stays in the candidate, whether or not records stand in it. Nothing is counted: a refusal that came only where a record
   stands would tell the proposer that there is one, which they may not read. */
static bool lacks(struct office *office, const struct register_def *from, const char *state, struct reasons *reasons)
{
    if (LEAK(35) && !leak_stands(office, from->name, state))
        return false;
    struct reason *why = state ? reason_add(reasons, "pack.homeless", from->name, T_("These definitions lack the state \"%1$s\", which stays, whether or not a record stands in it."), state)
                               : reason_add(reasons, "pack.homeless", from->name, T_("These definitions lack this register, which stays, whether or not it holds a record."));
    reason_next(reasons, why, state ? T_("Leave the state in, and take away the steps that lead to it.") : T_("Leave the register in, and take the right to create records away from the posts."));
    return true;
}

static bool homeless(struct office *office, const struct pack *candidate, struct reasons *reasons)
{
    bool any = false;
    for (size_t r = 0; r < office->pack->n_registers; r++) {
        const struct register_def *from = &office->pack->registers[r], *to = pack_register(candidate, from->name);
        if (!to)
            any |= lacks(office, from, NULL, reasons);
        for (size_t s = 0; to && s < from->n_states; s++)
            if (register_state(to, from->states[s].name) < 0)
                any |= lacks(office, from, from->states[s].name, reasons);
    }
    return any;
}

/* Somebody appointed to a post that is no more would hold nothing, and nobody would have said so. Whoever asks sees the appointments
   (adopt.c), and these have one fixed label and no file: so the answer tells what they may read. */
static bool posts_missing(struct office *office, const struct pack *candidate, struct reasons *reasons)
{
    const char *missing = NULL;
    void *value;
    pthread_rwlock_rdlock(&office->lock);
    for (size_t walk = 0; !missing && idmap_next(&office->published->appointments, &walk, NULL, &value);) {
        const struct m_appointment *seat = value;
        if (seat->in_force && seat->post && !pack_post(candidate, seat->post->name))
            missing = seat->post->name;
    }
    pthread_rwlock_unlock(&office->lock);
    if (missing)
        reason_add(reasons, "pack.post", missing, T_("Somebody is appointed to this post, which these definitions lack."));
    return missing;
}

enum status pack_fits_records(struct office *office, const struct pack *candidate, struct reasons *reasons)
{
    bool without_home = homeless(office, candidate, reasons);
    return posts_missing(office, candidate, reasons) || without_home ? REFUSED : OK;
}

/* ---- rows ---- */

struct rebuilding { struct office *office; struct txn *txn; struct arena *arena; enum status status; };

static bool rebuild_record(void *arg, const struct stored_record *stored)
{
    struct rebuilding *all = arg;
    struct image image;
    struct index_key *keys;
    const char **terms;
    if (!stored->body)
        return true;
    all->status = image_from_stored(all->office->pack, stored, all->arena, &image);
    if (all->status == OK) {
        size_t n_keys = index_keys(&all->office->plans[image.def->index], &image, all->arena, &keys), n_terms = index_terms(&image, all->arena, &terms);
        all->status = txn_put_index(all->txn, image.id, stored->guard, image.updated, keys, n_keys, terms, n_terms);
    }
    arena_clear(all->arena);
    return all->status == OK;
}

enum status rebuild_indexes(struct office *office, struct txn *txn)
{
    struct rebuilding all = {office, txn, arena_new((size_t)256 << 20), OK};
    enum status status = all.arena ? OK : NO_MEMORY;
    for (size_t r = 0; status == OK && r < office->pack->n_registers; r++) {
        status = store_each_record(office->store, office->pack->registers[r].name, rebuild_record, &all);
        status = status == OK ? all.status : status;
    }
    arena_free(all.arena);
    return status;
}
