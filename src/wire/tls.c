/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TLS by GnuTLS. Everything that is asked of the file system is asked when the identity is made, from bytes; after
 * that nothing opens a file. A client's certificate is checked in the handshake: chain, time, purpose.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "base/hash.h"
#include "base/text.h"
#include "wire/tls.h"

/* As the web front: nothing below 1.2, forward secrecy, no CBC of AES. */
static const char priorities[] =
    "SECURE128:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:-AES-128-CBC:-AES-256-CBC:%SERVER_PRECEDENCE";

struct tls_identity { gnutls_certificate_credentials_t credentials; gnutls_priority_t priorities; bool asks; };
struct tls { gnutls_session_t session; bool asks; bool stuck; int fault; };

static gnutls_datum_t datum(const char *pem)
{
    return (gnutls_datum_t){(unsigned char *)(uintptr_t)pem, pem ? (unsigned)strlen(pem) : 0};
}

static enum status refuse(struct reasons *reasons, const struct port *port, const char *why)
{
    reason_add(reasons, "port.certificate", port->name,
               T_("Certificate and key of this port do not do: %1$s. They must be PEM texts that belong together."), why);
    return BAD_INPUT;
}

/* Looked at before, since GnuTLS loses memory where it is handed what is none. */
static int certificates_good(const gnutls_datum_t *pem)
{
    gnutls_x509_crt_t *list;
    unsigned n;
    int done = gnutls_x509_crt_list_import2(&list, &n, pem, GNUTLS_X509_FMT_PEM, 0);
    if (done < 0)
        return done;
    for (unsigned i = 0; i < n; i++)
        gnutls_x509_crt_deinit(list[i]);
    gnutls_free(list);
    return 0;
}

enum status tls_identity_new(const struct port *port, struct reasons *reasons, struct tls_identity **ret)
{
    const struct port_tls *tls = port->tls;
    if (!tls || !tls->certificate || !tls->key)
        return refuse(reasons, port, "-");
    struct tls_identity *identity = calloc(1, sizeof *identity);
    if (!identity || gnutls_certificate_allocate_credentials(&identity->credentials) < 0) {
        free(identity);
        return NO_MEMORY;
    }
    gnutls_datum_t certificate = datum(tls->certificate), key = datum(tls->key), authority = datum(tls->client_ca);
    enum status status = OK;
    int done = certificates_good(&certificate);
    if (done >= 0)
        done = gnutls_certificate_set_x509_key_mem(identity->credentials, &certificate, &key, GNUTLS_X509_FMT_PEM);
    if (done < 0)
        status = refuse(reasons, port, gnutls_strerror(done));
    identity->asks = tls->client_ca != NULL;
    if (status == OK && identity->asks && gnutls_certificate_set_x509_trust_mem(identity->credentials, &authority, GNUTLS_X509_FMT_PEM) <= 0) {
        reason_add(reasons, "port.client-ca", port->name, T_("The certificate authority of this port's peers is no PEM text of certificates."));
        status = BAD_INPUT;
    }
    if (status == OK && gnutls_priority_init(&identity->priorities, priorities, NULL) < 0)
        status = NO_MEMORY;
    if (status != OK) {
        tls_identity_free(identity);
        return status;
    }
    *ret = identity;
    return OK;
}

void tls_identity_free(struct tls_identity *identity)
{
    if (!identity)
        return;
    gnutls_certificate_free_credentials(identity->credentials);
    if (identity->priorities)
        gnutls_priority_deinit(identity->priorities);
    free(identity);
}

struct tls *tls_new(struct tls_identity *identity, int fd)
{
    struct tls *tls = calloc(1, sizeof *tls);
    if (!tls || gnutls_init(&tls->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL | GNUTLS_NO_TICKETS) < 0) {
        free(tls);
        return NULL;
    }
    tls->asks = identity->asks;
    gnutls_priority_set(tls->session, identity->priorities);
    gnutls_credentials_set(tls->session, GNUTLS_CRD_CERTIFICATE, identity->credentials);
    gnutls_handshake_set_timeout(tls->session, 0);       /* the peer's deadline does that */
    if (identity->asks) {
        static gnutls_typed_vdata_st purpose = {GNUTLS_DT_KEY_PURPOSE_OID, (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_CLIENT, 0};
        gnutls_certificate_server_set_request(tls->session, GNUTLS_CERT_REQUIRE);
        gnutls_session_set_verify_cert2(tls->session, &purpose, 1, 0);
    }
    gnutls_transport_set_int(tls->session, fd);
    return tls;
}

void tls_free(struct tls *tls, bool polite)
{
    if (!tls)
        return;
    if (polite && !tls->stuck)
        gnutls_bye(tls->session, GNUTLS_SHUT_WR);
    gnutls_deinit(tls->session);
    free(tls);
}

enum tls_step tls_handshake(struct tls *tls)
{
    for (int tries = 0; tries < 16; tries++) {
        int done = gnutls_handshake(tls->session);
        if (done == GNUTLS_E_SUCCESS)
            return TLS_DONE;
        if (done == GNUTLS_E_AGAIN)
            return gnutls_record_get_direction(tls->session) ? TLS_WRITE : TLS_READ;
        tls->fault = done;
        if (gnutls_error_is_fatal(done))
            return TLS_FAILED;
    }
    return TLS_FAILED;                       /* warning after warning */
}

void tls_refuse(struct tls *tls) { gnutls_alert_send_appropriate(tls->session, tls->fault); }

bool tls_who(struct tls *tls, char *subject, size_t subject_size, char *fingerprint, size_t fingerprint_size)
{
    unsigned n = 0;
    const gnutls_datum_t *chain = tls->asks ? gnutls_certificate_get_peers(tls->session, &n) : NULL;
    gnutls_x509_crt_t certificate;
    if (!n || fingerprint_size < 72 || gnutls_x509_crt_init(&certificate) < 0)
        return false;
    struct hash hash = sha256(chain[0].data, chain[0].size);
    memcpy(fingerprint, "sha256:", 7);
    hex_write(hash.bytes, HASH_BYTES, fingerprint + 7);
    size_t len = subject_size;
    bool named = gnutls_x509_crt_import(certificate, &chain[0], GNUTLS_X509_FMT_DER) >= 0 &&
                 gnutls_x509_crt_get_dn(certificate, subject, &len) >= 0 && *subject &&
                 text_is_plain(subject, strlen(subject), false) && utf8_valid(subject, strlen(subject));
    if (!named && subject_size >= 72)        /* no name, or one that nobody could read */
        memcpy(subject, fingerprint, 72);
    gnutls_x509_crt_deinit(certificate);
    return true;
}

ssize_t tls_receive(struct tls *tls, void *bytes, size_t len)
{
    for (int tries = 0; tries < 16; tries++) {
        ssize_t n = gnutls_record_recv(tls->session, bytes, len);
        if (n >= 0)
            return n;
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED) {
            errno = EAGAIN;
            return -1;
        }
        if (n == GNUTLS_E_REHANDSHAKE || gnutls_error_is_fatal((int)n))
            break;                           /* nobody needs to shake hands anew to send logs */
    }
    errno = EPROTO;
    return -1;
}

ssize_t tls_send(struct tls *tls, const void *bytes, size_t len)
{
    ssize_t n = tls->stuck ? gnutls_record_send(tls->session, NULL, 0) : gnutls_record_send(tls->session, bytes, len);
    tls->stuck = n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED;
    if (n >= 0)
        return n;
    errno = tls->stuck ? EAGAIN : EPROTO;
    return -1;
}

bool tls_pending(struct tls *tls) { return gnutls_record_check_pending(tls->session) > 0; }
