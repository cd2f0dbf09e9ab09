/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Passing over the bytes of a string that need no look, eight at a time; shared by the JSON reader and writer.
 */
#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdint.h>
#include <string.h>

/* The first byte that is a quote, a backslash, a control character or part of a longer character. */
static inline const char *plain_run(const char *at, const char *end)
{
    const uint64_t ones = UINT64_C(0x0101010101010101), highs = ones * 0x80;
    while (end - at >= 8) {
        uint64_t eight;
        memcpy(&eight, at, 8);
        uint64_t quote = eight ^ (ones * '"'), slash = eight ^ (ones * '\\');
        uint64_t stop = ((quote - ones) & ~quote) | ((slash - ones) & ~slash) | ((eight - ones * 0x20) & ~eight) | eight;
        if (stop & highs)
            return at + (__builtin_ctzll(stop & highs) >> 3);      /* the lowest hit is always a true one */
        at += 8;
    }
    while (at < end && *at != '"' && *at != '\\' && (unsigned char)*at >= 0x20 && (unsigned char)*at < 0x80)
        at++;
    return at;
}

#endif
