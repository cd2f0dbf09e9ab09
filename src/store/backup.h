/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Backup while running, sealed to a public key whose secret is not on the machine (X25519 sealed key, then
 * secretstream), and restore, which verifies, applies the erasure list and only then lets the office serve. A backup
 * holds what the store owns: a snapshot of the database, the side key, sealed attachments and segments. It does not
 * hold the signer's key or the checkpoints.
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
/* Into a folder that must not exist. `erasures`: folder of checkpoints whose erasure lists (files whose name ends in
 * ".erasures") are applied; may be NULL. Until all is verified the folder bears the name with ".restoring" behind it. */
enum status backup_restore(const char *backup_path, const char *secret_path, const char *erasures, const char *folder,
                           struct reasons *) MUST_CHECK;
/* The list that travels with each checkpoint: a line a tombstone, "record 4711 12345" (kind, name, entry). */
enum status backup_erasure_list(struct store *, struct buf *out) MUST_CHECK;

#endif
