/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FOLDER/ports.yaml: where the machine's administrator says at which addresses, and from which files, logs are taken.
 * Only whether somebody listens stands there; whose events those are, and whether they are kept, the office's log
 * sources say. docs/wire.md describes the file.
 */
#ifndef WIRE_PORTS_H
#define WIRE_PORTS_H

#include "wire/wire.h"

struct ports {
    const struct port *list;
    size_t n;
    const char *const *folders;              /* of followed files, each once, NULL-terminated: a process that locks itself leaves them readable */
};
/* Reads FOLDER/ports.yaml and the certificates and keys that it names, into the arena. OK and n = 0 where there is no
 * such file. BAD_INPUT with a reason for each fault, at "ports.yaml:line"; every fault is found in one go. Opens no socket. */
enum status ports_read(const char *folder, struct arena *, struct reasons *, struct ports *ret) MUST_CHECK;
const char *port_kind_name(enum port_kind);  /* "udp", "tcp", "tls", "relp", "relps", "file" */

#endif
