/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TLS and client certificates, with an authority made here: cookies carry the __Host- prefix, a certificate that is
 * enrolled serves as second factor, one of a stranger's authority or of another person does not, and a session is bound
 * to the certificate that it began with.
 */
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "fake.h"
#include "tap.h"

struct identity_card { gnutls_x509_crt_t crt; gnutls_x509_privkey_t key; char cert_pem[4096], key_pem[4096]; uint8_t fingerprint[32]; };

static struct web *web;
static struct identity_card authority, server, anna_card, other_card, stranger_authority, stranger_card;

static void make_card(struct identity_card *card, const char *name, struct identity_card *by, bool ca)
{
    size_t len;
    time_t now = time(NULL);
    uint8_t serial[8];
    random_bytes(serial, sizeof serial);
    serial[0] &= 0x7f;
    gnutls_x509_privkey_init(&card->key);
    gnutls_x509_privkey_generate(card->key, GNUTLS_PK_EC, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&card->crt);
    gnutls_x509_crt_set_version(card->crt, 3);
    gnutls_x509_crt_set_key(card->crt, card->key);
    gnutls_x509_crt_set_dn_by_oid(card->crt, GNUTLS_OID_X520_COMMON_NAME, 0, name, (unsigned)strlen(name));
    gnutls_x509_crt_set_serial(card->crt, serial, sizeof serial);
    gnutls_x509_crt_set_activation_time(card->crt, now - 3600);
    gnutls_x509_crt_set_expiration_time(card->crt, now + 86400);
    gnutls_x509_crt_set_ca_status(card->crt, ca);
    gnutls_x509_crt_set_key_usage(card->crt, ca ? GNUTLS_KEY_KEY_CERT_SIGN : GNUTLS_KEY_DIGITAL_SIGNATURE);
    gnutls_x509_crt_set_subject_alt_name(card->crt, GNUTLS_SAN_DNSNAME, "localhost", 9, GNUTLS_FSAN_SET);
    gnutls_x509_crt_sign2(card->crt, by ? by->crt : card->crt, by ? by->key : card->key, GNUTLS_DIG_SHA256, 0);
    len = sizeof card->cert_pem;
    gnutls_x509_crt_export(card->crt, GNUTLS_X509_FMT_PEM, card->cert_pem, &len);
    len = sizeof card->key_pem;
    gnutls_x509_privkey_export(card->key, GNUTLS_X509_FMT_PEM, card->key_pem, &len);
    gnutls_datum_t der;
    gnutls_x509_crt_export2(card->crt, GNUTLS_X509_FMT_DER, &der);
    struct hash h = sha256(der.data, der.size);
    memcpy(card->fingerprint, h.bytes, 32);
    gnutls_free(der.data);
}

static void free_card(struct identity_card *card)
{
    gnutls_x509_crt_deinit(card->crt);
    gnutls_x509_privkey_deinit(card->key);
}

/* One request over TLS; the answer's text. `card` NULL: no certificate is shown. */
static const char *ask(const struct identity_card *card, const char *request)
{
    static char answer[65536];
    size_t n = 0;
    gnutls_certificate_credentials_t credentials;
    gnutls_session_t session;
    gnutls_certificate_allocate_credentials(&credentials);
    gnutls_datum_t ca = {(unsigned char *)authority.cert_pem, (unsigned)strlen(authority.cert_pem)};
    gnutls_certificate_set_x509_trust_mem(credentials, &ca, GNUTLS_X509_FMT_PEM);
    if (card) {
        gnutls_x509_crt_t crt = card->crt;
        gnutls_certificate_set_x509_key(credentials, &crt, 1, card->key);
        /* Shown whether or not the server names its authority. */
        gnutls_certificate_set_flags(credentials, GNUTLS_CERTIFICATE_SKIP_KEY_CERT_MATCH);
    }
    gnutls_init(&session, GNUTLS_CLIENT | GNUTLS_FORCE_CLIENT_CERT);
    gnutls_set_default_priority(session);
    gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials);
    gnutls_session_set_verify_cert(session, "localhost", 0);
    int fd = client_connect(web_port(web, 0));
    gnutls_transport_set_int(session, fd);
    int code;
    do code = gnutls_handshake(session);
    while (code < 0 && !gnutls_error_is_fatal(code));
    if (code >= 0) {
        gnutls_record_send(session, request, strlen(request));
        for (;;) {
            ssize_t got = gnutls_record_recv(session, answer + n, sizeof answer - n - 1);
            if (got == GNUTLS_E_INTERRUPTED || got == GNUTLS_E_AGAIN) continue;
            if (got <= 0) break;
            n += (size_t)got;
        }
    } else {
        n = (size_t)snprintf(answer, sizeof answer, "handshake: %s", gnutls_strerror(code));
    }
    answer[n] = '\0';
    gnutls_deinit(session);
    close(fd);
    gnutls_certificate_free_credentials(credentials);
    return answer;
}

static char jar[400], csrf[100];

static void keep(const char *answer)
{
    for (const char *line = strstr(answer, "Set-Cookie: "); line; line = strstr(line + 1, "Set-Cookie: ")) {
        char pair[160];
        snprintf(pair, sizeof pair, "%.*s; ", (int)strcspn(line + 12, ";"), line + 12);
        size_t name = strcspn(pair, "=");
        char *old = strstr(jar, pair);
        for (char *p = jar; (old = strstr(p, "__Host")); p = old + 1) {
            if (strncmp(old, pair, name + 1) == 0) {
                memmove(old, old + strcspn(old, " ") + 1, strlen(old + strcspn(old, " ") + 1) + 1);
                break;
            }
        }
        strncat(jar, pair, sizeof jar - strlen(jar) - 1);
    }
    const char *token = strstr(answer, "name=\"csrf\" value=\"");
    if (token) snprintf(csrf, sizeof csrf, "%.*s", (int)strcspn(token + 19, "\""), token + 19);
}

static const char *get(const struct identity_card *card, const char *path)
{
    char text[2000];
    snprintf(text, sizeof text, "GET %s HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: test\r\nConnection: close\r\nCookie: %s\r\n\r\n", path, web_port(web, 0), jar);
    const char *answer = ask(card, text);
    keep(answer);
    return answer;
}

static const char *post(const struct identity_card *card, const char *path, const char *form)
{
    char text[2000], body[800];
    snprintf(body, sizeof body, "csrf=%s&%s", csrf, form);
    snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: test\r\nConnection: close\r\nCookie: %s\r\nOrigin: https://localhost:%d\r\n"
             "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n\r\n%s", path, web_port(web, 0), jar, web_port(web, 0), strlen(body), body);
    const char *answer = ask(card, text);
    keep(answer);
    return answer;
}

static const char *password(const struct identity_card *card)
{
    jar[0] = '\0';
    get(card, "/sign-in");
    return post(card, "/sign-in", "login=anna&password=correct+horse+battery&to=/");
}

static void test_tls(void)
{
    const char *answer = get(NULL, "/sign-in");
    if (!str_starts(answer, "HTTP")) puts(answer);
    ok(strstr(answer, "200 OK") != NULL, "a page over TLS");
    ok(strstr(answer, "Set-Cookie: __Host-castellan-before=") && strstr(answer, "; Secure"), "cookies are __Host- and Secure");
    ok(strstr(answer, "Strict-Transport-Security"), "and the browser is told to stay with TLS");
    struct reply r = client_raw(web_port(web, 0), "GET /sign-in HTTP/1.1\r\nHost: localhost\r\n\r\n", 43);
    ok(r.status == 0, "plain HTTP on this address gets nothing");
    reply_free(&r);
}

static void test_certificates(void)
{
    struct identity id = fake_identity();
    ok(strstr(password(&anna_card), "Location: /sign-in/factor"), "a certificate that nobody enrolled is no second factor");
    ok(secret_add_certificate(&id, 1, anna_card.fingerprint, "card", fake.now) == OK, "it is enrolled");
    ok(strstr(password(NULL), "Location: /sign-in/factor"), "without it a second factor is still asked for");
    ok(strstr(password(&other_card), "Location: /sign-in/factor"), "another person's does not serve");
    ok(strstr(password(&anna_card), "Location: /\r\n"), "with it the password leads in");
    ok(strstr(get(&anna_card, "/"), "account 1 appointment 11"), "as the person");
    char stolen[sizeof jar];
    memcpy(stolen, jar, sizeof jar);
    ok(strstr(get(NULL, "/"), " 303 "), "the session without the certificate reads nothing");
    memcpy(jar, stolen, sizeof jar);
    ok(strstr(get(&anna_card, "/"), " 303 "), "and is over");
    ok(secret_add_certificate(&id, 1, stranger_card.fingerprint, "forged", fake.now) == OK, "even if a stranger's certificate were enrolled");
    ok(strstr(password(&stranger_card), "Location: /sign-in/factor"), "its authority is not ours: it does not serve");
}

static void with_tls(struct web_config *config)
{
    static struct web_listen listen;
    listen = (struct web_listen){.address = "127.0.0.1", .certificate = server.cert_pem, .key = server.key_pem, .client_ca = authority.cert_pem};
    config->listens = &listen;
}

int main(void)
{
    fake_start();
    make_card(&authority, "Authority", NULL, true);
    make_card(&server, "localhost", &authority, false);
    make_card(&anna_card, "Anna", &authority, false);
    make_card(&other_card, "Other", &authority, false);
    make_card(&stranger_authority, "Stranger", NULL, true);
    make_card(&stranger_card, "Anna", &stranger_authority, false);
    web = fake_web(with_tls);
    if (ok(web != NULL, "the server starts with TLS")) {
        test_tls();
        test_certificates();
        web_stop(web);
    }
    struct identity_card *all[] = {&authority, &server, &anna_card, &other_card, &stranger_authority, &stranger_card};
    for (size_t i = 0; i < 6; i++) free_card(all[i]);
    return tap_done();
}
