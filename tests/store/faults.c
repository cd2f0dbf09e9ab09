/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Disk full, disk read-only, failing syncs, failing allocations: the jobs that met it are settled false, the condition
 * says what it was, reading goes on, nothing acknowledged is lost, and when the fault is over writing goes on.
 */
#include <sqlite3.h>

#include "faulty.h"
#include "kit.h"
#include "store/attachment.h"
#include "store/inner.h"
#include "store/segment.h"
#include "tap.h"

/* ---- the n-th allocation of SQLite's fails ---- */

static sqlite3_mem_methods plain_memory;
static int fail_in = -1;            /* that many more succeed; -1: all */
static bool stay_failed;

static bool fails(void)
{
    int left = __atomic_load_n(&fail_in, __ATOMIC_RELAXED);
    if (left < 0) {
        return false;
    }
    if (left == 0) {
        __atomic_store_n(&fail_in, stay_failed ? 0 : -1, __ATOMIC_RELAXED);
        return true;
    }
    __atomic_store_n(&fail_in, left - 1, __ATOMIC_RELAXED);
    return false;
}

static void *m_malloc(int n) { return fails() ? NULL : plain_memory.xMalloc(n); }
static void *m_realloc(void *p, int n) { return fails() ? NULL : plain_memory.xRealloc(p, n); }

static void install_memory(void)
{
    sqlite3_mem_methods mine;
    sqlite3_config(SQLITE_CONFIG_GETMALLOC, &plain_memory);
    mine = plain_memory;
    mine.xMalloc = m_malloc;
    mine.xRealloc = m_realloc;
    sqlite3_config(SQLITE_CONFIG_MALLOC, &mine);
}

/* ---- changes ---- */

#define IDS 3000
static bool acked[IDS + 1];
static int next_id = 1;

static bool write_one(struct store *s, size_t body_len)
{
    char *body = malloc(body_len + 1), key[16];
    int id = next_id++;
    memset(body, 'a' + id % 26, body_len);
    body[body_len] = '\0';
    snprintf(key, sizeof key, "%06d", id);
    struct kit_change c = {.id = id, .guard = 1, .updated = id, .body = body, .keys = {{1, key, strlen(key)}}, .n_keys = 1,
                           .terms = {"all", key}, .n_terms = 2};
    acked[id] = kit_change(s, &c);
    free(body);
    return acked[id];
}

static bool all_there(struct store *s)
{
    struct arena *arena = arena_new(0);
    struct view *v = NULL;
    const guard_id ids[] = {1};
    struct guards g = {ids, 1};
    bool good = view_open(s, &v) == OK;
    for (int id = 1; good && id < next_id; id++) {
        struct stored_record x;
        arena_clear(arena);
        enum status status = view_record(v, &g, id, arena, &x);
        char key[16];
        const char *terms[] = {key};
        record_id *hits;
        moment *times;
        size_t n;
        snprintf(key, sizeof key, "%06d", id);
        good = status == (acked[id] ? OK : ABSENT)
               && view_search(v, &g, terms, 1, MOMENT_EVER, 0, 5, arena, &hits, &times, &n) == OK && n == acked[id];
        if (!good) {
            printf("# record %d: %s, acknowledged %d\n", id, status_name(status), acked[id]);
        }
    }
    struct scan scan = {.field = 1, .limit = IDS};
    struct scan_row *rows;
    size_t n = 0, want = 0;
    for (int id = 1; id < next_id; id++) {
        want += acked[id];
    }
    good = good && view_scan(v, &g, &scan, arena, &rows, &n) == OK && n == want;
    view_close(v);
    arena_free(arena);
    return good;
}

static bool edge_holds(const char *folder)
{
    struct store *s = kit_open(folder);
    bool good = db_check(&s->whole) == OK && all_there(s) && write_one(s, 100);
    store_close(s);
    return good;
}

static void test_fault(enum faulty_mode mode, const char *name, const char *words)
{
    char *folder = kit_folder();
    struct store_fault fault;
    store_close(kit_open(folder));
    memset(acked, 0, sizeof acked);
    next_id = 1;
    faulty_begin(folder);
    faulty_install();
    struct store *s = kit_open(folder);
    fresh_set_limits(s->fresh, 20, 7);
    bool good = true, refused = true, told = true, recovers = true;
    for (int round = 0; round < 6; round++) {
        for (int i = 0; i < 5; i++) {
            good = write_one(s, 50 + tap_below(3000)) && good;
        }
        faulty_set(mode, tap_below(30000));
        int tries = 0;
        while (write_one(s, 4000) && tries++ < 50) {
        }
        refused = refused && tries < 50 && !write_one(s, 10);
        store_condition(s, &fault);
        told = told && fault.status != OK && fault.words && strcmp(fault.words, words) == 0 && fault.batches_lost > 0;
        struct attachment_ref ref;
        refused = refused && attachment_put(s, 1, 1, "bytes", 5, NULL, &ref) != OK;
        good = all_there(s) && good;
        faulty_set(FAULTY_SOUND, 0);
        recovers = recovers && write_one(s, 100);
        store_condition(s, &fault);
        told = told && fault.status == OK;
    }
    ok(good, "%s: reading goes on, with all that was acknowledged and nothing else", name);
    ok(refused, "%s: changes, attachments are refused", name);
    ok(told, "%s: the condition says \"%s\" and clears", name, words);
    ok(recovers, "%s: writing goes on afterwards", name);
    store_close(s);
    faulty_remove();
    ok(edge_holds(folder), "%s: opened again, all there and whole", name);
    kit_remove(folder);
}

static void test_segment_full(void)
{
    char *folder = kit_folder();
    store_close(kit_open(folder));
    faulty_begin(folder);
    faulty_install();
    struct store *s = kit_open(folder);
    struct segment_writer *w = NULL;
    char block[9000];
    struct segment_info info;
    for (size_t i = 0; i < sizeof block; i++) {
        block[i] = (char)tap_random();
    }
    ok(segment_create(s, 5, 1, "s", NULL, &w) == OK && segment_append(w, block, 9000, 1, 1, 1) == OK, "a segment");
    faulty_set(FAULTY_FULL, 5000);
    ok(segment_append(w, block, 9000, 1, 2, 2) != OK, "no room for a block");
    faulty_set(FAULTY_SOUND, 0);
    ok(segment_append(w, block, 8000, 1, 3, 3) == OK && segment_close(w, &info) == OK && info.items == 2,
       "room again: the next one takes its place");
    ok(segment_verify(s, 5) == OK, "and the segment verifies");
    faulty_set(FAULTY_NO_SYNC, 0);
    w = NULL;
    ok(segment_create(s, 6, 1, "s", NULL, &w) != OK, "a segment whose row cannot be committed is not opened");
    store_close(s);
    faulty_remove();
    kit_remove(folder);
}

static void test_memory(void)
{
    char *folder = kit_folder();
    memset(acked, 0, sizeof acked);
    next_id = 1;
    struct store *s = kit_open(folder);
    fresh_set_limits(s->fresh, 20, 7);
    bool good = write_one(s, 100), recovers = true;
    int refused = 0, told = 0;
    for (int n = 0; n < 60; n++) {
        stay_failed = n % 3 == 0;
        __atomic_store_n(&fail_in, n % 3 ? (int)tap_below(60) : n / 3, __ATOMIC_RELAXED);
        bool took = write_one(s, 200 + tap_below(9000));
        __atomic_store_n(&fail_in, -1, __ATOMIC_RELAXED);
        if (!took) {
            struct store_fault fault;
            refused++;
            store_condition(s, &fault);
            told += fault.status == NO_MEMORY || fault.status == FAILED_IO;
        }
        recovers = recovers && write_one(s, 20);
    }
    ok(refused > 10, "no memory: %d changes met it and were refused", refused);
    ok(told == refused, "no memory: the condition says so");
    ok(recovers, "no memory: the next change is taken");
    ok(good && all_there(s), "no memory: all that was acknowledged is there, and nothing else");
    int views = 0;
    for (int n = 0; n < 40; n++) {
        struct view *v = NULL;
        stay_failed = true;
        __atomic_store_n(&fail_in, n, __ATOMIC_RELAXED);
        enum status status = view_open(s, &v);
        struct arena *arena = arena_new(0);
        const guard_id ids[] = {1};
        struct guards g = {ids, 1};
        struct stored_record x;
        if (status == OK) {
            status = view_record(v, &g, 1, arena, &x);
        }
        __atomic_store_n(&fail_in, -1, __ATOMIC_RELAXED);
        views += status != OK;
        view_close(v);
        arena_free(arena);
    }
    ok(views > 5, "no memory: a reader is told so (%d of 40)", views);
    store_close(s);
    ok(edge_holds(folder), "no memory: opened again, all there and whole");
    kit_remove(folder);
}

int main(void)
{
    tap_seed();
    install_memory();
    test_fault(FAULTY_FULL, "disk full", "the disk is full");
    test_fault(FAULTY_READ_ONLY, "disk read-only", "the disk is read-only");
    test_fault(FAULTY_NO_SYNC, "failing syncs", "the disk failed");
    test_segment_full();
    test_memory();
    return tap_done();
}
