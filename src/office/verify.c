/* SPDX-License-Identifier: GPL-3.0-or-later
 * See verify.h. Rows are compared by sums of hashes a record: no order is needed, and a difference names its record.
 */
#include "office/verify.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "office/verify_inner.h"

void differ(struct verifying *all, const char *rule, const char *where, const char *english)
{
    all->verdict->differences++;
    reason_add(all->reasons, rule, where, english);
}
void differ_number(struct verifying *all, int64_t id, const char *rule, const char *english)
{
    char digits[ID_DIGITS + 1];
    crockford_write((uint64_t)id & (uint64_t)ID_MASK, ID_DIGITS, digits);
    differ(all, rule, digits, english);
}

struct expected *expect(struct idmap *map, int64_t id)
{
    struct expected *known = idmap_get(map, id);
    if (!known && id) {
        known = calloc(1, sizeof *known);
        if (!known)
            abort();
        idmap_put(map, id, known);
    }
    return known;
}

/* ---- the pass over the journal ---- */

static void hear_entry(void *arg, const struct entry *entry)
{
    struct verifying *all = arg;
    struct expected *known = NULL;
    if (str_eq(entry->kind, "change"))
        known = expect(&all->records, number_id(entry->record));
    else if (str_eq(entry->kind, "link"))
        known = expect(&all->links, number_id(entry->record));
    else if (str_eq(entry->kind, "label"))
        known = expect(&all->labels, entry->label);
    else if (str_eq(entry->kind, "pack"))
        all->packs++;
    else if (str_eq(entry->kind, "erasure"))
        idmap_put(&all->erasures, (int64_t)entry->position + 1, &all->erasures);
    if (str_eq(entry->kind, "change"))
        all->changes++;
    else if (entry->has_commitment)
        idmap_put(&all->bodies, (int64_t)entry->position + 1, all);
    if (known) {
        known->version = entry->version;
        known->position = entry->position;
        idmap_put(&all->by_position, (int64_t)entry->position + 1, known);
    }
}

static void hear_erased(void *arg, uint64_t position, uint64_t by)
{
    struct verifying *all = arg;
    struct expected *known = idmap_get(&all->by_position, (int64_t)position + 1);
    (void)by;
    if (known)
        known->erased = true;
}

static void hear_progress(void *arg, uint64_t done)
{
    struct verifying *all = arg;
    if (all->progress)
        all->progress(all->arg, done);
}

struct passing { journal_each_leaf each; void *arg; };
static bool pass_leaf(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct passing *passing = arg;
    return passing->each(passing->arg, position, leaf, len);
}
static enum status leaves(void *arg, uint64_t from, uint64_t to, journal_each_leaf each, void *each_arg)
{
    struct passing passing = {each, each_arg};
    return store_each_entry(((struct verifying *)arg)->office->store, from, to, pass_leaf, &passing);
}
static enum status body(void *arg, uint64_t position, struct arena *arena, uint8_t salt[SALT_BYTES], const char **ret, size_t *ret_len)
{
    return store_body_at(((struct verifying *)arg)->office->store, position, arena, salt, ret, ret_len);
}

static char *read_text(struct arena *arena, const char *path, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = arena_alloc(arena, NOTE_MAX + 1);
    ssize_t n = fd >= 0 ? read(fd, text, NOTE_MAX) : -1;
    if (fd >= 0)
        close(fd);
    *ret_len = n > 0 ? (size_t)n : 0;
    return n > 0 ? text : NULL;
}

static int is_note(const struct dirent *entry) { return str_ends(entry->d_name, ".note"); }

static void load_notes(struct verifying *all, const char *folder, struct journal_options *options)
{
    struct dirent **names;
    const char *path = arena_printf(all->arena, "%s/checkpoints", folder);
    int n = scandir(path, &names, is_note, alphasort);
    struct journal_note *notes = ARENA_ARRAY(all->arena, struct journal_note, (size_t)(n > 0 ? n : 0) + 1);
    for (int i = 0; i < n; i++) {
        struct journal_note note = {.name = arena_strdup(all->arena, names[i]->d_name)};
        note.text = read_text(all->arena, arena_printf(all->arena, "%s/%s", path, names[i]->d_name), &note.len);
        if (note.text)
            notes[options->n_notes++] = note;
        free(names[i]);
    }
    if (n >= 0)
        free(names);
    options->notes = notes;
    size_t len;
    char *key = read_text(all->arena, arena_printf(all->arena, "%s/signer.pub", folder), &len);
    while (key && len && (key[len - 1] == '\n' || key[len - 1] == ' '))
        key[--len] = 0;
    options->public_key_line = key;
    if (!key && options->n_notes) {
        differ(all, "verify.key", "signer.pub", T_("The signer's public key is missing; the checkpoints cannot be checked."));
        options->n_notes = 0;
    }
}

/* ---- tables ---- */

uint64_t row_hash(uint32_t kind, uint32_t guard, const void *key, size_t len, int64_t number)
{
    uint64_t h = UINT64_C(14695981039346656037) ^ kind;
    const uint8_t *bytes = key;
    for (size_t i = 0; i < len; i++)
        h = (h ^ bytes[i]) * UINT64_C(1099511628211);
    h ^= (uint64_t)guard * UINT64_C(0x9e3779b97f4a7c15);
    h ^= (uint64_t)number * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 31)) * UINT64_C(0x94d049bb133111eb);
    return h ^ (h >> 29);
}

uint64_t header_hash(guard_id guard, label_id label, record_id file, const char *state, int64_t version, moment updated)
{
    return row_hash((uint32_t)label, (uint32_t)guard, state ? state : "", state ? strlen(state) : 0, updated) ^
           row_hash(1, 2, &file, sizeof file, version);
}

bool right_guard(const struct verifying *all, guard_id id, const struct image *image)
{
    const struct stored_guard *guard = id >= 1 && id <= intern_guards(all->office->intern) ? intern_guard(all->office->intern, id) : NULL;
    const struct register_def *def = image->def;
    const char *of = strcmp(def->name, "proposal") == 0 ? image_text(image, "register") : NULL;
    if (of && pack_register(all->office->pack, of))
        def = pack_register(all->office->pack, of);
    return guard && guard->register_ == all->office->plans[def->index].register_ && guard->label == image->label &&
           guard->file == image->file && guard->party == image->party;
}

static void expect_rows(struct verifying *all, struct arena *arena, const struct image *image, guard_id guard, struct expected *known)
{
    struct index_key *keys;
    const char **terms;
    size_t n = index_keys(&all->office->plans[image->def->index], image, arena, &keys);
    /* The same key twice is one row, in the order of the store's own lists. */
    for (size_t i = 0; i < n; i++) {
        bool again = false;
        for (size_t k = 0; k < i && !again; k++)
            again = keys[k].field == keys[i].field && keys[k].len == keys[i].len && memcmp(keys[k].key, keys[i].key, keys[i].len) == 0;
        if (again)
            continue;
        known->rows += row_hash((uint32_t)keys[i].field, (uint32_t)guard, keys[i].key, keys[i].len, 0);
        known->listed += row_hash((uint32_t)keys[i].field, (uint32_t)guard, keys[i].key, keys[i].len, image->updated);
    }
    n = index_terms(image, arena, &terms);
    for (size_t i = 0; i < n; i++) {
        known->postings += row_hash(0, (uint32_t)guard, terms[i], strlen(terms[i]), image->updated);
        known->listed += row_hash(0, (uint32_t)guard, terms[i], strlen(terms[i]), image->updated);
    }
}

static bool check_record(void *arg, const struct stored_record *stored)
{
    struct verifying *all = arg;
    struct expected *known = idmap_get(&all->records, stored->id);
    struct arena *arena = all->office->batch_arena;
    struct image image;
    all->verdict->records++;
    if (!known) {
        differ(all, "verify.record", stored->number, T_("This record stands in the tables, but the journal has no entry of it."));
        return true;
    }
    known->seen = true;
    known->guard = stored->guard;
    known->header = header_hash(stored->guard, stored->label, stored->file, stored->state, stored->version, stored->updated);
    if ((uint64_t)stored->version != known->version || stored->position != known->position)
        differ(all, "verify.version", stored->number, T_("The table holds another version of this record than the journal's last."));
    if (!stored->body)
        return true;                           /* erased, or missing: the journal's pass has said which */
    if (image_from_stored(all->office->pack, stored, arena, &image) != OK)
        differ(all, "verify.body", stored->number, T_("The body of this record cannot be read."));
    else if (!str_eq(image.number, stored->number) || image.id != stored->id || !str_eq(image.def->name, stored->register_) ||
             !str_eq(image.def->states[image.state].name, stored->state) || image.version != stored->version ||
             image.created != stored->created || image.updated != stored->updated || image.label != stored->label || image.file != stored->file)
        differ(all, "verify.header", stored->number, T_("The table's row of this record differs from its body."));
    else if (!right_guard(all, stored->guard, &image))
        differ(all, "verify.guard", stored->number, T_("The guard of this record does not follow from its label, file and register."));
    else
        expect_rows(all, arena, &image, stored->guard, known);
    arena_clear(arena);
    return true;
}

static bool check_value(void *arg, field_id field, guard_id guard, const void *key, size_t len, record_id record)
{
    struct verifying *all = arg;
    struct expected *known = expect(&all->records, record);
    all->verdict->rows++;
    if (!known)
        differ(all, "verify.index", NULL, T_("An index row of no record stands in the tables."));
    else
        known->rows -= row_hash((uint32_t)field, (uint32_t)guard, key, len, 0);
    return true;
}
static bool check_posting(void *arg, const void *term, size_t len, guard_id guard, moment updated, record_id record)
{
    struct verifying *all = arg;
    struct expected *known = expect(&all->records, record);
    all->verdict->postings++;
    if (!known)
        differ(all, "verify.postings", NULL, T_("A search row of no record stands in the tables."));
    else
        known->postings -= row_hash(0, (uint32_t)guard, term, len, updated);
    return true;
}
static bool check_link(void *arg, const struct stored_link *link)
{
    struct verifying *all = arg;
    struct expected *known = idmap_get(&all->links, link->id);
    char digits[ID_DIGITS + 1];
    crockford_write((uint64_t)link->id, ID_DIGITS, digits);
    all->verdict->links++;
    if (!known)
        differ(all, "verify.link", digits, T_("This link stands in the tables, but the journal has no entry of it."));
    else if (link->position != known->position || link->cut != (known->version == 2))
        differ(all, "verify.link", digits, T_("The table's row of this link differs from the journal."));
    if (known) {
        known->seen = true;
        known->link = known->link ? known->link : malloc(sizeof *link);
        if (!known->link)
            abort();
        *known->link = *link;
    }
    return true;
}
static bool check_label(void *arg, label_id id, const char *text)
{
    struct verifying *all = arg;
    struct expected *known = idmap_get(&all->labels, id);
    all->verdict->labels++;
    if (!known)
        differ(all, "verify.label", text, T_("This label stands in the tables, but the journal has no entry of it."));
    else
        known->seen = true;
    return true;
}
static bool check_side(void *arg, const char *table, record_id owner, const char *key, bool good)
{
    struct verifying *all = arg;
    (void)owner;
    (void)key;
    all->verdict->side_rows++;
    if (!good) {
        all->verdict->side_damaged++;
        reason_add(all->reasons, "verify.side", table, T_("A side row's seal does not fit: it was changed outside the program."));
    }
    return true;
}

static void check_left_over(struct verifying *all)
{
    int64_t id;
    void *value;
    for (size_t walk = 0; idmap_next(&all->records, &walk, &id, &value);) {
        const struct expected *known = value;
        if (!known->seen && !known->erased)
            differ_number(all, id, "verify.missing", T_("The journal has a record that the tables lack."));
        else if (known->rows)
            differ_number(all, id, "verify.index", T_("Index rows of this record differ from what its body gives."));
        else if (known->postings)
            differ_number(all, id, "verify.postings", T_("Search rows of this record differ from what its body gives."));
    }
    for (size_t walk = 0; idmap_next(&all->links, &walk, &id, &value);)
        if (!((struct expected *)value)->seen)
            differ_number(all, id, "verify.missing", T_("The journal has a link that the tables lack."));
    for (size_t walk = 0; idmap_next(&all->labels, &walk, &id, &value);)
        if (!((struct expected *)value)->seen)
            differ_number(all, id, "verify.missing", T_("The journal has a label that the tables lack."));
}

/* Labels' texts against the bodies that their entries commit to. */
static void check_label_texts(struct verifying *all)
{
    int64_t id;
    void *value;
    for (size_t walk = 0; idmap_next(&all->labels, &walk, &id, &value);) {
        const struct expected *known = value;
        uint8_t salt[SALT_BYTES];
        const char *text;
        size_t len;
        if (!known->seen || id > intern_labels(all->office->intern))
            continue;
        if (store_body_at(all->office->store, known->position, all->arena, salt, &text, &len) != OK ||
            strlen(intern_label(all->office->intern, (label_id)id)->text) != len ||
            memcmp(intern_label(all->office->intern, (label_id)id)->text, text, len) != 0)
            differ(all, "verify.label", intern_label(all->office->intern, (label_id)id)->text, T_("The label's text differs from its entry."));
    }
}

static enum status check_tables(struct verifying *all)
{
    struct store *store = all->office->store;
    enum status status = OK;
    for (size_t r = 0; status == OK && r < all->office->pack->n_registers; r++)
        status = store_each_record(store, all->office->pack->registers[r].name, check_record, all);
    if (status == OK)
        status = store_each_value(store, check_value, all);
    if (status == OK)
        status = store_each_posting(store, check_posting, all);
    if (status == OK)
        status = store_each_link(store, check_link, all);
    if (status == OK)
        status = store_each_label(store, check_label, all);
    if (status == OK)
        status = store_each_side(store, check_side, all);
    if (status == OK)
        status = verify_rows(all);
    check_left_over(all);
    check_label_texts(all);
    verify_files(all);
    return status;
}

static void free_map(struct idmap *map)
{
    void *value;
    for (size_t walk = 0; idmap_next(map, &walk, NULL, &value);)
        free(value);
    idmap_free(map);
}

enum status office_verify(struct office *office, const char *folder, bool journal_only, void (*progress)(void *, uint64_t), void *arg,
                          struct arena *arena, struct reasons *reasons, struct office_verdict *ret)
{
    struct verifying all = {.office = office, .arena = arena, .reasons = reasons, .verdict = ret, .folder = folder, .progress = progress, .arg = arg};
    *ret = (struct office_verdict){0};
    enum status ready = journal_only ? OK : store_move_fresh(office->store);
    if (ready != OK)
        return ready;
    struct journal_source source = {.arg = &all, .size = store_journal_size(office->store), .leaves = leaves,
                                    .stored = store_tree(office->store), .body = body};
    struct journal_options options = {.entry = journal_only ? NULL : hear_entry, .erased = journal_only ? NULL : hear_erased,
                                      .progress = hear_progress, .arg = &all};
    load_notes(&all, folder, &options);
    enum status status = journal_verify(&source, &options, arena, reasons, &ret->journal);
    if ((status == OK || status == DAMAGED) && !journal_only) {
        enum status tables = check_tables(&all);
        if (tables != OK)
            status = tables;
        else if (ret->differences || ret->side_damaged)
            status = DAMAGED;
    } else if (status == OK && ret->differences) {
        status = DAMAGED;
    }
    verify_rows_free(&all);
    free_map(&all.records);
    free_map(&all.links);
    free_map(&all.labels);
    idmap_free(&all.by_position);
    return status;
}
