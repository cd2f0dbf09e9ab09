/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tampering: whoever can write to the office's folder changes, deletes, inserts and swaps rows of every table, flips bytes of leaves
 * and bodies, cuts the journal's tail, replaces the signer's key and the checkpoints, edits policies and settings. `verify` finds each,
 * and names the first bad entry where it is one; castellan-verify on an export finds those of the journal. 300 mutations, 3,000 with
 * CASTELLAN_SOAK. What verify cannot find by its nature stands in `beyond` below, with the reason, and nothing else may escape.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "fixture.h"
#include "office/duty.h"
#include "journal/export.h"
#include "office/verify.h"
#include "tap.h"
#include "verify/cv.h"

static struct fixture f;
static char copy[80];

/* What lies in the folder without being journalled or derived, so that no check within it can tell. */
static const struct { const char *table, *how, *reason; } beyond[] = {
    {"change_key", "", "remembers first answers for repeated keys: not journalled, says nothing of any record"},
    {"meta", "insert", "a setting that the program does not know is never read"},
    {"side", "delete", "side rows are not journalled; a lost one reads as never given (threat model: replay and loss of side rows)"},
    {"recent", "", "the log of index rows: moved into the tables at the next start, empty in an office that was closed"},
    {"segment", "", "holdings: no segment is opened by the office of this test; segments carry their own chain"},
};

static bool is_beyond(const char *table, const char *how)
{
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        if (strcmp(beyond[i].table, table) == 0 && (!*beyond[i].how || strcmp(beyond[i].how, how) == 0))
            return true;
    return false;
}

/* ---- folders ---- */

static bool copy_file(const char *from, const char *to)
{
    static char buffer[1 << 16];
    int in = open(from, O_RDONLY), out = open(to, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    ssize_t n = -1;
    while (in >= 0 && out >= 0 && (n = read(in, buffer, sizeof buffer)) > 0)
        if (write(out, buffer, (size_t)n) != n)
            n = -1;
    close(in);
    close(out);
    return n == 0;
}

static void copy_folder(const char *from, const char *to)
{
    DIR *folder = opendir(from);
    mkdir(to, 0700);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char a[600], b[600];
        struct stat about;
        if (entry->d_name[0] == '.')
            continue;
        snprintf(a, sizeof a, "%s/%s", from, entry->d_name);
        snprintf(b, sizeof b, "%s/%s", to, entry->d_name);
        if (stat(a, &about) == 0 && S_ISDIR(about.st_mode))
            copy_folder(a, b);
        else if (!copy_file(a, b))
            abort();
    }
    closedir(folder);
}

static void drop_folder(const char *path)
{
    DIR *folder = opendir(path);
    for (struct dirent *entry; folder && (entry = readdir(folder));) {
        char at[600];
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        snprintf(at, sizeof at, "%s/%s", path, entry->d_name);
        if (unlink(at) != 0)
            drop_folder(at);
    }
    if (folder)
        closedir(folder);
    rmdir(path);
}

static const char *in_copy(const char *name)
{
    static char path[4][200];
    static unsigned turn;
    char *out = path[turn++ % 4];
    snprintf(out, 200, "%s/%s", copy, name);
    return out;
}

/* ---- the office that is tampered with ---- */

static void checkpoint(struct signer *signer)
{
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    if (office_checkpoint(f.office, signer, f.now, &reasons) != OK)
        printf("# no checkpoint: %s\n", reasons_text(&reasons, LANG_EN));
}

static void live(void)
{
    struct reasons reasons;
    struct signer *signer = NULL;
    const char *folder, *label, *owner, *number, *first = NULL;
    reasons_init(&reasons, f.arena);
    fixture_new(&f);
    reasons_init(&reasons, f.arena);
    folder = arena_printf(f.arena, "%s-signer", f.folder);
    if (signer_create_key(folder, "castellan/test", &reasons) != OK || signer_start(folder, &reasons, &signer) != OK) {
        printf("# signer: %s\n", reasons_text(&reasons, LANG_EN));
        abort();
    }
    copy_file(arena_printf(f.arena, "%s/signer.pub", folder), arena_printf(f.arena, "%s/signer.pub", f.folder));
    label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    owner = fixture_person(&f, "ict");
    for (int i = 0; i < 60; i++) {
        const char *fields = arena_printf(f.arena, "{\"what\":\"Renew lock %d of wing %d\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-05-%02d\"}",
                                          i, i % 7, owner, 1 + i % 28);
        if (fixture_create(&f, "ssl", "action", label, fields, &number) != OK)
            printf("# %s\n", fixture_words());
        if (i % 2)
            (void)!fixture_step(&f, "ict", number, "accept", "{}");
        first = first ? first : number;
        f.now += MINUTE;
        if (i == 20 || i == 40)
            checkpoint(signer);
    }
    for (int i = 0; i < 8; i++)
        if (fixture_create(&f, "staff", "incident", i % 2 ? label : fixture_label(&f, "NATO", "RESTRICTED"),
                           arena_printf(f.arena, "{\"summary\":\"Container %d found open\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"At night.\"}", i), &number) != OK)
            printf("# %s\n", fixture_words());
    (void)!fixture_step(&f, "duty", number, "contain", "{\"containment\":\"Locked.\",\"contained-at\":\"2027-03-01T07:50Z\"}");
    struct outcome outcome = {0};
    const struct reader *reader = fixture_reader(&f, "duty");
    struct change change = {.writer = reader, .key = "attach-a-file", .now = f.now};
    for (const struct register_def *def = pack_register(office_pack(f.office), "incident"); def; def = NULL)
        for (size_t i = 0; i < def->n_fields; i++)
            if (def->fields[i].type == FIELD_ATTACHMENTS && office_attach(f.office, &change, number, def->fields[i].name, "photo.jpg", "image/jpeg", "not really", 10, f.arena, &outcome) == OK)
                break;
    if (outcome.status != OK)
        printf("# attachment: %s\n", reasons_text(&outcome.reasons, LANG_EN));
    ok(outcome.status == OK && outcome.n_numbers == 1, "a file is attached");
    reader_free(reader);
    if (office_side_put(f.office, "draft", 1, "a", "text", 4) != OK || office_side_put(f.office, "draft", 1, "b", "more", 4) != OK)
        abort();
    checkpoint(signer);
    signer_stop(signer);
    office_close(f.office);
    f.office = NULL;
}

/* ---- verify on the copy: a damaged office may be refused as a whole, but nothing may crash ---- */

struct found { int status; uint64_t first_bad; uint64_t differences; char words[600]; };

static struct found look(void)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons reasons;
    struct office *office = NULL;
    struct office_verdict verdict = {.journal.first_bad = JOURNAL_NOWHERE};
    reasons_init(&reasons, arena);
    enum status status = office_open(&(struct office_options){.folder = copy, .now = f.now, .fast_secrets = true, .duties = duties_all}, &reasons, &office);
    if (status == OK)
        status = office_verify(office, copy, false, NULL, NULL, arena, &reasons, &verdict);
    office_close(office);
    struct found found = {.status = (int)status, .first_bad = verdict.journal.first_bad, .differences = verdict.differences};
    snprintf(found.words, sizeof found.words, "%s", reasons_text(&reasons, LANG_EN));
    arena_free(arena);
    return found;
}

/* ---- mutations of rows ---- */

struct sql_column { char name[32], type[16]; bool key; };
struct table { const char *name; struct sql_column columns[16]; int n; int64_t rows; bool without_rowid; };

static sqlite3 *db;

static bool sql(const char *text) { return sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK; }
static int64_t number_of(const char *text)
{
    sqlite3_stmt *s;
    int64_t n = 0;
    if (sqlite3_prepare_v2(db, text, -1, &s, NULL) == SQLITE_OK && sqlite3_step(s) == SQLITE_ROW)
        n = sqlite3_column_int64(s, 0);
    sqlite3_finalize(s);
    return n;
}

static void describe(struct table *table)
{
    char text[200];
    sqlite3_stmt *s;
    snprintf(text, sizeof text, "PRAGMA table_info(%s)", table->name);
    table->n = 0;
    if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK)
        abort();
    while (sqlite3_step(s) == SQLITE_ROW && table->n < 16) {
        struct sql_column *c = &table->columns[table->n++];
        snprintf(c->name, sizeof c->name, "%s", sqlite3_column_text(s, 1));
        snprintf(c->type, sizeof c->type, "%s", sqlite3_column_text(s, 2));
        c->key = sqlite3_column_int(s, 5) > 0;
    }
    sqlite3_finalize(s);
    snprintf(text, sizeof text, "SELECT COUNT(*) FROM %s", table->name);
    table->rows = number_of(text);
}

/* "a = x AND b = y" of the n-th row, by its key columns, as literals. */
static char *row_at(const struct table *table, int64_t n)
{
    static char turn[4][1200];
    static unsigned at;
    char *out = turn[at++ % 4], text[400], *names = text + snprintf(text, sizeof text, "SELECT ");
    int keys = 0;
    for (int i = 0; i < table->n; i++)
        if (table->columns[i].key)
            names += sprintf(names, "%squote(%s)", keys++ ? ", " : "", table->columns[i].name);
    sprintf(names, " FROM %s LIMIT 1 OFFSET %lld", table->name, (long long)n);
    sqlite3_stmt *s;
    size_t len = 0;
    out[0] = 0;
    if (sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK || sqlite3_step(s) != SQLITE_ROW)
        abort();
    for (int i = 0, k = 0; i < table->n; i++)
        if (table->columns[i].key)
            len += (size_t)snprintf(out + len, 1200 - len, "%s%s = %s", k ? " AND " : "", table->columns[i].name, (const char *)sqlite3_column_text(s, k)), k++;
    sqlite3_finalize(s);
    return out;
}

/* Another value for a column: a number nearby or far, a byte flipped, a text prolonged. NULL columns get a blob. */
static void change_value(const struct table *table, const struct sql_column *column, const char *where)
{
    char text[3000], select[1500];
    sqlite3_stmt *s;
    snprintf(select, sizeof select, "SELECT %s FROM %s WHERE %s", column->name, table->name, where);
    snprintf(text, sizeof text, "UPDATE %s SET %s = ?1 WHERE %s", table->name, column->name, where);
    sqlite3_stmt *read;
    if (sqlite3_prepare_v2(db, select, -1, &read, NULL) != SQLITE_OK || sqlite3_step(read) != SQLITE_ROW ||
        sqlite3_prepare_v2(db, text, -1, &s, NULL) != SQLITE_OK)
        abort();
    int64_t old = sqlite3_column_int64(read, 0);
    int len = sqlite3_column_bytes(read, 0);
    char *bytes = malloc((size_t)len + 2);
    memcpy(bytes, len ? sqlite3_column_blob(read, 0) : "", (size_t)len);
    sqlite3_finalize(read);
    if (strcmp(column->type, "INTEGER") == 0) {
        static const int64_t far[] = {0, -1, 1, 2, 7, 1000000, INT64_MAX};
        int64_t next = tap_below(2) ? far[tap_below(7)] : old + (tap_below(2) ? 1 : -1);
        sqlite3_bind_int64(s, 1, next == old ? old + 3 : next);
    } else {
        if (len && tap_below(4))
            bytes[tap_below((uint64_t)len)] ^= (char)(1 << tap_below(5));
        else
            bytes[len++] = 'x';
        if (strcmp(column->type, "TEXT") == 0)
            sqlite3_bind_text(s, 1, bytes, len, SQLITE_TRANSIENT);
        else
            sqlite3_bind_blob(s, 1, bytes, len, SQLITE_TRANSIENT);
    }
    (void)!sqlite3_step(s);
    sqlite3_finalize(s);
    free(bytes);
}

/* A copy of a row under another key. */
static void insert_row(const struct table *table, const char *where)
{
    char text[3000], *at = text + sprintf(text, "INSERT INTO %s SELECT ", table->name);
    for (int i = 0, first = 1; i < table->n; i++) {
        const struct sql_column *c = &table->columns[i];
        bool bend = c->key && (first || tap_below(2));
        if (bend && strcmp(c->type, "INTEGER") == 0)
            at += sprintf(at, "%s(SELECT MAX(%s) FROM %s) + %d", i ? ", " : "", c->name, table->name, 1 + (int)tap_below(3));
        else if (bend && strcmp(c->type, "TEXT") == 0)
            at += sprintf(at, "%s%s || 'q'", i ? ", " : "", c->name);
        else if (bend)
            at += sprintf(at, "%sCAST(%s || 'q' AS BLOB)", i ? ", " : "", c->name);
        else
            at += sprintf(at, "%s%s", i ? ", " : "", c->name);
        first = first && !bend;
    }
    sprintf(at, " FROM %s WHERE %s", table->name, where);
    if (!sql(text) && strcmp(table->name, "guard") == 0) {
        snprintf(text, sizeof text, "INSERT INTO guard SELECT (SELECT MAX(id) FROM guard) + 1, register, label, file, party + 5 FROM guard WHERE %s", where);
        (void)!sql(text);
    } else if (strcmp(table->name, "field") == 0) {
        snprintf(text, sizeof text, "INSERT INTO field SELECT (SELECT MAX(id) FROM field) + 1, register, field || 'q' FROM field WHERE %s", where);
        (void)!sql(text);
    }
}

/* Two rows exchange what stands in one column that is no key. */
static void swap_rows(const struct table *table, const char *one, const char *other, const struct sql_column *column)
{
    char text[4000];
    snprintf(text, sizeof text, "UPDATE %s SET %s = CASE WHEN %s THEN (SELECT %s FROM %s WHERE %s) ELSE (SELECT %s FROM %s WHERE %s) END WHERE (%s) OR (%s)",
             table->name, column->name, one, column->name, table->name, other, column->name, table->name, one, one, other);
    (void)!sql(text);
}

/* Whether anything differs from the original: a mutation may have hit an equal value. */
static bool differs(const struct table *table)
{
    char text[300];
    snprintf(text, sizeof text, "SELECT (SELECT COUNT(*) FROM (SELECT * FROM %s EXCEPT SELECT * FROM was.%s)) + (SELECT COUNT(*) FROM (SELECT * FROM was.%s EXCEPT SELECT * FROM %s))",
             table->name, table->name, table->name, table->name);
    return number_of(text) > 0;
}

static const char *const table_names[] = {"record", "version", "body", "value", "posting", "link", "label", "guard", "field", "entry", "node",
                                          "change_key", "side", "tombstone", "index_list", "attachment", "meta", "progress", "recent", "segment"};
enum { TABLES = sizeof table_names / sizeof *table_names };
static const char *const hows[] = {"change", "delete", "insert", "swap"};

static void open_copy(void)
{
    char attach[200];
    if (sqlite3_open(in_copy("office.db"), &db) != SQLITE_OK)
        abort();
    snprintf(attach, sizeof attach, "ATTACH '%s/office.db' AS was", f.folder);
    if (!sql(attach))
        abort();
}
static void close_copy(void)
{
    (void)!sql("DETACH was");
    sqlite3_close(db);
    db = NULL;
}

/* A field's name that is used by no row may be given anew at the next start; progress is a count that no row leads to. */
static bool means_nothing(const char *table, const char *how, bool was_used)
{
    return (strcmp(table, "field") == 0 && !was_used && strcmp(how, "insert") != 0) || (strcmp(table, "progress") == 0);
}

static void test_rows(unsigned cases)
{
    unsigned found[TABLES] = {0}, made[TABLES] = {0}, told[TABLES] = {0}, escaped = 0, all = 0, unnamed = 0, named = 0;
    for (unsigned i = 0; i < cases; i++) {
        struct table table = {.name = table_names[i % TABLES]};
        const char *how = hows[tap_below(4)];
        char what[400];
        if ((is_beyond(table.name, "") || strcmp(table.name, "progress") == 0) && i / TABLES % 5 != 0)
            continue;                          /* a few are enough to see that nothing crashes */
        uint64_t entry = JOURNAL_NOWHERE;
        copy_file(arena_printf(f.arena, "%s/office.db", f.folder), in_copy("office.db"));
        unlink(in_copy("office.db-wal"));
        unlink(in_copy("office.db-shm"));
        open_copy();
        describe(&table);
        if (table.rows == 0 && strcmp(table.name, "tombstone") == 0) {
            how = "insert";
            (void)!sql("INSERT INTO tombstone VALUES ('record', '1234', 3)");
        } else if (table.rows == 0) {
            close_copy();
            continue;
        }
        const struct sql_column *column = &table.columns[tap_below((uint64_t)table.n)];
        const char *certain = i / TABLES != 0 ? NULL : strcmp(table.name, "entry") == 0 ? "leaf" : strcmp(table.name, "body") == 0 ? "body" : NULL;
        for (int c = 0; certain && c < (int)table.n; c++)      /* once each, whatever the seed: the cases whose first bad entry is known */
            if (strcmp(table.columns[c].name, certain) == 0) {
                column = &table.columns[c];
                how = "change";
            }
        bool used = true;
        snprintf(what, sizeof what, "%s %s", how, table.name);
        if (table.rows) {
            char *one = row_at(&table, (int64_t)tap_below((uint64_t)table.rows)), *other = row_at(&table, (int64_t)tap_below((uint64_t)table.rows)), text[1500];
            snprintf(what, sizeof what, "%s %s.%s where %.200s", how, table.name, column->name, one);
            if (strcmp(table.name, "field") == 0) {
                snprintf(text, sizeof text, "SELECT (SELECT COUNT(*) FROM value WHERE field = (SELECT id FROM field WHERE %s)) + (SELECT COUNT(*) FROM link WHERE field = (SELECT id FROM field WHERE %s))"
                         " + (SELECT COUNT(*) FROM guard WHERE register = (SELECT id FROM field WHERE %s))", one, one, one);
                used = number_of(text) > 0;
            }
            if (strcmp(table.name, "entry") == 0 && strcmp(how, "change") == 0 && strcmp(column->name, "leaf") == 0)
                entry = (uint64_t)strtoull(strstr(one, "= ") + 2, NULL, 10);
            if (strcmp(table.name, "body") == 0 && strcmp(how, "change") == 0 && strcmp(column->name, "body") == 0)
                entry = (uint64_t)strtoull(strstr(one, "= ") + 2, NULL, 10);
            if (strcmp(how, "change") == 0)
                change_value(&table, column, one);
            else if (strcmp(how, "insert") == 0)
                insert_row(&table, one);
            else if (strcmp(how, "swap") == 0)
                swap_rows(&table, one, other, column);
            else {
                snprintf(text, sizeof text, "DELETE FROM %s WHERE %s", table.name, one);
                (void)!sql(text);
            }
        }
        bool real = differs(&table);
        close_copy();
        if (!real)
            continue;
        made[i % TABLES]++;
        all++;
        struct found verdict = look();
        if (verdict.status != OK) {
            found[i % TABLES]++;
            told[i % TABLES] += verdict.words[0] != 0;
            if (entry != JOURNAL_NOWHERE && verdict.first_bad != JOURNAL_NOWHERE) {
                named++;
                if (verdict.first_bad != entry && unnamed++ < 5)
                    printf("# %s: entry %llu was named\n", what, (unsigned long long)verdict.first_bad);
            }
        } else if (!is_beyond(table.name, how) && !means_nothing(table.name, how, used) && escaped++ < 40) {
            printf("# escaped: %s\n", what);
        }
    }
    ok(escaped == 0, "every change of rows that means something is found (%u changes)", all);
    ok(unnamed == 0 && named > 0, "the first bad entry is named, where it is one (%u)", named);
    for (size_t t = 0; t < TABLES; t++)
        if (made[t])
            ok((found[t] == made[t] || is_beyond(table_names[t], "") || strcmp(table_names[t], "field") == 0 || strcmp(table_names[t], "progress") == 0 ||
                strcmp(table_names[t], "meta") == 0 || strcmp(table_names[t], "side") == 0) && told[t] == found[t],
               "table %s: %u of %u found, each told in words", table_names[t], found[t], made[t]);
    for (size_t i = 0; i < sizeof beyond / sizeof *beyond; i++)
        printf("# beyond verify: %s%s%s: %s\n", beyond[i].table, *beyond[i].how ? ", " : "", beyond[i].how, beyond[i].reason);
    printf("# beyond verify: field, when no row uses it: it is given anew; progress: a counter that goes on from wherever it stands\n");
}

/* ---- what is aimed at ---- */

static void fresh_copy(void)
{
    drop_folder(copy);
    copy_folder(f.folder, copy);
}

static void aimed(const char *name, const char *text, uint64_t entry)
{
    fresh_copy();
    open_copy();
    bool did = sql(text);
    close_copy();
    struct found verdict = look();
    if (!ok(did && verdict.status > OK, "%s: found", name))
        printf("# did %d, status %d %s\n", did, verdict.status, verdict.words);
    if (entry != JOURNAL_NOWHERE)
        if (!ok(verdict.first_bad == entry, "and the first bad entry is named"))
            printf("# got %llu, status %d: %s\n", (unsigned long long)verdict.first_bad, verdict.status, verdict.words);
}

/* The guard that anybody reads may be a record's already. */
#define OTHER_GUARD "(SELECT MAX(id) FROM record WHERE guard <> 1)"
static void test_aimed(void)
{
    uint64_t size;
    fresh_copy();
    open_copy();
    size = (uint64_t)number_of("SELECT COUNT(*) FROM entry");
    close_copy();
    ok(size > 256, "the journal has %llu entries, more than one block of the tree", (unsigned long long)size);
    aimed("the journal's tail is cut", arena_printf(f.arena, "DELETE FROM entry WHERE position >= %llu", (unsigned long long)size - 5), JOURNAL_NOWHERE);
    aimed("the tail with all that hangs on it is cut",
          arena_printf(f.arena, "DELETE FROM entry WHERE position >= %llu; DELETE FROM version WHERE position >= %llu; DELETE FROM body WHERE position >= %llu",
                       (unsigned long long)size - 3, (unsigned long long)size - 3, (unsigned long long)size - 3), JOURNAL_NOWHERE);
    aimed("two bodies are swapped", "UPDATE version SET body = CASE position WHEN 4 THEN (SELECT body FROM version WHERE position = 5) ELSE body END WHERE position = 4;"
          "UPDATE version SET body = (SELECT body FROM version ORDER BY position DESC LIMIT 1) WHERE position = (SELECT MIN(position) FROM version)", JOURNAL_NOWHERE);
    aimed("two entries change places", "UPDATE entry SET position = -7 WHERE position = 100; UPDATE entry SET position = 100 WHERE position = 101;"
          "UPDATE entry SET position = 101 WHERE position = -7", 100);
    aimed("a leaf is rewritten with its hash", "UPDATE entry SET leaf = CAST(replace(leaf, 'change', 'chance') AS BLOB), hash = zeroblob(32) WHERE position ="
          " (SELECT MIN(position) FROM entry WHERE CAST(leaf AS TEXT) LIKE '%\"kind\":\"change\"%')", JOURNAL_NOWHERE);
    aimed("a record's guard is one that anybody reads", "UPDATE record SET guard = (SELECT MIN(guard) FROM record) WHERE guard = (SELECT MAX(guard) FROM record)", JOURNAL_NOWHERE);
    aimed("record, version, index and links are moved to another guard together",
          "UPDATE version SET guard = 1 WHERE record = " OTHER_GUARD "; UPDATE OR REPLACE value SET guard = 1 WHERE record = " OTHER_GUARD "; UPDATE OR REPLACE posting SET guard = 1 WHERE record = " OTHER_GUARD ";"
          " UPDATE index_list SET guard = 1 WHERE record = " OTHER_GUARD "; UPDATE record SET guard = 1 WHERE id = " OTHER_GUARD, JOURNAL_NOWHERE);
    aimed("a guard is given a lower label", "UPDATE guard SET label = (SELECT MIN(label) FROM guard) WHERE id = (SELECT id FROM guard WHERE label <> (SELECT MIN(label) FROM guard) LIMIT 1)", JOURNAL_NOWHERE);
    aimed("a label's text is lowered", "UPDATE label SET text = replace(text, '\"class\":\"3\"', '\"class\":\"1\"') WHERE text LIKE '%\"class\":\"3\"%'", JOURNAL_NOWHERE);
    aimed("a link leads elsewhere", "UPDATE link SET target = source WHERE id = (SELECT MAX(id) FROM link)", JOURNAL_NOWHERE);
    aimed("a cut is undone", "UPDATE link SET cut = 1 - cut WHERE id = (SELECT MIN(id) FROM link)", JOURNAL_NOWHERE);
    aimed("a link is hung up twice", "INSERT INTO link SELECT id + 1, field, source, target, source_guard, target_guard, made, cut, position FROM link LIMIT 1", JOURNAL_NOWHERE);
    aimed("an attachment's key is another", "UPDATE attachment SET secret = zeroblob(length(secret))", JOURNAL_NOWHERE);
    aimed("an attachment's row is gone", "DELETE FROM attachment", JOURNAL_NOWHERE);
    aimed("a tombstone hides a body", "UPDATE version SET body = NULL, salt = NULL WHERE position = (SELECT MAX(position) FROM version);"
          "INSERT INTO tombstone SELECT 'record', CAST(record AS TEXT), position FROM version ORDER BY position DESC LIMIT 1", JOURNAL_NOWHERE);
}

/* ---- files ---- */

static char *slurp(const char *path, size_t *ret_len)
{
    static char text[1 << 22];
    int fd = open(path, O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    close(fd);
    *ret_len = n > 0 ? (size_t)n : 0;
    text[*ret_len] = 0;
    return text;
}
static void spit(const char *path, const char *text, size_t len)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    if (fd < 0 || write(fd, text, len) != (ssize_t)len)
        abort();
    close(fd);
}
static void flip(const char *path, size_t at)
{
    size_t len;
    char *text = slurp(path, &len);
    if (len)
        text[at % len] ^= 1;
    spit(path, text, len);
}

/* The n-th file of a folder of the copy; of checkpoints the n-th note. */
static const char *file_in(const char *folder, unsigned n)
{
    static char path[600];
    DIR *d = opendir(in_copy(folder));
    path[0] = 0;
    for (struct dirent *entry; d && (entry = readdir(d));)
        if (entry->d_name[0] != '.' && (strcmp(folder, "checkpoints") != 0 || str_ends(entry->d_name, ".note"))) {
            snprintf(path, sizeof path, "%s/%s/%s", copy, folder, entry->d_name);
            if (n-- == 0)
                break;
        }
    if (d)
        closedir(d);
    return path;
}

static void seen(const char *name)
{
    struct found verdict = look();
    if (!ok(verdict.status > OK && verdict.words[0], "%s: found", name))
        printf("# status %d %s\n", verdict.status, verdict.words);
}

static bool test_files(void)
{
    struct reasons reasons;
    struct signer *other = NULL;
    size_t len;
    reasons_init(&reasons, f.arena);
    fresh_copy();
    struct found verdict = look();
    if (!ok(verdict.status == OK, "the office as it is: good")) {
        printf("# %s\n", verdict.words);
        return false;                          /* else everything would be "found" */
    }
    char *elsewhere = arena_printf(f.arena, "%s-key", copy);
    if (signer_create_key(elsewhere, "castellan/test", &reasons) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    copy_file(arena_printf(f.arena, "%s/signer.pub", elsewhere), in_copy("signer.pub"));
    seen("the signer's key is another");
    fresh_copy();
    unlink(in_copy("signer.pub"));
    seen("the signer's key is gone");
    for (unsigned n = 0; n < 3; n++) {
        fresh_copy();
        flip(file_in("checkpoints", n), 20 + tap_below(100));
        seen("a checkpoint is changed");
    }
    /* Another office's checkpoint, rightly signed by another key, in the place of ours. */
    fresh_copy();
    if (signer_start(elsewhere, &reasons, &other) == OK) {
        char *text = slurp(file_in("checkpoints", 0), &len), *dash = strstr(text, "\n\n");
        if (dash)
            spit(file_in("checkpoints", 0), text, (size_t)(dash - text) + 2);
        signer_stop(other);
    }
    seen("a checkpoint has lost its signature");
    fresh_copy();
    flip(file_in("policies", 0), 900);
    seen("a security policy is changed");
    fresh_copy();
    unlink(file_in("policies", 1));
    seen("a security policy is gone");
    fresh_copy();
    copy_file(file_in("policies", 0), in_copy("policies/zz.xml"));
    seen("a security policy was added");
    fresh_copy();
    char *text = slurp(in_copy("office.json"), &len), *four = strstr(text, "\"4\"");
    if (four)
        four[1] = '5';
    spit(in_copy("office.json"), text, len);
    seen("the office's ceiling is raised");
    fresh_copy();
    flip(file_in("attachments", 0), 13);
    seen("sealed bytes are changed");
    fresh_copy();
    unlink(file_in("attachments", 0));
    seen("sealed bytes are gone");
    fresh_copy();
    flip(in_copy("side.key"), 3);
    seen("the side key is another");
    drop_folder(elsewhere);
    return true;
}

/* ---- castellan-verify on an export ---- */

struct passing { journal_each_leaf each; void *arg; };
static bool pass_leaf(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct passing *passing = arg;
    return passing->each(passing->arg, position, leaf, len);
}
static enum status leaves(void *arg, uint64_t from, uint64_t to, journal_each_leaf each, void *each_arg)
{
    struct passing passing = {each, each_arg};
    return store_each_entry(arg, from, to, pass_leaf, &passing);
}
static enum status body(void *arg, uint64_t position, struct arena *arena, uint8_t salt[SALT_BYTES], const char **ret, size_t *ret_len)
{
    return store_body_at(arg, position, arena, salt, ret, ret_len);
}

/* Exports the copy's journal and asks the second program; 0 good, 1 found something, -1 it could not be exported. */
static int second_opinion(void)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct reasons reasons;
    struct store *store = NULL;
    struct export_folder *folder = NULL;
    struct journal_note notes[8];
    struct journal_options options = {.notes = notes};
    size_t len;
    char *to = arena_printf(arena, "%s-export", copy), *said = NULL;
    int result = -1;
    reasons_init(&reasons, arena);
    drop_folder(to);
    for (unsigned n = 0; n < 3; n++) {
        char *text = slurp(file_in("checkpoints", n), &len);
        notes[options.n_notes++] = (struct journal_note){arena_printf(arena, "%u.note", n), arena_strndup(arena, text, len), len};
    }
    char *key = arena_strdup(arena, slurp(in_copy("signer.pub"), &len));
    key[strcspn(key, "\n")] = 0;
    options.public_key_line = key;
    if (store_open(copy, &reasons, &store) == OK && export_folder_open(to, &reasons, &folder) == OK) {
        struct journal_source source = {.arg = store, .size = store_journal_size(store), .leaves = leaves, .stored = store_tree(store), .body = body};
        struct export_writer writer = export_folder_writer(folder);
        enum status status = journal_export_all(&source, &options, &writer, &reasons);
        if (export_folder_close(folder, &reasons) == OK && (status == OK || status == DAMAGED)) {
            char *argv[] = {(char *)"castellan-verify", to, NULL};
            FILE *out = open_memstream(&said, &len);
            result = cv_main(2, argv, out, out);
            fclose(out);
        }
    }
    if (result > 1 || result < 0)
        printf("# %d %s %s\n", result, said ? said : "", reasons_text(&reasons, LANG_EN));
    free(said);
    store_close(store);
    drop_folder(to);
    arena_free(arena);
    return result;
}

static void test_second(void)
{
    static const struct { const char *name, *text; } cuts[] = {
        {"a leaf is changed", "UPDATE entry SET leaf = CAST(replace(leaf, '\"version\":1', '\"version\":3') AS BLOB) WHERE position = (SELECT MIN(position) FROM entry WHERE CAST(leaf AS TEXT) LIKE '%\"version\":1%')"},
        {"the tail is cut", "DELETE FROM entry WHERE position > 200"},
        {"an entry is gone and the rest moved up", "DELETE FROM entry WHERE position = 90; UPDATE entry SET position = -position WHERE position > 90; UPDATE entry SET position = -position - 1 WHERE position < 0"},
        {"two entries change places", "UPDATE entry SET position = -7 WHERE position = 100; UPDATE entry SET position = 100 WHERE position = 101; UPDATE entry SET position = 101 WHERE position = -7"},
        {"a body is changed", "UPDATE version SET body = CAST(replace(body, 'lock 3', 'lock 4') AS BLOB) WHERE CAST(body AS TEXT) LIKE '%lock 3 %'"},
        {"a body is gone", "UPDATE version SET body = NULL, salt = NULL WHERE position = (SELECT MIN(position) FROM version)"},
        {"the deed is changed", "UPDATE body SET body = CAST(replace(body, 'Nowak', 'Novak') AS BLOB) WHERE position = 0"},
    };
    fresh_copy();
    is_int(second_opinion(), 0, "castellan-verify: the export of the office as it is: good");
    for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
        fresh_copy();
        open_copy();
        bool did = sql(cuts[i].text) && sqlite3_total_changes(db) > 0;
        close_copy();
        ok(did && second_opinion() != 0, "castellan-verify: %s: found, or refused already as an export", cuts[i].name);
    }
}

int main(void)
{
    tap_seed();
    live();
    snprintf(copy, sizeof copy, "%s-copy", f.folder);
    if (test_files()) {
        test_aimed();
        test_second();
        fresh_copy();
        test_rows(tap_soak(4600, 460));
    }
    drop_folder(copy);
    drop_folder(arena_printf(f.arena, "%s-signer", f.folder));
    fixture_free(&f);
    return tap_done();
}
