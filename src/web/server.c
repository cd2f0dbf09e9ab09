/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * libmicrohttpd, and nothing but it: listeners, limits, slow clients, TLS, suspending calls that wait, streams, the
 * security headers, the orderly end. What a call means is handle.c's affair (call.h).
 *
 * Life of a call: note_uri (request line) -> take_call (headers; body; end) -> run, here or in a worker while the
 * connection is suspended -> send_answer -> completed. A connection that dawdles in any phase is shut down by the
 * clock thread, since the library's own time-out starts again with every byte.
 */
#include <arpa/inet.h>
#include <assert.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <microhttpd.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "web/web.h"

enum { MOST_LISTENS = 8, KEPT_CALLS = 128, KEPT_BUFFER = 128 * 1024, TICK_MS = 200, SEND_SECONDS = 900,
       DOOR_WORKERS = 4, WAITING_AT_THE_DOOR = 64, WAITING_INSIDE = 4096 };
enum state { CALL_NEW, CALL_BODY, CALL_WORKING, CALL_READY, CALL_SENT };

struct peer {                                /* a connection */
    struct peer *next, **link;
    int fd;
    _Atomic int64_t deadline;                /* monotonic ms; 0: none */
    bool looked; bool has_certificate; uint8_t certificate[32];
};

struct listener { struct MHD_Daemon *daemon; int port; bool tls; struct server *server; };

struct server {
    struct web *web;
    struct listener listeners[MOST_LISTENS];
    size_t n_listeners;
    struct worker_pool *workers, *door;      /* of those who are known, and of strangers: a crowd at the door stops nobody inside */
    pthread_mutex_t lock;                    /* peers and kept calls */
    struct peer *peers;
    struct call *kept;
    size_t n_kept;
    atomic_uint in_flight;
    atomic_bool stopping;
    pthread_t clock;
    bool clock_runs;
};

static int64_t ticks(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* ---- calls are kept ------------------------------------------------------------------------------------------------ */

static void call_free(struct call *c)
{
    arena_free(c->arena);
    buf_free(&c->body);
    buf_free(&c->out);
    free(c);
}

static struct call *call_take(struct server *s)
{
    pthread_mutex_lock(&s->lock);
    struct call *c = s->kept;
    if (c) {
        s->kept = c->next;
        s->n_kept--;
    }
    pthread_mutex_unlock(&s->lock);
    if (c) return c;
    c = calloc(1, sizeof *c);
    if (!c) return NULL;
    c->arena = arena_new(0);
    buf_init(&c->out, (size_t)64 << 20);
    buf_init(&c->body, s->web->config.upload_bytes + 4096);
    if (!c->arena) {
        call_free(c);
        return NULL;
    }
    return c;
}

static void call_give(struct server *s, struct call *c)
{
    struct arena *arena = c->arena;
    struct buf body = c->body, out = c->out;
    arena_on_failure(arena, NULL, NULL);
    arena_clear(arena);
    if (body.cap > KEPT_BUFFER) buf_free(&body);
    if (out.cap > KEPT_BUFFER) buf_free(&out);
    buf_init(&c->body, 0);
    memset(c, 0, sizeof *c);
    c->arena = arena;
    c->body = body;
    c->out = out;
    c->body.max = s->web->config.upload_bytes + 4096;
    c->out.max = (size_t)64 << 20;
    buf_clear(&c->body);
    buf_clear(&c->out);
    pthread_mutex_lock(&s->lock);
    bool keep = s->n_kept < KEPT_CALLS;
    if (keep) {
        c->next = s->kept;
        s->kept = c;
        s->n_kept++;
    }
    pthread_mutex_unlock(&s->lock);
    if (!keep) call_free(c);
}

/* ---- connections --------------------------------------------------------------------------------------------------- */

static void on_connection(void *cls, struct MHD_Connection *connection, void **context, enum MHD_ConnectionNotificationCode code)
{
    struct listener *l = cls;
    struct server *s = l->server;
    if (code == MHD_CONNECTION_NOTIFY_STARTED) {
        struct peer *p = calloc(1, sizeof *p);
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        *context = p;
        if (!p) return;
        p->fd = info ? info->connect_fd : -1;
        p->deadline = ticks() + s->web->config.header_seconds * SECOND;
        pthread_mutex_lock(&s->lock);
        p->next = s->peers;
        p->link = &s->peers;
        if (p->next) p->next->link = &p->next;
        s->peers = p;
        pthread_mutex_unlock(&s->lock);
    } else if (*context) {
        /* The descriptor is closed after this, so the clock thread never shuts down a stranger's. */
        struct peer *p = *context;
        pthread_mutex_lock(&s->lock);
        *p->link = p->next;
        if (p->next) p->next->link = p->link;
        pthread_mutex_unlock(&s->lock);
        free(p);
        *context = NULL;
    }
}

static void set_deadline(struct peer *p, int64_t seconds)
{
    if (p) p->deadline = seconds ? ticks() + seconds * SECOND : 0;
}

static void shut_dawdlers(struct server *s)
{
    int64_t now = ticks();
    pthread_mutex_lock(&s->lock);
    for (struct peer *p = s->peers; p; p = p->next) {
        if (p->deadline && now > p->deadline && p->fd >= 0) {
            shutdown(p->fd, SHUT_RDWR);
            p->deadline = 0;
        }
    }
    pthread_mutex_unlock(&s->lock);
}

static void *clock_thread(void *arg)
{
    struct server *s = arg;
    for (unsigned n = 0; !s->stopping; n++) {
        struct timespec nap = {0, TICK_MS * 1000000};
        nanosleep(&nap, NULL);
        live_tick(s->web->live, web_now(s->web));
        if (n % 5 == 0) shut_dawdlers(s);
    }
    return NULL;
}

/* The fingerprint of a client's certificate that our authorities vouch for, looked at once a connection. */
static void look_at_certificate(struct peer *p, struct MHD_Connection *connection)
{
    p->looked = true;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_GNUTLS_SESSION);
    if (!info || !info->tls_session) return;
    gnutls_session_t session = info->tls_session;
    unsigned status = 0, n = 0;
    if (gnutls_certificate_type_get(session) != GNUTLS_CRT_X509) return;
    const gnutls_datum_t *chain = gnutls_certificate_get_peers(session, &n);
    if (!chain || n == 0 || gnutls_certificate_verify_peers2(session, &status) < 0 || status != 0) return;
    struct hash h = sha256(chain[0].data, chain[0].size);
    memcpy(p->certificate, h.bytes, sizeof p->certificate);
    p->has_certificate = true;
}

static void describe_peer(struct call *c, struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CLIENT_ADDRESS);
    const struct sockaddr *address = info ? info->client_addr : NULL;
    struct peer *p = c->peer;
    if (address && address->sa_family == AF_INET) {
        inet_ntop(AF_INET, &((const struct sockaddr_in *)(const void *)address)->sin_addr, c->address, sizeof c->address);
    } else if (address && address->sa_family == AF_INET6) {
        /* Lock-out counts a /64: one client has all of it. */
        struct in6_addr net = ((const struct sockaddr_in6 *)(const void *)address)->sin6_addr;
        if (!IN6_IS_ADDR_V4MAPPED(&net)) memset(net.s6_addr + 8, 0, 8);
        inet_ntop(AF_INET6, &net, c->address, sizeof c->address);
    }
    c->family = address ? address->sa_family : 0;
    if (c->tls && p) {
        if (!p->looked) look_at_certificate(p, connection);
        c->has_certificate = p->has_certificate;
        memcpy(c->certificate, p->certificate, sizeof c->certificate);
    }
}

/* ---- answering ----------------------------------------------------------------------------------------------------- */

static const struct { const char *name, *value; } SECURITY[] = {
    {"Content-Security-Policy", "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
                                "form-action 'self'; frame-ancestors 'none'; base-uri 'none'"},
    {"Referrer-Policy", "same-origin"},      /* no-referrer would make browsers send "Origin: null" with our own forms */
    {"X-Content-Type-Options", "nosniff"},
    {"Cross-Origin-Opener-Policy", "same-origin"},
    {"Cross-Origin-Resource-Policy", "same-origin"},
};

static void park_stream(void *arg)
{
    struct call *c = arg;
    MHD_suspend_connection(c->connection);
}

static void resume_stream(void *arg)
{
    struct call *c = arg;
    MHD_resume_connection(c->connection);
}

static ssize_t read_stream(void *cls, uint64_t pos, char *out, size_t max)
{
    struct call *c = cls;
    long n = stream_read(c->stream, out, max, park_stream, resume_stream, c);
    return n < 0 ? (ssize_t)MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)n;
}

static struct MHD_Response *make_response(struct call *c)
{
    if (c->stream) return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN, 1024, read_stream, c, NULL);
    bool empty = c->answer.status == 304 || c->answer.status == 303 || c->answer.status == 204;
    const void *body = c->fixed ? c->fixed : c->out.data;
    size_t len = empty ? 0 : c->fixed ? c->fixed_len : c->out.len;
    /* The call outlives the response: its buffer is handed out without a copy. */
    return MHD_create_response_from_buffer(len, len ? (void *)(uintptr_t)body : (void *)(uintptr_t)"", MHD_RESPMEM_PERSISTENT);
}

static void add_headers(struct call *c, struct MHD_Response *r)
{
    const struct answer *a = &c->answer;
    for (size_t i = 0; i < sizeof SECURITY / sizeof *SECURITY; i++) MHD_add_response_header(r, SECURITY[i].name, SECURITY[i].value);
    if (c->tls) MHD_add_response_header(r, "Strict-Transport-Security", "max-age=31536000");
    MHD_add_response_header(r, "Cache-Control", c->cache_control ? c->cache_control : "no-store");
    if (a->status != 303 && a->status != 304) {
        MHD_add_response_header(r, "Content-Type", c->stream ? "text/event-stream" : a->media_type ? a->media_type : "text/html; charset=utf-8");
    }
    if (c->gzip) MHD_add_response_header(r, "Content-Encoding", "gzip");
    if (c->cache_control) MHD_add_response_header(r, "Vary", "Accept-Encoding");
    if (a->redirect) MHD_add_response_header(r, "Location", a->redirect);
    if (a->etag) MHD_add_response_header(r, "ETag", a->etag);
    if (a->retry_after) {
        char seconds[16];
        snprintf(seconds, sizeof seconds, "%d", a->retry_after);
        MHD_add_response_header(r, "Retry-After", seconds);
    }
    for (size_t i = 0; i < a->n_headers; i++) MHD_add_response_header(r, a->headers[i].name, a->headers[i].value);
    for (size_t i = 0; i < c->n_cookies; i++) MHD_add_response_header(r, "Set-Cookie", c->cookies[i]);
    if (c->close) MHD_add_response_header(r, "Connection", "close");
}

static enum MHD_Result send_answer(struct server *s, struct call *c, struct MHD_Connection *connection)
{
    if (s->stopping) c->close = true;
    struct MHD_Response *r = make_response(c);
    if (!r) return MHD_NO;
    add_headers(c, r);
    set_deadline(c->peer, c->stream ? 0 : SEND_SECONDS);
    c->state = CALL_SENT;
    enum MHD_Result result = MHD_queue_response(connection, (unsigned)(c->answer.status ? c->answer.status : 500), r);
    MHD_destroy_response(r);
    return result;
}

/* ---- running ------------------------------------------------------------------------------------------------------- */

static void no_memory(void *arg) { longjmp(*(jmp_buf *)arg, 1); }

static void run(struct call *c)
{
    static const char SORRY[] = "There is not enough memory for this request. Ask for less at a time.\n";
    jmp_buf escape;
    if (setjmp(escape) == 0) {
        arena_on_failure(c->arena, no_memory, &escape);
        call_handle(c);
    } else {
        c->answer = (struct answer){.status = 503, .media_type = "text/plain; charset=utf-8", .retry_after = 5, .body = &c->out};
        c->fixed = SORRY;
        c->fixed_len = sizeof SORRY - 1;
        c->n_cookies = 0;
        c->close = true;
    }
    arena_on_failure(c->arena, NULL, NULL);
    if (c->out.failed) {
        c->fixed = SORRY;
        c->fixed_len = sizeof SORRY - 1;
        c->answer.status = 500;
        c->answer.media_type = "text/plain; charset=utf-8";
    }
}

static void run_in_worker(void *arg)
{
    struct call *c = arg;
    run(c);
    c->state = CALL_READY;
    MHD_resume_connection(c->connection);
}

static void *note_uri(void *cls, const char *uri, struct MHD_Connection *connection)
{
    struct listener *l = cls;
    struct call *c = call_take(l->server);
    if (!c) return NULL;
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    l->server->in_flight++;
    c->web = l->server->web;
    c->tls = l->tls;
    c->connection = connection;
    c->peer = info ? info->socket_context : NULL;
    c->target = strlen(uri) <= 4000 ? arena_strdup(c->arena, uri) : "//";
    set_deadline(c->peer, l->server->web->config.header_seconds);
    return c;
}

static void completed(void *cls, struct MHD_Connection *connection, void **context, enum MHD_RequestTerminationCode code)
{
    struct listener *l = cls;
    struct call *c = *context;
    if (!c) return;
    *context = NULL;
    set_deadline(c->peer, l->server->web->config.idle_seconds);
    call_finish(c);
    call_give(l->server, c);
    l->server->in_flight--;
}

static enum MHD_Result take_header(void *cls, enum MHD_ValueKind kind, const char *name, size_t name_len, const char *value, size_t value_len)
{
    call_header(cls, name, name_len, value, value_len);
    return MHD_YES;
}

static enum MHD_Result take_headers(struct server *s, struct call *c, struct MHD_Connection *connection, const char *method)
{
    static const char *const METHODS[] = {"GET", "HEAD", "POST", "PUT", "DELETE"};
    c->method = "OTHER";
    for (size_t i = 0; i < 5; i++) {
        if (strcmp(METHODS[i], method) == 0) c->method = METHODS[i];
    }
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, take_header, c);
    describe_peer(c, connection);
    c->state = CALL_BODY;
    if (c->bad_headers) {
        call_refuse(c, 400, BAD_INPUT, "web.header", T_("The headers of this request are not well formed."));
        return send_answer(s, c, connection);
    }
    bool bodyless = strcmp(c->method, "GET") == 0 || strcmp(c->method, "HEAD") == 0;
    c->limit = bodyless ? 0 : call_body_limit(c);
    set_deadline(c->peer, s->web->config.body_seconds);
    if (c->has_length && c->length > c->limit) {
        call_refuse(c, 413, TOO_LARGE, "web.body", T_("The body of this request is larger than what is taken here."));
        return send_answer(s, c, connection);
    }
    return MHD_YES;
}

static enum MHD_Result take_call(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                                 const char *version, const char *upload, size_t *upload_len, void **context)
{
    struct listener *l = cls;
    struct server *s = l->server;
    struct call *c = *context;
    if (!c) return MHD_NO;
    switch (c->state) {
    case CALL_NEW: return take_headers(s, c, connection, method);
    case CALL_BODY: break;
    case CALL_READY: return send_answer(s, c, connection);
    default: return MHD_YES;
    }
    if (*upload_len) {
        if (c->body.len + *upload_len > c->limit) c->overflow = true;
        else buf_add(&c->body, upload, *upload_len);
        *upload_len = 0;
        return MHD_YES;
    }
    set_deadline(c->peer, 0);
    if (c->overflow || c->body.failed) {
        call_refuse(c, 413, TOO_LARGE, "web.body", T_("The body of this request is larger than what is taken here."));
        return send_answer(s, c, connection);
    }
    if (call_is_slow(c)) {
        c->state = CALL_WORKING;
        MHD_suspend_connection(connection);
        if (workers_give(c->known ? s->workers : s->door, c)) return MHD_YES;
        call_refuse(c, 503, BUSY, "front.busy", T_("Too much is waiting just now. Nothing was done."));
        c->state = CALL_READY;
        MHD_resume_connection(connection);
        return MHD_YES;
    }
    run(c);
    return send_answer(s, c, connection);
}

/* Addresses stay as they came: handle.c decodes them once, by its own rules. */
static size_t keep_escapes(void *cls, struct MHD_Connection *connection, char *text) { return strlen(text); }

static void library_log(void *arg, const char *format, va_list list)
{
    char line[256];
    vsnprintf(line, sizeof line, format, list);
    log_line(LOG_DEBUG_, "http: %s", line);
}

/* ---- starting and stopping ----------------------------------------------------------------------------------------- */

union address { struct sockaddr any; struct sockaddr_in v4; struct sockaddr_in6 v6; };

static bool read_address(const struct web_listen *listen, union address *ret, bool *ret_loopback)
{
    union address a;
    memset(&a, 0, sizeof a);
    if (inet_pton(AF_INET, listen->address, &a.v4.sin_addr) == 1) {
        a.v4.sin_family = AF_INET;
        a.v4.sin_port = htons((uint16_t)listen->port);
        *ret_loopback = (ntohl(a.v4.sin_addr.s_addr) >> 24) == 127;
    } else if (inet_pton(AF_INET6, listen->address, &a.v6.sin6_addr) == 1) {
        a.v6.sin6_family = AF_INET6;
        a.v6.sin6_port = htons((uint16_t)listen->port);
        *ret_loopback = IN6_IS_ADDR_LOOPBACK(&a.v6.sin6_addr);
    } else {
        return false;
    }
    *ret = a;
    return true;
}

static enum status listen_on(struct server *s, const struct web_listen *listen, struct reasons *why)
{
    const struct web_config *config = &s->web->config;
    struct listener *l = &s->listeners[s->n_listeners];
    union address address;
    bool loopback;
    if (!read_address(listen, &address, &loopback)) {
        reason_add(why, "web.address", listen->address, T_("An address to listen on is written as numbers, such as 127.0.0.1 or ::1."));
        return BAD_INPUT;
    }
    bool tls = listen->certificate && listen->key;
    if (!tls && !loopback) {
        struct reason *reason = reason_add(why, "web.tls", listen->address, T_("Every address but loopback needs TLS: certificate and key are missing."));
        reason_next(why, reason, T_("Name a certificate and its key, or listen on 127.0.0.1."));
        return REFUSED;
    }
    *l = (struct listener){.tls = tls, .server = s};
    struct MHD_OptionItem options[24];
    size_t n = 0;
#define OPTION(option, number, pointer) options[n++] = (struct MHD_OptionItem){option, (intptr_t)(number), (void *)(uintptr_t)(pointer)}
    OPTION(MHD_OPTION_SOCK_ADDR, 0, &address);
    OPTION(MHD_OPTION_THREAD_POOL_SIZE, config->threads, NULL);
    OPTION(MHD_OPTION_CONNECTION_LIMIT, config->connections, NULL);
    OPTION(MHD_OPTION_PER_IP_CONNECTION_LIMIT, config->per_address, NULL);
    OPTION(MHD_OPTION_CONNECTION_TIMEOUT, config->idle_seconds, NULL);
    OPTION(MHD_OPTION_CONNECTION_MEMORY_LIMIT, config->header_bytes, NULL);
    OPTION(MHD_OPTION_STRICT_FOR_CLIENT, 1, NULL);
    OPTION(MHD_OPTION_NOTIFY_COMPLETED, (intptr_t)completed, l);
    OPTION(MHD_OPTION_NOTIFY_CONNECTION, (intptr_t)on_connection, l);
    OPTION(MHD_OPTION_URI_LOG_CALLBACK, (intptr_t)note_uri, l);
    OPTION(MHD_OPTION_UNESCAPE_CALLBACK, (intptr_t)keep_escapes, NULL);
    OPTION(MHD_OPTION_LISTEN_BACKLOG_SIZE, 1024, NULL);
    OPTION(MHD_OPTION_SIGPIPE_HANDLED_BY_APP, 1, NULL);
    if (tls) {
        OPTION(MHD_OPTION_HTTPS_MEM_CERT, 0, listen->certificate);
        OPTION(MHD_OPTION_HTTPS_MEM_KEY, 0, listen->key);
        OPTION(MHD_OPTION_HTTPS_PRIORITIES, 0, "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-128-CBC:-AES-256-CBC:%SERVER_PRECEDENCE");
        if (listen->client_ca) OPTION(MHD_OPTION_HTTPS_MEM_TRUST, 0, listen->client_ca);
    }
    OPTION(MHD_OPTION_END, 0, NULL);
#undef OPTION
    unsigned flags = MHD_USE_EPOLL_INTERNAL_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG | (tls ? MHD_USE_TLS : 0) |
                     (address.any.sa_family == AF_INET6 ? MHD_USE_IPv6 : 0);
    l->daemon = MHD_start_daemon(flags, 0, NULL, NULL, take_call, l, MHD_OPTION_EXTERNAL_LOGGER, library_log, NULL,
                                 MHD_OPTION_ARRAY, options, MHD_OPTION_END);
    if (!l->daemon) {
        reason_add(why, "web.listen", listen->address, T_("This address cannot be listened on; it may be in use, or the certificate does not fit its key."));
        return FAILED_IO;
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(l->daemon, MHD_DAEMON_INFO_BIND_PORT);
    l->port = info ? info->port : listen->port;
    s->n_listeners++;
    return OK;
}

int server_port(const struct server *s, size_t listen) { return listen < s->n_listeners ? s->listeners[listen].port : 0; }

enum status server_start(struct web *web, struct reasons *why, struct server **ret)
{
    struct server *s = calloc(1, sizeof *s);
    if (!s) return NO_MEMORY;
    s->web = web;
    signal(SIGPIPE, SIG_IGN);
    pthread_mutex_init(&s->lock, NULL);
    s->workers = worker_pool_start(web->config.workers, WAITING_INSIDE, run_in_worker);
    s->door = worker_pool_start(DOOR_WORKERS, WAITING_AT_THE_DOOR, run_in_worker);
    enum status status = s->workers && s->door ? OK : NO_MEMORY;
    if (web->config.n_listens == 0 || web->config.n_listens > MOST_LISTENS) status = BAD_INPUT;
    for (size_t i = 0; status == OK && i < web->config.n_listens; i++) status = listen_on(s, &web->config.listens[i], why);
    if (status == OK && pthread_create(&s->clock, NULL, clock_thread, s) != 0) status = NO_MEMORY;
    else s->clock_runs = status == OK;
    if (status != OK) {
        server_stop(s);
        return status;
    }
    *ret = s;
    return OK;
}

static void wait_for_answers(struct server *s, int most_ms)
{
    for (int64_t end = ticks() + most_ms; s->in_flight && ticks() < end;) {
        struct timespec nap = {0, 2 * 1000000};
        nanosleep(&nap, NULL);
    }
}

void server_stop(struct server *s)
{
    if (!s) return;
    int sockets[MOST_LISTENS];
    s->stopping = true;
    if (s->web->live) live_end(s->web->live);
    for (size_t i = 0; i < s->n_listeners; i++) sockets[i] = MHD_quiesce_daemon(s->listeners[i].daemon);
    wait_for_answers(s, 1500);
    if (s->clock_runs) pthread_join(s->clock, NULL);
    worker_pool_stop(s->door);
    worker_pool_stop(s->workers);                /* resumes every connection that is suspended for work */
    wait_for_answers(s, 200);
    for (size_t i = 0; i < s->n_listeners; i++) {
        MHD_stop_daemon(s->listeners[i].daemon);
        if (sockets[i] != MHD_INVALID_SOCKET) close(sockets[i]);
    }
    while (s->kept) {
        struct call *c = s->kept;
        s->kept = c->next;
        call_free(c);
    }
    pthread_mutex_destroy(&s->lock);
    free(s);
}
