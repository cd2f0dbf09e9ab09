/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The spool from inside. A file: its head, then chunks, each a head and sealed bytes, numbers little-endian:
 *
 *     file   0 "SPOOL1\0\0"   8 id, random (16)   24 number of the file   32 number of its first message
 *     chunk  0 "SPC1"   4 sealed length   8 first message   16 messages   20 number of the chunk in its file, from 0
 *
 * nonce = id and chunk's number; bound in: the file's number and the chunk's head. In a chunk, records one after the other:
 *     'M' length (4) source (8) received (8) peer (8) flags (4) bytes      a message; they are numbered in their order
 *     'N' length (4) key (8) bytes                                        a note; no bytes: there is none any more
 * The first chunk of a file repeats all notes, so that files before it can go.
 */
#ifndef STORE_SPOOL_INNER_H
#define STORE_SPOOL_INNER_H

#include <pthread.h>
#include <sodium.h>

#include "base/buf.h"
#include "store/spool.h"

#define SPOOL_FILE_HEAD 40
#define SPOOL_CHUNK_HEAD 24
#define SPOOL_TAG crypto_aead_xchacha20poly1305_ietf_ABYTES
#define SPOOL_NONCE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define SPOOL_PENDING_MOST (8u << 20)
#define SPOOL_CHUNK_MOST ((size_t)SPOOL_PENDING_MOST + SPOOL_MESSAGE_MOST + (1u << 16))
#define SPOOL_PATH 512

struct spool_file { uint64_t number, first, bytes; };
struct spool_note { int64_t key; uint8_t *bytes; size_t len; };
struct waiting { struct buf bytes; uint64_t first; uint32_t n; };        /* records that wait for the disk */

struct spool {
    pthread_mutex_t lock;                    /* over all but what belongs to `writing` */
    pthread_mutex_t writing;                 /* one sync at a time */
    struct spool_options options;
    char *folder;
    uint64_t last, durable, next_number;
    struct waiting pending;
    struct spool_file *files; size_t n_files, cap_files;
    struct spool_note *notes; size_t n_notes, cap_notes;
    /* of whoever holds `writing` */
    struct waiting out;
    struct buf sealed;
    int fd;                                  /* -1: the next sync begins a file */
    uint8_t id[16];
    uint64_t number, at;
    uint32_t ordinal;
};

/* A chunk as it was read. */
struct spool_chunk { uint64_t first; uint32_t n, ordinal; size_t sealed; };
bool spool_path(const struct spool *, uint64_t number, char out[SPOOL_PATH]);
void spool_put(uint8_t *at, uint64_t number, int bytes);
uint64_t spool_get(const uint8_t *at, int bytes);
void spool_nonce(const uint8_t id[16], uint32_t ordinal, uint8_t nonce[SPOOL_NONCE]);
/* Head of the file, into id and number. */
bool spool_read_head(int fd, uint8_t id[16], uint64_t *ret_number, uint64_t *ret_first);
/* The chunk's head at an offset; false at the end or where there is none. */
bool spool_read_chunk(int fd, uint64_t at, struct spool_chunk *ret, uint8_t head[SPOOL_CHUNK_HEAD]);
/* Its records, unsealed, into the buffer. */
bool spool_unseal(const struct spool *, int fd, uint64_t at, const uint8_t id[16], uint64_t number, const uint8_t head[SPOOL_CHUNK_HEAD],
                  const struct spool_chunk *, struct buf *plain);
/* The record at *at, which moves behind it; 0 at the end, else 'M' or 'N' (then source is its key). */
char spool_record(const struct buf *plain, size_t *at, struct spool_message *ret);
bool spool_take_note(struct spool *, int64_t key, const void *, size_t);
bool spool_add_file(struct spool *, struct spool_file);

#endif
