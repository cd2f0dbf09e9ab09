/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * System calls for what duties declare as ports: listeners, followed files, outgoing mail. Nothing here knows a record.
 */
#ifndef WIRE_WIRE_H
#define WIRE_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"

/* ---- mail: one relay, libcurl SMTP ---- */

/* url: "smtps://host[:465]" (TLS from the first byte) or "smtp://host[:587]", where STARTTLS is required, except to a
 * loopback address when insecure_loopback is set. ca_file: NULL for the system's certificates. user: NULL for none. */
struct mail_relay { const char *url; const char *user, *password, *ca_file; const char *from; bool insecure_loopback; };
/* Addresses are bare ("name@host"), text is UTF-8 with LF lines. message_id without angle brackets; NULL for none. */
struct mail { const char *to, *subject, *text; const char *message_id; moment date; };
/* Sends one mail; BAD_INPUT when a field holds what no header may (line breaks, controls, a second address),
 * FAILED_IO with reasons when the relay did not take it. Blocks for at most 30 s. Safe from many threads. */
enum status mail_send(const struct mail_relay *, const struct mail *, struct reasons *) MUST_CHECK;

/* ---- ports ---- */

enum port_kind {
    PORT_UDP, PORT_TCP, PORT_FILE,
    PORT_TLS,                                /* as PORT_TCP, over TLS (RFC 5425: with FRAME_SYSLOG) */
    PORT_RELP, PORT_RELPS,                   /* RELP, plain and over TLS: answered when settled */
};
enum port_frame {
    FRAME_LINES,                             /* a message ends with LF (CR before it goes) or NUL */
    FRAME_SYSLOG,                            /* RFC 6587: "<length> <bytes>" where it begins with a digit, else lines */
};
/* PEM texts, as bytes: a locked process opens no files. With client_ca, a peer that shows no certificate of that
 * authority for client authentication is turned away. */
struct port_tls { const char *certificate, *key, *client_ca; };
struct port {
    const char *name;                        /* letters, digits, dots, dashes: it names the state file */
    enum port_kind kind;
    const char *address;                     /* "127.0.0.1:5514", "[::1]:0" or a file's path */
    size_t max_message;                      /* 0: 65536; what is longer is delivered cut and counted */
    enum port_frame frame;                   /* of PORT_TCP and PORT_TLS */
    unsigned max_peers;                      /* of streams, 0: 256, at most 4096; a further one puts another out, see wire_counts */
    const struct port_tls *tls;              /* of PORT_TLS and PORT_RELPS */
    unsigned patience_ms;                    /* 0: 10000: for the handshake and RELP's "open" */
};
/* peer: where it came from, "192.0.2.1:40000", or the file's path. sender: who sends, the same for all its connections:
 * the subject of the certificate that was shown and checked ("CN=web1,O=Example"), else the address without its port,
 * or the file's path. fingerprint: "sha256:<64 hex digits>" of that certificate, else NULL. */
struct port_message { const char *bytes; size_t len; const char *peer, *sender, *fingerprint; moment received; bool cut; };
struct wire;                                 /* one thread with epoll over all ports */
/* `took` runs in wire's thread; while it runs nothing else is read: slow takers slow their peers down. */
struct wire_taker {
    void (*took)(void *arg, const struct port *, uint64_t token, const struct port_message *);
    void *arg;
    moment (*now)(void *arg);
};
/* Opens all ports or none. The ports' table must outlive the wire. state_folder: where followed files' offsets are
 * kept; NULL when there are none. A followed file need not exist yet; without a saved offset it is read from its start. */
enum status wire_open(const struct port *ports, size_t n, const char *state_folder, struct wire_taker,
                      struct reasons *, struct wire **ret) MUST_CHECK;
/* To be called with the messages' tokens once what was made of them is durable, in any order, from any thread, also
 * inside `took`. Tokens are 0 where nothing waits for this (UDP, TCP, TLS); those may be handed in, too. RELP: the peer
 * is answered, in the order in which it sent; at most 1024 messages of a peer are handed out unsettled, then it is not
 * read. A peer that was cut off sends again what it got no answer for: such messages come twice, and the protocol
 * says nothing by which to know them. For followed files the offset moves over messages settled without a gap; when this returns OK it has
 * been saved (written, synced, renamed), so after a crash what is settled does not come again and what is not does.
 * FAILED_IO: not saved; the next call tries again. At most 65536 messages of a file are handed out unsettled. */
enum status wire_settle(struct wire *, const uint64_t *tokens, size_t n) MUST_CHECK;
int wire_bound_port(struct wire *, const char *port_name);   /* for port 0; -1 when there is none of this name */
struct wire_counts {
    uint64_t messages, bytes, cut;           /* handed out; of those, cut to max_message */
    uint64_t put_out, gaps;                  /* peers put out; times a followed file could not be found again */
    uint64_t lost;                           /* UDP: datagrams the kernel dropped, since nobody read them in time */
    uint64_t refused;                        /* TLS: handshakes that failed, with a certificate that does not do or none */
    unsigned peers;
};
bool wire_counts(struct wire *, const char *port_name, struct wire_counts *ret);
/* Stops the thread; what was read but not settled comes again at the next start. Takes NULL. */
void wire_close(struct wire *);

/* ---- the ring: shared memory between one process that puts and one that takes ---- */

/* Either side may be a jailed worker that has been taken over: every length and index from the other side is checked,
 * and nothing it writes can make this side read or write outside the ring. */
struct ring;
struct ring *ring_new(size_t bytes);         /* before the fork; rounded up to a power of two; NULL without memory */
void ring_free(struct ring *);               /* takes NULL */
/* False when it was full that long (timeout_ms < 0: wait for ever), after ring_end, for an empty message or one that
 * can never fit (its length and 4 bytes), or when the other side wrote nonsense. */
bool ring_put(struct ring *, const void *, size_t len, int timeout_ms);
/* Takes the next message into out; its length, 0 at the end (ring_end and empty), -1 on time-out, -2 when the message
 * was longer than cap (it is gone) or the other side wrote nonsense. */
long ring_take(struct ring *, void *out, size_t cap, int timeout_ms);
void ring_end(struct ring *);                /* by either side: no more will be put */
void ring_reset(struct ring *);              /* empty and as new, while neither side uses it: the process at the other side is another one */
uint64_t ring_put_so_far(const struct ring *);       /* bytes that this side has put since the ring was new */
uint64_t ring_taken_so_far(const struct ring *);     /* bytes that the other side says it has taken: a hint, no more */
bool ring_broken(const struct ring *);       /* the other side wrote nonsense: give it up */

#endif
