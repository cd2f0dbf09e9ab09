/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The kind of a change, from how two lists come apart and meet again; the format's page, "What a verifier finds", 3.
 */
#include <string.h>

#include "cv.h"

static bool same(const struct hash *a, const struct hash *b)
{
    return memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

static bool occurs(const struct hash *sought, const struct hash *list, uint64_t n)
{
    for (uint64_t i = 0; i < n; i++)
        if (same(sought, &list[i]))
            return true;
    return false;
}

static const char *say(const char *kind, enum cv_word word, enum cv_word *ret)
{
    *ret = word;
    return kind;
}

const char *cv_kind(const struct hash *here, uint64_t n_here, const struct hash *there, uint64_t n_there,
                    enum cv_word *ret)
{
    if (n_here == 0)
        return say("truncation", CV_TRUNCATION, ret);
    if (n_there == 0)
        return say("insertion", CV_INSERTION, ret);
    bool ours = occurs(&here[0], there, n_there), theirs = occurs(&there[0], here, n_here);
    if (ours && theirs)
        return say("reordering", CV_REORDERING, ret);
    if (ours)
        return say("deletion", CV_DELETION, ret);
    if (theirs)
        return say("insertion", CV_INSERTION, ret);
    for (uint64_t i = 1; i < n_here && i < n_there; i++)
        if (same(&here[i], &there[i]))
            return say("edit", CV_EDIT, ret);
    return n_here == 1 && n_there == 1 ? say("edit", CV_EDIT, ret) : say("fork", CV_FORK_HASHES, ret);
}

const char *cv_kind_by_position(const uint64_t *position, uint64_t first, uint64_t n, enum cv_word *ret)
{
    uint64_t wrong = 0, last = position[n - 1];
    for (uint64_t i = 0; i < n; i++)
        wrong += position[i] != first + i;
    if (last == first + n - 1)
        return wrong == 1 ? say("edit", CV_EDIT, ret) : say("reordering", CV_REORDERING, ret);
    return last > first + n - 1 ? say("deletion", CV_DELETION, ret) : say("insertion", CV_INSERTION, ret);
}
