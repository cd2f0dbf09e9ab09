/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Signing in over HTTP: the way in, every way not in, fixation, theft, lock-out by injected time, ended appointments,
 * enrolment and API tokens.
 */
#include <unistd.h>

#include "base/text.h"
#include "fake.h"
#include "tap.h"

static struct web *web;

static struct client fresh(void) { return (struct client){.port = web_port(web, 0)}; }

static int get_status(struct client *c, const char *path)
{
    struct reply r = client_get(c, path);
    int status = r.status;
    reply_free(&r);
    return status;
}

static int post_status(struct client *c, const char *path, const char *form)
{
    struct reply r = client_post(c, path, form);
    int status = r.status;
    reply_free(&r);
    return status;
}

static const char *session_cookie(const struct client *c)
{
    for (int i = 0; i < 4; i++) {
        if (str_starts(c->cookies[i], "castellan=")) return c->cookies[i];
    }
    return "";
}

static void test_way_in(void)
{
    struct client c = fresh();
    char value[300];
    struct reply r = client_get(&c, "/");
    ok(r.status == 303 && str_eq(reply_header(&r, "Location", value, sizeof value), "/sign-in"), "nobody is sent to sign in");
    reply_free(&r);
    ok(client_sign_in(&c, "anna"), "password and code lead in");
    ok(str_starts(fake_last_note(), "sign-in 1 "), "which is journalled");
    r = client_get(&c, "/");
    ok(strstr(r.body, "account 1 appointment 11"), "as the person, in the only post");
    reply_free(&r);
    struct client two = fresh();
    ok(client_sign_in(&two, "BERT"), "a login's case does not count");
    r = client_get(&two, "/sign-in/post");
    ok(strstr(r.body, "Registrar &lt;b&gt;") && strstr(r.body, "as deputy"), "posts are offered, escaped");
    reply_free(&r);
    is_int(get_status(&two, "/second"), 403, "a right of the other post is refused");
    is_int(post_status(&two, "/sign-in/post", "appointment=22"), 303, "the post is changed");
    is_int(get_status(&two, "/second"), 200, "and its right counts");
    is_int(post_status(&two, "/sign-in/post", "appointment=11"), 404, "another person's post is absent");
    struct client dora = fresh();
    ok(!client_sign_in(&dora, "dora"), "nobody without a post");
}

static void test_cookie(void)
{
    struct client c = fresh();
    char value[300];
    struct reply r = client_get(&c, "/sign-in");
    reply_header(&r, "Set-Cookie", value, sizeof value);
    ok(strstr(value, "HttpOnly") && strstr(value, "SameSite=Strict") && strstr(value, "Path=/") && !strstr(value, "Domain"), "cookies are strict: %s", value);
    ok(strstr(reply_header(&r, "Content-Security-Policy", value, sizeof value), "default-src 'none'") && !strstr(value, "unsafe"), "the policy allows nothing inline");
    ok(str_eq(reply_header(&r, "Cache-Control", value, sizeof value), "no-store"), "pages are not stored");
    ok(str_eq(reply_header(&r, "X-Content-Type-Options", value, sizeof value), "nosniff"), "nor sniffed");
    ok(str_eq(reply_header(&r, "Referrer-Policy", value, sizeof value), "same-origin"), "referred to nobody else");
    reply_free(&r);
}

static void test_fixation(void)
{
    struct client c = fresh();
    snprintf(c.cookies[0], sizeof c.cookies[0], "castellan=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    char before[160], middle[160];
    ok(client_sign_in(&c, "anna"), "a planted token does not hinder");
    snprintf(before, sizeof before, "%s", session_cookie(&c));
    ok(!strstr(before, "AAAAAAAAAAAA"), "but is replaced");
    struct client again = fresh();
    reply_free(&(struct reply){0});
    struct reply r = client_get(&again, "/sign-in");
    reply_free(&r);
    post_status(&again, "/sign-in", "login=anna&password=correct+horse+battery");
    snprintf(middle, sizeof middle, "%s", session_cookie(&again));
    is_int(get_status(&again, "/"), 303, "a half-open session reads nothing");
    fake.now += 30 * SECOND;
    char code[8], form[32];
    client_totp(code);
    snprintf(form, sizeof form, "code=%s", code);
    r = client_get(&again, "/sign-in/factor");
    reply_free(&r);
    is_int(post_status(&again, "/sign-in/totp", form), 303, "the second factor opens it");
    ok(strcmp(middle, session_cookie(&again)) != 0, "under a new token");
    struct client old = fresh();
    snprintf(old.cookies[0], sizeof old.cookies[0], "%s", middle);
    is_int(get_status(&old, "/"), 303, "the half-open token is worth nothing any more");
    struct client replay = fresh();
    r = client_get(&replay, "/sign-in");
    reply_free(&r);
    post_status(&replay, "/sign-in", "login=anna&password=correct+horse+battery");
    r = client_get(&replay, "/sign-in/factor");
    reply_free(&r);
    is_int(post_status(&replay, "/sign-in/totp", form), 403, "a code serves once");
}

static void test_theft(void)
{
    struct client c = fresh();
    ok(client_sign_in(&c, "anna"), "signed in");
    struct client thief = c;
    thief.agent = "another browser";
    is_int(get_status(&thief, "/"), 303, "the token from another browser reads nothing");
    is_int(get_status(&c, "/"), 303, "and ends the session that it was stolen from");
}

static void test_csrf(void)
{
    struct client c = fresh();
    ok(client_sign_in(&c, "anna"), "signed in");
    struct reply r = client_get(&c, "/");
    reply_free(&r);
    is_int(post_status(&c, "/echo", "a=1"), 200, "with the session's token a form is taken");
    struct client other = fresh();
    client_sign_in(&other, "anna");
    r = client_get(&other, "/");
    reply_free(&r);
    struct client forged = c;
    memcpy(forged.csrf, other.csrf, sizeof forged.csrf);
    is_int(post_status(&forged, "/echo", "a=1"), 403, "another session's token is not");
    forged.csrf[0] = '\0';
    is_int(post_status(&forged, "/echo", "a=1"), 403, "nor none");
    char text[1000];
    static const char *const HOSTILE[] = {"Origin: http://evil.example", "Sec-Fetch-Site: cross-site", "Origin: null", "Sec-Fetch-Site: same-site"};
    for (size_t i = 0; i < 4; i++) {
        snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: localhost:%d\r\nUser-Agent: test\r\nConnection: close\r\nCookie: %s\r\nX-CSRF-Token: %s\r\n%s\r\n"
                 "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: 3\r\n\r\na=1", c.port, session_cookie(&c), c.csrf, HOSTILE[i]);
        r = client_raw(c.port, text, strlen(text));
        is_int(r.status, 403, HOSTILE[i]);
        reply_free(&r);
    }
    struct client stranger = fresh();
    is_int(post_status(&stranger, "/sign-in", "login=anna&password=correct+horse+battery"), 403, "signing in needs its form, too");
}

static char *refusal(const char *login)
{
    struct client c = fresh();
    char form[200];
    struct reply r = client_get(&c, "/sign-in");
    reply_free(&r);
    snprintf(form, sizeof form, "login=%s&password=wrong+horse+battery", login);
    r = client_post(&c, "/sign-in", form);
    char *body = strdup(r.body), *at = strstr(body, "value=\"");
    /* The tokens and the name typed in differ of themselves. */
    for (char *p = strstr(body, "name=\"csrf\" value=\""); p; p = NULL) memset(p + 19, 'x', 43);
    for (char *p = strstr(body, "name=\"login\" value=\""); p; p = NULL) memset(p + 20, 'x', 4);
    ok(at && r.status == 403, "%s is refused", login);
    reply_free(&r);
    return body;
}

static void test_alike(void)
{
    char *wrong = refusal("bert"), *unknown = refusal("zora"), *inactive = refusal("carl");
    is(unknown, wrong, "an unknown account answers as a wrong password");
    is(inactive, wrong, "and so does one that may not sign in");
    struct client c = fresh();
    for (int i = 0; i < 6; i++) {
        struct reply r = client_get(&c, "/sign-in");
        reply_free(&r);
        post_status(&c, "/sign-in", "login=bert&password=wrong+horse+battery");
    }
    char *locked = refusal("bert");
    is(locked, wrong, "and so does a locked one");
    struct reply r = client_get(&c, "/sign-in");
    reply_free(&r);
    is_int(post_status(&c, "/sign-in", "login=bert&password=correct+horse+battery"), 403, "even with the right password");
    ok(str_eq(fake_last_note(), "sign-in-refused 2 locked"), "the journal knows why: %s", fake_last_note());
    web_stop(web);
    web = fake_web(NULL);
    if (!ok(web != NULL, "the server is started anew")) exit(1);
    c = fresh();
    r = client_get(&c, "/sign-in");
    reply_free(&r);
    is_int(post_status(&c, "/sign-in", "login=bert&password=correct+horse+battery"), 403, "which frees no guesser: still locked");
    fake.now += 20 * SECOND;
    r = client_get(&c, "/sign-in");
    reply_free(&r);
    is_int(post_status(&c, "/sign-in", "login=bert&password=correct+horse+battery"), 403, "still after 20 s");
    fake.now += 60 * SECOND;
    ok(client_sign_in(&c, "bert"), "the delay over, the right password serves");
    free(wrong);
    free(unknown);
    free(inactive);
    free(locked);
}

static void test_address(void)
{
    struct client c = fresh();
    int status = 0, tries = 0;
    char form[100];
    for (; tries < 40 && status != 429; tries++) {
        struct reply r = client_get(&c, "/sign-in");
        reply_free(&r);
        snprintf(form, sizeof form, "login=nobody%d&password=wrong+horse+battery", tries);
        status = post_status(&c, "/sign-in", form);
    }
    ok(status == 429 && tries <= 21, "an address that tries many names is told to wait (after %d)", tries);
    fake.now += DAY;
    ok(client_sign_in(&c, "anna"), "and may come back");
}

/* What an account has chosen is its language from then on, whatever the browser asks for. */
static bool in_french(struct client *c, const char *path)
{
    struct reply r = client_get(c, path);
    bool french = r.status == 200 && strstr(r.body, "<html lang=\"fr\"");
    reply_free(&r);
    return french;
}
static void test_language(void)
{
    struct client c = fresh(), again = fresh(), other = fresh();
    ok(client_sign_in(&c, "anna") && !in_french(&c, "/account"), "a browser that asks for nothing gets English");
    is_int(post_status(&c, "/language", "lang=fr&to=/"), 303, "an account chooses French");
    ok(in_french(&c, "/account"), "and has it at once");
    ok(client_sign_in(&again, "anna") && in_french(&again, "/account"), "and at the next sign-in, by another browser");
    ok(client_sign_in(&other, "bert") && !in_french(&other, "/account"), "another account keeps its own");
    is_int(post_status(&again, "/language", "lang=en&to=/"), 303, "it chooses English again");
    ok(!in_french(&again, "/account"), "and has it");
}

static void test_end(void)
{
    struct client c = fresh();
    ok(client_sign_in(&c, "anna"), "signed in");
    fake.now += 14 * MINUTE;
    is_int(get_status(&c, "/"), 200, "a session lives on while it is used");
    fake.now += 16 * MINUTE;
    is_int(get_status(&c, "/"), 303, "and ends when it is not");
    ok(client_sign_in(&c, "anna"), "signed in again");
    int hours = 0;
    while (hours < 20 * 60 && get_status(&c, "/") == 200) {
        fake.now += 10 * MINUTE;
        hours += 10;
    }
    ok(hours >= 590 && hours <= 610, "at the latest after ten hours (%d min)", hours);
    struct client two = fresh();
    ok(client_sign_in(&two, "bert"), "signed in");
    for (hours = 0; hours < 20 * 60 && get_status(&two, "/") == 200; hours += 10) {
        struct reply seen = client_get(&two, "/sign-in/post");
        reply_free(&seen);
        post_status(&two, "/sign-in/post", "appointment=21");
        fake.now += 10 * MINUTE;
    }
    ok(hours >= 590 && hours <= 610, "also for somebody who changes the post again and again (%d min)", hours);
    ok(client_sign_in(&c, "anna"), "signed in again");
    fake.ended[1] = true;
    is_int(get_status(&c, "/"), 303, "an appointment that ended counts at once");
    fake.ended[1] = false;
    is_int(get_status(&c, "/"), 303, "and the session does not come back with it");
    ok(client_sign_in(&c, "anna"), "signed in again");
    struct reply r = client_get(&c, "/");
    reply_free(&r);
    struct client kept = c;
    is_int(post_status(&c, "/sign-out", ""), 303, "signing out");
    is_int(get_status(&kept, "/"), 303, "ends the token");
    ok(str_starts(fake_last_note(), "sign-out 1"), "and is journalled");
    fake.journal_fails = true;
    struct client d = fresh();
    ok(!client_sign_in(&d, "anna"), "nobody comes in while the journal takes nothing");
    fake.journal_fails = false;
}

static void test_proof(void)
{
    struct client c = fresh();
    ok(client_sign_in(&c, "anna"), "signed in");
    struct reply r = client_get(&c, "/");
    reply_free(&r);
    is_int(post_status(&c, "/proof", "a=1"), 200, "just after signing in a proof is fresh");
    fake.now += 6 * MINUTE;
    is_int(post_status(&c, "/proof", "a=1"), 403, "six minutes later it is not");
    r = client_get(&c, "/sign-in/proof?to=/");
    reply_free(&r);
    is_int(post_status(&c, "/sign-in/proof", "password=wrong+horse+battery"), 403, "a wrong password proves nothing");
    is_int(post_status(&c, "/sign-in/proof", "password=correct+horse+battery&to=/"), 303, "the right one does");
    r = client_get(&c, "/");
    reply_free(&r);
    is_int(post_status(&c, "/proof", "a=1"), 200, "and the step is taken");
}

static void test_enrolment(struct arena *arena)
{
    struct identity id = fake_identity();
    const char *token = NULL;
    char path[200], form[1200], seed_text[64] = "", sealed[400] = "", code[8];
    uint8_t seed[TOTP_SEED];
    size_t len;
    ok(enrol_make(&id, 1, fake.now + HOUR, arena, &token) == OK, "a link is made");
    struct client c = fresh();
    snprintf(path, sizeof path, "/enrol?token=%s", token);
    is_int(get_status(&c, path), 303, "the link that init prints leads to it");
    snprintf(path, sizeof path, "/enrol/%s", token);
    struct reply r = client_get(&c, path);
    is_int(r.status, 200, "and opens the form");
    const char *at = strstr(r.body, "class=\"seed\">");
    if (at) snprintf(seed_text, sizeof seed_text, "%.*s", (int)strcspn(at + 13, "<"), at + 13);
    at = strstr(r.body, "name=\"sealed\" value=\"");
    if (at) snprintf(sealed, sizeof sealed, "%.*s", (int)strcspn(at + 21, "\""), at + 21);
    reply_free(&r);
    ok(base32_read(seed_text, seed, sizeof seed, &len) && len == TOTP_SEED, "the secret is shown");
    snprintf(form, sizeof form, "password=short&again=short&code=123456&sealed=%s", sealed);
    is_int(post_status(&c, path, form), 400, "a short password and a wrong code are refused");
    /* The form was shown again with a new secret. */
    r = client_get(&c, path);
    at = strstr(r.body, "class=\"seed\">");
    if (at) snprintf(seed_text, sizeof seed_text, "%.*s", (int)strcspn(at + 13, "<"), at + 13);
    at = strstr(r.body, "name=\"sealed\" value=\"");
    if (at) snprintf(sealed, sizeof sealed, "%.*s", (int)strcspn(at + 21, "\""), at + 21);
    reply_free(&r);
    base32_read(seed_text, seed, sizeof seed, &len);
    totp_code(TOTP_SHA1, seed, TOTP_SEED, (uint64_t)(fake.now / (30 * SECOND)), 6, code);
    snprintf(form, sizeof form, "password=a+new+long+password&again=a+new+long+password&code=%s&sealed=%s", code, sealed);
    is_int(post_status(&c, path, form), 303, "with both the account is open");
    is_int(get_status(&c, path), 404, "the link is used up");
    is_int(get_status(&c, "/enrol/0000000001.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"), 404, "an invented link is absent");
    struct client d = fresh();
    ok(!client_sign_in(&d, "anna"), "the old password is gone");
    const char *late = NULL;
    ok(enrol_make(&id, 1, fake.now + HOUR, arena, &late) == OK, "another link");
    fake.now += 2 * HOUR;
    snprintf(path, sizeof path, "/enrol/%s", late);
    is_int(get_status(&c, path), 404, "is absent after its time");
}

static void test_tokens(void)
{
    struct client c = fresh();
    char token[100] = "", text[600];
    ok(client_sign_in(&c, "bert"), "signed in");
    struct reply r = client_get(&c, "/account");
    reply_free(&r);
    r = client_post(&c, "/account/token", "name=reports&days=30");
    const char *at = strstr(r.body, "cst.");
    if (at) snprintf(token, sizeof token, "%.*s", (int)strcspn(at, "<"), at);
    ok(r.status == 200 && token[0], "a token is made and shown once");
    reply_free(&r);
    ok(str_eq(fake_last_note(), "secret-changed 2 api-token"), "and journalled");
    snprintf(text, sizeof text, "POST /echo HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n{\"a\":[1]}", token);
    r = client_raw(c.port, text, strlen(text));
    ok(r.status == 200 && strstr(r.body, "{\"json\":{\"a\":[1]}}"), "it serves without cookie and CSRF token");
    reply_free(&r);
    static const char *const paths[] = {"/api/echo", "/echo"};
    for (int i = 0; i < 2; i++) {
        snprintf(text, sizeof text, "POST %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\nContent-Type: application/x-ndjson\r\nContent-Length: 9\r\n\r\n{\"a\":[1]\n", paths[i], token);
        r = client_raw(c.port, text, strlen(text));
        ok(i ? r.status == 400 : r.status == 200 && strstr(r.body, "{\"raw\":\"{\\\"a\\\":[1]\\n\"}"), i ? "nowhere else" : "a batch comes as it is, under /api/");
        reply_free(&r);
    }
    snprintf(text, sizeof text, "GET /second HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", token);
    r = client_raw(c.port, text, strlen(text));
    is_int(r.status, 403, "in the post that it was made in");
    reply_free(&r);
    token[30] ^= 1;
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", token);
    r = client_raw(c.port, text, strlen(text));
    is_int(r.status, 401, "an altered one does not");
    reply_free(&r);
    token[30] ^= 1;
    fake.now += 31 * DAY;
    snprintf(text, sizeof text, "GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nAuthorization: Bearer %s\r\n\r\n", token);
    r = client_raw(c.port, text, strlen(text));
    is_int(r.status, 401, "nor one that is too old");
    reply_free(&r);
}

int main(void)
{
    struct arena *arena = arena_new(0);
    fake_start();
    web = fake_web(NULL);
    if (!ok(web != NULL, "the server starts")) return tap_done();
    test_way_in();
    test_cookie();
    test_fixation();
    test_theft();
    test_csrf();
    test_alike();
    test_address();
    test_language();
    test_end();
    test_proof();
    test_tokens();
    test_enrolment(arena);
    web_stop(web);
    is_int(fake.open_readers, 0, "every reader was given back");
    arena_free(arena);
    return tap_done();
}
