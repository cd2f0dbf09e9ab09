/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Packs of search rows against a plain set: places come singly and in runs, with times that go forward and back, and go again; after
 * each round the table gives exactly the set, in order and without overlap, and every place is found. A store of the
 * former format is brought up when it is opened, and its search rows are found and can be dropped.
 */
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "kit.h"
#include "store/inner.h"
#include "store/posting.h"
#include "tap.h"

enum { PLACES = 400, NAMES = 3 };
static struct posting all[PLACES];
static bool there[NAMES][PLACES];
static moment packed[NAMES];
static const struct fresh_name names[NAMES] = {{'p', 1, "key", 3}, {'p', 2, "key", 3}, {'p', 1, "keys", 4}};

static int by_order(const void *a, const void *b)
{
    return posting_order(*(const struct posting *)a, *(const struct posting *)b);
}

/* A run of places that are not there yet, as a walk would move them together; or one. */
static enum status put_some(struct db *db, int name)
{
    struct posting run[PACK_MOST];
    size_t most = tap_below(3) ? 1 + tap_below(PACK_MOST) : 1, n = 0, step = 1 + tap_below(4);
    for (size_t i = tap_below(PLACES); i < PLACES && n < most; i += step) {
        if (!there[name][i]) {
            run[n++] = all[i];
            there[name][i] = true;
        }
    }
    if (n < PACK_LEAST) {
        enum status status = OK;
        for (size_t i = 0; status == OK && i < n; i++) {
            status = posting_put(db, names[name], run[i], packed[name]);
        }
        return status;
    }
    packed[name] = run[n - 1].updated > packed[name] ? run[n - 1].updated : packed[name];
    return posting_put_all(db, names[name], run, n);
}

static enum status drop_some(struct db *db, int name)
{
    enum status status = OK;
    size_t n = tap_below(30);
    for (size_t i = tap_below(PLACES); status == OK && i < PLACES && n; i++, n--) {
        there[name][i] = false;             /* also what is not there: that changes nothing */
        status = posting_drop(db, names[name], all[i], packed[name]);
    }
    return status;
}

struct gathered { struct posting places[NAMES][PLACES + 1]; size_t n[NAMES]; size_t bad; };
static bool gather(void *arg, const void *term, size_t len, guard_id guard, moment updated, record_id record)
{
    struct gathered *g = arg;
    for (int i = 0; i < NAMES; i++) {
        if (names[i].guard == guard && names[i].len == len && memcmp(names[i].name, term, len) == 0 && record && g->n[i] < PLACES) {
            g->places[i][g->n[i]++] = (struct posting){updated, record};
            return true;
        }
    }
    g->bad++;
    return true;
}

static size_t differences(struct store *s, size_t *ret_rows)
{
    struct gathered g = {.n = {0}};
    size_t wrong = store_each_posting(s, gather, &g) != OK;
    wrong += g.bad;
    for (int name = 0; name < NAMES; name++) {
        size_t n = 0;
        for (size_t i = 0; i < PLACES; i++) {
            bool has = false;
            wrong += posting_has(&s->writer, names[name], all[i], &has) != OK || has != there[name][i];
            if (there[name][i]) {
                wrong += n >= g.n[name] || posting_order(g.places[name][n], all[i]) != 0;
                n++;
            }
        }
        wrong += n != g.n[name];
        *ret_rows += n;
    }
    return wrong;
}

static void against_a_set(void)
{
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    size_t rounds = tap_cases(100000), wrong = 0, rows = 0;
    for (size_t i = 0; i < PLACES; i++) {       /* many share a time */
        all[i] = (struct posting){(moment)(i / 3) - 20, (record_id)(1 + tap_below(1u << 30))};
    }
    qsort(all, PLACES, sizeof *all, by_order);
    for (size_t i = 1; i < PLACES; i++) {
        all[i].record += posting_order(all[i - 1], all[i]) == 0;
    }
    for (int i = 0; i < NAMES; i++) {
        packed[i] = INT64_MIN;
    }
    for (size_t round = 0; round < rounds && !wrong; round += 20) {
        wrong += db_control(&s->writer, DB_BEGIN) != OK;
        for (size_t i = 0; i < 20 && !wrong; i++) {
            int name = (int)tap_below(NAMES);
            wrong += (tap_below(5) < 3 ? put_some : drop_some)(&s->writer, name) != OK;
        }
        wrong += db_control(&s->writer, DB_COMMIT) != OK;
        wrong += differences(s, &rows);
    }
    ok(!wrong && rows > rounds, "%zu rounds of places put and dropped: the table gives exactly the set", rounds);
    store_close(s);
    kit_remove(folder);
}

static void overlap_is_told(void)
{
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    struct gathered g = {.n = {0}};
    struct posting run[] = {{10, 1}, {20, 2}, {30, 3}, {40, 4}};
    bool good = posting_put_all(&s->writer, names[0], run, 4) == OK && store_each_posting(s, gather, &g) == OK && g.bad == 0 && g.n[0] == 4;
    ok(good, "a pack of four");
    good = posting_put(&s->writer, names[0], (struct posting){25, 9}, INT64_MIN) == OK;     /* as if no pack were newer */
    g = (struct gathered){.n = {0}};
    ok(good && store_each_posting(s, gather, &g) == OK && g.bad == 1, "a row inside another is told as belonging to no record");
    struct posting out[PACK_MOST];
    size_t n;
    uint8_t rest[PACK_MOST * 16] = {0};
    ok(!posting_read(run[0], rest, 15, out, &n) && !posting_read(run[0], rest, 16, out, &n) && !posting_read(run[0], rest, sizeof rest, out, &n),
       "places that are cut, out of order or too many are none");
    store_close(s);
    kit_remove(folder);
}

static void nothing(sqlite3_context *context, int n, sqlite3_value **values) { sqlite3_result_int(context, 1); }

static bool turn_back(const char *folder)
{
    char path[4200];
    sqlite3 *c;
    snprintf(path, sizeof path, "%s/office.db", folder);
    bool good = sqlite3_open(path, &c) == SQLITE_OK && sqlite3_create_function(c, "may_read", 1, SQLITE_UTF8, NULL, nothing, NULL, NULL) == SQLITE_OK;
    good = good && sqlite3_exec(c, "DROP VIEW seen_posting; ALTER TABLE posting DROP COLUMN rest; ALTER TABLE progress DROP COLUMN packed;"
                                   "CREATE VIEW seen_posting AS SELECT term, guard, updated, record FROM posting WHERE may_read(guard) = 1;"
                                   "UPDATE meta SET setting = '3' WHERE name = 'format'", NULL, NULL, NULL) == SQLITE_OK;
    if (!good) {
        printf("# %s\n", sqlite3_errmsg(c));
    }
    sqlite3_close(c);
    return good;
}

static size_t hits(struct store *s, const char *term)
{
    struct view *v;
    guard_id one = 1;
    struct guards g = {&one, 1};
    struct arena *arena = arena_new(0);
    record_id *ids;
    moment *times;
    size_t n = 99;
    if (view_open(s, &v) == OK) {
        if (view_search(v, &g, &term, 1, MOMENT_EVER, 0, 50, arena, &ids, &times, &n) != OK) {
            n = 99;
        }
        view_close(v);
    }
    arena_free(arena);
    return n;
}

static void former_format(void)
{
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    struct kit_change c = {.guard = 1, .body = "{}", .terms = {"door"}, .n_terms = 1};
    for (record_id id = 1; id <= 3; id++) {
        c.id = id;
        c.updated = 100 * id;
        kit_change(s, &c);
    }
    store_close(s);
    bool good = turn_back(folder);
    s = kit_open(folder);
    ok(good && hits(s, "door") == 3, "a store of the former format is opened, and its search rows are found");
    for (record_id id = 4; id <= 40; id++) {
        c.id = id;
        c.updated = 100 * id;
        kit_change(s, &c);
    }
    store_close(s);
    s = kit_open(folder);
    ok(hits(s, "door") == 40, "what is written then is packed beside them");
    struct reasons why;
    struct arena *arena = arena_new(0);
    reasons_init(&why, arena);
    store_close(s);
    ok(store_open(folder, &why, &s) == OK, "and it stays so");
    store_close(s);
    arena_free(arena);
    kit_remove(folder);
}

int main(void)
{
    against_a_set();
    overlap_is_told();
    former_format();
    return tap_done();
}
