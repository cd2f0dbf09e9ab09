/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * CEF, bare and behind a header of syslog.
 */
#include "logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_format("cef", data, size);
    return 0;
}
