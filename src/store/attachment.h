/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sealed attachments. Each is encrypted in chunks (XChaCha20-Poly1305 secretstream) under a key of its own; its address is
 * an HMAC of the plain bytes' hash under a key of the (label, file) pair, so equal bytes meet only inside that pair.
 * Keys lie in the database, the sealed bytes in attachments/; erasing a key erases the bytes.
 */
#ifndef STORE_ATTACHMENT_H
#define STORE_ATTACHMENT_H

#include "store/store.h"

struct attachment_ref {
    char address[65];          /* hex */
    struct hash sha256;        /* of the plain bytes */
    uint64_t bytes;
};
/* Seals bytes before the change that will name them; unreferenced ones are swept after a day. */
enum status attachment_put(struct store *, label_id, record_id file, const void *, size_t, struct reasons *,
                           struct attachment_ref *ret) MUST_CHECK;
enum status attachment_get(struct store *, label_id, record_id file, const char *address, struct arena *,
                           const void **ret, size_t *ret_len) MUST_CHECK;
/* Its record moved to another (label, file): sealed again under the new pair. */
enum status attachment_move(struct store *, label_id from, record_id from_file, label_id to, record_id to_file,
                            const char *address, struct reasons *, struct attachment_ref *ret) MUST_CHECK;
enum status attachment_erase(struct txn *, label_id, record_id file, const char *address) MUST_CHECK;

#endif
