/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON tokenizer with AVX-512 (BW, VL): 64 bytes at a time. Called only where the processor has them.
 */
#include "watch/event/json_run.h"

#if defined(__x86_64__)
#ifdef __clang__
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl"))), apply_to = function)
#else
#pragma GCC target("avx2,bmi,bmi2,lzcnt,popcnt,avx512f,avx512bw,avx512vl")
#include <immintrin.h>
#endif
#include <string.h>

#define CORE json_core_avx512
#define BLOCK 64

static inline uint64_t stops(const char *at, uint64_t *ret_high)
{
    __m512i bytes = _mm512_loadu_si512((const void *)at);
    *ret_high = _mm512_movepi8_mask(bytes);
    return _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('"')) | _mm512_cmpeq_epi8_mask(bytes, _mm512_set1_epi8('\\'));
}

#define WIDE BLOCK
#define wide stops

static inline bool same_key(const struct path *path, const char *at, const char *end)
{
    size_t left = (size_t)(end - at), len = path->key_len + 1;
    if (left < PATH_BLOCK || len > 32)
        return left >= len && memcmp(at, path->key, len) == 0;
    __m256i same = _mm256_loadu_si256((const __m256i *)(const void *)at), key = _mm256_loadu_si256((const __m256i *)(const void *)path->key);
    return (_mm256_cmpneq_epi8_mask(same, key) & (~0u >> (32 - len))) == 0;
}

#include "watch/event/json_core.h"
#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
