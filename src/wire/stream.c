/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading and answering one peer. Messages are handed out where they were read, without copying; only what is begun and
 * not ended is kept. A RELP peer is not read while 1,024 of its messages wait to be settled or it leaves its answers lying.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

#include "wire/peers.h"

enum { reads_a_turn = 16, small = 4096, relp_read = 64 << 10 };

/* ---- sending ---- */

static bool waits(const struct peer *peer) { return peer->out.len > 0; }
static size_t unsettled(const struct peer *peer) { return peer->window ? (size_t)(peer->window->next - peer->window->first) : 0; }
static bool may_read(const struct peer *peer)
{
    return !peer->ended && !peer->leaving && unsettled(peer) < relp_window && peer->out.len < out_enough;
}

/* False when the peer must go. */
static bool flush(struct peer *peer)
{
    while (waits(peer)) {
        const char *at = peer->out.data;
        size_t len = peer->out.len;
        ssize_t n = peer->tls ? tls_send(peer->tls, at, len) : send(peer->watch.fd, at, len, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        if (n <= 0)
            return false;
        memmove(peer->out.data, at + n, len - (size_t)n);
        peer->out.len = len - (size_t)n;
    }
    return !peer->out.failed && !peer->leaving && !(peer->ended && !unsettled(peer));
}

/* What is settled, in the order in which it came. True when there is more of it than may lie here. */
static bool collect_answers(struct outlet *outlet, struct peer *peer)
{
    struct window *window = peer->window;
    bool more = false;
    if (!window)
        return false;
    pthread_mutex_lock(&outlet->wire->lock);
    while (window->first < window->next && peer->out.len < out_enough) {
        size_t i = window->first % relp_window;
        if (!window->settled[i])
            break;
        relp_answer(&peer->out, window->txnr[i], window->what[i]);
        peer->leaving |= window->what[i] == RELP_BYE;
        window->first++;
    }
    more = window->first < window->next && window->settled[window->first % relp_window];
    pthread_mutex_unlock(&outlet->wire->lock);
    return more;
}

static int64_t patience(const struct outlet *outlet)
{
    return wire_ticks() + (outlet->port->patience_ms ? outlet->port->patience_ms : 10000);
}

/* ---- what came ---- */

static bool take_relp(struct outlet *outlet, struct peer *peer, const struct piece *piece)
{
    enum relp_does what = relp_take(&peer->relp, piece, &peer->out);
    if (what == RELP_NONSENSE) {
        flush(peer);                         /* why, if there is something to say */
        return false;
    }
    if (what == RELP_OPENED) {
        peer->deadline = 0;
        return true;
    }
    size_t len = piece->len;
    while (len && !piece->cut && (piece->bytes[len - 1] == '\n' || piece->bytes[len - 1] == '\r'))
        len--;
    bool message = what == RELP_MESSAGE && len;
    struct window *window = peer->window;
    pthread_mutex_lock(&outlet->wire->lock);
    uint64_t serial = window->next++;
    window->txnr[serial % relp_window] = piece->txnr;
    window->what[serial % relp_window] = (uint8_t)what;
    window->settled[serial % relp_window] = !message;
    pthread_mutex_unlock(&outlet->wire->lock);
    if (message)
        outlet_deliver(outlet, peer_token(outlet, peer, serial), piece->bytes, len, piece->cut, &peer->origin);
    return true;
}

/* Holds what is not ended. Bytes: the peer's own buffer or another. */
static bool keep(struct peer *peer, const char *bytes, size_t len)
{
    if (len > peer->cap) {                   /* then it came from elsewhere */
        char *larger = malloc(len);
        if (!larger)
            return false;
        free(peer->buffer);
        peer->buffer = larger;
        peer->cap = len;
    }
    if (len)
        memmove(peer->buffer, bytes, len);
    peer->filled = len;
    if (!len) {
        free(peer->buffer);
        peer->buffer = NULL;
        peer->cap = 0;
    }
    return true;
}

/* Hands out all that is whole. False when the peer must go. */
static bool cut(struct outlet *outlet, struct peer *peer, const char *bytes, size_t len)
{
    size_t at = 0, used, messages = 0;
    int done = 1;
    while (done > 0 && may_read(peer)) {
        struct piece piece;
        done = cutter_next(&peer->cutter, bytes + at, len - at, &used, &piece);
        at += used;
        if (done <= 0)
            break;
        messages++;
        if (!peer->window)
            outlet_deliver(outlet, 0, piece.bytes, piece.len, piece.cut, &peer->origin);
        else if (!take_relp(outlet, peer, &piece))
            return false;
    }
    peer->stalled = done > 0 && at < len;
    if (messages)
        peer_touch(outlet, peer);
    return done >= 0 && keep(peer, bytes + at, len - at);
}

/* ---- reading ---- */

/* Where to read to: a small remainder goes before what comes, into the common memory; a large one is read on where it is. */
static char *place(struct outlet *outlet, struct peer *peer, size_t *ret_cap)
{
    size_t room = cutter_room(&peer->cutter);
    if (peer->filled <= small) {
        char *scratch = outlet->wire->scratch;
        if (peer->filled)
            memcpy(scratch, peer->buffer, peer->filled);
        *ret_cap = peer->window ? relp_read + small : scratch_room;
        return scratch;
    }
    size_t want = peer->filled * 2 < room ? peer->filled * 2 : room > peer->filled + small ? room : peer->filled + small;
    if (want > peer->cap) {
        char *larger = realloc(peer->buffer, want);
        if (!larger)
            return NULL;
        peer->buffer = larger;
        peer->cap = want;
    }
    *ret_cap = peer->cap;
    return peer->buffer;
}

static void over(struct outlet *outlet, struct peer *peer, bool announced)
{
    struct piece piece;
    if (announced && cutter_last(&peer->cutter, peer->buffer, peer->filled, &piece))
        outlet_deliver(outlet, 0, piece.bytes, piece.len, false, &peer->origin);
    if (announced && peer->window && (unsettled(peer) || waits(peer))) {
        peer->ended = true;                  /* it may still listen for its answers */
        peer->deadline = patience(outlet);
        return;
    }
    peer_close(outlet, peer, false);
}

/* One reading: 1 there may be more, 0 not now, -1 the peer is gone or going. */
static int read_once(struct outlet *outlet, struct peer *peer)
{
    size_t cap;
    char *bytes = place(outlet, peer, &cap);
    if (!bytes) {
        peer_close(outlet, peer, true);
        return -1;
    }
    size_t have = peer->filled;
    ssize_t n = peer->tls ? tls_receive(peer->tls, bytes + have, cap - have)
                          : recv(peer->watch.fd, bytes + have, cap - have, MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return 0;
    if (n <= 0) {
        over(outlet, peer, n == 0);
        return -1;
    }
    if (!cut(outlet, peer, bytes, have + (size_t)n)) {
        peer_close(outlet, peer, true);
        return -1;
    }
    return 1;
}

static bool ask_epoll(struct outlet *outlet, struct peer *peer, uint32_t want)
{
    struct epoll_event event = { .events = want, .data.ptr = &peer->watch };
    if (want == peer->events)
        return true;
    peer->events = want;
    return epoll_ctl(outlet->wire->epoll, EPOLL_CTL_MOD, peer->watch.fd, &event) == 0;
}

/* Sends what is settled; then says what the peer is waited for. False when it was closed. */
static bool settle_up(struct outlet *outlet, struct peer *peer)
{
    bool good, more;
    do {
        more = collect_answers(outlet, peer);
        good = flush(peer);
    } while (good && more && !waits(peer));
    if (peer->leaving && waits(peer) && !peer->deadline)
        peer->deadline = patience(outlet);
    if (good && ask_epoll(outlet, peer, (may_read(peer) ? EPOLLIN : 0) | (waits(peer) ? EPOLLOUT : 0)))
        return true;
    peer_close(outlet, peer, !peer->leaving && !peer->ended);
    return false;
}

/* What stalled, then what the socket holds. Bytes that TLS holds already wake nobody: they are read in any case. */
static void read_on(struct outlet *outlet, struct peer *peer)
{
    int more = 1;
    if (peer->stalled && !cut(outlet, peer, peer->buffer, peer->filled)) {
        peer_close(outlet, peer, true);
        return;
    }
    for (int i = 0; more > 0 && may_read(peer) && (i < reads_a_turn || (peer->tls && tls_pending(peer->tls))); i++)
        more = read_once(outlet, peer);
    if (peer->watch.fd >= 0)
        settle_up(outlet, peer);
}

void peer_answer(struct outlet *outlet, struct peer *peer)
{
    if (!peer->shaken || !settle_up(outlet, peer))
        return;
    if (may_read(peer) && (peer->stalled || (peer->tls && tls_pending(peer->tls))))
        read_on(outlet, peer);
}

/* A hint that we are going: if it does not go out at once, it does not. */
void peer_farewell(struct outlet *outlet, struct peer *peer)
{
    if (!peer->shaken || !peer->window)
        return;
    collect_answers(outlet, peer);
    buf_adds(&peer->out, "0 serverclose 0\n");
    flush(peer);
}

/* ---- the handshake ---- */

static bool shake(struct outlet *outlet, struct peer *peer)
{
    enum tls_step step = tls_handshake(peer->tls);
    if (step == TLS_READ || step == TLS_WRITE) {
        if (!ask_epoll(outlet, peer, step == TLS_READ ? EPOLLIN : EPOLLOUT))
            peer_close(outlet, peer, true);
        return false;
    }
    if (step == TLS_FAILED) {
        TALLY(outlet->counts.refused, 1);
        tls_refuse(peer->tls);
        peer_close(outlet, peer, true);
        return false;
    }
    peer->shaken = true;
    if (!peer->window)
        peer->deadline = 0;
    if (tls_who(peer->tls, peer->sender, sizeof peer->sender, peer->fingerprint, sizeof peer->fingerprint)) {
        peer->origin.sender = peer->sender;
        peer->origin.fingerprint = peer->fingerprint;
    }
    return true;
}

void peer_ready(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    struct peer *peer = (struct peer *)watch;
    if (!peer->shaken && !shake(outlet, peer))
        return;
    if ((events & (EPOLLHUP | EPOLLERR)) && !may_read(peer)) {
        peer_close(outlet, peer, false);     /* nobody is there to be answered */
        return;
    }
    read_on(outlet, peer);
}
