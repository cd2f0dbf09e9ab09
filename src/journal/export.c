/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing the export of a journal through a writer's face. Entries go out exactly as they lie in the store, damaged ones
 * too: an export is evidence. Only a leaf that holds a newline cannot be a line, and stops it. The list of erasures is
 * made here, from the entries that erase.
 */
#include "journal/export.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "journal/marks.h"

struct journal_export {
    struct export_writer writer;
    struct reasons *reasons;
    enum status status;                     /* the first failure */
    uint64_t size;
    uint64_t notes;
    struct mark_key mark_key;
    struct marks committed, erasures;
    struct arena *scratch;
    struct buf line;
};

static enum status put(struct journal_export *e, const char *file, const void *bytes, size_t len)
{
    if (e->status == OK)
        e->status = e->writer.write(e->writer.arg, file, bytes, len);
    return e->status;
}

static enum status put_line(struct journal_export *e, const char *file)
{
    buf_addc(&e->line, '\n');
    if (e->status == OK && e->line.failed)
        e->status = TOO_LARGE;
    return e->status == OK ? put(e, file, e->line.data, e->line.len) : e->status;
}

enum status journal_export_open(const struct export_writer *writer, const char *public_key_line,
                                struct reasons *reasons, struct journal_export **ret)
{
    struct journal_export *e = calloc(1, sizeof *e);
    if (!e || sodium_init() < 0 || !(e->scratch = arena_new(1 << 20))) {
        free(e);
        return NO_MEMORY;
    }
    e->writer = *writer;
    e->reasons = reasons;
    e->mark_key = mark_key_new();
    buf_init(&e->line, BODY_MAX + 128);
    buf_adds(&e->line, "castellan-journal-export 1");
    enum status s = put_line(e, "format");
    buf_clear(&e->line);
    buf_adds(&e->line, public_key_line);
    if (s == OK)
        s = put_line(e, "key.pub");
    static const char *const files[] = {"entries", "hashes", "bodies", "erasures"};
    for (size_t i = 0; i < sizeof files / sizeof *files && s == OK; i++)
        s = put(e, files[i], "", 0);                /* each is there, be it empty */
    if (s == OK)
        *ret = e;
    else
        s = journal_export_close(e);
    return s;
}

static void note_marks(struct journal_export *e, const void *leaf, size_t len)
{
    struct entry entry;
    arena_clear(e->scratch);
    if (entry_read(leaf, len, e->scratch, NULL, &entry) != OK)
        return;
    bool good = true;
    if (entry.has_commitment)
        good = marks_add(&e->committed, &e->mark_key, entry.record, e->size);
    if (entry.record && strcmp(entry.kind, "erasure") == 0)
        good = good && marks_add(&e->erasures, &e->mark_key, entry.record, e->size);
    if (!good)
        e->status = NO_MEMORY;
}

enum status journal_export_entry(struct journal_export *e, const void *leaf, size_t len, const struct hash *stored)
{
    if (e->status != OK)
        return e->status;
    if (memchr(leaf, '\n', len)) {
        char at[24];
        snprintf(at, sizeof at, "%llu", (unsigned long long)e->size);
        reason_add(e->reasons, "export.newline", at,
                   T_("entry %1$s is damaged: it holds a line break and cannot be exported"), at);
        return e->status = DAMAGED;
    }
    struct hash sum = stored ? *stored : tree_leaf(leaf, len);
    note_marks(e, leaf, len);
    put(e, "entries", leaf, len);
    put(e, "entries", "\n", 1);
    e->size++;
    return put(e, "hashes", sum.bytes, HASH_BYTES);
}

enum status journal_export_body(struct journal_export *e, const uint8_t salt[SALT_BYTES], const char *body, size_t len)
{
    char hex[2 * SALT_BYTES + 1];
    hex_write(salt, SALT_BYTES, hex);
    if (e->status == OK && (e->size == 0 || memchr(body, '\n', len))) {
        reason_add(e->reasons, "export.body", NULL, T_("a body is damaged: it holds a line break or belongs to no entry"));
        e->status = DAMAGED;
    }
    buf_clear(&e->line);
    buf_addf(&e->line, "%llu %s ", (unsigned long long)(e->size - 1), hex);
    buf_add(&e->line, body, len);
    return put_line(e, "bodies");
}

enum status journal_export_note(struct journal_export *e, const char *text, size_t len)
{
    char file[64];
    snprintf(file, sizeof file, "checkpoints/%08llu.note", (unsigned long long)e->notes++);
    return put(e, file, text, len);
}

enum status journal_export_close(struct journal_export *e)
{
    marks_sort_by_record(&e->erasures);
    for (size_t i = 0; i < e->committed.n && e->erasures.n && e->status == OK; i++) {
        uint64_t by = marks_after(&e->erasures, &e->committed.at[i]);
        if (by == UINT64_MAX)
            continue;
        buf_clear(&e->line);
        buf_addf(&e->line, "%llu %llu", (unsigned long long)e->committed.at[i].position, (unsigned long long)by);
        put_line(e, "erasures");
    }
    enum status s = e->status;
    marks_free(&e->committed);
    marks_free(&e->erasures);
    arena_free(e->scratch);
    buf_free(&e->line);
    free(e);
    return s;
}

/* ---- all of a source ---- */

struct pump {
    struct journal_export *e;
    const struct journal_source *source;
    struct arena *arena;
    enum status status;
};

static bool pump_leaf(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct pump *p = arg;
    struct hash stored;
    bool known = p->source->stored.node
        && p->source->stored.node(p->source->stored.arg, 0, p->e->size, &stored) == OK;
    (void)position;
    p->status = journal_export_entry(p->e, leaf, len, known ? &stored : NULL);
    if (p->status != OK || !p->source->body)
        return p->status == OK;
    uint8_t salt[SALT_BYTES];
    const char *body;
    size_t body_len;
    struct entry entry;
    arena_clear(p->arena);
    if (entry_read(leaf, len, p->arena, NULL, &entry) != OK || !entry.has_commitment)
        return true;
    enum status s = p->source->body(p->source->arg, p->e->size - 1, p->arena, salt, &body, &body_len);
    if (s == OK)
        p->status = journal_export_body(p->e, salt, body, body_len);
    else if (s != ABSENT)
        p->status = s;
    return p->status == OK;
}

enum status journal_export_all(const struct journal_source *source, const struct journal_options *options,
                               const struct export_writer *writer, struct reasons *reasons)
{
    struct pump p = {.source = source, .arena = arena_new(BODY_MAX + ((size_t)1 << 20))};
    if (!p.arena)
        return NO_MEMORY;
    enum status s = journal_export_open(writer, options->public_key_line ? options->public_key_line : "", reasons, &p.e);
    if (s == OK) {
        if (source->size != 0)
            s = source->leaves(source->arg, 0, source->size, pump_leaf, &p);
        if (s == OK)
            s = p.status;
        for (size_t i = 0; i < options->n_notes && s == OK; i++)
            s = journal_export_note(p.e, options->notes[i].text, options->notes[i].len);
        enum status closed = journal_export_close(p.e);
        s = s == OK ? closed : s;
    }
    arena_free(p.arena);
    return s;
}
