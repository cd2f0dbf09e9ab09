/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Which three bytes occur in a dictionary, as one bit each under a hash. A text of ten letters has eight of them, so even a half full
 * filter says no to all but one text in 256 that is not there.
 */
#include "watch/archive/pack.h"

void bloom_add(struct bloom *bloom, const char *text, size_t len)
{
    for (size_t i = 0; i + 3 <= len; i++) {
        uint32_t hash = bloom_hash(text + i);
        bloom->words[hash / 64] |= UINT64_C(1) << hash % 64;
    }
}

static size_t bits_set(const struct bloom *bloom, size_t words)
{
    size_t n = 0;
    for (size_t i = 0; i < words; i++)
        n += (size_t)__builtin_popcountll(bloom->words[i]);
    return n;
}

size_t bloom_close(struct bloom *bloom, size_t most)
{
    size_t words = BLOOM_BITS / 64;
    while (words > 4 && (words * 8 > most || bits_set(bloom, words) * 4 < words * 64)) {
        words /= 2;
        for (size_t i = 0; i < words; i++)
            bloom->words[i] |= bloom->words[i + words];
    }
    return bits_set(bloom, words) * 8 > words * 64 * 7 ? 0 : words * 8;
}

bool bloom_may(const uint8_t *bloom, size_t bytes, const char *text, size_t len)
{
    for (size_t i = 0; bytes && i + 3 <= len; i++) {
        uint32_t hash = bloom_hash(text + i) & (uint32_t)(bytes * 8 - 1);
        if (!(bloom[hash / 8] >> hash % 8 & 1))
            return false;
    }
    return true;
}
