/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * After an adoption: a hunt with the new and changed rules over what was kept is proposed. By the clock, since adoption happens in the writer.
 */
#ifndef WATCH_RULESET_RENEW_H
#define WATCH_RULESET_RENEW_H

#include "office/office.h"

/* For each set in force that has not been looked at yet: hunts proposed (hunting/propose.h), and the time written on the set. *ret_n: sets. */
enum status ruleset_renew(struct office *, moment now, struct arena *, struct reasons *, size_t *ret_n) MUST_CHECK;
/* The same by the clock (struct job_def), in memory of its own. */
enum status ruleset_renew_job(struct office *, moment now, struct reasons *);

#endif
