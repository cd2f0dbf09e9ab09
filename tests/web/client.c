/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A small HTTP client for tests; see fake.h. Every request has a connection of its own, closed at the end.
 */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "fake.h"

int client_connect(int port)
{
    struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    struct timeval most = {20, 0};
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &most, sizeof most);
    if (connect(fd, (struct sockaddr *)&to, sizeof to) != 0) {
        close(fd);
        return -1;
    }
    return fd;
}

struct reply client_raw(int port, const char *bytes, size_t len)
{
    struct reply r = {0};
    size_t cap = 1 << 16;
    int fd = client_connect(port);
    r.text = malloc(cap);
    r.text[0] = '\0';
    r.body = "";
    if (fd < 0) return r;
    size_t sent = 0;
    while (sent < len) {
        ssize_t n = send(fd, bytes + sent, len - sent, MSG_NOSIGNAL);
        if (n <= 0) break;
        sent += (size_t)n;
    }
    for (;;) {
        if (r.len + 1 >= cap) r.text = realloc(r.text, cap *= 2);
        ssize_t n = recv(fd, r.text + r.len, cap - r.len - 1, 0);
        if (n <= 0) break;
        r.len += (size_t)n;
    }
    close(fd);
    r.text[r.len] = '\0';
    if (r.len > 12 && strncmp(r.text, "HTTP/1.", 7) == 0) r.status = atoi(r.text + 9);
    char *end = strstr(r.text, "\r\n\r\n");
    r.body = end ? end + 4 : "";
    return r;
}

void reply_free(struct reply *r)
{
    free(r->text);
    *r = (struct reply){0};
}

const char *reply_header(const struct reply *r, const char *name, char *out, size_t cap)
{
    size_t len = strlen(name);
    for (const char *line = strstr(r->text, "\r\n"); line && line + 2 < r->body; line = strstr(line + 2, "\r\n")) {
        if (strncasecmp(line + 2, name, len) != 0 || line[2 + len] != ':') continue;
        const char *value = line + 3 + len + strspn(line + 3 + len, " ");
        snprintf(out, cap, "%.*s", (int)strcspn(value, "\r"), value);
        return out;
    }
    return NULL;
}

static void keep_cookie(struct client *c, const char *pair)
{
    size_t name = strcspn(pair, "="), len = strcspn(pair, ";\r");
    int free_slot = -1;
    for (int i = 0; i < 4; i++) {
        if (strncmp(c->cookies[i], pair, name + 1) == 0) free_slot = i;
    }
    for (int i = 3; i >= 0 && free_slot < 0; i--) {
        if (!c->cookies[i][0]) free_slot = i;
    }
    if (free_slot >= 0) snprintf(c->cookies[free_slot], sizeof c->cookies[0], "%.*s", (int)(len > name + 1 ? len : 0), pair);
}

static void look(struct client *c, const struct reply *r)
{
    for (const char *line = strstr(r->text, "\r\nSet-Cookie: "); line && line < r->body; line = strstr(line + 2, "\r\nSet-Cookie: ")) keep_cookie(c, line + 14);
    const char *token = strstr(r->body, "name=\"csrf\" value=\"");
    if (token) token += 19;
    else if ((token = strstr(r->body, "csrf=\""))) token += 6;
    if (token) snprintf(c->csrf, sizeof c->csrf, "%.*s", (int)strcspn(token, "\""), token);
}

static struct reply request(struct client *c, const char *method, const char *path, const char *body)
{
    char head[4096];
    int n = snprintf(head, sizeof head, "%s %s HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\nUser-Agent: %s\r\n", method, path, c->port, c->agent ? c->agent : "test");
    for (int i = 0, any = 0; i < 4; i++) {
        if (c->cookies[i][0]) n += snprintf(head + n, sizeof head - (size_t)n, "%s%s", any++ ? "; " : "Cookie: ", c->cookies[i]);
        if (i == 3 && any) n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    }
    if (body) n += snprintf(head + n, sizeof head - (size_t)n, "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: %zu\r\n", strlen(body));
    n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    size_t len = (size_t)n + (body ? strlen(body) : 0);
    char *all = malloc(len + 1);
    memcpy(all, head, (size_t)n);
    if (body) memcpy(all + n, body, strlen(body));
    struct reply r = client_raw(c->port, all, len);
    free(all);
    look(c, &r);
    return r;
}

struct reply client_get(struct client *c, const char *path) { return request(c, "GET", path, NULL); }

struct reply client_post(struct client *c, const char *path, const char *form)
{
    char *body = malloc(strlen(form) + sizeof c->csrf + 16);
    sprintf(body, "csrf=%s&%s", c->csrf, form);
    struct reply r = request(c, "POST", path, body);
    free(body);
    return r;
}

void client_totp(char code[8]) { totp_code(TOTP_SHA1, FAKE_SEED, TOTP_SEED, (uint64_t)(fake_clock(NULL) / (30 * SECOND)), 6, code); }

bool client_sign_in(struct client *c, const char *login)
{
    char form[200], code[8], to[200];
    __atomic_fetch_add(&fake.now, 30 * SECOND, __ATOMIC_SEQ_CST);        /* a code serves once */
    struct reply r = client_get(c, "/sign-in");
    reply_free(&r);
    snprintf(form, sizeof form, "login=%s&password=correct+horse+battery&to=/", login);
    r = client_post(c, "/sign-in", form);
    reply_free(&r);
    r = client_get(c, "/sign-in/factor");
    reply_free(&r);
    client_totp(code);
    snprintf(form, sizeof form, "code=%s", code);
    r = client_post(c, "/sign-in/totp", form);
    const char *where = reply_header(&r, "Location", to, sizeof to);
    bool choose = where && strcmp(where, "/sign-in/post") == 0, good = r.status == 303;
    reply_free(&r);
    if (choose) {
        r = client_get(c, "/sign-in/post");
        reply_free(&r);
        r = client_post(c, "/sign-in/post", "appointment=21");
        good = r.status == 303;
        reply_free(&r);
    }
    r = client_get(c, "/");
    good = good && r.status == 200;                        /* a stranger is sent to /sign-in */
    reply_free(&r);
    return good;
}
