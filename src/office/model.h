/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What decisions need, in memory: persons, accounts, appointments, clearances, briefings, files, members, exclusions. A
 * fold over record images: taking an image replaces what the record's earlier image said, dropping forgets it. The
 * writer has one model, the readers' is the published one; both take the same images (docs/architecture.md).
 * Not thread-safe: the office guards the published one by a read-write lock.
 */
#ifndef OFFICE_MODEL_H
#define OFFICE_MODEL_H

#include "base/moment.h"
#include "label/label.h"
#include "office/idmap.h"
#include "office/image.h"

struct vec { void **items; size_t count, cap; };
void vec_add(struct vec *, void *);
void vec_remove(struct vec *, const void *);          /* order is kept */

struct m_person {
    record_id id;
    char *name, *given, *email;
    char nationality[4];
    bool active, contractor;
    record_id unit, superior;
    struct vec clearances, briefings, appointments, memberships;
};
struct m_account { record_id id, person; char *login; bool active; };
struct m_appointment { record_id id, person; const struct post_def *post; moment from, until; bool in_force; record_id deputy_for; };
struct m_clearance { record_id id, person; const struct clearance *clearance; const char *text; moment from, until; bool granted; };
struct m_briefing { record_id id, person; char policy[64]; char class_lacv[32]; moment from, until; bool in_force; };
struct m_file { record_id id; guard_id guard; char number[32]; record_id owner; char *title; const char **open_to; size_t n_open_to; char state[24]; };
struct m_membership { record_id id, file, person; moment from, until; bool in_force, emergency; };
/* A person in a link field of a record in a file: subject (excluded) or member. */
struct m_tie { record_id record, file, person; bool excludes; };

struct model {
    const struct pack *pack;
    struct clearance_pool *pool;                      /* borrowed: interned, parsed clearances */
    struct idmap persons, accounts, appointments, clearances, briefings, files, memberships;
    struct idmap ties_of_record;                      /* record id -> struct vec of m_tie */
    struct idmap ties_of_file;                        /* file id -> struct vec of m_tie (borrowed) */
    uint64_t generation;                              /* counts changes that may alter somebody's access */
};

struct clearance_pool;
struct clearance_pool *clearance_pool_new(void);
void clearance_pool_free(struct clearance_pool *);
/* Parsed once, kept for ever; thread-safe. NULL when the text is no clearance. */
const struct clearance *clearance_pool_get(struct clearance_pool *, const char *text, const char **ret_text);

struct model *model_new(const struct pack *, struct clearance_pool *);
void model_free(struct model *);
/* Whether images of this register (its subject, members or core role) matter to the model. */
bool model_wants(const struct register_def *);
void model_take(struct model *, const struct image *);
void model_drop(struct model *, const struct register_def *, record_id);

struct m_person *model_person(const struct model *, record_id);
record_id model_account(const struct model *, const char *login);     /* case does not count */
bool model_in_force(moment from, moment until, moment at);
bool model_appointed(const struct model *, const struct m_appointment *, moment at);
/* Whether `above` is a superior of `person`, at any height. */
bool model_superior(const struct model *, record_id above, record_id person);
bool model_excluded(const struct model *, record_id file, record_id person);
bool model_member(const struct model *, record_id file, record_id person, moment at);

#endif
