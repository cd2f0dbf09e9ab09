/* SPDX-License-Identifier: GPL-3.0-or-later
 * What serve and doctor share: the parsers that run in jails.
 */
#ifndef CLI_SERVE_H
#define CLI_SERVE_H

#include "base/jail.h"

extern const struct jailer *const serve_jailers[];      /* NULL-terminated */

#endif
