/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * System call filters by libseccomp, as lists of what is allowed. Names that a kernel or libseccomp does not know are
 * passed over: they cannot be called then.
 */
#include "base/filter.h"

#include <errno.h>
#include <sched.h>
#include <seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/jail.h"

#define ERRNO_PERM SCMP_ACT_ERRNO(EPERM)

static bool rule_all(scmp_filter_ctx filter, uint32_t action, const char *const *names)
{
    for (; *names; names++) {
        int number = seccomp_syscall_resolve_name(*names);
        if (number == __NR_SCMP_ERROR)
            continue;
        if (seccomp_rule_add(filter, action, number, 0) != 0)
            return false;
    }
    return true;
}

/* mmap and mprotect, but never executable memory. */
static bool allow_data_memory(scmp_filter_ctx filter)
{
    const int calls[] = {SCMP_SYS(mmap), SCMP_SYS(mprotect)};
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0)) != 0)
            return false;
    }
    return true;
}

static const char *const jail_calls[] = {
    "exit", "exit_group", "rt_sigreturn", "rt_sigprocmask", "munmap", "mremap", "brk", "madvise", "futex",
    "read", "readv", "pread64", "write", "writev", "lseek", "fstat", "close", "poll", "ppoll",
    "clock_gettime", "clock_nanosleep", "nanosleep", "gettimeofday", "time", "getrandom", "getpid", "gettid",
    "sched_yield", "sysinfo", "restart_syscall",
#if SANITIZED
    "sigaltstack", "rt_sigaction", "sched_getaffinity", "set_robust_list", "membarrier",
#endif
    NULL,
};
/* abort() signals itself first; that this fails, and is no reason to die in another way, keeps reports true. */
static const char *const jail_fails[] = {"tgkill", "tkill", "kill", "prctl", NULL};

static bool exported(scmp_filter_ctx filter, struct sock_fprog *ret)
{
    int file = memfd_create("castellan-filter", MFD_CLOEXEC);
    if (file < 0)
        return false;
    off_t size = 0;
    struct sock_filter *code = NULL;
    bool good = seccomp_export_bpf(filter, file) == 0 && (size = lseek(file, 0, SEEK_END)) > 0 &&
                (code = malloc((size_t)size)) != NULL && pread(file, code, (size_t)size, 0) == size;
    close(file);
    if (!good) {
        free(code);
        return false;
    }
    *ret = (struct sock_fprog){.len = (unsigned short)((size_t)size / sizeof *code), .filter = code};
    return true;
}

bool filter_jail(struct sock_fprog *ret)
{
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    if (!filter)
        return false;
    bool good = rule_all(filter, SCMP_ACT_ALLOW, jail_calls) && rule_all(filter, ERRNO_PERM, jail_fails) &&
                allow_data_memory(filter) && exported(filter, ret);
    seccomp_release(filter);
    return good;
}

bool filter_put_on(const struct sock_fprog *program)
{
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
           prctl(PR_SET_SECCOMP, 2 /* SECCOMP_MODE_FILTER */, program, 0, 0) == 0;
}

bool seccomp_available(void)
{
    return prctl(PR_GET_SECCOMP, 0, 0, 0, 0) >= 0 && seccomp_api_get() >= 1;
}

/* ---- long-lived processes ---- */

static const char *const process_calls[] = {
    /* memory, threads, time, signals */
    "exit", "exit_group", "rt_sigreturn", "rt_sigprocmask", "rt_sigaction", "rt_sigtimedwait", "rt_sigpending",
    "rt_sigsuspend", "sigaltstack", "munmap", "mremap", "brk", "madvise", "mincore", "msync", "mlock", "munlock", "mlock2",
    "mlockall", "futex", "futex_waitv", "set_robust_list", "get_robust_list", "rseq", "set_tid_address", "membarrier",
    "sched_yield", "sched_getaffinity", "sched_setaffinity", "sched_getparam", "sched_getscheduler",
    "sched_get_priority_max", "sched_get_priority_min", "getpriority", "clock_gettime", "clock_getres",
    "clock_nanosleep", "nanosleep", "gettimeofday", "time", "times", "getrusage", "getrandom", "sysinfo", "uname",
    "restart_syscall", "tgkill", "tkill", "kill", "pause", "alarm", "setitimer", "timer_create", "timer_settime", "timer_delete",
    "timerfd_create", "timerfd_settime", "timerfd_gettime", "prctl", "arch_prctl", "prlimit64", "getrlimit",
    "wait4", "waitid", "pidfd_open", "pidfd_send_signal", "signalfd4", "close_range",
    /* who and where */
    "getpid", "getppid", "gettid", "getuid", "geteuid", "getgid", "getegid", "getgroups", "getpgrp", "getpgid",
    "getsid", "getresuid", "getresgid", "getcpu", "capget", "umask", "getcwd", "chdir", "fchdir", "seccomp",
    "landlock_create_ruleset", "landlock_add_rule", "landlock_restrict_self",
    /* files, which Landlock bounds */
    "read", "readv", "pread64", "preadv", "preadv2", "write", "writev", "pwrite64", "pwritev", "pwritev2", "lseek",
    "open", "openat", "openat2", "creat", "close", "stat", "lstat", "fstat", "newfstatat", "statx", "statfs", "fstatfs",
    "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getdents64", "getdents", "mkdir", "mkdirat",
    "rmdir", "unlink", "unlinkat", "rename", "renameat", "renameat2", "link", "linkat", "symlink", "symlinkat",
    "ftruncate", "truncate", "fallocate", "fsync", "fdatasync", "syncfs", "sync_file_range", "fadvise64", "flock", "fcntl",
    "dup", "dup2", "dup3", "chmod", "fchmod", "fchmodat", "utimensat", "copy_file_range", "sendfile", "splice", "tee",
    "fchown", "chown", "ioctl", "memfd_create", "inotify_init1", "inotify_add_watch", "inotify_rm_watch",
    "eventfd2", "eventfd", "pipe", "pipe2", "poll", "ppoll", "select", "pselect6", "epoll_create", "epoll_create1",
    "epoll_ctl", "epoll_wait", "epoll_pwait", "epoll_pwait2",
    /* what comes and goes over descriptors that are open already */
    "sendmsg", "recvmsg", "sendto", "recvfrom", "sendmmsg", "recvmmsg", "shutdown", "socketpair", "getsockname",
    "getpeername", "getsockopt", "setsockopt",
#if SANITIZED
    "personality", "ptrace", "process_vm_readv", "clone",
#endif
    NULL,
};
static const char *const network_calls[] = {"socket", "bind", "listen", "accept", "accept4", "connect", NULL};
static const char *const fork_calls[] = {"clone", "fork", "vfork", NULL};
/* Nobody here has a reason to try these; who does is not ours any more. */
static const char *const killing_calls[] = {
    "execve", "execveat", "mount", "umount2", "pivot_root", "chroot", "init_module", "finit_module", "delete_module",
    "kexec_load", "kexec_file_load", "bpf", "perf_event_open", "userfaultfd", "reboot", "swapon", "swapoff",
    "setns", "unshare", "process_vm_writev", "add_key", "request_key", "keyctl", "mknod", "mknodat", "acct",
#if !SANITIZED
    "ptrace", "process_vm_readv",
#endif
    NULL,
};

bool filter_process(bool network, bool fork)
{
    scmp_filter_ctx filter = seccomp_init(ERRNO_PERM);
    if (!filter)
        return false;
    bool good = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1) == 0 &&
                rule_all(filter, SCMP_ACT_ALLOW, process_calls) &&
                rule_all(filter, SCMP_ACT_KILL_PROCESS, killing_calls) && allow_data_memory(filter);
    if (good && network)
        good = rule_all(filter, SCMP_ACT_ALLOW, network_calls);
    if (good && fork)
        good = rule_all(filter, SCMP_ACT_ALLOW, fork_calls);
    else if (good && !SANITIZED)
        good = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
                                SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD, CLONE_THREAD)) == 0;
    /* clone3 hides its flags behind a pointer: "unknown" makes the C library fall back to clone. */
    good = good && seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0) == 0 &&
           seccomp_load(filter) == 0;
    seccomp_release(filter);
    return good;
}
