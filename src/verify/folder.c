/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The check of a folder, in the order of the format's page: key, entries, checkpoints, hashes; bodies.c does the rest.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "check.h"

#define NOTES_MAX 100000u

/* Room for one more; memory is all that can fail here, and then nothing can be said. */
void *cv_more(void *list, size_t n, size_t *cap, size_t size)
{
    if (n < *cap)
        return list;
    *cap = *cap ? 2 * *cap : 256;
    list = reallocarray(list, *cap, size);
    if (!list)
        abort();
    return list;
}

/* ---- files ---- */

static bool map(int dir, const char *name, struct cv_span *ret)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);
    *ret = (struct cv_span){"", 0};
    if (good && st.st_size > 0) {
        void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
        good = p != MAP_FAILED;
        if (good)
            *ret = (struct cv_span){p, (size_t)st.st_size};
    }
    if (fd >= 0)
        close(fd);
    return good;
}

void cv_unmap(struct cv_span s)
{
    if (s.n)
        munmap((void *)(uintptr_t)s.p, s.n);
}

bool cv_map_wanted(struct check *c, const char *name, struct cv_span *ret)
{
    if (map(c->dir, name, ret))
        return true;
    cv_find(c->report, "form", CV_FILE_MISSING, name, name, NULL, NULL);
    return false;
}

/* The next line; false at the end. A last line without its newline is a finding and is taken as it is. */
bool cv_line(struct check *c, struct cv_span *rest, const char *file, struct cv_span *ret)
{
    if (rest->n == 0)
        return false;
    const char *stop = memchr(rest->p, '\n', rest->n);
    if (!stop)
        cv_find(c->report, "form", CV_FILE_CUT, file, file, NULL, NULL);
    *ret = (struct cv_span){rest->p, stop ? (size_t)(stop - rest->p) : rest->n};
    size_t taken = ret->n + (stop != NULL);
    *rest = (struct cv_span){rest->p + taken, rest->n - taken};
    return true;
}

static bool is_text(struct cv_span s, const char *text)
{
    return s.n == strlen(text) && memcmp(s.p, text, s.n) == 0;
}

/* ---- key ---- */

static void check_format(struct check *c)
{
    struct cv_span text;
    if (!map(c->dir, "format", &text) || !is_text(text, "castellan-journal-export 1\n"))
        cv_find(c->report, "form", CV_FORMAT, "format", NULL, NULL, NULL);
    cv_unmap(text);
}

static void check_key(struct check *c)
{
    struct cv_span file, own = {"", 0}, given;
    bool there = cv_map_wanted(c, "key.pub", &file), ended = file.n && file.p[file.n - 1] == '\n';
    if (there)
        own = (struct cv_span){file.p, file.n - ended};
    char *copy = strndup(own.p, own.n > 512 ? 512 : own.n);
    if (!copy)
        abort();
    given = c->options->key ? (struct cv_span){c->options->key, strlen(c->options->key)} : own;
    c->have_key = cv_key_read(given, &c->key);
    if (!c->have_key)
        cv_find(c->report, "key-swap", CV_KEY_FORM, "key.pub", c->options->key ? c->options->key : copy, NULL, NULL);
    if (!c->options->key)
        cv_find(c->report, NULL, CV_R_OWN_KEY, "key.pub", copy, NULL, NULL);
    else if (there && (!ended || !is_text(own, c->options->key))) {
        cv_find(c->report, "key-swap", CV_FOLDER_KEY, "key.pub", copy, NULL, NULL);
        cv_blame(c->report, "key-swap", CV_NOWHERE, CV_NOWHERE);
    }
    free(copy);
    cv_unmap(file);
}

/* ---- entries ---- */

static void take_entry(struct check *c, struct cv_span text)
{
    struct cv_entry e;
    c->leaf[c->n] = cv_leaf(text);
    c->position[c->n] = c->n;
    if (!cv_entry_read(text, &e)) {
        const struct cv_number at = cv_number(c->n);
        cv_find(c->report, "edit", CV_UNREADABLE, at.text, at.text, NULL, NULL);
        c->unreadable = c->unreadable == CV_NOWHERE ? c->n : c->unreadable;
    } else {
        c->position[c->n] = e.position;
        if (e.has_commitment) {
            c->committed = cv_more(c->committed, c->n_committed, &c->cap_committed, sizeof *c->committed);
            c->committed[c->n_committed++] = (struct committed){text, c->n};
        }
        if (e.erases) {
            c->erasures = cv_more(c->erasures, c->n_erasures, &c->cap_erasures, sizeof *c->erasures);
            c->erasures[c->n_erasures++] = (struct erasure){e.record, c->n};
        }
    }
    if (c->position[c->n] != c->n && c->misplaced == CV_NOWHERE)
        c->misplaced = c->n;
    c->n++;
}

static void read_entries(struct check *c)
{
    struct cv_span rest, text;
    size_t cap_leaf = 0, cap_position = 0;
    if (!cv_map_wanted(c, "entries", &c->entries))
        return;
    for (rest = c->entries; cv_line(c, &rest, "entries", &text);) {
        c->leaf = cv_more(c->leaf, c->n, &cap_leaf, sizeof *c->leaf);
        c->position = cv_more(c->position, c->n, &cap_position, sizeof *c->position);
        take_entry(c, text);
    }
    c->report->entries = c->n;
}

/* ---- checkpoints ---- */

static void take_note(struct check *c, const char *file, struct cv_span text)
{
    static const struct { const char *kind; enum cv_word word; } wrong[] = {
        [CV_OTHER_KEY] = {"key-swap", CV_NOTE_KEY}, [CV_WRONG_SIGNATURE] = {"checkpoint", CV_NOTE_SIGNATURE},
        [CV_NO_NOTE] = {"checkpoint", CV_NOTE_FORM}};
    struct cv_note note = {0};
    enum cv_note_status s = c->have_key ? cv_note_read(text, &c->key, &note) : CV_OTHER_KEY;
    if (s != CV_GOOD_NOTE) {
        c->report->notes_bad++;
        cv_find(c->report, wrong[s].kind, wrong[s].word, file, NULL, NULL, NULL);
        cv_blame(c->report, wrong[s].kind, CV_NOWHERE, CV_NOWHERE);
        return;
    }
    note.file = strdup(file);
    c->notes = reallocarray(c->notes, c->n_notes + 1, sizeof *c->notes);
    if (!c->notes || !note.file)
        abort();
    c->notes[c->n_notes++] = note;
}

static void note_file(struct check *c, int dir, const char *name, const char *shown)
{
    struct cv_span text;
    if (map(dir, name, &text))
        take_note(c, shown, text);
    else
        cv_find(c->report, "checkpoint", CV_FILE_MISSING, shown, shown, NULL, NULL);
    cv_unmap(text);
}

static int by_size(const void *a, const void *b)
{
    const struct cv_note *l = a, *r = b;
    return l->size != r->size ? (l->size < r->size ? -1 : 1) : strcmp(l->file, r->file);
}

static void read_notes(struct check *c)
{
    struct dirent *e;
    int dir = openat(c->dir, "checkpoints", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
    if (!d)
        cv_find(c->report, "form", CV_FILE_MISSING, "checkpoints", "checkpoints", NULL, NULL);
    for (size_t seen = 0; d && seen < NOTES_MAX && (e = readdir(d)); seen++) {
        size_t n = strlen(e->d_name);
        char shown[300];
        snprintf(shown, sizeof shown, "checkpoints/%s", e->d_name);
        if (n > 5 && strcmp(e->d_name + n - 5, ".note") == 0)
            note_file(c, dirfd(d), e->d_name, shown);
    }
    if (d)
        closedir(d);
    for (size_t i = 0; i < c->options->n_notes; i++)
        note_file(c, AT_FDCWD, c->options->notes[i], c->options->notes[i]);
    if (c->n_notes)
        qsort(c->notes, c->n_notes, sizeof *c->notes, by_size);
}

static void meet_notes(struct check *c)
{
    const uint64_t n_hashes = c->hashes.n / HASH_BYTES;
    struct cv_tree ours = {.leaves = c->leaf}, theirs = {.leaves = (const struct hash *)c->hashes.p};
    for (size_t i = 0; i < c->n_notes; i++) {
        struct cv_note *note = &c->notes[i];
        struct hash root;
        if (note->size <= c->n) {
            root = cv_tree_root(&ours, note->size);
            note->fits_entries = hash_equal(&root, &note->root);
        }
        if (note->size <= n_hashes) {
            root = cv_tree_root(&theirs, note->size);
            note->fits_hashes = hash_equal(&root, &note->root);
        }
        if (note->fits_entries)
            c->report->proven = note->size;
    }
    c->report->root = cv_tree_root(&ours, c->n);
}

/* ---- which entry ---- */

static void accuse(struct check *c, const char *kind, enum cv_word word, uint64_t at)
{
    const struct cv_number n = cv_number(at);
    cv_find(c->report, kind, word, n.text, n.text, NULL, NULL);
    cv_blame(c->report, kind, at, at + 1);
}

static void compare_hashes(struct check *c)
{
    const struct hash *stored = (const struct hash *)c->hashes.p;
    uint64_t n = c->hashes.n / HASH_BYTES, d = 0;
    enum cv_word word;
    while (d < n && d < c->n && memcmp(&stored[d], &c->leaf[d], HASH_BYTES) == 0)
        d++;
    if ((d == n && d == c->n && c->hashes.n % HASH_BYTES == 0))
        return;
    bool by_entries = false, by_hashes = false;
    for (size_t i = 0; i < c->n_notes; i++)
        if (c->notes[i].size > d) {
            by_entries = by_entries || c->notes[i].fits_entries;
            by_hashes = by_hashes || c->notes[i].fits_hashes;
        }
    if ((by_entries && !by_hashes) || (d == n && d == c->n)) {
        accuse(c, "node", CV_BAD_HASH, d);
        return;
    }
    const char *kind = cv_kind(c->leaf + d, c->n - d, stored + d, n - d, &word);
    accuse(c, kind, word, d);
}

static void check_places(struct check *c)
{
    if (map(c->dir, "hashes", &c->hashes))
        meet_notes(c), compare_hashes(c);
    else
        meet_notes(c);
    if (c->misplaced < c->report->first_bad) {
        enum cv_word word;
        const char *kind = cv_kind_by_position(c->position + c->misplaced, c->misplaced, c->n - c->misplaced, &word);
        accuse(c, kind, word, c->misplaced);
    }
    if (c->unreadable != CV_NOWHERE)
        cv_blame(c->report, "edit", c->unreadable, c->unreadable + 1);
}

/* ---- what the checkpoints say together ---- */

static void judge_note(struct check *c, const struct cv_note *note, const struct cv_note *good,
                       const struct cv_note *before, bool *explained)
{
    struct cv_report *r = c->report;
    const struct cv_number size = cv_number(note->size), have = cv_number(c->n), from = cv_number(r->proven),
                           last = cv_number(note->size - 1);
    const struct cv_note *other = good && note->size <= good->size ? good
        : before && before->size == note->size && !hash_equal(&before->root, &note->root) ? before : NULL;
    if (other) {
        cv_find(r, "fork", CV_NOTE_FORK, note->file, size.text, other->file, NULL);
        cv_blame(r, "fork", CV_NOWHERE, CV_NOWHERE);
        return;
    }
    if (note->size > c->n) {
        cv_find(r, "truncation", CV_NOTE_AHEAD, note->file, size.text, have.text, NULL);
        cv_blame(r, "truncation", c->n, note->size);
    } else if (*explained) {
        cv_find(r, "checkpoint", CV_NOTE_UNMET, note->file, size.text, NULL, NULL);
    } else {
        cv_find(r, "fork", CV_NOTE_REWRITE, note->file, from.text, last.text, NULL);
        cv_blame(r, "fork", r->proven, note->size);
    }
    *explained = true;
}

static void check_notes(struct check *c)
{
    const struct cv_note *good = NULL, *before = NULL;
    struct cv_report *r = c->report;
    for (size_t i = 0; i < c->n_notes; i++)
        if (c->notes[i].fits_entries)
            good = &c->notes[i];
    bool explained = r->first_bad != CV_NOWHERE && r->first_bad >= r->proven;
    for (size_t i = 0; i < c->n_notes; i++) {
        if (c->notes[i].fits_entries) {
            r->notes_good++;
            continue;
        }
        r->notes_bad++;
        judge_note(c, &c->notes[i], good, before, &explained);
        before = &c->notes[i];
    }
    if (c->n_notes == 0)
        cv_find(r, NULL, CV_R_NO_NOTE, NULL, NULL, NULL, NULL);
    else if (r->proven < c->n && !r->findings)
        cv_find(r, NULL, CV_R_TAIL, NULL, cv_number(r->proven).text, NULL, NULL);
}

bool cv_check(const struct cv_options *options, struct cv_report *report)
{
    struct check c = {.options = options, .report = report, .misplaced = CV_NOWHERE, .unreadable = CV_NOWHERE};
    c.dir = open(options->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (c.dir < 0)
        return false;
    check_format(&c);
    check_key(&c);
    read_entries(&c);
    read_notes(&c);
    check_places(&c);
    check_notes(&c);
    if (!options->no_bodies)
        cv_check_bodies(&c);
    if (report->findings && !report->what)
        report->what = "form";
    for (size_t i = 0; i < c.n_notes; i++)
        free(c.notes[i].file);
    free(c.notes);
    free(c.leaf);
    free(c.position);
    free(c.erasures);
    free(c.committed);
    free(c.held);
    cv_unmap(c.entries);
    cv_unmap(c.hashes);
    cv_unmap(c.bodies);
    close(c.dir);
    return true;
}
