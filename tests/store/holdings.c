/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Attachments, segments, side tables, backup and restore.
 */
#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"
#include "store/attachment.h"
#include "store/backup.h"
#include "store/segment.h"
#include "tap.h"

static struct arena *arena;
static struct reasons why;

static size_t files_in(const char *folder, const char *inner, char *ret_name)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/%s", folder, inner);
    DIR *d = opendir(path);
    struct dirent *e;
    size_t n = 0;
    while (d && (e = readdir(d))) {
        if (e->d_name[0] != '.') {
            n++;
            if (ret_name) {
                snprintf(ret_name, 300, "%s/%s", inner, e->d_name);
            }
        }
    }
    if (d) {
        closedir(d);
    }
    return n;
}

static void flip(const char *folder, const char *name, long at)
{
    char path[4600];
    uint8_t byte;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDWR);
    if (at < 0) {
        at += lseek(fd, 0, SEEK_END);
    }
    if (pread(fd, &byte, 1, at) == 1) {
        byte ^= 0x40;
        if (pwrite(fd, &byte, 1, at) != 1) {
            abort();
        }
    }
    close(fd);
}

/* ---- attachments ---- */

struct use { label_id label; record_id file; const char *address; int how; };

static bool run_use(void *arg, struct txn *txn)
{
    struct use *u = arg;
    return u->how == 0 ? attachment_use(txn, u->label, u->file, u->address) == OK
           : u->how == 1 ? attachment_release(txn, u->label, u->file, u->address) == OK
                         : attachment_erase(txn, u->label, u->file, u->address, 7) == OK;
}

static void test_attachments(struct store *s, const char *folder)
{
    static const size_t sizes[] = {0, 1, 65535, 65536, 65537, 200000};
    static uint8_t bytes[200000];
    struct attachment_ref ref, other;
    const void *got;
    size_t len;
    bool good = true;
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (uint8_t)(i * 7 + i / 251);
    }
    memcpy(bytes + 100, "plain words of an attachment", 28);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        good = good && attachment_put(s, 1, 10, bytes, sizes[i], &why, &ref) == OK
               && attachment_get(s, 1, 10, ref.address, arena, &got, &len) == OK && len == sizes[i]
               && memcmp(got, bytes, len) == 0;
    }
    ok(good, "sealed and opened again, at every chunk border");
    is_int(files_in(folder, "attachments", NULL), 6, "a file each");
    ok(attachment_put(s, 1, 10, bytes, 200000, &why, &other) == OK && strcmp(ref.address, other.address) == 0
       && files_in(folder, "attachments", NULL) == 6, "the same bytes in the same pair meet");
    ok(attachment_put(s, 1, 11, bytes, 200000, &why, &other) == OK && strcmp(ref.address, other.address) != 0,
       "in another file they have another address");
    is_int(attachment_get(s, 1, 11, ref.address, arena, &got, &len), ABSENT, "an address leads nowhere from another pair");
    is_int(attachment_get(s, 2, 10, ref.address, arena, &got, &len), ABSENT, "nor under another label");
    is_int(attachment_get(s, 1, 10, "../office.db", arena, &got, &len), ABSENT, "nor anywhere else");
    struct use u = {1, 10, ref.address, 0};
    ok(kit_do(s, run_use, &u) && kit_do(s, run_use, &u), "used by two records");
    struct attachment_ref moved;
    ok(attachment_move(s, 1, 10, 3, 12, ref.address, &why, &moved) == OK
       && attachment_get(s, 3, 12, moved.address, arena, &got, &len) == OK && memcmp(got, bytes, len) == 0,
       "moved to another pair: sealed again");
    u.how = 1;
    ok(kit_do(s, run_use, &u) && attachment_get(s, 1, 10, ref.address, arena, &got, &len) == OK,
       "one use taken back, the other still reads");
    u.how = 2;
    ok(kit_do(s, run_use, &u), "the last use erased");
    is_int(attachment_get(s, 1, 10, ref.address, arena, &got, &len), ABSENT, "then it is gone");
    u.how = 0;
    ok(!kit_do(s, run_use, &u), "and no change can name it");
    u = (struct use){3, 12, moved.address, 0};
    ok(kit_do(s, run_use, &u), "the moved one is used");
    size_t swept, before = files_in(folder, "attachments", NULL);
    ok(attachment_sweep(s, 0, &swept) == OK && swept == 0, "what is young is not swept");
    ok(attachment_sweep(s, MOMENT_EVER, &swept) == OK && swept == before - 1, "what no change ever named is swept");
    ok(attachment_get(s, 3, 12, moved.address, arena, &got, &len) == OK, "what is used stays");
    char name[300];
    ok(files_in(folder, "attachments", name) == 1 && !kit_file_has(folder, name, "plain words of an attachment", 28),
       "sealed bytes do not show the plain ones");
    static const long at[] = {3, 20, 40, 70000, -1};
    for (size_t i = 0; i < sizeof at / sizeof *at; i++) {
        flip(folder, name, at[i]);
        good = attachment_get(s, 3, 12, moved.address, arena, &got, &len) == DAMAGED && good;
        flip(folder, name, at[i]);
    }
    ok(good, "a changed byte anywhere is found");
    char path[4600];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    ok(truncate(path, 65536 + 17 + 32) == 0 && attachment_get(s, 3, 12, moved.address, arena, &got, &len) == DAMAGED,
       "a file cut at a chunk's border is found");
    is_int(attachment_put(s, 1, 1, bytes, (size_t)ATTACHMENT_LIMIT + 1, &why, &ref), TOO_LARGE, "too large is refused");
}

/* ---- segments ---- */

struct seen { size_t blocks, bytes; uint64_t items; };
static bool see_block(void *arg, const void *block, size_t len, uint32_t items)
{
    struct seen *x = arg;
    x->blocks++;
    x->bytes += len;
    x->items += items;
    return memcmp(block, "event ", 6) == 0;
}

static bool run_erase_segment(void *arg, struct txn *txn)
{
    return segment_erase(txn, *(record_id *)arg, 9) == OK;
}

static void test_segments(struct store *s, const char *folder)
{
    const guard_id ids[] = {4, 6}, none_ids[] = {5};
    struct guards g = {ids, 2}, none = {none_ids, 1};
    struct segment_writer *w = NULL, *second = NULL;
    struct segment_info info;
    struct seen seen = {0};
    char block[3000] = "event 4624 logon of an administrator";
    ok(segment_create(s, 0x51, 4, "syslog/gateway", &why, &w) == OK, "a segment is opened");
    is_int(segment_create(s, 0x51, 4, "other", &why, &second), CONFLICT, "its number is used once");
    bool good = true;
    for (int i = 0; i < 20; i++) {
        good = good && segment_append(w, block, sizeof block - (size_t)i, 10, 1000 + i, 1100 + i) == OK;
    }
    ok(good && segment_sync(w) == OK, "blocks are appended and synced");
    ok(segment_read(s, &g, 0x51, see_block, &seen, &why) == OK && seen.blocks == 20, "an open segment is read");
    ok(segment_append(w, block, 100, 1, 900, 901) == OK && segment_close(w, &info) == OK && info.closed, "closed");
    ok(info.from == 900 && info.to == 1119 && info.items == 201, "with its range and count");
    seen = (struct seen){0};
    ok(segment_read(s, &g, 0x51, see_block, &seen, &why) == OK && seen.items == 201 && seen.bytes == info.bytes,
       "and read by one who has the guard");
    is_int(segment_read(s, &none, 0x51, see_block, &seen, &why), ABSENT, "to another it is absent");
    ok(!kit_file_has(folder, "segments/51", "event 4624", 10), "its file does not show the plain bytes");
    for (long at = 1; at < 2000; at += 37) {
        flip(folder, "segments/51", at);
        good = good && segment_verify(s, 0x51) == DAMAGED;
        flip(folder, "segments/51", at);
    }
    ok(good, "a changed byte anywhere is found");
    is_int(segment_verify(s, 0x51), OK, "unchanged it verifies");

    /* A writer that died: a torn block behind whole ones. */
    ok(segment_create(s, 0x52, 6, "badge", &why, &w) == OK && segment_append(w, block, 500, 5, 1, 2) == OK
       && segment_append(w, block, 600, 6, 3, 4) == OK && segment_sync(w) == OK, "another");
    segment_abandon(w);
    char path[4300];
    snprintf(path, sizeof path, "%s/segments/52", folder);
    struct stat st;
    ok(stat(path, &st) == 0 && truncate(path, st.st_size - 9) == 0, "its last block is torn");
    seen = (struct seen){0};
    ok(segment_read(s, &g, 0x52, see_block, &seen, &why) == OK && seen.blocks == 1, "whole blocks are read");
    ok(segment_recover(s, 0x52, &why, &info) == OK && info.items == 5 && info.closed, "it is closed behind them");
    is_int(segment_recover(s, 0x52, &why, &info), REFUSED, "once");
    is_int(segment_verify(s, 0x52), OK, "and verifies");
    record_id id = 0x51;
    ok(kit_do(s, run_erase_segment, &id), "the first is erased");
    is_int(segment_read(s, &g, 0x51, see_block, &seen, &why), ABSENT, "then it is absent");
    is_int(files_in(folder, "segments", NULL), 1, "and its file gone");
}

/* ---- side tables ---- */

struct side { const char *table; record_id owner; const char *key, *data; };
static bool run_side(void *arg, struct txn *txn)
{
    struct side *x = arg;
    return x->data ? txn_put_side(txn, x->table, x->owner, x->key, 2, x->data, strlen(x->data)) == OK
                   : txn_drop_side(txn, x->table, x->owner, x->key) == OK;
}
static bool count_side(void *arg, const char *key, label_id label, const void *data, size_t len)
{
    ++*(int *)arg;
    return true;
}
static bool count_bad(void *arg, const char *table, record_id owner, const char *key, bool good)
{
    *(int *)arg += !good;
    return true;
}

static void meddle(const char *folder, const char *sql)
{
    char path[4300];
    sqlite3 *db;
    snprintf(path, sizeof path, "%s/office.db", folder);
    if (sqlite3_open(path, &db) != SQLITE_OK || sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK) {
        printf("# %s\n", sqlite3_errmsg(db));
        abort();
    }
    sqlite3_close(db);
}

static void test_side(struct store *s, struct view *v, const char *folder)
{
    struct side rows[] = {{"notes", 1, "a", "my draft"}, {"notes", 1, "b", "another"}, {"notes", 2, "a", "theirs"},
                          {"secrets", 1, "a", "totp"}};
    const void *got;
    size_t len;
    label_id label;
    bool good = true;
    for (size_t i = 0; i < 4; i++) {
        good = good && kit_do(s, run_side, &rows[i]);
    }
    ok(good, "side rows are written");
    ok(view_side(v, "notes", 1, "a", arena, &got, &len, &label) == OK && len == 8 && memcmp(got, "my draft", 8) == 0
       && label == 2, "and read");
    is_int(view_side(v, "notes", 3, "a", arena, &got, &len, &label), ABSENT, "by owner");
    int n = 0;
    ok(view_side_each(v, "notes", 1, count_side, &n) == OK && n == 2, "all of one owner");
    static const char *const damages[] = {
        "UPDATE side SET data = x'6d7920647261667e' WHERE name = 'notes' AND owner = 1 AND key = 'a'",
        "UPDATE side SET data = (SELECT data FROM side WHERE owner = 2), mac = (SELECT mac FROM side WHERE owner = 2)"
        " WHERE name = 'notes' AND owner = 1 AND key = 'a'",
        "UPDATE side SET label = 1 WHERE name = 'notes' AND owner = 1 AND key = 'a'",
        "UPDATE side SET data = (SELECT data FROM side WHERE key = 'b'), mac = (SELECT mac FROM side WHERE key = 'b')"
        " WHERE name = 'notes' AND owner = 1 AND key = 'a'",
        "UPDATE side SET data = (SELECT data FROM side WHERE name = 'secrets'), mac = (SELECT mac FROM side WHERE"
        " name = 'secrets') WHERE name = 'notes' AND owner = 1 AND key = 'a'",
    };
    for (size_t i = 0; i < sizeof damages / sizeof *damages; i++) {
        int bad = 0;
        meddle(folder, damages[i]);
        good = good && view_side(v, "notes", 1, "a", arena, &got, &len, &label) == DAMAGED;
        good = good && store_each_side(s, count_bad, &bad) == OK && bad == 1;
        n = 0;
        good = good && view_side_each(v, "notes", 1, count_side, &n) == DAMAGED && n == 1;
        good = good && kit_do(s, run_side, &rows[0]);
    }
    ok(good, "a row that was edited, or copied from another owner, key or table, reads as damaged");
    rows[0].data = NULL;
    ok(kit_do(s, run_side, &rows[0]) && view_side(v, "notes", 1, "a", arena, &got, &len, &label) == ABSENT, "dropped");
}

/* ---- backup ---- */

static bool run_erase_record(void *arg, struct txn *txn)
{
    uint64_t position;
    return txn_append(txn, "{\"kind\":\"erasure\"}", 18, &position) == OK && txn_erase_record(txn, 600, position) == OK;
}

struct forget { const char *address; };
static bool run_forget(void *arg, struct txn *txn)
{
    struct forget *f = arg;
    uint64_t position;
    return txn_append(txn, "{\"kind\":\"erasure\"}", 18, &position) == OK && txn_erase_record(txn, 600, position) == OK &&
           attachment_forget(txn, f->address, position) == OK && attachment_forget(txn, f->address, position) == ABSENT;
}
/* What a restore may do before the folder gets its name. */
static enum status forget_it(void *arg, const char *folder, struct reasons *reasons)
{
    struct store *s = kit_open(folder);
    struct forget f = {arg};
    bool good = kit_do(s, run_forget, &f);
    store_close(s);
    return good ? OK : FAILED_IO;
}
static enum status refuse_it(void *arg, const char *folder, struct reasons *reasons)
{
    struct stat st;
    char path[4300];
    snprintf(path, sizeof path, "%s/office.db", folder);
    *(int *)arg += stat(path, &st) == 0;
    return CONFLICT;
}

static void write_text(const char *path, const char *text, size_t len)
{
    FILE *f = fopen(path, "w");
    fwrite(text, 1, len, f);
    fclose(f);
}

static unsigned calls;
static void see_progress(void *arg, uint64_t done, uint64_t all) { calls += done <= all; }

static void test_backup(struct store *s, const char *folder)
{
    char public[4200], secret[4200], secret2[4200], public2[4200], out[4200], to[4200], cut[4300];
    snprintf(public, sizeof public, "%s-b.pub", folder);
    snprintf(secret, sizeof secret, "%s-b.key", folder);
    snprintf(public2, sizeof public2, "%s-c.pub", folder);
    snprintf(secret2, sizeof secret2, "%s-c.key", folder);
    snprintf(out, sizeof out, "%s-backup", folder);
    snprintf(cut, sizeof cut, "%s-backup-cut", folder);
    snprintf(to, sizeof to, "%s-restored", folder);
    ok(backup_make_keys(public, secret, &why) == OK && backup_make_keys(public2, secret2, &why) == OK, "two key pairs");
    struct attachment_ref ref, gone;
    struct use u = {1, 20, NULL, 0};
    ok(attachment_put(s, 1, 20, "kept", 4, &why, &ref) == OK && attachment_put(s, 1, 20, "gone", 4, &why, &gone) == OK,
       "two attachments");
    u.address = ref.address;
    bool good = kit_do(s, run_use, &u);
    u.address = gone.address;
    ok(good && kit_do(s, run_use, &u), "in use");
    for (int i = 0; i < 600; i++) {
        char body[64];
        snprintf(body, sizeof body, "{\"n\":%d,\"text\":\"%s\"}", i, i % 50 ? "kept" : "to be erased");
        struct kit_change c = {.id = i % 50 ? 601 + i : 600, .guard = 1, .updated = i, .body = body};
        good = good && kit_change(s, &c);
    }
    ok(good, "some history");
    struct tree_edge edge, restored;
    ok(store_journal_edge(s, &edge) == OK && backup_write(s, public, out, &why, see_progress, NULL) == OK,
       "a backup while the store is open");
    ok(calls > 0, "with progress");
    ok(!kit_file_has(out, "", "x", 1) && !kit_file_has("/", out + 1, "to be erased", 12), "sealed");
    u = (struct use){1, 20, gone.address, 2};
    struct buf b;
    buf_init(&b, 1 << 20);
    ok(kit_do(s, run_erase_record, NULL) && kit_do(s, run_use, &u), "after it a record and an attachment are erased");
    struct erasure_list list = {.to = UINT64_MAX, .lines = &b};
    ok(backup_erasure_list(s, &list) == OK && strstr(b.data, "record 600 ") && list.count == 2 && hash_equal(&list.hash, &(struct hash[]){sha256(b.data, b.len)}[0]),
       "the erasure list names them, with count and hash");
    buf_clear(&b);
    list.from = list.to = store_journal_size(s);
    ok(backup_erasure_list(s, &list) == OK && b.len == 0 && list.count == 2, "what was listed before is not listed again");
    buf_free(&b);
    is_int(backup_restore(out, secret2, to, NULL, NULL, &why), REFUSED, "another key does not open it");
    is_int(backup_restore(out, public, to, NULL, NULL, &why), BAD_INPUT, "nor the public one");
    struct stat st;
    int seen = 0;
    ok(stat(to, &st) != 0, "and nothing is left behind");
    is_int(backup_restore(out, secret, to, refuse_it, &seen, &why), CONFLICT, "nor does a restore whose caller refuses what came out");
    ok(seen == 1 && stat(to, &st) != 0, "which leaves nothing behind, either");
    ok(backup_restore(out, secret, to, forget_it, gone.address, &why) == OK, "the right one does");
    is_int(backup_restore(out, secret, to, NULL, NULL, &why), REFUSED, "not over a folder that is there");
    struct store *r = kit_open(to);
    struct view *v = NULL;
    const guard_id ids[] = {1};
    struct guards g = {ids, 1};
    struct stored_record x;
    const void *got;
    size_t len;
    struct hash want = tree_root(&edge), have = {0};
    if (store_journal_edge(r, &restored) == OK) {
        have = tree_root(&restored);
    }
    ok(restored.size == edge.size + 1 && !hash_equal(&want, &have), "its journal has grown by what the caller wrote");
    ok(view_open(r, &v) == OK && view_record(v, &g, 602, arena, &x) == OK && strstr(x.body, "kept"), "its records");
    ok(view_record(v, &g, 600, arena, &x) == OK && !x.body, "the erased one is erased there, too");
    ok(!kit_file_has(to, "office.db", "to be erased", 12) && !kit_file_has(to, "office.db-wal", "to be erased", 12),
       "in the bytes");
    ok(attachment_get(r, 1, 20, ref.address, arena, &got, &len) == OK && len == 4
       && attachment_get(r, 1, 20, gone.address, arena, &got, &len) == ABSENT, "and so are attachments");
    view_close(v);
    store_close(r);
    kit_remove(strdup(to));
    /* Any change to the file, and any cut, is refused. */
    int fd = open(out, O_RDONLY);
    off_t size = lseek(fd, 0, SEEK_END);
    char *all = malloc((size_t)size);
    good = pread(fd, all, (size_t)size, 0) == size;
    close(fd);
    for (int i = 0; i < 12; i++) {
        size_t at = tap_below((uint64_t)size), n = (size_t)size;
        if (i % 2) {
            n = i == 1 ? n - 21 : at;
        } else {
            all[at] ^= 0x20;
        }
        write_text(cut, all, n);
        all[at] ^= i % 2 ? 0 : 0x20;
        good = good && backup_restore(cut, secret, to, NULL, NULL, &why) != OK && stat(to, &st) != 0;
    }
    ok(good, "a backup that was changed or cut is refused, and leaves nothing");
    free(all);
    unlink(out), unlink(cut), unlink(public), unlink(secret), unlink(public2), unlink(secret2);
}

int main(void)
{
    tap_seed();
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    struct view *v = NULL;
    arena = arena_new(64 << 20);
    reasons_init(&why, arena);
    ok(view_open(s, &v) == OK, "a view");
    test_attachments(s, folder);
    test_segments(s, folder);
    test_side(s, v, folder);
    view_close(v);
    store_close(s);
    kit_remove(folder);
    folder = kit_folder();
    s = kit_open(folder);
    test_backup(s, folder);
    store_close(s);
    kit_remove(folder);
    arena_free(arena);
    return tap_done();
}
