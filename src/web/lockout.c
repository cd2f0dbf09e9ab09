/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Failed attempts per account and per address, with a delay that doubles; see session.h. Names are kept as hashes under
 * a key of the office's, so the table is the same size for names that exist and names that do not, and nobody can aim at
 * a place in it. A full neighbourhood gives up its least guilty, oldest entry. What is kept across a restart are hashes,
 * too: nothing in it says which names exist.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "web/session.h"

enum { NEIGHBOURS = 16 };

struct entry { uint64_t name[2]; moment last, until; uint32_t failures; };
struct lockouts {
    pthread_mutex_t lock;
    struct lockout_limits limits;
    uint8_t key[32];
    struct entry *entries;
    size_t mask;
    bool changed;                            /* since the last lockouts_save */
};

struct lockouts *lockouts_new(struct lockout_limits limits)
{
    struct lockouts *l = calloc(1, sizeof *l);
    if (!l) return NULL;
    if (!limits.account_free) limits.account_free = 5;
    if (!limits.address_free) limits.address_free = 20;
    if (!limits.first) limits.first = 30 * SECOND;
    if (!limits.most) limits.most = HOUR;
    if (!limits.forget) limits.forget = 12 * HOUR;
    if (!limits.entries) limits.entries = 65536;
    size_t n = NEIGHBOURS;
    while (n < limits.entries) n *= 2;
    l->limits = limits;
    l->entries = calloc(n, sizeof *l->entries);
    if (!l->entries) {
        free(l);
        return NULL;
    }
    l->mask = n - 1;
    random_bytes(l->key, sizeof l->key);
    pthread_mutex_init(&l->lock, NULL);
    return l;
}

void lockouts_free(struct lockouts *l)
{
    if (!l) return;
    pthread_mutex_destroy(&l->lock);
    free(l->entries);
    free(l);
}

static void hash_name(const struct lockouts *l, enum lockout_kind kind, const char *name, uint64_t out[2])
{
    struct hash inner = hmac_sha256(l->key, sizeof l->key, name, strlen(name));
    inner.bytes[0] ^= (uint8_t)(kind + 1);
    struct hash h = hmac_sha256(l->key, sizeof l->key, inner.bytes, sizeof inner.bytes);
    memcpy(out, h.bytes, 16);
}

static struct entry *look(struct lockouts *l, const uint64_t name[2], moment now)
{
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        struct entry *e = &l->entries[(name[0] + i) & l->mask];
        if (e->failures && e->name[0] == name[0] && e->name[1] == name[1]) {
            if (now - e->last > l->limits.forget) e->failures = 0;
            return e->failures ? e : NULL;
        }
    }
    return NULL;
}

moment lockout_until(struct lockouts *l, enum lockout_kind kind, const char *name, moment now)
{
    uint64_t hashed[2];
    hash_name(l, kind, name, hashed);
    pthread_mutex_lock(&l->lock);
    struct entry *e = look(l, hashed, now);
    moment until = e ? e->until : 0;
    pthread_mutex_unlock(&l->lock);
    return until;
}

static struct entry *make_room(struct lockouts *l, const uint64_t name[2])
{
    struct entry *best = NULL;
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        struct entry *e = &l->entries[(name[0] + i) & l->mask];
        if (!e->failures) return e;
        if (!best || e->failures < best->failures || (e->failures == best->failures && e->last < best->last)) best = e;
    }
    return best;
}

void lockout_failed(struct lockouts *l, enum lockout_kind kind, const char *name, moment now)
{
    uint64_t hashed[2];
    hash_name(l, kind, name, hashed);
    pthread_mutex_lock(&l->lock);
    struct entry *e = look(l, hashed, now);
    if (!e) {
        e = make_room(l, hashed);
        *e = (struct entry){.name = {hashed[0], hashed[1]}};
    }
    e->failures++;
    e->last = now;
    l->changed = true;
    unsigned grace = kind == LOCKOUT_ACCOUNT ? l->limits.account_free : l->limits.address_free;
    if (e->failures >= grace) {
        unsigned doublings = e->failures - grace;
        moment delay = doublings > 20 ? l->limits.most : l->limits.first << doublings;
        if (delay > l->limits.most) delay = l->limits.most;
        e->until = now + delay;
    }
    pthread_mutex_unlock(&l->lock);
}

void lockout_cleared(struct lockouts *l, enum lockout_kind kind, const char *name)
{
    uint64_t hashed[2];
    hash_name(l, kind, name, hashed);
    pthread_mutex_lock(&l->lock);
    for (size_t i = 0; i < NEIGHBOURS; i++) {
        struct entry *e = &l->entries[(hashed[0] + i) & l->mask];
        if (e->failures && e->name[0] == hashed[0] && e->name[1] == hashed[1]) {
            e->failures = 0;
            l->changed = true;
        }
    }
    pthread_mutex_unlock(&l->lock);
}

/* ---- kept ---- */

enum { ENTRY_BYTES = 36 };

void lockouts_key(struct lockouts *l, const uint8_t key[32]) { memcpy(l->key, key, sizeof l->key); }

static int guiltier(const void *a, const void *b)
{
    const struct entry *x = *(const struct entry *const *)a, *y = *(const struct entry *const *)b;
    if (x->failures != y->failures) return x->failures > y->failures ? -1 : 1;
    return x->last > y->last ? -1 : x->last < y->last;
}

static void pack(const struct entry *e, uint8_t *out)
{
    memcpy(out, e->name, 16);
    memcpy(out + 16, &e->last, 8);
    memcpy(out + 24, &e->until, 8);
    memcpy(out + 32, &e->failures, 4);
}

size_t lockouts_save(struct lockouts *l, moment now, uint8_t out[LOCKOUT_BYTES])
{
    size_t n = 0, kept;
    pthread_mutex_lock(&l->lock);
    const struct entry **all = l->changed ? calloc(l->mask + 1, sizeof *all) : NULL;
    for (size_t i = 0; all && i <= l->mask; i++)
        if (l->entries[i].failures && now - l->entries[i].last <= l->limits.forget) all[n++] = &l->entries[i];
    if (n) qsort(all, n, sizeof *all, guiltier);
    kept = n < LOCKOUT_KEPT ? n : LOCKOUT_KEPT;
    for (size_t i = 0; i < kept; i++) pack(all[i], out + i * ENTRY_BYTES);
    if (all && !kept) {                      /* the last was cleared: one of nobody, so that what is stored says so, too */
        memset(out, 0, ENTRY_BYTES);
        kept = 1;
    }
    if (all) l->changed = false;
    free(all);
    pthread_mutex_unlock(&l->lock);
    return kept * ENTRY_BYTES;
}

void lockouts_load(struct lockouts *l, const void *bytes, size_t len, moment now)
{
    const uint8_t *at = bytes;
    pthread_mutex_lock(&l->lock);
    for (; len >= ENTRY_BYTES; at += ENTRY_BYTES, len -= ENTRY_BYTES) {
        struct entry e;
        memcpy(e.name, at, 16);
        memcpy(&e.last, at + 16, 8);
        memcpy(&e.until, at + 24, 8);
        memcpy(&e.failures, at + 32, 4);
        if (e.last > now) e.last = now;      /* a clock that was set back holds nobody for longer than it may */
        if (e.until > now + l->limits.most) e.until = now + l->limits.most;
        if (e.failures && now - e.last <= l->limits.forget) *make_room(l, e.name) = e;
    }
    pthread_mutex_unlock(&l->lock);
}
