/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hostile requests over real HTTP against the real pages of a real office: injection into everything that a query takes, paths that
 * climb, sizes, malformed bodies, forged and stolen tokens, sessions and seals, methods, names of files and their contents, formulas in
 * exports. Each is refused with a status and words, or shown harmless; after each the next good request is answered.
 */
#include <stdio.h>

#include <fcntl.h>

#include "base/jail.h"
#include "base/text.h"
#include "fake.h"
#include "fixture.h"
#include "tap.h"
#include "web/pages/pages.h"

/* What client.c needs of the clock and the second factor. */
struct fake fake;
const uint8_t FAKE_SEED[TOTP_SEED] = "aaaaaaaaaaaaaaaaaaaa";
moment fake_clock(void *arg)
{
    (void)arg;
    return __atomic_load_n(&fake.now, __ATOMIC_SEQ_CST);
}

static struct fixture f;
static struct web *web;
static struct client duty, ssl, low, hso;
static const char *incident, *second, *action;

static void account_of(const struct identity *identity, const char *login)
{
    struct reasons why;
    bool active;
    int64_t account = office_account(f.office, login, &active);
    reasons_init(&why, f.arena);
    if (secret_set_password(identity, account, FAKE_PASSWORD, f.now, &why) != OK || secret_set_totp(identity, account, FAKE_SEED, f.now) != OK)
        abort();
}

static bool start(void)
{
    static struct web_listen listen = {.address = "127.0.0.1"};
    static struct identity identity;
    struct reasons why;
    fixture_new(&f);
    fake.now = f.now;
    identity = identity_of_office(f.office);
    identity.totp_allowed = identity.fast_secrets = true;
    if (!secret_start(&identity))
        return false;
    account_of(&identity, "duty");
    account_of(&identity, "ssl");
    account_of(&identity, "low");
    account_of(&identity, "hso");
    account_of(&identity, "audit");
    pages_start();
    struct web_config config = {.listens = &listen, .n_listens = 1, .pages = pages_of_office(f.arena, f.office), .office = f.office, .identity = identity, .clock = fake_clock, .workers = 4};
    office_key(f.office, "front.seal", config.seal_secret);
    reasons_init(&why, f.arena);
    return web_start(&config, &why, &web) == OK;
}

static bool enter(struct client *c, const char *login)
{
    *c = (struct client){.port = web_port(web, 0)};
    return client_sign_in(c, login);
}

/* The next good request is answered. */
static bool lives(void)
{
    struct reply r = client_get(&duty, "/incident");
    bool good = r.status == 200 && strstr(r.body, incident);
    reply_free(&r);
    return good;
}

/* Any request with the client's cookies; headers end with CRLF each. */
static struct reply send_as(const struct client *c, const char *method, const char *path, const char *headers, const char *body, size_t len)
{
    struct buf all;
    buf_init(&all, 64 << 20);
    buf_addf(&all, "%s %s HTTP/1.1\r\nHost: localhost:%d\r\nConnection: close\r\nUser-Agent: %s\r\n", method, path, c->port, c->agent ? c->agent : "test");
    for (int i = 0, any = 0; i < 4; i++) {
        if (c->cookies[i][0])
            buf_addf(&all, "%s%s", any++ ? "; " : "Cookie: ", c->cookies[i]);
        if (i == 3 && any)
            buf_adds(&all, "\r\n");
    }
    if (body)
        buf_addf(&all, "Content-Length: %zu\r\n", len);
    buf_addf(&all, "%s\r\n", headers ? headers : "");
    if (body)
        buf_add(&all, body, len);
    struct reply r = client_raw(c->port, all.data, all.len);
    buf_free(&all);
    return r;
}

static bool header_injected(const struct reply *r)
{
    const char *at = strstr(r->text, "\r\nSet-Cookie: a=b");
    return at && at < r->body;
}
static bool raw_markup(const struct reply *r) { return strstr(r->body, "<script>alert") || strstr(r->body, "<img src=x"); }

/* A status from `least` to `most`, words in it, and the server lives. */
static void answered(struct reply r, int least, int most, const char *name)
{
    bool good = r.status >= least && r.status <= most && (r.status < 400 || strlen(r.body) > 10) && !raw_markup(&r);
    int status = r.status;
    if (!good)
        printf("# %d %.300s\n", r.status, r.body);
    reply_free(&r);
    ok(good && lives(), "%s (%d)", name, status);
}

/* ---- injection ---- */

static const char *const evil[] = {
    "%27", "%27%20OR%201%3D1%20--", "%22%3B%20DROP%20TABLE%20record%3B--", "%27%20UNION%20SELECT%20leaf%20FROM%20entry--", "%00", "%0d%0aSet-Cookie:%20a=b",
    "%3Cscript%3Ealert(1)%3C%2Fscript%3E", "%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E", "..%2F..%2Fetc%2Fpasswd", "%ff%fe", "%25s%25n%25n", "-1", "9223372036854775808", "*", "%F0%9F%92%A3",
};

static void test_injection(void)
{
    static const char *const names[] = {"q", "sort", "state", "family", "after", "view", "format", "month", "x%27--"};
    static const char *const places[] = {"/incident", "/action", "/search", "/all/incident"};
    unsigned bad = 0, asked = 0, rows = 0;
    for (size_t e = 0; e < sizeof evil / sizeof *evil; e++)
        for (size_t n = 0; n < sizeof names / sizeof *names; n++)
            for (size_t p = 0; p < sizeof places / sizeof *places; p++) {
                char path[400];
                snprintf(path, sizeof path, "%s?%s=%s", places[p], names[n], evil[e]);
                struct reply r = client_get(&low, path);
                asked++;
                rows += strstr(r.body, incident) != NULL;
                if (r.status == 0 || r.status >= 500 || raw_markup(&r) || header_injected(&r) || strstr(r.body, "sqlite") || strstr(r.body, "syntax error")) {
                    bad++;
                    printf("# %s: %d\n", path, r.status);
                }
                reply_free(&r);
            }
    ok(bad == 0 && lives(), "injection into every parameter of lists and search: harmless (%u requests)", asked);
    ok(rows == 0, "and nobody sees more by it");
}

static void test_paths(void)
{
    static const char *const paths[] = {"/../../etc/passwd", "/static/../../etc/passwd", "/%2e%2e/%2e%2e/etc/passwd", "/ui/..%2f..%2foffice.json", "/static/%2e%2e%2foffice.db", "//etc/passwd",
                                        "/incident/..%2f..%2fsecret.key", "/..;/office.db", "/incident/%00", "/incident/INC-2027-0000000000%27--", "/record'--", "/incident/%s"};
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct reply r = client_get(&duty, paths[i]);
        if (r.status == 0 || r.status == 200 || r.status >= 500 || strstr(r.body, "root:")) {
            bad++;
            printf("# %s: %d\n", paths[i], r.status);
        }
        reply_free(&r);
    }
    ok(bad == 0 && lives(), "paths that climb lead nowhere");
    struct reply hidden = client_get(&low, arena_printf(f.arena, "/incident/%s", incident)), absent = client_get(&low, "/incident/INC-2027-0000000000");
    ok(hidden.status == 404 && absent.status == 404 && strlen(hidden.body) == strlen(absent.body), "a hidden record is an absent one");
    reply_free(&hidden);
    reply_free(&absent);
}

/* ---- bodies ---- */

static void test_bodies(void)
{
    char *csrf = arena_printf(f.arena, "X-CSRF-Token: %s\r\n", duty.csrf);
    char *json = arena_printf(f.arena, "%sContent-Type: application/json\r\n", csrf), *multipart = arena_printf(f.arena, "%sContent-Type: multipart/form-data; boundary=b\r\n", csrf);
    char *form = arena_printf(f.arena, "%sContent-Type: application/x-www-form-urlencoded\r\n", csrf);
    static const char *const broken[] = {"{", "[1,2", "{\"register\":}", "\"\\ud800\"", "{\"a\":1,\"a\":2}", "nul", "{\"fields\":{\"summary\":[[[[[[]]]]]]}}", "", "\xff\xfe", "{\"fields\":\"x\"}"};
    unsigned bad = 0;
    for (size_t i = 0; i < sizeof broken / sizeof *broken; i++) {
        struct reply r = send_as(&duty, "POST", "/api/v1/records/incident", json, broken[i], strlen(broken[i]));
        if (r.status < 400 || r.status >= 500 || strlen(r.body) < 10) {
            bad++;
            printf("# %s: %d %.200s\n", broken[i], r.status, r.body);
        }
        reply_free(&r);
    }
    ok(bad == 0 && lives(), "malformed JSON is refused in words");
    size_t depth = 100000;
    char *deep = malloc(depth + 1);
    memset(deep, '[', depth);
    deep[depth] = 0;
    answered(send_as(&duty, "POST", "/api/v1/records/incident", json, deep, depth), 400, 499, "JSON a hundred thousand levels deep");
    free(deep);
    static const char *const parts[] = {"--b\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\nevidence", "--b", "--b--", "no boundary at all", "--b\r\n\r\n\r\n--b--\r\n",
                                        "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\r\nX: y\"\r\n\r\nx\r\n--b--\r\n", "--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"};
    bad = 0;
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
        struct reply r = send_as(&duty, "POST", arena_printf(f.arena, "/incident/%s/file", incident), multipart, parts[i], strlen(parts[i]));
        if (r.status < 400 || r.status >= 500) {
            bad++;
            printf("# part %zu: %d %.200s\n", i, r.status, r.body);
        }
        reply_free(&r);
    }
    ok(bad == 0 && lives(), "malformed multipart is refused in words");
    size_t big = 3 << 20;
    char *large = malloc(big + 1);
    memset(large, 'a', big);
    memcpy(large, "summary=", 8);
    large[big] = 0;
    answered(send_as(&duty, "POST", "/incident/new", form, large, big), 400, 499, "a form of three megabytes");
    char *line = arena_printf(f.arena, "label.class=&summary=%.*s", 60000, large + 8);
    answered(send_as(&duty, "POST", "/incident/new", form, line, strlen(line)), 200, 499, "a field of sixty thousand characters");
    free(large);
    /* A file larger than what is taken is refused by its announcement, before any of it is read. */
    char *huge = arena_printf(f.arena, "%sContent-Length: 99999999\r\n", multipart);
    answered(send_as(&duty, "POST", arena_printf(f.arena, "/incident/%s/file", incident), huge, NULL, 0), 413, 413, "a file of a hundred megabytes");
    char *wide = arena_printf(f.arena, "X-Wide: %0*d\r\n", 40000, 1);
    answered(send_as(&duty, "GET", "/", wide, NULL, 0), 400, 499, "headers of forty kilobytes");
}

/* ---- sessions, tokens, seals ---- */

static void test_sessions(void)
{
    struct client copy = duty, nobody = {.port = duty.port};
    char *step = arena_printf(f.arena, "/incident/%s/step/contain", incident), to[300];
    struct reply r = client_post(&nobody, step, "containment=x");
    ok(r.status == 401 || r.status == 403 || (r.status == 303 && strstr(reply_header(&r, "Location", to, sizeof to), "/sign-in")), "a step without a session is not taken (%d)", r.status);
    reply_free(&r);
    snprintf(copy.csrf, sizeof copy.csrf, "%s", ssl.csrf);
    answered(client_post(&copy, step, "containment=x&contained-at=2027-03-01T07:50Z"), 403, 403, "another session's CSRF token");
    copy = duty;
    copy.csrf[0] = 0;
    answered(client_post(&copy, step, "containment=x"), 403, 403, "no CSRF token");
    copy = duty;
    copy.csrf[3] ^= 1;
    answered(client_post(&copy, step, "containment=x"), 403, 403, "a bent CSRF token");
    char *foreign = arena_printf(f.arena, "Origin: https://evil.example\r\nContent-Type: application/x-www-form-urlencoded\r\nX-CSRF-Token: %s\r\n", duty.csrf);
    answered(send_as(&duty, "POST", step, foreign, "containment=x", 13), 400, 403, "a post from another origin");
    /* Fixation: a cookie planted before signing in is worth nothing afterwards. */
    struct client planted = {.port = duty.port};
    snprintf(planted.cookies[0], sizeof planted.cookies[0], "castellan=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    ok(client_sign_in(&planted, "low") && !strstr(planted.cookies[0], "AAAAAAAAAAAA"), "a planted cookie is replaced at sign-in");
    struct client thief = {.port = duty.port};
    snprintf(thief.cookies[0], sizeof thief.cookies[0], "castellan=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
    r = client_get(&thief, "/incident");
    ok(r.status != 200, "and opens nothing (%d)", r.status);
    reply_free(&r);
    /* Theft: the cookie in another browser ends the session. */
    struct client victim;
    ok(enter(&victim, "ssl"), "somebody signs in");
    thief = victim;
    thief.agent = "stolen";
    r = client_get(&thief, "/incident");
    bool refused = r.status != 200;
    reply_free(&r);
    r = client_get(&victim, "/incident");
    ok(refused && r.status != 200 && lives(), "a stolen cookie is refused and ends the session it was stolen from");
    reply_free(&r);
}

static char *between(const struct reply *r, const char *before, char stop)
{
    const char *at = strstr(r->body, before);
    return at ? arena_strndup(f.arena, at + strlen(before), strcspn(at + strlen(before), (char[]){stop, 0})) : NULL;
}

static void test_seals(void)
{
    struct reply r = client_get(&ssl, "/action");
    char *cursor = between(&r, "after=", '"');
    reply_free(&r);
    if (cursor)
        cursor[strcspn(cursor, "&")] = 0;
    ok(cursor != NULL, "a list of more than a page has a cursor");
    r = client_get(&ssl, arena_printf(f.arena, "/action?after=%s", cursor ? cursor : ""));
    is_int(r.status, 200, "which is good for the account that it was made for");
    reply_free(&r);
    answered(client_get(&duty, arena_printf(f.arena, "/action?after=%s", cursor ? cursor : "x")), 400, 400, "another account's cursor");
    answered(client_get(&ssl, arena_printf(f.arena, "/incident?after=%s", cursor ? cursor : "x")), 400, 400, "another list's cursor");
    r = client_get(&duty, arena_printf(f.arena, "/incident/%s/step/contain", second));
    char *version = between(&r, "name=\"version\" value=\"", '"'), *key = between(&r, "name=\"key\" value=\"", '"');
    reply_free(&r);
    ok(version && key, "a step's form carries its version, sealed");
    char *path = arena_printf(f.arena, "/incident/%s/step/contain", incident), *good = arena_printf(f.arena, "version=%s&key=%s&containment=x&contained-at=2027-03-01T07:50Z", version, key);
    r = client_post(&duty, path, good);
    ok(r.status == 422 && strstr(r.body, "changed this record meanwhile"), "a version's seal of another record is a conflict (%d)", r.status);
    reply_free(&r);
    r = client_post(&duty, path, arena_printf(f.arena, "version=%.20sAAAA&key=%s&containment=x&contained-at=2027-03-01T07:50Z", version, key));
    ok(r.status == 422 && strstr(r.body, "changed this record meanwhile") && lives(), "so is a forged one (%d)", r.status);
    reply_free(&r);
    r = client_get(&hso, arena_printf(f.arena, "/api/v1/records/incident/%s", second));
    char *sealed = between(&r, "\"version\":\"", '"');
    reply_free(&r);
    char *head = arena_printf(f.arena, "X-CSRF-Token: %s\r\nContent-Type: application/json\r\n", hso.csrf), *edit = arena_printf(f.arena, "{\"version\":\"%s\",\"fields\":{\"summary\":\"Swapped\"}}", sealed ? sealed : "");
    answered(send_as(&hso, "PUT", arena_printf(f.arena, "/api/v1/records/incident/%s", incident), head, edit, strlen(edit)), 409, 409, "another record's version in the API");
    answered(send_as(&hso, "PUT", arena_printf(f.arena, "/api/v1/records/incident/%s", second), head, edit, strlen(edit)), 200, 200, "which is good for its own record");
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, "duty");
    ok(office_get(f.office, reader, "incident", incident, f.arena, &record) == OK && str_eq(record.state->name, "reported"), "and nothing was changed by all this");
    reader_free(reader);
}

static void test_methods(void)
{
    static const char *const methods[] = {"PUT", "DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "BREW", "get"};
    unsigned bad = 0;
    char *csrf = arena_printf(f.arena, "X-CSRF-Token: %s\r\nX-HTTP-Method-Override: POST\r\n", duty.csrf);
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        struct reply r = send_as(&duty, methods[i], arena_printf(f.arena, "/incident/%s", incident), csrf, NULL, 0);
        if (r.status == 200 || r.status >= 502) {
            bad++;
            printf("# %s: %d\n", methods[i], r.status);
        }
        reply_free(&r);
    }
    ok(bad == 0 && lives(), "methods that no page has are refused");
    struct reply r = client_get(&duty, arena_printf(f.arena, "/incident/%s/step/contain?containment=x&contained-at=2027-03-01T07:50Z&csrf=%s", incident, duty.csrf));
    const struct reader *reader = fixture_reader(&f, "duty");
    struct record_view record;
    ok(r.status == 200 && office_get(f.office, reader, "incident", incident, f.arena, &record) == OK && str_eq(record.state->name, "reported"), "a GET takes no step");
    reader_free(reader);
    reply_free(&r);
}

/* ---- files and exports ---- */

static void test_files(void)
{
    static const char *const names[] = {"../../../etc/passwd", "a\\\"b; filename=evil.html", "<img src=x onerror=alert(1)>.html", "caf\xc3\xa9\xe2\x80\xae" "fdp.exe", "x%0d%0aX-Evil: yes"};
    char *head = arena_printf(f.arena, "X-CSRF-Token: %s\r\nContent-Type: multipart/form-data; boundary=b\r\n", ssl.csrf);
    unsigned put = 0, bad = 0;
    const char *field = NULL;
    for (size_t i = 0; i < pack_register(office_pack(f.office), "incident")->n_fields && !field; i++) {
        const struct field_def *def = &pack_register(office_pack(f.office), "incident")->fields[i];
        if (def->type == FIELD_ATTACHMENTS && !def->computed && !def->by_step)
            field = def->name;
    }
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char *body = arena_printf(f.arena, "--b\r\nContent-Disposition: form-data; name=\"field\"\r\n\r\n%s\r\n--b\r\nContent-Disposition: form-data; name=\"file\"; filename=\"%s\"\r\n"
                                  "Content-Type: text/html\r\n\r\n<script>alert(%zu)</script>\r\n--b--\r\n", field ? field : "", names[i], i);
        struct reply r = send_as(&ssl, "POST", arena_printf(f.arena, "/incident/%s/file", incident), head, body, strlen(body));
        put += r.status == 303;
        if (r.status != 303 && (r.status < 400 || r.status >= 500))
            bad++;
        reply_free(&r);
    }
    ok(put > 0 && bad == 0, "files with hostile names are taken or refused in words (%u taken)", put);
    unsigned served = 0;
    bad = 0;
    for (unsigned i = 0; i < put; i++) {
        char how[200] = "", type[200] = "", sniff[40] = "";
        struct reply r = client_get(&ssl, arena_printf(f.arena, "/incident/%s/file/%s/%u", incident, field, i));
        served += r.status == 200;
        (void)!reply_header(&r, "Content-Disposition", how, sizeof how);
        (void)!reply_header(&r, "Content-Type", type, sizeof type);
        (void)!reply_header(&r, "X-Content-Type-Options", sniff, sizeof sniff);
        char *end = strstr(r.text, "\r\n\r\n"), *injected = strstr(r.text, "\r\nX-Evil");
        if (strncmp(how, "attachment; filename=\"", 22) != 0 || strcmp(type, "application/octet-stream") != 0 || strcmp(sniff, "nosniff") != 0 || strchr(how + 22, '/') ||
            strchr(how + 22, ';') || (injected && injected < end)) {
            bad++;
            printf("# %s, %s, %s\n", how, type, sniff);
        }
        reply_free(&r);
    }
    ok(served == put && bad == 0, "they are only ever for saving, under a harmless name, and never taken for a page");
    struct reply r = client_get(&ssl, arena_printf(f.arena, "/incident/%s", incident));
    ok(r.status == 200 && !raw_markup(&r), "their names are shown harmless");
    reply_free(&r);
    answered(client_get(&low, arena_printf(f.arena, "/incident/%s/file/%s/0", incident, field)), 404, 404, "who may not read the record gets no file of it");
}

/* A reader of tables that a hostile file has turned: it opens a file. */
static enum status turned(struct arena *arena, const char *input, size_t len, const char *argument, struct reasons *reasons, struct buf *answer)
{
    return open("/etc/passwd", O_RDONLY) < 0 ? REFUSED : OK;
}
static const struct jailer turned_jailer = {"csv", turned, 0, 4096, 0, 5};

static void test_turned_reader(void)
{
    const char *body = "--b\r\nContent-Disposition: form-data; name=\"upload\"; filename=\"t.csv\"\r\nContent-Type: text/csv\r\n\r\na,b\r\n--b\r\nContent-Disposition: form-data; name=\"do\"\r\n\r\nimport\r\n--b--\r\n";
    char *head = arena_printf(f.arena, "X-CSRF-Token: %s\r\nContent-Type: multipart/form-data; boundary=b\r\n", hso.csrf);
    struct reply r = send_as(&hso, "POST", "/incident/import", head, body, strlen(body));
    ok(r.status == 422 && strstr(r.body, "killed by seccomp") && strstr(r.body, "csv") && lives(), "a reader that tries to open a file dies, and the page says so (%d)", r.status);
    reply_free(&r);
    struct client audit;
    ok(enter(&audit, "audit"), "the auditor signs in");
    r = client_get(&audit, "/journal?kind=jail");
    ok(r.status == 200 && strstr(r.body, "csv: jail.forbidden"), "the journal names the reader and why it died (%d)", r.status);
    reply_free(&r);
    r = client_get(&audit, "/journal/export?kind=jail");
    ok(r.status == 200 && strstr(r.body, "\"kind\":\"jail\"") && strstr(r.body, "\"reason\":\"csv: jail.forbidden\""), "its export, too");
    reply_free(&r);
}

/* The pages of one's own account and of signing in stand outside the office's tables: what is typed there. */
static void test_own_names(void)
{
    struct client nobody = {.port = hso.port};
    struct reply r = client_get(&hso, "/account");
    reply_free(&r);
    r = client_post(&hso, "/account/token", "name=%22%27%3E%3Cimg%20src=x%20onerror=alert(1)%3E&days=7");
    ok((r.status == 200 || r.status == 303) && !raw_markup(&r), "a token with a hostile name is made (%d)", r.status);
    reply_free(&r);
    r = client_get(&hso, "/account");
    ok(r.status == 200 && strstr(r.body, "&lt;img src=x") && !raw_markup(&r), "and its name is shown harmless");
    reply_free(&r);
    r = client_get(&nobody, "/sign-in?to=%22%3E%3Cimg%20src=x%3E");
    bool plain = !raw_markup(&r);
    reply_free(&r);
    r = client_post(&nobody, "/sign-in", "login=%22%3E%3Cimg%20src=x%20onerror=alert(1)%3E&password=x&to=//evil.example/");
    plain = plain && !raw_markup(&r) && !strstr(r.body, "\"//evil.example");
    ok(plain && r.status >= 300 && r.status < 500 && lives(), "nor does a hostile login or aim come out of the sign-in (%d)", r.status);
    reply_free(&r);
}

static void test_formulas(void)
{
    struct reply r = client_get(&hso, "/action?format=csv&q=Formula");
    bool may = r.status == 200;
    ok(may && strstr(r.body, "'=HYPERLINK") && !strstr(r.body, ",=HYPERLINK") && !strstr(r.body, "\"=HYPERLINK") && !strstr(r.body, "\n=HYPERLINK"), "a formula in an export is text (%d)", r.status);
    reply_free(&r);
}

int main(void)
{
    static const struct jailer *const jailers[] = {&turned_jailer, NULL};
    struct nursery *nursery = NULL;
    struct reasons why;
    struct arena *words = arena_new(0);
    tap_seed();
    reasons_init(&why, words);
    if (ok(nursery_start(jailers, &why, &nursery) == OK, "the nursery starts"))
        pages_nursery(nursery);
    if (!ok(start(), "the office is served"))
        return tap_done();
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL"), *owner = fixture_person(&f, "ict");
    if (fixture_create(&f, "duty", "incident", label, "{\"summary\":\"<script>alert(1)</script>\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"N.\"}", &incident) != OK ||
        fixture_create(&f, "duty", "incident", label, "{\"summary\":\"Another\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"N.\"}", &second) != OK)
        printf("# %s\n", fixture_words());
    incident = arena_strdup(f.arena, incident);
    for (int i = 0; i < 60; i++)
        if (fixture_create(&f, "ssl", "action", label, arena_printf(f.arena, "{\"what\":\"%s %d\",\"arises-from\":\"inspection\",\"owner\":\"%s\",\"due-date\":\"2027-05-01\"}",
                                                                    i == 7 ? "=HYPERLINK(\\\"http://evil.example\\\") Formula" : "Thing", i, owner), &action) != OK)
            printf("# %s\n", fixture_words());
    ok(enter(&duty, "duty") && enter(&ssl, "ssl") && enter(&low, "low") && enter(&hso, "hso"), "four persons sign in");
    /* Their pages hand out the tokens of their sessions. */
    struct reply r = client_get(&ssl, "/action/new");
    reply_free(&r);
    r = client_get(&duty, "/incident/new");
    reply_free(&r);
    r = client_get(&hso, "/incident/new");
    reply_free(&r);
    ok(lives(), "a good request is answered");
    test_injection();
    test_paths();
    test_bodies();
    test_sessions();
    test_seals();
    test_methods();
    test_files();
    test_formulas();
    test_turned_reader();
    test_own_names();
    web_stop(web);
    fixture_free(&f);
    nursery_stop(nursery);
    arena_free(words);
    return tap_done();
}
