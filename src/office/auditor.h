/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The auditor's page of the journal: facts alone (when, who, in which post, which step, in which register), for a post that carries
 * audit-journal. Records appear as tokens (HMAC of the number), entries of a file in which the auditor is concerned not at all, and
 * registers marked `sealed` only as proven entries. Positions and sizes are shown: this is a listed journal surface.
 */
#ifndef OFFICE_AUDITOR_H
#define OFFICE_AUDITOR_H

#include "office/office.h"

#define TOKEN_TEXT 17              /* 16 hex digits */

struct journal_fact {
    uint64_t position;
    moment time;
    const char *kind;
    const char *person, *post, *step, *register_;        /* NULL: none, or the register is sealed */
    char token[TOKEN_TEXT];                              /* "": the entry names no record */
    uint64_t version;
    bool sealed;
    moment proven;                                       /* MOMENT_NONE: under no checkpoint yet */
    const char *reason;                                  /* of an event, in the program's own words; NULL for whatever names a register or a record */
};
/* NULL members do not filter. */
struct journal_query {
    const char *kind, *person, *post, *step, *register_;
    moment from, until;                                  /* [from, until); MOMENT_NONE: open */
    uint64_t before;                                     /* positions below; 0: from the newest on */
    size_t limit;                                        /* 0: 100; most 10000 */
};
struct journal_page {
    struct journal_fact *facts; size_t n;                /* newest first */
    uint64_t before;                                     /* where the next page begins; 0: the journal's beginning was reached */
};
/* REFUSED without the right. Looks at no more than 100,000 entries: `before` then says where to go on. */
enum status office_journal_page(struct office *, const struct reader *, const struct journal_query *, struct arena *, struct journal_page *ret) MUST_CHECK;

#endif
