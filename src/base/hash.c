/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hashes from nettle (which picks the processor's SHA instructions), comparison and wiping from libsodium, random
 * bytes from the kernel.
 */
#include "base/hash.h"

#include <errno.h>
#include <nettle/hmac.h>
#include <nettle/sha2.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>

struct hash sha256(const void *data, size_t len)
{
    return sha256_two(data, len, NULL, 0);
}

static void update(struct sha256_ctx *ctx, const void *data, size_t len)
{
    if (len)
        nettle_sha256_update(ctx, len, data);
}

struct hash sha256_two(const void *a, size_t a_len, const void *b, size_t b_len)
{
    struct sha256_ctx ctx;
    struct hash hash;
    nettle_sha256_init(&ctx);
    update(&ctx, a, a_len);
    update(&ctx, b, b_len);
    nettle_sha256_digest(&ctx, sizeof hash.bytes, hash.bytes);
    return hash;
}

struct hash sha256_prefixed(uint8_t prefix, const void *a, size_t a_len, const void *b, size_t b_len)
{
    struct sha256_ctx ctx;
    struct hash hash;
    nettle_sha256_init(&ctx);
    update(&ctx, &prefix, 1);
    update(&ctx, a, a_len);
    update(&ctx, b, b_len);
    nettle_sha256_digest(&ctx, sizeof hash.bytes, hash.bytes);
    return hash;
}

struct hash hmac_sha256(const void *key, size_t key_len, const void *data, size_t len)
{
    struct hmac_sha256_ctx ctx;
    struct hash hash;
    nettle_hmac_sha256_set_key(&ctx, key_len, key);
    if (len)
        nettle_hmac_sha256_update(&ctx, len, data);
    nettle_hmac_sha256_digest(&ctx, sizeof hash.bytes, hash.bytes);
    sodium_memzero(&ctx, sizeof ctx);
    return hash;
}

bool hash_equal(const struct hash *a, const struct hash *b)
{
    return sodium_memcmp(a->bytes, b->bytes, HASH_BYTES) == 0;
}

bool bytes_equal(const void *a, const void *b, size_t len)
{
    return len == 0 || sodium_memcmp(a, b, len) == 0;
}

void wipe(void *data, size_t len)
{
    if (len)
        sodium_memzero(data, len);
}

void random_bytes(void *data, size_t len)
{
    unsigned char *at = data;
    while (len) {
        ssize_t got = getrandom(at, len, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0) {                    /* without randomness nothing secret can be made: stop */
            fputs("castellan: the kernel gives no random bytes\n", stderr);
            abort();
        }
        at += got;
        len -= (size_t)got;
    }
}
