/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists: the merge of the readable guards' ranges in key order. One prepared statement is bound again for each guard. A
 * guard first gives one row (its head); a heap holds the heads; a guard whose row was taken is asked for more, in
 * chunks that double. So a page of fifty rows over two hundred guards costs two hundred short look-ups and a few refills,
 * whatever else the index holds.
 */
#include <string.h>

#include "store/inner.h"

#define CHUNK_MOST 64

struct range {
    field_id field;
    bool descending;
    const void *start; size_t start_len; record_id start_record;    /* strictly behind this, in walking order */
    const void *stop; size_t stop_len;                              /* up: keys below; down: keys from here on */
};
struct stream {                     /* one guard's rows */
    guard_id guard;
    struct fresh_row *rows;
    size_t n, at, next_chunk;
    bool ended;
};
struct merge {
    struct view *view;
    struct arena *arena;
    const struct range *range;
    struct stream **heap;
    size_t n;
    struct rows heads, rows;        /* the two statements */
};

static const uint8_t above_all[KEY_LIMIT + 1] = {[0 ... KEY_LIMIT] = 0xff};

/* The smallest key above all that begin with the prefix. */
static void after_prefix(struct arena *arena, const void *prefix, size_t len, const void **ret, size_t *ret_len)
{
    uint8_t *bytes = arena_memdup(arena, len ? prefix : "", len);
    while (len && bytes[len - 1] == 0xff) {
        len--;
    }
    if (!len) {
        *ret = above_all;
        *ret_len = sizeof above_all;
        return;
    }
    bytes[len - 1]++;
    *ret = bytes;
    *ret_len = len;
}

static struct range range_of(const struct scan *scan, struct arena *arena)
{
    const void *above;
    size_t above_len;
    after_prefix(arena, scan->prefix, scan->prefix_len, &above, &above_len);
    const void *low = scan->prefix_len ? scan->prefix : "";
    struct range r = {.field = scan->field, .descending = scan->descending};
    if (scan->descending) {
        r = (struct range){r.field, true, above, above_len, 0, low, scan->prefix_len};
    } else {
        r = (struct range){r.field, false, low, scan->prefix_len, 0, above, above_len};
    }
    if (scan->after) {
        /* A cursor outside the prefix cannot widen the range. */
        int order = key_order(scan->after, scan->after_len, r.start, r.start_len);
        if (scan->descending ? order < 0 : order >= 0) {
            r.start = scan->after_len ? scan->after : "";
            r.start_len = scan->after_len;
            r.start_record = scan->after_record;
        }
    }
    return r;
}

/* Each statement is bound once; for each guard only what differs is bound again. Without a cursor all begin at the range's end, and
 * its first rows are found by a plainer question. Keys of a range live as long as the merge. */
static struct rows *ask(struct merge *m, guard_id guard, const struct fresh_row *behind, size_t chunk)
{
    const struct range *g = m->range;
    const struct arg field = INT(g->field), of = INT(guard), stop = BLOB(g->stop, g->stop_len), most = INT((int64_t)chunk);
    struct rows *r = behind ? &m->rows : &m->heads;
    if (!behind) {
        const struct arg start = BLOB(g->start, g->start_len);
        const struct arg all[] = {field, of, g->descending ? stop : start, g->descending ? start : stop, most};
        if (r->s) {
            db_again(r, (const int[]){2, 5}, (const struct arg[]){of, most}, 2);
        } else {
            *r = db_query(&m->view->db, g->descending ? VIEW_LAST : VIEW_FIRST, all, 5);
        }
        return r;
    }
    const struct arg key = BLOB(behind->key, behind->len), record = INT(behind->record);
    const struct arg all[] = {field, of, key, record, stop, most};
    if (r->s) {
        db_again(r, (const int[]){2, 3, 4, 6}, (const struct arg[]){of, key, record, most}, 4);
    } else {
        *r = db_query(&m->view->db, g->descending ? VIEW_SCAN_DOWN : VIEW_SCAN_UP, all, 6);
    }
    return r;
}

/* The table's next rows behind a row, or the first, without those that are gone meanwhile. */
static enum status table_rows(struct merge *m, struct stream *s, const struct fresh_row *behind, size_t chunk, bool fresh,
                              struct fresh_row *rows, size_t *ret_n, struct fresh_row *ret_last, bool *ret_ended)
{
    field_id field = m->range->field;
    struct rows *r = ask(m, s->guard, behind, chunk);
    size_t n = 0, raw = 0;
    while (raw < chunk && db_step(r)) {
        struct fresh_row row = {col_blob(r, 0), col_len(r, 0), col_int(r, 1)};
        row.key = arena_memdup(m->arena, row.len ? row.key : "", row.len);
        *ret_last = row;
        raw++;
        if (!fresh || !fresh_hides(m->view->store->fresh, m->view->snapshot, fresh_value(&field, s->guard), row)) {
            rows[n++] = row;
        }
    }
    *ret_n = n;
    *ret_ended = raw < chunk;
    return r->status;
}

/* Merges the table's rows with the fresh ones; returns how many of either there are now. */
static size_t merge_rows(const struct merge *m, struct fresh_row *out, size_t most, struct fresh_row *table, size_t n_table,
                         struct fresh_row *added, size_t n_added, bool ended, bool *ret_ended)
{
    size_t i = 0, j = 0, n = 0;
    while (n < most && (i < n_table || (ended && j < n_added))) {
        int order = i == n_table ? 1 : j == n_added ? -1 : row_order(table[i], added[j]);
        order = i < n_table && j < n_added && m->range->descending ? -order : order;
        out[n++] = order < 0 ? table[i++] : added[j++];
    }
    *ret_ended = ended && i == n_table && j == n_added && n_added < most;
    return n;
}

/* The next rows of a guard: of the table and of the fresh ones, in one order. */
static enum status fill(struct merge *m, struct stream *s, size_t chunk)
{
    const struct range *g = m->range;
    field_id field = g->field;
    struct fresh *f = m->view->store->fresh;
    struct fresh_name name = fresh_value(&field, s->guard);
    struct fresh_row start = {g->start, g->start_len, g->start_record}, stop = {g->stop, g->stop_len, 0}, last = start;
    bool fresh = fresh_any(f, name), ended = false;
    struct fresh_row *table = ARENA_ARRAY(m->arena, struct fresh_row, (fresh ? 3 : 1) * chunk), *added = table + chunk;
    size_t n_table = 0, n_added = 0;
    if (s->n) {
        start = s->rows[s->n - 1];
    }
    if (fresh) {
        uint8_t *room = arena_array(m->arena, chunk, KEY_LIMIT);
        n_added = fresh_rows(f, m->view->snapshot, name, start, stop, g->descending, room, KEY_LIMIT, added, chunk);
    }
    enum status status = OK;
    const struct fresh_row *behind = s->n || g->start_record ? &start : NULL;
    while (status == OK && !n_table && !ended) {        /* again only where all of a chunk were gone */
        status = table_rows(m, s, behind, chunk, fresh, table, &n_table, &last, &ended);
        behind = &last;
    }
    if (status != OK) {
        return status;
    }
    s->rows = table;
    s->n = n_table;
    s->ended = ended;
    if (n_added) {
        s->rows = added + chunk;
        s->n = merge_rows(m, s->rows, chunk, table, n_table, added, n_added, ended, &s->ended);
    }
    s->at = 0;
    s->next_chunk = 4 * chunk < CHUNK_MOST ? 4 * chunk : CHUNK_MOST;
    return OK;
}

static bool before(const struct merge *m, const struct stream *a, const struct stream *b)
{
    int order = row_order(a->rows[a->at], b->rows[b->at]);
    return m->range->descending ? order > 0 : order < 0;
}

static void sift(struct merge *m, size_t i)
{
    for (;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < m->n; child++) {
            if (before(m, m->heap[child], m->heap[best])) {
                best = child;
            }
        }
        if (best == i) {
            return;
        }
        struct stream *swap = m->heap[i];
        m->heap[i] = m->heap[best];
        m->heap[best] = swap;
        i = best;
    }
}

static enum status open_streams(struct merge *m, const struct guards *guards, size_t limit)
{
    struct stream *streams = ARENA_ARRAY(m->arena, struct stream, guards->count + 1);
    m->heap = ARENA_ARRAY(m->arena, struct stream *, guards->count + 1);
    size_t first = guards->count ? limit / guards->count : 0;
    first = first < 1 ? 1 : first;
    first += guards->count <= 4 * limit;        /* one more than its share: that costs a tenth of asking again */
    first = first > CHUNK_MOST ? CHUNK_MOST : first;
    for (size_t i = 0; i < guards->count; i++) {
        struct stream *s = &streams[i];
        s->guard = guards->ids[i];
        enum status status = fill(m, s, first);
        if (status != OK) {
            return status;
        }
        if (s->n) {
            m->heap[m->n++] = s;
        }
    }
    for (size_t i = m->n / 2; i-- > 0; ) {
        sift(m, i);
    }
    return OK;
}

static struct scan_row head_of(const struct stream *s)
{
    const struct fresh_row *row = &s->rows[s->at];
    return (struct scan_row){.id = row->record, .guard = s->guard, .key = row->key, .key_len = row->len};
}

/* Takes the foremost row; the stream that gave it moves on. */
static enum status take(struct merge *m, struct scan_row *ret)
{
    struct stream *s = m->heap[0];
    *ret = head_of(s);
    s->at++;
    if (s->at == s->n && !s->ended) {
        enum status status = fill(m, s, s->next_chunk);
        if (status != OK) {
            return status;
        }
    }
    if (s->at == s->n) {
        m->heap[0] = m->heap[--m->n];
    }
    sift(m, 0);
    return OK;
}

enum status view_scan(struct view *v, const struct guards *guards, const struct scan *scan, struct arena *arena,
                      struct scan_row **ret, size_t *ret_n)
{
    if (scan->prefix_len > KEY_LIMIT || scan->after_len > KEY_LIMIT) {
        return TOO_LARGE;
    }
    struct range range = range_of(scan, arena);
    struct merge m = {.view = v, .arena = arena, .range = &range};
    struct scan_row *rows = ARENA_ARRAY(arena, struct scan_row, scan->limit + 1);
    size_t n = 0;
    bool mine;
    v->guards = guards;
    enum status status = view_enter(v, &mine);
    if (status == OK && scan->limit) {
        status = open_streams(&m, guards, scan->limit);
    }
    while (status == OK && m.n && n < scan->limit) {
        struct stream *s = m.heap[0];
        if (n + 1 == scan->limit) {
            rows[n++] = head_of(s);              /* the last one needs no successor */
            break;
        }
        status = take(&m, &rows[n]);
        n += status == OK;
    }
    db_done(&m.heads);
    db_done(&m.rows);
    view_leave(v, mine);
    v->guards = NULL;
    if (status == OK) {
        *ret = rows;
        *ret_n = n;
    }
    return status;
}

/* The table's rows but those that are gone, and the fresh ones; at least `need` when there are so many. */
static enum status count_guard(struct view *v, field_id field, guard_id guard, struct fresh_row low, struct fresh_row high,
                               size_t need, size_t *count)
{
    size_t added, gone;
    fresh_tally(v->store->fresh, v->snapshot, fresh_value(&field, guard), low, high, &added, &gone);
    struct rows r = QUERY(&v->db, VIEW_COUNT, INT(field), INT(guard), BLOB(low.key, low.len), BLOB(high.key, high.len),
                          INT((int64_t)(need + gone)));
    if (db_step(&r)) {
        size_t there = (size_t)col_int(&r, 0);
        *count += added + (there > gone ? there - gone : 0);
    }
    db_done(&r);
    return r.status;
}

enum status view_count(struct view *v, const struct guards *guards, const struct scan *scan, size_t most, size_t *ret)
{
    if (scan->prefix_len > KEY_LIMIT) {
        return TOO_LARGE;
    }
    uint8_t room[KEY_LIMIT + 1];
    const void *above = above_all;
    size_t above_len = sizeof above_all, len = scan->prefix_len, len0 = len;
    memcpy(room, len ? scan->prefix : "", len);
    while (len && room[len - 1] == 0xff) {
        len--;
    }
    if (len) {
        room[len - 1]++;
        above = room;
        above_len = len;
    }
    size_t count = 0;
    bool mine;
    v->guards = guards;
    struct fresh_row low = {len0 ? scan->prefix : "", len0, 0}, high = {above, above_len, 0};
    enum status status = view_enter(v, &mine);
    for (size_t i = 0; i < guards->count && count <= most && status == OK; i++) {
        status = count_guard(v, scan->field, guards->ids[i], low, high, most + 1 - count, &count);
    }
    view_leave(v, mine);
    v->guards = NULL;
    if (status == OK) {
        *ret = count > most ? most + 1 : count;
    }
    return status;
}
