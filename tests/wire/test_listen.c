/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Listeners: datagrams, lines, counted frames, torn and over-long messages, too many peers.
 */
#include <sys/resource.h>

#include "reach.h"

static struct arena *arena;
static struct collect c;
static struct wire *wire;

static void datagrams(void)
{
    int fd = reach(wire, "udp", SOCK_DGRAM);
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
    int fd = reach(wire, "tcp", SOCK_STREAM);
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
    int fd = reach(wire, "syslog", SOCK_STREAM);
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
    fd = reach(wire, "syslog", SOCK_STREAM);
    SAY(fd, "12345678901 x");
    is_int(recv(fd, &byte, 1, 0), 0, "an endless count: put out");
    close(fd);
    fd = reach(wire, "syslog", SOCK_STREAM);
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
        fds[i] = reach(wire, "tcp", SOCK_STREAM);
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

/* Many connections of one host: its own make room for one another, and those of others stay, however silent. */
static void flood(void)
{
    struct sockaddr_in from = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK + 1) },
                       to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)wire_bound_port(wire, "tcp")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    int other = socket(AF_INET, SOCK_STREAM, 0), fds[40];
    if (bind(other, (struct sockaddr *)&from, sizeof from) || connect(other, (struct sockaddr *)&to, sizeof to)) {
        printf("# no second address: skipped\n");
        close(other);
        return;
    }
    SAY(other, "here\n");
    collect_wait(&c, 1);
    for (int i = 0; i < 40; i++) {
        fds[i] = reach(wire, "tcp", SOCK_STREAM);
        SAY(fds[i], "drip");                 /* begun and never ended */
    }
    nap(60);
    SAY(other, "still here\n");
    is_int(collect_wait(&c, 2), 2, "a flood from one address does not put out another");
    is(collect_all(&c), "here|still here", "and what is not ended is no message");
    for (int i = 0; i < 40; i++)
        close(fds[i]);
    close(other);
    nap(60);
    collect_clear(&c);
}

/* No descriptor left: who waits is turned away, and the thread does not spin. */
static void no_descriptors(void)
{
    struct rlimit old, few;
    getrlimit(RLIMIT_NOFILE, &old);
    int fds[3], next = dup(0);
    few = old;
    for (int i = 0; i < 3; i++)
        fds[i] = socket(AF_INET, SOCK_STREAM, 0);
    few.rlim_cur = (rlim_t)fds[2] + 1;
    int fill[64], n = 0;
    close(next);
    setrlimit(RLIMIT_NOFILE, &few);
    while (n < 64 && (fill[n] = dup(0)) >= 0)
        n++;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons((uint16_t)wire_bound_port(wire, "tcp")), .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    char byte;
    int connected = connect(fds[0], (struct sockaddr *)&to, sizeof to);
    struct rusage before, after;
    getrusage(RUSAGE_SELF, &before);
    is_int(connected || recv(fds[0], &byte, 1, 0), 0, "without a descriptor who waits is turned away");
    nap(200);
    getrusage(RUSAGE_SELF, &after);
    long ms = (after.ru_utime.tv_sec + after.ru_stime.tv_sec - before.ru_utime.tv_sec - before.ru_stime.tv_sec) * 1000 +
              (after.ru_utime.tv_usec + after.ru_stime.tv_usec - before.ru_utime.tv_usec - before.ru_stime.tv_usec) / 1000;
    ok(ms < 100, "in %ld ms of work", ms);
    while (n > 0)
        close(fill[--n]);
    setrlimit(RLIMIT_NOFILE, &old);
    for (int i = 0; i < 3; i++)
        close(fds[i]);
    int fd = reach(wire, "tcp", SOCK_STREAM);
    SAY(fd, "again\n");
    is_int(collect_wait(&c, 1), 1, "and taken again once there is one");
    close(fd);
    collect_clear(&c);
}

/* Giant lengths, and a message that comes byte by byte. */
static void giants(void)
{
    int fd = reach(wire, "syslog", SOCK_STREAM), drip = reach(wire, "syslog", SOCK_STREAM);
    SAY(fd, "9999999999 0123456789012345678901234567890123456789");
    is_int(collect_wait(&c, 1), 1, "a message of ten thousand million bytes begins");
    ok(c.list[0].cut && c.list[0].len == 32, "and is handed out cut");
    for (const char *at = "6 <1>abc<2>line\n"; *at; at++) {
        say(drip, at, 1);
        nap(2);
    }
    is_int(collect_wait(&c, 3), 3, "byte by byte");
    is(c.list[1].text, "<1>abc", "whole");
    close(fd);
    close(drip);
    nap(60);
    collect_clear(&c);
}

/* What the kernel drops while the taker sleeps is counted. */
static _Atomic bool asleep;
static void slow_took(void *arg, const struct port *port, uint64_t token, const struct port_message *m)
{
    while (atomic_load(&asleep))
        nap(5);
    collect_took(arg, port, token, m);
}

static void losses(void)
{
    static const struct port one = { .name = "narrow", .kind = PORT_UDP, .address = "127.0.0.1:0" };
    struct wire *narrow = NULL;
    struct reasons reasons;
    reasons_init(&reasons, arena);
    asleep = true;
    if (wire_open(&one, 1, NULL, (struct wire_taker){ slow_took, &c, collect_now }, &reasons, &narrow) != OK)
        return;
    int fd = reach(narrow, "narrow", SOCK_DGRAM);
    static char large[60000];
    for (int i = 0; i < 3000; i++)
        say(fd, large + 1, sizeof large - 1);          /* NULs: no message, but room in the kernel */
    memset(large, 'x', 8);
    atomic_store(&asleep, false);
    struct wire_counts counts = { 0 };
    for (int i = 0; i < 200 && !counts.lost; i++) {
        say(fd, large, 8);
        nap(10);
        wire_counts(narrow, "narrow", &counts);
    }
    ok(counts.lost > 0 && counts.lost <= 3000, "%llu datagrams were lost, and counted", (unsigned long long)counts.lost);
    close(fd);
    wire_close(narrow);
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
        int fd = reach(wire, "syslog", SOCK_STREAM);
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
    flood();
    giants();
    no_descriptors();
    losses();
    pieces();
    wire_close(wire);
    refusals();
    wire_close(NULL);
    collect_free(&c);
    arena_free(arena);
    return tap_done();
}
