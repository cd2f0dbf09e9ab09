/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The plainest block: "lines FORMAT\n", then the log as it came. For tests, and for what was exported as text; slow, since each event is
 * read anew.
 */
#include <string.h>
#include <strings.h>

#include "watch/hunt/inside.h"
#include "watch/logs/logs.h"

static bool has(const char *text, size_t len, const struct hunt_term *term)
{
    for (size_t i = 0; i + term->len <= len; i++)
        if (strncasecmp(text + i, term->text, term->len) == 0)
            return true;
    return false;
}

bool hunt_term_fits(const struct hunt_term *term, const char *text, size_t len)
{
    if (len < term->len)
        return false;
    switch (term->how) {
    case HUNT_IS: return len == term->len && strncasecmp(text, term->text, len) == 0;
    case HUNT_BEGINS: return strncasecmp(text, term->text, term->len) == 0;
    case HUNT_ENDS: return strncasecmp(text + len - term->len, term->text, term->len) == 0;
    case HUNT_HAS: return has(text, len, term);
    }
    return false;
}

static bool fits(const struct hunt_scan *scan, const struct hunt_term *term, const struct event *event)
{
    for (size_t i = 0; i < event->n; i++) {
        const struct event_value *value = &event->values[i];
        const char *name = value->field ? fields_name(scan->fields, value->field) : value->name;
        if ((!term->field || (name && strcmp(term->field, name) == 0)) && hunt_term_fits(term, value->text, value->len))
            return true;
    }
    return false;
}

/* ---- the events one after another ---- */

struct lines { struct hunt_scan *scan; struct arena *scratch; struct log_reader *reader; const char *text; size_t len, at; struct event event; };

static bool begin(struct lines *lines, struct hunt_scan *scan, const char *block, size_t len)
{
    char name[32];
    const char *end = len > 6 && memcmp(block, "lines ", 6) == 0 ? memchr(block, '\n', len < 40 ? len : 40) : NULL;
    size_t n = end ? (size_t)(end - block - 6) : 0;
    if (!end || n >= sizeof name)
        return false;
    memcpy(name, block + 6, n);
    name[n] = 0;
    const struct log_format *format = log_format_named(name);
    if (!format)
        return false;
    *lines = (struct lines){.scan = scan, .reader = log_reader_new(scan->arena, scan->fields, format, 0), .text = end + 1, .len = len - n - 7};
    lines->scratch = arena_new((size_t)64 << 20);
    event_init(&lines->event, lines->scratch);
    return true;
}
static enum status end(struct lines *lines, bool good)
{
    arena_free(lines->scratch);
    return good ? OK : DAMAGED;
}
static bool next(struct lines *lines)
{
    struct reasons ignored;
    while (lines->at < lines->len) {
        event_clear(&lines->event);
        reasons_init(&ignored, lines->scratch);
        enum status status = log_read(lines->reader, &lines->event, lines->text, lines->len, lines->at, true, &ignored, &lines->at);
        if (status == ABSENT)
            return false;
        if (status == OK)
            return true;
    }
    return false;
}

struct matching { struct hunt_scan *scan; struct hunt_fit fit; };
static void matched(void *arg, size_t rule)
{
    struct matching *m = arg;
    m->fit.rule = true;
    m->fit.index = (uint32_t)rule;
    m->scan->fits(m->scan->arg, &m->fit);
}

enum status hunt_lines_look(struct hunt_scan *scan, const char *block, size_t len, uint32_t items)
{
    struct lines lines;
    if (!begin(&lines, scan, block, len))
        return DAMAGED;
    for (uint32_t item = 0; next(&lines); item++) {
        if (item >= items)
            return end(&lines, false);
        if (!hunt_in_time(scan->query, lines.event.time))
            continue;
        scan->events++;
        struct matching m = {scan, {.item = item, .time = lines.event.time, .index = UINT32_MAX}};
        if (scan->query->everything)
            scan->fits(scan->arg, &m.fit);
        for (size_t t = 0; t < scan->query->n_terms; t++)
            if (fits(scan, &scan->query->terms[t], &lines.event)) {
                m.fit.index = (uint32_t)t;
                scan->fits(scan->arg, &m.fit);
            }
        if (scan->matcher)
            sigma_match(scan->matcher, &lines.event, matched, &m);
    }
    return end(&lines, true);
}

enum status hunt_lines_events(struct hunt_scan *scan, const char *block, size_t len, uint32_t items, const uint32_t *wanted, size_t n)
{
    struct lines lines;
    size_t w = 0;
    if (!begin(&lines, scan, block, len))
        return DAMAGED;
    for (uint32_t item = 0; w < n && next(&lines); item++)
        if (item == wanted[w]) {
            scan->give(scan->arg, item, &lines.event);
            w++;
        }
    return end(&lines, w == n);
}
