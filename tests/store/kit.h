/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the store's tests share: a fresh folder, jobs from plain functions, a small made-up change.
 */
#ifndef TESTS_STORE_KIT_H
#define TESTS_STORE_KIT_H

#include <stdbool.h>
#include <stdint.h>

#include "store/store.h"

/* A new empty folder under TMPDIR, removed by kit_remove (with all in it). */
char *kit_folder(void);
void kit_remove(char *folder);
struct store *kit_open(const char *folder);         /* creates it when it is not there; aborts on failure */

/* Runs `run` as a job and waits; whether it committed. */
bool kit_do(struct store *, bool (*run)(void *, struct txn *), void *arg);

/* A record with version, index rows and journal entry, as a door would write it. */
struct kit_change {
    record_id id;
    guard_id guard;
    moment updated;
    const char *body;               /* canonical JSON */
    struct index_key keys[8];
    size_t n_keys;
    const char *terms[64];
    size_t n_terms;
};
bool kit_write(struct txn *, const struct kit_change *);
bool kit_change(struct store *, const struct kit_change *);

/* Whether these bytes stand anywhere in a file. */
bool kit_file_has(const char *folder, const char *name, const void *bytes, size_t len);

#endif
