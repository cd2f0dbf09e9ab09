/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TLS 1.2 and 1.3 over a socket that does not block (GnuTLS). Private to the wire room.
 */
#ifndef WIRE_TLS_H
#define WIRE_TLS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/reasons.h"
#include "base/status.h"
#include "wire/wire.h"

struct tls_identity;                         /* what a port shows and whom it asks for */
struct tls;                                  /* one connection */

enum status tls_identity_new(const struct port *, struct reasons *, struct tls_identity **ret) MUST_CHECK;
void tls_identity_free(struct tls_identity *);       /* takes NULL */
struct tls *tls_new(struct tls_identity *, int fd);  /* NULL without memory */
void tls_free(struct tls *, bool polite);            /* takes NULL; polite: says good-bye if the socket takes it at once */

enum tls_step { TLS_DONE, TLS_READ, TLS_WRITE, TLS_FAILED };
enum tls_step tls_handshake(struct tls *);           /* READ, WRITE: what the socket must be ready for */
void tls_refuse(struct tls *);                       /* after TLS_FAILED: tells the peer why, if the socket takes it */
/* The subject (RFC 4514) and "sha256:..." of the peer's checked certificate; false when none was asked for. */
bool tls_who(struct tls *, char *subject, size_t subject_size, char *fingerprint, size_t fingerprint_size);
/* As recv and send: 0 at an end that the peer announced, -1 with errno (EAGAIN; EPROTO for all that is not lawful). */
ssize_t tls_receive(struct tls *, void *, size_t);
ssize_t tls_send(struct tls *, const void *, size_t);
bool tls_pending(struct tls *);                      /* bytes that were read from the socket and not asked for yet */

#endif
