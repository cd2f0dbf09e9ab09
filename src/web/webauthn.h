/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FIDO2 keys in a browser (WebAuthn level 2), verified by libfido2. The browser's answers come as base64url texts; the
 * challenge is 32 random bytes that the session keeps and that serve once. A key's touch is asked for, not its PIN:
 * it is the second factor beside a password. Attestation proves the key's own consistency; makers are not judged.
 */
#ifndef WEB_WEBAUTHN_H
#define WEB_WEBAUTHN_H

#include "base/val.h"
#include "web/secret.h"

struct relying_party { const char *id, *origin; };       /* "localhost", "http://localhost:8443" */

/* What navigator.credentials.create and .get are given, with bytes as base64url text (ui/webauthn.js decodes them). */
struct val *webauthn_create_options(struct arena *, const struct relying_party *, int64_t account, const char *login,
                                    const uint8_t challenge[32], const struct fido_key *have, size_t n);
struct val *webauthn_get_options(struct arena *, const struct relying_party *, const uint8_t challenge[32],
                                 const struct fido_key *have, size_t n);
/* A new key from clientDataJSON and attestationObject. REFUSED with reasons; the key lies in the arena. */
enum status webauthn_register(struct arena *, const struct relying_party *, const uint8_t challenge[32],
                              const char *client_data, const char *attestation, struct reasons *, struct fido_key *ret) MUST_CHECK;
/* An answer of a key that is stored; its new counter goes out. */
enum status webauthn_assert(struct arena *, const struct relying_party *, const uint8_t challenge[32], const struct fido_key *,
                            const char *client_data, const char *authenticator_data, const char *signature, struct reasons *,
                            uint32_t *ret_counter) MUST_CHECK;

#endif
