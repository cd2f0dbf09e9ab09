/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The walk: leaves come from the source, go through the blocks, and are taken back in order; here the tree grows, the
 * stored hashes are compared and the checkpoints are met. While nothing is wrong a block of 1,024 leaves costs one
 * look-up of a stored node; at the first difference the walk goes on leaf by leaf, with both sides, so that the end can
 * say what kind of change it was.
 */
#include "journal/verify.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "journal/verify_inner.h"

/* ---- findings ---- */

const char *number_text(struct walk *w, uint64_t number)
{
    return arena_printf(w->arena, "%llu", (unsigned long long)number);
}

struct reason *finding(struct walk *w, const char *rule, const char *where, const char *english, const char *a,
                       const char *b, const char *c)
{
    w->verdict.findings++;
    return reason_add(w->reasons, rule, where, english, a, b, c);
}

void remark(struct walk *w, const char *rule, const char *english, const char *a, const char *b)
{
    struct reason *r = reason_add(w->reasons, rule, NULL, english, a, b);
    if (r)
        r->grants = true;
}

void blame(struct walk *w, const char *what, uint64_t from, uint64_t until)
{
    if (!w->verdict.what || from < w->verdict.first_bad) {
        w->verdict.what = what;
        w->verdict.first_bad = from;
        w->verdict.bad_until = until;
    }
}

/* ---- stored hashes ---- */

static bool has_stored(const struct walk *w)
{
    return w->source->stored.node != NULL;
}

/* Compares what the source keeps for a node; only while entries and leaves agree. */
static void compare_node(struct walk *w, unsigned level, uint64_t index, const struct hash *sum)
{
    struct hash kept;
    if (!has_stored(w) || w->source->stored_leaves_only || w->differs_at != JOURNAL_NOWHERE)
        return;
    enum status s = w->source->stored.node(w->source->stored.arg, level, index, &kept);
    if ((s == OK && hash_equal(&kept, sum)) || w->bad_node_at != JOURNAL_NOWHERE)
        return;
    w->bad_node_at = index << level;
}

/* Appends a complete subtree and compares every node that it completes. */
static void append(struct walk *w, unsigned level, const struct hash *root)
{
    struct hash sum = *root;
    uint64_t after = w->edge.size + (UINT64_C(1) << level);
    for (unsigned i = level; w->edge.size >> i & 1; i++) {
        sum = tree_node(&w->edge.peak[i], &sum);
        compare_node(w, i + 1, (after >> (i + 1)) - 1, &sum);
    }
    tree_append_subtree(&w->edge, level, root);
}

static bool begin_difference(struct walk *w, uint64_t at)
{
    w->entry_tail = malloc(TAIL_MAX * sizeof *w->entry_tail);
    w->stored_tail = malloc(TAIL_MAX * sizeof *w->stored_tail);
    if (!w->entry_tail || !w->stored_tail)
        return false;
    w->differs_at = at;
    w->stored_edge = w->edge;
    w->next_stored_note = w->next_note;
    return true;
}

/* The stored leaf hash at a position goes into the second tree; false when there is none. */
static bool follow_stored(struct walk *w, uint64_t at)
{
    struct hash kept;
    if (w->stored_ended || w->source->stored.node(w->source->stored.arg, 0, at, &kept) != OK) {
        w->stored_ended = true;
        return false;
    }
    if (w->n_stored_tail < TAIL_MAX)
        w->stored_tail[w->n_stored_tail++] = kept;
    tree_append(&w->stored_edge, &kept);
    notes_meet_stored(w);
    return true;
}

static void take_leaf(struct walk *w, const struct hash *leaf)
{
    uint64_t at = w->edge.size;
    if (has_stored(w) && w->differs_at == JOURNAL_NOWHERE) {
        struct hash kept;
        enum status s = w->source->stored.node(w->source->stored.arg, 0, at, &kept);
        if ((s != OK || !hash_equal(&kept, leaf)) && !begin_difference(w, at))
            w->trouble = NO_MEMORY;
    }
    if (w->differs_at != JOURNAL_NOWHERE) {
        if (w->n_entry_tail < TAIL_MAX)
            w->entry_tail[w->n_entry_tail++] = *leaf;
        follow_stored(w, at);
    }
    append(w, 0, leaf);
    notes_meet(w);
}

/* ---- blocks ---- */

/* Whether a block can be taken as one node: nothing inside it has to be looked at. */
static bool as_one(struct walk *w, const struct block *b)
{
    struct hash kept;
    if (!b->whole || notes_next_size(w) < b->from + BLOCK || w->differs_at != JOURNAL_NOWHERE)
        return false;
    if (!has_stored(w))
        return true;
    return !w->options->every_node && !w->source->stored_leaves_only
        && w->source->stored.node(w->source->stored.arg, BLOCK_LEVEL, b->from >> BLOCK_LEVEL, &kept) == OK
        && hash_equal(&kept, &b->root);
}

static void misplaced(struct walk *w, uint64_t index, uint64_t position)
{
    if (w->misplaced_at == JOURNAL_NOWHERE) {
        if (position == index)
            return;
        w->position_tail = malloc(TAIL_MAX * sizeof *w->position_tail);
        if (!w->position_tail) {
            w->trouble = NO_MEMORY;
            return;
        }
        w->misplaced_at = index;
    }
    if (w->n_position_tail < TAIL_MAX)
        w->position_tail[w->n_position_tail++] = position;
}

static void unreadable(struct walk *w, const struct block *b, unsigned i)
{
    uint64_t at = b->from + i;
    if (w->unreadable_at == JOURNAL_NOWHERE)
        w->unreadable_at = at;
    if (w->n_unreadable++ >= 20)
        return;
    struct entry ignored;
    struct reasons why;
    reasons_init(&why, w->arena);
    if (entry_read(b->bytes.data + b->offset[i], b->offset[i + 1] - b->offset[i], w->arena, &why, &ignored) == OK)
        return;
    const char *at_text = number_text(w, at);
    finding(w, "journal.entry-form", at_text, T_("entry %1$s is not in the one form that an entry has"), at_text, NULL,
            NULL);
    for (struct reason *r = why.first; r; r = r->after)
        r->where = at_text;
    reasons_join(w->reasons, &why);
}

static void take_block(struct walk *w, struct block *b)
{
    if (as_one(w, b)) {
        append(w, BLOCK_LEVEL, &b->root);
        notes_meet(w);
    } else {
        unsigned before = w->bad_node_at == JOURNAL_NOWHERE;
        for (unsigned i = 0; i < b->n && w->trouble == OK; i++)
            take_leaf(w, &b->leaf[i]);
        /* The node over the block was wrong although its leaves are right. */
        if (before && b->whole && w->differs_at == JOURNAL_NOWHERE)
            compare_node(w, BLOCK_LEVEL, b->from >> BLOCK_LEVEL, &b->root);
    }
    for (unsigned i = 0; i < b->n && w->trouble == OK; i++) {
        if (!b->readable[i]) {
            unreadable(w, b, i);
            misplaced(w, b->from + i, b->from + i);
            continue;
        }
        misplaced(w, b->from + i, b->entry[i].position);
        bodies_take(w, b->from + i, &b->entry[i]);
        if (w->options->entry)
            w->options->entry(w->options->arg, &b->entry[i]);
    }
    uint64_t done = b->from + b->n;
    if (w->options->progress && done / 65536 != b->from / 65536)
        w->options->progress(w->options->arg, done);
}

static bool take_oldest(struct walk *w)
{
    struct block *b = pool_oldest(w->pool);
    if (!b)
        return false;
    if (w->trouble == OK)
        take_block(w, b);
    pool_release(w->pool);
    return true;
}

struct feed {
    struct walk *walk;
    struct block *block;
    uint64_t count;
};

/* One leaf from the source. The running number counts, not what the source calls it: a gap shows in the entries. */
static bool feed_leaf(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct feed *f = arg;
    struct walk *w = f->walk;
    (void)position;
    if (!f->block) {
        while (!(f->block = pool_fill(w->pool)))
            take_oldest(w);
        f->block->from = f->count;
        f->block->n = 0;
    }
    struct block *b = f->block;
    b->offset[b->n] = b->bytes.len;
    /* A leaf beyond the limit is hashed by its head: it is unreadable, and no signed tree has it either way. */
    buf_add(&b->bytes, leaf, len > ENTRY_MAX ? ENTRY_MAX + 1 : len);
    b->offset[++b->n] = b->bytes.len;
    f->count++;
    if (b->bytes.failed) {
        w->trouble = NO_MEMORY;
        return false;
    }
    if (f->count % BLOCK == 0 || b->bytes.len > BLOCK_BYTES) {
        pool_submit(w->pool);
        f->block = NULL;
    }
    return w->trouble == OK;
}

static enum status walk_all(struct walk *w)
{
    struct feed f = {.walk = w};
    uint64_t to = w->source->size;
    enum status s = to == 0 ? OK : w->source->leaves(w->source->arg, 0, to, feed_leaf, &f);
    if (f.block)
        pool_submit(w->pool);
    while (take_oldest(w))
        ;
    if (w->trouble != OK)
        return w->trouble;
    if (s != OK && s != DAMAGED)
        return s;
    w->verdict.entries = w->edge.size;
    w->verdict.root = tree_root(&w->edge);
    /* What is stored behind the last entry still leads to the checkpoints that lie there. */
    if (has_stored(w) && !w->stored_ended) {
        struct hash more;
        uint64_t at = w->edge.size;
        if (w->differs_at == JOURNAL_NOWHERE && w->source->stored.node(w->source->stored.arg, 0, at, &more) == OK
            && !begin_difference(w, at))
            return NO_MEMORY;
        while (w->differs_at != JOURNAL_NOWHERE && follow_stored(w, at))
            at++;
    }
    return OK;
}

static void conclude(struct walk *w)
{
    place_conclude(w);
    notes_conclude(w);
    bodies_conclude(w);
    if (w->source->size != JOURNAL_NOWHERE && w->source->size > w->verdict.entries && !w->verdict.what) {
        finding(w, "journal.truncation", number_text(w, w->verdict.entries),
                T_("there should be %1$s entries, here are %2$s"), number_text(w, w->source->size),
                number_text(w, w->verdict.entries), NULL);
        blame(w, "truncation", w->verdict.entries, w->source->size);
    }
    if (w->verdict.what && w->verdict.first_bad != JOURNAL_NOWHERE && w->verdict.first_bad + 1 < w->verdict.bad_until)
        remark(w, "journal.first-bad", T_("the first bad entry is one of %1$s to %2$s"),
               number_text(w, w->verdict.first_bad), number_text(w, w->verdict.bad_until - 1));
    else if (w->verdict.what && w->verdict.first_bad != JOURNAL_NOWHERE)
        remark(w, "journal.first-bad", T_("the first bad entry is %1$s"), number_text(w, w->verdict.first_bad), NULL);
}

enum status journal_verify(const struct journal_source *source, const struct journal_options *options,
                           struct arena *arena, struct reasons *reasons, struct journal_verdict *ret)
{
    struct walk w = {.source = source, .options = options, .arena = arena, .reasons = reasons,
        .differs_at = JOURNAL_NOWHERE, .bad_node_at = JOURNAL_NOWHERE, .misplaced_at = JOURNAL_NOWHERE,
        .unreadable_at = JOURNAL_NOWHERE, .bad_body_at = JOURNAL_NOWHERE,
        .verdict.first_bad = JOURNAL_NOWHERE};
    if (sodium_init() < 0)
        return NO_MEMORY;
    w.mark_key = mark_key_new();
    notes_open(&w);
    enum status s = pool_new(options->threads, &w.pool);
    w.scratch = arena_new((size_t)64 << 20);
    if (s == OK && !w.scratch)
        s = NO_MEMORY;
    if (s == OK)
        s = walk_all(&w);
    if (s == OK)
        conclude(&w);
    pool_free(w.pool);
    arena_free(w.scratch);
    free(w.entry_tail);
    free(w.stored_tail);
    free(w.position_tail);
    marks_free(&w.present);
    marks_free(&w.absent);
    marks_free(&w.erasures);
    if (s != OK)
        return s;
    *ret = w.verdict;
    return w.verdict.findings ? DAMAGED : OK;
}
