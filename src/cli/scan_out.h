/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `castellan scan` writes: a JSON object a line, CSV, or a page with a timeline. Lines go out at once; the page needs all hits and
 * holds a bounded number of them.
 */
#ifndef CLI_SCAN_OUT_H
#define CLI_SCAN_OUT_H

#include "base/buf.h"
#include "base/moment.h"
#include "watch/sigma/sigma.h"

#define SCAN_WORD_MOST 256
enum { WORD_COMPUTER, WORD_CHANNEL, WORD_EVENT_ID, N_WORDS };
struct scan_hit {
    const struct sigma_rule *rule;
    const char *file;
    moment time;                           /* MOMENT_NONE */
    uint64_t record;
    const char *words[N_WORDS];            /* of the event; UTF-8, "" when it has none */
    /* Of a correlation: its type, else NULL; the window's first and last event, what was counted, the group. */
    const char *correlation;
    moment first, last;
    double value;
    bool partial;
    const char *const *groups, *const *group_values; size_t n_groups;
};
enum scan_format { SCAN_JSON, SCAN_CSV, SCAN_HTML };
struct scan_out;
struct scan_out *scan_out_new(struct arena *, enum scan_format, moment made);
/* False when standard output takes no more. */
bool scan_out_hit(struct scan_out *, const struct scan_hit *);
/* events, faulty: for the page's foot. */
bool scan_out_end(struct scan_out *, uint64_t events, uint64_t files);
uint64_t scan_out_hits(const struct scan_out *);

#endif
