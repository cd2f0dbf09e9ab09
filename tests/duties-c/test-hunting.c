/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hunts and the event search in an office: what is found, page by page; access first: for whoever lacks one of the four keys, or whose hunt lies
 * below, a segment is as absent, in answer, counts and progress; stop; what a run leaves; hostile blocks; alerts with the events as evidence;
 * a run that a dead server left behind.
 */
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/jail.h"
#include "base/text.h"
#include "fixture.h"
#include "front/seal.h"
#include "office/duty.h"
#include "office/verify.h"
#include "tap.h"
#include "watch/hunting/age.h"
#include "watch/hunting/hunting.h"
#include "watch/hunting/propose.h"

#define NATO "1.3.26.1.3.1"
#define CLEARANCE(class) "\"clearances\":[{\"clearance\":\"{\\\"categories\\\":[],\\\"classes\\\":[\\\"" class "\\\"],\\\"policy\\\":\\\"" NATO "\\\"}\",\"from\":\"2026-01-01\",\"until\":\"2031-01-01\"}]"
#define BRIEFING(class) ",\"briefings\":[{\"policy\":\"" NATO "\",\"class\":\"" class "\",\"from\":\"2026-01-01\",\"until\":\"2029-01-01\"}]"
#define PERSON(login, given, rest) "{\"login\":\"" login "\",\"name\":\"" given "\",\"given-name\":\"" given "\",\"nationality\":\"ITA\",\"email\":\"" login "@hq.example\"," \
    "\"posts\":[{\"post\":\"ict-security-support\",\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}]," rest "}"
#define RESTRICTED "RESTRICTED"

static struct fixture f;
static struct nursery *nursery;
static struct seal seal;
static char text[1 << 16];

/* ---- segments ---- */

/* `n` events an hour apart from `hour` on, every third with the needle; a block of so many each. */
static const char *segment(const char *source, const char *class, const char *file, unsigned hour, unsigned n, const char *needle)
{
    struct reasons reasons;
    struct holding *holding = NULL;
    reasons_init(&reasons, f.arena);
    struct op create = {.register_ = "event-segment", .label = fixture_label(&f, "NATO", class), .file = file, .fields = val_object(f.arena)};
    if (office_hold(f.office, "event-segment.hold", source, &create, f.now, f.arena, &reasons, &holding) != OK) {
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
        return "";
    }
    const char *number = arena_strdup(f.arena, holding_number(holding));
    for (unsigned i = 0; i < n;) {
        int len = snprintf(text, sizeof text, "lines json\n");
        unsigned items = 0;
        moment from = T0 - 400 * HOUR + (hour + i) * HOUR;
        for (; i < n && items < 10; i++, items++) {
            char at[MOMENT_TEXT];
            len += snprintf(text + len, sizeof text - (size_t)len, "{\"@timestamp\":\"%s\",\"Host\":\"srv%u\",\"Image\":\"C:\\\\Tools\\\\%s\",\"n\":\"%u\"}\n",
                            moment_iso(T0 - 400 * HOUR + (hour + i) * HOUR, at), i % 4, i % 3 ? "calc.exe" : needle, i);
        }
        if (segment_append(holding_writer(holding), text, (size_t)len, items, from, from + (items - 1) * HOUR) != OK)
            printf("# a block cannot be appended\n");
    }
    if (office_hold_end(holding, f.now, f.arena, &reasons) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    return number;
}
static void hostile_segment(const char *bytes, size_t len)
{
    struct reasons reasons;
    struct holding *holding = NULL;
    reasons_init(&reasons, f.arena);
    struct op create = {.register_ = "event-segment", .label = fixture_label(&f, "NATO", RESTRICTED), .fields = val_object(f.arena)};
    if (office_hold(f.office, "event-segment.hold", "hostile", &create, f.now, f.arena, &reasons, &holding) != OK ||
        segment_append(holding_writer(holding), bytes, len, 5, T0 - HOUR, T0) != OK || office_hold_end(holding, f.now, f.arena, &reasons) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
}

static const char *hunt(const char *hunter, const char *class, const char *looked_for, const char *more)
{
    const char *number = NULL;
    char fields[4096];
    snprintf(fields, sizeof fields, "{\"title\":\"A hunt\",\"hypothesis\":\"Something was run.\",\"trigger\":\"intelligence\",\"method\":\"hypothesis\",\"hunter\":\"%s\",\"looked-for\":\"%s\"%s}",
             fixture_person(&f, hunter), looked_for, more);
    if (fixture_create(&f, "ict", "hunt", fixture_label(&f, "NATO", class), fields, &number) != OK || fixture_step(&f, "ism", number, "approve", "{}") != OK ||
        fixture_step(&f, hunter, number, "begin", "{}") != OK)
        printf("# %s\n", fixture_words());
    return number ? number : "";
}

/* ---- requests ---- */

static moment clock_of(void *arg) { return f.now; }

typedef enum status handler(const struct request *, struct answer *);
/* What a program is told; the answer without what differs from request to request. */
static struct val *ask(handler *handle, const char *login, const char *part, const char *part2, const struct pair *query, size_t n, const char *json, int *ret_status)
{
    static unsigned nonce;
    struct arena *arena = f.arena;
    struct buf body;
    struct reasons reasons;
    struct val *sent = NULL, *got = NULL;
    const struct reader *reader = fixture_reader(&f, login);
    reasons_init(&reasons, arena);
    buf_init(&body, 16 << 20);
    if (json && json_read(arena, json, strlen(json), (struct json_limits){0}, &reasons, &sent) != OK)
        printf("# the test's own JSON is none\n");
    struct request request = {.arena = arena, .office = f.office, .reader = reader, .now = f.now, .lang = LANG_EN, .method = json ? METHOD_POST : METHOD_GET, .path = "/x", .query = query,
                              .n_query = n, .json = sent, .seal = &seal, .account = reader_account(reader), .api = true, .part = {part, part2 ? part2 : ""},
                              .nonce = arena_printf(arena, "test-nonce-%u", ++nonce)};
    struct answer answer = {.body = &body};
    enum status status = handle(&request, &answer);
    if (status != OK)
        answer_reasons(&request, &answer, status, NULL);
    if (body.len && json_read(arena, body.data, body.len, (struct json_limits){0}, &reasons, &got) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    if (got)
        val_drop(got, "key");
    *ret_status = answer.status;
    buf_free(&body);
    reader_free(reader);
    return got;
}
static const char *same(const struct val *val)
{
    struct buf out;
    buf_init(&out, 16 << 20);
    json_write(&out, val ? val : val_null(f.arena));
    const char *ret = arena_strndup(f.arena, out.data, out.len);
    buf_free(&out);
    return ret;
}
static struct val *run_hunt(const char *login, const char *number)
{
    int status;
    (void)ask(hunting_post, login, number, NULL, NULL, 0, "{\"do\":\"run\"}", &status);
    if (status != 200)
        printf("# run: %d\n", status);
    return ask(hunting_page, login, number, NULL, NULL, 0, NULL, &status);
}
static struct val *search(const char *login, const char *q, const char *from, const char *to)
{
    int status;
    const struct pair query[] = {{"q", q}, {"from", from}, {"to", to}};
    return ask(events_page, login, "", NULL, query, 3, NULL, &status);
}
static int64_t progress(const struct val *page, const char *name) { return val_get_int(val_get(page, "progress"), name, -1); }

/* ---- what is found ---- */

static char first[NUMBER_TEXT], second[NUMBER_TEXT];

static void finds(void)
{
    int status;
    snprintf(first, sizeof first, "%s", segment("one", RESTRICTED, NULL, 0, 60, "mimikatz.exe"));
    snprintf(second, sizeof second, "%s", segment("two", RESTRICTED, NULL, 100, 60, "mimikatz.exe"));
    const char *number = hunt("ict", RESTRICTED, "Image: *\\\\mimikatz.exe", "");
    struct val *page = ask(hunting_page, "ict", number, NULL, NULL, 0, NULL, &status);
    ok(status == 200 && val_get_bool(page, "may-run", false) && val_count(val_get(page, "terms")) == 1 && !val_get(page, "progress"), "a hunt under way can be run by its hunter");
    page = ask(hunting_page, "ism", number, NULL, NULL, 0, NULL, &status);
    ok(status == 200 && !val_get_bool(page, "may-run", true), "and by nobody else");
    (void)ask(hunting_post, "ism", number, NULL, NULL, 0, "{\"do\":\"run\"}", &status);
    ok(status == 403 || status == 422, "whoever tries is refused (%d)", status);
    page = run_hunt("ict", number);
    ok(val_get_bool(page, "good", false) && progress(page, "segments") == 2 && progress(page, "read") == 2 && progress(page, "events") == 120 && progress(page, "found") == 40, "every segment is read, every event looked at");
    is_int((long)val_count(val_get(val_get(page, "progress"), "hits")), 40, "and what was found is there");
    is(val_get_str(val_at(val_get(val_get(page, "progress"), "hits"), 0), "segment"), second, "the newest segment first");
    page = ask(hunting_page, "ism", number, NULL, NULL, 0, NULL, &status);
    ok(!val_get(page, "progress") && !val_get_bool(page, "known", false), "progress and partial results are the hunter's alone");

    struct record_view record;
    const struct reader *ict = fixture_reader(&f, "ict");
    ok(office_get(f.office, ict, "hunt", number, f.arena, &record) == OK && val_count(val_get(record.fields, "results")) == 3, "the run leaves its report, the events as JSON lines and as a table");
    const struct val *meta;
    const void *bytes;
    size_t len;
    ok(office_attachment(f.office, ict, number, "results", 0, f.arena, &meta, &bytes, &len) == OK && strstr(arena_strndup(f.arena, bytes, len), first), "the report names the segments");
    ok(office_attachment(f.office, ict, number, "results", 1, f.arena, &meta, &bytes, &len) == OK && strstr(arena_strndup(f.arena, bytes, len), "mimikatz"), "the events are in the file");
    ok(office_attachment(f.office, ict, number, "results", 2, f.arena, &meta, &bytes, &len) == OK && strstr(arena_strndup(f.arena, bytes, len), "NATO RESTRICTED"), "the table is marked");
    reader_free(ict);

    number = hunt("ict", RESTRICTED, "mimikatz", ",\"period\":{\"from\":\"2027-02-12T16:00Z\",\"to\":\"2027-02-14T00:00Z\"}");
    page = run_hunt("ict", number);
    ok(progress(page, "segments") == 1 && progress(page, "events") == 32 && progress(page, "found") == 11, "a period bounds segments and events (%s)", same(val_get(page, "progress")) + 0);
    number = hunt("ict", RESTRICTED, "Image: a*b*c", "");
    page = ask(hunting_page, "ict", number, NULL, NULL, 0, NULL, &status);
    ok(!val_get_bool(page, "may-run", true) && strstr(same(val_get(page, "query-faults")), "Line 1"), "a faulty text is told by its line and not run");
}

/* ---- access ---- */

/* The same questions before and after something that this reader may not read came in. */
static void absent(const char *what, const char *login, const char *hunt_class, const char *hidden_class, const char *file)
{
    const char *number = hunt(login, hunt_class, "mimikatz\\nghost.exe", "");
    const char *page = same(val_get(run_hunt(login, number), "progress")), *found = same(search(login, "mimikatz\nghost.exe", "", ""));
    const char *hidden = segment("ghost", hidden_class, file, 50, 30, "ghost.exe");
    int status, other;
    ok(*hidden, "a segment for %s", what);
    is(same(val_get(run_hunt(login, number), "progress")), page, "the hunt's progress, counts and hits are the same");
    struct record_view record;
    const struct reader *reader = fixture_reader(&f, login);
    bool reads = office_get(f.office, reader, NULL, hidden, f.arena, &record) == OK;
    reader_free(reader);
    if (reads)                             /* above the hunt alone: a search may show it */
        return;
    is(same(search(login, "mimikatz\nghost.exe", "", "")), found, "and the search's answer");
    const char *there = same(ask(event_page, login, hidden, "0", NULL, 0, NULL, &status)), *nowhere = same(ask(event_page, login, "SEG-2027-0000000000", "0", NULL, 0, NULL, &other));
    ok(status == 404 && other == 404 && str_eq(there, nowhere), "one of its events is as one of a segment that there is not");
    char wish[200];
    snprintf(wish, sizeof wish, "{\"as\":\"alert\",\"hits\":[\"%s.0\"]}", hidden);
    there = same(ask(hunting_raise, login, number, NULL, NULL, 0, wish, &status));
    nowhere = same(ask(hunting_raise, login, number, NULL, NULL, 0, "{\"as\":\"alert\",\"hits\":[\"SEG-2027-0000000000.0\"]}", &other));
    ok(status == other && str_eq(there, nowhere) && status == 404, "nor can it be reported");
}

static void access_first(void)
{
    int status;
    const char *incident = NULL;
    struct record_view record;
    absent("somebody with too low a clearance", "lower", RESTRICTED, "CONFIDENTIAL", NULL);
    absent("somebody cleared but not briefed", "unbriefed", RESTRICTED, "SECRET", NULL);
    ok(fixture_create(&f, "hso", "incident", fixture_label(&f, "NATO", RESTRICTED), "{\"summary\":\"Denied at the door\",\"family\":\"document\",\"detected\":\"2027-03-01T07:40Z\"}", &incident) == OK, "a closed file");
    const struct reader *hso = fixture_reader(&f, "hso");
    ok(office_get(f.office, hso, "incident", incident, f.arena, &record) == OK && record.file_number, "which bears a number");
    reader_free(hso);
    absent("no member of its file", "ict", RESTRICTED, RESTRICTED, record.file_number);
    absent("a hunt below it", "ict", RESTRICTED, "CONFIDENTIAL", NULL);
    (void)ask(events_page, "staff", "", NULL, NULL, 0, NULL, &status);
    ok(status == 403, "a post that sees no segments searches none (%d)", status);
    ok(*same(ask(event_page, "staff", first, "0", NULL, 0, NULL, &status)) && status == 404, "nor reads one event");
}

/* ---- the search ---- */

static void searches(void)
{
    int status;
    struct val *page = search("lower", "", "", "");
    const struct val *rows = val_get(page, "rows");
    is_int((long)val_count(rows), 100, "a page holds a hundred events");
    bool ordered = true;
    for (size_t i = 1; i < val_count(rows); i++)
        ordered = ordered && strcmp(val_get_str(val_at(rows, i - 1), "time"), val_get_str(val_at(rows, i), "time")) >= 0;
    ok(ordered, "newest first");
    const char *next = val_get_str(page, "next");
    ok(next && strstr(next, "after="), "and leads on");
    const struct pair query[] = {{"after", next ? strstr(next, "after=") + 6 : ""}};
    struct val *more = ask(events_page, "lower", "", NULL, query, 1, NULL, &status);
    const struct val *rest = val_get(more, "rows");
    ok(status == 200 && val_count(rest) == 20 && !val_get(more, "next"), "to the rest, and to its end");
    ok(strcmp(val_get_str(val_at(rows, 99), "time"), val_get_str(val_at(rest, 0), "time")) > 0, "without one twice");
    (void)ask(events_page, "ict", "", NULL, query, 1, NULL, &status);
    ok(status == 422, "another's cursor leads nowhere");
    page = search("lower", "mimikatz", "2027-02-12T16:00Z", "2027-02-14");
    ok(val_count(val_get(page, "rows")) == 11 && val_get(page, "chart") && val_count(val_get(page, "spans")) > 5, "terms and a time, with counts over time");
    page = search("lower", "Host: srv*\nImage: a*b*c", "", "");
    ok(val_count(val_get(page, "faults")) == 1 && !val_get_bool(page, "asked", true), "a fault is told");
    page = search("lower", "mimikatz", "yesterday", "");
    ok(val_count(val_get(page, "faults")) == 1, "of a time, too");
    page = ask(event_page, "lower", first, "3", NULL, 0, NULL, &status);
    ok(status == 200 && strstr(val_get_str(val_get(page, "event"), "raw"), "mimikatz.exe") && val_count(val_get(page, "fields")) >= 4, "one event, whole");
    (void)ask(event_page, "lower", first, "60", NULL, 0, NULL, &status);
    ok(status == 404, "behind the last there is none");
}

/* Many events of one instant: pages go on inside of it. */
static void one_instant(void)
{
    struct reasons reasons;
    struct holding *holding = NULL;
    int status;
    size_t seen = 0, pages = 0;
    moment at = 0;
    const char *after = NULL;
    reasons_init(&reasons, f.arena);
    struct op create = {.register_ = "event-segment", .label = fixture_label(&f, "NATO", RESTRICTED), .fields = val_object(f.arena)};
    int len = snprintf(text, sizeof text, "lines json\n");
    for (unsigned i = 0; i < 350; i++)
        len += snprintf(text + len, sizeof text - (size_t)len, "{\"@timestamp\":\"2025-01-01T00:00:00Z\",\"k\":\"instant%u\"}\n", i);
    ok(office_hold(f.office, "event-segment.hold", "instant", &create, f.now, f.arena, &reasons, &holding) == OK &&
       moment_read("2025-01-01", &at) == OK && segment_append(holding_writer(holding), text, (size_t)len, 350, at, at) == OK && office_hold_end(holding, f.now, f.arena, &reasons) == OK, "350 events of one instant");
    do {
        const struct pair query[] = {{"q", "instant"}, {"after", after}};
        struct val *page = ask(events_page, "lower", "", NULL, query, after ? 2 : 1, NULL, &status);
        seen += val_count(val_get(page, "rows"));
        after = val_get_str(page, "next") ? strstr(val_get_str(page, "next"), "after=") + 6 : NULL;
    } while (after && ++pages < 10);
    is_int((long)seen, 350, "are all shown, page by page");
}

/* ---- what was picked ---- */

static void raises(void)
{
    int status;
    const char *number = hunt("ict", RESTRICTED, "mimikatz", "");
    char wish[300];
    (void)run_hunt("ict", number);
    snprintf(wish, sizeof wish, "{\"as\":\"alert\",\"title\":\"Tools on servers\",\"level\":\"high\",\"hits\":[\"%s.3\",\"%s.0\",\"%s.0\",\"%s.57\"]}", first, first, second, first);
    struct val *said = ask(hunting_raise, "ict", number, NULL, NULL, 0, wish, &status);
    const char *alert = val_get_str(said, "number");
    ok(status == 201 && alert, "picked events become an alert (%d)", status);
    if (!alert)
        printf("# %s\n", same(said));
    struct record_view record;
    const struct reader *ict = fixture_reader(&f, "ict");
    const struct val *meta;
    const void *bytes;
    size_t len;
    ok(alert && office_get(f.office, ict, "alert", alert, f.arena, &record) == OK && val_get_int(record.fields, "events", 0) == 4 && str_eq(val_get_str(record.fields, "origin"), "hunt"), "of a hunt, counted");
    ok(alert && office_attachment(f.office, ict, alert, "evidence", 0, f.arena, &meta, &bytes, &len) == OK && strstr(arena_strndup(f.arena, bytes, len), "\"n\\\":\\\"57\\\""), "with the events as evidence");
    reader_free(ict);
    snprintf(wish, sizeof wish, "{\"as\":\"incident\",\"hits\":[\"%s.0\"]}", first);
    said = ask(hunting_raise, "ict", number, NULL, NULL, 0, wish, &status);
    const char *case_ = val_get_str(said, "number");
    ok(status == 201 && case_ && str_starts(case_, "INC-"), "or an incident");
    const struct reader *hso = fixture_reader(&f, "hso");
    ok(case_ && office_attachment(f.office, hso, case_, "evidence", 0, f.arena, &meta, &bytes, &len) == OK && len > 50, "whose readers have the event");
    reader_free(hso);
    (void)ask(hunting_raise, "ict", number, NULL, NULL, 0, "{\"as\":\"alert\",\"hits\":[]}", &status);
    ok(status == 422 || status == 400, "nothing picked is refused");
    (void)ask(hunting_raise, "ict", number, NULL, NULL, 0, "{\"as\":\"alert\",\"hits\":[\"no.place.x\"]}", &status);
    ok(status == 422 || status == 400, "nor what is no place");
}

/* ---- new rules ---- */

static void proposes(void)
{
    static const char *const ids[] = {"11111111-2222-3333-4444-555555555555", "no id", "11111111-2222-3333-4444-666666666666"};
    const char *set = NULL, *const *numbers = NULL;
    struct reasons reasons;
    struct record_view record;
    size_t n = 9;
    reasons_init(&reasons, f.arena);
    ok(fixture_create(&f, "ict", "rule-set", fixture_label(&f, "NATO", RESTRICTED), "{\"name\":\"November\",\"received-on\":\"2027-03-01\"}", &set) == OK, "a rule set");
    ok(hunt_propose(f.office, set, ids, 3, f.now, f.arena, &reasons, &numbers, &n) == OK && n == 1, "its new rules become a hunt");
    if (reasons.count)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    const struct reader *ict = fixture_reader(&f, "ict");
    bool good = n == 1 && office_get(f.office, ict, "hunt", numbers[0], f.arena, &record) == OK;
    ok(good && str_eq(val_get_str(record.fields, "trigger"), "new-rule") && str_eq(record.state->name, "proposed"), "that waits for somebody's approval");
    ok(good && str_eq(val_get_str(record.fields, "looked-for"), "11111111-2222-3333-4444-555555555555\n11111111-2222-3333-4444-666666666666"), "and names them");
    reader_free(ict);
    ok(hunt_propose(f.office, set, ids, 0, f.now, f.arena, &reasons, &numbers, &n) == OK && n == 0, "without new rules there is none");
}

/* ---- age ---- */

static const char *source_number;
static const char *of_source(const char *name)
{
    struct reasons reasons;
    struct holding *holding = NULL;
    static const char block[] = "lines json\n{\"@timestamp\":\"2027-02-01T00:00:00Z\",\"x\":\"aged\"}\n";
    moment at = 0;
    reasons_init(&reasons, f.arena);
    struct op create = {.register_ = "event-segment", .label = fixture_label(&f, "NATO", RESTRICTED), .fields = val_object(f.arena)};
    val_set_str(f.arena, (struct val *)create.fields, "log-source", source_number);
    if (moment_read("2027-02-01", &at) != OK || office_hold(f.office, "event-segment.hold", name, &create, f.now, f.arena, &reasons, &holding) != OK)
        return "";
    const char *number = arena_strdup(f.arena, holding_number(holding));
    if (segment_append(holding_writer(holding), block, sizeof block - 1, 1, at, at) != OK || office_hold_end(holding, f.now, f.arena, &reasons) != OK)
        printf("# %s\n", reasons_text(&reasons, LANG_EN));
    return number;
}
static const char *state_of(const char *number)
{
    struct record_view record;
    const struct reader *ict = fixture_reader(&f, "ict");
    const char *state = office_get(f.office, ict, "event-segment", number, f.arena, &record) == OK ? record.state->name : "absent";
    reader_free(ict);
    return state;
}
static bool verifies(const char **ret_words)
{
    struct office_verdict verdict;
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    enum status status = office_verify(f.office, f.folder, false, NULL, NULL, f.arena, &reasons, &verdict);
    *ret_words = reasons_text(&reasons, LANG_EN);
    return status == OK;
}

static void ages(void)
{
    const char *system = NULL, *words;
    char fields[512], path[256];
    int status;
    struct reasons reasons;
    reasons_init(&reasons, f.arena);
    ok(fixture_create(&f, "ict", "system", fixture_label(&f, "NATO", RESTRICTED), "{\"name\":\"Registry network\"}", &system) == OK, "a system");
    snprintf(fields, sizeof fields, "{\"name\":\"Logs\",\"system\":\"%s\",\"format\":\"json\",\"keeper\":\"%s\",\"personal-data\":\"not-involved\",\"purpose\":\"Detection.\",\"keep-for\":\"60d\"}", system, fixture_person(&f, "ict"));
    ok(fixture_create(&f, "ism", "log-source", fixture_label(&f, "NATO", RESTRICTED), fields, &source_number) == OK, "a source whose events are kept for sixty days");
    const char *one = of_source("aging"), *other = of_source("aging");
    moment began = f.now;
    f.now = began + 40 * DAY;
    ok(segments_age(f.office, f.now, &reasons) == OK && str_eq(state_of(one), "closed"), "one person's word alone erases nothing");
    f.now = began;
    ok(fixture_step(&f, "ssl", source_number, "approve", "{\"approved-on\":\"2027-03-01\"}") == OK, "another approves it");
    ok(segments_age(f.office, f.now, &reasons) == OK && str_eq(state_of(one), "closed"), "before the time is over nothing is erased");
    struct val *page = search("lower", "aged", "", "");
    ok(val_count(val_get(page, "rows")) == 2, "and its events are found");
    f.now = began + 40 * DAY;
    ok(segments_age(f.office, f.now, &reasons) == OK && str_eq(state_of(one), "erased") && str_eq(state_of(other), "erased"), "then its segments are, whole (%s)", reasons_text(&reasons, LANG_EN));
    f.now = began;
    page = search("lower", "aged", "", "");
    ok(!val_count(val_get(page, "rows")) && val_get_int(page, "damaged", 0) == 0, "nothing is found of them any more, and nothing is told as damaged");
    (void)ask(event_page, "lower", one, "0", NULL, 0, NULL, &status);
    ok(status == 404, "nor shown");
    struct record_view record;
    const struct reader *ict = fixture_reader(&f, "ict");
    ok(office_get(f.office, ict, "event-segment", one, f.arena, &record) == OK && val_get_str(record.fields, "chain"), "the hash of the chain stays");
    snprintf(path, sizeof path, "%s/segments/%llx", f.folder, (unsigned long long)record.id);
    ok(access(path, F_OK) != 0, "the bytes are gone");
    ok(office_get(f.office, ict, "event-segment", first, f.arena, &record) == OK, "another is there");
    reader_free(ict);
    ok(str_eq(state_of(first), "closed"), "and no source's, not erased");
    if (!ok(verifies(&words), "the office verifies: erased is not missing"))
        printf("# %.600s\n", words);
    snprintf(path, sizeof path, "%s/segments/%llx", f.folder, (unsigned long long)record.id);
    char away[300];
    snprintf(away, sizeof away, "%s.away", path);
    ok(rename(path, away) == 0 && !verifies(&words) && strstr(words, "missing"), "a segment that is missing is told");
    ok(rename(away, path) == 0 && verifies(&words), "and is no more once it is back");
}

/* ---- stop, end of the server, hostile blocks ---- */

static void stops(struct works *inline_works)
{
    int status;
    for (unsigned i = 0; i < 40; i++)
        (void)segment("many", RESTRICTED, NULL, 200 + i, 10, "slow.exe");
    const char *number = hunt("ict", RESTRICTED, "slow.exe", "");
    struct works *works = works_new(&(struct works_options){.office = f.office, .threads = 1, .clock = clock_of});
    works_of_office(f.office, works);
    struct val *page = NULL;
    (void)ask(hunting_post, "ict", number, NULL, NULL, 0, "{\"do\":\"run\"}", &status);
    for (int i = 0; i < 3000; i++) {
        page = ask(hunting_page, "ict", number, NULL, NULL, 0, NULL, &status);
        if (progress(page, "read") >= 2)
            break;
        nanosleep(&(struct timespec){.tv_nsec = 2000000}, NULL);
    }
    ok(val_get_bool(page, "running", false) && progress(page, "read") >= 2 && progress(page, "found") >= 4, "while it runs, progress and what was found so far are shown");
    (void)ask(hunting_post, "ict", number, NULL, NULL, 0, "{\"do\":\"run\"}", &status);
    ok(status == 409, "it is not begun twice (%d)", status);
    (void)ask(hunting_post, "ict", number, NULL, NULL, 0, "{\"do\":\"stop\"}", &status);
    for (int i = 0; i < 3000; i++) {
        page = ask(hunting_page, "ict", number, NULL, NULL, 0, NULL, &status);
        if (!val_get_bool(page, "running", false))
            break;
        nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
    }
    ok(!val_get_bool(page, "running", true) && val_get_bool(val_get(page, "progress"), "stopped", false) && progress(page, "read") < progress(page, "segments"), "stopped in the middle, it ends");
    struct record_view record;
    const struct reader *ict = fixture_reader(&f, "ict");
    ok(office_get(f.office, ict, "hunt", number, f.arena, &record) == OK && val_count(val_get(record.fields, "results")) == 3 && str_eq(record.state->name, "under-way"), "what was found is kept, and the hunt goes on");
    reader_free(ict);
    (void)ask(hunting_post, "ict", number, NULL, NULL, 0, "{\"do\":\"run\"}", &status);
    works_of_office(f.office, NULL);
    works_free(works);                     /* the server stops in the middle */
    page = ask(hunting_page, "ict", number, NULL, NULL, 0, NULL, &status);
    ok(status == 200 && !val_get_bool(page, "known", false), "a server that stops ends the run; its page still stands");
    works_of_office(f.office, inline_works);
    page = run_hunt("ict", number);
    ok(val_get_bool(page, "good", false) && progress(page, "read") == progress(page, "segments"), "and it is run again, to its end");
}

static void hostile(void)
{
    static const char mixed[] = "lines json\n{\"@timestamp\":\"2027-02-28T00:00:00Z\",\"x\":\"mimikatz\"}\n{\"x\":\"\xff\xfe mimikatz \x01\"}\nno json mimikatz <script>\n";
    hostile_segment("lines nothing\nxxxx", 18);
    hostile_segment("\x00\x01\x02\x03", 4);
    hostile_segment(mixed, sizeof mixed - 1);
    const char *number = hunt("ict", RESTRICTED, "mimikatz", "");
    struct val *page = run_hunt("ict", number);
    ok(val_get_bool(page, "good", false) && progress(page, "damaged-blocks") == 2 && progress(page, "found") == 43, "hostile blocks are told and hurt nothing else (%lld)", (long long)progress(page, "found"));
    page = search("ict", "mimikatz", "", "");
    ok(val_get_int(page, "damaged", 0) == 2 && val_count(val_get(page, "rows")) > 10, "in a search, too");
}

int main(void)
{
    static const struct jailer *const jailers[] = {&hunt_jailer, NULL};
    uint8_t secret[32] = {7};
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    tap_seed();
    reasons_init(&reasons, arena);
    if (nursery_start(jailers, &reasons, &nursery) != OK) {
        tap_skip("hunting", "no jail can be had here");
        return tap_done();
    }
    nursery_share(nursery);
    seal_init(&seal, secret);
    fixture_new_with(&f, "[" PERSON("lower", "Low", CLEARANCE("2")) "," PERSON("unbriefed", "Unbriefed", CLEARANCE("4")) "]");
    struct works *works = works_new(&(struct works_options){.office = f.office, .clock = clock_of});
    works_of_office(f.office, works);
    finds();
    access_first();
    searches();
    one_instant();
    raises();
    proposes();
    ages();
    stops(works);
    hostile();
    works_of_office(f.office, NULL);
    works_free(works);
    fixture_free(&f);
    nursery_share(NULL);
    nursery_stop(nursery);
    arena_free(arena);
    return tap_done();
}
