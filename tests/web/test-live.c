/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Live updates: a stream hears of what its reader may read and its page shows, and of nothing else, not even by its ids
 * or heartbeats; it ends when the session or the appointment does; a client that comes back is told once to look again.
 * Then 300 streams at once, and how much memory they take.
 */
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "fake.h"
#include "tap.h"

static struct web *web;

static void nap(int ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000L};
    nanosleep(&t, NULL);
}

static int open_stream(struct client *c, const char *query, const char *header)
{
    char text[1500];
    size_t n = (size_t)snprintf(text, sizeof text, "GET /live%s HTTP/1.1\r\nHost: localhost\r\nUser-Agent: test\r\n%sCookie: ", query, header);
    for (int i = 0; i < 4; i++) {
        if (c->cookies[i][0]) n += (size_t)snprintf(text + n, sizeof text - n, "%s; ", c->cookies[i]);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "\r\n\r\n");
    int fd = client_connect(c->port);
    send(fd, text, n, MSG_NOSIGNAL);
    return fd;
}

/* What has arrived within so many ms; -1 at the end of the stream. */
static long heard(int fd, char *out, size_t cap, int ms)
{
    size_t n = 0;
    bool ended = false;
    for (int t = 0; t < ms && !ended; t += 20) {
        ssize_t got;
        while ((got = recv(fd, out + n, cap - n - 1, MSG_DONTWAIT)) > 0) n += (size_t)got;
        ended = got == 0;
        if (!ended && ms > 20) nap(20);
    }
    out[n] = '\0';
    return ended ? -1 : (long)n;
}

static char text[65536];

static void test_streams(void)
{
    struct client anna = {.port = web_port(web, 0)}, bert = anna;
    ok(client_sign_in(&anna, "anna") && client_sign_in(&bert, "bert"), "two persons are signed in");
    int a = open_stream(&anna, "?x=INC-2026-0000000064&x=desk", ""), b = open_stream(&bert, "?x=INC-2026-0000000064", "");
    long n = heard(a, text, sizeof text, 500);
    ok(n > 0 && strstr(text, "200 OK") && strstr(text, "text/event-stream") && strstr(text, "retry: 3000"), "a stream opens");
    ok(!strstr(text, "event: look"), "and says nothing yet");
    heard(b, text, sizeof text, 100);
    /* Anna may read guards with even numbers; the record 196 has the number 0000000064. */
    struct touched hidden = {.id = 196, .before = 1, .after = 3}, visible = {.id = 196, .before = 1, .after = 2}, other = {.id = 7, .before = 2, .after = 2};
    web_changed(web, &hidden, 1);
    heard(a, text, sizeof text, 700);
    ok(!strstr(text, "data"), "a hidden change is not told");
    heard(b, text, sizeof text, 300);
    ok(strstr(text, "id: 1\n") && strstr(text, "data: INC-2026-0000000064\n"), "but to somebody who may read it");
    web_changed(web, &other, 1);
    heard(a, text, sizeof text, 700);
    ok(strstr(text, "id: 1\n") && strstr(text, "data: desk\n") && !strstr(text, "INC-"), "another record is told under the topics that it concerns, counted alone");
    web_changed(web, &visible, 1);
    heard(a, text, sizeof text, 700);
    ok(strstr(text, "id: 2\n") && strstr(text, "id: 3\n") && strstr(text, "data: INC-2026-0000000064\n"), "a change that became readable is told");
    for (int i = 0; i < 5000; i++) web_changed(web, &hidden, 1);
    fake.now += 20 * SECOND;
    heard(a, text, sizeof text, 800);
    ok(strstr(text, "\r\n:\n\n") || strstr(text, ":\n\n"), "a heartbeat follows the clock");
    ok(!strstr(text, "event"), "and 5,000 hidden changes say nothing");
    int back = open_stream(&anna, "?x=desk", "Last-Event-ID: 99\r\n");
    heard(back, text, sizeof text, 500);
    ok(strstr(text, "id: 1\nevent: look\ndata: *\n"), "an unknown last id gets one look again");
    close(back);
    int many[8], ended = 0;
    for (int i = 0; i < 8; i++) {
        many[i] = open_stream(&anna, "?x=desk", "");
        heard(many[i], text, sizeof text, 100);
    }
    ok(heard(a, text, sizeof text, 500) == -1, "a session has a limit of streams: the oldest ends for a new one");
    for (int i = 0; i < 8; i++) ended += heard(many[i], text, sizeof text, 20) == -1;
    is_int(ended, 2, "so that the newest six stay open");
    for (int i = 0; i < 8; i++) close(many[i]);
    close(a);
    a = open_stream(&anna, "?x=desk", "");
    heard(a, text, sizeof text, 500);
    fake.ended[1] = true;
    web_changed(web, &visible, 1);
    n = heard(a, text, sizeof text, 900);
    ok(n == -1 && !strstr(text, "data"), "an ended appointment counts in an open stream, too");
    fake.ended[1] = false;
    struct reply r = client_get(&bert, "/");
    reply_free(&r);
    r = client_post(&bert, "/sign-out", "");
    reply_free(&r);
    web_changed(web, &visible, 1);
    n = heard(b, text, sizeof text, 900);
    ok(n == -1, "signing out ends the stream");
    close(a);
    close(b);
    int nobody = open_stream(&bert, "?x=desk", "");
    heard(nobody, text, sizeof text, 200);
    ok(strstr(text, " 303 ") || strstr(text, " 401 "), "without a session there is none");
    close(nobody);
}

static void test_many(void)
{
    enum { CLIENTS = 300 };
    static int fds[CLIENTS];
    struct client bert = {.port = web_port(web, 0)};
    ok(client_sign_in(&bert, "bert"), "signed in");
    for (int i = 0; i < CLIENTS; i++) fds[i] = open_stream(&bert, "?x=INC-2026-0000000064&x=desk&x=incident", "");
    nap(1000);
    struct touched visible = {.id = 196, .before = 2, .after = 2};
    web_changed(web, &visible, 1);
    nap(1200);
    int told = 0;
    for (int i = 0; i < CLIENTS; i++) {
        heard(fds[i], text, sizeof text, 20);
        told += strstr(text, "data: INC-") && strstr(text, "data: incident");
    }
    is_int(told, CLIENTS, "300 streams hear it");
    struct timespec from, to;
    clock_gettime(CLOCK_MONOTONIC, &from);
    web_stop(web);
    clock_gettime(CLOCK_MONOTONIC, &to);
    long ms = (to.tv_sec - from.tv_sec) * 1000 + (to.tv_nsec - from.tv_nsec) / 1000000;
    ok(ms <= 2000, "stopping with 300 open streams took %ld ms", ms);
    int ended = 0;
    for (int i = 0; i < CLIENTS; i++) {
        ended += heard(fds[i], text, sizeof text, 20) == -1;
        close(fds[i]);
    }
    is_int(ended, CLIENTS, "all of them are ended in order");
}

static void many_streams(struct web_config *config) { config->streams_a_session = 6; }
static void more_streams(struct web_config *config) { config->streams_a_session = 1000; }

int main(void)
{
    fake_start();
    web = fake_web(many_streams);
    test_streams();
    web_stop(web);
    web = fake_web(more_streams);
    test_many();
    is_int(fake.open_readers, 0, "every reader was given back");
    return tap_done();
}
