/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The inside of wire: one thread, one epoll, a socket or follower per port. Private to the wire room.
 *
 * Threads: everything belongs to wire's thread, except followers' queues and offsets and RELP's windows, which `wire_settle`
 * moves from any thread under `lock`, and the counts, which wire's thread alone writes and anybody reads. `took` is called
 * without the lock.
 */
#ifndef WIRE_INSIDE_H
#define WIRE_INSIDE_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/hash.h"
#include "wire/wire.h"

struct outlet;

/* What epoll wakes: the struct stands first in what it belongs to. */
struct watch { void (*ready)(struct outlet *, struct watch *, uint32_t events); struct outlet *outlet; int fd; };

struct tallies { _Atomic uint64_t messages, bytes, cut, put_out, gaps, lost, refused; _Atomic unsigned peers; };
/* Adds to a count that this thread alone writes. */
#define TALLY(count, n) atomic_store_explicit(&(count), atomic_load_explicit(&(count), memory_order_relaxed) + (n), memory_order_relaxed)

struct outlet {                              /* one port, opened */
    struct wire *wire;
    const struct port *port;
    size_t index, max_message;
    struct watch watch;                      /* the listening or receiving socket */
    struct crowd *crowd;                     /* of streams */
    struct datagrams *datagrams;             /* of PORT_UDP */
    struct follower *follower;               /* of PORT_FILE */
    struct tallies counts;
};
struct wire {
    struct wire_taker taker;
    pthread_mutex_t lock;
    pthread_t thread;
    bool running;
    int epoll, wakeup, inotify, state;       /* state: the folder's descriptor */
    int spare;                               /* given up for a moment when the process has no descriptor left, to turn peers away */
    char *scratch;                           /* what streams are read into; `scratch_room` bytes, made at the first need */
    struct watch wakeup_watch, inotify_watch;
    _Atomic bool stopping;
    struct outlet *outlets;
    size_t n_outlets;
};

/* Hands a message to the taker and counts it. */
struct origin { const char *peer, *sender, *fingerprint; };
void outlet_deliver(struct outlet *, uint64_t token, const char *bytes, size_t len, bool cut, const struct origin *);
bool wire_watch(struct wire *, struct watch *, uint32_t events);
bool wire_name_good(const char *);
int64_t wire_ticks(void);                    /* milliseconds of the steady clock, for patience */

enum { peer_text = 64, scratch_room = 256 << 10 };
/* The address without its port into host, and with it into peer. */
void name_address(const struct sockaddr_storage *, char peer[peer_text], char host[peer_text]);
enum status listen_open(struct outlet *, struct reasons *) MUST_CHECK;
bool port_address_good(const char *);       /* whether it is one that can be listened at */

/* udp.c */
bool datagrams_open(struct outlet *);        /* the socket stands in outlet->watch */
void datagrams_close(struct outlet *);

/* peers.c: the peers of a listening port; stream.c reads and answers them */
struct peer;
enum status crowd_open(struct outlet *, struct reasons *) MUST_CHECK;
void crowd_close(struct outlet *);
void crowd_turn(struct outlet *);            /* after each turn: frees the peers closed in it, puts the impatient out */
/* Under the lock: marks the messages; true when some peer can be answered. */
bool crowd_settle(struct outlet *, const uint64_t *tokens, size_t n);

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
