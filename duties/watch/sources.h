/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * GET /sources: the log sources that the reader may read, with what came of each: last event, rate, what could not be read, how they stand with
 * their worker; and senders to whom no active source belongs.
 */
#ifndef WATCH_SOURCES_H
#define WATCH_SOURCES_H

#include "front/front.h"

enum status sources_page(const struct request *, struct answer *);

#endif
