/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See attachment.h. A sealed file is: 8 bytes of magic, the stream's header, chunks of 64 KiB plain bytes each longer by
 * the stream's tag; the last carries the final tag, so a truncated file does not open. It is written under a
 * passing name, synced, renamed, and its folder synced, before its key is stored: a key always has its bytes. Its name
 * is the address and a mark of its key, so two who seal the same bytes at once never share a file.
 */
#include "store/attachment.h"

#include <dirent.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/disk.h"
#include "store/inner.h"

#define MAGIC "CASTATT1"
#define CHUNK 65536
#define TAG crypto_secretstream_xchacha20poly1305_ABYTES
#define HEAD crypto_secretstream_xchacha20poly1305_HEADERBYTES
#define SECRET crypto_secretstream_xchacha20poly1305_KEYBYTES

static bool path_of(const struct store *s, const char *address, char *out, size_t cap)
{
    int n = snprintf(out, cap, "%s/attachments/%s", s->folder, address);
    return n > 0 && (size_t)n < cap;
}

#define NAME 96
static void name_of(const char *address, const uint8_t *secret, char out[NAME])
{
    struct hash mark = sha256(secret, SECRET);
    char hex[17];
    hex_write(mark.bytes, 8, hex);
    snprintf(out, NAME, "%s-%s", address, hex);
}

static void address_of(const struct store *s, label_id label, record_id file, const struct hash *plain, char out[65])
{
    char pair[80];
    int n = snprintf(pair, sizeof pair, "attachment %lld %lld", (long long)label, (long long)file);
    struct hash key = hmac_sha256(s->side_key, SIDE_KEY_BYTES, pair, (size_t)n);
    struct hash address = hmac_sha256(key.bytes, HASH_BYTES, plain->bytes, HASH_BYTES);
    hex_write(address.bytes, HASH_BYTES, out);
    wipe(&key, sizeof key);
}

/* ---- sealing ---- */

static enum status seal_into(int fd, const char *path, const uint8_t secret[SECRET], const uint8_t *bytes, size_t len)
{
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t head[8 + HEAD], *room = malloc(CHUNK + TAG);
    if (!room) {
        return NO_MEMORY;
    }
    memcpy(head, MAGIC, 8);
    crypto_secretstream_xchacha20poly1305_init_push(&stream, head + 8, secret);
    enum status status = disk_write(fd, path, 0, head, sizeof head);
    uint64_t at = sizeof head;
    bool last = false;
    while (status == OK && !last) {
        size_t part = len < CHUNK ? len : CHUNK;
        unsigned long long sealed;
        last = part == len;
        crypto_secretstream_xchacha20poly1305_push(&stream, room, &sealed, part ? bytes : (const uint8_t *)"", part, NULL, 0,
                                                   last ? crypto_secretstream_xchacha20poly1305_TAG_FINAL : 0);
        status = disk_write(fd, path, at, room, (size_t)sealed);
        at += sealed;
        bytes += part;
        len -= part;
    }
    wipe(&stream, sizeof stream);
    free(room);
    return status == OK && disk->sync(fd, path) != 0 ? FAILED_IO : status;
}

static enum status seal_file(struct store *s, const char *address, const uint8_t secret[SECRET], const void *bytes,
                             size_t len)
{
    char path[PATH_LIMIT], passing[PATH_LIMIT], folder[PATH_LIMIT], name[NAME], new[NAME + 4];
    name_of(address, secret, name);
    snprintf(new, sizeof new, "new-%s", name);
    if (!path_of(s, name, path, sizeof path) || !path_of(s, new, passing, sizeof passing)
        || !store_path(s, "attachments", folder, sizeof folder)) {
        return TOO_LARGE;
    }
    int fd = disk->create(passing);
    if (fd < 0) {
        return FAILED_IO;
    }
    enum status status = seal_into(fd, passing, secret, bytes, len);
    if (close(fd) != 0 && status == OK) {
        status = FAILED_IO;
    }
    if (status == OK && (disk->rename(passing, path) != 0 || disk->sync_folder(folder) != 0)) {
        status = FAILED_IO;
    }
    if (status != OK) {
        (void)disk->remove(passing);
    }
    return status;
}

struct row { uint8_t secret[SECRET]; struct hash hash; uint64_t size; int64_t uses; };

static enum status find(struct db *db, label_id label, record_id file, const char *address, struct row *ret)
{
    struct rows r = QUERY(db, SQL_GET_ATTACHMENT, TEXT(address), INT(label), INT(file));
    enum status status = ABSENT;
    if (db_step(&r)) {
        ret->size = (uint64_t)col_int(&r, 2);
        ret->uses = col_int(&r, 3);
        status = col_copy(&r, 0, ret->secret, SECRET) && col_copy(&r, 1, ret->hash.bytes, HASH_BYTES) ? OK : DAMAGED;
    } else if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    return status;
}

static enum status find_whole(struct store *s, label_id label, record_id file, const char *address, struct row *ret)
{
    pthread_mutex_lock(&s->whole_lock);
    enum status status = find(&s->whole, label, file, address, ret);
    pthread_mutex_unlock(&s->whole_lock);
    return status;
}

struct put_job {
    struct job job;
    label_id label;
    record_id file;
    const struct attachment_ref *ref;
    const uint8_t *secret;
    enum status status;
};

static bool put_run(struct job *job, struct txn *txn)
{
    struct put_job *p = (struct put_job *)job;
    p->status = RUN(txn->db, SQL_PUT_ATTACHMENT, TEXT(p->ref->address), INT(p->label), INT(p->file),
                    BLOB(p->secret, SECRET), BLOB(p->ref->sha256.bytes, HASH_BYTES), INT((int64_t)p->ref->bytes));
    return p->status == OK;
}

static void no_settled(struct job *job, bool committed) {}

static enum status put_fault(struct reasons *why, enum status status)
{
    if (why && status == TOO_LARGE) {
        reason_add(why, "attachment.size", NULL, T_("an attachment may hold at most 64 MiB"));
    } else if (why && status != OK) {
        reason_add(why, "attachment.write", NULL, T_("the attachment could not be stored; nothing was changed"));
    }
    return status;
}

static void unseal(struct store *s, const char *address, const uint8_t *secret)
{
    char path[PATH_LIMIT], name[NAME];
    name_of(address, secret, name);
    if (path_of(s, name, path, sizeof path)) {
        (void)disk->remove(path);
    }
}

enum status attachment_put(struct store *s, label_id label, record_id file, const void *bytes, size_t len,
                           struct reasons *why, struct attachment_ref *ret)
{
    struct attachment_ref ref = {.bytes = len};
    struct row old;
    if (len > ATTACHMENT_LIMIT || sodium_init() < 0) {
        return put_fault(why, len > ATTACHMENT_LIMIT ? TOO_LARGE : FAILED_IO);
    }
    ref.sha256 = sha256(len ? bytes : "", len);
    address_of(s, label, file, &ref.sha256, ref.address);
    enum status status = find_whole(s, label, file, ref.address, &old);
    if (status == OK) {
        *ret = ref;                     /* the same bytes are in this pair already */
        return OK;
    }
    uint8_t secret[SECRET];
    random_bytes(secret, sizeof secret);
    if (status == ABSENT) {
        status = seal_file(s, ref.address, secret, bytes, len);
    }
    if (status == OK) {
        struct put_job p = {.job = {.run = put_run, .settled = no_settled}, .label = label, .file = file, .ref = &ref,
                            .secret = secret};
        bool committed = false;
        status = store_perform(s, &p.job, &committed);
        if (status == OK && !committed) {
            /* Somebody stored the same bytes at the same time: theirs stand, ours go. */
            status = p.status == CONFLICT ? OK : FAILED_IO;
            unseal(s, ref.address, secret);
        }
    }
    wipe(secret, sizeof secret);
    if (status == OK) {
        *ret = ref;
    }
    return put_fault(why, status);
}

/* ---- opening ---- */

static enum status open_sealed(int fd, const struct row *row, uint8_t *out)
{
    crypto_secretstream_xchacha20poly1305_state stream;
    uint8_t head[8 + HEAD], tag = 0, *room = malloc(CHUNK + TAG);
    if (!room) {
        return NO_MEMORY;
    }
    enum status status = disk_read(fd, 0, head, sizeof head);
    if (status == OK && (memcmp(head, MAGIC, 8) != 0
                         || crypto_secretstream_xchacha20poly1305_init_pull(&stream, head + 8, row->secret) != 0)) {
        status = DAMAGED;
    }
    uint64_t at = sizeof head, done = 0;
    do {
        size_t part = row->size - done < CHUNK ? (size_t)(row->size - done) : CHUNK;
        if (status == OK) {
            status = disk_read(fd, at, room, part + TAG);
        }
        if (status == OK && crypto_secretstream_xchacha20poly1305_pull(&stream, out + done, NULL, &tag, room, part + TAG,
                                                                       NULL, 0) != 0) {
            status = DAMAGED;
        }
        at += part + TAG;
        done += part;
    } while (status == OK && done < row->size);
    if (status == OK && (tag != crypto_secretstream_xchacha20poly1305_TAG_FINAL || disk_size(fd) != at)) {
        status = DAMAGED;
    }
    wipe(&stream, sizeof stream);
    free(room);
    return status == ABSENT ? DAMAGED : status;
}

enum status attachment_get(struct store *s, label_id label, record_id file, const char *address, struct arena *arena,
                           const void **ret, size_t *ret_len)
{
    struct row row;
    char path[PATH_LIMIT], name[NAME];
    if (strlen(address) != 64 || strspn(address, "0123456789abcdef") != 64) {
        return ABSENT;
    }
    enum status status = find_whole(s, label, file, address, &row);
    if (status != OK) {
        return status;
    }
    name_of(address, row.secret, name);
    int fd = path_of(s, name, path, sizeof path) ? disk_open(path) : -1;
    if (fd < 0) {
        wipe(&row, sizeof row);
        return DAMAGED;
    }
    uint8_t *out = row.size <= ATTACHMENT_LIMIT ? arena_alloc(arena, (size_t)row.size + 1) : NULL;
    status = out ? open_sealed(fd, &row, out) : DAMAGED;
    close(fd);
    if (status == OK) {
        struct hash hash = sha256(out, (size_t)row.size);
        status = hash_equal(&hash, &row.hash) ? OK : DAMAGED;
    }
    if (status == OK) {
        *ret = out;
        *ret_len = (size_t)row.size;
    }
    wipe(&row, sizeof row);
    return status;
}

enum status attachment_move(struct store *s, label_id from, record_id from_file, label_id to, record_id to_file,
                            const char *address, struct reasons *why, struct attachment_ref *ret)
{
    struct arena *arena = arena_new(ATTACHMENT_LIMIT + (1u << 20));
    if (!arena) {
        return NO_MEMORY;
    }
    const void *bytes;
    size_t len;
    enum status status = attachment_get(s, from, from_file, address, arena, &bytes, &len);
    if (status == OK) {
        status = attachment_put(s, to, to_file, bytes, len, why, ret);
        wipe((void *)bytes, len);
    }
    arena_free(arena);
    return status;
}

/* ---- uses ---- */

static enum status change_uses(struct txn *txn, label_id label, record_id file, const char *address, int by, int64_t *ret)
{
    struct rows r = QUERY(txn->db, SQL_USE_ATTACHMENT, INT(by), TEXT(address), INT(label), INT(file));
    enum status status = ABSENT;
    if (db_step(&r)) {
        *ret = col_int(&r, 0);
        status = OK;
        while (db_step(&r)) {
        }
    }
    if (r.status != OK) {
        status = r.status;
    }
    db_done(&r);
    return status;
}

enum status attachment_use(struct txn *txn, label_id label, record_id file, const char *address)
{
    int64_t uses;
    return change_uses(txn, label, file, address, 1, &uses);
}

static enum status take_back(struct txn *txn, label_id label, record_id file, const char *address, bool *ret_last)
{
    struct row row;
    int64_t uses = 0;
    char name[NAME];
    enum status status = find(txn->db, label, file, address, &row);
    if (status == OK) {
        status = change_uses(txn, label, file, address, -1, &uses);
    }
    if (status == OK && uses <= 0) {
        name_of(address, row.secret, name);
        status = txn_remove_file(txn, "attachments", name);
        if (status == OK) {
            status = RUN(txn->db, SQL_DROP_ATTACHMENT, TEXT(address));
        }
    }
    wipe(&row, sizeof row);
    *ret_last = status == OK && uses <= 0;
    return status;
}

enum status attachment_release(struct txn *txn, label_id label, record_id file, const char *address)
{
    bool last;
    return take_back(txn, label, file, address, &last);
}

enum status attachment_erase(struct txn *txn, label_id label, record_id file, const char *address, uint64_t position)
{
    bool last;
    enum status status = take_back(txn, label, file, address, &last);
    return last ? RUN(txn->db, SQL_PUT_TOMBSTONE, TEXT("attachment"), TEXT(address), INT((int64_t)position)) : status;
}

enum status attachment_forget(struct txn *txn, const char *address, uint64_t position)
{
    uint8_t secret[SECRET];
    char name[NAME] = "";
    struct rows r = QUERY(txn->db, SQL_ATTACHMENT_USES, TEXT(address));
    if (db_step(&r) && col_copy(&r, 1, secret, SECRET)) {
        name_of(address, secret, name);
    }
    db_done(&r);
    if (r.status != OK || !*name) {
        return r.status != OK ? r.status : ABSENT;
    }
    enum status status = txn_remove_file(txn, "attachments", name);
    if (status == OK) {
        status = RUN(txn->db, SQL_DROP_ATTACHMENT, TEXT(address));
    }
    return status == OK ? RUN(txn->db, SQL_PUT_TOMBSTONE, TEXT("attachment"), TEXT(address), INT((int64_t)position)) : status;
}

/* ---- sweeping ---- */

struct sweep { struct job job; const char *name; };

/* In the writer, so that no change can name it meanwhile: a file stays when its key is stored and used. */
static bool sweep_run(struct job *job, struct txn *txn)
{
    struct sweep *w = (struct sweep *)job;
    char address[65] = "", name[NAME] = "";
    uint8_t secret[SECRET];
    bool has = false;
    int64_t uses = 0;
    snprintf(address, sizeof address, "%s", w->name);
    struct rows r = QUERY(txn->db, SQL_ATTACHMENT_USES, TEXT(address));
    if (db_step(&r) && col_copy(&r, 1, secret, SECRET)) {
        uses = col_int(&r, 0);
        name_of(address, secret, name);
        has = strcmp(name, w->name) == 0;
    }
    db_done(&r);
    if (r.status != OK || (has && uses > 0) || txn_remove_file(txn, "attachments", w->name) != OK) {
        return false;
    }
    return !has || RUN(txn->db, SQL_DROP_ATTACHMENT, TEXT(address)) == OK;
}

enum status attachment_sweep(struct store *s, moment before, size_t *ret_n)
{
    char folder[PATH_LIMIT], path[PATH_LIMIT];
    DIR *d = store_path(s, "attachments", folder, sizeof folder) ? opendir(folder) : NULL;
    if (!d) {
        return FAILED_IO;
    }
    size_t n = 0;
    struct dirent *e;
    while ((e = readdir(d))) {
        struct stat st;
        if (e->d_name[0] == '.' || !path_of(s, e->d_name, path, sizeof path) || lstat(path, &st) != 0
            || (moment)st.st_mtim.tv_sec * SECOND >= before) {
            continue;
        }
        struct sweep w = {.job = {.run = sweep_run, .settled = no_settled}, .name = e->d_name};
        bool committed = false;
        n += store_perform(s, &w.job, &committed) == OK && committed;
    }
    closedir(d);
    *ret_n = n;
    return OK;
}
