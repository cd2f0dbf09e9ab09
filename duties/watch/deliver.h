/* SPDX-License-Identifier: GPL-3.0-or-later
 * Batches handed in over the programs' interface (deliver.c).
 */
#ifndef WATCH_DELIVER_H
#define WATCH_DELIVER_H

#include "front/front.h"
#include "office/office.h"

enum status deliver_page(const struct request *, struct answer *);

#endif
