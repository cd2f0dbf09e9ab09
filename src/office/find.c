/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Door two. Every read on somebody's behalf comes through here with their guards; what they may not read is never fetched. Pages are
 * keyset pages: a cursor is the last row's key and id.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct view *view_take(struct office *office)
{
    struct view *view = NULL;
    pthread_mutex_lock(&office->views.lock);
    if (office->views.n)
        view = office->views.views[--office->views.n];
    pthread_mutex_unlock(&office->views.lock);
    if (!view && view_open(office->store, &view) != OK)
        return NULL;
    return view;
}

void view_give(struct office *office, struct view *view)
{
    pthread_mutex_lock(&office->views.lock);
    bool kept = office->views.n < sizeof office->views.views / sizeof *office->views.views;
    if (kept && office->views.n >= VIEWS_WARM)
        view_shrink(view);                   /* one of a crowd that has gone: it keeps its statements, not its pages */
    if (kept)
        office->views.views[office->views.n++] = view;
    pthread_mutex_unlock(&office->views.lock);
    if (!kept)
        view_close(view);
}

/* ---- one record as a reader sees it ---- */

/* One snapshot. Within it a record that was looked up stays what it was: the ends of links and the files' numbers of a
 * page are few and come again with every row. */
enum { ENDS = 64 };
struct end { record_id id; bool there; struct record_view view; };
struct file_no { record_id id; const char *number; };
struct looking {
    struct office *office; const struct reader *reader; struct view *view; struct arena *arena; struct guards all;
    struct end *ends;                      /* by id, made when first needed */
    struct file_no files[ENDS];
    struct stored_record stored;           /* the record that was fetched by its number, as it lies and as it was read */
    struct image image;
};

static void fill_clocks(const struct image *image, struct arena *arena, struct record_view *ret)
{
    struct clock_view *clocks = ARENA_ARRAY(arena, struct clock_view, image->def->n_clocks + 1);
    for (size_t i = 0; i < image->def->n_clocks; i++) {
        const struct val *clock = val_get(image->clocks, image->def->clocks[i].name);
        if (clock)
            clocks[ret->n_clocks++] = (struct clock_view){&image->def->clocks[i], val_get_int(clock, "due", MOMENT_NONE),
                                                          val_get_int(clock, "stopped", MOMENT_NONE)};
    }
    ret->clocks = clocks;
}

/* NULL when the reader may not read the file's own record. The model knows number and guard of every file that stands; any other (it may
 * have been erased) is looked up. */
static const char *find_file_number(struct looking *look, record_id id)
{
    struct office *office = look->office;
    struct stored_record stored;
    const char *number = NULL;
    pthread_rwlock_rdlock(&office->lock);
    const struct m_file *file = idmap_get(&office->published->files, id);
    bool known = file && file->guard;
    if (known && guards_have(&look->all, file->guard))
        number = arena_strdup(look->arena, file->number);
    pthread_rwlock_unlock(&office->lock);
    if (!known && view_record(look->view, &look->all, id, look->arena, &stored) == OK)
        number = stored.number;
    return number;
}

static const char *file_number(struct looking *look, record_id id)
{
    struct file_no *kept = &look->files[(uint64_t)id % (sizeof look->files / sizeof *look->files)];
    if (kept->id != id)
        *kept = (struct file_no){id, find_file_number(look, id)};
    return kept->number;
}

static void show(struct looking *look, const struct stored_record *stored, const struct image *of, struct record_view *ret)
{
    const struct image image = *of;
    struct words titles = image_titles(look->office->pack, &image, look->arena);
    *ret = (struct record_view){.id = image.id, .def = image.def, .number = image.number, .title = titles.in[LANG_EN], .titles = titles,
        .state = &image.def->states[image.state], .state_index = image.state, .version = LEAK(21) ? stored->version : 0,
        .stored_version = stored->version, .created = image.created, .updated = image.updated,
        .label = intern_label(look->office->intern, image.label)->label, .label_id = image.label, .file = image.file,
        .party = image.party, .fields = attachments_shown(image.def, image.fields, look->arena), .stored_fields = image.fields, .since = image.since, .hands = image.hands,
        .due = image_due(&image), .position = stored->position};
    fill_clocks(&image, look->arena, ret);
    if (LEAK(22))
        ret->due = leak_due(look->office, look->view, image.id, ret->due, look->arena);
    if (image.file)
        ret->file_number = image.file == image.id ? image.number : file_number(look, image.file);
    if (image.file && LEAK(28))
        ret->file_number = leak_file_title(look->office, look->view, image.file, look->arena);
}

static bool fill(struct looking *look, struct stored_record *stored, struct record_view *ret)
{
    struct image image;
    bool whole = image_consume_stored(look->office->pack, stored, look->arena, &image) == OK;
    if (whole)
        show(look, stored, &image, ret);
    return whole;
}

static const struct field_def *link_field(const struct office *office, field_id id)
{
    return id < (field_id)office->access.n_registers ? office->link_fields[id] : NULL;
}

/* The other end of a link as the reader sees it; NULL when they do not. */
static const struct record_view *end_of(struct looking *look, record_id id)
{
    struct stored_record stored;
    const struct guards all = LEAK_GUARDS(5, look->office, look->all);
    if (!look->ends)
        look->ends = ARENA_ARRAY(look->arena, struct end, ENDS);
    struct end *end = &look->ends[(uint64_t)id % ENDS];
    if (end->id != id) {
        end->id = id;
        end->there = view_record(look->view, &all, id, look->arena, &stored) == OK && fill(look, &stored, &end->view);
    }
    return end->there ? &end->view : NULL;
}

/* At most `each` of every field. */
static size_t fill_links(struct looking *look, record_id end, bool outgoing, size_t each, struct link_view **ret)
{
    struct stored_link *links;
    struct link_range range = {.outgoing = outgoing, .each = each + 1};
    size_t n, kept = 0, of_field = 0;
    const struct guards all = LEAK_GUARDS(5, look->office, look->all);
    if (view_links(look->view, &all, end, &range, look->arena, &links, &n) != OK)
        n = 0;
    struct link_view *views = ARENA_ARRAY(look->arena, struct link_view, n + 1);
    for (size_t i = 0; i < n; i++) {
        record_id id = outgoing ? links[i].to : links[i].from;
        const struct field_def *field = link_field(look->office, links[i].field);
        of_field = i && links[i - 1].field == links[i].field ? of_field + 1 : 1;
        if (of_field > each) {
            if (kept && views[kept - 1].field == field)
                views[kept - 1].more = true;
            continue;
        }
        const struct record_view *other = field ? end_of(look, id) : NULL;
        if (other)
            views[kept++] = (struct link_view){field, links[i].id, id, other->number, other->title, other->def, other->state->name, links[i].made, other->titles,
                                               other->label, false};
    }
    *ret = views;
    return kept;
}

/* Versions are numbered among those that the reader may read. */
static bool may_label(const struct reader *reader, label_id id, struct arena *arena)
{
    struct reasons scratch;
    reasons_init(&scratch, arena);
    return holder_label(reader->holder, intern_label(reader->office->intern, id), &scratch);
}

/* The versions of the record that was fetched, newest first; of one that has but one, that. */
static enum status versions_of(struct looking *look, struct stored_record **ret, size_t *ret_n)
{
    if (look->stored.version > 1)
        return view_versions(look->view, &look->all, look->stored.id, look->arena, ret, ret_n);
    *ret = &look->stored;
    *ret_n = 1;
    return OK;
}

static int64_t version_for(const struct looking *look, const struct record_view *record, const struct stored_record *versions, size_t n)
{
    int64_t count = 0;
    for (size_t i = 0; i < n; i++)
        if (versions[i].label == record->label_id || may_label(look->reader, versions[i].label, look->arena) || LEAK(11))
            count++;
    return count ? count : 1;
}

int64_t record_seen(const struct office *office, const struct record_view *record)
{
    return seen_version(&(struct version_seen){.id = record->id, .file = record->file, .party = record->party, .updated = record->updated,
        .state = record->state->name, .label = intern_label(office->intern, record->label_id)->text, .fields = record->fields});
}

static enum status look_begin(struct looking *look, struct office *office, const struct reader *reader, struct arena *arena)
{
    *look = (struct looking){.office = office, .reader = reader, .view = view_take(office), .arena = arena, .all = LEAK_GUARDS(4, office, reader_guards(reader, NULL))};
    if (!look->view)
        return FAILED_IO;
    enum status status = view_begin(look->view);
    if (status != OK)
        view_give(office, look->view);
    return status;
}
static void look_end(struct looking *look)
{
    view_end(look->view);
    view_give(look->office, look->view);
}

static enum status fetch(struct looking *look, const char *register_, const char *number, struct record_view *ret)
{
    struct stored_record *stored = &look->stored;
    record_id id = number_id(number);
    enum status status = id ? view_record(look->view, &look->all, id, look->arena, stored) : ABSENT;
    if (LEAK(39) && status == ABSENT && leak_erased(look->office, look->view, id, look->arena))
        return REFUSED;
    if (LEAK(16) && status == ABSENT && leak_exists(look->office, look->view, id, look->arena))
        return REFUSED;
    if (status != OK)
        return status;
    if (!str_eq(stored->number, number) || (register_ && !str_eq(stored->register_, register_)) ||
        image_from_stored(look->office->pack, stored, look->arena, &look->image) != OK)
        return ABSENT;
    show(look, stored, &look->image, ret);
    return OK;
}

static size_t history(struct looking *, const struct record_view *, struct stored_record *versions, size_t n, struct version_view **ret);

/* The record, its links and, where wanted, its history, out of one snapshot and with no row asked for twice. */
enum status office_get_whole(struct office *office, const struct reader *reader, const char *register_, const char *number,
                             struct arena *arena, struct record_view *ret, struct version_view **ret_versions, size_t *ret_n)
{
    struct looking look;
    struct record_view record;
    struct stored_record *versions = NULL;
    size_t n = 0;
    enum status status = look_begin(&look, office, reader, arena);
    if (status != OK)
        return status;
    status = fetch(&look, register_, number, &record);
    if (status == OK) {
        struct link_view *links, *back;
        record.n_links = fill_links(&look, record.id, true, LINKS_SHOWN, &links);
        record.n_back = fill_links(&look, record.id, false, LINKS_SHOWN, &back);
        record.links = links;
        record.back = back;
        record.version = versions_of(&look, &versions, &n) == OK ? version_for(&look, &record, versions, n) : record.stored_version;
        if (ret_versions)
            *ret_n = history(&look, &record, versions, n, ret_versions);
        *ret = record;
    }
    look_end(&look);
    return status;
}

enum status office_get(struct office *office, const struct reader *reader, const char *register_, const char *number,
                       struct arena *arena, struct record_view *ret)
{
    return office_get_whole(office, reader, register_, number, arena, ret, NULL, NULL);
}

/* ---- lists ---- */

struct plan {
    const struct register_def *def;
    struct scan scan;
    bool search, linked;
    const struct filter *rest[16]; size_t n_rest;     /* filters that the index does not cover */
};

static bool filter_key(const struct plan *plan, const struct filter *filter, struct buf *key)
{
    const struct field_def *field = register_field(plan->def, filter->field);
    if (str_eq(filter->field, "state")) {
        buf_adds(key, filter->value);
        buf_addc(key, 0);
        return true;
    }
    return field && index_value_key(field, filter->value, key);
}

static const struct index_def *pair_index(const struct index_plan *indexes, const char *filter, const char *sort)
{
    for (size_t i = 0; i < indexes->n; i++)
        if (indexes->defs[i].kind == INDEX_PAIR && str_eq(indexes->defs[i].pair->filter_name, filter) &&
            str_eq(indexes->defs[i].pair->by_name, sort))
            return &indexes->defs[i];
    return NULL;
}

static const struct index_def *filter_index(const struct index_plan *indexes, const struct plan *plan, const char *name)
{
    return str_eq(name, "state") ? index_find(indexes, INDEX_STATE, NULL)
                                 : index_find(indexes, INDEX_FILTER, register_field(plan->def, name));
}

static const struct index_def *sort_index(const struct index_plan *indexes, const struct plan *plan, const char *name)
{
    if (!name || str_eq(name, "updated"))
        return index_find(indexes, INDEX_UPDATED, NULL);
    if (str_eq(name, "due"))
        return index_find(indexes, INDEX_DUE, NULL);
    if (str_eq(name, "state"))
        return index_find(indexes, INDEX_STATE, NULL);
    return index_find(indexes, INDEX_SORT, register_field(plan->def, name));
}

static bool bad_query(struct reasons *reasons, const char *english, const char *name)
{
    reason_add(reasons, "query", name, english, name ? name : "");
    return false;
}

/* Chooses the index: a declared pair, else a filter in the default order, else the sort's own; what is not covered is checked row by row. */
static bool make_plan(const struct office *office, const struct query *query, struct arena *arena, struct reasons *reasons, struct plan *plan)
{
    const struct index_plan *indexes = &office->plans[plan->def->index];
    const struct index_def *index = NULL;
    bool by_time = !query->sort || str_eq(query->sort, "updated");
    struct buf prefix;
    size_t covered = SIZE_MAX;
    if (query->n_filters > 16)
        return bad_query(reasons, T_("There are too many filters."), NULL);
    for (size_t f = 0; f < query->n_filters; f++)
        if (!filter_index(indexes, plan, query->filters[f].field))
            return bad_query(reasons, T_("This register is not filtered by \"%1$s\"."), query->filters[f].field);
    buf_init(&prefix, 4096);
    for (size_t f = 0; !index && f < query->n_filters; f++) {
        index = by_time ? filter_index(indexes, plan, query->filters[f].field) : pair_index(indexes, query->filters[f].field, query->sort);
        if (index)
            covered = f;
    }
    if (index && !filter_key(plan, &query->filters[covered], &prefix)) {
        buf_free(&prefix);
        return bad_query(reasons, T_("The filter's value does not fit \"%1$s\"."), query->filters[covered].field);
    }
    if (!index)
        index = sort_index(indexes, plan, query->sort);
    if (!index) {
        buf_free(&prefix);
        return bad_query(reasons, T_("This register is not sorted by \"%1$s\"."), query->sort);
    }
    for (size_t f = 0; f < query->n_filters; f++)
        if (f != covered)
            plan->rest[plan->n_rest++] = &query->filters[f];
    plan->scan = (struct scan){.field = index->id, .prefix = prefix.len ? arena_memdup(arena, prefix.data, prefix.len) : NULL,
                               .prefix_len = prefix.len, .descending = by_time ? !query->ascending : query->descending};
    buf_free(&prefix);
    return true;
}

static bool value_is(const struct val *value, const char *wanted)
{
    char number[32];
    if (!value)
        return false;
    if (value->kind == VAL_STR)
        return str_eq(value->str.s, wanted);
    if (value->kind == VAL_BOOL)
        return str_eq(value->truth ? "true" : "false", wanted);
    if (value->kind == VAL_INT) {
        snprintf(number, sizeof number, "%lld", (long long)value->number);
        return str_eq(number, wanted);
    }
    for (size_t i = 0; value->kind == VAL_ARRAY && i < value->count; i++)
        if (value_is(value->items[i], wanted))
            return true;
    return false;
}

static bool passes(const struct record_view *record, const struct filter *const *filters, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        bool good = str_eq(filters[i]->field, "state") ? str_eq(record->state->name, filters[i]->value)
                                                       : value_is(val_get(record->fields, filters[i]->field), filters[i]->value);
        if (!good)
            return false;
    }
    return true;
}

static bool add_row(struct looking *look, const struct query *query, record_id id, const struct filter *const *filters, size_t n_filters,
                    struct page_of *page)
{
    struct stored_record stored;
    struct record_view *row = &page->rows[page->n_rows];
    if (view_record(look->view, &look->all, id, look->arena, &stored) != OK || !fill(look, &stored, row) || !passes(row, filters, n_filters))
        return false;
    if (query->with_links) {
        struct link_view *links;
        row->n_links = fill_links(look, id, true, query->with_links, &links);
        row->links = links;
    }
    page->n_rows++;
    return true;
}

static void cursor_of(struct arena *arena, const void *key, size_t len, record_id id, struct page_of *page)
{
    char *cursor = arena_alloc(arena, len + sizeof id);
    memcpy(cursor, &id, sizeof id);
    memcpy(cursor + sizeof id, key, len);
    page->next = cursor;
    page->next_len = len + sizeof id;
}

/* Most rows that one page may look at when a filter is not covered by an index; then the page ends early, with a cursor. */
#define LOOKED_AT_MOST 5000

static enum status list(struct looking *look, const struct query *query, struct plan *plan, size_t limit, struct page_of *page)
{
    struct guards guards = LEAK_GUARDS_IF(LEAK(2) || LEAK(4) || (LEAK(13) && strcmp(plan->def->name, "proposal") == 0) || (LEAK(30) && query->limit == 1000), look->office, reader_guards(look->reader, strcmp(plan->def->name, "proposal") == 0 ? NULL : plan->def));
    struct scan scan = plan->scan;
    struct scan_row *rows;
    size_t n, looked = 0;
    if (query->cursor_len >= sizeof(record_id)) {
        memcpy(&scan.after_record, query->cursor, sizeof(record_id));
        scan.after = (const char *)query->cursor + sizeof(record_id);
        scan.after_len = query->cursor_len - sizeof(record_id);
    }
    for (;;) {
        scan.limit = limit - page->n_rows + 1;
        enum status status = view_scan(look->view, &guards, &scan, look->arena, &rows, &n);
        if (status != OK || !n)
            return status;
        for (size_t i = 0; i < n; i++) {
            if (page->n_rows == limit || looked == LOOKED_AT_MOST) {
                cursor_of(look->arena, scan.after, scan.after_len, scan.after_record, page);
                return OK;
            }
            looked++;
            (void)add_row(look, query, rows[i].id, plan->rest, plan->n_rest, page);
            scan.after = rows[i].key;
            scan.after_len = rows[i].key_len;
            scan.after_record = rows[i].id;
        }
        if (n < scan.limit)
            return OK;
    }
}

static enum status search(struct looking *look, const struct query *query, const struct register_def *def, size_t limit, struct page_of *page)
{
    const char **terms;
    size_t n_terms = text_terms(look->arena, query->text, strlen(query->text), 16, &terms), n;
    struct guards guards = LEAK_GUARDS_IF(LEAK(3) || LEAK(14), look->office, reader_guards(look->reader, def));
    moment before = MOMENT_EVER, *updated;
    record_id before_record = 0, *ids;
    const struct filter *filters[16];
    if (!n_terms)
        return OK;
    for (size_t f = 0; f < query->n_filters && f < 16; f++)
        filters[f] = &query->filters[f];
    if (query->cursor_len == sizeof(record_id) + sizeof(moment)) {
        memcpy(&before_record, query->cursor, sizeof before_record);
        memcpy(&before, (const char *)query->cursor + sizeof before_record, sizeof before);
    }
    for (size_t looked = 0; looked < LOOKED_AT_MOST;) {
        size_t want = limit - page->n_rows + 1;
        enum status status = view_search(look->view, &guards, terms, n_terms, before, before_record, want, look->arena, &ids, &updated, &n);
        if (status != OK)
            return status;
        for (size_t i = 0; i < n; i++, looked++) {
            if (page->n_rows == limit) {
                cursor_of(look->arena, &before, sizeof before, before_record, page);
                return OK;
            }
            (void)add_row(look, query, ids[i], filters, query->n_filters, page);
            before = updated[i];
            before_record = ids[i];
        }
        if (n < want || LEAK(3))
            return OK;
    }
    cursor_of(look->arena, &before, sizeof before, before_record, page);
    return OK;
}

/* The place behind a link: the record at its other end, the link, when it was made. The guard is looked up again, since its number would tell
 * how many there are. */
struct linked_place { record_id other, link; moment made; };

static enum status linked_from(struct looking *look, const struct query *query, struct reasons *reasons, struct link_range *range)
{
    struct linked_place place;
    struct stored_record at;
    if (!query->cursor_len)
        return OK;
    if (query->cursor_len != sizeof place) {
        reason_add(reasons, "cursor", "after", T_("This place in the list belongs to another list."));
        return BAD_INPUT;
    }
    memcpy(&place, query->cursor, sizeof place);
    enum status status = view_record(look->view, &look->all, place.other, look->arena, &at);
    if (status == ABSENT) {
        reason_add(reasons, "cursor", "after", T_("This place in the list is no longer there."));
        reason_next(reasons, reasons->last, T_("Begin again at the list's first page."));
        return BAD_INPUT;
    }
    if (status == OK)
        *range = (struct link_range){range->outgoing, range->field, at.guard, place.made, place.link, range->each};
    return status;
}

static void linked_cursor(struct arena *arena, const struct stored_link *link, bool outgoing, struct page_of *page)
{
    struct linked_place place = {outgoing ? link->to : link->from, link->id, link->made};
    page->next = arena_memdup(arena, &place, sizeof place);
    page->next_len = sizeof place;
}

static enum status linked(struct looking *look, const struct query *query, const struct register_def *def, size_t limit, struct reasons *reasons,
                          struct page_of *page)
{
    struct link_range range = {.outgoing = query->links_from != 0};
    const struct register_def *of = range.outgoing ? query->links_of : def;
    const struct field_def *field = of ? register_field(of, query->links_field) : NULL;
    const struct index_def *index = field ? index_find(&look->office->plans[of->index], INDEX_LINK, field) : NULL;
    const struct filter *filters[16];
    if (!index || query->n_filters > 16)
        return BAD_INPUT;
    for (size_t f = 0; f < query->n_filters; f++)
        filters[f] = &query->filters[f];
    range.field = index->id;
    enum status status = linked_from(look, query, reasons, &range);
    const struct stored_link *last = NULL;
    for (size_t looked = 0; status == OK;) {
        struct stored_link *links;
        size_t n;
        range.each = limit - page->n_rows + 1;
        status = view_links(look->view, &look->all, range.outgoing ? query->links_from : query->links_to, &range, look->arena, &links, &n);
        for (size_t i = 0; status == OK && i < n; i++, looked++) {
            if (page->n_rows == limit || looked == LOOKED_AT_MOST) {
                linked_cursor(look->arena, last, range.outgoing, page);
                return OK;
            }
            last = &links[i];
            record_id other = range.outgoing ? last->to : last->from;
            if (add_row(look, query, other, filters, query->n_filters, page) && def && page->rows[page->n_rows - 1].def != def)
                page->n_rows--;                /* a field that names records of several registers */
            range.after_guard = range.outgoing ? last->to_guard : last->from_guard;
            range.after_made = last->made;
            range.after = last->id;
        }
        if (n < range.each)
            break;
    }
    return status;
}

enum status office_find(struct office *office, const struct reader *reader, const struct query *query, struct arena *arena,
                        struct reasons *reasons, struct page_of *ret)
{
    struct looking look;
    struct plan plan = {.def = query->register_ ? pack_register(office->pack, query->register_) : NULL};
    size_t limit = query->limit ? query->limit : 50;
    bool text = query->text && *query->text;
    struct page_of page = {0};
    if (limit > 1000)
        limit = 1000;
    if ((query->register_ && (!plan.def || (!reader_sees(reader, plan.def) && strcmp(plan.def->name, "proposal") != 0))) || (!plan.def && !text)) {
        reason_add(reasons, "register", "register", T_("There is no such register: %1$s."), query->register_ ? query->register_ : "");
        return ABSENT;
    }
    if (!text && !query->links_field && !make_plan(office, query, arena, reasons, &plan))
        return BAD_INPUT;
    enum status status = look_begin(&look, office, reader, arena);
    if (status != OK)
        return status;
    page.rows = ARENA_ARRAY(arena, struct record_view, limit + 1);
    if ((LEAK(13) && plan.def && strcmp(plan.def->name, "proposal") == 0) || (LEAK(14) && text) || (LEAK(30) && query->limit == 1000))
        look.all = leak_guards(office);
    status = text ? search(&look, query, plan.def, limit, &page)
           : query->links_field ? linked(&look, query, plan.def, limit, reasons, &page)
                                : list(&look, query, &plan, limit, &page);
    look_end(&look);
    if (status == OK)
        *ret = page;
    return status;
}

enum status office_count(struct office *office, const struct reader *reader, const struct query *query, size_t most, size_t *ret)
{
    struct looking look;
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct plan plan = {.def = query->register_ ? pack_register(office->pack, query->register_) : NULL};
    enum status status = ABSENT;
    if (!arena)
        return NO_MEMORY;
    reasons_init(&reasons, arena);
    if (plan.def && !query->links_field && reader_sees(reader, plan.def) && make_plan(office, query, arena, &reasons, &plan) && !plan.n_rest) {
        struct guards guards = LEAK_GUARDS(1, office, reader_guards(reader, strcmp(plan.def->name, "proposal") == 0 ? NULL : plan.def));
        status = look_begin(&look, office, reader, arena);
        if (status == OK) {
            status = view_count(look.view, &guards, &plan.scan, most, ret);
            look_end(&look);
        }
    }
    arena_free(arena);
    return status;
}

/* ---- history ---- */

static const char *shown(const struct office *office, const struct field_def *field, const struct val *value, enum lang lang, struct arena *arena)
{
    const char *words = field_words(office, field, value, lang, arena);
    return !words ? "–" : utf8_count(words, strlen(words)) > 300 ? arena_printf(arena, "%s …", tr(lang, T_("a longer text"))) : words;
}

static void difference(const struct office *office, struct arena *arena, const struct register_def *def, const struct val *former, const struct val *now, struct reasons *ret)
{
    reasons_init(ret, arena);
    for (size_t i = 0; i < def->n_fields; i++) {
        const struct field_def *field = &def->fields[i];
        const struct val *a = val_get(former, field->name), *b = val_get(now, field->name);
        if (a == b || (a && b && val_equal(a, b)))
            continue;
        struct reason *reason = reason_add(ret, "changed", field->name, "%1$s: %2$s → %3$s", field->words.in[LANG_EN], shown(office, field, a, LANG_EN, arena), shown(office, field, b, LANG_EN, arena));
        reason->text.in[LANG_FR] = arena_printf(arena, "%s : %s → %s", field->words.in[LANG_FR], shown(office, field, a, LANG_FR, arena), shown(office, field, b, LANG_FR, arena));
    }
}

static size_t history(struct looking *look, const struct record_view *record, struct stored_record *versions, size_t n, struct version_view **ret)
{
    const struct office *office = look->office;
    struct arena *arena = look->arena;
    size_t kept = 0;
    struct version_view *views = ARENA_ARRAY(arena, struct version_view, n + 1);
    const struct val *former = NULL;
    for (size_t i = n; i-- > 0;) {        /* oldest first, so that differences run forward */
        struct image image = look->image;
        if (versions[i].label != record->label_id && !may_label(look->reader, versions[i].label, arena) && !LEAK(12))
            continue;
        struct version_view *view = &views[kept++];
        *view = (struct version_view){.number = (int64_t)kept, .position = versions[i].position, .time = versions[i].updated, .erased = true,
                                      .label = intern_label(office->intern, versions[i].label)->label, .state = versions[i].state};
        reasons_init(&view->changes, arena);
        versions[i].number = record->number;
        if (versions[i].position != look->stored.position && image_from_stored(office->pack, &versions[i], arena, &image) != OK)
            continue;
        view->erased = false;
        view->time = image.updated;
        view->post = image.post;
        view->step = image.step;
        view->reason = image.reason;
        view->fields = image.fields;
        view->state = image.def->states[image.state].name;
        if (image.by) {
            const struct record_view *about = end_of(look, image.by);
            if (about)
                view->person = about->title;
        }
        if (former)
            difference(office, arena, image.def, former, image.fields, &view->changes);
        former = image.fields;
    }
    *ret = views;
    return kept;
}

enum status office_history(struct office *office, const struct reader *reader, const char *number, struct arena *arena,
                           struct version_view **ret, size_t *ret_n)
{
    struct looking look;
    struct record_view record;
    struct stored_record *versions;
    size_t n;
    enum status status = look_begin(&look, office, reader, arena);
    if (status != OK)
        return status;
    status = fetch(&look, NULL, number, &record);
    if (status == OK)
        status = versions_of(&look, &versions, &n);
    if (status == OK)
        *ret_n = history(&look, &record, versions, n, ret);
    look_end(&look);
    return status;
}
