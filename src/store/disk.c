/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See disk.h.
 */
#include "store/disk.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int plain_create(const char *path)
{
    return open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static ssize_t plain_append(int fd, const char *path, uint64_t at, const void *bytes, size_t len)
{
    return pwrite(fd, bytes, len, (off_t)at);
}

static int plain_sync(int fd, const char *path)
{
    return fdatasync(fd);
}

static int plain_sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return -1;
    }
    int rc = fsync(fd);
    close(fd);
    return rc;
}

static int plain_rename(const char *from, const char *to)
{
    return rename(from, to);
}

static int plain_remove(const char *path)
{
    return unlink(path);
}

const struct disk disk_plain = {plain_create, plain_append, plain_sync, plain_rename, plain_remove, plain_sync_folder};
const struct disk *disk = &disk_plain;

enum status disk_write(int fd, const char *path, uint64_t at, const void *bytes, size_t len)
{
    const char *next = bytes;
    while (len) {
        ssize_t n = disk->append(fd, path, at, next, len);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return FAILED_IO;
        }
        next += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return OK;
}

enum status disk_read(int fd, uint64_t at, void *bytes, size_t len)
{
    char *next = bytes;
    while (len) {
        ssize_t n = pread(fd, next, len, (off_t)at);
        if (n < 0 && errno == EINTR) {
            continue;
        }
        if (n <= 0) {
            return n == 0 ? ABSENT : FAILED_IO;
        }
        next += n;
        at += (uint64_t)n;
        len -= (size_t)n;
    }
    return OK;
}

int disk_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
}

uint64_t disk_size(int fd)
{
    struct stat st;
    return fstat(fd, &st) == 0 ? (uint64_t)st.st_size : 0;
}
