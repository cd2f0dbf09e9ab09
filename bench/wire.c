/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What taking logs costs: a sender in a process of its own, the listener in this one, whose processor time is counted. Messages of
 * 300 bytes; RELP is settled from another thread every 10 ms, as a spool does; UDP comes at 20,000 a second.
 */
#include <arpa/inet.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "figure.h"
#include "wire/wire.h"

enum { size = 300, rounds = 3, at_most = 1 << 16 };
static _Atomic uint64_t taken;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static uint64_t tokens[at_most];
static size_t n_tokens;

static moment now(void *arg) { return 0; }
static void took(void *arg, const struct port *port, uint64_t token, const struct port_message *m)
{
    atomic_store_explicit(&taken, atomic_load_explicit(&taken, memory_order_relaxed) + 1, memory_order_relaxed);
    if (!token)
        return;
    pthread_mutex_lock(&lock);
    if (n_tokens < at_most)
        tokens[n_tokens++] = token;
    pthread_mutex_unlock(&lock);
}

static void nap(long ms) { nanosleep(&(struct timespec){.tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000}, NULL); }

/* One frame, or the text alone. */
static size_t frame(char *out, enum port_kind kind, size_t number)
{
    char text[size + 1];
    memset(text, 'x', size);
    text[size] = 0;
    return (size_t)(kind == PORT_RELP ? sprintf(out, "%zu syslog %d %s\n", number + 2, size, text) : kind == PORT_TCP ? sprintf(out, "%d %s", size, text) : sprintf(out, "%s", text));
}

static void send_all(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            _exit(1);
        text += n;
        len -= (size_t)n;
    }
}

static void *swallow(void *arg)
{
    char bytes[65536];
    while (recv(*(int *)arg, bytes, sizeof bytes, 0) > 0)
        ;
    return NULL;
}

static _Noreturn void sender(enum port_kind kind, int port, size_t n)
{
    static char block[65536];
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    int fd = socket(AF_INET, kind == PORT_UDP ? SOCK_DGRAM : SOCK_STREAM, 0);
    pthread_t reader;
    size_t len = 0;
    if (connect(fd, (struct sockaddr *)&to, sizeof to))
        _exit(1);
    if (kind == PORT_RELP) {
        send_all(fd, "1 open 30 relp_version=0\ncommands=syslog\n", 41);
        pthread_create(&reader, NULL, swallow, &fd);
    }
    for (size_t i = 0; i < n; i++) {
        len += frame(block + len, kind, i);
        if (kind == PORT_UDP) {
            send_all(fd, block, len);
            len = 0;
            if (i % 200 == 199)
                nap(10);
        } else if (len + 400 > sizeof block || i + 1 == n) {
            send_all(fd, block, len);
            len = 0;
        }
    }
    nap(500);
    _exit(0);
}

/* Nanoseconds of processor time a message; `ret_lost` of UDP. */
static double run(enum port_kind kind, size_t n, double *ret_rate, uint64_t *ret_lost)
{
    const struct port port = {.name = "bench", .kind = kind, .address = "127.0.0.1:0", .frame = FRAME_SYSLOG};
    struct wire *wire;
    static uint64_t batch[at_most];
    if (wire_open(&port, 1, NULL, (struct wire_taker){took, NULL, now}, NULL, &wire) != OK)
        exit(1);
    atomic_store(&taken, 0);
    int at = wire_bound_port(wire, "bench");
    double began = seconds_now(), cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID), last = began;
    pid_t child = fork();
    if (!child)
        sender(kind, at, n);
    for (uint64_t before = 0; atomic_load(&taken) < n && seconds_now() - last < 3;) {
        nap(10);
        pthread_mutex_lock(&lock);
        size_t some = n_tokens;
        memcpy(batch, tokens, some * sizeof *batch);
        n_tokens = 0;
        pthread_mutex_unlock(&lock);
        if (some && wire_settle(wire, batch, some) != OK)
            exit(1);
        if (atomic_load(&taken) != before) {
            before = atomic_load(&taken);
            last = seconds_now();
        }
    }
    struct wire_counts counts;
    wire_counts(wire, "bench", &counts);
    double used = clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu, all = (double)atomic_load(&taken);
    *ret_rate = all / (last - began);
    *ret_lost = n - atomic_load(&taken);
    wire_close(wire);
    waitpid(child, NULL, 0);
    return used * 1e9 / all;
}

int main(void)
{
    static const struct { enum port_kind kind; const char *name, *goal, *remark; size_t n; } cases[] = {
        {PORT_TCP, "Logs over TCP, processor time a message", "< 50 us (20,000/s)", "counted frames of 300 bytes, one connection", 1000000},
        {PORT_RELP, "Logs over RELP, processor time a message", "< 50 us (20,000/s)", "answered when settled, each 10 ms", 100000},
        {PORT_UDP, "Logs over UDP at 20,000/s, processor time a message", "< 50 us", "", 100000},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        double at[rounds], rate[rounds];
        uint64_t lost = 0, most = 0;
        for (int k = 0; k < rounds; k++) {
            at[k] = run(cases[i].kind, cases[i].n, &rate[k], &lost) / 1000;
            most = lost > most ? lost : most;
        }
        printf("%s: %.0f messages a second on this machine, %llu lost at most\n", cases[i].name, centile_of(rate, rounds, 0.5), (unsigned long long)most);
        double middle = centile_of(at, rounds, 0.5);
        figure(cases[i].name, cases[i].goal, at[0], middle, at[rounds - 1], " us", cases[i].remark);
    }
    return 0;
}
