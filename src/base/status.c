/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The names of the statuses.
 */
#include "base/status.h"

const char *status_name(enum status status)
{
    static const char *const names[] = {
        [OK] = "ok", [BAD_INPUT] = "bad input", [ABSENT] = "absent", [REFUSED] = "refused", [CONFLICT] = "conflict",
        [TOO_LARGE] = "too large", [BUSY] = "busy", [FAILED_IO] = "failed i/o", [DAMAGED] = "damaged",
        [NO_MEMORY] = "no memory",
    };
    unsigned at = (unsigned)status;
    return at < sizeof names / sizeof *names ? names[at] : "unknown";
}
