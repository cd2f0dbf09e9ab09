/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The four keys (design: who may know what). A *holder* is a person in a post at an instant with what they hold: effective
 * clearances, briefings. It decides about labels, files and guards, with reasons when asked, and knows the instant at
 * which its answers next change by themselves. Writer and readers decide with the same code.
 */
#ifndef OFFICE_ACCESS_H
#define OFFICE_ACCESS_H

#include "office/intern.h"
#include "office/model.h"

/* What of each policy belongs to nationality: permissive values by name. Built once. */
struct nationalities;
struct nationalities *nationalities_new(const struct policies *, moment now);
void nationalities_free(struct nationalities *);

struct access {                        /* what decisions stand on; plain references */
    const struct pack *pack;
    const struct policies *policies;
    const struct nationalities *nationalities;
    const struct intern *intern;
    const struct register_def *const *registers;    /* by a guard's register number; NULL: not in the pack in force */
    int32_t n_registers;
};

struct holder {
    struct arena *arena;
    const struct access *access;
    record_id person, appointment;
    const struct post_def *post;
    bool hide_clearances, hide_subject;        /* reasons are for somebody who does not see these: they say no more than the answer */
    moment from, until;                /* its answers hold in [from, until) unless the model changes */
    uint64_t generation;
    const struct clearance **clearances; size_t n_clearances;       /* with certificate, nationality added */
    const struct clearance **below; size_t n_below;                 /* one a policy: classes below its threshold */
    const struct m_briefing *briefings; size_t n_briefings;         /* copies */
    uint8_t *labels; size_t n_labels;  /* cache: 0 unknown, 1 no, 2 yes */
};

/* `appointment` may be 0 for a person without a post (keys 1 and 2 only). */
struct holder *holder_new(const struct access *, const struct model *, record_id person, record_id appointment,
                          const struct post_def *, moment at);
void holder_free(struct holder *);
bool holder_right(const struct holder *, const char *right);
bool holder_any_right(const struct holder *, const char *const *rights, size_t n);
/* Keys 1 and 2. */
bool holder_label(struct holder *, const struct label_slot *, struct reasons *);
/* Key 3, with exclusion. */
bool holder_file(struct holder *, const struct model *, record_id file, record_id party, bool in_spite, struct reasons *);
/* All four. The model must be the one the caller's lock protects. */
bool holder_guard(struct holder *, const struct model *, const struct stored_guard *, struct reasons *);

#endif
