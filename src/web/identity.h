/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * All that signing in needs from the office, as a small struct of functions, so that tests use a fake one. The office's
 * is made by identity_of_office (identity.c). Secrets lie in the office's side tables under a MAC each; nothing here is
 * journalled but what `note` is told.
 */
#ifndef WEB_IDENTITY_H
#define WEB_IDENTITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/words.h"

struct reader;
struct office;

struct seat_info {
    int64_t appointment;
    const char *post;                        /* the post's name in the language asked for */
    moment from, until;
    bool deputy;
};

struct identity {
    void *arg;
    /* The account of a login name; ABSENT when there is none. `active` is false for one that may not sign in. */
    enum status (*find)(void *arg, const char *login, int64_t *ret_account, bool *ret_active);
    /* Side tables: "secret", "token", "enrol"; the owner is the account. ABSENT, or DAMAGED when the MAC fails. */
    enum status (*get)(void *arg, const char *table, int64_t account, const char *key, struct arena *, const void **ret,
                       size_t *ret_len);
    enum status (*put)(void *arg, const char *table, int64_t account, const char *key, const void *, size_t);
    enum status (*drop)(void *arg, const char *table, int64_t account, const char *key);
    enum status (*each)(void *arg, const char *table, int64_t account,
                        bool (*each)(void *, const char *key, const void *, size_t), void *each_arg);
    /* The appointments that the account's person may take now. */
    size_t (*seats)(void *arg, int64_t account, moment now, enum lang, struct arena *, struct seat_info **ret);
    /* A reader for this instant: asked for each request, so an appointment that ended counts at once. */
    enum status (*open)(void *arg, int64_t account, int64_t appointment, moment now, struct reasons *,
                        const struct reader **ret);
    void (*close)(void *arg, const struct reader *);
    /* Journals: "sign-in", "sign-in-refused", "sign-out", "secret-changed". A secret is never in it. */
    enum status (*note)(void *arg, int64_t account, int64_t appointment, const char *kind, const char *reason, moment now);
    bool totp_allowed;                       /* the office's configuration */
    bool fast_secrets;                       /* cheap Argon2: tests and demonstration under test only */
};

/* The office's own. */
struct identity identity_of_office(struct office *);

#endif
