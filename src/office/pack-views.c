/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * How a register is shown: the field that names a record, the columns and declared sorts of its list, board, calendar,
 * and the groups of its page.
 */
#include "office/pack-read.h"

#include <string.h>

static const char *const everywhere[] = {"number", "state", "due", "updated", "label", "file", NULL};

static bool is_everywhere(const char *name)
{
    for (size_t i = 0; everywhere[i]; i++)
        if (strcmp(everywhere[i], name) == 0)
            return true;
    return false;
}

static void load_title(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    static const enum field_type names[] = {FIELD_LINE, FIELD_CHOICE, FIELD_LINK, FIELD_DATE, FIELD_POST, FIELD_POLICY, FIELD_EMAIL};
    def->titles = read_fields(r, def, tree, "title", &def->n_titles);
    def->title = def->n_titles ? def->titles[0] : NULL;
    for (size_t t = 0; t < def->n_titles; t++) {
        bool fits = false;
        for (size_t i = 0; i < sizeof names / sizeof *names; i++)
            fits = fits || def->titles[t]->type == names[i];
        if (!fits)
            FAULT(r, val_get(tree, "title"), T_("A field of type %1$s cannot name a record."), field_type_name(def->titles[t]->type));
    }
}

static void load_columns(const struct reader_of *r, struct register_def *def, const struct val *list)
{
    size_t n;
    const struct val *const *names = read_list(r, list, "columns", false, &n);
    struct column *columns = ARENA_ARRAY(r->l->arena, struct column, n + 4);
    for (size_t i = 0; i < n; i++) {
        const char *name = item_text(r, names[i]);
        if (!name)
            continue;
        const struct field_def *field = NAMED_FIND(def->fields, def->n_fields, name);
        if (!field && !is_everywhere(name))
            field = find_field(r, def, names[i]);
        else if (field && (field->type == FIELD_PROSE || field->type == FIELD_ATTACHMENTS))
            FAULT(r, names[i], T_("A field of type %1$s is no column."), field_type_name(field->type));
        columns[def->n_columns++] = (struct column){name, field};
    }
    if (n == 0) {
        columns[def->n_columns++] = (struct column){"number", NULL};
        if (def->title)
            columns[def->n_columns++] = (struct column){def->title->name, def->title};
        columns[def->n_columns++] = (struct column){"state", NULL};
        columns[def->n_columns++] = (struct column){"updated", NULL};
    }
    def->columns = columns;
}

static void load_sort(const struct reader_of *r, struct register_def *def, struct sort_def *sort, const struct val *tree)
{
    bool pair = tree->kind == VAL_ARRAY && tree->count == 2;
    const char *filter = pair ? item_text(r, tree->items[0]) : NULL, *by = pair ? item_text(r, tree->items[1]) : NULL;
    if (!filter || !by) {
        struct reason *fault = FAULT(r, tree, T_("A declared sort is a pair."));
        HINT(r, fault, T_("Write [FILTER-FIELD, SORT-FIELD], such as [state, summary]."));
        return;
    }
    sort->filter_name = filter;
    sort->by_name = by;
    if (strcmp(filter, "state") != 0) {
        sort->filter = find_field(r, def, tree->items[0]);
        if (sort->filter && !sort->filter->filter)
            FAULT(r, tree->items[0], T_("The field %1$s is not marked “%2$s”."), filter, "filter");
    }
    if (strcmp(by, "updated") != 0 && strcmp(by, "due") != 0) {
        sort->by = find_field(r, def, tree->items[1]);
        if (sort->by && !sort->by->sort)
            FAULT(r, tree->items[1], T_("The field %1$s is not marked “%2$s”."), by, "sort");
    }
}

static void load_list(const struct reader_of *r, struct register_def *def, const struct val *views)
{
    const struct val *list = views ? member(r, views, "list", false) : NULL;
    if (list && !want_object(r, list, views, "{columns, sorts}", "columns sorts"))
        list = NULL;
    load_columns(r, def, list);
    const struct val *sorts = list ? member(r, list, "sorts", false) : NULL;
    if (sorts && (sorts->kind != VAL_ARRAY || sorts->count > 8)) {
        FAULT(r, sorts, T_("“%1$s” is a list of at most %2$s."), "sorts", "8");
        return;
    }
    size_t n = sorts ? sorts->count : 0;
    struct sort_def *defs = ARENA_ARRAY(r->l->arena, struct sort_def, n + 1);
    for (size_t i = 0; i < n; i++)
        load_sort(r, def, &defs[i], sorts->items[i]);
    def->sorts = defs;
    def->n_sorts = n;
}

static void load_pictures(const struct reader_of *r, struct register_def *def, const struct val *views)
{
    const struct val *board = member(r, views, "board", false), *calendar = member(r, views, "calendar", false);
    if (board && want_object(r, board, views, "{by: state}", "by")) {
        const char *by = read_text(r, board, "by", true);
        def->board = by && strcmp(by, "state") == 0;
        if (by && !def->board)
            FAULT(r, board, T_("A board is by state."));
    }
    if (calendar && want_object(r, calendar, views, "{by: FIELD}", "by")) {
        def->calendar_by = read_field(r, def, calendar, "by", true);
        enum field_type type = def->calendar_by ? def->calendar_by->type : FIELD_DATE;
        if (type != FIELD_DATE && type != FIELD_TIME && type != FIELD_INTERVAL)
            FAULT(r, calendar, T_("The field %1$s is no date or time."), def->calendar_by->name);
    }
}

/* [{en, fr}, field, field ...] */
static void load_group(const struct reader_of *r, struct register_def *def, struct page_group *group, const struct val *tree)
{
    group->words = words_of(r, tree->items[0], tree);
    const struct field_def **fields = ARENA_ARRAY(r->l->arena, const struct field_def *, tree->count);
    for (uint32_t i = 1; i < tree->count; i++) {
        const struct field_def *field = find_field(r, def, tree->items[i]);
        if (field)
            fields[group->n_fields++] = field;
    }
    group->fields = fields;
}

static void load_groups(const struct reader_of *r, struct register_def *def, const struct val *views)
{
    const struct val *page = member(r, views, "page", false);
    if (!page || !want_object(r, page, views, "{groups}", "groups"))
        return;
    const struct val *list = member(r, page, "groups", true);
    size_t n = list && list->kind == VAL_ARRAY ? list->count : 0;
    struct page_group *groups = ARENA_ARRAY(r->l->arena, struct page_group, n + 1);
    for (size_t i = 0; i < n; i++)
        if (list->items[i]->kind == VAL_ARRAY && list->items[i]->count > 1)
            load_group(r, def, &groups[def->n_groups++], list->items[i]);
    if (list && (n == 0 || def->n_groups != n)) {
        struct reason *fault = FAULT(r, list, T_("Groups of a page are lists."));
        HINT(r, fault, T_("Write groups: [[{en: ..., fr: ...}, FIELD, FIELD]]."));
    }
    def->groups = groups;
}

void load_views(const struct reader_of *r, struct register_def *def, const struct val *tree)
{
    load_title(r, def, tree);
    const struct val *views = member(r, tree, "views", false);
    if (views && !want_object(r, views, tree, "views", "list board calendar page"))
        views = NULL;
    load_list(r, def, views);
    if (!views)
        return;
    load_pictures(r, def, views);
    load_groups(r, def, views);
}
