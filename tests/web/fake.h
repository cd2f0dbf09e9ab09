/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A web without an office for tests: an identity of invented accounts in memory, a clock that is set, pages that show
 * what a request was, and a plain HTTP client over sockets that can also misbehave.
 *
 * Accounts: "anna" (1) in one post, "bert" (2) in two, "carl" (3) inactive, "dora" (4) in none. Password
 * "correct horse battery", TOTP seed of twenty bytes 'a'.
 */
#ifndef TESTS_WEB_FAKE_H
#define TESTS_WEB_FAKE_H

#include <pthread.h>

#include "office/office.h"
#include "web/secret.h"
#include "web/server.h"

#define FAKE_PASSWORD "correct horse battery"
extern const uint8_t FAKE_SEED[TOTP_SEED];

struct fake {
    pthread_mutex_t lock;
    struct { char table[12]; int64_t account; char key[96]; char data[2048]; size_t len; bool used; } rows[256];
    char journal[64][96];                    /* "kind account reason" */
    size_t n_journal;
    bool ended[8];                           /* appointments that are over */
    bool journal_fails;
    moment now;
    int open_readers;
};
extern struct fake fake;

void fake_start(void);                       /* empty, with passwords and seeds set */
struct identity fake_identity(void);
moment fake_clock(void *);
extern const struct page fake_pages[];
/* A started web on a free port of 127.0.0.1; `change` may alter the configuration. */
struct web *fake_web(void (*change)(struct web_config *));
const char *fake_last_note(void);

/* ---- a client ---- */
struct reply {
    int status;                              /* 0: closed without an answer */
    char *text;                              /* headers and body, NUL-terminated */
    size_t len;
    const char *body;
};
struct client {
    int port;
    const char *agent;
    char cookies[4][160];                    /* "name=value" */
    char csrf[96];                           /* of the last form seen */
    char last_id[32];
};
int client_connect(int port);
/* Sends bytes and reads to the end of the connection. */
struct reply client_raw(int port, const char *bytes, size_t len);
void reply_free(struct reply *);
const char *reply_header(const struct reply *, const char *name, char *out, size_t cap);     /* NULL when absent */
/* A request as a browser sends it; cookies and the form's CSRF token are kept. `form` is urlencoded without csrf. */
struct reply client_get(struct client *, const char *path);
struct reply client_post(struct client *, const char *path, const char *form);
/* The whole way in: password, TOTP at the fake's time, the first post when there is a choice. */
bool client_sign_in(struct client *, const char *login);
void client_totp(char code[8]);

#endif
