/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Readers and the writer at once: in one snapshot the list, the count and the search must agree to the record, while
 * changes commit, fresh index rows move into their tables and are freed.
 */
#include <pthread.h>

#include "kit.h"
#include "store/inner.h"
#include "tap.h"

#define RECORDS 200
#define ROUNDS 150

static struct store *store;
static bool over;
static size_t looked[3];
static const char *faults[3];

static const char *look(struct view *v, struct arena *arena)
{
    static const guard_id ids[] = {1, 2, 3, 4, 5};
    struct guards g = {ids, 5};
    struct scan scan = {.field = 1, .limit = 2 * RECORDS};
    const char *terms[] = {"all"};
    struct scan_row *rows;
    record_id *hits;
    moment *times;
    size_t n, counted, found;
    arena_clear(arena);
    if (view_begin(v) != OK) {
        return "no snapshot";
    }
    bool good = view_scan(v, &g, &scan, arena, &rows, &n) == OK && view_count(v, &g, &scan, 2 * RECORDS, &counted) == OK
                && view_search(v, &g, terms, 1, MOMENT_EVER, 0, 2 * RECORDS, arena, &hits, &times, &found) == OK;
    for (size_t i = 0; good && i < n; i++) {
        struct stored_record x;
        good = view_record(v, &g, rows[i].id, arena, &x) == OK && x.guard == rows[i].guard;
    }
    view_end(v);
    return !good ? "a question failed, or a row's guard is not its record's"
           : n != counted || n != found ? "list, count and search differ in one snapshot" : NULL;
}

static void *read_on(void *arg)
{
    size_t me = *(size_t *)arg;
    struct view *v = NULL;
    struct arena *arena = arena_new(0);
    faults[me] = view_open(store, &v) == OK ? NULL : "no view";
    while (!__atomic_load_n(&over, __ATOMIC_ACQUIRE) && !faults[me]) {
        faults[me] = look(v, arena);
        looked[me]++;
    }
    view_close(v);
    arena_free(arena);
    return NULL;
}

int main(void)
{
    tap_seed();
    char *folder = kit_folder();
    store = kit_open(folder);
    fresh_set_limits(store->fresh, 60, 25);
    pthread_t threads[3];
    size_t me[3] = {0, 1, 2};
    for (int i = 0; i < 3; i++) {
        pthread_create(&threads[i], NULL, read_on, &me[i]);
    }
    bool good = true;
    for (int round = 0; good && round < 4 * ROUNDS; round++) {
        char key[16];
        int id = 1 + (int)tap_below(RECORDS);
        snprintf(key, sizeof key, "%d", (int)tap_below(1000));
        struct kit_change c = {.id = id, .guard = (guard_id)(1 + tap_below(5)), .updated = round, .body = "{}",
                               .keys = {{1, key, strlen(key)}}, .n_keys = 1, .terms = {"all", key}, .n_terms = 2};
        good = kit_change(store, &c);
    }
    __atomic_store_n(&over, true, __ATOMIC_RELEASE);
    ok(good, "changes committed");
    for (int i = 0; i < 3; i++) {
        pthread_join(threads[i], NULL);
        ok(!faults[i] && looked[i] > 0, "reader %d, %zu snapshots: %s", i, looked[i], faults[i] ? faults[i] : "each whole");
    }
    store_close(store);
    kit_remove(folder);
    return tap_done();
}
