/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The WAL on its way into the database, beside the writer: a thread with a connection of its own copies the pages while
 * the writer goes on, and the writer copies only what has come since, so that the WAL begins anew. So no change waits for the
 * thousands of pages that others left. A copy that fails is tried again with the next pages; the WAL keeps what it holds.
 *
 * Only erasures copy in the writer: nothing of what is erased may be left in the WAL when they are settled.
 */
#include "store/inner.h"

enum { RESTS, ASKED, COPIED };

static void *copier_main(void *arg)
{
    struct store *s = arg;
    pthread_mutex_lock(&s->copy_lock);
    for (;;) {
        while (s->copy_state != ASKED && !s->copy_ends) {
            pthread_cond_wait(&s->copy_news, &s->copy_lock);
        }
        if (s->copy_ends) {
            break;
        }
        pthread_mutex_unlock(&s->copy_lock);
        (void)sqlite3_wal_checkpoint_v2(s->copier.c, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        pthread_mutex_lock(&s->copy_lock);
        s->copy_state = COPIED;
        pthread_cond_broadcast(&s->copy_news);
    }
    pthread_mutex_unlock(&s->copy_lock);
    return NULL;
}

enum status copier_start(struct store *s)
{
    if (pthread_create(&s->copy_thread, NULL, copier_main, s) != 0) {
        return NO_MEMORY;
    }
    s->copying = true;
    return OK;
}

void copier_stop(struct store *s)
{
    pthread_mutex_lock(&s->copy_lock);
    s->copy_ends = true;
    pthread_cond_broadcast(&s->copy_news);
    pthread_mutex_unlock(&s->copy_lock);
    pthread_join(s->copy_thread, NULL);
    s->copying = false;
}

/* Truncated, after an erasure. A reader in the midst of a long snapshot can hold that up: it is tried again with each batch
 * and each idle second. */
static void truncate_wal(struct store *s)
{
    pthread_mutex_lock(&s->copy_lock);
    while (s->copy_state == ASKED) {
        pthread_cond_wait(&s->copy_news, &s->copy_lock);
    }
    s->copy_state = RESTS;
    pthread_mutex_unlock(&s->copy_lock);
    int rc = sqlite3_wal_checkpoint_v2(s->writer.c, NULL, SQLITE_CHECKPOINT_TRUNCATE, NULL, NULL);
    s->truncate_due = rc != SQLITE_OK;
    if (!s->truncate_due) {
        s->wal_pages = 0;
    }
}

void copy_wal(struct store *s)
{
    if (s->truncate_due) {
        truncate_wal(s);
        return;
    }
    if (s->wal_pages < CHECKPOINT_PAGES) {
        return;
    }
    pthread_mutex_lock(&s->copy_lock);
    bool copied = s->copy_state == COPIED;
    if (copied) {
        s->copy_state = RESTS;
    } else if (s->copy_state == RESTS) {
        s->copy_state = ASKED;
        pthread_cond_broadcast(&s->copy_news);
    }
    pthread_mutex_unlock(&s->copy_lock);
    if (copied) {
        s->wal_pages = 0;
        (void)sqlite3_wal_checkpoint_v2(s->writer.c, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        fresh_scale(s->fresh, db_pages(&s->writer));
    }
}
