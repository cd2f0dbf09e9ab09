/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What signin.c and enrol.c share: attempts that count against account and address, and the handlers of enrolment.
 */
#ifndef WEB_SIGNIN_H
#define WEB_SIGNIN_H

#include "web/web.h"

/* One try with a password, counted and journalled when it fails. */
bool attempt_password(const struct request *, const char *login, const char *password, int64_t *ret_account);
/* One try with a FIDO2 key, from the form's fields; uses up the session's challenge. */
bool attempt_key(const struct request *, int64_t account);

enum status get_enrol_link(const struct request *, struct answer *);
enum status get_enrol(const struct request *, struct answer *);
enum status post_enrol(const struct request *, struct answer *);
enum status get_account(const struct request *, struct answer *);
enum status post_password(const struct request *, struct answer *);
enum status post_new_key(const struct request *, struct answer *);
enum status post_certificate(const struct request *, struct answer *);
enum status post_token(const struct request *, struct answer *);
enum status post_token_drop(const struct request *, struct answer *);

#endif
