/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The filter of grams.c with AVX2: eight places of the text at once, their bits gathered. Called only where the processor has it.
 */
#include "watch/sigma/fast.h"

#if defined(__x86_64__)
#ifdef __clang__
#include <immintrin.h>
#pragma clang attribute push(__attribute__((target("avx2"))), apply_to = function)
#else
#pragma GCC target("avx2")
#include <immintrin.h>
#endif

size_t gram_places_avx2(const struct gram_index *index, const char *text, size_t len, size_t *at, uint32_t *places)
{
    const __m256i pick = _mm256_setr_epi8(0, 1, 2, 3, 1, 2, 3, 4, 2, 3, 4, 5, 3, 4, 5, 6, 4, 5, 6, 7, 5, 6, 7, 8, 6, 7, 8, 9, 7, 8, 9, 10);
    const __m256i factor = _mm256_set1_epi32((int)GRAM_FACTOR), low = _mm256_set1_epi32(31);
    const __m128i shift = _mm_cvtsi32_si128((int)index->filter_shift);
    size_t n = 0, from = *at;
    for (; from + 16 <= len && n + 8 <= GRAM_PLACES; from += 8) {
        __m256i grams = _mm256_shuffle_epi8(_mm256_broadcastsi128_si256(_mm_loadu_si128((const __m128i *)(const void *)(text + from))), pick);
        __m256i bit = _mm256_srl_epi32(_mm256_mullo_epi32(grams, factor), shift);
        __m256i words = _mm256_i32gather_epi32((const int *)(const void *)index->filter, _mm256_srli_epi32(bit, 5), 4);
        __m256i set = _mm256_sllv_epi32(words, _mm256_sub_epi32(low, _mm256_and_si256(bit, low)));
        for (unsigned mask = (unsigned)_mm256_movemask_ps(_mm256_castsi256_ps(set)); mask; mask &= mask - 1)
            places[n++] = (uint32_t)(from + (size_t)__builtin_ctz(mask));
    }
    *at = from;
    return n;
}

#ifdef __clang__
#pragma clang attribute pop
#endif
#endif
