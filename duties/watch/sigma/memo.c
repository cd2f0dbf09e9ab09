/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The memo: which predicates of a field hold for a value, remembered for values seen before. Bounded: sets of eight entries of one
 * cache line, in each set a clock hand evicts what was not asked for since it last passed. A value is known by field, length and 128
 * bits of XXH3 under a secret of this matcher, all of which are compared on every hit: nobody can make values that collide.
 */
#include <string.h>
#include <xxhash.h>

#include "base/hash.h"
#include "watch/sigma/fast.h"

#define WAYS 8
#define INLINE 9
#define LARGE 60
#define IN_LARGE 255

struct entry { uint64_t low, high; uint32_t field, len; uint8_t n, asked, pad[2]; uint32_t preds[INLINE]; };
struct large { uint64_t low, high; uint32_t field, len, n, pad; uint32_t preds[LARGE]; };
struct set { uint32_t tags[WAYS]; uint8_t hand, pad[31]; struct entry entries[WAYS]; };
_Static_assert(sizeof(struct entry) == 64, "an entry is a cache line");
_Static_assert(sizeof(struct set) == 64 * (WAYS + 1), "a set is nine");

struct memo {
    struct set *sets; size_t n_sets;             /* a power of two */
    struct large *larges; uint32_t n_larges, next_large;
    uint8_t secret[192];
};

struct memo *memo_new(struct arena *arena, size_t bytes)
{
    struct memo *memo = ARENA_NEW(arena, struct memo);
    size_t sets = 16;
    while (2 * sets * sizeof(struct set) <= bytes - bytes / 8)
        sets *= 2;
    char *room = arena_array(arena, sets + 1, sizeof(struct set));
    memo->sets = (struct set *)(void *)(((uintptr_t)room + 63) & ~(uintptr_t)63);
    memo->n_sets = sets;
    memo->n_larges = (uint32_t)(sets / 4 + 16);
    memo->larges = ARENA_ARRAY(arena, struct large, memo->n_larges);
    random_bytes(memo->secret, sizeof memo->secret);
    return memo;
}

struct memo_key memo_key_of(const struct memo *memo, uint32_t field, const char *text, size_t len)
{
    XXH128_hash_t hash = XXH3_128bits_withSecret(text, len, memo->secret, sizeof memo->secret);
    return (struct memo_key){hash.low64 ^ field * UINT64_C(0x9e3779b97f4a7c15), hash.high64, field, (uint32_t)len};
}

static struct set *set_of(struct memo *memo, const struct memo_key *key) { return &memo->sets[key->low & (memo->n_sets - 1)]; }
static uint32_t tag_of(const struct memo_key *key) { return (uint32_t)(key->high >> 32) | 1; }

#define SAME(e, key) ((e)->low == (key)->low && (e)->high == (key)->high && (e)->field == (key)->field && (e)->len == (key)->len)

void memo_ahead(const struct memo *memo, const struct memo_key *key)
{
    __builtin_prefetch(&memo->sets[key->low & (memo->n_sets - 1)]);
}

const uint32_t *memo_get(struct memo *memo, const struct memo_key *key, uint32_t *ret_n)
{
    struct set *set = set_of(memo, key);
    uint32_t tag = tag_of(key);
    for (unsigned way = 0; way < WAYS; way++) {
        struct entry *e = &set->entries[way];
        if (set->tags[way] != tag || !SAME(e, key))
            continue;
        e->asked = 1;
        if (e->n != IN_LARGE) {
            *ret_n = e->n;
            return e->preds;
        }
        const struct large *large = &memo->larges[e->preds[0]];
        if (!SAME(large, key))                         /* its room was taken since */
            return NULL;
        *ret_n = large->n;
        return large->preds;
    }
    return NULL;
}

void memo_put(struct memo *memo, const struct memo_key *key, const uint32_t *preds, uint32_t n)
{
    struct set *set = set_of(memo, key);
    uint32_t tag = tag_of(key);
    unsigned way = 0;
    if (n > LARGE)
        return;
    while (way < WAYS && set->tags[way] && !(set->tags[way] == tag && SAME(&set->entries[way], key)))
        way++;
    if (way == WAYS) {
        while (set->entries[set->hand].asked) {
            set->entries[set->hand].asked = 0;
            set->hand = (uint8_t)((set->hand + 1) % WAYS);
        }
        way = set->hand;
        set->hand = (uint8_t)((set->hand + 1) % WAYS);
    }
    struct entry *e = &set->entries[way];
    *e = (struct entry){.low = key->low, .high = key->high, .field = key->field, .len = key->len, .n = (uint8_t)n};
    set->tags[way] = tag;
    if (n <= INLINE) {
        memcpy(e->preds, preds, n * sizeof *preds);
        return;
    }
    struct large *large = &memo->larges[memo->next_large];
    e->n = IN_LARGE;
    e->preds[0] = memo->next_large;
    *large = (struct large){.low = key->low, .high = key->high, .field = key->field, .len = key->len, .n = n};
    memcpy(large->preds, preds, n * sizeof *preds);
    memo->next_large = (memo->next_large + 1) % memo->n_larges;
}
