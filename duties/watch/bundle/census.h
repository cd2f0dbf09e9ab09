/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The census of a delivery: what each of its rules is and whether it compiles. Made in a jail (the jailer "rules") out of a bundle and the
 * log-source map, kept beside the delivery, and read as bytes from outside, since a jail could have been taken over.
 *
 *     rules_input()        map and bundle -> the jail's input
 *     rules_jailer         input -> answer, in the jail: the bundle is checked whole, unpacked, every rule read and compiled
 *     rules_answer()       answer -> the census' text and the bundle's plain run, unread
 *     census_read()        text -> rules; every line and field bounded
 *
 * The text has a line for each rule, its fields apart by tabs. Placeholders (%name%) are taken as bound: whether they are, changes, and is
 * asked when the census is shown.
 */
#ifndef WATCH_CENSUS_H
#define WATCH_CENSUS_H

#include "base/jail.h"
#include "base/reasons.h"
#include "watch/bundle/bundle.h"
#include "watch/sigma/sigma.h"

#define CENSUS_MOST ((size_t)64 << 20)

enum census_kind { CENSUS_RULE, CENSUS_CORRELATION, CENSUS_FILTER };
struct census_rule {
    enum census_kind kind;
    bool ready;                                /* it compiles, once its placeholders are bound */
    enum sigma_level level;
    unsigned line;                             /* in its file */
    const char *id;                            /* or its name, or "path:line": never empty, and what rules are compared by */
    const char *title, *status, *product, *category, *service;     /* "" where there is none */
    const char *tags, *placeholders;           /* apart by blanks: "attack.t1059.001 attack.execution", "dc_ip_addresses" */
    const char *path;
    const char *hash, *logic;                  /* of the whole rule; of log source and detection (correlation, filter) alone */
    const char *where, *why[LANG_COUNT];       /* refused: "path:line" and the reason */
};
struct census { const struct census_rule *rules; size_t n, ready, refused, correlations, filters; };

void rules_input(struct buf *, const struct sigma_text *map, const void *bundle, size_t len);
extern const struct jailer rules_jailer;
bool rules_answer(const char *answer, size_t len, const char **ret_census, size_t *ret_census_len, const char **ret_plain, size_t *ret_plain_len);
/* DAMAGED when it is none. */
enum status census_read(const char *text, size_t len, struct arena *, struct census *ret) MUST_CHECK;
/* The rule with this id; NULL. */
const struct census_rule *census_find(const struct census *, const char *id);

/* What differs: rules of `now` that `before` lacks, those that both have with another hash, and those that only `before` has. Each list by
 * title, then id. `before` NULL: everything is new. */
struct census_change { const struct census_rule *before, *now; };
struct census_difference { struct census_change *added, *changed, *retired; size_t n_added, n_changed, n_retired; };
void census_compare(const struct census *before, const struct census *now, struct arena *, struct census_difference *ret);
/* What changed in words: "level: medium, now high; logic". */
struct words census_words(const struct census_change *, struct arena *);

#endif
