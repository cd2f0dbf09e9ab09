/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listeners: datagrams, lines, counted frames, torn and over-long messages, too many peers.
 */
#include "collect.h"

#include <arpa/inet.h>
#include <sys/socket.h>
#include <unistd.h>

static struct arena *arena;
static struct collect c;
static struct wire *wire;

static int reach(const char *port, int type)
{
    int fd = socket(AF_INET, type, 0);
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)wire_bound_port(wire, port)),
                              .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    if (connect(fd, (struct sockaddr *)&to, sizeof to))
        printf("# connecting to %s failed\n", port);
    return fd;
}

static void say(int fd, const char *text, size_t len)
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

static void datagrams(void)
{
    int fd = reach("udp", SOCK_DGRAM);
    SAY(fd, "<13>one\n");
    SAY(fd, "<13>two\nlines");
    SAY(fd, "\n");
    SAY(fd, "0123456789012345678901234567890123456789");
    is_int(collect_wait(&c, 3), 3, "three datagrams");
    is(c.list[0].text, "<13>one", "without its line end");
    is(c.list[1].text, "<13>two\nlines", "one datagram is one message");
    ok(c.list[2].cut && c.list[2].len == 32, "cut to the limit, and said so");
    ok(!strncmp(c.list[0].peer, "127.0.0.1:", 10), "from whom");
    is(c.list[0].port, "udp", "through which port");
    struct wire_counts counts;
    ok(wire_counts(wire, "udp", &counts) && counts.messages == 3 && counts.cut == 1, "counted");
    close(fd);
    collect_clear(&c);
}

static void lines(void)
{
    int fd = reach("tcp", SOCK_STREAM);
    SAY(fd, "one\r\ntw");
    nap(20);
    SAY(fd, "o\n\n\nthree");
    nap(20);
    SAY(fd, "0123456789012345678901234567890123456789 and more than the limit");
    nap(20);
    SAY(fd, " still\nfour\0" "12 five\nlast");
    shutdown(fd, SHUT_WR);
    is_int(collect_wait(&c, 6), 6, "six lines");
    is(collect_all(&c), "one|two|three012345678901234567890123456|four|12 five|last",
       "in pieces, empty, over-long, NUL-ended, without an end");
    ok(c.list[2].cut && !c.list[3].cut, "only the long one is cut");
    close(fd);
    collect_clear(&c);
}

static void counted(void)
{
    int fd = reach("syslog", SOCK_STREAM);
    SAY(fd, "7 <1>a\nbc5 <2>x");
    nap(20);
    SAY(fd, "y<3>line\n4");
    nap(20);
    SAY(fd, "0 0123456789012345678901234567890123456789<4>next\n");
    is_int(collect_wait(&c, 5), 5, "five messages");
    is(collect_all(&c), "<1>a\nbc|<2>xy|<3>line|01234567890123456789012345678901|<4>next", "counted and lines, told apart");
    ok(c.list[3].cut, "a long counted one is cut, its rest passed over");
    SAY(fd, "0 x");
    char byte;
    is_int(recv(fd, &byte, 1, 0), 0, "a count of nothing: put out");
    close(fd);
    fd = reach("syslog", SOCK_STREAM);
    SAY(fd, "12345678901 x");
    is_int(recv(fd, &byte, 1, 0), 0, "an endless count: put out");
    close(fd);
    fd = reach("syslog", SOCK_STREAM);
    SAY(fd, "10 torn");
    close(fd);
    nap(100);
    is_int(collect_wait(&c, 5), 5, "a torn frame is no message");
    struct wire_counts counts;
    ok(wire_counts(wire, "syslog", &counts) && counts.put_out == 2 && counts.peers == 0, "two were put out");
    collect_clear(&c);
}

static void crowd(void)
{
    int fds[6];
    for (int i = 0; i < 6; i++) {
        fds[i] = reach("tcp", SOCK_STREAM);
        say(fds[i], (char[]){ (char)('a' + i), '\n' }, 2);
        collect_wait(&c, (size_t)i + 1);
        if (i == 3) {                        /* the first is heard of again before a fifth comes */
            SAY(fds[0], "again\n");
            collect_wait(&c, 5);
        }
        if (i == 4)
            collect_wait(&c, 6);
    }
    collect_wait(&c, 7);
    char byte;
    is_int(recv(fds[1], &byte, 1, 0), 0, "the longest silent one was put out");
    is_int(recv(fds[2], &byte, 1, 0), 0, "and the next");
    is_int(recv(fds[0], &byte, 1, MSG_DONTWAIT), -1, "the others stay");
    struct wire_counts counts;
    ok(wire_counts(wire, "tcp", &counts) && counts.peers == 4 && counts.put_out == 2, "counted");
    for (int i = 0; i < 6; i++)
        close(fds[i]);
    collect_clear(&c);
}

/* Any bytes in any pieces: each message comes once, in order, whatever its framing. */
static void pieces(void)
{
    size_t bad = 0, cases = tap_cases(4000);
    for (size_t k = 0; k < cases; k++) {
        char stream[4096], want[4096] = "";
        size_t len = 0, n = 1 + tap_below(30);
        for (size_t i = 0; i < n; i++) {
            char text[40];
            size_t size = (size_t)snprintf(text, sizeof text, "<%zu>%.*s", i, (int)tap_below(20), "abcdefghijklmnopqrstuvwxyz");
            len += (size_t)(tap_below(2) ? sprintf(stream + len, "%zu %s", size, text) : sprintf(stream + len, "%s\n", text));
            snprintf(want + strlen(want), sizeof want - strlen(want), "%s%s", i ? "|" : "", text);
        }
        int fd = reach("syslog", SOCK_STREAM);
        for (size_t at = 0; at < len;) {
            size_t piece = 1 + tap_below(len - at < 60 ? len - at : 60);
            say(fd, stream + at, piece);
            at += piece;
        }
        close(fd);
        collect_wait(&c, n);
        if (strcmp(collect_all(&c), want))
            bad++;
        collect_clear(&c);
    }
    is_int(bad, 0, "in whatever pieces, each message once and in order");
}

static void refusals(void)
{
    static const struct { const char *name, *text; struct port ports[2]; size_t n; const char *rule; } cases[] = {
        { "a name that is a path", "", { { .name = "../x", .kind = PORT_UDP, .address = "127.0.0.1:0" } }, 1, "port.name" },
        { "a name twice", "", { { .name = "a", .address = "127.0.0.1:0" }, { .name = "a", .address = "127.0.0.1:0" } }, 2, "port.name" },
        { "a host name", "", { { .name = "a", .address = "localhost:1" } }, 1, "port.address" },
        { "no port", "", { { .name = "a", .address = "127.0.0.1" } }, 1, "port.address" },
        { "an address elsewhere", "", { { .name = "a", .address = "192.0.2.1:1" } }, 1, "port.listen" },
        { "a relative path", "", { { .name = "a", .kind = PORT_FILE, .address = "x.log" } }, 1, "port.path" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reasons reasons;
        struct wire *none = NULL;
        reasons_init(&reasons, arena);
        enum status status = wire_open(cases[i].ports, cases[i].n, "/tmp", collect_taker(&c), &reasons, &none);
        ok(status != OK && !none && reasons.count && !strcmp(reasons.first->rule, cases[i].rule), "refused: %s", cases[i].name);
    }
}

int main(void)
{
    static const struct port ports[] = {
        { .name = "udp", .kind = PORT_UDP, .address = "127.0.0.1:0", .max_message = 32 },
        { .name = "tcp", .kind = PORT_TCP, .address = "127.0.0.1:0", .max_message = 32, .max_peers = 4 },
        { .name = "syslog", .kind = PORT_TCP, .address = "127.0.0.1:0", .max_message = 32, .frame = FRAME_SYSLOG },
        { .name = "six", .kind = PORT_UDP, .address = "[::1]:0" },
    };
    struct reasons reasons;
    tap_seed();
    arena = arena_new(0);
    collect_init(&c);
    reasons_init(&reasons, arena);
    size_t n = 4;
    if (wire_open(ports, n, NULL, collect_taker(&c), &reasons, &wire) != OK)
        n = 3;                               /* a machine without IPv6 */
    ok(wire || wire_open(ports, n, NULL, collect_taker(&c), &reasons, &wire) == OK, "opened");
    datagrams();
    lines();
    counted();
    crowd();
    pieces();
    wire_close(wire);
    refusals();
    wire_close(NULL);
    collect_free(&c);
    arena_free(arena);
    return tap_done();
}
