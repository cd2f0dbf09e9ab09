/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arenas and buffers: limits, the failure hook, reuse; and that every reader of base survives memory running out at any
 * of its allocations, leaking nothing (LeakSanitizer watches).
 */
#include "tap.h"

#include <setjmp.h>

#include "base/reasons.h"
#include "base/text.h"
#include "base/val.h"

static jmp_buf back;
static int failures;

static void failed(void *arg)
{
    failures += *(int *)arg;
    longjmp(back, 1);
}

static void arenas(void)
{
    struct arena *arena = arena_new(10000);
    int one = 1;
    char *first = arena_alloc(arena, 100);
    ok(((uintptr_t)first & 15) == 0, "aligned");
    bool zero = true;
    for (int i = 0; i < 100; i++)
        zero = zero && first[i] == 0;
    ok(zero, "zeroed");
    memset(first, 'x', 100);
    is_int(arena_used(arena), 100, "what was handed out is counted");
    arena_clear(arena);
    char *again = arena_alloc(arena, 100);
    ok(again == first && again[0] == 0 && again[99] == 0, "after a clear the same memory comes zeroed");
    arena_on_failure(arena, failed, &one);
    if (setjmp(back) == 0)
        arena_alloc(arena, 9901);
    is_int(failures, 1, "the limit calls the hook");
    if (setjmp(back) == 0)
        arena_array(arena, SIZE_MAX / 2, 4);
    is_int(failures, 2, "so does an overflow");
    if (setjmp(back) == 0)
        arena_alloc(arena, 9900);
    is_int(failures, 2, "the last byte below the limit does not");
    arena_clear(arena);
    arena_fail_nth(3);
    if (setjmp(back) == 0) {
        for (volatile int i = 0; i < 5; i++) {
            arena_alloc(arena, 1);
            is_int(i < 2, 1, "the first two are served");
        }
    }
    arena_fail_nth(0);
    is_int(failures, 3, "the third fails, as asked");
    arena_free(arena);
    arena_free(NULL);
}

static void large_and_small(void)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    size_t wrong = 0;
    char *list[2000];
    size_t sizes[2000];
    for (int round = 0; round < 3; round++) {
        for (size_t i = 0; i < 2000; i++) {
            sizes[i] = tap_below(tap_below(100) ? 200 : 40000);
            list[i] = arena_alloc(arena, sizes[i]);
            memset(list[i], (int)(i & 0xff), sizes[i]);
        }
        for (size_t i = 0; i < 2000; i++) {
            for (size_t k = 0; k < sizes[i]; k++)
                wrong += (unsigned char)list[i][k] != (i & 0xff);
        }
        arena_clear(arena);
    }
    is_int(wrong, 0, "two thousand allocations of all sizes do not touch each other");
    is(arena_printf(arena, "%d %s", 7, "x"), "7 x", "printf");
    char long_text[1000];
    memset(long_text, 'y', 999);
    long_text[999] = '\0';
    is(arena_printf(arena, "%s", long_text), long_text, "a long one");
    is(arena_strndup(arena, "abcdef", 3), "abc", "strndup");
    arena_free(arena);
}

static void buffers(void)
{
    struct buf buf;
    buf_init(&buf, 10);
    buf_adds(&buf, "12345");
    buf_addi(&buf, -678);
    ok(!buf.failed && buf.len == 9 && strcmp(buf.data, "12345-678") == 0, "filled");
    buf_adds(&buf, "xx");
    ok(buf.failed && buf.len == 9, "the maximum sticks");
    buf_addc(&buf, 'x');
    ok(buf.len == 9, "later writes do nothing");
    buf_clear(&buf);
    ok(!buf.failed && buf.len == 0 && buf.data[0] == '\0', "cleared");
    buf_addf(&buf, "%05d", 42);
    is(buf.data, "00042", "formatted");
    buf_addf(&buf, "%s", "too long for it");
    ok(buf.failed, "a format past the maximum");
    buf_free(&buf);
    buf_init(&buf, 100000);
    for (int i = 0; i < 1000; i++)
        buf_addf(&buf, "%s", "a line of thirty-two characters.");
    ok(!buf.failed && buf.len == 32000 && strlen(buf.data) == 32000, "grows");
    buf_clear(&buf);
    buf_addi(&buf, INT64_MIN);
    is(buf.data, "-9223372036854775808", "the least integer");
    buf_free(&buf);
    buf_free(&buf);
}

/* Reads with memory that ends at the nth allocation. False when it was enough. */
static bool runs_out(struct arena *arena, unsigned long nth, int which)
{
    static const char json[] = "{\"a\":[1,2,{\"b\":\"\\u00e9t\xc3\xa9\"}],\"c\":null,\"d\":[[[[]]]]}";
    static const char yaml[] = "a: [1, 2, {b: x}]\nc:\n  d: |\n    text\n  e: 'f'\n";
    static const char faulty[] = "a: [1, 2\nb: 3\n";
    struct reasons reasons;
    struct val *val;
    const char **terms;
    enum status ignored = OK;
    if (setjmp(back) != 0) {
        arena_fail_nth(0);
        return true;
    }
    reasons_init(&reasons, arena);
    arena_fail_nth(nth);
    switch (which) {
    case 0:
        ignored = json_read(arena, json, sizeof json - 1, (struct json_limits){0}, &reasons, &val);
        break;
    case 1:
        ignored = yaml_read(arena, "x", yaml, sizeof yaml - 1, &reasons, &val);
        break;
    case 2:
        ignored = yaml_read(arena, "x", faulty, sizeof faulty - 1, &reasons, &val);
        break;
    default:
        text_terms(arena, "Łódź and INC-2026-7KQ4M2XD, Київ", 38, 10, &terms);
    }
    arena_fail_nth(0);
    (void)ignored;
    return false;
}

static void exhaustion(void)
{
    static const char *const names[] = {"JSON", "YAML", "faulty YAML", "terms"};
    int nothing = 0;
    for (int which = 0; which < 4; which++) {
        unsigned long nth = 1;
        for (;; nth++) {
            struct arena *arena = arena_new(0);
            arena_on_failure(arena, failed, &nothing);
            bool out = runs_out(arena, nth, which);
            arena_free(arena);
            if (!out || nth > 1000)
                break;
        }
        ok(nth > 3 && nth < 1000, "%s: memory ends at each of %lu allocations", names[which], nth - 1);
    }
}

int main(void)
{
    tap_seed();
    arenas();
    large_and_small();
    buffers();
    exhaustion();
    return tap_done();
}
