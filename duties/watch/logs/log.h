/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the text formats share: the reader, lines, values that are made UTF-8, and small scanning.
 */
#ifndef WATCH_LOG_H
#define WATCH_LOG_H

#include <string.h>

#include "watch/event/json.h"
#include "watch/event/stamp.h"
#include "watch/logs/logs.h"

struct log_reader {
    struct arena *arena;
    struct fields *fields;
    const struct log_format *format;
    moment now;
    struct log_counts counts;
    field_id message;
    field_id ids[LOG_NAMES_MOST];          /* of format->names */
    void *state;                           /* the format's own; NULL at first */
    struct event_json *json;               /* log_json() */
    struct paths *paths;                   /* of log_winxml() */
};

/* A stretch of text. */
struct cut { const char *at, *end; };
static inline size_t cut_len(struct cut cut) { return (size_t)(cut.end - cut.at); }
static inline bool cut_is(struct cut cut, const char *word) { return cut_len(cut) == strlen(word) && memcmp(cut.at, word, cut_len(cut)) == 0; }
static inline bool cut_starts(struct cut cut, const char *word) { return cut_len(cut) >= strlen(word) && memcmp(cut.at, word, strlen(word)) == 0; }
/* Up to the next `c`, which is passed; the rest when there is none. */
struct cut cut_to(struct cut *rest, char c);
struct cut cut_blanks(struct cut);         /* without blanks at both ends */
static inline bool digit_at(struct cut rest) { return rest.at < rest.end && *rest.at >= '0' && *rest.at <= '9'; }

/* The line that begins at `at`, without its end (LF or CRLF), and where the next begins. ABSENT when nothing follows, or a line without
 * its end while more may follow. TOO_LARGE when it is longer than an event may be. */
enum status log_next_line(const char *text, size_t len, size_t at, bool last, struct cut *ret_line, size_t *ret_next);
/* A value, made valid UTF-8 where it is not. */
void log_add(struct log_reader *, struct event *, field_id, struct cut);
void log_add_named(struct log_reader *, struct event *, struct cut name, struct cut value);
/* What a line that the format refuses becomes: raw, with its text as `message`. */
void log_add_raw(struct log_reader *, struct event *, struct cut line);
struct event_json *log_json(struct log_reader *);
/* The text without what one of `escapes` ("|\\=") stands behind a backslash for; \n and \r are ends of lines where `lines`. */
struct cut log_unescape(struct event *, struct cut, const char *escapes, bool lines);
/* Two hexadecimal digits a byte, 2 at least; `nul`: what NUL becomes. False when it is none. */
bool log_unhex(struct event *, struct cut, char nul, struct cut *ret);
/* "Jun 14 15:16:01" with one or two digits of the day, a year before or behind the time of day if there is one, a fraction and a zone name that
 * is passed over; moved behind. The year that is missing is the one that brings the time nearest to, and at most a day beyond, `now`. */
bool log_stamp_old(struct cut *rest, moment now, moment *ret);
/* CEF from "CEF:" on (cef.c), also inside of syslog. False, and nothing added, when it is none. */
bool log_cef(struct log_reader *, struct event *, struct cut text);
/* One whole <Event> element (winxml.c), also inside of syslog, as Sysmon for Linux writes it. False, and nothing added, when it is none. */
bool log_winxml(struct log_reader *, struct event *, struct cut text);

extern const char *const log_syslog_names[];            /* cef reads lines with a header as syslog does */
extern const struct log_format log_format_json, log_format_syslog, log_format_cef, log_format_auditd, log_format_zeek, log_format_w3c, log_format_apache,
    log_format_winxml, log_format_raw;

#endif
