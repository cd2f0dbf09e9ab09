/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Proofs of RFC 9162: that an entry is in a tree (2.1.3) and that a tree extends an older one (2.1.4). Proving asks a
 * source for the hashes of complete subtrees and recomputes the few that are not complete; checking needs the proof
 * and the roots alone. Checking is done as the RFC writes it down, step by step, so that it can be read beside it.
 */
#include "journal/journal.h"

#include <stdbool.h>

/* What a proof is being collected into. */
struct collector {
    const struct tree_source *source;
    struct hash *proof;
    unsigned n;
};

/* The largest power of two smaller than n; n > 1. */
static uint64_t split(uint64_t n)
{
    return UINT64_C(1) << (63 - __builtin_clzll(n - 1));
}

/* The root over the leaves from..from+n, where `from` is a multiple of the smallest power of two that is not below n:
 * a complete subtree comes from the source, another one is put together from its two halves. */
static enum status subtree(const struct tree_source *source, uint64_t from, uint64_t n, struct hash *ret)
{
    if ((n & (n - 1)) == 0) {
        unsigned level = (unsigned)__builtin_ctzll(n);
        return source->node(source->arg, level, from >> level, ret);
    }
    struct hash left, right;
    uint64_t k = split(n);
    enum status s = subtree(source, from, k, &left);
    if (s == OK)
        s = subtree(source, from + k, n - k, &right);
    if (s == OK)
        *ret = tree_node(&left, &right);
    return s;
}

static enum status collect(struct collector *c, uint64_t from, uint64_t n)
{
    if (c->n == PROOF_MAX)
        return TOO_LARGE;
    struct hash h;
    enum status s = subtree(c->source, from, n, &h);
    if (s == OK)
        c->proof[c->n++] = h;
    return s;
}

/* PATH(m, D[n]) of 2.1.3.1 over the leaves that begin at `from`. */
static enum status path(struct collector *c, uint64_t m, uint64_t from, uint64_t n)
{
    if (n == 1)
        return OK;
    uint64_t k = split(n);
    enum status s = m < k ? path(c, m, from, k) : path(c, m - k, from + k, n - k);
    if (s == OK)
        s = m < k ? collect(c, from + k, n - k) : collect(c, from, k);
    return s;
}

/* SUBPROOF(m, D[n], b) of 2.1.4.1. */
static enum status subproof(struct collector *c, uint64_t m, uint64_t from, uint64_t n, bool whole)
{
    if (m == n)
        return whole ? OK : collect(c, from, n);
    uint64_t k = split(n);
    enum status s = m <= k ? subproof(c, m, from, k, whole) : subproof(c, m - k, from + k, n - k, false);
    if (s == OK)
        s = m <= k ? collect(c, from + k, n - k) : collect(c, from, k);
    return s;
}

enum status tree_prove_inclusion(const struct tree_source *source, uint64_t index, uint64_t size, struct hash *proof,
                                 unsigned *ret_n)
{
    if (index >= size)
        return BAD_INPUT;
    struct collector c = {.source = source, .proof = proof};
    enum status s = path(&c, index, 0, size);
    if (s == OK)
        *ret_n = c.n;
    return s;
}

enum status tree_prove_consistency(const struct tree_source *source, uint64_t old_size, uint64_t new_size,
                                   struct hash *proof, unsigned *ret_n)
{
    if (old_size > new_size)
        return BAD_INPUT;
    struct collector c = {.source = source, .proof = proof};
    /* Every tree extends the empty one: nothing to prove, and the RFC defines no proof. */
    enum status s = old_size == 0 ? OK : subproof(&c, old_size, 0, new_size, true);
    if (s == OK)
        *ret_n = c.n;
    return s;
}

/* Both paths go up together until a right child (or the left border) is reached. */
static void climb(uint64_t *fn, uint64_t *sn)
{
    while (!(*fn & 1) && *fn != 0) {
        *fn >>= 1;
        *sn >>= 1;
    }
}

bool tree_check_inclusion(uint64_t index, uint64_t size, const struct hash *leaf, const struct hash *proof, unsigned n,
                          const struct hash *root)
{
    if (index >= size)
        return false;
    uint64_t fn = index, sn = size - 1;
    struct hash r = *leaf;
    for (unsigned i = 0; i < n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            r = tree_node(&proof[i], &r);
            climb(&fn, &sn);
        } else {
            r = tree_node(&r, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&r, root);
}

bool tree_check_consistency(uint64_t old_size, uint64_t new_size, const struct hash *old_root,
                            const struct hash *new_root, const struct hash *proof, unsigned n)
{
    if (old_size == 0 || old_size > new_size)
        return false;
    if (old_size == new_size)
        return n == 0 && hash_equal(old_root, new_root);
    if (n == 0)
        return false;
    /* An old tree that is complete is itself the first node of the path and is left out of the proof. */
    bool complete = (old_size & (old_size - 1)) == 0;
    unsigned i = complete ? 0 : 1;
    struct hash fr = complete ? *old_root : proof[0], sr = fr;
    uint64_t fn = old_size - 1, sn = new_size - 1;
    while (fn & 1) {
        fn >>= 1;
        sn >>= 1;
    }
    for (; i < n; i++) {
        if (sn == 0)
            return false;
        if ((fn & 1) || fn == sn) {
            fr = tree_node(&proof[i], &fr);
            sr = tree_node(&proof[i], &sr);
            climb(&fn, &sn);
        } else {
            sr = tree_node(&sr, &proof[i]);
        }
        fn >>= 1;
        sn >>= 1;
    }
    return sn == 0 && hash_equal(&fr, old_root) && hash_equal(&sr, new_root);
}
