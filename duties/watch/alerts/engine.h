/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What alerts and filters bring to the duty's engine (../engine.c).
 */
#ifndef WATCH_ALERTS_ENGINE_H
#define WATCH_ALERTS_ENGINE_H

#include "office/duty.h"

void alerts_follow(const struct change_view *, struct consequences *);

#endif
