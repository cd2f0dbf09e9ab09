/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The store's figures: lists and searches for a reader of all, of a tenth and of a two-thousandth; hidden hits; durable
 * changes from 64 writers against bare SQLite; a lone change against the disk's fsync; the database copied row by row.
 *
 *     bench-store [RECORDS] [FOLDER]      default 1000000, a folder under TMPDIR that is removed; a FOLDER given is kept
 *                                         and used again
 */
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "kit.h"

#define GUARDS 200
#define SMALL_GUARD GUARDS          /* holds one record in 2,000 */
#define WORDS 20000
#define TERMS 10
#define WRITERS 64

static uint64_t state = 42;
static uint64_t next(void)
{
    uint64_t z = (state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time of the whole program so far: steadier than the clock on a busy machine. */
static double cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* ---- a made-up change ---- */

struct change {
    struct job job;
    struct kit_change c;
    char body[400], sort[24], filter[24], updated[8], words[TERMS + 2][16];
    volatile bool busy;
};

static bool change_run(struct job *job, struct txn *txn)
{
    return kit_write(txn, &((struct change *)job)->c);
}

static void change_settled(struct job *job, bool committed)
{
    struct change *x = (struct change *)job;
    if (!committed) {
        fprintf(stderr, "a change was not committed\n");
        exit(1);
    }
    __atomic_store_n(&x->busy, false, __ATOMIC_RELEASE);
}

static void big_endian(char *out, uint64_t n)
{
    for (int i = 0; i < 8; i++) {
        out[i] = (char)(n >> (56 - 8 * i));
    }
}

static void make_change(struct change *x, uint64_t i, uint64_t random)
{
    state = random;
    x->job = (struct job){.run = change_run, .settled = change_settled};
    guard_id guard = i % 2000 == 7 ? SMALL_GUARD : (guard_id)(1 + next() % (GUARDS - 1));
    x->c = (struct kit_change){.id = (record_id)(next() >> 14) + 1, .guard = guard,
                               .updated = (moment)(1600000000000 + (int64_t)i * 100)};
    int n = 0;
    for (int t = 0; t < TERMS; t++) {
        double u = (double)(next() >> 11) / 9007199254740992.0;
        snprintf(x->words[t], 16, "w%d", (int)(WORDS * u * u * u));     /* a few words are frequent */
        x->c.terms[n++] = x->words[t];
    }
    x->c.terms[n++] = "everywhere";
    if (guard == SMALL_GUARD) {
        x->c.terms[n++] = "alone";
    }
    x->c.n_terms = (size_t)n;
    big_endian(x->updated, (uint64_t)x->c.updated);
    int sort_len = snprintf(x->sort, sizeof x->sort, "%012llx", (unsigned long long)(next() >> 16));
    int filter_len = snprintf(x->filter, sizeof x->filter, "%c%s", (char)('a' + next() % 5), x->sort);
    x->c.keys[0] = (struct index_key){1, x->updated, 8};
    x->c.keys[1] = (struct index_key){2, x->sort, (size_t)sort_len};
    x->c.keys[2] = (struct index_key){3, x->filter, (size_t)filter_len};
    x->c.n_keys = 3;
    snprintf(x->body, sizeof x->body, "{\"kind\":\"breach\",\"narrative\":\"%s %s %s %s %s %s %s %s: a document was found"
             " unattended on a desk by the duty officer during the evening round and was locked away\",\"summary\":"
             "\"%s %s\"}", x->words[0], x->words[1], x->words[2], x->words[3], x->words[4], x->words[5], x->words[6],
             x->words[7], x->words[8], x->words[9]);
    x->c.body = x->body;
}

static void fill(struct store *s, uint64_t records)
{
    enum { SLOTS = 2048 };
    struct change *slots = calloc(SLOTS, sizeof *slots);
    double start = now();
    for (uint64_t i = store_journal_size(s); i < records; i++) {
        struct change *x = &slots[i % SLOTS];
        while (__atomic_load_n(&x->busy, __ATOMIC_ACQUIRE)) {
            usleep(200);
        }
        make_change(x, i, i * 7919 + 1);
        x->busy = true;
        if (store_submit(s, &x->job) != OK) {
            fprintf(stderr, "the queue is full\n");
            exit(1);
        }
    }
    for (int i = 0; i < SLOTS; i++) {
        while (__atomic_load_n(&slots[i].busy, __ATOMIC_ACQUIRE)) {
            usleep(200);
        }
    }
    free(slots);
    double took = now() - start;
    printf("filled: %llu records in %.1f s\n", (unsigned long long)store_journal_size(s), took);
}

/* ---- reading ---- */

/* Of this thread alone. */
static double own_cpu(void)
{
    struct timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

struct times { double *at; size_t n; };
static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}
static double centile(struct times *t, double part)
{
    qsort(t->at, t->n, sizeof *t->at, by_size);
    return t->at[(size_t)((double)(t->n - 1) * part)] * 1000;
}

#define ROUNDS 400
static double room[ROUNDS], work[ROUNDS];

static void list_figure(struct view *v, const struct guards *g, const char *who, const char *what, struct scan scan,
                        bool random_prefix)
{
    struct arena *arena = arena_new(0);
    struct times t = {room, ROUNDS};
    size_t n = 0;
    for (int i = 0; i < ROUNDS; i++) {
        struct scan_row *rows;
        char prefix = (char)('a' + i % 5), after[16];
        arena_clear(arena);
        if (random_prefix) {
            scan.prefix = &prefix;
            scan.prefix_len = 1;
        } else if (i % 2 && scan.field == 1) {      /* every second one is a later page */
            big_endian(after, 1600000000000u + next() % 100000000);
            scan.after = after;
            scan.after_len = 8;
            scan.after_record = 1;
        } else {
            scan.after = NULL;
        }
        double start = now(), busy = own_cpu();
        if (view_begin(v) != OK || view_scan(v, g, &scan, arena, &rows, &n) != OK) {
            exit(1);
        }
        for (size_t r = 0; r < n; r++) {
            struct stored_record x;
            if (view_record(v, g, rows[r].id, arena, &x) != OK) {
                exit(1);
            }
        }
        view_end(v);
        t.at[i] = now() - start;
        work[i] = own_cpu() - busy;
    }
    double half = centile(&t, 0.5);
    printf("list   %-12s %-28s %3zu rows  p50 %.3f ms  p99 %.3f ms  cpu p50 %.3f ms\n", who, what, n, half,
           centile(&t, 0.99), centile(&(struct times){work, ROUNDS}, 0.5));
    arena_free(arena);
}

static double search_figure(struct view *v, const struct guards *g, const char *who, const char *a, const char *b,
                            bool say)
{
    struct arena *arena = arena_new(0);
    struct times t = {room, ROUNDS};
    const char *terms[] = {a, b};
    size_t n = 0;
    for (int i = 0; i < ROUNDS; i++) {
        record_id *ids;
        moment *when;
        arena_clear(arena);
        double start = now(), busy = own_cpu();
        if (view_begin(v) != OK
            || view_search(v, g, terms, b ? 2 : 1, MOMENT_EVER, 0, 50, arena, &ids, &when, &n) != OK) {
            exit(1);
        }
        for (size_t r = 0; r < n; r++) {
            struct stored_record x;
            if (view_record(v, g, ids[r], arena, &x) != OK) {
                exit(1);
            }
        }
        view_end(v);
        t.at[i] = now() - start;
        work[i] = own_cpu() - busy;
    }
    double half = centile(&t, 0.5);
    if (say) {
        printf("search %-12s %-12s %-15s %3zu hits  p50 %.3f ms  p99 %.3f ms  cpu p50 %.3f ms\n", who, a, b ? b : "", n,
               half, centile(&t, 0.99), centile(&(struct times){work, ROUNDS}, 0.5));
    }
    arena_free(arena);
    return half;
}

static void read_figures(struct store *s)
{
    static guard_id all[GUARDS], tenth[GUARDS / 10], small[] = {SMALL_GUARD};
    for (int i = 0; i < GUARDS; i++) {
        all[i] = i + 1;
    }
    for (int i = 0; i < GUARDS / 10; i++) {
        tenth[i] = 1 + 10 * i;
    }
    struct { const char *who; struct guards g; } readers[] = {
        {"all", {all, GUARDS}}, {"a tenth", {tenth, GUARDS / 10}}, {"1 in 2,000", {small, 1}}};
    struct view *v;
    if (view_open(s, &v) != OK) {
        exit(1);
    }
    for (int i = 0; i < 3; i++) {
        list_figure(v, &readers[i].g, readers[i].who, "newest first",
                    (struct scan){.field = 1, .descending = true, .limit = 50}, false);
        list_figure(v, &readers[i].g, readers[i].who, "one sort", (struct scan){.field = 2, .limit = 50}, false);
        list_figure(v, &readers[i].g, readers[i].who, "one sort, one filter", (struct scan){.field = 3, .limit = 50}, true);
        search_figure(v, &readers[i].g, readers[i].who, "everywhere", NULL, true);
        search_figure(v, &readers[i].g, readers[i].who, "w19999", NULL, true);
        search_figure(v, &readers[i].g, readers[i].who, "w0", NULL, true);
        search_figure(v, &readers[i].g, readers[i].who, "w0", "w1", true);
        search_figure(v, &readers[i].g, readers[i].who, "everywhere", "w19999", true);
    }
    double with = 1e9, without = 1e9;
    for (int i = 0; i < 5; i++) {
        double x = search_figure(v, &readers[2].g, "", "everywhere", NULL, false);
        double y = search_figure(v, &readers[2].g, "", "alone", NULL, false);
        with = x < with ? x : with;
        without = y < without ? y : without;
    }
    printf("search with hidden hits / without: %.3f / %.3f ms = %.2f\n", with, without, with / without);
    view_close(v);
}

/* ---- writing ---- */

struct writer { struct store *s; uint64_t base; double until; uint64_t done; double *took; size_t n, cap; };
static unsigned batches;
static void count_batch(void *arg, bool committed) { batches++; }

static void *write_some(void *arg)
{
    struct writer *w = arg;
    struct change *x = calloc(1, sizeof *x);
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    while (now() < w->until) {
        pthread_mutex_lock(&lock);              /* the generator's state is shared */
        make_change(x, w->base + w->done, (w->base + w->done) * 104729 + 3);
        pthread_mutex_unlock(&lock);
        x->busy = true;
        bool committed = false;
        double start = now();
        if (store_perform(w->s, &x->job, &committed) != OK || !committed) {
            exit(1);
        }
        if (w->n < w->cap) {
            w->took[w->n++] = now() - start;
        }
        w->done++;
    }
    free(x);
    return NULL;
}

static double run_writers(struct store *s, int writers, double seconds, uint64_t base, double *ret_batch)
{
    static struct writer w[WRITERS];
    pthread_t threads[WRITERS];
    batches = 0;
    double start = now(), busy = cpu();
    for (int i = 0; i < writers; i++) {
        w[i] = (struct writer){.s = s, .base = base + (uint64_t)i * 10000000, .until = start + seconds,
                               .took = calloc(20000, sizeof(double)), .cap = 20000};
        pthread_create(&threads[i], NULL, write_some, &w[i]);
    }
    uint64_t done = 0;
    struct times t = {calloc(20000 * (size_t)writers, sizeof(double)), 0};
    for (int i = 0; i < writers; i++) {
        pthread_join(threads[i], NULL);
        done += w[i].done;
        memcpy(t.at + t.n, w[i].took, w[i].n * sizeof(double));
        t.n += w[i].n;
        free(w[i].took);
    }
    double took = now() - start;
    *ret_batch = (double)done / batches;
    printf("durable changes, %2d writers: %.0f/s, %.1f a batch, p50 %.2f ms, p99 %.2f ms, cpu %.0f us each\n", writers,
           (double)done / took, *ret_batch, centile(&t, 0.5), centile(&t, 0.99), 1e6 * (cpu() - busy) / (double)done);
    free(t.at);
    return (double)done / took;
}

/* Bare SQLite: one table, one index, as many bytes a row as a change carries, as many rows a transaction. */
static double bare(const char *folder, int rows, double seconds)
{
    char path[4200];
    snprintf(path, sizeof path, "%s.bare.db", folder);
    unlink(path);
    sqlite3 *db;
    sqlite3_stmt *insert;
    if (sqlite3_open(path, &db) != SQLITE_OK
        || sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, k"
                        " BLOB, b BLOB); CREATE INDEX i ON t(k)", NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_prepare_v2(db, "INSERT INTO t(k, b) VALUES ($1, $2)", -1, &insert, NULL) != SQLITE_OK) {
        exit(1);
    }
    char body[640];
    memset(body, 'b', sizeof body);
    double start = now(), busy = cpu();
    uint64_t done = 0;
    while (now() - start < seconds) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (int i = 0; i < rows; i++) {
            uint64_t key = next();
            sqlite3_bind_blob(insert, 1, &key, 8, SQLITE_TRANSIENT);
            sqlite3_bind_blob(insert, 2, body, sizeof body, SQLITE_STATIC);
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK) {
            exit(1);
        }
        done += (uint64_t)rows;
    }
    double rate = (double)done / (now() - start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    unlink(path);
    printf("bare SQLite, %d rows a transaction: %.0f/s, cpu %.0f us each\n", rows, rate, 1e6 * (cpu() - busy) / (double)done);
    return rate;
}

static double fsync_time(const char *folder)
{
    char path[4200], block[4096] = {1};
    snprintf(path, sizeof path, "%s.fsync", folder);
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    for (int i = 0; i < 64; i++) {
        if (write(fd, block, sizeof block) < 0) {
            exit(1);
        }
    }
    fsync(fd);
    struct times t = {room, 200};
    for (int i = 0; i < 200; i++) {
        double start = now();
        if (pwrite(fd, block, sizeof block, (i % 64) * 4096) < 0) {
            exit(1);
        }
        fdatasync(fd);
        t.at[i] = now() - start;
    }
    close(fd);
    unlink(path);
    return centile(&t, 0.5);
}

static void write_figures(struct store *s, const char *folder)
{
    double batch, alone;
    store_on_batch(s, NULL, count_batch, NULL);
    run_writers(s, WRITERS, 2, UINT64_C(1) << 40, &batch);        /* warm */
    double rate = run_writers(s, WRITERS, 5, UINT64_C(2) << 40, &batch);
    double peer = bare(folder, (int)(batch + 0.5), 5);
    printf("@\tstore: durable changes from 64 writers / bare SQLite\t>= 0.4\t%.2f\t%.2f\t%.2f\tone round; %.0f rows a transaction\n", rate / peer, rate / peer, rate / peer, batch);
    double sync = fsync_time(folder);
    double lone = 1000 / run_writers(s, 1, 2, UINT64_C(3) << 40, &alone);
    printf("@\tstore: a lone change / fsync\t<= 2\t%.2f\t%.2f\t%.2f\t%.2f ms; fsync %.2f ms\n", lone / sync, lone / sync, lone / sync, lone, sync);
}

/* ---- the database copied row by row ---- */

static void copy_figure(const char *folder)
{
    char path[4200], from[4300];
    snprintf(path, sizeof path, "%s.copy.db", folder);
    snprintf(from, sizeof from, "%s/office.db", folder);
    unlink(path);
    sqlite3 *db;
    static const char *const tables[][2] = {
        {"CREATE TABLE record AS SELECT * FROM o.record", "record"}, {"CREATE TABLE version AS SELECT * FROM o.version", "version"},
        {"CREATE TABLE value AS SELECT * FROM o.value", "value"}, {"CREATE TABLE posting AS SELECT * FROM o.posting", "posting"},
        {"CREATE TABLE entry AS SELECT * FROM o.entry", "entry"}, {"CREATE TABLE il AS SELECT * FROM o.index_list", "index_list"}};
    sqlite3_stmt *attach;
    double start = now();
    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_prepare_v2(db, "ATTACH $1 AS o", -1, &attach, NULL) != SQLITE_OK) {
        exit(1);
    }
    sqlite3_bind_text(attach, 1, from, -1, SQLITE_STATIC);
    sqlite3_step(attach);
    sqlite3_finalize(attach);
    for (size_t i = 0; i < sizeof tables / sizeof *tables; i++) {
        if (sqlite3_exec(db, tables[i][0], NULL, NULL, NULL) != SQLITE_OK) {
            fprintf(stderr, "%s: %s\n", tables[i][1], sqlite3_errmsg(db));
        }
    }
    sqlite3_close(db);
    printf("the database copied row by row: %.2f s\n", now() - start);
    unlink(path);
}

static bool count_entry(void *arg, uint64_t position, const void *leaf, size_t len)
{
    *(uint64_t *)arg += len;
    return true;
}

int main(int argc, char **argv)
{
    uint64_t records = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    char *folder = argc > 2 ? strdup(argv[2]) : kit_folder();
    setvbuf(stdout, NULL, _IOLBF, 0);
    struct store *s = kit_open(folder);
    fill(s, records);
    char path[4200];
    struct stat st;
    snprintf(path, sizeof path, "%s/office.db", folder);
    if (stat(path, &st) == 0) {
        printf("database: %.0f MB\n", (double)st.st_size / 1e6);
    }
    read_figures(s);
    double start = now();
    uint64_t bytes = 0;
    if (store_each_entry(s, 0, UINT64_MAX, count_entry, &bytes) != OK) {
        exit(1);
    }
    printf("all entries read: %.2f s, %.0f MB\n", now() - start, (double)bytes / 1e6);
    write_figures(s, folder);
    store_close(s);
    copy_figure(folder);
    if (argc > 2) {
        free(folder);
    } else {
        kit_remove(folder);
    }
    return 0;
}
