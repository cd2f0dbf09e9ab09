/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See both.h.
 */
#include "both.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool both_open(struct both *both, const struct both_options *options)
{
    *both = (struct both){.arena = arena_new((size_t)4 << 30), .scratch = arena_new((size_t)256 << 20)};
    both->fields = fields_new(both->arena);
    reasons_init(&both->reasons, both->arena);
    event_init(&both->event, both->scratch);
    for (int plain = 0; plain < 2; plain++) {
        struct sigma_options sigma = {.sources = options->map, .bindings = options->bindings, .n_bindings = options->n_bindings, .without_patterns = plain};
        if (sigma_compile(both->arena, both->fields, options->texts, options->n, &sigma, &both->reasons, &both->engine[plain]) != OK
            || sigma_matcher_new(both->engine[plain], both->arena, options->memo ? options->memo : (size_t)1 << 20, &both->matcher[plain]) != OK) {
            printf("# %s\n", reasons_text(&both->reasons, LANG_EN));
            return false;
        }
    }
    both->n = sigma_count(both->engine[0]);
    for (int plain = 0; plain < 2; plain++)
        both->hit[plain] = ARENA_ARRAY(both->arena, unsigned char, both->n + 1);
    if (options->without_reference)
        return true;
    both->reference = reference_new(both->arena, both->fields, options->map.text, options->map.len, options->bindings, options->n_bindings);
    for (size_t i = 0; i < options->n; i++)
        reference_read(both->reference, options->texts[i].path, options->texts[i].text, options->texts[i].len);
    reference_ready(both->reference);
    if (both->n == reference_count(both->reference) && both->n == sigma_count(both->engine[1]))
        return true;
    printf("# documents: engine %zu, reference %zu\n", both->n, reference_count(both->reference));
    return false;
}

void both_close(struct both *both)
{
    for (int plain = 0; plain < 2; plain++) {
        sigma_matcher_free(both->matcher[plain]);
        sigma_free(both->engine[plain]);
    }
    if (both->reference)
        reference_free(both->reference);
    arena_free(both->scratch);
    arena_free(both->arena);
}

bool both_read(struct both *both, const char *text, size_t len, size_t *at)
{
    size_t end;
    event_clear(&both->event);
    if (*at >= len || event_read_json(&both->event, both->fields, text, len, *at, &both->reasons, &end) != OK)
        return false;
    *at = end;
    return true;
}

static void note_hit(void *arg, size_t rule) { ((unsigned char *)arg)[rule]++; }

void both_match(struct both *both)
{
    for (int plain = 0; plain < 2; plain++) {
        memset(both->hit[plain], 0, both->n);
        size_t count = sigma_match(both->matcher[plain], &both->event, note_hit, both->hit[plain]);
        for (size_t i = 0; i < both->n; i++)
            count -= both->hit[plain][i];
        if (count != 0) {
            printf("# sigma_match returns another number than its hits\n");
            abort();
        }
    }
}

static size_t differs(struct both *both, size_t rule, const char *event)
{
    static unsigned told;
    bool expected = both->reference ? reference_match(both->reference, rule, &both->event) : both->hit[1][rule];
    if (both->hit[0][rule] == expected && both->hit[1][rule] == expected)
        return 0;
    const struct sigma_rule *shown = sigma_rule(both->engine[0], rule);
    if (told++ < 20)
        printf("# rule %s (%s:%u): patterns %d, scalar %d, reference %d\n#   event: %.2000s\n", shown->title ? shown->title : "-", shown->path ? shown->path : "-",
               shown->line, both->hit[0][rule], both->hit[1][rule], expected, event);
    return 1;
}

size_t both_compare(struct both *both, const size_t *rules, size_t n, const char *event)
{
    size_t differences = 0;
    both_match(both);
    for (size_t i = 0; i < (rules ? n : both->n); i++)
        differences += differs(both, rules ? rules[i] : i, event);
    return differences;
}
