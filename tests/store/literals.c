/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Every SQL literal is prepared: on SQLite, with its placeholders in order, and on a private PostgreSQL 15 of Debian's on
 * a socket in a folder of its own, with the schema made there as well. Without Debian's PostgreSQL that half is skipped.
 * Also: a reading connection's statements touch views only, and a statement on a table is not prepared there.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <libpq-fe.h>
#include <pwd.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kit.h"
#include "store/inner.h"
#include "store/schema.h"
#include "tap.h"

#define BIN "/usr/lib/postgresql/15/bin/"

/* A reader's statement is prepared on a view, the others where the writer's are. */
static bool prepared(sqlite3 *c, const struct sql *sql)
{
    sqlite3_stmt *stmt = NULL;
    bool fine = sql->text && sqlite3_prepare_v2(c, sql->text, -1, &stmt, NULL) == SQLITE_OK;
    for (int p = 1; fine && p <= sqlite3_bind_parameter_count(stmt); p++) {
        char name[16];
        snprintf(name, sizeof name, "$%d", p);
        fine = strcmp(sqlite3_bind_parameter_name(stmt, p), name) == 0;
    }
    if (!fine) {
        printf("# %s: %s\n", sql->name, sqlite3_errmsg(c));
    }
    sqlite3_finalize(stmt);
    return fine;
}

static void test_sqlite(struct store *s)
{
    struct view *v = NULL;
    bool good = view_open(s, &v) == OK;
    for (int i = 0; good && i < SQL_COUNT; i++) {
        good = prepared(i >= VIEW_PROGRESS ? v->db.c : s->whole.c, &sql_table[i]);
    }
    ok(good, "every literal is prepared on SQLite, its placeholders in order");
    view_close(v);
}

static void test_authorizer(struct store *s)
{
    static const char *const forbidden[] = {
        "SELECT id FROM record", "SELECT body FROM version", "SELECT key FROM value", "SELECT leaf FROM entry",
        "SELECT secret FROM attachment", "SELECT text FROM label", "DELETE FROM value", "UPDATE record SET state = 'x'",
        "SELECT record FROM posting", "PRAGMA journal_mode", "ATTACH '/tmp/x' AS x", "SELECT load_extension('x')",
        "CREATE TEMP TABLE t (a)", "SELECT name FROM sqlite_master", "SELECT answer FROM change_key",
    };
    struct view *v = NULL;
    bool good = view_open(s, &v) == OK;
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        sqlite3_stmt *stmt = NULL;
        if (sqlite3_prepare_v2(v->db.c, forbidden[i], -1, &stmt, NULL) == SQLITE_OK) {
            printf("# prepared: %s\n", forbidden[i]);
            good = false;
        }
        sqlite3_finalize(stmt);
    }
    ok(good, "a reading connection does not even prepare a statement on a table");
    sqlite3_stmt *stmt = NULL;
    ok(sqlite3_prepare_v2(v->db.c, "SELECT COUNT(*) FROM seen_value", -1, &stmt, NULL) == SQLITE_OK
       && sqlite3_step(stmt) == SQLITE_ROW && sqlite3_column_int(stmt, 0) == 0,
       "a statement that forgets the guard sees nothing");
    sqlite3_finalize(stmt);
    view_close(v);
}

/* ---- PostgreSQL ---- */

static struct passwd *server_user(void)
{
    struct passwd *who = getpwnam("postgres");
    return who ? who : getpwnam("nobody");
}

static pid_t start(const char *folder, const char *const *argv)
{
    pid_t child = fork();
    if (child == 0) {
        struct passwd *who = server_user();
        if (geteuid() == 0 && (!who || setgroups(0, NULL) != 0 || setgid(who->pw_gid) != 0 || setuid(who->pw_uid) != 0)) {
            _exit(126);
        }
        char log[4200];
        snprintf(log, sizeof log, "%s/log", folder);
        int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
        if (chdir(folder) != 0 || fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0) {
            _exit(126);
        }
        setenv("LC_ALL", "C", 1);
        execv(argv[0], (char *const *)argv);
        _exit(127);
    }
    return child;
}

static PGconn *connect_when_ready(const char *folder)
{
    const char *names[] = {"host", "user", "dbname", NULL}, *values[] = {folder, "office", "postgres", NULL};
    for (int i = 0; i < 400; i++) {
        PGconn *c = PQconnectdbParams(names, values, 0);
        if (PQstatus(c) == CONNECTION_OK) {
            return c;
        }
        PQfinish(c);
        usleep(50000);
    }
    return NULL;
}

static bool command(PGconn *c, const char *text)
{
    PGresult *r = PQexec(c, text);
    bool good = PQresultStatus(r) == PGRES_COMMAND_OK;
    if (!good) {
        printf("# %s# %s\n", PQerrorMessage(c), text);
    }
    PQclear(r);
    return good;
}

static void prepare_all(PGconn *c)
{
    bool good = true;
    for (const char *const *text = schema_postgres; *text; text++) {
        good = command(c, *text) && good;
    }
    ok(good, "the schema is made on PostgreSQL 15");
    good = true;
    for (int i = 0; i < SQL_COUNT; i++) {
        PGresult *r = PQprepare(c, sql_table[i].name, sql_table[i].text, 0, NULL);
        if (PQresultStatus(r) != PGRES_COMMAND_OK) {
            printf("# %s: %s", sql_table[i].name, PQerrorMessage(c));
            good = false;
        }
        PQclear(r);
    }
    ok(good, "every literal is prepared on PostgreSQL 15");
    PGresult *r = PQprepare(c, "wrong", "SELECT nothing FROM nowhere", 0, NULL);
    ok(PQresultStatus(r) != PGRES_COMMAND_OK, "a wrong one would be found");
    PQclear(r);
}

static void test_postgres(void)
{
    static const char *const initdb[] = {BIN "initdb", "-D", "data", "-U", "office", "--no-sync", "-A", "trust",
                                         "--no-locale", "-E", "UTF8", NULL};
    char template[] = "/tmp/castellan-pg-XXXXXX";
    if (access(BIN "postgres", X_OK) != 0) {
        tap_skip("every literal is prepared on PostgreSQL 15", "postgresql-15 is not installed");
        return;
    }
    char *folder = mkdtemp(template);
    struct passwd *who = server_user();
    if (geteuid() == 0 && who && chown(folder, who->pw_uid, who->pw_gid) != 0) {
        ok(false, "chown: %s", strerror(errno));
    }
    int status = 0;
    pid_t child = start(folder, initdb);
    ok(child > 0 && waitpid(child, &status, 0) == child && status == 0, "a private PostgreSQL is set up");
    const char *const serve[] = {BIN "postgres", "-D", "data", "-k", folder, "-c", "listen_addresses=", "-c", "fsync=off",
                                 "-c", "shared_buffers=8MB", "-c", "max_connections=5", NULL};
    child = start(folder, serve);
    PGconn *c = connect_when_ready(folder);
    if (ok(c != NULL, "and answers")) {
        prepare_all(c);
        PQfinish(c);
    }
    kill(child, SIGQUIT);
    waitpid(child, &status, 0);
    kit_remove(strdup(folder));
}

int main(void)
{
    tap_seed();
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    test_sqlite(s);
    test_authorizer(s);
    store_close(s);
    kit_remove(folder);
    test_postgres();
    return tap_done();
}
