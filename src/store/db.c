/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See db.h. Statements are prepared when first used and kept. What failed because of disk or memory is remembered in
 * `fault` until the writer has rolled back, since after it nothing of the batch may stand.
 */
#include "store/db.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"

static void configure(void)
{
    /* Before SQLite's first use; a test that set its own allocator before keeps it. No memory statistics (a lock on
     * every allocation), and savepoints never spill into temporary files. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    (void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, -1);
}

enum status db_open(struct db *db, const char *path, enum db_mode mode)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, configure);
    int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
    flags |= mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
    if (mode == DB_CREATE) {
        flags |= SQLITE_OPEN_CREATE;
    }
    *db = (struct db){0};
    int rc = sqlite3_open_v2(path, &db->c, flags, NULL);
    if (rc != SQLITE_OK) {
        enum status why = db_status(db, rc);
        sqlite3_close_v2(db->c);
        db->c = NULL;
        return why;
    }
    sqlite3_extended_result_codes(db->c, 1);
    sqlite3_busy_timeout(db->c, 10000);
    return OK;
}

void db_close(struct db *db)
{
    for (int i = 0; i < SQL_COUNT; i++) {
        sqlite3_finalize(db->stmt[i]);
        db->stmt[i] = NULL;
    }
    for (int i = 0; i < DB_CONTROLS; i++) {
        sqlite3_finalize(db->control[i]);
        db->control[i] = NULL;
    }
    if (db->c && sqlite3_close(db->c) != SQLITE_OK) {
        log_error("store: a statement was left open");
        sqlite3_close_v2(db->c);
    }
    db->c = NULL;
}

enum status db_status(struct db *db, int code)
{
    enum status status;
    switch (code & 0xff) {
    case SQLITE_OK: case SQLITE_ROW: case SQLITE_DONE: return OK;
    case SQLITE_CONSTRAINT: return CONFLICT;
    case SQLITE_BUSY: case SQLITE_LOCKED: return BUSY;
    case SQLITE_TOOBIG: return TOO_LARGE;
    case SQLITE_MISMATCH: case SQLITE_RANGE: return BAD_INPUT;
    case SQLITE_NOMEM: status = NO_MEMORY; break;
    case SQLITE_CORRUPT: case SQLITE_NOTADB: status = DAMAGED; break;
    default: status = FAILED_IO; break;
    }
    if (db->fault == OK) {
        db->fault = status;
        db->fault_code = code;
        log_error("store: %s (%d)", sqlite3_errstr(code), code);
    }
    return status;
}

enum status db_exec(struct db *db, const char *literal)
{
    return db_status(db, sqlite3_exec(db->c, literal, NULL, NULL, NULL));
}

enum status db_control(struct db *db, enum db_control which)
{
    static const char *const texts[DB_CONTROLS] = {
        [DB_BEGIN] = "BEGIN IMMEDIATE", [DB_COMMIT] = "COMMIT", [DB_SAVE] = "SAVEPOINT job",
        [DB_UNDO] = "ROLLBACK TO job", [DB_KEEP] = "RELEASE job"};
    sqlite3_stmt **s = &db->control[which];
    int rc = *s ? SQLITE_OK : sqlite3_prepare_v3(db->c, texts[which], -1, SQLITE_PREPARE_PERSISTENT, s, NULL);
    if (rc == SQLITE_OK) {
        rc = sqlite3_step(*s);
        int reset = sqlite3_reset(*s);
        rc = rc == SQLITE_DONE ? reset : rc;
    }
    return db_status(db, rc);
}

static int count_row(void *arg, int n, char **columns, char **names)
{
    *(size_t *)arg = n == 1 && columns[0] ? strtoul(columns[0], NULL, 10) : 0;
    return 0;
}

size_t db_pages(struct db *db)
{
    size_t pages = 0;
    return sqlite3_exec(db->c, "PRAGMA page_count", count_row, &pages, NULL) == SQLITE_OK ? pages : 0;
}

static int check_row(void *arg, int n, char **columns, char **names)
{
    *(bool *)arg = n == 1 && columns[0] && strcmp(columns[0], "ok") == 0;
    return 0;
}

enum status db_check(struct db *db)
{
    bool good = false;
    enum status status = db_status(db, sqlite3_exec(db->c, "PRAGMA quick_check(1)", check_row, &good, NULL));
    return status == OK && !good ? DAMAGED : status;
}

enum status db_make_file(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    return fd >= 0 && close(fd) == 0 ? OK : FAILED_IO;
}

static int bind_one(sqlite3_stmt *s, int at, const struct arg *a)
{
    if (a->kind == 'i') {
        return sqlite3_bind_int64(s, at, a->number);
    }
    if (!a->bytes) {
        return sqlite3_bind_null(s, at);
    }
    if (a->kind == 't') {
        return sqlite3_bind_text64(s, at, a->bytes, strlen(a->bytes), SQLITE_STATIC, SQLITE_UTF8);
    }
    return sqlite3_bind_blob64(s, at, a->len ? a->bytes : "", a->len, SQLITE_STATIC);
}

static int bind(sqlite3_stmt *s, const struct arg *args, size_t n)
{
    int rc = SQLITE_OK;
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++) {
        rc = bind_one(s, (int)i + 1, &args[i]);
    }
    return rc;
}

void db_again(struct rows *r, const int *which, const struct arg *args, size_t n)
{
    if (r->status != OK) {
        return;
    }
    int rc = sqlite3_reset(r->s);
    for (size_t i = 0; i < n && rc == SQLITE_OK; i++) {
        rc = bind_one(r->s, which[i], &args[i]);
    }
    r->status = db_status(r->db, rc);
}

struct rows db_query(struct db *db, enum sql_id id, const struct arg *args, size_t n)
{
    struct rows r = {.db = db};
    if (db->stmt[id] && sqlite3_stmt_busy(db->stmt[id])) {
        r.own = true;
        r.status = db_status(db, sqlite3_prepare_v3(db->c, sql_table[id].text, -1, 0, &r.s, NULL));
    } else {
        if (!db->stmt[id]) {
            r.status = db_status(db, sqlite3_prepare_v3(db->c, sql_table[id].text, -1, SQLITE_PREPARE_PERSISTENT,
                                                        &db->stmt[id], NULL));
            if (r.status != OK) {
                log_error("store: %s: %s", sql_table[id].name, sqlite3_errmsg(db->c));
            }
        }
        r.s = db->stmt[id];
    }
    if (r.status == OK) {
        r.status = db_status(db, bind(r.s, args, n));
    }
    return r;
}

bool db_step(struct rows *r)
{
    if (r->status != OK) {
        return false;
    }
    int rc = sqlite3_step(r->s);
    if (rc == SQLITE_ROW) {
        return true;
    }
    r->status = db_status(r->db, rc);
    return false;
}

void db_done(struct rows *r)
{
    if (r->own) {
        sqlite3_finalize(r->s);
    } else if (r->s) {
        sqlite3_reset(r->s);
        sqlite3_clear_bindings(r->s);
    }
    r->s = NULL;
}

enum status db_run(struct db *db, enum sql_id id, const struct arg *args, size_t n)
{
    struct rows r = db_query(db, id, args, n);
    while (db_step(&r)) {
    }
    db_done(&r);
    return r.status;
}

bool col_copy(struct rows *r, int i, void *out, size_t len)
{
    const void *bytes = col_blob(r, i);
    if (!bytes || col_len(r, i) != len) {
        return false;
    }
    memcpy(out, bytes, len);
    return true;
}

char *col_dup_text(struct rows *r, int i, struct arena *arena)
{
    const char *text = col_text(r, i);
    return text ? arena_strndup(arena, text, col_len(r, i)) : arena_strdup(arena, "");
}
