/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Who may have a place. When all are taken, the address with the most connections loses the one that has been without a
 * whole message longest: so a flood from one host puts out its own connections and not the silent ones of others.
 */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "wire/peers.h"

enum { peers_default = 256, accepts_a_turn = 64, patience_default = 10000, impatience_every = 250 };

bool peer_relp(const struct outlet *outlet)
{
    return outlet->port->kind == PORT_RELP || outlet->port->kind == PORT_RELPS;
}

static bool has_tls(const struct outlet *outlet)
{
    return outlet->port->kind == PORT_TLS || outlet->port->kind == PORT_RELPS;
}

/* ---- the list ---- */

static void unlink_peer(struct crowd *crowd, struct peer *peer)
{
    *(peer->before ? &peer->before->after : &crowd->first) = peer->after;
    *(peer->after ? &peer->after->before : &crowd->last) = peer->before;
}

static void append_peer(struct crowd *crowd, struct peer *peer)
{
    peer->before = crowd->last;
    peer->after = NULL;
    *(crowd->last ? &crowd->last->after : &crowd->first) = peer;
    crowd->last = peer;
}

void peer_touch(struct outlet *outlet, struct peer *peer)
{
    unlink_peer(outlet->crowd, peer);
    append_peer(outlet->crowd, peer);
}

/* Places and windows are what settling threads look at. */
static void take_place(struct outlet *outlet, struct peer *peer)
{
    struct crowd *crowd = outlet->crowd;
    size_t place = 0;
    while (crowd->places[place])
        place++;
    pthread_mutex_lock(&outlet->wire->lock);
    crowd->places[place] = peer;
    peer->place = place;
    if (peer->window)
        peer->window->first = peer->window->next = crowd->serials[place];
    pthread_mutex_unlock(&outlet->wire->lock);
}

static void leave_place(struct outlet *outlet, struct peer *peer)
{
    struct crowd *crowd = outlet->crowd;
    pthread_mutex_lock(&outlet->wire->lock);
    crowd->places[peer->place] = NULL;
    if (peer->window)
        crowd->serials[peer->place] = peer->window->next;
    pthread_mutex_unlock(&outlet->wire->lock);
}

/* An event of this turn may still point to the peer, so it is only buried: freed when the turn is over. */
void peer_close(struct outlet *outlet, struct peer *peer, bool put_out)
{
    struct crowd *crowd = outlet->crowd;
    TALLY(outlet->counts.peers, -1u);        /* before the other side can know */
    TALLY(outlet->counts.put_out, put_out);
    unlink_peer(crowd, peer);
    leave_place(outlet, peer);
    tls_free(peer->tls, peer->shaken && !put_out);
    close(peer->watch.fd);
    peer->watch.fd = -1;
    free(peer->buffer);
    free(peer->window);
    buf_free(&peer->out);
    peer->after = crowd->dead;
    crowd->dead = peer;
    crowd->in[peer->bucket]--;
}

static void bury(struct crowd *crowd)
{
    while (crowd->dead) {
        struct peer *peer = crowd->dead;
        crowd->dead = peer->after;
        free(peer);
    }
}

static void make_room(struct outlet *outlet)
{
    struct crowd *crowd = outlet->crowd;
    unsigned fullest = 0;
    for (unsigned i = 1; i < buckets; i++)
        if (crowd->in[i] > crowd->in[fullest])
            fullest = i;
    struct peer *peer = crowd->first;
    while (peer && peer->bucket != fullest)
        peer = peer->after;
    if (peer)
        peer_close(outlet, peer, true);
}

/* ---- arriving ---- */

/* An address, of IPv6 its network of 64 bits: who has one of those has all its addresses. */
static uint8_t neighbourhood(const struct sockaddr_storage *from)
{
    char text[17] = "";
    if (from->ss_family == AF_INET6)
        hex_write(&((const struct sockaddr_in6 *)from)->sin6_addr, 8, text);
    else
        hex_write(&((const struct sockaddr_in *)from)->sin_addr, 4, text);
    return (uint8_t)(str_hash(text) % buckets);
}

static struct peer *new_peer(struct outlet *outlet, int fd, const struct sockaddr_storage *from)
{
    struct peer *peer = calloc(1, sizeof *peer);
    bool relp = peer_relp(outlet), tls = has_tls(outlet);
    if (!peer)
        return NULL;
    peer->watch = (struct watch){ .ready = peer_ready, .outlet = outlet, .fd = fd };
    name_address(from, peer->name, peer->host);
    peer->bucket = neighbourhood(from);
    peer->origin = (struct origin){ .peer = peer->name, .sender = peer->host };
    peer->cutter = (struct cutter){ .max = outlet->max_message,
                                    .framing = relp ? CUT_RELP : outlet->port->frame == FRAME_SYSLOG ? CUT_SYSLOG : CUT_LINES };
    buf_init(&peer->out, out_room);
    peer->shaken = !tls;
    if (relp || tls)
        peer->deadline = wire_ticks() + (outlet->port->patience_ms ? outlet->port->patience_ms : patience_default);
    if ((relp && !(peer->window = calloc(1, sizeof *peer->window))) || (tls && !(peer->tls = tls_new(outlet->crowd->tls, fd)))) {
        free(peer->window);
        free(peer);
        return NULL;
    }
    return peer;
}

/* A peer whose machine has gone without a word is found out in two minutes. */
static void keep_alive(int fd)
{
    int on = 1, idle = 60, every = 20, tries = 3;
    setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &every, sizeof every);
    setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &tries, sizeof tries);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/* Without a descriptor the one who waits cannot even be turned away, and epoll would tell of them for ever. */
static void turn_away(struct outlet *outlet, int listening)
{
    struct wire *wire = outlet->wire;
    if (wire->spare < 0)
        return;
    close(wire->spare);
    int fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);
    if (fd >= 0) {
        close(fd);
        TALLY(outlet->counts.put_out, 1);
    }
    wire->spare = fcntl(wire->wakeup, F_DUPFD_CLOEXEC, 0);
}

static bool accept_one(struct outlet *outlet, int listening)
{
    struct crowd *crowd = outlet->crowd;
    struct sockaddr_storage from = { 0 };
    socklen_t len = sizeof from;
    int fd = accept4(listening, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);
    if (fd < 0 && (errno == EMFILE || errno == ENFILE))
        turn_away(outlet, listening);
    if (fd < 0)
        return false;
    struct peer *peer = new_peer(outlet, fd, &from);
    if (!peer) {
        close(fd);
        return true;
    }
    keep_alive(fd);
    if (outlet->counts.peers >= crowd->most)
        make_room(outlet);
    take_place(outlet, peer);
    append_peer(crowd, peer);
    crowd->in[peer->bucket]++;
    TALLY(outlet->counts.peers, 1);
    if (wire_watch(outlet->wire, &peer->watch, peer->events = EPOLLIN))
        return true;
    peer_close(outlet, peer, true);
    return true;
}

static void accept_peers(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    for (int i = 0; i < accepts_a_turn && accept_one(outlet, watch->fd); i++)
        ;
}

/* ---- each turn ---- */

static void impatience(struct outlet *outlet, int64_t now)
{
    struct peer *next;
    for (struct peer *peer = outlet->crowd->first; peer; peer = next) {
        next = peer->after;
        if (!peer->deadline || peer->deadline > now)
            continue;
        TALLY(outlet->counts.refused, !peer->shaken);
        peer_close(outlet, peer, true);
    }
}

void crowd_turn(struct outlet *outlet)
{
    struct crowd *crowd = outlet->crowd;
    if (!crowd)
        return;
    struct peer *next;
    if (atomic_exchange(&crowd->due, false))
        for (struct peer *peer = crowd->first, *last = crowd->last; peer; peer = next) {
            next = peer == last ? NULL : peer->after;         /* who is touched goes to the end */
            peer_answer(outlet, peer);
        }
    int64_t now = wire_ticks();
    if ((peer_relp(outlet) || has_tls(outlet)) && now - crowd->looked >= impatience_every) {
        crowd->looked = now;
        impatience(outlet, now);
    }
    bury(crowd);
}

/* ---- settling, from any thread, under the lock ---- */

static const uint64_t serial_mask = (UINT64_C(1) << 36) - 1;

uint64_t peer_token(const struct outlet *outlet, const struct peer *peer, uint64_t serial)
{
    return ((uint64_t)outlet->index + 1) << 48 | (uint64_t)peer->place << 36 | (serial & serial_mask);
}

bool crowd_settle(struct outlet *outlet, const uint64_t *tokens, size_t n)
{
    struct crowd *crowd = outlet->crowd;
    bool moved = false;
    if (!crowd || !peer_relp(outlet))
        return false;
    for (size_t i = 0; i < n; i++) {
        size_t place = tokens[i] >> 36 & 0xfff;
        if (tokens[i] >> 48 != outlet->index + 1 || place >= crowd->most || !crowd->places[place])
            continue;
        struct window *window = crowd->places[place]->window;
        uint64_t distance = ((tokens[i] & serial_mask) - window->first) & serial_mask;
        if (distance < window->next - window->first)
            moved = window->settled[(window->first + distance) % relp_window] = true;
    }
    if (moved)
        atomic_store(&crowd->due, true);
    return moved;
}

/* ---- opening ---- */

enum status crowd_open(struct outlet *outlet, struct reasons *reasons)
{
    struct crowd *crowd = outlet->crowd = calloc(1, sizeof *crowd);
    unsigned most = outlet->port->max_peers ? outlet->port->max_peers : peers_default;
    if (!crowd)
        return NO_MEMORY;
    crowd->most = most < most_places ? most : most_places;
    crowd->places = calloc(crowd->most, sizeof *crowd->places);
    crowd->serials = calloc(crowd->most, sizeof *crowd->serials);
    if (!outlet->wire->scratch)
        outlet->wire->scratch = malloc(scratch_room);
    if (!crowd->places || !crowd->serials || !outlet->wire->scratch)
        return NO_MEMORY;
    if (has_tls(outlet)) {
        enum status status = tls_identity_new(outlet->port, reasons, &crowd->tls);
        if (status != OK)
            return status;
    }
    outlet->watch.ready = accept_peers;
    return wire_watch(outlet->wire, &outlet->watch, EPOLLIN) ? OK : NO_MEMORY;
}

void crowd_close(struct outlet *outlet)
{
    struct crowd *crowd = outlet->crowd;
    if (!crowd)
        return;
    while (crowd->first) {
        peer_farewell(outlet, crowd->first);
        peer_close(outlet, crowd->first, false);
    }
    bury(crowd);
    tls_identity_free(crowd->tls);
    free(crowd->places);
    free(crowd->serials);
    free(crowd);
    outlet->crowd = NULL;
}
