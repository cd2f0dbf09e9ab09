/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See seal.h. Layout of a sealed text before base64url: nonce (24), ciphertext with tag. The account and the purpose
 * are authenticated with it and go into the nonce.
 */
#include "front/seal.h"

#include <sodium.h>
#include <string.h>

#include "base/hash.h"

enum { NONCE = 24, TAG = 16, MOST = 16 * 1024 };

static void derive(const uint8_t secret[32], const char *name, uint8_t out[32])
{
    struct hash h = hmac_sha256(secret, 32, name, strlen(name));
    memcpy(out, h.bytes, 32);
}

void seal_init(struct seal *s, const uint8_t secret[32])
{
    derive(secret, "nonce", s->nonce_key);
    derive(secret, "cipher", s->cipher_key);
    derive(secret, "tag", s->tag_key);
}

void seal_wipe(struct seal *s) { wipe(s, sizeof *s); }

static size_t bound_to(uint8_t out[128], int64_t account, const char *purpose)
{
    size_t len = strnlen(purpose, 100);
    memcpy(out, &account, sizeof account);
    memcpy(out + sizeof account, purpose, len);
    return sizeof account + len;
}

static void nonce_of(const struct seal *s, const uint8_t *aad, size_t aad_len, const void *data, size_t len,
                     uint8_t nonce[NONCE])
{
    struct hash inner = hmac_sha256(s->nonce_key, 32, data, len);
    uint8_t both[128 + HASH_BYTES];
    memcpy(both, inner.bytes, HASH_BYTES);
    memcpy(both + HASH_BYTES, aad, aad_len);
    struct hash h = hmac_sha256(s->nonce_key, 32, both, HASH_BYTES + aad_len);
    memcpy(nonce, h.bytes, NONCE);
}

const char *seal_write(const struct seal *s, struct arena *arena, int64_t account, const char *purpose, const void *data,
                       size_t len)
{
    if (len > MOST) return "";
    uint8_t aad[128], *sealed = arena_alloc(arena, NONCE + len + TAG);
    size_t aad_len = bound_to(aad, account, purpose);
    nonce_of(s, aad, aad_len, data, len, sealed);
    unsigned long long out_len = 0;
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + NONCE, &out_len, data, len, aad, aad_len, NULL, sealed,
                                               s->cipher_key);
    size_t total = NONCE + (size_t)out_len;
    char *text = arena_alloc(arena, 4 * ((total + 2) / 3) + 1);
    base64url_write(sealed, total, text);
    return text;
}

enum status seal_read(const struct seal *s, struct arena *arena, int64_t account, const char *purpose, const char *text,
                      void **ret, size_t *ret_len)
{
    size_t text_len = text ? strlen(text) : 0, total;
    if (text_len == 0 || text_len > 4 * (MOST + NONCE + TAG) / 3 + 4) return BAD_INPUT;
    uint8_t *sealed = arena_alloc(arena, text_len), aad[128], nonce[NONCE];
    if (!base64_read(text, text_len, sealed, text_len, &total) || total < NONCE + TAG) return BAD_INPUT;
    size_t aad_len = bound_to(aad, account, purpose), len = total - NONCE - TAG;
    uint8_t *plain = arena_alloc(arena, len + 1);
    unsigned long long out_len = 0;
    if (crypto_aead_xchacha20poly1305_ietf_decrypt(plain, &out_len, NULL, sealed + NONCE, total - NONCE, aad, aad_len,
                                                   sealed, s->cipher_key) != 0) {
        return BAD_INPUT;
    }
    nonce_of(s, aad, aad_len, plain, len, nonce);
    if (!bytes_equal(nonce, sealed, NONCE)) return BAD_INPUT;        /* one text for one content */
    *ret = plain;
    *ret_len = len;
    return OK;
}

const char *seal_etag(const struct seal *s, struct arena *arena, int64_t account, enum lang lang, const void *seen,
                      size_t len)
{
    uint8_t bound[HASH_BYTES + 16] = {0};
    struct hash h = sha256(seen, len);
    memcpy(bound, h.bytes, HASH_BYTES);
    memcpy(bound + HASH_BYTES, &account, sizeof account);
    bound[HASH_BYTES + 8] = (uint8_t)lang;
    struct hash tag = hmac_sha256(s->tag_key, 32, bound, sizeof bound);
    char text[32];
    base64url_write(tag.bytes, 16, text);
    return arena_printf(arena, "\"%s\"", text);
}
