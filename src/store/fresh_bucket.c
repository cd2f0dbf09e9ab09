/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Buckets by their name: a table of hashes finds one at once, and leaves of up to LEAF places keep all of them in the
 * tables' own order, so that a walk goes on from where it stood and nothing is ever sorted or gone through as a whole. A
 * place holds the beginning of its bucket's name as a number: most comparisons need no look at the bucket.
 */
#include <stdlib.h>
#include <string.h>

#include "store/fresh_inner.h"

static uint64_t hash_name(struct fresh_name n)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325) ^ (uint64_t)(uint8_t)n.kind ^ (uint64_t)(uint32_t)n.guard << 8;
    const uint8_t *bytes = n.name;
    for (size_t i = 0; i < n.len; i++) {
        h = (h ^ bytes[i]) * UINT64_C(0x100000001b3);
    }
    return (h ^ h >> 29) * UINT64_C(0xbf58476d1ce4e5b9);
}

static struct bucket **slot_of(struct fresh *f, uint64_t hash)
{
    return &f->slots[hash >> 40 & (SLOTS - 1)];
}

static uint64_t head_of(struct fresh_name n)
{
    const uint8_t *bytes = n.name;
    uint64_t head = 0;
    for (size_t i = 0; i < 8; i++) {
        head = head << 8 | (i < n.len ? bytes[i] : 0);
    }
    return (uint64_t)(n.kind == 'v') << 63 | head >> 1;
}

/* In the order of the tables' primary keys: postings by term and guard, values by field and guard. */
static int order(const struct leaf_place *p, uint64_t head, struct fresh_name n)
{
    if (p->head != head) {
        return p->head < head ? -1 : 1;
    }
    int by_name = key_order(p->bucket->name, p->bucket->len, n.name, n.len);
    return by_name ? by_name : (p->bucket->guard > n.guard) - (p->bucket->guard < n.guard);
}

/* The first place at or behind a name; in the last leaf before it rather than at the beginning of the next. */
static struct fresh_at find_place(struct fresh *f, struct fresh_name n)
{
    uint64_t head = head_of(n);
    size_t low = 0, high = f->n_leaves;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (f->heads[mid] < head || (f->heads[mid] == head && order(&f->leaves[mid]->places[0], head, n) <= 0)) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    struct fresh_at at = {.leaf = low ? low - 1 : 0};
    const struct leaf *leaf = f->n_leaves ? f->leaves[at.leaf] : NULL;
    for (low = 0, high = leaf ? leaf->n : 0; low < high; ) {
        size_t mid = low + (high - low) / 2;
        if (order(&leaf->places[mid], head, n) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    at.place = (uint32_t)low;
    return at;
}

struct bucket *fresh_next(struct fresh *f, struct fresh_at *at)
{
    while (at->leaf < f->n_leaves && at->place >= f->leaves[at->leaf]->n) {
        *at = (struct fresh_at){.leaf = at->leaf + 1};
    }
    return at->leaf < f->n_leaves ? f->leaves[at->leaf]->places[at->place++].bucket : NULL;
}

struct fresh_at fresh_from(struct fresh *f, struct fresh_name n)
{
    return find_place(f, n);
}

static bool add_leaf(struct fresh *f, size_t where)
{
    if (f->n_leaves == f->cap_leaves) {
        size_t cap = f->cap_leaves ? 2 * f->cap_leaves : 64;
        struct leaf **leaves = realloc(f->leaves, cap * sizeof *leaves);
        f->leaves = leaves ? leaves : f->leaves;
        uint64_t *heads = realloc(f->heads, cap * sizeof *heads);
        f->heads = heads ? heads : f->heads;
        if (!leaves || !heads) {
            return false;
        }
        f->cap_leaves = cap;
    }
    struct leaf *leaf = malloc(sizeof *leaf);
    if (!leaf) {
        return false;
    }
    leaf->n = 0;
    memmove(f->leaves + where + 1, f->leaves + where, (f->n_leaves - where) * sizeof *f->leaves);
    memmove(f->heads + where + 1, f->heads + where, (f->n_leaves - where) * sizeof *f->heads);
    f->leaves[where] = leaf;
    f->n_leaves++;
    return true;
}

/* A full leaf gives its upper half to a new one. */
static bool make_room(struct fresh *f, struct fresh_at *at)
{
    if (f->n_leaves && f->leaves[at->leaf]->n < LEAF) {
        return true;
    }
    if (!f->n_leaves) {
        return add_leaf(f, 0);
    }
    if (!add_leaf(f, at->leaf + 1)) {
        return false;
    }
    struct leaf *from = f->leaves[at->leaf], *to = f->leaves[at->leaf + 1];
    from->n = LEAF / 2;
    to->n = LEAF - LEAF / 2;
    memcpy(to->places, from->places + LEAF / 2, to->n * sizeof *to->places);
    f->heads[at->leaf + 1] = to->places[0].head;
    if (at->place > LEAF / 2) {
        *at = (struct fresh_at){at->leaf + 1, at->place - LEAF / 2};
    }
    return true;
}

static struct bucket *make_bucket(struct fresh *f, struct fresh_name n, uint64_t hash)
{
    struct fresh_at at = find_place(f, n);
    struct bucket *b = malloc(sizeof *b + n.len);
    if (!b || !make_room(f, &at)) {
        free(b);
        return NULL;
    }
    *b = (struct bucket){.hash = hash, .guard = n.guard, .kind = n.kind, .len = (uint8_t)n.len, .cap = 1};
    memcpy(b->name, n.name, n.len);
    b->items = &b->one;
    struct leaf *leaf = f->leaves[at.leaf];
    memmove(leaf->places + at.place + 1, leaf->places + at.place, (leaf->n - at.place) * sizeof *leaf->places);
    leaf->places[at.place] = (struct leaf_place){head_of(n), b};
    leaf->n++;
    f->heads[at.leaf] = leaf->places[0].head;
    b->chain = *slot_of(f, hash);
    *slot_of(f, hash) = b;
    return b;
}

struct bucket *fresh_bucket(struct fresh *f, struct fresh_name n, bool make)
{
    uint64_t h = hash_name(n);
    for (struct bucket *b = *slot_of(f, h); b; b = b->chain) {
        if (b->hash == h && b->guard == n.guard && b->kind == n.kind && b->len == n.len
            && memcmp(b->name, n.name, n.len) == 0) {
            return b;
        }
    }
    return make ? make_bucket(f, n, h) : NULL;
}

void fresh_bucket_drop(struct fresh *f, struct bucket *b)
{
    struct fresh_at at = find_place(f, fresh_name_of(b)), behind = {at.leaf, at.place + 1};
    struct leaf *leaf = f->leaves[at.leaf];
    struct bucket **slot = slot_of(f, b->hash);
    if (f->cursor == b) {
        f->cursor = fresh_next(f, &behind);
    }
    leaf->n--;
    memmove(leaf->places + at.place, leaf->places + at.place + 1, (leaf->n - at.place) * sizeof *leaf->places);
    if (leaf->n) {
        f->heads[at.leaf] = leaf->places[0].head;
    } else {
        f->n_leaves--;
        memmove(f->leaves + at.leaf, f->leaves + at.leaf + 1, (f->n_leaves - at.leaf) * sizeof *f->leaves);
        memmove(f->heads + at.leaf, f->heads + at.leaf + 1, (f->n_leaves - at.leaf) * sizeof *f->heads);
        free(leaf);
    }
    while (*slot != b) {
        slot = &(*slot)->chain;
    }
    *slot = b->chain;
    fresh_bucket_free(b);
}

void fresh_bucket_free(struct bucket *b)
{
    for (uint32_t i = 0; i < b->n; i++) {
        free(b->items[i]);
    }
    if (b->items != &b->one) {
        free(b->items);
    }
    free(b);
}

/* What is written now mostly belongs behind everything that was. */
size_t fresh_lower(const struct bucket *b, struct fresh_row row)
{
    size_t low = 0, high = b->n;
    if (high && row_order(row_of(b->items[high - 1]), row) < 0) {
        return high;
    }
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (row_order(row_of(b->items[mid]), row) < 0) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low;
}
