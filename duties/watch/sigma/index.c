/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Equality, startswith and endswith by hashing: one pass from the front and one from the back, a look into the table at each length
 * that some rule asks for.
 */
#include <stdlib.h>
#include <string.h>

#include "watch/sigma/fast.h"

#define START UINT64_C(0x9e3779b97f4a7c15)
#define STEP(hash, c) (((hash) ^ (unsigned char)(c)) * UINT64_C(0x100000001b3))

static uint32_t finish(uint64_t hash, unsigned kind)
{
    hash += kind * UINT64_C(0xd6e8feb86659fd93);
    hash ^= hash >> 32;
    return (uint32_t)(hash * UINT64_C(0x9fb21c651e98df25) >> 32);
}

static uint64_t forward(const char *text, size_t len)
{
    uint64_t hash = START;
    for (size_t i = 0; i < len; i++)
        hash = STEP(hash, text[i]);
    return hash;
}

static uint64_t backward(const char *text, size_t len)
{
    uint64_t hash = START;
    while (len)
        hash = STEP(hash, text[--len]);
    return hash;
}

static int by_number(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

static size_t distinct(uint32_t *list, size_t n)
{
    size_t kept = 0;
    qsort(list, n, sizeof *list, by_number);
    for (size_t i = 0; i < n; i++)
        if (i == 0 || list[i] != list[kept - 1])
            list[kept++] = list[i];
    return kept;
}

void text_index_build(struct arena *arena, const struct sigma *sigma, const uint32_t *preds, size_t n, struct text_index *index)
{
    uint32_t slots = 8;
    while (slots < 3 * n)
        slots *= 2;
    *index = (struct text_index){.slots = ARENA_ARRAY(arena, struct text_slot, slots), .n_slots = slots, .starts = ARENA_ARRAY(arena, uint32_t, n + 1),
                                 .ends = ARENA_ARRAY(arena, uint32_t, n + 1), .any = n > 0};
    for (size_t i = 0; i < n; i++) {
        const struct pred *pred = &sigma->preds[preds[i]];
        uint32_t hash = finish(pred->kind == TEST_ENDS ? backward(pred->text, pred->len) : forward(pred->text, pred->len), pred->kind);
        uint32_t at = hash & (slots - 1);
        while (index->slots[at].pred)
            at = (at + 1) & (slots - 1);
        index->slots[at] = (struct text_slot){hash, preds[i]};
        if (pred->kind == TEST_STARTS)
            index->starts[index->n_starts++] = pred->len;
        else if (pred->kind == TEST_ENDS)
            index->ends[index->n_ends++] = pred->len;
        else if (pred->len + 1 > index->longest)
            index->longest = pred->len + 1;
    }
    index->n_starts = distinct(index->starts, index->n_starts);
    index->n_ends = distinct(index->ends, index->n_ends);
}

static void probe(const struct text_index *index, const struct sigma *sigma, uint32_t hash, unsigned kind, const char *text, size_t len, found_fn *found, void *arg)
{
    for (uint32_t at = hash & (index->n_slots - 1); index->slots[at].pred; at = (at + 1) & (index->n_slots - 1)) {
        if (index->slots[at].hash != hash)
            continue;
        const struct pred *pred = &sigma->preds[index->slots[at].pred];
        if (pred->kind == kind && pred->len == len && memcmp(pred->text, text, len) == 0)
            found(arg, index->slots[at].pred);
    }
}

void text_index_find(const struct text_index *index, const struct sigma *sigma, const char *text, size_t len, found_fn *found, void *arg)
{
    uint64_t hash = START;
    size_t at = 0;
    for (size_t i = 0; i < index->n_starts && index->starts[i] <= len; i++) {
        for (; at < index->starts[i]; at++)
            hash = STEP(hash, text[at]);
        probe(index, sigma, finish(hash, TEST_STARTS), TEST_STARTS, text, at, found, arg);
    }
    if (len < index->longest) {
        for (; at < len; at++)
            hash = STEP(hash, text[at]);
        probe(index, sigma, finish(hash, TEST_EQUALS), TEST_EQUALS, text, len, found, arg);
    }
    hash = START;
    at = 0;
    for (size_t i = 0; i < index->n_ends && index->ends[i] <= len; i++) {
        for (; at < index->ends[i]; at++)
            hash = STEP(hash, text[len - 1 - at]);
        probe(index, sigma, finish(hash, TEST_ENDS), TEST_ENDS, text + len - at, at, found, arg);
    }
}
