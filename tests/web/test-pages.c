/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The office's own pages and API, driven through dispatch() in process over a small office: every entry answers in words, what a record
 * holds never comes out raw, hidden and absent are one answer, wrong input is kept, French pages are French.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/jail.h"
#include "base/text.h"
#include "fixture.h"
#include "front/form.h"
#include "front/front.h"
#include "front/seal.h"
#include "front/template.h"
#include "report/oscal.h"
#include "report/report.h"
#include "tap.h"
#include "web/pages/pages.h"

#define EVIL "<script>alert(1)</script>\\\"'><img src=x onerror=alert(2)>"

static struct fixture f;
static struct seal seal;
static const struct page *const *tables;      /* of the program and of the duties */
static struct arena *arena;                    /* of the answers; freed at the end */
static unsigned calls;

struct got { int status; const char *body, *redirect, *etag; };
struct asked { const char *login; enum method method; const char *path, *query, *form, *json, *etag; enum lang lang; bool api; const char *file_name, *file; };

static struct got ask(struct asked a)
{
    const struct reader *reader = a.login ? fixture_reader(&f, a.login) : NULL;
    struct reasons reasons;
    struct pair *pairs;
    struct val *json = NULL;
    struct buf body;
    reasons_init(&reasons, arena);
    buf_init(&body, (size_t)32 << 20);
    struct request q = {.arena = arena, .office = f.office, .reader = reader, .now = f.now, .lang = a.lang, .method = a.method, .path = a.path, .csrf = "token", .csrf_given = "token",
                        .seal = &seal, .account = reader ? reader_account(reader) : 0, .proved = f.now, .nonce = arena_printf(arena, "nonce-%08u", ++calls), .api = a.api, .if_none_match = a.etag};
    if (a.query && urlencoded_read(arena, a.query, strlen(a.query), (struct form_limits){0}, &reasons, &pairs, &q.n_query) == OK)
        q.query = pairs;
    if (a.form && urlencoded_read(arena, a.form, strlen(a.form), (struct form_limits){0}, &reasons, &pairs, &q.n_form) == OK)
        q.form = pairs;
    if (a.json && json_read(arena, a.json, strlen(a.json), (struct json_limits){0}, &reasons, &json) == OK)
        q.json = json;
    struct upload upload = {"upload", a.file_name, "text/plain", a.file, a.file ? strlen(a.file) : 0};
    if (a.file) {
        q.uploads = &upload;
        q.n_uploads = 1;
    }
    struct answer answer = {.body = &body};
    dispatch(tables, &q, &answer);
    struct got got = {answer.status ? answer.status : 200, body.data ? arena_strndup(arena, body.data, body.len) : "", answer.redirect, answer.etag};
    buf_free(&body);
    reader_free(reader);
    return got;
}
static struct got get(const char *login, const char *path) { return ask((struct asked){.login = login, .path = path}); }

static const char *const logins[] = {"hso", "ssl", "duty", "inv", "reg", "staff", "low", "audit", "admin"};

/* A pattern with its parts filled: the register, the number, then step, field, index. */
static const char *filled(const char *pattern, const char *register_, const char *number)
{
    struct buf text;
    buf_init(&text, 4096);
    for (const char *c = pattern; *c; c++) {
        if (*c != '{') {
            buf_addc(&text, *c);
            continue;
        }
        const char *end = strchr(c, '}');
        size_t len = (size_t)(end - c - 1);
        buf_adds(&text, strncmp(c + 1, "register", len) == 0 ? register_ : strncmp(c + 1, "number", len) == 0 ? number : strncmp(c + 1, "step", len) == 0 ? "triage" : strncmp(c + 1, "field", len) == 0 ? "evidence" :
                        strncmp(c + 1, "verb", len) == 0 ? "confirm" : "0");
        c = end;
    }
    const char *ret = arena_strndup(arena, text.data, text.len);
    buf_free(&text);
    return ret;
}

static void every_entry(const char *number)
{
    unsigned asked = 0, broken = 0, strangers = 0;
    for (size_t t = 0; tables[t]; t++)
        for (const struct page *page = tables[t]; page->pattern; page++) {
            const char *path = filled(page->pattern, "incident", number);
            for (size_t i = 0; i < sizeof logins / sizeof *logins; i++) {
                struct got got = ask((struct asked){.login = logins[i], .method = page->method, .path = path, .form = page->method == METHOD_GET ? NULL : "a=b", .lang = i % 2});
                asked++;
                if (got.status >= 500 || (!got.redirect && got.status != 304 && !*got.body)) {
                    printf("# %s as %s: %d\n", path, logins[i], got.status);
                    broken++;
                }
            }
            struct got got = ask((struct asked){.method = page->method, .path = path});
            if (page->right && got.status != 401 && !(got.redirect && str_starts(got.redirect, "/sign-in")))
                strangers++;
        }
    ok(asked > 300 && broken == 0, "every entry of the tables answers every reader (%u requests)", asked);
    ok(strangers == 0, "and asks strangers to sign in");
}

/* Entries of reads are written beside the answer, not before it. */
static bool journal_grew(uint64_t before)
{
    for (unsigned tries = 0; tries < 500 && store_journal_size(office_store(f.office)) <= before; tries++)
        nanosleep(&(struct timespec){.tv_nsec = 10000000}, NULL);
    return store_journal_size(office_store(f.office)) > before;
}

/* The board of alerts and its triage: over what each may read; taken, settled and handed over by one form. */
static void board_of_alerts(void)
{
    const char *restricted = fixture_label(&f, "NATO", "RESTRICTED"), *secret = fixture_label(&f, "NATO", "SECRET"), *number, *hidden, *form;
    if (fixture_create(&f, "ict", "alert", restricted, "{\"title\":\"Shell <b>encoded\",\"level\":\"critical\",\"origin\":\"watch\",\"entity\":\"WS-0417\",\"risk\":80,\"first-seen\":\"2027-02-28T07:40Z\"}", &number) != OK ||
        fixture_create(&f, "ict", "alert", secret, "{\"title\":\"Above the others\",\"level\":\"high\",\"origin\":\"watch\",\"entity\":\"ws-0417\",\"risk\":50,\"first-seen\":\"2027-02-28T07:40Z\"}", &hidden) != OK)
        number = hidden = "ALR-2027-0000000000";
    struct got got = get("ict", "/alert-board"), other = get("hso", "/alert-board");
    ok(got.status == 200 && strstr(got.body, number) && strstr(got.body, "Shell &lt;b&gt;encoded") && strstr(got.body, "NATO SECRET") && strstr(got.body, "<svg class=\"plot\""), "the board shows what waits, marked, with its timeline");
    ok(strstr(got.body, "Shell &lt;b") < strstr(got.body, "Above the others"), "gravest first");
    ok(strstr(got.body, "<td class=\"num\">130</td>"), "and what one host adds up to, however it is written");
    is_int(other.status, 403, "it is for those who triage");
    ok(strstr(ask((struct asked){.login = "ict", .path = "/alert-board", .lang = LANG_FR}).body, "Alertes en direct"), "it is French in French");
    const char *path = arena_printf(arena, "/alert/%s/triage", number);
    got = get("ict", path);
    ok(got.status == 200 && strstr(got.body, "value=\"settle\"") && strstr(got.body, "value=\"take\"") && strstr(got.body, "NATO RESTRICTED"), "the form offers what is possible");
    got = ask((struct asked){.login = "ict", .method = METHOD_POST, .path = path, .form = "do=take"});
    ok(got.redirect && strcmp(got.redirect, "/alert-board") == 0 && !strstr(get("ict", path).body, "value=\"take\""), "taken");
    got = ask((struct asked){.login = "ict", .method = METHOD_POST, .path = path, .form = "do=settle&conclusion=seen"});
    ok(got.status == 422 && strstr(got.body, "seen"), "without a cause it is not settled, and what was written is kept");
    got = ask((struct asked){.login = "ict", .method = METHOD_POST, .path = path, .form = "do=nothing"});
    ok(got.status == 422, "nothing else is done here");
    form = "do=hand-over&conclusion=Nobody+can+explain+it.";
    got = ask((struct asked){.login = "ict", .method = METHOD_POST, .path = path, .form = form});
    ok(got.redirect && strstr(ask((struct asked){.login = "ict", .path = "/incident", .query = "q=encoded"}).body, "Shell &lt;b&gt;encoded (WS-0417)"), "handed over to an incident that is reported with it");
    path = arena_printf(arena, "/alert/%s/triage", hidden);
    got = ask((struct asked){.login = "ict", .method = METHOD_POST, .path = path, .form = "do=settle&cause=test&conclusion=An+exercise."});
    ok(got.redirect && !strstr(get("ict", "/alert-board").body, hidden), "settled, and gone from the board");
    is_int(get("duty", path).status, 403, "nobody without the right");
}

/* A duty's own pages: in the menu for whoever has their right, marked, and journalled as reads. */
static void own_pages(const char *incident)
{
    const char *restricted = fixture_label(&f, "NATO", "RESTRICTED"), *secret = fixture_label(&f, "NATO", "SECRET");
    struct got none = get("ism", "/monitoring-report");
    ok(none.status == 200 && strstr(none.body, "2027-02") && strstr(none.body, "Nothing in this month"), "the report of the month before is empty at first");
    fixture_create(&f, "ict", "alert", restricted, "{\"title\":\"Event log cleared\",\"level\":\"critical\",\"origin\":\"watch\",\"first-seen\":\"2027-02-11T07:40Z\"}", NULL);
    fixture_create(&f, "ict", "alert", restricted, "{\"title\":\"Of another month\",\"level\":\"low\",\"origin\":\"watch\",\"first-seen\":\"2027-01-31T23:59Z\"}", NULL);
    fixture_create(&f, "ict", "alert", secret, "{\"title\":\"Above them\",\"level\":\"high\",\"origin\":\"siem\",\"first-seen\":\"2027-02-12T07:40Z\"}", NULL);
    uint64_t before = store_journal_size(office_store(f.office));
    struct got got = ask((struct asked){.login = "ism", .path = "/monitoring-report", .query = "month=2027-02"});
    ok(got.status == 200 && strstr(got.body, "Event log cleared") && strstr(got.body, "Above them") && !strstr(got.body, "Of another month"), "the report shows the month's alerts and no others");
    ok(strstr(got.body, "NATO SECRET"), "it bears the mark of the highest of them");
    ok(journal_grew(before), "and what was read stands in the journal");
    struct got desk = get("ism", "/"), without = get("ict", "/");
    ok(strstr(desk.body, "href=\"/monitoring-report\"") && !strstr(without.body, "/monitoring-report"), "the menu names the page for those who have its right");
    ok(get("ict", "/monitoring-report").status == 403, "and nobody else opens it");
    struct got french = ask((struct asked){.login = "ism", .path = "/monitoring-report", .query = "month=2027-02", .lang = LANG_FR});
    ok(strstr(french.body, "Rapport de surveillance") && strstr(french.body, "Alertes par niveau"), "it is French in French");
    struct got sheet = ask((struct asked){.login = "ism", .path = "/monitoring-report", .query = "month=2027-02&format=xlsx"});
    ok(sheet.status == 200 && memcmp(sheet.body, "PK\3\4", 4) == 0, "as a spreadsheet");
    struct got kept = ask((struct asked){.login = "ism", .path = "/monitoring-report", .query = "month=2027-02&format=html"});
    ok(kept.status == 200 && strstr(kept.body, "Event log cleared") && strstr(kept.body, "NATO SECRET"), "and as a page to keep, marked");
    static const char *const wrong[] = {"month=2027-13", "month=2027", "month=%3Cscript%3E", "month=2027-02&format=docx"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct got refused = ask((struct asked){.login = "ism", .path = "/monitoring-report", .query = wrong[i]});
        ok(refused.status == 400 && !strstr(refused.body, "<script>"), "%s is refused in words", wrong[i]);
    }
    const char *path = arena_printf(arena, "/incident/%s/repeats", incident);
    before = store_journal_size(office_store(f.office));
    got = get("hso", path);
    ok(got.status == 200 && strstr(got.body, "NATO CONFIDENTIAL"), "how often it happened is marked as what was counted");
    ok(journal_grew(before), "and journalled");
    ok(strstr(get("hso", arena_printf(arena, "/incident/%s", incident)).body, path), "the record's page leads there");
    ok(get("low", path).status == 404, "who does not read the incident finds nothing");
}

static void every_list(void)
{
    const struct pack *pack = office_pack(f.office);
    unsigned broken = 0;
    for (size_t i = 0; i < pack->n_registers; i++) {
        static const char *const queries[] = {NULL, "view=board", "view=calendar", "sort=-updated", "sort=due", "q=a", "state=nonsense", "after=nonsense", "format=csv", "format=html"};
        for (size_t k = 0; k < sizeof queries / sizeof *queries; k++) {
            struct got got = ask((struct asked){.login = k % 2 ? "hso" : "ssl", .path = arena_printf(arena, "/all/%s", pack->registers[i].name), .query = queries[k]});
            if (got.status >= 500) {
                printf("# %s?%s: %d\n", pack->registers[i].name, queries[k] ? queries[k] : "", got.status);
                broken++;
            }
        }
        broken += get("hso", arena_printf(arena, "/%s/new", pack->registers[i].name)).status >= 500;
    }
    ok(broken == 0, "lists, boards, calendars, exports and forms of every register answer");
}

/* ---- what a record holds never comes out raw ---- */

static bool raw(const char *body) { return strstr(body, "<script>alert") || strstr(body, "<img src=x") || strstr(body, "'><img"); }

static void harmless(const char *number, const char *proposal)
{
    const char *paths[] = {"/", "/incident", "/incident?view=board", "/search?q=alert", arena_printf(arena, "/incident/%s", number), arena_printf(arena, "/incident/%s/edit", number),
                           arena_printf(arena, "/incident/%s/step/contain", number), arena_printf(arena, "/incident/%s/readers", number), arena_printf(arena, "/incident/%s/regrade", number),
                           proposal ? arena_printf(arena, "/proposal/%s", proposal) : "/", "/incident/new", "/search?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E", "/incident?q=%22%3E%3Cimg%20src=x%20onerror=alert(2)%3E",
                           "/search/links?register=incident&q=alert", "/incident?format=html", "/journal?person=%22%3E%3Cimg%20src=x%3E"};
    unsigned shown = 0, bad = 0;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        const char *mark = strchr(paths[i], '?');
        const char *path = mark ? arena_strndup(arena, paths[i], (size_t)(mark - paths[i])) : paths[i];
        const char *who[] = {"hso", "ssl", "audit"};
        for (size_t k = 0; k < 3; k++) {
            struct got got = ask((struct asked){.login = who[k], .path = path, .query = mark ? mark + 1 : NULL});
            shown += strstr(got.body, "&lt;script&gt;alert") != NULL || strstr(got.body, "\\u003cscript\\u003ealert") != NULL;
            if (raw(got.body)) {
                printf("# raw in %s as %s\n", paths[i], who[k]);
                bad++;
            }
        }
    }
    ok(shown >= 8, "what was typed is shown (%u pages)", shown);
    ok(bad == 0, "and nowhere raw");
}

/* ---- hidden and absent ---- */

static const char *without(const char *text, const char *number)
{
    char *copy = arena_strdup(arena, text);
    for (char *at = strstr(copy, number); at; at = strstr(at, number))
        memset(at, '#', strlen(number));
    return copy;
}

static void hidden(const char *number)
{
    static const char *const tails[] = {"", "/edit", "/regrade", "/step/triage", "/step/nonsense", "/readers", "/readers?account=hso", "/file/evidence/0", "/history", "/steps"};
    char *absent = arena_strdup(arena, number);
    memset(absent + 9, '0', strlen(absent) - 9);
    unsigned differ = 0;
    for (int kind = 0; kind < 3; kind++)
        for (size_t i = 0; i < sizeof tails / sizeof *tails; i++) {
            const char *mark = strchr(tails[i], '?'), *root = kind == 2 ? "/api/v1/records/incident/" : "/incident/";
            const char *tail = mark ? arena_strndup(arena, tails[i], (size_t)(mark - tails[i])) : tails[i];
            struct asked a = {.login = "low", .method = kind == 1 ? METHOD_POST : METHOD_GET, .query = mark ? mark + 1 : NULL, .form = kind == 1 ? "summary=x" : NULL, .api = kind == 2};
            a.path = arena_printf(arena, "%s%s%s", root, number, tail);
            struct got one = ask(a);
            a.path = arena_printf(arena, "%s%s%s", root, absent, tail);
            struct got other = ask(a);
            if (one.status != other.status || strcmp(without(one.body, number), without(other.body, absent)) != 0) {
                printf("# %s%s differs: %d %d\n", root, tails[i], one.status, other.status);
                differ++;
            }
        }
    ok(differ == 0, "a hidden record's pages are an absent one's, byte for byte");
    ok(strstr(ask((struct asked){.login = "low", .path = "/search", .query = "q=alert"}).body, number) == NULL, "search does not find it");
    ok(get("staff", arena_printf(arena, "/incident/%s", number)).status == 200, "while who may read it does");
}

/* ---- wrong input ---- */

static void wrong_input(void)
{
    const char *form = "csrf=token&label.class=1.3.26.1.3.1%7C2&summary=Kept+%3Cwords%3E&detected=nonsense&narrative=Long+story";
    struct got got = ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/incident/new", .form = form});
    ok(got.status == 422, "a form with faults answers 422 (%d)", got.status);
    ok(strstr(got.body, "value=\"Kept &lt;words&gt;\"") && strstr(got.body, "Long story</textarea>"), "what was typed is kept");
    ok(strstr(got.body, "1.3.26.1.3.1|2\" selected") != NULL, "and the label that was chosen");
    const char *asked = strstr(got.body, "name=\"detected\"");
    const char *fault = asked ? strstr(asked, "class=\"fault\"") : NULL, *next = asked ? strstr(asked, "class=\"ask ") : NULL;
    ok(fault && (!next || fault < next), "the fault stands beside its field");
    struct got none = ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/incident/new", .form = ""});
    ok(none.status == 422, "an empty form is told what it needs");
}

/* ---- French ---- */

static char *slurp(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    char *text = arena_alloc(arena, 1 << 20);
    size_t len = fread(text, 1, (1 << 20) - 1, file);
    text[len] = 0;
    fclose(file);
    return text;
}

static void french(const char *number)
{
    const char *root = getenv("SOURCE_ROOT");
    char *po = slurp(arena_printf(arena, "%s/locale/fr/pages.po", root ? root : "."));
    const char *paths[] = {"/", "/incident", "/incident/new", arena_printf(arena, "/incident/%s", number), arena_printf(arena, "/incident/%s/readers", number), "/rules", "/posts", "/help", "/search", "/journal"};
    unsigned found = 0, texts = 0;
    for (char *at = po ? strstr(po, "msgid \"") : NULL; at; at = strstr(at, "msgid \"")) {
        char *english = at + 7, *end = strstr(english, "\"\n"), *other = end ? strstr(end, "msgstr \"") : NULL;
        if (!other)
            break;
        size_t len = (size_t)(end - english);
        at = other;
        if (len < 4 || memchr(english, '%', len) || memchr(english, '\\', len) || strncmp(other + 8, english, len) == 0)
            continue;
        texts++;
        const char *needle = arena_printf(arena, ">%.*s<", (int)len, english), *attribute = arena_printf(arena, "=\"%.*s\"", (int)len, english);
        for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
            static const char *bodies[16];
            if (!bodies[i])
                bodies[i] = ask((struct asked){.login = i == 9 ? "audit" : "hso", .path = paths[i], .lang = LANG_FR}).body;
            /* "change", "read" and their like are also values of the journal's own, which have no language */
            if (strstr(bodies[i], needle) || (strchr(attribute, ' ') && strstr(bodies[i], attribute))) {
                printf("# \"%.*s\" in %s\n", (int)len, english, paths[i]);
                found++;
            }
        }
    }
    ok(po && texts > 60 && found == 0, "French pages hold no English words of the templates (%u texts)", texts);
}

/* ---- the API ---- */

static unsigned unresolved(const struct val *root, const struct val *at)
{
    unsigned n = 0;
    if (at->kind == VAL_ARRAY)
        for (size_t i = 0; i < at->count; i++)
            n += unresolved(root, at->items[i]);
    for (size_t i = 0; at->kind == VAL_OBJECT && i < at->count; i++) {
        const char *text = str_eq(at->members[i].name, "$ref") ? val_text(at->members[i].value) : NULL;
        const struct val *to = root;
        for (const char *part = text ? text + 2 : NULL; part; part = strchr(part, '/') ? strchr(part, '/') + 1 : NULL)
            to = val_get(to, arena_strndup(arena, part, strcspn(part, "/")));
        if (text && !to) {
            printf("# %s\n", text);
            n++;
        }
        n += unresolved(root, at->members[i].value);
    }
    return n;
}

static struct val *json_of(const char *text)
{
    struct reasons reasons;
    struct val *value = NULL;
    reasons_init(&reasons, arena);
    return json_read(arena, text, strlen(text), (struct json_limits){.bytes = (size_t)32 << 20}, &reasons, &value) == OK ? value : NULL;
}

static void openapi(const char *login)
{
    struct val *whole = json_of(get(login, "/api/v1/openapi.json").body);
    const struct pack *pack = office_pack(f.office);
    const struct reader *reader = fixture_reader(&f, login);
    unsigned missing = 0, extra = 0;
    for (size_t i = 0; i < pack->n_registers; i++) {
        bool has = val_get(val_get(whole, "paths"), arena_printf(arena, "/records/%s", pack->registers[i].name)) != NULL;
        missing += reader_sees(reader, &pack->registers[i]) && !has;
        extra += !reader_sees(reader, &pack->registers[i]) && has;
    }
    reader_free(reader);
    ok(whole && str_eq(val_get_str(whole, "openapi"), "3.1.0") && unresolved(whole, whole) == 0, "%s's OpenAPI document: every reference leads somewhere", login);
    ok(missing == 0 && extra == 0, "and it holds the registers that the post sees, no other");
}

/* Every page that a reader may open gives a program what it shows, and stands in their document; no other page does. (Suggestions for a link
 * field are asked with the field, and the journal's export is no JSON.) */
static void pages_as_json(const char *login, bool audits)
{
    struct val *paths = val_get(json_of(get(login, "/api/v1/openapi.json").body), "paths");
    const struct reader *reader = fixture_reader(&f, login);
    unsigned asked = 0, missing = 0, no_json = 0;
    for (size_t t = 0; tables[t]; t++)
        for (const struct page *page = tables[t]; page->pattern; page++) {
            if (!page->right || (*page->right && !reader_has_right(reader, page->right)) || page->method != METHOD_GET || strchr(page->pattern, '{') || strcmp(page->name, "live") == 0 ||
                strcmp(page->name, "journal-export") == 0 || strcmp(page->name, "search-links") == 0 || str_starts(page->pattern, "/api/v1/"))
                continue;
            bool told = val_get(paths, page->pattern) || val_get(paths, arena_printf(arena, "/api/v1%s", page->pattern));
            struct got got = ask((struct asked){.login = login, .path = page->pattern, .api = true});
            asked++;
            missing += !told && strcmp(page->name, "search") != 0 && strcmp(page->name, "retention") != 0;
            if (got.status != 200 || !json_of(got.body)) {
                no_json++;
                printf("# %s: %d %.80s\n", page->pattern, got.status, got.body);
            }
        }
    reader_free(reader);
    ok(asked > 4 && no_json == 0, "%s reads each of %u pages as JSON", login, asked);
    is_int(missing, 0, "and finds each in the document");
    ok((val_get(paths, "/journal") != NULL) == audits, "and of pages with a right those of their own post");
    ok(val_get(paths, "/import/{register}") && val_get(paths, "/{register}/{number}/file/{field}/{index}"), "and how files come and go");
}

static void api(void)
{
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    const char *body = arena_printf(arena, "{\"key\":\"api-key-0001\",\"label\":%s,\"fields\":{\"summary\":\"By the API\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\"}}", label);
    struct got got = ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/api/v1/records/incident", .json = body, .api = true});
    const char *number = val_text(val_at(val_get(json_of(got.body), "numbers"), 0));
    ok(got.status == 201 && number, "the API makes a record (%d)", got.status);
    if (!number) {
        printf("# %s\n", got.body);
        return;
    }
    struct got again = ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/api/v1/records/incident", .json = body, .api = true});
    ok(val_get_bool(json_of(again.body), "repeated", false) && str_eq(val_text(val_at(val_get(json_of(again.body), "numbers"), 0)), number), "the same key gives the same answer");
    const char *path = arena_printf(arena, "/api/v1/records/incident/%s", number);
    struct got read = get("hso", path);
    struct val *record = json_of(read.body);
    is(val_get_str(val_get(record, "fields"), "summary"), "By the API", "and reads it");
    is(val_get_str(val_get(record, "fields"), "detected"), "2027-03-01T07:40:00Z", "times in ISO form");
    is(val_text(val_at(val_get(record, "markings"), 0)), "NATO CONFIDENTIAL", "with its marking");
    ok(read.etag && ask((struct asked){.login = "hso", .path = path, .etag = read.etag}).status == 304, "unchanged: 304");
    ok(read.etag && ask((struct asked){.login = "ssl", .path = path, .etag = read.etag}).status == 200, "an ETag is its reader's own");
    const char *edit = arena_printf(arena, "{\"version\":\"%s\",\"fields\":{\"summary\":\"Better\"}}", val_get_str(record, "version"));
    got = ask((struct asked){.login = "hso", .method = METHOD_PUT, .path = path, .json = edit, .api = true});
    if (!ok(got.status == 200, "an edit (%d)", got.status))
        printf("# %s\n", got.body);
    got = ask((struct asked){.login = "hso", .method = METHOD_PUT, .path = path, .json = edit, .api = true});
    ok(got.status == 409, "the same edit of the old version: 409 (%d)", got.status);
    got = ask((struct asked){.login = "hso", .method = METHOD_POST, .path = arena_printf(arena, "%s/steps/triage", path), .json = "{\"fields\":{}}", .api = true});
    ok(got.status == 422 || got.status == 403, "a step without what it needs is refused (%d)", got.status);
    ok(val_count(val_get(json_of(got.body), "reasons")) > 0, "with reasons");
    ok(val_count(val_get(json_of(get("hso", arena_printf(arena, "%s/history", path)).body), "versions")) == 2, "its history");
    ok(val_count(val_get(json_of(get("hso", arena_printf(arena, "%s/steps", path)).body), "steps")) > 3, "its steps");
    ok(val_count(val_get(json_of(get("hso", "/api/v1/records/incident").body), "records")) == 2, "the list");
    ok(val_count(val_get(json_of(ask((struct asked){.login = "hso", .path = "/api/v1/search", .query = "q=better"}).body), "records")) == 1, "the search");
    ok(val_count(val_get(json_of(ask((struct asked){.login = "low", .path = "/api/v1/search", .query = "q=better"}).body), "records")) == 0, "finds nothing for whom it is hidden");
    openapi("hso");
    openapi("low");
    pages_as_json("hso", false);
    pages_as_json("audit", true);
}

/* ---- more links than a page holds ---- */

static void many_links(void)
{
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL"), *zone = NULL, *asset;
    bool good = fixture_create(&f, "hso", "zone", label, "{\"name\":\"Zone of many\",\"area-class\":\"class-ii\"}", &zone) == OK;
    for (int i = 0; good && i < 120; i++)
        good = fixture_create(&f, "ism", "asset", i < 60 ? label : fixture_label(&f, "NATO", "SECRET"), arena_printf(arena, "{\"name\":\"Many %03d\",\"kind\":\"server\",\"zone\":\"%s\"}", i, zone), &asset) == OK;
    if (!ok(good, "a zone with 120 assets, 60 of them SECRET")) {
        printf("# %s\n", fixture_words());
        return;
    }
    const char *more = arena_printf(arena, "/asset?links-to=%s&amp;links-by=zone", zone), *path = arena_printf(arena, "/zone/%s", zone);
    struct got page = get("inv2", path);
    size_t items = 0;
    for (const char *at = page.body; (at = strstr(at, "href=\"/asset/AST-")); at++)
        items++;
    ok(page.status == 200 && items == 50 && strstr(page.body, more), "its page shows 50 and leads on (%zu)", items);
    ok(strstr(page.body, "NATO CONFIDENTIAL") && !strstr(page.body, "NATO SECRET"), "under the mark of what it shows");
    page = ask((struct asked){.login = "inv2", .path = "/asset", .query = arena_printf(arena, "links-to=%s&links-by=zone", zone)});
    ok(page.status == 200 && strstr(page.body, "Zone of many") && strstr(page.body, "rel=\"next\""), "the list says whose links it shows");
    ok(strstr(ask((struct asked){.login = "inv2", .path = "/asset", .query = arena_printf(arena, "links-to=%s&links-by=zone", zone), .lang = LANG_FR}).body, "Citant sous «"), "in French, too");
    const char *query = arena_printf(arena, "links-to=%s&links-by=zone&limit=25", zone);
    size_t sum = 0, pages = 0;
    do {
        struct val *data = json_of(ask((struct asked){.login = "inv2", .path = "/api/v1/records/asset", .query = query, .api = true}).body);
        const char *next = val_get_str(data, "next");
        sum += val_count(val_get(data, "records"));
        query = next ? arena_printf(arena, "links-to=%s&links-by=zone&limit=25&after=%s", zone, next) : NULL;
    } while (query && ++pages < 10);
    ok(sum == 60 && pages == 2, "the API gives the 60 by its cursor (%zu)", sum);
    ok(ask((struct asked){.login = "low", .path = "/asset", .query = arena_printf(arena, "links-to=%s&links-by=zone", zone)}).status == 404, "hidden and absent are one answer");
    ok(ask((struct asked){.login = "low", .path = "/asset", .query = "links-to=ZON-0000000000&links-by=zone"}).status == 404, "the same for an absent one");
    page = ask((struct asked){.login = "ism", .path = "/zone", .query = arena_printf(arena, "named-in=%s&links-by=zone", asset)});
    ok(page.status == 200 && strstr(page.body, zone), "what one record names, as a list");
    ok(strstr(get("ism", arena_printf(arena, "/zone/%s", zone)).body, "NATO SECRET"), "a page's mark counts what it links to");
}

/* ---- journal, views, drafts ---- */

static void journal(const char *number)
{
    struct got got = get("audit", "/journal");
    ok(got.status == 200 && strstr(got.body, "</table>"), "the auditor's page");
    ok(strstr(got.body, number) == NULL && strstr(got.body, "INC-") == NULL, "names no record");
    ok(get("hso", "/journal").status == 403 && get("admin", "/journal").status == 403, "is closed to others");
    struct got lines = get("audit", "/journal/export");
    ok(lines.status == 200 && strstr(lines.body, "\"step\":\"create\"") && !strstr(lines.body, "INC-"), "the export, too, holds facts and tokens");
    ok(ask((struct asked){.login = "audit", .path = "/journal", .query = "from=nonsense"}).status == 422, "a wrong day is told");
}

static void notes(void)
{
    struct got got = ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/view", .form = "register=incident&name=Open+%3Cb%3E&query=state%3Dreported"});
    is(got.redirect, "/incident?state=reported", "a view is saved");
    got = get("hso", "/incident");
    ok(strstr(got.body, "Open &lt;b&gt;") && !strstr(got.body, "Open <b>"), "and stands above the list");
    ok(!strstr(get("ssl", "/incident").body, "Open &lt;b&gt;"), "of its owner alone");
    (void)ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/view/drop", .form = "register=incident&name=Open+%3Cb%3E"});
    ok(!strstr(get("hso", "/incident").body, "Open &lt;b&gt;"), "until it is deleted");
    ok(ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/view", .form = "register=incident&name=&query="}).status == 400, "a view without a name is refused");
    const char *unlabelled = "csrf=token&draft-of=%2Fincident%2Fnew&summary=Half+written", *above = "csrf=token&draft-of=%2Fincident%2Fnew&summary=Half+written&label.class=1.3.26.1.3.1%7C5";
    ok(strstr(ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/draft", .form = unlabelled, .api = true}).body, "\"kept\":false") != NULL, "before a label is chosen not a word is kept");
    ok(strstr(get("hso", "/incident/new").body, "draft=1") == NULL, "nor offered");
    ok(strstr(ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/draft", .form = above, .api = true}).body, "\"kept\":false") != NULL, "nor under a label above the ceiling");
    ok(ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/draft", .form = "draft-of=%2Fincident%2FINC-2027-ZZZZZZZZZZ%2Fedit&summary=x", .api = true}).status == 404, "nor of a record that is absent");
    const char *draft = "csrf=token&draft-of=%2Fincident%2Fnew&summary=Half+written&label.class=1.3.26.1.3.1%7C2";
    ok(ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/draft", .form = draft, .api = true}).status == 200, "a draft is kept");
    ok(strstr(get("hso", "/incident/new").body, "/incident/new?draft=1") != NULL, "and offered");
    ok(strstr(ask((struct asked){.login = "hso", .path = "/incident/new", .query = "draft=1"}).body, "value=\"Half written\"") != NULL, "and taken up");
    ok(strstr(get("ssl", "/incident/new").body, "draft=1") == NULL, "by its owner alone");
    (void)ask((struct asked){.login = "hso", .method = METHOD_POST, .path = "/incident/new", .form = "label.class=1.3.26.1.3.1%7C2&summary=Whole&family=document&detected=2027-03-01T07:40Z&key=draft-key-1"});
    ok(strstr(get("hso", "/incident/new").body, "draft=1") == NULL, "success ends it");
}

/* ---- imports ---- */

static size_t lines_with(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *at = text; (at = strstr(at, what)); at += strlen(what))
        n++;
    return n;
}

/* A list leaves whole, however many of the store's pages it fills, in the columns that were asked for; a calendar shows its days. */
static void whole_lists(const char *number)
{
    enum { MANY = 1040 };
    struct op *ops = ARENA_ARRAY(arena, struct op, MANY);
    struct outcome outcome;
    const struct reader *hso = fixture_reader(&f, "hso");
    for (size_t i = 0; i < MANY; i++)
        ops[i] = (struct op){.kind = OP_CREATE, .register_ = "organisation", .fields = json_of(arena_printf(arena, "{\"name\":\"Delegation %04zu\",\"kind\":\"delegation\"}", i))};
    struct change change = {.writer = hso, .key = "many-organisations", .now = f.now, .ops = ops, .n_ops = MANY};
    ok(office_apply(f.office, &change, arena, &outcome) == OK, "a thousand organisations and more are entered in one change");
    reader_free(hso);
    struct got got = ask((struct asked){.login = "hso", .path = "/organisation", .query = "format=csv"});
    ok(got.status == 200 && lines_with(got.body, "Delegation ") == MANY, "an export holds all of them (%zu)", lines_with(got.body, "Delegation "));
    got = ask((struct asked){.login = "hso", .path = "/organisation", .query = "format=csv&col=name&col=updated&col=nonsense"});
    const char *line = strstr(got.body, "Name,");
    ok(line && strncmp(line, "Name,Changed", 12) == 0, "in the columns that were chosen, and no others");
    got = ask((struct asked){.login = "hso", .path = "/organisation", .query = "col=short&sort=name"});
    ok(strstr(got.body, ">Abbreviation<") && !strstr(got.body, "<th scope=\"col\">Kind"), "the list likewise");
    got = ask((struct asked){.login = "duty", .path = "/incident", .query = "view=calendar"});
    ok(got.status == 200 && strstr(got.body, number), "the calendar shows a record on the day of its time");
    got = ask((struct asked){.login = "duty", .path = "/incident", .query = "view=calendar&month=2027-06"});
    ok(got.status == 200 && !strstr(got.body, number), "and not in another month");
}

static size_t persons(void) { return val_count(val_get(json_of(ask((struct asked){.login = "pass", .path = "/api/v1/records/person", .query = "limit=500"}).body), "records")); }
static struct got import(const char *register_, const char *file_name, const char *file, const char *verb)
{
    return ask((struct asked){.login = str_eq(register_, "control") ? "ism" : "pass", .method = METHOD_POST, .path = arena_printf(arena, "/%s/import", register_), .file_name = file_name, .file = file,
                              .form = arena_printf(arena, "do=%s&key=import-%s-%u", verb, register_, calls)});
}

static void imports(void)
{
    size_t before = persons();
    const char *good = "Name,given-name,nationality,email\nDupont,Claire,FRA,claire@hq.example\nMüller,Jan,DEU,jan@hq.example\n";
    const char *bad = "Name,given-name,nationality,email,shoe size\nDupont,Claire,FRA,claire@hq.example,\n,Jan,nowhere,<b>not mail</b>,\n";
    struct got got = import("person", "p.csv", bad, "import");
    ok(got.status == 422 && persons() == before, "a file with faults imports nothing (%d)", got.status);
    ok(strstr(got.body, "E1</td>") != NULL, "an unknown column is named by its cell");
    got = import("person", "p.csv", "Name,given-name,nationality,email\nDupont,Claire,FRA,claire@hq.example\nX,Jan,nowhere,<b>not mail</b>\n", "import");
    ok(got.status == 422 && strstr(got.body, "C3</td>"), "a bad cell, too");
    ok(!strstr(got.body, "<b>not mail"), "and nothing of it comes out raw");
    ok(persons() == before, "and nothing was imported");
    got = import("person", "p.csv", good, "try");
    if (!ok(got.status == 200 && strstr(got.body, "Would be imported: 2") && persons() == before, "a good file is tried (%d)", got.status))
        printf("# %s\n", strstr(got.body, "<main") ? strstr(got.body, "<main") : got.body);
    got = import("person", "p.csv", good, "import");
    ok(got.status == 200 && persons() == before + 2, "and imported");
    ok(import("person", "p.xlsx", "PK\003\004 no workbook", "try").status == 422, "a broken workbook is refused");
    const char *oscal = "{\"catalog\":{\"uuid\":\"74c8ba1e-5cd4-4ad1-bbfd-d888e2f6c724\",\"metadata\":{\"title\":\"Small\",\"version\":\"1\",\"oscal-version\":\"1.1.2\",\"last-modified\":\"2026-01-01T00:00:00Z\"},"
        "\"groups\":[{\"id\":\"ac\",\"title\":\"Access\",\"controls\":[{\"id\":\"ac-1\",\"title\":\"Policy\",\"controls\":[{\"id\":\"ac-1.1\",\"title\":\"More\"}]}]}]}}";
    got = import("control", "c.json", oscal, "import");
    if (!ok(got.status == 200 && strstr(got.body, "Imported: 2"), "a catalogue of controls (%d)", got.status))
        printf("# %s\n", strstr(got.body, "<main") ? strstr(got.body, "<main") : got.body);
    struct val *found = json_of(ask((struct asked){.login = "ism", .path = "/api/v1/search", .query = "q=more"}).body);
    ok(val_count(val_get(val_get(val_at(val_get(found, "records"), 0), "links"), "parent")) == 1, "its enhancement hangs on its control");
    ok(ask((struct asked){.login = "staff", .path = "/person/import"}).status == 403, "who may not make records imports none");
}

/* ---- retention and erasure ---- */

#define LASTING(login) "{\"login\":\"" login "\",\"name\":\"" login "\",\"given-name\":\"X\",\"nationality\":\"FRA\",\"posts\":[{\"post\":\"headquarters-security-officer\",\"from\":\"2026-01-01\",\"until\":\"2045-01-01\"}],\"clearances\":[]}"

static void erasure(void)
{
    struct val *found = json_of(ask((struct asked){.login = "ict", .path = "/api/v1/records/account", .query = "q=low"}).body);
    const char *number = val_get_str(val_at(val_get(found, "records"), 0), "number");
    if (!ok(number && fixture_step(&f, "ict", number, "close", "{}") == OK, "an account is closed"))
        return;
    const char *record = arena_printf(arena, "/account/%s", number), *form = arena_printf(arena, "%s/erase", record);
    ok(get("era1", "/retention").status == 200 && !strstr(get("era1", "/retention").body, number), "nothing of it may be erased yet");
    ok(get("ict", "/retention").status == 403 && get("ict", form).status == 403, "the list and the form are closed to who may not erase");
    struct got early = ask((struct asked){.login = "era1", .method = METHOD_POST, .path = form, .form = "basis=retention&reason=early"});
    ok(early.status == 422 && strstr(early.body, "erase.too-early") && strstr(early.body, "early</textarea>"), "too early is refused in words, and what was typed is kept");
    ok(strstr(get("era1", record).body, "Kept until"), "its page says until when it is kept");
    f.now += 5 * 366 * DAY;
    struct got list = get("era1", "/retention");
    ok(list.status == 200 && strstr(list.body, number) && strstr(list.body, "account.retention") && strstr(list.body, "/erase?basis=retention"), "when its time is over it stands in the list, under its rule");
    ok(strstr(ask((struct asked){.login = "era1", .path = "/retention", .lang = LANG_FR}).body, "Conservations échues"), "in French, too");
    ok(val_count(val_get(json_of(get("era1", "/api/v1/retention").body), "groups")) >= 1, "and in the API's");
    struct got proposed = ask((struct asked){.login = "era1", .method = METHOD_POST, .path = form, .form = "basis=retention&reason=five+years"});
    ok(proposed.redirect && str_starts(proposed.redirect, "/proposal/"), "its erasure is proposed");
    const char *proposal = proposed.redirect ? proposed.redirect : "/none";
    struct got shown = get("era2", proposal);
    const char *hash = strstr(shown.body, "name=\"hash\" value=\"");
    if (!ok(shown.status == 200 && strstr(shown.body, "Erase under the retention rule") && hash, "another person sees what is proposed"))
        return;
    struct got done = ask((struct asked){.login = "era2", .method = METHOD_POST, .path = arena_printf(arena, "%s/confirm", proposal), .form = arena_printf(arena, "hash=%.64s", hash + strlen("name=\"hash\" value=\""))});
    is(done.redirect, "/", "confirms it");
    ok(get("era1", record).status == 404 && !strstr(get("era1", "/retention").body, number), "and it is gone");
}

int main(void)
{
    static const struct jailer *const jailers[] = {&csv_jailer, &xlsx_jailer, &oscal_jailer, NULL};
    struct nursery *nursery = NULL;
    struct reasons reasons;
    const char *number = NULL, *proposal = NULL;
    struct outcome outcome;
    uint8_t secret[32] = {7};
    tap_seed();
    arena = arena_new((size_t)2 << 30);
    reasons_init(&reasons, arena);
    if (nursery_start(jailers, &reasons, &nursery) == OK)
        pages_nursery(nursery);
    fixture_new_with(&f, "[{\"login\":\"pass\",\"name\":\"Ek\",\"given-name\":\"Ida\",\"nationality\":\"SWE\",\"email\":\"pass@hq.example\","
                         "\"posts\":[{\"post\":\"pass-clerk\",\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}],\"clearances\":[]}," LASTING("era1") "," LASTING("era2") "]");
    seal_init(&seal, secret);
    templates_use(&office_templates);
    pages_start();
    tables = pages_of_office(arena, f.office);
    const char *label = fixture_label(&f, "NATO", "CONFIDENTIAL");
    const char *report = "{\"summary\":\"" EVIL "\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"place-in-words\":\"" EVIL "\",\"narrative\":\"(NC) " EVIL "\"}";
    if (fixture_create(&f, "staff", "incident", label, report, &number) != OK &&
        fixture_create(&f, "staff", "incident", label, "{\"summary\":\"" EVIL "\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\",\"narrative\":\"(NC) " EVIL "\"}", &number) != OK)
        printf("# %s\n", fixture_words());
    if (!ok(number != NULL, "an incident full of markup is reported"))
        return tap_done();
    ok(fixture_do(&f, "duty", (struct op){.kind = OP_STEP, .number = number, .step = "contain", .reason = EVIL}, "{\"containment\":\"" EVIL "\",\"contained-at\":\"2027-03-01T07:50Z\"}", NULL, NULL) == OK, "and contained");
    if (fixture_do(&f, "hso", (struct op){.kind = OP_STEP, .number = number, .step = "dismiss", .reason = EVIL}, "{}", &proposal, &outcome) != OK)
        printf("# %s\n", fixture_words());
    ok(proposal != NULL, "its dismissal is proposed");
    every_list();
    harmless(number, proposal);
    hidden(number);
    wrong_input();
    french(number);
    api();
    many_links();
    journal(number);
    notes();
    board_of_alerts();
    own_pages(number);
    whole_lists(number);
    if (nursery)
        imports();
    else
        tap_skip("imports", "no nursery here");
    every_entry(number);
    erasure();
    fixture_free(&f);
    nursery_stop(nursery);
    arena_free(arena);
    return tap_done();
}
