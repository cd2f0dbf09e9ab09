/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verifying a journal: one pass over its entries, wherever they lie. It reads every entry strictly, computes the tree,
 * compares it with the hashes that the store keeps beside the entries and with the checkpoints that were signed, and
 * the bodies with their commitments. It finds edits, insertions, deletions, reordering, truncation, forks and key swaps,
 * names the first bad entry, and tells erased bodies from missing ones.
 *
 * What can be named: checkpoints alone say between which two of them a history was changed; the stored hashes, where
 * they still lead to a signed root, say exactly which entry. Both are evidence, never the judge of their own case:
 * entries that fit a checkpoint are good whatever the stored hashes say.
 *
 * Findings are reasons (`grants` false); remarks that need nobody's action have `grants` set.
 */
#ifndef JOURNAL_VERIFY_H
#define JOURNAL_VERIFY_H

#include "journal/journal.h"

#define JOURNAL_NOWHERE UINT64_MAX

typedef bool (*journal_each_leaf)(void *, uint64_t position, const void *leaf, size_t len);

/* Where a journal lies. Every function is called from the thread that verifies. */
struct journal_source {
    void *arg;
    uint64_t size;                          /* how many entries there should be; JOURNAL_NOWHERE: as many as come */
    /* Hands over the leaves from..to in order, until `each` is false (that is no failure). */
    enum status (*leaves)(void *arg, uint64_t from, uint64_t to, journal_each_leaf each, void *each_arg);
    /* The stored hashes; node NULL when there are none. `stored_leaves_only`: it has level 0 alone (an export). */
    struct tree_source stored;
    bool stored_leaves_only;
    /* The body and salt of the entry at a position, asked in ascending order for entries that have a commitment; ABSENT
     * when erased or missing. NULL: bodies are not checked. */
    enum status (*body)(void *arg, uint64_t position, struct arena *, uint8_t salt[SALT_BYTES], const char **ret,
                        size_t *ret_len);
};

struct journal_note {
    const char *name;                       /* of the file, for findings */
    const char *text;
    size_t len;
};

struct journal_options {
    const char *public_key_line;            /* NULL only when there are no notes */
    const struct journal_note *notes;       /* in any order */
    size_t n_notes;
    unsigned threads;                       /* that read and hash; 0: two, 1: none beside the caller's */
    bool every_node;                        /* compare every stored node; else all but those inside blocks of 1,024 */
    /* Hears every readable entry in order, to compare tables with; strings live until it returns. NULL allowed. */
    void (*entry)(void *arg, const struct entry *);
    /* Hears every entry whose body a later entry erased, ascending among the gone and then among those still there. */
    void (*erased)(void *arg, uint64_t position, uint64_t by);
    void (*progress)(void *arg, uint64_t done);         /* about every 65,536 entries; NULL allowed */
    void *arg;
};

struct journal_verdict {
    uint64_t entries;
    struct hash root;
    uint64_t proven;                        /* the largest size that a good checkpoint signs */
    uint64_t first_bad;                     /* JOURNAL_NOWHERE when none is */
    uint64_t bad_until;                     /* exact: first_bad + 1; else the first bad one is before this */
    const char *what;                       /* edit insertion deletion reordering truncation fork key-swap body missing
                                             * node checkpoint; NULL when nothing was found */
    uint64_t notes_good, notes_bad;
    uint64_t commitments, bodies_good, erased, missing;
    uint64_t findings;
};

/* OK: nothing found; DAMAGED: findings; anything else: it could not be done. The verdict is filled for both of the
 * first. */
enum status journal_verify(const struct journal_source *, const struct journal_options *, struct arena *,
                           struct reasons *, struct journal_verdict *ret) MUST_CHECK;

#endif
