/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Landlock: one ruleset that handles every right that the running kernel knows, rules for the paths given, restrict.
 */
#include "base/landlock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/jail.h"
#include "base/log.h"

#define NR_CREATE 444
#define NR_ADD_RULE 445
#define NR_RESTRICT 446
#define CREATE_VERSION 1u
#define RULE_PATH_BENEATH 1

enum {
    RIGHT_EXECUTE = 1 << 0, RIGHT_WRITE_FILE = 1 << 1, RIGHT_READ_FILE = 1 << 2, RIGHT_READ_DIR = 1 << 3,
    RIGHT_ALL_1 = (1 << 13) - 1,                        /* version 1 */
    RIGHT_REFER = 1 << 13, RIGHT_TRUNCATE = 1 << 14, RIGHT_IOCTL_DEV = 1 << 15,
    RIGHT_MAKE_CHAR = 1 << 6, RIGHT_MAKE_BLOCK = 1 << 11,
};
struct ruleset { uint64_t files, network, scoped; };
struct path_rule { uint64_t allowed; int32_t parent; } __attribute__((packed));

int landlock_version(void)
{
    long version = syscall(NR_CREATE, NULL, 0, CREATE_VERSION);
    return version < 0 ? 0 : (int)version;
}

static uint64_t handled_files(int version)
{
    uint64_t handled = RIGHT_ALL_1;
    if (version >= 2)
        handled |= RIGHT_REFER;
    if (version >= 3)
        handled |= RIGHT_TRUNCATE;
    if (version >= 5)
        handled |= RIGHT_IOCTL_DEV;
    return handled;
}

static bool allow(int ruleset, const char *path, uint64_t rights)
{
    struct stat info;
    struct path_rule rule = {.allowed = rights, .parent = open(path, O_PATH | O_CLOEXEC)};
    if (rule.parent < 0)
        return errno == ENOENT;                         /* what is not there needs no right */
    bool good = fstat(rule.parent, &info) == 0;
    if (good && !S_ISDIR(info.st_mode))
        rule.allowed &= RIGHT_EXECUTE | RIGHT_WRITE_FILE | RIGHT_READ_FILE | RIGHT_TRUNCATE | RIGHT_IOCTL_DEV;
    good = good && syscall(NR_ADD_RULE, ruleset, RULE_PATH_BENEATH, &rule, 0) == 0;
    close(rule.parent);
    return good;
}

static bool allow_all(int ruleset, const char *const *paths, uint64_t rights)
{
    for (; paths && *paths; paths++) {
        if (!allow(ruleset, *paths, rights)) {
            log_warn("Landlock: no rule could be made for a path (%d)", errno);
            return false;
        }
    }
    return true;
}

bool landlock_only(const char *const *read_paths, const char *const *write_paths, bool alone)
{
    int version = landlock_version();
    if (version < 1)
        return false;
    uint64_t handled = handled_files(version);
    struct ruleset attributes = {.files = handled, .scoped = alone && version >= 6 ? 3 : 0};
    size_t size = version >= 6 ? sizeof attributes : version >= 4 ? 16 : 8;
    int ruleset = (int)syscall(NR_CREATE, &attributes, size, 0);
    if (ruleset < 0)
        return false;
    uint64_t writing = handled & ~(uint64_t)(RIGHT_EXECUTE | RIGHT_MAKE_CHAR | RIGHT_MAKE_BLOCK | RIGHT_IOCTL_DEV);
    bool good = allow_all(ruleset, read_paths, RIGHT_READ_FILE | RIGHT_READ_DIR) &&
                allow_all(ruleset, write_paths, writing) &&
                prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && syscall(NR_RESTRICT, ruleset, 0) == 0;
    close(ruleset);
    return good;
}
