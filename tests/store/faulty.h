/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A faulty disk under SQLite (a VFS in front of the system's) and under the room's own files (struct disk). It keeps, for
 * every file, what has been synced and each write since. When the power fails, at a chosen operation, what the disk
 * holds is written to another folder: all that was synced, and of the rest a random part, in random order, torn at
 * sectors; names that were not synced with their folder are there or not. Time goes on for the program, but nothing
 * after that instant is in the image.
 *
 * It also runs full, turns read-only, fails its syncs, or pretends to sync.
 */
#ifndef TESTS_STORE_FAULTY_H
#define TESTS_STORE_FAULTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum faulty_mode { FAULTY_SOUND, FAULTY_FULL, FAULTY_READ_ONLY, FAULTY_NO_SYNC };

void faulty_install(void);                  /* becomes SQLite's default VFS and the room's disk */
void faulty_remove(void);
/* Watches the files under `base`; forgets what it knew. */
void faulty_begin(const char *base);
/* The power fails at the n-th write or sync from now; the image goes into `image` (which is made). */
void faulty_power_off_at(uint64_t n, const char *image);
bool faulty_is_off(void);
/* Runs `ack` if the power has not failed yet, as one step with respect to the failure. */
void faulty_ack(void (*ack)(void *), void *arg);
void faulty_pretend_sync(bool);             /* syncs do nothing and say that they did */
/* From now on writes fail so, after `bytes` more bytes. */
void faulty_set(enum faulty_mode, uint64_t bytes);
uint64_t faulty_operations(void);

#endif
