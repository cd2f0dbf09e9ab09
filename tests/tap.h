/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The tests' own TAP header: include it once per test program, call the checks, end main with `return tap_done();`.
 * CASTELLAN_SEED sets the seed of property tests (printed on failure and at the start); CASTELLAN_SOAK=1 asks for the
 * million-case versions, CASTELLAN_SOAK=5 for a fifth of them: property tests run tap_cases(n) cases, a hundredth of n unless soaking,
 * and tap_soak(n, quick) where the quick size is another one.
 */
#ifndef TESTS_TAP_H
#define TESTS_TAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static int tap_count, tap_failures;
static uint64_t tap_state;

static inline bool tap_ok(bool good, const char *file, int line, const char *format, ...)
    __attribute__((format(printf, 4, 5)));
/* One line, whatever stands in the text: TAP knows no other lines, and "#" begins a directive. */
static inline void tap_line(const char *before, const char *text)
{
    fputs(before, stdout);
    for (; *text; text++)
        putchar((unsigned char)*text < 0x20 ? ' ' : *text == '#' ? '+' : *text);
    putchar('\n');
}
static inline bool tap_ok(bool good, const char *file, int line, const char *format, ...)
{
    char title[400], number[40];
    va_list list;
    va_start(list, format);
    vsnprintf(title, sizeof title, format, list);
    va_end(list);
    snprintf(number, sizeof number, "%s %d - ", good ? "ok" : "not ok", ++tap_count);
    tap_line(number, title);
    if (!good) {
        tap_failures++;
        printf("#   at %s:%d\n", file, line);
    }
    fflush(stdout);
    return good;
}
static inline bool tap_is(const char *got, const char *want, const char *file, int line, const char *name)
{
    bool same = got == want || (got && want && strcmp(got, want) == 0);
    if (!tap_ok(same, file, line, "%s", name)) {
        tap_line("#   got:  ", got ? got : "(null)");
        tap_line("#   want: ", want ? want : "(null)");
    }
    return same;
}
#define ok(good, ...) tap_ok((good), __FILE__, __LINE__, __VA_ARGS__)
#define is(got, want, name) tap_is((got), (want), __FILE__, __LINE__, (name))
#define is_int(got, want, name) \
    do { \
        long long got_ = (long long)(got), want_ = (long long)(want); \
        if (!tap_ok(got_ == want_, __FILE__, __LINE__, "%s", (name))) \
            printf("#   got %lld, want %lld\n", got_, want_); \
    } while (0)
/* A test that cannot run here: counted as skipped, by name. */
static inline void tap_skip(const char *name, const char *why)
{
    printf("ok %d - %s # SKIP %s\n", ++tap_count, name, why);
}
static inline int tap_done(void)
{
    printf("1..%d\n", tap_count);
    return tap_failures ? 1 : 0;
}

/* Seeded random numbers (splitmix64). The seed is printed, so a failure can be run again. */
static inline void tap_seed(void)
{
    const char *text = getenv("CASTELLAN_SEED");
    tap_state = text ? strtoull(text, NULL, 10) : (uint64_t)time(NULL) * 2654435761u;
    printf("# CASTELLAN_SEED=%llu\n", (unsigned long long)tap_state);
}
static inline uint64_t tap_random(void)
{
    uint64_t z = (tap_state += UINT64_C(0x9e3779b97f4a7c15));
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}
static inline uint64_t tap_below(uint64_t bound) { return bound ? tap_random() % bound : 0; }
/* The whole size divided by what CASTELLAN_SOAK says, never below the quick size, which is what runs without it. */
static inline size_t tap_soak(size_t whole, size_t quick)
{
    const char *text = getenv("CASTELLAN_SOAK");
    size_t part = text ? strtoul(text, NULL, 10) : 0;
    return part && whole / part > quick ? whole / part : quick;
}
static inline size_t tap_cases(size_t soak) { return tap_soak(soak, soak >= 100 ? soak / 100 : 1); }

#endif
