/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The SPIF schema's identity constraints: what must be unique, and which names must refer to something. The one
 * reference that the schema asks for and whose path can never match (tag sets named by a category value's own
 * requiredCategory) is left out here, as every schema processor leaves it out; the loader finds it.
 */
#ifndef LABEL_SPIF_KEYS_H
#define LABEL_SPIF_KEYS_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "base/reasons.h"

bool spif_keys_check(const char *name, xmlNode *root, struct reasons *faults);

#endif
