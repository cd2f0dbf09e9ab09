/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Creating, opening and closing a store's folder. The folder is 0700 and locked by the process that has it open; the
 * side key (MACs of side tables, addresses of attachments) lies beside the database in a file of its own, 0600.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "store/inner.h"
#include "store/schema.h"

char *store_path(const struct store *s, const char *name, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s/%s", s->folder, name);
    return n > 0 && (size_t)n < cap ? out : NULL;
}

static enum status fail(struct reasons *why, const char *path, enum status status)
{
    if (why) {
        reason_add(why, "store.folder", path, T_("the store could not be opened: %1$s"),
                   errno ? strerror(errno) : status_name(status));
    }
    return status;
}

static enum status make_side_key(const char *folder)
{
    char path[PATH_LIMIT];
    uint8_t key[SIDE_KEY_BYTES];
    if (snprintf(path, sizeof path, "%s/side.key", folder) >= (int)sizeof path) {
        return BAD_INPUT;
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return FAILED_IO;
    }
    random_bytes(key, sizeof key);
    bool good = write(fd, key, sizeof key) == (ssize_t)sizeof key && fsync(fd) == 0;
    wipe(key, sizeof key);
    return close(fd) == 0 && good ? OK : FAILED_IO;
}

static enum status read_side_key(struct store *s)
{
    char path[PATH_LIMIT];
    int fd = store_path(s, "side.key", path, sizeof path) ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    if (fd < 0) {
        return FAILED_IO;
    }
    ssize_t n = read(fd, s->side_key, sizeof s->side_key);
    close(fd);
    errno = 0;
    return n == (ssize_t)sizeof s->side_key ? OK : DAMAGED;
}

/* The settings that hold for the file; page size first, since it can only be chosen while it is empty. */
static enum status make_tables(struct db *db)
{
    enum status status = db_exec(db, "PRAGMA page_size = 4096");
    if (status == OK) {
        status = db_exec(db, "PRAGMA journal_mode = WAL");
    }
    if (status == OK) {
        status = db_exec(db, "BEGIN IMMEDIATE");
    }
    for (const char *const *text = schema_sqlite; *text && status == OK; text++) {
        status = db_exec(db, *text);
    }
    if (status == OK) {
        status = RUN(db, SQL_PUT_META, TEXT("format"), TEXT(SCHEMA_FORMAT));
    }
    return status == OK ? db_exec(db, "COMMIT") : status;
}

static enum status sync_folder(const char *folder)
{
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) {
        return FAILED_IO;
    }
    int rc = fsync(fd);
    close(fd);
    return rc == 0 ? OK : FAILED_IO;
}

enum status store_create(const char *folder, struct reasons *why)
{
    char path[PATH_LIMIT];
    struct stat st;
    errno = 0;
    if (snprintf(path, sizeof path, "%s/attachments", folder) >= (int)sizeof path) {
        return fail(why, folder, TOO_LARGE);
    }
    if (mkdir(folder, 0700) != 0 && errno != EEXIST) {
        return fail(why, folder, FAILED_IO);
    }
    errno = 0;
    if (chmod(folder, 0700) != 0 || (mkdir(path, 0700) != 0 && errno != EEXIST)) {
        return fail(why, folder, FAILED_IO);
    }
    snprintf(path, sizeof path, "%s/segments", folder);
    if (mkdir(path, 0700) != 0 && errno != EEXIST) {
        return fail(why, path, FAILED_IO);
    }
    snprintf(path, sizeof path, "%s/office.db", folder);
    if (stat(path, &st) == 0) {
        if (why) {
            reason_add(why, "store.exists", path, T_("there is an office in this folder already"));
        }
        return REFUSED;
    }
    errno = 0;
    enum status status = make_side_key(folder);
    if (status != OK) {
        return fail(why, folder, status);
    }
    struct db db;
    status = db_make_file(path);
    if (status != OK) {
        return fail(why, path, status);
    }
    status = db_open(&db, path, DB_CREATE);
    if (status == OK) {
        status = db_exec(&db, "PRAGMA secure_delete = ON");
    }
    if (status == OK) {
        status = make_tables(&db);
    }
    db_close(&db);
    if (status == OK) {
        status = sync_folder(folder);
    }
    return status == OK ? OK : fail(why, path, status);
}

static enum status lock_folder(struct store *s, struct reasons *why)
{
    char path[PATH_LIMIT];
    if (!store_path(s, "lock", path, sizeof path)) {
        return TOO_LARGE;
    }
    s->folder_lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (s->folder_lock < 0) {
        return fail(why, path, FAILED_IO);
    }
    if (flock(s->folder_lock, LOCK_EX | LOCK_NB) != 0) {
        if (why) {
            reason_add(why, "store.locked", s->folder, T_("another process has this office open"));
        }
        return BUSY;
    }
    return OK;
}

static enum status tune(struct db *db, bool writes)
{
    enum status status = db_exec(db, "PRAGMA temp_store = MEMORY");
    if (status == OK) {
        status = db_exec(db, writes ? "PRAGMA cache_size = -16384" : "PRAGMA cache_size = -4096");
    }
    if (status != OK || !writes) {
        return status;
    }
    status = db_exec(db, "PRAGMA synchronous = FULL");
    if (status == OK) {
        status = db_exec(db, "PRAGMA secure_delete = ON");
    }
    return status == OK ? db_exec(db, "PRAGMA wal_autocheckpoint = 0") : status;
}

/* Format 3 had a row for each place of a search term and no packs: rows that it wrote are rows of today. */
static enum status bring_up(struct db *db)
{
    static const char *const steps[] = {
        "BEGIN IMMEDIATE", "ALTER TABLE posting ADD COLUMN rest BLOB", "ALTER TABLE progress ADD COLUMN packed INTEGER",
        "DROP VIEW seen_posting",
        "CREATE VIEW seen_posting AS SELECT term, guard, updated, record, rest FROM posting WHERE may_read(guard) = 1"};
    struct rows r = QUERY(db, SQL_GET_META, TEXT("format"));
    bool former = db_step(&r) && col_text(&r, 0) && strcmp(col_text(&r, 0), SCHEMA_FORMER) == 0;
    enum status status = r.status;
    db_done(&r);
    for (size_t i = 0; former && status == OK && i < sizeof steps / sizeof *steps; i++) {
        status = db_exec(db, steps[i]);
    }
    if (former && status == OK) {
        status = RUN(db, SQL_PUT_META, TEXT("format"), TEXT(SCHEMA_FORMAT));
    }
    return former && status == OK ? db_exec(db, "COMMIT") : status;
}

static enum status check_format(struct db *db, struct reasons *why)
{
    struct rows r = QUERY(db, SQL_GET_META, TEXT("format"));
    const char *format = db_step(&r) && col_text(&r, 0) ? col_text(&r, 0) : "?";
    bool good = strcmp(format, SCHEMA_FORMAT) == 0;
    enum status status = r.status;
    if (status == OK && !good && why) {
        reason_add(why, "store.format", NULL, T_("this store has format %1$s; this program reads format %2$s"), format,
                   SCHEMA_FORMAT);
    }
    db_done(&r);
    return status == OK && !good ? DAMAGED : status;
}

static enum status load_last_list(struct store *s)
{
    struct rows r = QUERY_ALL(&s->writer, SQL_LAST_LIST);
    if (db_step(&r)) {
        s->last_list = col_int(&r, 0);
    }
    db_done(&r);
    return r.status;
}

static enum status open_parts(struct store *s, struct reasons *why)
{
    char path[PATH_LIMIT];
    enum status status = lock_folder(s, why);
    if (status == OK) {
        status = read_side_key(s);
    }
    if (status == OK) {
        status = store_path(s, "office.db", path, sizeof path) ? db_open(&s->writer, path, DB_WRITE) : TOO_LARGE;
    }
    if (status == OK) {
        status = tune(&s->writer, true);
    }
    if (status == OK) {
        status = bring_up(&s->writer);
    }
    if (status == OK) {
        status = check_format(&s->writer, why);
    }
    if (status == OK) {
        status = db_open(&s->whole, path, DB_READ);
    }
    if (status == OK) {
        status = tune(&s->whole, false);
    }
    if (status == OK) {
        status = journal_load(s);
    }
    if (status == OK) {
        s->fresh = fresh_new();
        status = s->fresh ? fresh_load(s->fresh, &s->writer) : NO_MEMORY;
    }
    if (status == OK) {
        fresh_scale(s->fresh, db_pages(&s->writer));
    }
    if (status == OK) {
        status = load_last_list(s);
    }
    if (status == OK) {
        status = db_open(&s->copier, path, DB_WRITE);
    }
    if (status == OK) {
        status = tune(&s->copier, true);
    }
    if (status == OK) {
        status = check_format(&s->copier, why);     /* a connection that has read nothing has no WAL to copy */
    }
    if (status == OK) {
        status = copier_start(s);
    }
    return status == OK ? writer_start(s) : status;
}

enum status store_open(const char *folder, struct reasons *why, struct store **ret)
{
    struct store *s = calloc(1, sizeof *s);
    if (!s || !(s->folder = strdup(folder))) {
        free(s);
        return NO_MEMORY;
    }
    s->folder_lock = -1;
    pthread_mutex_init(&s->queue_lock, NULL);
    pthread_cond_init(&s->queue_more, NULL);
    pthread_mutex_init(&s->edge_lock, NULL);
    pthread_mutexattr_t again;                  /* a callback over all entries may ask for a body or a node */
    pthread_mutexattr_init(&again);
    pthread_mutexattr_settype(&again, PTHREAD_MUTEX_RECURSIVE);
    pthread_mutex_init(&s->whole_lock, &again);
    pthread_mutexattr_destroy(&again);
    pthread_mutex_init(&s->fault_lock, NULL);
    pthread_mutex_init(&s->copy_lock, NULL);
    pthread_cond_init(&s->copy_news, NULL);
    errno = 0;
    enum status status = open_parts(s, why);
    if (status != OK) {
        if (why && !why->count) {
            (void)fail(why, folder, status);
        }
        store_close(s);
        return status;
    }
    *ret = s;
    return OK;
}

void store_close(struct store *s)
{
    if (!s) {
        return;
    }
    if (s->running) {
        writer_stop(s);
    }
    if (s->copying) {
        copier_stop(s);
    }
    db_close(&s->copier);
    db_close(&s->whole);
    db_close(&s->writer);
    fresh_free(s->fresh);
    if (s->folder_lock >= 0) {
        close(s->folder_lock);
    }
    wipe(s->side_key, sizeof s->side_key);
    pthread_mutex_destroy(&s->queue_lock);
    pthread_cond_destroy(&s->queue_more);
    pthread_mutex_destroy(&s->edge_lock);
    pthread_mutex_destroy(&s->whole_lock);
    pthread_mutex_destroy(&s->fault_lock);
    pthread_mutex_destroy(&s->copy_lock);
    pthread_cond_destroy(&s->copy_news);
    free(s->folder);
    free(s);
}

void store_condition(struct store *s, struct store_fault *ret)
{
    pthread_mutex_lock(&s->fault_lock);
    *ret = s->fault;
    pthread_mutex_unlock(&s->fault_lock);
}
