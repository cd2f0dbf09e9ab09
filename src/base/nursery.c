/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The nursery: one thread, no keys, no database. It takes orders while fewer than MOST_JAILS run, forks a jail for
 * each, kills those that pass their time (in sanitizer builds, where an address space cannot be bounded, also those
 * that pass their memory), and sends a verdict on each end. What happens in a jail cannot stop it.
 */
#include "base/nursery.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/log.h"

#define MOST_JAILS 8

struct jail {
    pid_t pid;                             /* 0: free */
    int verdict_to;
    int64_t deadline;                      /* monotonic ms */
    size_t max_memory;
    enum jail_end end;
};

struct nursery_state {
    const struct jailer *const *jailers;
    uint32_t n_jailers;
    int control, ends;                     /* orders; SIGCHLD as a descriptor */
    struct sock_fprog filter;
    size_t mapped;                         /* the address space at the start, and some room */
    struct jail jails[MOST_JAILS];
    unsigned running;
};

static int64_t monotonic(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void send_verdict(int to, int wait_status, enum jail_end end)
{
    struct verdict verdict = {.wait_status = wait_status, .end = (uint32_t)end};
    ssize_t sent = send(to, &verdict, sizeof verdict, MSG_NOSIGNAL | MSG_DONTWAIT);
    (void)sent;                            /* who asked may have gone */
    close(to);
}

/* One order with its three descriptors. False when the control socket is at its end. */
static bool receive(struct nursery_state *n, struct order *order, int fds[3], bool *ret_good)
{
    union { char bytes[CMSG_SPACE(3 * sizeof(int))]; struct cmsghdr align; } control;
    struct iovec part = {order, sizeof *order};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    ssize_t got = recvmsg(n->control, &message, MSG_CMSG_CLOEXEC);
    *ret_good = false;
    if (got <= 0)
        return got < 0 && errno == EINTR;
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    size_t have = 0;
    int given[3] = {-1, -1, -1};
    if (head && head->cmsg_level == SOL_SOCKET && head->cmsg_type == SCM_RIGHTS) {
        have = (head->cmsg_len - CMSG_LEN(0)) / sizeof(int);
        memcpy(given, CMSG_DATA(head), (have < 3 ? have : 3) * sizeof(int));
    }
    *ret_good = got == (ssize_t)sizeof *order && have == 3 && order->jailer < n->n_jailers;
    for (int i = 0; i < 3; i++) {
        if (!*ret_good && given[i] >= 0)
            close(given[i]);
        fds[i] = given[i];
    }
    return true;
}

static void start_jail(struct nursery_state *n, const struct order *order, const int fds[3])
{
    const struct jailer *jailer = n->jailers[order->jailer];
    struct jail *jail = n->jails;
    while (jail->pid)
        jail++;
    pid_t pid = fork();
    if (pid == 0) {
        sigset_t none;
        sigemptyset(&none);
        sigprocmask(SIG_SETMASK, &none, NULL);
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        jail_live(jailer, order, &n->filter, n->mapped, fds[0], fds[1]);
    }
    close(fds[0]);
    close(fds[1]);
    if (pid < 0) {
        log_error("no jail could be forked (%d)", errno);
        close(fds[2]);                     /* the end without a verdict says so */
        return;
    }
    *jail = (struct jail){.pid = pid, .verdict_to = fds[2], .max_memory = MAX_MEMORY(jailer),
                          .deadline = monotonic() + (int64_t)MAX_SECONDS(jailer) * 1000};
    n->running++;
}

static void reap(struct nursery_state *n)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;) {
        for (struct jail *jail = n->jails; jail < n->jails + MOST_JAILS; jail++) {
            if (jail->pid != pid)
                continue;
            send_verdict(jail->verdict_to, status, jail->end);
            *jail = (struct jail){0};
            n->running--;
        }
    }
}

/* A process' address space and resident memory in bytes; zeros when they cannot be read. */
static void memory_of(pid_t pid, size_t *mapped, size_t *resident)
{
    char path[40];
    unsigned long all = 0, present = 0;
    snprintf(path, sizeof path, "/proc/%ld/statm", (long)pid);
    FILE *file = fopen(path, "re");
    if (file && fscanf(file, "%lu %lu", &all, &present) != 2)
        all = present = 0;
    if (file)
        fclose(file);
    *mapped = (size_t)all * 4096;
    *resident = (size_t)present * 4096;
}

static bool passes_memory(const struct jail *jail)
{
    size_t mapped, resident;
    if (!SANITIZED)
        return false;                      /* RLIMIT_AS bounds it */
    memory_of(jail->pid, &mapped, &resident);
    return resident > jail->max_memory + ((size_t)128 << 20);
}

static void kill_offenders(struct nursery_state *n)
{
    int64_t now = monotonic();
    for (struct jail *jail = n->jails; jail < n->jails + MOST_JAILS; jail++) {
        if (!jail->pid || jail->end != END_NORMAL)
            continue;
        if (now >= jail->deadline)
            jail->end = END_TIME;
        else if (passes_memory(jail))
            jail->end = END_MEMORY;
        if (jail->end != END_NORMAL)
            kill(jail->pid, SIGKILL);
    }
}

/* How long poll may sleep: to the next deadline, and shortly where memory is watched. */
static int patience(const struct nursery_state *n)
{
    int64_t now = monotonic(), least = -1;
    for (const struct jail *jail = n->jails; jail < n->jails + MOST_JAILS; jail++) {
        if (!jail->pid || jail->end != END_NORMAL)
            continue;
        int64_t left = jail->deadline > now ? jail->deadline - now : 0;
        if (SANITIZED && left > 20)
            left = 20;
        if (least < 0 || left < least)
            least = left;
    }
    return least > 60000 ? 60000 : (int)least;
}

static bool prepare(struct nursery_state *n)
{
    static const char *const proc[] = {"/proc", NULL};
    struct confine confine = {.read_paths = SANITIZED ? proc : NULL, .fork = true};
    sigset_t children;
    /* The terminal's and the service manager's signals reach every process; this one ends with its control socket. */
    const int passed_over[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT};
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        signal(passed_over[i], SIG_IGN);
    setenv("TZ", "UTC0", 1);               /* libraries ask for the zone (libzip does), whose file a jail cannot read; */
    tzset();                               /* a zone that is named and known is not looked up again */
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    n->ends = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    while (n->jailers[n->n_jailers])
        n->n_jailers++;
    if (n->ends < 0 || !filter_jail(&n->filter)) {
        log_error("the nursery cannot build its locks and takes no file");
        return false;
    }
    size_t resident;
    memory_of(getpid(), &n->mapped, &resident);
    n->mapped = n->mapped ? n->mapped + ((size_t)1 << 20) : (size_t)512 << 20;
    confine_process(&confine);             /* what is missing is in the log; the jails have locks of their own */
    return true;
}

void nursery_live(const struct jailer *const *jailers, int control)
{
    struct nursery_state n = {.jailers = jailers, .control = control};
    bool open = prepare(&n);
    while (open) {
        struct pollfd waits[2] = {{n.ends, POLLIN, 0}, {n.running < MOST_JAILS ? control : -1, POLLIN, 0}};
        int ready = poll(waits, 2, patience(&n));
        if (ready < 0 && errno != EINTR)
            break;
        struct signalfd_siginfo info;
        while (read(n.ends, &info, sizeof info) == (ssize_t)sizeof info)
            continue;
        reap(&n);
        kill_offenders(&n);
        if (ready > 0 && waits[1].revents && n.running < MOST_JAILS) {
            struct order order;
            int fds[3];
            bool good;
            open = receive(&n, &order, fds, &good);
            if (open && good)
                start_jail(&n, &order, fds);
        }
    }
    for (struct jail *jail = n.jails; jail < n.jails + MOST_JAILS; jail++) {
        if (jail->pid)
            kill(jail->pid, SIGKILL);
    }
    while (wait(NULL) > 0)
        continue;
    free(n.filter.filter);
}
