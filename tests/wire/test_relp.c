/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * RELP: nothing is answered before it is settled, answers come in the order of the messages, windows are bounded, tokens of
 * a peer that is gone answer nobody; whoever breaks the protocol, dawdles or leaves its answers lying goes, and the others stay.
 */
#include "reach.h"

static struct arena *arena;
static struct collect c;
static struct wire *wire;

static const char offer[] = "1 open 44 relp_version=0\nrelp_software=test\ncommands=syslog\n";

static int session(const char *port)
{
    int fd = reach(wire, port, SOCK_STREAM);
    char text[200];
    snprintf(text, sizeof text, "1 open %zu %s", strlen(offer) - 11, offer + 10);
    say(fd, text, strlen(text));
    return fd;
}

static void message(int fd, unsigned txnr, const char *text)
{
    char frame[4096];
    int n = snprintf(frame, sizeof frame, "%u syslog %zu%s%s\n", txnr, strlen(text), *text ? " " : "", text);
    say(fd, frame, (size_t)n);
}

static bool silent(int fd)
{
    char byte;
    nap(60);
    return recv(fd, &byte, 1, MSG_DONTWAIT | MSG_PEEK) < 0;
}

static void conversation(void)
{
    int fd = session("relp");
    is_int(hear(fd, "commands=syslog\n"), 1, "an open is answered");
    is(heard, "1 rsp 61 200 OK\nrelp_version=0\nrelp_software=castellan\ncommands=syslog\n", "with what we offer");
    message(fd, 2, "one");
    message(fd, 3, "two\n");
    message(fd, 4, "three");
    is_int(collect_wait(&c, 3), 3, "three messages");
    is(collect_all(&c), "one|two|three", "as they were sent, without a line's end");
    ok(!strcmp(c.list[0].sender, "127.0.0.1"), "the sender is the address alone");
    ok(silent(fd), "nothing is answered before it is settled");
    collect_settle(&c, wire, 1, 3);
    ok(silent(fd), "nor before what came first is settled");
    collect_settle(&c, wire, 0, 1);
    is_int(hear(fd, "4 rsp"), 1, "then all of it is answered");
    is(heard, "2 rsp 6 200 OK\n3 rsp 6 200 OK\n4 rsp 6 200 OK\n", "in the order in which it came");
    collect_clear(&c);
    message(fd, 5, "");
    is_int(hear(fd, "5 rsp 6 200 OK\n"), 1, "an empty message is answered, there is nothing to keep of it");
    message(fd, 6, "a long one, longer than the sixty-four bytes that this port takes of a message");
    is_int(collect_wait(&c, 1), 1, "a long message");
    ok(c.list[0].cut && c.list[0].len == 64, "cut to the limit");
    message(fd, 7, "last");
    collect_wait(&c, 2);
    SAY(fd, "8 starttls 0\n9 close 0\n");
    ok(silent(fd), "a command in between waits for its turn");
    collect_settle(&c, wire, 0, 2);
    is_int(hear(fd, NULL), 0, "close ends it");
    is(heard, "6 rsp 6 200 OK\n7 rsp 6 200 OK\n8 rsp 19 500 unknown command\n9 rsp 0\n0 serverclose 0\n", "after all else was answered");
    close(fd);
    collect_clear(&c);
}

static void windows(void)
{
    int fd = session("relp");
    hear(fd, "syslog\n");
    for (unsigned i = 0; i < 3000; i++) {
        char text[20];
        snprintf(text, sizeof text, "m%u", i);
        message(fd, i + 2, text);
    }
    collect_wait(&c, 1024);
    nap(100);
    is_int(collect_wait(&c, 1024), 1024, "no more than 1024 unsettled messages");
    size_t at = 0, want = 3000;
    while (at < want) {
        size_t n = collect_wait(&c, at + 1);
        if (n == at)
            break;
        collect_settle(&c, wire, at, n);
        at = n;
    }
    is_int(at, want, "the rest as they are settled");
    ok(!strcmp(c.list[2999].text, "m2999"), "the last of them");
    is_int(hear(fd, "3001 rsp 6 200 OK\n"), 1, "and the last is answered");
    close(fd);
    collect_clear(&c);
}

/* Answered even when nobody will send any more; a token of one who is gone answers nobody. */
static void ends(void)
{
    int fd = session("relp");
    hear(fd, "syslog\n");
    message(fd, 2, "half");
    shutdown(fd, SHUT_WR);
    collect_wait(&c, 1);
    collect_settle(&c, wire, 0, 1);
    is_int(hear(fd, NULL), 0, "one who sends no more is answered and goes");
    is(heard, "2 rsp 6 200 OK\n", "with the answer");
    close(fd);
    collect_clear(&c);
    fd = session("relp");
    hear(fd, "syslog\n");
    message(fd, 2, "gone");
    SAY(fd, "3 syslog 10 torn");
    collect_wait(&c, 1);
    close(fd);
    nap(60);
    int other = session("relp");
    hear(other, "syslog\n");
    message(other, 2, "gone");
    is_int(collect_wait(&c, 2), 2, "who comes back sends again what was not answered; what was torn is no message");
    collect_settle(&c, wire, 0, 1);
    ok(silent(other), "the first one's token does not answer the second");
    collect_settle(&c, wire, 1, 2);
    is_int(hear(other, "2 rsp 6 200 OK\n"), 1, "its own does");
    close(other);
    collect_clear(&c);
}

static void faults(void)
{
    static const struct { const char *what, *bytes, *answer; bool opened; } cases[] = {
        { "no number", "x open 0\n", "", false },
        { "a number of ten digits", "1234567890 open 0\n", "", false },
        { "no command", "1  3\n", "", false },
        { "a command of 33 letters", "1 abcdefghijklmnopqrstuvwxyzabcdefg 0\n", "", false },
        { "a command with a digit", "1 open1 0\n", "", false },
        { "a length of ten digits", "1 open 1234567890 x\n", "", false },
        { "a length below nothing", "1 open -1 x\n", "", false },
        { "no end behind the data", "1 open 3 abcd\n", "", false },
        { "another number first", "7 open 0\n", "", false },
        { "an open that offers nothing", "1 open 0\n", "1 rsp 50 500 relp_version and the command syslog are needed\n0 serverclose 0\n", false },
        { "a message before the open", "1 syslog 1 x\n", "1 rsp 20 500 open comes first\n0 serverclose 0\n", false },
        { "HTTP", "GET / HTTP/1.1\r\n\r\n", "", false },
        { "a number left out", "3 syslog 1 x\n", "", true },
        { "a second open", "2 open 0\n", "", true },
        { "a long message without its end", "2 syslog 70 0123456789012345678901234567890123456789012345678901234567890123456789x", "", true },
    };
    struct wire_counts before, after;
    wire_counts(wire, "relp", &before);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int fd = cases[i].opened ? session("relp") : reach(wire, "relp", SOCK_STREAM);
        if (cases[i].opened)
            hear(fd, "syslog\n");
        say(fd, cases[i].bytes, strlen(cases[i].bytes));
        is_int(hear(fd, NULL), 0, cases[i].what);
        is(heard, cases[i].answer, "put out, and told what can be told");
        close(fd);
    }
    wire_counts(wire, "relp", &after);
    is_int(after.put_out - before.put_out, sizeof cases / sizeof *cases, "all counted");
    collect_clear(&c);
}

static void dawdlers(void)
{
    int slow = reach(wire, "hasty", SOCK_STREAM), good = session("hasty");
    hear(good, "syslog\n");
    for (int i = 0; i < 12; i++) {
        say(slow, offer + i, 1);             /* a byte at a time is no open */
        nap(40);
    }
    is_int(hear(slow, NULL), 0, "who does not open in time is put out");
    message(good, 2, "still here");
    is_int(collect_wait(&c, 1), 1, "who did stays");
    collect_settle(&c, wire, 0, 1);
    is_int(hear(good, "2 rsp"), 1, "and is answered");
    close(slow);
    close(good);
    collect_clear(&c);
}

/* Answers that nobody takes: the peer is not read, and holds no more than its window. */
static void deaf(void)
{
    int fd = session("relp"), little = 1024;
    setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &little, sizeof little);
    int noise = fcntl(fd, F_GETFL);
    fcntl(fd, F_SETFL, noise | O_NONBLOCK);
    char frame[64];
    size_t said = 0, settled = 0;
    for (unsigned i = 2; i < 2000000; i++) {
        int n = snprintf(frame, sizeof frame, "%u syslog 2 ab\n", i);
        int tries = 0;
        while (send(fd, frame, (size_t)n, MSG_NOSIGNAL) < n && ++tries < 30) {
            size_t got = collect_wait(&c, 0);
            collect_settle(&c, wire, settled, got);
            settled = got;
            nap(5);
        }
        if (tries == 30)
            break;
        said++;
    }
    struct wire_counts counts;
    ok(said < 1999998 && wire_counts(wire, "relp", &counts) && counts.peers == 1, "who leaves its answers lying is not read any more");
    int other = session("relp");
    hear(other, "syslog\n");
    size_t n = collect_wait(&c, 0);
    message(other, 2, "heard");
    is_int(collect_wait(&c, n + 1), n + 1, "others are");
    close(fd);
    close(other);
    nap(60);
    collect_clear(&c);
}

/* Any pieces, any order of settling: every message is answered once, in order. */
static void pieces(void)
{
    size_t bad = 0, cases = tap_cases(2000);
    for (size_t k = 0; k < cases; k++) {
        char stream[8192], want[4096] = "";
        size_t len = (size_t)snprintf(stream, sizeof stream, "1 open %zu %s", strlen(offer) - 11, offer + 10), n = 1 + tap_below(40), settled[40];
        for (size_t i = 0; i < n; i++) {
            size_t size = 1 + tap_below(26);
            len += (size_t)snprintf(stream + len, sizeof stream - len, "%zu syslog %zu %.*s\n", i + 2, size, (int)size, "abcdefghijklmnopqrstuvwxyz");
            snprintf(want + strlen(want), sizeof want - strlen(want), "%zu rsp 6 200 OK\n", i + 2);
            settled[i] = i;
        }
        int fd = reach(wire, "relp", SOCK_STREAM);
        for (size_t at = 0; at < len;) {
            size_t piece = 1 + tap_below(len - at < 80 ? len - at : 80);
            say(fd, stream + at, piece);
            at += piece;
        }
        collect_wait(&c, n);
        for (size_t i = n; i > 1; i--) {
            size_t j = tap_below(i), kept = settled[i - 1];
            settled[i - 1] = settled[j];
            settled[j] = kept;
        }
        for (size_t i = 0; i < n; i++)
            collect_settle(&c, wire, settled[i], settled[i] + 1);
        char last[40];
        snprintf(last, sizeof last, "\n%zu rsp 6 200 OK\n", n + 1);
        bad += hear(fd, last) != 1 || strcmp(strchr(heard, 's') ? strstr(heard, "commands=syslog\n") + 16 : "", want) != 0;
        close(fd);
        collect_clear(&c);
    }
    is_int(bad, 0, "in whatever pieces and however settled, each message is answered once and in order");
}

int main(void)
{
    static const struct port ports[] = {
        { .name = "relp", .kind = PORT_RELP, .address = "127.0.0.1:0", .max_message = 64 },
        { .name = "hasty", .kind = PORT_RELP, .address = "127.0.0.1:0", .patience_ms = 300 },
    };
    struct reasons reasons;
    tap_seed();
    arena = arena_new(0);
    collect_init(&c);
    reasons_init(&reasons, arena);
    ok(wire_open(ports, 2, NULL, collect_taker(&c), &reasons, &wire) == OK, "opened");
    conversation();
    windows();
    ends();
    faults();
    dawdlers();
    deaf();
    pieces();
    int fd = session("relp");
    hear(fd, "syslog\n");
    wire_close(wire);
    is_int(hear(fd, NULL), 0, "at the end");
    is(heard, "0 serverclose 0\n", "peers are told");
    close(fd);
    collect_free(&c);
    arena_free(arena);
    return tap_done();
}
