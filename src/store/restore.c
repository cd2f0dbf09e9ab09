/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Restoring a backup. Everything is unsealed into a folder with a passing name, then verified (the database's own check,
 * every leaf hash and the tree over them, side rows' MACs, every attachment and segment), then whoever restores has what
 * came out and makes it ready, and only then does the folder get its name. A name in the archive is one of a few known
 * forms, so nothing is written elsewhere.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "store/archive.h"
#include "store/attachment.h"
#include "store/backup.h"
#include "store/disk.h"
#include "store/inner.h"
#include "store/segment.h"

struct in {
    int fd;
    uint64_t at;
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t *plain, *sealed;
    size_t n, used;
    bool ended;
    enum status status;
};

static enum status fault(struct reasons *why, const char *where, enum status status, const char *text)
{
    if (why && status != OK) {
        reason_add(why, "backup.restore", where, text, errno ? strerror(errno) : status_name(status));
    }
    return status;
}

/* ---- the stream ---- */

static void next_message(struct in *i)
{
    uint8_t head[4], tag;
    unsigned long long len;
    i->n = i->used = 0;
    i->status = disk_read(i->fd, i->at, head, 4);
    size_t sealed = head[0] | (size_t)head[1] << 8 | (size_t)head[2] << 16 | (size_t)head[3] << 24;
    if (i->status == OK && (sealed < ARCHIVE_TAG || sealed > ARCHIVE_CHUNK + ARCHIVE_TAG)) {
        i->status = DAMAGED;
    }
    if (i->status == OK) {
        i->status = disk_read(i->fd, i->at + 4, i->sealed, sealed);
    }
    if (i->status == OK && crypto_secretstream_xchacha20poly1305_pull(&i->stream, i->plain, &len, &tag, i->sealed, sealed,
                                                                     NULL, 0) != 0) {
        i->status = DAMAGED;
    }
    if (i->status == ABSENT) {
        i->status = DAMAGED;            /* cut */
    }
    if (i->status == OK) {
        i->at += 4 + sealed;
        i->n = (size_t)len;
        i->ended = tag == crypto_secretstream_xchacha20poly1305_TAG_FINAL;
    }
}

/* Up to `len` bytes; fewer only at the end. */
static size_t take(struct in *i, void *out, size_t len)
{
    uint8_t *next = out;
    size_t got = 0;
    while (got < len && i->status == OK) {
        if (i->used == i->n) {
            if (i->ended) {
                break;
            }
            next_message(i);
            continue;
        }
        size_t part = i->n - i->used < len - got ? i->n - i->used : len - got;
        memcpy(next + got, i->plain + i->used, part);
        i->used += part;
        got += part;
    }
    return got;
}

static bool name_allowed(const char *name)
{
    if (str_eq(name, "side.key") || str_eq(name, "office.db") || str_eq(name, "office.json") || str_eq(name, "secret.key") ||
        str_eq(name, "signer.pub")) {
        return true;
    }
    if (str_starts(name, "checkpoints/")) {
        const char *note = name + 12;
        return str_ends(note, ".note") && strlen(note) < 100 && strspn(note, "0123456789TZ:.-note") == strlen(note) && *note != '.';
    }
    if (str_starts(name, "policies/")) {
        const char *policy = name + 9;
        return *policy && *policy != '.' && strlen(policy) < 100 &&
               strspn(policy, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") == strlen(policy);
    }
    const char *rest = str_starts(name, "attachments/") ? name + 12 : str_starts(name, "segments/") ? name + 9 : "";
    return *rest && strlen(rest) < 100 && strspn(rest, "0123456789abcdef-") == strlen(rest);
}

static enum status take_file(struct in *i, const char *folder, const char *name, uint64_t size)
{
    char path[PATH_LIMIT];
    uint8_t *room = malloc(ARCHIVE_CHUNK);
    if (!room || snprintf(path, sizeof path, "%s/%s", folder, name) >= (int)sizeof path) {
        free(room);
        return NO_MEMORY;
    }
    int fd = disk->create(path);
    enum status status = fd < 0 ? FAILED_IO : OK;
    for (uint64_t at = 0; status == OK && at < size; ) {
        size_t part = size - at < ARCHIVE_CHUNK ? (size_t)(size - at) : ARCHIVE_CHUNK;
        if (take(i, room, part) != part) {
            status = i->status != OK ? i->status : DAMAGED;
        } else {
            status = disk_write(fd, path, at, room, part);
        }
        at += part;
    }
    if (fd >= 0) {
        if (status == OK && disk->sync(fd, path) != 0) {
            status = FAILED_IO;
        }
        close(fd);
    }
    free(room);
    return status;
}

static enum status take_all(struct in *i, const char *folder)
{
    for (;;) {
        uint8_t head[2], size_bytes[8];
        char name[256];
        size_t got = take(i, head, 2);
        if (got == 0 && i->status == OK && i->ended) {
            return OK;
        }
        size_t len = head[0] | (size_t)head[1] << 8;
        if (got != 2 || len >= sizeof name || take(i, name, len) != len || take(i, size_bytes, 8) != 8) {
            return i->status != OK ? i->status : DAMAGED;
        }
        name[len] = '\0';
        uint64_t size = 0;
        for (int b = 0; b < 8; b++) {
            size |= (uint64_t)size_bytes[b] << (8 * b);
        }
        enum status status = name_allowed(name) ? take_file(i, folder, name, size) : DAMAGED;
        if (status != OK) {
            return status;
        }
    }
}

static enum status open_stream(struct in *i, const uint8_t *secret)
{
    char title[sizeof ARCHIVE_TITLE - 1];
    uint8_t sealed[crypto_secretstream_xchacha20poly1305_KEYBYTES + crypto_box_SEALBYTES];
    uint8_t key[crypto_secretstream_xchacha20poly1305_KEYBYTES], public[crypto_box_PUBLICKEYBYTES];
    uint8_t head[crypto_secretstream_xchacha20poly1305_HEADERBYTES];
    enum status status = disk_read(i->fd, 0, title, sizeof title);
    if (status == OK && memcmp(title, ARCHIVE_TITLE, sizeof title) != 0) {
        return BAD_INPUT;
    }
    if (status == OK) {
        status = disk_read(i->fd, sizeof title, sealed, sizeof sealed);
    }
    if (status == OK) {
        status = disk_read(i->fd, sizeof title + sizeof sealed, head, sizeof head);
    }
    if (status != OK) {
        return status == ABSENT ? DAMAGED : status;
    }
    i->at = sizeof title + sizeof sealed + sizeof head;
    if (crypto_scalarmult_base(public, secret) != 0 || crypto_box_seal_open(key, sealed, sizeof sealed, public, secret) != 0) {
        return REFUSED;                 /* sealed to another key, or changed */
    }
    int rc = crypto_secretstream_xchacha20poly1305_init_pull(&i->stream, head, key);
    wipe(key, sizeof key);
    return rc == 0 ? OK : DAMAGED;
}

static enum status unseal(const char *backup, const uint8_t *secret, const char *folder)
{
    struct in i = {.fd = disk_open(backup), .plain = malloc(ARCHIVE_CHUNK), .sealed = malloc(ARCHIVE_CHUNK + ARCHIVE_TAG)};
    enum status status = i.fd < 0 ? FAILED_IO : !i.plain || !i.sealed ? NO_MEMORY : open_stream(&i, secret);
    if (status == OK) {
        status = take_all(&i, folder);
    }
    wipe(&i.stream, sizeof i.stream);
    free(i.plain);
    free(i.sealed);
    if (i.fd >= 0) {
        close(i.fd);
    }
    return status;
}

/* ---- verifying ---- */

struct leaves { struct tree_edge edge; bool good; };

static bool count_leaf(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct leaves *l = arg;
    struct hash hash = tree_leaf(leaf, len);
    l->good = l->good && position == l->edge.size;
    tree_append(&l->edge, &hash);
    return l->good;
}

static bool check_side(void *arg, const char *table, record_id owner, const char *key, bool good)
{
    *(bool *)arg = *(bool *)arg && good;
    return true;
}

struct holdings { struct store *store; enum status status; };

static bool check_segment(void *arg, const struct segment_info *info)
{
    struct holdings *h = arg;
    if (info->closed && !info->erased) {
        h->status = segment_verify(h->store, info->id);
    }
    return h->status == OK;
}

static enum status check_attachments(struct store *s)
{
    enum status status = OK;
    struct rows r = QUERY_ALL(&s->whole, SQL_EACH_ATTACHMENT);
    while (status == OK && db_step(&r)) {
        struct arena *arena = arena_new(ATTACHMENT_LIMIT + (1u << 20));
        const void *bytes;
        size_t len;
        status = !arena ? NO_MEMORY
                 : attachment_get(s, (label_id)col_int(&r, 1), col_int(&r, 2), col_text(&r, 0), arena, &bytes, &len);
        arena_free(arena);
    }
    db_done(&r);
    return r.status != OK ? r.status : status;
}

static enum status verify(struct store *s)
{
    struct leaves leaves = {.good = true};
    bool good = true;
    enum status status = db_check(&s->whole);
    if (status == OK) {
        status = store_each_entry(s, 0, UINT64_MAX, count_leaf, &leaves);
    }
    if (status == OK) {
        struct hash want = tree_root(&s->edge), have = tree_root(&leaves.edge);
        good = good && leaves.good && leaves.edge.size == s->edge.size && hash_equal(&want, &have);
        status = store_each_side(s, check_side, &good);
    }
    struct holdings h = {.store = s};
    if (status == OK && good) {
        status = segment_each(s, check_segment, &h);
    }
    if (status == OK && good && h.status == OK) {
        h.status = check_attachments(s);
    }
    return status != OK ? status : good ? h.status : DAMAGED;
}

/* ---- */

static void remove_folder(const char *folder, int deep)
{
    DIR *d = opendir(folder);
    struct dirent *e;
    while (d && (e = readdir(d))) {
        char path[PATH_LIMIT];
        if (str_eq(e->d_name, ".") || str_eq(e->d_name, "..")
            || snprintf(path, sizeof path, "%s/%s", folder, e->d_name) >= (int)sizeof path) {
            continue;
        }
        if (unlink(path) != 0 && deep > 0) {
            remove_folder(path, deep - 1);
        }
    }
    if (d) {
        closedir(d);
    }
    (void)rmdir(folder);
}

static enum status make_folders(const char *folder)
{
    char path[PATH_LIMIT];
    if (mkdir(folder, 0700) != 0) {
        return FAILED_IO;
    }
    snprintf(path, sizeof path, "%s/attachments", folder);
    if (mkdir(path, 0700) != 0) {
        return FAILED_IO;
    }
    snprintf(path, sizeof path, "%s/policies", folder);
    if (mkdir(path, 0700) != 0) {
        return FAILED_IO;
    }
    snprintf(path, sizeof path, "%s/checkpoints", folder);
    if (mkdir(path, 0755) != 0) {
        return FAILED_IO;
    }
    snprintf(path, sizeof path, "%s/segments", folder);
    return mkdir(path, 0700) == 0 ? OK : FAILED_IO;
}

static enum status check(const char *folder, struct reasons *why)
{
    struct store *s = NULL;
    enum status status = store_open(folder, why, &s);
    if (status == OK) {
        errno = 0;
        status = fault(why, folder, verify(s), T_("the backup was opened but does not verify: %1$s"));
    }
    store_close(s);
    return status;
}

enum status backup_restore(const char *backup, const char *secret_path, const char *folder, backup_prepare *prepare, void *arg,
                           struct reasons *why)
{
    uint8_t secret[crypto_box_SECRETKEYBYTES];
    char passing[PATH_LIMIT - 64];
    struct stat st;
    errno = 0;
    if (sodium_init() < 0 || snprintf(passing, sizeof passing, "%s.restoring", folder) >= (int)sizeof passing) {
        return fault(why, folder, TOO_LARGE, T_("the backup could not be restored: %1$s"));
    }
    if (lstat(folder, &st) == 0) {
        errno = EEXIST;
        return fault(why, folder, REFUSED, T_("the backup could not be restored: %1$s"));
    }
    enum status status = backup_read_key(secret_path, BACKUP_SECRET_TITLE, secret, sizeof secret, why);
    if (status != OK) {
        return status;
    }
    errno = 0;
    status = make_folders(passing);
    if (status != OK) {
        wipe(secret, sizeof secret);
        return fault(why, passing, status, T_("the backup could not be restored: %1$s"));
    }
    status = unseal(backup, secret, passing);
    wipe(secret, sizeof secret);
    if (status == REFUSED && why) {
        reason_add(why, "backup.restore", backup, T_("this backup was sealed to another key, or was changed"));
    } else if (status != OK) {
        (void)fault(why, backup, status, T_("the backup could not be restored: %1$s"));
    }
    if (status == OK) {
        status = check(passing, why);
    }
    if (status == OK && prepare) {
        status = prepare(arg, passing, why);
    }
    if (status == OK && rename(passing, folder) != 0) {
        status = fault(why, folder, FAILED_IO, T_("the backup could not be restored: %1$s"));
    }
    if (status != OK) {
        remove_folder(passing, 3);
    }
    return status;
}
