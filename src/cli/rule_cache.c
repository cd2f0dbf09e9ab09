/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See rule_cache.h.
 */
#include "cli/rule_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"

enum { CACHE_MOST = 256 << 20 };

static void say(const char *path, const char *english)
{
    fflush(stdout);
    fprintf(stderr, "%s: %s\n", path, tr(cli_lang(), english));
}

static bool ours(int fd, struct stat *about)
{
    return fstat(fd, about) == 0 && S_ISREG(about->st_mode) && about->st_uid == geteuid() && (about->st_mode & (S_IWGRP | S_IWOTH)) == 0 &&
           about->st_size <= CACHE_MOST;
}

void rule_cache_read(const char *path, struct sigma_options *options, char **ret_bytes)
{
    struct stat about;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK);
    if (fd < 0)
        return;
    bool good = ours(fd, &about);
    char *bytes = good && about.st_size ? malloc((size_t)about.st_size) : NULL;
    if (!good)
        say(path, T_("The rule cache is not used: it must be a plain file that its user alone may write."));
    else if (bytes && read(fd, bytes, (size_t)about.st_size) == about.st_size) {
        options->cache = bytes;
        options->cache_len = (size_t)about.st_size;
    }
    close(fd);
    *ret_bytes = bytes;
}

/* Beside it first, then in its place: a scan that runs meanwhile reads the old one whole, or the new one. */
static bool replace(const char *path, const struct buf *bytes)
{
    char *part = NULL;
    int fd = bytes->failed || asprintf(&part, "%s.XXXXXX", path) < 0 ? -1 : mkostemp(part, O_CLOEXEC);
    bool good = fd >= 0 && write(fd, bytes->data, bytes->len) == (ssize_t)bytes->len;
    if (fd >= 0) {
        close(fd);
        good = good && rename(part, path) == 0;
        if (!good)
            unlink(part);
    }
    free(part);
    return good;
}

void rule_cache_keep(const char *path, const struct sigma *sigma, bool had)
{
    struct sigma_counts counts = sigma_counts(sigma);
    struct buf bytes;
    if (counts.cached == counts.databases)
        return;
    if (had)
        say(path, T_("The rule cache is of other rules, another program or machine, or damaged: it is made anew."));
    buf_init(&bytes, CACHE_MOST);
    sigma_cache_write(sigma, NULL, &bytes);
    if (!replace(path, &bytes))
        say(path, T_("The rule cache cannot be written; the rules are compiled at each start."));
    buf_free(&bytes);
}
