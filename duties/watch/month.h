/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The monitoring report of one month: figures and tables over what the reader may read, as a page, HTML to keep, or a spreadsheet.
 */
#ifndef WATCH_MONTH_H
#define WATCH_MONTH_H

#include "front/front.h"

/* GET /monitoring-report?month=2026-10[&format=html|xlsx]; without a month the one before `now`. */
enum status month_page(const struct request *, struct answer *);

#endif
