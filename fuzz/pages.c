/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The pages and the API of a small office, through the dispatcher. First line: "METHOD target", where a target begins with a digit for who
 * asks ("0/incident?q=a"); the rest is the body: JSON where it begins with a brace, else urlencoded. "@" in the target is a real record's
 * number. Whatever comes is answered with a status below 500 and with words; JSON that is answered is JSON.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "fixture.h"
#include "front/form.h"
#include "front/seal.h"
#include "front/template.h"
#include "web/pages/pages.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct fixture f;
static struct seal seal;
static const char *number;
static const char *const logins[] = {"hso", "staff", "audit", "low", "ssl"};
enum { LOGINS = sizeof logins / sizeof *logins };
static const struct reader *readers[LOGINS];

static void close_office(void)
{
    for (size_t i = 0; i < LOGINS; i++)
        reader_free(readers[i]);
    fixture_free(&f);
}

static void open_office(void)
{
    static const uint8_t secret[32] = {7};
    fixture_new(&f);
    atexit(close_office);
    seal_init(&seal, secret);
    templates_use(&office_templates);
    pages_start();
    for (size_t i = 0; i < LOGINS; i++)
        readers[i] = fixture_reader(&f, logins[i]);
    if (fixture_create(&f, "hso", "incident", fixture_label(&f, "NATO", "CONFIDENTIAL"), "{\"summary\":\"One\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"N.\"}", &number) != OK)
        abort();
}

/* The target with the record's number in it, as the web hands it on: a decoded path, and the query apart. */
static bool take_target(struct arena *arena, const char *text, struct request *q, struct reasons *reasons)
{
    struct buf whole;
    struct pair *pairs = NULL;
    buf_init(&whole, 1 << 16);
    for (; *text; text++) {
        if (*text == '@')
            buf_adds(&whole, number);
        else
            buf_addc(&whole, *text);
    }
    const char *target = arena_strndup(arena, whole.data ? whole.data : "", whole.len), *query = strchr(target, '?');
    bool good = !whole.failed && path_read(arena, target, query ? (size_t)(query - target) : strlen(target), &q->path) == OK;
    buf_free(&whole);
    if (good && query)
        good = urlencoded_read(arena, query + 1, strlen(query + 1), (struct form_limits){.fields = 200, .value_bytes = 4096}, reasons, &pairs, &q->n_query) == OK;
    q->query = pairs;
    return good;
}

static bool take_body(struct arena *arena, const char *body, size_t len, struct request *q, struct reasons *reasons)
{
    struct pair *pairs = NULL;
    struct val *json = NULL;
    bool good = true;
    if (len && (body[0] == '{' || body[0] == '[')) {
        good = json_read(arena, body, len, (struct json_limits){.bytes = 1 << 20, .depth = 32}, reasons, &json) == OK;
        q->json = json;
        q->api = true;
    } else if (len) {
        good = urlencoded_read(arena, body, len, (struct form_limits){0}, reasons, &pairs, &q->n_form) == OK;
        q->form = pairs;
    }
    return good;
}

static void ask(struct arena *arena, enum method method, const char *target, const char *body, size_t len)
{
    static unsigned calls;
    struct reasons reasons;
    struct buf out;
    size_t who = target[0] >= '0' && target[0] <= '9' ? (size_t)(target[0] - '0') % LOGINS : 0;
    reasons_init(&reasons, arena);
    struct request q = {.arena = arena, .office = f.office, .reader = readers[who], .account = reader_account(readers[who]), .now = f.now, .lang = calls % 2 ? LANG_FR : LANG_EN, .method = method,
                        .csrf = "token", .csrf_given = "token", .seal = &seal, .proved = f.now, .nonce = arena_printf(arena, "nonce-%08u", ++calls)};
    if (!take_target(arena, target + (target[0] >= '0' && target[0] <= '9'), &q, &reasons) || !take_body(arena, body, len, &q, &reasons))
        return;
    buf_init(&out, (size_t)32 << 20);
    struct answer answer = {.body = &out};
    q.api = q.api || str_starts(q.path, "/api/");
    dispatch(page_tables, &q, &answer);
    if (answer.status >= 500 || (!answer.redirect && answer.status != 304 && answer.status != 204 && out.len == 0)) {
        printf("%d for %s\n", answer.status, q.path);
        abort();
    }
    struct val *json;
    if (answer.media_type && (str_eq(answer.media_type, "application/json") || str_starts(answer.media_type, "application/json;")) && json_read(arena, out.data, out.len, (struct json_limits){.bytes = (size_t)32 << 20}, &reasons, &json) != OK)
        abort();
    buf_free(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const struct { const char *name; enum method method; } methods[] = {{"GET ", METHOD_GET}, {"POST ", METHOD_POST}, {"PUT ", METHOD_PUT}};
    const uint8_t *line = memchr(data, '\n', size);
    size_t first = line ? (size_t)(line - data) : size;
    if (!number)
        open_office();
    for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
        size_t len = strlen(methods[i].name);
        if (first <= len || first > 4000 || memcmp(data, methods[i].name, len) != 0)
            continue;
        struct arena *arena = arena_new((size_t)256 << 20);
        ask(arena, methods[i].method, arena_strndup(arena, (const char *)data + len, first - len), (const char *)data + (line ? first + 1 : size), line ? size - first - 1 : 0);
        arena_free(arena);
    }
    return 0;
}
