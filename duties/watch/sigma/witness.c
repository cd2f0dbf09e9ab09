/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Witnesses: for each variant of a rule a set of predicates one of which must hold if the rule does; the rarest such set by a guess from
 * the lengths of texts. Predicates of what routes decide are no witnesses, since they hold for the whole route.
 */
#include <math.h>
#include <string.h>

#include "watch/sigma/fast.h"

struct clause { uint32_t *preds; uint32_t n; double cost; };

static double cost_of(const struct pred *pred)
{
    double len = pred->len;
    switch ((enum test_kind)pred->kind) {
    case TEST_ANY: return 0.9;
    case TEST_NUMBER: case TEST_CIDR: return 0.3;
    case TEST_RE: return 0.02;
    case TEST_GLOB: len = 0.3 * (double)pred->glob.n; break;
    case TEST_EQUALS: len += 5; break;
    default: break;
    }
    return fmax(exp2(-len / 2), 1e-6);
}

/* False: nothing here must hold. */
static bool clause_of(struct sigma *sigma, const struct node *node, struct clause *ret)
{
    if (node->kind == NODE_PRED) {
        const struct pred *pred = &sigma->preds[node->pred];
        if (PRED_OF_EVENT(pred) || sigma->fast->classes[pred->field] == CLASS_PRIMARY)
            return false;
        *ret = (struct clause){ARENA_NEW(sigma->arena, uint32_t), 1, cost_of(pred)};
        ret->preds[0] = node->pred;
        return true;
    }
    bool any = false;
    struct clause best = {0};
    for (uint32_t i = 0; node->kind == NODE_AND && i < node->n; i++) {
        struct clause one;
        if (clause_of(sigma, node->kids[i], &one) && (!any || one.cost < best.cost)) {
            best = one;
            any = true;
        }
    }
    if (any)
        *ret = best;
    if (node->kind != NODE_OR)
        return any;
    struct clause *kids = ARENA_ARRAY(sigma->scratch, struct clause, node->n + 1);
    for (uint32_t i = 0; i < node->n; i++) {
        if (!clause_of(sigma, node->kids[i], &kids[i]))
            return false;
        best.n += kids[i].n;
        best.cost += kids[i].cost;
    }
    best.preds = ARENA_ARRAY(sigma->scratch, uint32_t, best.n + 1);
    for (uint32_t i = 0, at = 0; i < node->n; at += kids[i++].n)
        memcpy(best.preds + at, kids[i].preds, kids[i].n * sizeof *best.preds);
    *ret = best;
    return true;
}

static void gather_fields(const struct sigma *sigma, const struct node *node, uint64_t *bits)
{
    if (node->kind == NODE_PRED) {
        const struct pred *pred = &sigma->preds[node->pred];
        if (!PRED_OF_EVENT(pred))
            bits[pred->field / 64] |= UINT64_C(1) << pred->field % 64;
        return;
    }
    for (uint32_t i = 0; i < node->n; i++)
        gather_fields(sigma, node->kids[i], bits);
}

static void note_fields(struct sigma *sigma, uint32_t variant, field_id **reads, uint32_t *n_reads, uint64_t *bits)
{
    struct fast *fast = sigma->fast;
    size_t words = fast->n_fields / 64 + 1;
    uint32_t n = 0;
    memset(bits, 0, words * sizeof *bits);
    gather_fields(sigma, fast->variants[variant].program->node, bits);
    for (size_t w = 0; w < words; w++)
        n += (uint32_t)__builtin_popcountll(bits[w]);
    field_id *list = ARENA_ARRAY(sigma->arena, field_id, n + 1);
    n = 0;
    for (size_t w = 0; w < words; w++)
        for (uint64_t left = bits[w]; left; left &= left - 1)
            list[n++] = (field_id)(w * 64 + (size_t)__builtin_ctzll(left));
    reads[variant] = list;
    n_reads[variant] = n;
}

void witness_build(struct sigma *sigma)
{
    struct fast *fast = sigma->fast;
    struct arena *arena = sigma->arena;
    struct clause *clauses = ARENA_ARRAY(sigma->scratch, struct clause, fast->n_variants + 1);
    field_id **reads = ARENA_ARRAY(arena, field_id *, fast->n_variants + 1);
    uint32_t *n_reads = ARENA_ARRAY(arena, uint32_t, fast->n_variants + 1), *fill;
    uint64_t *bits = ARENA_ARRAY(sigma->scratch, uint64_t, fast->n_fields / 64 + 1);
    fast->witnessed = ARENA_ARRAY(arena, uint8_t, fast->n_variants + 1);
    fast->wakes_at = ARENA_ARRAY(arena, uint32_t, sigma->n_preds + 3);
    for (uint32_t v = 0; v < fast->n_variants; v++) {
        bool same = v && fast->variants[v].program == fast->variants[v - 1].program;
        if (same)
            clauses[v] = clauses[v - 1];
        fast->witnessed[v] = same ? fast->witnessed[v - 1] : clause_of(sigma, fast->variants[v].program->node, &clauses[v]);
        for (uint32_t i = 0; fast->witnessed[v] && i < clauses[v].n; i++)
            fast->wakes_at[clauses[v].preds[i] + 2]++;
        note_fields(sigma, v, reads, n_reads, bits);
    }
    for (uint32_t p = 1; p < sigma->n_preds + 3; p++)
        fast->wakes_at[p] += fast->wakes_at[p - 1];
    fast->wakes = ARENA_ARRAY(arena, uint32_t, fast->wakes_at[sigma->n_preds + 2] + 1);
    fill = fast->wakes_at + 1;                         /* fills the lists and so moves each start to its place */
    for (uint32_t v = 0; v < fast->n_variants; v++)
        for (uint32_t i = 0; fast->witnessed[v] && i < clauses[v].n; i++)
            fast->wakes[fill[clauses[v].preds[i]]++] = v;
    fast->reads = (const field_id *const *)reads;
    fast->n_reads = n_reads;
}
