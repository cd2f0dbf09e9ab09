/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Least privilege for long-lived processes and the lock of a jail: both are Landlock and a system call filter, the jail
 * with neither files nor anything that opens some.
 */
#include <sys/prctl.h>
#include <sys/resource.h>

#include "base/filter.h"
#include "base/jail.h"
#include "base/landlock.h"
#include "base/log.h"

bool confine_process(const struct confine *confine)
{
    bool files = landlock_only(confine->read_paths, confine->write_paths, false);
    bool calls = filter_process(confine->network, confine->fork);
    if (!files)
        log_warn("this process is not confined to its files: the kernel offers no Landlock");
    if (!calls)
        log_warn("this process may call all of the kernel: no seccomp filter could be set");
    if (!SANITIZED)                        /* LeakSanitizer looks into its own process from outside */
        prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    return files && calls;
}

bool jail_lock(void)
{
    struct sock_fprog program;
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    landlock_only(NULL, NULL, true);       /* a second lock: the filter alone forbids every open */
    return filter_jail(&program) && filter_put_on(&program);
}
