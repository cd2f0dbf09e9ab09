/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Threads for calls that wait: changes wait for the writer's batch, sign-ins for Argon2. The connection is suspended
 * meanwhile, so the few threads that carry the sockets never stand still; the more calls wait, the larger a batch.
 */
#include <pthread.h>
#include <stdlib.h>

#include "web/web.h"

enum { STACK = 512 * 1024 };

struct worker_pool {
    pthread_mutex_t lock;
    pthread_cond_t more;
    void (*run)(void *);
    void **waiting;
    size_t most, first, count;
    bool stopping;
    unsigned n_threads;
    pthread_t threads[];
};

static void *work(void *arg)
{
    struct worker_pool *pool = arg;
    pthread_mutex_lock(&pool->lock);
    for (;;) {
        while (!pool->count && !pool->stopping) pthread_cond_wait(&pool->more, &pool->lock);
        if (!pool->count) break;
        void *one = pool->waiting[pool->first];
        pool->first = (pool->first + 1) % pool->most;
        pool->count--;
        pthread_mutex_unlock(&pool->lock);
        pool->run(one);
        pthread_mutex_lock(&pool->lock);
    }
    pthread_mutex_unlock(&pool->lock);
    return NULL;
}

struct worker_pool *worker_pool_start(unsigned threads, size_t most_waiting, void (*run)(void *))
{
    struct worker_pool *pool = calloc(1, sizeof *pool + threads * sizeof(pthread_t));
    pthread_attr_t attr;
    void **waiting = calloc(most_waiting, sizeof *waiting);
    if (!pool || !waiting) {
        free(pool);
        free(waiting);
        return NULL;
    }
    pool->waiting = waiting;
    pool->most = most_waiting;
    pthread_mutex_init(&pool->lock, NULL);
    pthread_cond_init(&pool->more, NULL);
    pool->run = run;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, STACK);
    while (pool->n_threads < threads && pthread_create(&pool->threads[pool->n_threads], &attr, work, pool) == 0) {
        pool->n_threads++;
    }
    pthread_attr_destroy(&attr);
    if (pool->n_threads == 0) {
        worker_pool_stop(pool);
        return NULL;
    }
    return pool;
}

bool workers_give(struct worker_pool *pool, void *one)
{
    pthread_mutex_lock(&pool->lock);
    bool room = pool->count < pool->most && !pool->stopping;
    if (room) {
        pool->waiting[(pool->first + pool->count++) % pool->most] = one;
        pthread_cond_signal(&pool->more);
    }
    pthread_mutex_unlock(&pool->lock);
    return room;
}

void worker_pool_stop(struct worker_pool *pool)
{
    if (!pool) return;
    pthread_mutex_lock(&pool->lock);
    pool->stopping = true;
    pthread_cond_broadcast(&pool->more);
    pthread_mutex_unlock(&pool->lock);
    for (unsigned i = 0; i < pool->n_threads; i++) pthread_join(pool->threads[i], NULL);
    pthread_mutex_destroy(&pool->lock);
    pthread_cond_destroy(&pool->more);
    free(pool->waiting);
    free(pool);
}
