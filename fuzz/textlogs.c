/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The other text logs: the first byte says which.
 */
#include "logs.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {"auditd", "zeek", "w3c", "apache", "json", "raw"};
    if (size)
        fuzz_format(names[data[0] % 6], data + 1, size - 1);
    return 0;
}
