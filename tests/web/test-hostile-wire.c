/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile bytes on the wire: requests in one heap, bodies cut short or longer than announced, two lengths at once, broken chunks, headers
 * of no shape, clients that send or read a byte now and then, hundreds that say nothing. A body that did not come whole is never acted upon,
 * no body is taken for a request, and others are answered in time meanwhile. How often the handler ran is counted.
 */
#include <dirent.h>
#include <errno.h>
#include <stdatomic.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "fake.h"
#include "tap.h"

static struct web *web;
static struct client me;
static atomic_int acted;                     /* how often /act ran */
static size_t acted_len;                     /* of the body it saw last */

static enum status act(const struct request *q, struct answer *a)
{
    const char *text = request_form(q, "text");
    acted++;
    acted_len = text ? strlen(text) : 0;
    a->status = 200;
    buf_adds(a->body, "acted");
    return OK;
}
static const struct page acts[] = {{METHOD_POST, "/act", "", "act", act}, {0}};
static const struct page *const tables[] = {acts, fake_pages, NULL};

static int64_t ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}
static void nap(long milliseconds)
{
    struct timespec t = {milliseconds / 1000, milliseconds % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* A head of /act with the session's cookies and token; `more` are further headers, each with its end. */
static const char *head(const char *more)
{
    static char text[2000];
    int n = snprintf(text, sizeof text, "POST /act HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\nX-CSRF-Token: %s\r\nContent-Type: application/x-www-form-urlencoded\r\nCookie: ", me.csrf);
    for (int i = 0; i < 4; i++)
        if (me.cookies[i][0])
            n += snprintf(text + n, sizeof text - (size_t)n, "%s; ", me.cookies[i]);
    snprintf(text + n, sizeof text - (size_t)n, "a=b\r\n%s\r\n", more);
    return text;
}

/* Sends all of it, says that no more will come, and reads what is answered. */
static struct reply said(const char *bytes, size_t len)
{
    struct reply r = {.text = calloc(1, 1 << 20), .body = ""};
    int fd = client_connect(me.port);
    for (size_t sent = 0; sent < len;) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0)
            break;
        sent += (size_t)n;
    }
    shutdown(fd, SHUT_WR);
    for (ssize_t n; r.len + 1 < 1 << 20 && (n = recv(fd, r.text + r.len, (1 << 20) - 1 - r.len, 0)) > 0;)
        r.len += (size_t)n;
    close(fd);
    if (r.len > 12 && strncmp(r.text, "HTTP/1.", 7) == 0)
        r.status = atoi(r.text + 9);
    return r;
}

static unsigned answers_in(const struct reply *r)
{
    unsigned n = 0;
    for (const char *at = strstr(r->text, "HTTP/1.1 "); at; at = strstr(at + 9, "HTTP/1.1 "))
        n++;
    return n;
}

/* The next good request is answered, and within a second (ten times that under sanitizers is still no hang). */
static bool lives(void)
{
    int64_t from = ms();
    struct reply r = client_get(&me, "/small");
    bool good = r.status == 200 && str_eq(r.body, "small") && ms() - from < 3000;
    reply_free(&r);
    return good;
}

static void test_heap(void)
{
    enum { HEAP = 60 };
    static char text[HEAP * 200];
    size_t n = 0;
    for (int i = 0; i < HEAP; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "GET /small HTTP/1.1\r\nHost: localhost\r\n%s\r\n", i == HEAP - 1 ? "Connection: close\r\n" : "");
    struct reply r = said(text, n);
    is_int(answers_in(&r), HEAP, "sixty requests in one heap get sixty answers");
    reply_free(&r);
    /* A body that looks like a request is a body. */
    const char *inside = "text=GET /big HTTP/1.1%0d%0aHost: localhost%0d%0a%0d%0a";
    char *both = malloc(8000);
    int before = acted;
    n = (size_t)snprintf(both, 8000, "%s%sGET /small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", head("Content-Length: 55\r\n"), inside);
    r = said(both, n);
    ok(strlen(inside) == 55 && answers_in(&r) == 2 && acted == before + 1, "a body that looks like a request is none (%u answers)", answers_in(&r));
    reply_free(&r);
    free(both);
}

/* Bodies that do not come as announced: the handler runs `runs` times more, and no answer but those listed comes. */
static void body(const char *more, const char *bytes, size_t len, int runs, int status, const char *name)
{
    char *all = malloc(len + 4000);
    int before = acted;
    size_t n = (size_t)snprintf(all, 4000, "%s", head(more));
    memcpy(all + n, bytes, len);
    struct reply r = said(all, n + len);
    nap(runs ? 0 : 20);
    ok(acted == before + runs && (r.status == status || (!runs && (r.status == 0 || r.status == 400 || r.status == 413))) && lives(), "%s: %d, acted upon %d times", name, r.status, acted - before);
    reply_free(&r);
    free(all);
}
#define BODY(more, bytes, runs, status, name) body(more, bytes, strlen(bytes), runs, status, name)

static void test_bodies(void)
{
    BODY("Content-Length: 6\r\nConnection: close\r\n", "text=a", 1, 200, "a whole body");
    BODY("Content-Length: 60\r\n", "text=a", 0, 0, "a body cut short");
    BODY("Content-Length: 600000\r\n", "text=a", 0, 0, "a body of which almost nothing comes");
    BODY("Content-Length: 6\r\n", "text=abcdefgh", 1, 200, "a body longer than announced: what is too much is no part of it");
    is_int((int)acted_len, 1, "of the letters, one");
    BODY("Content-Length: 6\r\nContent-Length: 9\r\n", "text=abcd", 0, 400, "two lengths");
    BODY("Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "0\r\n\r\n", 0, 400, "a length and chunks at once");
    BODY("Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n", "6\r\ntext=a\r\n0\r\n\r\n", 0, 400, "two codings");
    BODY("Transfer-Encoding: xchunked\r\n", "6\r\ntext=a\r\n0\r\n\r\n", 0, 400, "an unknown coding");
    BODY("Content-Length: +6\r\n", "text=a", 0, 400, "a length with a sign");
    BODY("Content-Length: 6 6\r\n", "text=a", 0, 400, "a length with a gap");
    BODY("Content-Length: 0x6\r\n", "text=a", 0, 400, "a length in another base");
    BODY("Content-Length : 6\r\n", "text=a", 0, 400, "a header's name with a space");
    BODY("Transfer-Encoding: chunked\r\nConnection: close\r\n", "3\r\ntex\r\n3\r\nt=a\r\n0\r\n\r\n", 1, 200, "chunks");
    BODY("Transfer-Encoding: chunked\r\nConnection: close\r\n", "3;x=y\r\ntex\r\n3\r\nt=a\r\n0\r\nX-After: b\r\n\r\n", 1, 200, "chunks with an extension and a trailer");
    BODY("Transfer-Encoding: chunked\r\n", "6\r\ntext=a\r\n", 0, 0, "chunks without an end");
    BODY("Transfer-Encoding: chunked\r\n", "-6\r\ntext=a\r\n0\r\n\r\n", 0, 400, "a chunk below nothing");
    BODY("Transfer-Encoding: chunked\r\n", "fffffffffffffffff\r\ntext=a\r\n0\r\n\r\n", 0, 400, "a chunk larger than any number");
    BODY("Transfer-Encoding: chunked\r\n", "7fffffffffffffff\r\ntext=a", 0, 413, "a chunk larger than any memory");
    BODY("Transfer-Encoding: chunked\r\n", "6\r\ntext=aXX0\r\n\r\n", 0, 400, "a chunk longer than it says");
    char *many = malloc(200000);
    size_t n = 0;
    for (int i = 0; i < 5; i++)
        n += (size_t)snprintf(many + n, 20, "1\r\n%c\r\n", "text="[i]);
    for (int i = 0; i < 6000; i++)
        n += (size_t)snprintf(many + n, 20, "1\r\na\r\n");
    n += (size_t)snprintf(many + n, 20, "0\r\n\r\n");
    body("Transfer-Encoding: chunked\r\nConnection: close\r\n", many, n, 1, 200, "six thousand chunks of one letter");
    is_int((int)acted_len, 6000, "make one field");
    free(many);
}

static void test_headers(void)
{
    static const struct { const char *text; size_t len; const char *name; } odd[] = {
#define ODD(text, name) {text, sizeof(text) - 1, name}
        ODD("GET /small HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n", "two hosts"),
        ODD("GET /sm all HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "a space in the address"),
        ODD("GET http://evil.example/small HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", "another server's address"),
        ODD("GET  /small HTTP/1.1\r\n\r\n", "no host"),
        ODD("GET /small HTTP/1.1\r\nHost: localhost\r\nX: a\001b\r\nConnection: close\r\n\r\n", "a control character in a header"),
        ODD("GET /small HTTP/1.1\r\nHost: localhost\r\nX(y): a\r\nConnection: close\r\n\r\n", "a header's name that is none"),
        ODD("GET /small HTTP/1.1\r\nHost: localhost\r\nCookie: a=b\r\nCookie: c=d\r\nConnection: close\r\n\r\n", "two lots of cookies"),
        ODD("GET /small\r\n\r\n", "no version"),
        ODD("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "the beginning of HTTP/2"),
        ODD("\x00\x00\x00\x00", "nothing but NUL"),
#undef ODD
    };
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        struct reply r = said(odd[i].text, odd[i].len);
        ok((r.status == 0 || (r.status >= 400 && r.status < 506)) && lives(), "%s: %d", odd[i].name, r.status);
        reply_free(&r);
    }
}

static unsigned descriptors(void)
{
    unsigned n = 0;
    DIR *dir = opendir("/proc/self/fd");
    for (; dir && readdir(dir);)
        n++;
    closedir(dir);
    return n;
}

/* The longest that one of twenty good requests took, in ms; -1: one was not answered. */
static int64_t slowest_of_twenty(void)
{
    int64_t most = 0;
    for (int i = 0; i < 20; i++) {
        int64_t from = ms();
        if (!lives())
            return -1;
        most = ms() - from > most ? ms() - from : most;
    }
    return most;
}

/* Three crowds at once: who connects and says nothing, who dribbles headers, who dribbles a body. */
static void test_crowds(void)
{
    enum { EACH = 150, ALL = 3 * EACH };
    static int fds[ALL];
    unsigned before = descriptors(), gone = 0;
    const char *text = head("Content-Length: 60000\r\n");
    for (int i = 0; i < ALL; i++) {
        fds[i] = client_connect(me.port);
        if (i % 3 == 1)
            send(fds[i], "GET /small HTTP/1.1\r\nHost: localhost\r\n", 38, MSG_NOSIGNAL);
        if (i % 3 == 2)
            send(fds[i], text, strlen(text), MSG_NOSIGNAL);
    }
    int64_t from = ms(), most = 0;
    int acts_before = acted;
    while (ms() - from < 3000) {
        for (int i = 0; i < ALL; i++)
            if (i % 3)
                send(fds[i], i % 3 == 1 ? "X-A: b\r\n" : "x", i % 3 == 1 ? 8 : 1, MSG_NOSIGNAL);
        int64_t took = slowest_of_twenty();
        most = took < 0 ? 100000 : took > most ? took : most;
        nap(100);
    }
    ok(most < 3000, "while %d clients dawdle, others are answered (the slowest in %lld ms)", ALL, (long long)most);
    for (int i = 0; i < ALL; i++) {
        char c[1000];
        ssize_t n;
        while ((n = recv(fds[i], c, sizeof c, MSG_DONTWAIT)) > 0)
            continue;
        gone += n == 0 || errno == ECONNRESET;
        close(fds[i]);
    }
    is_int((int)gone, ALL, "every one of them was closed in its time");
    is_int(acted, acts_before, "and nothing was done for them");
    nap(1200);
    ok(descriptors() <= before + 2, "no descriptor is left over");
}

/* Who asks for megabytes and does not read them holds up nobody and little memory. */
static void test_slow_reader(void)
{
    enum { READERS = 24 };
    int fds[READERS];
    char text[1600];
    int n = snprintf(text, sizeof text, "GET /big HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\nCookie: ");
    for (int i = 0; i < 4; i++)
        if (me.cookies[i][0])
            n += snprintf(text + n, sizeof text - (size_t)n, "%s; ", me.cookies[i]);
    n += snprintf(text + n, sizeof text - (size_t)n, "a=b\r\n\r\n");
    for (int i = 0; i < READERS; i++) {
        int small = 4096;
        fds[i] = client_connect(me.port);
        setsockopt(fds[i], SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
        send(fds[i], text, (size_t)n, MSG_NOSIGNAL);
    }
    nap(200);
    int64_t took = slowest_of_twenty();
    ok(took >= 0 && took < 3000, "%d clients that read nothing of a megabyte hold up nobody (%lld ms)", READERS, (long long)took);
    for (int i = 0; i < READERS; i++)
        close(fds[i]);
    ok(lives(), "and may go as they came");
}

static void limits(struct web_config *config)
{
    config->header_seconds = config->body_seconds = 1;
    config->pages = tables;
    config->threads = 2;
}

int main(void)
{
    struct rlimit files;
    getrlimit(RLIMIT_NOFILE, &files);
    files.rlim_cur = files.rlim_max;
    setrlimit(RLIMIT_NOFILE, &files);
    fake_start();
    web = fake_web(limits);
    if (!ok(web != NULL, "the server starts"))
        return tap_done();
    me = (struct client){.port = web_port(web, 0)};
    ok(client_sign_in(&me, "anna"), "signed in");
    struct reply r = client_get(&me, "/");
    reply_free(&r);
    test_heap();
    test_bodies();
    test_headers();
    test_crowds();
    test_slow_reader();
    web_stop(web);
    is_int(fake.open_readers, 0, "every reader was given back");
    return tap_done();
}
