/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * sigma_compile(): all documents of all files read, then compiled in the order in which they lean on each other: filters, rules,
 * correlations. One fault stops nothing else.
 */
#include <string.h>

#include "watch/sigma/fast.h"

static void *pcre_take(PCRE2_SIZE size, void *arena) { return arena_alloc(arena, size); }
static void pcre_leave(void *p, void *arena) {}

static void compile_kind(struct sigma *sigma, bool filter, bool correlation, void (*compile)(struct sigma *, size_t))
{
    for (size_t i = 0; i < sigma->n; i++)
        if (sigma->rules[i].standing == SIGMA_READY && sigma->rules[i].filter == filter && sigma->rules[i].correlation == correlation)
            compile(sigma, i);
}

static void count(struct sigma *sigma)
{
    struct sigma_counts *counts = &sigma->counts;
    for (size_t i = 0; i < sigma->n; i++) {
        const struct sigma_rule *rule = &sigma->rules[i];
        counts->filters += rule->filter;
        counts->correlations += rule->correlation;
        counts->rules += !rule->filter && !rule->correlation;
        *(rule->standing == SIGMA_READY ? &counts->ready : &counts->refused) += 1;
    }
    counts->predicates = sigma->n_preds;
}

enum status sigma_compile(struct arena *arena, struct fields *fields, const struct sigma_text *texts, size_t n, const struct sigma_options *options,
                          struct reasons *reasons, struct sigma **ret)
{
    static const struct sigma_options none;
    struct sigma *sigma = ARENA_NEW(arena, struct sigma);
    *sigma = (struct sigma){.arena = arena, .fields = fields, .options = options ? *options : none};
    sigma->scratch = arena_new((size_t)4 << 30);
    sigma->pcre = pcre2_general_context_create(pcre_take, pcre_leave, arena);
    enum status status = source_map_read(arena, fields, sigma->options.sources, reasons, &sigma->map);
    if (status != OK) {
        arena_free(sigma->scratch);
        return status;
    }
    for (size_t i = 0; i < n; i++)
        documents_read(sigma, &texts[i]);
    for (size_t i = 0; i < sigma->n; i++)
        sigma->any_filter |= sigma->rules[i].filter;
    compile_kind(sigma, true, false, filter_compile);
    compile_kind(sigma, false, false, rule_compile);
    compile_kind(sigma, false, true, correlation_compile);
    count(sigma);
    arena_clear(sigma->scratch);
    status = fast_build(sigma);
    arena_free(sigma->scratch);
    sigma->scratch = NULL;
    if (status != OK)
        return status;
    sigma->options.only = NULL;                        /* what the caller may take back */
    sigma->options.bindings = NULL;
    sigma->options.cache = sigma->options.cache_secret = NULL;
    sigma->options.n_only = sigma->options.n_bindings = 0;
    *ret = sigma;
    return OK;
}

void sigma_free(struct sigma *sigma)
{
    for (uint32_t field = 0; sigma && sigma->fast && field < sigma->fast->n_indexes; field++) {
        struct field_index *index = sigma->fast->fields[field];
        if (index) {
            hs_free_database(index->folded.database);
            hs_free_database(index->raw.database);
        }
    }
    if (sigma)
        sigma->fast = NULL;
}

size_t sigma_count(const struct sigma *sigma) { return sigma->n; }
const struct sigma_rule *sigma_rule(const struct sigma *sigma, size_t index) { return index < sigma->n ? &sigma->rules[index] : NULL; }
struct sigma_counts sigma_counts(const struct sigma *sigma) { return sigma->counts; }
