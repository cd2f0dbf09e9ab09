/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events do not stay for ever: a segment is erased whole when the last event in it is older than its source's approval says (keep-for).
 */
#ifndef WATCH_HUNTING_AGE_H
#define WATCH_HUNTING_AGE_H

#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"

struct office;

/* A job of the clock: one change for each segment, at most AGE_MOST at a time; what is left follows the next time. Events that became evidence lie
 * with their alert or incident, as copies, and follow its rule. */
#define AGE_MOST 200u
enum status segments_age(struct office *, moment now, struct reasons *) MUST_CHECK;

#endif
