/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The examination of a delivery: the bundle is read in a jail, its signature held against the enrolled keys, what came out of the jail held
 * against the signed list, and what was found is written on the record in the name of the rule rule-set.examination.
 */
#ifndef WATCH_RULESET_EXAMINE_H
#define WATCH_RULESET_EXAMINE_H

#include "office/own.h"
#include "watch/bundle/census.h"

/* Who reads the bundle: the jailer "rules" in the program's nursery, or, for what this program itself brings (the demonstration), the jailer called
 * as it is. */
struct examiner { enum status (*read)(const char *input, size_t len, struct arena *, struct reasons *, const char **ret, size_t *ret_len); };
extern const struct examiner examiner_jailed, examiner_own;

/* OK: written, whatever was found. BAD_INPUT: no bundle; nothing is written. The arena may need some hundred MiB for the largest delivery. */
enum status ruleset_examine(struct office *, const char *number, const struct examiner *, moment now, struct arena *, struct reasons *) MUST_CHECK;
/* The set in force that a rule set is compared with: same publisher, under a label and in a file that whoever reads the new one reads, too. NULL: none. */
const struct image *ruleset_former(struct office *, const struct image *, const char *publisher, const struct image *const *in_force, size_t n);

#endif
