/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Marks in growing arrays; the hash is libsodium's keyed short hash under a key of the run, so nobody can choose records
 * that meet.
 */
#include "journal/marks.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>

struct mark_key mark_key_new(void)
{
    struct mark_key key;
    _Static_assert(sizeof key.bytes == crypto_shorthash_KEYBYTES, "the short hash's key");
    random_bytes(key.bytes, sizeof key.bytes);
    return key;
}

bool marks_add(struct marks *marks, const struct mark_key *key, const char *record, uint64_t position)
{
    if (marks->n == marks->cap) {
        size_t cap = marks->cap ? 2 * marks->cap : 1024;
        struct mark *at = reallocarray(marks->at, cap, sizeof *at);
        if (!at)
            return false;
        marks->at = at;
        marks->cap = cap;
    }
    struct mark *mark = &marks->at[marks->n++];
    mark->position = position;
    mark->key = 0;
    if (record)
        crypto_shorthash((unsigned char *)&mark->key, (const unsigned char *)record, strlen(record), key->bytes);
    return true;
}

void marks_free(struct marks *marks)
{
    free(marks->at);
    *marks = (struct marks){0};
}

static int by_record(const void *a, const void *b)
{
    const struct mark *l = a, *r = b;
    if (l->key != r->key)
        return l->key < r->key ? -1 : 1;
    return l->position > r->position ? -1 : l->position < r->position;
}

static int by_position(const void *a, const void *b)
{
    const struct mark *l = a, *r = b;
    return l->position < r->position ? -1 : l->position > r->position;
}

void marks_sort_by_record(struct marks *marks)
{
    if (marks->n > 1)
        qsort(marks->at, marks->n, sizeof *marks->at, by_record);
}

void marks_sort_by_position(struct marks *marks)
{
    if (marks->n > 1)
        qsort(marks->at, marks->n, sizeof *marks->at, by_position);
}

uint64_t marks_after(const struct marks *sorted, const struct mark *mark)
{
    size_t low = 0, high = sorted->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (sorted->at[mid].key < mark->key)
            low = mid + 1;
        else
            high = mid;
    }
    if (mark->key && low < sorted->n && sorted->at[low].key == mark->key && sorted->at[low].position > mark->position)
        return sorted->at[low].position;
    return UINT64_MAX;
}
