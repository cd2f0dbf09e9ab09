/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Tampering with an exported journal, in every way that has a name and in random ones: both verifiers must find each,
 * and agree about the first bad entry; erased bodies must be told from missing ones. The untouched journal must be good
 * to both.
 */
#include <ftw.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"
#include "tap.h"
#include "verify/cv.h"

#define ENTRIES 96u
static const uint64_t sizes[] = {10, 40, 64, 80};      /* checkpoints; the last 16 entries are not yet proven */

static char base[64], folder[128];

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

static void drop(void) { nftw(folder, drop_one, 8, FTW_DEPTH | FTW_PHYS); }

static struct sample *good_sample(void)
{
    struct sample *s = sample_new(ENTRIES);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        sample_note(s, sizes[i]);
    return s;
}

/* What the two verifiers say about the folder. */
struct said {
    bool found[2];
    const char *what[2];
    uint64_t first[2], until[2];
    uint64_t erased[2], missing[2];
    char library[2048];
};

static struct said ask(const char *key_line)
{
    struct said said = {0};
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct journal_verdict v = {0};
    const struct journal_options options = {.public_key_line = key_line, .threads = 1};
    reasons_init(&reasons, arena);
    enum status s = journal_check_folder(folder, &options, false, arena, &reasons, &v);
    static char kept[32];
    snprintf(kept, sizeof kept, "%s", v.what ? v.what : "");
    said.found[0] = s == DAMAGED;
    if (s != OK && s != DAMAGED)
        printf("# library: %s\n", status_name(s));
    said.what[0] = kept;
    said.first[0] = v.first_bad;
    said.until[0] = v.bad_until;
    said.erased[0] = v.erased;
    said.missing[0] = v.missing;
    snprintf(said.library, sizeof said.library, "%s", reasons_text(&reasons, LANG_EN));
    arena_free(arena);

    struct cv_report r;
    const struct cv_options cv = {.folder = folder, .key = key_line};
    cv_report_init(&r);
    if (!cv_check(&cv, &r))
        printf("# second: cannot read\n");
    said.found[1] = r.findings > 0;
    said.what[1] = r.what ? r.what : "";
    said.first[1] = r.first_bad;
    said.until[1] = r.bad_until;
    said.erased[1] = r.erased;
    said.missing[1] = r.missing;
    cv_report_free(&r);
    return said;
}

static void show(const struct said *s)
{
    for (int i = 0; i < 2; i++)
        printf("#   %s: found %d what %s first %lld until %lld erased %lld missing %lld\n", i ? "second" : "library",
               s->found[i], s->what[i], (long long)s->first[i], (long long)s->until[i], (long long)s->erased[i],
               (long long)s->missing[i]);
    printf("#   %s\n", s->library);
}

static struct said export_and_ask(struct sample *s, const char *key_line)
{
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    if (sample_export(s, folder, &reasons) != OK)
        ok(false, "the export is written: %s", reasons_text(&reasons, LANG_EN));
    arena_free(arena);
    return ask(key_line);
}

/* Both find `what` at exactly this entry (JOURNAL_NOWHERE: at none, the entries are good). */
static void expect(struct sample *s, const char *key_line, const char *name, const char *what, uint64_t first,
                   uint64_t until)
{
    struct said said = export_and_ask(s, key_line);
    bool good = true;
    for (int i = 0; i < 2; i++)
        good = good && said.found[i] && strcmp(said.what[i], what) == 0 && said.first[i] == first
            && (first == JOURNAL_NOWHERE || said.until[i] == until);
    if (!ok(good, "%s: both verifiers say %s", name, what)) {
        printf("#   wanted %s first %lld until %lld\n", what, (long long)first, (long long)until);
        show(&said);
    }
    drop();
    sample_free(s);
}

static void test_good(void)
{
    struct sample *s = good_sample();
    struct said said = export_and_ask(s, s->line);
    if (!ok(!said.found[0] && !said.found[1], "an untouched journal is good to both"))
        show(&said);
    ok(s->erased > 0 && said.erased[0] == s->erased && said.erased[1] == s->erased && said.missing[0] == 0
       && said.missing[1] == 0, "its erased bodies are counted as erased, none as missing");
    said = ask(NULL);
    ok(!said.found[0] && !said.found[1], "and with the folder's own key");
    drop();
    sample_free(s);
}

/* ---- changes with a name; i below the last checkpoint ---- */

static void test_edit(uint64_t i)
{
    struct sample *s = good_sample();
    sample_rewrite(s, i, i, "PER-EVIL");
    expect(s, s->line, "an edited entry", "edit", i, i + 1);
    s = good_sample();
    s->leaf[i].text[s->leaf[i].len / 2] ^= 1;
    expect(s, s->line, "one bit of an entry", "edit", i, i + 1);
}

/* Everything recomputed: only the signatures are left, and they say between which checkpoints. */
static void window(uint64_t i, uint64_t *from, uint64_t *until)
{
    *from = 0;
    *until = 0;
    for (size_t k = 0; k < sizeof sizes / sizeof *sizes && *until == 0; k++)
        if (sizes[k] > i)
            *until = sizes[k];
        else
            *from = sizes[k];
}

static void test_rewrite(uint64_t i)
{
    uint64_t from, until;
    window(i, &from, &until);
    struct sample *s = good_sample();
    sample_rewrite(s, i, i, "PER-EVIL");
    sample_rehash(s);
    expect(s, s->line, "an edit with all hashes recomputed", "fork", from, until);
    s = good_sample();
    sample_insert(s, i, i);
    sample_renumber(s);
    sample_rehash(s);
    expect(s, s->line, "an insertion, all renumbered and recomputed", "fork", from, until);
    s = good_sample();
    sample_delete(s, i);
    sample_renumber(s);
    sample_rehash(s);
    expect(s, s->line, "a deletion, all renumbered and recomputed", "fork", from, until);
}

static void test_insert(uint64_t i)
{
    struct sample *s = good_sample();
    sample_insert(s, i, i);
    expect(s, s->line, "an inserted entry", "insertion", i, i + 1);
    s = good_sample();
    sample_insert(s, i, i);
    sample_rehash(s);                               /* the hashes were recomputed, the positions forgotten */
    expect(s, s->line, "an inserted entry with recomputed hashes", "insertion", i + 1, i + 2);
}

static void test_delete(uint64_t i)
{
    struct sample *s = good_sample();
    sample_delete(s, i);
    expect(s, s->line, "a deleted entry", "deletion", i, i + 1);
    s = good_sample();
    sample_delete(s, i);
    sample_delete(s, i);
    sample_rehash(s);
    expect(s, s->line, "two deleted entries with recomputed hashes", "deletion", i, i + 1);
}

static void test_reorder(uint64_t i, uint64_t j)
{
    struct sample *s = good_sample();
    sample_swap(s, i, j);
    expect(s, s->line, "two entries swapped", "reordering", i, i + 1);
    s = good_sample();
    sample_swap(s, i, j);
    sample_renumber(s);
    expect(s, s->line, "two entries swapped and renumbered", "edit", i, i + 1);
}

static void test_cut(uint64_t n)
{
    struct sample *s = good_sample();
    sample_cut(s, n);
    expect(s, s->line, "a cut journal with its hashes", "truncation", n, n + 1);
    s = good_sample();
    sample_cut(s, n);
    sample_rehash(s);
    uint64_t until = 0, proven;
    window(n, &proven, &until);
    expect(s, s->line, "a cut journal with cut hashes", "truncation", n, until ? until : n);
}

/* Behind the last checkpoint only the stored hashes know: once they are cut, too, nothing outside can. */
static void test_cut_tail(uint64_t n)
{
    struct sample *s = good_sample();
    sample_cut(s, n);
    expect(s, s->line, "a tail cut that no checkpoint covers", "truncation", n, n + 1);
}

static void test_fork(uint64_t i)
{
    uint64_t from, until;
    window(i, &from, &until);
    struct sample *s = good_sample(), *other = good_sample();
    for (uint64_t k = i; k < s->n; k++)
        sample_rewrite(s, k, k, "PER-OTHER");
    expect(s, s->line, "another tail", "fork", i, i + 1);
    s = good_sample();
    for (uint64_t k = i; k < s->n; k++)
        sample_rewrite(s, k, k, "PER-OTHER");
    sample_rehash(s);
    expect(s, s->line, "another tail, hashes recomputed", "fork", from, until);

    /* The log's own key signed both: the entries fit the newer, and the older stays as the proof. */
    for (uint64_t k = i; k < other->n; k++)
        sample_rewrite(other, k, k, "PER-OTHER");
    sample_rehash(other);
    sample_note(other, other->n);
    expect(other, other->line, "two histories under one key", "fork", JOURNAL_NOWHERE, 0);
}

static void test_key(void)
{
    struct sample *s = good_sample();
    char expected[sizeof s->line];
    snprintf(expected, sizeof expected, "%s", s->line);
    sample_rewrite(s, 30, 30, "PER-EVIL");
    sample_rehash(s);
    sample_key(s, "castellan/test");
    for (size_t i = 0; i < s->n_notes; i++)
        buf_free(&s->notes[i]);
    s->n_notes = 0;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        sample_note(s, sizes[i]);
    expect(s, expected, "all signed anew with another key", "key-swap", JOURNAL_NOWHERE, 0);
}

static void test_bodies(void)
{
    struct sample *s = good_sample();
    uint64_t a = 33, b = 36;
    struct sample_leaf keep = s->leaf[a];
    memcpy(s->leaf[a].body, s->leaf[b].body, sizeof keep.body);
    memcpy(s->leaf[a].salt, s->leaf[b].salt, sizeof keep.salt);
    memcpy(s->leaf[b].body, keep.body, sizeof keep.body);
    memcpy(s->leaf[b].salt, keep.salt, sizeof keep.salt);
    expect(s, s->line, "two bodies swapped", "body", a, a + 1);

    s = good_sample();
    s->leaf[33].body[5] ^= 1;
    expect(s, s->line, "an edited body", "body", 33, 34);
    s = good_sample();
    s->leaf[33].salt[0] ^= 1;
    expect(s, s->line, "another salt", "body", 33, 34);
    s = good_sample();
    s->leaf[33].has_body = false;
    expect(s, s->line, "a body that is missing", "missing", 33, 34);

    s = good_sample();
    uint64_t erased = 0;
    while (erased < s->n && (s->leaf[erased].has_body || !strstr(s->leaf[erased].text, "commitment")))
        erased++;
    s->leaf[erased].has_body = true;
    expect(s, s->line, "an erased body that is still there", "body", erased, erased + 1);
}

/* ---- anything, anywhere ---- */

static const char *const files[] = {"entries", "hashes", "bodies", "erasures", "format", "key.pub",
    "checkpoints/00000000.note", "checkpoints/00000003.note"};
#define FILES (sizeof files / sizeof *files)

static off_t size_of(const char *name)
{
    struct stat st;
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    return stat(path, &st) == 0 ? st.st_size : -1;
}

/* Changes one byte; gives the old one so that it can be put back. */
static uint8_t poke(const char *name, off_t at, uint8_t value)
{
    char path[256];
    uint8_t old = 0;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    int fd = open(path, O_RDWR);
    if (fd < 0 || pread(fd, &old, 1, at) != 1 || pwrite(fd, &value, 1, at) != 1)
        printf("# %s cannot be changed\n", name);
    close(fd);
    return old;
}

static void test_bytes(void)
{
    struct sample *s = good_sample();
    struct said said = export_and_ask(s, s->line);
    unsigned missed = 0, disagreed = 0, tried = 0;
    for (size_t c = 0; c < tap_cases(30000); c++) {
        const char *name = files[c % FILES];
        off_t at = (off_t)tap_below((uint64_t)size_of(name));
        uint8_t old = poke(name, at, 0), new = (uint8_t)tap_random();
        poke(name, at, new);
        if (new == old)
            new = (uint8_t)(old ^ 1u << tap_below(8)), poke(name, at, new);
        said = ask(s->line);
        tried++;
        if (!said.found[0] || !said.found[1]) {
            missed++;
            printf("# %s byte %lld %02x -> %02x\n", name, (long long)at, old, new);
            show(&said);
        } else if (said.first[0] != said.first[1]) {
            disagreed++;
            printf("# %s byte %lld %02x -> %02x\n", name, (long long)at, old, new);
            show(&said);
        }
        poke(name, at, old);
    }
    said = ask(s->line);
    ok(missed == 0 && tried > 0, "%u single bytes changed in any file: both verifiers find every one", tried);
    is_int(disagreed, 0, "and name the same first bad entry");
    ok(!said.found[0] && !said.found[1], "all put back, the journal is good again");
    drop();
    sample_free(s);
}

static void test_cut_files(void)
{
    unsigned missed = 0, tried = 0;
    for (size_t c = 0; c < tap_cases(6000); c++, tried++) {
        struct sample *s = good_sample();
        struct said said = export_and_ask(s, s->line);
        const char *name = files[c % FILES];
        char path[256];
        snprintf(path, sizeof path, "%s/%s", folder, name);
        off_t keep = (off_t)tap_below((uint64_t)size_of(name));
        if (truncate(path, keep) != 0)
            printf("# %s cannot be cut\n", path);
        said = ask(s->line);
        if (!said.found[0] || !said.found[1]) {
            missed++;
            printf("# %s cut to %lld\n", name, (long long)keep);
            show(&said);
        }
        drop();
        sample_free(s);
    }
    ok(missed == 0, "%u files cut anywhere: both verifiers find every one", tried);
}

int main(void)
{
    tap_seed();
    snprintf(base, sizeof base, "%s", "/tmp/castellan-mutate-XXXXXX");
    if (!mkdtemp(base))
        return 99;
    snprintf(folder, sizeof folder, "%s/export", base);
    test_good();
    for (size_t c = 0; c < 4; c++) {
        uint64_t i = 1 + tap_below(76);
        printf("# entry %llu\n", (unsigned long long)i);
        test_edit(i);
        test_rewrite(i);
        test_insert(i);
        test_delete(i);
        test_reorder(i, i + 1 + tap_below(78 - i));
        test_cut(i + 1);
        test_fork(i);
    }
    test_cut_tail(88);
    test_key();
    test_bodies();
    test_bytes();
    test_cut_files();
    rmdir(base);
    return tap_done();
}
