/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the check of a folder holds while it runs: the files as they are mapped, and what was learnt from them.
 */
#ifndef VERIFY_CHECK_H
#define VERIFY_CHECK_H

#include "cv.h"

struct erasure { struct cv_span record; uint64_t by; };
struct committed { struct cv_span text; uint64_t at; };  /* an entry with a commitment */
struct held { uint64_t position; uint64_t by; };        /* an erased body's place, and what erased it */

struct check {
    const struct cv_options *options;
    struct cv_report *report;
    int dir;
    struct cv_key key;
    bool have_key;
    struct cv_span entries, hashes, bodies;
    struct hash *leaf;
    uint64_t *position;                                 /* what each says; its own place where unreadable */
    uint64_t n, misplaced;
    uint64_t unreadable;
    struct erasure *erasures;
    size_t n_erasures, cap_erasures;
    struct committed *committed;
    size_t n_committed, cap_committed;
    struct held *held;
    size_t n_held, cap_held;
    struct cv_note *notes;
    size_t n_notes;
    bool entries_good;
};

/* Room for one more in a growing list. Memory is all that can fail here, and then nothing can be said: it aborts. */
void *cv_more(void *list, size_t n, size_t *cap, size_t size);
/* A file of the folder; where it cannot be had that is a finding. */
bool cv_map_wanted(struct check *, const char *name, struct cv_span *ret);
void cv_unmap(struct cv_span);
/* The next line; false at the end. A last line without its newline is a finding and is taken as it is. */
bool cv_line(struct check *, struct cv_span *rest, const char *file, struct cv_span *ret);

/* bodies.c: bodies against commitments, erased told from missing, the list of erasures. */
void cv_check_bodies(struct check *);

#endif
