/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The fast matcher's indexes out of the compiled rules: for each field what is looked up by hash, what is searched, what is tested one
 * by one; for each field what it decides about log sources.
 */
#include <string.h>

#include "watch/sigma/fast.h"

static void file(struct sigma *sigma, struct field_index *index, uint32_t id)
{
    const struct pred *pred = &sigma->preds[id];
    struct face *face = pred->kind == TEST_RE || pred->cased ? &index->raw : &index->folded;
    pred_list_add(sigma->arena, &index->all, id);
    switch ((enum test_kind)pred->kind) {
    case TEST_CONTAINS: case TEST_GLOB: pred_list_add(sigma->arena, &face->literals, id); break;
    case TEST_RE: pred_list_add(sigma->arena, &face->patterns, id); break;
    case TEST_EQUALS: case TEST_STARTS: case TEST_ENDS: break;       /* gathered below */
    default: pred_list_add(sigma->arena, &face->direct, id); break;
    }
    if (pred->kind == TEST_RE)
        pred_list_add(sigma->arena, &index->regexes, id);
}

static void texts(struct sigma *sigma, const struct field_index *index, bool cased, struct text_index *ret)
{
    uint32_t *ids = ARENA_ARRAY(sigma->scratch, uint32_t, index->all.n + 1), n = 0;
    for (uint32_t i = 0; i < index->all.n; i++) {
        const struct pred *pred = &sigma->preds[index->all.ids[i]];
        if ((pred->kind == TEST_EQUALS || pred->kind == TEST_STARTS || pred->kind == TEST_ENDS) && pred->cased == cased)
            ids[n++] = index->all.ids[i];
    }
    if (n)
        text_index_build(sigma->arena, sigma, ids, n, ret);
}

/* Without a database regexes are tested one by one. */
static void make_face(struct sigma *sigma, struct cache *cache, uint32_t number, struct face *face)
{
    bool asked = sigma->fast->patterns && face->patterns.n, cached = asked && cache->left && cache_face(cache, sigma->arena, number, face);
    sigma->counts.databases += asked;
    sigma->counts.cached += cached;
    if (!cached && (!asked || !face_patterns(sigma->arena, sigma, face))) {
        for (uint32_t i = 0; i < face->patterns.n; i++)
            pred_list_add(sigma->arena, &face->direct, face->patterns.ids[i]);
        face->patterns = (struct pred_list){0};
        face->database = NULL;
    }
    if (face->literals.n)
        gram_index_build(sigma->arena, sigma, face->literals.ids, face->literals.n, &face->grams, &face->direct);
    sigma->counts.patterns += face->patterns.n;
}

static void decide(struct sigma *sigma, struct fast *fast)
{
    static const char *const primary[] = {"Channel", "EventID", "EventType", "Provider_Name"};
    for (size_t i = 0; i < sizeof primary / sizeof *primary; i++)
        fast->classes[fields_find(sigma->fields, primary[i], strlen(primary[i]))] = CLASS_PRIMARY;
}

static void add_when(struct sigma *sigma, struct fast *fast, const struct when *when)
{
    if (fast->classes[when->field] == CLASS_PRIMARY)
        return;
    fast->classes[when->field] = CLASS_OTHER;
    const struct when **list = fast->whens[when->field];
    uint32_t n = fast->n_whens[when->field];
    for (uint32_t i = 0; i < n; i++)
        if (list[i]->accepted == when->accepted)
            return;
    if ((n & (n - 1)) == 0) {
        const struct when **more = ARENA_ARRAY(sigma->arena, const struct when *, n ? 2 * n : 1);
        if (n)
            memcpy(more, list, n * sizeof *more);
        fast->whens[when->field] = list = more;
    }
    list[n] = when;
    fast->n_whens[when->field]++;
}

static void make_variants(struct sigma *sigma, struct fast *fast)
{
    uint32_t room = 0;
    for (size_t i = 0; i < sigma->n; i++)
        room += sigma->codes[i].programs && sigma->rules[i].standing == SIGMA_READY ? (uint32_t)sigma->codes[i].resolved->n : 0;
    fast->variants = ARENA_ARRAY(sigma->arena, struct variant, room + 1);
    for (size_t i = 0; i < sigma->n; i++) {
        const struct rule_code *code = &sigma->codes[i];
        if (!code->programs || sigma->rules[i].standing != SIGMA_READY)
            continue;
        for (uint32_t k = 0; k < code->resolved->n; k++) {
            const struct alternative *alternative = &code->resolved->alternatives[k];
            fast->variants[fast->n_variants++] = (struct variant){(uint32_t)i, k, code->programs[k]};
            for (size_t w = 0; w < alternative->n_when; w++)
                add_when(sigma, fast, &alternative->when[w]);
        }
    }
}

static void file_keywords(struct sigma *sigma, const struct node *node, uint32_t *filed, uint32_t number)
{
    for (uint32_t i = 0; node->kind != NODE_PRED && i < node->n; i++)
        file_keywords(sigma, node->kids[i], filed, number);
    if (node->kind != NODE_PRED || sigma->preds[node->pred].field || PRED_OF_EVENT(&sigma->preds[node->pred]))
        return;
    if (!sigma->fast->fields[number])
        sigma->fast->fields[number] = ARENA_NEW(sigma->arena, struct field_index);
    if (filed[node->pred] != number)
        file(sigma, sigma->fast->fields[number], node->pred);
    filed[node->pred] = number;
}

/* Keywords are searched in every value, so each log source has an index of its own with those of its rules alone. */
static void index_keywords(struct sigma *sigma, struct fast *fast)
{
    uint32_t *filed = ARENA_ARRAY(sigma->scratch, uint32_t, sigma->n_preds + 1), number = fast->n_fields;
    fast->keywords = ARENA_ARRAY(sigma->arena, uint32_t, fast->n_variants + 1);
    for (uint32_t v = 0; v < fast->n_variants; v++) {
        const struct resolved *resolved = sigma->codes[fast->variants[v].rule].resolved;
        if (fast->keywords[v])
            continue;
        for (uint32_t w = v; w < fast->n_variants; w++)
            if (sigma->codes[fast->variants[w].rule].resolved == resolved) {
                file_keywords(sigma, fast->variants[w].program->node, filed, number);
                fast->keywords[w] = number;
            }
        number++;
    }
    fast->n_indexes = number;
}

enum status fast_build(struct sigma *sigma)
{
    struct arena *arena = sigma->arena;
    struct fast *fast = sigma->fast = ARENA_NEW(arena, struct fast);
    struct cache cache;
    uint32_t n = fast->n_fields = (uint32_t)fields_count(sigma->fields) + 1;
    fast->patterns = !sigma->options.without_patterns && hs_valid_platform() == HS_SUCCESS;
    fast->classes = ARENA_ARRAY(arena, uint8_t, n);
    fast->whens = ARENA_ARRAY(arena, const struct when **, n);
    fast->n_whens = ARENA_ARRAY(arena, uint32_t, n);
    decide(sigma, fast);
    gram_counts(sigma);
    make_variants(sigma, fast);
    fast->fields = ARENA_ARRAY(arena, struct field_index *, n + fast->n_variants + 1);
    index_keywords(sigma, fast);
    for (uint32_t id = 1; id <= sigma->n_preds; id++) {
        const struct pred *pred = &sigma->preds[id];
        if (PRED_OF_EVENT(pred) || pred->field == 0)
            continue;
        if (!fast->fields[pred->field])
            fast->fields[pred->field] = ARENA_NEW(arena, struct field_index);
        file(sigma, fast->fields[pred->field], id);
    }
    fast->mark = cache_mark(sigma);
    (void)cache_open(&cache, sigma);
    for (uint32_t field = 0; field < fast->n_indexes; field++) {
        struct field_index *index = fast->fields[field];
        if (!index)
            continue;
        texts(sigma, index, false, &index->folded.texts);
        texts(sigma, index, true, &index->raw.texts);
        make_face(sigma, &cache, 2 * field, &index->folded);
        make_face(sigma, &cache, 2 * field + 1, &index->raw);
    }
    witness_build(sigma);
    return OK;
}
