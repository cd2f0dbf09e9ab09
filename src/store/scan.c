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
    struct scan_row *rows;
    size_t n, at, next_chunk;
    bool ended;
};
struct merge {
    struct view *view;
    struct arena *arena;
    const struct range *range;
    struct stream **heap;
    size_t n;
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

static int key_order(const void *a, size_t a_len, const void *b, size_t b_len)
{
    size_t least = a_len < b_len ? a_len : b_len;
    int order = least ? memcmp(a, b, least) : 0;
    return order ? order : (a_len > b_len) - (a_len < b_len);
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

static enum status fill(struct merge *m, struct stream *s, size_t chunk)
{
    const struct range *g = m->range;
    const void *start = g->start;
    size_t start_len = g->start_len;
    record_id start_record = g->start_record;
    if (s->n) {
        const struct scan_row *last = &s->rows[s->n - 1];
        start = last->key;
        start_len = last->key_len;
        start_record = last->id;
    }
    struct rows r = QUERY(&m->view->db, g->descending ? VIEW_SCAN_DOWN : VIEW_SCAN_UP, INT(g->field), INT(s->guard),
                          BLOB(start, start_len), INT(start_record), BLOB(g->stop, g->stop_len), INT((int64_t)chunk));
    struct scan_row *rows = ARENA_ARRAY(m->arena, struct scan_row, chunk);
    size_t n = 0;
    while (db_step(&r)) {
        size_t len = col_len(&r, 0);
        rows[n++] = (struct scan_row){.id = col_int(&r, 1), .guard = s->guard,
                                      .key = arena_memdup(m->arena, len ? col_blob(&r, 0) : "", len), .key_len = len};
    }
    db_done(&r);
    s->rows = rows;
    s->n = n;
    s->at = 0;
    s->ended = n < chunk;
    s->next_chunk = 4 * chunk < CHUNK_MOST ? 4 * chunk : CHUNK_MOST;
    return r.status;
}

static bool before(const struct merge *m, const struct stream *a, const struct stream *b)
{
    const struct scan_row *x = &a->rows[a->at], *y = &b->rows[b->at];
    int order = key_order(x->key, x->key_len, y->key, y->key_len);
    if (!order) {
        order = (x->id > y->id) - (x->id < y->id);
    }
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
    size_t first = guards->count ? limit / guards->count + (guards->count < 8) : 0;
    first = first < 1 ? 1 : first > CHUNK_MOST ? CHUNK_MOST : first;
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

/* Takes the foremost row; the stream that gave it moves on. */
static enum status take(struct merge *m, struct scan_row *ret)
{
    struct stream *s = m->heap[0];
    *ret = s->rows[s->at++];
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
    v->guards = guards;
    enum status status = scan->limit ? open_streams(&m, guards, scan->limit) : OK;
    while (status == OK && m.n && n < scan->limit) {
        struct stream *s = m.heap[0];
        if (n + 1 == scan->limit) {
            rows[n++] = s->rows[s->at];         /* the last one needs no successor */
            break;
        }
        status = take(&m, &rows[n]);
        n += status == OK;
    }
    v->guards = NULL;
    if (status == OK) {
        *ret = rows;
        *ret_n = n;
    }
    return status;
}

enum status view_count(struct view *v, const struct guards *guards, const struct scan *scan, size_t most, size_t *ret)
{
    if (scan->prefix_len > KEY_LIMIT) {
        return TOO_LARGE;
    }
    uint8_t room[KEY_LIMIT + 1];
    const void *above = above_all;
    size_t above_len = sizeof above_all, len = scan->prefix_len;
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
    enum status status = OK;
    v->guards = guards;
    for (size_t i = 0; i < guards->count && count <= most && status == OK; i++) {
        struct rows r = QUERY(&v->db, VIEW_COUNT, INT(scan->field), INT(guards->ids[i]),
                              BLOB(scan->prefix_len ? scan->prefix : "", scan->prefix_len), BLOB(above, above_len),
                              INT((int64_t)(most + 1 - count)));
        if (db_step(&r)) {
            count += (size_t)col_int(&r, 0);
        }
        status = r.status;
        db_done(&r);
    }
    v->guards = NULL;
    if (status == OK) {
        *ret = count;
    }
    return status;
}
