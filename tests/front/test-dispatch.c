/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Dispatch: the right entry, and the checks in their order: sign-in, path, CSRF, right, proof. What is absent answers
 * the same whatever its reasons were.
 */
#include "base/text.h"
#include "front/front.h"
#include "front/seal.h"
#include "tap.h"

static const char *handled;
static enum status returns = OK;

#define HANDLER(name) \
    static enum status name(const struct request *q, struct answer *a) \
    { \
        handled = #name; \
        if (returns == OK) { a->status = 200; buf_adds(a->body, #name); } \
        return returns; \
    }
HANDLER(home) HANDLER(open_to_all) HANDLER(desk) HANDLER(list) HANDLER(record) HANDLER(make) HANDLER(secret) HANDLER(new_form)

static const struct page PAGES[] = {
    {METHOD_GET, "/", "", "home", home},
    {METHOD_GET, "/open", NULL, "open", open_to_all},
    {METHOD_GET, "/{register}", "", "list", list},
    {METHOD_GET, "/desk", "", "desk", desk},
    {METHOD_GET, "/{register}/{number}", "", "record", record},
    {METHOD_GET, "/{register}/new", "", "new", new_form},
    {METHOD_POST, "/{register}", "", "make", make},
    {METHOD_GET, "/journal/audit", "audit", "secret", secret},
    {METHOD_POST, "/regrade/{number}", "", "regrade", make, .needs_proof = "yes"},
    {0}};
static const struct page *const TABLES[] = {PAGES, NULL};

static struct arena *arena;
static struct buf body;
static struct answer answer;

static struct request get(const char *path)
{
    return (struct request){.arena = arena, .path = path, .reader = (const struct reader *)"see audit-not", .csrf = "token-1",
                            .now = HOUR, .proved = MOMENT_NONE, .account = 5};
}

static int run(struct request q)
{
    buf_clear(&body);
    answer = (struct answer){.body = &body};
    handled = "";
    dispatch(TABLES, &q, &answer);
    return answer.status;
}

static void test_routes(void)
{
    static const char *const ROUTES[][2] = {{"/", "home"}, {"/desk", "desk"}, {"/incident", "list"}, {"/incident/INC-1", "record"},
                                            {"/incident/new", "new_form"}, {"/open", "open_to_all"}};
    for (size_t i = 0; i < sizeof ROUTES / sizeof *ROUTES; i++) {
        run(get(ROUTES[i][0]));
        is(handled, ROUTES[i][1], ROUTES[i][0]);
    }
    const char *part[8] = {0};
    bool other;
    ok(find_page(TABLES, METHOD_GET, "/incident/INC-1", arena, part, &other) && str_eq(part[0], "incident") && str_eq(part[1], "INC-1"), "parts are cut out");
    is_int(run(get("/a/b/c")), 404, "what fits no pattern is absent");
    is_int(run(get("/incident/")), 404, "an empty part fits nothing");
    struct request q = get("/desk");
    q.method = METHOD_DELETE;
    is_int(run(q), 405, "a method that the address does not take");
}

static void test_sign_in(void)
{
    struct request q = get("/incident/INC-1");
    q.reader = NULL;
    is_int(run(q), 303, "nobody is sent to sign in");
    is(answer.redirect, "/sign-in?to=/incident/INC-1", "and comes back afterwards");
    q.path = "/no/such/page/at/all";
    is_int(run(q), 303, "also for what does not exist: nobody learns which pages there are");
    q.path = "/open";
    is_int(run(q), 200, "an open page is open");
    q.path = "/desk";
    q.api = true;
    is_int(run(q), 401, "the API says so in words");
    ok(strstr(body.data, "\"rule\":\"front.sign-in\""), "with the rule");
}

static void test_csrf(void)
{
    struct request q = get("/incident");
    q.method = METHOD_POST;
    is_int(run(q), 403, "no token");
    is(handled, "", "and the handler did not run");
    struct pair wrong[] = {{"csrf", "token-2"}}, right[] = {{"csrf", "token-1"}}, empty[] = {{"csrf", ""}};
    q.n_form = 1;
    q.form = wrong;
    is_int(run(q), 403, "a wrong token");
    q.form = empty;
    is_int(run(q), 403, "an empty token");
    q.csrf = "";
    is_int(run(q), 403, "an empty token against an empty one");
    q.csrf = "token-1";
    q.form = right;
    is_int(run(q), 200, "the session's token");
    q.form = wrong;
    q.csrf_given = "token-1";
    is_int(run(q), 200, "or in the header");
    q.csrf_given = NULL;
    q.bearer = true;
    is_int(run(q), 200, "a bearer token needs none");
}

static void test_rights(void)
{
    is_int(run(get("/journal/audit")), 403, "without the right: refused");
    ok(strstr(body.data, "audit") && strstr(body.data, "which your post does not carry"), "with the right's name");
    struct request q = get("/journal/audit");
    q.reader = (const struct reader *)"see audit";
    is_int(run(q), 200, "with the right: the page");
    struct pair right[] = {{"csrf", "token-1"}};
    q = get("/regrade/X");
    q.method = METHOD_POST;
    q.form = right;
    q.n_form = 1;
    is_int(run(q), 403, "a step that asks for proof, without");
    q.proved = q.now - 6 * MINUTE;
    is_int(run(q), 403, "with one too old");
    q.proved = q.now + 1;
    is_int(run(q), 403, "with one of tomorrow");
    q.proved = q.now - 4 * MINUTE;
    is_int(run(q), 200, "with a fresh one");
}

static void test_failures(void)
{
    static const struct { enum status status; int http; } MAP[] = {{BAD_INPUT, 400}, {ABSENT, 404}, {REFUSED, 403}, {CONFLICT, 409},
        {TOO_LARGE, 413}, {BUSY, 503}, {FAILED_IO, 503}, {DAMAGED, 500}, {NO_MEMORY, 503}};
    for (size_t i = 0; i < sizeof MAP / sizeof *MAP; i++) {
        returns = MAP[i].status;
        is_int(run(get("/desk")), MAP[i].http, status_name(MAP[i].status));
    }
    returns = OK;
    struct request q = get("/x");
    struct reasons why;
    reasons_init(&why, arena);
    reason_add(&why, "label.dominates", NULL, "the label is too high");
    answer = (struct answer){.body = &body};
    answer_reasons(&q, &answer, ABSENT, &why);
    char *first = arena_strdup(arena, body.data);
    answer = (struct answer){.body = &body};
    answer_reasons(&q, &answer, ABSENT, NULL);
    is(body.data, first, "hidden and absent are the same bytes");
    q.lang = LANG_FR;
    answer_reasons(&q, &answer, ABSENT, NULL);
    ok(!str_eq(body.data, first), "in French, too");
    q = get("/<script>");
    run(q);
    ok(!strstr(body.data, "<script>"), "an error page repeats nothing unescaped");
}

static void test_helpers(void)
{
    answer = (struct answer){.body = &body};
    static const char *const TO[][2] = {{"/a", "/a"}, {"//evil", "/"}, {"http://evil", "/"}, {"/\\evil", "/"}, {"/a\r\nX: y", "/"}, {"", "/"}, {NULL, "/"}};
    for (size_t i = 0; i < sizeof TO / sizeof *TO; i++) {
        answer_redirect(&answer, TO[i][0]);
        is(answer.redirect, TO[i][1], "redirects stay here");
    }
    answer_header(&answer, "X", "a\r\nSet-Cookie: b");
    is_int(answer.n_headers, 0, "a header with a line break is dropped");
    uint8_t secret[32] = {1};
    struct seal seal;
    seal_init(&seal, secret);
    struct request q = get("/desk");
    q.seal = &seal;
    ok(!answer_not_modified(&q, &answer, "seen", 4) && answer.etag, "a first request gets an ETag");
    q.if_none_match = answer.etag;
    ok(answer_not_modified(&q, &answer, "seen", 4) && answer.status == 304, "the second one 304");
    ok(!answer_not_modified(&q, &answer, "other", 5), "until it changes");
    q.account = 6;
    ok(!answer_not_modified(&q, &answer, "seen", 4), "and another account's is not taken");
}

int main(void)
{
    arena = arena_new(0);
    buf_init(&body, 1 << 16);
    test_routes();
    test_sign_in();
    test_csrf();
    test_rights();
    test_failures();
    test_helpers();
    buf_free(&body);
    arena_free(arena);
    return tap_done();
}
