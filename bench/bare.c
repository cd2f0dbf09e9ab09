/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The peer of durable changes: bare SQLite, one table, one index, rows of so many bytes, so many rows a transaction,
 * synchronous=FULL. And the disk's fsync: a 4 KB block overwritten and synced.
 *
 *     bench-bare FOLDER BYTES ROWS SECONDS          prints rate=... fsync=... (ms, median)
 *     bench-bare copy DATABASE TO                   copies every table row by row, without indexes; prints seconds
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <string.h>
#include <unistd.h>

#include "figure.h"

static double inserts(const char *path, int bytes, int rows, double seconds)
{
    sqlite3 *db;
    sqlite3_stmt *insert;
    if (sqlite3_open(path, &db) != SQLITE_OK
        || sqlite3_exec(db, "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; CREATE TABLE t(id INTEGER PRIMARY KEY, k BLOB, b BLOB); CREATE INDEX i ON t(k)", NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_prepare_v2(db, "INSERT INTO t(k, b) VALUES ($1, $2)", -1, &insert, NULL) != SQLITE_OK)
        exit(1);
    char *body = calloc(1, (size_t)bytes);
    unsigned long long state = 42, done = 0;
    double start = seconds_now();
    while (seconds_now() - start < seconds) {
        sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL);
        for (int i = 0; i < rows; i++) {
            state = state * 6364136223846793005ULL + 1442695040888963407ULL;
            sqlite3_bind_blob(insert, 1, &state, 8, SQLITE_TRANSIENT);
            sqlite3_bind_blob(insert, 2, body, bytes, SQLITE_STATIC);
            sqlite3_step(insert);
            sqlite3_reset(insert);
        }
        if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
            exit(1);
        done += (unsigned long long)rows;
    }
    double rate = (double)done / (seconds_now() - start);
    sqlite3_finalize(insert);
    sqlite3_close(db);
    free(body);
    return rate;
}

static double fsync_time(const char *path)
{
    static double took[200];
    char block[4096] = {1};
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    for (int i = 0; i < 264; i++) {
        double start = seconds_now();
        if (pwrite(fd, block, sizeof block, (i % 64) * 4096) < 0)
            exit(1);
        fdatasync(fd);
        if (i >= 64)
            took[i - 64] = (seconds_now() - start) * 1000;
    }
    close(fd);
    return centile_of(took, 200, 0.5);
}

static double copy(const char *from, const char *to)
{
    sqlite3 *db;
    sqlite3_stmt *names, *attach;
    double start = seconds_now();
    if (sqlite3_open(to, &db) != SQLITE_OK || sqlite3_prepare_v2(db, "ATTACH $1 AS o", -1, &attach, NULL) != SQLITE_OK)
        exit(1);
    sqlite3_bind_text(attach, 1, from, -1, SQLITE_STATIC);
    if (sqlite3_step(attach) != SQLITE_DONE || sqlite3_finalize(attach) != SQLITE_OK
        || sqlite3_exec(db, "PRAGMA journal_mode=WAL; BEGIN", NULL, NULL, NULL) != SQLITE_OK
        || sqlite3_prepare_v2(db, "SELECT name FROM o.sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite%'", -1, &names, NULL) != SQLITE_OK)
        exit(1);
    char text[400], all[100][64];
    int n = 0;
    while (sqlite3_step(names) == SQLITE_ROW && n < 100)
        snprintf(all[n++], sizeof all[0], "%s", (const char *)sqlite3_column_text(names, 0));
    sqlite3_finalize(names);
    for (int i = 0; i < n; i++) {
        snprintf(text, sizeof text, "CREATE TABLE \"%s\" AS SELECT * FROM o.\"%s\"", all[i], all[i]);
        if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
            fprintf(stderr, "%s: %s\n", all[i], sqlite3_errmsg(db));
    }
    if (sqlite3_exec(db, "COMMIT", NULL, NULL, NULL) != SQLITE_OK)
        exit(1);
    sqlite3_close(db);
    return seconds_now() - start;
}

int main(int argc, char **argv)
{
    char path[4200], other[4300];
    if (argc == 4 && strcmp(argv[1], "copy") == 0) {
        printf("%.3f\n", copy(argv[2], argv[3]));
        return 0;
    }
    if (argc < 5)
        return 2;
    snprintf(path, sizeof path, "%s.bare.db", argv[1]);
    double rate = inserts(path, atoi(argv[2]), atoi(argv[3]), atof(argv[4]));
    static const char *const ends[] = {"", "-wal", "-shm"};
    for (int i = 0; i < 3; i++) {
        snprintf(other, sizeof other, "%s%s", path, ends[i]);
        unlink(other);
    }
    printf("rate=%.0f fsync=%.3f\n", rate, fsync_time(path));
    unlink(path);
    return 0;
}
