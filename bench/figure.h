/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the benchmarks share: clocks, centiles, and one line a figure. A line that begins with "@" goes into the table of
 * `make bench`: figure, goal, least, median, most, remark, by tabs; everything else that they print is for the curious.
 */
#ifndef BENCH_FIGURE_H
#define BENCH_FIGURE_H

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static inline double clock_of(clockid_t which)
{
    struct timespec t;
    clock_gettime(which, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}
static inline double seconds_now(void) { return clock_of(CLOCK_MONOTONIC); }

static inline int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
/* Sorts what it is given. */
static inline double centile_of(double *at, size_t n, double part)
{
    qsort(at, n, sizeof *at, by_size);
    return n ? at[(size_t)((double)(n - 1) * part)] : 0;
}

static inline void figure(const char *name, const char *goal, double least, double median, double most, const char *unit, const char *remark)
{
    printf("@\t%s\t%s\t%.3g%s\t%.3g%s\t%.3g%s\t%s\n", name, goal, least, unit, median, unit, most, unit, remark);
    fflush(stdout);
}

#endif
