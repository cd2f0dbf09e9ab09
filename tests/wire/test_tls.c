/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TLS: syslog with counted frames (RFC 5425) and RELP over it, with an authority made here. Who must show a certificate and
 * has none that does is turned away before a byte is taken; who dawdles in the handshake goes; a stream that was torn off
 * ends in no message.
 */
#include "cards.h"

static struct arena *arena;
static struct collect c;
static struct wire *wire;
static struct card authority, stranger, server, web1, old, wrong, another, nameless;

static uint64_t refused(const char *port)
{
    struct wire_counts counts;
    return wire_counts(wire, port, &counts) ? counts.refused : 0;
}

static void open_to_all(void)
{
    struct caller caller;
    ok(call(&caller, wire, "tls", NULL, NULL), "a port that asks for no certificate");
    call_say(&caller, "7 <1>a\nbc5 <2>xy", 16);
    is_int(collect_wait(&c, 2), 2, "counted messages");
    is(collect_all(&c), "<1>a\nbc|<2>xy", "as they were sent");
    is(c.list[0].sender, "127.0.0.1", "from an address");
    is(c.list[0].fingerprint, "", "without a certificate");
    call_say(&caller, "<3>line\n<4>torn", 15);
    collect_wait(&c, 3);
    hang_up(&caller, false);
    nap(60);
    is_int(collect_wait(&c, 3), 3, "what was torn off is no message");
    call(&caller, wire, "tls", NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.2");
    call_say(&caller, "<5>last", 7);
    hang_up(&caller, true);
    is_int(collect_wait(&c, 4), 4, "TLS 1.2; a last line before a good-bye is one");
    collect_clear(&c);
    uint64_t before = refused("tls");
    ok(!call(&caller, wire, "tls", NULL, "NORMAL:-VERS-ALL:+VERS-TLS1.1:+VERS-TLS1.0:%COMPAT"), "nothing older");
    hang_up(&caller, false);
    int fd = reach(wire, "tls", SOCK_STREAM);
    SAY(fd, "<13>in clear\n");
    is_int(hear(fd, NULL), 0, "nor in clear");
    close(fd);
    ok(refused("tls") - before >= 1, "counted as refused");
    nap(60);
    is_int(collect_wait(&c, 0), 0, "and nothing of it taken");
}

static void known_only(void)
{
    const struct { const char *what; const struct card *card; } cases[] = {
        { "no certificate", NULL }, { "another authority's", &another }, { "one that has run out", &old }, { "a server's", &wrong },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct caller caller;
        uint64_t before = refused("known");
        bool shaken = call(&caller, wire, "known", cases[i].card, NULL);     /* TLS 1.3: the refusal comes after the client is content */
        if (shaken)
            call_say(&caller, "8 <1>taken", 10);
        is_int(call_hear(&caller, NULL), 0, cases[i].what);
        hang_up(&caller, false);
        is_int(refused("known") - before, 1, "refused");
    }
    is_int(collect_wait(&c, 0), 0, "nothing of theirs is taken");
    struct caller caller;
    ok(call(&caller, wire, "known", &web1, NULL), "a certificate of the port's authority");
    call_say(&caller, "8 <1>taken", 10);
    collect_wait(&c, 1);
    is(c.list[0].sender, "CN=web1.example", "its subject is the sender");
    is(c.list[0].fingerprint, web1.fingerprint, "with its fingerprint");
    ok(!strncmp(c.list[0].peer, "127.0.0.1:", 10), "the peer is where it came from");
    hang_up(&caller, true);
    collect_clear(&c);
    ok(call(&caller, wire, "known", &nameless, NULL), "a subject that cannot be shown");
    call_say(&caller, "8 <1>taken", 10);
    collect_wait(&c, 1);
    is(c.list[0].sender, nameless.fingerprint, "is known by its fingerprint");
    hang_up(&caller, true);
    collect_clear(&c);
}

static void sizes(void)
{
    struct caller caller;
    static char large[60000 + 8];
    size_t head = (size_t)snprintf(large, sizeof large, "60000 ");
    memset(large + head, 'x', 60000);
    call(&caller, wire, "tls", NULL, NULL);
    call_say(&caller, large, head + 60000);
    is_int(collect_wait(&c, 1), 1, "a message over many records");
    is_int(c.list[0].len, 60000, "whole");
    collect_clear(&c);
    static char many[16000];
    size_t len = 0, n = 0;
    while (len + 16 < sizeof many)
        len += (size_t)snprintf(many + len, sizeof many - len, "<1>%zu\n", n++);
    for (int i = 0; i < 100; i++)
        call_say(&caller, many, len);
    is_int(collect_wait(&c, n * 100), n * 100, "many messages in each of many records");
    hang_up(&caller, true);
    collect_clear(&c);
}

static void dawdlers(void)
{
    int silent = reach(wire, "hasty", SOCK_STREAM), dripping = reach(wire, "hasty", SOCK_STREAM);
    uint64_t before = refused("hasty");
    for (int i = 0; i < 12; i++) {
        say(dripping, "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\x00" + i, 1);
        nap(40);
    }
    is_int(hear(silent, NULL), 0, "who begins no handshake is put out");
    is_int(hear(dripping, NULL), 0, "and who never ends it");
    is_int(refused("hasty") - before, 2, "counted");
    close(silent);
    close(dripping);
    struct caller caller;
    ok(call(&caller, wire, "hasty", NULL, NULL), "who is quick");
    nap(500);
    call_say(&caller, "<1>later\n", 9);
    is_int(collect_wait(&c, 1), 1, "may stay silent afterwards");
    hang_up(&caller, true);
    collect_clear(&c);
}

static void relps(void)
{
    struct caller caller;
    static char frames[200000];
    size_t len = 0, settled = 0, n;
    ok(call(&caller, wire, "relps", &web1, NULL), "RELP over TLS");
    call_say(&caller, "1 open 30 relp_version=0\ncommands=syslog\n", 41);
    is_int(call_hear(&caller, "commands=syslog\n"), 1, "opened");
    for (unsigned i = 2; i < 3002; i++)
        len += (size_t)snprintf(frames + len, sizeof frames - len, "%u syslog 6 m%05u\n", i, i);
    call_say(&caller, frames, len);
    collect_wait(&c, 1024);
    nap(60);
    is_int(collect_wait(&c, 1024), 1024, "windows are bounded here, too");
    while (settled < 3000 && (n = collect_wait(&c, settled + 1)) > settled) {
        collect_settle(&c, wire, settled, n);
        settled = n;
    }
    is_int(settled, 3000, "and go on as messages are settled");
    is(c.list[2999].sender, "CN=web1.example", "by whom");
    is_int(call_hear(&caller, "3001 rsp 6 200 OK\n"), 1, "all answered");
    call_say(&caller, "3002 close 0\n", 13);
    is_int(call_hear(&caller, NULL), 0, "closed");
    is(heard, "3002 rsp 0\n0 serverclose 0\n", "after the answer");
    hang_up(&caller, true);
    collect_clear(&c);
}

static void faults(void)
{
    struct port_tls none = { 0 }, foreign = { .certificate = server.certificate, .key = web1.private_key },
                    junk = { .certificate = "-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n", .key = server.private_key },
                    no_ca = { .certificate = server.certificate, .key = server.private_key, .client_ca = "nonsense" };
    const struct { const char *what, *rule; const struct port_tls *tls; } cases[] = {
        { "no certificate at all", "port.certificate", NULL }, { "no key", "port.certificate", &none },
        { "another's key", "port.certificate", &foreign }, { "no PEM", "port.certificate", &junk }, { "an authority that is none", "port.client-ca", &no_ca },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct port port = { .name = "bad", .kind = PORT_TLS, .address = "127.0.0.1:0", .tls = cases[i].tls };
        struct wire *nothing = NULL;
        struct reasons reasons;
        reasons_init(&reasons, arena);
        ok(wire_open(&port, 1, NULL, collect_taker(&c), &reasons, &nothing) == BAD_INPUT && reasons.count && !strcmp(reasons.first->rule, cases[i].rule),
           "refused: %s", cases[i].what);
    }
}

int main(void)
{
    tap_seed();
    arena = arena_new(0);
    collect_init(&c);
    card_make(&authority, "Test authority", CARD_AUTHORITY, NULL);
    card_make(&stranger, "Another authority", CARD_AUTHORITY, NULL);
    card_make(&server, "localhost", CARD_SERVER, &authority);
    card_make(&web1, "web1.example", CARD_CLIENT, &authority);
    card_make(&old, "web1.example", CARD_OLD_CLIENT, &authority);
    card_make(&wrong, "web2.example", CARD_SERVER, &authority);
    card_make(&another, "web1.example", CARD_CLIENT, &stranger);
    card_make(&nameless, "two\x01lines", CARD_CLIENT, &authority);
    struct port_tls all = { server.certificate, server.private_key, NULL }, some = { server.certificate, server.private_key, authority.certificate };
    const struct port ports[] = {
        { .name = "tls", .kind = PORT_TLS, .address = "127.0.0.1:0", .frame = FRAME_SYSLOG, .tls = &all },
        { .name = "known", .kind = PORT_TLS, .address = "127.0.0.1:0", .frame = FRAME_SYSLOG, .tls = &some },
        { .name = "hasty", .kind = PORT_TLS, .address = "127.0.0.1:0", .frame = FRAME_SYSLOG, .tls = &all, .patience_ms = 300 },
        { .name = "relps", .kind = PORT_RELPS, .address = "127.0.0.1:0", .tls = &some },
    };
    struct reasons reasons;
    reasons_init(&reasons, arena);
    ok(wire_open(ports, 4, NULL, collect_taker(&c), &reasons, &wire) == OK, "opened");
    open_to_all();
    known_only();
    sizes();
    dawdlers();
    relps();
    faults();
    wire_close(wire);
    struct card *cards[] = { &authority, &stranger, &server, &web1, &old, &wrong, &another, &nameless };
    for (size_t i = 0; i < sizeof cards / sizeof *cards; i++)
        card_free(cards[i]);
    collect_free(&c);
    arena_free(arena);
    return tap_done();
}
