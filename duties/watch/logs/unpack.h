/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packed streams (gzip, zstd, several members or frames in a row, what is not packed passes as it is): bytes in, bytes out, in pieces that
 * the caller bounds. Nothing is ever unpacked beyond the caller's buffer, a window larger than 128 MiB is refused, and so is a stream
 * that unpacks to more than UNPACK_RATIO times what was read of it (beyond the first UNPACK_FREE bytes): a bomb.
 */
#ifndef WATCH_UNPACK_H
#define WATCH_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/reasons.h"
#include "base/status.h"

#define UNPACK_RATIO 1000u
#define UNPACK_FREE ((uint64_t)64 << 20)
#define UNPACK_MEMBERS_MOST 1000000u       /* members or frames in one stream */

enum unpack_kind { UNPACK_PLAIN, UNPACK_GZIP, UNPACK_ZSTD };
/* What the first bytes (4 are enough) look like. */
enum unpack_kind unpack_looks(const char *bytes, size_t len);

struct unpack;
/* In the arena; unpack_free() gives back what zlib and libzstd hold, before the arena goes. NULL when they get no memory. */
struct unpack *unpack_new(struct arena *, enum unpack_kind);
void unpack_free(struct unpack *);         /* takes NULL */
/* Takes bytes from `in` (*in_used of them) and writes at most `room` to `out` (*ret_len of them). Call again with what is left; with no bytes
 * and `last` at the end, until *ret_len is 0. OK, also when it can do nothing without more bytes. BAD_INPUT: not well-formed, or it ends
 * before its end. TOO_LARGE: a bomb. Both with a reason, and every later call returns the same. */
enum status unpack_some(struct unpack *, const char *in, size_t in_len, bool last, char *out, size_t room, struct reasons *, size_t *in_used,
                        size_t *ret_len) MUST_CHECK;

#endif
