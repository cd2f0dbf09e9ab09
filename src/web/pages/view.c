/* SPDX-License-Identifier: GPL-3.0-or-later
 * Records as data for templates: rows, fields for reading, fields for asking. Everything follows from the register's definition.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "web/pages/inside.h"

const char *words_in(const struct words *words, enum lang lang)
{
    return words->in[lang] ? words->in[lang] : words->in[LANG_EN] ? words->in[LANG_EN] : "";
}

/* The list of a register; one whose name is a page of its own stands under /all. */
const char *register_href(struct arena *arena, const struct register_def *def)
{
    static const char *const taken[] = {"account", "rules", "posts", "help", "search", "journal", "live", "enrol", NULL};
    return arena_printf(arena, str_in(def->name, taken) ? "/all/%s" : "/%s", def->name);
}

const char *record_href(const struct request *request, const struct register_def *def, const char *number)
{
    return arena_printf(request->arena, "/%s/%s", def->name, number);
}

/* Steps that every register has beside its own. */
const char *step_words(const struct request *request, const struct register_def *def, const char *name)
{
    static const struct { const char *name, *words; } fixed[] = {{"create", T_("entered")}, {"edit", T_("edited")}, {"regrade", T_("regraded")}, {"move", T_("moved to another file")},
        {"link", T_("linked")}, {"confirm", T_("confirmed")}, {"decline", T_("declined")}, {"withdraw", T_("withdrawn")}, {"retention", T_("Erase under the retention rule")}, {"order", T_("Erase under a lawful order")}};
    const struct step_def *step = name && def ? register_step(def, name) : NULL;
    for (size_t i = 0; !step && i < sizeof fixed / sizeof *fixed; i++)
        if (str_eq(fixed[i].name, name))
            return tr(request->lang, fixed[i].words);
    return step ? words_in(&step->words, request->lang) : name;
}

/* ---- values in words ---- */

const char *value_words(const struct request *request, const struct field_def *field, const struct val *value)
{
    return field_words(request->office, field, value, request->lang, request->arena);
}

static bool is_link(const struct field_def *field) { return field->type == FIELD_LINK || field->type == FIELD_LINKS; }

static struct val *link_shown(const struct request *request, const struct link_view *link)
{
    struct val *item = val_object(request->arena);
    val_set_str(request->arena, item, "title", words_in(&link->titles, request->lang));
    val_set_str(request->arena, item, "number", link->number);
    val_set_str(request->arena, item, "href", record_href(request, link->register_, link->number));
    int state = register_state(link->register_, link->state);
    if (state >= 0)
        val_set_str(request->arena, item, "state", words_in(&link->register_->states[state].words, request->lang));
    val_set_str(request->arena, item, "register", words_in(&link->register_->one, request->lang));
    return item;
}

const char *links_href(const struct request *request, const struct record_view *record, const struct link_view *link, bool back)
{
    return arena_printf(request->arena, "%s?%s=%s&links-by=%s", register_href(request->arena, link->register_), back ? "links-to" : "named-in", record->number, link->field->name);
}

/* ---- rows ---- */

static struct val *cell_of(const struct request *request, const struct record_view *record, const struct column *column)
{
    struct val *cell = val_object(request->arena);
    const char *name = column->name;
    if (column->field && column->field == record->def->title)
        val_set_bool(request->arena, cell, "name", true);
    if (column->field && is_link(column->field)) {
        const char *text = "";
        for (size_t i = 0; i < record->n_links; i++)
            if (record->links[i].field == column->field)
                text = arena_printf(request->arena, "%s%s%s%s", text, *text ? ", " : "", words_in(&record->links[i].titles, request->lang), record->links[i].more ? " …" : "");
        val_set_str(request->arena, cell, "text", text);
    } else if (column->field) {
        val_set_str(request->arena, cell, "text", value_words(request, column->field, val_get(record->fields, name)));
    } else if (str_eq(name, "due")) {
        val_set_str(request->arena, cell, "kind", "due");
        if (record->due != MOMENT_NONE)
            val_set_int(request->arena, cell, "at", record->due);
        val_set_bool(request->arena, cell, "late", record->due != MOMENT_NONE && record->due < request->now);
    } else if (str_eq(name, "updated")) {
        val_set_str(request->arena, cell, "kind", "time");
        val_set_int(request->arena, cell, "at", record->updated);
    } else if (str_eq(name, "state")) {
        val_set_str(request->arena, cell, "kind", "state");
        val_set_str(request->arena, cell, "text", words_in(&record->state->words, request->lang));
    } else if (str_eq(name, "label")) {
        val_set_str(request->arena, cell, "kind", "mark");
        val_set_str(request->arena, cell, "text", mark_of(request, record->label, MARK_PORTION));
    } else if (str_eq(name, "file")) {
        val_set_str(request->arena, cell, "text", record->file_number);
    } else {
        val_set_str(request->arena, cell, "kind", "number");
        val_set_str(request->arena, cell, "text", record->number);
    }
    return cell;
}

struct val *row_of(const struct request *request, const struct record_view *record, const struct column *columns, size_t n)
{
    struct arena *arena = request->arena;
    struct val *row = val_object(arena), *cells = val_array(arena);
    val_set_str(arena, row, "href", record_href(request, record->def, record->number));
    val_set_str(arena, row, "number", record->number);
    val_set_str(arena, row, "title", words_in(&record->titles, request->lang));
    val_set_str(arena, row, "register", words_in(&record->def->one, request->lang));
    val_set_str(arena, row, "state", words_in(&record->state->words, request->lang));
    val_set_str(arena, row, "state-name", record->state->name);
    val_set_str(arena, row, "mark", mark_of(request, record->label, MARK_PORTION));
    val_set_int(arena, row, "updated", record->updated);
    if (record->due != MOMENT_NONE) {
        val_set_int(arena, row, "due", record->due);
        val_set_bool(arena, row, "late", record->due < request->now);
    }
    for (size_t i = 0; i < n; i++)
        val_push(arena, cells, cell_of(request, record, &columns[i]));
    val_set(arena, row, "cells", cells);
    return row;
}

/* ---- reading ---- */

/* Paragraphs of prose; a portion mark in parentheses at the beginning of one stands apart. */
static struct val *paragraphs_of(const struct request *request, const struct field_def *field, const char *text)
{
    struct val *list = val_array(request->arena);
    while (*text) {
        const char *end = strstr(text, "\n\n");
        size_t len = end ? (size_t)(end - text) : strlen(text);
        struct val *one = val_object(request->arena);
        const char *close = field->portions && text[0] == '(' ? memchr(text, ')', len < 60 ? len : 60) : NULL;
        if (close) {
            val_set(request->arena, one, "mark", val_strn(request->arena, text + 1, (size_t)(close - text - 1)));
            val_set(request->arena, one, "text", val_strn(request->arena, close + 1, len - (size_t)(close - text) - 1));
        } else {
            val_set(request->arena, one, "text", val_strn(request->arena, text, len));
        }
        val_push(request->arena, list, one);
        text += len;
        while (*text == '\n')
            text++;
    }
    return list;
}

static struct val *files_of(const struct request *request, const struct record_view *record, const struct field_def *field, const struct val *value)
{
    struct val *list = val_array(request->arena);
    for (size_t i = 0; i < val_count(value); i++) {
        const struct val *item = val_at(value, i);
        struct val *file = val_object(request->arena);
        val_set_str(request->arena, file, "name", val_get_str(item, "name"));
        val_set_int(request->arena, file, "bytes", val_get_int(item, "bytes", 0));
        val_set_str(request->arena, file, "sha256", val_get_str(item, "sha256"));
        val_set(request->arena, file, "href", val_strf(request->arena, "%s/file/%s/%zu", record_href(request, record->def, record->number), field->name, i));
        val_push(request->arena, list, file);
    }
    return list;
}

struct val *field_shown(const struct request *request, const struct record_view *record, const struct field_def *field)
{
    struct arena *arena = request->arena;
    struct val *shown = val_object(arena), *links = val_array(arena);
    const struct val *value = val_get(record->fields, field->name);
    val_set_str(arena, shown, "name", field->name);
    val_set_str(arena, shown, "label", words_in(&field->words, request->lang));
    val_set_str(arena, shown, "kind", field_type_name(field->type));
    if (is_link(field)) {
        for (size_t i = 0; i < record->n_links; i++) {
            if (record->links[i].field != field)
                continue;
            val_push(arena, links, link_shown(request, &record->links[i]));
            if (record->links[i].more)
                val_set_str(arena, shown, "more", links_href(request, record, &record->links[i], false));
        }
        val_set(arena, shown, "links", links);
        return links->count ? shown : NULL;
    }
    if (!value || value->kind == VAL_NULL || (value->kind == VAL_ARRAY && !value->count))
        return NULL;
    if (field->type == FIELD_PROSE)
        val_set(arena, shown, "paragraphs", paragraphs_of(request, field, val_text(value) ? val_text(value) : ""));
    else if (field->type == FIELD_ATTACHMENTS)
        val_set(arena, shown, "files", files_of(request, record, field, value));
    else
        val_set_str(arena, shown, "text", value_words(request, field, value));
    return shown;
}

struct val *reasons_shown(const struct request *request, const struct reasons *reasons)
{
    struct val *list = val_array(request->arena);
    for (const struct reason *reason = reasons ? reasons->first : NULL; reason; reason = reason->after) {
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "rule", reason->rule);
        val_set_str(request->arena, item, "where", reason->where);
        val_set_str(request->arena, item, "text", words_in(&reason->text, request->lang));
        if (reason->next.in[LANG_EN])
            val_set_str(request->arena, item, "next", words_in(&reason->next, request->lang));
        val_set_bool(request->arena, item, "grants", reason->grants);
        val_push(request->arena, list, item);
    }
    return list;
}
