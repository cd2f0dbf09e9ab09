/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Matching, rule by rule: each applicable rule's tree over the event.
 */
#include "watch/sigma/inside.h"

struct sigma_matcher {
    const struct sigma *sigma;
    struct bench bench;
};

enum status sigma_matcher_new(const struct sigma *sigma, struct arena *arena, size_t memo_bytes, struct sigma_matcher **ret)
{
    struct sigma_matcher *matcher = ARENA_NEW(arena, struct sigma_matcher);
    matcher->sigma = sigma;
    bench_init(&matcher->bench, arena);
    *ret = matcher;
    return OK;
}

void sigma_matcher_free(struct sigma_matcher *matcher) {}

static bool holds(struct bench *bench, const struct sigma *sigma, const struct node *node, const struct event *event)
{
    if (node->kind == NODE_PRED)
        return pred_holds(bench, &sigma->preds[node->pred], event);
    if (node->kind == NODE_NOT)
        return !holds(bench, sigma, node->kids[0], event);
    for (uint32_t i = 0; i < node->n; i++)
        if (holds(bench, sigma, node->kids[i], event) == (node->kind == NODE_OR))
            return node->kind == NODE_OR;
    return node->kind == NODE_AND;
}

static bool rule_holds(struct bench *bench, const struct sigma *sigma, const struct rule_code *code, const struct event *event)
{
    for (size_t i = 0; code->programs && i < code->resolved->n; i++)
        if (alternative_holds(bench, &code->resolved->alternatives[i], event) && holds(bench, sigma, code->programs[i]->node, event))
            return true;
    return false;
}

size_t sigma_match(struct sigma_matcher *matcher, const struct event *event, void (*hit)(void *, size_t), void *arg)
{
    const struct sigma *sigma = matcher->sigma;
    size_t n = 0;
    for (size_t i = 0; i < sigma->n; i++) {
        const struct sigma_rule *rule = &sigma->rules[i];
        if (rule->standing != SIGMA_READY || rule->filter || rule->correlation || !rule_holds(&matcher->bench, sigma, &sigma->codes[i], event))
            continue;
        n++;
        if (hit)
            hit(arg, i);
    }
    return n;
}
