/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small SMTP server for tests: one thread of the test's own program on loopback, in clear and with STARTTLS or TLS where `keys` is set.
 * Included by the one file of a test program that uses it.
 */
#ifndef TESTS_WIRE_SMTP_H
#define TESTS_WIRE_SMTP_H

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum tls_mode { CLEAR, STARTTLS, TLS };
struct server {
    int listener, fd;
    int port;
    enum tls_mode mode;
    bool secure;
    const char *refuse;                      /* answer to RCPT, NULL takes it */
    bool drop;                               /* closes after DATA */
    gnutls_session_t session;
    gnutls_certificate_credentials_t keys;
    char from[300], to[300], auth[300], message[70000];
    size_t len;
    int mails;
    _Atomic bool secured;
};
static gnutls_certificate_credentials_t keys;

/* ---- the server ---- */

static ssize_t server_read(struct server *s, char *out, size_t len)
{
    return s->secure ? gnutls_record_recv(s->session, out, len) : recv(s->fd, out, len, 0);
}

static void answer(struct server *s, const char *text)
{
    size_t len = strlen(text);
    if (s->secure)
        gnutls_record_send(s->session, text, len);
    else if (send(s->fd, text, len, MSG_NOSIGNAL) < 0)
        printf("# the client is gone\n");
}

static bool server_line(struct server *s, char *line, size_t cap)
{
    for (size_t n = 0; n + 1 < cap; n++) {
        if (server_read(s, line + n, 1) != 1)
            return false;
        line[n + 1] = 0;
        if (line[n] == '\n')
            return true;
    }
    return false;
}

static bool secure(struct server *s)
{
    gnutls_init(&s->session, GNUTLS_SERVER);
    gnutls_set_default_priority(s->session);
    gnutls_credentials_set(s->session, GNUTLS_CRD_CERTIFICATE, keys);
    gnutls_transport_set_int(s->session, s->fd);
    s->secure = true;
    int got;
    do
        got = gnutls_handshake(s->session);
    while (got < 0 && !gnutls_error_is_fatal(got));
    s->secured = got == 0;
    return got == 0;
}

static bool take_data(struct server *s)
{
    char line[2000];
    answer(s, "354 go on\r\n");
    s->len = 0;
    while (server_line(s, line, sizeof line)) {
        if (!strcmp(line, ".\r\n"))
            return true;
        const char *text = line[0] == '.' ? line + 1 : line;
        size_t n = strlen(text);
        if (s->len + n < sizeof s->message)
            memcpy(s->message + s->len, text, n + 1), s->len += n;
    }
    return false;
}

static void converse(struct server *s)
{
    char line[2000];
    s->secure = false;
    if (s->mode == TLS && !secure(s))
        return;
    answer(s, "220 test ESMTP\r\n");
    while (server_line(s, line, sizeof line)) {
        if (!strncmp(line, "EHLO", 4)) {
            answer(s, s->mode == STARTTLS && !s->secure ? "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n"
                                                       : "250-test\r\n250 AUTH PLAIN\r\n");
        } else if (!strncmp(line, "STARTTLS", 8)) {
            answer(s, "220 go\r\n");
            if (!secure(s))
                return;
        } else if (!strncmp(line, "AUTH", 4)) {
            if (strlen(line) < 14) {
                answer(s, "334 \r\n");
                if (!server_line(s, line, sizeof line))
                    return;
            }
            snprintf(s->auth, sizeof s->auth, "%.250s", line);
            answer(s, "235 welcome\r\n");
        } else if (!strncmp(line, "MAIL", 4)) {
            snprintf(s->from, sizeof s->from, "%.250s", line);
            answer(s, "250 ok\r\n");
        } else if (!strncmp(line, "RCPT", 4)) {
            snprintf(s->to, sizeof s->to, "%.250s", line);
            answer(s, s->refuse ? s->refuse : "250 ok\r\n");
        } else if (!strncmp(line, "DATA", 4)) {
            if (!take_data(s) || s->drop)
                return;
            s->mails++;
            answer(s, "250 taken\r\n");
        } else if (!strncmp(line, "QUIT", 4)) {
            answer(s, "221 bye\r\n");
            return;
        } else {
            answer(s, "502 what\r\n");
        }
    }
}

static void *serve(void *arg)
{
    struct server *s = arg;
    while ((s->fd = accept(s->listener, NULL, NULL)) >= 0) {
        converse(s);
        if (s->session)
            gnutls_deinit(s->session);
        s->session = NULL;
        close(s->fd);
    }
    return NULL;
}

static pthread_t start(struct server *s, enum tls_mode mode)
{
    struct sockaddr_in at = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof at;
    pthread_t thread;
    memset(s, 0, sizeof *s);
    s->mode = mode;
    s->listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(s->listener, (struct sockaddr *)&at, sizeof at) || listen(s->listener, 4) ||
        getsockname(s->listener, (struct sockaddr *)&at, &len))
        printf("# no listener\n");
    s->port = ntohs(at.sin_port);
    pthread_create(&thread, NULL, serve, s);
    return thread;
}

static void stop(struct server *s, pthread_t thread)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(thread, NULL);
    close(s->listener);
}

#endif
