/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A journal made up for the tests: entries of several kinds, bodies with salts, erasures, a key of its own, checkpoints
 * at chosen sizes. It can be changed in every way that an attacker might, and written out as an export folder or handed
 * to journal_verify as a source.
 */
#ifndef TESTS_JOURNAL_SAMPLE_H
#define TESTS_JOURNAL_SAMPLE_H

#include "journal/export.h"
#include "journal/note.h"

#define SAMPLE_NOTES 16

struct sample_leaf {
    char *text;
    size_t len;
    bool has_body;                  /* the body is there */
    uint8_t salt[SALT_BYTES];
    char body[96];
    struct hash stored;
};
struct sample {
    struct sample_leaf *leaf;
    uint64_t n;
    uint64_t n_stored;              /* leaf hashes that the store keeps; behind n they lie in `left` */
    struct hash *left;
    struct note_key key;
    uint8_t secret[NOTE_SECRET];
    char line[256];
    struct buf notes[SAMPLE_NOTES];
    uint64_t note_size[SAMPLE_NOTES];
    size_t n_notes;
    uint64_t erased;                /* how many bodies are erased */
};

/* `n` entries; every third has a body, some records are erased later. No notes yet. */
struct sample *sample_new(uint64_t n);
void sample_free(struct sample *);
struct sample *sample_copy(const struct sample *);
void sample_key(struct sample *, const char *origin);          /* a new key under this name */
void sample_note(struct sample *, uint64_t size);              /* signs the tree over the entries */
struct hash sample_root(const struct sample *, uint64_t size);
/* Writes entry i anew with another position, person (NULL: as it was). */
void sample_rewrite(struct sample *, uint64_t i, uint64_t position, const char *person);
void sample_insert(struct sample *, uint64_t at, uint64_t position);        /* stored hashes stay where they were */
void sample_delete(struct sample *, uint64_t at);
void sample_swap(struct sample *, uint64_t a, uint64_t b);
void sample_cut(struct sample *, uint64_t n);
/* As somebody would who rewrites the store: positions in order, hashes recomputed. */
void sample_renumber(struct sample *);
void sample_rehash(struct sample *);

struct journal_source sample_source(struct sample *);
struct journal_options sample_options(struct sample *, struct journal_note *notes);
/* Writes the folder, exporter and all. */
enum status sample_export(struct sample *, const char *folder, struct reasons *);

#endif
