/* SPDX-License-Identifier: GPL-3.0-or-later
 * What serve and doctor share: the parsers that run in jails.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "base/jail.h"

struct office;
struct office_options;

/* In a demonstration office: what the program carries is put in force by two of its officers, through the same checks as anywhere. The office is
 * closed and opened again then. Elsewhere a difference is only told. */
enum status serve_candidate(const struct office_options *, struct arena *, struct reasons *, struct office **in_out) MUST_CHECK;

extern const struct jailer *const serve_jailers[];      /* NULL-terminated */

#endif
