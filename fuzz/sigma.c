/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of rules: no text crashes the reader, every refusal has a place and a reason, and the fast matcher and the direct evaluation
 * of explain agree on an event made from the text's own words.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "watch/sigma/sigma.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void note(void *arg, size_t rule) { ((bool *)arg)[rule] = true; }

static void match(struct sigma *sigma, struct fields *fields, struct arena *arena, const char *text, size_t len)
{
    struct sigma_matcher *matcher = NULL;
    struct event event;
    bool *hits = ARENA_ARRAY(arena, bool, sigma_count(sigma) + 1);
    event_init(&event, arena);
    for (size_t at = 0, n = 1; at < len && event.n < 24; at += 1 + len / 24, n++)
        event_add(&event, (field_id)(1 + n % (fields_count(fields) + 1)), VALUE_TEXT, text + at, n * 7 < len - at ? n * 7 : len - at);
    if (sigma_matcher_new(sigma, arena, 1 << 14, &matcher) != OK)
        return;
    sigma_match(matcher, &event, note, hits);
    for (size_t i = 0; i < sigma_count(sigma); i++)
        if (val_get_bool(sigma_explain(sigma, i, &event, arena), "matches", false) != hits[i])
            abort();
    sigma_matcher_free(matcher);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 16384)
        return 0;
    struct arena *arena = arena_new((size_t)512 << 20);
    struct fields *fields = fields_new(arena);
    const struct sigma_text file = {"fuzz.yml", (const char *)data, size};
    struct sigma *sigma = NULL;
    if (sigma_compile(arena, fields, &file, 1, NULL, NULL, &sigma) == OK) {
        for (size_t i = 0; i < sigma_count(sigma); i++) {
            const struct sigma_rule *rule = sigma_rule(sigma, i);
            if (rule->standing == SIGMA_REFUSED && (!rule->where || !rule->why.in[LANG_EN] || !rule->why.in[LANG_FR]))
                abort();
        }
        match(sigma, fields, arena, (const char *)data, size);
        sigma_free(sigma);
    }
    arena_free(arena);
    return 0;
}
