/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spool read: at the start, whole, for its notes and its last number; by cursors, from a number on; and the state beside it. What a file says is
 * believed only once it is unsealed; a chunk that does not open ends its file.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/disk.h"
#include "store/spool_inner.h"

/* ---- pieces ---- */

bool spool_read_head(int fd, uint8_t id[16], uint64_t *ret_number, uint64_t *ret_first)
{
    uint8_t head[SPOOL_FILE_HEAD];
    if (disk_read(fd, 0, head, sizeof head) != OK || memcmp(head, "SPOOL1\0", 8) != 0)
        return false;
    memcpy(id, head + 8, 16);
    *ret_number = spool_get(head + 24, 8);
    *ret_first = spool_get(head + 32, 8);
    return true;
}

bool spool_read_chunk(int fd, uint64_t at, struct spool_chunk *ret, uint8_t head[SPOOL_CHUNK_HEAD])
{
    if (disk_read(fd, at, head, SPOOL_CHUNK_HEAD) != OK || memcmp(head, "SPC1", 4) != 0)
        return false;
    *ret = (struct spool_chunk){.sealed = (size_t)spool_get(head + 4, 4), .first = spool_get(head + 8, 8), .n = (uint32_t)spool_get(head + 16, 4), .ordinal = (uint32_t)spool_get(head + 20, 4)};
    return ret->sealed >= SPOOL_TAG && ret->sealed <= SPOOL_CHUNK_MOST && ret->first && ret->first < UINT64_MAX - UINT32_MAX;
}

bool spool_unseal(const struct spool *spool, int fd, uint64_t at, const uint8_t id[16], uint64_t number, const uint8_t head[SPOOL_CHUNK_HEAD],
                  const struct spool_chunk *chunk, struct buf *plain)
{
    uint8_t bound[8 + SPOOL_CHUNK_HEAD], nonce[SPOOL_NONCE];
    uint8_t *sealed = malloc(chunk->sealed);
    bool good = sealed && disk_read(fd, at + SPOOL_CHUNK_HEAD, sealed, chunk->sealed) == OK;
    spool_put(bound, number, 8);
    memcpy(bound + 8, head, SPOOL_CHUNK_HEAD);
    spool_nonce(id, chunk->ordinal, nonce);
    good = good && crypto_aead_xchacha20poly1305_ietf_decrypt(sealed, NULL, NULL, sealed, chunk->sealed, bound, sizeof bound, nonce, spool->options.key) == 0;
    buf_clear(plain);
    if (good && chunk->sealed > SPOOL_TAG)
        buf_add(plain, sealed, chunk->sealed - SPOOL_TAG);
    good = good && !plain->failed;
    free(sealed);
    return good;
}

char spool_record(const struct buf *plain, size_t *at, struct spool_message *ret)
{
    const uint8_t *from = (const uint8_t *)plain->data + *at;
    size_t left = plain->len - *at, head = left && *from == 'M' ? 33 : 13;
    if (left < head || (*from != 'M' && *from != 'N'))
        return 0;
    size_t len = (size_t)spool_get(from + 1, 4);
    if (len > left - head)
        return 0;
    *ret = (struct spool_message){.source = (int64_t)spool_get(from + 5, 8), .bytes = (const char *)from + head, .len = len};
    if (*from == 'M') {
        ret->received = (moment)spool_get(from + 13, 8);
        ret->peer = spool_get(from + 21, 8);
        ret->flags = (uint32_t)spool_get(from + 29, 4);
    }
    *at += head + len;
    return (char)*from;
}

/* ---- at the start ---- */

/* Takes notes and numbers of one file. `expected`: the number that comes next; false where messages before this file are missing. */
static bool take_file(struct spool *spool, uint64_t number, uint64_t *expected, bool first_file)
{
    char path[SPOOL_PATH];
    uint8_t id[16], head[SPOOL_CHUNK_HEAD];
    uint64_t said, first, at = SPOOL_FILE_HEAD;
    struct spool_chunk chunk;
    struct buf plain;
    struct spool_message record;
    int fd = spool_path(spool, number, path) ? disk_open(path) : -1;
    buf_init(&plain, SPOOL_CHUNK_MOST);
    bool good = fd >= 0 && spool_read_head(fd, id, &said, &first) && said == number;
    bool whole = !good || first_file || first <= *expected;
    if (good && (first_file || first > *expected))
        *expected = first;
    while (good && spool_read_chunk(fd, at, &chunk, head) && spool_unseal(spool, fd, at, id, number, head, &chunk, &plain)) {
        for (size_t pos = 0; pos < plain.len;) {
            char kind = spool_record(&plain, &pos, &record);
            if (!kind)
                break;
            if (kind == 'N' && !spool_take_note(spool, record.source, record.bytes, record.len))
                whole = false;
        }
        if (chunk.n && chunk.first > *expected)
            whole = false;
        if (chunk.n && chunk.first + chunk.n > *expected)
            *expected = chunk.first + chunk.n;
        at += SPOOL_CHUNK_HEAD + chunk.sealed;
    }
    if (!spool_add_file(spool, (struct spool_file){number, good ? first : *expected, at}))
        whole = false;
    buf_free(&plain);
    if (fd >= 0)
        close(fd);
    return whole;
}

static int by_number(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static enum status list(const char *folder, uint64_t **ret, size_t *ret_n)
{
    DIR *dir = opendir(folder);
    uint64_t *numbers = NULL;
    size_t n = 0, cap = 0;
    if (!dir)
        return FAILED_IO;
    for (struct dirent *entry; (entry = readdir(dir)) != NULL;) {
        char *end;
        unsigned long long number = strtoull(entry->d_name, &end, 16);
        if (end != entry->d_name + 16 || strcmp(end, ".spool") != 0)
            continue;
        if (n == cap) {
            cap = cap ? 2 * cap : 64;
            uint64_t *more = reallocarray(numbers, cap, sizeof *more);
            if (!more) {
                free(numbers);
                closedir(dir);
                return NO_MEMORY;
            }
            numbers = more;
        }
        numbers[n++] = number;
    }
    closedir(dir);
    if (n)
        qsort(numbers, n, sizeof *numbers, by_number);
    *ret = numbers;
    *ret_n = n;
    return OK;
}

enum status spool_open(const struct spool_options *options, struct reasons *reasons, struct spool **ret)
{
    struct spool *spool = calloc(1, sizeof *spool);
    uint64_t *numbers = NULL, expected = 1;
    size_t n = 0;
    bool whole = true;
    if (!spool || sodium_init() < 0 || !(spool->folder = strdup(options->folder))) {
        free(spool);
        return NO_MEMORY;
    }
    spool->options = *options;
    spool->options.folder = spool->folder;
    spool->options.most = options->most ? options->most : (uint64_t)1 << 30;
    spool->options.file_most = options->file_most ? options->file_most : (uint64_t)16 << 20;
    spool->fd = -1;
    pthread_mutex_init(&spool->lock, NULL);
    pthread_mutex_init(&spool->writing, NULL);
    buf_init(&spool->pending.bytes, SPOOL_CHUNK_MOST);
    buf_init(&spool->out.bytes, SPOOL_CHUNK_MOST);
    buf_init(&spool->sealed, SPOOL_CHUNK_MOST + SPOOL_CHUNK_HEAD + SPOOL_TAG);
    enum status status = mkdir(spool->folder, 0700) != 0 && errno != EEXIST ? FAILED_IO : list(spool->folder, &numbers, &n);
    if (status != OK) {
        reason_add(reasons, "spool.folder", spool->folder, T_("The spool's folder cannot be read: %1$s."), strerror(errno));
        spool_close(spool);
        return status;
    }
    for (size_t i = 0; i < n; i++)
        whole &= take_file(spool, numbers[i], &expected, i == 0);
    spool->last = spool->durable = expected - 1;
    spool->next_number = n ? numbers[n - 1] + 1 : 1;
    free(numbers);
    *ret = spool;
    if (!whole)
        reason_add(reasons, "spool.damaged", spool->folder, T_("Messages that had been acknowledged are missing from the spool: a file is damaged or gone."));
    return whole ? OK : DAMAGED;
}

void spool_close(struct spool *spool)
{
    if (!spool)
        return;
    if (spool->fd >= 0)
        close(spool->fd);
    for (size_t i = 0; i < spool->n_notes; i++)
        free(spool->notes[i].bytes);
    buf_free(&spool->pending.bytes);
    buf_free(&spool->out.bytes);
    buf_free(&spool->sealed);
    pthread_mutex_destroy(&spool->lock);
    pthread_mutex_destroy(&spool->writing);
    wipe(spool->options.key, sizeof spool->options.key);
    free(spool->notes);
    free(spool->files);
    free(spool->folder);
    free(spool);
}

/* ---- cursors ---- */

struct spool_cursor {
    struct spool *spool;
    uint64_t want;                           /* the next number */
    int fd;                                  /* -1: none is open */
    uint64_t number, at;                     /* of the open file, and the next chunk in it */
    uint8_t id[16];
    struct buf plain;
    size_t pos;
    uint64_t seq;                            /* of the next message in `plain` */
};

struct spool_cursor *spool_cursor_new(struct spool *spool, uint64_t from)
{
    struct spool_cursor *cursor = calloc(1, sizeof *cursor);
    if (!cursor)
        return NULL;
    cursor->spool = spool;
    cursor->want = from ? from : 1;
    cursor->fd = -1;
    buf_init(&cursor->plain, SPOOL_CHUNK_MOST);
    return cursor;
}

void spool_cursor_free(struct spool_cursor *cursor)
{
    if (!cursor)
        return;
    if (cursor->fd >= 0)
        close(cursor->fd);
    buf_free(&cursor->plain);
    free(cursor);
}

/* The file to go on with: behind `after`, or at first the last one that begins at or below what is wanted. 0: none. */
static uint64_t next_file(struct spool_cursor *cursor, uint64_t after)
{
    struct spool *spool = cursor->spool;
    uint64_t found = 0;
    pthread_mutex_lock(&spool->lock);
    for (size_t i = 0; i < spool->n_files && !(after && found); i++)
        if (after ? spool->files[i].number > after : !found || spool->files[i].first <= cursor->want)
            found = spool->files[i].number;
    pthread_mutex_unlock(&spool->lock);
    return found;
}

static bool enter(struct spool_cursor *cursor, uint64_t number)
{
    char path[SPOOL_PATH];
    uint64_t said, first;
    if (cursor->fd >= 0)
        close(cursor->fd);
    cursor->number = number;
    cursor->at = SPOOL_FILE_HEAD;
    cursor->fd = spool_path(cursor->spool, number, path) ? disk_open(path) : -1;
    if (cursor->fd >= 0 && (!spool_read_head(cursor->fd, cursor->id, &said, &first) || said != number)) {
        close(cursor->fd);
        cursor->fd = -1;
    }
    return cursor->fd >= 0;
}

/* The next chunk of the open file; false where there is none, or none that may be read yet. */
static bool load(struct spool_cursor *cursor)
{
    struct spool_chunk chunk;
    uint8_t head[SPOOL_CHUNK_HEAD];
    if (cursor->fd < 0 || !spool_read_chunk(cursor->fd, cursor->at, &chunk, head))
        return false;
    if (chunk.n && chunk.first + chunk.n - 1 > spool_durable(cursor->spool))
        return false;
    if (!spool_unseal(cursor->spool, cursor->fd, cursor->at, cursor->id, cursor->number, head, &chunk, &cursor->plain)) {
        buf_clear(&cursor->plain);
        cursor->pos = 0;
        return false;
    }
    cursor->at += SPOOL_CHUNK_HEAD + chunk.sealed;
    cursor->pos = 0;
    cursor->seq = chunk.first;
    return true;
}

enum status spool_cursor_next(struct spool_cursor *cursor, struct spool_message *ret)
{
    for (;;) {
        while (cursor->pos < cursor->plain.len) {
            struct spool_message message;
            char kind = spool_record(&cursor->plain, &cursor->pos, &message);
            if (!kind) {
                cursor->pos = cursor->plain.len;
                break;
            }
            if (kind != 'M')
                continue;
            message.seq = cursor->seq++;
            if (message.seq < cursor->want)
                continue;
            cursor->want = message.seq + 1;
            *ret = message;
            return OK;
        }
        if (load(cursor))
            continue;
        if (cursor->want > spool_durable(cursor->spool))
            return ABSENT;
        uint64_t next = next_file(cursor, cursor->number);
        if (!next)
            return ABSENT;
        enter(cursor, next);
    }
}

/* ---- the state ---- */

#define STATE_HEAD (5 + SPOOL_NONCE)
static bool state_path(const struct spool *spool, const char *name, char out[SPOOL_PATH])
{
    int n = snprintf(out, SPOOL_PATH, "%s/%s", spool->folder, name);
    return n > 0 && n < SPOOL_PATH;
}

enum status spool_put_state(struct spool *spool, const void *bytes, size_t len)
{
    char path[SPOOL_PATH], fresh[SPOOL_PATH];
    size_t all = STATE_HEAD + len + SPOOL_TAG;
    if (len > SPOOL_STATE_MOST || !state_path(spool, "state", path) || !state_path(spool, "state.new", fresh))
        return TOO_LARGE;
    uint8_t *sealed = malloc(all);
    if (!sealed)
        return NO_MEMORY;
    memcpy(sealed, "SPST1", 5);
    random_bytes(sealed + 5, SPOOL_NONCE);
    crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + STATE_HEAD, NULL, bytes, len, sealed, 5, NULL, sealed + 5, spool->options.key);
    pthread_mutex_lock(&spool->writing);
    (void)disk->remove(fresh);               /* of a crash */
    int fd = disk->create(fresh);
    enum status status = fd >= 0 ? disk_write(fd, fresh, 0, sealed, all) : FAILED_IO;
    if (status == OK && (disk->sync(fd, fresh) != 0 || disk->rename(fresh, path) != 0 || disk->sync_folder(spool->folder) != 0))
        status = FAILED_IO;
    if (fd >= 0)
        close(fd);
    pthread_mutex_unlock(&spool->writing);
    free(sealed);
    return status;
}

enum status spool_get_state(struct spool *spool, struct arena *arena, const void **ret, size_t *ret_len)
{
    char path[SPOOL_PATH];
    int fd = state_path(spool, "state", path) ? disk_open(path) : -1;
    if (fd < 0)
        return errno == ENOENT ? ABSENT : FAILED_IO;
    uint64_t size = disk_size(fd);
    enum status status = size < STATE_HEAD + SPOOL_TAG || size > SPOOL_STATE_MOST + STATE_HEAD + SPOOL_TAG ? DAMAGED : OK;
    uint8_t *sealed = status == OK ? malloc(size) : NULL, *plain = NULL;
    size_t len = status == OK ? (size_t)size - STATE_HEAD - SPOOL_TAG : 0;
    if (status == OK)
        status = sealed ? disk_read(fd, 0, sealed, size) : NO_MEMORY;
    close(fd);
    if (status == OK) {
        plain = arena_alloc(arena, len + 1);
        if (memcmp(sealed, "SPST1", 5) != 0 ||
            crypto_aead_xchacha20poly1305_ietf_decrypt(plain, NULL, NULL, sealed + STATE_HEAD, size - STATE_HEAD, sealed, 5, sealed + 5, spool->options.key) != 0)
            status = DAMAGED;
    }
    free(sealed);
    if (status == OK) {
        *ret = plain;
        *ret_len = len;
    }
    return status;
}
