/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ring: across a fork with every byte checked, full, ended, with a killed worker, and with a worker that writes
 * nonsense into the shared part.
 */
#include "tap.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/hash.h"
#include "wire/wire.h"

static void alone(void)
{
    struct ring *ring = ring_new(1);
    char out[8192], in[8192];
    memset(in, 'x', sizeof in);
    ok(ring != NULL, "made");
    is_int(ring_take(ring, out, sizeof out, 0), -1, "empty: time-out");
    ok(!ring_put(ring, in, 0, 0), "no empty message");
    ok(!ring_put(ring, in, 4093, 0), "no message that can never fit");
    ok(ring_put(ring, in, 4092, 0), "the largest message");
    ok(!ring_put(ring, "a", 1, 20), "full: time-out");
    is_int(ring_take(ring, out, sizeof out, 0), 4092, "taken");
    ok(!memcmp(in, out, 4092), "unchanged");
    ok(ring_put(ring, "abc", 3, 0) && ring_put(ring, "defg", 4, 0), "two messages");
    is_int(ring_take(ring, out, 2, 0), -2, "too small a place: gone, and said so");
    ok(!ring_broken(ring), "but not broken");
    ring_end(ring);
    ok(!ring_put(ring, "z", 1, 0), "nothing after the end");
    is_int(ring_take(ring, out, sizeof out, 0), 4, "what was put before the end comes");
    is_int(ring_take(ring, out, sizeof out, -1), 0, "then the end");
    ring_free(ring);
    ring_free(NULL);
}

/* Message n: length and bytes follow from n. */
static size_t make(uint32_t n, unsigned char *out)
{
    size_t len = 4 + (n * 2654435761u >> 7) % 1500;
    memcpy(out, &n, 4);
    for (size_t i = 4; i < len; i++)
        out[i] = (unsigned char)(n * 31 + i * 7);
    return len;
}

static void taker(struct ring *ring, struct ring *back, uint32_t count)
{
    unsigned char got[2048], want[2048];
    for (uint32_t n = 0;; n++) {
        long len = ring_take(ring, got, sizeof got, 20000);
        if (len == 0)
            _exit(n == count ? 0 : 2);
        if (len < 0 || (size_t)len != make(n, want) || memcmp(got, want, (size_t)len))
            _exit(3);
        if (n % 1000 == 999 && !ring_put(back, &n, sizeof n, 20000))
            _exit(4);
    }
}

static void across(void)
{
    uint32_t count = (uint32_t)tap_cases(2000000) + 50000, answers = 0, answer;
    struct ring *ring = ring_new(16384), *back = ring_new(4096);
    unsigned char message[2048];
    pid_t child = fork();
    if (!child)
        taker(ring, back, count);
    bool all = true;
    for (uint32_t n = 0; n < count && all; n++) {
        size_t len = make(n, message);
        all = ring_put(ring, message, len, 20000);
        while (ring_take(back, &answer, sizeof answer, 0) == sizeof answer)
            answers += answer == answers * 1000 + 999;
    }
    ring_end(ring);
    int status = -1;
    waitpid(child, &status, 0);
    while (ring_take(back, &answer, sizeof answer, 0) == sizeof answer)
        answers += answer == answers * 1000 + 999;
    ok(all && WIFEXITED(status) && WEXITSTATUS(status) == 0, "%u messages across a fork, each whole, in order", count);
    is_int(answers, count / 1000, "and answers on a second ring");
    ring_free(ring);
    ring_free(back);
}

static void killed(void)
{
    struct ring *ring = ring_new(4096);
    char message[512] = { 1 };
    pid_t child = fork();
    if (!child)
        for (;;) {
            char out[512];
            ring_take(ring, out, sizeof out, -1);
        }
    size_t put = 0;
    while (put < 1000 && ring_put(ring, message, sizeof message, 5000))
        put++;
    is_int(put, 1000, "a worker takes");
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    size_t more = 0;
    while (more < 1000 && ring_put(ring, message, sizeof message, 50))
        more++;
    ok(more < 20, "a killed worker: the ring fills and putting times out");
    ok(!ring_broken(ring), "without harm");
    ring_free(ring);
}

/* A worker that owns the shared part writes any nonsense: no answer but an orderly one, no byte outside (ASan). */
static void hostile(void)
{
    size_t stopped = 0, cases = tap_cases(40000);
    for (size_t n = 0; n < cases; n++) {
        struct ring *ring = ring_new(4096);
        uint64_t *shared = *(uint64_t **)(void *)ring;       /* the first member: where the other side can write */
        unsigned char out[600];
        for (int i = 0; i < 8; i++)
            if (!ring_put(ring, out, 1 + tap_below(600), 0))
                break;
        for (int i = 0; i < 6; i++) {
            uint64_t value = tap_below(3) ? tap_below(6000) : tap_random();
            shared[tap_below(2) ? (tap_below(2) ? 0 : 8) : 24 + tap_below(500)] = value;
            if (tap_below(2))
                ring_take(ring, out, sizeof out, 0);
            else
                ring_put(ring, out, 1 + tap_below(600), 0);
        }
        stopped += ring_broken(ring);
        ring_free(ring);
    }
    ok(stopped > cases / 10, "nonsense is noticed (%zu of %zu)", stopped, cases);
}

int main(void)
{
    tap_seed();
    alone();
    across();
    killed();
    hostile();
    return tap_done();
}
