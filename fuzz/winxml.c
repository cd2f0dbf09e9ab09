/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Windows events as XML.
 */
#include "logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_format("winxml", data, size);
    return 0;
}
