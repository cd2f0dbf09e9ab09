/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The archive: whatever events were put into a block come back bit by bit, with the same values in the same order; of a block that was
 * changed or cut nothing but an answer comes.
 */
#include "tap.h"

#include "archive-check.h"
#include "archive-make.h"
#include "watch/logs/logs.h"

/* ---- events made at random ---- */

static bool random_blocks(const char *format, bool lines, enum event_json_how how)
{
    struct buf text;
    buf_init(&text, 16 << 20);
    for (size_t n = 1 + tap_below(60); n > 0; n--)
        lines ? random_lines(&text) : random_json(&text);
    bool good = check_text(text.data, text.len, format, how, 1 + tap_below(40));
    buf_free(&text);
    return good;
}

static void test_random(void)
{
    size_t bad[3] = {0}, cases = tap_cases(20000);
    for (size_t i = 0; i < cases; i++) {
        bad[0] += !random_blocks(NULL, false, EVENT_JSON_WHOLE);
        bad[1] += !random_blocks(NULL, false, EVENT_JSON_LAZY);
        bad[2] += !random_blocks(log_formats[tap_below(8)]->name, true, EVENT_JSON_WHOLE);
    }
    is_int(bad[0], 0, "random JSON comes back, its escapes undone before");
    is_int(bad[1], 0, "and with its escapes as they were written");
    is_int(bad[2], 0, "random lines in every format come back");
}

/* Values wherever they may lie: over one another, outside of the text, without a text. */
static bool hostile_case(void)
{
    struct check check;
    check_open(&check, 1 + tap_below(30));
    char text[300];
    for (size_t n = 1 + tap_below(50); n > 0; n--) {
        struct event *event = &check.event;
        event_clear(event);
        for (size_t i = 0; i < sizeof text; i++)
            text[i] = tap_below(3) ? "ab\\\"n\n\r\t:= {}"[tap_below(14)] : (char)tap_below(256);
        event->raw = tap_below(8) ? text : NULL;
        event->raw_len = event->raw ? tap_below(sizeof text + 1) : 0;
        for (size_t v = tap_below(12); v > 0; v--) {
            size_t at = tap_below(sizeof text), len = tap_below(tap_below(3) ? 12 : sizeof text - at + 1);
            len = len > sizeof text - at ? sizeof text - at : len;
            const char *name = names[tap_below(sizeof names / sizeof *names)];
            enum value_kind kind = tap_below(4) ? VALUE_TEXT : (enum value_kind)tap_below(5);
            const char *value = kind == VALUE_NULL ? "null" : tap_below(3) ? text + at : arena_memdup(check.scratch, text + at, len);
            event_add(event, tap_below(9) ? fields_add(check.fields, name, strlen(name)) : 0, kind, value, kind == VALUE_NULL ? 4 : len);
            if (!event->values[event->n - 1].field)
                event->values[event->n - 1].name = "without";
        }
        event->time = tap_below(3) ? (moment)(tap_random() >> tap_below(64)) : MOMENT_NONE;
        event->record = tap_below(3) ? tap_random() >> tap_below(64) : 0;
        event->format = tap_below(3) ? "json" : NULL;
        check_add(&check);
    }
    check_block(&check);
    return check_close(&check) == 0;
}

static void test_hostile(void)
{
    size_t bad = 0;
    for (size_t i = tap_cases(60000); i > 0; i--)
        bad += !hostile_case();
    is_int(bad, 0, "values that overlap, lie elsewhere or repeat come back with any bytes in them");
}

static void test_large(void)
{
    struct check check;
    check_open(&check, ARCHIVE_ROWS_MOST);
    size_t len = EVENT_BYTES_MOST;
    char *text = malloc(len);
    for (unsigned round = 0; round < 4; round++) {
        for (size_t i = 0; i < len; i += 8) {
            uint64_t eight = tap_random();
            memcpy(text + i, &eight, 8);
        }
        event_clear(&check.event);
        check.event.raw = text;
        check.event.raw_len = len;
        event_add(&check.event, fields_add(check.fields, "all", 3), VALUE_TEXT, text, len);
        event_add(&check.event, fields_add(check.fields, "half", 4), VALUE_TEXT, text + 1, round % 2 ? len / 2 : 9);
        check_add(&check);
    }
    check_block(&check);
    ok(check.blocks > 1, "events of 4 MiB of noise fill blocks");
    is_int(check_close(&check), 0, "and come back");
    free(text);
}

/* ---- damage ---- */

static void test_damage(void)
{
    struct buf text;
    buf_init(&text, 1 << 20);
    for (size_t i = 0; i < 60; i++)
        random_json(&text);
    struct check check;
    check_open(&check, 1000);
    check.keep = true;
    check_json(&check, text.data, text.len, EVENT_JSON_LAZY);
    char *block = malloc(check.kept_len);
    struct arena *arena = arena_new((size_t)1 << 30);
    size_t damaged = 0, cases = tap_cases(200000);
    for (size_t i = 0; i < cases; i++) {
        memcpy(block, check.kept, check.kept_len);
        size_t len = tap_below(8) ? check.kept_len : tap_below(check.kept_len);
        for (size_t n = tap_below(4) + (len == check.kept_len); n > 0; n--)
            block[tap_below(tap_below(2) ? check.kept_len : 200 < check.kept_len ? 200 : check.kept_len)] ^= (char)(1 + tap_below(255));
        damaged += check_hostile(block, len, arena) == DAMAGED;
        arena_clear(arena);
    }
    ok(damaged > cases / 2, "changed blocks are refused, or read without harm (%zu of %zu refused)", damaged, cases);
    arena_free(arena);
    free(block);
    check_close(&check);
    buf_free(&text);
}

static void test_edges(void)
{
    struct check check;
    const void *block;
    size_t len;
    struct archive_info info;
    check_open(&check, 10);
    is_int(archive_finish(check.builder, check.scratch, &block, &len, &info), ABSENT, "no block of no event");
    is_int(check_close(&check), 0, "nothing is lost of nothing");
    ok(check_text("{}", 2, NULL, EVENT_JSON_WHOLE, 5), "an empty object");
    ok(check_text("plain\n\n\x00x\n", 10, "raw", EVENT_JSON_WHOLE, 5), "lines in no form, a NUL among them");
}

int main(void)
{
    tap_seed();
    test_edges();
    test_random();
    test_hostile();
    test_large();
    test_damage();
    return tap_done();
}
