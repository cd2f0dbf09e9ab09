/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checking an exported journal: the folder's files become a source for journal_verify, and what only the folder can
 * have wrong is found here (form of lines, bodies of no entry, a list of erasures that the entries do not bear out,
 * another key than the one expected).
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "journal/export.h"
#include "journal/lines.h"
#include "journal/marks.h"

#define NOTES_MAX 100000u
#define HASH_CACHE 4096u

struct folder {
    int dir;
    struct arena *arena;
    struct reasons *reasons;
    uint64_t findings;
    const struct journal_options *outer;
    struct journal_options inner;

    int hashes;
    struct hash cache[HASH_CACHE];
    uint64_t cache_from, cache_n;

    struct lines bodies;
    bool body_pending;              /* a line has been read and not been asked for yet */
    bool body_any;
    uint64_t body_at, body_last;
    uint8_t salt[SALT_BYTES];
    const char *body;
    size_t body_len;

    struct marks erased;            /* (by, position): key carries `by` */
};

static void found(struct folder *f, const char *rule, const char *where, const char *english, const char *a)
{
    f->findings++;
    reason_add(f->reasons, rule, where, english, a, where);
}

static const char *text_of(struct folder *f, uint64_t number)
{
    return arena_printf(f->arena, "%llu", (unsigned long long)number);
}

/* ---- entries, hashes ---- */

static enum status folder_leaves(void *arg, uint64_t from, uint64_t to, journal_each_leaf each, void *each_arg)
{
    struct folder *f = arg;
    struct lines lines;
    const char *line;
    size_t len;
    enum status s = lines_open(&lines, f->dir, "entries", ENTRY_MAX);
    for (uint64_t at = 0; s == OK && at < to; at++) {
        s = lines_next(&lines, &line, &len);
        if (s == TOO_LARGE)
            s = OK;                                 /* one byte too long: unreadable, as it should be */
        if (s == OK && at >= from && !each(each_arg, at, line, len))
            break;
    }
    if (s == ABSENT && lines.number == 0 && !lines.data)
        found(f, "export.file", "entries", T_("the file “%1$s” is missing"), "entries");
    if (lines.unended)
        found(f, "export.cut", "entries", T_("the last line of “%1$s” is cut"), "entries");
    lines_close(&lines);
    return s == ABSENT ? OK : s;
}

static enum status folder_hash(void *arg, unsigned level, uint64_t index, struct hash *ret)
{
    struct folder *f = arg;
    if (level != 0 || f->hashes < 0)
        return ABSENT;
    if (index < f->cache_from || index - f->cache_from >= f->cache_n) {
        ssize_t n = pread(f->hashes, f->cache, sizeof f->cache, (off_t)(index * HASH_BYTES));
        f->cache_from = index;
        f->cache_n = n < 0 ? 0 : (uint64_t)n / HASH_BYTES;
        if (n < 0)
            return FAILED_IO;
        if (f->cache_n == 0)
            return ABSENT;
    }
    *ret = f->cache[index - f->cache_from];
    return OK;
}

/* ---- bodies ---- */

static bool read_number(const char **p, const char *end, char stop, uint64_t *ret)
{
    const char *start = *p;
    uint64_t value = 0;
    while (*p < end && **p >= '0' && **p <= '9' && *p - start < 16)
        value = value * 10 + (uint64_t)(*(*p)++ - '0');
    if (*p == start || (*start == '0' && *p - start > 1) || (stop ? *p == end || *(*p)++ != stop : *p != end))
        return false;
    *ret = value;
    return true;
}

static bool read_salt(const char *text, uint8_t salt[SALT_BYTES])
{
    char again[2 * SALT_BYTES + 1];
    if (!hex_read(text, 2 * SALT_BYTES, salt, SALT_BYTES))
        return false;
    hex_write(salt, SALT_BYTES, again);
    return memcmp(again, text, 2 * SALT_BYTES) == 0;
}

/* The next well-formed line of the bodies; false at the end. */
static bool next_body(struct folder *f)
{
    const char *line;
    size_t len;
    while (f->bodies.data) {
        enum status s = lines_next(&f->bodies, &line, &len);
        if (s != OK && s != TOO_LARGE)
            break;
        const char *p = line, *end = line + len;
        if (s == OK && read_number(&p, end, ' ', &f->body_at) && end - p > 2 * SALT_BYTES && read_salt(p, f->salt)
            && p[2 * SALT_BYTES] == ' ' && (!f->body_any || f->body_at > f->body_last)) {
            f->body = p + 2 * SALT_BYTES + 1;
            f->body_len = (size_t)(end - f->body);
            f->body_last = f->body_at;
            f->body_any = true;
            return f->body_pending = true;
        }
        const char *where = arena_printf(f->arena, "bodies:%llu", (unsigned long long)f->bodies.number);
        found(f, "export.body-line", where, T_("line %1$s of “bodies” is not “POSITION SALT BODY” in ascending order"),
              text_of(f, f->bodies.number));
    }
    return false;
}

static void body_of_none(struct folder *f)
{
    found(f, "export.body-of-none", text_of(f, f->body_at),
          T_("there is a body for position %1$s, where no entry commits to one"), text_of(f, f->body_at));
    f->body_pending = false;
}

static enum status folder_body(void *arg, uint64_t position, struct arena *arena, uint8_t salt[SALT_BYTES],
                               const char **ret, size_t *ret_len)
{
    struct folder *f = arg;
    (void)arena;                                    /* the line's own buffer lasts until the next call */
    while ((f->body_pending || next_body(f)) && f->body_at < position)
        body_of_none(f);
    if (!f->body_pending || f->body_at != position)
        return ABSENT;
    memcpy(salt, f->salt, SALT_BYTES);
    *ret = f->body;
    *ret_len = f->body_len;
    f->body_pending = false;
    return OK;
}

/* ---- erasures ---- */

static void take_erased(void *arg, uint64_t position, uint64_t by)
{
    struct folder *f = arg;
    static const struct mark_key none;
    if (marks_add(&f->erased, &none, NULL, position))
        f->erased.at[f->erased.n - 1].key = by;
}

static void check_erasures(struct folder *f)
{
    struct lines lines;
    const char *line;
    size_t len, i = 0;
    enum status s = lines_open(&lines, f->dir, "erasures", 64);
    if (s != OK) {
        found(f, "export.file", "erasures", T_("the file “%1$s” is missing"), "erasures");
        return;
    }
    marks_sort_by_position(&f->erased);
    bool good = true;
    while (good && lines_next(&lines, &line, &len) == OK) {
        uint64_t position = 0, by = 0;
        const char *p = line;
        good = read_number(&p, line + len, ' ', &position) && read_number(&p, line + len, 0, &by)
            && i < f->erased.n && f->erased.at[i].position == position && f->erased.at[i].key == by;
        i += good;
    }
    if (!good || i < f->erased.n)
        found(f, "export.erasures", "erasures",
              T_("the list of erasures is not the one that the entries bear out, from its line %1$s on"),
              text_of(f, i + 1));
    else if (lines.unended)
        found(f, "export.cut", "erasures", T_("the last line of “%1$s” is cut"), "erasures");
    lines_close(&lines);
}

/* ---- key, notes ---- */

static bool read_all(struct folder *f, int dir, const char *name, size_t limit, const char **ret, size_t *ret_len)
{
    struct stat st;
    int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    bool good = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size <= (off_t)limit;
    if (good) {
        char *text = arena_alloc(f->arena, (size_t)st.st_size + 1);
        ssize_t n = read(fd, text, (size_t)st.st_size);
        good = n == st.st_size;
        *ret = text;
        *ret_len = good ? (size_t)n : 0;
    }
    if (fd >= 0)
        close(fd);
    return good;
}

static void check_format(struct folder *f)
{
    const char *text;
    size_t len;
    if (!read_all(f, f->dir, "format", 256, &text, &len) || strcmp(text, "castellan-journal-export 1\n") != 0)
        found(f, "export.format", "format", T_("the file “format” does not say “%1$s”"), "castellan-journal-export 1");
}

static void choose_key(struct folder *f)
{
    const char *text = NULL;
    size_t len = 0;
    if (read_all(f, f->dir, "key.pub", 1024, &text, &len) && len > 0 && text[len - 1] == '\n')
        text = arena_strndup(f->arena, text, len - 1);
    else
        found(f, "export.file", "key.pub", T_("the file “%1$s” is missing"), "key.pub");
    if (!f->outer->public_key_line) {
        f->inner.public_key_line = text;
        struct reason *r = reason_add(f->reasons, "export.own-key", "key.pub",
            T_("the key was taken from the folder itself: compare it with the one that you hold"));
        if (r)
            r->grants = true;
    } else if (text && strcmp(text, f->outer->public_key_line) != 0) {
        found(f, "journal.key-swap", "key.pub", T_("the folder's key is not the one that was expected: %1$s"), text);
    }
}

static int by_name(const void *a, const void *b)
{
    return strcmp(((const struct journal_note *)a)->name, ((const struct journal_note *)b)->name);
}

static void read_notes(struct folder *f)
{
    struct dirent *e;
    size_t n = f->outer->n_notes, cap = n + 64;
    struct journal_note *notes = ARENA_ARRAY(f->arena, struct journal_note, cap);
    if (n)
        memcpy(notes, f->outer->notes, n * sizeof *notes);
    int dir = openat(f->dir, "checkpoints", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *d = dir >= 0 ? fdopendir(dir) : NULL;
    while (d && (e = readdir(d)) && n < NOTES_MAX) {
        size_t name = strlen(e->d_name);
        if (name < 6 || strcmp(e->d_name + name - 5, ".note") != 0)
            continue;
        if (n == cap) {
            struct journal_note *more = ARENA_ARRAY(f->arena, struct journal_note, 2 * cap);
            memcpy(more, notes, n * sizeof *notes);
            notes = more;
            cap *= 2;
        }
        notes[n].name = arena_printf(f->arena, "checkpoints/%s", e->d_name);
        if (read_all(f, dirfd(d), e->d_name, NOTE_MAX, &notes[n].text, &notes[n].len))
            n++;
        else
            found(f, "export.note", notes[n].name, T_("the checkpoint “%1$s” cannot be read"), notes[n].name);
    }
    if (d)
        closedir(d);
    else
        found(f, "export.file", "checkpoints", T_("the file “%1$s” is missing"), "checkpoints");
    qsort(notes, n, sizeof *notes, by_name);
    f->inner.notes = notes;
    f->inner.n_notes = n;
}

/* ---- all ---- */

static void pass_entry(void *arg, const struct entry *entry)
{
    struct folder *f = arg;
    if (f->outer->entry)
        f->outer->entry(f->outer->arg, entry);
}

static void pass_progress(void *arg, uint64_t done)
{
    struct folder *f = arg;
    if (f->outer->progress)
        f->outer->progress(f->outer->arg, done);
}

static enum status check(struct folder *f, bool without_bodies, struct journal_verdict *ret)
{
    const struct journal_source source = {.arg = f, .size = JOURNAL_NOWHERE, .leaves = folder_leaves,
        .stored = {f->hashes >= 0 ? folder_hash : NULL, f}, .stored_leaves_only = true,
        .body = without_bodies ? NULL : folder_body};
    struct journal_verdict verdict;
    check_format(f);
    choose_key(f);
    read_notes(f);
    if (!without_bodies && lines_open(&f->bodies, f->dir, "bodies", BODY_MAX + 64) != OK)
        found(f, "export.file", "bodies", T_("the file “%1$s” is missing"), "bodies");
    f->inner.threads = f->outer->threads;
    f->inner.arg = f;
    f->inner.entry = pass_entry;
    f->inner.erased = take_erased;
    f->inner.progress = pass_progress;
    enum status s = journal_verify(&source, &f->inner, f->arena, f->reasons, &verdict);
    if (s != OK && s != DAMAGED)
        return s;
    if (!without_bodies) {
        while (f->body_pending || next_body(f))
            body_of_none(f);
        if (f->bodies.unended)
            found(f, "export.cut", "bodies", T_("the last line of “%1$s” is cut"), "bodies");
        check_erasures(f);
    }
    verdict.findings += f->findings;
    if (verdict.findings && !verdict.what)
        verdict.what = "export";
    *ret = verdict;
    return verdict.findings ? DAMAGED : OK;
}

enum status journal_check_folder(const char *path, const struct journal_options *options, bool without_bodies,
                                 struct arena *arena, struct reasons *reasons, struct journal_verdict *ret)
{
    struct folder *f = calloc(1, sizeof *f);
    if (!f)
        return NO_MEMORY;
    *f = (struct folder){.arena = arena, .reasons = reasons, .outer = options, .bodies.fd = -1,
                         .inner.public_key_line = options->public_key_line};
    f->dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status s;
    if (f->dir < 0) {
        reason_add(reasons, "export.folder", path, T_("the folder cannot be opened: %1$s"), strerror(errno));
        s = FAILED_IO;
    } else {
        f->hashes = openat(f->dir, "hashes", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
        s = check(f, without_bodies, ret);
        if (f->hashes >= 0)
            close(f->hashes);
        close(f->dir);
    }
    lines_close(&f->bodies);
    marks_free(&f->erased);
    free(f);
    return s;
}
