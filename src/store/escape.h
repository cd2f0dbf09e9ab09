/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A job that was left by a jump (its arena was exhausted) may have left statements in the midst of their rows. They are ended here,
 * before the job answers false and its savepoint is rolled back.
 */
#ifndef STORE_ESCAPE_H
#define STORE_ESCAPE_H

#include "store/store.h"

void txn_escaped(struct txn *);

#endif
