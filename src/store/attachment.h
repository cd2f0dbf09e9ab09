/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sealed attachments. Each is encrypted in chunks (XChaCha20-Poly1305 secretstream) under a key of its own; its address is
 * an HMAC of the plain bytes' hash under a key of the (label, file) pair, so equal bytes meet only inside that pair.
 * Keys lie in the database, the sealed bytes in attachments/; erasing a key erases the bytes.
 *
 * Records of one pair may share an attachment: the change that names it calls attachment_use(); attachment_release()
 * takes one use back and removes key and bytes with the last (the record moved to another pair, and its attachment
 * with it); attachment_erase() does so lawfully and for good: it leaves a tombstone, so that no restore brings it back.
 */
#ifndef STORE_ATTACHMENT_H
#define STORE_ATTACHMENT_H

#include "store/store.h"

#define ATTACHMENT_LIMIT (64u << 20)

struct attachment_ref {
    char address[65];          /* hex */
    struct hash sha256;        /* of the plain bytes */
    uint64_t bytes;
};
/* Seals bytes before the change that will name them. Not from the writer's thread. */
enum status attachment_put(struct store *, label_id, record_id file, const void *, size_t, struct reasons *,
                           struct attachment_ref *ret) MUST_CHECK;
/* The plain bytes, checked. ABSENT under any other pair. */
enum status attachment_get(struct store *, label_id, record_id file, const char *address, struct arena *,
                           const void **ret, size_t *ret_len) MUST_CHECK;
/* Its record moved to another (label, file): sealed again under the new pair. The change that moves the record uses the
 * new address and releases the old one. Not from the writer's thread. */
enum status attachment_move(struct store *, label_id from, record_id from_file, label_id to, record_id to_file,
                            const char *address, struct reasons *, struct attachment_ref *ret) MUST_CHECK;
/* In the change that names it. ABSENT when there is no such attachment in the pair. */
enum status attachment_use(struct txn *, label_id, record_id file, const char *address) MUST_CHECK;
enum status attachment_release(struct txn *, label_id, record_id file, const char *address) MUST_CHECK;
enum status attachment_erase(struct txn *, label_id, record_id file, const char *address, uint64_t position) MUST_CHECK;
/* After a restore: by the address alone, however often it is used; ABSENT when it is not there. */
enum status attachment_forget(struct txn *, const char *address, uint64_t position) MUST_CHECK;
/* Removes what no change ever named, and sealed bytes without a key, when last written before `before`. */
enum status attachment_sweep(struct store *, moment before, size_t *ret_n) MUST_CHECK;

#endif
