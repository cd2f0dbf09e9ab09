/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Certificates of the tests' own authority, and a TLS client that shows one.
 */
#ifndef TESTS_WIRE_CARDS_H
#define TESTS_WIRE_CARDS_H

#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>

#include "base/hash.h"
#include "reach.h"

struct card { gnutls_x509_crt_t crt; gnutls_x509_privkey_t key; char certificate[4096], private_key[4096], fingerprint[72]; };
enum card_kind { CARD_AUTHORITY, CARD_SERVER, CARD_CLIENT, CARD_OLD_CLIENT };

static inline void card_make(struct card *card, const char *name, enum card_kind kind, struct card *by)
{
    bool ca = kind == CARD_AUTHORITY;
    time_t now = time(NULL);
    uint8_t serial[8];
    random_bytes(serial, sizeof serial);
    serial[0] = (serial[0] & 0x7f) | 1;
    gnutls_x509_privkey_init(&card->key);
    gnutls_x509_privkey_generate(card->key, GNUTLS_PK_EC, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&card->crt);
    gnutls_x509_crt_set_version(card->crt, 3);
    gnutls_x509_crt_set_key(card->crt, card->key);
    gnutls_x509_crt_set_dn_by_oid(card->crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    gnutls_x509_crt_set_serial(card->crt, serial, sizeof serial);
    gnutls_x509_crt_set_activation_time(card->crt, now - 86400);
    gnutls_x509_crt_set_expiration_time(card->crt, kind == CARD_OLD_CLIENT ? now - 3600 : now + 86400);
    gnutls_x509_crt_set_ca_status(card->crt, ca);
    gnutls_x509_crt_set_key_usage(card->crt, ca ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
    if (!ca)
        gnutls_x509_crt_set_key_purpose_oid(card->crt, kind == CARD_SERVER ? GNUTLS_KP_TLS_WWW_SERVER : GNUTLS_KP_TLS_WWW_CLIENT, 0);
    gnutls_x509_crt_sign2(card->crt, by ? by->crt : card->crt, by ? by->key : card->key, GNUTLS_DIG_SHA256, 0);
    size_t len = sizeof card->certificate;
    gnutls_x509_crt_export(card->crt, GNUTLS_X509_FMT_PEM, card->certificate, &len);
    len = sizeof card->private_key;
    gnutls_x509_privkey_export(card->key, GNUTLS_X509_FMT_PEM, card->private_key, &len);
    gnutls_datum_t der;
    gnutls_x509_crt_export2(card->crt, GNUTLS_X509_FMT_DER, &der);
    struct hash hash = sha256(der.data, der.size);
    snprintf(card->fingerprint, sizeof card->fingerprint, "sha256:");
    hex_write(hash.bytes, HASH_BYTES, card->fingerprint + 7);
    gnutls_free(der.data);
}

static inline void card_free(struct card *card)
{
    gnutls_x509_crt_deinit(card->crt);
    gnutls_x509_privkey_deinit(card->key);
}

struct caller { gnutls_session_t session; gnutls_certificate_credentials_t credentials; int fd; };

/* False when the handshake failed, or what the server said first was that it did. */
static inline bool call(struct caller *caller, struct wire *wire, const char *port, const struct card *card, const char *priorities)
{
    gnutls_certificate_allocate_credentials(&caller->credentials);
    if (card) {
        gnutls_x509_crt_t crt = card->crt;
        gnutls_certificate_set_x509_key(caller->credentials, &crt, 1, card->key);
    }
    gnutls_init(&caller->session, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT | GNUTLS_NO_SIGNAL);
    gnutls_priority_set_direct(caller->session, priorities ? priorities : "NORMAL", NULL);
    gnutls_credentials_set(caller->session, GNUTLS_CRD_CERTIFICATE, caller->credentials);
    caller->fd = reach(wire, port, SOCK_STREAM);
    struct timeval patience = { .tv_sec = 10 };
    setsockopt(caller->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    gnutls_transport_set_int(caller->session, caller->fd);
    int code;
    do
        code = gnutls_handshake(caller->session);
    while (code < 0 && !gnutls_error_is_fatal(code));
    return code >= 0;
}

static inline void hang_up(struct caller *caller, bool polite)
{
    if (polite)
        gnutls_bye(caller->session, GNUTLS_SHUT_WR);
    gnutls_deinit(caller->session);
    close(caller->fd);
    gnutls_certificate_free_credentials(caller->credentials);
}

static inline bool call_say(struct caller *caller, const char *text, size_t len)
{
    while (len) {
        ssize_t n = gnutls_record_send(caller->session, text, len);
        if (n == GNUTLS_E_AGAIN || n == GNUTLS_E_INTERRUPTED)
            continue;
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

/* As hear(). */
static inline int call_hear(struct caller *caller, const char *text)
{
    size_t len = 0;
    heard[0] = 0;
    while (len < sizeof heard - 1) {
        ssize_t n = gnutls_record_recv(caller->session, heard + len, sizeof heard - 1 - len);
        if (n == GNUTLS_E_INTERRUPTED)
            continue;
        if (n == GNUTLS_E_AGAIN)
            return -1;                       /* the time is up */
        if (n <= 0)
            return 0;
        heard[len += (size_t)n] = 0;
        if (text && strstr(heard, text))
            return 1;
    }
    return -1;
}

#endif
