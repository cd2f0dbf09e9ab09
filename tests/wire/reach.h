/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Peers of a wire under test: connecting, saying, hearing.
 */
#ifndef TESTS_WIRE_REACH_H
#define TESTS_WIRE_REACH_H

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "collect.h"

static inline int reach(struct wire *wire, const char *port, int type)
{
    int fd = socket(AF_INET, type, 0);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)wire_bound_port(wire, port)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (connect(fd, (struct sockaddr *)&to, sizeof to))
        printf("# connecting to %s failed\n", port);
    return fd;
}

static inline void say(int fd, const char *text, size_t len)
{
    while (len) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return;
        text += n;
        len -= (size_t)n;
    }
}
#define SAY(fd, text) say((fd), (text), sizeof(text) - 1)

/* Waits at most ten seconds: for the text (1), for the end (0); -1 when neither came. What was heard stands in `heard`. */
static char heard[65536];
static inline int hear(int fd, const char *text)
{
    size_t len = 0;
    struct timeval patience = { .tv_sec = 10 };
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    heard[0] = 0;
    for (ssize_t n; len < sizeof heard - 1 && (n = recv(fd, heard + len, sizeof heard - 1 - len, 0)) >= 0;) {
        heard[len += (size_t)n] = 0;
        if (text && strstr(heard, text))
            return 1;
        if (!n)
            return 0;
    }
    return errno == ECONNRESET ? 0 : -1;
}

#endif
