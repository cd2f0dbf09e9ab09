/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Links: items of their own between two records, shown only to somebody who reads both ends. Both ends' guards stand in
 * the link's row and follow their records. A reader's list walks fields and guards of the other ends by leaps, downwards:
 * from each guard found there to the next one that the reader has, so that what is hidden costs at most a leap a guard,
 * and a page of a field ends as soon as it is full.
 */
#include "store/inner.h"

enum status txn_put_link(struct txn *txn, const struct stored_link *l)
{
    if (l->id <= 0 || l->field <= 0 || l->from <= 0 || l->to <= 0 || l->from_guard <= 0 || l->to_guard <= 0) {
        return BAD_INPUT;
    }
    return RUN(txn->db, SQL_PUT_LINK, INT(l->id), INT(l->field), INT(l->from), INT(l->to), INT(l->from_guard),
               INT(l->to_guard), INT(l->made), INT(l->cut ? 1 : 0), INT((int64_t)l->position));
}

struct stored_link link_from(struct rows *r)
{
    return (struct stored_link){
        .id = col_int(r, 0), .field = (field_id)col_int(r, 1), .from = col_int(r, 2), .to = col_int(r, 3),
        .from_guard = (guard_id)col_int(r, 4), .to_guard = (guard_id)col_int(r, 5), .made = col_int(r, 6),
        .cut = col_int(r, 7) != 0, .position = (uint64_t)col_int(r, 8),
    };
}

enum status txn_each_link(struct txn *txn, record_id end, bool outgoing, bool (*each)(void *, const struct stored_link *),
                          void *arg)
{
    struct rows r = QUERY(txn->db, outgoing ? SQL_LINKS_FROM : SQL_LINKS_TO, INT(end));
    while (db_step(&r)) {
        struct stored_link link = link_from(&r);
        if (!each(arg, &link)) {
            break;
        }
    }
    db_done(&r);
    return r.status;
}

enum status txn_move_links(struct txn *txn, record_id id, guard_id guard)
{
    enum status status = RUN(txn->db, SQL_MOVE_SOURCES, INT(guard), INT(id));
    return status == OK ? RUN(txn->db, SQL_MOVE_TARGETS, INT(guard), INT(id)) : status;
}

/* ---- reading ---- */

struct found { struct arena *arena; struct stored_link *items; size_t n, cap; };

static void keep(struct found *f, struct stored_link link)
{
    if (f->n == f->cap) {
        size_t cap = f->cap ? 2 * f->cap : 16;
        struct stored_link *more = ARENA_ARRAY(f->arena, struct stored_link, cap);
        for (size_t i = 0; i < f->n; i++) {
            more[i] = f->items[i];
        }
        f->items = more;
        f->cap = cap;
    }
    f->items[f->n++] = link;
}

/* The greatest guard at or below `most` that the reader has; 0 when none. */
static guard_id last_readable(const struct guards *g, guard_id most)
{
    size_t low = 0, high = g->count;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (g->ids[mid] <= most) {
            low = mid + 1;
        } else {
            high = mid;
        }
    }
    return low ? g->ids[low - 1] : 0;
}

struct place { field_id field; guard_id guard; };        /* field 0: behind the last */

static enum status next_stored(struct view *v, record_id end, bool outgoing, struct place from, struct place *ret)
{
    struct rows r = QUERY(&v->db, outgoing ? VIEW_NEXT_TARGET_GUARD : VIEW_NEXT_SOURCE_GUARD, INT(end), INT(from.field),
                          INT(from.guard));
    *ret = (struct place){0, 0};
    if (db_step(&r)) {
        *ret = (struct place){(field_id)col_int(&r, 0), (guard_id)col_int(&r, 1)};
    }
    db_done(&r);
    return r.status;
}

/* The links of one field whose other ends have one guard, newest first, behind the cursor where it stands here. */
static enum status take_place(struct view *v, record_id end, const struct link_range *range, struct place at, size_t most,
                              struct found *f)
{
    bool here = range->after && at.guard == range->after_guard;
    struct rows r = QUERY(&v->db, range->outgoing ? VIEW_LINKS_FROM : VIEW_LINKS_TO, INT(end), INT(at.field), INT(at.guard),
                          INT(here ? range->after_made : INT64_MAX), INT(here ? range->after : INT64_MAX),
                          INT(most ? (int64_t)most : INT64_MAX));
    while (db_step(&r)) {
        keep(f, link_from(&r));
    }
    db_done(&r);
    return r.status;
}

enum status view_links(struct view *v, const struct guards *guards, record_id end, const struct link_range *range,
                       struct arena *arena, struct stored_link **ret, size_t *ret_n)
{
    struct found f = {.arena = arena};
    struct place from = {range->field ? range->field : INT32_MAX, range->after ? range->after_guard : INT32_MAX}, at;
    field_id walked = 0;
    size_t of_field = 0;                       /* how many of the field that is being walked */
    v->guards = guards;
    enum status status = OK;
    while (status == OK && (status = next_stored(v, end, range->outgoing, from, &at)) == OK && at.field &&
           (!range->field || at.field == range->field)) {
        of_field = at.field == walked ? of_field : 0;
        walked = at.field;
        guard_id guard = last_readable(guards, at.guard);
        if (guard != at.guard) {
            from = guard ? (struct place){at.field, guard} : (struct place){at.field - 1, INT32_MAX};
            continue;
        }
        size_t before = f.n;
        status = take_place(v, end, range, at, range->each ? range->each - of_field : 0, &f);
        of_field += f.n - before;
        bool full = range->each && of_field >= range->each;
        from = full || at.guard == 1 ? (struct place){at.field - 1, INT32_MAX} : (struct place){at.field, at.guard - 1};
    }
    v->guards = NULL;
    if (status == OK) {
        *ret = f.items;
        *ret_n = f.n;
    }
    return status;
}
