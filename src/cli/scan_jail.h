/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What `castellan scan` and `castellan rules explain` do inside a jail: find out what an input is (EVTX, JSON, a text log; gzip or zstd around it),
 * read its events, and hand each to a taker.
 */
#ifndef CLI_SCAN_JAIL_H
#define CLI_SCAN_JAIL_H

#include "cli/jailed_stream.h"
#include "watch/event/event.h"

/* faulty: lines that are not what they should be; raw: lines in no known form, searched as text; lost: what could not be read at all */
struct scan_counts { uint64_t events, faulty, raw, lost; };
struct scan_events {
    struct fields *fields;
    moment now;
    /* Each event; false stops. The event is cleared by the caller. */
    bool (*took)(void *arg, struct event *);
    void *arg;
};
/* OK, or DAMAGED when something could not be read (with reasons), or why nothing could. */
enum status scan_read(struct stream_jail *, const struct scan_events *, struct arena *, struct reasons *, struct scan_counts *ret);

#endif
