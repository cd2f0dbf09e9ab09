/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Events from JSON (duties/watch/event/json.h): what is accepted and refused, names in each dress of a Windows event, times, limits,
 * streams cut anywhere; and that all kinds of instructions, with and without memory, read mutated texts alike.
 */
#include "tap.h"
#include "watch-event.h"
#include "watch/event/json.h"
#include "watch/event/json_run.h"

static struct arena *lasting, *scratch;
static struct fields *fields;

/* The event of a text as a line, "BAD_INPUT" and the like otherwise. From memory of exactly that length. */
static const char *read_one(const char *text, size_t len)
{
    char *exact = malloc(len ? len : 1);
    struct event event;
    size_t end = 0;
    memcpy(exact, text, len);
    arena_clear(scratch);
    event_init(&event, scratch);
    enum status status = event_read_json(&event, fields, exact, len, 0, NULL, &end);
    const char *line = status == OK ? event_line(lasting, fields, &event) : status_name(status);
    free(exact);
    return line;
}
static const char *one(const char *text) { return read_one(text, strlen(text)); }

struct pair { const char *text, *want; };

static void forms(void)
{
    static const struct pair good[] = {
        {"{}", ""}, {" \t\r\n{ } ", ""}, {"{\"a\":1}", "a=#1"}, {"{ \"a\" : 1 , \"b\" : \"x\" }", "a=#1|b=x"},
        {"{\"a\":0,\"b\":-0,\"c\":-1.5,\"d\":1e5,\"e\":1E+2,\"f\":0.1e-7,\"g\":123456789012345678901234567890}",
         "a=#0|b=#-0|c=#-1.5|d=#1e5|e=#1E+2|f=#0.1e-7|g=#123456789012345678901234567890"},
        {"{\"a\":true,\"b\":false,\"c\":null}", "a=!true|b=!false|c=!null"},
        {"{\"a\":{\"b\":{\"c\":\"x\"},\"d\":2},\"e\":3}", "a.b.c=x|a.d=#2|e=#3"},
        {"{\"a\":[1,\"two\",null,[3,{\"b\":4}],{\"b\":5}],\"c\":6}", "a=#1|a=two|a=!null|a=#3|a.b=#4|a.b=#5|c=#6"},
        {"{\"a\":[],\"b\":{},\"c\":[{}],\"d\":[[]]}", ""},
        {"{\"a\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}", "a=\"\\/\b\f\n\r\t"},
        {"{\"a\":\"\\u0041\\u00e9\\u20ac\\ud83d\\ude00\"}", "a=Aé€😀"},
        {"{\"a\":\"\\uD83D\\uDE00\"}", "a=😀"},
        {"{\"a\":\"\\ud83d\"}", "a=\xef\xbf\xbd"}, {"{\"a\":\"\\ude00x\"}", "a=\xef\xbf\xbdx"}, {"{\"a\":\"\\ud83d\\u0041\"}", "a=\xef\xbf\xbd" "A"},
        {"{\"a\":\"\\ud83d\\ud83d\\ude00\"}", "a=\xef\xbf\xbd😀"},
        {"{\"a\":\"x\ty\nz\x01\"}", "a=x\ty\nz\x01"},
        {"{\"a\":\"\x7f\"}", "a=\x7f"},
        {"{\"é\":\"ü\"}", "é=ü"}, {"{\"a\":\"caf\xe9\"}", "a=caf\xef\xbf\xbd"}, {"{\"a\":\"\xc3\"}", "a=\xef\xbf\xbd"}, {"{\"a\":\"\\t\xe9\"}", "a=\t\xef\xbf\xbd"},
        {"{\"a\":\"\xed\xa0\x80\"}", "a=\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"},
        {"\xef\xbb\xbf{\"a\":1}", "a=#1"}, {",{\"a\":1}", "a=#1"}, {"[{\"a\":1}", "a=#1"}, {"\x1e{\"a\":1}\n", "a=#1"},
        {"{\"a\":1,\"a\":2}", "a=#1|a=#2"}, {"{\"\":1}", "=#1"}, {"{\"a b c\":1}", "abc=#1"}, {"{\"\\u0061b\":1,\"a\\\"b\":2}", "ab=#1|a\"b=#2"},
        {"{\"a\":1}}", "a=#1"}, {"{\"a\":1} x", "a=#1"},
    };
    static const char *const bad[] = {
        "x", "\"a\"", "1", "null", "{", "{\"a", "{\"a\"", "{\"a\":", "{\"a\":1", "{\"a\":1,", "{\"a\":1,}", "{,}", "{\"a\" 1}", "{\"a\"::1}", "{a:1}", "{'a':1}",
        "{\"a\":01}", "{\"a\":+1}", "{\"a\":.5}", "{\"a\":1.}", "{\"a\":1e}", "{\"a\":1e+}", "{\"a\":-}", "{\"a\":- 1}", "{\"a\":0x10}", "{\"a\":NaN}",
        "{\"a\":Infinity}", "{\"a\":True}", "{\"a\":tru}", "{\"a\":nulll}", "{\"a\":\"\\q\"}", "{\"a\":\"\\u12\"}", "{\"a\":\"\\u12g4\"}", "{\"a\":\"\\\"}", "{\"a\":\"\\ud83d\\u12\"}",
        "{\"a\":\"x}", "{\"a\":[1,]}", "{\"a\":[1 2]}", "{\"a\":[1}", "{\"a\":{]}", "{\"a\":1 \"b\":2}", "{1:2}", "{\"a\":undefined}", "{\"a\":\"\\U0041\"}",
        "{\"a\\x\":1}", "{\"a\":1;\"b\":2}", "{\"a\":/*x*/1}", "{\"a\":1\xc2\xa0}", "{\"a\":}", "{\"a\":1.e5}", "{\"a\":1.5.5}",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        is(one(good[i].text), good[i].want, good[i].text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        is(one(bad[i]), "bad input", bad[i]);
    is(one(""), "absent", "nothing holds no event");
    is(one(" \n,] \xef\xbb\xbf"), "absent", "white space, commas and brackets hold no event");
    is(read_one("{\"a\":\"x\0y\"}", 11), "a=x", "a NUL in a string is kept (the line shows what stands before it)");
}

static const char sysmon[] = "Provider_Name=Microsoft-Windows-Sysmon|Provider_Guid=5770|EventID=#1|TimeCreated_SystemTime=2025-11-27T07:40:10.165324Z|"
    "EventRecordID=#571|Execution_ProcessID=#35|Execution_ThreadID=#42|Channel=Microsoft-Windows-Sysmon/Operational|Computer=PC|"
    "Security_UserID=S-1-5-18|UtcTime=2025-11-27 07:40:10.132|Image=C:\\x.exe|CommandLine=x \"y\"";

static void dresses(void)
{
    is(one("{\"Event\":{\"#attributes\":{\"xmlns\":\"http://x\"},\"System\":{\"Provider\":{\"#attributes\":{\"Name\":\"Microsoft-Windows-Sysmon\",\"Guid\":\"5770\"}},"
           "\"EventID\":1,\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2025-11-27T07:40:10.165324Z\"}},\"EventRecordID\":571,\"Correlation\":null,"
           "\"Execution\":{\"#attributes\":{\"ProcessID\":35,\"ThreadID\":42}},\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"PC\","
           "\"Security\":{\"#attributes\":{\"UserID\":\"S-1-5-18\"}}},\"EventData\":{\"UtcTime\":\"2025-11-27 07:40:10.132\",\"Image\":\"C:\\\\x.exe\",\"CommandLine\":\"x \\\"y\\\"\"}}}"),
       sysmon, "the Event object of converters");
    is(one("{\"Event\":{\"@xmlns\":\"http://x\",\"System\":{\"Provider\":{\"@Name\":\"Microsoft-Windows-Sysmon\",\"@Guid\":\"5770\"},"
           "\"EventID\":1,\"TimeCreated\":{\"@SystemTime\":\"2025-11-27T07:40:10.165324Z\"},\"EventRecordID\":571,\"Correlation\":null,"
           "\"Execution\":{\"@ProcessID\":35,\"@ThreadID\":42},\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"PC\","
           "\"Security\":{\"@UserID\":\"S-1-5-18\"}},\"EventData\":{\"Data\":[{\"@Name\":\"UtcTime\",\"#text\":\"2025-11-27 07:40:10.132\"},"
           "{\"@Name\":\"Image\",\"#text\":\"C:\\\\x.exe\"},{\"#text\":\"x \\\"y\\\"\",\"@Name\":\"CommandLine\"}]}}}"),
       sysmon, "attributes with @, named Data");
    is(one("{\"System\":{\"Provider\":{\"Name\":\"Microsoft-Windows-Sysmon\",\"Guid\":\"5770\"},"
           "\"EventID\":1,\"TimeCreated_attributes\":{\"SystemTime\":\"2025-11-27T07:40:10.165324Z\"},\"EventRecordID\":571,\"Correlation\":{},"
           "\"Execution\":{\"ProcessID\":35,\"ThreadID\":42},\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"PC\","
           "\"Security\":{\"UserID\":\"S-1-5-18\"}},\"EventData\":{\"UtcTime\":\"2025-11-27 07:40:10.132\",\"Image\":\"C:\\\\x.exe\",\"CommandLine\":\"x \\\"y\\\"\"}}"),
       sysmon, "without Event, plain members");
    is(one("{\"winlog\":{\"provider_name\":\"Microsoft-Windows-Sysmon\",\"provider_guid\":\"5770\",\"event_id\":1,\"time_created\":\"2025-11-27T07:40:10.165324Z\",\"record_id\":571,"
           "\"process\":{\"pid\":35,\"thread\":{\"id\":42}},\"channel\":\"Microsoft-Windows-Sysmon/Operational\",\"computer_name\":\"PC\",\"user\":{\"identifier\":\"S-1-5-18\"},"
           "\"event_data\":{\"UtcTime\":\"2025-11-27 07:40:10.132\",\"Image\":\"C:\\\\x.exe\",\"CommandLine\":\"x \\\"y\\\"\"}}}"),
       sysmon, "Winlogbeat");
    is(one("{\"winlog.provider_name\":\"Microsoft-Windows-Sysmon\",\"winlog.provider_guid\":\"5770\",\"winlog.event_id\":1,\"winlog.time_created\":\"2025-11-27T07:40:10.165324Z\","
           "\"winlog.record_id\":571,\"winlog.process.pid\":35,\"winlog.process.thread.id\":42,\"winlog.channel\":\"Microsoft-Windows-Sysmon/Operational\","
           "\"winlog.computer_name\":\"PC\",\"winlog.user.identifier\":\"S-1-5-18\",\"winlog.event_data.UtcTime\":\"2025-11-27 07:40:10.132\","
           "\"Event.EventData.Image\":\"C:\\\\x.exe\",\"event_data.CommandLine\":\"x \\\"y\\\"\"}"), sysmon, "names with dots");
    is(one("{\"source_name\":\"Microsoft-Windows-Sysmon\",\"provider_guid\":\"5770\",\"event_id\":1,\"TimeCreated_SystemTime\":\"2025-11-27T07:40:10.165324Z\",\"record_number\":571,"
           "\"process_id\":35,\"thread_id\":42,\"log_name\":\"Microsoft-Windows-Sysmon/Operational\",\"computer_name\":\"PC\",\"UserID\":\"S-1-5-18\","
           "\"event_data\":{\"UtcTime\":\"2025-11-27 07:40:10.132\",\"Image\":\"C:\\\\x.exe\",\"CommandLine\":\"x \\\"y\\\"\"}}"),
       sysmon, "Winlogbeat of old");
    is(one("{\"SourceName\":\"Microsoft-Windows-Sysmon\",\"ProviderGuid\":\"5770\",\"EventID\":1,\"TimeCreated_SystemTime\":\"2025-11-27T07:40:10.165324Z\",\"RecordNumber\":571,"
           "\"ExecutionProcessID\":35,\"ThreadID\":42,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Hostname\":\"PC\",\"UserID\":\"S-1-5-18\","
           "\"UtcTime\":\"2025-11-27 07:40:10.132\",\"Image\":\"C:\\\\x.exe\",\"CommandLine\":\"x \\\"y\\\"\"}"),
       sysmon, "flat");
    is(one("{\"SourceName\":\"x\",\"Hostname\":\"h\",\"EventID\":1}"), "SourceName=x|Hostname=h|EventID=#1", "no channel: not a Windows event, names stay");
    is(one("{\"Event\":{\"System\":{\"EventID\":{\"#attributes\":{\"Qualifiers\":16384},\"#text\":7036},\"Channel\":\"System\"},\"EventData\":{\"#attributes\":{\"Name\":\"E\"},"
           "\"Data\":{\"#text\":[\"a\",\"b\"]},\"Binary\":\"00FF\",\"Threat Name\":\"T\"}}}"),
       "EventID_Qualifiers=#16384|EventID=#7036|Channel=System|EventData_Name=E|Data=a|Data=b|Binary=00FF|ThreatName=T", "qualifiers, unnamed Data, blanks in names");
    is(one("{\"Event\":{\"System\":{\"EventID\":1149},\"UserData\":{\"EventXML\":{\"#attributes\":{\"xmlns\":\"E\"},\"Param1\":\"u\",\"P2\":{\"Q\":\"v\"}}},\"EventData\":null}}"),
       "EventID=#1149|Param1=u|P2.Q=v", "UserData under its own name");
    is(one("{\"Event\":{\"EventData\":{\"Data\":[{\"@Name\":\"A\"},{\"#attributes\":{\"Name\":\"B\"},\"#text\":\"b\"},{\"Name\":\"C\",\"content\":\"c\"},\"bare\"]},\"RenderingInfo\":{\"Message\":\"m\"}}}"),
       "A=|B=b|C=c|Data=bare|Message=m", "items with empty text, other spellings, and bare ones");
    is(one("{\"System\":{\"cpu\":5},\"Event\":{\"x\":1},\"EventX\":2}"), "System.cpu=#5|Event.x=#1|EventX=#2", "what only looks like a Windows event keeps its paths");
}

static moment time_of(const char *text)
{
    struct event event;
    size_t end;
    arena_clear(scratch);
    event_init(&event, scratch);
    return event_read_json(&event, fields, text, strlen(text), 0, NULL, &end) == OK ? event.time : 1;
}

static void times(void)
{
    const moment known = 1600675753980;
    is_int(time_of("{\"@timestamp\":\"2020-09-21T08:09:13.980Z\"}"), known, "ISO");
    is_int(time_of("{\"EventReceivedTime\":\"2020-01-01 00:00:00\",\"EventTime\":\"2020-09-21 10:09:13.98+02:00\",\"x\":1}"), known, "the better of two, with a zone");
    is_int(time_of("{\"UtcTime\":\"2020-09-21 08:09:13.980123\",\"time\":5}"), known, "UtcTime, microseconds cut");
    is_int(time_of("{\"TimeCreated\":\"\\/Date(1600675753980)\\/\"}"), known, "as PowerShell writes it");
    is_int(time_of("{\"ts\":1600675753.980321}"), known, "seconds with a fraction");
    is_int(time_of("{\"@timestamp\":\"garbage\",\"timestamp\":1600675753980}"), known, "the second when the first cannot be read");
    is_int(time_of("{\"Event\":{\"System\":{\"TimeCreated\":{\"#attributes\":{\"SystemTime\":\"2020-09-21T08:09:13.980Z\"}}},\"EventData\":{\"UtcTime\":\"2019-01-01 00:00:00\"}}}"), known,
           "System before EventData");
    is_int(time_of("{\"a\":1}"), MOMENT_NONE, "none");
    is_int(time_of("{\"time\":\"2020-13-41T08:09:13Z\"}"), MOMENT_NONE, "no such day");
}

static void rows_and_faults(void)
{
    static const char text[] = "\xef\xbb\xbf{\n  \"Event\": {\n    \"EventData\": {\n      \"A\": 1\n    }\n  }\n}\n{\n  \"A\": 2\n}\n\n{\"A\":3}{\"A\":4},{\"A\":5}\nnot json\n{\"A\":6}\n"
        "{\n  \"A\": [7,\n  \"B\": 8\n}\n{\"A\":9}\n{\"A\":\"unclosed\n{\"A\":10}\n[{\"A\":11},\n{\"A\":12}]\n";
    struct event event;
    struct reasons reasons;
    char seen[400] = "";
    size_t at = 0, used = 0;
    reasons_init(&reasons, lasting);
    for (enum status status = OK; status != ABSENT;) {
        arena_clear(scratch);
        event_init(&event, scratch);
        status = event_read_json(&event, fields, text, sizeof text - 1, at, &reasons, &at);
        used += (size_t)snprintf(seen + used, sizeof seen - used, " %s", status == OK ? event_line(lasting, fields, &event) : status == BAD_INPUT ? "bad" : ".");
    }
    is(seen, " A=#1 A=#2 A=#3 A=#4 A=#5 bad A=#6 bad A=#9 bad A=#10 A=#11 A=#12 .", "objects in a row, and reading goes on behind what is faulty");
    is_int(reasons.count, 3, "three faults are told");
    is(reasons.first->where, "13:1", "with line and column");
    is(reasons.first->after->where, "17:6", "also inside an object over several lines");
}

/* Any cut of a stream: not whole, not lost. */
static void cuts(void)
{
    static const char text[] = "{\"a\":\"x\\u00e9\\\\\",\"b\":[1,true],\"c\":{\"d\":null}}";
    bool good = true;
    struct event event;
    size_t len = sizeof text - 1, end;
    struct event_json *json = event_json_new(lasting, fields, EVENT_JSON_WHOLE);
    for (size_t cut = 0; cut < len; cut++)
        for (int tier = EVENT_JSON_SCALAR; tier <= EVENT_JSON_AVX2; tier++) {
            if (!event_json_use(json, tier))
                continue;
            char *exact = malloc(cut ? cut : 1);
            memcpy(exact, text, cut);
            arena_clear(scratch);
            event_init(&event, scratch);
            good &= event_json_read(json, &event, exact, cut, 0, false, NULL, &end) == ABSENT && end == 0 && event.n == 0;
            event_clear(&event);
            good &= event_json_read(json, &event, exact, cut, 0, true, NULL, &end) == (cut ? BAD_INPUT : ABSENT) && end == cut;
            free(exact);
        }
    ok(good, "wherever a stream is cut, the event waits for more, or is refused when nothing follows");
}

static void limits(void)
{
    struct buf buf;
    buf_init(&buf, 8u << 20);
    for (unsigned depth = EVENT_JSON_DEPTH - 1; depth <= EVENT_JSON_DEPTH; depth++) {
        buf_clear(&buf);
        buf_adds(&buf, "{\"a\":");
        for (unsigned i = 0; i < depth; i++)
            buf_addc(&buf, '[');
        buf_addc(&buf, '1');
        for (unsigned i = 0; i < depth; i++)
            buf_addc(&buf, ']');
        buf_addc(&buf, '}');
        is(read_one(buf.data, buf.len), depth < EVENT_JSON_DEPTH ? "a=#1" : "bad input", depth < EVENT_JSON_DEPTH ? "64 levels are read" : "65 are refused");
    }
    for (int more = 0; more < 2; more++) {
        buf_clear(&buf);
        buf_adds(&buf, "{\"a\":\"");
        while (buf.len < EVENT_BYTES_MOST - 2 + (size_t)more)
            buf_addc(&buf, 'x');
        buf_adds(&buf, "\"}\n{\"b\":1}");
        struct event event;
        size_t end;
        arena_clear(scratch);
        event_init(&event, scratch);
        enum status status = event_read_json(&event, fields, buf.data, buf.len, 0, NULL, &end);
        ok(more ? status == TOO_LARGE && buf.data[end] == '{' : status == OK && event.values[0].len == EVENT_BYTES_MOST - 8, "4 MiB %s", more ? "and one byte are refused" : "are read");
    }
    buf_clear(&buf);
    buf_addc(&buf, '{');
    for (unsigned i = 0; i < 100000; i++)
        buf_addf(&buf, "%s\"k%u\":{\"\\u0041 b\":%u}", i ? "," : "", i, i);
    buf_addc(&buf, '}');
    struct event event;
    size_t end;
    struct fields *own = fields_new(lasting);
    struct event_json *json = event_json_new(lasting, own, EVENT_JSON_WHOLE);
    for (int round = 0; round < 3; round++) {
        arena_clear(scratch);
        event_init(&event, scratch);
        ok(event_json_read(json, &event, buf.data, buf.len, 0, true, NULL, &end) == OK && event.n == EVENT_VALUES_MOST && event.dropped == 100000 - EVENT_VALUES_MOST,
           "100,000 names: 8,192 values, the others are counted (%d)", round);
        is(event_says(lasting, own, &event, "k8191.Ab"), "8191", "and the last of them is right");
    }
    ok(fields_count(own) <= EVENT_NAMES_MOST, "the table of names keeps its bound");
    buf_free(&buf);
}

/* A text that resembles events, then spoiled here and there. */
static void invent(struct buf *buf, unsigned depth)
{
    static const char *const keys[] = {"Event", "System", "EventData", "Data", "#text", "@Name", "#attributes", "Image", "EventID", "Channel", "a b", "\\u0041", "winlog", "event_data",
        "a name that has more bytes than a block of thirty-two", "x\\\"y", "é", "time"};
    static const char *const values[] = {"1", "-2.5e3", "true", "false", "null", "\"\"", "\"x\"", "\"C:\\\\Windows\\\\System32\\\\cmd.exe\"", "\"\\u00e9\\ud83d\\ude00\\ud83d\"", "\"2020-09-21T08:09:13Z\"",
        "\"a text that is longer than one block of sixty-four bytes, so that the step over whole blocks is seen, too\"", "\"tab\\tquote\\\"\\r\\nlong enough to leave the first block behind \\\\\\\\ \xc3\xa9 \xe9\"", "[]", "{}"};
    buf_addc(buf, '{');
    for (uint64_t i = 0, n = tap_below(7); i < n; i++) {
        buf_addf(buf, "%s%s\"%s\"%s:%s", i ? "," : "", tap_below(4) ? "" : "\n ", keys[tap_below(18)], tap_below(8) ? "" : " ", tap_below(8) ? "" : "\t");
        uint64_t kind = tap_below(5);
        if (kind == 0 && depth < 5) {
            invent(buf, depth + 1);
        } else if (kind == 1 && depth < 5) {
            buf_addc(buf, '[');
            for (uint64_t k = 0, m = tap_below(4); k < m; k++) {
                buf_adds(buf, k ? "," : "");
                if (tap_below(3))
                    buf_adds(buf, values[tap_below(14)]);
                else
                    invent(buf, depth + 1);
            }
            buf_addc(buf, ']');
        } else {
            buf_adds(buf, values[tap_below(14)]);
        }
    }
    buf_addc(buf, '}');
}

static const char *told(struct event_json *json, struct arena *words, const char *text, size_t len, bool last)
{
    struct buf buf;
    struct event event;
    struct reasons reasons;
    size_t at = 0, end;
    buf_init(&buf, 1u << 20);
    reasons_init(&reasons, words);
    for (enum status status = OK; status != ABSENT; at = end) {
        arena_clear(scratch);
        event_init(&event, scratch);
        status = event_json_read(json, &event, text, len, at, last, &reasons, &end);
        for (size_t i = 0; i < event.n; i++)
            event_text(&event, &event.values[i]);
        buf_addf(&buf, "[%s %zu %lld %llu %s]", status_name(status), end, (long long)event.time, (unsigned long long)event.record, event_line(words, fields, &event));
        if (end <= at && status != ABSENT)
            buf_adds(&buf, "STUCK");
    }
    if (reasons.count)
        buf_adds(&buf, reasons_text(&reasons, LANG_EN));
    char *all = arena_strndup(words, buf.data, buf.len);
    buf_free(&buf);
    return all;
}

static void alike(void)
{
    size_t cases = tap_cases(400000), wrong = 0, whole = 0;
    struct event_json *by[8] = {NULL};
    struct arena *words = arena_new((size_t)64 << 20), *fresh = arena_new((size_t)64 << 20);
    for (int tier = 0; tier < 8; tier++) {
        by[tier] = event_json_new(lasting, fields, tier < 4 ? EVENT_JSON_WHOLE : EVENT_JSON_LAZY);
        if (!event_json_use(by[tier], (enum event_json_tier)(tier % 4)))
            by[tier] = NULL;
    }
    struct buf buf;
    buf_init(&buf, 1u << 20);
    for (size_t i = 0; i < cases && wrong < 3; i++) {
        buf_clear(&buf);
        for (uint64_t n = 1 + tap_below(3); n; n--) {
            invent(&buf, 0);
            buf_addc(&buf, "\n ,"[tap_below(3)]);
        }
        for (uint64_t n = tap_below(2) * tap_below(5); n; n--)
            buf.data[tap_below(buf.len)] = tap_below(2) ? "\"\\{}[]:,u0 \n"[tap_below(12)] : (char)tap_random();
        size_t len = tap_below(4) ? buf.len : tap_below(buf.len + 1);
        bool last = tap_below(4) != 0;
        char *exact = malloc(len ? len : 1);
        memcpy(exact, buf.data, len);
        arena_clear(words);
        arena_clear(fresh);
        const char *want = told(event_json_new(fresh, fields, EVENT_JSON_WHOLE), words, exact, len, last);
        whole += strstr(want, "bad input") == NULL;
        for (int tier = 0; tier < 8; tier++) {
            const char *got = by[tier] ? told(by[tier], words, exact, len, last) : want;
            if (strcmp(got, want) != 0 || strstr(got, "STUCK")) {
                wrong++;
                tap_line("#   text: ", arena_strndup(words, exact, len));
                tap_line("#   want: ", want);
                tap_line("#   got:  ", got);
            }
        }
        free(exact);
    }
    ok(wrong == 0 && whole > cases / 8 && whole < cases, "%zu texts, %zu of them whole, are read alike by all instructions, with memory and without, whole and lazily", cases, whole);
    buf_free(&buf);
    arena_free(fresh);
    arena_free(words);
}

int main(void)
{
    tap_seed();
    lasting = arena_new((size_t)512 << 20);
    scratch = arena_new((size_t)64 << 20);
    fields = fields_new(lasting);
    forms();
    dresses();
    times();
    rows_and_faults();
    cuts();
    limits();
    alike();
    arena_free(scratch);
    arena_free(lasting);
    return tap_done();
}
