/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signer's process: what it signs, and above all what it refuses, across restarts and whatever lies in its folder.
 * The key must never be readable by others nor be in the office's process, and the state must be durable before a
 * signature leaves.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tap.h"
#include "tree_list.h"

#define ORIGIN "castellan/test"

static char folder[64];
static struct arena *arena;
static struct reasons reasons;
static struct tree_list tree, fork_tree;

static const char *why(void) { return reasons.last ? reasons.last->rule : ""; }

static char *path_of(const char *name) { return arena_printf(arena, "%s/%s", folder, name); }

static struct signer *start(void)
{
    struct signer *s = NULL;
    reasons_init(&reasons, arena);
    if (signer_start(folder, &reasons, &s) != OK)
        printf("# not started: %s\n", reasons_text(&reasons, LANG_EN));
    return s;
}

/* Asks for the tree over the first `size` leaves of `t`, with an honest proof from size `from`. */
static enum status sign(struct signer *s, struct tree_list *t, uint64_t from, uint64_t size, struct buf *out)
{
    struct hash proof[PROOF_MAX];
    unsigned n = 0;
    struct tree_source source = tree_list_source(t);
    struct checkpoint c = {.origin = ORIGIN, .size = size, .root = tree_list_root(t, size), .time = 1793728800000};
    if (from <= size && tree_prove_consistency(&source, from, size, proof, &n) != OK)
        n = 0;
    reasons_init(&reasons, arena);
    buf_clear(out);
    return signer_sign(s, &c, proof, n, &reasons, out);
}

static bool note_is(struct signer *s, const struct buf *note, struct tree_list *t, uint64_t size)
{
    struct checkpoint c;
    struct hash root = tree_list_root(t, size);
    return checkpoint_read(note->data, note->len, signer_public_line(s), arena, NULL, &c) == OK && c.size == size
        && hash_equal(&c.root, &root);
}

static void test_create(void)
{
    struct stat st;
    reasons_init(&reasons, arena);
    is_int(signer_create_key(folder, "with space", &reasons), BAD_INPUT, "a name with a space is refused");
    is_int(signer_create_key(folder, ORIGIN, &reasons), OK, "a key is made");
    ok(stat(path_of("signer.key"), &st) == 0 && (st.st_mode & 0777) == 0600, "only its owner may read it");
    is_int(signer_create_key(folder, ORIGIN, &reasons), CONFLICT, "and it is never overwritten");
}

static void test_sign(struct buf *note)
{
    struct signer *s = start();
    if (!ok(s != NULL, "the signer starts"))
        exit(tap_done());
    is(signer_origin(s), ORIGIN, "it knows its name");
    is_int(signer_last_size(s), 0, "nothing is signed yet");
    char line[256] = "";
    FILE *f = fopen(path_of("signer.pub"), "r");
    ok(f && fgets(line, sizeof line, f) && strncmp(line, signer_public_line(s), strlen(signer_public_line(s))) == 0,
       "its public line lies beside the key");
    if (f)
        fclose(f);
    is_int(sign(s, &tree, 0, 5, note), OK, "a first tree is signed");
    ok(note_is(s, note, &tree, 5), "and the note verifies");
    is_int(sign(s, &tree, 5, 9, note), OK, "a tree that extends it is signed");
    ok(note_is(s, note, &tree, 9) && signer_last_size(s) == 9, "and is now the last one");
    is_int(sign(s, &tree, 9, 9, note), OK, "the same tree is signed again");

    is_int(sign(s, &tree, 0, 5, note), REFUSED, "a smaller tree is refused");
    is(why(), "signer.rollback", "as a rollback");
    is_int(sign(s, &fork_tree, 9, 9, note), REFUSED, "the same size with another root is refused");
    is(why(), "signer.fork", "as a fork");
    is_int(sign(s, &fork_tree, 9, 14, note), REFUSED, "a larger tree of another history is refused");
    is(why(), "signer.consistency", "since its proof does not start at the last tree");
    is_int(sign(s, &tree, 5, 14, note), REFUSED, "a proof from another size is refused");
    is_int(sign(s, &tree, 20, 14, note), REFUSED, "a missing proof is refused");
    ok(note->len == 0 && signer_last_size(s) == 9, "no refusal gives a note or moves the state");

    struct checkpoint c = {.origin = "castellan/other", .size = 14};
    is_int(signer_sign(s, &c, NULL, 0, &reasons, note), BAD_INPUT, "another log's name is refused");
    c = (struct checkpoint){.origin = ORIGIN, .size = 9, .root = tree_list_root(&tree, 9), .time = INT64_MAX};
    is_int(signer_sign(s, &c, NULL, 0, &reasons, note), BAD_INPUT, "a time that is none is refused");
    is_int(sign(s, &tree, 9, 14, note), OK, "and after all that an honest tree is signed");
    signer_stop(s);
}

static void test_bits(struct buf *note)
{
    struct signer *s = start();
    struct hash proof[PROOF_MAX];
    unsigned n = 0, taken = 0, tried = 0;
    struct tree_source source = tree_list_source(&tree);
    struct checkpoint c = {.origin = ORIGIN, .size = 37, .root = tree_list_root(&tree, 37), .time = 1793728800000};
    if (!s || tree_prove_consistency(&source, 14, 37, proof, &n) != OK)
        return;
    for (size_t k = 0; k < tap_cases(20000); k++, tried++) {
        unsigned bit = (unsigned)tap_below(256 * (n + 1));
        struct hash *h = bit / 256 < n ? &proof[bit / 256] : &c.root;
        h->bytes[bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
        taken += signer_sign(s, &c, proof, n, &reasons, note) != REFUSED;
        h->bytes[bit % 256 / 8] ^= (uint8_t)(1u << bit % 8);
    }
    ok(taken == 0 && signer_last_size(s) == 14, "%u proofs and roots with one bit changed, every one refused", tried);
    signer_stop(s);
}

static void test_restart(struct buf *note)
{
    struct signer *s = start();
    ok(s && signer_last_size(s) == 14, "a new process knows the last tree");
    is_int(sign(s, &fork_tree, 9, 9, note), REFUSED, "and refuses what the first had refused");
    is_int(sign(s, &fork_tree, 14, 20, note), REFUSED, "a second history too");
    is_int(sign(s, &tree, 14, 20, note), OK, "and goes on from there");
    kill(signer_pid(s), SIGTERM);
    kill(signer_pid(s), SIGINT);
    is_int(sign(s, &tree, 20, 21, note), OK, "a terminal's signals do not end it");
    kill(signer_pid(s), SIGKILL);
    enum status gone = sign(s, &tree, 21, 22, note);
    is_int(gone, FAILED_IO, "a killed signer is reported");
    is(why(), "signer.gone", "as gone");
    is_int(sign(s, &tree, 21, 22, note), FAILED_IO, "and stays so");
    signer_stop(s);
    s = start();
    ok(s && signer_last_size(s) == 21, "after a kill the state is the last signed tree");
    is_int(sign(s, &tree, 21, 22, note), OK, "and it signs again");
    signer_stop(s);
}

/* The state is durable first: where it cannot be written there is no signature. */
static void test_unwritable(struct buf *note)
{
    struct signer *s = start();
    ok(mkdir(path_of("signer.state.new"), 0700) == 0, "the state's place is taken");
    is_int(sign(s, &tree, 22, 25, note), FAILED_IO, "a state that cannot be written gives no signature");
    is(why(), "signer.state-write", "and says why");
    ok(note->len == 0, "no note is handed out");
    ok(rmdir(path_of("signer.state.new")) == 0, "the place is free again");
    is_int(sign(s, &tree, 22, 25, note), OK, "and then it signs");
    signer_stop(s);
}

static char *slurp(const char *name)
{
    char *text = arena_alloc(arena, 4096);
    FILE *f = fopen(path_of(name), "r");
    size_t n = f ? fread(text, 1, 4095, f) : 0;
    text[n] = 0;
    if (f)
        fclose(f);
    return text;
}

static void spill(const char *name, const char *text)
{
    FILE *f = fopen(path_of(name), "w");
    if (f) {
        fputs(text, f);
        fclose(f);
    }
}

static void expect_start(const char *name, enum status status, const char *rule)
{
    struct signer *s = NULL;
    reasons_init(&reasons, arena);
    enum status got = signer_start(folder, &reasons, &s);
    if (!ok(got == status && (!rule || strcmp(why(), rule) == 0), "%s: %s", name, status_name(status)))
        printf("#   got %s %s\n", status_name(got), why());
    signer_stop(s);
}

static void test_files(void)
{
    char *state = slurp("signer.state"), *key = slurp("signer.key");
    expect_start("all in order", OK, NULL);
    unlink(path_of("signer.state"));
    expect_start("a lost state", REFUSED, "signer.state");
    spill("signer.state", "");
    expect_start("an empty state", DAMAGED, "signer.state-form");
    char *forged = arena_strdup(arena, state);
    forged[strlen(ORIGIN) + 1] ^= 1;                /* another size under the old signature */
    spill("signer.state", forged);
    expect_start("a state somebody changed", DAMAGED, "signer.state-form");
    spill("signer.state", state);
    expect_start("the state put back", OK, NULL);

    chmod(path_of("signer.key"), 0640);
    expect_start("a key that others may read", REFUSED, "signer.key-mode");
    chmod(path_of("signer.key"), 0600);
    spill("signer.key", "nonsense");
    expect_start("a damaged key", DAMAGED, "signer.key-form");
    unlink(path_of("signer.key"));
    expect_start("a lost key", FAILED_IO, "signer.key");
    spill("signer.key", key);
    chmod(path_of("signer.key"), 0600);
    char old[64];
    snprintf(old, sizeof old, "%s", folder);
    snprintf(folder, sizeof folder, "%s", "/nonexistent/signer");
    expect_start("no folder", FAILED_IO, "signer.folder");
    snprintf(folder, sizeof folder, "%s", old);
    expect_start("all in order again", OK, NULL);
}

/* The key is in a process of its own, which other users cannot look into, and which ends with the office. */
static void test_apart(void)
{
    struct signer *s = start();
    char text[64];
    snprintf(text, sizeof text, "/proc/%d/mem", signer_pid(s));
    int fd = open(text, O_RDONLY);
    ok(geteuid() == 0 || fd < 0, "another user's process cannot read its memory%s", geteuid() == 0 ? " (root can)" : "");
    if (fd >= 0)
        close(fd);
    ok(signer_pid(s) != getpid(), "it is a process of its own");
    if (signer_confined(s))
        ok(true, "and locked in by the kernel");
    else
        tap_skip("locked in by the kernel", "this kernel has no Landlock or seccomp");
    int pid = signer_pid(s);
    signer_stop(s);
    ok(kill(pid, 0) != 0 && errno == ESRCH, "it ends when the office lets go");
    signer_stop(NULL);
}

static int drop_one(const char *path, const struct stat *st, int kind, struct FTW *ftw)
{
    (void)st, (void)kind, (void)ftw;
    return remove(path);
}

int main(void)
{
    struct buf note;
    tap_seed();
    arena = arena_new(0);
    buf_init(&note, NOTE_MAX);
    snprintf(folder, sizeof folder, "%s", "/tmp/castellan-signer-XXXXXX");
    if (!mkdtemp(folder))
        return 99;
    tree = tree_list_new(40, 1);
    fork_tree = tree_list_new(40, 1);
    fork_tree.leaf[3] = sha256("another", 7);
    test_create();
    test_sign(&note);
    test_bits(&note);
    test_restart(&note);
    test_unwritable(&note);
    test_files();
    test_apart();
    nftw(folder, drop_one, 8, FTW_DEPTH | FTW_PHYS);
    free(tree.leaf);
    free(fork_tree.leaf);
    buf_free(&note);
    arena_free(arena);
    return tap_done();
}
