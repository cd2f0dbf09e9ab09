/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Regexes of a field as one Vectorscan database over raw text; what it does not take is tested one by one. Literals and wildcards are not
 * its business here: measured, grams.c finds those of all rules as quickly, and 29,000 of them cost three seconds of every cold start.
 */
#include <string.h>

#include "watch/sigma/fast.h"

void pred_list_add(struct arena *arena, struct pred_list *list, uint32_t id)
{
    if (list->n == list->room) {
        uint32_t *more = ARENA_ARRAY(arena, uint32_t, list->room = list->room ? 2 * list->room : 8);
        if (list->n)
            memcpy(more, list->ids, list->n * sizeof *more);
        list->ids = more;
    }
    list->ids[list->n++] = id;
}

static unsigned flags_of(const struct pred *pred)
{
    return HS_FLAG_SINGLEMATCH | HS_FLAG_ALLOWEMPTY | (pred->flags & RE_I ? HS_FLAG_CASELESS : 0) | (pred->flags & RE_M ? HS_FLAG_MULTILINE : 0) |
           (pred->flags & RE_S ? HS_FLAG_DOTALL : 0);
}

/* Compiles the face's patterns; each that is not taken moves to `direct`, and the rest is tried again. */
static bool compile(struct arena *arena, const struct sigma *sigma, struct face *face)
{
    struct pred_list *list = &face->patterns;
    const char **texts = ARENA_ARRAY(arena, const char *, list->n + 1);
    unsigned *flags = ARENA_ARRAY(arena, unsigned, list->n + 1);
    for (uint32_t i = 0; i < list->n; i++) {
        texts[i] = arena_strndup(arena, sigma->preds[list->ids[i]].text, sigma->preds[list->ids[i]].len);
        flags[i] = flags_of(&sigma->preds[list->ids[i]]);
    }
    while (list->n) {
        hs_compile_error_t *error = NULL;
        if (hs_compile_multi(texts, flags, list->ids, list->n, HS_MODE_BLOCK, NULL, &face->database, &error) == HS_SUCCESS)
            return true;
        int which = error ? error->expression : -1;
        hs_free_compile_error(error);
        if (which < 0 || (uint32_t)which >= list->n)
            return false;
        pred_list_add(arena, &face->direct, list->ids[which]);
        list->n--;
        memmove(&list->ids[which], &list->ids[which + 1], (list->n - (uint32_t)which) * sizeof *list->ids);
        memmove(&texts[which], &texts[which + 1], (list->n - (uint32_t)which) * sizeof *texts);
        memmove(&flags[which], &flags[which + 1], (list->n - (uint32_t)which) * sizeof *flags);
    }
    return true;
}

bool face_patterns(struct arena *arena, const struct sigma *sigma, struct face *face)
{
    return face->patterns.n && compile(arena, sigma, face);
}
