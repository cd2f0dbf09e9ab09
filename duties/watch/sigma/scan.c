/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One value against all predicates of its field.
 */
#include <string.h>

#include "watch/sigma/fast.h"

static void found(void *arg, uint32_t pred)
{
    struct scan *scan = arg;
    if (scan->seen[pred / 64] >> pred % 64 & 1)
        return;
    scan->seen[pred / 64] |= UINT64_C(1) << pred % 64;
    scan->found[scan->n++] = pred;                     /* room for every predicate */
}

/* What an index only suggests: patterns with wildcards under one of their literals. */
static void suggested(void *arg, uint32_t id)
{
    struct scan *scan = arg;
    const struct pred *pred = &scan->sigma->preds[id];
    bool seen = scan->seen[id / 64] >> id % 64 & 1;
    if (!seen && (pred->kind != TEST_GLOB || pred_holds_value(scan->bench, pred, scan->looked)))
        found(scan, id);
}

static int on_match(unsigned id, unsigned long long from, unsigned long long to, unsigned flags, void *arg)
{
    struct scan *scan = arg;
    if (scan->looked->ascii)                           /* else PCRE2 tells, character by character */
        found(scan, id);
    return 0;
}

static void scan_face(struct scan *scan, const struct face *face, const char *text, size_t len)
{
    if (face->texts.any)
        text_index_find(&face->texts, scan->sigma, text, len, found, scan);
    if (face->database)
        hs_scan(face->database, text, (unsigned)len, 0, scan->scratch, on_match, scan);
    if (face->grams.n || face->grams.n_single)
        gram_index_find(&face->grams, text, len, suggested, scan);
    for (uint32_t i = 0; i < face->direct.n; i++)
        if (pred_holds_value(scan->bench, &scan->sigma->preds[face->direct.ids[i]], scan->looked))
            found(scan, face->direct.ids[i]);
}

void scan_value(struct scan *scan, uint32_t field, const char *text, size_t len)
{
    const struct field_index *index = scan->sigma->fast->fields[field];
    scan->n = 0;
    if (!index)
        return;
    const struct looked looked = bench_look(scan->bench, 0, text, len);
    scan->looked = &looked;
    scan_face(scan, &index->folded, looked.folded, looked.folded_len);
    scan_face(scan, &index->raw, looked.raw, looked.raw_len);
    if (!looked.ascii && index->raw.database)
        for (uint32_t i = 0; i < index->regexes.n; i++)
            if (pred_holds_value(scan->bench, &scan->sigma->preds[index->regexes.ids[i]], &looked))
                found(scan, index->regexes.ids[i]);
    for (uint32_t i = 0; i < scan->n; i++)
        scan->seen[scan->found[i] / 64] &= ~(UINT64_C(1) << scan->found[i] % 64);
    scan->looked = NULL;
}
