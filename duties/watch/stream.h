/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The watch as a duty that takes masses: see office/duty.h and office/intake.h.
 */
#ifndef WATCH_STREAM_H
#define WATCH_STREAM_H

#include "office/duty.h"
#include "office/pack.h"

extern const struct stream_def watch_stream;

#endif
