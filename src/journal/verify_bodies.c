/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bodies against commitments, and erased told from missing: a body is erased when a later entry of the kind "erasure"
 * names the same record. Then it must be gone; without such an entry it must be there. What was seen is kept as small
 * marks (a keyed hash of the record, a position), since the erasure comes later than the body's entry.
 */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "journal/verify_inner.h"

#define SAID_MAX 20u                        /* findings of one kind that are written out; the rest are counted */

static void mark_add(struct walk *w, struct marks *marks, const char *record, uint64_t position)
{
    if (marks->n == marks->cap) {
        size_t cap = marks->cap ? 2 * marks->cap : 1024;
        struct mark *at = reallocarray(marks->at, cap, sizeof *at);
        if (!at) {
            w->trouble = NO_MEMORY;
            return;
        }
        marks->at = at;
        marks->cap = cap;
    }
    struct mark *mark = &marks->at[marks->n++];
    mark->position = position;
    mark->key = 0;
    if (record)
        crypto_shorthash((unsigned char *)&mark->key, (const unsigned char *)record, strlen(record), w->mark_key);
}

static void check_body(struct walk *w, const struct entry *entry)
{
    uint8_t salt[SALT_BYTES];
    const char *body;
    size_t len;
    arena_clear(w->scratch);
    enum status s = w->source->body(w->source->arg, entry->position, w->scratch, salt, &body, &len);
    if (s == ABSENT) {
        mark_add(w, &w->absent, entry->record, entry->position);
        return;
    }
    struct hash sum = {{0}};
    if (s == OK)
        sum = commit(salt, body, len);
    if (s == OK && hash_equal(&sum, &entry->commitment))
        w->verdict.bodies_good++;
    else {
        const char *at = number_text(w, entry->position);
        finding(w, "journal.body", at, s == OK ? T_("the body of entry %1$s is not the one that the entry commits to")
                : T_("the body of entry %1$s cannot be read"), at, NULL, NULL);
        blame(w, "body", entry->position, entry->position + 1);
    }
    mark_add(w, &w->present, entry->record, entry->position);
}

void bodies_take(struct walk *w, const struct entry *entry)
{
    if (entry->has_commitment) {
        w->verdict.commitments++;
        if (w->source->body)
            check_body(w, entry);
    }
    if (w->source->body && entry->record && strcmp(entry->kind, "erasure") == 0)
        mark_add(w, &w->erasures, entry->record, entry->position);
}

/* By record, the latest first. */
static int by_record(const void *a, const void *b)
{
    const struct mark *l = a, *r = b;
    if (l->key != r->key)
        return l->key < r->key ? -1 : 1;
    return l->position > r->position ? -1 : l->position < r->position;
}

/* The last erasure of the record behind the mark's entry; JOURNAL_NOWHERE when none. */
static uint64_t erased_by(const struct walk *w, const struct mark *mark)
{
    size_t low = 0, high = w->erasures.n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (w->erasures.at[mid].key < mark->key)
            low = mid + 1;
        else
            high = mid;
    }
    if (low < w->erasures.n && mark->key && w->erasures.at[low].key == mark->key
        && w->erasures.at[low].position > mark->position)
        return w->erasures.at[low].position;
    return JOURNAL_NOWHERE;
}

void bodies_conclude(struct walk *w)
{
    size_t kept = 0;
    if (w->erasures.n > 1)
        qsort(w->erasures.at, w->erasures.n, sizeof *w->erasures.at, by_record);
    for (size_t i = 0; i < w->absent.n; i++) {
        const struct mark *mark = &w->absent.at[i];
        if (erased_by(w, mark) != JOURNAL_NOWHERE) {
            w->verdict.erased++;
            continue;
        }
        blame(w, "missing", mark->position, mark->position + 1);
        if (w->verdict.missing++ < SAID_MAX) {
            const char *at = number_text(w, mark->position);
            finding(w, "journal.body-missing", at,
                    T_("the body of entry %1$s is missing, and no erasure names it"), at, NULL, NULL);
        }
    }
    for (size_t i = 0; i < w->present.n && w->erasures.n; i++) {
        const struct mark *mark = &w->present.at[i];
        uint64_t by = erased_by(w, mark);
        if (by == JOURNAL_NOWHERE)
            continue;
        blame(w, "body", mark->position, mark->position + 1);
        if (kept++ < SAID_MAX) {
            const char *at = number_text(w, mark->position);
            finding(w, "journal.erased-kept", at,
                    T_("the body of entry %1$s was erased by entry %2$s and is still there"), at, number_text(w, by), NULL);
        }
    }
    if (w->verdict.missing > SAID_MAX)
        finding(w, "journal.body-missing", NULL, T_("%1$s bodies are missing in all"),
                number_text(w, w->verdict.missing), NULL, NULL);
}
