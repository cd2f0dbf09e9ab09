/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SHA-256 (FIPS 180-4, nettle: uses the processor's instructions), HMAC-SHA-256 (RFC 2104), random bytes, hex, base64
 * and Crockford base 32. Nothing here fails on valid arguments.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HASH_BYTES 32
struct hash { uint8_t bytes[HASH_BYTES]; };

struct hash sha256(const void *data, size_t len);
/* Over two pieces, as if joined. */
struct hash sha256_two(const void *a, size_t a_len, const void *b, size_t b_len);
/* Over a one-byte prefix and two pieces: Merkle leaves and nodes. */
struct hash sha256_prefixed(uint8_t prefix, const void *a, size_t a_len, const void *b, size_t b_len);
struct hash hmac_sha256(const void *key, size_t key_len, const void *data, size_t len);
/* Constant time. */
bool hash_equal(const struct hash *, const struct hash *);
bool bytes_equal(const void *, const void *, size_t);
void wipe(void *, size_t);
/* From the kernel; for secrets, salts and keys. */
void random_bytes(void *, size_t);

/* Writes 2*len+1 characters. */
void hex_write(const void *, size_t len, char *out);
bool hex_read(const char *text, size_t text_len, void *out, size_t out_len);   /* exactly out_len bytes */
/* Base64 with padding (RFC 4648 section 4) and base64url without (section 5). Writers need 4*((len+2)/3)+1 bytes. */
void base64_write(const void *, size_t len, char *out);
void base64url_write(const void *, size_t len, char *out);
/* Reads either alphabet, padded or not, no white space; false on any other character or over-long output. */
bool base64_read(const char *text, size_t text_len, void *out, size_t cap, size_t *ret_len);

/* The lowest 5*digits bits of a number in Crockford's alphabet (0-9 A-Z without I L O U), highest first. */
void crockford_write(uint64_t number, unsigned digits, char *out);
/* Reads exactly `digits` characters; case does not count, I and L read as 1, O as 0. */
bool crockford_read(const char *text, unsigned digits, uint64_t *ret);

#endif
