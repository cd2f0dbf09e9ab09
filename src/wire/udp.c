/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * UDP: a datagram is a message. Many are read at once, into one block of memory, and handed out from there. What the
 * kernel dropped because its buffer was full is counted: it says so with each datagram (SO_RXQ_OVFL).
 */
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

#include "wire/inside.h"

enum { at_once = 64, batches_a_turn = 16, receive_room = 32 << 20, largest = 65536 };

struct datagrams {
    struct mmsghdr headers[at_once];
    struct iovec pieces[at_once];
    struct sockaddr_storage from[at_once];
    char control[at_once][64];
    uint32_t dropped;                        /* as the kernel last said; it counts round */
    char bytes[];
};

static void count_dropped(struct outlet *outlet, struct msghdr *header)
{
    for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
        uint32_t dropped;
        if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SO_RXQ_OVFL)
            continue;
        memcpy(&dropped, CMSG_DATA(c), sizeof dropped);
        TALLY(outlet->counts.lost, dropped - outlet->datagrams->dropped);
        outlet->datagrams->dropped = dropped;
    }
}

static void hand_out(struct outlet *outlet, size_t i, size_t len)
{
    struct datagrams *d = outlet->datagrams;
    const char *bytes = d->pieces[i].iov_base;
    char peer[peer_text], host[peer_text];
    count_dropped(outlet, &d->headers[i].msg_hdr);
    while (len > 0 && (bytes[len - 1] == '\n' || bytes[len - 1] == '\r' || !bytes[len - 1]))
        len--;
    if (!len)
        return;
    name_address(&d->from[i], peer, host);
    outlet_deliver(outlet, 0, bytes, len, d->headers[i].msg_hdr.msg_flags & MSG_TRUNC,
                   &(struct origin){ .peer = peer, .sender = host });
}

static void receive(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    struct datagrams *d = outlet->datagrams;
    int n = at_once;
    for (int turn = 0; turn < batches_a_turn && n == at_once; turn++) {
        for (size_t i = 0; i < at_once; i++)
            d->headers[i].msg_hdr = (struct msghdr){ .msg_name = &d->from[i], .msg_namelen = sizeof d->from[i],
                                                     .msg_iov = &d->pieces[i], .msg_iovlen = 1,
                                                     .msg_control = d->control[i], .msg_controllen = sizeof d->control[i] };
        n = recvmmsg(watch->fd, d->headers, at_once, MSG_DONTWAIT, NULL);
        for (int i = 0; i < n; i++)
            hand_out(outlet, (size_t)i, d->headers[i].msg_len);
    }
}

bool datagrams_open(struct outlet *outlet)
{
    int on = 1, room = receive_room, fd = outlet->watch.fd;
    if (outlet->max_message > largest)
        outlet->max_message = largest;
    struct datagrams *d = outlet->datagrams = calloc(1, sizeof *d + at_once * outlet->max_message);
    if (!d)
        return false;
    for (size_t i = 0; i < at_once; i++)
        d->pieces[i] = (struct iovec){ d->bytes + i * outlet->max_message, outlet->max_message };
    if (setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof room))    /* beyond the machine's bound, where we may */
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    setsockopt(fd, SOL_SOCKET, SO_RXQ_OVFL, &on, sizeof on);
    outlet->watch.ready = receive;
    return wire_watch(outlet->wire, &outlet->watch, EPOLLIN);
}

void datagrams_close(struct outlet *outlet)
{
    free(outlet->datagrams);
    outlet->datagrams = NULL;
}
