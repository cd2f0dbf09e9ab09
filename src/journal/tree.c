/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Merkle tree of RFC 9162 section 2.1: leaf and node hashes, and the right edge, which is all that a writer needs
 * to append and to know the root. The edge holds one complete subtree for every bit that is set in the size: peak[i]
 * covers 2^i leaves. Nothing here allocates.
 */
#include "journal/journal.h"

#include <assert.h>

struct hash tree_leaf(const void *entry, size_t len)
{
    return sha256_prefixed(0x00, entry, len, NULL, 0);
}

struct hash tree_node(const struct hash *left, const struct hash *right)
{
    return sha256_prefixed(0x01, left->bytes, HASH_BYTES, right->bytes, HASH_BYTES);
}

void tree_append(struct tree_edge *edge, const struct hash *leaf)
{
    tree_append_subtree(edge, 0, leaf);
}

void tree_append_subtree(struct tree_edge *edge, unsigned level, const struct hash *root)
{
    assert(level < TREE_LEVELS && (edge->size & ((UINT64_C(1) << level) - 1)) == 0);
    struct hash sum = *root;
    unsigned i = level;
    while (edge->size >> i & 1) {
        sum = tree_node(&edge->peak[i], &sum);
        i++;
        assert(i < TREE_LEVELS);
    }
    edge->peak[i] = sum;
    edge->size += UINT64_C(1) << level;
}

struct hash tree_root(const struct tree_edge *edge)
{
    if (edge->size == 0)
        return sha256("", 0);
    unsigned i = 0;
    while (!(edge->size >> i & 1))
        i++;
    struct hash sum = edge->peak[i];
    for (i++; i < TREE_LEVELS; i++)
        if (edge->size >> i & 1)
            sum = tree_node(&edge->peak[i], &sum);
    return sum;
}

struct hash tree_fold(struct hash *hashes, size_t count)
{
    assert(count > 0 && (count & (count - 1)) == 0);
    for (; count > 1; count /= 2)
        for (size_t i = 0; i < count / 2; i++)
            hashes[i] = tree_node(&hashes[2 * i], &hashes[2 * i + 1]);
    return hashes[0];
}
