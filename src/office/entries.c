/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Journal entries inside a transaction: the only place of this room that appends.
 */
#include <string.h>

#include "office/inside.h"

enum status append_entry(struct office *office, struct txn *txn, struct entry *entry, const void *body, size_t len,
                         uint8_t salt[SALT_BYTES], uint64_t *ret_position)
{
    struct buf leaf;
    entry->position = txn_journal_size(txn);
    entry->pack = office->pack ? office->pack->hash : NULL;
    if (body) {
        random_bytes(salt, SALT_BYTES);
        entry->has_commitment = true;
        entry->commitment = commit(salt, body, len);
    }
    buf_init(&leaf, 1 << 16);
    entry_write(entry, &leaf);
    enum status status = leaf.failed ? TOO_LARGE : txn_append(txn, leaf.data, leaf.len, ret_position);
    buf_free(&leaf);
    return status;
}
