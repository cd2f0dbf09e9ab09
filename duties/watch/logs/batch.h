/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A batch of logs, cut into texts that can each be read alone: whole lines, records of one audit event together, whole <Event> elements,
 * the head of a W3C or Zeek log (its lines with #) before each. What is packed is unpacked first, in a jail.
 */
#ifndef WATCH_BATCH_H
#define WATCH_BATCH_H

#include "base/arena.h"
#include "base/jail.h"

#define BATCH_MOST ((size_t)16 << 20)          /* bytes as sent */
#define BATCH_PLAIN_MOST ((size_t)64 << 20)    /* unpacked */
#define BATCH_TEXT ((size_t)128 << 10)         /* a text is about so long */
#define BATCH_TEXT_MOST ((size_t)240 << 10)    /* and never longer */

struct batch_text { const char *bytes; size_t len; uint32_t line; uint32_t events; };     /* line: its first, from 1; events: lines or elements in it */
struct batch { struct batch_text *texts; size_t n; uint64_t too_long; uint32_t too_long_at; };   /* lines that are too long to be read, and the first of them */
void batch_cut(const char *text, size_t len, struct arena *, struct batch *ret);
bool batch_packed(const char *bytes, size_t len);
extern const struct jailer unpack_jailer;      /* "unpack": a packed batch, as it is unpacked */

#endif
