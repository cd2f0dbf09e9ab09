/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The ports of logs for doctor: what ports.yaml says, without opening one. Certificates and keys are looked at, and kept nowhere.
 */
#include "base/text.h"
#include "cli/inspect.h"
#include "wire/ports.h"

static bool own(const char *address) { return str_starts(address, "127.") || str_starts(address, "[::1]:"); }

struct val *inspect_ports(const char *folder, struct arena *arena, struct reasons *findings)
{
    struct ports ports;
    if (ports_read(folder, arena, findings, &ports) != OK || !ports.n)
        return NULL;
    struct val *list = val_array(arena);
    for (size_t i = 0; i < ports.n; i++) {
        const struct port *port = &ports.list[i];
        struct val *item = val_object(arena);
        val_set_str(arena, item, "name", port->name);
        val_set_str(arena, item, "kind", port_kind_name(port->kind));
        val_set_str(arena, item, "address", port->address);
        val_set_bool(arena, item, "tls", port->tls != NULL);
        val_set_bool(arena, item, "known-only", port->tls && port->tls->client_ca);
        val_set_bool(arena, item, "clear", !port->tls && port->kind != PORT_FILE && !own(port->address));
        val_push(arena, list, item);
    }
    return list;
}
