/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints against the tree. All are read first and put in order of size; while the tree grows each is met at its
 * size. What the good and the bad ones say together:
 *   a bad one above the largest good one    the entries between the two are not those that were signed
 *   a bad one below a good one              it belongs to another history that the same key signed: a fork
 *   one beyond the last entry               the journal was cut
 *   one of another key                      a key swap
 */
#include <stdlib.h>
#include <string.h>

#include "journal/verify_inner.h"

/* One note; its own reasons say what is wrong with its form or signature. */
static bool open_one(struct walk *w, const struct journal_note *note, struct known_note *ret)
{
    struct reasons why;
    reasons_init(&why, w->arena);
    const char *line = w->options->public_key_line;
    enum status s = checkpoint_read(note->text, note->len, line ? line : "", w->arena, &why, &ret->checkpoint);
    ret->name = note->name;
    ret->entries = ret->stored = NOTE_AHEAD;
    if (s == OK)
        return true;
    w->verdict.notes_bad++;
    if (s == REFUSED) {
        finding(w, "journal.key-swap", note->name,
                T_("the checkpoint is signed by another key than the log's: the key was swapped, or it is another log's"),
                NULL, NULL, NULL);
        blame(w, "key-swap", JOURNAL_NOWHERE, JOURNAL_NOWHERE);
        return false;
    }
    for (struct reason *r = why.first; r; r = r->after)
        if (!r->where)
            r->where = note->name;
    w->verdict.findings += why.count;
    reasons_join(w->reasons, &why);
    blame(w, "checkpoint", JOURNAL_NOWHERE, JOURNAL_NOWHERE);
    return false;
}

static int by_size(const void *a, const void *b)
{
    const struct known_note *left = a, *right = b;
    return left->checkpoint.size < right->checkpoint.size ? -1 : left->checkpoint.size > right->checkpoint.size;
}

void notes_open(struct walk *w)
{
    size_t n = w->options->n_notes;
    w->notes = ARENA_ARRAY(w->arena, struct known_note, n ? n : 1);
    for (size_t i = 0; i < n; i++)
        if (open_one(w, &w->options->notes[i], &w->notes[w->n_notes]))
            w->n_notes++;
    qsort(w->notes, w->n_notes, sizeof *w->notes, by_size);
    notes_meet(w);                                  /* those of the empty tree */
}

uint64_t notes_next_size(const struct walk *w)
{
    return w->next_note < w->n_notes ? w->notes[w->next_note].checkpoint.size : JOURNAL_NOWHERE;
}

void notes_meet(struct walk *w)
{
    if (notes_next_size(w) != w->edge.size)
        return;
    struct hash root = tree_root(&w->edge);
    for (; notes_next_size(w) == w->edge.size; w->next_note++) {
        struct known_note *note = &w->notes[w->next_note];
        note->entries = hash_equal(&root, &note->checkpoint.root) ? NOTE_GOOD : NOTE_BAD;
    }
}

void notes_meet_stored(struct walk *w)
{
    while (w->next_stored_note < w->n_notes
           && w->notes[w->next_stored_note].checkpoint.size <= w->stored_edge.size) {
        struct known_note *note = &w->notes[w->next_stored_note++];
        if (note->checkpoint.size != w->stored_edge.size)
            continue;
        struct hash root = tree_root(&w->stored_edge);
        note->stored = hash_equal(&root, &note->checkpoint.root) ? NOTE_GOOD : NOTE_BAD;
    }
}

static void say_fork(struct walk *w, const struct known_note *note, const struct known_note *good)
{
    finding(w, "journal.fork", note->name,
            T_("this checkpoint of %1$s entries belongs to another history than %2$s, and both carry the log's "
               "signature: the journal was forked"), number_text(w, note->checkpoint.size), good->name, NULL);
    blame(w, "fork", JOURNAL_NOWHERE, JOURNAL_NOWHERE);
}

/* A checkpoint that the entries do not meet. `explained`: an entry has been named already. */
static void say_unmet(struct walk *w, const struct known_note *note, uint64_t good, bool explained)
{
    const char *size = number_text(w, note->checkpoint.size), *from = number_text(w, good);
    if (note->entries == NOTE_AHEAD) {
        const char *have = number_text(w, w->verdict.entries);
        finding(w, explained ? "journal.checkpoint" : "journal.truncation", note->name,
                T_("this checkpoint signs %1$s entries, here are %2$s: the journal was cut"), size, have, NULL);
        blame(w, "truncation", w->verdict.entries, note->checkpoint.size);
    } else if (explained) {
        finding(w, "journal.checkpoint", note->name,
                T_("the first %1$s entries are not those that this checkpoint signs"), size, NULL, NULL);
    } else {
        finding(w, "journal.fork", note->name,
                T_("the entries from %1$s to %2$s are not those that this checkpoint signs: the history was rewritten or "
                   "forked, entries before them are proven"), from, number_text(w, note->checkpoint.size - 1), NULL);
        blame(w, "fork", good, note->checkpoint.size);
    }
}

void notes_conclude(struct walk *w)
{
    const struct known_note *best = NULL, *before = NULL;
    for (size_t i = 0; i < w->n_notes; i++)
        if (w->notes[i].entries == NOTE_GOOD)
            best = &w->notes[i];
    w->verdict.proven = best ? best->checkpoint.size : 0;
    /* An entry that was named where the checkpoints fail explains them all. */
    bool explained = w->verdict.what && w->verdict.first_bad != JOURNAL_NOWHERE
        && w->verdict.first_bad >= w->verdict.proven;
    for (size_t i = 0; i < w->n_notes; i++) {
        const struct known_note *note = &w->notes[i];
        if (note->entries == NOTE_GOOD) {
            w->verdict.notes_good++;
            before = note;
            continue;
        }
        w->verdict.notes_bad++;
        if (best && note->checkpoint.size <= best->checkpoint.size)
            say_fork(w, note, best);
        else if (before && before->entries != NOTE_GOOD && before->checkpoint.size == note->checkpoint.size
                 && !hash_equal(&before->checkpoint.root, &note->checkpoint.root))
            say_fork(w, note, before);
        else
            say_unmet(w, note, w->verdict.proven, explained);
        explained = explained || note->checkpoint.size > w->verdict.proven;
        before = note;
    }
    if (w->n_notes == 0)
        remark(w, "journal.no-checkpoint", T_("no checkpoint of this log was at hand: nothing outside proves these "
               "entries"), NULL, NULL);
    else if (w->verdict.proven < w->verdict.entries && !w->verdict.findings)
        remark(w, "journal.tail", T_("the entries from %1$s on are newer than the last checkpoint and not yet proven"),
               number_text(w, w->verdict.proven), NULL);
}
