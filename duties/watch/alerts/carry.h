/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An alert's events go with it into the incident that took it over: sealed again under the incident's label and file, by the office in the name
 * of the rule `alert.evidence`, each once. The person who handed the alert over reads both; the hash and the alert's number stay with the file.
 */
#ifndef WATCH_CARRY_H
#define WATCH_CARRY_H

#include "office/office.h"

/* Does nothing for events that are there already. ABSENT when that incident has not taken the alert over. REFUSED with reasons when the incident's label lies below
 * the alert's. */
enum status alert_carry(struct office *, const char *alert, const char *incident, moment now, struct arena *, struct reasons *) MUST_CHECK;

#endif
