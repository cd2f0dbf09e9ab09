/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What has been taken from outside and is not yet where it belongs: append-only files, sealed (XChaCha20-Poly1305), numbered without gaps.
 * Whoever took something may acknowledge it once spool_sync() has returned; after a crash it is read again from where the notes say.
 *
 *     spool_append()   a message gets its number             spool_cursor_*()  reads from a number on, up to what is durable
 *     spool_note()     a small fact under a key (latest)     spool_forget()    files whose messages all lie below a number go
 *     spool_sync()     all of this is durable                spool_put_state() one large blob, replaced whole
 *
 * A torn tail ends its file: what it held was never acknowledged. Files are never appended to again after a start, so no nonce is used twice.
 * A failed write keeps what waits in memory, and the next sync writes it into a new file. Safe from many threads.
 */
#ifndef STORE_SPOOL_H
#define STORE_SPOOL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"

#define SPOOL_MESSAGE_MOST (4u << 20)
#define SPOOL_NOTE_MOST (8u << 10)
#define SPOOL_STATE_MOST (128u << 20)

struct spool;
struct spool_options {
    const char *folder;                      /* made when it is not there; its parent must be */
    uint8_t key[32];
    uint64_t most;                           /* bytes of files; 0: 1 GiB. Beyond, spool_append answers TOO_LARGE until something is forgotten */
    uint64_t file_most;                      /* a new file begins behind so many bytes; 0: 16 MiB */
};
struct spool_message {
    uint64_t seq;                            /* given by spool_append, from 1 */
    int64_t source;
    moment received;
    uint64_t peer;                           /* what comes from the same sender bears the same number */
    uint32_t flags;                          /* the caller's */
    const char *bytes; size_t len;
};
/* DAMAGED with a reason when a file in the middle does not verify: what is whole is kept readable and *ret is set all the same. */
enum status spool_open(const struct spool_options *, struct reasons *, struct spool **ret) MUST_CHECK;
void spool_close(struct spool *);            /* without a sync; takes NULL */
/* TOO_LARGE: full; BUSY: too much waits for a sync. */
enum status spool_append(struct spool *, const struct spool_message *, uint64_t *ret_seq) MUST_CHECK;
enum status spool_note(struct spool *, int64_t key, const void *, size_t len) MUST_CHECK;      /* durable with the next sync */
enum status spool_sync(struct spool *) MUST_CHECK;
uint64_t spool_last(struct spool *);         /* newest number given; 0: none yet */
uint64_t spool_durable(struct spool *);      /* newest number that is durable */
uint64_t spool_bytes(struct spool *);        /* of all files */
bool spool_full(struct spool *);
/* The newest note under a key, into the arena; ABSENT. */
enum status spool_note_get(struct spool *, int64_t key, struct arena *, const void **ret, size_t *ret_len) MUST_CHECK;
void spool_note_each(struct spool *, void (*each)(void *, int64_t key, const void *, size_t), void *arg);

/* Written beside the files, synced and renamed: durable when it returns OK. */
enum status spool_put_state(struct spool *, const void *, size_t) MUST_CHECK;
enum status spool_get_state(struct spool *, struct arena *, const void **ret, size_t *ret_len) MUST_CHECK;      /* ABSENT, DAMAGED */

struct spool_cursor;
struct spool_cursor *spool_cursor_new(struct spool *, uint64_t from);          /* NULL without memory */
/* The next message; its bytes live until the next call. ABSENT: nothing more is durable now; ask again later. */
enum status spool_cursor_next(struct spool_cursor *, struct spool_message *ret) MUST_CHECK;
void spool_cursor_free(struct spool_cursor *);
/* Files all of whose messages have numbers below `below` are removed; the newest stays. Notes are never forgotten. */
enum status spool_forget(struct spool *, uint64_t below) MUST_CHECK;

#endif
