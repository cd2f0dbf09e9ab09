/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What leaves the program to come back: cursors, versions in forms, ETags. Sealed (XChaCha20-Poly1305) and bound to
 * the account and a purpose, so nobody reads, forges or swaps them. The nonce is a MAC of what is sealed: equal
 * contents for the same account give equal bytes, and nothing is drawn from a shared stream.
 */
#ifndef FRONT_SEAL_H
#define FRONT_SEAL_H

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/words.h"

struct seal { uint8_t nonce_key[32], cipher_key[32], tag_key[32]; };

/* From 32 secret bytes of the office (office_key(office, "front.seal", ...)). */
void seal_init(struct seal *, const uint8_t secret[32]);
void seal_wipe(struct seal *);
/* base64url text in the arena. At most 16 KiB go in. */
const char *seal_write(const struct seal *, struct arena *, int64_t account, const char *purpose, const void *, size_t);
/* BAD_INPUT when it was not sealed here for this account and purpose. */
enum status seal_read(const struct seal *, struct arena *, int64_t account, const char *purpose, const char *text,
                      void **ret, size_t *ret_len) MUST_CHECK;
/* A quoted ETag over what the reader saw. */
const char *seal_etag(const struct seal *, struct arena *, int64_t account, enum lang, const void *seen, size_t len);

#endif
