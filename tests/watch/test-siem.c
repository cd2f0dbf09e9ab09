/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Alerts of another SIEM, put to the jailer as the jail runs it: three shapes (nested JSON, flat JSON, CEF), lines that are none, packed
 * batches, bounds; and answers that somebody spoiled.
 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/text.h"
#include "tap.h"
#include "watch/siem/siem.h"

static struct arena *arena;
static struct reasons reasons;
static const char mapping_text[] =
    "{\"title\":[\"kibana.alert.rule.name\",\"rule.name\",\"search_name\",\"name\"],\"level\":[\"kibana.alert.severity\",\"urgency\",\"severity\"],"
    "\"entity\":[\"host.name\",\"dest\",\"dhost\"],\"time\":[\"@timestamp\",\"_time\",\"rt\"],\"reference\":[\"kibana.alert.uuid\",\"event_id\",\"externalId\"],"
    "\"rule\":[\"rule.id\",\"search_id\",\"deviceEventClassId\"],\"levels\":[[\"info\"],[\"low\",\"3\"],[\"medium\"],[\"high\",\"8\"],[\"critical\",\"10\"]],\"otherwise\":2}";
static const char nested[] =
    "{\"@timestamp\":\"2026-11-20T10:00:00.500Z\",\"kibana\":{\"alert\":{\"severity\":\"High\",\"uuid\":\"u-1\",\"rule\":{\"name\":\"LSASS memory \\u00ab read \\u00bb\"}}},"
    "\"rule\":{\"id\":\"r-7\",\"name\":\"another\"},\"host\":{\"name\":\"reg-dc1\"}}";
static const char flat[] = "{\"search_name\":\"Many failed sign-ins\",\"urgency\":\"low\",\"dest\":\"vpn1\",\"_time\":\"1790000000\",\"event_id\":\"ES-99\",\"search_id\":\"s-3\"}";
static const char cef[] = "CEF:0|Maker|Gate|1.2|4711|Port scan|10|externalId=77 dhost=fw1 rt=1790000000123 msg=many ports";

static enum status run(const char *body, size_t len, struct siem_batch *ret)
{
    struct buf input, answer;
    struct val *mapping;
    reasons_init(&reasons, arena);
    if (json_read(arena, mapping_text, strlen(mapping_text), (struct json_limits){0}, &reasons, &mapping) != OK)
        return FAILED_IO;
    buf_init(&input, (size_t)64 << 20);
    buf_init(&answer, (size_t)64 << 20);
    siem_input(&input, mapping, body, len);
    enum status status = siem_jailer.run(arena, input.data, input.len, NULL, &reasons, &answer);
    if (status == OK)
        status = siem_answer_read(answer.data, answer.len, arena, ret);
    buf_free(&input);
    buf_free(&answer);
    return status;
}

static void shapes(void)
{
    struct siem_batch b = {0};
    const char *body = arena_printf(arena, "%s\r\n\n%s\n  %s", nested, flat, cef);
    ok(run(body, strlen(body), &b) == OK && b.n == 3 && b.refused == 0, "three shapes, a line each");
    if (b.n != 3)
        return;
    is(b.alerts[0].title, "LSASS memory « read »", "nested JSON: the first name that is there, escapes undone");
    ok(b.alerts[0].level == SIGMA_HIGH && b.alerts[0].time == INT64_C(1795168800500), "level without regard to case, time");
    ok(str_eq(b.alerts[0].entity, "reg-dc1") && str_eq(b.alerts[0].reference, "u-1") && str_eq(b.alerts[0].rule, "r-7"), "entity, reference, rule");
    ok(b.alerts[0].event_len == sizeof nested - 1 && !memcmp(b.alerts[0].event, nested, sizeof nested - 1), "evidence as it came");
    is(b.alerts[1].title, "Many failed sign-ins", "flat JSON");
    ok(b.alerts[1].level == SIGMA_LOW && b.alerts[1].time == INT64_C(1790000000000) && str_eq(b.alerts[1].reference, "ES-99"), "with its parts");
    is(b.alerts[2].title, "Port scan", "CEF");
    ok(b.alerts[2].level == SIGMA_CRITICAL && b.alerts[2].time == INT64_C(1790000000123) && str_eq(b.alerts[2].entity, "fw1") && str_eq(b.alerts[2].rule, "4711") &&
       str_eq(b.alerts[2].reference, "77"), "with its parts");
    struct val *event;
    ok(json_read(arena, b.alerts[2].event, b.alerts[2].event_len, (struct json_limits){0}, &reasons, &event) == OK && str_eq(val_get_str(event, "msg"), "many ports"), "its evidence is an object of its values");
}

static void faults(void)
{
    struct siem_batch b = {0};
    const char *body = arena_printf(arena, "nonsense\n%s\n{\"severity\":\"high\"}\n{\"name\":\"torn\n{\"name\":\"a\"} trailing\n{\"name\":\"unknown level\",\"severity\":\"purple\"}\n[1]\n", flat);
    ok(run(body, strlen(body), &b) == OK && b.n == 2 && b.refused == 5 && b.n_faults == 5, "lines that are no alerts are refused, the others taken");
    static const struct siem_fault want[] = {{1, SIEM_NO_FORM}, {3, SIEM_NO_TITLE}, {4, SIEM_NO_FORM}, {5, SIEM_NO_FORM}, {7, SIEM_NO_FORM}};
    bool same = b.n_faults == 5;
    for (size_t i = 0; same && i < 5; i++)
        same = b.faults[i].line == want[i].line && b.faults[i].why == want[i].why;
    ok(same, "each by its line and why");
    ok(b.n == 2 && b.alerts[1].level == SIGMA_MEDIUM && b.alerts[1].time == MOMENT_NONE && !*b.alerts[1].entity, "what is not said is not made up; a level that is no known word is the middle one");
    struct buf many;
    buf_init(&many, 1 << 20);
    for (unsigned i = 0; i <= SIEM_ALERTS_MOST; i++)
        buf_addf(&many, "{\"name\":\"%u\"}\n", i);
    ok(run(many.data, many.len, &b) == TOO_LARGE && reasons.count == 1, "a thousand and one: refused in words");
    ok(run(many.data, many.len - 16, &b) == OK && b.n == SIEM_ALERTS_MOST, "a thousand are taken");
    many.len = 0;
    buf_addf(&many, "{\"name\":\"");
    for (unsigned i = 0; i < 30000; i++)
        buf_adds(&many, "é");
    buf_adds(&many, "\"}");
    ok(run(many.data, many.len, &b) == OK && b.n == 1 && strlen(b.alerts[0].title) == SIEM_LINE_MOST && utf8_valid(b.alerts[0].title, SIEM_LINE_MOST) && !b.alerts[0].event,
       "a long title is cut in whole characters, a long event is no evidence");
    buf_free(&many);
    ok(run("", 0, &b) == OK && b.n == 0 && b.refused == 0, "nothing is nothing");
}

static void packed(void)
{
    struct siem_batch b = {0};
    static unsigned char out[70000];
    z_stream z = {0};
    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (unsigned char *)(uintptr_t)flat;
    z.avail_in = sizeof flat - 1;
    z.next_out = out;
    z.avail_out = sizeof out;
    deflate(&z, Z_FINISH);
    size_t len = z.total_out;
    deflateEnd(&z);
    ok(run((char *)out, len, &b) == OK && b.n == 1 && str_eq(b.alerts[0].title, "Many failed sign-ins"), "gzip");
    ok(run((char *)out, len - 9, &b) == BAD_INPUT, "torn gzip is refused");
    char *zeros = arena_alloc(arena, (size_t)40 << 20);
    memset(zeros, ' ', (size_t)40 << 20);
    unsigned char *bomb = arena_alloc(arena, 1 << 20);
    deflateInit2(&z, 9, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (unsigned char *)zeros;
    z.avail_in = 40u << 20;
    z.next_out = bomb;
    z.avail_out = 1 << 20;
    deflate(&z, Z_FINISH);
    len = z.total_out;
    deflateEnd(&z);
    ok(run((char *)bomb, len, &b) == TOO_LARGE && reasons.count, "what unpacks to more than is taken is refused in words");
}

static void spoiled(void)
{
    static const char *const answers[] = {
        "", "{}", "[]", "{\"alerts\":[],\"faults\":[]}", "{\"alerts\":[[]],\"faults\":[],\"refused\":0}", "{\"alerts\":[],\"faults\":[[0,0]],\"refused\":1}",
        "{\"alerts\":[],\"faults\":[[1,9]],\"refused\":1}", "{\"alerts\":[],\"faults\":[[1,0]],\"refused\":0}", "{\"alerts\":[],\"faults\":[],\"refused\":-1}",
        "{\"alerts\":[[\"\",2,\"\",null,\"\",\"\",null]],\"faults\":[],\"refused\":0}", "{\"alerts\":[[\"a\",9,\"\",null,\"\",\"\",null]],\"faults\":[],\"refused\":0}",
        "{\"alerts\":[[\"a\\u0001b\",2,\"\",null,\"\",\"\",null]],\"faults\":[],\"refused\":0}", "{\"alerts\":[[\"a\",2,\"\",\"x\",\"\",\"\",null]],\"faults\":[],\"refused\":0}",
        "{\"alerts\":[[\"a\",2,\"\",null,\"\",\"\",7]],\"faults\":[],\"refused\":0}", "{\"alerts\":[[\"a\",2,\"\",null,\"\",5,null]],\"faults\":[],\"refused\":0}"};
    for (size_t i = 0; i < sizeof answers / sizeof *answers; i++) {
        struct siem_batch b = {0};
        ok(siem_answer_read(answers[i], strlen(answers[i]), arena, &b) == DAMAGED && !b.alerts, "believed in nothing: %s", answers[i]);
    }
    struct siem_batch b = {0};
    const char *good = "{\"alerts\":[[\"a\",2,\"\",null,\"\",\"\",null]],\"faults\":[],\"refused\":0}";
    ok(siem_answer_read(good, strlen(good), arena, &b) == OK && b.n == 1, "but an honest one is");
    size_t bad = 0;
    for (size_t k = 0; k < tap_cases(200000); k++) {
        char text[80];
        size_t len = strlen(good);
        memcpy(text, good, len);
        for (size_t i = 0; i <= tap_below(3); i++)
            text[tap_below(len)] = (char)tap_below(256);
        enum status status = siem_answer_read(text, len, arena, &b);
        bad += status != OK && status != DAMAGED;
        if (k % 500 == 0)
            arena_clear(arena);
    }
    is_int(bad, 0, "spoiled at random");
}

int main(void)
{
    tap_seed();
    arena = arena_new((size_t)1 << 30);
    shapes();
    faults();
    packed();
    spoiled();
    arena_free(arena);
    return tap_done();
}
