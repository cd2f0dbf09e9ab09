/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Opens ports and runs the one thread that reads them: sockets through epoll, followed files when inotify says that
 * their folder changed, when the taker settled, and every half second in any case, since inotify is a hint and no proof.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "wire/inside.h"

enum { tick_ms = 500 };

void outlet_deliver(struct outlet *outlet, uint64_t token, const char *bytes, size_t len, bool cut, const struct origin *origin)
{
    struct wire *wire = outlet->wire;
    struct port_message message = { .bytes = bytes, .len = len, .peer = origin->peer, .sender = origin->sender,
                                    .fingerprint = origin->fingerprint, .cut = cut,
                                    .received = wire->taker.now(wire->taker.arg) };
    TALLY(outlet->counts.messages, 1);
    TALLY(outlet->counts.bytes, len);
    TALLY(outlet->counts.cut, cut);
    wire->taker.took(wire->taker.arg, outlet->port, token, &message);
}

int64_t wire_ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

bool wire_watch(struct wire *wire, struct watch *watch, uint32_t events)
{
    struct epoll_event event = { .events = events, .data.ptr = watch };
    return epoll_ctl(wire->epoll, EPOLL_CTL_ADD, watch->fd, &event) == 0;
}

/* eventfd and inotify only say "look": the bytes themselves do not matter. */
static void drain(struct outlet *outlet, struct watch *watch, uint32_t events)
{
    char bytes[4096];
    while (read(watch->fd, bytes, sizeof bytes) > 0)
        ;
}

static void *run(void *arg)
{
    struct wire *wire = arg;
    struct epoll_event events[64];
    bool more = true;
    while (!atomic_load(&wire->stopping)) {
        int n = epoll_wait(wire->epoll, events, 64, more ? 0 : tick_ms);
        for (int i = 0; i < n && !atomic_load(&wire->stopping); i++) {
            struct watch *watch = events[i].data.ptr;
            if (watch->fd >= 0)
                watch->ready(watch->outlet, watch, events[i].events);
        }
        for (size_t i = 0; i < wire->n_outlets; i++)
            crowd_turn(&wire->outlets[i]);
        more = false;
        for (size_t i = 0; i < wire->n_outlets && !atomic_load(&wire->stopping); i++)
            if (wire->outlets[i].follower)
                more |= follow_step(&wire->outlets[i]);
    }
    return NULL;
}

/* ---- opening ---- */

bool wire_name_good(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    return len && len <= 64 && *name != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_") == len;
}

static enum status open_one(struct wire *wire, size_t i, const struct port *port, struct reasons *reasons)
{
    struct outlet *outlet = &wire->outlets[i];
    outlet->wire = wire;
    outlet->port = port;
    outlet->index = i;
    outlet->max_message = port->max_message ? port->max_message : 65536;
    outlet->watch.fd = -1;
    wire->n_outlets = i + 1;
    bool twice = false;
    for (size_t k = 0; k < i; k++)
        twice |= str_eq(wire->outlets[k].port->name, port->name);
    if (!wire_name_good(port->name) || twice) {
        reason_add(reasons, "port.name", port->name,
                   T_("The port's name must be of letters, digits, dots and dashes, and unlike the others."));
        return BAD_INPUT;
    }
    return port->kind == PORT_FILE ? follow_open(outlet, reasons) : listen_open(outlet, reasons);
}

static enum status open_state(struct wire *wire, const struct port *ports, size_t n, const char *folder,
                              struct reasons *reasons)
{
    bool files = false;
    for (size_t i = 0; i < n; i++)
        files |= ports[i].kind == PORT_FILE;
    if (!files)
        return OK;
    wire->state = folder ? open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
    wire->inotify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (wire->state < 0) {
        reason_add(reasons, "port.state", folder,
                   T_("The folder for the offsets of followed files cannot be opened: %1$s."),
                   folder ? strerror(errno) : "-");
        return FAILED_IO;
    }
    if (wire->inotify >= 0) {
        wire->inotify_watch = (struct watch){ .ready = drain, .fd = wire->inotify };
        wire_watch(wire, &wire->inotify_watch, EPOLLIN);
    }
    return OK;
}

enum status wire_open(const struct port *ports, size_t n, const char *state_folder, struct wire_taker taker,
                      struct reasons *reasons, struct wire **ret)
{
    struct wire *wire = calloc(1, sizeof *wire);
    if (!wire)
        return NO_MEMORY;
    pthread_mutex_init(&wire->lock, NULL);
    wire->taker = taker;
    wire->state = wire->inotify = wire->spare = -1;
    wire->epoll = epoll_create1(EPOLL_CLOEXEC);
    wire->wakeup = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    wire->spare = fcntl(wire->wakeup, F_DUPFD_CLOEXEC, 0);
    wire->outlets = calloc(n + 1, sizeof *wire->outlets);
    enum status status = OK;
    wire->wakeup_watch = (struct watch){ .ready = drain, .fd = wire->wakeup };
    if (wire->epoll < 0 || wire->wakeup < 0 || !wire->outlets || !wire_watch(wire, &wire->wakeup_watch, EPOLLIN))
        status = NO_MEMORY;
    if (status == OK)
        status = open_state(wire, ports, n, state_folder, reasons);
    for (size_t i = 0; i < n && status == OK; i++)
        status = open_one(wire, i, &ports[i], reasons);
    if (status == OK && pthread_create(&wire->thread, NULL, run, wire))
        status = NO_MEMORY;
    if (status != OK) {
        wire_close(wire);
        return status;
    }
    wire->running = true;
    *ret = wire;
    return OK;
}

void wire_close(struct wire *wire)
{
    if (!wire)
        return;
    if (wire->running) {
        atomic_store(&wire->stopping, true);
        uint64_t one = 1;
        if (write(wire->wakeup, &one, sizeof one) < 0)
            log_warn("wire: the thread stops at its next tick");
        pthread_join(wire->thread, NULL);
    }
    for (size_t i = 0; i < wire->n_outlets; i++) {
        follow_close(&wire->outlets[i]);
        crowd_close(&wire->outlets[i]);
        datagrams_close(&wire->outlets[i]);
        if (wire->outlets[i].watch.fd >= 0)
            close(wire->outlets[i].watch.fd);
    }
    int fds[] = { wire->epoll, wire->wakeup, wire->inotify, wire->state, wire->spare };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++)
        if (fds[i] >= 0)
            close(fds[i]);
    pthread_mutex_destroy(&wire->lock);
    free(wire->outlets);
    free(wire->scratch);
    free(wire);
}

/* ---- settling and looking ---- */

enum status wire_settle(struct wire *wire, const uint64_t *tokens, size_t n)
{
    enum status status = OK;
    bool moved = false;
    pthread_mutex_lock(&wire->lock);
    for (size_t i = 0; i < wire->n_outlets; i++) {
        moved |= crowd_settle(&wire->outlets[i], tokens, n);
        if (!wire->outlets[i].follower || !follow_settle(&wire->outlets[i], tokens, n))
            continue;
        moved = true;
        if (follow_save(&wire->outlets[i]) != OK)
            status = FAILED_IO;
    }
    pthread_mutex_unlock(&wire->lock);
    uint64_t one = 1;
    if (moved && write(wire->wakeup, &one, sizeof one) < 0 && errno != EAGAIN)
        log_warn("wire: waking the thread failed");
    return status;
}

static struct outlet *outlet_named(struct wire *wire, const char *name)
{
    for (size_t i = 0; i < wire->n_outlets; i++)
        if (str_eq(wire->outlets[i].port->name, name))
            return &wire->outlets[i];
    return NULL;
}

int wire_bound_port(struct wire *wire, const char *port_name)
{
    struct outlet *outlet = outlet_named(wire, port_name);
    struct sockaddr_storage address;
    socklen_t len = sizeof address;
    if (!outlet || outlet->watch.fd < 0 || getsockname(outlet->watch.fd, (struct sockaddr *)&address, &len))
        return -1;
    return address.ss_family == AF_INET ? ntohs(((struct sockaddr_in *)&address)->sin_port)
                                        : ntohs(((struct sockaddr_in6 *)&address)->sin6_port);
}

bool wire_counts(struct wire *wire, const char *port_name, struct wire_counts *ret)
{
    struct outlet *outlet = outlet_named(wire, port_name);
    if (!outlet)
        return false;
    const struct tallies *t = &outlet->counts;
    *ret = (struct wire_counts){ .messages = t->messages, .bytes = t->bytes, .cut = t->cut, .put_out = t->put_out,
                                 .gaps = t->gaps, .lost = t->lost, .refused = t->refused, .peers = t->peers };
    return true;
}
