/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See workers.h. Between the office and the keeper a socket carries orders (begin, kill) and their answers, one at a time; what has become of
 * each worker stands in a page that they share, which no worker can write. When a worker ends, the keeper ends its rings, so that whoever waits at
 * the other side wakes up.
 */
#include "wire/workers.h"

#include <errno.h>
#include <malloc.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/jail.h"
#include "base/log.h"
#include "base/nursery.h"

enum what { BEGIN, KILL };
struct message { uint32_t what, index; };
struct state { _Atomic pid_t process; _Atomic int ended; };
struct keeper {
    const struct worker_work *work;
    unsigned n;
    pid_t pid;
    int control;
    pthread_mutex_t lock;                    /* one order at a time */
    struct state *states;                    /* shared with the keeper */
    struct ring *in[WORKERS_MOST], *out[WORKERS_MOST];
};

/* ---- a worker ---- */

static size_t mapped_now(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%lu", &pages) != 1)
        pages = 1 << 18;
    if (file)
        fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static _Noreturn void live(struct keeper *w, unsigned index, size_t mapped)
{
    size_t most = w->work->memory ? w->work->memory : (size_t)1 << 30;
    const struct rlimit memory = {mapped + most, mapped + most}, none = {0, 0};
    sigset_t nothing;
    sigemptyset(&nothing);
    sigprocmask(SIG_SETMASK, &nothing, NULL);
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NAME, w->work->name, 0, 0, 0);
    /* What is about the others is not for this one's eyes. */
    munmap(w->states, sizeof(struct state) * WORKERS_MOST);
    for (unsigned i = 0; i < w->n; i++)
        if (i != index) {
            ring_free(w->in[i]);
            ring_free(w->out[i]);
        }
    close_range(SANITIZED ? 3 : 0, ~0U, 0);
    if ((!SANITIZED && setrlimit(RLIMIT_AS, &memory) != 0) || setrlimit(RLIMIT_CORE, &none) != 0)
        _exit(EXIT_NOT_LOCKED);
    mallopt(M_ARENA_MAX, 1);
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    if (!jail_lock())
        _exit(EXIT_NOT_LOCKED);
    _exit(w->work->run(w->in[index], w->out[index]));
}

/* ---- the keeper ---- */

static void reap(struct keeper *w)
{
    int status;
    for (pid_t pid; (pid = waitpid(-1, &status, WNOHANG)) > 0;)
        for (unsigned i = 0; i < w->n; i++)
            if (atomic_load(&w->states[i].process) == pid) {
                atomic_store(&w->states[i].ended, status);
                atomic_store(&w->states[i].process, 0);
                ring_end(w->in[i]);
                ring_end(w->out[i]);
            }
}

static void kill_one(struct keeper *w, unsigned index)
{
    pid_t pid = atomic_load(&w->states[index].process);
    int status = 0;
    if (!pid)
        return;
    kill(pid, SIGKILL);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    atomic_store(&w->states[index].ended, status);
    atomic_store(&w->states[index].process, 0);
    ring_end(w->in[index]);
    ring_end(w->out[index]);
}

static void obey(struct keeper *w, const struct message *order, size_t mapped)
{
    kill_one(w, order->index);
    if (order->what != BEGIN)
        return;
    ring_reset(w->in[order->index]);
    ring_reset(w->out[order->index]);
    pid_t pid = fork();
    if (pid == 0)
        live(w, order->index, mapped);
    if (pid < 0)
        log_error("no worker could be forked (%d)", errno);
    else
        atomic_store(&w->states[order->index].process, pid);
}

static void keep(struct keeper *w, int control)
{
    const int passed_over[] = {SIGINT, SIGTERM, SIGHUP, SIGPIPE, SIGQUIT};
    const struct confine confine = {.fork = true};
    size_t mapped = mapped_now() + ((size_t)1 << 20);
    sigset_t children;
    for (size_t i = 0; i < sizeof passed_over / sizeof *passed_over; i++)
        signal(passed_over[i], SIG_IGN);
    prctl(PR_SET_NAME, "keeper", 0, 0, 0);
    setenv("TZ", "UTC0", 1);
    sigemptyset(&children);
    sigaddset(&children, SIGCHLD);
    sigprocmask(SIG_BLOCK, &children, NULL);
    int ends = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
    if (ends < 0) {
        log_error("the keeper of workers cannot begin (%d)", errno);
        return;
    }
    confine_process(&confine);
    for (;;) {
        struct pollfd waits[2] = {{ends, POLLIN, 0}, {control, POLLIN, 0}};
        struct signalfd_siginfo info;
        struct message order;
        if (poll(waits, 2, -1) < 0 && errno != EINTR)
            break;
        while (read(ends, &info, sizeof info) == (ssize_t)sizeof info)
            continue;
        reap(w);
        if (!waits[1].revents)
            continue;
        ssize_t got = recv(control, &order, sizeof order, 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof order || order.index >= w->n)
            break;
        obey(w, &order, mapped);
        if (send(control, &order, sizeof order, MSG_NOSIGNAL) < 0)
            break;
    }
    for (unsigned i = 0; i < w->n; i++)
        kill_one(w, i);
}

/* ---- the office's side ---- */

static void give_up(struct keeper *w)
{
    for (unsigned i = 0; i < w->n; i++) {
        ring_free(w->in[i]);
        ring_free(w->out[i]);
    }
    if (w->states)
        munmap(w->states, sizeof(struct state) * WORKERS_MOST);
    pthread_mutex_destroy(&w->lock);
    free(w);
}

enum status keeper_start(unsigned n, const struct worker_work *work, struct reasons *reasons, struct keeper **ret)
{
    int pair[2];
    struct keeper *w = calloc(1, sizeof *w);
    if (!w)
        return NO_MEMORY;
    w->n = n < WORKERS_MOST ? n : WORKERS_MOST;
    w->work = work;
    pthread_mutex_init(&w->lock, NULL);
    void *page = mmap(NULL, sizeof(struct state) * WORKERS_MOST, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    w->states = page == MAP_FAILED ? NULL : page;
    bool good = w->states;
    for (unsigned i = 0; good && i < w->n; i++)
        good = (w->in[i] = ring_new(work->in_bytes)) && (w->out[i] = ring_new(work->out_bytes));
    if (!good || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0) {
        give_up(w);
        return NO_MEMORY;
    }
    fflush(stdout);
    w->pid = fork();
    if (w->pid == 0) {
        close(pair[0]);
        prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
        keep(w, pair[1]);
        _exit(0);
    }
    close(pair[1]);
    if (w->pid < 0) {
        reason_add(reasons, "workers.fork", NULL, T_("The keeper of the log workers could not be forked: %1$s."), strerror(errno));
        close(pair[0]);
        give_up(w);
        return FAILED_IO;
    }
    w->control = pair[0];
    *ret = w;
    return OK;
}

void keeper_stop(struct keeper *w)
{
    if (!w)
        return;
    close(w->control);
    while (waitpid(w->pid, NULL, 0) < 0 && errno == EINTR)
        continue;
    give_up(w);
}

unsigned keeper_count(const struct keeper *w) { return w->n; }
pid_t keeper_pid(const struct keeper *w) { return w->pid; }
pid_t keeper_process(const struct keeper *w, unsigned index) { return atomic_load(&w->states[index].process); }
int keeper_ended(const struct keeper *w, unsigned index) { return atomic_load(&w->states[index].ended); }

static bool give_order(struct keeper *w, enum what what, unsigned index)
{
    struct message message = {what, index};
    ssize_t got;
    pthread_mutex_lock(&w->lock);
    bool good = index < w->n && send(w->control, &message, sizeof message, MSG_NOSIGNAL) == (ssize_t)sizeof message;
    while (good && (got = recv(w->control, &message, sizeof message, 0)) != (ssize_t)sizeof message)
        good = got < 0 && errno == EINTR;
    pthread_mutex_unlock(&w->lock);
    return good;
}

bool keeper_begin(struct keeper *w, unsigned index, struct ring **ret_in, struct ring **ret_out)
{
    if (!give_order(w, KILL, index))
        return false;
    ring_reset(w->in[index]);
    ring_reset(w->out[index]);
    if (!give_order(w, BEGIN, index) || !keeper_process(w, index))
        return false;
    *ret_in = w->in[index];
    *ret_out = w->out[index];
    return true;
}

void keeper_kill(struct keeper *w, unsigned index)
{
    if (!give_order(w, KILL, index))
        log_error("the keeper of workers does not answer");
}
