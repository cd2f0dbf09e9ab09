/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing a backup. The file: a line "castellan backup 1", the stream's key sealed to the public key, the stream's
 * header, then messages of at most 64 KiB, each behind its length (4 bytes, little-endian). Together the messages are a
 * run of files: name length (2 bytes), name, size (8 bytes), bytes. The last message is empty and carries the final
 * tag: a backup that was cut does not restore. See restore.c for the other way.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "store/archive.h"
#include "store/backup.h"
#include "store/disk.h"
#include "store/inner.h"

static enum status fault(struct reasons *why, const char *path, enum status status)
{
    if (why && status != OK) {
        reason_add(why, "backup.write", path, T_("the backup could not be written: %1$s"),
                   errno ? strerror(errno) : status_name(status));
    }
    return status;
}

/* ---- keys ---- */

static enum status write_key(const char *path, const char *title, const uint8_t *key, size_t len)
{
    char hex[2 * 64 + 1], text[256];
    hex_write(key, len, hex);
    int n = snprintf(text, sizeof text, "%s\n%s\n", title, hex);
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        return FAILED_IO;
    }
    bool good = write(fd, text, (size_t)n) == n && fsync(fd) == 0;
    wipe(text, sizeof text);
    wipe(hex, sizeof hex);
    return close(fd) == 0 && good ? OK : FAILED_IO;
}

enum status backup_make_keys(const char *public_path, const char *secret_path, struct reasons *why)
{
    uint8_t public[crypto_box_PUBLICKEYBYTES], secret[crypto_box_SECRETKEYBYTES];
    errno = 0;
    if (sodium_init() < 0 || crypto_box_keypair(public, secret) != 0) {
        return fault(why, secret_path, FAILED_IO);
    }
    enum status status = write_key(secret_path, BACKUP_SECRET_TITLE, secret, sizeof secret);
    if (status != OK) {
        (void)fault(why, secret_path, status);
    } else if ((status = write_key(public_path, BACKUP_PUBLIC_TITLE, public, sizeof public)) != OK) {
        (void)fault(why, public_path, status);
    }
    wipe(secret, sizeof secret);
    return status;
}

enum status backup_read_key(const char *path, const char *title, uint8_t *key, size_t len, struct reasons *why)
{
    char text[256] = "";
    size_t want = strlen(title);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0) {
        close(fd);
    }
    bool good = n > 0 && strncmp(text, title, want) == 0 && text[want] == '\n'
                && (size_t)n >= want + 1 + 2 * len && hex_read(text + want + 1, 2 * len, key, len);
    wipe(text, sizeof text);
    if (!good && why) {
        reason_add(why, "backup.key", path, T_("this is no key file; its first line should be \"%1$s\""), title);
    }
    return good ? OK : BAD_INPUT;
}

/* ---- the stream ---- */

struct out {
    int fd;
    const char *path;
    uint64_t at;
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t *plain, *sealed;
    size_t n;
    enum status status;
    void (*progress)(void *, uint64_t, uint64_t);
    void *arg;
    uint64_t done, all;
    char **notes;                       /* checkpoints of before the snapshot */
    size_t n_notes;
};

static void put_raw(struct out *o, const void *bytes, size_t len)
{
    if (o->status == OK) {
        o->status = disk_write(o->fd, o->path, o->at, bytes, len);
        o->at += len;
    }
}

static void flush(struct out *o, bool last)
{
    unsigned long long len;
    crypto_secretstream_xchacha20poly1305_push(&o->stream, o->sealed + 4, &len, o->plain, o->n, NULL, 0,
                                               last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
    for (int i = 0; i < 4; i++) {
        o->sealed[i] = (uint8_t)(len >> (8 * i));
    }
    put_raw(o, o->sealed, (size_t)len + 4);
    o->done += o->n;
    o->n = 0;
    if (o->progress) {
        o->progress(o->arg, o->done < o->all ? o->done : o->all, o->all);
    }
}

static void put(struct out *o, const void *bytes, size_t len)
{
    const uint8_t *next = bytes;
    while (len && o->status == OK) {
        size_t part = ARCHIVE_CHUNK - o->n < len ? ARCHIVE_CHUNK - o->n : len;
        memcpy(o->plain + o->n, next, part);
        o->n += part;
        next += part;
        len -= part;
        if (o->n == ARCHIVE_CHUNK) {
            flush(o, false);
        }
    }
}

static void put_file(struct out *o, const char *name, int fd, uint64_t size)
{
    uint8_t head[10], *room = malloc(ARCHIVE_CHUNK);
    size_t len = strlen(name);
    for (int i = 0; i < 2; i++) {
        head[i] = (uint8_t)(len >> (8 * i));
    }
    for (int i = 0; i < 8; i++) {
        head[2 + i] = (uint8_t)(size >> (8 * i));
    }
    if (!room) {
        o->status = NO_MEMORY;
        return;
    }
    put(o, head, 2);
    put(o, name, len);
    put(o, head + 2, 8);
    for (uint64_t at = 0; at < size && o->status == OK; ) {
        size_t part = size - at < ARCHIVE_CHUNK ? (size_t)(size - at) : ARCHIVE_CHUNK;
        enum status status = disk_read(fd, at, room, part);
        if (status != OK) {
            o->status = status == ABSENT ? DAMAGED : status;
        } else {
            put(o, room, part);
        }
        at += part;
    }
    free(room);
}

/* ---- what goes in ---- */

/* A consistent copy beside the database: the snapshot is held while the writer goes on. */
static enum status copy_database(struct store *s, const char *to)
{
    char from[PATH_LIMIT];
    struct db source, target;
    enum status status = store_path(s, "office.db", from, sizeof from) ? db_open(&source, from, DB_READ) : TOO_LARGE;
    if (status != OK) {
        return status;
    }
    status = db_open(&target, to, DB_CREATE);
    sqlite3_backup *copy = status == OK ? sqlite3_backup_init(target.c, "main", source.c, "main") : NULL;
    if (status == OK) {
        int rc = copy ? sqlite3_backup_step(copy, -1) : SQLITE_NOMEM;
        int end = sqlite3_backup_finish(copy);
        status = rc == SQLITE_DONE ? db_status(&target, end) : db_status(&target, rc);
        if (rc != SQLITE_DONE && status == OK) {
            status = FAILED_IO;
        }
    }
    db_close(&target);
    db_close(&source);
    return status;
}

typedef void visit(struct out *, const char *name, int fd, uint64_t size);

static void count_file(struct out *o, const char *name, int fd, uint64_t size)
{
    o->all += size;
}

static void each_file(struct store *s, struct out *o, const char *folder, visit *what)
{
    char path[PATH_LIMIT], name[600];
    DIR *d = store_path(s, folder, path, sizeof path) ? opendir(path) : NULL;
    struct dirent *e;
    if (!d) {
        o->status = FAILED_IO;
        return;
    }
    while (o->status == OK && (e = readdir(d))) {
        if (e->d_name[0] == '.' || str_starts(e->d_name, "new-")) {
            continue;
        }
        snprintf(name, sizeof name, "%s/%s", folder, e->d_name);
        int fd = store_path(s, name, path, sizeof path) ? disk_open(path) : -1;
        if (fd >= 0) {                  /* erased meanwhile: its key is gone, and restore is told by the erasure list */
            what(o, name, fd, disk_size(fd));
            close(fd);
        }
    }
    closedir(d);
}

/* What the office keeps beside the store's own files; a store alone has none of it. */
static const char *const office_files[] = {"office.json", "secret.key", "signer.pub", NULL};

static void each_of_office(struct store *s, struct out *o, visit *what)
{
    char path[PATH_LIMIT];
    for (const char *const *name = office_files; o->status == OK && *name; name++) {
        int fd = store_path(s, *name, path, sizeof path) ? disk_open(path) : -1;
        if (fd >= 0) {
            what(o, *name, fd, disk_size(fd));
            close(fd);
        }
    }
    if (store_path(s, "policies", path, sizeof path) && access(path, X_OK) == 0) {
        each_file(s, o, "policies", what);
    }
    for (size_t i = 0; o->status == OK && i < o->n_notes; i++) {
        int fd = store_path(s, o->notes[i], path, sizeof path) ? disk_open(path) : -1;
        if (fd >= 0) {
            what(o, o->notes[i], fd, disk_size(fd));
            close(fd);
        }
    }
}

static int is_note(const struct dirent *e) { return e->d_name[0] != '.' && str_ends(e->d_name, ".note"); }

/* Before the snapshot is taken: a note that came later would say more than the backup's journal holds. */
static enum status list_notes(struct store *s, struct out *o)
{
    char path[PATH_LIMIT];
    struct dirent **found = NULL;
    int n = store_path(s, "checkpoints", path, sizeof path) ? scandir(path, &found, is_note, alphasort) : -1;
    o->notes = calloc((size_t)(n > 0 ? n : 0) + 1, sizeof *o->notes);
    for (int i = 0; i < n; i++) {
        if (o->notes && asprintf(&o->notes[o->n_notes], "checkpoints/%s", found[i]->d_name) >= 0) {
            o->n_notes++;
        }
        free(found[i]);
    }
    free(found);
    return o->notes && (n < 0 || o->n_notes == (size_t)n) ? OK : NO_MEMORY;
}

static void free_notes(struct out *o)
{
    for (size_t i = 0; i < o->n_notes; i++) {
        free(o->notes[i]);
    }
    free(o->notes);
}

static void put_all(struct store *s, struct out *o, int database)
{
    char path[PATH_LIMIT];
    int key = store_path(s, "side.key", path, sizeof path) ? disk_open(path) : -1;
    if (key < 0) {
        o->status = FAILED_IO;
        return;
    }
    o->all = disk_size(database);
    each_file(s, o, "attachments", count_file);
    each_file(s, o, "segments", count_file);
    each_of_office(s, o, count_file);
    put_file(o, "side.key", key, disk_size(key));
    put_file(o, "office.db", database, disk_size(database));
    close(key);
    each_file(s, o, "attachments", put_file);
    each_file(s, o, "segments", put_file);
    each_of_office(s, o, put_file);
    if (o->n) {
        flush(o, false);
    }
    flush(o, true);
}

static enum status write_sealed(struct store *s, struct out *o, const uint8_t *public, int database)
{
    uint8_t secret[crypto_secretstream_xchacha20poly1305_KEYBYTES];
    uint8_t sealed[sizeof secret + crypto_box_SEALBYTES], head[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    o->plain = malloc(ARCHIVE_CHUNK);
    o->sealed = malloc(ARCHIVE_CHUNK + ARCHIVE_TAG + 4);
    if (!o->plain || !o->sealed) {
        o->status = NO_MEMORY;
    } else {
        random_bytes(secret, sizeof secret);
        if (crypto_box_seal(sealed, secret, sizeof secret, public) != 0) {
            o->status = BAD_INPUT;
        }
        crypto_secretstream_xchacha20poly1305_init_push(&o->stream, head, secret);
        wipe(secret, sizeof secret);
        put_raw(o, ARCHIVE_TITLE, strlen(ARCHIVE_TITLE));
        put_raw(o, sealed, sizeof sealed);
        put_raw(o, head, sizeof head);
        put_all(s, o, database);
        wipe(&o->stream, sizeof o->stream);
        wipe(o->plain, ARCHIVE_CHUNK);
    }
    free(o->plain);
    free(o->sealed);
    return o->status == OK && disk->sync(o->fd, o->path) != 0 ? FAILED_IO : o->status;
}

static void random_name(struct store *s, char out[PATH_LIMIT])
{
    uint64_t random;
    random_bytes(&random, sizeof random);
    if (snprintf(out, PATH_LIMIT, "%s/backup-%016llx", s->folder, (unsigned long long)random) >= PATH_LIMIT) {
        *out = '\0';
    }
}

enum status backup_write(struct store *s, const char *public_path, const char *out_path, struct reasons *why,
                         void (*progress)(void *, uint64_t, uint64_t), void *arg)
{
    uint8_t public[crypto_box_PUBLICKEYBYTES];
    char copy[PATH_LIMIT], passing[PATH_LIMIT];
    struct out o = {.fd = -1, .path = passing, .progress = progress, .arg = arg};
    errno = 0;
    if (sodium_init() < 0) {
        return fault(why, out_path, FAILED_IO);
    }
    enum status status = backup_read_key(public_path, BACKUP_PUBLIC_TITLE, public, sizeof public, why);
    if (status != OK) {
        return status;
    }
    errno = 0;
    random_name(s, copy);
    if (!*copy || snprintf(passing, sizeof passing, "%s.partial", out_path) >= (int)sizeof passing) {
        return fault(why, out_path, TOO_LARGE);
    }
    status = list_notes(s, &o);
    if (status == OK) {
        status = db_make_file(copy);
    }
    if (status == OK) {
        status = copy_database(s, copy);
    }
    int database = status == OK ? disk_open(copy) : -1;
    (void)unlink(copy);                 /* lives on as the open file only */
    if (status == OK && (database < 0 || (o.fd = disk->create(passing)) < 0)) {
        status = FAILED_IO;
    }
    if (status == OK) {
        status = write_sealed(s, &o, public, database);
    }
    if (o.fd >= 0 && close(o.fd) != 0 && status == OK) {
        status = FAILED_IO;
    }
    if (status == OK && disk->rename(passing, out_path) != 0) {
        status = FAILED_IO;
    }
    if (status != OK && o.fd >= 0) {
        (void)disk->remove(passing);
    }
    if (database >= 0) {
        close(database);
    }
    free_notes(&o);
    return fault(why, out_path, status);
}

struct listing { struct erasure_list *list; crypto_hash_sha256_state state; };

static bool add_line(void *arg, const char *kind, const char *name, uint64_t position)
{
    struct listing *all = arg;
    char line[160];
    int n = snprintf(line, sizeof line, "%s %s %llu\n", kind, name, (unsigned long long)position);
    if (position >= all->list->to || n <= 0 || n >= (int)sizeof line) {
        return position >= all->list->to;
    }
    crypto_hash_sha256_update(&all->state, (const unsigned char *)line, (unsigned long long)n);
    all->list->count++;
    if (position >= all->list->from) {
        buf_add(all->list->lines, line, (size_t)n);
    }
    return true;
}

enum status backup_erasure_list(struct store *s, struct erasure_list *list)
{
    struct listing all = {.list = list};
    crypto_hash_sha256_init(&all.state);
    list->count = 0;
    enum status status = store_each_tombstone(s, add_line, &all);
    crypto_hash_sha256_final(&all.state, list->hash.bytes);
    return status == OK && list->lines->failed ? NO_MEMORY : status;
}
