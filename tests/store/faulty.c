/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "faulty.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/disk.h"

#define SECTOR 512

struct op { bool truncate; uint64_t at; size_t len; uint8_t *bytes; };
struct blob { uint8_t *bytes; size_t len, cap; };
struct shadow {
    char path[1024], durable_path[1024];    /* "" where it has no name */
    struct blob synced;
    struct op *ops;
    size_t n, cap;
    struct shadow *next;
};
static struct shadow *files;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char base_folder[1024], image_folder[1024];
static uint64_t operations, off_at, space;
static bool off, pretend;
static enum faulty_mode mode;
static uint64_t dice_state;

static uint64_t dice(uint64_t bound)
{
    dice_state = dice_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return bound ? (dice_state >> 33) % bound : 0;
}

/* ---- shadows ---- */

static bool watched(const char *path)
{
    size_t len = strlen(base_folder);
    return len && path && strncmp(path, base_folder, len) == 0 && path[len] == '/' && !strstr(path, "-shm");
}

static struct shadow *find(const char *path)
{
    for (struct shadow *f = files; f; f = f->next) {
        if (strcmp(f->path, path) == 0) {
            return f;
        }
    }
    return NULL;
}

static struct shadow *add(const char *path, bool fresh)
{
    struct shadow *f = calloc(1, sizeof *f);
    snprintf(f->path, sizeof f->path, "%s", path);
    f->next = files;
    files = f;
    int fd = fresh ? -1 : open(path, O_RDONLY);
    if (fd >= 0) {                          /* what lies there already is durable */
        struct stat st;
        fstat(fd, &st);
        f->synced.cap = (size_t)st.st_size + 1;
        f->synced.bytes = malloc(f->synced.cap);
        f->synced.len = (size_t)pread(fd, f->synced.bytes, (size_t)st.st_size, 0);
        close(fd);
    }
    return f;
}

static void apply(struct blob *b, const struct op *op, bool torn)
{
    if (op->truncate) {
        if (b->len > op->at) {
            b->len = (size_t)op->at;
        }
        return;
    }
    size_t end = (size_t)op->at + op->len;
    if (end > b->cap) {
        b->cap = 2 * end;
        b->bytes = realloc(b->bytes, b->cap);
    }
    if (end > b->len) {
        memset(b->bytes + b->len, 0, end - b->len);
        b->len = end;
    }
    for (size_t at = 0; at < op->len; ) {
        size_t part = SECTOR - (size_t)((op->at + at) % SECTOR);
        part = part < op->len - at ? part : op->len - at;
        if (!torn || dice(2)) {
            memcpy(b->bytes + op->at + at, op->bytes + at, part);
        }
        at += part;
    }
}

static void forget_ops(struct shadow *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->ops[i].bytes);
    }
    f->n = 0;
}

static void note(const char *path, struct op op, const void *bytes)
{
    struct shadow *f = watched(path) ? find(path) : NULL;
    if (!f) {
        return;
    }
    if (f->n == f->cap) {
        f->cap = f->cap ? 2 * f->cap : 16;
        f->ops = realloc(f->ops, f->cap * sizeof *f->ops);
    }
    if (bytes) {
        op.bytes = malloc(op.len + 1);
        memcpy(op.bytes, bytes, op.len);
    }
    f->ops[f->n++] = op;
}

static void make_durable(const char *path)
{
    struct shadow *f = watched(path) && !pretend ? find(path) : NULL;
    for (size_t i = 0; f && i < f->n; i++) {
        apply(&f->synced, &f->ops[i], false);
    }
    if (f) {
        forget_ops(f);
    }
}

/* ---- the power ---- */

static void write_image(struct shadow *f)
{
    const char *name = dice(2) ? f->path : f->durable_path;
    char path[2100];
    if (!*name) {
        return;
    }
    snprintf(path, sizeof path, "%s%s", image_folder, name + strlen(base_folder));
    struct blob b = {malloc(f->synced.len + 1), f->synced.len, f->synced.len + 1};
    memcpy(b.bytes, f->synced.bytes ? f->synced.bytes : (const uint8_t *)"", f->synced.len);
    for (size_t i = f->n; i > 1; i--) {             /* in any order, */
        size_t j = dice(4) ? i - 1 : (size_t)dice(i);
        struct op swap = f->ops[i - 1];
        f->ops[i - 1] = f->ops[j];
        f->ops[j] = swap;
    }
    unsigned odds = (unsigned)dice(4);              /* few, half or most of them, */
    for (size_t i = 0; i < f->n; i++) {
        if (dice(4) >= odds) {
            apply(&b, &f->ops[i], dice(4) == 0);      /* some torn */
        }
    }
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0600);
    for (size_t at = 0; fd >= 0 && at < b.len; ) {
        ssize_t n = write(fd, b.bytes + at, b.len - at);
        if (n <= 0) {
            abort();
        }
        at += (size_t)n;
    }
    if (fd >= 0) {
        close(fd);
    }
    free(b.bytes);
}

static void tick(void)
{
    operations++;
    if (off || !off_at || operations < off_at) {
        return;
    }
    char path[2100];
    off = true;
    mkdir(image_folder, 0700);
    snprintf(path, sizeof path, "%s/attachments", image_folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/segments", image_folder);
    mkdir(path, 0700);
    snprintf(path, sizeof path, "%s/spool", image_folder);
    mkdir(path, 0700);
    for (struct shadow *f = files; f; f = f->next) {
        write_image(f);
    }
    snprintf(path, sizeof path, "%s/side.key", image_folder);
    char from[2100];
    snprintf(from, sizeof from, "%s/side.key", base_folder);
    if (link(from, path) != 0) {
        abort();
    }
}

void faulty_begin(const char *base)
{
    pthread_mutex_lock(&lock);
    for (struct shadow *f = files, *next; f; f = next) {
        next = f->next;
        forget_ops(f);
        free(f->ops);
        free(f->synced.bytes);
        free(f);
    }
    files = NULL;
    snprintf(base_folder, sizeof base_folder, "%s", base);
    operations = off_at = 0;
    off = false;
    mode = FAULTY_SOUND;
    pthread_mutex_unlock(&lock);
}

void faulty_power_off_at(uint64_t n, const char *image)
{
    pthread_mutex_lock(&lock);
    snprintf(image_folder, sizeof image_folder, "%s", image);
    off_at = operations + n;
    dice_state = n * 977 + 13;
    pthread_mutex_unlock(&lock);
}

bool faulty_is_off(void)
{
    pthread_mutex_lock(&lock);
    bool is = off;
    pthread_mutex_unlock(&lock);
    return is;
}

void faulty_ack(void (*ack)(void *), void *arg)
{
    pthread_mutex_lock(&lock);
    if (!off) {
        ack(arg);
    }
    pthread_mutex_unlock(&lock);
}

void faulty_pretend_sync(bool on) { pretend = on; }

void faulty_set(enum faulty_mode m, uint64_t bytes)
{
    pthread_mutex_lock(&lock);
    mode = m;
    space = bytes;
    pthread_mutex_unlock(&lock);
}

uint64_t faulty_operations(void)
{
    pthread_mutex_lock(&lock);
    uint64_t n = operations;
    pthread_mutex_unlock(&lock);
    return n;
}

/* Whether a write of so many bytes goes through; takes them from the space left. */
static bool admit(size_t len, enum faulty_mode *ret)
{
    *ret = mode;
    if (mode == FAULTY_FULL || mode == FAULTY_READ_ONLY) {
        if (space < len) {
            space = 0;
            return false;
        }
        space -= len;
    }
    return true;
}

/* ---- SQLite's side ---- */

static sqlite3_vfs *system_vfs;
struct file { sqlite3_file base; char path[1024]; sqlite3_file *real; };
#define REAL(f) (((struct file *)(f))->real)

static int f_close(sqlite3_file *f) { return REAL(f)->pMethods->xClose(REAL(f)); }
static int f_read(sqlite3_file *f, void *b, int n, sqlite3_int64 at) { return REAL(f)->pMethods->xRead(REAL(f), b, n, at); }
static int f_size(sqlite3_file *f, sqlite3_int64 *n) { return REAL(f)->pMethods->xFileSize(REAL(f), n); }
static int f_lock(sqlite3_file *f, int l) { return REAL(f)->pMethods->xLock(REAL(f), l); }
static int f_unlock(sqlite3_file *f, int l) { return REAL(f)->pMethods->xUnlock(REAL(f), l); }
static int f_reserved(sqlite3_file *f, int *r) { return REAL(f)->pMethods->xCheckReservedLock(REAL(f), r); }
static int f_control(sqlite3_file *f, int op, void *a) { return REAL(f)->pMethods->xFileControl(REAL(f), op, a); }
static int f_sector(sqlite3_file *f) { return REAL(f)->pMethods->xSectorSize(REAL(f)); }
static int f_device(sqlite3_file *f) { return REAL(f)->pMethods->xDeviceCharacteristics(REAL(f)); }
static int f_map(sqlite3_file *f, int r, int n, int w, void volatile **p) { return REAL(f)->pMethods->xShmMap(REAL(f), r, n, w, p); }
static int f_shm_lock(sqlite3_file *f, int o, int n, int fl) { return REAL(f)->pMethods->xShmLock(REAL(f), o, n, fl); }
static void f_barrier(sqlite3_file *f) { REAL(f)->pMethods->xShmBarrier(REAL(f)); }
static int f_unmap(sqlite3_file *f, int d) { return REAL(f)->pMethods->xShmUnmap(REAL(f), d); }

static int f_write(sqlite3_file *f, const void *bytes, int n, sqlite3_int64 at)
{
    struct file *file = (struct file *)f;
    enum faulty_mode m = FAULTY_SOUND;
    pthread_mutex_lock(&lock);
    tick();
    bool good = !watched(file->path) || admit((size_t)n, &m);
    if (good) {
        note(file->path, (struct op){.at = (uint64_t)at, .len = (size_t)n}, bytes);
    }
    pthread_mutex_unlock(&lock);
    return good ? REAL(f)->pMethods->xWrite(REAL(f), bytes, n, at) : m == FAULTY_FULL ? SQLITE_FULL : SQLITE_READONLY;
}

static int f_truncate(sqlite3_file *f, sqlite3_int64 n)
{
    struct file *file = (struct file *)f;
    pthread_mutex_lock(&lock);
    tick();
    note(file->path, (struct op){.truncate = true, .at = (uint64_t)n}, NULL);
    pthread_mutex_unlock(&lock);
    return REAL(f)->pMethods->xTruncate(REAL(f), n);
}

static int f_sync(sqlite3_file *f, int flags)
{
    struct file *file = (struct file *)f;
    pthread_mutex_lock(&lock);
    tick();
    bool good = mode != FAULTY_NO_SYNC || !watched(file->path);
    if (good) {
        make_durable(file->path);
    }
    pthread_mutex_unlock(&lock);
    return good ? SQLITE_OK : SQLITE_IOERR_FSYNC;
}

static const sqlite3_io_methods methods = {
    .iVersion = 2, .xClose = f_close, .xRead = f_read, .xWrite = f_write, .xTruncate = f_truncate, .xSync = f_sync,
    .xFileSize = f_size, .xLock = f_lock, .xUnlock = f_unlock, .xCheckReservedLock = f_reserved,
    .xFileControl = f_control, .xSectorSize = f_sector, .xDeviceCharacteristics = f_device, .xShmMap = f_map,
    .xShmLock = f_shm_lock, .xShmBarrier = f_barrier, .xShmUnmap = f_unmap,
};

static int v_open(sqlite3_vfs *vfs, sqlite3_filename name, sqlite3_file *f, int flags, int *ret_flags)
{
    struct file *file = (struct file *)f;
    file->real = (sqlite3_file *)(file + 1);
    file->base.pMethods = NULL;
    snprintf(file->path, sizeof file->path, "%s", name ? name : "");
    pthread_mutex_lock(&lock);
    if (watched(file->path) && !find(file->path)) {
        struct shadow *s = add(file->path, access(file->path, F_OK) != 0);
        snprintf(s->durable_path, sizeof s->durable_path, "%s", s->path);       /* SQLite syncs the folder itself */
    }
    pthread_mutex_unlock(&lock);
    int rc = system_vfs->xOpen(system_vfs, name, file->real, flags, ret_flags);
    if (rc == SQLITE_OK) {
        file->base.pMethods = &methods;
    }
    return rc;
}

static int v_delete(sqlite3_vfs *vfs, const char *name, int sync)
{
    pthread_mutex_lock(&lock);
    struct shadow *s = watched(name) ? find(name) : NULL;
    if (s) {
        s->path[0] = s->durable_path[0] = '\0';
    }
    pthread_mutex_unlock(&lock);
    return system_vfs->xDelete(system_vfs, name, sync);
}

/* ---- the room's own files ---- */

static int d_create(const char *path)
{
    pthread_mutex_lock(&lock);
    bool good = !watched(path) || mode == FAULTY_SOUND || mode == FAULTY_NO_SYNC || space > 0;
    if (good && watched(path)) {
        add(path, true);
    }
    int error = mode == FAULTY_READ_ONLY ? EROFS : ENOSPC;
    pthread_mutex_unlock(&lock);
    errno = error;
    return good ? disk_plain.create(path) : -1;
}

static ssize_t d_append(int fd, const char *path, uint64_t at, const void *bytes, size_t len)
{
    enum faulty_mode m = FAULTY_SOUND;
    pthread_mutex_lock(&lock);
    tick();
    bool good = !watched(path) || admit(len, &m);
    if (good) {
        note(path, (struct op){.at = at, .len = len}, bytes);
    }
    pthread_mutex_unlock(&lock);
    errno = m == FAULTY_READ_ONLY ? EROFS : ENOSPC;
    return good ? disk_plain.append(fd, path, at, bytes, len) : -1;
}

static int d_sync(int fd, const char *path)
{
    pthread_mutex_lock(&lock);
    tick();
    bool good = mode != FAULTY_NO_SYNC || !watched(path);
    if (good) {
        make_durable(path);
    }
    pthread_mutex_unlock(&lock);
    errno = EIO;
    return good ? 0 : -1;
}

static int d_rename(const char *from, const char *to)
{
    pthread_mutex_lock(&lock);
    struct shadow *f = watched(from) ? find(from) : NULL;
    if (f) {
        snprintf(f->path, sizeof f->path, "%s", to);
    }
    pthread_mutex_unlock(&lock);
    return disk_plain.rename(from, to);
}

static int d_remove(const char *path)
{
    pthread_mutex_lock(&lock);
    struct shadow *f = watched(path) ? find(path) : NULL;
    if (f) {
        f->path[0] = '\0';
    }
    pthread_mutex_unlock(&lock);
    return disk_plain.remove(path);
}

static int d_sync_folder(const char *folder)
{
    size_t len = strlen(folder);
    pthread_mutex_lock(&lock);
    tick();
    for (struct shadow *f = files; f && !pretend; f = f->next) {
        if (strncmp(f->path, folder, len) == 0 || (!*f->path && strncmp(f->durable_path, folder, len) == 0)) {
            memcpy(f->durable_path, f->path, sizeof f->path);
        }
    }
    pthread_mutex_unlock(&lock);
    return 0;
}

static const struct disk faulty_disk = {d_create, d_append, d_sync, d_rename, d_remove, d_sync_folder};
static sqlite3_vfs vfs;

void faulty_install(void)
{
    if (!system_vfs) {
        system_vfs = sqlite3_vfs_find(NULL);
        vfs = *system_vfs;
        vfs.zName = "faulty";
        vfs.szOsFile = (int)sizeof(struct file) + system_vfs->szOsFile;
        vfs.xOpen = v_open;
        vfs.xDelete = v_delete;
    }
    sqlite3_vfs_register(&vfs, 1);
    disk = &faulty_disk;
}

void faulty_remove(void)
{
    sqlite3_vfs_register(system_vfs, 1);
    disk = &disk_plain;
}
