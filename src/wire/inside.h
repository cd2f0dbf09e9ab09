/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of wire: one thread, one epoll, a socket or follower per port. Private to the wire room.
 *
 * Threads: everything belongs to wire's thread, except followers' queues and offsets, which `wire_settle` moves from any
 * thread under `lock`, and the counts, which are read under it. `took` is called without the lock.
 */
#ifndef WIRE_INSIDE_H
#define WIRE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>

#include "base/hash.h"
#include "wire/wire.h"

struct outlet;

/* What epoll wakes: the struct stands first in what it belongs to. */
struct watch { void (*ready)(struct outlet *, struct watch *, uint32_t events); struct outlet *outlet; int fd; };

struct outlet {                              /* one port, opened */
    struct wire *wire;
    const struct port *port;
    size_t index, max_message;
    struct watch watch;                      /* the listening or receiving socket */
    struct peer *peers;                      /* of PORT_TCP, the longest silent first */
    struct peer *last_peer, *dead;
    struct follower *follower;               /* of PORT_FILE */
    char *buffer;                            /* of PORT_UDP */
    struct wire_counts counts;
};
struct wire {
    struct wire_taker taker;
    pthread_mutex_t lock;
    pthread_t thread;
    bool running;
    int epoll, wakeup, inotify, state;       /* state: the folder's descriptor */
    struct watch wakeup_watch, inotify_watch;
    _Atomic bool stopping;
    struct outlet *outlets;
    size_t n_outlets;
};

/* Hands a message to the taker and counts it. */
void outlet_deliver(struct outlet *, uint64_t token, const char *bytes, size_t len, bool cut, const char *peer);
bool wire_watch(struct wire *, struct watch *, uint32_t events);

enum status listen_open(struct outlet *, struct reasons *) MUST_CHECK;
void listen_close(struct outlet *);
void listen_bury(struct outlet *);           /* after each turn: frees the peers closed in it */

/* ---- followed files ---- */

enum { head_most = 256, most_unsettled = 65536, most_generations = 8 };
static const int64_t follow_grace = 60 * 1000;   /* ms that a renamed file is still read after its last growth */

/* Which file it is: rename keeps device and inode, a copy keeps the head (hash of the first head_len bytes). */
struct identity { uint64_t device, inode; uint32_t head_len; struct hash head; };
struct saved { struct identity identity; uint64_t offset; };

/* find.c: files beside the path. A found file is open, `born` orders generations. */
struct found { int fd; uint64_t device, inode, size; int64_t born; };
/* The file that lies at the path now; false when there is none, or none that can be followed. */
bool find_at(int folder, const char *name, struct found *ret);
/* The head of a file, of exactly `len` bytes; false when it is shorter. */
bool find_head(int fd, uint32_t len, struct hash *ret);
/* The file that was `saved`: the same inode with the same head, else a copy with the same head. */
bool find_saved(int folder, const char *name, const struct saved *, struct found *ret);
/* Rotated siblings born after `since` and before `next` (NULL: or later), oldest first; neither known ones nor copies
 * of known ones. */
size_t find_between(int folder, const char *name, int64_t since, const struct found *next,
                    const struct identity *known, size_t n_known, struct found *ret, size_t cap);

enum status follow_open(struct outlet *, struct reasons *) MUST_CHECK;
/* Reads what is new; called when something may have changed. Returns whether more could be read at once. */
bool follow_step(struct outlet *);
void follow_close(struct outlet *);
/* Under the lock: marks the messages and moves the offset; true when it has to be saved. */
bool follow_settle(struct outlet *, const uint64_t *tokens, size_t n);
/* Under the lock: writes the offsets, durable. */
enum status follow_save(struct outlet *) MUST_CHECK;

/* offset.c: the state file "<port>.offset" in the state folder. */
enum status offset_write(int folder, const char *port, const struct saved *, size_t n) MUST_CHECK;
/* When it was last written, in ns, by the file system's clock. */
enum status offset_time(int folder, const char *port, int64_t *ret) MUST_CHECK;
/* ABSENT when there is none; DAMAGED with a reason. At most `most_generations`. */
enum status offset_read(int folder, const char *port, struct reasons *, struct saved *, size_t *ret_n) MUST_CHECK;

#endif
