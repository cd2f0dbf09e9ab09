/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See sample.h. The stored hashes are kept apart from the entries, so that either can be changed alone.
 */
#include "sample.h"

#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"

static void set_text(struct sample_leaf *leaf, const struct entry *entry)
{
    struct buf b;
    buf_init(&b, ENTRY_MAX);
    entry_write(entry, &b);
    if (b.failed)
        abort();
    free(leaf->text);
    leaf->text = strndup(b.data, b.len);
    leaf->len = b.len;
    buf_free(&b);
}

static void make_leaf(struct sample_leaf *leaf, uint64_t i, uint64_t n)
{
    static const char *const people[] = {"PER-0J3W", "PER-7KQ4", "PER-X2M9", "PER-É«1»"};
    char record[32];
    snprintf(record, sizeof record, "INC-%04u", (unsigned)(i % 7));
    struct entry e = {.position = i, .time = 1795371900000 + (int64_t)(i * 7), .kind = "change", .person = people[i % 4],
        .account = "ACC-1", .post = "guard", .step = i % 2 ? "edit" : "create", .register_ = "incident",
        .record = record, .version = 1 + i, .label = (int64_t)(i % 3) + 1};
    if (i % 3 == 0) {
        leaf->has_body = e.has_commitment = true;
        uint64_t salt[2] = {tap_random(), tap_random()};
        memcpy(leaf->salt, salt, SALT_BYTES);
        snprintf(leaf->body, sizeof leaf->body, "{\"n\":%u,\"summary\":\"door \\\"%u\\\" open\"}", (unsigned)i,
                 (unsigned)tap_below(1000));
        e.commitment = commit(leaf->salt, leaf->body, strlen(leaf->body));
    } else if (n > 20 && i == n * 2 / 3 - (n * 2 / 3) % 3 + 1) {
        e = (struct entry){.position = i, .time = e.time, .kind = "erasure", .person = e.person, .record = "INC-0003"};
    } else if (i % 11 == 5) {
        e = (struct entry){.position = i, .time = e.time, .kind = "read", .person = e.person, .reason = "line\nbreak\t\"\\"};
    }
    set_text(leaf, &e);
}

/* What an honest office does at an erasure: the bodies of earlier entries of that record go. */
static void apply_erasures(struct sample *s)
{
    struct arena *arena = arena_new(0);
    for (uint64_t i = 0; i < s->n; i++) {
        struct entry e;
        if (entry_read(s->leaf[i].text, s->leaf[i].len, arena, NULL, &e) != OK)
            abort();
        for (uint64_t j = 0; strcmp(e.kind, "erasure") == 0 && j < i; j++) {
            struct entry old;
            if (entry_read(s->leaf[j].text, s->leaf[j].len, arena, NULL, &old) != OK)
                abort();
            if (old.record && strcmp(old.record, e.record) == 0 && s->leaf[j].has_body) {
                s->leaf[j].has_body = false;
                s->erased++;
            }
        }
    }
    arena_free(arena);
}

struct sample *sample_new(uint64_t n)
{
    struct sample *s = calloc(1, sizeof *s);
    s->leaf = calloc(n + 64, sizeof *s->leaf);
    s->n = n;
    for (uint64_t i = 0; i < n; i++)
        make_leaf(&s->leaf[i], i, n);
    apply_erasures(s);
    sample_rehash(s);
    sample_key(s, "castellan/test");
    return s;
}

void sample_free(struct sample *s)
{
    if (!s)
        return;
    for (uint64_t i = 0; i < s->n; i++)
        free(s->leaf[i].text);
    for (size_t i = 0; i < s->n_notes; i++)
        buf_free(&s->notes[i]);
    free(s->leaf);
    free(s->left);
    free(s);
}

struct sample *sample_copy(const struct sample *s)
{
    struct sample *c = malloc(sizeof *c);
    *c = *s;
    c->leaf = calloc(s->n + 64, sizeof *c->leaf);
    memcpy(c->leaf, s->leaf, s->n * sizeof *c->leaf);
    for (uint64_t i = 0; i < s->n; i++)
        c->leaf[i].text = strndup(s->leaf[i].text, s->leaf[i].len);
    c->left = malloc((s->n_stored + 1) * sizeof *c->left);
    memcpy(c->left, s->left, s->n_stored * sizeof *c->left);
    for (size_t i = 0; i < s->n_notes; i++) {
        buf_init(&c->notes[i], NOTE_MAX);
        buf_add(&c->notes[i], s->notes[i].data, s->notes[i].len);
    }
    return c;
}

void sample_key(struct sample *s, const char *origin)
{
    uint8_t public_key[NOTE_PUBLIC];
    if (sodium_init() < 0)
        abort();
    crypto_sign_keypair(public_key, s->secret);
    s->key = note_key_make(origin, public_key);
    struct buf b;
    buf_init(&b, sizeof s->line);
    note_key_write(&s->key, &b);
    snprintf(s->line, sizeof s->line, "%s", b.data);
    buf_free(&b);
}

struct hash sample_root(const struct sample *s, uint64_t size)
{
    struct tree_edge edge = {0};
    for (uint64_t i = 0; i < size; i++) {
        struct hash leaf = tree_leaf(s->leaf[i].text, s->leaf[i].len);
        tree_append(&edge, &leaf);
    }
    return tree_root(&edge);
}

void sample_note(struct sample *s, uint64_t size)
{
    struct checkpoint c = {.origin = s->key.name, .size = size, .root = sample_root(s, size),
                           .time = 1795371900000 + (int64_t)size * 7};
    struct buf text;
    buf_init(&text, NOTE_MAX);
    checkpoint_write(&c, &text);
    buf_init(&s->notes[s->n_notes], NOTE_MAX);
    note_sign(&s->key, s->secret, text.data, text.len, &s->notes[s->n_notes]);
    s->note_size[s->n_notes++] = size;
    buf_free(&text);
}

void sample_rewrite(struct sample *s, uint64_t i, uint64_t position, const char *person)
{
    struct arena *arena = arena_new(0);
    struct entry e;
    if (entry_read(s->leaf[i].text, s->leaf[i].len, arena, NULL, &e) != OK)
        abort();
    e.position = position;
    if (person)
        e.person = person;
    set_text(&s->leaf[i], &e);
    arena_free(arena);
}

void sample_insert(struct sample *s, uint64_t at, uint64_t position)
{
    memmove(&s->leaf[at + 1], &s->leaf[at], (s->n - at) * sizeof *s->leaf);
    s->leaf[at] = (struct sample_leaf){0};
    s->n++;
    set_text(&s->leaf[at], &(struct entry){.position = position, .time = 1795371900001, .kind = "change",
                                           .person = "PER-EVIL", .step = "edit"});
}

void sample_delete(struct sample *s, uint64_t at)
{
    free(s->leaf[at].text);
    memmove(&s->leaf[at], &s->leaf[at + 1], (s->n - at - 1) * sizeof *s->leaf);
    s->n--;
}

void sample_swap(struct sample *s, uint64_t a, uint64_t b)
{
    struct sample_leaf keep = s->leaf[a];
    s->leaf[a] = s->leaf[b];
    s->leaf[b] = keep;
}

void sample_cut(struct sample *s, uint64_t n)
{
    while (s->n > n)
        free(s->leaf[--s->n].text);
}

void sample_renumber(struct sample *s)
{
    for (uint64_t i = 0; i < s->n; i++)
        sample_rewrite(s, i, i, NULL);
}

void sample_rehash(struct sample *s)
{
    free(s->left);
    s->left = calloc(s->n + 1, sizeof *s->left);
    for (uint64_t i = 0; i < s->n; i++)
        s->left[i] = tree_leaf(s->leaf[i].text, s->leaf[i].len);
    s->n_stored = s->n;
}

/* ---- as a source ---- */

static enum status sample_leaves(void *arg, uint64_t from, uint64_t to, journal_each_leaf each, void *each_arg)
{
    struct sample *s = arg;
    for (uint64_t i = from; i < to && i < s->n; i++)
        if (!each(each_arg, i, s->leaf[i].text, s->leaf[i].len))
            break;
    return OK;
}

static enum status sample_node(void *arg, unsigned level, uint64_t index, struct hash *ret)
{
    struct sample *s = arg;
    if (level > 40 || (index + 1) << level > s->n_stored)
        return ABSENT;
    struct hash *work = malloc(sizeof *work << level);
    memcpy(work, s->left + (index << level), sizeof *work << level);
    *ret = tree_fold(work, (size_t)1 << level);
    free(work);
    return OK;
}

static enum status sample_body(void *arg, uint64_t position, struct arena *arena, uint8_t salt[SALT_BYTES],
                               const char **ret, size_t *ret_len)
{
    struct sample *s = arg;
    for (uint64_t i = 0; i < s->n; i++) {
        char mine[48];
        snprintf(mine, sizeof mine, "\"position\":%llu,", (unsigned long long)position);
        if (!s->leaf[i].has_body || !memmem(s->leaf[i].text, s->leaf[i].len, mine, strlen(mine)))
            continue;
        memcpy(salt, s->leaf[i].salt, SALT_BYTES);
        *ret = arena_strdup(arena, s->leaf[i].body);
        *ret_len = strlen(*ret);
        return OK;
    }
    return ABSENT;
}

struct journal_source sample_source(struct sample *s)
{
    return (struct journal_source){.arg = s, .size = JOURNAL_NOWHERE, .leaves = sample_leaves,
        .stored = {sample_node, s}, .body = sample_body};
}

struct journal_options sample_options(struct sample *s, struct journal_note *notes)
{
    static const char *const names[SAMPLE_NOTES] = {"a", "b", "c", "d", "e", "f", "g", "h", "i", "j", "k", "l", "m", "n",
                                                    "o", "p"};
    for (size_t i = 0; i < s->n_notes; i++)
        notes[i] = (struct journal_note){names[i], s->notes[i].data, s->notes[i].len};
    return (struct journal_options){.public_key_line = s->line, .notes = notes, .n_notes = s->n_notes, .threads = 1};
}

/* The exporter writes what the store holds: its hashes behind the entries' end go out, too. */
enum status sample_export(struct sample *s, const char *folder, struct reasons *reasons)
{
    struct export_folder *f;
    struct journal_export *e;
    enum status status = export_folder_open(folder, reasons, &f);
    if (status != OK)
        return status;
    struct export_writer writer = export_folder_writer(f);
    status = journal_export_open(&writer, s->line, reasons, &e);
    if (status == OK) {
        for (uint64_t i = 0; i < s->n && status == OK; i++) {
            status = journal_export_entry(e, s->leaf[i].text, s->leaf[i].len,
                                          i < s->n_stored ? &s->left[i] : NULL);
            if (status == OK && s->leaf[i].has_body)
                status = journal_export_body(e, s->leaf[i].salt, s->leaf[i].body, strlen(s->leaf[i].body));
        }
        for (uint64_t i = s->n; i < s->n_stored && status == OK; i++)
            status = writer.write(writer.arg, "hashes", s->left[i].bytes, HASH_BYTES);
        for (size_t i = 0; i < s->n_notes && status == OK; i++)
            status = journal_export_note(e, s->notes[i].data, s->notes[i].len);
        enum status closed = journal_export_close(e);
        status = status == OK ? closed : status;
    }
    enum status closed = export_folder_close(f, reasons);
    return status == OK ? closed : status;
}
