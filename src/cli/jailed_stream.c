/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The asking side of jailed_stream.h: starts a child for each input, as many at once as there are cores, and passes on what they send.
 * A message on the pipe is a head (kind, length) and its bytes; kind 0 is the last: status and packed reasons. The child's side is
 * jailed_stream_child.c.
 */
#include "cli/jailed_stream.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/nursery.h"
#include "base/text.h"
#include "cli/jailed_stream_inner.h"

enum { WORKERS_MOST = 64, HELD_MOST = 1 << 20, READ_BYTES = 1 << 18 };

struct worker {
    size_t input;
    pid_t pid;
    int from;                              /* -1: at its end */
    struct buf held;
    size_t used;                           /* of held */
    bool broken;                           /* it sent nonsense */
    bool said;                             /* its last message came */
    enum status status;
};
struct run {
    const struct stream_work *work;
    const char *const *paths;
    size_t n, next, head;                  /* inputs; the next to start; the one whose messages go out */
    struct worker workers[WORKERS_MOST];   /* in the order of the inputs, the head first */
    size_t n_workers;
    unsigned long long done, all;
    struct arena *arena;                   /* of the reasons of one input */
    struct reasons reasons;
    bool stopped;
};

static void finish(struct run *run, size_t input, enum status status)
{
    run->work->ended(run->work->arg, input, status, &run->reasons);
    arena_clear(run->arena);
    reasons_init(&run->reasons, run->arena);
}

static int open_input(struct run *run, const char *path)
{
    struct stat about;
    int in = str_eq(path, "-") ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (in >= 0 && fstat(in, &about) == 0 && !S_ISDIR(about.st_mode))
        return in;
    reason_add(&run->reasons, "file", NULL, T_("The file cannot be read: %1$s."), in >= 0 ? strerror(EISDIR) : strerror(errno));
    if (in >= 0)
        close(in);
    return -1;
}

/* Starts the next input. An input that cannot be opened still has its turn: a worker that is at its end. */
static void start(struct run *run)
{
    struct worker *worker = &run->workers[run->n_workers++];
    int ends[2] = {-1, -1};
    *worker = (struct worker){.input = run->next++, .from = -1, .status = FAILED_IO};
    const char *path = run->paths[worker->input];
    buf_init(&worker->held, STREAM_MESSAGE_MOST + READ_BYTES + 64);
    int in = open_input(run, path);
    if (in < 0 || pipe2(ends, O_CLOEXEC) != 0) {
        if (in >= 0)
            reason_add(&run->reasons, "jail.start", NULL, T_("the jail could not be started: %1$s"), strerror(errno));
        if (in >= 0)
            close(in);
        worker->said = true;
        struct buf packed;
        buf_init(&packed, 1 << 20);
        reasons_pack(&run->reasons, &packed);
        stream_pack_end(&worker->held, FAILED_IO, packed.data, packed.len);
        buf_free(&packed);
        reasons_init(&run->reasons, run->arena);
        return;
    }
    fflush(NULL);
    worker->pid = fork();
    if (worker->pid == 0)
        stream_live(run->work, path, in, ends[1]);
    close(in);
    close(ends[1]);
    worker->from = ends[0];
    if (worker->pid < 0) {
        close(ends[0]);
        worker->from = -1;
    }
}

/* Why a child ended without its last word. */
static void say_why(struct run *run, const struct worker *worker, int status)
{
    char number[24];
    struct reason *reason;
    snprintf(number, sizeof number, "%d", WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
    if (worker->pid < 0)
        reason_add(&run->reasons, "jail.start", NULL, T_("the jail could not be started: %1$s"), strerror(EAGAIN));
    else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_NOT_LOCKED)
        reason_add(&run->reasons, "jail.lock", NULL, T_("the file was not read: its jail could not be locked on this kernel; “castellan doctor” tells more"));
    else {
        if (worker->broken)
            reason = reason_add(&run->reasons, "jail.answer", NULL, T_("reading the file failed: what came out of the jail is not well-formed"));
        else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)
            reason = reason_add(&run->reasons, "jail.time", NULL, T_("reading the file was stopped: it took too long"));
        else if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OUT_OF_MEMORY)
            reason = reason_add(&run->reasons, "jail.memory", NULL, T_("reading the file was stopped: it needed too much memory"));
        else
            reason = reason_add(&run->reasons, "jail.crash", NULL, T_("reading the file failed: the reader died in its jail (%1$s)"), number);
        reason_next(&run->reasons, reason, T_("treat the file as suspect: do not open it elsewhere, and report it"));
    }
}

static void take_end(struct run *run, struct worker *worker, const char *bytes, size_t len)
{
    uint32_t status = 0;
    worker->said = len >= sizeof status;
    if (worker->said)
        memcpy(&status, bytes, sizeof status);
    worker->said = worker->said && status <= NO_MEMORY && (len == sizeof status || reasons_unpack(&run->reasons, bytes + sizeof status, len - sizeof status));
    worker->broken = !worker->said;
    worker->status = (enum status)status;
}

/* Passes on what is held of the head, message by message. */
static void deliver(struct run *run, struct worker *worker)
{
    const struct stream_work *work = run->work;
    while (!run->stopped && !worker->broken && worker->held.len - worker->used >= sizeof(struct stream_head)) {
        struct stream_head head;
        memcpy(&head, worker->held.data + worker->used, sizeof head);
        if (head.len > STREAM_MESSAGE_MOST || head.kind > STREAM_PROGRESS) {
            worker->broken = true;
            break;
        }
        if (worker->held.len - worker->used - sizeof head < head.len)
            break;
        const char *bytes = worker->held.data + worker->used + sizeof head;
        worker->used += sizeof head + head.len;
        if (head.kind == STREAM_END)
            take_end(run, worker, bytes, head.len);
        else if (head.kind == STREAM_PROGRESS)
            run->done += head.len == 8 ? stream_progress_of(bytes) : 0;
        else if (!work->took(work->arg, worker->input, head.kind, bytes, head.len))
            run->stopped = true;
    }
    if (worker->used) {
        memmove(worker->held.data, worker->held.data + worker->used, worker->held.len - worker->used);
        worker->held.len -= worker->used;
        worker->used = 0;
    }
    if (work->progress)
        work->progress(work->arg, run->done < run->all ? run->done : run->all, run->all);
}

/* Ends the head once all of it is out; its place is taken by the next. */
static void end_head(struct run *run)
{
    struct worker *worker = &run->workers[0];
    int status = 0;
    if (worker->broken && worker->pid > 0)
        kill(worker->pid, SIGKILL);
    if (worker->from >= 0)
        close(worker->from);
    while (worker->pid > 0 && waitpid(worker->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (!worker->said || worker->broken || status != 0) {
        reasons_init(&run->reasons, run->arena);
        worker->status = FAILED_IO;
        say_why(run, worker, status);
    }
    buf_free(&worker->held);
    finish(run, worker->input, worker->status);
    run->n_workers--;
    memmove(run->workers, run->workers + 1, run->n_workers * sizeof *run->workers);
    run->head++;
}

static void read_worker(struct worker *worker)
{
    char *bytes = malloc(READ_BYTES);
    ssize_t got = bytes ? read(worker->from, bytes, READ_BYTES) : -1;
    if (got > 0)
        buf_add(&worker->held, bytes, (size_t)got);
    worker->broken |= worker->held.failed;
    if (got == 0 || (got < 0 && errno != EINTR)) {
        close(worker->from);
        worker->from = -1;
    }
    free(bytes);
}

static void wait_for_some(struct run *run)
{
    struct pollfd ends[WORKERS_MOST];
    struct worker *which[WORKERS_MOST];
    nfds_t n = 0;
    for (size_t i = 0; i < run->n_workers; i++) {
        struct worker *worker = &run->workers[i];
        if (worker->from >= 0 && !worker->broken && (i == 0 || worker->held.len < HELD_MOST)) {
            ends[n] = (struct pollfd){.fd = worker->from, .events = POLLIN};
            which[n++] = worker;
        }
    }
    if (!n || poll(ends, n, -1) < 0)
        return;
    for (nfds_t i = 0; i < n; i++)
        if (ends[i].revents)
            read_worker(which[i]);
}

static unsigned long long size_of_all(const char *const *paths, size_t n)
{
    unsigned long long all = 0;
    struct stat about;
    for (size_t i = 0; i < n; i++)
        if (stat(paths[i], &about) == 0 && S_ISREG(about.st_mode))
            all += (unsigned long long)about.st_size;
    return all;
}

bool stream_run(const struct stream_work *work, const char *const *paths, size_t n)
{
    struct run *run = calloc(1, sizeof *run);
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t most = work->workers ? work->workers : cores > 0 ? (size_t)cores : 1;
    if (!run)
        return false;
    most = most > WORKERS_MOST ? WORKERS_MOST : most;
    *run = (struct run){.work = work, .paths = paths, .n = n, .all = size_of_all(paths, n), .arena = arena_new(0)};
    reasons_init(&run->reasons, run->arena);
    while (!run->stopped && run->head < n) {
        while (run->n_workers < most && run->next < n)
            start(run);
        struct worker *head = &run->workers[0];
        deliver(run, head);
        if (head->from < 0 || head->broken)
            end_head(run);
        else if (!run->stopped)
            wait_for_some(run);
    }
    bool whole = !run->stopped;
    for (size_t i = 0; i < run->n_workers; i++) {
        struct worker *worker = &run->workers[i];
        if (worker->pid > 0 && kill(worker->pid, SIGKILL) == 0)
            waitpid(worker->pid, NULL, 0);
        if (worker->from >= 0)
            close(worker->from);
        buf_free(&worker->held);
    }
    arena_free(run->arena);
    free(run);
    return whole;
}
