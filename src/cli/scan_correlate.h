/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Correlations of `castellan scan`, over all inputs together. A jail packs what correlations look at of an event that they count
 * (its rules, time, and the first value of each field that some correlation reads); outside these are put into the order of their
 * times and counted. A bounded number waits for what may still come from files that are read later; when they are too many the
 * earliest go first, and what comes then, earlier by no more than the lateness, still takes its place. What is later than that, what
 * has no time, and what memory could not hold is counted and told.
 */
#ifndef CLI_SCAN_CORRELATE_H
#define CLI_SCAN_CORRELATE_H

#include "base/buf.h"
#include "cli/scan_out.h"
#include "watch/sigma/correlate.h"

#define SCAN_LATENESS_DEFAULT HOUR
#define SCAN_WAITING_MOST ((size_t)128 << 20)          /* bytes of events that wait for their turn */

struct scan_correlate;
/* NULL when no rule of the set is a correlation that compiled. */
struct scan_correlate *scan_correlate_new(const struct sigma *, struct arena *, int64_t lateness, size_t waiting_bytes);
void scan_correlate_free(struct scan_correlate *);     /* takes NULL */
/* In the jail, too; NULL: there are no correlations. */
bool scan_correlate_silences(const struct scan_correlate *, size_t rule);

/* In the jail: the event and those of its rules that correlations count, into `out`. False: none of them is counted. */
bool scan_correlate_pack(const struct scan_correlate *, struct event *, const size_t *rules, size_t n, const char *const words[N_WORDS], struct buf *out);

/* Outside: foreign bytes; false when they are no such event. `found` is called for each correlation that is reported and is not silent. */
typedef void scan_found_fn(void *arg, const struct scan_hit *);
bool scan_correlate_take(struct scan_correlate *, size_t input, const char *const *files, const char *bytes, size_t len, scan_found_fn *, void *arg);
/* All that still waits. */
void scan_correlate_end(struct scan_correlate *, const char *const *files, scan_found_fn *, void *arg);
struct correlate_counts scan_correlate_counts(const struct scan_correlate *);

#endif
