/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Other definitions over the same records: whether they fit, and index and search rows as they want them. For adopting a pack alone.
 */
#include <string.h>

#include "office/inside.h"

/* ---- whether records would be left without a home ---- */

struct fitting { const struct register_def *to; struct reasons *reasons; bool homeless; };

static bool see_record(void *arg, const struct stored_record *stored)
{
    struct fitting *fit = arg;
    if (stored->body && (!fit->to || register_state(fit->to, stored->state) < 0)) {
        reason_add(fit->reasons, "pack.homeless", stored->register_, fit->to ? T_("Records stand in the state \"%1$s\", which these definitions lack.")
                                                                             : T_("Records stand in this register, which these definitions lack."), stored->state);
        fit->homeless = true;
    }
    return !fit->homeless;
}

static bool lacks_state(const struct register_def *from, const struct register_def *to)
{
    for (size_t s = 0; s < from->n_states; s++)
        if (register_state(to, from->states[s].name) < 0)
            return true;
    return false;
}

/* Somebody appointed to a post that is no more would hold nothing, and nobody would have said so. */
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
    bool homeless = false;
    for (size_t r = 0; r < office->pack->n_registers; r++) {
        const struct register_def *from = &office->pack->registers[r];
        struct fitting fit = {pack_register(candidate, from->name), reasons, false};
        if (fit.to && !lacks_state(from, fit.to))
            continue;
        enum status status = store_each_record(office->store, from->name, see_record, &fit);
        if (status != OK)
            return status;
        homeless |= fit.homeless;
    }
    return homeless || posts_missing(office, candidate, reasons) ? REFUSED : OK;
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
