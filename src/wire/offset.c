/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Offsets of followed files, kept as one small text per port: a line for each generation that may still be read,
 * oldest first: "<device> <inode> <offset> <head length> <head's SHA-256 in hex>", and a last line with the SHA-256 of
 * all before it. Written aside, synced, renamed, the folder synced: after a crash either the old or the new one is there.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/text.h"
#include "wire/inside.h"

enum { most_state = 4096 };

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len) {
        ssize_t n = write(fd, bytes, len);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        bytes += n;
        len -= (size_t)n;
    }
    return true;
}

enum status offset_write(int folder, const char *port, const struct saved *saved, size_t n)
{
    char name[96], aside[100], hex[2 * HASH_BYTES + 1];
    snprintf(name, sizeof name, "%s.offset", port);
    snprintf(aside, sizeof aside, "%s.new", name);
    struct buf text;
    buf_init(&text, most_state);
    for (size_t i = 0; i < n; i++) {
        hex_write(saved[i].identity.head.bytes, HASH_BYTES, hex);
        buf_addf(&text, "%" PRIu64 " %" PRIu64 " %" PRIu64 " %" PRIu32 " %s\n", saved[i].identity.device,
                 saved[i].identity.inode, saved[i].offset, saved[i].identity.head_len, hex);
    }
    struct hash sum = sha256(text.data ? text.data : "", text.len);
    hex_write(sum.bytes, HASH_BYTES, hex);
    buf_addf(&text, "%s\n", hex);
    int fd = openat(folder, aside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    bool good = fd >= 0 && !text.failed && write_all(fd, text.data, text.len) && !fdatasync(fd);
    if (fd >= 0)
        good = !close(fd) && good;
    good = good && !renameat(folder, aside, folder, name) && !fsync(folder);
    buf_free(&text);
    return good ? OK : FAILED_IO;
}

enum status offset_time(int folder, const char *port, int64_t *ret)
{
    char name[96];
    struct stat st;
    snprintf(name, sizeof name, "%s.offset", port);
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW))
        return FAILED_IO;
    *ret = st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec;
    return OK;
}

static bool parse_line(char *line, struct saved *ret)
{
    char hex[2 * HASH_BYTES + 2];
    int used = 0;
    if (sscanf(line, "%" SCNu64 " %" SCNu64 " %" SCNu64 " %" SCNu32 " %65s%n", &ret->identity.device,
               &ret->identity.inode, &ret->offset, &ret->identity.head_len, hex, &used) != 5 || line[used])
        return false;
    return ret->identity.head_len <= head_most && hex_read(hex, strlen(hex), ret->identity.head.bytes, HASH_BYTES);
}

static bool parse(char *text, size_t len, struct saved *saved, size_t *ret_n)
{
    struct hash want;
    size_t n = 0, body = len > 65 ? len - 65 : 0;
    if (len < 65 || text[len - 1] != '\n' || !hex_read(text + body, 64, want.bytes, HASH_BYTES))
        return false;
    struct hash sum = sha256(text, body);
    if (!hash_equal(&sum, &want))
        return false;
    text[body] = 0;
    for (char *line = text, *end; (end = strchr(line, '\n')); line = end + 1) {
        *end = 0;
        if (n == most_generations || !parse_line(line, &saved[n++]))
            return false;
    }
    *ret_n = n;
    return true;
}

enum status offset_read(int folder, const char *port, struct reasons *reasons, struct saved *saved, size_t *ret_n)
{
    char name[96], text[most_state + 1];
    snprintf(name, sizeof name, "%s.offset", port);
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 && errno == ENOENT)
        return ABSENT;
    ssize_t len = fd < 0 ? -1 : read(fd, text, most_state);
    if (fd >= 0)
        close(fd);
    if (len < 0 || !parse(text, (size_t)len, saved, ret_n)) {
        reason_add(reasons, "port.offset", name,
                   T_("The saved offsets of the followed file are damaged. Without \"%1$s\" the file would be read again "
                      "from its start: remove it if that is wanted."), name);
        return DAMAGED;
    }
    return OK;
}
