/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The live board: what waits and what is being looked at, gravest first, with what each host and account adds up to. It is made anew whenever
 * the stream says that something changed; a row's keys lead to the triage form.
 */
#include "watch/board/board.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"

#define ROWS_MOST 200
#define ENTITIES_MOST 12

size_t level_of(const struct record_view *row)
{
    static const char *const levels[BOARD_LEVELS] = {"critical", "high", "medium", "low", "informational"};
    const char *level = val_get_str(row->fields, "level");
    for (size_t i = 0; i < BOARD_LEVELS; i++)
        if (str_eq(levels[i], level))
            return i;
    return BOARD_LEVELS;
}

struct val *said(const struct request *request, const struct reasons *reasons)
{
    struct val *list = val_array(request->arena);
    for (const struct reason *one = reasons->first; one; one = one->after) {
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "text", one->text.in[request->lang]);
        val_set_str(request->arena, item, "next", one->next.in[request->lang]);
        val_set_str(request->arena, item, "rule", one->rule);
        val_push(request->arena, list, item);
    }
    return list;
}

/* ---- rows ---- */

static const char *analyst_of(const struct record_view *row)
{
    for (size_t i = 0; i < row->n_links; i++)
        if (str_eq(row->links[i].field->name, "analyst"))
            return row->links[i].title;
    return NULL;
}

static struct val *row_of(const struct request *request, const struct record_view *row)
{
    struct arena *arena = request->arena;
    const struct field_def *level = register_field(row->def, "level");
    const char *entity = val_get_str(row->fields, "entity"), *words = field_words(request->office, level, val_get(row->fields, "level"), request->lang, arena);
    struct val *item = val_object(arena);
    val_set_str(arena, item, "number", row->number);
    val_set(arena, item, "href", val_strf(arena, "/alert/%s", row->number));
    val_set_str(arena, item, "mark", mark_of(request, row->label, MARK_PORTION));
    val_set_str(arena, item, "title", row->titles.in[request->lang]);
    val_set_str(arena, item, "level", val_get_str(row->fields, "level"));
    val_set_str(arena, item, "level-words", words ? words : "");
    val_set_str(arena, item, "entity", str_eq(entity, "*") ? tr(request->lang, T_("all others")) : entity);
    val_set_int(arena, item, "events", val_get_int(row->fields, "events", 1));
    val_set_int(arena, item, "risk", val_get_int(row->fields, "risk", 0));
    val_set_int(arena, item, "seen", val_get_int(row->fields, "last-seen", val_get_int(row->fields, "first-seen", row->created)));
    if (row->due != MOMENT_NONE) {
        val_set_int(arena, item, "due", row->due);
        val_set_bool(arena, item, "late", row->due < request->now);
    }
    if (analyst_of(row))
        val_set_str(arena, item, "analyst", analyst_of(row));
    return item;
}

static int graver(const void *a, const void *b)
{
    const struct record_view *x = *(const struct record_view *const *)a, *y = *(const struct record_view *const *)b;
    size_t lx = level_of(x), ly = level_of(y);
    int64_t rx = val_get_int(x->fields, "risk", 0), ry = val_get_int(y->fields, "risk", 0);
    moment sx = val_get_int(x->fields, "last-seen", 0), sy = val_get_int(y->fields, "last-seen", 0);
    return lx != ly ? (lx < ly ? -1 : 1) : rx != ry ? (rx > ry ? -1 : 1) : sx != sy ? (sx > sy ? -1 : 1) : x->id < y->id ? -1 : x->id > y->id;
}

static enum status add_state(const struct request *request, const char *state, struct shown *shown, struct risks *risks, struct val *groups)
{
    struct arena *arena = request->arena;
    const struct register_def *def = pack_register(office_pack(request->office), "alert");
    struct filter filter = {"state", state};
    struct query query = {.register_ = "alert", .filters = &filter, .n_filters = 1, .sort = "risk", .descending = true, .limit = ROWS_MOST, .with_links = 1};
    struct page_of page;
    struct reasons reasons;
    struct val *group = val_object(arena), *rows = val_array(arena);
    int at = register_state(def, state);
    reasons_init(&reasons, arena);
    enum status status = office_find(request->office, request->reader, &query, arena, &reasons, &page);
    if (status != OK)
        return status;
    const struct record_view **order = ARENA_ARRAY(arena, const struct record_view *, page.n_rows + 1);
    for (size_t i = 0; i < page.n_rows; i++)
        order[i] = &page.rows[i];
    if (page.n_rows)
        qsort(order, page.n_rows, sizeof *order, graver);
    for (size_t i = 0; i < page.n_rows; i++) {
        shown_record(shown, order[i]);
        risks_add(risks, order[i]);
        val_push(arena, rows, row_of(request, order[i]));
    }
    val_set_str(arena, group, "name", at >= 0 ? def->states[at].words.in[request->lang] : state);
    val_set_str(arena, group, "state", state);
    val_set(arena, group, "rows", rows);
    val_set_bool(arena, group, "more", page.next != NULL);
    val_push(arena, groups, group);
    return OK;
}

enum status board_page(const struct request *request, struct answer *answer)
{
    struct arena *arena = request->arena;
    const struct register_def *def = pack_register(office_pack(request->office), "alert");
    struct val *data = val_object(arena), *groups = val_array(arena);
    struct risks *risks = risks_new(request);
    struct shown shown;
    if (!def || !reader_sees(request->reader, def))
        return ABSENT;
    shown_begin(&shown, request);
    enum status status = add_state(request, "new", &shown, risks, groups);
    if (status == OK)
        status = add_state(request, "looked-at", &shown, risks, groups);
    if (status == OK)
        status = board_timeline(request, &shown, data);
    val_set(arena, data, "groups", groups);
    val_set(arena, data, "risks", risks_rows(risks, ENTITIES_MOST));
    if (status == OK)
        status = shown_end(&shown, data, "list");
    if (status != OK)
        return status;
    answer_page(request, answer, "watch/board", data);
    return OK;
}
