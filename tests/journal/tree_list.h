/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A whole tree in memory for the tests: leaves of any content, every root computed by the definition of RFC 9162 2.1.1
 * (a recursion that shares nothing with the room's code but the hash), and a source of subtree hashes for proofs.
 */
#ifndef TESTS_JOURNAL_TREE_LIST_H
#define TESTS_JOURNAL_TREE_LIST_H

#include <stdlib.h>
#include <string.h>

#include "journal/journal.h"

struct tree_list {
    struct hash *leaf;
    uint64_t size;
};

static inline struct tree_list tree_list_new(uint64_t size, uint64_t salt)
{
    struct tree_list t = {calloc(size ? size : 1, sizeof(struct hash)), size};
    for (uint64_t i = 0; i < size; i++) {
        uint64_t content[2] = {i, salt};
        uint8_t bytes[1 + sizeof content] = {0};
        memcpy(bytes + 1, content, sizeof content);
        t.leaf[i] = sha256(bytes, sizeof bytes);
    }
    return t;
}

/* MTH over leaves from..from+n by definition. */
static inline struct hash tree_list_range(const struct tree_list *t, uint64_t from, uint64_t n)
{
    if (n == 0)
        return sha256("", 0);
    if (n == 1)
        return t->leaf[from];
    uint64_t k = 1;
    while (2 * k < n)
        k *= 2;
    struct hash pair[2] = {tree_list_range(t, from, k), tree_list_range(t, from + k, n - k)};
    uint8_t bytes[1 + sizeof pair] = {1};
    memcpy(bytes + 1, pair, sizeof pair);
    return sha256(bytes, sizeof bytes);
}

static inline struct hash tree_list_root(const struct tree_list *t, uint64_t size)
{
    return tree_list_range(t, 0, size);
}

static inline enum status tree_list_node(void *arg, unsigned level, uint64_t index, struct hash *ret)
{
    const struct tree_list *t = arg;
    if (level > 40 || (index + 1) << level > t->size)
        return ABSENT;
    *ret = tree_list_range(t, index << level, UINT64_C(1) << level);
    return OK;
}

static inline struct tree_source tree_list_source(struct tree_list *t)
{
    return (struct tree_source){tree_list_node, t};
}

#endif
