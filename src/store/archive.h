/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The backup file's format, as backup.c writes and restore.c reads it.
 */
#ifndef STORE_ARCHIVE_H
#define STORE_ARCHIVE_H

#include <stddef.h>
#include <stdint.h>

#include "base/reasons.h"
#include "base/status.h"

#define ARCHIVE_TITLE "castellan backup 1\n"
#define ARCHIVE_CHUNK 65536
#define ARCHIVE_TAG 17                  /* what sealing adds to a message */
#define BACKUP_PUBLIC_TITLE "castellan backup public key"
#define BACKUP_SECRET_TITLE "castellan backup secret key"

/* Exactly len bytes in hexadecimal on the line behind the title. */
enum status backup_read_key(const char *path, const char *title, uint8_t *key, size_t len, struct reasons *) MUST_CHECK;

#endif
