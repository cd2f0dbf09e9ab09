/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office: one door in (office_apply), one door out (office_get, office_find; office_segment for holdings), and the
 * readers on whose behalf they work. Nothing else changes or reads records for anybody.
 *
 * Threads: an office is shared; every function here may be called from any thread. A reader is immutable and may be
 * shared. Results lie in the arena that the caller hands in.
 */
#ifndef OFFICE_OFFICE_H
#define OFFICE_OFFICE_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"
#include "label/label.h"
#include "office/pack.h"
#include "store/store.h"

struct office;
struct reader;
struct duty;

#define NUMBER_TEXT 32             /* "INC-2026-7KQ4M2XD0A" */

/* ---- an office's life --------------------------------------------------------------------------------------- */

struct office_setup {              /* a founding deed, resolved */
    const char *folder;            /* must not exist */
    const char *name;              /* "Demonstration headquarters" */
    const char *origin;            /* name of its log: "castellan/demo" */
    const struct val *deed;        /* see docs/founding-deed.md; entry 0 commits to it */
    const struct pack *pack;
    struct policies *policies;     /* borrowed while creating */
    const char *const *policy_names; const char *const *policy_texts; size_t n_policies;    /* stored in the office's folder */
    bool demonstration;
    moment now;
};
enum status office_create(const struct office_setup *, struct reasons *) MUST_CHECK;

struct office_options {
    const char *folder;
    const struct duty *const *duties;        /* engines, NULL-terminated (duties_all); NULL for none */
    bool without_engines;                    /* for founding and verifying alone: the pack may name refusals that nobody here knows */
    moment now;
    const struct pack *candidate;            /* opened under this pack instead of the one in force: for adopting it alone */
    bool fast_secrets;                       /* cheap Argon2 parameters: tests only, shown by doctor */
};
enum status office_open(const struct office_options *, struct reasons *, struct office **ret) MUST_CHECK;
void office_close(struct office *);          /* takes NULL */

const struct pack *office_pack(const struct office *);
const struct policies *office_policies(const struct office *);
const char *office_name(const struct office *);
const char *office_origin(const struct office *);
const char *office_folder(const struct office *);             /* for serve and doctor */
const struct val *office_config(const struct office *);      /* ceilings, totp-allowed, relay ... from the deed and its amendments */
struct store *office_store(struct office *);                 /* for journal, backup, doctor; never for reading records */
/* What a front makes of the pack and keeps beside the office: `make` runs once, at the first call, `drop` when the office is closed. One
 * thing only; NULL while it cannot be made. */
void *office_shelf(struct office *, void *(*make)(struct office *), void (*drop)(void *));
/* A key derived from the office's secret for a named purpose (cursors, ETags); 32 bytes. */
void office_key(const struct office *, const char *purpose, uint8_t key[32]);

/* ---- who reads ---------------------------------------------------------------------------------------------- */

struct seat { record_id appointment; const struct post_def *post; moment from, until; bool deputy; };
/* The account of a login name: 0 when there is none. Case does not count. For sign-in alone. */
record_id office_account(struct office *, const char *login, bool *ret_active);
/* The seats that an account's person may take at an instant. */
size_t office_seats(struct office *, record_id account, moment now, struct arena *, struct seat **ret);

/* A reader: person, account, post, at an instant. REFUSED with reasons when the account, the person or the appointment is not
 * in force. Cached: asking again at a later instant is cheap while nothing changed. Release with reader_free. */
enum status reader_open(struct office *, record_id account, record_id appointment, moment now, struct reasons *,
                        const struct reader **ret) MUST_CHECK;
void reader_free(const struct reader *);                     /* takes NULL */
bool reader_has_right(const struct reader *, const char *right);
const struct post_def *reader_post(const struct reader *);
record_id reader_person(const struct reader *);
record_id reader_account(const struct reader *);
record_id reader_appointment(const struct reader *);
const char *reader_person_number(const struct reader *);
const char *reader_person_name(const struct reader *);
const char *reader_account_number(const struct reader *);
moment reader_at(const struct reader *);
/* Whether the reader's post sees the register at all (key 4). */
bool reader_sees(const struct reader *, const struct register_def *);
/* The highest clearance in words, for the page head; "" when none. */
const char *reader_clearance_words(const struct reader *, enum lang);
/* Labels that the reader may choose for a new record of a register: policies described, cut to classes and values that
 * they may read back and the ceiling allows. */
struct val *reader_label_choices(const struct reader *, const struct register_def *, enum lang, struct arena *);
/* Whether the reader may write under this label (canonical JSON or a form that label_import reads): valid now, under the ceiling, to be read
 * back. OK; BAD_INPUT: no label, or one that is none; REFUSED. Reasons say why not. */
enum status office_may_label(struct office *, const struct reader *, const char *label, struct arena *, struct reasons *) MUST_CHECK;
/* The label that a new record would take, as far as the register, the label and the fields given say: its own, a fixed one, that of the file or of the
 * record that a field names. NULL while it is not known or names what the reader may not read. */
const char *office_label_of_new(struct office *, const struct reader *, const struct register_def *, const char *label, const struct val *fields, struct arena *);

/* ---- door two ----------------------------------------------------------------------------------------------- */

/* `more`: the last of its field that was read, and there are more; office_find with links_field goes on. */
struct link_view { const struct field_def *field; record_id id, other; const char *number; const char *title; const struct register_def *register_; const char *state; moment made; struct words titles; const struct label *label; bool more; };
struct clock_view { const struct clock_def *def; moment due, stopped; };
struct record_view {
    record_id id;
    const struct register_def *def;
    const char *number;
    const char *title;                       /* in English; `titles` has both languages */
    struct words titles;
    const struct state_def *state; int state_index;
    int64_t version;                         /* numbered for this reader; 0 in rows of lists, which do not count versions */
    int64_t stored_version;                  /* never shown, nor sealed into anything: for the journal's entries of reads */
    moment created, updated;
    const struct label *label; label_id label_id;
    record_id file, party;
    const char *file_number;                 /* NULL: none */
    const struct val *fields;                /* without links, and without the places of attachments */
    const struct val *stored_fields;         /* with those places: for this room alone */
    const struct val *since;                 /* {state: when it was last entered} */
    const struct val *hands;                 /* who used which right on it: for this room alone */
    const struct link_view *links; size_t n_links;           /* own link fields */
    const struct link_view *back; size_t n_back;             /* records that point here */
    const struct clock_view *clocks; size_t n_clocks;
    moment due;                              /* earliest running clock; MOMENT_NONE */
    uint64_t position;                       /* for the proof; shown to auditors only */
};
/* What a change expects (struct op): what the reader saw, as one number, which no hidden version has touched. */
int64_t record_seen(const struct office *, const struct record_view *);
/* ABSENT for hidden and absent alike. With the first LINKS_SHOWN links and back links of each field. `register_` may be NULL. */
#define LINKS_SHOWN 50
enum status office_get(struct office *, const struct reader *, const char *register_, const char *number,
                       struct arena *, struct record_view *ret) MUST_CHECK;
struct version_view;
/* The same with its history (office_history), out of one snapshot: for its page. */
enum status office_get_whole(struct office *, const struct reader *, const char *register_, const char *number, struct arena *,
                             struct record_view *ret, struct version_view **ret_versions, size_t *ret_n) MUST_CHECK;

struct filter { const char *field; const char *value; };     /* "state", or a field marked filter */
struct query {
    const char *register_;                   /* NULL: all, only with text or for proposals */
    const char *text;                        /* search words; newest first */
    const struct filter *filters; size_t n_filters;
    const char *sort;                        /* NULL: updated; "due", or a field marked sort */
    bool ascending;                          /* updated order is descending unless set; others ascend unless `descending` */
    bool descending;
    /* Records whose link field names this one; or those of `register_` that `links_from` names under a link field of its own register. */
    const char *links_field; record_id links_to, links_from; const struct register_def *links_of;
    const void *cursor; size_t cursor_len;   /* of an earlier page; bound to the same query by the caller's seal */
    size_t limit;                            /* 0: 50; most 1000 */
    size_t with_links;                       /* fill links of each row: at most so many of each own link field */
};
struct page_of {
    struct record_view *rows; size_t n_rows;
    const void *next; size_t next_len;       /* cursor; NULL at the end */
};
enum status office_find(struct office *, const struct reader *, const struct query *, struct arena *, struct reasons *,
                        struct page_of *ret) MUST_CHECK;
/* How many of what the reader may read, at most `most`+1. */
enum status office_count(struct office *, const struct reader *, const struct query *, size_t most, size_t *ret) MUST_CHECK;

/* A field's value in words; NULL when there is none. */
const char *field_words(const struct office *, const struct field_def *, const struct val *, enum lang, struct arena *);

struct version_view {
    int64_t number;                          /* for this reader */
    moment time;
    const char *person, *post, *step, *reason;
    const struct val *fields; const char *state; const struct label *label;
    struct reasons changes;                  /* differences from the version before, as sentences */
    uint64_t position;
    bool erased;
};
enum status office_history(struct office *, const struct reader *, const char *number, struct arena *,
                           struct version_view **ret, size_t *ret_n) MUST_CHECK;

/* One attachment's bytes, by record and position. */
enum status office_attachment(struct office *, const struct reader *, const char *number, const char *field,
                              unsigned index, struct arena *, const struct val **ret_meta, const void **ret,
                              size_t *ret_len) MUST_CHECK;

/* Steps of a record for a reader: possible ones, and why not the others as far as they may know. */
struct step_view { const struct step_def *def; bool possible; struct reasons why_not; };
void office_steps(struct office *, const struct reader *, const struct record_view *, moment now, struct arena *,
                  struct step_view **ret, size_t *ret_n);

/* "May PERSON (in a post) read RECORD": the reasons, only when the asker may know that it exists (reads it). */
enum status office_explain(struct office *, const struct reader *asker, const char *account_login, const char *number,
                           moment now, struct arena *, bool *ret_may, struct reasons *) MUST_CHECK;
/* Everybody who may read a record now: seats, only for an asker who reads it and holds audit or file rights. */
struct may_read { record_id person; const char *name; const char *post; };
enum status office_who_may(struct office *, const struct reader *asker, const char *number, moment now, struct arena *,
                           struct may_read **ret, size_t *ret_n) MUST_CHECK;

/* The pages of the index-th duty engine and the duty's name; NULL with *ret_duty NULL behind the last. An engine may have none. */
struct page;
const struct page *office_duty_pages(const struct office *, size_t index, const char **ret_duty);

/* Journals a read of records (labels at or above the policy's threshold, or the register's word): one entry. Called by the
 * front once per answer with all records shown. REFUSED when it cannot be written. */
enum status office_note_read(struct office *, const struct reader *, const struct record_view *const *, size_t n,
                             const char *kind, moment now) MUST_CHECK;
/* Journals an event: kind "work-begun" and "work-ended" (front/work.h; the reason names the kind of work), "sign-in", "sign-in-refused", "sign-out", "secret-changed", "export", "print", "jail" (a reader of a file died in its jail;
 * the reason names the reader and why). The reason is the program's own word, never something typed. */
enum status office_note_event(struct office *, record_id account, record_id appointment, const char *kind,
                              const char *reason, moment now) MUST_CHECK;

/* How often one person may ask one declared channel. */
#define CHANNEL_MOST 6
#define CHANNEL_SPAN HOUR
/* What was asked of declared channels in the last thirty days, for those who hold the right that a channel names: newest first, at most 50, and only
 * about records that the reader may read. */
struct channel_question { moment time; const char *person; const struct step_def *step; struct record_view record; };
enum status office_channel_questions(struct office *, const struct reader *, moment now, struct arena *, struct channel_question **ret, size_t *ret_n) MUST_CHECK;

/* ---- door one ----------------------------------------------------------------------------------------------- */

enum op_kind { OP_CREATE, OP_EDIT, OP_STEP, OP_REGRADE, OP_MOVE /* to another file */, OP_CONFIRM, OP_DECLINE, OP_WITHDRAW,
               OP_ERASE /* step "retention" or "order"; see erase.h */ };
struct op {
    enum op_kind kind;
    const char *register_;                   /* OP_CREATE */
    const char *number;                      /* the record, or the proposal; for OP_CREATE may be "$name": a local name */
    int64_t version;                         /* expected: record_seen(); 0: any */
    const char *step;                        /* OP_STEP */
    const struct val *fields;                /* object; links as a number or an array of numbers ("$name" for earlier ops) */
    const char *label;                       /* canonical label text; NULL: unchanged or by the register */
    const char *file;                        /* number; NULL: by the register; "" none */
    const char *reason;
    const char *const *sources; size_t n_sources;            /* numbers: the label must be at least their high-water mark */
    const char *proposed;                    /* OP_CONFIRM: hex SHA-256 of the proposal's bytes that were shown */
    const char *state;                       /* OP_CREATE by the office alone: the state to begin in */
};
#define CHANGE_MOST 10000                      /* ops; so many that a list of all persons is imported whole or not at all */
#define CHANGE_MOST_TEXT "10000"
struct change {
    const struct reader *writer;
    const char *key;                         /* change key, 8-64 characters, scoped to the account */
    moment now;
    const struct op *ops; size_t n_ops;      /* 1 to CHANGE_MOST */
};
struct outcome {
    enum status status;
    struct reasons reasons;                  /* refusals, faults; in the caller's arena */
    const char **numbers; size_t n_numbers;  /* of the records made or changed, in the order of ops */
    bool proposed;                           /* a second person must confirm; numbers name the proposal */
    bool repeated;                           /* the key was used: this is the first answer */
};
/* Applies all or nothing and waits until it is durable. Returns outcome->status. */
enum status office_apply(struct office *, const struct change *, struct arena *, struct outcome *ret) MUST_CHECK;
/* The same without waiting: `done` runs in the writer's thread after the batch. Change and arena must live until then. */
enum status office_submit(struct office *, const struct change *, struct arena *, struct outcome *ret,
                          void (*done)(void *), void *arg) MUST_CHECK;
/* Checks only, writes nothing: for previews and import reports. Consults no declared channel. */
enum status office_try(struct office *, const struct change *, struct arena *, struct outcome *ret) MUST_CHECK;

/* Seals bytes and adds them to a field of a record: an OP_EDIT of the writer (or of step NULL). */
enum status office_attach(struct office *, const struct change *, const char *number, const char *field, const char *file_name,
                          const char *media, const void *, size_t, struct arena *, struct outcome *ret) MUST_CHECK;

/* Changes by the office itself: by the clock or at founding. Registers are limited to those that the rule names. */
enum status office_act(struct office *, const char *rule, const char *cause, const struct op *ops, size_t n_ops,
                       moment now, struct arena *, struct outcome *ret) MUST_CHECK;

/* ---- personal notes and secrets (side tables) ----------------------------------------------------------------- */

/* Tables: "draft", "view", "seen" (owner: the person), "secret", "lock", "token", "enrol", "language" (owner: the account). */
enum status office_side_get(struct office *, const char *table, record_id owner, const char *key, struct arena *,
                            const void **ret, size_t *ret_len) MUST_CHECK;
enum status office_side_put(struct office *, const char *table, record_id owner, const char *key, const void *, size_t) MUST_CHECK;
enum status office_side_drop(struct office *, const char *table, record_id owner, const char *key) MUST_CHECK;
enum status office_side_each(struct office *, const char *table, record_id owner,
                             bool (*each)(void *, const char *key, const void *, size_t), void *arg) MUST_CHECK;

/* ---- the desk and live updates --------------------------------------------------------------------------------- */

/* Called after each commit with the records that changed (id, guard before and after): for live streams. */
/* A link made or cut touches its ends only for those who see both: then `with` is the other end's guard. */
struct touched { record_id id; guard_id before, after, with; };
void office_on_change(struct office *, void (*heard)(void *, const struct touched *, size_t), void *arg);
bool reader_may(const struct reader *, guard_id);
static inline bool reader_concerned(const struct reader *reader, const struct touched *what)
{
    return (reader_may(reader, what->before) || reader_may(reader, what->after)) && (!what->with || reader_may(reader, what->with));
}

/* ---- journal ---------------------------------------------------------------------------------------------------- */

/* "journal-proven" line for a reader: the time of the newest checkpoint that covers a position; MOMENT_NONE: not yet. */
moment office_proven(struct office *, uint64_t position);
/* Makes a checkpoint through the signer into checkpoints/ when due or forced. */
struct signer;
enum status office_checkpoint(struct office *, struct signer *, moment now, struct reasons *) MUST_CHECK;

#endif
