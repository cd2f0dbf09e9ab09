/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checks a SPIF's tree against the Open XML SPIF schema (1.0, 2.0 and 2.1 share it): structure, order, attributes,
 * simple types, and the schema's own uniqueness and reference constraints. Each fault is a reason with its line.
 * Strict loading refuses a file with any fault; lenient loading shows the same list as defects. What the schema lets
 * pass although it is wrong (duplicate category values, say) is found when the policy is built, not here.
 */
#ifndef LABEL_SPIF_SCHEMA_H
#define LABEL_SPIF_SCHEMA_H

#include <libxml/tree.h>
#include <stdbool.h>

#include "base/reasons.h"

#define SPIF_NS "http://www.xmlspif.org/spif"

/* True when the tree is valid. */
bool spif_schema_check(const char *name, xmlNode *root, struct reasons *faults);
/* The schema's simple types that the loader needs again. */
bool xs_integer(const char *text, int64_t *ret);    /* white space collapses; false beyond 64 bits */
bool xs_boolean(const char *text, bool *ret);

#endif
