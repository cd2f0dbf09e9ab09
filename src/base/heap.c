/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See heap.h. An arena's blocks are doubled up to 1 MiB: requests of ordinary size stay below the threshold and never ask the kernel,
 * and the blocks of large jobs go back to it when they end.
 */
#include "base/heap.h"

#include <malloc.h>

enum { HEAPS = 4, LARGE = 256 << 10, KEPT = 1 << 20, WORTH_TRIMMING = 4 << 20 };

void heap_bound(void)
{
    mallopt(M_ARENA_MAX, HEAPS);
    mallopt(M_MMAP_THRESHOLD, LARGE);
    mallopt(M_TRIM_THRESHOLD, KEPT);
}

void heap_trim(void)
{
    if (mallinfo2().fordblks > WORTH_TRIMMING)
        malloc_trim(0);
}
