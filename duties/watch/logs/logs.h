/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Text logs: one table of formats, each a function from bytes to the next event. A line in no known format is kept raw (the event has
 * raw and no values but "message") and counted, never dropped.
 *
 * Fields have the names that Sigma rules for such a source use; where the log itself calls them otherwise, its own name is kept, too.
 *   syslog    program, pid, host, facility, severity, msgid, message; structured data as ID.NAME; a CEF or JSON message gives its fields
 *   cef       deviceVendor, deviceProduct, deviceVersion, deviceEventClassId, name, severity, the extension under its own keys; what has
 *             a label (cs1Label=Rule cs1=x) also under that label
 *   auditd    all records of one event in one event: each key as it stands (type, a0, a1, exe ...), hexadecimal texts decoded
 *   zeek      as in #fields; _path from #path
 *   w3c       as in #Fields, cs(User-Agent) also as cs-user-agent and the like; cs-uri-query twice: alone, and behind the stem, since rules
 *             look for parts of the path in it
 *   apache    c-ip, cs-username, cs-method, cs-uri, cs-uri-stem, cs-uri-query (as in w3c), sc-status, sc-bytes, cs-referer, cs-user-agent,
 *             cs-host; error logs of Apache and nginx: program, level, module, pid, c-ip, message
 *   winxml    as every Windows event (event.h)
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
    const char *const *names;               /* fields that the format itself names, at most LOG_NAMES_MOST; NULL-terminated */
};
#define LOG_NAMES_MOST 24
extern const struct log_format *const log_formats[];        /* NULL-terminated, in the order in which they are asked */
const struct log_format *log_format_named(const char *);
const struct log_format *log_format_of(const char *text, size_t len);      /* the surest; the raw format when none is */

/* year: for times that carry none (RFC 3164); the reader's moment, handed in. */
struct log_reader *log_reader_new(struct arena *, struct fields *, const struct log_format *, moment now);
/* The next event. What the format refuses comes as a raw event, with the format's reason, and OK. TOO_LARGE: a line or group beyond
 * EVENT_BYTES_MOST, counted as faulty and passed over. *ret_end is written in each case: where reading goes on. */
enum status log_read(struct log_reader *, struct event *, const char *text, size_t len, size_t at, bool last, struct reasons *, size_t *ret_end) MUST_CHECK;
struct log_counts {
    uint64_t events;                        /* given out, raw ones with them */
    uint64_t raw;                           /* of these, in no known form */
    uint64_t faulty;                        /* refused with a reason (kept raw) or too large (passed over) */
};
struct log_counts log_counts(const struct log_reader *);

#endif
