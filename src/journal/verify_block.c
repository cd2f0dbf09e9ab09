/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks of leaves and the threads that hash and read them. The caller fills blocks in order and takes them back in the
 * same order; between the two any free thread works on any block that is full. A block's leaves are a complete subtree
 * of the tree where it lies on a boundary, so its root is folded here too, and the caller's own work stays small.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "journal/verify_inner.h"

#define RING 8u
#define THREADS_MAX 8u

struct pool {
    struct block *ring[RING];
    uint64_t filled, taken, released;       /* counts of blocks; ring index is the count modulo RING */
    pthread_mutex_t lock;
    pthread_cond_t work, done;
    pthread_t threads[THREADS_MAX];
    unsigned n_threads;
    bool ending;
};

static void work_on(struct block *b)
{
    arena_clear(b->arena);
    for (unsigned i = 0; i < b->n; i++) {
        const char *leaf = b->bytes.data + b->offset[i];
        size_t len = b->offset[i + 1] - b->offset[i];
        b->leaf[i] = tree_leaf(leaf, len);
        b->readable[i] = entry_read(leaf, len, b->arena, NULL, &b->entry[i]) == OK;
    }
    b->whole = b->n == BLOCK && b->from % BLOCK == 0;
    if (b->whole) {
        struct hash work[BLOCK];
        memcpy(work, b->leaf, sizeof work);
        b->root = tree_fold(work, BLOCK);
    }
}

static void *worker(void *arg)
{
    struct pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->ending && p->taken == p->filled)
            pthread_cond_wait(&p->work, &p->lock);
        if (p->taken == p->filled)
            break;
        struct block *b = p->ring[p->taken++ % RING];
        pthread_mutex_unlock(&p->lock);
        work_on(b);
        pthread_mutex_lock(&p->lock);
        b->done = true;
        pthread_cond_signal(&p->done);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

static struct block *block_new(void)
{
    struct block *b = calloc(1, sizeof *b);
    if (!b)
        return NULL;
    buf_init(&b->bytes, BLOCK_BYTES + ENTRY_MAX + 1);
    b->arena = arena_new((size_t)64 << 20);
    if (!b->arena) {
        free(b);
        return NULL;
    }
    return b;
}

enum status pool_new(unsigned threads, struct pool **ret)
{
    struct pool *p = calloc(1, sizeof *p);
    if (!p)
        return NO_MEMORY;
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->done, NULL);
    for (unsigned i = 0; i < RING; i++)
        if (!(p->ring[i] = block_new())) {
            pool_free(p);
            return NO_MEMORY;
        }
    if (threads == 0)
        threads = 2;
    if (threads > THREADS_MAX)
        threads = THREADS_MAX;
    /* With one thread, or none to be had, the caller works itself (pool_oldest). */
    for (unsigned i = 0; i < threads && threads > 1; i++)
        if (pthread_create(&p->threads[p->n_threads], NULL, worker, p) == 0)
            p->n_threads++;
    *ret = p;
    return OK;
}

void pool_free(struct pool *p)
{
    if (!p)
        return;
    pthread_mutex_lock(&p->lock);
    p->ending = true;
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->n_threads; i++)
        pthread_join(p->threads[i], NULL);
    for (unsigned i = 0; i < RING; i++)
        if (p->ring[i]) {
            buf_free(&p->ring[i]->bytes);
            arena_free(p->ring[i]->arena);
            free(p->ring[i]);
        }
    pthread_cond_destroy(&p->done);
    pthread_cond_destroy(&p->work);
    pthread_mutex_destroy(&p->lock);
    free(p);
}

struct block *pool_fill(struct pool *p)
{
    return p->filled - p->released < RING ? p->ring[p->filled % RING] : NULL;
}

void pool_submit(struct pool *p)
{
    pthread_mutex_lock(&p->lock);
    p->ring[p->filled % RING]->done = false;
    p->filled++;
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

struct block *pool_oldest(struct pool *p)
{
    if (p->released == p->filled)
        return NULL;
    struct block *b = p->ring[p->released % RING];
    if (p->n_threads == 0) {
        work_on(b);
        return b;
    }
    pthread_mutex_lock(&p->lock);
    while (!b->done)
        pthread_cond_wait(&p->done, &p->lock);
    pthread_mutex_unlock(&p->lock);
    return b;
}

void pool_release(struct pool *p)
{
    struct block *b = p->ring[p->released % RING];
    b->n = 0;
    buf_clear(&b->bytes);
    p->released++;
}
