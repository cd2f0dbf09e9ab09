/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The check of a folder, in the order of the format's page: key, entries, checkpoints, hashes, bodies, erasures.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cv.h"

#define NOTES_MAX 100000u

struct erasure { struct cv_span record; uint64_t by; };
struct committed { struct cv_span text; uint64_t at; };  /* an entry with a commitment */
struct held { uint64_t position; uint64_t by; };        /* an erased body's place, and what erased it */

struct check {
    const struct cv_options *options;
    struct cv_report *report;
    int dir;
    struct cv_key key;
    bool have_key;
    struct cv_span entries, hashes, bodies;
    struct hash *leaf;
    uint64_t *position;                                 /* what each says; its own place where unreadable */
    uint64_t n, misplaced;
    uint64_t unreadable;
    struct erasure *erasures;
    size_t n_erasures, cap_erasures;
    struct committed *committed;
    size_t n_committed, cap_committed;
    struct held *held;
    size_t n_held, cap_held;
    struct cv_note *notes;
    size_t n_notes;
    bool entries_good;
};

/* Room for one more; memory is all that can fail here, and then nothing can be said. */
static void *more(void *list, size_t n, size_t *cap, size_t size)
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

static void unmap(struct cv_span s)
{
    if (s.n)
        munmap((void *)(uintptr_t)s.p, s.n);
}

static bool map_wanted(struct check *c, const char *name, struct cv_span *ret)
{
    if (map(c->dir, name, ret))
        return true;
    cv_find(c->report, "form", CV_FILE_MISSING, name, name, NULL, NULL);
    return false;
}

/* The next line; false at the end. A last line without its newline is a finding and is taken as it is. */
static bool line(struct check *c, struct cv_span *rest, const char *file, struct cv_span *ret)
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
    unmap(text);
}

static void check_key(struct check *c)
{
    struct cv_span file, own = {"", 0}, given;
    bool there = map_wanted(c, "key.pub", &file), ended = file.n && file.p[file.n - 1] == '\n';
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
    unmap(file);
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
            c->committed = more(c->committed, c->n_committed, &c->cap_committed, sizeof *c->committed);
            c->committed[c->n_committed++] = (struct committed){text, c->n};
        }
        if (e.erases) {
            c->erasures = more(c->erasures, c->n_erasures, &c->cap_erasures, sizeof *c->erasures);
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
    if (!map_wanted(c, "entries", &c->entries))
        return;
    for (rest = c->entries; line(c, &rest, "entries", &text);) {
        c->leaf = more(c->leaf, c->n, &cap_leaf, sizeof *c->leaf);
        c->position = more(c->position, c->n, &cap_position, sizeof *c->position);
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
    unmap(text);
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

/* ---- bodies ---- */

struct body { uint64_t position; uint8_t salt[16]; struct cv_span text; };

static bool body_line(struct cv_span text, struct body *ret)
{
    const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
    if (!space || !cv_decimal((struct cv_span){text.p, (size_t)(space - text.p)}, &ret->position))
        return false;
    const char *salt = space + 1;
    if (cv_end(text) - salt <= 32 || salt[32] != ' ' || !cv_hex((struct cv_span){salt, 32}, ret->salt, 16))
        return false;
    ret->text = (struct cv_span){salt + 33, (size_t)(cv_end(text) - salt - 33)};
    return true;
}

struct body_reader { struct cv_span rest; uint64_t number, last; struct body now; bool pending, any; };

static bool next_body(struct check *c, struct body_reader *b)
{
    struct cv_span text;
    while (line(c, &b->rest, "bodies", &text)) {
        b->number++;
        if (body_line(text, &b->now) && (!b->any || b->now.position > b->last)) {
            b->last = b->now.position;
            return b->pending = b->any = true;
        }
        const struct cv_number n = cv_number(b->number);
        cv_find(c->report, "form", CV_BODY_LINE, "bodies", n.text, NULL, NULL);
    }
    return false;
}

static void body_of_none(struct check *c, struct body_reader *b)
{
    const struct cv_number n = cv_number(b->now.position);
    cv_find(c->report, "form", CV_BODY_OF_NONE, "bodies", n.text, NULL, NULL);
    b->pending = false;
}

/* By record, and in one record the last first. */
static int by_record(const void *a, const void *b)
{
    const struct erasure *l = a, *r = b;
    size_t n = l->record.n < r->record.n ? l->record.n : r->record.n;
    int order = memcmp(l->record.p, r->record.p, n);
    if (order == 0 && l->record.n != r->record.n)
        order = l->record.n < r->record.n ? -1 : 1;
    return order ? order : l->by > r->by ? -1 : l->by < r->by;
}

/* The last erasure of the entry's record behind place `at`, if any. */
static uint64_t erased_by(const struct check *c, const struct cv_entry *e, uint64_t at)
{
    const struct erasure sought = {e->record, CV_NOWHERE};
    size_t low = 0, high = c->n_erasures;
    while (low < high) {
        size_t mid = (low + high) / 2;
        if (by_record(&c->erasures[mid], &sought) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    if (e->record.n == 0 || low == c->n_erasures || c->erasures[low].by <= at)
        return CV_NOWHERE;
    return by_record(&(struct erasure){e->record, c->erasures[low].by}, &c->erasures[low]) == 0
        ? c->erasures[low].by : CV_NOWHERE;
}

/* A body's fault names an entry only where the entries themselves are right: after a cut erasures are missing, too. */
static void accuse_body(struct check *c, const char *kind, enum cv_word word, uint64_t at, const char *by)
{
    const struct cv_number n = cv_number(at);
    cv_find(c->report, kind, word, n.text, n.text, by, NULL);
    if (c->entries_good)
        cv_blame(c->report, kind, at, at + 1);
}

static void check_body(struct check *c, struct body_reader *b, const struct cv_entry *e, uint64_t at)
{
    uint64_t by = erased_by(c, e, at);
    while ((b->pending || next_body(c, b)) && b->now.position < e->position)
        body_of_none(c, b);
    bool there = b->pending && b->now.position == e->position;
    if (by != CV_NOWHERE) {
        c->held = more(c->held, c->n_held, &c->cap_held, sizeof *c->held);
        c->held[c->n_held++] = (struct held){at, by};
    }
    if (!there && by == CV_NOWHERE) {
        c->report->missing++;
        accuse_body(c, "missing", CV_BODY_MISSING, at, NULL);
    }
    c->report->erased += !there && by != CV_NOWHERE;
    if (!there)
        return;
    b->pending = false;
    struct hash sum = sha256_two(b->now.salt, 16, b->now.text.p, b->now.text.n);
    if (hash_equal(&sum, &e->commitment))
        c->report->bodies_good++;
    else
        accuse_body(c, "body", CV_BODY_WRONG, at, NULL);
    if (by != CV_NOWHERE)
        accuse_body(c, "body", CV_BODY_KEPT, at, cv_number(by).text);
}

static void check_erasures(struct check *c)
{
    struct cv_span file, rest, text;
    size_t i = 0;
    bool good = true;
    if (!map_wanted(c, "erasures", &file))
        return;
    for (rest = file; good && line(c, &rest, "erasures", &text); i += good) {
        uint64_t position, by;
        const char *space = text.n ? memchr(text.p, ' ', text.n) : NULL;
        good = space && i < c->n_held && cv_decimal((struct cv_span){text.p, (size_t)(space - text.p)}, &position)
            && cv_decimal((struct cv_span){space + 1, (size_t)(cv_end(text) - space - 1)}, &by)
            && position == c->held[i].position && by == c->held[i].by;
    }
    if (!good || i < c->n_held)
        cv_find(c->report, "form", CV_ERASURES, "erasures", cv_number(i + 1).text, NULL, NULL);
    unmap(file);
}

static void check_bodies(struct check *c)
{
    struct body_reader b = {0};
    c->report->bodies_checked = true;
    c->entries_good = c->report->first_bad == CV_NOWHERE;
    if (c->n_erasures)
        qsort(c->erasures, c->n_erasures, sizeof *c->erasures, by_record);
    if (map_wanted(c, "bodies", &c->bodies))
        b.rest = c->bodies;
    for (size_t i = 0; i < c->n_committed; i++) {
        struct cv_entry e;
        if (cv_entry_read(c->committed[i].text, &e))
            check_body(c, &b, &e, c->committed[i].at);
    }
    while (b.pending || next_body(c, &b))
        body_of_none(c, &b);
    check_erasures(c);
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
        check_bodies(&c);
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
    unmap(c.entries);
    unmap(c.hashes);
    unmap(c.bodies);
    close(c.dir);
    return true;
}
