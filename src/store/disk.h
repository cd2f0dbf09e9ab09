/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How this room writes files of its own (sealed attachments, segments, backups): a small table of functions, so that
 * the tests can put a faulty disk under them, as they put a faulty VFS under SQLite.
 */
#ifndef STORE_DISK_H
#define STORE_DISK_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/status.h"

struct disk {
    int (*create)(const char *path);                                    /* new, 0600, for writing; -1 and errno */
    ssize_t (*append)(int fd, const char *path, uint64_t at, const void *bytes, size_t len);
    int (*sync)(int fd, const char *path);
    int (*rename)(const char *from, const char *to);
    int (*remove)(const char *path);
    int (*sync_folder)(const char *folder);
};
extern const struct disk disk_plain;
extern const struct disk *disk;         /* &disk_plain unless a test has put its own */

/* All of it, at an offset. */
enum status disk_write(int fd, const char *path, uint64_t at, const void *bytes, size_t len) MUST_CHECK;
/* Exactly len bytes; ABSENT at the end of the file. */
enum status disk_read(int fd, uint64_t at, void *bytes, size_t len) MUST_CHECK;
int disk_open(const char *path);        /* for reading */
uint64_t disk_size(int fd);

#endif
