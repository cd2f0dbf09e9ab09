/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Writing and reading back: records, versions, interning, change keys, refusals that leave nothing, erasure.
 */
#include <sys/stat.h>
#include <unistd.h>

#include "kit.h"
#include "tap.h"

static struct guards guards_of(const guard_id *ids, size_t n) { return (struct guards){ids, n}; }

static void test_records(struct store *s, struct view *v, struct arena *arena)
{
    const guard_id g3[] = {1, 3}, g4[] = {1, 4};
    struct guards mine = guards_of(g3, 2), other = guards_of(g4, 2);
    struct kit_change c = {.id = 77, .guard = 3, .updated = 1000, .body = "{\"summary\":\"first\"}"};
    struct stored_record x;
    ok(kit_change(s, &c), "a record is written");
    is_int(view_record(v, &mine, 77, arena, &x), OK, "its reader reads it");
    is(x.body, "{\"summary\":\"first\"}", "its body");
    is(x.number, "REC-77", "its number");
    is_int(x.version, 1, "version 1");
    is_int(view_record(v, &other, 77, arena, &x), ABSENT, "to another it is absent");
    is_int(view_record(v, &mine, 78, arena, &x), ABSENT, "as one that is not there");
    c.body = "{\"summary\":\"second\"}";
    c.updated = 2000;
    c.guard = 4;
    ok(kit_change(s, &c), "a second version under another guard");
    is_int(view_record(v, &mine, 77, arena, &x), ABSENT, "the old guard's reader has lost it");
    is_int(view_record(v, &other, 77, arena, &x), OK, "the new guard's reader has it");
    struct stored_record *list;
    size_t n;
    is_int(view_versions(v, &other, 77, arena, &list, &n), OK, "versions");
    is_int(n, 2, "two of them");
    is(list[1].body, "{\"summary\":\"first\"}", "oldest last");
    is_int(list[1].guard, 3, "each with the guard that it had");
    is_int(list[0].created, 1000, "created stays");
    is_int(view_versions(v, &mine, 77, arena, &list, &n), ABSENT, "versions of a hidden record are absent");
}

struct refusal { record_id id; bool refuse; enum status key; };

static bool run_refused(void *arg, struct txn *txn)
{
    struct refusal *r = arg;
    const char *terms[] = {"vanished"};
    struct kit_change c = {.id = r->id, .guard = 1, .updated = 5, .body = "{}",
                           .keys = {{7, "k", 1}}, .n_keys = 1, .n_terms = 1};
    c.terms[0] = terms[0];
    struct stored_link link = {.id = r->id, .field = 1, .from = 1, .to = 2, .from_guard = 1, .to_guard = 1};
    uint64_t before = txn_journal_size(txn);
    bool good = kit_write(txn, &c) && txn_put_link(txn, &link) == OK
                && txn_put_side(txn, "notes", r->id, "draft", 1, "words", 5) == OK
                && txn_put_key(txn, r->id, "key", "answer") == OK;
    return good && txn_journal_size(txn) == before + 1 && !r->refuse;
}

static bool count_any(void *arg, record_id id)
{
    ++*(int *)arg;
    return true;
}

static bool run_look(void *arg, struct txn *txn)
{
    int *found = arg;
    struct arena *a = arena_new(0);
    struct stored_record x;
    const char *answer;
    const void *side;
    size_t len;
    label_id label;
    found[0] += txn_get_record(txn, 500, a, &x) == OK;
    found[0] += txn_get_key(txn, 500, "key", a, &answer) == OK;
    found[0] += txn_get_side(txn, "notes", 500, "draft", a, &side, &len, &label) == OK;
    found[0] += txn_each_key(txn, 7, "k", 1, count_any, &found[1]) != OK;
    arena_free(a);
    return true;
}

static void test_refusal(struct store *s, struct view *v, struct arena *arena)
{
    uint64_t size = store_journal_size(s);
    struct tree_edge edge, edge_after;
    ok(store_journal_edge(s, &edge) == OK, "the edge before");
    struct refusal r = {.id = 500, .refuse = true};
    ok(!kit_do(s, run_refused, &r), "a refused job is settled false");
    int found[2] = {0};
    ok(kit_do(s, run_look, found), "looked");
    is_int(found[0], 0, "a refused job leaves no record, key or side row");
    is_int(found[1], 0, "and no index row");
    is_int(store_journal_size(s), size, "and no entry");
    ok(store_journal_edge(s, &edge_after) == OK && memcmp(&edge, &edge_after, sizeof edge) == 0, "and the edge stands");
    const guard_id ids[] = {1};
    struct guards g = {ids, 1};
    const char *terms[] = {"vanished"};
    record_id *hits;
    moment *times;
    size_t n;
    ok(view_search(v, &g, terms, 1, MOMENT_EVER, 0, 10, arena, &hits, &times, &n) == OK && n == 0, "and no posting");
    struct stored_link *links;
    ok(view_links(v, &g, 1, &(struct link_range){.outgoing = true}, arena, &links, &n) == OK && n == 0, "and no link");
    r.refuse = false;
    ok(kit_do(s, run_refused, &r), "the same job, not refused");
    found[0] = found[1] = 0;
    ok(kit_do(s, run_look, found) && found[0] == 3 && found[1] == 1, "leaves all of it");
    ok(view_search(v, &g, terms, 1, MOMENT_EVER, 0, 10, arena, &hits, &times, &n) == OK && n == 1, "its posting too");
    is_int(store_journal_size(s), size + 1, "and one entry");
    ok(!kit_do(s, run_refused, &r), "a change key is used once: the second job is rolled back");
    is_int(store_journal_size(s), size + 1, "whole");
}

static bool run_conflict(void *arg, struct txn *txn)
{
    uint64_t position;
    if (txn_append(txn, "{}", 2, &position) != OK) {
        return false;
    }
    struct stored_record x = {.id = 77, .register_ = "thing", .number = "REC-77", .guard = 1, .label = 1, .state = "s",
                              .version = *(int64_t *)arg, .position = position, .body = "{}", .body_len = 2};
    return txn_put_record(txn, &x) == OK;
}

static void test_versions_in_order(struct store *s)
{
    int64_t wrong = 2, skip = 4, right = 3;
    ok(!kit_do(s, run_conflict, &wrong), "a version that is there is refused");
    ok(!kit_do(s, run_conflict, &skip), "a version that skips one is refused");
    ok(kit_do(s, run_conflict, &right), "the next one is taken");
}

static bool run_intern(void *arg, struct txn *txn)
{
    struct stored_guard g = {.id = 9, .register_ = 2, .label = 5, .file = 44, .party = 55};
    return txn_put_label(txn, 5, "NATO SECRET") == OK && txn_put_guard(txn, &g) == OK
           && txn_put_field(txn, 12, "incident", "summary") == OK;
}

static bool see_label(void *arg, label_id id, const char *text)
{
    *(int *)arg += id == 5 && strcmp(text, "NATO SECRET") == 0;
    return true;
}
static bool see_guard(void *arg, const struct stored_guard *g)
{
    *(int *)arg += g->id == 9 && g->register_ == 2 && g->label == 5 && g->file == 44 && g->party == 55;
    return true;
}
static bool see_field(void *arg, field_id id, const char *register_, const char *field)
{
    *(int *)arg += id == 12 && strcmp(register_, "incident") == 0 && strcmp(field, "summary") == 0;
    return true;
}
static bool see_record(void *arg, const struct stored_record *x)
{
    ++*(int *)arg;
    return true;
}

static void test_interning(struct store *s)
{
    ok(kit_do(s, run_intern, NULL), "label, guard and field are interned");
    ok(!kit_do(s, run_intern, NULL), "once");
    int seen = 0;
    ok(store_each_label(s, see_label, &seen) == OK && store_each_guard(s, see_guard, &seen) == OK
       && store_each_field(s, see_field, &seen) == OK && seen == 3, "and found again at start-up");
    seen = 0;
    ok(store_each_record(s, "thing", see_record, &seen) == OK && seen == 2, "records of a register");
    seen = 0;
    ok(store_each_record(s, "other", see_record, &seen) == OK && seen == 0, "none of another");
    seen = 0;
    ok(store_each_version(s, 77, see_record, &seen) == OK && seen == 3, "every version, for verify");
}

/* ---- erasure ---- */

static const char secret_words[] = "xerxes-quokka-zeppelin";

static bool run_erase(void *arg, struct txn *txn)
{
    uint64_t position;
    return txn_append(txn, "{\"kind\":\"erasure\"}", 18, &position) == OK
           && txn_erase_record(txn, *(record_id *)arg, position) == OK;
}

static bool see_tombstone(void *arg, const char *kind, const char *name, uint64_t position)
{
    *(int *)arg += strcmp(kind, "record") == 0 && strcmp(name, "900") == 0;
    return true;
}

static void test_erasure(struct store *s, struct view *v, struct arena *arena, const char *folder)
{
    /* Among many neighbours, with versions, long bodies (overflow pages), keys and terms. */
    for (int i = 0; i < 120; i++) {
        char body[6000], key[64];
        memset(body, 'x', sizeof body);
        body[snprintf(body, sizeof body, "{\"text\":\"%s", i % 10 == 0 ? secret_words : "plain neighbour")] = ' ';
        snprintf(body + 4000 - (i * 31) % 3900, 8, "\"}");
        snprintf(key, sizeof key, "%s%d", i % 10 == 0 ? secret_words : "plain", i);
        struct kit_change c = {.id = i % 10 == 0 ? 900 : 1000 + i, .guard = 1, .updated = 5000 + i, .body = body,
                               .keys = {{20, key, strlen(key)}}, .n_keys = 1, .n_terms = 2};
        c.terms[0] = i % 10 == 0 ? secret_words : "neighbour";
        c.terms[1] = "common";
        if (!kit_change(s, &c)) {
            ok(false, "write %d", i);
        }
    }
    bool there = kit_file_has(folder, "office.db", secret_words, strlen(secret_words))
                 || kit_file_has(folder, "office.db-wal", secret_words, strlen(secret_words));
    ok(there, "before: the words are in the files");
    record_id id = 900;
    ok(kit_do(s, run_erase, &id), "the record is erased");
    ok(!kit_file_has(folder, "office.db", secret_words, strlen(secret_words)), "after: not in the database file");
    ok(!kit_file_has(folder, "office.db-wal", secret_words, strlen(secret_words)), "nor in the WAL");
    const guard_id ids[] = {1};
    struct guards g = {ids, 1};
    struct stored_record x;
    ok(view_record(v, &g, 900, arena, &x) == OK && !x.body, "the record says that its body is gone");
    struct stored_record *list;
    size_t n;
    ok(view_versions(v, &g, 900, arena, &list, &n) == OK && n == 12 && !list[11].body, "of every version");
    int seen = 0;
    ok(store_each_tombstone(s, see_tombstone, &seen) == OK && seen == 1, "a tombstone stays");
    const char *terms[] = {"common"};
    record_id *hits;
    moment *times;
    ok(view_search(v, &g, terms, 1, MOMENT_EVER, 0, 200, arena, &hits, &times, &n) == OK && n == 108,
       "its neighbours are found as before");
    uint8_t salt[SALT_BYTES];
    const char *body;
    size_t len;
    is_int(store_body_at(s, list[3].position, arena, salt, &body, &len), ABSENT, "no body at its positions");
    id = 31337;
    ok(!kit_do(s, run_erase, &id), "what is not there cannot be erased");
}

int main(void)
{
    tap_seed();
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    struct arena *arena = arena_new(0);
    struct view *v = NULL;
    struct stat st;
    ok(stat(folder, &st) == 0 && (st.st_mode & 0777) == 0700, "the folder is its owner's alone");
    struct reasons why;
    reasons_init(&why, arena);
    is_int(store_create(folder, &why), REFUSED, "a folder that holds an office is not overwritten");
    struct store *second = NULL;
    is_int(store_open(folder, &why, &second), BUSY, "nor opened twice");
    ok(view_open(s, &v) == OK, "a view");
    test_records(s, v, arena);
    test_refusal(s, v, arena);
    test_versions_in_order(s);
    test_interning(s);
    test_erasure(s, v, arena, folder);
    view_close(v);
    store_close(s);
    s = kit_open(folder);
    is_int(store_journal_size(s) > 100, 1, "opened again, with its journal");
    store_close(s);
    arena_free(arena);
    kit_remove(folder);
    return tap_done();
}
