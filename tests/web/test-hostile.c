/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile and broken clients: traversal, oversized headers and bodies, malformed forms and JSON, slow requests, too many
 * connections, strange methods and hosts. After each the server still answers, in words; and it stops in time with
 * every request answered.
 */
#include <pthread.h>
#include <time.h>
#include <unistd.h>
#include <sys/socket.h>

#include "base/text.h"
#include "fake.h"
#include "tap.h"

static struct web *web;
static struct client me;

static int64_t ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static struct reply raw(const char *format, ...) __attribute__((format(printf, 1, 2)));
static struct reply raw(const char *format, ...)
{
    static char text[200000];
    va_list list;
    va_start(list, format);
    int n = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    return client_raw(me.port, text, (size_t)n);
}

static void alive(const char *after)
{
    struct reply r = client_get(&me, "/small");
    ok(r.status == 200 && str_eq(r.body, "small"), "the server answers after %s", after);
    reply_free(&r);
}

#define HEAD "Host: localhost\r\nUser-Agent: test\r\nConnection: close\r\n"

static void test_paths(void)
{
    static const char *const PATHS[] = {"/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/ui/../../etc/passwd", "/ui/%2e%2e%2fx", "/a//b", "/a%00b", "/a%2fb",
                                        "/a%5c..%5cb", "/%ff", "/%", "/ui/0000000000000000/office.css", "/ui/", "/small/../small"};
    for (size_t i = 0; i < sizeof PATHS / sizeof *PATHS; i++) {
        struct reply r = raw("GET %s HTTP/1.1\r\n" HEAD "%s\r\n", PATHS[i], "");
        ok((r.status == 400 || r.status == 404) && !strstr(r.body, "root:"), "%s is refused with %d", PATHS[i], r.status);
        reply_free(&r);
    }
    alive("paths that climb");
}

static void test_requests(void)
{
    static const char *const ODD[] = {"TRACE /small HTTP/1.1\r\n" HEAD "\r\n", "BREW /small HTTP/1.1\r\n" HEAD "\r\n", "GET /small HTTP/9.9\r\n" HEAD "\r\n", "GET\r\n\r\n", "\r\n\r\n\r\n",
        "GET /small HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "GET /small HTTP/1.1\r\nConnection: close\r\n\r\n",
        "GET /small HTTP/1.1\r\n" HEAD "Content-Length: x\r\n\r\n", "POST /sign-in HTTP/1.1\r\n" HEAD "Content-Length: -1\r\n\r\n",
        "POST /sign-in HTTP/1.1\r\n" HEAD "Content-Length: 99999999999999999999999\r\n\r\n", "POST /sign-in HTTP/1.1\r\n" HEAD "Transfer-Encoding: chunked\r\n\r\nZZ\r\n",
        "GET /small?a=%zz HTTP/1.1\r\n" HEAD "\r\n", "\x16\x03\x01\x02\x01", "GET /small HTTP/1.1\r\n" HEAD "Bad Header\r\n\r\n"};
    for (size_t i = 0; i < sizeof ODD / sizeof *ODD; i++) {
        char line[24] = "";
        struct reply r = {0};
        int fd = client_connect(me.port);
        ok(fd >= 0, "connected");
        close(fd);
        if (ODD[i][0] == '\r' || ODD[i][0] == 0x16) {            /* no whole request: closed by us */
            fd = client_connect(me.port);
            ok(send(fd, ODD[i], strlen(ODD[i]), MSG_NOSIGNAL) > 0, "half a request");
            close(fd);
            continue;
        }
        r = client_raw(me.port, ODD[i], strlen(ODD[i]));
        snprintf(line, sizeof line, "%.*s", (int)strcspn(ODD[i], "\r"), ODD[i]);
        ok(r.status == 0 || r.status >= 400, "odd request %zu (%s) gets %d", i, line, r.status);
        reply_free(&r);
    }
    alive("odd requests");
}

static void test_sizes(void)
{
    static char long_text[100001];
    memset(long_text, 'a', sizeof long_text - 1);
    struct reply r = raw("GET /small HTTP/1.1\r\n" HEAD "X-Long: %s%s\r\n\r\n", long_text, "");
    ok(r.status == 431 || r.status == 413 || r.status == 400, "a header of 100 KB gets %d", r.status);
    reply_free(&r);
    r = raw("GET /%s HTTP/1.1\r\n" HEAD "%s\r\n", long_text, "");
    ok(r.status == 414 || r.status == 400 || r.status == 431, "an address of 100 KB gets %d", r.status);
    reply_free(&r);
    r = raw("POST /sign-in HTTP/1.1\r\n" HEAD "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 100000\r\n\r\n%s%s", long_text, "");
    ok(r.status == 413, "a stranger's body of 100 KB gets %d", r.status);
    reply_free(&r);
    r = raw("POST /sign-in HTTP/1.1\r\n" HEAD "Content-Type: application/x-www-form-urlencoded\r\nTransfer-Encoding: chunked\r\n\r\n186a0\r\n%s\r\n0\r\n\r\n%s", long_text, "");
    ok(r.status == 413, "also in chunks: %d", r.status);
    reply_free(&r);
    char *many = malloc(70000);
    size_t n = 0;
    while (n < 60000) n += (size_t)sprintf(many + n, "a=1&");
    r = raw("POST /sign-in HTTP/1.1\r\n" HEAD "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 60000\r\n\r\n%.60000s%s", many, "");
    ok(r.status == 413, "15,000 fields get %d", r.status);
    reply_free(&r);
    free(many);
    alive("large requests");
}

static const char *cookie_header(void)
{
    static char text[800];
    size_t n = 0;
    for (int i = 0; i < 4; i++) {
        if (me.cookies[i][0]) n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", n ? "; " : "", me.cookies[i]);
    }
    return text;
}

static void test_bodies(void)
{
    struct reply r = client_get(&me, "/");
    reply_free(&r);
    static const struct { const char *type, *body; int status; } BODIES[] = {
        {"application/json", "{\"a\":1}", 200}, {"application/json", "{\"a\":", 400}, {"application/json", "{\"a\":1,\"a\":2}", 400}, {"application/json", "\xff", 400},
        {"application/json", "[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[1]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]",400}, {"application/json", "1e999", 200},
        {"multipart/form-data; boundary=XX", "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n--XX--", 200},
        {"multipart/form-data; boundary=XX", "--XX\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n", 400}, {"multipart/form-data", "--XX--", 400},
        {"application/x-www-form-urlencoded", "a=%", 400}, {"application/x-www-form-urlencoded", "a=%ff", 400}, {"text/plain", "a", 400}, {"application/xml", "<a/>", 400}};
    for (size_t i = 0; i < sizeof BODIES / sizeof *BODIES; i++) {
        char text[2000];
        int n = snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\n" HEAD "Cookie: %s\r\nX-CSRF-Token: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n\r\n%s", cookie_header(), me.csrf,
                         BODIES[i].type, strlen(BODIES[i].body), BODIES[i].body);
        r = client_raw(me.port, text, (size_t)n);
        ok(r.status == BODIES[i].status, "body %zu (%s) gets %d", i, BODIES[i].type, r.status);
        reply_free(&r);
    }
    alive("malformed bodies");
}

static void test_memory(void)
{
    struct reply r = client_get(&me, "/hungry");
    ok(r.status == 503 && strstr(r.body, "not enough memory"), "a request that needs too much memory gets %d and words", r.status);
    reply_free(&r);
    r = client_get(&me, "/big");
    ok(r.status == 200 && r.len > 1000000, "a large answer comes whole");
    reply_free(&r);
    char value[100];
    r = client_get(&me, "/etag");
    ok(reply_header(&r, "ETag", value, sizeof value) && value[0] == '"', "an ETag is sent");
    reply_free(&r);
    r = raw("GET /etag HTTP/1.1\r\n" HEAD "Cookie: %s\r\nIf-None-Match: %s\r\n\r\n", cookie_header(), value);
    ok(r.status == 304 && !*r.body, "and understood");
    reply_free(&r);
    r = raw("HEAD /small HTTP/1.1\r\n" HEAD "%s%s\r\n", "", "");
    ok(r.status == 200 && !*r.body, "HEAD has no body");
    reply_free(&r);
    alive("hunger");
}

/* Sends a byte now and then; how long the server bears it. */
static int64_t dawdle(const char *start, bool body)
{
    int fd = client_connect(me.port);
    int64_t from = ms();
    char c;
    send(fd, start, strlen(start), MSG_NOSIGNAL);
    while (ms() - from < 8000) {
        struct timespec nap = {0, 100000000};
        nanosleep(&nap, NULL);
        if (send(fd, body ? "x" : "X-A: b\r\n", body ? 1 : 8, MSG_NOSIGNAL) < 0) break;
        if (recv(fd, &c, 1, MSG_DONTWAIT) == 0) break;
    }
    close(fd);
    return ms() - from;
}

static void test_slow(void)
{
    int64_t took = dawdle("GET /small HTTP/1.1\r\n", false);
    ok(took >= 800 && took < 4500, "headers that never end: closed after %lld ms", (long long)took);
    took = dawdle("POST /sign-in HTTP/1.1\r\n" HEAD "Content-Length: 60000\r\n\r\n", true);
    ok(took >= 800 && took < 4500, "a body that never ends: closed after %lld ms", (long long)took);
    int fds[40];
    for (int i = 0; i < 40; i++) {
        fds[i] = client_connect(me.port);
        send(fds[i], "GET /small HTTP/1.1\r\n", 21, MSG_NOSIGNAL);
    }
    alive("40 slow clients");
    for (int i = 0; i < 40; i++) close(fds[i]);
}

static void test_crowd(void)
{
    enum { CROWD = 150 };
    int fds[CROWD], refused = 0;
    for (int i = 0; i < CROWD; i++) fds[i] = client_connect(me.port);
    struct timespec nap = {0, 300000000};
    nanosleep(&nap, NULL);
    for (int i = 0; i < CROWD; i++) {
        char c;
        refused += fds[i] < 0 || recv(fds[i], &c, 1, MSG_DONTWAIT) == 0;
    }
    ok(refused >= CROWD - 101, "connections beyond the limit of an address are closed (%d of %d)", refused, CROWD);
    for (int i = 0; i < CROWD; i++) close(fds[i]);
    nanosleep(&nap, NULL);
    alive("a crowd");
}

static void *slow_request(void *arg)
{
    struct client c = {.port = me.port};
    struct reply r = client_get(&c, "/slow");
    *(int *)arg = r.status == 200 && str_eq(r.body, "slow but sure");
    reply_free(&r);
    return NULL;
}

static void test_stop(void)
{
    enum { THREADS = 4 };
    pthread_t threads[THREADS];
    int answered[THREADS] = {0}, count = 0;
    for (int i = 0; i < THREADS; i++) pthread_create(&threads[i], NULL, slow_request, &answered[i]);
    int idle = client_connect(me.port);
    struct timespec nap = {0, 150000000};
    nanosleep(&nap, NULL);
    int64_t from = ms();
    web_stop(web);
    int64_t took = ms() - from;
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        count += answered[i];
    }
    close(idle);
    is_int(count, THREADS, "every request in flight is answered while stopping");
    ok(took <= 2000, "stopping took %lld ms", (long long)took);
}

static void small_limits(struct web_config *config)
{
    config->header_seconds = 1;
    config->body_seconds = 1;
    config->per_address = 100;
    config->threads = 2;
}

static void test_refused_start(struct arena *arena)
{
    struct web_listen listen = {.address = "0.0.0.0"};
    struct web_config config = {.listens = &listen, .n_listens = 1, .identity = fake_identity(), .clock = fake_clock};
    struct reasons why;
    struct web *none = NULL;
    reasons_init(&why, arena);
    ok(web_start(&config, &why, &none) == REFUSED && !none && strstr(reasons_text(&why, LANG_EN), "needs TLS"), "no plain HTTP but on loopback");
    listen.address = "example.org";
    reasons_init(&why, arena);
    ok(web_start(&config, &why, &none) == BAD_INPUT, "an address is written as numbers");
    listen = (struct web_listen){.address = "127.0.0.1", .port = me.port};
    reasons_init(&why, arena);
    ok(web_start(&config, &why, &none) == FAILED_IO && why.count, "an address in use is a fault with words");
}

int main(void)
{
    struct arena *arena = arena_new(0);
    fake_start();
    web = fake_web(small_limits);
    if (!ok(web != NULL, "the server starts")) return tap_done();
    me = (struct client){.port = web_port(web, 0)};
    ok(client_sign_in(&me, "anna"), "signed in");
    test_paths();
    test_requests();
    test_sizes();
    test_bodies();
    test_memory();
    test_slow();
    test_crowd();
    test_refused_start(arena);
    test_stop();
    is_int(fake.open_readers, 0, "every reader was given back");
    arena_free(arena);
    return tap_done();
}
