/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON tokenizer with SSE2, which each x86-64 processor has: 16 bytes at a time.
 */
#include "watch/event/json_run.h"

#if defined(__x86_64__)
#include <emmintrin.h>
#include <string.h>

#define CORE json_core_sse2
#define BLOCK 16

static inline uint64_t stops(const char *at, uint64_t *ret_high)
{
    __m128i bytes = _mm_loadu_si128((const __m128i *)(const void *)at);
    __m128i found = _mm_or_si128(_mm_cmpeq_epi8(bytes, _mm_set1_epi8('"')), _mm_cmpeq_epi8(bytes, _mm_set1_epi8('\\')));
    *ret_high = (uint64_t)(unsigned)_mm_movemask_epi8(bytes);
    return (uint64_t)(unsigned)_mm_movemask_epi8(found);
}

#define WIDE 64
static inline uint64_t wide(const char *at, uint64_t *ret_high)
{
    uint64_t high[4], found = stops(at, &high[0]) | stops(at + 16, &high[1]) << 16 | stops(at + 32, &high[2]) << 32 | stops(at + 48, &high[3]) << 48;
    *ret_high = high[0] | high[1] << 16 | high[2] << 32 | high[3] << 48;
    return found;
}

static inline bool same_key(const struct path *path, const char *at, const char *end)
{
    size_t left = (size_t)(end - at), len = path->key_len + 1;
    if (left < PATH_BLOCK || len > 16)
        return left >= len && memcmp(at, path->key, len) == 0;
    __m128i same = _mm_cmpeq_epi8(_mm_loadu_si128((const __m128i *)(const void *)at), _mm_loadu_si128((const __m128i *)(const void *)path->key));
    return ((~(unsigned)_mm_movemask_epi8(same)) & ((1u << len) - 1)) == 0;
}

#include "watch/event/json_core.h"
#endif
