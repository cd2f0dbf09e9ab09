/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Marks: which record an entry is about, as a keyed hash and the entry's position; small enough to keep one an entry.
 * Serve the one question that needs looking ahead: has a later entry erased this record?
 */
#ifndef JOURNAL_MARKS_H
#define JOURNAL_MARKS_H

#include "journal/journal.h"

struct mark { uint64_t key, position; };            /* key 0: about no record */
struct marks { struct mark *at; size_t n, cap; };
struct mark_key { uint8_t bytes[16]; };

struct mark_key mark_key_new(void);
/* False when there is no memory. `record` may be NULL. */
bool marks_add(struct marks *, const struct mark_key *, const char *record, uint64_t position) MUST_CHECK;
void marks_free(struct marks *);
/* By record and, inside one, the latest first: what marks_after wants of its list. */
void marks_sort_by_record(struct marks *);
void marks_sort_by_position(struct marks *);
/* The latest mark of the same record behind this one; UINT64_MAX when there is none. */
uint64_t marks_after(const struct marks *sorted, const struct mark *);

#endif
