/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office from inside: shared by the files of this room, by nobody else.
 */
#ifndef OFFICE_INSIDE_H
#define OFFICE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "office/access.h"
#include "office/duty.h"
#include "office/image.h"
#include "office/leaks.h"
#include "office/model.h"
#include "office/office.h"

/* ---- indexes: which keys a register's records have (index.c) ---- */

enum index_kind { INDEX_UPDATED, INDEX_STATE, INDEX_DUE, INDEX_FILTER, INDEX_SORT, INDEX_UNIQUE, INDEX_PAIR, INDEX_LINK /* no keys: the interned id of a link field */ };
struct index_def {
    enum index_kind kind;
    const struct field_def *field;             /* filter, sort, unique */
    const struct sort_def *pair;
    field_id id;                               /* interned (register, name) */
};
struct index_plan { struct index_def *defs; size_t n; int32_t register_; /* the updated order's id: the register's number */ };
/* Names an index in the store: "~updated", "~state", "~due", "f:kind", "s:summary", "u:login", "p:state:summary", "l:persons". */
const char *index_name(const struct index_def *, struct arena *);
size_t index_keys(const struct index_plan *, const struct image *, struct arena *, struct index_key **ret);
size_t index_terms(const struct image *, struct arena *, const char ***ret);
/* The key of one value, as records hold it; for queries. False when the field cannot hold the value. */
bool index_value_key(const struct field_def *, const char *value, struct buf *);
void index_moment(struct buf *, moment);
const struct index_def *index_find(const struct index_plan *, enum index_kind, const struct field_def *);

/* ---- the office ---- */

enum { VIEWS_WARM = 4 };                    /* readers at rest that keep what they have read of the database */
struct view_pool { pthread_mutex_t lock; struct view *views[64]; size_t n; };
/* Readers that are kept: a seat has one of a few slots. */
enum { READER_SLOTS = 4096, READER_WAYS = 4 };

struct office {
    char *folder, *name, *origin;
    struct arena *arena;                       /* lives as long as the office */
    const struct val *config;
    struct pack *pack;
    struct policies *policies;
    struct nationalities *nationalities;
    struct intern *intern;
    struct clearance_pool *pool;
    struct access access;
    struct store *store;
    uint8_t secret[32];
    struct index_plan *plans;                  /* by register index */
    const struct field_def **link_fields;      /* by field id, as many as access.n_registers; NULL: no link */
    const struct val *fixed_labels;            /* {register: canonical label text} */

    pthread_rwlock_t lock;                     /* guards `published` */
    struct model *published;

    /* the writer's, touched in its thread alone */
    struct model *staged;
    bool staged_damaged;                       /* a batch was lost: build anew before the next */
    struct idmap holders;                      /* appointment -> holder on the staged model */
    struct idmap channels;                     /* who has asked which declared channel how often (channels.c) */
    struct touched *batch; size_t n_batch, cap_batch;
    struct taken { struct image *image; bool drop; } *takes; size_t n_takes, cap_takes;    /* images for the published model, malloc'ed arenas */
    struct arena *batch_arena;

    struct view_pool views;
    struct { pthread_mutex_t lock; _Atomic(void *) thing; void (*drop)(void *); } shelf;
    pthread_mutex_t readers_lock;
    struct reader *readers[READER_SLOTS];

    struct duty_slot { const struct duty *table; struct duty *state; } *duties; size_t n_duties;
    void (*heard)(void *, const struct touched *, size_t); void *heard_arg;
    struct intake *intake;                     /* live intake of logs; NULL: none */
    atomic_bool reads_failed;                  /* the last read entry could not be written */
    pthread_mutex_t checkpoint_lock;
    struct { uint64_t size; moment time; } *checkpoints; size_t n_checkpoints;
    uint64_t listed;                           /* what entries before it erased stands in the lists that lie there (erasures.c) */
};

void checkpoints_load(struct office *);                 /* proof.c */
struct view *view_take(struct office *);               /* from the pool; NULL when none can be opened */
void view_give(struct office *, struct view *);

/* ---- readers (reader.c) ---- */

struct reader {
    atomic_int references;
    struct office *office;
    struct holder *holder;                     /* the base's, where there is one */
    struct reader *base;                       /* whose holder this one shares: guards came since; NULL: it has its own */
    record_id account, person, appointment;
    char person_number[NUMBER_TEXT], account_number[NUMBER_TEXT];
    char *name;
    _Atomic(char *) clearances[LANG_COUNT];    /* in words, for page heads; made when first asked for */
    moment at, until;
    uint64_t generation;
    guard_id seen;                             /* guards evaluated */
    uint8_t *bits;                             /* by guard id */
    guard_id *all; size_t n_all;               /* readable guards, ascending */
    struct guards *of_register;                /* by register number: readable guards of it */
    guard_id *grouped;
};
struct guards reader_guards(const struct reader *, const struct register_def *);     /* NULL: all */

/* ---- staging a change (stage.c): images in memory until everything has been checked ---- */

struct staged_image {
    struct image *before;                      /* NULL: new */
    struct image *after;
    bool changed;                              /* a new version is due */
    bool by_office;                            /* a consequence makes it: the entry names its cause, no person */
    const char *cause;
    bool erase;                                /* all versions before this change are erased (erase.c) */
    struct image_link *cut; size_t n_cut;      /* links to cut */
    struct image_link *made; size_t n_made;    /* links to make; ids set */
    struct staged_image *next;
};
struct stage {
    struct office *office;
    struct txn *txn;
    struct arena *arena;
    struct holder *holder;                     /* of the writer; NULL: the office acts */
    record_id account, person;
    const char *account_number, *person_number, *post, *key;
    const char *cause;                         /* the office's rule and cause */
    const struct rule *under;                  /* only registers that this rule names may be touched; NULL: any */
    bool following;                            /* a consequence is being added */
    moment now;
    bool only_try;
    struct reasons *reasons;
    struct staged_image *first, *last;
    struct idmap by_id;
    struct intern_mark mark;
    uint64_t counter;                          /* of new ids in this change */
    const struct val *locals;                  /* "$name" -> number */
    const struct proposal *confirming;         /* a second person confirms */
    const char *asked_number; const struct step_def *asked_step; const char *asked_right;      /* the declared channel that was asked; NULL: none */
    struct asked_now *asked_now;               /* counts that the change has raised (channels.c) */
    enum status failure;                       /* why it was refused; REFUSED unless set */
};
void stage_begin(struct stage *);
/* Undoes what the staged model took. */
void stage_abandon(struct stage *);
void stage_end(struct stage *);
/* The image as this change sees it; NULL when there is none. Reads with links. */
struct staged_image *stage_image(struct stage *, record_id);
/* What stands for a version where a change or a proposal names one (image.h). */
int64_t stage_seen(const struct stage *, const struct image *);
struct staged_image *stage_new(struct stage *, const struct register_def *);
/* The writer's four keys on an image, before this change's own effects where it is new. */
bool stage_may_read(struct stage *, const struct image *);
/* A link to a record that the writer does not read is no link to them: otherwise what a step needs would tell of it. */
bool stage_sees_link(struct stage *, const struct image *, const struct field_def *);
/* Marks as changed: version + 1, updated, by, step; recomputes guard; the model takes it. */
void stage_changed(struct stage *, struct staged_image *, const char *step, const char *reason);
void stage_link(struct stage *, struct staged_image *, const struct field_def *, record_id to);
void stage_cut(struct stage *, struct staged_image *, size_t index);
/* Writes all that is staged: entries, bodies, rows. */
enum status stage_write(struct stage *);
record_id stage_id(struct stage *, const struct register_def *);
label_id stage_label(struct stage *, const char *text);

/* ---- rules of a form, lifecycle, clocks ---- */

/* Checks and normalises given fields of a register into `image`; `only` (may be NULL) limits which may be given. */
bool form_take(struct stage *, struct staged_image *, const struct val *given, const struct field_def *const *only,
               size_t n_only, bool creating);
bool form_complete(struct stage *, const struct staged_image *, const struct field_def *const *needs, size_t n,
                   const char *rule);
void clocks_compute(struct stage *, struct image *);
/* Refusals that are data. True: refused (reason added). */
bool refusal_applies(struct stage *, const struct image *, const struct refusal *);
/* The rank word of a label ("SECRET") that rules use. */
const char *rank_word(const struct office *, label_id);
bool label_for_create(struct stage *, struct staged_image *, const struct op *);

/* ---- operations (apply.c) ---- */

struct proposal { struct staged_image *item; record_id proposer_person; };
/* office_act, whose ops are found in the writer: `fill` stages them with apply_op and tells the records changed. When it stages none, nothing is written. */
enum status apply_in_writer(struct office *, const char *rule, const char *cause, bool (*fill)(struct stage *, void *arg, struct outcome *), void *arg,
                            moment now, struct arena *, struct outcome *ret) MUST_CHECK;
bool apply_op(struct stage *, const struct op *, const char **ret_number, bool *ret_proposed);
bool apply_step(struct stage *, struct staged_image *, const struct op *, bool *ret_proposed);
bool propose(struct stage *, struct staged_image *, const struct op *, const char **ret_number);
bool confirm(struct stage *, const struct op *, const char **ret_number);
/* Rights that may not meet in one person, on this record (hands) and at appointment. */
bool separation_allows(struct stage *, const struct image *, const char *const *rights, size_t n);
bool appointment_allowed(struct stage *, const struct image *);
/* A declared channel, each time before it looks: false with the refusal where this person has asked it too often (channels.c). */
bool channel_may_ask(struct stage *, const struct register_def *, const struct step_def *, size_t check);
/* Puts the question before those who hold the channel's right; does nothing where none was asked. In the writer, behind the verdict. */
bool channel_tell(struct stage *);
void channels_free(struct office *);
/* Refuses with a status; always false, so that callers may return it. */
bool refuse(struct stage *, enum status, const char *rule, const char *where, const char *english, ...);
/* The one answer for hidden and absent records. */
bool refuse_absent(struct stage *, const char *number);
/* The record that an op names, if the writer may read it. */
struct staged_image *named(struct stage *, const char *number);
/* Adoption (rebuild.c): whether every record has a home in other definitions, whatever records there are; rows as the pack in force wants them. */
enum status pack_fits_records(struct office *, const struct pack *, struct reasons *) MUST_CHECK;
enum status rebuild_indexes(struct office *, struct txn *) MUST_CHECK;

/* Erasure: see erase.h. */
bool erase(struct stage *, struct staged_image *, const struct op *, bool *ret_proposed);
enum status write_erasure(struct stage *, struct staged_image *);
bool regrade(struct stage *, struct staged_image *, const struct op *, bool *ret_proposed);
/* Under the office's ceiling, and the holder cleared and briefed for it. */
bool label_usable(const struct office *, struct holder *, const struct label *, struct reasons *);
bool label_allowed(struct stage *, const char *text, const struct op *, label_id *ret);
struct val *op_value(const struct op *, struct arena *);
bool op_from_value(const struct val *, struct arena *, struct op *ret);
/* What engines would refuse of a step, as far as the reader may know (foretell.c). */
void foretell(struct office *, const struct reader *, const struct image *at, const struct step_def *, moment now, struct reasons *);
/* Whether a field is given with the step itself, so that nothing can be said of it before. */
bool step_asks_for(const struct step_def *, const struct field_def *);
bool engines_review(struct stage *, const struct image *at, const char *const *names, size_t n);
bool engines_follow(struct stage *);
void engines_staged(struct stage *);
/* That the office's engines know every refusal that the pack names (law 4); names what is missing. */
bool engines_complete(const struct office *, struct reasons *);

/* Attachments that a version names (attach.c). */
const struct val *attachments_shown(const struct register_def *, const struct val *fields, struct arena *);
bool attachment_pair(const struct val *item, label_id *ret_label, record_id *ret_file);
enum status attachments_use(struct txn *, const struct image *before, const struct image *after);

/* Journal entries in a transaction (entries.c). */
enum status append_entry(struct office *, struct txn *, struct entry *, const void *body, size_t len,
                         uint8_t ret_salt[SALT_BYTES], uint64_t *ret_position);

#endif
