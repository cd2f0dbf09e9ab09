/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What detection works with: the rule sets in force with their texts, the filters in force, what %placeholders% mean, and the log-source
 * map with the office's own additions. Read by the office itself, for its workers and hunts; never shown to anybody as it is.
 *
 *     rules_in_force()   everything, for sources of one file
 *     rules_texts()      the texts of it in one list, for sigma_compile()
 *     rules_labels()     after compiling: the labels whose high-water mark, with the source's own, an alert of a rule must bear
 *
 * A set, filter, list or register entry that lies in a file is used for sources of that file alone; what lies in none, for all. The path of
 * each text begins with the number of its record ("RUL-2026-7KQ4M2XD0A/windows/x.yml"), so whatever was compiled names its record.
 */
#ifndef WATCH_RULESET_H
#define WATCH_RULESET_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "watch/sigma/sigma.h"

struct office;

struct rules_set { const char *number, *name, *publisher, *label /* canonical */, *file /* number; NULL: none */; const struct sigma_text *texts; size_t n; };
struct rules_filter { const char *number, *label, *file; struct sigma_text text; moment ends; };
/* Where a binding's values come from: labels of all records that gave one, each once. */
struct rules_origin { const char *const *labels; size_t n; };

struct rules_in_force {
    const struct rules_set *sets; size_t n_sets;             /* by number */
    const struct rules_filter *filters; size_t n_filters;
    const struct sigma_binding *bindings; size_t n_bindings;
    const struct rules_origin *origins;                      /* beside bindings */
    struct sigma_text sources;                               /* the log-source map: the product's with the office's additions */
    const char *const *source_labels; size_t n_source_labels;/* of those additions */
    char hash[65];                                           /* of all that bears on matching: the same hash, the same work */
};
/* `file`: number of the file in which the sources lie; NULL: none. Filters whose end has come by `now` are left out. A set whose texts cannot
 * be read is left out with a reason, and the rest stands. */
enum status rules_in_force(struct office *, const char *file, moment now, struct arena *, struct reasons *, struct rules_in_force *ret) MUST_CHECK;
/* The texts of sets and filters, in this order, and the options for sigma_compile (with `only` and `without_patterns` unset). */
size_t rules_texts(const struct rules_in_force *, struct arena *, const struct sigma_text **ret, struct sigma_options *ret_options);
/* The set that a compiled rule's path names; NULL: a filter. */
const struct rules_set *rules_set_of(const struct rules_in_force *, const char *path);
/* Of the rule's set, of the lists and registers behind each placeholder that it uses, and of additions to the log-source map. */
size_t rules_labels(const struct rules_in_force *, const struct sigma_rule *, struct arena *, const char *const **ret);

#endif
