/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Enrolment by a one-time link (password and a second factor at once, so that no account is ever half open), and the
 * page of one's own keys, certificates and API tokens. What the form must bring back (TOTP seed, challenge) travels
 * sealed in it, bound to the link.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "web/secret.h"
#include "web/signin.h"

static const moment FORM_LASTS = HOUR;

struct form_secret { moment made; uint8_t seed[TOTP_SEED]; uint8_t challenge[32]; };

static struct call *call_of(const struct request *q) { return q->carrier; }

static const char *seal_purpose(const struct request *q)
{
    struct hash h = sha256(request_part(q, 0), strlen(request_part(q, 0)));
    char text[65];
    hex_write(h.bytes, 16, text);
    return arena_printf(q->arena, "enrol-%s", text);
}

static void show_enrol(const struct request *q, struct answer *a, int64_t account, const struct reasons *why)
{
    struct call *c = call_of(q);
    struct form_secret secret = {.made = q->now};
    struct val *data = val_object(q->arena), *faults = val_array(q->arena);
    char seed[64];
    random_bytes(secret.seed, sizeof secret.seed);
    random_bytes(secret.challenge, sizeof secret.challenge);
    base32_write(secret.seed, sizeof secret.seed, seed);
    for (const struct reason *r = why ? why->first : NULL; r; r = r->after) val_push(q->arena, faults, val_str(q->arena, r->text.in[q->lang]));
    val_set(q->arena, data, "faults", faults);
    val_set_str(q->arena, data, "token", request_part(q, 0));
    val_set_bool(q->arena, data, "totp", c->web->identity.totp_allowed);
    val_set_str(q->arena, data, "seed", seed);
    val_set(q->arena, data, "uri", val_strf(q->arena, "otpauth://totp/Castellan?secret=%s&issuer=Castellan", seed));
    val_set_str(q->arena, data, "sealed", seal_write(q->seal, q->arena, account, seal_purpose(q), &secret, sizeof secret));
    val_set(q->arena, data, "options", webauthn_create_options(q->arena, &c->web->party, account, "castellan", secret.challenge, NULL, 0));
    wipe(&secret, sizeof secret);
    answer_page(q, a, "enrol", data);
}

/* The form of the link that `castellan init` prints: /enrol?token=... */
enum status get_enrol_link(const struct request *q, struct answer *a)
{
    const char *token = request_query(q, "token");
    if (!token || strspn(token, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") != strlen(token) || strlen(token) > 100) return ABSENT;
    answer_redirect(a, arena_printf(q->arena, "/enrol/%s", token));
    return OK;
}

enum status get_enrol(const struct request *q, struct answer *a)
{
    int64_t account;
    struct call *c = call_of(q);
    moment until = lockout_until(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
    if (until > q->now || enrol_check(&c->web->identity, request_part(q, 0), q->now, &account) != OK) {
        lockout_failed(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
        return ABSENT;
    }
    show_enrol(q, a, account, NULL);
    return OK;
}

/* The second factor that the form brings: a key, or a TOTP code for the seed that was shown. */
struct second { bool key, totp; struct fido_key fido; };

static bool read_second(const struct request *q, const struct form_secret *secret, struct second *ret, struct reasons *why)
{
    struct call *c = call_of(q);
    const char *attestation = request_form(q, "attestation"), *code = request_form(q, "code");
    if (attestation && *attestation) {
        ret->key = webauthn_register(q->arena, &c->web->party, secret->challenge, request_form(q, "client-data"), attestation, why, &ret->fido) == OK;
        if (ret->key) ret->fido.name = "1";
        return ret->key;
    }
    if (c->web->identity.totp_allowed && code && strlen(code) == 6) {
        for (int drift = -1; drift <= 1; drift++) {
            char want[9];
            totp_code(TOTP_SHA1, secret->seed, TOTP_SEED, (uint64_t)(q->now / (30 * SECOND) + drift), 6, want);
            if (bytes_equal(want, code, 6)) ret->totp = true;
        }
        if (!ret->totp) reason_add(why, "web.code", "code", T_("The code does not fit the secret shown above; look at the clock of your device."));
        return ret->totp;
    }
    reason_add(why, "web.second-factor", NULL, T_("A second factor is needed: a security key, or a code where the office allows it."));
    return false;
}

static enum status store_secrets(const struct request *q, int64_t account, const char *password, const struct form_secret *secret,
                                 const struct second *second, struct reasons *why)
{
    const struct identity *id = &call_of(q)->web->identity;
    enum status status = secret_set_password(id, account, password, q->now, why);
    if (status == OK && second->key) status = secret_put_key(id, account, &second->fido, q->now, true);
    if (status == OK && second->totp) status = secret_set_totp(id, account, secret->seed, q->now);
    return status;
}

enum status post_enrol(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const struct identity *id = &c->web->identity;
    const char *password = request_form(q, "password"), *again = request_form(q, "again");
    int64_t account, used;
    void *opened = NULL;
    size_t len = 0;
    struct form_secret secret;
    struct second second = {0};
    struct reasons why;
    reasons_init(&why, q->arena);
    if (enrol_check(id, request_part(q, 0), q->now, &account) != OK) {
        lockout_failed(c->web->lockouts, LOCKOUT_ADDRESS, c->address, q->now);
        return ABSENT;
    }
    if (seal_read(q->seal, q->arena, account, seal_purpose(q), request_form(q, "sealed"), &opened, &len) != OK || len != sizeof secret) return BAD_INPUT;
    memcpy(&secret, opened, sizeof secret);
    if (q->now - secret.made > FORM_LASTS) reason_add(&why, "web.form-age", NULL, T_("This form was open for too long; fill it in again."));
    if (!password || !again || !str_eq(password, again)) reason_add(&why, "web.password-twice", "again", T_("The two passwords differ."));
    if (!why.count) read_second(q, &secret, &second, &why);
    /* The link is used up last, when nothing can be refused any more. */
    if (!why.count && secret_password_sound(password, &why)) {
        enum status status = enrol_use(id, request_part(q, 0), q->now, &used);
        if (status == OK) status = store_secrets(q, account, password, &secret, &second, &why);
        if (status != OK) return status;
    }
    wipe(&secret, sizeof secret);
    if (why.count) {
        a->status = 400;
        show_enrol(q, a, account, &why);
        return OK;
    }
    session_end_account(c->web->sessions, account);
    answer_redirect(a, "/sign-in");
    return OK;
}

/* ---- one's own account ------------------------------------------------------------------------------------------- */

static enum status show_account(const struct request *q, struct answer *a, const char *fresh_token, const struct reasons *why)
{
    struct call *c = call_of(q);
    struct val *data = val_object(q->arena), *keys = val_array(q->arena), *tokens = val_array(q->arena), *faults = val_array(q->arena);
    struct fido_key *have = NULL;
    struct api_token *list = NULL;
    size_t n = secret_keys(&c->web->identity, c->session.account, q->arena, &have);
    for (size_t i = 0; i < n; i++) val_push(q->arena, keys, val_str(q->arena, have[i].name));
    random_bytes(c->session.challenge, sizeof c->session.challenge);
    c->session.has_challenge = true;
    if (!session_keep(c->web->sessions, &c->session)) return ABSENT;
    val_set(q->arena, data, "options", webauthn_create_options(q->arena, &c->web->party, c->session.account, c->session.login, c->session.challenge, have, n));
    n = token_list(&c->web->identity, c->session.account, q->arena, &list);
    for (size_t i = 0; i < n; i++) {
        struct val *one = val_object(q->arena);
        val_set_str(q->arena, one, "key", list[i].key);
        val_set_str(q->arena, one, "name", list[i].name);
        val_set_int(q->arena, one, "made", list[i].made);
        val_set_int(q->arena, one, "until", list[i].until);
        val_push(q->arena, tokens, one);
    }
    for (const struct reason *r = why ? why->first : NULL; r; r = r->after) val_push(q->arena, faults, val_str(q->arena, r->text.in[q->lang]));
    val_set(q->arena, data, "keys", keys);
    val_set(q->arena, data, "tokens", tokens);
    val_set(q->arena, data, "faults", faults);
    val_set_bool(q->arena, data, "certificate_here", c->has_certificate);
    val_set_bool(q->arena, data, "certificate", secret_any_certificate(&c->web->identity, c->session.account));
    val_set_bool(q->arena, data, "proved", q->proved != MOMENT_NONE && q->now - q->proved < 5 * MINUTE);
    if (fresh_token) val_set_str(q->arena, data, "fresh_token", fresh_token);
    answer_page(q, a, "account", data);
    return OK;
}

/* These pages are a session's; an API token has no secrets of its own to change. */
enum status get_account(const struct request *q, struct answer *a)
{
    return call_of(q)->in_session ? show_account(q, a, NULL, NULL) : ABSENT;
}

enum status post_password(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const char *password = request_form(q, "password"), *again = request_form(q, "again");
    struct reasons why;
    if (!c->in_session) return ABSENT;
    reasons_init(&why, q->arena);
    if (!password || !str_eq(password, again)) {
        reason_add(&why, "web.password-twice", "again", T_("The two passwords differ."));
    } else {
        enum status status = secret_set_password(&c->web->identity, c->session.account, password, q->now, &why);
        if (status != OK && status != BAD_INPUT) return status;
    }
    if (why.count) {
        a->status = 400;
        return show_account(q, a, NULL, &why);
    }
    struct session mine = c->session;                    /* every other session of the account ends */
    session_end_account(c->web->sessions, c->session.account);
    c->in_session = false;
    if (!call_begin_session(c, &mine)) return BUSY;
    answer_redirect(a, "/account");
    return OK;
}

enum status post_new_key(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    struct fido_key key;
    struct reasons why;
    uint8_t challenge[32];
    reasons_init(&why, q->arena);
    if (!c->in_session || !c->session.has_challenge) return ABSENT;
    memcpy(challenge, c->session.challenge, sizeof challenge);
    c->session.has_challenge = false;
    if (!session_keep(c->web->sessions, &c->session)) return ABSENT;
    if (webauthn_register(q->arena, &c->web->party, challenge, request_form(q, "client-data"), request_form(q, "attestation"), &why, &key) != OK) {
        a->status = 403;
        return show_account(q, a, NULL, &why);
    }
    const char *name = request_form(q, "name");
    key.name = name && *name && strlen(name) <= 60 ? name : "FIDO2";
    enum status status = secret_put_key(&c->web->identity, c->session.account, &key, q->now, true);
    if (status == OK) answer_redirect(a, "/account");
    return status;
}

enum status post_certificate(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    if (!c->in_session || !c->has_certificate) return ABSENT;
    enum status status = secret_add_certificate(&c->web->identity, c->session.account, c->certificate, "", q->now);
    if (status == OK) answer_redirect(a, "/account");
    return status;
}

enum status post_token(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    const char *name = request_form(q, "name"), *days_text = request_form(q, "days");
    const char *text = NULL;
    long days = days_text ? strtol(days_text, NULL, 10) : 30;
    struct reasons why;
    reasons_init(&why, q->arena);
    if (!c->in_session) return ABSENT;
    if (!name || !*name || strlen(name) > 60) reason_add(&why, "web.token-name", "name", T_("Give the token a name of at most 60 characters, so that you know it again."));
    if (days < 1 || days > 366) reason_add(&why, "web.token-days", "days", T_("A token lasts between 1 and 366 days."));
    if (why.count) {
        a->status = 400;
        return show_account(q, a, NULL, &why);
    }
    enum status status = token_make(&c->web->identity, c->session.account, c->session.appointment, name, q->now, q->now + days * DAY, q->arena, &text);
    return status == OK ? show_account(q, a, text, NULL) : status;
}

enum status post_token_drop(const struct request *q, struct answer *a)
{
    struct call *c = call_of(q);
    if (!c->in_session) return ABSENT;
    enum status status = token_drop(&c->web->identity, c->session.account, request_part(q, 0), q->now);
    if (status == OK) answer_redirect(a, "/account");
    return status;
}
