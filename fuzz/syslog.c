/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Syslog of both RFCs, lines and counted frames.
 */
#include "logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_format("syslog", data, size);
    return 0;
}
