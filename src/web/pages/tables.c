/* SPDX-License-Identifier: GPL-3.0-or-later
 * See pages.h.
 */
#include "web/pages/pages.h"

#include <stddef.h>

const struct page *const page_tables[] = {NULL};
