/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the benchmarks over files share: a file whole in memory, unpacked where it is one frame of zstd, and the floor that figures stand
 * beside: one pass over the same bytes. What cannot be read ends the benchmark in words.
 */
#ifndef BENCH_INPUT_H
#define BENCH_INPUT_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <zstd.h>

#include "figure.h"

static inline void must(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "bench: %s\n", what);
    exit(1);
}

static inline char *whole_file(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rbe");
    must(file && fseek(file, 0, SEEK_END) == 0, path);
    size_t len = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(len + 1);
    must(bytes && fread(bytes, 1, len, file) == len, path);
    fclose(file);
    unsigned long long size = len > 4 && memcmp(bytes, "\x28\xb5\x2f\xfd", 4) == 0 ? ZSTD_getFrameContentSize(bytes, len) : 0;
    if (size == 0) {
        *ret_len = len;
        return bytes;
    }
    must(size < (1u << 30), "frame without its size");
    char *out = malloc((size_t)size + 1);
    must(out && ZSTD_decompress(out, (size_t)size, bytes, len) == size, "zstd");
    free(bytes);
    *ret_len = (size_t)size;
    return out;
}

static volatile uint64_t sink;              /* what a pass adds up, so that it is not left out */
static inline double floor_pass(const char *text, size_t len)
{
    double begun = clock_of(CLOCK_THREAD_CPUTIME_ID);
    uint64_t sum = 0, word;
    for (size_t i = 0; i + 8 <= len; i += 8) {
        memcpy(&word, text + i, 8);
        sum += word;
    }
    sink = sum;
    return clock_of(CLOCK_THREAD_CPUTIME_ID) - begun;
}

#endif
