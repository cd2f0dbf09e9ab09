/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tree's root by the definition's other reading: a stack of complete subtrees, each larger than the next; a new
 * leaf joins equals as long as there are two of one size, and the root folds the stack from its small end.
 */
#include "cv.h"

struct hash cv_leaf(struct cv_span entry)
{
    return sha256_prefixed(0, entry.p, entry.n, NULL, 0);
}

static struct hash join(const struct hash *left, const struct hash *right)
{
    return sha256_prefixed(1, left->bytes, HASH_BYTES, right->bytes, HASH_BYTES);
}

struct hash cv_tree_root(struct cv_tree *t, uint64_t size)
{
    for (; t->done < size; t->done++) {
        t->stack[t->height].sum = t->leaves[t->done];
        t->stack[t->height++].n = 1;
        while (t->height > 1 && t->stack[t->height - 1].n == t->stack[t->height - 2].n) {
            t->height--;
            t->stack[t->height - 1].sum = join(&t->stack[t->height - 1].sum, &t->stack[t->height].sum);
            t->stack[t->height - 1].n *= 2;
        }
    }
    if (t->height == 0)
        return sha256("", 0);
    struct hash root = t->stack[t->height - 1].sum;
    for (unsigned i = t->height - 1; i > 0; i--)
        root = join(&t->stack[i - 1].sum, &root);
    return root;
}
