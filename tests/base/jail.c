/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jails: an ordinary file is read; a reader that opens a file, makes a socket, executes, forks, starts a thread, eats
 * memory, runs for ever or crashes dies, is reported with the reason, and the nursery lives on. Many threads ask at
 * once. The readers below are the attacks.
 */
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/jail.h"
#include "base/log.h"
#include "base/text.h"
#include "base/val.h"

#define READER(name) \
    static enum status name(struct arena *arena, const char *input, size_t len, const char *argument, \
                            struct reasons *reasons, struct buf *answer)

READER(read_json)
{
    struct val *val;
    enum status status = json_read(arena, input, len, (struct json_limits){0}, reasons, &val);
    if (status)
        return status;
    if (argument)
        buf_adds(answer, argument);
    return json_canonical(answer, val);
}
READER(open_file) { return open("/etc/passwd", O_RDONLY) < 0 ? REFUSED : OK; }
READER(make_socket) { return socket(AF_INET, SOCK_STREAM, 0) < 0 ? REFUSED : OK; }
READER(execute)
{
    char *const nothing[] = {NULL};
    return syscall(SYS_execve, "/bin/true", nothing, nothing) < 0 ? REFUSED : OK;
}
READER(fork_away) { return syscall(SYS_fork) < 0 ? REFUSED : OK; }
static void *idle(void *arg) { return arg; }
READER(start_thread)
{
    pthread_t thread;
    return pthread_create(&thread, NULL, idle, NULL) ? REFUSED : OK;
}
READER(eat_memory)
{
    for (volatile bool forever = true; forever;) {
        char *more = malloc(1 << 20);
        if (!more)
            arena_alloc(arena, (size_t)1 << 40);       /* as any parser of ours would end */
        else
            memset(more, 1, 1 << 20);
    }
    return OK;
}
READER(eat_arena)
{
    for (volatile bool forever = true; forever;)
        arena_alloc(arena, 4096);
    return OK;
}
READER(loop)
{
    for (volatile int forever = 1; forever;)
        continue;
    return OK;
}
READER(crash)
{
    raise(SIGILL);
    __builtin_trap();
}
READER(make_executable)
{
    return syscall(SYS_mmap, NULL, 4096, 7, 0x22, -1, 0) < 0 ? REFUSED : OK;
}
/* Any call by its number, with arguments that no call takes for good. */
READER(call_number)
{
    long number = strtol(argument, NULL, 10), none = -1;
    return syscall(number, none, none, none, none, none, none) < 0 ? REFUSED : OK;
}
/* The kernel's other door, where numbers mean other calls. */
READER(other_door)
{
#ifdef __x86_64__
    long result;
    __asm__ volatile("int $0x80" : "=a"(result) : "a"(5 /* open */), "b"(0), "c"(0), "d"(0) : "memory");
    return result < 0 ? REFUSED : OK;
#else
    return syscall(SYS_openat, -1, 0, 0) < 0 ? REFUSED : OK;
#endif
}
READER(kill_others)
{
    return kill(-1, 0) == 0 ? OK : REFUSED;         /* signal 0 only asks whether one could */
}
READER(long_answer)
{
    for (int i = 0; i < 4096; i++)
        buf_adds(answer, "0123456789abcdef");
    return OK;
}
READER(many_reasons)
{
    for (int i = 0; i < 700; i++)
        reason_add(reasons, "test.row", "row 7", T_("the form is wrong: %1$s"), "x");
    return BAD_INPUT;
}

static const struct jailer jailers[] = {
    {"json", read_json, 1 << 20, 1 << 20, 0, 5},
    {"open", open_file, 0, 4096, 0, 5}, {"socket", make_socket, 0, 4096, 0, 5}, {"exec", execute, 0, 4096, 0, 5},
    {"fork", fork_away, 0, 4096, 0, 5}, {"thread", start_thread, 0, 4096, 0, 5},
    {"eat", eat_memory, 0, 4096, 32 << 20, 8}, {"arena", eat_arena, 0, 4096, 8 << 20, 8},
    {"loop", loop, 0, 4096, 0, 1}, {"crash", crash, 0, 4096, 0, 5}, {"wx", make_executable, 0, 4096, 0, 5},
    {"call", call_number, 0, 4096, 0, 5}, {"door", other_door, 0, 4096, 0, 5},
    {"kill", kill_others, 0, 4096, 0, 5}, {"long", long_answer, 0, 4096, 0, 5}, {"reasons", many_reasons, 0, 4096, 0, 5},
};
#define N_JAILERS (sizeof jailers / sizeof *jailers)
static const struct jailer *table[N_JAILERS + 1];

static struct nursery *nursery;
static struct arena *arena;

static enum status ask(const char *name, const char *input, struct reasons *reasons, const char **answer)
{
    size_t len = 0;
    reasons_init(reasons, arena);
    *answer = NULL;
    return nursery_run(nursery, name, NULL, input, strlen(input), arena, reasons, answer, &len);
}

static void ordinary(void)
{
    struct reasons reasons;
    const char *answer;
    is_int(ask("json", "{\"b\": 1, \"a\": [true]}", &reasons, &answer), OK, "an ordinary file is read");
    is(answer, "{\"a\":[true],\"b\":1}", "its answer comes out");
    size_t len;
    is_int(nursery_run(nursery, "json", "note:", "7", 1, arena, &reasons, &answer, &len), OK, "with an argument");
    is(answer, "note:7", "the argument went in");
    is_int(ask("json", "{\"b\": ", &reasons, &answer), BAD_INPUT, "a faulty file is refused by the reader itself");
    ok(reasons.count == 1 && strstr(reasons_text(&reasons, LANG_FR), "valeur"), "with its own reasons, in both languages");
    is_int(ask("json", "", &reasons, &answer), BAD_INPUT, "an empty file is no crash");
    is_int(ask("nobody", "", &reasons, &answer), ABSENT, "an unknown reader");
    is_int(ask("long", "", &reasons, &answer), TOO_LARGE, "an answer longer than its limit");
    is_int(ask("reasons", "", &reasons, &answer), BAD_INPUT, "many reasons");
    is_int(reasons.count, 700, "all come out");
    char *large = calloc(1, (1 << 20) + 2);
    memset(large, ' ', (1 << 20) + 1);
    is_int(ask("json", large, &reasons, &answer), TOO_LARGE, "an input larger than its limit is not even handed in");
    free(large);
}

static void attack(const char *name, const char *rule, const char *words)
{
    struct reasons reasons;
    const char *answer;
    char title[100];
    enum status status = ask(name, "x", &reasons, &answer);
    snprintf(title, sizeof title, "%s: the reader dies", name);
    is_int(status, FAILED_IO, title);
    const char *text = reasons.first ? reasons.first->text.in[LANG_EN] : "";
    ok(reasons.count == 1 && (!rule || str_eq(reasons.first->rule, rule)) && (!words || strstr(text, words)),
       "%s: reported: %s", name, text);
    ok(reasons.first && reasons.first->next.in[LANG_FR], "%s: with a next step", name);
    snprintf(title, sizeof title, "%s: the nursery lives on", name);
    is_int(ask("json", "1", &reasons, &answer), OK, title);
}

static void attacks(void)
{
    attack("open", "jail.forbidden", "seccomp");
    attack("socket", "jail.forbidden", "seccomp");
    attack("exec", "jail.forbidden", "seccomp");
    attack("fork", "jail.forbidden", "seccomp");
    attack("thread", NULL, NULL);
    attack("door", NULL, NULL);
    attack("wx", "jail.forbidden", "seccomp");
    attack("eat", "jail.memory", "32 MiB");
    attack("arena", "jail.memory", "8 MiB");
    attack("loop", "jail.time", "1 s");
    attack("crash", NULL, NULL);
    struct reasons reasons;
    const char *answer;
    is_int(ask("kill", "", &reasons, &answer), REFUSED, "a reader cannot signal other processes");
    is_int(ask("json", "1", &reasons, &answer), OK, "the nursery is still there");
}

/* Whatever reaches files, networks, other processes, other programs, the kernel's own, or lets a lock be taken off. */
#define CALL(name) {#name, SYS_##name}
static const struct { const char *name; long number; } forbidden[] = {
    CALL(open), CALL(openat), CALL(openat2), CALL(creat), CALL(open_by_handle_at), CALL(name_to_handle_at), CALL(stat), CALL(newfstatat), CALL(statx), CALL(access), CALL(readlink), CALL(getdents64),
    CALL(chdir), CALL(unlink), CALL(unlinkat), CALL(rename), CALL(renameat2), CALL(mkdir), CALL(rmdir), CALL(link), CALL(symlink), CALL(chmod), CALL(fchmod), CALL(chown), CALL(truncate), CALL(ftruncate), CALL(mknod),
    CALL(inotify_init1), CALL(fanotify_init), CALL(sendfile), CALL(splice), CALL(vmsplice), CALL(tee), CALL(copy_file_range), CALL(memfd_create), CALL(dup), CALL(dup2), CALL(dup3), CALL(pipe2), CALL(fcntl), CALL(ioctl), CALL(flock),
    CALL(socket), CALL(socketpair), CALL(connect), CALL(bind), CALL(listen), CALL(accept), CALL(accept4), CALL(sendto), CALL(sendmsg), CALL(sendmmsg), CALL(recvfrom), CALL(recvmsg), CALL(setsockopt),
    CALL(execve), CALL(execveat), CALL(fork), CALL(vfork), CALL(clone), CALL(clone3), CALL(unshare), CALL(setns), CALL(wait4),
    CALL(ptrace), CALL(process_vm_readv), CALL(process_vm_writev), CALL(kcmp), CALL(pidfd_open), CALL(pidfd_getfd), CALL(pidfd_send_signal), CALL(rt_sigqueueinfo),
    CALL(io_uring_setup), CALL(io_uring_enter), CALL(io_uring_register), CALL(io_setup), CALL(io_submit), CALL(epoll_create1), CALL(eventfd2), CALL(signalfd4), CALL(timerfd_create), CALL(userfaultfd),
    CALL(shmget), CALL(shmat), CALL(msgget), CALL(semget), CALL(mq_open), CALL(add_key), CALL(keyctl), CALL(request_key),
    CALL(mount), CALL(umount2), CALL(chroot), CALL(pivot_root), CALL(bpf), CALL(perf_event_open), CALL(init_module), CALL(finit_module), CALL(delete_module), CALL(kexec_load), CALL(reboot), CALL(swapon), CALL(acct), CALL(syslog),
    CALL(setuid), CALL(setgid), CALL(setresuid), CALL(capset), CALL(personality), CALL(seccomp), CALL(landlock_create_ruleset), CALL(prlimit64), CALL(setrlimit), CALL(clock_settime), CALL(settimeofday), CALL(sethostname),
    /* a call of the same processor's other numbering: socket with the bit of x32 */
    {"x32 socket", SYS_socket | 0x40000000},
};

static void every_forbidden_call(void)
{
    unsigned survived = 0;
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        struct reasons reasons;
        char number[24];
        const char *answer;
        size_t len;
        snprintf(number, sizeof number, "%ld", forbidden[i].number);
        reasons_init(&reasons, arena);
        enum status status = nursery_run(nursery, "call", number, "x", 1, arena, &reasons, &answer, &len);
        if (status != FAILED_IO || !reasons.first || !str_eq(reasons.first->rule, "jail.forbidden")) {
            printf("# %s: %s %s\n", forbidden[i].name, status_name(status), reasons.first ? reasons.first->rule : "");
            survived++;
        }
    }
    is_int(survived, 0, "every one of more than a hundred forbidden calls kills the reader");
}

/* What the log says of a death, for the administrator: the reader's name and the reason. */
static void the_log_tells(void)
{
    struct reasons reasons;
    const char *answer;
    char text[400] = "", path[] = "/tmp/castellan-jail-log-XXXXXX";
    int file = mkstemp(path), kept = dup(STDERR_FILENO);
    log_set(LOG_WARN_, NULL);
    fflush(stderr);
    dup2(file, STDERR_FILENO);
    enum status status = ask("open", "x", &reasons, &answer);
    dup2(kept, STDERR_FILENO);
    log_set(LOG_ERROR_, NULL);
    ssize_t len = pread(file, text, sizeof text - 1, 0);
    ok(status == FAILED_IO && len > 0 && strstr(text, "\"open\" died in its jail: jail.forbidden"), "the log names the reader and the reason: %s", text);
    close(kept);
    close(file);
    unlink(path);
}

static void *asker(void *arg)
{
    static const char *const names[] = {"json", "open", "json", "fork", "json"};
    struct arena *own = arena_new(0);
    long wrong = 0;
    for (int i = 0; i < 15; i++) {
        struct reasons reasons;
        char input[40], want[40];
        const char *answer = NULL, *name = names[(i + *(int *)arg) % 5];
        size_t len = 0;
        snprintf(input, sizeof input, "[ %d , %d ]", *(int *)arg, i);
        snprintf(want, sizeof want, "[%d,%d]", *(int *)arg, i);
        reasons_init(&reasons, own);
        enum status status = nursery_run(nursery, name, NULL, input, strlen(input), own, &reasons, &answer, &len);
        wrong += strcmp(name, "json") == 0 ? status != OK || strcmp(answer, want) != 0 : status != FAILED_IO;
    }
    arena_free(own);
    return (void *)wrong;
}

static void many_threads(void)
{
    pthread_t threads[12];
    int numbers[12];
    long wrong = 0;
    for (int i = 0; i < 12; i++) {
        numbers[i] = i;
        pthread_create(&threads[i], NULL, asker, &numbers[i]);
    }
    for (int i = 0; i < 12; i++) {
        void *result;
        pthread_join(threads[i], &result);
        wrong += (long)result;
    }
    is_int(wrong, 0, "twelve threads at once: every answer is the right one, every attack reported");
}

static int open_descriptors(void)
{
    int count = 0;
    for (int i = 0; i < 256; i++)
        count += fcntl(i, F_GETFD) >= 0;
    return count;
}

/* What a locked child does; its end is returned. */
static int end_of(void (*child)(const char *), const char *folder)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        child(folder);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return status;
}
static void lock_and_open(const char *folder)
{
    if (!jail_lock())
        _exit(1);
    ssize_t wrote = write(STDOUT_FILENO, "", 0);
    syscall(SYS_openat, AT_FDCWD, folder, O_RDONLY);
    _exit(wrote < 0 ? 2 : 3);
}
static void confine_to(const char *folder)
{
    const char *const paths[] = {folder, NULL};
    char inside[200];
    snprintf(inside, sizeof inside, "%s/file", folder);
    if (!confine_process(&(struct confine){.write_paths = paths}))
        _exit(1);
    if (open("/etc/passwd", O_RDONLY) >= 0 || errno != EACCES)
        _exit(2);
    int file = open(inside, O_RDWR | O_CREAT, 0600);
    if (file < 0 || write(file, "x", 1) != 1 || unlink(inside) != 0)
        _exit(3);
    if (socket(AF_INET, SOCK_STREAM, 0) >= 0 || errno != EPERM)
        _exit(4);
    pthread_t thread;
    if (pthread_create(&thread, NULL, idle, NULL) != 0 || pthread_join(thread, NULL) != 0)
        _exit(5);
}
static void confine_and_execute(const char *folder)
{
    char *const nothing[] = {NULL};
    if (!confine_process(&(struct confine){.network = true, .fork = true}))
        _exit(1);
    if (socket(AF_UNIX, SOCK_STREAM, 0) < 0)
        _exit(2);
    syscall(SYS_execve, "/bin/true", nothing, nothing);
    _exit(3);
}

static void locks(void)
{
    char folder[] = "/tmp/castellan-jail-XXXXXX";
    if (landlock_version() < 1) {
        tap_skip("confining a process to folders", "this kernel has no Landlock");
        return;
    }
    ok(mkdtemp(folder) != NULL, "a folder");
    int status = end_of(lock_and_open, folder);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "a worker that locked itself dies when it opens a file");
    status = end_of(confine_to, folder);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 0, "a confined process writes in its folder and nowhere else (%d)", status);
    status = end_of(confine_and_execute, folder);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSYS, "a confined process that executes is killed (%d)", status);
    rmdir(folder);
}

static void nursery_dies(void)
{
    struct reasons reasons;
    const char *answer;
    kill(nursery_process(nursery), SIGKILL);
    is_int(ask("json", "1", &reasons, &answer), FAILED_IO, "when the nursery is killed, asking fails at once");
    ok(reasons.count == 1, "and says so: %s", reasons.first ? reasons.first->text.in[LANG_EN] : "");
}

int main(void)
{
    struct reasons reasons;
    for (size_t i = 0; i < N_JAILERS; i++)
        table[i] = &jailers[i];
    arena = arena_new((size_t)256 << 20);
    reasons_init(&reasons, arena);
    log_set(LOG_ERROR_, NULL);
    int before = open_descriptors();
    if (!ok(nursery_start(table, &reasons, &nursery) == OK, "the nursery starts"))
        return tap_done();
    ok(seccomp_available(), "the kernel filters system calls");
    ordinary();
    attacks();
    every_forbidden_call();
    the_log_tells();
    many_threads();
    nursery_dies();
    nursery_stop(nursery);
    is_int(open_descriptors(), before, "no descriptor is left open");
    locks();
    arena_free(arena);
    return tap_done();
}
