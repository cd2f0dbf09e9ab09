/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arenas: memory by lifetime. A request, a change, a pack or a loaded policy owns one arena; everything that belongs
 * to it is allocated there and goes at once when it is freed. Nothing in a handler calls free().
 *
 * An allocation never fails quietly: an arena that cannot get memory, or that would pass its limit, calls its
 * `failed` hook (longjmp in the server's request loop and in the fault tests) and, without a hook, aborts. So callers
 * need not check the result. An arena is used by one thread at a time.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

struct arena;

/* A new arena that may hold at most `limit` bytes (0: 64 MiB). NULL when no memory can be had. */
struct arena *arena_new(size_t limit);
/* Forgets everything allocated, keeps the first block: for the next request on the same thread. */
void arena_clear(struct arena *);
/* Wipes nothing; secrets are wiped by their owner. Takes NULL. */
void arena_free(struct arena *);
/* Called instead of abort when memory or the limit is exhausted; must not return. */
void arena_on_failure(struct arena *, void (*failed)(void *), void *arg);
/* While a guard is in force, release(arg) is called before the hook: for what malloc or a library holds meanwhile. Guards
 * lie on the caller's stack and nest. */
struct arena_guard { void (*release)(void *); void *arg; struct arena_guard *outer; };
void arena_guard(struct arena *, struct arena_guard *);
void arena_unguard(struct arena *, struct arena_guard *);
/* Bytes handed out since the last clear. */
size_t arena_used(const struct arena *);

/* Fault tests: the nth allocation from now on, from any arena of this thread, fails as if memory were exhausted. 0 turns
 * it off. */
void arena_fail_nth(unsigned long nth);

/* Zeroed memory, aligned for any type. */
void *arena_alloc(struct arena *, size_t bytes) __attribute__((malloc, returns_nonnull));
/* `count` items of `size` bytes, zeroed; overflow counts as exhaustion. */
void *arena_array(struct arena *, size_t count, size_t size) __attribute__((malloc, returns_nonnull));
char *arena_strdup(struct arena *, const char *) __attribute__((returns_nonnull));
/* A copy of `len` bytes with a NUL behind it. */
char *arena_strndup(struct arena *, const char *, size_t len) __attribute__((returns_nonnull));
void *arena_memdup(struct arena *, const void *, size_t len) __attribute__((returns_nonnull));
char *arena_printf(struct arena *, const char *format, ...) __attribute__((format(printf, 2, 3), returns_nonnull));
char *arena_vprintf(struct arena *, const char *format, va_list) __attribute__((format(printf, 2, 0), returns_nonnull));

#define ARENA_NEW(arena, type) ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, type, count) ((type *)arena_array((arena), (count), sizeof(type)))

#endif
