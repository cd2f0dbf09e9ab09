/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events from JSON: one object a line (JSON lines) or several objects, pretty-printed, in a row. Reads RFC 8259 strictly, but for
 * what loggers really write (a byte order mark, control characters inside strings, lone surrogates become U+FFFD).
 */
#ifndef WATCH_JSON_H
#define WATCH_JSON_H

#include "base/reasons.h"
#include "watch/event/event.h"

/* Reads the object that begins at or after `at` (white space and, between objects, commas are skipped) into the cleared event.
 * *ret_end is behind it. ABSENT at the end of the text; BAD_INPUT with a reason that names line and column when there is no
 * well-formed object: *ret_end is then behind the line, from where reading can go on. TOO_LARGE beyond EVENT_BYTES_MOST.
 * The values point into `text` where nothing had to be unescaped. */
enum status event_read_json(struct event *, struct fields *, const char *text, size_t len, size_t at, struct reasons *, size_t *ret_end) MUST_CHECK;

#endif
