/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A request and an answer as plain data, without sockets: what web and cli carry, what tests make by hand. Pages are
 * entries in tables; their right and their label are fields of the entry, checked by the dispatcher.
 */
#ifndef FRONT_FRONT_H
#define FRONT_FRONT_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"
#include "base/words.h"

struct office;
struct reader;

enum method { METHOD_GET, METHOD_POST, METHOD_PUT, METHOD_DELETE };

struct pair { const char *name, *value; };
struct upload { const char *field, *file_name, *media_type; const char *data; size_t len; };

struct request {
    struct arena *arena;                     /* of this request; freed when it ends */
    struct office *office;
    const struct reader *reader;             /* NULL: nobody is signed in */
    moment now;                              /* the only clock a handler knows */
    enum lang lang;
    enum method method;
    const char *path;                        /* decoded, "/incident/INC-2026-7KQ4M2XD0A" */
    const struct pair *query; size_t n_query;
    const struct pair *form; size_t n_form;  /* urlencoded or multipart fields */
    const struct upload *uploads; size_t n_uploads;
    const struct val *json;                  /* body of an API request */
    const char *raw; size_t raw_len;         /* a body in text/plain, lines of JSON, or packed, as it came: for what takes batches */
    const char *if_none_match;               /* sealed ETag or NULL */
    const char *csrf;                        /* the session's token, for forms */
    const char *csrf_given;                  /* of the header X-CSRF-Token; else the dispatcher looks at the form */
    bool bearer;                             /* comes with an API token instead of a cookie: needs no CSRF token */
    const struct seal *seal;                 /* for cursors, ETags and what forms carry; bound to `account` */
    int64_t account;                         /* 0: nobody */
    moment proved;                           /* when the reader last gave a password or key; MOMENT_NONE: by token */
    void *carrier;                           /* what carries the request (web's call); sign-in pages alone look in */
    bool api;                                /* wants JSON */
    bool partial;                            /* htmx wants a fragment */
    const char *part[8];                     /* what the pattern's {name} matched, in order */
    const char *nonce;                       /* unlike every other request's; the change key of its form */
};

struct answer {
    int status;                              /* HTTP status */
    const char *media_type;                  /* default text/html; charset=utf-8 */
    struct buf *body;                        /* handed in; the handler appends */
    struct pair headers[12]; size_t n_headers;
    const char *redirect;                    /* see other */
    const char *etag;
    bool stream;                             /* becomes an event stream: web/live takes over */
    int retry_after;                         /* seconds; 0: not said */
};

const char *request_query(const struct request *, const char *name);     /* NULL when absent; first of several */
const char *request_form(const struct request *, const char *name);
const char *request_part(const struct request *, size_t index);          /* "" when the pattern has fewer */
/* Name and value must live as long as the request. A line break in either is a programmer's error and drops it. */
void answer_header(struct answer *, const char *name, const char *value);
/* 303 to an address of ours; anything else becomes "/". */
void answer_redirect(struct answer *, const char *to);
/* Renders a template with what every page needs added to `data`: lang, now, csrf, path, and what the decorator adds. A request that wants
 * JSON gets `data` with lang and now instead, so every page can be read by a program; times in it are milliseconds since 1970, UTC. */
void answer_page(const struct request *, struct answer *, const char *template_name, struct val *data);
void answer_json(const struct request *, struct answer *, const struct val *);
/* The ETag over what the reader saw, sealed and bound to the account; true when the request already has it: the answer
 * is then 304 and complete. */
bool answer_not_modified(const struct request *, struct answer *, const void *seen, size_t len);
/* What every page shows (banner, duties, reader): added to the data of each page, the error page included. */
void front_decorate(void (*decorate)(const struct request *, struct val *data));

/* A page: one declarative entry. Pattern parts in braces match one path component. */
struct page {
    enum method method;
    const char *pattern;                     /* "/{register}/{number}" */
    const char *right;                       /* needed right; "" any signed-in reader; NULL open to all */
    const char *name;                        /* for help, harness and menu */
    /* OK: the answer is complete. Anything else: the dispatcher words the status; a handler that has reasons of its own
     * calls answer_reasons and returns OK. */
    enum status (*handle)(const struct request *, struct answer *);
    bool slow;                               /* a GET that may take long (export, report): runs in a worker */
    const char *needs_proof;                 /* not NULL: the reader must have given password or key in the last 5 min */
    const char *menu;                        /* of a duty's GET page: T_ words for its link, in the left column, or, where the pattern is
                                                "/REGISTER/{number}/...", on the record's page; NULL: none */
};

/* Finds the entry, checks method, session, CSRF and right, runs the handler. `pages` is a list of tables, each ended by
 * an entry without pattern. Every failure becomes a page (or JSON) with reasons in the reader's language. */
void dispatch(const struct page *const *tables, struct request *, struct answer *);
/* The entry for a path: of several the one with the most literal beginning. NULL when none fits; ret_other says whether
 * one fits with another method. Parts are decoded components, in the arena. */
const struct page *find_page(const struct page *const *tables, enum method, const char *path, struct arena *,
                             const char *part[8], bool *ret_other);
/* The answer for a status with reasons: the one place that words "absent" and refusals. */
void answer_reasons(const struct request *, struct answer *, enum status, const struct reasons *);

/* Templates: ui/templates/NAME.html compiled to C at build time. Renders the named template over a value tree.
 * Escaping is by type and context. */
void render(const char *template_name, const struct val *data, enum lang, struct buf *out);
/* The same with room for what filters make, in the arena that the data lies in. */
void render_in(struct arena *, const char *template_name, const struct val *data, enum lang, struct buf *out);

#endif
