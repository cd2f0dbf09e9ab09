/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Reading ports.yaml. A port is one table row of fields that are known, and which kinds have them; every fault is found
 * in one go and has its line, so that an administrator mends the file once. Keys that others may read are refused.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/val.h"
#include "wire/inside.h"
#include "wire/ports.h"
#include "wire/tls.h"

enum { most_ports = 64, yaml_most = 256 << 10, pem_most = 1 << 20, message_least = 256, message_most = 1 << 20, datagram_most = 65535, peers_most = 4096 };

#define STREAMS (1u << PORT_TCP | 1u << PORT_TLS | 1u << PORT_RELP | 1u << PORT_RELPS)
#define SECURE (1u << PORT_TLS | 1u << PORT_RELPS)
static const char *const kinds[] = {
    [PORT_UDP] = "udp", [PORT_TCP] = "tcp", [PORT_FILE] = "file", [PORT_TLS] = "tls", [PORT_RELP] = "relp", [PORT_RELPS] = "relps", NULL,
};
static const struct field { const char *name; unsigned of, needed; } fields[] = {        /* bits of kinds */
    { "name", ~0u, ~0u }, { "kind", ~0u, ~0u }, { "address", 1u << PORT_UDP | STREAMS, 1u << PORT_UDP | STREAMS },
    { "path", 1u << PORT_FILE, 1u << PORT_FILE }, { "certificate", SECURE, SECURE }, { "key", SECURE, SECURE }, { "client-ca", SECURE, 0 },
    { "max-message", ~0u, 0 }, { "peers", STREAMS, 0 }, { "framing", 1u << PORT_TCP | 1u << PORT_TLS, 0 },
};

struct reading { const char *folder; struct arena *arena; struct reasons *reasons; size_t faults; };

const char *port_kind_name(enum port_kind kind) { return kinds[kind]; }

/* ---- faults ---- */

static const char *place(struct reading *r, const struct val *at) { return arena_printf(r->arena, "ports.yaml:%u", at ? at->line : 1); }
#define FAULT(r, at, ...) ((r)->faults++, reason_add((r)->reasons, "ports", place((r), (at)), __VA_ARGS__))

/* The file's bytes with a NUL behind them; NULL with a fault. */
static char *whole(struct reading *r, const struct val *at, const char *path, size_t most, bool secret, size_t *ret_len)
{
    const char *from = *path == '/' ? path : arena_printf(r->arena, "%s/%s", r->folder, path);
    int fd = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    struct stat about;
    if (fd < 0 || fstat(fd, &about)) {
        FAULT(r, at, T_("The file \"%1$s\" cannot be read: %2$s."), path, strerror(errno));
        if (fd >= 0)
            close(fd);
        return NULL;
    }
    bool fits = S_ISREG(about.st_mode) && (size_t)about.st_size <= most, open_to_others = secret && (about.st_mode & 07);
    char *bytes = fits && !open_to_others ? arena_alloc(r->arena, (size_t)about.st_size + 1) : NULL;
    size_t len = 0;
    for (ssize_t n; bytes && len < (size_t)about.st_size && (n = read(fd, bytes + len, (size_t)about.st_size - len)) > 0;)
        len += (size_t)n;
    close(fd);
    if (open_to_others)
        FAULT(r, at, T_("The key \"%1$s\" may be read by others on this machine; give it mode 0600."), path);
    else if (!fits)
        FAULT(r, at, T_("\"%1$s\" is no file of at most %2$s bytes."), path, arena_printf(r->arena, "%zu", most));
    *ret_len = len;                          /* the NUL behind them is there: memory comes zeroed */
    return bytes;
}

/* ---- fields ---- */

static const char *text_of(struct reading *r, const struct val *item, const char *name)
{
    const struct val *value = val_get(item, name);
    const char *text = val_text(value);
    if (value && (!text || !*text || !text_is_plain(text, strlen(text), false))) {
        FAULT(r, value, T_("\"%1$s\" must be a text of one line."), name);
        return NULL;
    }
    return text;
}

static size_t number_of(struct reading *r, const struct val *item, const char *name, int64_t least, int64_t most)
{
    const struct val *value = val_get(item, name);
    if (!value)
        return 0;
    if (value->kind == VAL_INT && value->number >= least && value->number <= most)
        return (size_t)value->number;
    FAULT(r, value, T_("\"%1$s\" must be a number from %2$s to %3$s."), name, arena_printf(r->arena, "%lld", (long long)least),
          arena_printf(r->arena, "%lld", (long long)most));
    return 0;
}

static const struct field *field_named(const char *name)
{
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (str_eq(fields[i].name, name))
            return &fields[i];
    return NULL;
}

/* Fields that the kind has not, or lacks. */
static void check_fields(struct reading *r, const struct val *item, enum port_kind kind)
{
    for (size_t i = 0; i < val_count(item); i++) {
        const struct field *field = field_named(item->members[i].name);
        if (!field)
            FAULT(r, item->members[i].value, T_("A port has no field \"%1$s\"."), item->members[i].name);
        else if (!(field->of >> kind & 1))
            FAULT(r, item->members[i].value, T_("A port of kind %1$s has no field \"%2$s\"."), kinds[kind], field->name);
    }
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (fields[i].needed >> kind & 1 && !val_get(item, fields[i].name))
            FAULT(r, item, T_("A port of kind %1$s needs \"%2$s\"."), kinds[kind], fields[i].name);
}

static bool kind_of(struct reading *r, const struct val *item, enum port_kind *ret)
{
    const char *text = text_of(r, item, "kind");
    for (size_t i = 0; text && kinds[i]; i++)
        if (str_eq(text, kinds[i])) {
            *ret = (enum port_kind)i;
            return true;
        }
    FAULT(r, val_get(item, "kind") ? val_get(item, "kind") : item, T_("\"kind\" must be one of udp, tcp, tls, relp, relps, file."));
    return false;
}

static const char *name_of(struct reading *r, const struct val *item, const struct port *list, size_t n)
{
    const char *name = text_of(r, item, "name");
    bool good = name && wire_name_good(name);
    for (size_t i = 0; good && i < n; i++)
        good = !str_eq(list[i].name, name);
    if (name && !good)
        FAULT(r, val_get(item, "name"), T_("The port's name must be of letters, digits, dots and dashes, and unlike the others."));
    return name;
}

static const char *address_of(struct reading *r, const struct val *item, enum port_kind kind)
{
    const char *name = kind == PORT_FILE ? "path" : "address", *text = text_of(r, item, name);
    if (text && kind == PORT_FILE && (*text != '/' || str_ends(text, "/")))
        FAULT(r, val_get(item, name), T_("\"%1$s\" is no path of a file to follow; write it from the root on."), text);
    if (text && kind != PORT_FILE && !port_address_good(text))
        FAULT(r, val_get(item, name), T_("\"%1$s\" is no address to listen at; write it as 127.0.0.1:5514 or [::1]:5514."), text);
    return text;
}

static const char *pem_of(struct reading *r, const struct val *item, const char *name)
{
    const char *path = text_of(r, item, name);
    size_t len;
    const char *pem = path ? whole(r, val_get(item, name), path, pem_most, str_eq(name, "key"), &len) : NULL;
    if (!pem || strlen(pem) == len)
        return pem;
    FAULT(r, val_get(item, name), T_("\"%1$s\" is no PEM text."), path);
    return NULL;
}

static void certificates_of(struct reading *r, const struct val *item, struct port *port)
{
    struct port_tls *tls = ARENA_NEW(r->arena, struct port_tls);
    *tls = (struct port_tls){pem_of(r, item, "certificate"), pem_of(r, item, "key"), pem_of(r, item, "client-ca")};
    port->tls = tls;
    if (!tls->certificate || !tls->key || (val_get(item, "client-ca") && !tls->client_ca))
        return;
    struct tls_identity *identity = NULL;
    struct reasons why;
    reasons_init(&why, r->arena);
    if (tls_identity_new(port, &why, &identity) != OK) {
        for (struct reason *reason = why.first; reason; reason = reason->after)
            reason->where = place(r, val_get(item, "certificate"));
        reasons_join(r->reasons, &why);
        r->faults++;
    }
    tls_identity_free(identity);
}

static enum port_frame framing_of(struct reading *r, const struct val *item)
{
    const char *text = text_of(r, item, "framing");
    if (text && !str_eq(text, "lines") && !str_eq(text, "syslog"))
        FAULT(r, val_get(item, "framing"), T_("\"framing\" must be \"syslog\" (counted messages and lines) or \"lines\"."));
    return str_eq(text, "lines") ? FRAME_LINES : FRAME_SYSLOG;
}

static void read_port(struct reading *r, const struct val *item, struct port *list, size_t n)
{
    struct port *port = &list[n];
    if (item->kind != VAL_OBJECT) {
        FAULT(r, item, T_("A port has a name, a kind, and what belongs to that kind."));
        return;
    }
    port->name = name_of(r, item, list, n);
    if (!kind_of(r, item, &port->kind))
        return;
    check_fields(r, item, port->kind);
    port->address = address_of(r, item, port->kind);
    port->max_message = number_of(r, item, "max-message", message_least, port->kind == PORT_UDP ? datagram_most : message_most);
    port->max_peers = (unsigned)number_of(r, item, "peers", 1, peers_most);
    port->frame = framing_of(r, item);
    if (SECURE >> port->kind & 1)
        certificates_of(r, item, port);
}

/* ---- the file ---- */

static const char *const *folders_of(struct arena *arena, const struct port *list, size_t n)
{
    const char **folders = ARENA_ARRAY(arena, const char *, n + 1);
    size_t count = 0;
    for (size_t i = 0; i < n; i++) {
        const char *path = list[i].address, *slash = list[i].kind == PORT_FILE ? strrchr(path, '/') : NULL;
        if (!slash)
            continue;
        const char *folder = slash == path ? "/" : arena_strndup(arena, path, (size_t)(slash - path));
        folders[count] = NULL;
        if (!str_in(folder, folders))
            folders[count++] = folder;
    }
    folders[count] = NULL;
    return folders;
}

static enum status read_text(struct reading *r, const char *text, size_t len, struct ports *ret)
{
    struct val *tree;
    enum status status = yaml_read(r->arena, "ports.yaml", text, len, r->reasons, &tree);
    if (status != OK)
        return status;
    const struct val *list = val_get(tree, "ports");
    for (size_t i = 0; tree->kind == VAL_OBJECT && i < tree->count; i++)
        if (!str_eq(tree->members[i].name, "ports"))
            FAULT(r, tree->members[i].value, T_("The file has the one field \"ports\", a list."));
    if (!list || list->kind != VAL_ARRAY || val_count(list) > most_ports) {
        FAULT(r, list ? list : tree, T_("\"ports\" must be a list of at most %1$s ports."), arena_printf(r->arena, "%d", most_ports));
        return BAD_INPUT;
    }
    size_t n = val_count(list);
    struct port *ports = ARENA_ARRAY(r->arena, struct port, n + 1);
    for (size_t i = 0; i < n; i++)
        read_port(r, val_at(list, i), ports, i);
    if (r->faults)
        return BAD_INPUT;
    *ret = (struct ports){ports, n, folders_of(r->arena, ports, n)};
    return OK;
}

enum status ports_read(const char *folder, struct arena *arena, struct reasons *reasons, struct ports *ret)
{
    struct reading r = {folder, arena, reasons, 0};
    const char *path = arena_printf(arena, "%s/ports.yaml", folder);
    if (access(path, F_OK) && errno == ENOENT) {
        *ret = (struct ports){NULL, 0, folders_of(arena, NULL, 0)};
        return OK;
    }
    size_t len;
    const char *text = whole(&r, NULL, "ports.yaml", yaml_most, false, &len);
    return text ? read_text(&r, text, len, ret) : BAD_INPUT;
}
