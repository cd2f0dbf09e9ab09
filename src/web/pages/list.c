/* SPDX-License-Identifier: GPL-3.0-or-later
 * Lists of a register: one query from the address, one set of rows. Boards and calendars stand in shapes.c, exports in export.c.
 */
#include <stdio.h>
#include <string.h>

#include "web/pages/inside.h"

static const struct column plain_columns[] = {{"number", NULL}, {"state", NULL}, {"due", NULL}, {"updated", NULL}};
static const struct column common_columns[] = {{"number", NULL}, {"state", NULL}, {"due", NULL}, {"updated", NULL}, {"label", NULL}, {"file", NULL}};
#define COMMON (sizeof common_columns / sizeof *common_columns)
#define MOST_COLUMNS 16

/* All that may stand in a column: short fields in their order, then what every record has. */
static size_t all_columns(const struct listing *listing, struct column *ret)
{
    const struct register_def *def = listing->def;
    size_t n = 0;
    for (size_t i = 0; i < def->n_fields; i++)
        if (def->fields[i].type != FIELD_PROSE && def->fields[i].type != FIELD_ATTACHMENTS)
            ret[n++] = (struct column){def->fields[i].name, &def->fields[i]};
    for (size_t i = 0; i < COMMON; i++)
        ret[n++] = common_columns[i];
    return n;
}

/* Columns that the reader chose stand in the address ("col", repeated), so that a saved view keeps them. */
static bool column_chosen(const struct request *request, const char *name)
{
    for (size_t i = 0; i < request->n_query; i++)
        if (str_eq(request->query[i].name, "col") && str_eq(request->query[i].value, name))
            return true;
    return false;
}

static void take_columns(struct listing *listing)
{
    const struct register_def *def = listing->def;
    listing->columns = def->n_columns ? def->columns : plain_columns;
    listing->n_columns = def->n_columns ? def->n_columns : 4;
    if (!request_query(listing->request, "col"))
        return;
    struct column *all = ARENA_ARRAY(listing->request->arena, struct column, def->n_fields + COMMON);
    size_t n = all_columns(listing, all), kept = 0;
    for (size_t i = 0; i < n && kept < MOST_COLUMNS; i++)
        if (column_chosen(listing->request, all[i].name))
            all[kept++] = all[i];
    if (!kept)
        return;
    listing->columns = all;
    listing->n_columns = kept;
}

/* For the chooser: each column, and whether it stands in the list now. */
static struct val *column_choices(const struct listing *listing)
{
    struct arena *arena = listing->request->arena;
    struct column *all = ARENA_ARRAY(arena, struct column, listing->def->n_fields + COMMON);
    size_t n = all_columns(listing, all);
    struct val *list = val_array(arena);
    for (size_t i = 0; i < n; i++) {
        struct val *item = val_object(arena);
        bool shown = false;
        for (size_t c = 0; c < listing->n_columns; c++)
            shown |= str_eq(listing->columns[c].name, all[i].name);
        val_set_str(arena, item, "name", all[i].name);
        val_set_str(arena, item, "words", list_column_words(listing, &all[i]));
        val_set_bool(arena, item, "shown", shown);
        val_push(arena, list, item);
    }
    return list;
}

/* What the address holds beside the columns and the place in the list: the chooser's form sends it again. */
static struct val *kept_query(const struct listing *listing, bool columns)
{
    const struct request *request = listing->request;
    struct val *list = val_array(request->arena);
    for (size_t i = 0; i < request->n_query; i++) {
        const char *name = request->query[i].name;
        if (str_eq(name, "after") || str_eq(name, "col") != columns)
            continue;
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "name", name);
        val_set_str(request->arena, item, "value", request->query[i].value);
        val_push(request->arena, list, item);
    }
    return list;
}

/* The record whose links are listed, for the filters' form. */
static struct val *kept_links(const struct listing *listing)
{
    static const char *const names[] = {"links-to", "named-in", "links-by", NULL};
    const struct request *request = listing->request;
    struct val *list = val_array(request->arena);
    for (size_t i = 0; names[i]; i++) {
        struct val *item = val_object(request->arena);
        val_set_str(request->arena, item, "name", names[i]);
        val_set_str(request->arena, item, "value", request_query(request, names[i]));
        if (request_query(request, names[i]))
            val_push(request->arena, list, item);
    }
    return list;
}

static bool can_sort(const struct register_def *def, const char *name)
{
    const struct field_def *field = register_field(def, name);
    return str_eq(name, "updated") || (str_eq(name, "due") && def->n_clocks) || (field && field->sort);
}
static bool can_filter(const struct register_def *def, const char *name)
{
    const struct field_def *field = register_field(def, name);
    return str_eq(name, "state") || (field && field->filter && field->type != FIELD_LINK && field->type != FIELD_LINKS);
}

/* "links-to" and "links-by": the records whose link field names one; "named-in" and "links-by": those that one names. The other record is read
 * like any: whoever does not read it gets the answer for an absent one. */
static enum status take_links(struct listing *listing)
{
    const struct request *request = listing->request;
    const char *to = request_query(request, "links-to"), *in = request_query(request, "named-in");
    struct record_view *other = ARENA_NEW(request->arena, struct record_view);
    listing->query.links_field = request_query(request, "links-by");
    if (!listing->query.links_field)
        return OK;
    enum status status = to || in ? office_get(request->office, request->reader, NULL, to ? to : in, request->arena, other) : BAD_INPUT;
    const struct field_def *field = status == OK ? register_field(to ? listing->def : other->def, listing->query.links_field) : NULL;
    if (status == OK && (!field || (field->type != FIELD_LINK && field->type != FIELD_LINKS)))
        return ABSENT;
    if (to)
        listing->query.links_to = other->id;
    else
        listing->query.links_from = other->id;
    listing->query.links_of = other->def;
    listing->query.sort = listing->query.text = NULL;      /* newest links first, and nothing else */
    listing->linked = other;
    listing->linked_by = field;
    return status;
}

static bool take_cursor(struct listing *listing)
{
    const struct request *request = listing->request;
    const char *text = request_query(request, "after");
    void *bytes;
    size_t len;
    if (!text)
        return true;
    if (seal_read(request->seal, request->arena, request->account, listing->def->name, text, &bytes, &len) != OK) {
        reason_add(&listing->reasons, "cursor", "after", T_("This page's address is no longer valid; begin the list anew."));
        return false;
    }
    listing->query.cursor = bytes;
    listing->query.cursor_len = len;
    return true;
}

enum status listing_take(struct listing *listing, size_t limit)
{
    const struct request *request = listing->request;
    const char *sort = request_query(request, "sort");
    reasons_init(&listing->reasons, request->arena);
    listing->def = pack_register(office_pack(request->office), request_part(request, 0));
    if (!listing->def || !reader_sees(request->reader, listing->def))
        return ABSENT;
    take_columns(listing);
    listing->query = (struct query){.register_ = listing->def->name, .text = request_query(request, "q"), .limit = limit, .with_links = limit >= 1000 ? 1000 : request->api ? LINKS_SHOWN : 10, .filters = listing->filters};
    for (size_t i = 0; i < request->n_query && listing->query.n_filters < 16; i++)
        if (can_filter(listing->def, request->query[i].name) && request->query[i].value[0])
            listing->filters[listing->query.n_filters++] = (struct filter){request->query[i].name, request->query[i].value};
    if (sort && *sort == '-') {
        listing->query.sort = sort + 1;
        listing->query.descending = true;
    } else if (sort) {
        listing->query.sort = sort;
        listing->query.ascending = true;
    }
    if (listing->query.sort && !can_sort(listing->def, listing->query.sort))
        listing->query.sort = NULL;
    enum status status = take_links(listing);
    if (status != OK)
        return status;
    if (!take_cursor(listing))
        return BAD_INPUT;
    return office_find(request->office, request->reader, &listing->query, request->arena, &listing->reasons, &listing->page);
}

/* The list's own address with one parameter changed (value NULL: dropped); the cursor never survives a change. */
static const char *address(const struct listing *listing, const char *name, const char *value)
{
    const struct request *request = listing->request;
    struct buf text;
    char sep = '?';
    buf_init(&text, 1 << 16);
    buf_adds(&text, register_href(request->arena, listing->def));
    for (size_t i = 0; i < request->n_query; i++) {
        if (str_eq(request->query[i].name, name) || str_eq(request->query[i].name, "after"))
            continue;
        buf_addf(&text, "%c%s=", sep, request->query[i].name);
        for (const char *c = request->query[i].value; *c; c++)
            if ((*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') || (*c >= '0' && *c <= '9') || strchr("-_.~", *c))
                buf_addc(&text, *c);
            else
                buf_addf(&text, "%%%02X", (unsigned char)*c);
        sep = '&';
    }
    if (value)
        buf_addf(&text, "%c%s=%s", sep, name, value);
    const char *ret = arena_strndup(request->arena, text.data, text.len);
    buf_free(&text);
    return ret;
}

const char *list_column_words(const struct listing *listing, const struct column *column)
{
    static const struct { const char *name, *words; } fixed[] = {{"number", T_("Number")}, {"state", T_("State")}, {"due", T_("Due")}, {"updated", T_("Changed")}, {"label", T_("Mark")}, {"file", T_("File")}};
    if (column->field)
        return words_in(&column->field->words, listing->request->lang);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++)
        if (str_eq(fixed[i].name, column->name))
            return tr(listing->request->lang, fixed[i].words);
    return column->name;
}

static struct val *heads(const struct listing *listing)
{
    struct arena *arena = listing->request->arena;
    struct val *list = val_array(arena);
    for (size_t i = 0; i < listing->n_columns; i++) {
        const struct column *column = &listing->columns[i];
        struct val *head = val_object(arena);
        bool sorted = str_eq(listing->query.sort, column->name);
        val_set_str(arena, head, "name", list_column_words(listing, column));
        if (!listing->linked && can_sort(listing->def, column->name))
            val_set_str(arena, head, "href", address(listing, "sort", sorted && !listing->query.descending ? arena_printf(arena, "-%s", column->name) : column->name));
        if (sorted)
            val_set_str(arena, head, "order", listing->query.descending ? "descending" : "ascending");
        val_push(arena, list, head);
    }
    return list;
}

/* Filters as words in one line: each choice is an address of its own. */
static struct val *filter_of(const struct listing *listing, const char *name, const char *words)
{
    struct arena *arena = listing->request->arena;
    struct val *filter = val_object(arena), *options = val_array(arena);
    const char *now = request_query(listing->request, name);
    const struct field_def *field = register_field(listing->def, name);
    size_t n = field ? (field->of ? field->of->n_terms : field->type == FIELD_BOOLEAN ? 2 : 0) : listing->def->n_states;
    for (size_t i = 0; i < n; i++) {
        struct val *option = val_object(arena);
        const char *value = !field ? listing->def->states[i].name : field->of ? field->of->terms[i].name : i ? "false" : "true";
        const char *text = !field ? words_in(&listing->def->states[i].words, listing->request->lang)
                         : field->of ? words_in(&field->of->terms[i].words, listing->request->lang) : tr(listing->request->lang, i ? T_("no") : T_("yes"));
        val_set_str(arena, option, "text", text);
        val_set_str(arena, option, "value", value);
        val_set_bool(arena, option, "chosen", str_eq(now, value));
        val_push(arena, options, option);
    }
    val_set_str(arena, filter, "name", name);
    val_set_str(arena, filter, "words", words);
    val_set(arena, filter, "options", options);
    val_set_bool(arena, filter, "set", now && *now);
    return filter;
}

static struct val *filters(const struct listing *listing)
{
    struct arena *arena = listing->request->arena;
    struct val *list = val_array(arena);
    val_push(arena, list, filter_of(listing, "state", tr(listing->request->lang, T_("State"))));
    for (size_t i = 0; i < listing->def->n_fields; i++) {
        const struct field_def *field = &listing->def->fields[i];
        if (can_filter(listing->def, field->name) && (field->of || field->type == FIELD_BOOLEAN))
            val_push(arena, list, filter_of(listing, field->name, words_in(&field->words, listing->request->lang)));
    }
    return list;
}

static void add_total(const struct listing *listing, struct val *data)
{
    size_t total;
    struct query query = listing->query;
    query.cursor_len = 0;
    if ((query.text && *query.text) || listing->linked)
        return;
    if (office_count(listing->request->office, listing->request->reader, &query, 10000, &total) != OK)
        return;
    val_set_int(listing->request->arena, data, "total", total > 10000 ? 10000 : (int64_t)total);
    val_set_bool(listing->request->arena, data, "more-than", total > 10000);
}

void list_frame(const struct listing *listing, struct val *data, const char *shape)
{
    const struct request *request = listing->request;
    struct arena *arena = request->arena;
    val_set_str(arena, data, "shape", shape);
    val_set_str(arena, data, "here", register_href(request->arena, listing->def));
    val_set_str(arena, data, "register", listing->def->name);
    val_set_str(arena, data, "name", words_in(&listing->def->words, request->lang));
    val_set_str(arena, data, "one", words_in(&listing->def->one, request->lang));
    val_set_str(arena, data, "help", words_in(&listing->def->help, request->lang));
    val_set_str(arena, data, "q", request_query(request, "q"));
    val_set_str(arena, data, "sort", request_query(request, "sort"));
    val_set(arena, data, "filters", filters(listing));
    const char *here = address(listing, "view", request_query(request, "view")), *query = strchr(here, '?');
    val_set_str(arena, data, "query", query ? query + 1 : "");
    val_set(arena, data, "views", views_of(request, listing->def));
    val_set_bool(arena, data, "board", listing->def->board);
    val_set_bool(arena, data, "calendar", listing->def->calendar_by != NULL);
    bool may = false;
    for (size_t i = 0; i < listing->def->n_create_rights; i++)
        may |= reader_has_right(request->reader, listing->def->create_rights[i]);
    val_set_bool(arena, data, "may-create", may);
    val_set_bool(arena, data, "may-import", may && (reader_has_right(request->reader, "export-records") || (str_eq(listing->def->name, "control") && reader_has_right(request->reader, "import-controls"))));
    val_set_bool(arena, data, "may-export", reader_has_right(request->reader, "export-records"));
    const char *shapes[] = {"board", "calendar", "csv", "xlsx", "html"};
    for (size_t i = 0; i < 5; i++)
        val_set_str(arena, data, arena_printf(arena, "%s-href", shapes[i]), address(listing, i < 2 ? "view" : "format", shapes[i]));
    val_set_str(arena, data, "list-href", address(listing, "view", NULL));
}

static enum status as_list(struct listing *listing, struct answer *answer)
{
    const struct request *request = listing->request;
    struct arena *arena = request->arena;
    struct val *data = val_object(arena), *rows = val_array(arena);
    struct shown shown;
    shown_begin(&shown, request);
    if (listing->linked) {
        shown_record(&shown, listing->linked);
        val_set_str(arena, data, "linked", words_in(&listing->linked->titles, request->lang));
        val_set_str(arena, data, "linked-href", record_href(request, listing->linked->def, listing->linked->number));
        val_set_str(arena, data, "linked-by", words_in(&listing->linked_by->words, request->lang));
        val_set_bool(arena, data, "linked-from", listing->query.links_from != 0);
        val_set(arena, data, "kept-links", kept_links(listing));
    }
    for (size_t i = 0; i < listing->page.n_rows; i++) {
        shown_record(&shown, &listing->page.rows[i]);
        val_push(arena, rows, row_of(request, &listing->page.rows[i], listing->columns, listing->n_columns));
    }
    val_set(arena, data, "heads", heads(listing));
    val_set(arena, data, "rows", rows);
    if (listing->page.next)
        val_set_str(arena, data, "next", address(listing, "after", seal_write(request->seal, arena, request->account, listing->def->name, listing->page.next, listing->page.next_len)));
    if (request_query(request, "after"))
        val_set_str(arena, data, "first", address(listing, "after", NULL));
    add_total(listing, data);
    val_set(arena, data, "columns", column_choices(listing));
    val_set(arena, data, "kept", kept_query(listing, false));
    val_set(arena, data, "kept-columns", kept_query(listing, true));
    list_frame(listing, data, "list");
    enum status status = shown_end(&shown, data, "read");
    if (status == OK)
        answer_page(request, answer, "list", data);
    return status;
}

static enum status get_list(const struct request *request, struct answer *answer)
{
    struct listing listing = {.request = request};
    const char *format = request_query(request, "format"), *view = request_query(request, "view");
    enum status status = listing_take(&listing, format ? 1000 : 50);
    if (status == BAD_INPUT && listing.reasons.count) {
        answer_reasons(request, answer, status, &listing.reasons);
        return OK;
    }
    if (status != OK)
        return status;
    if (format)
        return list_export(&listing, format, answer);
    if (str_eq(view, "board") && listing.def->board)
        return list_board(&listing, answer);
    if (str_eq(view, "calendar") && listing.def->calendar_by)
        return list_calendar(&listing, answer);
    return as_list(&listing, answer);
}

const struct page list_pages[] = {{METHOD_GET, "/{register}", "", "list", get_list}, {METHOD_GET, "/all/{register}", "", "list-all", get_list}, {0}};
