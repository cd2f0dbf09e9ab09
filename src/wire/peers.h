/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The peers of a listening port. Private to the wire room.
 *
 * A peer holds memory only for what it has begun and not ended: at most a message and one reading. It has a deadline
 * while it owes something at once: the handshake, RELP's "open", taking its last answers. It stands in the list by its
 * last whole message; so who drips bytes grows old like who says nothing.
 */
#ifndef WIRE_PEERS_H
#define WIRE_PEERS_H

#include "base/buf.h"
#include "wire/frames.h"
#include "wire/inside.h"
#include "wire/tls.h"

enum { most_places = 4096, buckets = 256, out_room = 64 << 10, out_enough = 16 << 10, sender_text = 256 };

/* RELP: what is not answered yet, oldest first. `next` and `first` count on for each place, so that a token of a peer
 * that is gone fits no later one. Moved under the lock. */
struct window { uint64_t first, next; uint32_t txnr[relp_window]; uint8_t what[relp_window]; bool settled[relp_window]; };

struct peer {
    struct watch watch;                      /* first: epoll's pointer is the peer's */
    struct peer *before, *after;
    char name[peer_text], host[peer_text], sender[sender_text], fingerprint[72];
    struct origin origin;
    struct cutter cutter;
    struct relp relp;
    struct window *window;
    size_t place;
    uint8_t bucket;
    char *buffer;                            /* what is begun and not ended */
    size_t filled, cap;
    struct buf out;                          /* answers that the socket did not take yet */
    struct tls *tls;
    bool shaken;                             /* the handshake is done, or there is none */
    bool stalled;                            /* RELP: messages lie in the buffer that may not be handed out yet */
    bool ended;                              /* it will send no more; it goes when it is answered */
    bool leaving;                            /* it goes when `out` is sent */
    int64_t deadline;                        /* 0: none */
    uint32_t events;                         /* what epoll is asked for */
};
struct crowd {
    struct peer *first, *last, *dead;        /* the longest silent first */
    unsigned most, in[buckets];              /* peers by a hash of their address */
    struct peer **places;                    /* changed under the lock */
    uint64_t *serials;                       /* of each place, where its next peer's window begins */
    struct tls_identity *tls;
    int64_t looked;                          /* for the impatient */
    _Atomic bool due;                        /* something was settled */
};

void peer_touch(struct outlet *, struct peer *);              /* a whole message came */
void peer_close(struct outlet *, struct peer *, bool put_out);
/* stream.c */
void peer_ready(struct outlet *, struct watch *, uint32_t events);
/* Answers what is settled and goes on where it stalled; may close the peer. */
void peer_answer(struct outlet *, struct peer *);
void peer_farewell(struct outlet *, struct peer *);
bool peer_relp(const struct outlet *);
uint64_t peer_token(const struct outlet *, const struct peer *, uint64_t serial);

#endif
