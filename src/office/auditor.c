/* SPDX-License-Identifier: GPL-3.0-or-later
 * See auditor.h. Entries are read in slices from the end; each is judged by itself before anything of it is kept.
 */
#include "office/auditor.h"

#include <string.h>

#include "base/text.h"
#include "office/inside.h"

#define SLICE 512
#define MOST_LOOKED_AT 100000

struct slice { struct arena *arena; struct entry entries[SLICE]; size_t n; };

static bool keep(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct slice *slice = arg;
    struct entry *entry = &slice->entries[slice->n];
    if (slice->n == SLICE)
        return false;
    if (entry_read(arena_strndup(slice->arena, leaf, len), len, slice->arena, NULL, entry) != OK)
        *entry = (struct entry){.position = position, .kind = "damaged", .label = -1};
    slice->n++;
    return true;
}

struct looked { record_id id, files[8]; size_t n_files; };
static bool add_file(void *arg, const struct stored_record *stored)
{
    struct looked *looked = arg;
    looked->id = stored->id;
    for (size_t i = 0; i < looked->n_files; i++)
        if (looked->files[i] == stored->file)
            return true;
    if (stored->file && looked->n_files < sizeof looked->files / sizeof *looked->files)
        looked->files[looked->n_files++] = stored->file;
    return true;
}

/* Whether the auditor is concerned: the record lies or lay in a file from which they are excluded, or is such a file, or names them. */
static bool concerned(struct office *office, const struct reader *reader, const char *number)
{
    record_id id = number ? number_id(number) : 0;
    struct looked looked = {0};
    if (!id)
        return false;
    if (store_each_version(office->store, id, add_file, &looked) != OK)
        return true;
    if (looked.n_files < sizeof looked.files / sizeof *looked.files)
        looked.files[looked.n_files++] = id;
    bool found = false;
    pthread_rwlock_rdlock(&office->lock);
    for (size_t i = 0; i < looked.n_files; i++)
        found |= model_excluded(office->published, looked.files[i], reader->person);
    pthread_rwlock_unlock(&office->lock);
    return found;
}

static bool wanted(const struct journal_query *query, const struct entry *entry, bool sealed)
{
    const struct { const char *want, *have; bool hidden; } all[] = {{query->kind, entry->kind, false}, {query->person, entry->person, sealed},
        {query->post, entry->post, sealed}, {query->step, entry->step, sealed}, {query->register_, entry->register_, sealed}};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].want && *all[i].want && (all[i].hidden || !str_eq(all[i].want, all[i].have)))
            return false;
    return (query->from == MOMENT_NONE || entry->time >= query->from) && (query->until == MOMENT_NONE || entry->time < query->until);
}

static void write_token(const struct office *office, const char *number, char token[TOKEN_TEXT])
{
    uint8_t key[32];
    char hex[65];
    office_key(office, "journal.token", key);
    struct hash hash = hmac_sha256(key, sizeof key, number, strlen(number));
    hex_write(hash.bytes, HASH_BYTES, hex);
    memcpy(token, hex, TOKEN_TEXT - 1);
    token[TOKEN_TEXT - 1] = 0;
}

static void take(struct office *office, const struct entry *entry, bool sealed, struct arena *arena, struct journal_fact *fact)
{
    *fact = (struct journal_fact){.position = entry->position, .time = entry->time, .kind = arena_strdup(arena, entry->kind), .sealed = sealed,
                                  .proven = office_proven(office, entry->position)};
    if (sealed)
        return;
    fact->person = entry->person ? arena_strdup(arena, entry->person) : NULL;
    fact->post = entry->post ? arena_strdup(arena, entry->post) : NULL;
    fact->step = entry->step ? arena_strdup(arena, entry->step) : NULL;
    fact->register_ = entry->register_ ? arena_strdup(arena, entry->register_) : NULL;
    if (!entry->register_ && !entry->record && entry->reason)
        fact->reason = arena_strdup(arena, entry->reason);
    fact->version = entry->version;
    if (entry->record)
        write_token(office, entry->record, fact->token);
}

enum status office_journal_page(struct office *office, const struct reader *reader, const struct journal_query *query, struct arena *arena, struct journal_page *ret)
{
    uint64_t size = store_journal_size(office->store), before = query->before && query->before < size ? query->before : size, looked_at = 0;
    size_t limit = query->limit ? query->limit : 100, n = 0;
    enum status status = OK;
    if (!reader_has_right(reader, "audit-journal"))
        return REFUSED;
    if (limit > 10000)
        limit = 10000;
    struct journal_fact *facts = ARENA_ARRAY(arena, struct journal_fact, limit + 1);
    while (status == OK && before && n < limit && looked_at < MOST_LOOKED_AT) {
        struct arena *work = arena_new((size_t)64 << 20);
        struct slice *slice = work ? ARENA_NEW(work, struct slice) : NULL;
        if (!slice)
            return NO_MEMORY;
        *slice = (struct slice){.arena = work};
        uint64_t from = before > SLICE ? before - SLICE : 0;
        status = store_each_entry(office->store, from, before, keep, slice);
        for (size_t i = slice->n; status == OK && i-- > 0 && n < limit; before = from + i) {
            const struct entry *entry = &slice->entries[i];
            const struct register_def *def = entry->register_ ? pack_register(office->pack, entry->register_) : NULL;
            bool sealed = def && def->sealed;
            if (wanted(query, entry, sealed) && !concerned(office, reader, entry->record))
                take(office, entry, sealed, arena, &facts[n++]);
        }
        looked_at += SLICE;
        if (slice->n == 0)
            before = 0;
        arena_free(work);
    }
    if (status == OK)
        *ret = (struct journal_page){facts, n, before};
    return status;
}
