/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an account proves itself with, as it lies in the side table "secret": a password (Argon2id), a TOTP seed, FIDO2
 * keys, certificates' fingerprints. Enrolment links ("enrol") and API tokens ("token") lie hashed. Everything here that
 * changes a secret tells the journal that, never what.
 */
#ifndef WEB_SECRET_H
#define WEB_SECRET_H

#include "base/reasons.h"
#include "web/identity.h"

enum { PASSWORD_LEAST = 12, PASSWORD_MOST = 256, TOTP_SEED = 20 };

/* Once per process, before the first thread; derives the hash that unknown accounts are compared with. */
bool secret_start(const struct identity *);

/* False, with reasons, for a password that would be refused. */
bool secret_password_sound(const char *password, struct reasons *);
/* Sets the password; refuses short and trivial ones with reasons. */
enum status secret_set_password(const struct identity *, int64_t account, const char *password, moment now, struct reasons *) MUST_CHECK;
/* One Argon2 run, whatever `account` is: 0 stands for an unknown one and never matches. */
bool secret_check_password(const struct identity *, int64_t account, const char *password);

/* Base32 of a new seed goes out, to be shown once. */
enum status secret_set_totp(const struct identity *, int64_t account, const uint8_t seed[TOTP_SEED], moment now) MUST_CHECK;
bool secret_has_totp(const struct identity *, int64_t account);
/* True once for each code: a step is never taken twice. */
bool secret_check_totp(const struct identity *, int64_t account, const char *code, moment now);

enum totp_hash { TOTP_SHA1, TOTP_SHA256, TOTP_SHA512 };
/* RFC 6238: `digits` characters and a NUL. */
void totp_code(enum totp_hash, const void *key, size_t key_len, uint64_t step, unsigned digits, char *out);
/* RFC 4648 base 32 without padding. */
void base32_write(const uint8_t *, size_t len, char *out);
bool base32_read(const char *, uint8_t *out, size_t cap, size_t *ret_len);

/* Certificates: the SHA-256 of the DER. */
enum status secret_add_certificate(const struct identity *, int64_t account, const uint8_t fingerprint[32], const char *name, moment now) MUST_CHECK;
bool secret_has_certificate(const struct identity *, int64_t account, const uint8_t fingerprint[32]);
bool secret_any_certificate(const struct identity *, int64_t account);

/* FIDO2 keys: see webauthn.h for how they come about. */
struct fido_key {
    const uint8_t *id; size_t id_len;        /* at most 512 */
    const uint8_t *pk; size_t pk_len;        /* as libfido2 gives it */
    int algorithm;                           /* COSE */
    uint32_t counter;
    const char *name;
};
enum status secret_put_key(const struct identity *, int64_t account, const struct fido_key *, moment now, bool is_new) MUST_CHECK;
enum status secret_get_key(const struct identity *, int64_t account, const void *id, size_t id_len, struct arena *, struct fido_key *ret) MUST_CHECK;
size_t secret_keys(const struct identity *, int64_t account, struct arena *, struct fido_key **ret);

/* Enrolment: a link's token, good once until `until`. The text is "ACCOUNT.SECRET". */
enum status enrol_make(const struct identity *, int64_t account, moment until, struct arena *, const char **ret_text) MUST_CHECK;
/* ABSENT for any that is unknown, used or too old. */
enum status enrol_check(const struct identity *, const char *text, moment now, int64_t *ret_account) MUST_CHECK;
enum status enrol_use(const struct identity *, const char *text, moment now, int64_t *ret_account) MUST_CHECK;

/* API tokens: "cst.ACCOUNT.SECRET", bound to the account and one appointment. */
struct api_token { int64_t account, appointment; moment made, until; const char *name; const char *key; };
enum status token_make(const struct identity *, int64_t account, int64_t appointment, const char *name, moment now, moment until,
                       struct arena *, const char **ret_text) MUST_CHECK;
enum status token_check(const struct identity *, const char *text, moment now, struct arena *, struct api_token *ret) MUST_CHECK;
size_t token_list(const struct identity *, int64_t account, struct arena *, struct api_token **ret);
enum status token_drop(const struct identity *, int64_t account, const char *key, moment now) MUST_CHECK;

#endif
