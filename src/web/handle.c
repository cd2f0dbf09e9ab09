/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From an HTTP call to a request as plain data and back: who asks (cookie or token), in which language, with what body;
 * then the dispatcher; then cookies. It knows no socket and decides no rule of the office.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/text.h"
#include "front/form.h"
#include "web/secret.h"
#include "web/web.h"

enum { BODY_OF_STRANGERS = 64 * 1024 };

moment web_now(const struct web *w) { return w->config.clock ? w->config.clock(w->config.clock_arg) : moment_now(); }
struct sessions *web_sessions(struct web *w) { return w->sessions; }
const struct identity *web_identity(struct web *w) { return &w->identity; }

/* ---- who asks ---------------------------------------------------------------------------------------------------- */

const char *cookie_name(const struct call *c, bool before)
{
    if (c->tls) return before ? "__Host-castellan-before" : "__Host-castellan";
    return before ? "castellan-before" : "castellan";
}

/* The value of a cookie, in the arena; of several with the name, the first. */
static const char *cookie(struct call *c, const char *name)
{
    const char *at = c->headers[HEADER_COOKIE];
    size_t len = strlen(name);
    while (at && *at) {
        while (*at == ' ' || *at == ';') at++;
        size_t pair = strcspn(at, ";");
        if (pair > len && at[len] == '=' && memcmp(at, name, len) == 0) {
            return arena_strndup(c->arena, at + len + 1, pair - len - 1);
        }
        at += pair;
    }
    return NULL;
}

struct session_bond call_bond(const struct call *c)
{
    const char *agent = c->headers[HEADER_USER_AGENT] ? c->headers[HEADER_USER_AGENT] : "";
    struct session_bond bond = {.family = (uint8_t)c->family, .has_certificate = c->has_certificate,
                                .agent = sha256(agent, strlen(agent))};
    memcpy(bond.certificate, c->certificate, sizeof bond.certificate);
    return bond;
}

static void add_cookie(struct call *c, const char *name, const char *value, bool gone)
{
    if (c->n_cookies == 3) return;
    c->cookies[c->n_cookies++] = arena_printf(c->arena, "%s=%s; Path=/; HttpOnly; SameSite=Strict%s%s", name, value,
                                              c->tls ? "; Secure" : "", gone ? "; Max-Age=0" : "");
}

bool call_begin_session(struct call *c, const struct session *like)
{
    char token[SESSION_TOKEN];
    struct session fresh = *like;
    fresh.bond = call_bond(c);
    if (c->in_session) session_end(c->web->sessions, &c->session.key);
    if (!session_begin(c->web->sessions, &fresh, c->request.now, token, &c->session)) return false;
    c->in_session = true;
    add_cookie(c, cookie_name(c, false), token, false);
    wipe(token, sizeof token);
    return true;
}

void call_end_session(struct call *c)
{
    if (c->in_session) session_end(c->web->sessions, &c->session.key);
    c->in_session = false;
    add_cookie(c, cookie_name(c, false), "", true);
}

/* Before there is a session, a form is tied to a random cookie: its CSRF token is a MAC of it. */
static void before_session(struct call *c)
{
    const char *value = cookie(c, cookie_name(c, true));
    if (!value || strlen(value) != 43) {
        uint8_t random[32];
        char *text = arena_alloc(c->arena, 48);
        random_bytes(random, sizeof random);
        base64url_write(random, sizeof random, text);
        value = text;
        if (c->request.method == METHOD_GET) add_cookie(c, cookie_name(c, true), value, false);
    }
    struct hash h = hmac_sha256(c->web->csrf_key, sizeof c->web->csrf_key, value, strlen(value));
    char *csrf = arena_alloc(c->arena, 48);
    base64url_write(h.bytes, sizeof h.bytes, csrf);
    c->request.csrf = csrf;
}

static void find_session(struct call *c, moment now)
{
    const char *token = cookie(c, cookie_name(c, false));
    struct session_bond bond = call_bond(c);
    c->in_session = token && session_find(c->web->sessions, token, &bond, now, &c->session);
}

static const char *bearer_of(const struct call *c)
{
    const char *given = c->headers[HEADER_AUTHORIZATION];
    return given && strncasecmp(given, "Bearer ", 7) == 0 ? given + 7 : NULL;
}

static void open_reader(struct call *c, int64_t account, int64_t appointment)
{
    struct request *q = &c->request;
    const struct identity *id = &c->web->identity;
    struct reasons why;
    reasons_init(&why, c->arena);
    if (id->open(id->arg, account, appointment, q->now, &why, &c->reader) == OK) {
        q->reader = c->reader;
        q->account = account;
    } else {
        c->reader = NULL;
    }
}

static void identify(struct call *c)
{
    struct request *q = &c->request;
    const char *bearer = bearer_of(c);
    q->proved = MOMENT_NONE;
    if (bearer) {
        struct api_token token;
        q->bearer = true;
        q->api = true;
        if (token_check(&c->web->identity, bearer, q->now, c->arena, &token) == OK) {
            open_reader(c, token.account, token.appointment);
        }
        return;
    }
    if (c->in_session) {
        q->lang = c->session.lang;
        q->csrf = c->session.csrf;
        q->proved = c->session.proved;
        if (c->session.stage == STAGE_OPEN) {
            open_reader(c, c->session.account, c->session.appointment);
            if (!c->reader) call_end_session(c);     /* the appointment, the person or the account is not in force */
        }
    }
    if (!c->in_session) before_session(c);
}

/* ---- what is asked ----------------------------------------------------------------------------------------------- */

static bool read_method(const char *text, enum method *ret)
{
    static const struct { const char *text; enum method method; } METHODS[] = {
        {"GET", METHOD_GET}, {"HEAD", METHOD_GET}, {"POST", METHOD_POST}, {"PUT", METHOD_PUT}, {"DELETE", METHOD_DELETE}};
    for (size_t i = 0; i < sizeof METHODS / sizeof *METHODS; i++) {
        if (strcmp(METHODS[i].text, text) == 0) {
            *ret = METHODS[i].method;
            return true;
        }
    }
    return false;
}

static bool media_is(const char *type, const char *want)
{
    size_t len = strlen(want);
    return type && strncasecmp(type, want, len) == 0 && (!type[len] || type[len] == ';' || type[len] == ' ');
}

/* Names that may stand in Host; others mean that a foreign name points here (DNS rebinding). */
static bool host_is_ours(const struct call *c)
{
    const char *host = c->headers[HEADER_HOST];
    if (!host) return false;
    size_t len = host[0] == '[' ? strcspn(host, "]") + 1 : strcspn(host, ":");
    const char *names[8] = {"localhost", "127.0.0.1", "[::1]", c->web->config.host};
    for (size_t i = 0; i < 4; i++) {
        if (names[i] && strlen(names[i]) == len && strncasecmp(names[i], host, len) == 0) return true;
    }
    for (size_t i = 0; i < c->web->config.n_listens; i++) {
        const char *address = c->web->config.listens[i].address;
        if (strlen(address) == len && strncmp(address, host, len) == 0) return true;
    }
    return false;
}

/* A browser says where a request comes from: not from another site, whatever token it brings. */
static bool from_elsewhere(const struct call *c)
{
    const char *site = c->headers[HEADER_FETCH_SITE], *origin = c->headers[HEADER_ORIGIN], *host = c->headers[HEADER_HOST];
    if (c->request.method == METHOD_GET || c->request.bearer) return false;
    if (site && strcmp(site, "same-origin") != 0 && strcmp(site, "none") != 0) return true;
    if (!origin) return false;
    const char *scheme = c->tls ? "https://" : "http://";
    return !str_starts(origin, scheme) || !str_eq(origin + strlen(scheme), host);
}

/* Batches of programs come as they are: whoever takes one unpacks and reads it in a jail. */
static bool is_batch(const char *type)
{
    static const char *const kinds[] = {"text/plain", "application/x-ndjson", "application/octet-stream", "application/gzip", "application/zstd", NULL};
    for (size_t i = 0; kinds[i]; i++)
        if (media_is(type, kinds[i])) return true;
    return false;
}

static enum status read_body(struct call *c, struct reasons *why)
{
    struct request *q = &c->request;
    const char *type = c->headers[HEADER_CONTENT_TYPE];
    if (c->body.len == 0) return OK;
    if (media_is(type, "application/x-www-form-urlencoded")) {
        struct pair *form = NULL;
        enum status status = urlencoded_read(c->arena, c->body.data, c->body.len, (struct form_limits){0}, why, &form, &q->n_form);
        q->form = form;
        return status;
    }
    if (media_is(type, "multipart/form-data")) {
        struct multipart m = {0};
        enum status status = multipart_read(c->arena, type, c->body.data, c->body.len, (struct form_limits){0}, why, &m);
        q->form = m.fields;
        q->n_form = m.n_fields;
        q->uploads = m.uploads;
        q->n_uploads = m.n_uploads;
        return status;
    }
    if (media_is(type, "application/json")) {
        struct val *json = NULL;
        enum status status = json_read(c->arena, c->body.data, c->body.len, (struct json_limits){.bytes = c->limit, .depth = 32}, why, &json);
        q->json = json;
        return status;
    }
    if (q->bearer && str_starts(q->path, "/api/") && is_batch(type)) {
        q->raw = c->body.data;
        q->raw_len = c->body.len;
        return OK;
    }
    reason_add(why, "web.media-type", NULL, T_("A body is taken as a form, multipart form or JSON only."));
    return BAD_INPUT;
}

/* ---- the parts that server.c calls --------------------------------------------------------------------------------- */

/* What tells this request from every other: the change key of its form, so that a form sent twice is one change. */
static const char *fresh_nonce(struct arena *arena)
{
    static _Thread_local struct { uint8_t bytes[32][16]; size_t left; } pool;      /* one call of the kernel for 32 requests */
    char *text = arena_alloc(arena, 2 * sizeof *pool.bytes + 1);
    if (!pool.left) {
        random_bytes(pool.bytes, sizeof pool.bytes);
        pool.left = sizeof pool.bytes / sizeof *pool.bytes;
    }
    uint8_t *bytes = pool.bytes[--pool.left];
    hex_write(bytes, sizeof *pool.bytes, text);
    wipe(bytes, sizeof *pool.bytes);
    return text;
}

static bool begin(struct call *c)
{
    struct request *q = &c->request;
    const char *stop = strchr(c->target, '?');
    size_t path_len = stop ? (size_t)(stop - c->target) : strlen(c->target);
    const char *path = "/";
    *q = (struct request){.arena = c->arena, .office = c->web->config.office, .seal = &c->web->seal, .carrier = c,
                          .now = web_now(c->web), .lang = lang_from(c->headers[HEADER_ACCEPT_LANGUAGE], LANG_EN),
                          .if_none_match = c->headers[HEADER_IF_NONE_MATCH], .csrf_given = c->headers[HEADER_CSRF],
                          .partial = str_eq(c->headers[HEADER_HX_REQUEST], "true"), .path = "/",
                          .nonce = fresh_nonce(c->arena)};
    const char *accept = c->headers[HEADER_ACCEPT];
    q->api = (accept && strncasecmp(accept, "application/json", 16) == 0) || bearer_of(c) ||
             media_is(c->headers[HEADER_CONTENT_TYPE], "application/json");
    if (!read_method(c->method, &q->method)) {
        call_refuse(c, 405, BAD_INPUT, "web.method", T_("This kind of request is not taken."));
        return false;
    }
    if (!host_is_ours(c)) {
        call_refuse(c, 421, BAD_INPUT, "web.host", T_("This server does not go by the name that was asked for."));
        return false;
    }
    if (path_read(c->arena, c->target, path_len, &path) != OK) {
        call_refuse(c, 400, BAD_INPUT, "web.path", T_("This address is not well formed."));
        return false;
    }
    q->path = path;
    q->api = q->api || str_starts(path, "/api/");
    return true;
}

size_t call_body_limit(struct call *c)
{
    const struct web_config *config = &c->web->config;
    struct api_token token;
    moment now = web_now(c->web);
    const char *bearer = bearer_of(c);
    if (bearer) {
        c->known = token_check(&c->web->identity, bearer, now, c->arena, &token) == OK;
    } else {
        find_session(c, now);
        c->known = c->in_session && c->session.stage == STAGE_OPEN;
    }
    if (!c->known) return BODY_OF_STRANGERS;
    const char *type = c->headers[HEADER_CONTENT_TYPE];
    return media_is(type, "multipart/form-data") || (bearer && is_batch(type)) ? config->upload_bytes : config->body_bytes;
}

bool call_is_slow(struct call *c)
{
    if (strcmp(c->method, "GET") != 0 && strcmp(c->method, "HEAD") != 0) return true;
    if (!c->web->some_slow) return false;
    const char *path, *part[8], *stop = strchr(c->target, '?');
    bool other;
    if (path_read(c->arena, c->target, stop ? (size_t)(stop - c->target) : strlen(c->target), &path) != OK) return false;
    const struct page *page = find_page(c->web->pages, METHOD_GET, path, c->arena, part, &other);
    return page && page->slow;
}

void call_refuse(struct call *c, int http_status, enum status status, const char *rule, const char *english)
{
    struct reasons why;
    if (!c->request.arena) {
        c->request = (struct request){.arena = c->arena, .carrier = c, .path = "/", .now = web_now(c->web),
                                      .lang = lang_from(c->headers[HEADER_ACCEPT_LANGUAGE], LANG_EN)};
    }
    c->answer.body = &c->out;
    reasons_init(&why, c->arena);
    reason_add(&why, rule, NULL, english);
    answer_reasons(&c->request, &c->answer, status, &why);
    c->answer.status = http_status;
    c->close = true;
}

static void open_stream(struct call *c)
{
    const char *topics[LIVE_TOPICS];
    size_t n = 0;
    for (size_t i = 0; i < c->request.n_query && n < LIVE_TOPICS; i++) {
        const char *topic = c->request.query[i].value;
        if (str_eq(c->request.query[i].name, "x") && *topic && strlen(topic) < LIVE_TOPIC && !strpbrk(topic, "\r\n*")) topics[n++] = topic;
    }
    bool again = c->headers[HEADER_LAST_EVENT] != NULL;
    c->close = true;                         /* the end of the stream is the end of the connection */
    const char *bearer = bearer_of(c);
    struct api_token token;
    if (c->in_session && !bearer) c->stream = stream_open(c->web->live, &c->session, topics, n, again);
    else if (bearer && c->reader && token_check(&c->web->identity, bearer, c->request.now, c->arena, &token) == OK)
        c->stream = stream_open_token(c->web->live, bearer, token.account, token.appointment, topics, n, again);
    if (!c->stream) {
        c->answer.stream = false;
        call_refuse(c, 429, BUSY, "web.streams", T_("This session has too many live pages open."));
    }
}

void call_handle(struct call *c)
{
    struct reasons why;
    struct request *q = &c->request;
    c->answer = (struct answer){.body = &c->out};
    if (!begin(c)) return;
    if (q->method == METHOD_GET && str_starts(q->path, "/ui/")) {
        if (!asset_answer(c, q->path)) call_refuse(c, 404, ABSENT, "front.absent", T_("There is no such thing, or you may not know of it."));
        c->close = false;
        return;
    }
    if (!c->in_session) find_session(c, q->now);
    identify(c);
    reasons_init(&why, c->arena);
    const char *query = strchr(c->target, '?');
    struct pair *pairs = NULL;
    enum status status = query ? urlencoded_read(c->arena, query + 1, strlen(query + 1), (struct form_limits){.fields = 200, .value_bytes = 4096}, &why, &pairs, &q->n_query) : OK;
    q->query = pairs;
    if (status == OK) status = read_body(c, &why);
    if (status != OK) {
        answer_reasons(q, &c->answer, status, &why);
        return;
    }
    if (from_elsewhere(c)) {
        call_refuse(c, 403, REFUSED, "web.origin", T_("This request comes from another site, so nothing was done."));
        return;
    }
    dispatch(c->web->pages, q, &c->answer);
    if (c->answer.stream) open_stream(c);
}

void call_finish(struct call *c)
{
    const struct identity *id = &c->web->identity;
    if (c->reader) id->close(id->arg, c->reader);
    c->reader = NULL;
    if (c->stream) stream_close(c->stream);
    c->stream = NULL;
}
