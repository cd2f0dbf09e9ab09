/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Erasure. A record is erased only under its register's retention rule or a lawful order, by two persons who both read it and carry
 * the right "erase-records": OP_ERASE (step "retention" or "order", with a reason) becomes a proposal, and OP_CONFIRM carries it out. Body,
 * salts, search and index rows, attachments and what earlier proposals repeated of it go; the entry "erasure", the header and a
 * tombstone stay, so verify tells erased from missing. The list of tombstones travels with every checkpoint.
 */
#ifndef OFFICE_ERASE_H
#define OFFICE_ERASE_H

#include "office/office.h"

/* The office's own step after a restore (restore.h): no right and no second person, since both were asked for when it was erased first. */
#define ERASE_RESTORED "restore"

struct retention_over { const struct register_def *def; const char *number; struct words titles; moment since, over; struct record_view record; };
/* What a reader may read whose retention is over, register by register in the pack's order: for the desk of those who erase. At most
 * `most`; empty for a reader without the right. */
enum status office_retention_over(struct office *, const struct reader *, moment now, size_t most, struct arena *,
                                  struct retention_over **ret, size_t *ret_n) MUST_CHECK;

/* Until when a record is kept under its rule; MOMENT_NONE where its retention has not begun, or it has none. */
moment office_kept_until(const struct office *, const struct record_view *);

#endif
