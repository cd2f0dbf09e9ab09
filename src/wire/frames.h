/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Messages cut out of a stream: lines, counted frames (RFC 6587, RFC 5425), RELP frames; and what a RELP server says to each.
 * Pure: bytes in, messages out, no socket, no memory of its own, so that a fuzzer can drive it. Private to the wire room.
 */
#ifndef WIRE_FRAMES_H
#define WIRE_FRAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"

enum framing { CUT_LINES, CUT_SYSLOG, CUT_RELP };
struct cutter {
    enum framing framing;
    size_t max;                              /* what is longer is handed out cut, the rest passed over */
    uint64_t skip;                           /* bytes still to be passed over; UINT64_MAX: to the line's end */
    bool tail;                               /* RELP: behind them stands LF */
    size_t looked;                           /* lines: so many bytes hold no end, so that a drip is not looked through again and again */
};
struct piece { const char *bytes; size_t len; bool cut; uint32_t txnr; const char *command; };

/* The next message at the start of the bytes: 1 and `ret`; 0 when more bytes are needed; -1 when what stands there is
 * none. ret_used: so many bytes are done with, also with 0. `command` lies in the bytes, ended by a space. */
int cutter_next(struct cutter *, const char *bytes, size_t len, size_t *ret_used, struct piece *ret);
/* The stream has ended: a last line without its end is a message, a torn frame is none. */
bool cutter_last(const struct cutter *, const char *bytes, size_t len, struct piece *ret);
/* The most bytes that cutter_next may need at once. */
size_t cutter_room(const struct cutter *);

enum { relp_window = 1024 };
enum relp_state { RELP_NEW, RELP_OPEN, RELP_CLOSING };
struct relp { enum relp_state state; uint32_t last; };      /* last: the transaction number before */
enum relp_does {
    RELP_OPENED,                             /* answered in `out` */
    RELP_MESSAGE,                            /* to be handed out, answered by relp_answer once it is settled */
    RELP_UNKNOWN,                            /* to be answered in its turn */
    RELP_BYE,                                /* the same, then the connection ends */
    RELP_NONSENSE,                           /* put out, after what stands in `out` */
};
enum relp_does relp_take(struct relp *, const struct piece *, struct buf *out);
void relp_answer(struct buf *out, uint32_t txnr, enum relp_does);

#endif
