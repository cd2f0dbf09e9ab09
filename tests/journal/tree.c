/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The Merkle tree and its proofs: the published vectors of RFC 9162 (those of `subtree*` belong to another document and
 * are passed over by name), every tree up to 200 leaves with every proof, and proofs with one bit changed, which must
 * all fail.
 */
#include <dirent.h>
#include <sys/stat.h>

#include "base/val.h"
#include "tap.h"
#include "tree_list.h"

/* ---- published vectors ---- */

static int vectors_good, vectors_bad;

static uint64_t number(const struct val *object, const char *name)
{
    const struct val *v = val_get(object, name);
    if (!v)
        return UINT64_MAX;
    return v->kind == VAL_NUMBER ? strtoull(v->str.s, NULL, 10) : (uint64_t)v->number;
}

/* A binary value as base64; false when it has not the length of a hash. */
static bool hash_of(const struct val *v, struct hash *ret)
{
    size_t len;
    const char *text = val_text(v);
    return text && base64_read(text, strlen(text), ret->bytes, HASH_BYTES, &len) && len == HASH_BYTES;
}

static bool proof_of(const struct val *object, struct hash *proof, unsigned *ret_n)
{
    const struct val *list = val_get(object, "proof");          /* null counts as empty */
    size_t n = list ? val_count(list) : 0;
    if (n > PROOF_MAX)
        return false;
    for (size_t i = 0; i < n; i++)
        if (!hash_of(val_at(list, i), &proof[i]))
            return false;
    *ret_n = (unsigned)n;
    return true;
}

static bool check_inclusion(const struct val *v)
{
    struct hash root, leaf, proof[PROOF_MAX];
    unsigned n;
    return hash_of(val_get(v, "root"), &root) && hash_of(val_get(v, "leafHash"), &leaf) && proof_of(v, proof, &n)
        && tree_check_inclusion(number(v, "leafIdx"), number(v, "treeSize"), &leaf, proof, n, &root);
}

static bool check_consistency(const struct val *v)
{
    struct hash one, two, proof[PROOF_MAX];
    unsigned n;
    return hash_of(val_get(v, "root1"), &one) && hash_of(val_get(v, "root2"), &two) && proof_of(v, proof, &n)
        && tree_check_consistency(number(v, "size1"), number(v, "size2"), &one, &two, proof, n);
}

static char *read_file(const char *path, size_t *ret_len)
{
    FILE *f = fopen(path, "rb");
    char *text = malloc(1 << 20);
    *ret_len = f && text ? fread(text, 1, 1 << 20, f) : 0;
    if (f)
        fclose(f);
    return text;
}

static void one_vector(const char *path, bool (*check)(const struct val *))
{
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    struct val *v;
    size_t len;
    char *text = read_file(path, &len);
    reasons_init(&reasons, arena);
    if (json_read(arena, text, len, (struct json_limits){0}, &reasons, &v) != OK) {
        ok(false, "%s can be read", path);
    } else {
        bool want = !val_get_bool(v, "wantErr", true), got = check(v);
        if (want != got)
            ok(false, "%s: wanted %s", path, want ? "good" : "refused");
        else if (want)
            vectors_good++;
        else
            vectors_bad++;
    }
    free(text);
    arena_free(arena);
}

static void walk(const char *folder, bool (*check)(const struct val *))
{
    struct dirent *e;
    struct stat st;
    DIR *d = opendir(folder);
    while (d && (e = readdir(d))) {
        char path[4096];
        snprintf(path, sizeof path, "%s/%s", folder, e->d_name);
        if (e->d_name[0] == '.' || stat(path, &st) != 0)
            continue;
        if (S_ISDIR(st.st_mode))
            walk(path, check);
        else if (strstr(e->d_name, ".json"))
            one_vector(path, check);
    }
    if (d)
        closedir(d);
}

static void test_vectors(const char *kind, bool (*check)(const struct val *))
{
    const char *data = getenv("CASTELLAN_DATA"), *root = getenv("SOURCE_ROOT");
    char folder[4096], name[64];
    struct stat st;
    if (data)
        snprintf(folder, sizeof folder, "%s/merkle/%s", data, kind);
    else
        snprintf(folder, sizeof folder, "%s/../shared/data/merkle/%s", root ? root : ".", kind);
    snprintf(name, sizeof name, "published %s vectors", kind);
    if (stat(folder, &st) != 0) {
        tap_skip(name, "the folder merkle is not there");
        return;
    }
    vectors_good = vectors_bad = 0;
    walk(folder, check);
    ok(vectors_good > 0 && vectors_bad > 0, "%s: %d good ones verify, %d mutated ones fail", name, vectors_good,
       vectors_bad);
}

/* ---- every small tree ---- */

static void test_roots(struct tree_list *t)
{
    struct tree_edge edge = {0};
    bool good = true;
    for (uint64_t size = 0;; size++) {
        struct hash root = tree_root(&edge), want = tree_list_root(t, size);
        good = good && hash_equal(&root, &want) && edge.size == size;
        if (size == t->size)
            break;
        tree_append(&edge, &t->leaf[size]);
    }
    ok(good, "the edge gives every root up to size %llu as the definition does", (unsigned long long)t->size);
}

static void test_subtree_append(struct tree_list *t)
{
    bool good = true;
    for (unsigned level = 0; level <= 6; level++) {
        struct tree_edge edge = {0};
        uint64_t step = UINT64_C(1) << level, at = 0;
        for (; at + step <= t->size; at += step) {
            struct hash work[64], root;
            memcpy(work, t->leaf + at, step * sizeof *work);
            root = tree_fold(work, step);
            tree_append_subtree(&edge, level, &root);
        }
        struct hash got = tree_root(&edge), want = tree_list_root(t, at);
        good = good && hash_equal(&got, &want);
    }
    ok(good, "whole subtrees append like their leaves");
}

static void test_inclusion(struct tree_list *t)
{
    struct tree_source source = tree_list_source(t);
    unsigned failed = 0, count = 0;
    for (uint64_t size = 1; size <= t->size; size++) {
        struct hash root = tree_list_root(t, size), proof[PROOF_MAX];
        for (uint64_t i = 0; i < size; i++, count++) {
            unsigned n = 0;
            if (tree_prove_inclusion(&source, i, size, proof, &n) != OK
                || !tree_check_inclusion(i, size, &t->leaf[i], proof, n, &root)
                || tree_check_inclusion(i + 1, size, &t->leaf[i], proof, n, &root))
                failed++;
        }
    }
    is_int(failed, 0, "every inclusion proof of every tree verifies, and not for its neighbour");
    printf("# %u proofs\n", count);
    unsigned n;
    struct hash proof[PROOF_MAX];
    is_int(tree_prove_inclusion(&source, 5, 5, proof, &n), BAD_INPUT, "an index outside the tree is refused");
    is_int(tree_prove_inclusion(&source, 3, t->size + 1, proof, &n), ABSENT, "a source's failure comes through");
}

static void test_consistency(struct tree_list *t)
{
    struct tree_source source = tree_list_source(t);
    struct hash *roots = calloc(t->size + 1, sizeof *roots), proof[PROOF_MAX];
    unsigned failed = 0, crossed = 0, n = 9;
    for (uint64_t size = 0; size <= t->size; size++)
        roots[size] = tree_list_root(t, size);
    for (uint64_t now = 1; now <= t->size; now++)
        for (uint64_t old = 1; old <= now; old++) {
            if (tree_prove_consistency(&source, old, now, proof, &n) != OK
                || !tree_check_consistency(old, now, &roots[old], &roots[now], proof, n))
                failed++;
            if (old < now && tree_check_consistency(old, now, &roots[old], &roots[old], proof, n))
                crossed++;
        }
    is_int(failed, 0, "every consistency proof of every pair of trees verifies");
    is_int(crossed, 0, "and none for another root");
    is_int(tree_prove_consistency(&source, 0, 7, proof, &n), OK, "from the empty tree there is nothing to prove");
    is_int(n, 0, "so the proof is empty");
    ok(!tree_check_consistency(0, 7, &roots[0], &roots[7], proof, 0), "and checking such a proof proves nothing");
    is_int(tree_prove_consistency(&source, 8, 7, proof, &n), BAD_INPUT, "a larger old tree is refused");
    free(roots);
}

/* ---- one bit ---- */

static void flip(struct hash *h, unsigned bit) { h->bytes[bit / 8] ^= (uint8_t)(1u << bit % 8); }

static void test_bits_inclusion(struct tree_list *t)
{
    struct tree_source source = tree_list_source(t);
    unsigned held = 0, tried = 0;
    for (size_t c = 0; c < tap_cases(4000); c++) {
        uint64_t size = 1 + tap_below(t->size), i = tap_below(size);
        struct hash root = tree_list_root(t, size), leaf = t->leaf[i], proof[PROOF_MAX];
        unsigned n = 0;
        if (tree_prove_inclusion(&source, i, size, proof, &n) != OK)
            continue;
        for (unsigned bit = 0; bit < 256 * (n + 2); bit++, tried++) {
            struct hash *h = bit / 256 < n ? &proof[bit / 256] : bit / 256 == n ? &root : &leaf;
            flip(h, bit % 256);
            held += tree_check_inclusion(i, size, &leaf, proof, n, &root);
            flip(h, bit % 256);
        }
        held += n > 0 && tree_check_inclusion(i, size, &leaf, proof, n - 1, &root);
        proof[n] = root;
        held += tree_check_inclusion(i, size, &leaf, proof, n + 1, &root);
    }
    ok(held == 0 && tried > 0, "inclusion: %u single-bit changes, every one refused", tried);
}

static void test_bits_consistency(struct tree_list *t)
{
    struct tree_source source = tree_list_source(t);
    unsigned held = 0, tried = 0;
    for (size_t c = 0; c < tap_cases(4000); c++) {
        uint64_t now = 2 + tap_below(t->size - 1), old = 1 + tap_below(now - 1);
        struct hash one = tree_list_root(t, old), two = tree_list_root(t, now), proof[PROOF_MAX];
        unsigned n = 0;
        if (tree_prove_consistency(&source, old, now, proof, &n) != OK)
            continue;
        for (unsigned bit = 0; bit < 256 * (n + 2); bit++, tried++) {
            struct hash *h = bit / 256 < n ? &proof[bit / 256] : bit / 256 == n ? &one : &two;
            flip(h, bit % 256);
            held += tree_check_consistency(old, now, &one, &two, proof, n);
            flip(h, bit % 256);
        }
        held += tree_check_consistency(old, now, &one, &two, proof, n - 1);
        proof[n] = two;
        held += tree_check_consistency(old, now, &one, &two, proof, n + 1);
    }
    ok(held == 0 && tried > 0, "consistency: %u single-bit changes, every one refused", tried);
}

int main(void)
{
    tap_seed();
    struct hash empty = tree_root(&(struct tree_edge){0});
    char hex[65];
    hex_write(empty.bytes, HASH_BYTES, hex);
    is(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855", "the empty tree's root is SHA-256 of nothing");
    test_vectors("inclusion", check_inclusion);
    test_vectors("consistency", check_consistency);
    struct tree_list t = tree_list_new(200, tap_random());
    test_roots(&t);
    test_subtree_append(&t);
    test_inclusion(&t);
    test_consistency(&t);
    test_bits_inclusion(&t);
    test_bits_consistency(&t);
    free(t.leaf);
    return tap_done();
}
