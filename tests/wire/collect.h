/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A taker that keeps what it is handed, for the tests of wire; its clock stands still until moved.
 */
#ifndef TESTS_WIRE_COLLECT_H
#define TESTS_WIRE_COLLECT_H

#include <pthread.h>
#include <stdatomic.h>
#include <time.h>

#include "tap.h"
#include "wire/wire.h"

struct got { char *text; size_t len; uint64_t token; bool cut; char peer[64], sender[256], fingerprint[72], port[64]; };
struct collect {
    pthread_mutex_t lock;
    pthread_cond_t changed;
    struct got *list;
    size_t n, cap;
    _Atomic int64_t clock;
};

static inline void collect_took(void *arg, const struct port *port, uint64_t token, const struct port_message *m)
{
    struct collect *c = arg;
    pthread_mutex_lock(&c->lock);
    if (c->n == c->cap)
        c->list = realloc(c->list, (c->cap = c->cap ? c->cap * 2 : 64) * sizeof *c->list);
    struct got *g = &c->list[c->n++];
    *g = (struct got){ .text = malloc(m->len + 1), .len = m->len, .token = token, .cut = m->cut };
    memcpy(g->text, m->bytes, m->len);
    g->text[m->len] = 0;
    snprintf(g->peer, sizeof g->peer, "%s", m->peer);
    snprintf(g->sender, sizeof g->sender, "%s", m->sender);
    snprintf(g->fingerprint, sizeof g->fingerprint, "%s", m->fingerprint ? m->fingerprint : "");
    snprintf(g->port, sizeof g->port, "%s", port->name);
    pthread_cond_broadcast(&c->changed);
    pthread_mutex_unlock(&c->lock);
}
static inline moment collect_now(void *arg) { return ((struct collect *)arg)->clock; }
static inline struct wire_taker collect_taker(struct collect *c) { return (struct wire_taker){ collect_took, c, collect_now }; }
static inline void collect_init(struct collect *c)
{
    *c = (struct collect){ .clock = 1000000 };
    pthread_mutex_init(&c->lock, NULL);
    pthread_cond_init(&c->changed, NULL);
}
static inline void collect_clear(struct collect *c)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->n; i++)
        free(c->list[i].text);
    c->n = 0;
    pthread_mutex_unlock(&c->lock);
}
static inline void collect_free(struct collect *c)
{
    collect_clear(c);
    free(c->list);
    c->list = NULL;
    c->cap = 0;
}
/* Waits until n messages are there, at most ten seconds; returns how many are. */
static inline size_t collect_wait(struct collect *c, size_t n)
{
    struct timespec end;
    clock_gettime(CLOCK_REALTIME, &end);
    end.tv_sec += 10;
    pthread_mutex_lock(&c->lock);
    while (c->n < n && !pthread_cond_timedwait(&c->changed, &c->lock, &end))
        ;
    size_t got = c->n;
    pthread_mutex_unlock(&c->lock);
    return got;
}
static inline void nap(int ms)
{
    nanosleep(&(struct timespec){ .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000L }, NULL);
}
static inline void collect_settle(struct collect *c, struct wire *wire, size_t from, size_t to)
{
    uint64_t *tokens = calloc(to - from + 1, sizeof *tokens);
    pthread_mutex_lock(&c->lock);
    for (size_t i = from; i < to; i++)
        tokens[i - from] = c->list[i].token;
    pthread_mutex_unlock(&c->lock);
    if (wire_settle(wire, tokens, to - from) != OK)
        printf("# settling failed\n");
    free(tokens);
}
/* All texts, joined by "|". */
static inline const char *collect_all(struct collect *c)
{
    static char all[65536];
    size_t at = 0;
    pthread_mutex_lock(&c->lock);
    all[0] = 0;
    for (size_t i = 0; i < c->n && at + c->list[i].len + 2 < sizeof all; i++)
        at += (size_t)snprintf(all + at, sizeof all - at, "%s%s", i ? "|" : "", c->list[i].text);
    pthread_mutex_unlock(&c->lock);
    return all;
}

#endif
