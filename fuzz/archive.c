/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks of the archive, as a worker that was taken over could make them: opened, read whole, hunted through for terms and with a rule.
 * Whatever stands in them, an answer comes, and every event that comes is within its bounds.
 */
#include <stdint.h>
#include <stdlib.h>

#include "watch/archive/archive.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool count(void *arg, uint32_t item, uint32_t which) { return ++*(size_t *)arg < 5000; }

static void read_events(struct archive *archive)
{
    struct arena *scratch = arena_new((size_t)512 << 20), *lasting = arena_new((size_t)64 << 20);
    struct fields *fields = fields_new(lasting);
    struct event event;
    event_init(&event, scratch);
    for (uint32_t i = 0; i < archive_info(archive).items && i < 64; i++) {
        event_clear(&event);
        if (archive_event(archive, i, fields, &event) == OK && (event.raw_len > 2 * EVENT_BYTES_MOST || event.n > EVENT_VALUES_MOST))
            abort();
    }
    arena_free(scratch);
    arena_free(lasting);
}

static void hunt(struct archive *archive, struct arena *arena)
{
    static const struct archive_term list[] = {{NULL, ARCHIVE_HAS, "windows", 7}, {NULL, ARCHIVE_LIKE, "*a*: b*", 7}, {"Message", ARCHIVE_HAS, "o", 1}};
    struct archive_terms *terms = NULL;
    size_t hits = 0;
    if (archive_terms_new(arena, list, sizeof list / sizeof *list, &terms) == OK &&
        archive_hunt(archive, terms, (struct archive_range){MOMENT_NONE, 5}, count, &hits) == OK)
        hits += archive_hunt(archive, terms, (struct archive_range){MOMENT_NONE, MOMENT_NONE}, count, &hits) == OK;
}

/* Compiled once: that takes longer than everything else. */
static struct sigma_matcher *matcher(void)
{
    static const char rules[] = "title: a\nlogsource: {product: p}\ndetection:\n  s: {Message|contains: windows}\n  t: [value]\n  condition: s or t\n";
    static struct sigma_matcher *made;
    if (!made) {
        const struct sigma_text text = {"a.yml", rules, sizeof rules - 1};
        struct arena *arena = arena_new((size_t)64 << 20);
        struct sigma *sigma = NULL;
        if (sigma_compile(arena, fields_new(arena), &text, 1, NULL, NULL, &sigma) != OK || sigma_matcher_new(sigma, arena, 0, &made) != OK)
            abort();
    }
    return made;
}

static void match(struct archive *archive)
{
    size_t hits = 0;
    enum status status = archive_match(archive, matcher(), (struct archive_range){MOMENT_NONE, MOMENT_NONE}, count, &hits);
    if (status != OK && status != DAMAGED)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 1 << 20)
        return 0;
    struct arena *arena = arena_new((size_t)2 << 30);
    struct archive *archive = NULL;
    if (archive_open(data, size, arena, &archive) == OK) {
        read_events(archive);
        hunt(archive, arena);
        match(archive);
    }
    archive_close(archive);
    arena_free(arena);
    return 0;
}
