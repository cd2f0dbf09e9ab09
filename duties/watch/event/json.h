/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events from JSON: one object a line (JSON lines), several objects, pretty-printed, in a row, or an array of objects. Reads RFC 8259
 * strictly, but for what loggers really write: a byte order mark before an object is passed over, control characters may stand in
 * strings, lone surrogates and bytes that are no UTF-8 become U+FFFD. Names twice in an object are two values of one field.
 *
 * An empty object or array gives no value; so does null where a whole part of a Windows event stands (EventData, Correlation ...).
 * Which name a member gets is the rule of event.h, worked out once for each path that a reader meets (json_names.h).
 *
 * Time of the event: the first that can be read of TimeCreated_SystemTime, @timestamp, EventTime, UtcTime, eventTime, timestamp,
 * TimeGenerated, TimeCreated, CreationTime, time, ts, _time, published, EventReceivedTime. A time without a zone counts as UTC.
 * Number of the event: EventRecordID, where it is one; else 0.
 */
#ifndef WATCH_JSON_H
#define WATCH_JSON_H

#include "base/reasons.h"
#include "watch/event/event.h"

#define EVENT_JSON_DEPTH 64                /* objects and arrays in one another; deeper ones are refused */

/* Reads the object that begins at or after `at` (white space and, between objects, commas and the brackets of an array around them are
 * skipped) into the cleared event. *ret_end is behind it. ABSENT at the end of the text; BAD_INPUT with a reason that names line and
 * column when there is no well-formed object: *ret_end is then behind the line or, when the object went over several lines, at the next
 * line that begins with an opening brace. TOO_LARGE beyond EVENT_BYTES_MOST, *ret_end likewise. ret_end is written in each case.
 * The values point into `text` where nothing had to be unescaped. */
enum status event_read_json(struct event *, struct fields *, const char *text, size_t len, size_t at, struct reasons *, size_t *ret_end) MUST_CHECK;

/* The same with a memory of the names that it met: several times as fast when events resemble each other. For one thread. */
enum event_json_how {
    EVENT_JSON_WHOLE = 0,
    EVENT_JSON_LAZY = 1,                   /* leave escapes in values until event_text() is called; they are checked all the same */
};
struct event_json;
struct event_json *event_json_new(struct arena *, struct fields *, enum event_json_how);
/* `last`: no bytes follow. Else, where the text ends inside an object, or inside what is faulty: ABSENT, *ret_end where that
 * begins. */
enum status event_json_read(struct event_json *, struct event *, const char *text, size_t len, size_t at, bool last, struct reasons *,
                            size_t *ret_end) MUST_CHECK;

/* The widest instructions that the processor has are used; tests and measurements ask for others. False when it lacks them. */
enum event_json_tier { EVENT_JSON_SCALAR, EVENT_JSON_SSE2, EVENT_JSON_AVX2 };
bool event_json_use(struct event_json *, enum event_json_tier);

#endif
