/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What passes between jailed_stream.c and the child in its jail.
 */
#ifndef CLI_JAILED_STREAM_INNER_H
#define CLI_JAILED_STREAM_INNER_H

#include <stdint.h>

#include "cli/jailed_stream.h"

enum { STREAM_END = 0, STREAM_PROGRESS = STREAM_KINDS };
struct stream_head { uint32_t kind, len; };

/* The last message of an input: a status, and reasons as reasons_pack() writes them. */
void stream_pack_end(struct buf *, enum status, const char *reasons, size_t len);
uint64_t stream_progress_of(const char bytes[8]);
/* The child's life: bounds itself, maps its input, locks itself, works, says how it ended. */
_Noreturn void stream_live(const struct stream_work *, const char *path, int in, int out);

#endif
