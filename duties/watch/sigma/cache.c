/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Compiled pattern databases as bytes, so that a later start need not compile them. Bytes: a head, then for each face that has patterns the
 * numbers of those that its database holds, and the database as Vectorscan writes it. Vectorscan trusts what it reads, so nothing is handed to it
 * before the whole was verified: under the caller's secret (HMAC-SHA-256), or without one by its hash, which finds damage but no forgery. The
 * head's mark names exactly what was compiled, by what, for which processor: anything else is foreign and is not used.
 */
#include <string.h>

#include "base/hash.h"
#include "watch/sigma/fast.h"

static const char magic[8] = "SIGDB-1";
struct head { char magic[8]; struct hash sum, mark; uint32_t n, pad; };
struct entry { uint32_t face, n; uint64_t len; };

#define SUMMED(head) ((const char *)&(head)->mark)     /* the sum is of all that follows it */

static struct face *face_of(const struct fast *fast, uint32_t number)
{
    struct field_index *index = number / 2 < fast->n_indexes ? fast->fields[number / 2] : NULL;
    return !index ? NULL : number % 2 ? &index->raw : &index->folded;
}

static struct hash sum_of(const uint8_t *secret, const char *bytes, size_t len)
{
    return secret ? hmac_sha256(secret, SIGMA_SECRET, bytes, len) : sha256(bytes, len);
}

struct hash cache_mark(const struct sigma *sigma)
{
    struct buf text;
    hs_platform_info_t platform = {0};
    buf_init(&text, (size_t)1 << 30);
    (void)hs_populate_platform(&platform);
    buf_addf(&text, "%s|%s|%s|%u|%llu|", magic, WATCH_VERSION, hs_version(), platform.tune, (unsigned long long)platform.cpu_features);
    for (uint32_t number = 0; number < 2 * sigma->fast->n_indexes; number++) {
        const struct face *face = face_of(sigma->fast, number);
        for (uint32_t i = 0; face && i < face->patterns.n; i++) {
            const struct pred *pred = &sigma->preds[face->patterns.ids[i]];
            const uint32_t about[] = {number, face->patterns.ids[i], pred->flags, pred->len};
            buf_add(&text, about, sizeof about);
            buf_add(&text, pred->text, pred->len);
        }
    }
    struct hash mark = text.failed ? (struct hash){{0}} : sha256(text.data, text.len);
    buf_free(&text);
    return mark;
}

bool cache_open(struct cache *cache, const struct sigma *sigma)
{
    const struct sigma_options *options = &sigma->options;
    struct head head;
    *cache = (struct cache){0};
    if (!options->cache || options->cache_len < sizeof head)
        return false;
    memcpy(&head, options->cache, sizeof head);
    size_t summed = (size_t)(SUMMED(&head) - (const char *)&head);
    struct hash sum = sum_of(options->cache_secret, (const char *)options->cache + summed, options->cache_len - summed);
    if (memcmp(head.magic, magic, sizeof magic) != 0 || !hash_equal(&head.sum, &sum) || !hash_equal(&head.mark, &sigma->fast->mark))
        return false;
    *cache = (struct cache){(const char *)options->cache + sizeof head, options->cache_len - sizeof head};
    return true;
}

static bool take(struct cache *cache, void *into, size_t n)
{
    if (cache->left < n)
        return false;
    memcpy(into, cache->at, n);
    cache->at += n;
    cache->left -= n;
    return true;
}

/* Entries stand in the order in which faces are asked for. */
bool cache_face(struct cache *cache, struct arena *arena, uint32_t number, struct face *face)
{
    struct entry entry;
    if (!take(cache, &entry, sizeof entry) || entry.face != number || entry.n > face->patterns.n || entry.len > cache->left || entry.n > cache->left / sizeof(uint32_t)) {
        cache->left = 0;
        return false;
    }
    uint32_t *held = ARENA_ARRAY(arena, uint32_t, entry.n + 1), at = 0;
    bool whole = take(cache, held, entry.n * sizeof *held) && entry.len <= cache->left;
    for (uint32_t i = 0; i < face->patterns.n; i++)
        at += at < entry.n && face->patterns.ids[i] == held[at];
    if (!whole || at != entry.n || hs_deserialize_database(cache->at, (size_t)entry.len, &face->database) != HS_SUCCESS) {
        cache->left = 0;
        face->database = NULL;
        return false;
    }
    cache->at += entry.len;
    cache->left -= (size_t)entry.len;
    at = 0;
    for (uint32_t i = 0; i < face->patterns.n; i++)        /* what the database did not take is tested one by one */
        if (at < entry.n && face->patterns.ids[i] == held[at])
            at++;
        else
            pred_list_add(arena, &face->direct, face->patterns.ids[i]);
    face->patterns.ids = held;
    face->patterns.n = face->patterns.room = entry.n;
    return true;
}

void sigma_cache_write(const struct sigma *sigma, const uint8_t secret[SIGMA_SECRET], struct buf *out)
{
    struct head head = {.mark = sigma->fast->mark};
    size_t begins = out->len;
    memcpy(head.magic, magic, sizeof magic);
    buf_add(out, &head, sizeof head);
    for (uint32_t number = 0; number < 2 * sigma->fast->n_indexes; number++) {
        const struct face *face = face_of(sigma->fast, number);
        struct buf bytes = {0};            /* filled by Vectorscan, with malloc as a buffer is */
        if (!face || !face->database || hs_serialize_database(face->database, &bytes.data, &bytes.len) != HS_SUCCESS)
            continue;
        struct entry entry = {number, face->patterns.n, bytes.len};
        buf_add(out, &entry, sizeof entry);
        buf_add(out, face->patterns.ids, face->patterns.n * sizeof *face->patterns.ids);
        buf_add(out, bytes.data, bytes.len);
        buf_free(&bytes);
        head.n++;
    }
    if (out->failed)
        return;
    memcpy(out->data + begins, &head, sizeof head);
    size_t summed = (size_t)(SUMMED(&head) - (const char *)&head);
    head.sum = sum_of(secret, out->data + begins + summed, out->len - begins - summed);
    memcpy(out->data + begins, &head, sizeof head);
}
