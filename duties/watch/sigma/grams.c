/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Literals anywhere in a text: each literal is filed under four of its bytes, those that are rarest among the literals of all rules
 * (".exe" and "\win" are everywhere, "katz" is not). At each place of the text a small filter tells whether such four bytes may begin
 * here; only then the table is asked and the literals compared. Literals of two and three bytes have a filter and tables of their own.
 * Patterns with wildcards come in under their longest literal and are then tested whole.
 */
#include <stdlib.h>
#include <string.h>

#include "watch/sigma/fast.h"

#define COUNTS (1u << 16)

static uint32_t gram_at(const char *text, size_t n)
{
    uint32_t gram = 0;
    memcpy(&gram, text, n);                            /* only equality counts */
    return gram;
}

static uint32_t spread(uint32_t gram) { return gram * GRAM_FACTOR; }
static uint32_t key_len(const struct gram_entry *e) { return e->len < 4 ? e->len : 4; }
static uint32_t count_slot(const char *text) { return spread(gram_at(text, 4)) >> 16; }

/* ---- which bytes -------------------------------------------------------------------------------------------- */

static struct gram_entry literal_of(struct arena *arena, const struct pred *pred, uint32_t id)
{
    if (pred->kind == TEST_CONTAINS)
        return (struct gram_entry){.text = pred->text, .len = pred->len, .pred = id};
    size_t best = 0, best_at = 0;                      /* the longest literal run */
    for (size_t i = 0, from = 0; i <= pred->glob.n; i++)
        if (i == pred->glob.n || pred->glob.tokens[i] > 255) {
            if (i - from > best) {
                best = i - from;
                best_at = from;
            }
            from = i + 1;
        }
    return (struct gram_entry){.text = pattern_bytes(arena, (struct pattern){pred->glob.tokens + best_at, best}), .len = (uint32_t)best, .pred = id};
}

void gram_counts(struct sigma *sigma)
{
    uint16_t *counts = sigma->fast->gram_counts = ARENA_ARRAY(sigma->arena, uint16_t, COUNTS);
    for (uint32_t id = 1; id <= sigma->n_preds; id++) {
        const struct pred *pred = &sigma->preds[id];
        bool text = pred->kind == TEST_CONTAINS || pred->kind == TEST_EQUALS || pred->kind == TEST_STARTS || pred->kind == TEST_ENDS;
        for (uint32_t i = 0; text && i + 4 <= pred->len; i++)
            counts[count_slot(pred->text + i)] += counts[count_slot(pred->text + i)] < UINT16_MAX;
    }
}

static void choose(const uint16_t *counts, struct gram_entry *e)
{
    for (uint32_t i = 1; i + 4 <= e->len; i++)
        if (counts[count_slot(e->text + i)] < counts[count_slot(e->text + e->offset)])
            e->offset = i;
    e->gram = gram_at(e->text + e->offset, key_len(e));
}

/* ---- building ----------------------------------------------------------------------------------------------- */

static int by_key(const void *a, const void *b)
{
    const struct gram_entry *x = a, *y = b;
    if (key_len(x) != key_len(y))
        return key_len(x) < key_len(y) ? -1 : 1;
    return x->gram < y->gram ? -1 : x->gram > y->gram ? 1 : x->pred < y->pred ? -1 : x->pred > y->pred;
}

static void add_run(struct gram_index *index, uint32_t at)
{
    const struct gram_entry *e = &index->entries[at];
    uint32_t k = key_len(e), hash = spread(e->gram), slot = hash >> index->shift[k];
    while (index->slots[k][slot].first != UINT32_MAX)
        slot = (slot + 1) & (index->n_slots[k] - 1);
    index->slots[k][slot] = (struct gram_slot){e->gram, at};
    if (k == 4) {
        uint32_t bit = hash >> index->filter_shift;
        index->filter[bit / 64] |= UINT64_C(1) << bit % 64;
    } else {
        uint32_t pair = gram_at(e->text, 2);
        index->pairs[pair / 64] |= UINT64_C(1) << pair % 64;
    }
}

static void make_tables(struct arena *arena, struct gram_index *index)
{
    for (uint32_t k = 2; k <= 4; k++) {
        uint32_t count = 0, bits = 3;
        for (uint32_t i = 0; i < index->n; i++)
            count += key_len(&index->entries[i]) == k;
        while (UINT32_C(1) << bits < 2 * count)
            bits++;
        if (!count)
            continue;
        index->n_slots[k] = UINT32_C(1) << bits;
        index->shift[k] = 32 - bits;
        index->slots[k] = ARENA_ARRAY(arena, struct gram_slot, index->n_slots[k]);
        memset(index->slots[k], 0xff, index->n_slots[k] * sizeof **index->slots);
        if (k == 4) {                                  /* about one bit in thirty is set */
            uint32_t wide = bits + 4 < 9 ? 9 : bits + 4 > 18 ? 18 : bits + 4;
            index->filter_shift = 32 - wide;
            index->filter = ARENA_ARRAY(arena, uint64_t, (UINT32_C(1) << wide) / 64);
        } else if (!index->pairs) {
            index->pairs = ARENA_ARRAY(arena, uint64_t, 1024);
        }
    }
}

void gram_index_build(struct arena *arena, const struct sigma *sigma, const uint32_t *preds, size_t n, struct gram_index *index, struct pred_list *rest)
{
    *index = (struct gram_index){.entries = ARENA_ARRAY(arena, struct gram_entry, n + 1), .single = NULL};
    size_t singles = 0;
    for (size_t i = 0; i < n; i++)
        singles += sigma->preds[preds[i]].kind == TEST_GLOB || sigma->preds[preds[i]].len == 1;
    index->single = ARENA_ARRAY(arena, struct gram_entry, singles + 1);
    for (size_t i = 0; i < n; i++) {
        struct gram_entry e = literal_of(arena, &sigma->preds[preds[i]], preds[i]);
        if (e.len == 0) {
            pred_list_add(arena, rest, preds[i]);
            continue;
        }
        choose(sigma->fast->gram_counts, &e);
        if (e.len == 1)
            index->single[index->n_single++] = e;
        else
            index->entries[index->n++] = e;
    }
#if defined(__x86_64__)
    index->wide = sigma->fast->patterns && __builtin_cpu_supports("avx2");     /* without patterns: the plain way, for tests */
#endif
    qsort(index->entries, index->n, sizeof *index->entries, by_key);
    make_tables(arena, index);
    for (uint32_t i = 0; i < index->n; i++)
        if (i == 0 || index->entries[i].gram != index->entries[i - 1].gram || key_len(&index->entries[i]) != key_len(&index->entries[i - 1]))
            add_run(index, i);
}

/* ---- finding ------------------------------------------------------------------------------------------------ */

struct looking { const struct gram_index *index; const char *text; size_t len; found_fn *found; void *arg; };

static void look(const struct looking *l, uint32_t k, uint32_t gram, size_t at)
{
    const struct gram_index *index = l->index;
    uint32_t slot = spread(gram) >> index->shift[k];
    while (index->slots[k][slot].first != UINT32_MAX && index->slots[k][slot].gram != gram)
        slot = (slot + 1) & (index->n_slots[k] - 1);
    for (uint32_t i = index->slots[k][slot].first; i < index->n && index->entries[i].gram == gram && key_len(&index->entries[i]) == k; i++) {
        const struct gram_entry *e = &index->entries[i];
        if (e->offset <= at && e->len <= l->len - (at - e->offset) && memcmp(e->text, l->text + at - e->offset, e->len) == 0)
            l->found(l->arg, e->pred);
    }
}

static void look_for_short(const struct looking *l)
{
    const struct gram_index *index = l->index;
    for (size_t at = 0; at + 2 <= l->len; at++) {
        uint32_t pair = gram_at(l->text + at, 2);
        if (!(index->pairs[pair / 64] >> pair % 64 & 1))
            continue;
        for (uint32_t k = 2; k <= 3 && at + k <= l->len; k++)
            if (index->n_slots[k])
                look(l, k, gram_at(l->text + at, k), at);
    }
}

void gram_index_find(const struct gram_index *index, const char *text, size_t len, found_fn *found, void *arg)
{
    const struct looking l = {index, text, len, found, arg};
    for (uint32_t i = 0; i < index->n_single; i++)
        if (memchr(text, index->single[i].text[0], len))
            found(arg, index->single[i].pred);
    if (index->pairs)
        look_for_short(&l);
    size_t at = 0;
#if defined(__x86_64__)
    while (index->filter && index->wide && at + 16 <= len) {
        uint32_t places[GRAM_PLACES];
        size_t n = gram_places_avx2(index, text, len, &at, places);
        for (size_t i = 0; i < n; i++)
            look(&l, 4, gram_at(text + places[i], 4), places[i]);
    }
#endif
    for (; index->filter && at + 4 <= len; at++) {
        uint32_t gram = gram_at(text + at, 4), bit = spread(gram) >> index->filter_shift;
        if (index->filter[bit / 64] >> bit % 64 & 1)
            look(&l, 4, gram, at);
    }
}
