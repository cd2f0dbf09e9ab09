/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Catalogues of controls in OSCAL JSON, 1.0.0 to 1.2.2. Run in a jail by its callers.
 */
#ifndef REPORT_OSCAL_H
#define REPORT_OSCAL_H

#include "base/arena.h"
#include "base/jail.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"

/* Gives one object:
 *   {"title", "version", "oscal_version", "last_modified", "resources": number of back-matter resources,
 *    "groups": [{"id", "title", "parent": group's id or null}],
 *    "controls": [{"id", "label", "title", "class", "family_id", "family", "parent": id or null, "enhancement": bool,
 *       "withdrawn": bool, "replaced_by": [ids], "related": [ids], "required": [ids],
 *       "params": [{"id", "label", "choices": [text], "how_many": "one" | "one-or-more" | null, "values": [text],
 *                   "depends_on": id or null, "text": as it stands in prose}],
 *       "statement": text, "guidance": text,
 *       "parts": [{"id", "name", "label", "text", "depth"}]}]}     every part, in reading order
 * Controls come in document order, an enhancement behind its control. In texts each "{{ insert: param, X }}" is
 * replaced: by its values, "[Selection (one or more): a; b]", or "[label]"; links inside the catalogue leave their words.
 * BAD_INPUT with every fault by control: a parameter that is not there or holds itself, an id given twice, what is
 * missing; also for another kind of OSCAL document and for a version that is newer than known. */
enum status oscal_catalogue_read(struct arena *, const char *json, size_t len, struct reasons *, struct val **ret) MUST_CHECK;

extern const struct jailer oscal_jailer;     /* "oscal": answers with that object as JSON */

#endif
