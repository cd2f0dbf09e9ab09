/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A second folder for checkpoints, best on another machine's disk: what is there, whoever takes this machine over cannot change unseen. A file is
 * written under a passing name, synced and renamed; what is there already is never written over, so a later forgery does not replace
 * what was carried before it.
 */
#include "cli/carry.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"

#define PATH_MOST 4200

static bool copy(const char *from, const char *to)
{
    static char block[1 << 16];
    char part[PATH_MOST + 8];
    if (access(to, F_OK) == 0)
        return true;
    snprintf(part, sizeof part, "%s.part", to);
    int in = open(from, O_RDONLY | O_CLOEXEC), out = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    ssize_t n = -1;
    while (in >= 0 && out >= 0 && (n = read(in, block, sizeof block)) > 0)
        if (write(out, block, (size_t)n) != n) {
            n = -1;
            break;
        }
    bool good = n == 0 && fsync(out) == 0;
    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    good = good && rename(part, to) == 0;
    if (!good)
        unlink(part);
    return good;
}

enum status checkpoints_carry(const char *folder, const char *to)
{
    char from[PATH_MOST], target[PATH_MOST];
    snprintf(from, sizeof from, "%s/signer.pub", folder);
    snprintf(target, sizeof target, "%s/signer.pub", to);
    bool good = access(from, F_OK) != 0 || copy(from, target);
    snprintf(from, sizeof from, "%s/checkpoints", folder);
    DIR *list = opendir(from);
    for (struct dirent *entry; list && (entry = readdir(list));) {
        if (!str_ends(entry->d_name, ".note") && !str_ends(entry->d_name, ".erasures"))
            continue;
        int n = snprintf(from, sizeof from, "%s/checkpoints/%s", folder, entry->d_name), m = snprintf(target, sizeof target, "%s/%s", to, entry->d_name);
        good = n < PATH_MOST && m < PATH_MOST && copy(from, target) && good;
    }
    if (list)
        closedir(list);
    return good ? OK : FAILED_IO;
}
