/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan-verify: a second, small program that checks an exported journal from docs/journal-format.md alone. It shares
 * the SHA-256 function with the rest of Castellan and nothing else: an error in the first verifier is not repeated here,
 * and it can be read in an hour. Files are mapped, not streamed; every entry's leaf hash is kept, so that the questions
 * of the format's last section can be asked in plain words.
 */
#ifndef VERIFY_CV_H
#define VERIFY_CV_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "base/hash.h"

#define CV_ENTRY_MAX 65536u
#define CV_NOTE_MAX 65536u
#define CV_NAME_MAX 200u
#define CV_NOWHERE UINT64_MAX

struct cv_span { const char *p; size_t n; };
static inline const char *cv_end(struct cv_span s) { return s.p + s.n; }

/* ---- words.c: every sentence in both languages ---- */

enum cv_word {
    CV_EDIT, CV_INSERTION, CV_DELETION, CV_REORDERING, CV_TRUNCATION, CV_FORK_HASHES, CV_UNREADABLE, CV_BAD_HASH,
    CV_NOTE_KEY, CV_NOTE_SIGNATURE, CV_NOTE_FORM, CV_NOTE_AHEAD, CV_NOTE_FORK, CV_NOTE_REWRITE, CV_NOTE_UNMET,
    CV_FOLDER_KEY, CV_KEY_FORM, CV_BODY_WRONG, CV_BODY_MISSING, CV_BODY_KEPT, CV_BODY_OF_NONE, CV_BODY_LINE,
    CV_ERASURES, CV_FORMAT, CV_FILE_MISSING, CV_FILE_CUT,
    CV_R_OWN_KEY, CV_R_NO_NOTE, CV_R_TAIL,
    CV_S_ENTRIES, CV_S_PROVEN, CV_S_BODIES, CV_S_NO_BODIES, CV_S_FINDING, CV_S_REMARK, CV_S_GOOD, CV_S_BAD, CV_S_FIRST,
    CV_S_FIRST_OF, CV_USAGE,
    CV_WORDS
};
/* `french` chooses. Every %s of a sentence is filled from the list in order. */
const char *cv_word(enum cv_word, bool french);

/* ---- findings.c ---- */

struct cv_finding {
    enum cv_word word;
    const char *kind;               /* edit, insertion, ... */
    char *where;                    /* file or entry */
    char *text[2];
};
struct cv_report {
    struct cv_finding *at;
    size_t n, cap;                  /* remarks have the kind NULL */
    uint64_t findings;
    uint64_t entries, proven, notes_good, notes_bad, bodies_good, erased, missing;
    struct hash root;
    uint64_t first_bad, bad_until;
    const char *what;
    bool bodies_checked;
};
void cv_report_init(struct cv_report *);
void cv_report_free(struct cv_report *);
/* Numbers and names go in as texts. At most 100 of one word are kept, all are counted. */
void cv_find(struct cv_report *, const char *kind, enum cv_word, const char *where, const char *a, const char *b,
             const char *c);
void cv_blame(struct cv_report *, const char *kind, uint64_t from, uint64_t until);
void cv_print(const struct cv_report *, const char *folder, bool french, FILE *);
void cv_print_json(const struct cv_report *, const char *folder, FILE *);
struct cv_number { char text[24]; };
struct cv_number cv_number(uint64_t);

/* ---- entry.c ---- */

struct cv_entry {
    uint64_t position;
    bool has_commitment, erases;
    struct hash commitment;
    struct cv_span record;          /* as it is written, escapes and all: one text, one spelling */
};
/* False when the text is not the one form of an entry. */
bool cv_entry_read(struct cv_span text, struct cv_entry *ret);
bool cv_utf8(struct cv_span);

/* ---- note.c ---- */

struct cv_key { char name[CV_NAME_MAX + 1]; uint8_t id[4], bytes[32]; };
bool cv_key_read(struct cv_span line, struct cv_key *ret);
struct cv_note {
    char *file;
    uint64_t size;
    struct hash root;
    bool fits_entries, fits_hashes;
};
enum cv_note_status { CV_GOOD_NOTE, CV_OTHER_KEY, CV_WRONG_SIGNATURE, CV_NO_NOTE };
enum cv_note_status cv_note_read(struct cv_span text, const struct cv_key *, struct cv_note *ret);
bool cv_hex(struct cv_span, uint8_t *out, size_t len);
bool cv_decimal(struct cv_span, uint64_t *ret);

/* ---- tree.c ---- */

/* Root of the first `size` leaves, when sizes are asked in ascending order: goes on from the last one. */
struct cv_tree { const struct hash *leaves; uint64_t done; unsigned height; struct { struct hash sum; uint64_t n; } stack[64]; };
struct hash cv_tree_root(struct cv_tree *, uint64_t size);
struct hash cv_leaf(struct cv_span entry);

/* ---- place.c ---- */

/* How two lists of leaf hashes come apart at their first elements: the kind, and the sentence for it. */
const char *cv_kind(const struct hash *here, uint64_t n_here, const struct hash *there, uint64_t n_there,
                    enum cv_word *ret);
/* The same from the positions that the entries from `first` on say. */
const char *cv_kind_by_position(const uint64_t *position, uint64_t first, uint64_t n, enum cv_word *ret);

/* ---- folder.c ---- */

struct cv_options {
    const char *folder;
    const char *key;                /* NULL: the folder's own */
    char **notes;
    size_t n_notes;
    bool no_bodies;
};
/* False when the folder cannot be read at all; `report` is filled otherwise. */
bool cv_check(const struct cv_options *, struct cv_report *);

/* The whole program: 0 good, 1 findings, 2 usage or unreadable. */
int cv_main(int argc, char **argv, FILE *out, FILE *err);

#endif
