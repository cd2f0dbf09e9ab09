/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The journal (law 3): entries are leaves of an RFC 9162 Merkle tree with SHA-256. An entry is canonical JSON (RFC 8785,
 * integers and strings only). A body (what a record held) stays outside; the entry commits to it: SHA-256 over a random
 * 16-byte salt and the canonical JSON of the body, so that a body can be erased and the entry still proves.
 * Checkpoints follow the C2SP tlog-checkpoint form, signed with Ed25519 as C2SP signed-note.
 *
 * This room knows hashes, trees and formats; where entries lie is the store's affair.
 */
#ifndef JOURNAL_JOURNAL_H
#define JOURNAL_JOURNAL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"

#define SALT_BYTES 16
#define TREE_LEVELS 64
#define ENTRY_MAX 65536                     /* bytes of an entry's text */
#define BODY_MAX ((size_t)16 << 20)         /* bytes of a body's canonical JSON */
#define NOTE_MAX 65536                      /* bytes of a signed note */

struct hash tree_leaf(const void *entry, size_t len);                       /* SHA-256(00 || entry) */
struct hash tree_node(const struct hash *left, const struct hash *right);   /* SHA-256(01 || l || r) */

/* The right edge of a tree: what is needed to append and to compute the root. */
struct tree_edge {
    uint64_t size;
    struct hash peak[TREE_LEVELS];          /* peak[i] is valid where bit i of size is set */
};
void tree_append(struct tree_edge *, const struct hash *leaf);
/* The same for a complete subtree of 2^level leaves; the size must be a multiple of that. */
void tree_append_subtree(struct tree_edge *, unsigned level, const struct hash *root);
struct hash tree_root(const struct tree_edge *);        /* of an empty tree: SHA-256 of nothing */
/* The root over `count` hashes, a power of two; uses their place for its work. */
struct hash tree_fold(struct hash *hashes, size_t count);

/* Where the hashes of complete subtrees come from: level 0 are the leaves. */
struct tree_source {
    enum status (*node)(void *arg, unsigned level, uint64_t index, struct hash *ret);
    void *arg;
};
#define PROOF_MAX 128
/* RFC 9162 2.1.3.1 and 2.1.4.1. `proof` holds PROOF_MAX hashes. BAD_INPUT when the index or the old size is not inside
 * the tree; a source's own failure comes through. From the empty tree (old_size 0) the proof is empty. */
enum status tree_prove_inclusion(const struct tree_source *, uint64_t index, uint64_t size, struct hash *proof,
                                 unsigned *ret_n) MUST_CHECK;
enum status tree_prove_consistency(const struct tree_source *, uint64_t old_size, uint64_t new_size,
                                   struct hash *proof, unsigned *ret_n) MUST_CHECK;
/* RFC 9162 2.1.3.2 and 2.1.4.2. An old size of 0 proves nothing and is false. */
bool tree_check_inclusion(uint64_t index, uint64_t size, const struct hash *leaf, const struct hash *proof, unsigned n,
                          const struct hash *root);
bool tree_check_consistency(uint64_t old_size, uint64_t new_size, const struct hash *old_root,
                            const struct hash *new_root, const struct hash *proof, unsigned n);

/* One entry. Strings are borrowed; absent ones are NULL (or empty) and left out; numbers that do not apply are 0 and
 * left out. docs/journal-format.md describes the text. */
struct entry {
    uint64_t position;         /* from 0; entry 0 is the founding deed */
    moment time;
    const char *kind;          /* "change", "read", "refusal", "sign-in", "export", "label", "guard", "pack", "erasure" ... */
    const char *person;        /* record numbers */
    const char *account;
    const char *post;          /* the post's name */
    const char *pack;          /* hash of the pack, hex */
    const char *step;          /* "create", "edit", a step's name */
    const char *register_;
    const char *record;        /* number */
    uint64_t version;
    int64_t label;             /* label id, from 1; 0 or -1: none (read as -1) */
    const char *cause;         /* rule and cause when the office acts; the change key's token otherwise */
    const char *reason;        /* commitment-free words only where a rule wants them: names of refused rules */
    bool has_commitment;
    struct hash commitment;
};
/* Canonical JSON. Sets the buffer's `failed` when the kind is missing, a text is no UTF-8, a number is beyond 2^53-1 or
 * the entry is longer than ENTRY_MAX. */
void entry_write(const struct entry *, struct buf *);
/* Strict: DAMAGED for every text that entry_write would not have written. Reasons may be NULL. */
enum status entry_read(const char *text, size_t len, struct arena *, struct reasons *, struct entry *ret) MUST_CHECK;
struct hash commit(const uint8_t salt[SALT_BYTES], const void *canonical, size_t len);

/* Checkpoints. */
struct checkpoint {
    const char *origin;        /* the office's name for its log, e.g. "castellan/hq-demo" */
    uint64_t size;
    struct hash root;
    moment time;               /* extension line "time 2026-11-03T18:00:00Z" */
    bool lists;                /* extension line "erasures 12 HEX": how much was ever erased, and the SHA-256 of the lists that say what */
    uint64_t erasures;
    struct hash erased;
};
/* The note's text: what is signed. Sets `failed` when the origin cannot be a key's name; MOMENT_NONE leaves
 * the time line out. */
void checkpoint_write(const struct checkpoint *, struct buf *);
/* A signed note and the key's line "origin+keyid+base64" (C2SP vkey). The key's name must be the origin. Lines of other
 * keys are passed over, as C2SP asks; the note must carry one of this key that verifies. BAD_INPUT: no checkpoint, or no
 * key line; REFUSED: not signed by this key; DAMAGED: the signature does not fit. `time` is MOMENT_NONE where the note
 * has no such line. */
enum status checkpoint_read(const char *note, size_t len, const char *public_key_line, struct arena *, struct reasons *,
                            struct checkpoint *ret) MUST_CHECK;

/* The signer: a process of its own that holds the Ed25519 key, forked before threads and sockets. It signs only what
 * extends the last tree it signed (it checks the consistency proof), and remembers that across restarts in its own
 * state file: the last note it signed, on disk before it is handed out. Key and state lie in `folder` (signer.key 0600,
 * signer.state; signer.pub is the key's line for others). Reading back the state checks its signature; a lost or
 * foreign state is refused, since a signer that forgot could be made to sign a second history. */
struct signer;
/* Makes key, first state and signer.pub; CONFLICT when there is a key. The folder is made (0700) if need be. */
enum status signer_create_key(const char *folder, const char *origin, struct reasons *) MUST_CHECK;
enum status signer_start(const char *folder, struct reasons *, struct signer **ret) MUST_CHECK;
void signer_stop(struct signer *);          /* takes NULL; the process wipes its key and is waited for */
const char *signer_public_line(const struct signer *);              /* "origin+keyid+base64", C2SP vkey */
const char *signer_origin(const struct signer *);
int signer_pid(const struct signer *);      /* for doctor */
bool signer_confined(const struct signer *);    /* whether the kernel locked it in, for doctor */
/* The last size signed; 0 when none. A proof for signer_sign starts here: ask again after every failure. */
uint64_t signer_last_size(const struct signer *);
/* Signs `checkpoint`, with the proof from the last signed tree (RFC 9162 2.1.4; none from size 0 or for the same tree
 * again). Adds the signed note to out. REFUSED: it does not extend that tree; the state stays. FAILED_IO: the state
 * could not be written, or the process is gone. Safe from one thread. */
enum status signer_sign(struct signer *, const struct checkpoint *, const struct hash *proof, unsigned n,
                        struct reasons *, struct buf *out) MUST_CHECK;

#endif
