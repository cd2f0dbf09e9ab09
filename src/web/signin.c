/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signing in: name and password, then a second factor (TOTP where the office allows it, a FIDO2 key, a client
 * certificate), then the post. Each stage has a session token of its own. Unknown, inactive and locked accounts answer
 * as a wrong password does, after the same work; what was tried is journalled. Enrolment and keys are in enrol.c.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "front/escape.h"
#include "web/secret.h"
#include "web/signin.h"

static struct call *call_of(const struct request *q) { return q->carrier; }

/* A fault beside the form, as every stage shows it. */
static struct val *with_fault(const struct request *q, const char *english)
{
    struct val *data = val_object(q->arena);
    if (english) val_set_str(q->arena, data, "fault", tr(q->lang, english));
    return data;
}

static enum status too_many(const struct request *q, struct answer *a, moment until)
{
    struct reasons why;
    reasons_init(&why, q->arena);
    int64_t seconds = (until - q->now + SECOND - 1) / SECOND;
    const char *number = arena_printf(q->arena, "%lld", (long long)seconds);
    reason_add(&why, "web.attempts", NULL, T_("There were too many failed attempts from this address. Wait %1$s seconds."), number);
    answer_reasons(q, a, BUSY, &why);
    a->status = 429;
    a->retry_after = (int)seconds;
    return OK;
}

/* ---- name and password ------------------------------------------------------------------------------------------- */

static void show_sign_in(const struct request *q, struct answer *a, const char *fault, const char *login, const char *to)
{
    struct val *data = with_fault(q, fault);
    val_set_str(q->arena, data, "login", login ? login : "");
    val_set_str(q->arena, data, "to", url_is_local(to) && strlen(to) < 256 ? to : "/");
    answer_page(q, a, "sign-in", data);
}

static enum status get_sign_in(const struct request *q, struct answer *a)
{
    if (q->reader) answer_redirect(a, "/");
    else show_sign_in(q, a, NULL, NULL, request_query(q, "to"));
    return OK;
}

bool attempt_password(const struct request *q, const char *login, const char *password, int64_t *ret_account)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    int64_t account = 0;
    bool active = false;
    const char *folded = text_fold(q->arena, login, strlen(login));
    bool known = id->find(id->arg, login, &account, &active) == OK && active;
    bool locked = lockout_until(c->web->lockouts, LOCKOUT_ACCOUNT, folded, q->now) > q->now;
    bool good = secret_check_password(id, known ? account : 0, password) && !locked;
    if (good) {
        *ret_account = account;
        return true;
    }
    lockout_failed(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
    if (!locked) lockout_failed(c->web->lockouts, LOCKOUT_ACCOUNT, folded, q->now);
    /* The answer is the same whether or not the journal took it: it grants nothing. */
    enum status noted = id->note(id->arg, known ? account : 0, 0, "sign-in-refused", locked ? "locked" : known ? "password" : "account", q->now);
    (void)noted;
    return false;
}

static bool certificate_serves(struct call *c, int64_t account)
{
    return c->has_certificate && secret_has_certificate(&c->web->identity, account, c->certificate);
}

static enum status factor_passed(const struct request *q, struct answer *a);

static enum status post_sign_in(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const char *login = request_form(q, "login"), *password = request_form(q, "password"), *to = request_form(q, "to");
    moment until = lockout_until(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
    if (until > q->now) return too_many(q, a, until);
    if (!login || !password || !*login || strlen(login) > 63 || strlen(password) > PASSWORD_MOST) {
        a->status = 400;
        show_sign_in(q, a, T_("Give your name and your password."), NULL, to);
        return OK;
    }
    int64_t account;
    if (!attempt_password(q, login, password, &account)) {
        a->status = 403;
        show_sign_in(q, a, T_("Name and password do not fit, or the account cannot be used now."), login, to);
        return OK;
    }
    struct session fresh = {.stage = STAGE_FACTOR, .account = account, .lang = q->lang, .proved = MOMENT_NONE};
    memcpy(fresh.login, login, strlen(login));
    if (url_is_local(to) && strlen(to) < sizeof fresh.to) memcpy(fresh.to, to, strlen(to));
    if (!call_begin_session(c, &fresh)) return BUSY;
    if (certificate_serves(c, account)) return factor_passed(q, a);
    answer_redirect(a, "/sign-in/factor");
    return OK;
}

/* ---- the second factor ------------------------------------------------------------------------------------------- */

static bool at_stage(const struct call *c, enum session_stage stage) { return c->in_session && c->session.stage == stage; }

static const char *folded_login(const struct request *q)
{
    const char *login = call_of(q)->session.login;
    return text_fold(q->arena, login, strlen(login));
}

static void new_challenge(struct call *c)
{
    random_bytes(c->session.challenge, sizeof c->session.challenge);
    c->session.has_challenge = true;
    if (!session_keep(c->web->sessions, &c->session)) c->session.has_challenge = false;
}

static enum status show_factor(const struct request *q, struct answer *a, const char *fault)
{
    struct call *c = call_of(q);
    struct val *data = with_fault(q, fault);
    struct fido_key *keys = NULL;
    size_t n = secret_keys(&c->web->identity, c->session.account, q->arena, &keys);
    bool totp = c->web->identity.totp_allowed && secret_has_totp(&c->web->identity, c->session.account);
    if (n) {
        new_challenge(c);
        val_set(q->arena, data, "options", webauthn_get_options(q->arena, &c->web->party, c->session.challenge, keys, n));
    }
    val_set_bool(q->arena, data, "totp", totp);
    val_set_bool(q->arena, data, "certificate", secret_any_certificate(&c->web->identity, c->session.account));
    val_set_bool(q->arena, data, "none", !totp && !n);
    answer_page(q, a, "sign-in-factor", data);
    return OK;
}

static enum status get_factor(const struct request *q, struct answer *a)
{
    if (!at_stage(call_of(q), STAGE_FACTOR)) answer_redirect(a, "/sign-in");
    else return show_factor(q, a, NULL);
    return OK;
}

/* Counts against the account; from the delay on, signing in begins again. */
static enum status factor_failed(const struct request *q, struct answer *a, const char *kind)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    const char *login = folded_login(q);
    lockout_failed(c->web->lockouts, LOCKOUT_ACCOUNT, login, q->now);
    lockout_failed(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
    enum status noted = id->note(id->arg, c->session.account, 0, "sign-in-refused", kind, q->now);
    if (lockout_until(c->web->lockouts, LOCKOUT_ACCOUNT, login, q->now) > q->now || noted != OK) {
        call_end_session(c);
        answer_redirect(a, "/sign-in");
        return OK;
    }
    a->status = 403;
    return show_factor(q, a, T_("The second factor does not fit."));
}

static bool locked_now(const struct request *q)
{
    struct call *c = call_of(q);
    return lockout_until(c->web->lockouts, LOCKOUT_ACCOUNT, folded_login(q), q->now) > q->now;
}

static enum status post_totp(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    if (!at_stage(c, STAGE_FACTOR) || locked_now(q)) {
        answer_redirect(a, "/sign-in");
        return OK;
    }
    if (!secret_check_totp(&c->web->identity, c->session.account, request_form(q, "code"), q->now)) return factor_failed(q, a, "totp");
    return factor_passed(q, a);
}

bool attempt_key(const struct request *q, int64_t account)
{
    struct call *c = call_of(q);
    const char *id_text = request_form(q, "id");
    uint8_t id[512];
    size_t id_len;
    struct fido_key key;
    struct reasons why;
    uint32_t counter;
    reasons_init(&why, q->arena);
    if (!c->session.has_challenge || !id_text || !base64_read(id_text, strlen(id_text), id, sizeof id, &id_len)) return false;
    uint8_t challenge[32];
    memcpy(challenge, c->session.challenge, sizeof challenge);
    c->session.has_challenge = false;                    /* serves once, whatever comes of it */
    if (!session_keep(c->web->sessions, &c->session)) return false;
    if (secret_get_key(&c->web->identity, account, id, id_len, q->arena, &key) != OK) return false;
    if (webauthn_assert(q->arena, &c->web->party, challenge, &key, request_form(q, "client-data"),
                        request_form(q, "authenticator-data"), request_form(q, "signature"), &why, &counter) != OK) {
        return false;
    }
    key.counter = counter;
    return secret_put_key(&c->web->identity, account, &key, q->now, false) == OK;
}

static enum status post_key(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    if (!at_stage(c, STAGE_FACTOR) || locked_now(q)) {
        answer_redirect(a, "/sign-in");
        return OK;
    }
    return attempt_key(q, c->session.account) ? factor_passed(q, a) : factor_failed(q, a, "key");
}

/* ---- the post ---------------------------------------------------------------------------------------------------- */

/* ---- the language that an account has chosen: a note of its own, for its pages and mails ---- */

static enum lang kept_language(const struct request *q, int64_t account, enum lang otherwise)
{
    const struct identity *id = &call_of(q)->web->identity;
    const void *kept;
    size_t len;
    if (id->get(id->arg, "language", account, "lang", q->arena, &kept, &len) != OK || len != 2) return otherwise;
    return lang_from(arena_strndup(q->arena, kept, len), otherwise);
}

static enum status open_session(const struct request *q, struct answer *a, int64_t appointment)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    struct session fresh = c->session;
    char *to = arena_strdup(q->arena, c->session.to[0] ? c->session.to : "/");
    fresh.stage = STAGE_OPEN;
    fresh.appointment = appointment;
    fresh.used = q->now;
    fresh.lang = kept_language(q, fresh.account, fresh.lang);
    memset(fresh.to, 0, sizeof fresh.to);
    enum status status = id->note(id->arg, fresh.account, appointment, "sign-in", "", q->now);
    if (status != OK) return status;
    if (!call_begin_session(c, &fresh)) return BUSY;
    answer_redirect(a, to);
    return OK;
}

static enum status factor_passed(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    struct seat_info *seats = NULL;
    struct session fresh = c->session;
    const struct identity *id = &c->web->identity;
    fresh.stage = STAGE_POST;
    fresh.proved = q->now;
    lockout_cleared(c->web->lockouts, LOCKOUT_ACCOUNT, folded_login(q));
    size_t n = id->seats(id->arg, fresh.account, q->now, q->lang, q->arena, &seats);
    if (n == 0) {
        struct reasons why;
        reasons_init(&why, q->arena);
        call_end_session(c);
        struct reason *reason = reason_add(&why, "web.no-post", NULL, T_("You are appointed to no post just now, so there is nothing to sign in to."));
        reason_next(&why, reason, T_("Ask your superior or the head of your section for the appointment."));
        answer_reasons(q, a, REFUSED, &why);
        return OK;
    }
    if (!call_begin_session(c, &fresh)) return BUSY;
    if (n == 1) return open_session(q, a, seats[0].appointment);
    answer_redirect(a, "/sign-in/post");
    return OK;
}

static bool may_choose(const struct call *c) { return at_stage(c, STAGE_POST) || at_stage(c, STAGE_OPEN); }

static enum status get_post(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    if (!may_choose(c)) {
        answer_redirect(a, "/sign-in");
        return OK;
    }
    struct seat_info *seats = NULL;
    struct val *data = val_object(q->arena), *list = val_array(q->arena);
    size_t n = id->seats(id->arg, c->session.account, q->now, q->lang, q->arena, &seats);
    for (size_t i = 0; i < n; i++) {
        struct val *one = val_object(q->arena);
        val_set(q->arena, one, "appointment", val_strf(q->arena, "%lld", (long long)seats[i].appointment));
        val_set_str(q->arena, one, "post", seats[i].post);
        val_set_bool(q->arena, one, "deputy", seats[i].deputy);
        if (seats[i].until != MOMENT_EVER) val_set_int(q->arena, one, "until", seats[i].until);
        val_set_bool(q->arena, one, "taken", at_stage(c, STAGE_OPEN) && seats[i].appointment == c->session.appointment);
        val_push(q->arena, list, one);
    }
    val_set(q->arena, data, "seats", list);
    answer_page(q, a, "sign-in-post", data);
    return OK;
}

static enum status post_post(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    const char *given = request_form(q, "appointment");
    if (!may_choose(c)) {
        answer_redirect(a, "/sign-in");
        return OK;
    }
    struct seat_info *seats = NULL;
    int64_t appointment = given ? strtoll(given, NULL, 10) : 0;
    size_t n = id->seats(id->arg, c->session.account, q->now, q->lang, q->arena, &seats);
    for (size_t i = 0; i < n; i++) {
        if (seats[i].appointment == appointment) return open_session(q, a, appointment);
    }
    return ABSENT;
}

/* ---- leaving, proving again, language ------------------------------------------------------------------------------ */

static enum status post_sign_out(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    if (c->in_session) {
        enum status status = id->note(id->arg, c->session.account, c->session.appointment, "sign-out", "", q->now);
        (void)status;                                    /* leaving is never refused */
    }
    call_end_session(c);
    answer_redirect(a, "/sign-in");
    return OK;
}

static enum status show_proof(const struct request *q, struct answer *a, const char *fault)
{
    struct call *c = call_of(q);
    struct val *data = with_fault(q, fault);
    const char *to = request_query(q, "to") ? request_query(q, "to") : request_form(q, "to");
    struct fido_key *keys = NULL;
    size_t n = secret_keys(&c->web->identity, c->session.account, q->arena, &keys);
    if (n) {
        new_challenge(c);
        val_set(q->arena, data, "options", webauthn_get_options(q->arena, &c->web->party, c->session.challenge, keys, n));
    }
    val_set_str(q->arena, data, "to", url_is_local(to) ? to : "/");
    answer_page(q, a, "sign-in-proof", data);
    return OK;
}

static enum status get_proof(const struct request *q, struct answer *a)
{
    return call_of(q)->in_session ? show_proof(q, a, NULL) : ABSENT;
}

static enum status post_proof(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const char *password = request_form(q, "password"), *to = request_form(q, "to");
    int64_t account = 0;
    if (!c->in_session) return ABSENT;
    moment until = lockout_until(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
    if (until > q->now) return too_many(q, a, until);
    bool by_key = request_form(q, "id") && *request_form(q, "id");
    bool good = by_key ? attempt_key(q, c->session.account) :
                password && strlen(password) <= PASSWORD_MOST && attempt_password(q, c->session.login, password, &account) && account == c->session.account;
    if (by_key && !good) lockout_failed(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
    if (!good && locked_now(q)) {
        call_end_session(c);
        answer_redirect(a, "/sign-in");
        return OK;
    }
    if (!good) {
        a->status = 403;
        return show_proof(q, a, T_("That does not fit."));
    }
    c->session.proved = q->now;
    if (!session_keep(c->web->sessions, &c->session)) return ABSENT;
    answer_redirect(a, to);
    return OK;
}

static enum status post_language(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const char *code = request_form(q, "lang"), *to = request_form(q, "to");
    if (c->in_session) {
        const struct identity *id = &c->web->identity;
        c->session.lang = lang_from(code, q->lang);
        if (!session_keep(c->web->sessions, &c->session)) return ABSENT;
        enum status status = at_stage(c, STAGE_OPEN) ? id->put(id->arg, "language", c->session.account, "lang", c->session.lang == LANG_FR ? "fr" : "en", 2) : OK;
        if (status != OK) return status;
    }
    answer_redirect(a, to);
    return OK;
}

static enum status get_live(const struct request *q, struct answer *a)
{
    a->stream = true;
    a->status = 200;
    return OK;
}

const struct page signin_pages[] = {
    {METHOD_GET, "/sign-in", NULL, "sign-in", get_sign_in},
    {METHOD_POST, "/sign-in", NULL, "sign-in", post_sign_in},
    {METHOD_GET, "/sign-in/factor", NULL, "second-factor", get_factor},
    {METHOD_POST, "/sign-in/totp", NULL, "second-factor-totp", post_totp},
    {METHOD_POST, "/sign-in/key", NULL, "second-factor-key", post_key},
    {METHOD_GET, "/sign-in/post", NULL, "choose-post", get_post},
    {METHOD_POST, "/sign-in/post", NULL, "choose-post", post_post},
    {METHOD_GET, "/sign-in/proof", "", "prove-again", get_proof},
    {METHOD_POST, "/sign-in/proof", "", "prove-again", post_proof},
    {METHOD_POST, "/sign-out", NULL, "sign-out", post_sign_out},
    {METHOD_POST, "/language", NULL, "language", post_language},
    {METHOD_GET, "/live", "", "live", get_live},
    {METHOD_GET, "/enrol", NULL, "enrol-link", get_enrol_link},
    {METHOD_GET, "/enrol/{token}", NULL, "enrol", get_enrol},
    {METHOD_POST, "/enrol/{token}", NULL, "enrol", post_enrol},
    {METHOD_GET, "/account", "", "own-account", get_account},
    {METHOD_POST, "/account/password", "", "own-password", post_password, .needs_proof = "password"},
    {METHOD_POST, "/account/key", "", "own-key", post_new_key, .needs_proof = "password"},
    {METHOD_POST, "/account/certificate", "", "own-certificate", post_certificate, .needs_proof = "password"},
    {METHOD_POST, "/account/token", "", "own-token", post_token, .needs_proof = "password"},
    {METHOD_POST, "/account/token/{key}/drop", "", "own-token-drop", post_token_drop},
    {0},
};
