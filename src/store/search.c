/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Search, newest first. Postings lie under (term, guard, updated, record), so within a guard all terms' ranges are in
 * one order, and records that hold every term are found by leapfrog: each term in turn leaps to the newest place at or
 * below the candidate. A heap over the guards gives the newest hit of all. What the reader may not read is never
 * touched, so hidden hits cost nothing.
 */
#include <string.h>

#include "store/inner.h"
#include "store/posting.h"

#define SEARCH_TERMS 16
#define POSTINGS_MOST 64
#define PLACES_MOST (POSTINGS_MOST + PACK_MOST)      /* a row is taken whole */

struct postings {                   /* one term's range in one guard */
    struct posting *places;
    size_t n, at, next_chunk;
    bool ended;
};
struct stream {
    guard_id guard;
    struct postings *of;            /* per term */
    struct posting head;
};
struct search {
    struct view *view;
    struct arena *arena;
    const char *const *terms;
    size_t n_terms;
    struct stream **heap;
    size_t n;
    size_t first_chunk;
    struct rows rows;               /* the one statement */
};

static bool newer(struct posting a, struct posting b)
{
    return a.updated > b.updated || (a.updated == b.updated && a.record > b.record);
}

static bool same(struct posting a, struct posting b)
{
    return a.updated == b.updated && a.record == b.record;
}

static struct fresh_row row_at(struct posting p, uint8_t key[TIME_KEY])
{
    time_key(p.updated, key);
    return (struct fresh_row){key, TIME_KEY, p.record};
}

/* The table's next places below, without those that are gone meanwhile. */
static enum status table_places(struct search *q, struct fresh_name name, struct posting below, size_t chunk, bool fresh,
                                struct posting *places, size_t *ret_n, struct posting *ret_last, bool *ret_ended)
{
    const struct arg args[] = {BLOB(name.name, name.len), INT(name.guard), INT(below.updated), INT(below.record),
                               INT((int64_t)chunk)};
    static const int all[] = {1, 2, 3, 4, 5};
    struct rows *r = &q->rows;
    size_t n = 0, raw = 0;
    bool more = true;
    enum status status = OK;
    if (r->s) {
        db_again(r, all, args, 5);
    } else {
        *r = db_query(&q->view->db, VIEW_POSTINGS, args, 5);
    }
    for (; status == OK && n < chunk && raw < chunk && (more = db_step(r)); raw++) {
        struct posting row[PACK_MOST];
        size_t k = 0;
        *ret_last = (struct posting){col_int(r, 0), col_int(r, 1)};
        status = posting_read(*ret_last, col_blob(r, 2), col_len(r, 2), row, &k) ? OK : DAMAGED;
        while (k-- > 0 && status == OK) {
            uint8_t key[TIME_KEY];
            if (newer(below, row[k]) && (!fresh || !fresh_hides(q->view->store->fresh, q->view->snapshot, name, row_at(row[k], key)))) {
                places[n++] = row[k];
            }
        }
    }
    *ret_n = n;
    *ret_ended = !more;
    return status == OK ? r->status : status;
}

/* The next postings of a term in a guard: of the table and of the fresh ones, in one order. */
static enum status fill(struct search *q, size_t term, guard_id guard, struct postings *p, struct posting below)
{
    size_t chunk = p->next_chunk, n_table = 0, n_added = 0, i = 0, j = 0;
    struct fresh *f = q->view->store->fresh;
    struct fresh_name name = {'p', guard, q->terms[term], strlen(q->terms[term])};
    struct posting table[PLACES_MOST], last = below;
    struct fresh_row added[POSTINGS_MOST];
    uint8_t key[TIME_KEY], room[POSTINGS_MOST * TIME_KEY];
    bool fresh = fresh_any(f, name), ended = false;
    enum status status = OK;
    if (!p->places) {
        p->places = ARENA_ARRAY(q->arena, struct posting, PLACES_MOST);
    }
    if (fresh) {
        n_added = fresh_rows(f, q->view->snapshot, name, row_at(below, key), (struct fresh_row){"", 0, 0}, true, room,
                             TIME_KEY, added, chunk);
    }
    while (status == OK && !n_table && !ended) {
        status = table_places(q, name, last, chunk, fresh, table, &n_table, &last, &ended);
    }
    p->n = p->at = 0;
    /* As far as both are known: behind the last of a full chunk of fresh ones there may be more. */
    while (p->n < PLACES_MOST && (i < n_table || (ended && j < n_added)) && (j < n_added || n_added < chunk)) {
        struct posting here = j < n_added ? (struct posting){key_time(added[j].key), added[j].record} : (struct posting){0};
        bool from_table = j == n_added || (i < n_table && newer(table[i], here));
        p->places[p->n++] = from_table ? table[i++] : here;
        j += !from_table;
    }
    p->ended = ended && i == n_table && j == n_added && n_added < chunk;
    p->next_chunk = 4 * chunk < POSTINGS_MOST ? 4 * chunk : POSTINGS_MOST;
    return status;
}

/* Moves a term's range to its newest place at or below `limit`; `ret_found` false when there is none. */
static enum status leap(struct search *q, size_t term, struct stream *s, struct posting limit, bool *ret_found)
{
    struct postings *p = &s->of[term];
    for (;;) {
        while (p->at < p->n && newer(p->places[p->at], limit)) {
            p->at++;
        }
        if (p->at < p->n || p->ended) {
            *ret_found = p->at < p->n;
            return OK;
        }
        /* Far below what is at hand: look up from the limit, not through everything between. */
        struct posting below = {limit.updated, limit.record + 1};
        enum status status = fill(q, term, s->guard, p, below);
        if (status != OK) {
            return status;
        }
    }
}

/* The stream's newest hit at or below `limit` into its head. */
static enum status find(struct search *q, struct stream *s, struct posting limit, bool *ret_found)
{
    size_t agreed = 0, term = 0;
    while (agreed < q->n_terms) {
        bool found;
        enum status status = leap(q, term, s, limit, &found);
        if (status != OK || !found) {
            *ret_found = false;
            return status;
        }
        struct posting here = s->of[term].places[s->of[term].at];
        agreed = same(here, limit) ? agreed + 1 : 1;
        limit = here;
        term = (term + 1) % q->n_terms;
    }
    s->head = limit;
    *ret_found = true;
    return OK;
}

static void sift(struct search *q, size_t i)
{
    for (;;) {
        size_t best = i;
        for (size_t child = 2 * i + 1; child <= 2 * i + 2 && child < q->n; child++) {
            if (newer(q->heap[child]->head, q->heap[best]->head)) {
                best = child;
            }
        }
        if (best == i) {
            return;
        }
        struct stream *swap = q->heap[i];
        q->heap[i] = q->heap[best];
        q->heap[best] = swap;
        i = best;
    }
}

static enum status open_streams(struct search *q, const struct guards *guards, struct posting limit)
{
    q->heap = ARENA_ARRAY(q->arena, struct stream *, guards->count + 1);
    struct stream *spare = NULL;
    for (size_t i = 0; i < guards->count; i++) {
        struct stream *s = spare ? spare : ARENA_NEW(q->arena, struct stream);
        if (!spare) {
            s->of = ARENA_ARRAY(q->arena, struct postings, q->n_terms);
        }
        spare = NULL;
        s->guard = guards->ids[i];
        for (size_t t = 0; t < q->n_terms; t++) {
            s->of[t] = (struct postings){.places = s->of[t].places, .next_chunk = q->first_chunk};
        }
        bool found;
        enum status status = find(q, s, limit, &found);
        if (status != OK) {
            return status;
        }
        if (found) {
            q->heap[q->n++] = s;
        } else {
            spare = s;
        }
    }
    for (size_t i = q->n / 2; i-- > 0; ) {
        sift(q, i);
    }
    return OK;
}

static enum status next_hit(struct search *q, struct posting *ret)
{
    struct stream *s = q->heap[0];
    *ret = s->head;
    struct posting limit = {s->head.updated, s->head.record - 1};
    bool found;
    enum status status = find(q, s, limit, &found);
    if (status == OK) {
        if (!found) {
            q->heap[0] = q->heap[--q->n];
        }
        sift(q, 0);
    }
    return status;
}

enum status view_search(struct view *v, const struct guards *guards, const char *const *terms, size_t n_terms,
                        moment cursor, record_id cursor_record, size_t limit, struct arena *arena, record_id **ret,
                        moment **ret_updated, size_t *ret_n)
{
    if (n_terms == 0 || n_terms > SEARCH_TERMS) {
        return n_terms ? TOO_LARGE : BAD_INPUT;
    }
    struct search q = {.view = v, .arena = arena, .terms = terms, .n_terms = n_terms};
    q.first_chunk = guards->count < 8 ? 32 : guards->count < 32 ? 4 : guards->count <= 4 * limit ? 2 : 1;
    if (n_terms > 1 && q.first_chunk < 8) {
        q.first_chunk = 8;              /* terms rarely meet at the first place */
    }
    record_id *ids = ARENA_ARRAY(arena, record_id, limit + 1);
    moment *times = ARENA_ARRAY(arena, moment, limit + 1);
    struct posting start = {cursor, cursor == MOMENT_EVER ? INT64_MAX - 1 : cursor_record - 1};
    size_t n = 0;
    bool mine;
    for (size_t i = 0; i < n_terms; i++) {
        if (strlen(terms[i]) > TERM_LIMIT) {
            return TOO_LARGE;
        }
    }
    v->guards = guards;
    enum status status = view_enter(v, &mine);
    if (status == OK && limit) {
        status = open_streams(&q, guards, start);
    }
    while (status == OK && q.n && n < limit) {
        struct posting hit = {0};
        status = next_hit(&q, &hit);
        if (status == OK) {
            ids[n] = hit.record;
            times[n++] = hit.updated;
        }
    }
    db_done(&q.rows);
    view_leave(v, mine);
    v->guards = NULL;
    if (status == OK) {
        *ret = ids;
        *ret_updated = times;
        *ret_n = n;
    }
    return status;
}
