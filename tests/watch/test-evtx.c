/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The EVTX reader over files made here: each value type and token as field and as JSON, each kind of damage with what must be found
 * nevertheless, files that try to make it work for ever, and seeded mutations.
 */
#include <sys/resource.h>

#include "evtx-make.h"
#include "tap.h"
#include "watch/evtx/evtx.h"

static struct made made;
static struct arena *scratch;
static char seen[1 << 16], json[1 << 16];      /* the last event as "name=kind:text;" and as JSON */
static moment last_time;

static void note(const struct fields *fields, const struct event *event)
{
    size_t len = 0;
    for (size_t i = 0; i < event->n && len < sizeof seen; i++) {
        const struct event_value *value = &event->values[i];
        len += (size_t)snprintf(seen + len, sizeof seen - len, "%s=%c:%.*s;", value->field ? fields_name(fields, value->field) : value->name,
                                "tnTFz"[value->kind], (int)(value->len > 2000 ? 2000 : value->len), value->text);
    }
}

/* Reads these bytes to the end, in an arena of their own; each record as JSON, too. */
static struct evtx_counts read_bytes(const void *bytes, size_t len, enum status *ret_open)
{
    struct arena *arena = arena_new(64 << 20);
    struct fields *fields = fields_new(arena);
    struct reasons reasons;
    struct evtx *evtx = NULL;
    struct evtx_counts counts = {0};
    struct event event;
    struct buf text;
    char *copy = malloc(len ? len : 1);           /* of exactly this size, so that a sanitizer sees what lies outside */
    memcpy(copy, bytes, len);
    reasons_init(&reasons, arena);
    buf_init(&text, 8 << 20);
    event_init(&event, scratch);
    *ret_open = evtx_open(arena, fields, copy, len, &reasons, &evtx);
    while (*ret_open == OK && evtx_next(evtx, &event) == OK) {
        note(fields, &event);
        last_time = event.time;
        buf_clear(&text);
        enum status status = evtx_json(evtx, &text);
        snprintf(json, sizeof json, "%s", status == OK ? text.data : status_name(status));
        event_clear(&event);
    }
    if (*ret_open == OK)
        counts = evtx_counts(evtx);
    free(copy);
    buf_free(&text);
    arena_free(arena);
    return counts;
}

static struct evtx_counts read_made(void)
{
    enum status status;
    struct evtx_counts counts = read_bytes(made.bytes, made.len, &status);
    ok(status == OK, "the file opens");
    return counts;
}

#define SYSTEM_SEEN "Provider_Name=t:Made;EventID=t:4624;"
#define SYSTEM_JSON "{\"Event\":{\"#attributes\":{\"xmlns\":\"http://schemas.microsoft.com/win/2004/08/events/event\"},\"System\":{\"Provider\":" \
                    "{\"#attributes\":{\"Name\":\"Made\"}},\"EventID\":\"4624\",\"Correlation\":null},\"EventData\":{\"d0\":"

/* ---- values ---- */

static const struct { const char *what; uint8_t type; uint16_t len; const char *bytes, *seen, *json; } values[] = {
    {"no value", 0, 0, "", "d0=z:null;", "null"},
    {"a string", 1, 6, "a\0\xe9\0\xac\x20", "d0=t:aé€;", "\"aé€\""},
    {"a string with its terminator", 1, 6, "a\0b\0\0\0", "d0=t:ab;", "\"ab\""},
    {"an empty string", 1, 0, "", "d0=t:;", "\"\""},
    {"a surrogate pair", 1, 4, "\x3d\xd8\x00\xde", "d0=t:😀;", "\"😀\""},
    {"a lone surrogate", 1, 4, "\x3d\xd8x\0", "d0=t:\xef\xbf\xbdx;", "\"\xef\xbf\xbdx\""},
    {"what JSON escapes", 1, 10, "\"\0\\\0\n\0\x01\0/\0", "d0=t:\"\\\n\x01/;", "\"\\\"\\\\\\n\\u0001/\""},
    {"ASCII beyond a block of 16", 1, 38, "a\0b\0c\0d\0e\0f\0g\0h\0i\0j\0k\0l\0m\0n\0o\0p\0q\0r\0s\0", "d0=t:abcdefghijklmnopqrs;", "\"abcdefghijklmnopqrs\""},
    {"an ANSI string", 2, 4, "a\x80\xe9\0", "d0=t:a€é;", "\"a€é\""},
    {"int8", 3, 1, "\xfe", "d0=n:-2;", "-2"},
    {"uint8", 4, 1, "\xfe", "d0=n:254;", "254"},
    {"int16", 5, 2, "\xfe\xff", "d0=n:-2;", "-2"},
    {"uint16", 6, 2, "\xfe\xff", "d0=n:65534;", "65534"},
    {"int32", 7, 4, "\xfe\xff\xff\xff", "d0=n:-2;", "-2"},
    {"uint32", 8, 4, "\xfe\xff\xff\xff", "d0=n:4294967294;", "4294967294"},
    {"int64", 9, 8, "\0\0\0\0\0\0\0\x80", "d0=n:-9223372036854775808;", "-9223372036854775808"},
    {"uint64", 10, 8, "\xff\xff\xff\xff\xff\xff\xff\xff", "d0=n:18446744073709551615;", "18446744073709551615"},
    {"a float", 11, 4, "\0\0\xc0\x3f", "d0=n:1.5;", "1.5"},
    {"a double", 12, 8, "\x9a\x99\x99\x99\x99\x99\xb9\x3f", "d0=n:0.1;", "0.1"},
    {"a whole double", 12, 8, "\0\0\0\0\0\0\0\xc0", "d0=n:-2.0;", "-2.0"},
    {"no number", 11, 4, "\0\0\xc0\x7f", "d0=t:NaN;", "\"NaN\""},
    {"infinity", 11, 4, "\0\0\x80\xff", "d0=t:-inf;", "\"-inf\""},
    {"true", 13, 4, "\1\0\0\0", "d0=T:true;", "true"},
    {"false", 13, 4, "\0\0\0\0", "d0=F:false;", "false"},
    {"binary", 14, 3, "\x01\xab\xff", "d0=t:01ABFF;", "\"01ABFF\""},
    {"a GUID", 15, 16, "\x1e\x23\x97\x01\x5a\x00\x28\x69\xa5\x0b\x00\x00\x00\x00\x0d\x00", "d0=t:0197231E-005A-6928-A50B-000000000D00;",
     "\"0197231E-005A-6928-A50B-000000000D00\""},
    {"a size", 16, 8, "\0\x10\0\0\0\0\0\0", "d0=t:0x1000;", "\"0x1000\""},
    {"a short size", 16, 4, "\0\x10\0\0", "d0=t:0x1000;", "\"0x1000\""},
    {"FILETIME", 17, 8, "\x80\xb9\x1b\xef\x2f\x8a\xd6\x01", NULL, NULL},
    {"FILETIME of nothing", 17, 8, "\0\0\0\0\0\0\0\0", "d0=t:1601-01-01T00:00:00.000000Z;", "\"1601-01-01T00:00:00.000000Z\""},
    {"SYSTEMTIME", 18, 16, "\xe4\x07\x02\0\6\0\x1d\0\x0d\0\x05\0\x07\0\x7b\0", "d0=t:2020-02-29T13:05:07.123000Z;", "\"2020-02-29T13:05:07.123000Z\""},
    {"a SID", 19, 12, "\1\1\0\0\0\0\0\5\x12\0\0\0", "d0=t:S-1-5-18;", "\"S-1-5-18\""},
    {"a SID cut short", 19, 9, "\1\1\0\0\0\0\0\5\x12", "d0=t:010100000000000512;", "\"010100000000000512\""},
    {"hex32", 20, 4, "\xef\xbe\xad\xde", "d0=t:0xdeadbeef;", "\"0xdeadbeef\""},
    {"hex64", 21, 8, "\0\0\0\0\0\0\x20\x80", "d0=t:0x8020000000000000;", "\"0x8020000000000000\""},
    {"a number of a wrong length", 8, 3, "\1\2\3", "d0=t:010203;", "\"010203\""},
    {"a number of no length", 8, 0, "", "d0=z:null;", "null"},
    {"an unknown type", 0x3f, 2, "\1\2", "d0=t:0102;", "\"0102\""},
    {"an array of strings", 0x81, 10, "a\0\0\0b\0c\0\0\0", "d0=t:a;d0=t:bc;", "[\"a\",\"bc\"]"},
    {"an array of strings that ends open", 0x81, 6, "a\0\0\0b\0", "d0=t:a;d0=t:b;", "[\"a\",\"b\"]"},
    {"an array of ANSI strings", 0x82, 4, "a\0b\0", "d0=t:a;d0=t:b;", "[\"a\",\"b\"]"},
    {"an array of uint16", 0x86, 4, "\1\0\2\0", "d0=n:1;d0=n:2;", "[1,2]"},
    {"an array of uint32 with a rest", 0x88, 6, "\1\0\0\0\2\0", "d0=n:1;d0=t:0200;", "[1,\"0200\"]"},
    {"an array of GUIDs", 0x8f, 32, "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\1\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\2",
     "d0=t:00000000-0000-0000-0000-000000000001;d0=t:00000000-0000-0000-0000-000000000002;",
     "[\"00000000-0000-0000-0000-000000000001\",\"00000000-0000-0000-0000-000000000002\"]"},
    {"an array of SIDs", 0x93, 24, "\1\1\0\0\0\0\0\5\x12\0\0\0\1\1\0\0\0\0\0\5\x13\0\0\0", "d0=t:S-1-5-18;d0=t:S-1-5-19;", "[\"S-1-5-18\",\"S-1-5-19\"]"},
    {"an array of hex64", 0x95, 16, "\1\0\0\0\0\0\0\0\x10\0\0\0\0\0\0\0", "d0=t:0x1;d0=t:0x10;", "[\"0x1\",\"0x10\"]"},
};

static void value_types(void)
{
    char want[1024];
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        const struct made_value value = {values[i].type, values[i].len, values[i].bytes};
        enum status status;
        made_init(&made);
        made_chunk(&made);
        made_usual(&made, &value, 1);
        made_chunk_end(&made);
        struct evtx_counts counts = read_bytes(made.bytes, made.len, &status);
        if (!ok(status == OK && counts.records == 1 && !counts.damaged_chunks && !counts.recovered_records, "%s: the record is read", values[i].what) || !values[i].seen)
            continue;
        snprintf(want, sizeof want, SYSTEM_SEEN "%s", values[i].seen);
        is(seen, want, values[i].what);
        snprintf(want, sizeof want, SYSTEM_JSON "%s}}}", values[i].json);
        is(json, want, values[i].what);
    }
}

static void times(void)
{
    uint64_t ticks = MADE_TIME + 1234567;
    unsigned char bytes[8];
    char day[MOMENT_TEXT];
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (unsigned char)(ticks >> 8 * i);
    const struct made_value value = {17, 8, bytes};
    made_init(&made);
    made_chunk(&made);
    made_usual(&made, &value, 1);
    made_chunk_end(&made);
    read_made();
    is(seen, SYSTEM_SEEN "d0=t:2020-09-14T00:44:23.123456Z;", "FILETIME with microseconds");
    is(moment_iso(last_time, day), "2020-09-14T00:44:23Z", "without TimeCreated the record's own time counts");
    /* Days of 800 years, against the calendar that the office uses. */
    unsigned wrong = 0;
    for (int month = 0; month < 9600; month += 97) {
        moment at = moment_from_civil((struct civil){1900 + month / 12, month % 12 + 1, 1 + month % 28, 0, 0, 0, 0});
        uint64_t filetime = ((uint64_t)(at + INT64_C(11644473600000))) * 10000;
        for (unsigned i = 0; i < 8; i++)
            bytes[i] = (unsigned char)(filetime >> 8 * i);
        made_init(&made);
        made_chunk(&made);
        made_usual(&made, &value, 1);
        made_chunk_end(&made);
        enum status status;
        read_bytes(made.bytes, made.chunk + 4096, &status);
        const char *got = strstr(seen, "d0=t:");
        wrong += !got || strncmp(got + 5, moment_iso_day(at, day), 10) != 0;
    }
    is_int(wrong, 0, "dates agree with the calendar");
}

/* ---- tokens ---- */

static void tokens(void)
{
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    made_instance(&made);
    made_open(&made, "Event");
    made_body(&made);
    made_open(&made, "EventData");
    made_body(&made);
    made_open(&made, "Threat Name");
    made_body(&made);
    made_literal(&made, "a");
    made_bytes(&made, "\x08\x42\x00", 3);                  /* a character */
    made_number(&made, 0x09, 1);                           /* an entity */
    made_name(&made, "lt");
    made_bytes(&made, "\x07\x02\x00" "c\0d\0", 7);         /* CDATA */
    made_number(&made, 0x0a, 1);                           /* a processing instruction */
    made_name(&made, "target");
    made_bytes(&made, "\x0b\x01\x00x\0", 5);
    made_substitution(&made, 0, 8);
    made_bytes(&made, "\x05\x08\x07\0\0\0", 6);            /* a literal number */
    made_end(&made);
    made_open(&made, "Data");
    made_body(&made);
    made_literal(&made, "one");
    made_end(&made);
    made_open(&made, "Data");
    made_body(&made);
    made_literal(&made, "two");
    made_end(&made);
    made_open_with(&made, "Outer");
    made_attribute(&made, "kind");
    made_substitution(&made, 0, 8);
    made_attribute(&made, "none");
    made_substitution(&made, 9, 8);
    made_body(&made);
    made_open(&made, "Inner");
    made_body(&made);
    made_literal(&made, "x");
    made_end(&made);
    made_open(&made, "Inner");
    made_empty(&made);
    made_end(&made);
    made_end(&made);
    made_end(&made);
    made_template_end(&made);
    made_values(&made, &(struct made_value){8, 4, "\5\0\0\0"}, 1);
    made_record_end(&made);
    made_chunk_end(&made);
    is_int(read_made().records, 1, "a record of every token is read");
    is(seen, "ThreatName=t:aB<cd57;Data=t:one;Data=t:two;Outer_kind=n:5;Outer.Inner=t:x;Outer.Inner=z:null;", "its fields");
    is(json, "{\"Event\":{\"EventData\":{\"Threat Name\":\"aB<cd57\",\"Data\":{\"#text\":[\"one\",\"two\"]},\"Outer\":{\"#attributes\":{\"kind\":5},"
             "\"Inner\":[\"x\",null]}}}}", "the same as JSON");
}

/* <Event>%0</Event> where %0 is a fragment with a template of its own, which stands inside the value. */
static void nested(void)
{
    static struct made inner;
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    made_instance(&made);
    made_open(&made, "Event");
    made_body(&made);
    made_substitution(&made, 0, 0x21);
    made_end(&made);
    made_template_end(&made);
    inner = made;
    inner.len += 8;                        /* count and description of the one value come before it */
    size_t start = inner.len;
    made_fragment(&inner);
    made_instance(&inner);
    made_open(&inner, "UserData");
    made_body(&inner);
    made_open_with(&inner, "LogFileCleared");
    made_attribute(&inner, "xmlns");
    made_literal(&inner, "urn:x");
    made_attribute(&inner, "level");
    made_literal(&inner, "low");
    made_body(&inner);
    made_open(&inner, "SubjectUserName");
    made_body(&inner);
    made_substitution(&inner, 0, 1);
    made_end(&inner);
    made_end(&inner);
    made_end(&inner);
    made_template_end(&inner);
    made_values(&inner, &(struct made_value){1, 4, "m\0e\0"}, 1);
    made_values(&made, &(struct made_value){0x21, (uint16_t)(inner.len - start), inner.bytes + start}, 1);
    made_record_end(&made);
    made_chunk_end(&made);
    is_int(read_made().records, 1, "a record with a fragment in a value is read");
    is(seen, "LogFileCleared_level=t:low;SubjectUserName=t:me;", "members of what stands in UserData are called by their own names");
    is(json, "{\"Event\":{\"UserData\":{\"LogFileCleared\":{\"#attributes\":{\"xmlns\":\"urn:x\",\"level\":\"low\"},\"SubjectUserName\":\"me\"}}}}", "the same as JSON");
}

/* A record without a template, and a name that is a value. */
static void plain(void)
{
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    made_open(&made, "Event");
    made_body(&made);
    made_open(&made, "System");
    made_body(&made);
    made_open(&made, "Computer");
    made_body(&made);
    made_literal(&made, "host");
    made_end(&made);
    made_end(&made);
    made_open(&made, "RenderingInfo");
    made_body(&made);
    made_open(&made, "Message");
    made_body(&made);
    made_literal(&made, "hello");
    made_end(&made);
    made_end(&made);
    made_end(&made);
    made_number(&made, 0, 1);
    made_record_end(&made);
    made_record(&made);
    made_fragment(&made);
    made_instance(&made);
    made_open(&made, "Event");
    made_body(&made);
    made_open(&made, "EventData");
    made_body(&made);
    made_open_with(&made, "Data");
    made_attribute(&made, "Name");
    made_substitution(&made, 0, 1);
    made_body(&made);
    made_substitution(&made, 1, 1);
    made_end(&made);
    made_end(&made);
    made_end(&made);
    made_template_end(&made);
    made_values(&made, (struct made_value[]){{1, 6, "k\0 \0y\0"}, {1, 2, "v\0"}}, 2);
    made_record_end(&made);
    made_chunk_end(&made);
    is_int(read_made().records, 2, "elements without a template are read");
    is(seen, "ky=t:v;", "a name that is a value is a field");
    made.bytes[made_record_at(&made, 1)] = 0;
    read_made();
    is(seen, "Computer=t:host;Event.RenderingInfo.Message=t:hello;", "the plain record's fields");
}

/* ---- damage ---- */

static void damage(const char *what, uint64_t records, uint64_t recovered, uint64_t damaged_records, uint64_t damaged_chunks)
{
    struct evtx_counts counts = read_made();
    if (!ok(counts.records == records && counts.recovered_records == recovered && counts.damaged_records == damaged_records &&
            counts.damaged_chunks == damaged_chunks, "%s", what))
        printf("# %llu records, %llu recovered, %llu damaged, %llu damaged chunks\n", (unsigned long long)counts.records,
               (unsigned long long)counts.recovered_records, (unsigned long long)counts.damaged_records, (unsigned long long)counts.damaged_chunks);
}

static void damages(void)
{
    enum status status;
    made_file(&made, 9);
    damage("a sound file: 9 records", 9, 0, 0, 0);
    memset(made.bytes, 0xee, 4096);
    damage("without the file's header", 9, 0, 0, 0);
    made_file(&made, 9);
    made.bytes[0x2a] = 0;
    damage("a header that counts no chunk", 9, 0, 0, 0);
    made_file(&made, 9);
    made.bytes[4096 + 0x7c] ^= 1;
    damage("a wrong checksum of the chunk's header is told, not obeyed", 9, 0, 0, 1);
    made_file(&made, 9);
    made.bytes[4096 + 0x34] ^= 1;
    damage("a wrong checksum of the records likewise", 9, 0, 0, 1);
    made_file(&made, 9);
    memset(made.bytes + 4096, 0, 512);
    damage("a chunk without its head: all its records", 9, 9, 0, 1);
    made_file(&made, 9);
    memset(made.bytes + made_record_at(&made, 3), 0xcc, 8);
    damage("a record without its head costs that record", 8, 5, 1, 1);
    made_file(&made, 9);
    made.bytes[made_record_at(&made, 3) + 6] = 9;
    damage("a wrong size before a record that reads costs nothing", 9, 1, 0, 1);
    made_file(&made, 9);
    made.bytes[made_record_at(&made, 4) - 4] ^= 0xff;
    damage("a wrong size behind it neither", 9, 1, 0, 1);
    made_file(&made, 9);
    made.bytes[made_record_at(&made, 3) + 28] = 0xff;
    damage("a record whose content is broken costs that record", 8, 0, 1, 1);
    made_file(&made, 9);
    made.bytes[4096 + 0x30] = 0, made.bytes[4096 + 0x31] = 4;
    damage("records beyond what the header counts", 9, 9 - 1, 0, 1);
    made_file(&made, 9);
    size_t cut = made_record_at(&made, 8) + 10;
    struct evtx_counts counts = read_bytes(made.bytes, cut, &status);
    ok(status == OK && counts.records == 8, "a file cut inside its last record: %llu records", (unsigned long long)counts.records);
    made_file(&made, 9);
    memmove(made.bytes + 4096 + 30000, made.bytes + 4096, 30000);
    made.len = 4096 + 60000;
    damage("a torn file: a chunk that begins where none should", 18, 0, 0, 1);
    ok(read_bytes(made.bytes, 4096, &status).chunks == 0 && status == BAD_INPUT, "a header that counts a chunk, and none is there: refused");
    made_init(&made);
    made.bytes[0x2a] = 0;
    ok(read_bytes(made.bytes, 4096, &status).records == 0 && status == OK, "an empty log is no fault");
    ok(read_bytes("", 0, &status).records == 0 && status == BAD_INPUT, "nothing is no log");
    char noise[70000];
    for (size_t i = 0; i < sizeof noise; i++)
        noise[i] = (char)tap_random();
    ok(read_bytes(noise, sizeof noise, &status).records == 0 && status == BAD_INPUT, "noise is no log");
}

/* A sound chunk whose place holds remains of older records behind its own. */
static void remains(void)
{
    made_file(&made, 9);
    size_t third = made_record_at(&made, 3) - 4096;
    made.len = 4096 + third;
    made.id = 4;
    made_chunk_end(&made);
    damage("records that carry the numbers on behind the end are found", 9, 6, 0, 0);
    made.bytes[4096 + third + 8] = 77;
    damage("others there are remains of what was", 3, 0, 0, 0);
}

/* ---- bounds ---- */

static double cpu(void)
{
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (double)usage.ru_utime.tv_sec + (double)usage.ru_utime.tv_usec / 1e6;
}

/* A template that refers many times to one value of many bytes; `type` may make that value a fragment which does the same again. */
static void repeated(void)
{
    static char text[40000];
    memset(text, 'x', sizeof text);
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    made_instance(&made);
    made_open(&made, "Event");
    made_body(&made);
    for (unsigned i = 0; i < 5000; i++)
        made_substitution(&made, 0, 1);
    made_end(&made);
    made_template_end(&made);
    made_values(&made, &(struct made_value){1, 40000, text}, 1);
    made_record_end(&made);
    made_chunk_end(&made);
    double start = cpu();
    struct evtx_counts counts = read_made();
    ok(counts.records == 0 && counts.damaged_records == 1 && cpu() - start < 2, "5,000 times 40,000 bytes are refused at once");
}

/* A value that is a fragment whose instance holds that same template, and again, as often as 64 KiB allow: 4 references on 12 levels. */
static void put_nested(struct made *to, size_t template, unsigned levels)
{
    static struct made inner[16];
    made_instance_of(to, template);
    if (!levels) {
        made_values(to, &(struct made_value){1, 2, "x"}, 1);
        return;
    }
    struct made *in = &inner[levels];
    in->len = 0;
    put_nested(in, template, levels - 1);
    made_values(to, &(struct made_value){0x21, (uint16_t)in->len, in->bytes}, 1);
}
static void exploding(void)
{
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    size_t template = made_instance(&made);
    made_open(&made, "Event");
    made_body(&made);
    for (unsigned i = 0; i < 200; i++) {
        made_open(&made, "a");
        made_body(&made);
        made_substitution(&made, 0, 0x21);
        made_end(&made);
    }
    made_end(&made);
    made_template_end(&made);
    made_values(&made, &(struct made_value){1, 2, "x"}, 1);
    made_record_end(&made);
    for (unsigned levels = 1; levels < 12; levels++) {
        made_record(&made);
        made_fragment(&made);
        put_nested(&made, template, levels);
        made_record_end(&made);
    }
    made_chunk_end(&made);
    double start = cpu();
    struct evtx_counts counts = read_made();
    ok(counts.records >= 2 && counts.damaged_records >= 8 && cpu() - start < 5, "fragments in fragments, 200 times each: %llu records, %llu given up",
       (unsigned long long)counts.records, (unsigned long long)counts.damaged_records);
}

/* A template in which an instance of itself stands. */
static void circle(void)
{
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    size_t template = made_instance(&made), end = made.size_at;
    made_open(&made, "Event");
    made_body(&made);
    made_instance_of(&made, template);
    made_values(&made, NULL, 0);
    made_end(&made);
    made.size_at = end;
    made_template_end(&made);
    made_values(&made, NULL, 0);
    made_record_end(&made);
    made_usual(&made, &(struct made_value){1, 2, "x"}, 1);
    made_chunk_end(&made);
    struct evtx_counts counts = read_made();
    ok(counts.records == 1 && counts.damaged_records == 1, "a template inside itself is given up, and the next record read");
    made_init(&made);
    made_chunk(&made);
    made_record(&made);
    made_fragment(&made);
    for (unsigned i = 0; i < 1000; i++) {
        made_open(&made, "a");
        made_body(&made);
    }
    made_record_end(&made);
    made_chunk_end(&made);
    ok(read_made().damaged_records == 1, "a thousand elements in each other are given up");
}

/* ---- mutations ---- */

static void mutations(void)
{
    static unsigned char sound[MADE_MOST];
    size_t cases = tap_cases(50000), len, read = 0;
    enum status status;
    const struct made_value all[] = {{1, 6, "a\0b\0\0\0"}, {0x81, 8, "a\0\0\0b\0\0\0"}, {8, 4, "\1\2\3\4"}, {17, 8, "\1\2\3\4\5\6\7\0"},
                                     {19, 12, "\1\1\0\0\0\0\0\5\x12\0\0\0"}, {15, 16, "0123456789abcdef"}, {12, 8, "\1\2\3\4\5\6\7\0"}};
    made_file(&made, 4);
    made.len = made.chunk + 512;
    while (made.bytes[made.len])
        made.len += made.bytes[made.len + 4] | (size_t)made.bytes[made.len + 5] << 8;
    made_usual(&made, all, sizeof all / sizeof *all);
    len = made.len;
    made_chunk_end(&made);
    memcpy(sound, made.bytes, len);
    for (size_t i = 0; i < cases; i++) {
        memcpy(made.bytes, sound, len);
        size_t from = tap_below(4) ? 4096 + 512 : 4096, touched = 1 + tap_below(8);
        for (size_t k = 0; k < touched; k++)
            made.bytes[from + tap_below(len - from)] = tap_below(2) ? (unsigned char)tap_random() : (unsigned char)(tap_below(2) ? 0 : 0xff);
        size_t cut = tap_below(8) ? len : 4096 + tap_below(len - 4096);
        read += read_bytes(made.bytes + 4096, cut - 4096, &status).records;
    }
    ok(read > cases, "%zu mutated files: %zu records read, nothing outside touched", cases, read);
}

int main(void)
{
    tap_seed();
    scratch = arena_new(64 << 20);
    value_types();
    times();
    tokens();
    nested();
    plain();
    damages();
    remains();
    repeated();
    exploding();
    circle();
    mutations();
    arena_free(scratch);
    return tap_done();
}
