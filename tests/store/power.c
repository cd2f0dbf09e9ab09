/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Nothing lost. The power fails at a random write or sync while changes, attachments and segment blocks are being
 * written; on what the disk then holds, every acknowledged one is there and the journal's tree is whole. The same with
 * a disk that only pretends to sync must find losses, or the test would show nothing. And a writing process is
 * killed at random points.
 */
#include <signal.h>
#include <sqlite3.h>
#include <sys/wait.h>
#include <unistd.h>

#include "faulty.h"
#include "kit.h"
#include "store/attachment.h"
#include "store/inner.h"
#include "store/segment.h"
#include "tap.h"

#define CHANGES 4000
#define OUTSTANDING 24

static bool acked[CHANGES + 1];
static struct attachment_ref attached[CHANGES];
static size_t n_attached, n_blocks;

static void body_of(int id, char body[200])
{
    snprintf(body, 200, "{\"n\":%d,\"text\":\"%0*d\"}", id, 1 + id % 150, id);
}

struct change { struct job job; int id; bool busy; };

static bool change_run(struct job *job, struct txn *txn)
{
    int id = ((struct change *)job)->id;
    char body[200], key[16], term[16];
    body_of(id, body);
    snprintf(key, sizeof key, "%08d", id * 7919 % CHANGES);
    snprintf(term, sizeof term, "t%d", id % 37);
    struct kit_change c = {.id = id, .guard = 1 + id % 9, .updated = id, .body = body, .keys = {{1, key, strlen(key)}},
                           .n_keys = 1, .terms = {term, "all"}, .n_terms = 2};
    return kit_write(txn, &c);
}

static void ack_change(void *arg) { acked[((struct change *)arg)->id] = true; }

static void change_settled(struct job *job, bool committed)
{
    struct change *c = (struct change *)job;
    if (committed) {
        faulty_ack(ack_change, c);
    }
    __atomic_store_n(&c->busy, false, __ATOMIC_RELEASE);
}

static void ack_attachment(void *arg) { attached[n_attached++] = *(struct attachment_ref *)arg; }
static void ack_blocks(void *arg) { n_blocks = *(size_t *)arg; }

static void work(struct store *s)
{
    static struct change slots[OUTSTANDING];
    struct segment_writer *w = NULL;
    size_t blocks = 0;
    bool segment = segment_create(s, 7, 1, "test", NULL, &w) == OK;
    for (int id = 1; id <= CHANGES && !faulty_is_off(); id++) {
        struct change *c = &slots[id % OUTSTANDING];
        while (__atomic_load_n(&c->busy, __ATOMIC_ACQUIRE)) {
            usleep(50);
        }
        *c = (struct change){.job = {.run = change_run, .settled = change_settled}, .id = id, .busy = true};
        if (store_submit(s, &c->job) != OK) {
            abort();
        }
        if (id % 40 == 0) {
            struct attachment_ref ref;
            char bytes[300];
            int len = snprintf(bytes, sizeof bytes, "attachment %d %0200d", id, id);
            if (attachment_put(s, 1, 1, bytes, (size_t)len, NULL, &ref) == OK) {
                faulty_ack(ack_attachment, &ref);
            }
        }
        if (segment && id % 25 == 0) {
            char block[600];
            int len = snprintf(block, sizeof block, "block %d %0500d", id, id);
            blocks += segment_append(w, block, (size_t)len, 1, id, id) == OK;
            if (segment_sync(w) == OK) {
                faulty_ack(ack_blocks, &blocks);
            }
        }
    }
    for (int i = 0; i < OUTSTANDING; i++) {
        while (__atomic_load_n(&slots[i].busy, __ATOMIC_ACQUIRE)) {
            usleep(50);
        }
    }
    segment_abandon(w);
}

/* ---- what is there afterwards ---- */

struct leaves { struct tree_edge edge; bool good; };
static bool see_leaf(void *arg, uint64_t position, const void *leaf, size_t len)
{
    struct leaves *l = arg;
    struct hash hash = tree_leaf(leaf, len);
    l->good = l->good && position == l->edge.size;
    tree_append(&l->edge, &hash);
    return true;
}

static bool see_block(void *arg, const void *block, size_t len, uint32_t items)
{
    ++*(size_t *)arg;
    return true;
}

static const char *check_index(struct view *v, const struct guards *g, int id, struct arena *arena)
{
    char term[16];
    snprintf(term, sizeof term, "t%d", id % 37);
    const char *terms[] = {term};
    record_id *ids;
    moment *times;
    size_t n;
    if (view_search(v, g, terms, 1, id + 1, 0, 1, arena, &ids, &times, &n) != OK || n != 1 || ids[0] != id) {
        return "an acknowledged change is not found by search";
    }
    return NULL;
}

/* The list holds each record that is there exactly once: no fresh row is lost, none is there twice. */
static bool count_record(void *arg, const struct stored_record *x)
{
    ++*(size_t *)arg;
    return true;
}

static const char *check_lists(struct store *s, struct arena *arena)
{
    static const guard_id ids[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct guards g = {ids, 9};
    struct scan scan = {.field = 1, .limit = CHANGES};
    struct scan_row *rows;
    struct view *v = NULL;
    size_t n = 0, counted = 0, want = 0;
    arena_clear(arena);
    bool good = view_open(s, &v) == OK && view_scan(v, &g, &scan, arena, &rows, &n) == OK
                && view_count(v, &g, &scan, CHANGES, &counted) == OK
                && store_each_record(s, "thing", count_record, &want) == OK;
    view_close(v);
    return good && n == want && counted == want ? NULL : "the list does not fit the records";
}

static const char *check_store(struct store *s, struct arena *arena)
{
    static const guard_id ids[] = {1, 2, 3, 4, 5, 6, 7, 8, 9};
    struct guards g = {ids, 9};
    struct leaves l = {.good = true};
    struct view *v = NULL;
    const char *fault = NULL;
    if (db_check(&s->whole) != OK) {
        return "the database is damaged";
    }
    if (store_each_entry(s, 0, UINT64_MAX, see_leaf, &l) != OK || !l.good || l.edge.size != store_journal_size(s)) {
        return "the journal has a gap";
    }
    struct hash have = tree_root(&s->edge), want = tree_root(&l.edge);
    if (!hash_equal(&have, &want)) {
        return "the tree's nodes do not fit the entries";
    }
    if (view_open(s, &v) != OK) {
        return "no view";
    }
    for (int id = 1; id <= CHANGES && !fault; id++) {
        struct stored_record x;
        char body[200];
        body_of(id, body);
        arena_clear(arena);
        if (acked[id] && (view_record(v, &g, id, arena, &x) != OK || strcmp(x.body, body) != 0)) {
            fault = "an acknowledged change is lost";
        } else if (acked[id]) {
            fault = check_index(v, &g, id, arena);
        }
    }
    view_close(v);
    for (size_t i = 0; i < n_attached && !fault; i++) {
        const void *bytes;
        size_t len;
        if (attachment_get(s, 1, 1, attached[i].address, arena, &bytes, &len) != OK) {
            fault = "an acknowledged attachment is lost";
        }
    }
    fault = fault ? fault : check_lists(s, arena);
    size_t blocks = 0;
    if (!fault && n_blocks && (segment_read(s, &g, 7, see_block, &blocks, NULL) != OK || blocks < n_blocks)) {
        fault = "a synced block of a segment is lost";
    }
    return fault;
}

static const char *check_image(const char *image)
{
    struct arena *arena = arena_new(0);
    struct reasons why;
    struct store *s = NULL;
    reasons_init(&why, arena);
    const char *fault = store_open(image, &why, &s) == OK ? check_store(s, arena) : "the store does not open";
    store_close(s);
    arena_free(arena);
    return fault;
}

static int count_acked(void)
{
    int n = 0;
    for (int i = 1; i <= CHANGES; i++) {
        n += acked[i];
    }
    return n;
}

/* One life and one power failure; NULL when nothing was lost. */
static const char *one_failure(bool pretend, int *ret_acked)
{
    char *folder = kit_folder(), *image = kit_folder();
    memset(acked, 0, sizeof acked);
    n_attached = n_blocks = 0;
    struct store *s = kit_open(folder);
    store_close(s);
    faulty_begin(folder);
    faulty_install();
    faulty_pretend_sync(pretend);
    faulty_power_off_at(1 + tap_below(1500), image);
    s = kit_open(folder);
    fresh_set_limits(s->fresh, tap_below(2000), 1 + tap_below(200));
    work(s);
    bool happened = faulty_is_off();
    store_close(s);
    faulty_pretend_sync(false);
    faulty_remove();
    const char *fault = happened ? check_image(image) : "the power never failed";
    *ret_acked += count_acked();
    kit_remove(folder);
    kit_remove(image);
    return fault;
}

static void test_power(void)
{
    size_t trials = tap_cases(800);
    const char *fault = NULL;
    int acknowledged = 0;
    for (size_t i = 0; i < trials && !fault; i++) {
        fault = one_failure(false, &acknowledged);
    }
    ok(!fault, "%zu power failures, %d acknowledged changes: %s", trials, acknowledged, fault ? fault : "all there");
    ok(acknowledged > 0, "there were acknowledged changes to lose");
    size_t found = 0;
    for (size_t i = 0; i < 5; i++) {
        fault = one_failure(true, &acknowledged);
        if (fault) {
            printf("# without sync: %s\n", fault);
            found++;
        }
    }
    ok(found >= 3, "with a disk that only pretends to sync the test finds losses (%zu of 5)", found);
}

/* ---- SIGKILL ---- */

static int ack_pipe;
static void killed_settled(struct job *job, bool committed)
{
    struct change *c = (struct change *)job;
    if (committed && write(ack_pipe, &c->id, sizeof c->id) != (ssize_t)sizeof c->id) {
        _exit(3);
    }
    __atomic_store_n(&c->busy, false, __ATOMIC_RELEASE);
}

static void write_until_killed(const char *folder, int first)
{
    static struct change slots[OUTSTANDING];
    struct store *s = kit_open(folder);
    fresh_set_limits(s->fresh, (size_t)(first * 7 % 300), (size_t)(1 + first % 50));
    for (int id = first; id <= CHANGES; id++) {
        struct change *c = &slots[id % OUTSTANDING];
        while (__atomic_load_n(&c->busy, __ATOMIC_ACQUIRE)) {
            usleep(20);
        }
        *c = (struct change){.job = {.run = change_run, .settled = killed_settled}, .id = id, .busy = true};
        if (store_submit(s, &c->job) != OK) {
            _exit(2);
        }
    }
    for (;;) {
        pause();
    }
}

static void hear(int from, int *most)
{
    int id;
    if (read(from, &id, sizeof id) == (ssize_t)sizeof id) {
        acked[id] = true;
        *most = id > *most ? id : *most;
    } else {
        *most = -1;
    }
}

/* The moment is one of the child's own, after so many acknowledgements and a little; only some are by the clock, which on a
 * busy machine may come before the first one. False when the child ended by itself. */
static bool kill_sometime(pid_t child, int from, bool by_clock, int *most)
{
    int wanted = by_clock ? 0 : (int)(1 + tap_below(400)), status, last = *most;
    for (; wanted > 0 && last >= 0; wanted--) {
        hear(from, &last);
        *most = last > *most ? last : *most;
    }
    usleep((useconds_t)tap_below(by_clock ? 60000 : 3000));
    kill(child, SIGKILL);
    waitpid(child, &status, 0);
    while (last >= 0) {
        hear(from, &last);
        *most = last > *most ? last : *most;
    }
    return WIFSIGNALED(status);
}

static const char *kill_once(const char *folder, int *first, bool by_clock)
{
    int ends[2], most = *first;
    if (pipe(ends) != 0) {
        abort();
    }
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        close(ends[0]);
        ack_pipe = ends[1];
        write_until_killed(folder, *first);
    }
    close(ends[1]);
    bool killed = kill_sometime(child, ends[0], by_clock, &most);
    close(ends[0]);
    *first = most + OUTSTANDING + 1;
    return killed ? check_image(folder) : "the child ended by itself";
}

static void test_kill(void)
{
    size_t trials = tap_cases(600), i = 0;
    const char *fault = NULL;
    char *folder = NULL;
    int first = CHANGES, acknowledged = 0;
    for (; i < trials && !fault; i++) {
        if (first >= CHANGES - 500) {           /* the numbers are used up: another store */
            acknowledged += folder ? count_acked() : 0;
            if (folder) {
                kit_remove(folder);
            }
            folder = kit_folder();
            store_close(kit_open(folder));
            memset(acked, 0, sizeof acked);
            n_attached = n_blocks = 0;
            first = 1;
        }
        fault = kill_once(folder, &first, i && tap_below(4) == 0);
    }
    acknowledged += count_acked();
    ok(!fault, "%zu times killed, %d acknowledged changes: %s", i, acknowledged, fault ? fault : "all there");
    ok(acknowledged > 0, "there were acknowledged changes to lose");
    kit_remove(folder);
}

int main(void)
{
    tap_seed();
    test_kill();
    test_power();
    return tap_done();
}
