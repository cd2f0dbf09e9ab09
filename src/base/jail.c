/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The asking side of the jails: starts and stops the nursery, makes an order of a request, waits for the verdict, and
 * takes from the output only what the output's own size allows.
 */
#include "base/jail.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/nursery.h"

struct nursery {
    const struct jailer *const *jailers;
    pid_t pid;
    int control;
};

enum status nursery_start(const struct jailer *const *jailers, struct reasons *reasons, struct nursery **ret)
{
    int ends[2];
    struct nursery *nursery = calloc(1, sizeof *nursery);
    if (!nursery)
        return NO_MEMORY;
    if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0) {
        reason_add(reasons, "jail.start", NULL, T_("the nursery could not be started: %1$s"), strerror(errno));
        free(nursery);
        return FAILED_IO;
    }
    pid_t parent = getpid(), pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
        prctl(PR_SET_NAME, "nursery", 0, 0, 0);
        log_set(LOG_INFO_, "nursery");
        free(nursery);
        /* Nothing else that was open comes along: no lock, no socket, no file. */
        if (getppid() == parent && dup2(ends[1], 3) == 3 && close_range(4, ~0U, 0) == 0)
            nursery_live(jailers, 3);
        _exit(0);
    }
    close(ends[1]);
    if (pid < 0) {
        reason_add(reasons, "jail.start", NULL, T_("the nursery could not be started: %1$s"), strerror(errno));
        close(ends[0]);
        free(nursery);
        return FAILED_IO;
    }
    *nursery = (struct nursery){jailers, pid, ends[0]};
    *ret = nursery;
    return OK;
}

pid_t nursery_process(const struct nursery *nursery)
{
    return nursery->pid;
}

static struct nursery *shared;
void nursery_share(struct nursery *nursery) { shared = nursery; }
struct nursery *nursery_shared(void) { return shared; }

void nursery_stop(struct nursery *nursery)
{
    if (!nursery)
        return;
    shutdown(nursery->control, SHUT_RDWR);             /* also where another process still holds the descriptor */
    close(nursery->control);
    for (int tries = 0; tries < 200; tries++) {
        pid_t ended = waitpid(nursery->pid, NULL, WNOHANG);
        if (ended == nursery->pid || (ended < 0 && errno == ECHILD)) {
            free(nursery);
            return;
        }
        nanosleep(&(struct timespec){0, 10000000}, NULL);
    }
    kill(nursery->pid, SIGKILL);
    waitpid(nursery->pid, NULL, 0);
    free(nursery);
}

/* ---- one request ---- */

struct request {
    const struct jailer *jailer;
    struct order order;
    int input, output, verdict[2];         /* -1: not open */
};

static void request_close(struct request *request)
{
    int *all[] = {&request->input, &request->output, &request->verdict[0], &request->verdict[1]};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        if (*all[i] >= 0)
            close(*all[i]);
        *all[i] = -1;
    }
}

static bool write_all(int file, const char *bytes, size_t len)
{
    while (len) {
        ssize_t wrote = write(file, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

static bool request_open(struct request *request, const char *input, size_t len)
{
    const int fixed = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
    request->order.input_len = len;
    request->order.output_len = sizeof(struct outcome) + MAX_ANSWER(request->jailer) + REASONS_BYTES;
    request->input = memfd_create("castellan-input", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    request->output = memfd_create("castellan-output", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    return request->input >= 0 && request->output >= 0 && write_all(request->input, input, len) &&
           fcntl(request->input, F_ADD_SEALS, fixed | F_SEAL_WRITE) == 0 &&
           ftruncate(request->output, (off_t)request->order.output_len) == 0 &&
           fcntl(request->output, F_ADD_SEALS, fixed) == 0 &&
           socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, request->verdict) == 0;
}

static bool request_send(const struct nursery *nursery, struct request *request)
{
    union { char bytes[CMSG_SPACE(3 * sizeof(int))]; struct cmsghdr align; } control = {{0}};
    struct iovec part = {&request->order, sizeof request->order};
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control.bytes,
                             .msg_controllen = sizeof control.bytes};
    struct cmsghdr *head = CMSG_FIRSTHDR(&message);
    int fds[3] = {request->input, request->output, request->verdict[1]};
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof fds);
    memcpy(CMSG_DATA(head), fds, sizeof fds);
    ssize_t sent;
    do
        sent = sendmsg(nursery->control, &message, MSG_NOSIGNAL);
    while (sent < 0 && errno == EINTR);
    close(request->verdict[1]);            /* the nursery's copy alone keeps the other end open now */
    request->verdict[1] = -1;
    return sent == (ssize_t)sizeof request->order;
}

/* The verdict; false when the nursery has gone. It ends every jail at its time, so this waits without a limit. */
static bool request_verdict(struct request *request, struct verdict *ret)
{
    for (;;) {
        ssize_t got = recv(request->verdict[0], ret, sizeof *ret, 0);
        if (got == (ssize_t)sizeof *ret)
            return true;
        if (got >= 0 || errno != EINTR)
            return false;
    }
}

static void suspicious(struct reasons *reasons, struct reason *reason)
{
    reason_next(reasons, reason, T_("treat the file as suspect: do not open it elsewhere, and report it"));
}

/* Why a jail ended, when it did not end well. */
static void say_why(struct reasons *reasons, const struct jailer *jailer, const struct verdict *verdict)
{
    char number[24];
    int status = verdict->wait_status;
    if (verdict->end == END_TIME || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU)) {
        snprintf(number, sizeof number, "%u", MAX_SECONDS(jailer));
        suspicious(reasons, reason_add(reasons, "jail.time", NULL,
            T_("reading the file as “%1$s” was stopped: it took longer than %2$s s"), jailer->name, number));
    } else if (verdict->end == END_MEMORY || (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_OUT_OF_MEMORY)) {
        snprintf(number, sizeof number, "%zu", MAX_MEMORY(jailer) >> 20);
        suspicious(reasons, reason_add(reasons, "jail.memory", NULL,
            T_("reading the file as “%1$s” was stopped: it needed more than %2$s MiB of memory"), jailer->name, number));
    } else if (WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS) {
        suspicious(reasons, reason_add(reasons, "jail.forbidden", NULL,
            T_("reading the file as “%1$s” was stopped: the reader tried what is forbidden in its jail (killed by seccomp)"),
            jailer->name));
    } else if (WIFSIGNALED(status)) {
        snprintf(number, sizeof number, "%d", WTERMSIG(status));
        suspicious(reasons, reason_add(reasons, "jail.crash", NULL,
            T_("reading the file as “%1$s” failed: the reader was killed by signal %2$s"), jailer->name, number));
    } else if (WEXITSTATUS(status) == EXIT_NOT_LOCKED) {
        reason_add(reasons, "jail.lock", NULL,
            T_("the file was not read: its jail could not be locked on this kernel; “castellan doctor” tells more"));
    } else {
        snprintf(number, sizeof number, "%d", WEXITSTATUS(status));
        suspicious(reasons, reason_add(reasons, "jail.crash", NULL,
            T_("reading the file as “%1$s” failed: the reader ended with code %2$s and no answer"), jailer->name, number));
    }
}

static bool read_at(int file, void *to, size_t len, size_t from)
{
    char *at = to;
    while (len) {
        ssize_t got = pread(file, at, len, (off_t)from);
        if (got < 0 && errno == EINTR)
            continue;
        if (got <= 0)
            return false;
        at += got;
        from += (size_t)got;
        len -= (size_t)got;
    }
    return true;
}

/* What the jail wrote. It has ended, so nothing changes under our eyes. */
static enum status take_outcome(struct request *request, struct arena *arena, struct reasons *reasons,
                                const char **ret_answer, size_t *ret_len)
{
    struct outcome outcome;
    size_t room = (size_t)request->order.output_len - sizeof outcome;
    bool good = read_at(request->output, &outcome, sizeof outcome, 0) && outcome.mark == OUTCOME_MARK &&
                outcome.answer_len <= room && outcome.reasons_len <= room - outcome.answer_len &&
                outcome.reasons_len <= REASONS_BYTES && outcome.status <= NO_MEMORY;
    char *packed = NULL;
    if (good && outcome.reasons_len) {
        packed = malloc((size_t)outcome.reasons_len);
        good = packed && read_at(request->output, packed, (size_t)outcome.reasons_len,
                                 sizeof outcome + (size_t)outcome.answer_len) &&
               (!reasons || reasons_unpack(reasons, packed, (size_t)outcome.reasons_len));
        free(packed);
    }
    if (!good) {
        suspicious(reasons, reason_add(reasons, "jail.answer", NULL,
            T_("reading the file as “%1$s” failed: what came out of the jail is not well-formed"), request->jailer->name));
        return FAILED_IO;
    }
    if (outcome.status)
        return (enum status)outcome.status;
    char *answer = arena_alloc(arena, (size_t)outcome.answer_len + 1);
    if (!read_at(request->output, answer, (size_t)outcome.answer_len, sizeof outcome))
        return FAILED_IO;
    *ret_answer = answer;
    *ret_len = (size_t)outcome.answer_len;
    return OK;
}

static const struct jailer *find(const struct nursery *nursery, const char *name, uint32_t *ret_place)
{
    for (uint32_t i = 0; nursery->jailers[i]; i++) {
        if (strcmp(nursery->jailers[i]->name, name) == 0) {
            *ret_place = i;
            return nursery->jailers[i];
        }
    }
    return NULL;
}

static enum status run(struct nursery *nursery, struct request *request, const char *input, size_t len,
                       struct arena *arena, struct reasons *reasons, const char **ret_answer, size_t *ret_len)
{
    struct verdict verdict;
    if (!request_open(request, input, len) || !request_send(nursery, request)) {
        reason_add(reasons, "jail.ask", NULL, T_("the file could not be handed to a jail: %1$s"), strerror(errno));
        return FAILED_IO;
    }
    if (!request_verdict(request, &verdict)) {
        reason_add(reasons, "jail.gone", NULL, T_("the nursery has ended; files are read again after a restart"));
        return FAILED_IO;
    }
    if (verdict.end != END_NORMAL || verdict.wait_status != 0) {
        say_why(reasons, request->jailer, &verdict);
        log_warn("the reader \"%s\" died in its jail: %s (status %d, limit %u)", request->jailer->name,
                 reasons && reasons->last ? reasons->last->rule : "", verdict.wait_status, verdict.end);
        return FAILED_IO;
    }
    return take_outcome(request, arena, reasons, ret_answer, ret_len);
}

enum status nursery_run(struct nursery *nursery, const char *name, const char *argument, const char *input, size_t len,
                        struct arena *arena, struct reasons *reasons, const char **ret_answer, size_t *ret_len)
{
    struct request request = {.input = -1, .output = -1, .verdict = {-1, -1}};
    request.jailer = find(nursery, name, &request.order.jailer);
    if (!request.jailer) {
        reason_add(reasons, "jail.unknown", NULL, T_("no reader “%1$s” is known to the nursery"), name);
        return ABSENT;
    }
    if (len > MAX_INPUT(request.jailer) || (argument && strlen(argument) >= ARGUMENT_BYTES)) {
        char number[24];
        snprintf(number, sizeof number, "%zu", MAX_INPUT(request.jailer));
        reason_add(reasons, "jail.size", NULL, T_("the file is larger than the %1$s bytes that “%2$s” reads"), number, name);
        return TOO_LARGE;
    }
    if (argument) {
        request.order.has_argument = true;
        memcpy(request.order.argument, argument, strlen(argument) + 1);
    }
    enum status status = run(nursery, &request, input, len, arena, reasons, ret_answer, ret_len);
    request_close(&request);
    return status;
}
