/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sessions: in memory only, by the hash of a 256-bit token, bound to the client's address family, certificate and user
 * agent. A session begins with a token of its own at every stage of signing in, so one that was planted before is worth
 * nothing afterwards. Time is handed in.
 */
#ifndef WEB_SESSION_H
#define WEB_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/hash.h"
#include "base/moment.h"
#include "base/words.h"

enum session_stage {
    STAGE_FACTOR,                            /* the password was right; the second factor is missing */
    STAGE_POST,                              /* both were right; the post is to be chosen */
    STAGE_OPEN,
};

struct session_bond { uint8_t family; bool has_certificate; uint8_t certificate[32]; struct hash agent; };

struct session {                             /* a copy; the table's own is changed by the functions below */
    struct hash key;                         /* SHA-256 of the token */
    enum session_stage stage;
    int64_t account, appointment;
    moment began;                            /* of the first stage; changing the post does not begin anew */
    moment made, used, proved;
    enum lang lang;
    struct session_bond bond;
    char csrf[48];
    uint8_t challenge[32]; bool has_challenge;
    char login[64], to[256];
    unsigned streams;
};

struct session_limits {
    moment idle;                             /* 0: 15 min */
    moment absolute;                         /* 0: 10 h */
    moment pending;                          /* 0: 5 min; to give the second factor and choose the post */
    size_t most;                             /* 0: 20000 */
    size_t most_an_account;                  /* 0: 8; the oldest goes */
};

struct sessions;
struct sessions *sessions_new(struct session_limits);
void sessions_free(struct sessions *);

#define SESSION_TOKEN 48
/* Begins one; `like` gives account, stage and so on, its key and csrf are made new; `began` is kept when it is set. The token's text goes out. False
 * when the table is full. */
bool session_begin(struct sessions *, const struct session *like, moment now, char token[SESSION_TOKEN], struct session *ret);
/* The session of a token when it is alive and the bond fits; counts as use. A token that comes with a wrong bond ends
 * its session: it was stolen. */
bool session_find(struct sessions *, const char *token, const struct session_bond *, moment now, struct session *ret);
/* Whether it is still alive, without counting as use: for open streams. */
bool session_alive(struct sessions *, const struct hash *key, moment now);
void session_end(struct sessions *, const struct hash *key);
void session_end_account(struct sessions *, int64_t account);
/* Writes back challenge, proved, lang, streams of a copy. False when it has ended meanwhile. */
bool session_keep(struct sessions *, const struct session *);
/* Takes or gives back one of an open session's streams. */
bool session_stream(struct sessions *, const struct hash *key, int change, unsigned most);
size_t sessions_count(struct sessions *);

/* ---- lock-out: attempts per account and per address ---- */

struct lockouts;
struct lockout_limits {
    unsigned account_free, address_free;     /* 0: 5 and 20; failures before a delay begins */
    moment first, most;                      /* 0: 30 s and 1 h; doubles with every further failure */
    moment forget;                           /* 0: 12 h without a failure */
    size_t entries;                          /* 0: 65536 */
};
struct lockouts *lockouts_new(struct lockout_limits);
void lockouts_free(struct lockouts *);
enum lockout_kind { LOCKOUT_ACCOUNT, LOCKOUT_ADDRESS };
/* Until when attempts are refused; a moment not after `now`: they are not. `name` is a folded login, or the address. */
moment lockout_until(struct lockouts *, enum lockout_kind, const char *name, moment now);
void lockout_failed(struct lockouts *, enum lockout_kind, const char *name, moment now);
void lockout_cleared(struct lockouts *, enum lockout_kind, const char *name);
/* Counters outlive the process, or a restart would free a guesser: the most guilty LOCKOUT_KEPT of them, as bytes in which names stay hashed.
 * `key` must be the same in the next process. Saving gives 0 when nothing has changed since the last time. */
#define LOCKOUT_KEPT 2048
#define LOCKOUT_BYTES ((size_t)36 * LOCKOUT_KEPT)
void lockouts_key(struct lockouts *, const uint8_t key[32]);
size_t lockouts_save(struct lockouts *, moment now, uint8_t out[LOCKOUT_BYTES]);
void lockouts_load(struct lockouts *, const void *, size_t, moment now);

#endif
