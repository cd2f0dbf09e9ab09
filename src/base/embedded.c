/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Looking up an embedded file: the table is sorted by path.
 */
#include "base/embedded.h"

#include <string.h>

const struct embedded_file *embedded_find(const char *path)
{
    size_t low = 0, high = embedded_count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        int order = strcmp(embedded_files[middle].path, path);
        if (order == 0)
            return &embedded_files[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
