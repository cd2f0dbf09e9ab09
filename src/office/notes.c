/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the journal learns beside changes: reads of records from a level on, sign-ins, exports, prints. A read entry is handed to the
 * writer and is durable within the next batch, which gathers reads for at most PATIENCE_MS; when one could not be written, reads that need one are refused until one can.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct note { struct job job; struct office *office; struct entry entry; struct arena *arena; const char *body; size_t len; bool is_read; };

static bool run(struct job *job, struct txn *txn)
{
    struct note *note = (struct note *)job;
    uint8_t salt[SALT_BYTES];
    uint64_t position;
    return append_entry(note->office, txn, &note->entry, note->body, note->len, salt, &position) == OK &&
           (!note->body || txn_put_body(txn, position, salt, note->body, note->len) == OK);
}
static void settled(struct job *job, bool committed)
{
    struct note *note = (struct note *)job;
    if (note->is_read)
        atomic_store(&note->office->reads_failed, !committed);
    arena_free(note->arena);
}

static struct note *make(struct office *office, const char *kind, moment now)
{
    struct arena *arena = arena_new((size_t)4 << 20);
    if (!arena)
        return NULL;
    struct note *note = ARENA_NEW(arena, struct note);
    *note = (struct note){.job = {.run = run, .settled = settled}, .office = office, .arena = arena,
                          .entry = {.time = now, .kind = arena_strdup(arena, kind), .label = -1}};
    return note;
}

static enum status submit(struct note *note)
{
    enum status status = store_submit(note->office->store, &note->job);
    if (status != OK)
        arena_free(note->arena);
    return status;
}

static bool journalled(const struct office *office, const struct record_view *record)
{
    const struct label_slot *slot = intern_label(office->intern, record->label_id);
    if (record->def->journal_reads != READS_POLICY)
        return record->def->journal_reads == READS_ALWAYS;
    return slot->policy && slot->rank >= slot->read_journal;
}

enum status office_note_read(struct office *office, const struct reader *reader, const struct record_view *const *records, size_t n,
                             const char *kind, moment now)
{
    struct note *note = NULL;
    struct val *list = NULL;
    struct buf text;
    for (size_t i = 0; i < n; i++) {
        if (!journalled(office, records[i]))
            continue;
        if (!note) {
            if (!(note = make(office, kind, now)))
                return NO_MEMORY;
            list = val_array(note->arena);
        }
        val_push(note->arena, list, val_strf(note->arena, "%s/%lld", records[i]->number, (long long)records[i]->stored_version));
    }
    if (!note)
        return OK;
    note->is_read = true;
    note->entry.person = arena_strdup(note->arena, reader->person_number);
    note->entry.account = arena_strdup(note->arena, reader->account_number);
    note->entry.post = reader->holder->post->name;
    buf_init(&text, 4 << 20);
    if (json_canonical(&text, list) == OK && !text.failed) {
        note->body = arena_strndup(note->arena, text.data, text.len);
        note->len = text.len;
    }
    buf_free(&text);
    /* After a failure the next read waits for its own entry: it is shown only when that one is durable. */
    if (atomic_load(&office->reads_failed)) {
        bool committed;
        enum status status = store_perform(office->store, &note->job, &committed);
        return status == OK && committed ? OK : REFUSED;
    }
    note->job.patient = true;
    return submit(note) == OK ? OK : REFUSED;
}

enum status office_note_event(struct office *office, record_id account, record_id appointment, const char *kind, const char *reason, moment now)
{
    struct note *note = make(office, kind, now);
    if (!note)
        return NO_MEMORY;
    pthread_rwlock_rdlock(&office->lock);
    const struct m_account *of = idmap_get(&office->published->accounts, account);
    const struct m_appointment *seat = idmap_get(&office->published->appointments, appointment);
    const struct register_def *accounts = pack_register(office->pack, "account"), *persons = pack_register(office->pack, "person");
    char number[NUMBER_TEXT];
    if (of && accounts && persons) {
        number_write(accounts, account, now, number);
        note->entry.account = arena_strdup(note->arena, number);
        number_write(persons, of->person, now, number);
        note->entry.person = arena_strdup(note->arena, number);
    }
    if (seat && seat->post)
        note->entry.post = seat->post->name;
    pthread_rwlock_unlock(&office->lock);
    note->entry.reason = reason ? arena_strdup(note->arena, reason) : NULL;
    return submit(note);
}
