/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One mail to one person over one relay. The message is built here, whole and in memory: no header can hold a line
 * break, the subject is encoded (RFC 2047) when it is not plain ASCII, the body is quoted-printable, so that no relay
 * needs to change it. Date and message id are handed in. libcurl carries it; TLS is required except to this machine.
 */
#include <arpa/inet.h>
#include <curl/curl.h>
#include <pthread.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/text.h"
#include "wire/wire.h"

enum { most_mail = 1 << 20, most_header = 900, line_width = 76 };

/* ---- what a header may hold ---- */

static bool plain_ascii(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text > 0x7E)
            return false;
    return true;
}

static bool is_address(const char *text)
{
    const char *at = text ? strchr(text, '@') : NULL;
    return at && at > text && at[1] && !strchr(at + 1, '@') && plain_ascii(text) && !strpbrk(text, " <>\"(),;:\\[]") &&
           strlen(text) <= 254;
}

static enum status check(const struct mail_relay *relay, const struct mail *mail, struct reasons *reasons)
{
    struct { const char *field; bool good; } fields[] = {
        { "from", is_address(relay->from) },
        { "to", is_address(mail->to) },
        { "subject", mail->subject && strlen(mail->subject) <= most_header &&
                     utf8_valid(mail->subject, strlen(mail->subject)) &&
                     text_is_plain(mail->subject, strlen(mail->subject), false) },
        { "message-id", !mail->message_id || (*mail->message_id && plain_ascii(mail->message_id) &&
                                              !strpbrk(mail->message_id, " <>") && strlen(mail->message_id) <= 250) },
        { "text", mail->text && utf8_valid(mail->text, strlen(mail->text)) &&
                  text_is_plain(mail->text, strlen(mail->text), true) },
        { "url", relay->url && (str_starts(relay->url, "smtp://") || str_starts(relay->url, "smtps://")) &&
                 plain_ascii(relay->url) },
    };
    enum status status = OK;
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (!fields[i].good) {
            reason_add(reasons, "mail.field", fields[i].field,
                       T_("The mail's field \"%1$s\" is missing or holds what it may not, such as a line break or a "
                          "second address."), fields[i].field);
            status = BAD_INPUT;
        }
    return status;
}

/* ---- the message ---- */

static void add_date(struct buf *out, moment date)
{
    static const char *const days[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
    static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
    struct civil c = moment_civil(date);
    buf_addf(out, "Date: %s, %d %s %04d %02d:%02d:%02d +0000\r\n", days[moment_weekday(date) - 1], c.day,
             months[c.month - 1], c.year, c.hour, c.minute, c.second);
}

/* As it is when short and plain, else in base64 words of at most 39 bytes, cut between characters (RFC 2047). */
static void add_subject(struct buf *out, const char *subject)
{
    if (plain_ascii(subject) && strlen(subject) <= line_width - 9 && !strstr(subject, "=?")) {
        buf_addf(out, "Subject: %s\r\n", subject);
        return;
    }
    buf_adds(out, "Subject:");
    if (!*subject)
        buf_adds(out, "\r\n");
    while (*subject) {
        size_t n = 0;
        char encoded[64];
        for (size_t next = 1; n + next <= 36 && subject[n]; n += next)
            for (next = 1; ((unsigned char)subject[n + next] & 0xC0) == 0x80; next++)
                ;
        base64_write(subject, n, encoded);
        buf_addf(out, " =?UTF-8?B?%s?=\r\n", encoded);
        subject += n;
    }
}

/* Quoted-printable (RFC 2045): lines of at most 76, white space at a line's end encoded, LF as CRLF. */
static void add_body(struct buf *out, const char *text)
{
    size_t column = 0;
    for (const char *p = text; *p; p++) {
        unsigned char c = (unsigned char)*p;
        if (c == '\n') {
            buf_adds(out, "\r\n");
            column = 0;
            continue;
        }
        bool at_end = p[1] == '\n' || !p[1];
        bool plain = c != '=' && ((c > 0x20 && c < 0x7F) || ((c == ' ' || c == '\t') && !at_end));
        size_t need = plain ? 1 : 3;
        if (column + need > line_width - 1) {
            buf_adds(out, "=\r\n");
            column = 0;
        }
        if (plain)
            buf_addc(out, (char)c);
        else
            buf_addf(out, "=%02X", c);
        column += need;
    }
    if (column)
        buf_adds(out, "\r\n");
}

static void write_mail(struct buf *out, const struct mail_relay *relay, const struct mail *mail)
{
    add_date(out, mail->date);
    buf_addf(out, "From: <%s>\r\nTo: <%s>\r\n", relay->from, mail->to);
    add_subject(out, mail->subject);
    if (mail->message_id)
        buf_addf(out, "Message-ID: <%s>\r\n", mail->message_id);
    buf_adds(out, "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n"
                  "Content-Transfer-Encoding: quoted-printable\r\n\r\n");
    add_body(out, mail->text);
}

/* ---- carrying it ---- */

struct upload { const char *bytes; size_t left; };

static size_t feed(char *out, size_t size, size_t count, void *arg)
{
    struct upload *up = arg;
    size_t n = size * count < up->left ? size * count : up->left;
    if (n)
        memcpy(out, up->bytes, n);
    up->bytes += n;
    up->left -= n;
    return n;
}

static bool is_loopback(const struct sockaddr *address)
{
    if (address->sa_family == AF_INET)
        return (ntohl(((const struct sockaddr_in *)(const void *)address)->sin_addr.s_addr) >> 24) == 127;
    return address->sa_family == AF_INET6 &&
           IN6_IS_ADDR_LOOPBACK(&((const struct sockaddr_in6 *)(const void *)address)->sin6_addr);
}

/* Without TLS only to this machine, whatever a name resolves to. */
static curl_socket_t open_loopback(void *arg, curlsocktype purpose, struct curl_sockaddr *address)
{
    if (!is_loopback(&address->addr)) {
        *(bool *)arg = true;
        return CURL_SOCKET_BAD;
    }
    return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}

static size_t ignore(char *bytes, size_t size, size_t count, void *arg) { return size * count; }

static void start_curl(void) { curl_global_init(CURL_GLOBAL_DEFAULT); }

static enum status carry(const struct mail_relay *relay, const struct mail *mail, const struct buf *message,
                         struct reasons *reasons)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, start_curl);
    CURL *curl = curl_easy_init();
    struct curl_slist *to = curl_slist_append(NULL, mail->to);
    if (!curl || !to) {
        curl_slist_free_all(to);
        curl_easy_cleanup(curl);
        return NO_MEMORY;
    }
    struct upload up = { message->data, message->len };
    char error[CURL_ERROR_SIZE] = "";
    bool not_loopback = false, clear = relay->insecure_loopback && str_starts(relay->url, "smtp://");
    CURLcode set = CURLE_OK;
#define SET(option, value) set = set ? set : curl_easy_setopt(curl, option, value)
    SET(CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    SET(CURLOPT_URL, relay->url);
    SET(CURLOPT_MAIL_FROM, relay->from);
    SET(CURLOPT_MAIL_RCPT, to);
    SET(CURLOPT_UPLOAD, 1L);
    SET(CURLOPT_READFUNCTION, feed);
    SET(CURLOPT_READDATA, &up);
    SET(CURLOPT_WRITEFUNCTION, ignore);
    SET(CURLOPT_ERRORBUFFER, error);
    SET(CURLOPT_NOSIGNAL, 1L);
    SET(CURLOPT_NOPROXY, "*");
    SET(CURLOPT_CONNECTTIMEOUT, 10L);
    SET(CURLOPT_TIMEOUT, 30L);
    SET(CURLOPT_USE_SSL, clear ? (long)CURLUSESSL_NONE : (long)CURLUSESSL_ALL);
    SET(CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
    if (relay->ca_file)
        SET(CURLOPT_CAINFO, relay->ca_file);
    if (relay->user) {
        SET(CURLOPT_USERNAME, relay->user);
        SET(CURLOPT_PASSWORD, relay->password ? relay->password : "");
    }
    if (clear) {
        SET(CURLOPT_OPENSOCKETFUNCTION, open_loopback);
        SET(CURLOPT_OPENSOCKETDATA, &not_loopback);
    }
    CURLcode code = set ? set : curl_easy_perform(curl);
    long answer = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &answer);
    curl_slist_free_all(to);
    curl_easy_cleanup(curl);
    if (code == CURLE_OK)
        return OK;
    if (not_loopback)
        reason_add(reasons, "mail.tls", NULL,
                   T_("The relay is not on this machine, so mail without TLS is refused; use smtps:// or allow STARTTLS."));
    else
        reason_add(reasons, "mail.relay", NULL, T_("The mail relay did not take the mail: %1$s (answer %2$s)."),
                   *error ? error : curl_easy_strerror(code), arena_printf(reasons->arena, "%ld", answer));
    return FAILED_IO;
}

enum status mail_send(const struct mail_relay *relay, const struct mail *mail, struct reasons *reasons)
{
    enum status status = check(relay, mail, reasons);
    if (status != OK)
        return status;
    struct buf message;
    buf_init(&message, most_mail);
    write_mail(&message, relay, mail);
    if (message.failed) {
        reason_add(reasons, "mail.size", "text", T_("The mail is longer than %1$s bytes."),
                   arena_printf(reasons->arena, "%d", most_mail));
        status = TOO_LARGE;
    } else {
        status = carry(relay, mail, &message, reasons);
    }
    buf_free(&message);
    return status;
}
