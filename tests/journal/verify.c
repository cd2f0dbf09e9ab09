/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Verification straight from a source, as `castellan verify` uses it: thousands of entries over several blocks and
 * threads, checkpoints inside and on blocks, stored nodes damaged at every level, and the entries handed on in order.
 * Also: exporting from a source gives the files that exporting by hand gives; and the second program's command line.
 */
#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/val.h"
#include "sample.h"
#include "tap.h"
#include "verify/cv.h"

#define MANY 5000u

static struct arena *arena;

/* A source over a sample whose stored nodes are kept by level, so that one can be damaged alone. */
struct nodes { struct sample *s; struct hash *level[14]; uint64_t count[14]; };

static enum status node_of(void *arg, unsigned level, uint64_t index, struct hash *ret)
{
    struct nodes *n = arg;
    if (level >= 14 || index >= n->count[level])
        return ABSENT;
    *ret = n->level[level][index];
    return OK;
}

static struct nodes nodes_new(struct sample *s)
{
    struct nodes n = {.s = s};
    n.count[0] = s->n_stored;
    n.level[0] = malloc((s->n_stored + 1) * sizeof(struct hash));
    memcpy(n.level[0], s->left, s->n_stored * sizeof(struct hash));
    for (unsigned l = 1; l < 14; l++) {
        n.count[l] = n.count[l - 1] / 2;
        n.level[l] = malloc((n.count[l] + 1) * sizeof(struct hash));
        for (uint64_t i = 0; i < n.count[l]; i++)
            n.level[l][i] = tree_node(&n.level[l - 1][2 * i], &n.level[l - 1][2 * i + 1]);
    }
    return n;
}

static void nodes_free(struct nodes *n)
{
    for (unsigned l = 0; l < 14; l++)
        free(n->level[l]);
}

struct heard { uint64_t next, wrong; };

static void hear(void *arg, const struct entry *e)
{
    struct heard *h = arg;
    h->wrong += e->position != h->next++;
}

static enum status run(struct sample *s, struct nodes *n, unsigned threads, bool every, struct journal_verdict *v,
                       struct heard *heard)
{
    struct journal_note notes[SAMPLE_NOTES];
    struct journal_source source = sample_source(s);
    struct journal_options options = sample_options(s, notes);
    struct reasons reasons;
    arena_clear(arena);
    reasons_init(&reasons, arena);
    source.body = NULL;
    if (n)
        source.stored = (struct tree_source){node_of, n};
    else
        source.stored.node = NULL;
    options.threads = threads;
    options.every_node = every;
    options.entry = heard ? hear : NULL;
    options.arg = heard;
    return journal_verify(&source, &options, arena, &reasons, v);
}

static void test_many(struct sample *s, struct nodes *n)
{
    struct journal_verdict v;
    struct heard heard = {0};
    struct hash root = sample_root(s, s->n);
    for (unsigned threads = 1; threads <= 3; threads++) {
        heard = (struct heard){0};
        enum status status = run(s, n, threads, threads == 3, &v, &heard);
        ok(status == OK && v.entries == MANY && hash_equal(&v.root, &root) && v.proven == 4999 && v.notes_good == 5,
           "%u entries with %u threads: good, root and checkpoints as they should be", MANY, threads);
        ok(heard.next == MANY && heard.wrong == 0, "every entry was heard in order");
    }
    is_int(run(s, NULL, 2, false, &v, NULL), OK, "and without stored hashes");
    ok(hash_equal(&v.root, &root) && v.notes_good == 5, "with the same root");
}

static void test_nodes(struct sample *s, struct nodes *n)
{
    struct journal_verdict v;
    unsigned missed = 0, tried = 0, wrong = 0, quiet = 0;
    for (size_t c = 0; c < tap_cases(4000); c++, tried++) {
        unsigned level = (unsigned)tap_below(13);
        uint64_t index = tap_below(n->count[level]);
        uint8_t *byte = &n->level[level][index].bytes[tap_below(HASH_BYTES)];
        *byte ^= 1;
        missed += run(s, n, 2, true, &v, NULL) != DAMAGED;
        wrong += !v.what || strcmp(v.what, "node") != 0 || v.first_bad != index << level;
        if (level >= 10)
            quiet += run(s, n, 2, false, &v, NULL) != DAMAGED;
        *byte ^= 1;
    }
    is_int(missed, 0, "a damaged stored node at any level is found");
    is_int(wrong, 0, "and named, and the entries are not blamed");
    is_int(quiet, 0, "those over whole blocks in the fast walk, too");
    printf("# %u nodes\n", tried);
}

static void test_tampered(struct nodes *n)
{
    struct journal_verdict v;
    unsigned missed = 0;
    for (size_t c = 0; c < tap_cases(1000); c++) {
        struct sample *s = sample_new(MANY);
        sample_note(s, MANY);
        struct nodes own = nodes_new(s);
        uint64_t i = tap_below(MANY - 3);
        const char *want = "edit";
        switch (c % 5) {
        case 0: sample_rewrite(s, i, i, "PER-EVIL"); break;
        case 1: sample_delete(s, i); want = "deletion"; break;
        case 2: sample_insert(s, i, i); want = "insertion"; break;
        case 3: sample_swap(s, i, i + 2); want = "reordering"; break;
        default: sample_cut(s, i + 1); want = "truncation"; i++; break;
        }
        if (run(s, &own, 2, false, &v, NULL) != DAMAGED || !v.what || strcmp(v.what, want) != 0 || v.first_bad != i) {
            missed++;
            printf("# wanted %s at %llu, got %s at %lld\n", want, (unsigned long long)i, v.what ? v.what : "nothing",
                   (long long)v.first_bad);
        }
        nodes_free(&own);
        sample_free(s);
    }
    (void)n;
    is_int(missed, 0, "edits, deletions, insertions, swaps and cuts among thousands: kind and place exact");
}

static void test_edges(void)
{
    struct journal_verdict v;
    struct reasons reasons;
    struct sample *s = sample_new(0);
    reasons_init(&reasons, arena);
    is_int(run(s, NULL, 2, false, &v, NULL), OK, "an empty journal is good");
    sample_note(s, 0);
    is_int(run(s, NULL, 2, false, &v, NULL), OK, "with the empty tree's checkpoint, too");
    sample_free(s);
    s = sample_new(3);
    struct journal_source source = sample_source(s);
    struct journal_options options = {.threads = 1};
    source.size = 5;
    is_int(journal_verify(&source, &options, arena, &reasons, &v), DAMAGED, "fewer entries than there should be");
    is(v.what, "truncation", "is a truncation");
    sample_free(s);
}

/* ---- export, second program ---- */

static char base[64];

static char *content(const char *folder, const char *name, size_t *ret_len)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    char *text = arena_alloc(arena, 1 << 20);
    FILE *f = fopen(path, "rb");
    *ret_len = f ? fread(text, 1, 1 << 20, f) : SIZE_MAX;
    if (f)
        fclose(f);
    return text;
}

static void test_export(struct sample *s)
{
    static const char *const files[] = {"format", "key.pub", "entries", "hashes", "bodies", "erasures",
        "checkpoints/00000000.note", "checkpoints/00000001.note"};
    char one[128], two[128];
    struct reasons reasons;
    struct journal_note notes[SAMPLE_NOTES];
    struct export_folder *f;
    arena_clear(arena);
    reasons_init(&reasons, arena);
    snprintf(one, sizeof one, "%s/one", base);
    snprintf(two, sizeof two, "%s/two", base);
    is_int(sample_export(s, one, &reasons), OK, "an export by hand");
    struct journal_source source = sample_source(s);
    struct journal_options options = sample_options(s, notes);
    is_int(export_folder_open(two, &reasons, &f), OK, "a new folder");
    struct export_writer writer = export_folder_writer(f);
    is_int(journal_export_all(&source, &options, &writer, &reasons), OK, "an export of the source");
    is_int(export_folder_close(f, &reasons), OK, "written and synced");
    unsigned differ = 0;
    for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
        size_t a, b;
        char *left = content(one, files[i], &a), *right = content(two, files[i], &b);
        differ += a != b || a == SIZE_MAX || memcmp(left, right, a) != 0;
    }
    is_int(differ, 0, "gives the same files");
    is_int(export_folder_open(two, &reasons, &f), FAILED_IO, "a folder that is there is refused");
}

static int second(const char *const *arguments, char **ret)
{
    char *argv[12] = {(char *)"castellan-verify"};
    int argc = 1;
    for (; arguments[argc - 1]; argc++)
        argv[argc] = (char *)arguments[argc - 1];
    size_t len = 0;
    char *text = NULL;
    FILE *out = open_memstream(&text, &len);
    int code = cv_main(argc, argv, out, out);
    fclose(out);
    *ret = arena_strdup(arena, text);
    free(text);
    return code;
}

static void test_program(struct sample *s)
{
    char one[128], note[160], damaged[160], *text;
    struct reasons reasons;
    struct val *v;
    reasons_init(&reasons, arena);
    snprintf(one, sizeof one, "%s/one", base);
    snprintf(note, sizeof note, "%s/one/checkpoints/00000001.note", base);
    snprintf(damaged, sizeof damaged, "%s/one/bodies", base);
    is_int(second((const char *const[]){one, "--key", s->line, NULL}, &text), 0, "a good folder: status 0");
    ok(strstr(text, "good: nothing was found") != NULL, "and it says so");
    is_int(second((const char *const[]){one, "--key", s->line, "--checkpoint", note, note, "--json", NULL}, &text), 0,
           "further checkpoints, as JSON");
    ok(json_read(arena, text, strlen(text), (struct json_limits){0}, &reasons, &v) == OK
       && val_get_int(v, "entries", -1) == (int64_t)s->n && val_get_int(v, "checkpoints_good", -1) == 4
       && val_get(v, "first_bad")->kind == VAL_NULL, "the JSON reads well");
    is_int(second((const char *const[]){one, "--lang", "fr", NULL}, &text), 0, "in French");
    ok(strstr(text, "remarque : la clé a été prise dans le dossier lui-même") != NULL, "with a remark about the key");
    is_int(second((const char *const[]){"--help", NULL}, &text), 0, "help");
    is_int(second((const char *const[]){NULL}, &text), 2, "without a folder: status 2");
    is_int(second((const char *const[]){one, "--key", NULL}, &text), 2, "an option without its value: status 2");
    is_int(second((const char *const[]){one, "two", NULL}, &text), 2, "two folders: status 2");
    is_int(second((const char *const[]){"/nonexistent", NULL}, &text), 2, "a folder that is not there: status 2");
    is_int(second((const char *const[]){one, "--key", "nonsense", NULL}, &text), 1, "a key that is none: status 1");
    ok(unlink(damaged) == 0, "the bodies are taken away");
    is_int(second((const char *const[]){one, "--key", s->line, "--json", NULL}, &text), 1, "then there are findings: status 1");
    ok(json_read(arena, text, strlen(text), (struct json_limits){0}, &reasons, &v) == OK
       && val_count(val_get(v, "findings")) > 1 && val_get_int(v, "missing", 0) > 0
       && strcmp(val_get_str(v, "what"), "missing") == 0, "the JSON lists what is missing");
    is_int(second((const char *const[]){one, "--key", s->line, "--no-bodies", NULL}, &text), 0, "without bodies it is good");
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

int main(void)
{
    tap_seed();
    arena = arena_new((size_t)64 << 20);
    snprintf(base, sizeof base, "%s", "/tmp/castellan-verify-XXXXXX");
    if (!mkdtemp(base))
        return 99;
    struct sample *s = sample_new(MANY);
    static const uint64_t sizes[] = {4999, 1, 1024, 1500, 4096};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        sample_note(s, sizes[i]);
    struct nodes n = nodes_new(s);
    test_many(s, &n);
    test_nodes(s, &n);
    test_tampered(&n);
    test_edges();
    nodes_free(&n);
    sample_free(s);
    s = sample_new(120);
    sample_note(s, 40);
    sample_note(s, 120);
    test_export(s);
    test_program(s);
    sample_free(s);
    nftw(base, drop_one, 8, FTW_DEPTH | FTW_PHYS);
    arena_free(arena);
    return tap_done();
}
