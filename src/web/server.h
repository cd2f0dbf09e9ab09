/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The web: listeners, sessions, pages and live updates of one office. server.c is the only file that knows
 * libmicrohttpd. Every address but loopback needs TLS; it is possible there, too.
 */
#ifndef WEB_SERVER_H
#define WEB_SERVER_H

#include "front/front.h"
#include "front/seal.h"
#include "web/identity.h"
#include "web/live.h"
#include "web/session.h"

struct web_listen {
    const char *address;                     /* "127.0.0.1", "::1", "0.0.0.0" */
    int port;                                /* 0: any free one, see web_port */
    const char *certificate, *key;           /* PEM texts; NULL: no TLS, loopback only */
    const char *client_ca;                   /* PEM of the authorities of client certificates; NULL: none is asked for */
};

struct web_config {
    const struct web_listen *listens; size_t n_listens;
    const struct page *const *pages;         /* tables, NULL-terminated; the sign-in's own are added */
    struct office *office;                   /* handed to the pages */
    struct identity identity;
    uint8_t seal_secret[32];                 /* office_key(office, "front.seal", ...) */
    moment (*clock)(void *); void *clock_arg;/* NULL: moment_now */
    const char *host;                        /* "castellan.example"; NULL: localhost and the address itself */
    struct live_face live;
    struct session_limits sessions;
    struct lockout_limits lockouts;
    unsigned threads, workers;               /* 0: 2 and 24 */
    unsigned connections, per_address;       /* 0: 4000 and 1200 */
    size_t header_bytes, body_bytes, upload_bytes;       /* 0: 16 KiB, 1 MiB, 64 MiB */
    unsigned header_seconds, body_seconds, idle_seconds; /* 0: 10, 60, 75 */
    unsigned streams_a_session;              /* 0: 6 */
};

struct web;
enum status web_start(const struct web_config *, struct reasons *, struct web **ret) MUST_CHECK;
int web_port(const struct web *, size_t listen);
/* Stops taking connections, answers every request in flight, ends streams; at most 2 s. Takes NULL. */
void web_stop(struct web *);
/* Live updates: the office's records changed (office_on_change's form). Safe from any thread, never waits. */
void web_changed(struct web *, const struct touched *, size_t);
moment web_now(const struct web *);
/* Writes what must outlive the process (the counters of failed attempts), if it has changed. To be called about once a second by whoever keeps the
 * clock, from one thread; web_stop does it a last time. */
void web_keep(struct web *);

#endif
