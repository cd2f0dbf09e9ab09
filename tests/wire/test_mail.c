/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Outgoing mail against a real SMTP server: a thread of this program on loopback, in clear and with STARTTLS or TLS
 * under a certificate of the test's own making.
 */
#include "tap.h"

#include <arpa/inet.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>
#include <unistd.h>

#include "smtp.h"
#include "wire/wire.h"

static struct arena *arena;
static char ca_path[] = "/tmp/castellan-ca-XXXXXX";

/* A certificate for 127.0.0.1, its own authority. */
static void make_keys(void)
{
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_init(&key);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_init(&crt);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_key(crt, key);
    gnutls_x509_crt_set_serial(crt, "\1", 1);
    gnutls_x509_crt_set_activation_time(crt, time(NULL) - 3600);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 86400);
    gnutls_x509_crt_set_dn_by_oid(crt, GNUTLS_OID_X520_COMMON_NAME, 0, "test", 4);
    gnutls_x509_crt_set_subject_alt_name(crt, GNUTLS_SAN_IPADDRESS, "\x7f\0\0\1", 4, GNUTLS_FSAN_SET);
    gnutls_x509_crt_set_basic_constraints(crt, 1, 0);
    gnutls_x509_crt_set_key_usage(crt, GNUTLS_KEY_DIGITAL_SIGNATURE | GNUTLS_KEY_KEY_CERT_SIGN);
    gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0);
    gnutls_datum_t pem;
    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
    int fd = mkstemp(ca_path);
    if (write(fd, pem.data, pem.size) != (ssize_t)pem.size)
        printf("# no certificate written\n");
    close(fd);
    gnutls_free(pem.data);
    gnutls_certificate_allocate_credentials(&keys);
    gnutls_certificate_set_x509_key(keys, &crt, 1, key);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

/* ---- the tests ---- */

static const struct mail plain = { .to = "post@hq.example", .subject = "Something is due on your desk",
                                   .text = "Due: 2026-11-23.\n.a dot first\n", .message_id = "1.2@castellan" };

static enum status try(const struct server *s, const char *base, struct mail_relay relay, const struct mail *mail,
                       struct reasons *reasons)
{
    struct mail dated = *mail;
    if (moment_read("2026-11-22T13:05:00Z", &dated.date) != OK)
        return BAD_INPUT;
    relay.url = arena_printf(arena, "%s:%d", base, s->port);
    relay.from = relay.from ? relay.from : "castellan@hq.example";
    reasons_init(reasons, arena);
    return mail_send(&relay, &dated, reasons);
}

static void in_clear(void)
{
    struct server s;
    struct reasons reasons;
    pthread_t thread = start(&s, CLEAR);
    struct mail_relay relay = { .insecure_loopback = true };
    is_int(try(&s, "smtp://127.0.0.1", relay, &plain, &reasons), OK, "sent");
    is(s.from, "MAIL FROM:<castellan@hq.example>\r\n", "from");
    is(s.to, "RCPT TO:<post@hq.example>\r\n", "to");
    is(s.message,
       "Date: Sun, 22 Nov 2026 13:05:00 +0000\r\nFrom: <castellan@hq.example>\r\nTo: <post@hq.example>\r\n"
       "Subject: Something is due on your desk\r\nMessage-ID: <1.2@castellan>\r\nAuto-Submitted: auto-generated\r\n"
       "MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n"
       "Due: 2026-11-23.\r\n.a dot first\r\n", "the message, byte for byte");
    struct mail french = plain;
    french.subject = "Échéance dépassée : quelque chose attend sur votre bureau, à Évere";
    french.text = "Échéance = hier \net une ligne qui est bien plus longue que ne le permet la poste, "
                  "avec des caractères accentués à la fin éééééééé\n\tfin\t";
    is_int(try(&s, "smtp://127.0.0.1", relay, &french, &reasons), OK, "sent in French");
    ok(strstr(s.message, "\r\nSubject: =?UTF-8?B?w4ljaMOpYW5jZSBkw6lwYXNzw6llIDogcXVlbHF1ZSBjaG9z?=\r\n =?UTF-8?B?") != NULL,
       "the subject in encoded words");
    ok(strstr(s.message, "\r\n\r\n=C3=89ch=C3=A9ance =3D hier=20\r\net une") != NULL, "the body in quoted-printable");
    bool short_lines = true, ascii = true;
    for (const char *p = s.message, *end; (end = strstr(p, "\r\n")); p = end + 2)
        short_lines &= end - p <= 78;
    for (const char *p = s.message; *p; p++)
        ascii &= (unsigned char)*p < 0x80;
    ok(short_lines && ascii, "short lines of ASCII");
    ok(strstr(s.message, "\r\n\tfin=09\r\n") != NULL, "a tab at the end is encoded");
    s.refuse = "550 no such person\r\n";
    is_int(try(&s, "smtp://127.0.0.1", relay, &plain, &reasons), FAILED_IO, "refused by the relay");
    ok(reasons.count == 1 && strstr(reasons.first->text.in[LANG_EN], "550"), "with its answer in the reason");
    s.refuse = NULL;
    s.drop = true;
    is_int(try(&s, "smtp://127.0.0.1", relay, &plain, &reasons), FAILED_IO, "a relay that hangs up has not taken it");
    s.drop = false;
    int before = s.mails;
    struct mail_relay strict = { 0 };
    is_int(try(&s, "smtp://127.0.0.1", strict, &plain, &reasons), FAILED_IO, "no mail in clear unless it is allowed");
    is_int(s.mails, before, "nothing was handed over");
    stop(&s, thread);
    is_int(try(&s, "smtp://127.0.0.1", relay, &plain, &reasons), FAILED_IO, "no relay there");
    is_int(try(&s, "smtp://192.0.2.1", relay, &plain, &reasons), FAILED_IO, "in clear to another machine");
    ok(reasons.count == 1 && !strcmp(reasons.first->rule, "mail.tls"), "is refused before a byte is sent");
}

static void in_tls(void)
{
    struct server s;
    struct reasons reasons;
    struct mail_relay relay = { .ca_file = ca_path, .user = "office", .password = "secret" };
    pthread_t thread = start(&s, STARTTLS);
    is_int(try(&s, "smtp://127.0.0.1", relay, &plain, &reasons), OK, "sent after STARTTLS");
    ok(s.secured && s.mails == 1 && strstr(s.auth, "AG9mZmljZQBzZWNyZXQ="), "signed in under TLS");
    relay.ca_file = NULL;
    is_int(try(&s, "smtp://127.0.0.1", relay, &plain, &reasons), FAILED_IO, "an unknown authority is refused");
    is_int(s.mails, 1, "nothing was handed over");
    stop(&s, thread);
    relay.ca_file = ca_path;
    thread = start(&s, TLS);
    is_int(try(&s, "smtps://127.0.0.1", relay, &plain, &reasons), OK, "sent over TLS from the first byte");
    ok(s.secured && s.mails == 1, "under TLS");
    stop(&s, thread);
}

static void refusals(void)
{
    static const struct { const char *name, *to, *subject, *text, *id, *from, *url; } cases[] = {
        { "a line break in the subject", "a@b", "x\r\nBcc: y@z", "t", NULL, NULL, NULL },
        { "a line break in the recipient", "a@b\r\nRCPT TO:<y@z>", "s", "t", NULL, NULL, NULL },
        { "two recipients", "a@b,c@d", "s", "t", NULL, NULL, NULL },
        { "brackets in the recipient", "a@b> <c", "s", "t", NULL, NULL, NULL },
        { "no recipient", NULL, "s", "t", NULL, NULL, NULL },
        { "no address", "somebody", "s", "t", NULL, NULL, NULL },
        { "an address that is not ASCII", "é@b", "s", "t", NULL, NULL, NULL },
        { "a line break in the message id", "a@b", "s", "t", "x\ny", NULL, NULL },
        { "a line break in the sender", "a@b", "s", "t", NULL, "a@b\n", NULL },
        { "a control character in the text", "a@b", "s", "t\x01", NULL, NULL, NULL },
        { "text that is not UTF-8", "a@b", "s", "\xff", NULL, NULL, NULL },
        { "another protocol", "a@b", "s", "t", NULL, NULL, "file:///etc/passwd" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct reasons reasons;
        struct mail mail = { .to = cases[i].to, .subject = cases[i].subject, .text = cases[i].text, .message_id = cases[i].id };
        struct mail_relay relay = { .url = cases[i].url ? cases[i].url : "smtp://127.0.0.1:1", .insecure_loopback = true,
                                    .from = cases[i].from ? cases[i].from : "x@y" };
        reasons_init(&reasons, arena);
        ok(mail_send(&relay, &mail, &reasons) == BAD_INPUT && reasons.count == 1, "refused: %s", cases[i].name);
    }
}

int main(void)
{
    arena = arena_new(0);
    make_keys();
    in_clear();
    in_tls();
    refusals();
    unlink(ca_path);
    gnutls_certificate_free_credentials(keys);
    arena_free(arena);
    return tap_done();
}
