/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Foreign files of any size through jails: for each input a forked child that has the input open, locks itself (base/jail.h), and sends
 * messages through a pipe. The child has no network, opens no file, and is bounded in memory and processor time; what it sends is
 * checked before it is used. Several children run at once; their messages come out in the order of the inputs, and of those that wait
 * their turn only a bounded part is held, so memory does not grow with the input or the answer.
 */
#ifndef CLI_JAILED_STREAM_H
#define CLI_JAILED_STREAM_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/reasons.h"
#include "base/status.h"

#define STREAM_MESSAGE_MOST ((size_t)16 << 20)
#define STREAM_KINDS 16                    /* kinds of messages that users may have, from 1 */

/* ---- inside the jail ---- */

struct stream_jail {
    const char *path;                      /* for words only */
    const char *bytes;                     /* the input, mapped; NULL when it is no plain file: stream_take() */
    size_t len;
    int in, out;
};
/* Sends one message; false when nobody listens any more. */
bool stream_send(struct stream_jail *, unsigned kind, const void *, size_t);
/* Reads on in the input, mapped or not; 0 at the end, -1 when it cannot be read. */
long stream_take(struct stream_jail *, size_t *at, void *to, size_t len);
/* The mapped bytes before `at` will not be looked at again: their memory is given back. */
void stream_done(struct stream_jail *, size_t at);

/* ---- outside ---- */

struct stream_work {
    /* In the jail; the status and the reasons come out at the end. What the parent had before the fork may be read. */
    enum status (*run)(struct stream_jail *, void *arg, struct arena *, struct reasons *);
    /* Outside, for each message, in the order of the inputs. False: stop everything. */
    bool (*took)(void *arg, size_t input, unsigned kind, const char *bytes, size_t len);
    /* Once an input is at its end: what its jail said, or FAILED_IO and why it died. */
    void (*ended)(void *arg, size_t input, enum status, const struct reasons *);
    /* Now and then: bytes read of all. May be NULL. */
    void (*progress)(void *arg, unsigned long long done, unsigned long long all);
    void *arg;
    size_t memory;                         /* a jail's own, in bytes; 0: 512 MiB */
    unsigned workers;                      /* 0: one a core */
};
/* "-" is standard input. False when `took` stopped it. */
bool stream_run(const struct stream_work *, const char *const *paths, size_t n);

#endif
