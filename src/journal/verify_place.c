/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which entry is wrong, and how. Two witnesses: the stored hashes (where they lead to a signed root they are as good as
 * the signature; where no checkpoint says otherwise they are at least a contradiction), and the position that every
 * entry carries. Each gives two sequences that should be equal; how they come apart and meet again tells the kind:
 *
 *   meet again at the same place       edit             meet shifted, more here     insertion
 *   first one comes later, and later   reordering       meet shifted, fewer here    deletion
 *   this side ends                     truncation       never meet                  fork
 */
#include <stdlib.h>
#include <string.h>

#include "journal/verify_inner.h"

/* Two sequences of hashes, from the first place where they differ. */
struct sides {
    const struct hash *here, *there;
    size_t n_here, n_there;
};

static size_t find_hash(const struct hash *list, size_t n, const struct hash *sought)
{
    for (size_t i = 0; i < n; i++)
        if (memcmp(list[i].bytes, sought->bytes, HASH_BYTES) == 0)
            return i;
    return n;
}

static const char *kind_of(const struct sides *s)
{
    if (s->n_here == 0)
        return "truncation";
    if (s->n_there == 0)
        return "insertion";
    size_t ours_later = find_hash(s->there, s->n_there, &s->here[0]);
    size_t theirs_later = find_hash(s->here, s->n_here, &s->there[0]);
    if (ours_later < s->n_there && theirs_later < s->n_here)
        return "reordering";
    if (ours_later < s->n_there)
        return "deletion";
    if (theirs_later < s->n_here)
        return "insertion";
    size_t both = s->n_here < s->n_there ? s->n_here : s->n_there;
    for (size_t i = 1; i < both; i++)
        if (memcmp(s->here[i].bytes, s->there[i].bytes, HASH_BYTES) == 0)
            return "edit";
    return s->n_here == 1 && s->n_there == 1 ? "edit" : "fork";
}

/* The same from the positions alone. */
static const char *kind_by_position(const struct walk *w)
{
    uint64_t first = w->misplaced_at, last = first + w->n_position_tail - 1;
    uint64_t end = w->position_tail[w->n_position_tail - 1];
    if (end == last) {
        size_t wrong = 0;
        for (size_t i = 0; i < w->n_position_tail; i++)
            wrong += w->position_tail[i] != first + i;
        return wrong == 1 ? "edit" : "reordering";
    }
    if (w->n_position_tail == 1 && end < first)
        return "insertion";
    return end > last ? "deletion" : "insertion";
}

static const struct { const char *what, *rule, *english; } words[] = {
    {"edit", "journal.edit", T_("entry %1$s was edited")},
    {"insertion", "journal.insertion", T_("from entry %1$s on something was inserted")},
    {"deletion", "journal.deletion", T_("at entry %1$s something was deleted")},
    {"reordering", "journal.reordering", T_("from entry %1$s on the order was changed")},
    {"truncation", "journal.truncation", T_("from entry %1$s on the journal was cut")},
    {"fork", "journal.fork", T_("from entry %1$s on the history is another one than the stored hashes know")},
};

static void accuse(struct walk *w, const char *what, uint64_t at)
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++)
        if (strcmp(words[i].what, what) == 0) {
            finding(w, words[i].rule, number_text(w, at), words[i].english, number_text(w, at), NULL, NULL);
            blame(w, words[i].what, at, at + 1);
        }
}

/* Whether a checkpoint above the first difference is met by the entries or by the stored hashes. */
static bool vouched(const struct walk *w, bool entries)
{
    for (size_t i = 0; i < w->n_notes; i++)
        if (w->notes[i].checkpoint.size > w->differs_at
            && (entries ? w->notes[i].entries : w->notes[i].stored) == NOTE_GOOD)
            return true;
    return false;
}

static void bad_stored(struct walk *w, uint64_t at)
{
    finding(w, "journal.node", number_text(w, at),
            T_("a stored hash of the tree at or above entry %1$s is wrong; the entries are those that were signed, "
               "where a checkpoint covers them"), number_text(w, at), NULL, NULL);
    blame(w, "node", at, at + 1);
}

void place_conclude(struct walk *w)
{
    /* Where entries themselves stand wrongly, a node that does not fit them is no further fault: it may be the one that is right. */
    if (w->bad_node_at != JOURNAL_NOWHERE && w->misplaced_at == JOURNAL_NOWHERE && w->unreadable_at == JOURNAL_NOWHERE)
        bad_stored(w, w->bad_node_at);
    if (w->differs_at != JOURNAL_NOWHERE) {
        const struct sides s = {w->entry_tail, w->stored_tail, w->n_entry_tail, w->n_stored_tail};
        if (vouched(w, true) && !vouched(w, false))
            bad_stored(w, w->differs_at);
        else
            accuse(w, kind_of(&s), w->differs_at);
    }
    if (w->misplaced_at != JOURNAL_NOWHERE && (w->differs_at == JOURNAL_NOWHERE || w->misplaced_at < w->differs_at))
        accuse(w, kind_by_position(w), w->misplaced_at);
    if (w->unreadable_at != JOURNAL_NOWHERE)
        blame(w, "edit", w->unreadable_at, w->unreadable_at + 1);
}
