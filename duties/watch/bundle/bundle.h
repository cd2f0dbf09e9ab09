/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A bundle of detection rules: one file that carries a folder of rules with who published them, under which name, and when; signed with
 * Ed25519 or not. The form stands in docs/rule-bundles.md, so that others can make one with common tools.
 *
 *     bundle_make()       files -> bundle
 *     bundle_head()       bundle -> what its head says, without unpacking anything (safe anywhere)
 *     bundle_holds()      whether a key has signed what the head says
 *     bundle_unpack()     bundle -> list and texts as one plain run of bytes (in a jail)
 *     bundle_read()       that run -> files, each held against the list, and the list against the head (safe anywhere)
 *
 * So a jail that was taken over while unpacking cannot pass texts on that nobody has signed. Needs base alone.
 */
#ifndef WATCH_BUNDLE_H
#define WATCH_BUNDLE_H

#include "base/buf.h"
#include "base/hash.h"
#include "base/moment.h"
#include "base/reasons.h"

#define BUNDLE_MOST ((size_t)64 << 20)         /* bytes, packed and unpacked */
#define BUNDLE_FILES_MOST 100000u
#define BUNDLE_FILE_MOST ((size_t)4 << 20)
#define BUNDLE_NAME_MOST 200u                  /* characters of publisher and name */
#define BUNDLE_KEY 32
#define BUNDLE_SECRET 64
#define BUNDLE_SIGNATURE 64

struct bundle_file { const char *path, *text; size_t len; };
struct bundle {
    const char *publisher, *name;
    moment made;
    const struct bundle_file *files; size_t n; /* by path */
    char list[2 * HASH_BYTES + 1];             /* SHA-256 of the list: names all that the bundle holds */
};
struct bundle_head {
    char list[2 * HASH_BYTES + 1];
    bool is_signed;
    uint8_t key[BUNDLE_KEY], signature[BUNDLE_SIGNATURE];
    size_t at;                                 /* where the packed part begins */
};

/* "a/b.yml": relative, no empty, "." or ".." component, UTF-8 without control characters or backslash, .yml or .yaml, at most 500 bytes. */
bool bundle_path(const char *);
/* Files in the order of their paths; signed with `secret` unless it is NULL. `out` may hold BUNDLE_MOST. */
enum status bundle_make(const struct bundle *, const uint8_t secret[BUNDLE_SECRET], struct arena *, struct reasons *, struct buf *out) MUST_CHECK;
enum status bundle_head(const void *, size_t, struct reasons *, struct bundle_head *ret) MUST_CHECK;
bool bundle_holds(const struct bundle_head *, const uint8_t key[BUNDLE_KEY]);
enum status bundle_unpack(const void *, size_t, const struct bundle_head *, struct arena *, struct reasons *, const char **ret, size_t *ret_len) MUST_CHECK;
/* Points into `plain`. */
enum status bundle_read(const char *plain, size_t len, const struct bundle_head *, struct arena *, struct reasons *, struct bundle *ret) MUST_CHECK;

/* ---- keys ---- */

/* One line each: "castellan-rule-key " and base64 (public), "castellan-rule-secret " and base64 (64 bytes: seed and public key). */
void bundle_key_new(uint8_t secret[BUNDLE_SECRET]);
void bundle_key_seeded(const uint8_t seed[32], uint8_t secret[BUNDLE_SECRET]);
void bundle_key_of(const uint8_t secret[BUNDLE_SECRET], uint8_t ret[BUNDLE_KEY]);
char *bundle_key_line(struct arena *, const uint8_t key[BUNDLE_KEY]);
char *bundle_secret_line(struct arena *, const uint8_t secret[BUNDLE_SECRET]);
/* With or without the word before it. A key that is no point of the curve, or one of small order, is none. */
bool bundle_key_read(const char *line, size_t len, uint8_t ret[BUNDLE_KEY]);
bool bundle_secret_read(const char *line, size_t len, uint8_t ret[BUNDLE_SECRET]);
/* SHA-256 of the key, in groups of four: what two persons compare by telephone. */
char *bundle_fingerprint(struct arena *, const uint8_t key[BUNDLE_KEY]);

#endif
