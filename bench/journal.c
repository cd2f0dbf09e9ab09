/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The journal's figures, in memory, so that they are the room's own and not the disk's: appending entries (written,
 * hashed, tree grown), and verifying 1,000,000 of them with stored nodes and checkpoints; with two threads as shipped,
 * and with one. Then an export of them on disk, checked by the library and by the second verifier.
 *
 *     bench-journal [ENTRIES]         default 1000000
 */
#include <ftw.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "journal/export.h"
#include "journal/note.h"
#include "verify/cv.h"

#define LEVELS 32
#define BODY_EVERY 4

static struct {
    uint64_t n;
    struct buf text;
    size_t *offset;
    struct hash *node[LEVELS];
    uint64_t count[LEVELS];
    struct tree_edge edge;
    struct buf note;
    char line[256];
} j;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Of all threads: on a busy machine it says more than the clock. */
static double work(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double started, worked;

static int by_size(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static void begin(void)
{
    started = now();
    worked = work();
}

static void report(const char *what, const char *how)
{
    double took = now() - started, cpu = work() - worked;
    printf("%-8s %10.0f entries/s %7.2f s, processor %6.2f s   %s\n", what, (double)j.n / took, took, cpu, how);
    fflush(stdout);
}

static void stop(const char *what)
{
    fprintf(stderr, "bench-journal: %s\n", what);
    exit(1);
}

static const uint8_t salt[SALT_BYTES] = {1, 2, 3};
static size_t body_of(uint64_t i, char out[64])
{
    return (size_t)snprintf(out, 64, "{\"n\":%llu,\"summary\":\"a door stood open\"}", (unsigned long long)i);
}

static void write_entry(uint64_t i)
{
    char record[32], body[64];
    snprintf(record, sizeof record, "INC-2026-%010llX", (unsigned long long)(i * 2654435761u % 99991));
    struct entry e = {.position = i, .time = 1795371900000 + (int64_t)i, .kind = "change", .person = "PER-2026-7KQ4M2XD0A",
        .account = "ACC-2026-0J3WM2XD0B", .post = "headquarters-security-officer", .step = "edit",
        .register_ = "incident", .record = record, .version = 1 + i % 9, .label = 1 + (int64_t)(i % 40),
        .cause = "k-5f1c7a90", .pack = "5f1c7a905f1c7a905f1c7a905f1c7a905f1c7a905f1c7a905f1c7a905f1c7a90"};
    if (i % BODY_EVERY == 0) {
        e.has_commitment = true;
        e.commitment = commit(salt, body, body_of(i, body));
    }
    entry_write(&e, &j.text);
}

/* Leaf and every node that it completes, as a store would keep them. */
static void keep_nodes(struct hash sum)
{
    for (unsigned level = 0;; level++) {
        uint64_t at = j.count[level]++;
        j.node[level][at] = sum;
        if (at % 2 == 0)
            return;
        sum = tree_node(&j.node[level][at - 1], &sum);
    }
}

static void append_all(void)
{
    begin();
    for (uint64_t i = 0; i < j.n; i++) {
        j.offset[i] = j.text.len;
        write_entry(i);
        struct hash leaf = tree_leaf(j.text.data + j.offset[i], j.text.len - j.offset[i]);
        tree_append(&j.edge, &leaf);
    }
    j.offset[j.n] = j.text.len;
    report("append", "written, hashed, tree grown");
    if (j.text.failed)
        stop("no memory for the entries");
    printf("# %llu entries of %.0f bytes\n", (unsigned long long)j.n, (double)j.text.len / (double)j.n);
    for (uint64_t i = 0; i < j.n; i++)
        keep_nodes(tree_leaf(j.text.data + j.offset[i], j.offset[i + 1] - j.offset[i]));
}

static void sign(void)
{
    uint8_t public_key[NOTE_PUBLIC], secret[NOTE_SECRET];
    crypto_sign_keypair(public_key, secret);
    struct note_key key = note_key_make("castellan/bench", public_key);
    struct checkpoint c = {.origin = key.name, .size = j.n, .root = tree_root(&j.edge), .time = 1795371900000};
    struct buf text, line;
    buf_init(&text, NOTE_MAX);
    buf_init(&line, sizeof j.line);
    buf_init(&j.note, NOTE_MAX);
    checkpoint_write(&c, &text);
    note_sign(&key, secret, text.data, text.len, &j.note);
    note_key_write(&key, &line);
    snprintf(j.line, sizeof j.line, "%s", line.data);
    buf_free(&text);
    buf_free(&line);
}

static enum status leaves(void *arg, uint64_t from, uint64_t to, journal_each_leaf each, void *each_arg)
{
    for (uint64_t i = from; i < to && i < j.n; i++)
        if (!each(each_arg, i, j.text.data + j.offset[i], j.offset[i + 1] - j.offset[i]))
            break;
    return OK;
}

static enum status node(void *arg, unsigned level, uint64_t index, struct hash *ret)
{
    if (level >= LEVELS || index >= j.count[level])
        return ABSENT;
    *ret = j.node[level][index];
    return OK;
}

static enum status body(void *arg, uint64_t position, struct arena *arena, uint8_t out[SALT_BYTES], const char **ret,
                        size_t *ret_len)
{
    char *text = arena_alloc(arena, 64);
    memcpy(out, salt, SALT_BYTES);
    *ret_len = body_of(position, text);
    *ret = text;
    return OK;
}

static const struct journal_note *note_of(void)
{
    static struct journal_note note;
    note = (struct journal_note){"bench", j.note.data, j.note.len};
    return &note;
}

static void verify(const char *name, unsigned threads, bool every, bool bodies)
{
    const struct journal_source source = {.size = j.n, .leaves = leaves, .stored = {node, NULL},
        .body = bodies ? body : NULL};
    const struct journal_options options = {.public_key_line = j.line, .notes = note_of(), .n_notes = 1,
        .threads = threads, .every_node = every};
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct journal_verdict v;
    reasons_init(&reasons, arena);
    begin();
    enum status s = journal_verify(&source, &options, arena, &reasons, &v);
    report("verify", name);
    if (s != OK || v.proven != j.n)
        stop(reasons_text(&reasons, LANG_EN));
    arena_free(arena);
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    return remove(path);
}

static void folder(void)
{
    char base[] = "/tmp/castellan-bench-XXXXXX", path[64];
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct export_folder *f = NULL;
    struct journal_verdict v;
    const struct journal_source source = {.size = j.n, .leaves = leaves, .stored = {node, NULL}, .body = body};
    const struct journal_options options = {.public_key_line = j.line, .notes = note_of(), .n_notes = 1},
                                 key_only = {.public_key_line = j.line};
    reasons_init(&reasons, arena);
    if (!mkdtemp(base))
        stop("no folder");
    snprintf(path, sizeof path, "%s/export", base);
    begin();
    if (export_folder_open(path, &reasons, &f) != OK)
        stop(reasons_text(&reasons, LANG_EN));
    struct export_writer writer = export_folder_writer(f);
    if (journal_export_all(&source, &options, &writer, &reasons) != OK || export_folder_close(f, &reasons) != OK)
        stop(reasons_text(&reasons, LANG_EN));
    report("export", "with bodies, synced");
    begin();
    if (journal_check_folder(path, &key_only, false, arena, &reasons, &v) != OK)
        stop(reasons_text(&reasons, LANG_EN));
    report("check", "the export, bodies too");
    struct cv_report second;
    cv_report_init(&second);
    begin();
    if (!cv_check(&(struct cv_options){.folder = path, .key = j.line}, &second) || second.findings)
        stop("the second verifier found something");
    report("check", "the same by castellan-verify");
    cv_report_free(&second);
    nftw(base, drop_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(arena);
}

int main(int argc, char **argv)
{
    j.n = argc > 1 ? strtoull(argv[1], NULL, 10) : 1000000;
    if (j.n == 0 || sodium_init() < 0)
        stop("how many entries?");
    buf_init(&j.text, j.n * 1024);
    j.offset = calloc(j.n + 1, sizeof *j.offset);
    for (unsigned l = 0; l < LEVELS; l++)
        j.node[l] = calloc((j.n >> l) + 1, sizeof(struct hash));
    append_all();
    sign();
    double took[3];
    for (int i = 0; i < 3; i++) {
        verify("entries, tree, checkpoint; two threads", 2, false, false);
        took[i] = now() - started;
    }
    qsort(took, 3, sizeof *took, by_size);
    printf("@\tverify --journal, %llu entries\t<= 2 s per million\t%.2f s\t%.2f s\t%.2f s\tentries, tree, checkpoint; in memory\n", (unsigned long long)j.n, took[0], took[1], took[2]);
    verify("the same, one thread", 1, false, false);
    verify("every stored node compared", 2, true, false);
    verify("every stored node, bodies against commitments", 2, true, true);
    folder();
    for (unsigned l = 0; l < LEVELS; l++)
        free(j.node[l]);
    free(j.offset);
    buf_free(&j.text);
    buf_free(&j.note);
    return 0;
}
