/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tables of pages that the program serves, beside those of signing in.
 */
#ifndef WEB_PAGES_H
#define WEB_PAGES_H

#include "front/front.h"

extern const struct page *const page_tables[];         /* NULL-terminated */
/* The same, and behind them the pages of the office's duty engines; in the arena. */
struct arena;
struct office;
const struct page *const *pages_of_office(struct arena *, const struct office *);
/* Before the first request: what every page shows is added by this room. */
void pages_start(void);
/* Where imported files are read; without one, imports are refused. */
struct nursery;
void pages_nursery(struct nursery *);

#endif
