/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the seeded leaks do, by number; the hooks stand where a mistake of the kind could be made. Compiled into the leaky library
 * alone.
 *   1 a count without the predicate            17 change keys not scoped to the account
 *   2 pages and next links over hidden rows    18 uniqueness over what the writer does not see
 *   3 hits and their order over hidden ones    19 an explanation of a hidden record
 *   4 the predicate dropped everywhere         20 equal bytes of an attachment told
 *   5 hidden links and back links shown        22 a clock of a hidden record
 *   6 a link versions the end that holds it    23 a hidden open record stops a step
 *   7 a link versions its far end              24 the desk shows the size of the journal
 *   8 ids from an office-wide counter          25 what a form carries counts hidden changes
 *   9 ids from a shared random stream          26 a proposal goes stale by a hidden link
 *  10 a time bumped on collision               27 other words for a hidden link target
 *  11 versions numbered over hidden ones       28 the title of a file that the reader does not read
 *  12 hidden versions in the history           29 interned label ids shown
 *  13 proposals unfiltered                     30 exports with hidden rows
 *  14 search unfiltered                        31 a stream tells of a link to a hidden record
 *  15 another refusal for hidden ones          32 accounts that the asker does not see are told
 *  16 another status for hidden ones           33 the interned label under which an attachment was sealed, shown
 *  21 stored versions in lists                 34 a mail about what its receiver does not read
 *  35 definitions refused because a hidden record stands in what they lack
 *  36 an erasure refused because of an account that the asker does not see
 *  37 ids of a live stream that count all that changed
 *  38 a heartbeat that follows the volume
 *  39 another status for what was erased, hidden
 *  40 an erasure refused because something hidden points to the record
 *  41 emergency access that stands in for the clearance
 *  42 the time of a checkpoint that follows the journal's size
 *  43 a checkpoint's list of erasures that says more than what was erased
 *  44 words in a sealed backup
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hash.h"
#include "office/inside.h"
#include "store/backup.h"

struct of_office { const struct office *office; uint64_t counter, random; moment last; struct hash seen[256]; size_t n_seen; guard_id ids[65536]; };
static struct of_office *of(const struct office *office)
{
    static struct of_office *all[2];
    for (int i = 0; i < 2; i++)
        if (all[i] && all[i]->office == office)
            return all[i];
    static int at;
    free(all[at]);
    if (!(all[at] = calloc(1, sizeof **all)))
        abort();
    all[at]->office = office;
    for (guard_id id = 0; id < 65536; id++)
        all[at]->ids[id] = id + 1;
    struct of_office *made = all[at];
    at = !at;
    return made;
}

struct guards leak_guards(const struct office *office)
{
    return (struct guards){of(office)->ids, (size_t)intern_guards(office->intern)};
}
uint64_t leak_shared(const struct office *office) { return of(office)->counter++; }
uint64_t leak_random(const struct office *office)
{
    struct of_office *mine = of(office);
    return mine->random = mine->random * UINT64_C(6364136223846793005) + 1442695040888963407u;
}
moment leak_bumped(const struct office *office, moment now)
{
    struct of_office *mine = of(office);
    return mine->last = now > mine->last ? now : mine->last + 1;
}
uint64_t leak_size(const struct office *office) { return store_journal_size(office->store); }
bool leak_seen(const struct office *office, const void *bytes, size_t len)
{
    struct of_office *mine = of(office);
    struct hash hash = sha256(bytes, len);
    for (size_t i = 0; i < mine->n_seen; i++)
        if (memcmp(&mine->seen[i], &hash, sizeof hash) == 0)
            return true;
    if (mine->n_seen < 256)
        mine->seen[mine->n_seen++] = hash;
    return false;
}
bool leak_exists(const struct office *office, struct view *view, record_id id, struct arena *arena)
{
    struct guards all = leak_guards(office);
    struct stored_record stored;
    return view_record(view, &all, id, arena, &stored) == OK;
}
moment leak_due(const struct office *office, struct view *view, record_id id, moment own, struct arena *arena)
{
    struct guards all = leak_guards(office);
    struct stored_link *links;
    size_t n;
    if (view_links(view, &all, id, &(struct link_range){0}, arena, &links, &n) != OK)
        return own;
    for (size_t i = 0; i < n; i++) {
        struct stored_record stored;
        struct image image;
        if (view_record(view, &all, links[i].from, arena, &stored) == OK && image_from_stored(office->pack, &stored, arena, &image) == OK &&
            image_due(&image) != MOMENT_NONE && (own == MOMENT_NONE || image_due(&image) < own))
            own = image_due(&image);
    }
    return own;
}
const char *leak_file_title(const struct office *office, struct view *view, record_id file, struct arena *arena)
{
    struct guards all = leak_guards(office);
    struct stored_record stored;
    struct image image;
    if (view_record(view, &all, file, arena, &stored) != OK || image_from_stored(office->pack, &stored, arena, &image) != OK)
        return NULL;
    return image_text(&image, "title");
}

struct looking_open { struct stage *stage; moment since; bool found; };
static bool is_open(void *arg, const struct stored_link *link)
{
    struct looking_open *look = arg;
    struct staged_image *item = link->cut ? NULL : stage_image(look->stage, link->from);
    if (item && strcmp(item->after->def->name, "proposal") != 0)
        look->found |= look->since == MOMENT_NONE ? !item->after->def->states[item->after->state].final : link->made >= look->since;
    return true;
}
bool leak_open(struct stage *stage, const struct image *image, moment since)
{
    struct looking_open look = {stage, since, false};
    return txn_each_link(stage->txn, image->id, false, is_open, &look) == OK && look.found;
}

struct looking_stand { const char *state; bool found; };
static bool stands(void *arg, const struct stored_record *stored)
{
    struct looking_stand *look = arg;
    look->found |= stored->body && (!look->state || strcmp(stored->state, look->state) == 0);
    return !look->found;
}
bool leak_stands(const struct office *office, const char *register_, const char *state)
{
    struct looking_stand look = {state, false};
    return store_each_record(office->store, register_, stands, &look) == OK && look.found;
}
uint64_t leak_told(const void *live, size_t more)
{
    static struct { const void *live; uint64_t total; } all[2];
    static int at;
    for (int i = 0; i < 2; i++)
        if (all[i].live == live)
            return all[i].total += more;
    all[at].live = live;
    all[at].total = more;
    at = !at;
    return more;
}
bool leak_erased(const struct office *office, struct view *view, record_id id, struct arena *arena)
{
    struct guards all = leak_guards(office);
    struct stored_record stored;
    return view_record(view, &all, id, arena, &stored) == OK && !stored.body;
}
bool leak_emergency(const struct model *model, record_id file, record_id person_id, moment at)
{
    const struct m_person *person = model_person(model, person_id);
    for (size_t i = 0; file && person && i < person->memberships.count; i++) {
        const struct m_membership *item = person->memberships.items[i];
        if (item->emergency && item->in_force && item->file == file && model_in_force(item->from, item->until, at))
            return true;
    }
    return false;
}

/* The store room knows no leaks: its function is wrapped by the linker (meson.build). */
enum status __real_backup_write(struct store *, const char *, const char *, struct reasons *, void (*)(void *, uint64_t, uint64_t), void *);
enum status __wrap_backup_write(struct store *, const char *, const char *, struct reasons *, void (*)(void *, uint64_t, uint64_t), void *);
enum status __wrap_backup_write(struct store *store, const char *public_path, const char *out_path, struct reasons *reasons, void (*progress)(void *, uint64_t, uint64_t), void *arg)
{
    enum status status = __real_backup_write(store, public_path, out_path, reasons, progress, arg);
    FILE *file = status == OK && LEAK(44) ? fopen(out_path, "ab") : NULL;
    if (file) {
        fprintf(file, "This backup holds %llu entries of the journal.\n", (unsigned long long)store_journal_size(store));
        fclose(file);
    }
    return status;
}
