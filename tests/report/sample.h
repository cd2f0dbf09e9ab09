/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Documents and helpers that the report room's tests share.
 */
#ifndef TESTS_REPORT_SAMPLE_H
#define TESTS_REPORT_SAMPLE_H

#include "report/report.h"
#include "tap.h"

static inline moment at(const char *iso)
{
    moment m;
    return moment_read(iso, &m) == OK ? m : MOMENT_NONE;
}

/* A table of four kinds of cells under two markings, with text that tries to break out of each form. */
static inline struct document *sample_document(struct arena *arena)
{
    static const char *const markings[] = { "NATO SECRET", "EU <CONFIDENTIAL> & \"\\A" };
    static const char *const columns[] = { "Number", "Summary", "Count", "Due", "Detected" };
    static const char *const evil = "=HYPERLINK(\"http://x\";\"</style><script>alert(1)</script>\")";
    struct document *doc = document_new(arena, "Incidents <open>", LANG_EN, at("2026-11-22T13:05:00Z"));
    doc->markings = markings;
    doc->n_markings = 2;
    doc->office = "Security office & registry";
    doc->author = "D. O'Neill";
    doc->copy = "copy 2 of 5";
    struct part *heading = document_add(doc, PART_HEADING);
    heading->text = "Open incidents";
    struct part *text = document_add(doc, PART_PARAGRAPH);
    text->mark = "NS";
    text->text = "Two remain.\nΑθήνα, Москва, Besançon.";
    struct part *table = document_add(doc, PART_TABLE);
    table->text = "Incidents [2026]";
    table->columns = columns;
    table->n_columns = 5;
    table->n_rows = 3;
    struct cell *cells = ARENA_ARRAY(arena, struct cell, 15);
    const struct cell rows[15] = {
        { .text = "INC-2026-7KQ4M2XD0A" }, { .text = evil }, { .kind = CELL_INTEGER, .number = -5 },
        { .kind = CELL_DATE, .number = at("2026-12-01") }, { .kind = CELL_MOMENT, .number = at("2026-11-20T23:59:59Z") },
        { .text = "INC-2026-0000000001" }, { .text = "a \"quoted\", line\nand another; ü _x0041_" },
        { .kind = CELL_INTEGER, .number = INT64_MAX }, { .kind = CELL_DATE, .number = MOMENT_NONE },
        { .kind = CELL_MOMENT, .number = at("1900-01-15T00:00:01Z") },
        { .text = "-12.5" }, { .text = NULL }, { .kind = CELL_INTEGER }, { .kind = CELL_DATE, .number = at("1900-03-01") },
        { .kind = CELL_MOMENT, .number = at("2026-11-20") },
    };
    memcpy(cells, rows, sizeof rows);
    table->cells = cells;
    struct part *figure = document_add(doc, PART_FIGURE);
    figure->svg = "<svg xmlns=\"http://www.w3.org/2000/svg\"><script>alert(2)</script></svg>";
    figure->text = "By month";
    struct part *list = document_add(doc, PART_LIST);
    struct cell *items = ARENA_ARRAY(arena, struct cell, 2);
    items[0].text = "first";
    items[1].text = "second & last";
    list->cells = items;
    list->n_rows = 2;
    return doc;
}

/* The table alone, as a list's export is. */
static inline struct document *sample_table(struct arena *arena)
{
    struct document *doc = sample_document(arena);
    doc->first = doc->last = doc->first->next->next;
    doc->first->next = NULL;
    doc->first->text = NULL;
    return doc;
}

static inline void show(const struct reasons *reasons)
{
    if (reasons->count)
        printf("# %zu reasons, first: %s: %s (%s)\n", reasons->count, reasons->first->where ? reasons->first->where : "-",
               reasons->first->text.in[LANG_EN], reasons->first->rule);
}

/* Whether some reason has this rule and (unless NULL) this place. */
static inline bool has_reason(const struct reasons *reasons, const char *rule, const char *where)
{
    for (const struct reason *r = reasons->first; r; r = r->after)
        if (!strcmp(r->rule, rule) && (!where || (r->where && !strcmp(r->where, where))))
            return true;
    return false;
}

#endif
