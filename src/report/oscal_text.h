/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Parameters and prose of an OSCAL catalogue. Private to the report room.
 */
#ifndef REPORT_OSCAL_TEXT_H
#define REPORT_OSCAL_TEXT_H

#include "base/buf.h"
#include "report/oscal.h"

struct oscal_param { const char *id; const struct val *param; unsigned mark; };
struct oscal {
    struct arena *arena;
    struct reasons *reasons;
    size_t faults, steps;
    struct oscal_param *table;               /* open addressing; the size is a power of two */
    size_t n_params, n_table;
    const char **ids; size_t n_ids, n_id_table;      /* controls' ids seen, the same way */
};
/* A fault at a control; `english` has %1$s for its id and %2$s for `detail`. */
void oscal_fault(struct oscal *, const char *control, const char *rule, const char *english, const char *detail);
/* Enters the parameters of a group or control; twice the same id is a fault. */
void oscal_enter_params(struct oscal *, const char *control, const struct val *params);
/* False when the id was seen before. */
bool oscal_enter_id(struct oscal *, const char *id);
/* Writes prose with its parameters replaced; faults name the control. */
void oscal_prose(struct oscal *, const char *control, const char *prose, struct buf *out);
/* How a parameter stands in prose. */
void oscal_param_text(struct oscal *, const char *control, const char *id, struct buf *out);

#endif
