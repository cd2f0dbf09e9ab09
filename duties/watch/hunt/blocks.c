/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Blocks of either kind: those of the archive, hunted through without unpacking what is not asked for, and plain lines.
 */
#include <string.h>

#include "watch/archive/archive.h"
#include "watch/hunt/inside.h"

#define BLOCK_MEMORY ((size_t)1 << 30)

static bool is_lines(const char *block, size_t len) { return len >= 6 && memcmp(block, "lines ", 6) == 0; }

bool hunt_in_time(const struct hunt_query *query, moment at)
{
    if (query->from == MOMENT_NONE && query->to == MOMENT_NONE)
        return true;
    return at != MOMENT_NONE && (query->from == MOMENT_NONE || at >= query->from) && (query->to == MOMENT_NONE || at < query->to);
}

/* ---- a block of the archive ---- */

struct archived { struct hunt_scan *scan; struct archive *archive; bool rules; enum status status; };

static bool hit(void *arg, uint32_t item, uint32_t which)
{
    struct archived *a = arg;
    struct hunt_fit fit = {.item = item, .index = which, .rule = a->rules};
    uint64_t record;
    a->status = archive_stamp(a->archive, item, &fit.time, &record);
    return a->status == OK && a->scan->fits(a->scan->arg, &fit);
}

/* How many of its events lie in the time asked for; for a query without terms each of them is given. */
static enum status each_in_time(struct archived *a, const struct archive_info *info)
{
    struct hunt_scan *scan = a->scan;
    const struct hunt_query *query = scan->query;
    bool open = query->from == MOMENT_NONE && query->to == MOMENT_NONE;
    if (open && !query->everything) {
        scan->events += info->items;
        return OK;
    }
    for (uint32_t item = 0; item < info->items; item++) {
        struct hunt_fit fit = {.item = item, .index = UINT32_MAX};
        uint64_t record;
        enum status status = archive_stamp(a->archive, item, &fit.time, &record);
        if (status != OK)
            return status;
        if (!hunt_in_time(query, fit.time))
            continue;
        scan->events++;
        if (query->everything)
            scan->fits(scan->arg, &fit);
    }
    return OK;
}

static enum status terms_of(struct hunt_scan *scan)
{
    static const enum archive_how how[] = {[HUNT_IS] = ARCHIVE_IS, [HUNT_BEGINS] = ARCHIVE_BEGINS, [HUNT_ENDS] = ARCHIVE_ENDS, [HUNT_HAS] = ARCHIVE_HAS};
    if (scan->terms || !scan->query->n_terms)
        return OK;
    struct archive_term *terms = ARENA_ARRAY(scan->arena, struct archive_term, scan->query->n_terms);
    for (size_t i = 0; i < scan->query->n_terms; i++)
        terms[i] = (struct archive_term){scan->query->terms[i].field, how[scan->query->terms[i].how], scan->query->terms[i].text, scan->query->terms[i].len};
    return archive_terms_new(scan->arena, terms, scan->query->n_terms, &scan->terms);
}

static enum status archive_look(struct archived *a)
{
    const struct hunt_query *query = a->scan->query;
    const struct archive_range range = {query->from, query->to};
    const struct archive_info info = archive_info(a->archive);
    enum status status = each_in_time(a, &info);
    if (status == OK)
        status = terms_of(a->scan);
    if (status == OK && query->n_terms)
        status = archive_hunt(a->archive, a->scan->terms, range, hit, a);
    a->rules = true;
    if (status == OK && a->status == OK && a->scan->matcher)
        status = archive_match(a->archive, a->scan->matcher, range, hit, a);
    return status == OK ? a->status : status;
}

static enum status archive_events(struct archived *a, const uint32_t *wanted, size_t n)
{
    struct event event;
    struct arena *scratch = arena_new(BLOCK_MEMORY);
    enum status status = OK;
    event_init(&event, scratch);
    for (size_t i = 0; status == OK && i < n; i++) {
        event_clear(&event);
        status = archive_event(a->archive, wanted[i], a->scan->fields, &event);
        if (status == OK)
            a->scan->give(a->scan->arg, wanted[i], &event);
    }
    arena_free(scratch);
    return status;
}

static enum status with_archive(struct hunt_scan *scan, const char *block, size_t len, uint32_t items, const uint32_t *wanted, size_t n)
{
    struct arena *arena = arena_new(BLOCK_MEMORY);
    struct archived a = {.scan = scan};
    enum status status = archive_open(block, len, arena, &a.archive);
    if (status == OK && archive_info(a.archive).items != items)
        status = DAMAGED;
    if (status == OK)
        status = wanted ? archive_events(&a, wanted, n) : archive_look(&a);
    archive_close(a.archive);
    arena_free(arena);
    return status == OK ? OK : DAMAGED;
}

enum status hunt_block_look(struct hunt_scan *scan, const char *block, size_t len, uint32_t items)
{
    return is_lines(block, len) ? hunt_lines_look(scan, block, len, items) : with_archive(scan, block, len, items, NULL, 0);
}

enum status hunt_block_events(struct hunt_scan *scan, const char *block, size_t len, uint32_t items, const uint32_t *wanted, size_t n)
{
    return is_lines(block, len) ? hunt_lines_events(scan, block, len, items, wanted, n) : with_archive(scan, block, len, items, wanted, n);
}
