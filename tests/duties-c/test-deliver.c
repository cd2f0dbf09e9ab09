/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Batches delivered by a program, through the dispatcher: alerts of another SIEM, read in a jail, become alerts under the label and file of
 * their source; events go to the intake and are durable when the answer goes out. Refused for a source that is not active, absent for who may
 * not read it.
 */
#include <string.h>
#include <time.h>
#include <zlib.h>

#include "base/jail.h"
#include "base/text.h"
#include "fixture.h"
#include "front/front.h"
#include "office/intake.h"
#include "tap.h"
#include "watch/live/live.h"
#include "watch/logs/batch.h"
#include "watch/siem/siem.h"

static struct fixture f;
static const char *low, *high, *source, *proposed, *secret_one;
static const struct page *tables[2];

/* The answer's status; its JSON lies in `ret`. */
static int deliver(const char *login, const char *number, const char *body, size_t len, struct val **ret)
{
    struct buf out;
    struct reasons ignored;
    const struct reader *reader = fixture_reader(&f, login);
    struct answer answer = {.status = 200, .body = &out};
    struct request request = {.arena = f.arena, .office = f.office, .reader = reader, .now = f.now, .method = METHOD_POST, .bearer = true, .api = true, .raw = body, .raw_len = len,
                              .path = arena_printf(f.arena, "/api/v1/events/%s", number), .nonce = "0123456789abcdef"};
    buf_init(&out, 1 << 20);
    dispatch(tables, &request, &answer);
    reasons_init(&ignored, f.arena);
    if (!out.len || json_read(f.arena, out.data, out.len, (struct json_limits){0}, &ignored, ret) != OK)
        *ret = val_object(f.arena);
    buf_free(&out);
    reader_free(reader);
    return answer.status;
}

static struct page_of found(const char *login)
{
    struct query query = {.register_ = "alert", .limit = 1000};
    struct page_of page = {0};
    struct reasons why;
    reasons_init(&why, f.arena);
    const struct reader *reader = fixture_reader(&f, login);
    if (office_find(f.office, reader, &query, f.arena, &why, &page) != OK)
        page.n_rows = 0;
    reader_free(reader);
    return page;
}

static const char *make_source(const char *label, const char *format, bool active)
{
    static const char *system;
    const char *number = "";
    if (!system && fixture_create(&f, "ict", "system", low, "{\"name\":\"Registry network\"}", &system) != OK)
        return "";
    const char *fields = arena_printf(f.arena, "{\"name\":\"Central SIEM\",\"system\":\"%s\",\"format\":\"%s\",\"keeper\":\"%s\",\"personal-data\":\"not-involved\",\"purpose\":\"Detection.\",\"keep-for\":\"12mo\"}",
                                      system, format, fixture_person(&f, "ict"));
    if (fixture_create(&f, "ism", "log-source", label, fields, &number) != OK || (active && fixture_step(&f, "ssl", number, "approve", "{\"approved-on\":\"2027-03-01\"}") != OK))
        printf("# %s\n", fixture_words());
    return number;
}

static const char body[] =
    "{\"@timestamp\":\"2027-03-01T07:59:00Z\",\"kibana\":{\"alert\":{\"severity\":\"critical\",\"uuid\":\"u-1\",\"rule\":{\"name\":\"Credential dump\",\"uuid\":\"kr-1\"}}},\"host\":{\"name\":\"reg-dc1\"}}\n"
    "no alert\n"
    "CEF:0|Maker|Gate|1.2|4711|Port scan|7|externalId=77 dhost=fw1\n";

static void taking(void)
{
    struct val *json;
    is_int(deliver("ict", source, body, sizeof body - 1, &json), 200, "a batch with a line that is no alert");
    ok(val_get_int(json, "taken", -1) == 2 && val_get_int(json, "refused", -1) == 1, "two taken, one refused");
    const struct val *fault = val_at(val_get(json, "faults"), 0);
    ok(val_get_int(fault, "line", 0) == 2 && str_eq(val_get_str(fault, "text"), "This line is neither JSON nor CEF."), "by its line, in words");
    struct page_of page = found("ict");
    is_int(page.n_rows, 2, "two alerts, at once");
    const struct record_view *dump = NULL;
    for (size_t i = 0; i < page.n_rows; i++)
        if (str_eq(val_get_str(page.rows[i].fields, "rule-id"), "kr-1"))
            dump = &page.rows[i];
    if (!ok(dump != NULL, "by the SIEM's rule"))
        return;
    is(val_get_str(dump->fields, "title"), "Credential dump", "with its title");
    ok(str_eq(val_get_str(dump->fields, "origin"), "siem") && str_eq(val_get_str(dump->fields, "level"), "critical"), "raised by another SIEM, critical");
    ok(str_eq(val_get_str(dump->fields, "entity"), "reg-dc1") && str_eq(val_get_str(dump->fields, "reference"), "u-1"), "whom it is about, and its reference there");
    ok(val_get_int(dump->fields, "first-seen", 0) == T0 - MINUTE && dump->label && str_eq(label_write(dump->label, f.arena), low), "at its own time, under the source's label");
    ok(val_count(val_get(dump->fields, "evidence")) == 1, "with what came as evidence");
    is_int(deliver("ict", source, body, sizeof body - 1, &json), 200, "the same batch again");
    is_int(found("ict").n_rows, 2, "makes no second alert");
}

/* ---- events ---- */

static enum status configure(struct office *office, void *state, const struct lane_view *lane, uint32_t generation, moment now, struct arena *arena, struct reasons *reasons, struct buf *out)
{
    live_configuration_write(out, &(struct live_configuration){.generation = generation, .block_age = 300});
    return OK;
}
static void *begin(struct office *office, const struct lane_view *lane, struct arena *arena) { return arena_strdup(arena, lane->label); }
static enum status said(void *state, uint32_t kind, const char *bytes, size_t len, const char *(*number_of)(void *, uint32_t), void *arg, moment now, struct arena *arena) { return OK; }
static enum status keep(void *state, bool all, moment now, struct arena *arena) { return OK; }
static const char *const configured_by[] = {"rule-set", NULL};
static const struct stream_def stream = {.sources = "log-source", .segments = "event-segment", .hold_rule = "event-segment.hold", .size_rule = "event-segment.size", .span_rule = "event-segment.span",
    .deliver_right = "deliver-events", .work = live_work, .configured_by = configured_by, .configure = configure, .begin = begin, .said = said, .keep = keep};

static void events(struct keeper *workers)
{
    static const char lines[] = "{\"result\":\"denied\",\"n\":1}\n{\"result\":\"granted\",\"n\":2}\n\n{\"n\":3}\n";
    static char gzip_lines[300], long_line[300000];
    struct val *json;
    struct intake *intake = NULL;
    struct intake_facts facts = {0};
    struct record_view view;
    struct reasons why;
    const char *door = make_source(low, "json", true);
    is_int(deliver("ict", door, lines, sizeof lines - 1, &json), 503, "without an intake nobody takes events");
    reasons_init(&why, f.arena);
    const struct intake_options options = {.office = f.office, .stream = &stream, .folder = f.folder, .workers = workers};
    if (!ok(intake_start(&options, f.now, &why, &intake) == OK, "an intake"))
        return;
    is_int(deliver("ict", door, lines, sizeof lines - 1, &json), 200, "a batch of events");
    ok(val_get_int(json, "taken", -1) == 3 && val_get_int(json, "refused", -1) == 0 && !val_count(val_get(json, "faults")), "three taken");
    z_stream z = {0};
    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (unsigned char *)(uintptr_t)lines;
    z.avail_in = sizeof lines - 1;
    z.next_out = (unsigned char *)gzip_lines;
    z.avail_out = sizeof gzip_lines;
    deflate(&z, Z_FINISH);
    is_int(deliver("ict", door, gzip_lines, z.total_out, &json), 200, "and one in gzip");
    ok(val_get_int(json, "taken", -1) == 3, "three more");
    deflateEnd(&z);
    memset(long_line, 'x', sizeof long_line);
    memcpy(long_line, "{\"n\":4}\n", 8);
    is_int(deliver("ict", door, long_line, sizeof long_line, &json), 200, "and one with a line that is too long");
    ok(val_get_int(json, "taken", -1) == 1 && val_get_int(json, "refused", -1) == 1 && val_count(val_get(json, "faults")) == 1, "one taken, one refused in words");
    const struct reader *reader = fixture_reader(&f, "ict");
    ok(office_get(f.office, reader, "log-source", door, f.arena, &view) == OK, "the source");
    reader_free(reader);
    for (int i = 0; i < 400 && facts.events < 7; i++) {
        f.now += 100;
        intake_tick(intake, f.now);
        intake_facts(intake, &view, f.now, &facts);
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    is_int((long)facts.events, 7, "seven events have been read by the worker");
    is_int(deliver("ism", door, lines, sizeof lines - 1, &json), 403, "who has not the right delivers none");
    intake_stop(intake, f.now);
    is_int(deliver("ict", door, lines, sizeof lines - 1, &json), 503, "after its end nothing is taken");
}

static void refusals(void)
{
    struct val *json;
    is_int(deliver("ict", proposed, body, sizeof body - 1, &json), 403, "a source that is not active is refused");
    is_int(deliver("ict", source, "", 0, &json), 400, "and an empty batch");
    is_int(deliver("ict", source, "\x1f\x8b\x08 torn", 9, &json), 400, "and one that does not unpack");
    is_int(deliver("low2", secret_one, body, sizeof body - 1, &json), 404, "a source that the sender may not read is absent");
    is_int(deliver("low2", "SRC-0000000000", body, sizeof body - 1, &json), 404, "as one that does not exist");
    is_int(deliver("ism", source, body, sizeof body - 1, &json), 403, "who has not the right delivers nothing");
    is_int(found("ict").n_rows, 2, "and nothing of it has become an alert");
    struct nursery *nursery = nursery_shared();
    nursery_share(NULL);
    is_int(deliver("ict", source, body, sizeof body - 1, &json), 503, "without a nursery nothing foreign is read");
    nursery_share(nursery);
}

int main(void)
{
    static const struct jailer *const jailers[] = {&siem_jailer, &unpack_jailer, NULL};
    struct nursery *nursery = NULL;
    struct reasons reasons;
    struct arena *arena = arena_new(0);
    tap_seed();
    reasons_init(&reasons, arena);
    if (nursery_start(jailers, &reasons, &nursery) != OK) {
        printf("1..0 # SKIP no jails here: %s\n", reasons_text(&reasons, LANG_EN));
        return 0;
    }
    nursery_share(nursery);
    static const struct worker_work work = {.name = "log", .run = live_work, .in_bytes = 4 << 20, .out_bytes = 24 << 20, .memory = LIVE_MEMORY};
    struct keeper *workers = NULL;
    if (keeper_start(3, &work, &reasons, &workers) != OK)
        return 1;
    fixture_new_with(&f, "[{\"login\":\"low2\",\"name\":\"Smit\",\"given-name\":\"Jan\",\"nationality\":\"NLD\",\"email\":\"low2@hq.example\",\"posts\":[{\"post\":\"ict-security-support\","
                         "\"from\":\"2026-01-01\",\"until\":\"2030-01-01\"}],\"clearances\":[]}]");
    low = fixture_label(&f, "NATO", "RESTRICTED");
    high = fixture_label(&f, "NATO", "CONFIDENTIAL");
    const char *duty = "";
    for (size_t i = 0; !tables[0] && duty; i++) {
        const struct page *pages = office_duty_pages(f.office, i, &duty);
        if (str_eq(duty, "watch"))
            tables[0] = pages;
    }
    source = make_source(low, "siem", true);
    proposed = make_source(low, "siem", false);
    secret_one = make_source(high, "siem", true);
    if (ok(tables[0] != NULL && *source && *secret_one, "sources")) {
        taking();
        refusals();
        events(workers);
    }
    fixture_free(&f);
    nursery_share(NULL);
    nursery_stop(nursery);
    keeper_stop(workers);
    arena_free(arena);
    return tap_done();
}
