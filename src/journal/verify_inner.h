/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The parts of verification: blocks of leaves that are hashed and read on other threads (verify_block.c), the walk over
 * them (verify.c), checkpoints (verify_notes.c), bodies (verify_bodies.c), and the place and kind of what is wrong
 * (verify_place.c). Only src/journal/verify*.c include this.
 */
#ifndef JOURNAL_VERIFY_INNER_H
#define JOURNAL_VERIFY_INNER_H

#include "journal/marks.h"
#include "journal/verify.h"

#define BLOCK_LEVEL 10
#define BLOCK (1u << BLOCK_LEVEL)           /* leaves in a block */
#define BLOCK_BYTES ((size_t)8 << 20)       /* a block is closed early behind these */
#define TAIL_MAX 65536u                     /* entries looked at behind the first bad one, to tell its kind */

struct block {
    uint64_t from;
    unsigned n;
    struct buf bytes;
    size_t offset[BLOCK + 1];
    struct hash leaf[BLOCK];
    struct hash root;                       /* when whole */
    bool whole;                             /* all BLOCK leaves, on a boundary */
    struct entry entry[BLOCK];
    bool readable[BLOCK];
    struct arena *arena;
    bool done;
};

struct pool;
enum status pool_new(unsigned threads, struct pool **ret) MUST_CHECK;
void pool_free(struct pool *);
/* The block that is to be filled next, empty; NULL while the oldest is not taken back: call pool_oldest first. */
struct block *pool_fill(struct pool *);
void pool_submit(struct pool *);            /* the block being filled goes to work */
struct block *pool_oldest(struct pool *);   /* waits for it; NULL when none is at work */
void pool_release(struct pool *);           /* the oldest may be filled again */

enum note_state { NOTE_AHEAD, NOTE_GOOD, NOTE_BAD };
struct known_note {
    const char *name;
    struct checkpoint checkpoint;
    enum note_state entries;                /* against the tree over the entries */
    enum note_state stored;                 /* against the tree over the stored hashes; AHEAD when not compared */
};

struct walk {
    const struct journal_source *source;
    const struct journal_options *options;
    struct arena *arena;
    struct reasons *reasons;
    struct journal_verdict verdict;
    enum status trouble;                    /* why the walk could not go on */

    struct pool *pool;
    struct tree_edge edge;                  /* over the entries */
    struct known_note *notes;               /* by size */
    size_t n_notes, next_note, next_stored_note;

    /* From the first entry whose hash is not the stored one: both sides. */
    uint64_t differs_at;
    struct tree_edge stored_edge;
    bool stored_ended;
    struct hash *entry_tail, *stored_tail;
    size_t n_entry_tail, n_stored_tail;
    uint64_t bad_node_at;                   /* first leaf under a stored node that is wrong above right leaves */

    /* From the first entry that does not stand at its own position. */
    uint64_t misplaced_at;
    uint64_t *position_tail;
    size_t n_position_tail;
    uint64_t unreadable_at;
    uint64_t n_unreadable;

    struct mark_key mark_key;
    struct marks present, absent, erasures;
    uint64_t bad_body_at;                   /* the first entry whose body is at fault */
    const char *bad_body;
    struct arena *scratch;
};

/* A finding: counts it and keeps the earliest entry. `position` may be JOURNAL_NOWHERE. The texts' first argument is the
 * position; the others follow. */
const char *number_text(struct walk *, uint64_t);
struct reason *finding(struct walk *, const char *rule, const char *where, const char *english, const char *a,
                       const char *b, const char *c);
void blame(struct walk *, const char *what, uint64_t from, uint64_t until);
void remark(struct walk *, const char *rule, const char *english, const char *a, const char *b);

void notes_open(struct walk *);
uint64_t notes_next_size(const struct walk *);          /* JOURNAL_NOWHERE when none is left */
void notes_meet(struct walk *);                         /* the entries' tree has reached a size */
void notes_meet_stored(struct walk *);
void notes_conclude(struct walk *);

void bodies_take(struct walk *, uint64_t at, const struct entry *);
void bodies_conclude(struct walk *);

/* Whether and where entries are wrong, from the stored hashes and the positions. */
void place_conclude(struct walk *);

#endif
