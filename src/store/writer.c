/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The one writer. It takes what waits (at most BATCH_LIMIT jobs), runs each under its own savepoint inside one
 * transaction, commits once, and settles the jobs after the commit: so a hundred clients share one fsync. While it
 * works, others queue, and the next batch takes them: under load batches grow by themselves, and a lone change waits
 * for nobody. Jobs for which nobody waits (entries of reads) lie a moment until there are some.
 *
 * When a statement fails for want of disk or memory nothing of the batch may stand: the transaction is rolled back,
 * every job is settled false, the condition is kept for doctor, and the next batch tries afresh. The journal's edge in
 * memory follows each savepoint and is published only after the commit.
 */
#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "store/disk.h"
#include "store/inner.h"

enum { CROWD = 3, CROWD_PAUSE_NS = 5000000 };

static int count_pages(void *arg, sqlite3 *c, const char *name, int pages)
{
    struct store *s = arg;
    s->wal_pages = pages;
    return SQLITE_OK;
}

static bool run_one(struct store *s, struct job *job)
{
    struct tree_edge before = s->txn.edge;
    struct removal *removals = s->txn.removals;
    struct fresh_mark mark = fresh_savepoint(s->fresh);
    if (db_control(&s->writer, DB_SAVE) != OK) {
        return false;
    }
    bool good = job->run(job, &s->txn);
    if (s->writer.fault != OK) {
        return false;
    }
    if (!good) {
        s->txn.edge = before;
        fresh_roll_back(s->fresh, mark);
        while (s->txn.removals != removals) {
            struct removal *drop = s->txn.removals;
            s->txn.removals = drop->next;
            free(drop);
        }
        if (db_control(&s->writer, DB_UNDO) != OK) {
            return false;
        }
    }
    return db_control(&s->writer, DB_KEEP) == OK && good;
}

static const char *fault_words(enum status status, int code)
{
    switch (code & 0xff) {
    case SQLITE_FULL: return "the disk is full";
    case SQLITE_READONLY: return "the disk is read-only";
    case SQLITE_NOMEM: return "no memory";
    case SQLITE_CORRUPT: case SQLITE_NOTADB: return "the database is damaged";
    default: return status == OK ? NULL : "the disk failed";
    }
}

static void note_outcome(struct store *s, bool committed)
{
    pthread_mutex_lock(&s->fault_lock);
    if (committed) {
        s->fault.status = OK;
    } else if (s->writer.fault != OK || !s->refused) {
        s->fault.status = s->writer.fault != OK ? s->writer.fault : FAILED_IO;
        s->fault.code = s->writer.fault_code;
        s->fault.words = fault_words(s->fault.status, s->fault.code);
        s->fault.batches_lost++;
    }
    pthread_mutex_unlock(&s->fault_lock);
}

enum status txn_remove_file(struct txn *txn, const char *folder, const char *name)
{
    struct removal *gone = malloc(sizeof *gone + PATH_LIMIT);
    if (!gone) {
        txn->db->fault = NO_MEMORY;
        return NO_MEMORY;
    }
    int n = snprintf(gone->path, PATH_LIMIT, "%s/%s/%s", txn->store->folder, folder, name);
    if (n < 0 || n >= PATH_LIMIT) {
        free(gone);
        return TOO_LARGE;
    }
    gone->next = txn->removals;
    txn->removals = gone;
    txn->erased = true;
    return OK;
}

static void take_removals(struct store *s, bool committed)
{
    for (struct removal *r = s->txn.removals, *next; r; r = next) {
        next = r->next;
        if (committed && disk->remove(r->path) != 0 && errno != ENOENT) {
            log_warn("store: a sealed file that was erased could not be removed; its key is gone");
        }
        free(r);
    }
    s->txn.removals = NULL;
}

static void roll_back(struct store *s)
{
    if (!sqlite3_get_autocommit(s->writer.c)) {
        (void)sqlite3_exec(s->writer.c, "ROLLBACK", NULL, NULL, NULL);
    }
}

static bool commit_batch(struct store *s, struct job **jobs, bool *good, size_t n, enum fresh_move move)
{
    s->writer.fault = OK;
    s->writer.fault_code = 0;
    s->refused = false;
    s->txn = (struct txn){.store = s, .db = &s->writer, .edge = s->edge};
    fresh_begin(s->fresh);
    roll_back(s);                   /* where memory failed it in the batch before */
    if (db_control(&s->writer, DB_BEGIN) != OK) {
        return false;
    }
    for (size_t i = 0; i < n && s->writer.fault == OK; i++) {
        good[i] = run_one(s, jobs[i]);
    }
    if (s->writer.fault == OK && n && s->before_commit) {
        s->refused = !s->before_commit(s->hook_arg, &s->txn);
    }
    if (!s->refused && s->writer.fault == OK) {
        enum status status = fresh_seal(s->fresh, &s->writer, s->txn.erased || s->txn.move_all ? FRESH_ALL : move);
        if (status != OK && s->writer.fault == OK) {
            s->writer.fault = status;
        }
    }
    if (!s->refused && s->writer.fault == OK && db_control(&s->writer, DB_COMMIT) == OK) {
        return true;
    }
    roll_back(s);
    return false;
}

static void run_batch(struct store *s, struct job **jobs, size_t n)
{
    bool good[BATCH_LIMIT] = {false};
    bool committed = commit_batch(s, jobs, good, n, FRESH_LITTLE);
    fresh_end(s->fresh, committed);
    if (committed) {
        pthread_mutex_lock(&s->edge_lock);
        s->edge = s->txn.edge;
        pthread_mutex_unlock(&s->edge_lock);
        if (s->txn.erased) {
            s->truncate_due = true;
            copy_wal(s);
        }
    }
    note_outcome(s, committed);
    take_removals(s, committed);
    if (s->after) {
        s->after(s->hook_arg, committed);
    }
    for (size_t i = 0; i < n; i++) {
        jobs[i]->settled(jobs[i], committed && good[i]);
    }
    copy_wal(s);
}

/* Whether nobody waits. Those who were many a moment ago are soon back: they are given the time. */
static bool idle(struct store *s, size_t were)
{
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += CROWD_PAUSE_NS;
    until.tv_sec += until.tv_nsec / 1000000000;
    until.tv_nsec %= 1000000000;
    pthread_mutex_lock(&s->queue_lock);
    while (were > CROWD && !s->first && !s->closing
           && pthread_cond_clockwait(&s->queue_more, &s->queue_lock, CLOCK_MONOTONIC, &until) == 0) {
    }
    bool idle = !s->first && !s->closing;
    pthread_mutex_unlock(&s->queue_lock);
    return idle;
}

/* Nobody waits: fresh index rows go into their tables, a slice at a time, until somebody does. A slice that fails is tried
 * again behind the next batch; nothing is lost with it. */
static void tidy(struct store *s, size_t were)
{
    bool good = true;
    while (good && fresh_untidy(s->fresh) && idle(s, were)) {
        good = commit_batch(s, NULL, NULL, 0, FRESH_TIDY);
        fresh_end(s->fresh, good);
        copy_wal(s);
    }
}

/* While only patient jobs wait, others are let come: each batch is a commit, and each commit makes readers read their pages anew. Under
 * the queue's lock. */
static void gather(struct store *s)
{
    struct timespec until;
    if (!s->first || s->pressing || s->closing) {
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_nsec += PATIENCE_MS * 1000000L;
    until.tv_sec += until.tv_nsec / 1000000000L;
    until.tv_nsec %= 1000000000L;
    while (!s->pressing && !s->closing && s->waiting < GATHERED) {
        if (pthread_cond_clockwait(&s->queue_more, &s->queue_lock, CLOCK_MONOTONIC, &until) != 0) {
            return;
        }
    }
}

static size_t take_jobs(struct store *s, struct job **jobs)
{
    size_t n = 0;
    pthread_mutex_lock(&s->queue_lock);
    while (!s->first && !s->closing) {
        if (s->truncate_due) {
            struct timespec until;
            clock_gettime(CLOCK_MONOTONIC, &until);
            until.tv_sec++;
            if (pthread_cond_clockwait(&s->queue_more, &s->queue_lock, CLOCK_MONOTONIC, &until) != 0) {
                pthread_mutex_unlock(&s->queue_lock);
                copy_wal(s);
                pthread_mutex_lock(&s->queue_lock);
            }
        } else {
            pthread_cond_wait(&s->queue_more, &s->queue_lock);
        }
    }
    gather(s);
    while (s->first && n < BATCH_LIMIT) {
        s->pressing -= !s->first->patient;
        jobs[n++] = s->first;
        s->first = s->first->next_;
        s->waiting--;
    }
    if (!s->first) {
        s->last = NULL;
    }
    pthread_mutex_unlock(&s->queue_lock);
    return n;
}

static void *writer_main(void *arg)
{
    struct store *s = arg;
    struct job *jobs[BATCH_LIMIT];
    size_t n;
    while ((n = take_jobs(s, jobs)) > 0) {
        run_batch(s, jobs, n);
        tidy(s, n);
    }
    if (fresh_count(s->fresh)) {        /* the next start then reads no log */
        fresh_end(s->fresh, commit_batch(s, jobs, NULL, 0, FRESH_ALL));
    }
    return NULL;
}

enum status writer_start(struct store *s)
{
    sqlite3_wal_hook(s->writer.c, count_pages, s);
    sqlite3_busy_timeout(s->writer.c, 250);
    if (pthread_create(&s->thread, NULL, writer_main, s) != 0) {
        return NO_MEMORY;
    }
    s->running = true;
    return OK;
}

void writer_stop(struct store *s)
{
    pthread_mutex_lock(&s->queue_lock);
    s->closing = true;
    pthread_cond_signal(&s->queue_more);
    pthread_mutex_unlock(&s->queue_lock);
    pthread_join(s->thread, NULL);
    s->running = false;
}

enum status store_submit(struct store *s, struct job *job)
{
    enum status status = BUSY;
    job->next_ = NULL;
    pthread_mutex_lock(&s->queue_lock);
    if (!s->closing && s->waiting < QUEUE_LIMIT) {
        if (s->last) {
            s->last->next_ = job;
        } else {
            s->first = job;
        }
        s->last = job;
        s->waiting++;
        s->pressing += !job->patient;
        status = OK;
        if (!job->patient || s->waiting == 1 || s->waiting == GATHERED) {
            pthread_cond_signal(&s->queue_more);
        }
    }
    pthread_mutex_unlock(&s->queue_lock);
    return status;
}

struct waited {
    struct job job;
    struct job *inner;
    pthread_mutex_t lock;
    pthread_cond_t done;
    bool settled, committed;
};

static bool waited_run(struct job *job, struct txn *txn)
{
    struct job *inner = ((struct waited *)job)->inner;
    return inner->run(inner, txn);
}

static void waited_settled(struct job *job, bool committed)
{
    struct waited *w = (struct waited *)job;
    if (w->inner->settled) {
        w->inner->settled(w->inner, committed);
    }
    pthread_mutex_lock(&w->lock);
    w->settled = true;
    w->committed = committed;
    pthread_cond_signal(&w->done);
    pthread_mutex_unlock(&w->lock);
}

enum status store_perform(struct store *s, struct job *job, bool *ret_committed)
{
    assert(!pthread_equal(pthread_self(), s->thread));
    struct waited w = {.job = {.run = waited_run, .settled = waited_settled}, .inner = job,
                       .lock = PTHREAD_MUTEX_INITIALIZER, .done = PTHREAD_COND_INITIALIZER};
    enum status status = store_submit(s, &w.job);
    if (status != OK) {
        return status;
    }
    pthread_mutex_lock(&w.lock);
    while (!w.settled) {
        pthread_cond_wait(&w.done, &w.lock);
    }
    pthread_mutex_unlock(&w.lock);
    pthread_mutex_destroy(&w.lock);
    pthread_cond_destroy(&w.done);
    *ret_committed = w.committed;
    return OK;
}

void store_on_batch(struct store *s, bool (*before_commit)(void *, struct txn *), void (*after)(void *, bool), void *arg)
{
    /* Set while the queue is empty, before the first job: the lock orders it before the writer's next look. */
    pthread_mutex_lock(&s->queue_lock);
    s->before_commit = before_commit;
    s->after = after;
    s->hook_arg = arg;
    pthread_mutex_unlock(&s->queue_lock);
}
