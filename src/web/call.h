/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One HTTP exchange between server.c, which knows libmicrohttpd, and handle.c, which knows requests, sessions and pages.
 * Neither knows the other's half. Calls are kept and used again, with their arena and buffers.
 */
#ifndef WEB_CALL_H
#define WEB_CALL_H

#include "front/front.h"
#include "web/session.h"

struct web;
struct stream;

enum header { HEADER_HOST, HEADER_COOKIE, HEADER_AUTHORIZATION, HEADER_CONTENT_TYPE, HEADER_ACCEPT, HEADER_ACCEPT_LANGUAGE,
              HEADER_USER_AGENT, HEADER_IF_NONE_MATCH, HEADER_CSRF, HEADER_ORIGIN, HEADER_FETCH_SITE, HEADER_ACCEPT_ENCODING,
              HEADER_HX_REQUEST, HEADER_LAST_EVENT, HEADER_COUNT };

struct call {
    struct web *web;
    struct arena *arena;
    struct buf body, out;
    /* in */
    const char *method;
    const char *target;                      /* raw, with query */
    const char *headers[HEADER_COUNT];       /* NULL: not sent */
    bool has_length, chunked; uint64_t length;
    bool bad_headers;                        /* what two readers could understand in two ways: refused */
    bool tls;
    int family;
    char address[64];
    bool has_certificate; uint8_t certificate[32];
    /* between */
    struct session session; bool in_session;
    bool known;                              /* an open session or a token: not a stranger at the door */
    const struct page *page;
    struct request request;
    const struct reader *reader;
    /* out */
    struct answer answer;
    const char *cookies[3]; size_t n_cookies;
    const void *fixed; size_t fixed_len;     /* a static body instead of `out` */
    const char *cache_control;               /* NULL: no-store */
    bool gzip;
    struct stream *stream;
    bool close;
    /* server.c's */
    void *connection, *peer;
    void *escape;                            /* where to go when the arena is exhausted */
    int state;
    bool overflow;
    size_t limit;
    struct call *next;
};

/* One header as it came, not ended by NUL but for the value; `value` lives as long as the call. */
void call_header(struct call *, const char *name, size_t name_len, const char *value, size_t value_len);
/* Called when the headers are there: how many bytes of body are taken. Sets `known`. */
size_t call_body_limit(struct call *);
/* Whether the call may wait or take long, so that it is to run in a worker. */
bool call_is_slow(struct call *);
/* From the whole request to the whole answer. */
void call_handle(struct call *);
/* After the answer went out. */
void call_finish(struct call *);
/* An answer in words without any handler: too large, too late, stopping. */
void call_refuse(struct call *, int http_status, enum status, const char *rule, const char *english);

#endif
