/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of verify share; nobody else includes it. verify.c hears the journal and compares records and their index rows,
 * verify_rows.c everything that hangs on them, verify_files.c what lies beside the database.
 */
#ifndef OFFICE_VERIFY_INNER_H
#define OFFICE_VERIFY_INNER_H

#include "office/inside.h"
#include "office/verify.h"

struct expected {                              /* what the journal says of one record, link or label */
    uint64_t version, position;
    bool seen, erased;
    uint64_t rows, postings, listed;           /* sums of hashes: expected minus found */
    uint64_t header;                           /* of the record's row: a hash of what its current version's row repeats */
    guard_id guard;
    int64_t chain, chained;                    /* position and number of the last version row met */
    struct stored_link *link;
    bool listed_badly;
};
struct verifying {
    struct office *office;
    struct arena *arena;
    struct reasons *reasons;
    struct office_verdict *verdict;
    struct idmap records, links, labels;       /* id -> struct expected */
    struct idmap by_position;                  /* position + 1 -> struct expected: changes, links and labels */
    struct idmap bodies;                       /* position + 1 of entries whose body lies in the table of bodies */
    struct idmap erasures;                     /* position + 1 of entries that erase; the value says whether a tombstone was met */
    struct idmap guards_used;                  /* guard -> by a version */
    struct idmap uses;                         /* attachments: first bytes of the address -> struct attachment_use */
    uint64_t packs;                            /* how many packs were put in force */
    uint64_t changes;
    const char *folder;
    void (*progress)(void *, uint64_t);
    void *arg;
};

void differ(struct verifying *, const char *rule, const char *where, const char *english);
void differ_number(struct verifying *, int64_t id, const char *rule, const char *english);
struct expected *expect(struct idmap *, int64_t id);
uint64_t row_hash(uint32_t kind, uint32_t guard, const void *key, size_t len, int64_t number);
uint64_t header_hash(guard_id, label_id, record_id file, const char *state, int64_t version, moment updated);
/* Whether a guard's row is the one that follows from a version. */
bool right_guard(const struct verifying *, guard_id, const struct image *);

/* Versions, bodies, links, guards, fields, lists, attachments, tombstones. */
enum status verify_rows(struct verifying *) MUST_CHECK;
void verify_rows_free(struct verifying *);
/* Policies and settings against the founding deed. */
void verify_files(struct verifying *);

#endif
