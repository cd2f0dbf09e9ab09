/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One run: both offices live through the same days, the second one also through hidden changes; every answer is compared.
 */
#ifndef TESTS_INTERFERENCE_RUN_H
#define TESTS_INTERFERENCE_RUN_H

#include "world.h"

struct run {
    uint64_t seed;
    unsigned days, hidden_a_day, asks_a_page;
    bool quiet_registers;                    /* hidden changes in registers that the post does not see; fewer readers */
    bool stop_at_first;
    unsigned doors, records;                 /* readers at the doors a day, and records that each of them looks at */
    /* results */
    size_t facts, hidden_facts;              /* of the auditors' journal: of the visible half, of the hidden one */
    unsigned answers, good, differences, hidden, hidden_refused;
    unsigned erased;                         /* of the visible half, in both */
    unsigned told, adoptable, checkpoints;   /* rounds in which a stream said something; definitions confirmed; notes */
    unsigned lists[2];                       /* of erasures, without and with hidden half */
    char first[400];                         /* what differed first */
    char unasked[400];                       /* pages without generated requests */
};
void run(struct run *, const struct base *);
/* Pages of the tables that got no request in any run so far. */

#endif
