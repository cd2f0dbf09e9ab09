/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hunt that the office itself proposes: new rules over what is already in the archive. Whoever adopts a rule set calls it with the rules that
 * are new in it.
 */
#ifndef WATCH_HUNTING_PROPOSE_H
#define WATCH_HUNTING_PROPOSE_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"

struct office;

#define HUNT_PROPOSED_RULES 1000u          /* of one hunt; more become several */
/* Makes hunts (trigger "new-rule") whose looked-for are these rule ids, under the label and in the file of the rule set; the hunter is whoever
 * brought it. They are approved and begun like any hunt: somebody else decides whether the archive is looked through. Not from the writer's
 * thread. *ret_n hunts were made; the numbers lie in the arena. Nothing for no ids. */
enum status hunt_propose(struct office *, const char *rule_set, const char *const *rule_ids, size_t n, moment now, struct arena *, struct reasons *,
                         const char *const **ret_numbers, size_t *ret_n) MUST_CHECK;

#endif
