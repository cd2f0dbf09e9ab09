/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * System calls for what duties declare as ports: listeners, followed files, outgoing mail. Nothing here knows a record.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"

/* ---- mail: one relay, libcurl SMTP, TLS as configured ---- */
struct mail_relay { const char *url; const char *user, *password, *ca_file; const char *from; bool insecure_loopback; };
struct mail { const char *to, *subject, *text; const char *message_id; moment date; };
/* Sends one mail; FAILED_IO with reasons when the relay did not take it. No header may hold a line break. */
enum status mail_send(const struct mail_relay *, const struct mail *, struct reasons *) MUST_CHECK;

/* ---- ports ---- */
enum port_kind { PORT_UDP, PORT_TCP, PORT_FILE };
struct port {
    const char *name;
    enum port_kind kind;
    const char *address;                     /* "127.0.0.1:5514" or a file's path */
    size_t max_message;
};
struct port_message { const char *bytes; size_t len; const char *peer; moment received; };
struct wire;                                 /* one thread with epoll over all ports */
/* `took` runs in wire's thread; `settle` must be called by the taker with the message's token once it is durable: a
 * followed file's offset moves only then. */
struct wire_taker {
    void (*took)(void *arg, const struct port *, uint64_t token, const struct port_message *);
    void *arg;
    moment (*now)(void *arg);
};
enum status wire_open(const struct port *ports, size_t n, const char *state_folder, struct wire_taker,
                      struct reasons *, struct wire **ret) MUST_CHECK;
void wire_settle(struct wire *, uint64_t token);
int wire_bound_port(struct wire *, const char *port_name);   /* for port 0 */
void wire_close(struct wire *);

/* ---- the ring: shared memory between one writer and one jailed worker ---- */
struct ring;
struct ring *ring_new(size_t bytes);         /* before the fork; NULL without memory */
void ring_free(struct ring *);
bool ring_put(struct ring *, const void *, size_t len, int timeout_ms);      /* false when full that long */
/* Takes the next message into out; 0 at the end (ring_end and empty), -1 on time-out. */
long ring_take(struct ring *, void *out, size_t cap, int timeout_ms);
void ring_end(struct ring *);

#endif
