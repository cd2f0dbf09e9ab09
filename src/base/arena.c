/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Arenas: a chain of malloc'd blocks, each filled from its start. Blocks grow from 8 KiB to 1 MiB; what is larger gets
 * a block of its own. `used` counts what was handed out and never passes `limit`. Under AddressSanitizer a poisoned gap
 * lies behind every allocation and freed or unused parts of a block are poisoned, so that overruns are caught as they
 * would be with malloc.
 */
#include "base/arena.h"
#include "base/arena_hook.h"

#include <assert.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#if defined(__SANITIZE_ADDRESS__)
#define ARENA_ASAN 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define ARENA_ASAN 1
#endif
#endif
#ifdef ARENA_ASAN
#include <sanitizer/asan_interface.h>
#define POISON(at, len) ASAN_POISON_MEMORY_REGION((at), (len))
#define UNPOISON(at, len) ASAN_UNPOISON_MEMORY_REGION((at), (len))
#define GAP 16
#else
#define POISON(at, len) ((void)0)
#define UNPOISON(at, len) ((void)0)
#define GAP 0
#endif

#define ALIGN 16
#define FIRST_BLOCK ((size_t)8 << 10)
#define LARGEST_BLOCK ((size_t)1 << 20)
#define DEFAULT_LIMIT ((size_t)64 << 20)

struct block {
    struct block *before;      /* the one filled earlier */
    size_t size, filled;       /* of `bytes` */
    _Alignas(ALIGN) char bytes[];
};

struct arena {
    struct block *block;       /* the one being filled */
    size_t limit, used, next_size;
    void (*failed)(void *);
    void *failed_arg;
    struct arena_guard *guard;
};

static _Thread_local unsigned long fail_after;     /* fault tests: 0 never */

void arena_fail_nth(unsigned long nth)
{
    fail_after = nth;
}

static struct block *block_new(size_t size, struct block *before)
{
    struct block *block = malloc(sizeof *block + size);
    if (!block)
        return NULL;
    block->before = before;
    block->size = size;
    block->filled = 0;
    POISON(block->bytes, size);
    return block;
}

static void block_free(struct block *block)
{
    UNPOISON(block->bytes, block->size);
    free(block);
}

struct arena *arena_new(size_t limit)
{
    struct arena *arena = calloc(1, sizeof *arena);
    if (!arena)
        return NULL;
    arena->limit = limit ? limit : DEFAULT_LIMIT;
    arena->next_size = FIRST_BLOCK;
    return arena;
}

void arena_clear(struct arena *arena)
{
    struct block *block = arena->block;
    while (block && block->before) {
        struct block *before = block->before;
        block_free(block);
        block = before;
    }
    if (block && block->size > FIRST_BLOCK) {      /* a large request must not hold its memory for ever */
        block_free(block);
        block = NULL;
    }
    arena->block = block;
    if (block) {
        block->filled = 0;
        POISON(block->bytes, block->size);
    }
    arena->used = 0;
    arena->next_size = block ? FIRST_BLOCK * 2 : FIRST_BLOCK;
}

void arena_free(struct arena *arena)
{
    if (!arena)
        return;
    for (struct block *block = arena->block; block;) {
        struct block *before = block->before;
        block_free(block);
        block = before;
    }
    free(arena);
}

void arena_on_failure(struct arena *arena, void (*failed)(void *), void *arg)
{
    arena->failed = failed;
    arena->failed_arg = arg;
}

struct arena_hook arena_lend(struct arena *arena, void (*failed)(void *), void *arg)
{
    struct arena_hook former = {arena->failed, arena->failed_arg, arena->guard};
    arena->failed = failed;
    arena->failed_arg = arg;
    arena->guard = NULL;
    return former;
}

void arena_give_back(struct arena *arena, struct arena_hook former)
{
    arena->failed = former.failed;
    arena->failed_arg = former.arg;
    arena->guard = former.guard;
}

void arena_guard(struct arena *arena, struct arena_guard *guard)
{
    guard->outer = arena->guard;
    arena->guard = guard;
}

void arena_unguard(struct arena *arena, struct arena_guard *guard)
{
    assert(arena->guard == guard);
    arena->guard = guard->outer;
}

size_t arena_used(const struct arena *arena)
{
    return arena->used;
}

static _Noreturn void exhausted(struct arena *arena)
{
    for (struct arena_guard *guard; (guard = arena->guard) != NULL;) {
        arena->guard = guard->outer;
        guard->release(guard->arg);
    }
    if (arena->failed)
        arena->failed(arena->failed_arg);
    fprintf(stderr, "castellan: an arena of %zu bytes is exhausted\n", arena->limit);
    abort();
}

static struct block *room_for(struct arena *arena, size_t bytes)
{
    size_t size = arena->next_size;
    if (bytes > size / 2 && arena->block) {
        size = bytes;                      /* large: a block of its own, behind the one being filled */
        struct block *own = block_new(size, arena->block->before);
        if (!own)
            return NULL;
        arena->block->before = own;
        return own;
    }
    if (size < bytes)
        size = bytes;
    struct block *block = block_new(size, arena->block);
    if (!block)
        return NULL;
    arena->block = block;
    if (arena->next_size < LARGEST_BLOCK)
        arena->next_size *= 2;
    return block;
}

/* Room that still holds what was there before. */
static inline void *take(struct arena *arena, size_t bytes)
{
    if (fail_after && --fail_after == 0)
        exhausted(arena);
    if (bytes > arena->limit || arena->used > arena->limit - bytes)
        exhausted(arena);
    size_t rounded = (bytes + GAP + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (rounded == 0)
        rounded = ALIGN;
    struct block *block = arena->block;
    if (!block || block->size - block->filled < rounded) {
        block = room_for(arena, rounded);
        if (!block)
            exhausted(arena);
    }
    char *at = block->bytes + block->filled;
    block->filled += rounded;
    arena->used += bytes;
    UNPOISON(at, bytes);
    return at;
}

void *arena_alloc(struct arena *arena, size_t bytes)
{
    return memset(take(arena, bytes), 0, bytes);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        exhausted(arena);
    return arena_alloc(arena, bytes);
}

char *arena_strdup(struct arena *arena, const char *text)
{
    return arena_strndup(arena, text, strlen(text));
}

char *arena_strndup(struct arena *arena, const char *text, size_t len)
{
    if (len == SIZE_MAX)
        exhausted(arena);
    char *copy = take(arena, len + 1);
    if (len)
        memcpy(copy, text, len);
    copy[len] = '\0';
    return copy;
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t len)
{
    void *copy = take(arena, len);
    if (len)
        memcpy(copy, bytes, len);
    return copy;
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
    va_list list;
    va_start(list, format);
    char *text = arena_vprintf(arena, format, list);
    va_end(list);
    return text;
}

/* Most formats only put texts together ("/%s/%s"): those are copied without the machinery of printf. The length, or SIZE_MAX
 * when the format holds anything else. */
static size_t joined(const char *format, va_list list, char *out)
{
    size_t len = 0;
    for (const char *at = format;;) {
        const char *stop = strchr(at, '%');
        size_t plain = stop ? (size_t)(stop - at) : strlen(at);
        if (out)
            memcpy(out + len, at, plain);
        len += plain;
        if (!stop)
            return len;
        if (stop[1] != 's')
            return SIZE_MAX;
        const char *text = va_arg(list, const char *);
        size_t n = strlen(text ? text : (text = "(null)"));
        if (out)
            memcpy(out + len, text, n);
        len += n;
        at = stop + 2;
    }
}

char *arena_vprintf(struct arena *arena, const char *format, va_list list)
{
    char small[256];
    va_list again;
    va_copy(again, list);
    size_t plain = joined(format, list, NULL);
    char *text;
    if (plain != SIZE_MAX) {
        text = take(arena, plain + 1);
        (void)joined(format, again, text);
        text[plain] = '\0';
        va_end(again);
        return text;
    }
    va_list third;
    va_copy(third, again);
    int len = vsnprintf(small, sizeof small, format, again);
    if (len < 0) {
        va_end(third);
        va_end(again);
        exhausted(arena);
    }
    text = take(arena, (size_t)len + 1);
    if ((size_t)len < sizeof small)
        memcpy(text, small, (size_t)len + 1);
    else
        vsnprintf(text, (size_t)len + 1, format, third);
    va_end(third);
    va_end(again);
    return text;
}
