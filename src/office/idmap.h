/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A hash map from record ids to pointers (open addressing, linear probing). Ids are already uniform, so the low bits
 * are the hash. The map owns its slots, never what they point to. One thread at a time.
 */
#ifndef OFFICE_IDMAP_H
#define OFFICE_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct idmap {
    int64_t *keys;             /* 0: empty */
    void **values;
    size_t cap, count;
};
void idmap_free(struct idmap *);
void *idmap_get(const struct idmap *, int64_t key);
/* Adds or replaces; aborts when memory is lost, as arenas do. */
void idmap_put(struct idmap *, int64_t key, void *value);
void *idmap_take(struct idmap *, int64_t key);       /* removes; NULL when absent */
/* Walks: start with 0; false at the end. */
bool idmap_next(const struct idmap *, size_t *walk, int64_t *ret_key, void **ret_value);

#endif
