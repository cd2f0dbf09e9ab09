/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What alerts and filters bring to the duty's engine (../engine.c).
 */
#ifndef WATCH_ALERTS_ENGINE_H
#define WATCH_ALERTS_ENGINE_H

#include "office/duty.h"

#define FILTER_FAULTY "watch.filter-faulty"
void filters_review(const struct change_view *, const char *const *names, size_t n, struct reasons *);
void alerts_follow(const struct change_view *, struct consequences *);

#endif
