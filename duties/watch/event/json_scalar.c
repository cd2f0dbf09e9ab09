/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The JSON tokenizer with nothing but C, eight bytes at a time: for processors of another kind, and what the others are tested against.
 */
#include "watch/event/json_run.h"

#include <string.h>

#define CORE json_core_scalar
#define BLOCK 8

static inline uint64_t stops(const char *at, uint64_t *ret_high)
{
    uint64_t found = 0, high = 0;
    for (unsigned i = 0; i < BLOCK; i++) {
        found |= (uint64_t)(at[i] == '"' || at[i] == '\\') << i;
        high |= (uint64_t)((unsigned char)at[i] >> 7) << i;
    }
    *ret_high = high;
    return found;
}

#define WIDE BLOCK
#define wide stops

static inline bool same_key(const struct path *path, const char *at, const char *end)
{
    return (size_t)(end - at) > path->key_len && memcmp(at, path->key, path->key_len + 1) == 0;
}

#include "watch/event/json_core.h"
