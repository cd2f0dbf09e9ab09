/* SPDX-License-Identifier: GPL-3.0-or-later
 * The parsers that may run in jails of the nursery, by name.
 */
#include "cli/serve.h"
#include "report/oscal.h"
#include "report/report.h"
#include "watch/bundle/census.h"
#include "watch/hunt/hunt.h"
#include "watch/logs/batch.h"
#include "watch/siem/siem.h"

const struct jailer *const serve_jailers[] = {&csv_jailer, &xlsx_jailer, &oscal_jailer, &hunt_jailer, &siem_jailer, &unpack_jailer, &rules_jailer, NULL};
