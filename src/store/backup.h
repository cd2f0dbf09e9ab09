/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backup while running, sealed to a public key whose secret is not on the machine (X25519 sealed key, then
 * secretstream), and restore, which verifies, lets the caller make ready what came out and only then gives it its name. A
 * backup holds a snapshot of the database, the side key, sealed attachments and segments, and of an office its settings,
 * secret, policies, the signer's public line and the notes of checkpoints. It never holds the signer's key.
 */
#ifndef STORE_BACKUP_H
#define STORE_BACKUP_H

#include "base/buf.h"
#include "store/store.h"

/* Writes a fresh key pair as two small text files; the secret one is to be carried away. */
enum status backup_make_keys(const char *public_path, const char *secret_path, struct reasons *) MUST_CHECK;
/* `progress` may be NULL; it is called with bytes. */
enum status backup_write(struct store *, const char *public_path, const char *out_path, struct reasons *,
                         void (*progress)(void *, uint64_t done, uint64_t all), void *arg) MUST_CHECK;
/* Into a folder that must not exist. Until all is verified and `prepare` (may be NULL) has made it ready the folder bears
 * the name with ".restoring" behind it; it is removed where either fails. */
typedef enum status backup_prepare(void *arg, const char *folder, struct reasons *);
enum status backup_restore(const char *backup_path, const char *secret_path, const char *folder, backup_prepare *, void *arg,
                           struct reasons *) MUST_CHECK;
/* What was erased by entries before `to`, a line a tombstone, "record 4711 12345" (kind, name, entry), in the order of entries. Only ever longer:
 * `ret` gets the lines of entries from `from` on, which travel with a checkpoint; count and hash are of all of them. */
struct erasure_list { uint64_t from, to; struct buf *lines; uint64_t count; struct hash hash; };
enum status backup_erasure_list(struct store *, struct erasure_list *) MUST_CHECK;

#endif
