/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan verify: the journal is the truth, the tables are a projection of it. One pass over the entries, then every table row is
 * rebuilt from the bodies that the entries commit to and compared with what is stored. Erased is told from missing.
 */
#ifndef OFFICE_VERIFY_H
#define OFFICE_VERIFY_H

#include "journal/verify.h"
#include "office/office.h"

struct office_verdict {
    struct journal_verdict journal;
    uint64_t records, links, rows, postings, labels, side_rows;
    uint64_t differences;              /* rows of tables that do not follow from the journal */
    uint64_t side_damaged;             /* reported apart: they are not journalled */
};
/* `folder` for checkpoints and signer.pub. OK: nothing found; DAMAGED: findings, each a reason. */
enum status office_verify(struct office *, const char *folder, bool journal_only, void (*progress)(void *, uint64_t), void *arg,
                          struct arena *, struct reasons *, struct office_verdict *ret) MUST_CHECK;

#endif
