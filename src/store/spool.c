/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See spool.h. What is appended waits in memory; one sync at a time seals it as a chunk, writes it, and asks the disk to keep it. What could not be
 * written waits on, and the next sync writes it into a new file: of one whose sync failed nobody knows what it holds.
 */
#include "store/spool.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "store/disk.h"
#include "store/spool_inner.h"

/* ---- bytes ---- */

void spool_put(uint8_t *at, uint64_t number, int bytes)
{
    for (int i = 0; i < bytes; i++)
        at[i] = (uint8_t)(number >> (8 * i));
}

uint64_t spool_get(const uint8_t *at, int bytes)
{
    uint64_t number = 0;
    for (int i = 0; i < bytes; i++)
        number |= (uint64_t)at[i] << (8 * i);
    return number;
}

bool spool_path(const struct spool *spool, uint64_t number, char out[SPOOL_PATH])
{
    int n = snprintf(out, SPOOL_PATH, "%s/%016llx.spool", spool->folder, (unsigned long long)number);
    return n > 0 && n < SPOOL_PATH;
}

void spool_nonce(const uint8_t id[16], uint32_t ordinal, uint8_t nonce[SPOOL_NONCE])
{
    memcpy(nonce, id, 16);
    spool_put(nonce + 16, ordinal, 8);
}

static void add_number(struct buf *buf, uint64_t number, int bytes)
{
    uint8_t raw[8];
    spool_put(raw, number, bytes);
    buf_add(buf, raw, (size_t)bytes);
}

static void add_note(struct buf *buf, int64_t key, const void *bytes, size_t len)
{
    buf_addc(buf, 'N');
    add_number(buf, len, 4);
    add_number(buf, (uint64_t)key, 8);
    if (len)
        buf_add(buf, bytes, len);
}

/* ---- what waits ---- */

bool spool_take_note(struct spool *spool, int64_t key, const void *bytes, size_t len)
{
    struct spool_note *note = spool->notes, *end = spool->notes + spool->n_notes;
    while (note < end && note->key != key)
        note++;
    uint8_t *copy = malloc(len + 1);
    if (!copy)
        return false;
    if (note == end && spool->n_notes == spool->cap_notes) {
        size_t cap = spool->cap_notes ? 2 * spool->cap_notes : 64;
        struct spool_note *more = reallocarray(spool->notes, cap, sizeof *more);
        if (!more) {
            free(copy);
            return false;
        }
        spool->notes = more;
        spool->cap_notes = cap;
        note = spool->notes + spool->n_notes;
    }
    if (note == spool->notes + spool->n_notes)
        spool->n_notes++;
    else
        free(note->bytes);
    if (len)
        memcpy(copy, bytes, len);
    *note = (struct spool_note){key, copy, len};
    return true;
}

enum status spool_append(struct spool *spool, const struct spool_message *message, uint64_t *ret_seq)
{
    enum status status = OK;
    if (!message->len || message->len > SPOOL_MESSAGE_MOST)
        return BAD_INPUT;
    pthread_mutex_lock(&spool->lock);
    struct waiting *to = &spool->pending;
    uint64_t held = to->bytes.len;
    for (size_t i = 0; i < spool->n_files; i++)
        held += spool->files[i].bytes;
    if (held + message->len > spool->options.most)
        status = TOO_LARGE;
    else if (to->bytes.len + message->len > SPOOL_PENDING_MOST && to->bytes.len)
        status = BUSY;
    if (status == OK) {
        if (!to->n)
            to->first = spool->last + 1;
        size_t before = to->bytes.len;
        buf_addc(&to->bytes, 'M');
        add_number(&to->bytes, message->len, 4);
        add_number(&to->bytes, (uint64_t)message->source, 8);
        add_number(&to->bytes, (uint64_t)message->received, 8);
        add_number(&to->bytes, message->peer, 8);
        add_number(&to->bytes, message->flags, 4);
        buf_add(&to->bytes, message->bytes, message->len);
        if (to->bytes.failed) {
            to->bytes.failed = false;
            to->bytes.len = before;
            status = NO_MEMORY;
        } else {
            to->n++;
            *ret_seq = ++spool->last;
        }
    }
    pthread_mutex_unlock(&spool->lock);
    return status;
}

enum status spool_note(struct spool *spool, int64_t key, const void *bytes, size_t len)
{
    if (len > SPOOL_NOTE_MOST)
        return BAD_INPUT;
    pthread_mutex_lock(&spool->lock);
    size_t before = spool->pending.bytes.len;
    add_note(&spool->pending.bytes, key, bytes, len);
    bool good = !spool->pending.bytes.failed && spool_take_note(spool, key, bytes, len);
    if (!good) {
        spool->pending.bytes.failed = false;
        spool->pending.bytes.len = before;
    }
    pthread_mutex_unlock(&spool->lock);
    return good ? OK : NO_MEMORY;
}

/* ---- to the disk; the caller holds `writing` ---- */

bool spool_add_file(struct spool *spool, struct spool_file file)
{
    if (spool->n_files == spool->cap_files) {
        size_t cap = spool->cap_files ? 2 * spool->cap_files : 16;
        struct spool_file *more = reallocarray(spool->files, cap, sizeof *more);
        if (!more)
            return false;
        spool->files = more;
        spool->cap_files = cap;
    }
    spool->files[spool->n_files++] = file;
    return true;
}

static enum status write_chunk(struct spool *spool, const char *path, const struct buf *plain, uint64_t first, uint32_t n)
{
    uint8_t bound[8 + SPOOL_CHUNK_HEAD], nonce[SPOOL_NONCE], *head = bound + 8;
    struct buf *sealed = &spool->sealed;
    size_t len = plain->len + SPOOL_TAG;
    buf_clear(sealed);
    spool_put(bound, spool->number, 8);
    memcpy(head, "SPC1", 4);
    spool_put(head + 4, len, 4);
    spool_put(head + 8, first, 8);
    spool_put(head + 16, n, 4);
    spool_put(head + 20, spool->ordinal, 4);
    buf_add(sealed, head, SPOOL_CHUNK_HEAD);
    buf_add(sealed, plain->data, plain->len);
    buf_add(sealed, nonce, SPOOL_TAG);       /* room for the tag */
    if (sealed->failed) {
        sealed->failed = false;
        return NO_MEMORY;
    }
    spool_nonce(spool->id, spool->ordinal, nonce);
    crypto_aead_xchacha20poly1305_ietf_encrypt((uint8_t *)sealed->data + SPOOL_CHUNK_HEAD, NULL, (const uint8_t *)plain->data, plain->len, bound, sizeof bound, NULL, nonce,
                                               spool->options.key);
    enum status status = disk_write(spool->fd, path, spool->at, sealed->data, sealed->len);
    if (status == OK) {
        spool->at += sealed->len;
        spool->ordinal++;
    }
    return status;
}

/* A new file with all notes. */
static enum status begin_file(struct spool *spool, char path[SPOOL_PATH])
{
    uint8_t head[SPOOL_FILE_HEAD] = "SPOOL1";
    struct buf notes;
    pthread_mutex_lock(&spool->lock);
    uint64_t number = spool->next_number++, first = spool->out.n ? spool->out.first : spool->durable + 1;
    buf_init(&notes, SPOOL_CHUNK_MOST);
    for (size_t i = 0; i < spool->n_notes; i++)
        if (spool->notes[i].len)
            add_note(&notes, spool->notes[i].key, spool->notes[i].bytes, spool->notes[i].len);
    bool good = !notes.failed && spool_path(spool, number, path) && spool_add_file(spool, (struct spool_file){number, first, 0});
    pthread_mutex_unlock(&spool->lock);
    enum status status = good ? OK : NO_MEMORY;
    if (status == OK && (spool->fd = disk->create(path)) < 0) {
        pthread_mutex_lock(&spool->lock);
        spool->n_files--;                    /* nobody else adds files */
        pthread_mutex_unlock(&spool->lock);
        status = FAILED_IO;
    }
    if (status == OK) {
        random_bytes(spool->id, sizeof spool->id);
        memcpy(head + 8, spool->id, sizeof spool->id);
        spool_put(head + 24, number, 8);
        spool_put(head + 32, first, 8);
        spool->number = number;
        spool->ordinal = 0;
        spool->at = SPOOL_FILE_HEAD;
        status = disk_write(spool->fd, path, 0, head, sizeof head);
    }
    if (status == OK && notes.len)
        status = write_chunk(spool, path, &notes, first, 0);
    if (status == OK && disk->sync_folder(spool->folder) != 0)
        status = FAILED_IO;
    buf_free(&notes);
    return status;
}

static enum status write_out(struct spool *spool)
{
    char path[SPOOL_PATH] = "";
    enum status status = OK;
    if (spool->fd >= 0 && spool->at >= spool->options.file_most) {
        close(spool->fd);
        spool->fd = -1;
    }
    if (spool->fd < 0)
        status = begin_file(spool, path);
    else if (!spool_path(spool, spool->number, path))
        status = NO_MEMORY;
    if (status == OK)
        status = write_chunk(spool, path, &spool->out.bytes, spool->out.n ? spool->out.first : spool->durable + 1, spool->out.n);
    if (status == OK && disk->sync(spool->fd, path) != 0)
        status = FAILED_IO;
    pthread_mutex_lock(&spool->lock);
    if (spool->fd >= 0)
        spool->files[spool->n_files - 1].bytes = spool->at;
    if (status == OK && spool->out.n)
        spool->durable = spool->out.first + spool->out.n - 1;
    pthread_mutex_unlock(&spool->lock);
    if (status == OK) {
        buf_clear(&spool->out.bytes);
        spool->out.n = 0;
    } else if (spool->fd >= 0) {
        close(spool->fd);
        spool->fd = -1;
    }
    return status;
}

enum status spool_sync(struct spool *spool)
{
    enum status status = OK;
    pthread_mutex_lock(&spool->writing);
    if (spool->out.bytes.len)
        status = write_out(spool);           /* what failed before */
    if (status == OK) {
        pthread_mutex_lock(&spool->lock);
        struct waiting empty = spool->out;
        spool->out = spool->pending;
        spool->pending = empty;
        pthread_mutex_unlock(&spool->lock);
        if (spool->out.bytes.len)
            status = write_out(spool);
    }
    pthread_mutex_unlock(&spool->writing);
    return status;
}

/* ---- what goes ---- */

enum status spool_forget(struct spool *spool, uint64_t below)
{
    enum status status = OK;
    char path[SPOOL_PATH];
    pthread_mutex_lock(&spool->writing);
    pthread_mutex_lock(&spool->lock);
    while (status == OK && spool->fd >= 0 && spool->n_files > 1 && spool->files[1].first <= below) {      /* the newest is whole and has all notes */
        /* One after the other: of files that are gone none may come back in front of a gap. */
        if (!spool_path(spool, spool->files[0].number, path) || (disk->remove(path) != 0 && errno != ENOENT) || disk->sync_folder(spool->folder) != 0)
            status = FAILED_IO;
        else
            memmove(spool->files, spool->files + 1, --spool->n_files * sizeof *spool->files);
    }
    pthread_mutex_unlock(&spool->lock);
    pthread_mutex_unlock(&spool->writing);
    return status;
}

/* ---- facts ---- */

static uint64_t fact(struct spool *spool, const uint64_t *which)
{
    pthread_mutex_lock(&spool->lock);
    uint64_t value = *which;
    pthread_mutex_unlock(&spool->lock);
    return value;
}
uint64_t spool_last(struct spool *spool) { return fact(spool, &spool->last); }
uint64_t spool_durable(struct spool *spool) { return fact(spool, &spool->durable); }

uint64_t spool_bytes(struct spool *spool)
{
    uint64_t all = 0;
    pthread_mutex_lock(&spool->lock);
    for (size_t i = 0; i < spool->n_files; i++)
        all += spool->files[i].bytes;
    pthread_mutex_unlock(&spool->lock);
    return all;
}
bool spool_full(struct spool *spool) { return spool_bytes(spool) + SPOOL_MESSAGE_MOST > spool->options.most; }

enum status spool_note_get(struct spool *spool, int64_t key, struct arena *arena, const void **ret, size_t *ret_len)
{
    enum status status = ABSENT;
    pthread_mutex_lock(&spool->lock);
    for (size_t i = 0; i < spool->n_notes; i++)
        if (spool->notes[i].key == key && spool->notes[i].len) {
            *ret = arena_memdup(arena, spool->notes[i].bytes, spool->notes[i].len);
            *ret_len = spool->notes[i].len;
            status = OK;
        }
    pthread_mutex_unlock(&spool->lock);
    return status;
}

void spool_note_each(struct spool *spool, void (*each)(void *, int64_t, const void *, size_t), void *arg)
{
    pthread_mutex_lock(&spool->lock);
    for (size_t i = 0; i < spool->n_notes; i++)
        if (spool->notes[i].len)
            each(arg, spool->notes[i].key, spool->notes[i].bytes, spool->notes[i].len);
    pthread_mutex_unlock(&spool->lock);
}
