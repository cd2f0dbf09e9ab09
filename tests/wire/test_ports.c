/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * ports.yaml: what it may say, and that every fault is told with its line, all in one go.
 */
#include <sys/stat.h>

#include "base/text.h"
#include "cards.h"
#include "wire/ports.h"

static struct arena *arena;
static char folder[64];
static struct card authority, server, other;

static void put(const char *name, const char *text, mode_t mode)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    unlink(path);
    FILE *file = fopen(path, "we");
    fputs(text, file);
    fclose(file);
    chmod(path, mode);
}

static enum status read_it(struct reasons *reasons, struct ports *ports)
{
    reasons_init(reasons, arena);
    return ports_read(folder, arena, reasons, ports);
}

static void good(void)
{
    struct reasons reasons;
    struct ports ports = { 0 };
    ok(read_it(&reasons, &ports) == OK && ports.n == 0 && ports.folders && !ports.folders[0], "no file: no ports");
    put("ports.yaml",
        "# who listens where\nports:\n"
        "  - {name: udp, kind: udp, address: '127.0.0.1:5514'}\n"
        "  - {name: tcp, kind: tcp, address: '[::1]:5514', framing: lines, peers: 12, max-message: 8192}\n"
        "  - name: secure\n    kind: tls\n    address: 127.0.0.1:6514\n    certificate: server.pem\n    key: server.key\n    client-ca: ca.pem\n"
        "  - {name: relp, kind: relp, address: '127.0.0.1:2514'}\n"
        "  - {name: relps, kind: relps, address: '127.0.0.1:2515', certificate: server.pem, key: server.key}\n"
        "  - {name: auth, kind: file, path: /var/log/auth.log}\n  - {name: mail, kind: file, path: /var/log/mail.log}\n  - {name: top, kind: file, path: /top.log}\n", 0600);
    if (!ok(read_it(&reasons, &ports) == OK && ports.n == 8, "a file with all kinds"))
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    const struct port *p = ports.list;
    ok(p[0].kind == PORT_UDP && !strcmp(p[0].name, "udp") && !strcmp(p[0].address, "127.0.0.1:5514") && !p[0].tls, "udp");
    ok(p[1].kind == PORT_TCP && p[1].frame == FRAME_LINES && p[1].max_peers == 12 && p[1].max_message == 8192, "tcp, with its limits");
    ok(p[2].kind == PORT_TLS && p[2].frame == FRAME_SYSLOG && !strcmp(p[2].tls->key, server.private_key) && !strcmp(p[2].tls->client_ca, authority.certificate), "tls, with the bytes of its files");
    ok(p[3].kind == PORT_RELP && p[4].kind == PORT_RELPS && !p[4].tls->client_ca, "relp and relps");
    ok(p[5].kind == PORT_FILE && !strcmp(p[5].address, "/var/log/auth.log"), "a followed file");
    ok(!strcmp(ports.folders[0], "/var/log") && !strcmp(ports.folders[1], "/") && !ports.folders[2], "whose folders are named once");
    for (int kind = PORT_UDP; kind <= PORT_RELPS; kind++)
        ok(strlen(port_kind_name((enum port_kind)kind)) >= 3, "a kind has a name: %s", port_kind_name((enum port_kind)kind));
}

static void faults(void)
{
    static const struct { const char *what, *line, *text; const char *word; } cases[] = {
        { "no YAML", "ports.yaml:2", "ports: [", "" },
        { "another field", "ports.yaml:2", "ports: []\nlisten: 1\n", "\"ports\"" },
        { "no list", "ports.yaml:1", "ports: 3\n", "list" },
        { "nothing", "ports.yaml:1", "other: 3\n", "list" },
        { "no port", "ports.yaml:2", "ports:\n  - here\n", "kind" },
        { "no kind", "ports.yaml:2", "ports:\n  - {name: a, address: '127.0.0.1:1'}\n", "one of udp" },
        { "a kind that is none", "ports.yaml:2", "ports:\n  - {name: a, kind: sctp, address: '127.0.0.1:1'}\n", "one of udp" },
        { "no name", "ports.yaml:2", "ports:\n  - {kind: udp, address: '127.0.0.1:1'}\n", "needs \"name\"" },
        { "a path as name", "ports.yaml:2", "ports:\n  - {name: ../a, kind: udp, address: '127.0.0.1:1'}\n", "name" },
        { "a name twice", "ports.yaml:3", "ports:\n  - {name: a, kind: udp, address: '127.0.0.1:1'}\n  - {name: a, kind: tcp, address: '127.0.0.1:1'}\n", "unlike the others" },
        { "no address", "ports.yaml:2", "ports:\n  - {name: a, kind: udp}\n", "needs \"address\"" },
        { "a host's name", "ports.yaml:4", "ports:\n  - name: a\n    kind: udp\n    address: localhost:1\n", "localhost:1" },
        { "a number as address", "ports.yaml:2", "ports:\n  - {name: a, kind: udp, address: 514}\n", "text" },
        { "a relative path", "ports.yaml:2", "ports:\n  - {name: a, kind: file, path: auth.log}\n", "from the root" },
        { "an address of a file", "ports.yaml:2", "ports:\n  - {name: a, kind: file, path: /a, address: '127.0.0.1:1'}\n", "no field \"address\"" },
        { "a field that nobody knows", "ports.yaml:2", "ports:\n  - {name: a, kind: udp, address: '127.0.0.1:1', colour: red}\n", "colour" },
        { "peers of datagrams", "ports.yaml:2", "ports:\n  - {name: a, kind: udp, address: '127.0.0.1:1', peers: 3}\n", "peers" },
        { "too many peers", "ports.yaml:2", "ports:\n  - {name: a, kind: tcp, address: '127.0.0.1:1', peers: 5000}\n", "4096" },
        { "a message of a GiB", "ports.yaml:2", "ports:\n  - {name: a, kind: tcp, address: '127.0.0.1:1', max-message: 1073741824}\n", "1048576" },
        { "a framing that is none", "ports.yaml:2", "ports:\n  - {name: a, kind: tcp, address: '127.0.0.1:1', framing: xml}\n", "lines" },
        { "TLS without a certificate", "ports.yaml:2", "ports:\n  - {name: a, kind: tls, address: '127.0.0.1:1', key: server.key}\n", "needs \"certificate\"" },
        { "a certificate that is not there", "ports.yaml:2", "ports:\n  - {name: a, kind: tls, address: '127.0.0.1:1', certificate: none.pem, key: server.key}\n", "none.pem" },
        { "a folder as key", "ports.yaml:2", "ports:\n  - {name: a, kind: tls, address: '127.0.0.1:1', certificate: server.pem, key: .}\n", "no file" },
        { "a key that others may read", "ports.yaml:2", "ports:\n  - {name: a, kind: tls, address: '127.0.0.1:1', certificate: server.pem, key: open.key}\n", "0600" },
        { "another's key", "ports.yaml:2", "ports:\n  - {name: a, kind: tls, address: '127.0.0.1:1', certificate: server.pem, key: other.key}\n", "belong together" },
        { "an authority that is none", "ports.yaml:2", "ports:\n  - {name: a, kind: tls, address: '127.0.0.1:1', certificate: server.pem, key: server.key, client-ca: junk.pem}\n", "authority" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reasons reasons;
        struct ports ports = { 0 };
        put("ports.yaml", cases[i].text, 0600);
        enum status status = read_it(&reasons, &ports);
        const struct reason *r = reasons.first;
        bool told = status == BAD_INPUT && r && r->where && str_starts(r->where, cases[i].line) && strstr(r->text.in[LANG_EN], cases[i].word) &&
                    strcmp(r->text.in[LANG_EN], r->text.in[LANG_FR]) != 0 && !ports.list;
        if (!ok(told, "%s", cases[i].what))
            printf("# %s\n", reasons_text(&reasons, LANG_EN));
    }
    struct reasons reasons;
    struct ports ports = { 0 };
    put("ports.yaml", "ports:\n  - {name: a, kind: udp}\n  - {name: b, kind: nothing}\n  - {name: a, kind: tcp, address: x}\n", 0600);
    ok(read_it(&reasons, &ports) == BAD_INPUT && reasons.count == 4, "all faults of a file are told at once");
}

int main(void)
{
    tap_seed();
    arena = arena_new(0);
    snprintf(folder, sizeof folder, "/tmp/castellan-ports.XXXXXX");
    ok(mkdtemp(folder) != NULL, "a folder");
    card_make(&authority, "Test authority", CARD_AUTHORITY, NULL);
    card_make(&server, "localhost", CARD_SERVER, &authority);
    card_make(&other, "other", CARD_SERVER, &authority);
    put("server.pem", server.certificate, 0644);
    put("server.key", server.private_key, 0600);
    put("open.key", server.private_key, 0644);
    put("other.key", other.private_key, 0600);
    put("ca.pem", authority.certificate, 0644);
    put("junk.pem", "junk", 0644);
    good();
    faults();
    const char *names[] = { "server.pem", "server.key", "open.key", "other.key", "ca.pem", "junk.pem", "ports.yaml" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char path[128];
        snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        unlink(path);
    }
    rmdir(folder);
    card_free(&authority);
    card_free(&server);
    card_free(&other);
    arena_free(arena);
    return tap_done();
}
