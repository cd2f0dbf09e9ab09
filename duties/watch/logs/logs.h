/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text logs: one table of formats, each a function from bytes to the next event. A line in no known format is kept raw (the event has
 * raw and no values but "message") and counted, never dropped.
 */
#ifndef WATCH_LOGS_H
#define WATCH_LOGS_H

#include "base/reasons.h"
#include "watch/event/event.h"

struct log_reader;                          /* what a format keeps between lines: headers (#Fields), half-read groups (auditd) */
struct log_format {
    const char *name;                       /* "json", "syslog", "cef", "auditd", "zeek", "w3c", "apache", "winxml" ... */
    const char *product, *category, *service;   /* what Sigma calls its source; NULL where the events themselves tell */
    /* How sure the format is that these first bytes are its own, 0 to 100. */
    unsigned (*looks)(const char *text, size_t len);
    /* Reads the next event at `at`; as event_read_json(). `last`: no bytes follow. Where the text ends inside an event and more may
     * follow: ABSENT, with *ret_end where that event begins. */
    enum status (*read)(struct log_reader *, struct event *, const char *text, size_t len, size_t at, bool last, struct reasons *, size_t *ret_end);
};
extern const struct log_format *const log_formats[];        /* NULL-terminated, in the order in which they are asked */
const struct log_format *log_format_named(const char *);
const struct log_format *log_format_of(const char *text, size_t len);      /* the surest; the raw format when none is */

/* year: for times that carry none (RFC 3164); the reader's moment, handed in. */
struct log_reader *log_reader_new(struct arena *, struct fields *, const struct log_format *, moment now);
enum status log_read(struct log_reader *, struct event *, const char *text, size_t len, size_t at, bool last, struct reasons *, size_t *ret_end) MUST_CHECK;
struct log_counts { uint64_t events, raw, faulty; };
struct log_counts log_counts(const struct log_reader *);

#endif
