/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The only SQL in the house: fixed tables behind one face. The store knows numbers, bytes and order; what a register,
 * a right or a label means is the office's affair. SQLite (WAL, synchronous=FULL, secure_delete) lies behind it now;
 * every literal is written in the dialect that PostgreSQL shares.
 *
 * Guards. Whether a reader may read a record depends on four things that many records share: its register, its label,
 * its file, and the one person whom the record concerns in a special way (author of a statement, subject of an
 * extract). Each such quadruple is interned as a *guard*, a small number. A reader has the sorted list of guards that
 * they may read; every index leads with field and guard, so the work done for an answer depends on what the reader may
 * read and on nothing else. See docs/architecture.md.
 *
 * Writing: one thread batches. Work is submitted as jobs; the writer runs as many as wait inside one transaction, each
 * under its own savepoint, and commits them together. Reading: any thread, through a reader of its own (a read-only
 * connection whose authorizer admits only the guarded views).
 */
#ifndef STORE_STORE_H
#define STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "journal/journal.h"

typedef int64_t record_id;                  /* 50 bits, made by the office; 0: none */
typedef int32_t guard_id;                   /* from 1 */
typedef int32_t label_id;                   /* from 1 */
typedef uint32_t field_id;                  /* an interned (register, field); from 1. The watch has small numbers of its own by this name, and of this type */
#define FIELDS_MOST 1000000                 /* highest field_id; a row beyond is DAMAGED */

struct store;
struct txn;                                 /* the writer's transaction, only inside a job */
struct view;                                /* a reading connection, one thread at a time */

/* Creates the folder's database (0700, refused when there is one) or opens it. `folder` holds office.db, segments/,
 * attachments/. */
enum status store_create(const char *folder, struct reasons *) MUST_CHECK;
enum status store_open(const char *folder, struct reasons *, struct store **ret) MUST_CHECK;
void store_close(struct store *);           /* finishes what waits, joins the writer; takes NULL */

/* The last failure of disk or memory: batches that met it were rolled back whole and their jobs settled false. The
 * store stays usable for reading, and each new batch tries again. `status` is OK again after the next commit. */
struct store_fault {
    enum status status;
    int code;                               /* SQLite's extended result code */
    uint64_t batches_lost;                  /* since the store was opened */
    const char *words;                      /* static, English, for the log and doctor; NULL when never */
};
void store_condition(struct store *, struct store_fault *ret);

/* ---- writing ------------------------------------------------------------------------------------------------- */

struct job {
    /* Runs in the writer inside its savepoint. False rolls the savepoint back (a refusal); the batch goes on. */
    bool (*run)(struct job *, struct txn *);
    /* Called in the writer after the batch: committed says whether it is durable. When run() was false it is called
     * with false. The job may be freed here. */
    void (*settled)(struct job *, bool committed);
    bool patient;                           /* nobody waits for it: it may lie for PATIENCE_MS until others have gathered */
    struct job *next_;                      /* the store's */
};
#define PATIENCE_MS 50
/* Hands over a job; `settled` will be called exactly once. BUSY when more than the queue's limit waits. */
enum status store_submit(struct store *, struct job *) MUST_CHECK;
/* Submits and waits for the settlement; the job's own settled is called too. */
enum status store_perform(struct store *, struct job *, bool *ret_committed) MUST_CHECK;
/* Called in the writer around every batch (NULL allowed): `before_commit` may still write (journal tail) and refuse
 * the whole batch by false; `after` hears whether it committed, before any job's `settled`. */
void store_on_batch(struct store *, bool (*before_commit)(void *, struct txn *), void (*after)(void *, bool committed),
                    void *arg);

struct stored_record {                      /* header and current version */
    record_id id;
    const char *register_;
    const char *number;
    guard_id guard;
    label_id label;                         /* repeated from the guard, for the versions' own check */
    record_id file;                         /* 0: none */
    const char *state;
    int64_t version;                        /* from 1 */
    moment created, updated;
    uint64_t position;                      /* of the journal entry of this version */
    uint8_t salt[SALT_BYTES];
    const char *body;                       /* canonical JSON; NULL when erased */
    size_t body_len;
};
/* Adds a version; header and version row in one. */
enum status txn_put_record(struct txn *, const struct stored_record *) MUST_CHECK;
/* The current version as the batch sees it. ABSENT when there is none. */
enum status txn_get_record(struct txn *, record_id, struct arena *, struct stored_record *ret) MUST_CHECK;
/* Replaces the index rows of a record: keys under (field, guard), and search terms under (term, guard, updated). */
struct index_key { field_id field; const void *key; size_t len; };   /* key: at most 200 bytes, memcmp order */
enum status txn_put_index(struct txn *, record_id, guard_id, moment updated, const struct index_key *, size_t n,
                          const char *const *terms, size_t n_terms) MUST_CHECK;
/* Both in one, as a change writes them: two statements fewer. */
enum status txn_put_indexed(struct txn *, const struct stored_record *, const struct index_key *, size_t n,
                            const char *const *terms, size_t n_terms) MUST_CHECK;
/* A filtered list in the order of another field is a field of its own, whose keys are the filter's key and then the
 * sort key: a scan with the filter as prefix walks it. */
/* Records that hold a key under a field, whatever their guard: for the writer's own checks (uniqueness, counts). */
enum status txn_each_key(struct txn *, field_id, const void *key, size_t len,
                         bool (*each)(void *, record_id), void *arg) MUST_CHECK;

struct stored_link {
    record_id id;                           /* the link's own id */
    field_id field;
    record_id from, to;
    guard_id from_guard, to_guard;
    moment made;
    bool cut;
    uint64_t position;
};
enum status txn_put_link(struct txn *, const struct stored_link *) MUST_CHECK;      /* by id: adds or cuts */
enum status txn_each_link(struct txn *, record_id end, bool outgoing, bool (*each)(void *, const struct stored_link *),
                          void *arg) MUST_CHECK;
/* A record's guard changed: its link rows follow. */
enum status txn_move_links(struct txn *, record_id, guard_id) MUST_CHECK;

/* Interning; the office journals what is new. */
enum status txn_put_label(struct txn *, label_id, const char *text) MUST_CHECK;
struct stored_guard { guard_id id; int32_t register_; label_id label; record_id file, party; };
enum status txn_put_guard(struct txn *, const struct stored_guard *) MUST_CHECK;
enum status txn_put_field(struct txn *, field_id, const char *register_, const char *field) MUST_CHECK;

/* Appends an entry to the journal: leaf bytes, its hash, and the subtree nodes that it completes. The position is the
 * size before. */
enum status txn_append(struct txn *, const void *leaf, size_t len, uint64_t *ret_position) MUST_CHECK;
uint64_t txn_journal_size(struct txn *);
/* A body that is no record's version (a pack, the founding deed, a refusal's detail): by the position of its entry. */
enum status txn_put_body(struct txn *, uint64_t position, const uint8_t salt[SALT_BYTES], const void *, size_t) MUST_CHECK;

/* Change keys: the first answer, by (account, key). ABSENT when unused. */
enum status txn_get_key(struct txn *, record_id account, const char *key, struct arena *, const char **ret_answer) MUST_CHECK;
enum status txn_put_key(struct txn *, record_id account, const char *key, const char *answer) MUST_CHECK;

/* Side tables: named, not journalled (personal notes, secrets, counters). Each row is (table, owner, key) with a MAC
 * under the office's side key; a row whose MAC fails reads as DAMAGED. */
enum status txn_put_side(struct txn *, const char *table, record_id owner, const char *key, label_id, const void *,
                         size_t) MUST_CHECK;
enum status txn_drop_side(struct txn *, const char *table, record_id owner, const char *key) MUST_CHECK;

/* As the batch sees it. */
enum status txn_get_side(struct txn *, const char *table, record_id owner, const char *key, struct arena *,
                         const void **ret, size_t *ret_len, label_id *ret_label) MUST_CHECK;

/* Erasure: body, salt, postings and index rows go; a tombstone with the entry's position stays. */
enum status txn_erase_record(struct txn *, record_id, uint64_t position) MUST_CHECK;

/* ---- reading ------------------------------------------------------------------------------------------------- */

enum status view_open(struct store *, struct view **ret) MUST_CHECK;
void view_close(struct view *);
/* Gives up the pages of the database that it holds in memory, for a time of rest. */
void view_shrink(struct view *);
/* One consistent snapshot from begin to end. */
enum status view_begin(struct view *) MUST_CHECK;
void view_end(struct view *);

/* The list of guards that a reader may read: sorted ascending. */
struct guards { const guard_id *ids; size_t count; };
bool guards_have(const struct guards *, guard_id);

enum status view_record(struct view *, const struct guards *, record_id, struct arena *, struct stored_record *ret) MUST_CHECK;
/* Earlier versions, newest first: the caller checks each label. */
enum status view_versions(struct view *, const struct guards *, record_id, struct arena *, struct stored_record **ret,
                          size_t *ret_n) MUST_CHECK;
/* Links in force whose other end the reader may read: field by field, inside a field by guard, inside a guard newest first; all downwards. */
struct link_range {
    bool outgoing;
    field_id field;                         /* 0: every field */
    guard_id after_guard; moment after_made; record_id after;   /* with a field: behind this link; `after` 0: from the first */
    size_t each;                            /* at most so many of each field; 0: all */
};
enum status view_links(struct view *, const struct guards *, record_id end, const struct link_range *, struct arena *,
                       struct stored_link **ret, size_t *ret_n) MUST_CHECK;

struct scan {
    field_id field;                         /* the index walked; the updated order of a register has a field of its own */
    const void *prefix; size_t prefix_len;  /* only keys that begin so */
    bool descending;
    const void *after; size_t after_len;    /* the cursor: full key, then record */
    record_id after_record;
    size_t limit;
};
struct scan_row { record_id id; guard_id guard; const void *key; size_t key_len; };
/* Merges the readable guards' ranges in key order. The work depends on the guards given. */
enum status view_scan(struct view *, const struct guards *, const struct scan *, struct arena *, struct scan_row **ret,
                      size_t *ret_n) MUST_CHECK;
/* How many rows, at most `most` (then most+1 is returned). */
enum status view_count(struct view *, const struct guards *, const struct scan *, size_t most, size_t *ret) MUST_CHECK;
/* Newest first: records that hold every term. A cursor is (updated, record) of the last hit; MOMENT_EVER at first. */
enum status view_search(struct view *, const struct guards *, const char *const *terms, size_t n_terms, moment before,
                        record_id before_record, size_t limit, struct arena *, record_id **ret, moment **ret_updated,
                        size_t *ret_n) MUST_CHECK;

enum status view_side(struct view *, const char *table, record_id owner, const char *key, struct arena *,
                      const void **ret, size_t *ret_len, label_id *ret_label) MUST_CHECK;
enum status view_side_each(struct view *, const char *table, record_id owner,
                           bool (*each)(void *, const char *key, label_id, const void *, size_t), void *arg) MUST_CHECK;

/* The office's own start-up: everything, unguarded. Only office_open and verify may call these (a source check). */
enum status store_each_label(struct store *, bool (*)(void *, label_id, const char *), void *) MUST_CHECK;
enum status store_each_guard(struct store *, bool (*)(void *, const struct stored_guard *), void *) MUST_CHECK;
enum status store_each_field(struct store *, bool (*)(void *, field_id, const char *, const char *), void *) MUST_CHECK;
enum status store_each_record(struct store *, const char *register_, bool (*)(void *, const struct stored_record *),
                              void *) MUST_CHECK;
enum status store_each_link(struct store *, bool (*)(void *, const struct stored_link *), void *) MUST_CHECK;

/* The journal, for checkpoints, proofs, the auditor and verify. */
uint64_t store_journal_size(struct store *);            /* committed */
enum status store_journal_edge(struct store *, struct tree_edge *ret) MUST_CHECK;
enum status store_each_entry(struct store *, uint64_t from, uint64_t to,
                             bool (*)(void *, uint64_t position, const void *leaf, size_t len), void *) MUST_CHECK;
struct tree_source store_tree(struct store *);          /* safe from any thread */
/* Side rows for verify: each row, whether its MAC holds. */
enum status store_each_side(struct store *, bool (*)(void *, const char *table, record_id owner, const char *key,
                                                     bool good), void *) MUST_CHECK;
/* Tombstones: what was erased lawfully ("record" and its id, "attachment" and its address, "segment" and its id in
 * decimal), and the position of the entry that says so; in the order of positions. */
enum status store_each_tombstone(struct store *, bool (*)(void *, const char *kind, const char *name, uint64_t position),
                                 void *) MUST_CHECK;
/* Every index row and posting: for verify. A search row that cannot be read, or that overlaps another, is told with record 0. */
enum status store_each_value(struct store *, bool (*)(void *, field_id, guard_id, const void *key, size_t, record_id), void *) MUST_CHECK;
enum status store_each_posting(struct store *, bool (*)(void *, const void *term, size_t, guard_id, moment updated, record_id), void *) MUST_CHECK;
/* Every stored version of a record, newest first, bodies NULL where erased: for verify. */
enum status store_each_version(struct store *, record_id, bool (*)(void *, const struct stored_record *), void *) MUST_CHECK;
/* For verify: index rows that still lie in the log are moved into their tables first. */
enum status store_move_fresh(struct store *) MUST_CHECK;
/* For verify: rows as they lie in the tables, whether anything leads to them or not. */
struct store_counts { uint64_t entries, nodes, versions; };
enum status store_count(struct store *, struct store_counts *ret) MUST_CHECK;
struct version_row {
    int64_t position, version, previous;        /* previous: -1 none */
    record_id record, file;
    guard_id guard;
    label_id label;
    const char *state, *body;                   /* body NULL: erased; not ended by a NUL */
    size_t body_len;
    moment updated;
};
enum status store_each_version_row(struct store *, bool (*)(void *, const struct version_row *), void *) MUST_CHECK;
enum status store_each_body_place(struct store *, bool (*)(void *, int64_t position), void *) MUST_CHECK;
/* What the store keeps of each record's index rows, item by item; a term has field 0. `bytes` NULL: a list that cannot be read or
 * that its record does not name. */
struct listed_item { record_id record; guard_id guard; moment updated; field_id field; const void *bytes; size_t len; };
enum status store_each_list(struct store *, bool (*)(void *, const struct listed_item *), void *) MUST_CHECK;
struct attachment_row { const char *address; label_id label; record_id file; int64_t size, uses; };
enum status store_each_attachment(struct store *, bool (*)(void *, const struct attachment_row *), void *) MUST_CHECK;
enum status store_body_at(struct store *, uint64_t position, struct arena *, uint8_t salt[SALT_BYTES],
                          const char **ret, size_t *ret_len) MUST_CHECK;

#endif
