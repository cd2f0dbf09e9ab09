/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the office refuses of rule sets, rule keys and detection lists, and what follows when they change. Runs in the writer.
 */
#ifndef WATCH_RULESET_ENGINE_H
#define WATCH_RULESET_ENGINE_H

#include "office/duty.h"

/* Names that rules_review knows, for struct duty. */
#define RULES_REFUSALS "watch.rule-set-examined", "watch.rule-set-broken", "watch.rule-set-unsigned", "watch.rule-set-older", "watch.list-form"
void rules_review(const struct change_view *, const char *const *names, size_t n, struct reasons *);
void rules_follow(const struct change_view *, struct consequences *);

#endif
