/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of this room share of a running web; nobody outside includes it.
 */
#ifndef WEB_WEB_H
#define WEB_WEB_H

#include "web/call.h"
#include "web/server.h"
#include "web/webauthn.h"

struct worker_pool;

struct web {
    struct web_config config;
    struct seal seal;
    struct identity identity;
    struct sessions *sessions;
    struct lockouts *lockouts;
    struct live *live;
    struct relying_party party;
    const struct page *const *pages;         /* the office's and the sign-in's */
    bool some_slow;                          /* any GET among them runs in a worker */
    uint8_t csrf_key[32];                    /* of forms before a session: derived from their cookie */
    struct server *server;
};

struct sessions *web_sessions(struct web *);
const struct identity *web_identity(struct web *);

/* ---- sign-in (signin.c) ---- */
extern const struct page signin_pages[];
/* The cookie's name: with the __Host- prefix wherever TLS is spoken. */
const char *cookie_name(const struct call *, bool before);
/* Begins a session in place of the call's and hands out its cookie. */
bool call_begin_session(struct call *, const struct session *like);
void call_end_session(struct call *);
/* What a session of this call is bound to. */
struct session_bond call_bond(const struct call *);

/* ---- static files (asset.c) ---- */
/* Compresses what the program carries under ui/; once, before the first thread. */
void assets_start(void);
const char *asset_path(const char *name);
bool asset_answer(struct call *, const char *path);

/* ---- workers (worker.c) ---- */
struct worker_pool *worker_pool_start(unsigned threads, size_t most_waiting, void (*run)(void *));
/* False when too many wait. */
bool workers_give(struct worker_pool *, void *work);
void worker_pool_stop(struct worker_pool *);     /* finishes what waits */

/* ---- the carrier (server.c) ---- */
enum status server_start(struct web *, struct reasons *, struct server **ret) MUST_CHECK;
void server_stop(struct server *);
int server_port(const struct server *, size_t listen);

#endif
