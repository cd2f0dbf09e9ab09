/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The document tree: made, added to, looked over before a writer starts.
 */
#include <string.h>

#include "report/report.h"

struct document *document_new(struct arena *arena, const char *title, enum lang lang, moment made)
{
    struct document *doc = ARENA_NEW(arena, struct document);
    doc->arena = arena;
    doc->title = arena_strdup(arena, title);
    doc->lang = lang;
    doc->made = made;
    return doc;
}

struct part *document_add(struct document *doc, enum part_kind kind)
{
    struct part *part = ARENA_NEW(doc->arena, struct part);
    part->kind = kind;
    part->level = kind == PART_HEADING ? 1 : 0;
    if (kind == PART_LIST)
        part->n_columns = 1;
    if (doc->last)
        doc->last->next = part;
    else
        doc->first = part;
    doc->last = part;
    return part;
}

static bool part_sound(const struct part *part)
{
    switch (part->kind) {
    case PART_HEADING: return part->text && part->level >= 1 && part->level <= 4;
    case PART_PARAGRAPH: return part->text != NULL;
    case PART_FIGURE: return part->svg != NULL;
    case PART_LIST: return part->n_columns == 1 && (part->cells || !part->n_rows);
    case PART_TABLE: return part->columns && part->n_columns && (part->cells || !part->n_rows);
    case PART_PAGE_BREAK: return true;
    }
    return false;
}

bool document_sound(const struct document *doc)
{
    if (!doc->title || !doc->markings || !doc->n_markings || doc->made == MOMENT_NONE)
        return false;
    for (size_t i = 0; i < doc->n_markings; i++)
        if (!doc->markings[i])
            return false;
    for (const struct part *part = doc->first; part; part = part->next)
        if (!part_sound(part))
            return false;
    return true;
}

const char *document_marking(const struct document *doc)
{
    const char *line = "";
    for (size_t i = 0; i < doc->n_markings; i++)
        if (doc->markings[i][0])
            line = *line ? arena_printf(doc->arena, "%s | %s", line, doc->markings[i]) : doc->markings[i];
    return line;
}
