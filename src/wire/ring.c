/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A ring of messages in shared memory, one process puts, one takes. Counters only grow; head - tail is what is filled.
 *
 * Trust: each side keeps its own counter in its own memory and only publishes a copy. From the other side it takes one
 * counter and, when taking, one length per message; both are read once and checked against the size before use. A side
 * that finds nonsense says so (ring_broken) and stops; it never reads or writes outside the ring.
 *
 * Waiting: a side that finds nothing to do raises its `waits` flag, looks again, and sleeps on a futex over the other's
 * change number; the other bumps the number after each step and wakes only when the flag is up.
 */
#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "wire/wire.h"

struct side {
    _Alignas(64) _Atomic uint64_t count;     /* bytes put (or taken) in all, published */
    _Atomic uint32_t change;                 /* futex: grows with each step of this side */
    _Atomic uint32_t waits;                  /* this side sleeps on the other's `change` */
};
struct shared {
    struct side putter, taker;
    _Atomic uint32_t ended;
};
struct ring {
    struct shared *shared;                   /* also the mapping's start */
    unsigned char *bytes;
    uint64_t size;
    uint64_t put, taken;                     /* this process's own truth about its own side */
    bool broken;
};

struct ring *ring_new(size_t bytes)
{
    uint64_t size = 4096;
    while (size < bytes && size < (UINT64_C(1) << 40))
        size *= 2;
    struct ring *ring = calloc(1, sizeof *ring);
    if (!ring)
        return NULL;
    void *memory = mmap(NULL, sizeof(struct shared) + size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        free(ring);
        return NULL;
    }
    ring->shared = memory;
    ring->bytes = (unsigned char *)memory + sizeof(struct shared);
    ring->size = size;
    return ring;
}

void ring_free(struct ring *ring)
{
    if (!ring)
        return;
    munmap(ring->shared, sizeof(struct shared) + ring->size);
    free(ring);
}

void ring_reset(struct ring *ring)
{
    memset(ring->shared, 0, sizeof *ring->shared);
    ring->put = ring->taken = 0;
    ring->broken = false;
}

uint64_t ring_put_so_far(const struct ring *ring) { return ring->put; }
uint64_t ring_taken_so_far(const struct ring *ring) { return atomic_load(&ring->shared->taker.count); }
bool ring_broken(const struct ring *ring) { return ring->broken; }

/* ---- waiting ---- */

static int64_t now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static void wake(struct side *me, struct side *other)
{
    atomic_fetch_add(&me->change, 1);
    if (atomic_load(&other->waits))
        syscall(SYS_futex, &me->change, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
}

/* Sleeps until `other` has stepped past `seen`, at most until the deadline (< 0: none). False at the deadline. */
static bool sleep_on(struct side *me, struct side *other, uint32_t seen, int64_t deadline)
{
    struct timespec wait, *limit = NULL;
    if (deadline >= 0) {
        int64_t left = deadline - now_ms();
        if (left <= 0)
            return false;
        wait = (struct timespec){ .tv_sec = left / 1000, .tv_nsec = left % 1000 * 1000000 };
        limit = &wait;
    }
    syscall(SYS_futex, &other->change, FUTEX_WAIT, seen, limit, NULL, 0);
    return true;
}

/* ---- bytes ---- */

static void copy_in(struct ring *ring, uint64_t at, const void *from, size_t len)
{
    size_t start = (size_t)(at & (ring->size - 1)), first = (size_t)ring->size - start;
    if (first > len)
        first = len;
    memcpy(ring->bytes + start, from, first);
    memcpy(ring->bytes, (const unsigned char *)from + first, len - first);
}

static void copy_out(const struct ring *ring, uint64_t at, void *to, size_t len)
{
    size_t start = (size_t)(at & (ring->size - 1)), first = (size_t)ring->size - start;
    if (first > len)
        first = len;
    memcpy(to, ring->bytes + start, first);
    memcpy((unsigned char *)to + first, ring->bytes, len - first);
}

bool ring_put(struct ring *ring, const void *message, size_t len, int timeout_ms)
{
    struct side *me = &ring->shared->putter, *other = &ring->shared->taker;
    uint64_t need = (uint64_t)len + 4;
    uint32_t length = (uint32_t)len;
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    if (!len || len > UINT32_MAX - 4 || need > ring->size)
        return false;
    while (!ring->broken) {
        uint32_t seen = atomic_load(&other->change);
        uint64_t filled = ring->put - atomic_load(&other->count);
        if (filled > ring->size) {
            ring->broken = true;
            break;
        }
        if (atomic_load(&ring->shared->ended))
            break;
        if (ring->size - filled >= need) {
            copy_in(ring, ring->put, &length, 4);
            copy_in(ring, ring->put + 4, message, len);
            ring->put += need;
            atomic_store(&me->count, ring->put);
            wake(me, other);
            return true;
        }
        bool in_time = true;
        atomic_store(&me->waits, 1);
        if (atomic_load(&other->change) == seen && !atomic_load(&ring->shared->ended))
            in_time = sleep_on(me, other, seen, deadline);
        atomic_store(&me->waits, 0);
        if (!in_time)
            break;
    }
    return false;
}

/* The message at our counter, `filled` bytes being there. */
static long take_one(struct ring *ring, uint64_t filled, void *out, size_t cap)
{
    uint32_t length = 0;
    if (filled >= 4)
        copy_out(ring, ring->taken, &length, 4);
    if (!length || (uint64_t)length + 4 > filled || filled > ring->size) {
        ring->broken = true;
        return -2;
    }
    long got = length > cap ? -2 : (long)length;
    if (got > 0)
        copy_out(ring, ring->taken + 4, out, length);
    ring->taken += (uint64_t)length + 4;
    atomic_store(&ring->shared->taker.count, ring->taken);
    wake(&ring->shared->taker, &ring->shared->putter);
    return got;
}

long ring_take(struct ring *ring, void *out, size_t cap, int timeout_ms)
{
    struct side *me = &ring->shared->taker, *other = &ring->shared->putter;
    int64_t deadline = timeout_ms < 0 ? -1 : now_ms() + timeout_ms;
    while (!ring->broken) {
        uint32_t seen = atomic_load(&other->change);
        bool ended = atomic_load(&ring->shared->ended);      /* before the counter: what was put before it counts */
        uint64_t filled = atomic_load(&other->count) - ring->taken;
        if (filled)
            return take_one(ring, filled, out, cap);
        if (ended)
            return 0;
        bool in_time = true;
        atomic_store(&me->waits, 1);
        if (atomic_load(&other->change) == seen && !atomic_load(&ring->shared->ended))
            in_time = sleep_on(me, other, seen, deadline);
        atomic_store(&me->waits, 0);
        if (!in_time)
            return -1;
    }
    return -2;
}

void ring_end(struct ring *ring)
{
    atomic_store(&ring->shared->ended, 1);
    struct side *sides[] = { &ring->shared->putter, &ring->shared->taker };
    for (int i = 0; i < 2; i++) {
        atomic_fetch_add(&sides[i]->change, 1);
        syscall(SYS_futex, &sides[i]->change, FUTEX_WAKE, INT_MAX, NULL, NULL, 0);
    }
}
