/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Bodies against commitments, and erased told from missing: a body is erased when a later entry of the kind "erasure"
 * names the same record. Then it must be gone; without such an entry it must be there. What was seen is kept as small
 * marks (a keyed hash of the record, a position), since the erasure comes later than the body's entry.
 */
#include <string.h>

#include "journal/verify_inner.h"

#define SAID_MAX 20u                        /* findings of one kind that are written out; the rest are counted */

/* A body's fault names the first bad entry only where the entries themselves are right: what is missing after a cut is
 * missing because of the cut. */
static void body_blame(struct walk *w, const char *what, uint64_t at)
{
    if (at < w->bad_body_at) {
        w->bad_body_at = at;
        w->bad_body = what;
    }
}

static void mark_add(struct walk *w, struct marks *marks, const char *record, uint64_t position)
{
    if (!marks_add(marks, &w->mark_key, record, position))
        w->trouble = NO_MEMORY;
}

/* Bodies are kept under the position that the entry says; what is wrong is blamed on the place where it stands. */
static void check_body(struct walk *w, uint64_t at_index, const struct entry *entry)
{
    uint8_t salt[SALT_BYTES];
    const char *body;
    size_t len;
    arena_clear(w->scratch);
    enum status s = w->source->body(w->source->arg, entry->position, w->scratch, salt, &body, &len);
    if (s == ABSENT) {
        mark_add(w, &w->absent, entry->record, at_index);
        return;
    }
    struct hash sum = {{0}};
    if (s == OK)
        sum = commit(salt, body, len);
    if (s == OK && hash_equal(&sum, &entry->commitment))
        w->verdict.bodies_good++;
    else {
        const char *at = number_text(w, at_index);
        finding(w, "journal.body", at, s == OK ? T_("the body of entry %1$s is not the one that the entry commits to")
                : T_("the body of entry %1$s cannot be read"), at, NULL, NULL);
        body_blame(w, "body", at_index);
    }
    mark_add(w, &w->present, entry->record, at_index);
}

void bodies_take(struct walk *w, uint64_t at, const struct entry *entry)
{
    if (entry->has_commitment) {
        w->verdict.commitments++;
        if (w->source->body)
            check_body(w, at, entry);
    }
    if (w->source->body && entry->record && strcmp(entry->kind, "erasure") == 0)
        mark_add(w, &w->erasures, entry->record, at);
}

static void say_missing(struct walk *w, const struct mark *mark)
{
    body_blame(w, "missing", mark->position);
    if (w->verdict.missing++ < SAID_MAX) {
        const char *at = number_text(w, mark->position);
        finding(w, "journal.body-missing", at, T_("the body of entry %1$s is missing, and no erasure names it"), at,
                NULL, NULL);
    }
}

static void say_kept(struct walk *w, const struct mark *mark, uint64_t by, size_t before)
{
    body_blame(w, "body", mark->position);
    if (before < SAID_MAX) {
        const char *at = number_text(w, mark->position);
        finding(w, "journal.erased-kept", at, T_("the body of entry %1$s was erased by entry %2$s and is still there"),
                at, number_text(w, by), NULL);
    }
}

static void tell_erased(struct walk *w, const struct mark *mark, uint64_t by)
{
    if (w->options->erased)
        w->options->erased(w->options->arg, mark->position, by);
}

void bodies_conclude(struct walk *w)
{
    size_t kept = 0;
    marks_sort_by_record(&w->erasures);
    for (size_t i = 0; i < w->absent.n; i++) {
        const struct mark *mark = &w->absent.at[i];
        uint64_t by = marks_after(&w->erasures, mark);
        if (by == JOURNAL_NOWHERE) {
            say_missing(w, mark);
            continue;
        }
        w->verdict.erased++;
        tell_erased(w, mark, by);
    }
    for (size_t i = 0; i < w->present.n && w->erasures.n; i++) {
        const struct mark *mark = &w->present.at[i];
        uint64_t by = marks_after(&w->erasures, mark);
        if (by == JOURNAL_NOWHERE)
            continue;
        say_kept(w, mark, by, kept++);
        tell_erased(w, mark, by);
    }
    if (w->bad_body && w->verdict.first_bad == JOURNAL_NOWHERE)
        blame(w, w->bad_body, w->bad_body_at, w->bad_body_at + 1);
    if (w->verdict.missing > SAID_MAX)
        finding(w, "journal.body-missing", NULL, T_("%1$s bodies are missing in all"),
                number_text(w, w->verdict.missing), NULL, NULL);
}
