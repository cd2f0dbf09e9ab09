/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listeners. UDP: a datagram is a message. TCP: each peer has a buffer of one message; lines or counted frames
 * (RFC 6587) are cut out of it. A message over the limit is delivered cut, its rest is passed over; a peer whose count
 * is nonsense is put out. When all places are taken, the peer that has been silent longest makes room.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "wire/inside.h"

enum { peer_text = 64, most_peers = 256, datagrams_a_turn = 256, reads_a_turn = 16 };

struct peer {
    struct watch watch;                      /* first: epoll's pointer is the peer's */
    struct peer *before, *after;
    char name[peer_text];
    char *buffer;
    size_t start, filled;                    /* what is there and not yet consumed: buffer[start..filled) */
    uint64_t skip;                           /* bytes of a message already delivered cut, or UINT64_MAX: to the line's end */
};

static void name_peer(const struct sockaddr_storage *address, char out[peer_text])
{
    char host[INET6_ADDRSTRLEN] = "";
    if (address->ss_family == AF_INET) {
        const struct sockaddr_in *in = (const struct sockaddr_in *)address;
        inet_ntop(AF_INET, &in->sin_addr, host, sizeof host);
        snprintf(out, peer_text, "%s:%d", host, ntohs(in->sin_port));
    } else {
        const struct sockaddr_in6 *in = (const struct sockaddr_in6 *)address;
        inet_ntop(AF_INET6, &in->sin6_addr, host, sizeof host);
        snprintf(out, peer_text, "[%s]:%d", host, ntohs(in->sin6_port));
    }
}

/* ---- UDP ---- */

static void datagrams(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    for (int i = 0; i < datagrams_a_turn; i++) {
        struct sockaddr_storage from;
        struct iovec piece = { outlet->buffer, outlet->max_message };
        struct msghdr header = { .msg_name = &from, .msg_namelen = sizeof from, .msg_iov = &piece, .msg_iovlen = 1 };
        ssize_t n = recvmsg(watch->fd, &header, MSG_DONTWAIT);
        if (n < 0)
            return;
        char peer[peer_text];
        name_peer(&from, peer);
        while (n > 0 && (outlet->buffer[n - 1] == '\n' || outlet->buffer[n - 1] == '\r' || !outlet->buffer[n - 1]))
            n--;
        if (n > 0)
            outlet_deliver(outlet, 0, outlet->buffer, (size_t)n, header.msg_flags & MSG_TRUNC, peer);
    }
}

/* ---- TCP ---- */

static void unlink_peer(struct outlet *outlet, struct peer *peer)
{
    *(peer->before ? &peer->before->after : &outlet->peers) = peer->after;
    *(peer->after ? &peer->after->before : &outlet->last_peer) = peer->before;
}

static void append_peer(struct outlet *outlet, struct peer *peer)
{
    peer->before = outlet->last_peer;
    peer->after = NULL;
    *(outlet->last_peer ? &outlet->last_peer->after : &outlet->peers) = peer;
    outlet->last_peer = peer;
}

static void count_peers(struct outlet *outlet, int change, bool put_out)
{
    pthread_mutex_lock(&outlet->wire->lock);
    outlet->counts.peers += (unsigned)change;
    outlet->counts.put_out += put_out;
    pthread_mutex_unlock(&outlet->wire->lock);
}

/* An event of this turn may still point to the peer, so it is only buried: freed when the turn is over. */
static void close_peer(struct outlet *outlet, struct peer *peer, bool put_out)
{
    unlink_peer(outlet, peer);
    close(peer->watch.fd);
    peer->watch.fd = -1;
    free(peer->buffer);
    peer->after = outlet->dead;
    outlet->dead = peer;
    count_peers(outlet, -1, put_out);
}

void listen_bury(struct outlet *outlet)
{
    while (outlet->dead) {
        struct peer *peer = outlet->dead;
        outlet->dead = peer->after;
        free(peer);
    }
}

static void deliver_line(struct outlet *outlet, struct peer *peer, size_t len, bool cut)
{
    const char *text = peer->buffer + peer->start;
    if (len && !cut && text[len - 1] == '\r')
        len--;
    if (len)
        outlet_deliver(outlet, 0, text, len, cut, peer->name);
}

static size_t line_end(const struct peer *peer)
{
    size_t have = peer->filled - peer->start;
    const char *text = peer->buffer + peer->start;
    const char *end = memchr(text, '\n', have), *nul = memchr(text, 0, end ? (size_t)(end - text) : have);
    return nul ? (size_t)(nul - text) : end ? (size_t)(end - text) : have;
}

/* Passes over the rest of a message that was delivered cut. True when there may be a next one. */
static bool skip(struct peer *peer)
{
    size_t have = peer->filled - peer->start;
    if (peer->skip == UINT64_MAX) {
        size_t end = line_end(peer);
        if (end == have) {
            peer->start = peer->filled;
            return false;
        }
        peer->start += end + 1;
        peer->skip = 0;
    } else if (peer->skip) {
        size_t n = peer->skip < have ? (size_t)peer->skip : have;
        peer->start += n;
        peer->skip -= n;
    }
    return peer->filled > peer->start;
}

/* A counted frame: 1 delivered, 0 more bytes are needed, -1 no lawful count. */
static int counted(struct outlet *outlet, struct peer *peer)
{
    const char *text = peer->buffer + peer->start;
    size_t have = peer->filled - peer->start, i = 0;
    uint64_t length = 0;
    for (; i < have && i < 10 && text[i] >= '0' && text[i] <= '9'; i++)
        length = length * 10 + (uint64_t)(text[i] - '0');
    if (i == have && i < 10)
        return 0;
    if (i == have || text[i] != ' ' || !length || text[0] == '0')
        return -1;
    bool cut = length > outlet->max_message;
    size_t want = cut ? outlet->max_message : (size_t)length;
    if (have < i + 1 + want)
        return 0;
    outlet_deliver(outlet, 0, text + i + 1, want, cut, peer->name);
    peer->start += i + 1 + want;
    peer->skip = length - want;
    return 1;
}

static int line(struct outlet *outlet, struct peer *peer)
{
    size_t end = line_end(peer);
    if (end > outlet->max_message) {
        deliver_line(outlet, peer, outlet->max_message, true);
        peer->skip = UINT64_MAX;
        return 1;
    }
    if (end == peer->filled - peer->start)
        return 0;
    deliver_line(outlet, peer, end, false);
    peer->start += end + 1;
    return 1;
}

static bool counts_here(const struct outlet *outlet, const struct peer *peer)
{
    char c = peer->filled > peer->start ? peer->buffer[peer->start] : 0;
    return outlet->port->frame == FRAME_SYSLOG && c >= '0' && c <= '9';
}

/* All messages that are whole; what remains moves to the buffer's start. False when the peer must go. */
static bool frames(struct outlet *outlet, struct peer *peer)
{
    int done = 1;
    while (done > 0 && skip(peer))
        done = counts_here(outlet, peer) ? counted(outlet, peer) : line(outlet, peer);
    memmove(peer->buffer, peer->buffer + peer->start, peer->filled - peer->start);
    peer->filled -= peer->start;
    peer->start = 0;
    return done >= 0;
}

static void from_peer(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    struct peer *peer = (struct peer *)watch;
    size_t cap = outlet->max_message + 16;   /* a message and its count, or one byte over the limit */
    for (int i = 0; i < reads_a_turn; i++) {
        ssize_t n = recv(watch->fd, peer->buffer + peer->filled, cap - peer->filled, MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n <= 0) {
            if (!peer->skip && !counts_here(outlet, peer))    /* a last line without its end is a message, a torn */
                deliver_line(outlet, peer, peer->filled, false);                          /* frame is none */
            close_peer(outlet, peer, false);
            return;
        }
        if (i == 0) {
            unlink_peer(outlet, peer);
            append_peer(outlet, peer);
        }
        peer->filled += (size_t)n;
        if (!frames(outlet, peer)) {
            close_peer(outlet, peer, true);
            return;
        }
    }
}

static void accept_peers(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    unsigned most = outlet->port->max_peers ? outlet->port->max_peers : most_peers;
    struct sockaddr_storage from;
    socklen_t len = sizeof from;
    int fd = accept4(watch->fd, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0)
        return;
    struct peer *peer = calloc(1, sizeof *peer);
    char *buffer = malloc(outlet->max_message + 16);
    if (!peer || !buffer) {
        free(peer);
        free(buffer);
        close(fd);
        return;
    }
    if (outlet->counts.peers >= most && outlet->peers)
        close_peer(outlet, outlet->peers, true);
    peer->watch = (struct watch){ .ready = from_peer, .outlet = outlet, .fd = fd };
    peer->buffer = buffer;
    name_peer(&from, peer->name);
    append_peer(outlet, peer);
    count_peers(outlet, 1, false);
    if (!wire_watch(outlet->wire, &peer->watch, EPOLLIN))
        close_peer(outlet, peer, true);
}

/* ---- opening ---- */

/* "127.0.0.1:5514", "[::1]:5514": numbers only, no name service. */
static enum status parse_address(const char *address, int type, struct addrinfo **ret)
{
    char host[INET6_ADDRSTRLEN + 2] = "";
    const char *colon = address ? strrchr(address, ':') : NULL;
    if (!colon || colon == address || (size_t)(colon - address) >= sizeof host)
        return BAD_INPUT;
    memcpy(host, address, (size_t)(colon - address));
    size_t len = strlen(host);
    char *name = host;
    if (host[0] == '[' && host[len - 1] == ']') {
        host[len - 1] = 0;
        name++;
    }
    struct addrinfo hints = { .ai_socktype = type, .ai_flags = AI_NUMERICHOST | AI_NUMERICSERV | AI_PASSIVE };
    return getaddrinfo(name, colon + 1, &hints, ret) ? BAD_INPUT : OK;
}

enum status listen_open(struct outlet *outlet, struct reasons *reasons)
{
    const struct port *port = outlet->port;
    int type = port->kind == PORT_UDP ? SOCK_DGRAM : SOCK_STREAM, on = 1, room = 4 << 20;
    struct addrinfo *address;
    if (parse_address(port->address, type, &address) != OK) {
        reason_add(reasons, "port.address", port->name,
                   T_("\"%1$s\" is no address to listen at; write it as 127.0.0.1:5514 or [::1]:5514."),
                   port->address ? port->address : "");
        return BAD_INPUT;
    }
    int fd = socket(address->ai_family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    bool good = fd >= 0;
    if (good && type == SOCK_STREAM)
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    if (good && type == SOCK_DGRAM)
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
    if (good && address->ai_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof on);
    good = good && !bind(fd, address->ai_addr, address->ai_addrlen) && (type == SOCK_DGRAM || !listen(fd, 64));
    freeaddrinfo(address);
    outlet->watch = (struct watch){ .ready = type == SOCK_DGRAM ? datagrams : accept_peers, .outlet = outlet, .fd = fd };
    if (type == SOCK_DGRAM && good)
        good = (outlet->buffer = malloc(outlet->max_message)) != NULL;
    if (!good || !wire_watch(outlet->wire, &outlet->watch, EPOLLIN)) {
        reason_add(reasons, "port.listen", port->name, T_("Listening at %1$s failed: %2$s."), port->address,
                   strerror(errno));
        return FAILED_IO;
    }
    return OK;
}

void listen_close(struct outlet *outlet)
{
    while (outlet->peers)
        close_peer(outlet, outlet->peers, false);
    listen_bury(outlet);
    if (outlet->watch.fd >= 0)
        close(outlet->watch.fd);
    free(outlet->buffer);
}
