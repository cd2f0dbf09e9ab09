/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Lists, searches, counts and links against a plain oracle: an array that is filtered and sorted. Random guards, random
 * keys with many ties, pages of random size, both directions, prefixes; every row exactly once and in order. Records
 * change guard, keys and terms in between, fresh index rows move into their tables slice by slice, a reader holds an old
 * snapshot meanwhile, the store is closed and opened.
 */
#include "kit.h"
#include "store/inner.h"
#include "tap.h"

#define RECORDS 300
#define GUARD_MOST 24
#define FIELDS 3

struct plain_record {
    bool there;
    guard_id guard;
    moment updated;
    size_t n_keys;
    struct { field_id field; uint8_t key[12]; size_t len; } keys[5];
    size_t n_terms;
    char terms[6][8];
};
static struct plain_record oracle[RECORDS + 1];

static size_t random_key(uint8_t *out)
{
    size_t len = tap_below(5);
    for (size_t i = 0; i < len; i++) {
        static const uint8_t letters[] = {0x00, 'a', 'b', 0xff};
        out[i] = letters[tap_below(4)];
    }
    return len;
}

static void shuffle_record(record_id id)
{
    struct plain_record *r = &oracle[id];
    r->there = true;
    r->guard = (guard_id)(1 + tap_below(GUARD_MOST));
    r->updated = (moment)(1000 + tap_below(40));
    r->n_keys = tap_below(6);
    for (size_t i = 0; i < r->n_keys; i++) {
        r->keys[i].field = (field_id)(1 + tap_below(FIELDS));
        r->keys[i].len = random_key(r->keys[i].key);
    }
    r->n_terms = tap_below(6);
    for (size_t i = 0; i < r->n_terms; i++) {
        snprintf(r->terms[i], sizeof r->terms[i], "t%d", (int)tap_below(6));
    }
}

static bool write_record(struct store *s, record_id id)
{
    struct plain_record *r = &oracle[id];
    struct kit_change c = {.id = id, .guard = r->guard, .updated = r->updated, .body = "{}", .n_keys = r->n_keys,
                           .n_terms = r->n_terms};
    for (size_t i = 0; i < r->n_keys; i++) {
        c.keys[i] = (struct index_key){r->keys[i].field, r->keys[i].key, r->keys[i].len};
    }
    for (size_t i = 0; i < r->n_terms; i++) {
        c.terms[i] = r->terms[i];
    }
    return kit_change(s, &c);
}

static struct guards random_guards(guard_id *room)
{
    size_t n = 0;
    unsigned odds = 1 + (unsigned)tap_below(4);
    for (guard_id g = 1; g <= GUARD_MOST; g++) {
        if (tap_below(odds) == 0) {
            room[n++] = g;
        }
    }
    return (struct guards){room, n};
}

/* ---- lists ---- */

struct plain_row { record_id id; uint8_t key[12]; size_t len; };
static bool oracle_descending;

static int plain_order(const void *a, const void *b)
{
    const struct plain_row *x = a, *y = b;
    int order = memcmp(x->key, y->key, x->len < y->len ? x->len : y->len);
    order = order ? order : (x->len > y->len) - (x->len < y->len);
    order = order ? order : (x->id > y->id) - (x->id < y->id);
    return oracle_descending ? -order : order;
}

static size_t expected_rows(const struct guards *g, field_id field, const uint8_t *prefix, size_t prefix_len,
                            struct plain_row *rows)
{
    size_t n = 0;
    for (record_id id = 1; id <= RECORDS; id++) {
        struct plain_record *r = &oracle[id];
        if (!r->there || !guards_have(g, r->guard)) {
            continue;
        }
        for (size_t i = 0; i < r->n_keys; i++) {
            bool fits = r->keys[i].field == field && r->keys[i].len >= prefix_len
                        && memcmp(r->keys[i].key, prefix, prefix_len) == 0;
            for (size_t j = 0; fits && j < i; j++) {
                fits = r->keys[j].field != field || r->keys[j].len != r->keys[i].len
                       || memcmp(r->keys[j].key, r->keys[i].key, r->keys[i].len) != 0;
            }
            if (fits) {
                rows[n] = (struct plain_row){.id = id, .len = r->keys[i].len};
                memcpy(rows[n++].key, r->keys[i].key, r->keys[i].len);
            }
        }
    }
    qsort(rows, n, sizeof *rows, plain_order);
    return n;
}

static bool check_scan(struct view *v, struct arena *arena)
{
    static struct plain_row want[RECORDS * 5];
    guard_id room[GUARD_MOST];
    struct guards g = random_guards(room);
    uint8_t prefix[12], after[16];
    struct scan scan = {.field = (field_id)(1 + tap_below(FIELDS)), .descending = tap_below(2), .prefix = prefix,
                        .prefix_len = tap_below(2) ? random_key(prefix) : 0, .limit = 1 + tap_below(40)};
    oracle_descending = scan.descending;
    size_t n_want = expected_rows(&g, scan.field, prefix, scan.prefix_len, want), seen = 0, most = tap_below(60), count;
    if (view_count(v, &g, &scan, most, &count) != OK || count != (n_want > most ? most + 1 : n_want)) {
        return ok(false, "count: %zu, not %zu of at most %zu", count, n_want, most);
    }
    for (;;) {
        struct scan_row *rows;
        size_t n;
        if (view_scan(v, &g, &scan, arena, &rows, &n) != OK) {
            return ok(false, "scan");
        }
        for (size_t i = 0; i < n; i++, seen++) {
            if (seen >= n_want || rows[i].id != want[seen].id || rows[i].key_len != want[seen].len
                || memcmp(rows[i].key, want[seen].key, want[seen].len) != 0
                || rows[i].guard != oracle[rows[i].id].guard) {
                return ok(false, "row %zu of %zu differs (field %d, %s, prefix %zu)", seen, n_want, scan.field,
                          scan.descending ? "down" : "up", scan.prefix_len);
            }
        }
        if (n < scan.limit) {
            break;
        }
        memcpy(after, rows[n - 1].key, rows[n - 1].key_len);
        scan.after = after;
        scan.after_len = rows[n - 1].key_len;
        scan.after_record = rows[n - 1].id;
        scan.limit = 1 + tap_below(40);
    }
    return seen == n_want || ok(false, "%zu rows, not %zu", seen, n_want);
}

/* ---- searches ---- */

struct plain_hit { moment updated; record_id id; };
static int hit_order(const void *a, const void *b)
{
    const struct plain_hit *x = a, *y = b;
    int order = (x->updated < y->updated) - (x->updated > y->updated);
    return order ? order : (x->id < y->id) - (x->id > y->id);
}

static bool holds(const struct plain_record *r, const char *term)
{
    for (size_t i = 0; i < r->n_terms; i++) {
        if (strcmp(r->terms[i], term) == 0) {
            return true;
        }
    }
    return false;
}

static bool check_search(struct view *v, struct arena *arena)
{
    static struct plain_hit want[RECORDS];
    static const char *const words[] = {"t0", "t1", "t2", "t3", "t4", "t5", "absent"};
    guard_id room[GUARD_MOST];
    struct guards g = random_guards(room);
    const char *terms[3];
    size_t n_terms = 1 + tap_below(3), n_want = 0, seen = 0;
    for (size_t i = 0; i < n_terms; i++) {
        terms[i] = words[tap_below(tap_below(8) ? 6 : 7)];
    }
    for (record_id id = 1; id <= RECORDS; id++) {
        struct plain_record *r = &oracle[id];
        bool all = r->there && guards_have(&g, r->guard);
        for (size_t i = 0; i < n_terms; i++) {
            all = all && holds(r, terms[i]);
        }
        if (all) {
            want[n_want++] = (struct plain_hit){r->updated, id};
        }
    }
    qsort(want, n_want, sizeof *want, hit_order);
    moment before = MOMENT_EVER;
    record_id before_record = 0;
    for (;;) {
        record_id *ids;
        moment *times;
        size_t n, limit = 1 + tap_below(30);
        if (view_search(v, &g, terms, n_terms, before, before_record, limit, arena, &ids, &times, &n) != OK) {
            return ok(false, "search");
        }
        for (size_t i = 0; i < n; i++, seen++) {
            if (seen >= n_want || ids[i] != want[seen].id || times[i] != want[seen].updated) {
                return ok(false, "hit %zu of %zu differs", seen, n_want);
            }
        }
        if (n < limit) {
            break;
        }
        before = times[n - 1];
        before_record = ids[n - 1];
    }
    return seen == n_want || ok(false, "%zu hits, not %zu", seen, n_want);
}

/* ---- links ---- */

#define LINKS 400
static struct stored_link links[LINKS];

static bool run_links(void *arg, struct txn *txn)
{
    for (int i = 0; i < LINKS; i++) {
        record_id from = (record_id)(1 + tap_below(20)), to = (record_id)(1 + tap_below(RECORDS));
        links[i] = (struct stored_link){.id = i + 1, .field = (field_id)(1 + tap_below(3)), .from = from, .to = to,
                                        .from_guard = oracle[from].there ? oracle[from].guard : 1,
                                        .to_guard = oracle[to].there ? oracle[to].guard : 1, .made = i,
                                        .position = (uint64_t)i};
        if (txn_put_link(txn, &links[i]) != OK) {
            return false;
        }
    }
    return true;
}

static bool run_cut_and_move(void *arg, struct txn *txn)
{
    for (int i = 0; i < LINKS; i += 7) {
        links[i].cut = true;
        if (txn_put_link(txn, &links[i]) != OK) {
            return false;
        }
    }
    for (record_id id = 1; id <= 20; id++) {
        guard_id guard = (guard_id)(1 + tap_below(GUARD_MOST));
        if (txn_move_links(txn, id, guard) != OK) {
            return false;
        }
        for (int i = 0; i < LINKS; i++) {
            links[i].from_guard = links[i].from == id ? guard : links[i].from_guard;
            links[i].to_guard = links[i].to == id ? guard : links[i].to_guard;
        }
    }
    return true;
}

/* Page after page gives what the whole gave, in the same order; of every field at most so many, and those first. */
static bool check_pages(struct view *v, const struct guards *g, record_id end, struct link_range range, struct arena *arena,
                        const struct stored_link *whole, size_t n_whole)
{
    struct stored_link *page;
    size_t n = 1, at = 0;
    range.each = 1 + tap_below(3);
    if (!range.field) {
        size_t of_field = 0, kept = 0;
        bool good = view_links(v, g, end, &range, arena, &page, &n) == OK;
        for (size_t i = 0; good && i < n_whole; i++) {
            of_field = i && whole[i].field == whole[i - 1].field ? of_field + 1 : 1;
            good = of_field > range.each || (kept < n && page[kept++].id == whole[i].id);
        }
        return (good && kept == n) || ok(false, "the first links of each field");
    }
    while (n) {
        if (view_links(v, g, end, &range, arena, &page, &n) != OK || n > range.each || at + n > n_whole) {
            return ok(false, "a page of links");
        }
        for (size_t i = 0; i < n; i++, at++) {
            if (page[i].id != whole[at].id) {
                return ok(false, "link %zu of the pages is another than in the whole", at + 1);
            }
            range.after = page[i].id;
            range.after_made = page[i].made;
            range.after_guard = range.outgoing ? page[i].to_guard : page[i].from_guard;
        }
    }
    return at == n_whole || ok(false, "the pages end at %zu of %zu", at, n_whole);
}

static bool check_links(struct view *v, struct arena *arena)
{
    guard_id room[GUARD_MOST];
    struct guards g = random_guards(room);
    bool outgoing = tap_below(2);
    record_id end = (record_id)(1 + tap_below(outgoing ? 20 : RECORDS));
    struct link_range range = {.outgoing = outgoing, .field = tap_below(2) ? (field_id)(1 + tap_below(3)) : 0};
    struct stored_link *found;
    size_t n, want = 0;
    if (view_links(v, &g, end, &range, arena, &found, &n) != OK) {
        return ok(false, "links");
    }
    for (int i = 0; i < LINKS; i++) {
        const struct stored_link *l = &links[i];
        if ((outgoing ? l->from : l->to) != end || !guards_have(&g, l->from_guard) || !guards_have(&g, l->to_guard) ||
            l->cut || (range.field && l->field != range.field)) {
            continue;
        }
        want++;
        bool has = false;
        for (size_t j = 0; j < n; j++) {
            has = has || (found[j].id == l->id && found[j].cut == l->cut && found[j].to == l->to
                          && found[j].from == l->from && found[j].to_guard == l->to_guard);
        }
        if (!has) {
            return ok(false, "link %d is missing", i + 1);
        }
    }
    return (n == want || ok(false, "%zu links, not %zu", n, want)) && check_pages(v, &g, end, range, arena, found, n);
}

struct keyed { field_id field; const uint8_t *key; size_t len; bool seen[RECORDS + 1]; };
static bool see_holder(void *arg, record_id id)
{
    ((struct keyed *)arg)->seen[id] = true;
    return true;
}
static bool run_each_key(void *arg, struct txn *txn)
{
    struct keyed *k = arg;
    return txn_each_key(txn, k->field, k->key, k->len, see_holder, k) == OK;
}

static bool check_holders(struct store *s)
{
    uint8_t key[12];
    struct keyed k = {.field = (field_id)(1 + tap_below(FIELDS)), .key = key};
    k.len = random_key(key);
    if (!kit_do(s, run_each_key, &k)) {
        return ok(false, "each key");
    }
    for (record_id id = 1; id <= RECORDS; id++) {
        bool has = false;
        for (size_t i = 0; oracle[id].there && i < oracle[id].n_keys; i++) {
            has = has || (oracle[id].keys[i].field == k.field && oracle[id].keys[i].len == k.len
                          && memcmp(oracle[id].keys[i].key, key, k.len) == 0);
        }
        if (has != k.seen[id]) {
            return ok(false, "holder %lld", (long long)id);
        }
    }
    return true;
}

/* A view that began earlier sees what was then, whatever was written and moved since. */
static struct plain_record frozen[RECORDS + 1], swap[RECORDS + 1];
static bool check_frozen(struct view *v, struct arena *arena)
{
    bool good = true;
    memcpy(swap, oracle, sizeof oracle);
    memcpy(oracle, frozen, sizeof oracle);
    for (int i = 0; good && i < 10; i++) {
        arena_clear(arena);
        good = check_scan(v, arena) && check_search(v, arena);
    }
    memcpy(oracle, swap, sizeof oracle);
    return good;
}

int main(void)
{
    tap_seed();
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    struct view *v = NULL;
    struct arena *arena = arena_new(0);
    ok(view_open(s, &v) == OK, "a view");
    size_t rounds = tap_cases(3000), each = 30;
    struct view *old = NULL;
    bool frozen_good = view_open(s, &old) == OK;
    fresh_set_limits(s->fresh, 200, 40);
    bool good = true;
    for (record_id id = 1; good && id <= RECORDS; id++) {
        if (tap_below(5)) {
            shuffle_record(id);
            good = write_record(s, id);
        }
    }
    ok(good, "records written");
    bool scans = true, searches = true, holders = true;
    for (size_t round = 0; good && scans && searches && holders && round < rounds; round++) {
        for (int i = 0; i < 10; i++) {
            record_id id = (record_id)(1 + tap_below(RECORDS));
            shuffle_record(id);
            good = good && write_record(s, id);
        }
        for (size_t i = 0; scans && searches && i < each; i++) {
            arena_clear(arena);
            scans = check_scan(v, arena);
            searches = check_search(v, arena);
        }
        holders = check_holders(s);
        if (round % 3 == 0) {
            view_end(old);
            memcpy(frozen, oracle, sizeof frozen);
            frozen_good = view_begin(old) == OK && frozen_good;
        } else {
            frozen_good = frozen_good && check_frozen(old, arena);
        }
        if (round % 10 == 9) {
            view_close(v);
            view_close(old);
            v = old = NULL;
            store_close(s);
            s = kit_open(folder);
            fresh_set_limits(s->fresh, tap_below(400), 1 + tap_below(60));
            frozen_good = view_open(s, &v) == OK && view_open(s, &old) == OK && frozen_good;
            memcpy(frozen, oracle, sizeof frozen);
            frozen_good = view_begin(old) == OK && frozen_good;
        }
    }
    ok(good, "records rewritten between the rounds");
    ok(scans, "lists: each row once, in order, in %zu rounds of %zu", rounds, each);
    ok(searches, "searches: each hit once, newest first");
    ok(frozen_good, "a snapshot stays what it was");
    view_close(old);
    ok(holders, "holders of a key, whatever their guard");
    ok(kit_do(s, run_links, NULL), "links made");
    bool linked = true;
    for (size_t i = 0; linked && i < 20 * each; i++) {
        arena_clear(arena);
        linked = check_links(v, arena);
    }
    ok(linked, "links: those with both ends readable");
    ok(kit_do(s, run_cut_and_move, NULL), "links cut, their ends moved to other guards");
    for (size_t i = 0; linked && i < 20 * each; i++) {
        arena_clear(arena);
        linked = check_links(v, arena);
    }
    ok(linked, "links follow");
    view_close(v);
    store_close(s);
    arena_free(arena);
    kit_remove(folder);
    return tap_done();
}
