/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON tokenizer with AVX2 and BMI: 32 bytes at a time. Called only where the processor has them.
 */
#include "watch/event/json_run.h"

#if defined(__x86_64__)
#ifdef __clang__
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt")
#include <immintrin.h>
#endif
#include <string.h>

#define CORE json_core_avx2
#define BLOCK 32

static inline uint64_t stops(const char *at, uint64_t *ret_high)
{
    __m256i bytes = _mm256_loadu_si256((const __m256i *)(const void *)at);
    __m256i found = _mm256_or_si256(_mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(bytes, _mm256_set1_epi8('\\')));
    *ret_high = (uint64_t)(unsigned)_mm256_movemask_epi8(bytes);
    return (uint64_t)(unsigned)_mm256_movemask_epi8(found);
}

#define WIDE 64
static inline uint64_t wide(const char *at, uint64_t *ret_high)
{
    uint64_t high[2], found = stops(at, &high[0]) | stops(at + 32, &high[1]) << 32;
    *ret_high = high[0] | high[1] << 32;
    return found;
}

static inline bool same_key(const struct path *path, const char *at, const char *end)
{
    size_t left = (size_t)(end - at), len = path->key_len + 1;
    if (left < PATH_BLOCK || len > 32)
        return left >= len && memcmp(at, path->key, len) == 0;
    __m256i same = _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(const void *)at), _mm256_loadu_si256((const __m256i *)(const void *)path->key));
    return (~(unsigned)_mm256_movemask_epi8(same) & (~0u >> (32 - len))) == 0;
}

#include "watch/event/json_core.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
