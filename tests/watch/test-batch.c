/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Batches cut into texts: nothing is lost or doubled, each text is short enough and can be read alone; packed ones in the jail's function.
 */
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "tap.h"
#include "watch/logs/batch.h"

static struct arena *arena;
static struct batch b;

static void lines(void)
{
    const char *text = "\n  \none\r\n\ntwo\nthree";
    batch_cut(text, strlen(text), arena, &b);
    ok(b.n == 1 && b.texts[0].events == 3 && b.texts[0].line == 3 && !b.too_long, "blank lines are no events; the first line by its number");
    batch_cut("", 0, arena, &b);
    ok(b.n == 0, "nothing");
    batch_cut("\n\n \r\n", 5, arena, &b);
    ok(b.n == 0, "nothing but blanks");
    size_t len = 3u << 20;
    char *large = arena_alloc(arena, len);
    memset(large, 'x', len);
    large[9] = large[len - 10] = '\n';
    batch_cut(large, len, arena, &b);
    ok(b.n == 2 && b.too_long == 1 && b.too_long_at == 2 && b.texts[1].line == 3 && b.texts[0].len == 10 && b.texts[1].len == 9, "a line that is too long is told, what stands around it is taken");
}

static void heads(void)
{
    struct buf text;
    static const char head[] = "#Fields: date time cs-uri\n#Date: x\n";
    size_t events = 0;
    buf_init(&text, 8 << 20);
    buf_adds(&text, head);
    for (unsigned i = 0; i < 20000; i++)
        buf_addf(&text, "2026-11-20 10:00:00 /page/%u\n", i);
    batch_cut(text.data, text.len, arena, &b);
    bool all = b.n > 3;
    for (size_t i = 0; i < b.n; i++) {
        all = all && b.texts[i].len >= sizeof head && !memcmp(b.texts[i].bytes, head, sizeof head - 1) && b.texts[i].len <= BATCH_TEXT_MOST;
        events += b.texts[i].events;
    }
    ok(all, "the head stands before each of %zu texts", b.n);
    is_int(events, 20000, "and is no event");
    ok(b.n > 1 && b.texts[1].line == b.texts[0].events + 3, "lines are counted through");
    buf_free(&text);
}

static void groups(void)
{
    struct buf text;
    buf_init(&text, 8 << 20);
    for (unsigned i = 0; i < 4000; i++)
        for (unsigned k = 0; k < 3; k++)
            buf_addf(&text, "type=SYSCALL msg=audit(1600000000.%03u:%u): item=%u a0=\"what is said\"\n", i % 1000, i, k);
    batch_cut(text.data, text.len, arena, &b);
    bool whole = b.n > 3;
    for (size_t i = 0; i < b.n; i++)
        whole = whole && b.texts[i].events % 3 == 0;
    ok(whole, "records of one audit event stay together in %zu texts", b.n);
    text.len = 0;
    for (unsigned i = 0; i < 2000; i++)
        buf_addf(&text, "<Event xmlns='x'>\n <System>\n  <EventID>%u</EventID>\n </System>\n <EventData>and some more text in it</EventData>\n</Event>\n", i);
    batch_cut(text.data, text.len, arena, &b);
    size_t events = 0;
    whole = b.n > 1;
    for (size_t i = 0; i < b.n; i++) {
        const char *at = b.texts[i].bytes;
        size_t len = b.texts[i].len;
        while (len && *at == '\n')
            at++, len--;
        while (len && at[len - 1] == '\n')
            len--;
        whole = whole && len > 8 && !memcmp(at, "<Event ", 7) && !memcmp(at + len - 8, "</Event>", 8);
        events += b.texts[i].events;
    }
    ok(whole && events == 2000, "elements of event XML stay whole: %zu in %zu texts", events, b.n);
    buf_free(&text);
}

/* Whatever comes: all lines that are not blank and not too long stand in the texts, once and in order. */
static void anything(void)
{
    size_t bad = 0;
    for (size_t k = 0; k < tap_cases(20000); k++) {
        static char text[600000];
        size_t len = 0, wanted = 0, got = 0;
        uint64_t too_long = 0;
        bool audit = tap_below(4) == 0;
        for (unsigned i = 0, n = 1 + (unsigned)tap_below(60); i < n && len < 300000; i++) {
            size_t size = tap_below(20) == 0 ? tap_below(260000) : tap_below(9000), from = len;
            if (audit)
                len += (size_t)snprintf(text + len, 40, "audit(1:%u)", i / 4);
            memset(text + len, tap_below(5) ? 'a' : ' ', size);
            len += size;
            bool empty = true;
            for (size_t p = from; p < len; p++)
                empty = empty && text[p] == ' ';
            text[len++] = '\n';
            if (len - from > BATCH_TEXT_MOST - (16u << 10))
                too_long++;
            else
                wanted += !empty;
        }
        batch_cut(text, len, arena, &b);
        const char *before = text;
        bool good = b.too_long == too_long;
        for (size_t i = 0; i < b.n; i++) {
            good = good && b.texts[i].bytes >= before && b.texts[i].len <= BATCH_TEXT_MOST && b.texts[i].len && b.texts[i].events;
            before = b.texts[i].bytes + b.texts[i].len;
            got += b.texts[i].events;
        }
        bad += !good || got != wanted || before > text + len;
        if (k % 100 == 0)
            arena_clear(arena);
    }
    is_int(bad, 0, "each line once and in order, no text too long");
}

static void packed(void)
{
    static const char text[] = "one\ntwo\n";
    unsigned char out[200];
    struct reasons reasons;
    struct buf answer;
    z_stream z = {0};
    deflateInit2(&z, 6, Z_DEFLATED, 31, 8, Z_DEFAULT_STRATEGY);
    z.next_in = (unsigned char *)(uintptr_t)text;
    z.avail_in = sizeof text - 1;
    z.next_out = out;
    z.avail_out = sizeof out;
    deflate(&z, Z_FINISH);
    size_t len = z.total_out;
    deflateEnd(&z);
    reasons_init(&reasons, arena);
    buf_init(&answer, BATCH_PLAIN_MOST + 65536);
    ok(batch_packed((char *)out, len) && !batch_packed(text, sizeof text - 1), "packed is told from plain");
    ok(unpack_jailer.run(arena, (char *)out, len, NULL, &reasons, &answer) == OK && answer.len == sizeof text - 1 && !memcmp(answer.data, text, answer.len), "and unpacked");
    buf_clear(&answer);
    ok(unpack_jailer.run(arena, (char *)out, len - 5, NULL, &reasons, &answer) == BAD_INPUT && reasons.count, "torn: refused in words");
    buf_free(&answer);
}

int main(void)
{
    tap_seed();
    arena = arena_new((size_t)1 << 30);
    lines();
    heads();
    groups();
    anything();
    packed();
    arena_free(arena);
    return tap_done();
}
