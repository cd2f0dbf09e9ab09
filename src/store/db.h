/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One connection with its prepared statements: the thin face of SQLite that the rest of the room uses. A second store
 * would put its own db.c here. Used by one thread at a time.
 */
#ifndef STORE_DB_H
#define STORE_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "store/sql.h"

/* Begin, commit and savepoints: with every change, so they are prepared once as well. */
enum db_control { DB_BEGIN, DB_COMMIT, DB_SAVE, DB_UNDO, DB_KEEP, DB_CONTROLS };
struct db {
    sqlite3 *c;
    sqlite3_stmt *stmt[SQL_COUNT];
    sqlite3_stmt *control[DB_CONTROLS];
    enum status fault;          /* the first failure of disk or memory since it was last cleared */
    int fault_code;             /* SQLite's extended code of it */
};
enum db_mode { DB_CREATE, DB_WRITE, DB_READ };
enum status db_open(struct db *, const char *path, enum db_mode) MUST_CHECK;
void db_close(struct db *);
/* A literal without arguments and rows: pragmas, the schema. */
enum status db_exec(struct db *, const char *literal) MUST_CHECK;
enum status db_control(struct db *, enum db_control) MUST_CHECK;
size_t db_pages(struct db *);       /* of the file; 0 when it cannot be told */
/* The store's own check of its file: pages, order of indexes, types. DAMAGED when it finds anything. */
enum status db_check(struct db *) MUST_CHECK;
/* An empty file that only its owner may read, for a database that is about to be made. */
enum status db_make_file(const char *path) MUST_CHECK;
/* What a result code means; failures of disk and memory are also kept in fault. */
enum status db_status(struct db *, int code);

struct arg { char kind; int64_t number; const void *bytes; size_t len; };
#define INT(x) ((struct arg){'i', (x), NULL, 0})
#define TEXT(x) ((struct arg){'t', 0, (x), 0})
#define BLOB(x, n) ((struct arg){'b', 0, (x), (n)})    /* NULL binds NULL; empty bytes bind empty bytes */

/* Runs a statement that gives no rows. */
enum status db_run(struct db *, enum sql_id, const struct arg *, size_t n) MUST_CHECK;
#define RUN(db, id, ...) \
    db_run((db), (id), (const struct arg[]){__VA_ARGS__}, sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg))

/* Rows of a query. db_step: true while there is a row; then look at `status`. db_done always. */
struct rows {
    struct db *db;
    sqlite3_stmt *s;
    bool own;                   /* a second copy, since the cached one was at work */
    enum status status;
};
struct rows db_query(struct db *, enum sql_id, const struct arg *, size_t n);
#define QUERY(db, id, ...) \
    db_query((db), (id), (const struct arg[]){__VA_ARGS__}, sizeof((const struct arg[]){__VA_ARGS__}) / sizeof(struct arg))
#define QUERY_ALL(db, id) db_query((db), (id), NULL, 0)
bool db_step(struct rows *);
/* The same statement from its beginning, with some arguments (counted from 1) bound anew. */
void db_again(struct rows *, const int *which, const struct arg *, size_t n);
void db_done(struct rows *);

static inline int64_t col_int(struct rows *r, int i) { return sqlite3_column_int64(r->s, i); }
static inline bool col_null(struct rows *r, int i) { return sqlite3_column_type(r->s, i) == SQLITE_NULL; }
static inline const char *col_text(struct rows *r, int i) { return (const char *)sqlite3_column_text(r->s, i); }
static inline const void *col_blob(struct rows *r, int i) { return sqlite3_column_blob(r->s, i); }
static inline size_t col_len(struct rows *r, int i) { return (size_t)sqlite3_column_bytes(r->s, i); }
/* Exactly `len` bytes into out; false otherwise. */
bool col_copy(struct rows *, int i, void *out, size_t len);
char *col_dup_text(struct rows *, int i, struct arena *);

#endif
