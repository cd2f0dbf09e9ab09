/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What an office lays down for others: checkpoint files, and the sealed backup. Checkpoint files are a listed surface: sizes, roots and signatures
 * may differ, and so may what was erased of the hidden half. Nothing else: there is a checkpoint when the clock says so and never for
 * volume; notes have the same form; the lists of erasures hold all that the visible half erased, and otherwise tokens of records. Of a backup, whoever lacks its secret key sees the title, the name and a size.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "inside.h"
#include "journal/journal.h"
#include "office/erasures.h"
#include "store/archive.h"
#include "store/backup.h"

#define OFFICE_ORIGIN "castellan/test"

void kept_checkpoint(struct running *r)
{
    for (unsigned w = 0; w < 2; w++) {
        struct arena *arena = arena_new(0);
        struct reasons reasons;
        reasons_init(&reasons, arena);
        if (office_checkpoint(r->worlds[w].office, r->worlds[w].signer, r->now, &reasons) != OK)
            differs(r, "a checkpoint", "is made", reasons_text(&reasons, LANG_EN));
        arena_free(arena);
    }
}

static char *read_whole(const char *folder, const char *name)
{
    char path[600], *text = calloc(1, 1 << 20);
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *file = fopen(path, "rb");
    if (!text || !file || fread(text, 1, (1 << 20) - 1, file) == 0) {
        if (text)
            text[0] = 0;
    }
    if (file)
        fclose(file);
    return text;
}

/* A note without size, root and signature: how its lines are made. */
static void form_of_note(const char *text, struct buf *out)
{
    for (unsigned line = 0; *text; line++) {
        size_t len = strcspn(text, "\n");
        if (line == 1)
            buf_adds(out, strspn(text, "0123456789") == len && len ? "a size" : "no size");
        else if (line == 2)
            buf_addf(out, "a root of %zu characters", len);
        else if (str_starts(text, "erasures "))
            buf_adds(out, "erasures");
        else if (str_starts(text, "\xe2\x80\x94 "))
            buf_addf(out, "a signature of %.*s, %zu characters", (int)strcspn(text + 4, " "), text + 4, len);
        else
            buf_add(out, text, len);
        buf_addc(out, '\n');
        text += len + (text[len] == '\n');
    }
}
/* "record 4711 12345": a kind, a token, an entry. */
static bool tombstone(const char *line, size_t len, size_t *ret_token)
{
    char kind[16], token[80];
    unsigned long long entry;
    char copy[160];
    int used = 0;
    snprintf(copy, sizeof copy, "%.*s", (int)len, line);
    bool good = sscanf(copy, "%15s %79s %llu%n", kind, token, &entry, &used) == 3 && (size_t)used == len;
    *ret_token = strlen(kind) + 1 + strlen(token);
    return good && (str_eq(kind, "record") ? strspn(token, "0123456789") == strlen(token) : str_eq(kind, "attachment") || str_eq(kind, "segment"));
}
/* A list's first line names its signer; every other one is a tombstone. These are added to `out`. False for anything else. */
static bool tombstones_of(const char *list, struct buf *out)
{
    size_t len = strcspn(list, "\n"), ignored;
    if (!str_starts(list, ERASURES_HEAD OFFICE_ORIGIN "+") || strspn(list + strlen(ERASURES_HEAD OFFICE_ORIGIN "+"), "0123456789abcdef") + strlen(ERASURES_HEAD OFFICE_ORIGIN "+") != len)
        return false;
    for (const char *line = list + len + 1; list[len] && *line; line += len + (line[len] == '\n')) {
        if (!tombstone(line, len = strcspn(line, "\n"), &ignored))
            return false;
        buf_addf(out, "%.*s\n", (int)len, line);
    }
    return true;
}
/* Every tombstone of the one office stands among those of the other. */
static bool tombstones_within(const char *less, const char *more)
{
    size_t len, token = 0, other, at;
    for (const char *line = less; *line; line += len + (line[len] == '\n')) {
        bool found = false;
        (void)tombstone(line, len = strcspn(line, "\n"), &token);
        for (const char *there = more; *there && !found; there += at + (there[at] == '\n'))
            found = tombstone(there, at = strcspn(there, "\n"), &other) && other == token && memcmp(there, line, token) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* ---- backups ---- */

/* The longest run of bytes that could be words; noise has none of 32 in any file that fits on a disk. */
static size_t longest_words(const char *bytes, size_t len)
{
    size_t longest = 0, run = 0;
    for (size_t i = 0; i < len; i++) {
        run = bytes[i] >= 0x20 && bytes[i] < 0x7f ? run + 1 : 0;
        longest = run > longest ? run : longest;
    }
    return longest;
}
static bool backed_up(struct running *r, unsigned w, char *title, size_t *ret_words)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct reasons reasons;
    struct stat about;
    const struct world *world = &r->worlds[w];
    const char *to = arena_printf(arena, "%s.signer/backup", world->folder), *pub = arena_printf(arena, "%s.pub", to), *key = arena_printf(arena, "%s.key", to);
    const size_t len = strlen(ARCHIVE_TITLE);
    reasons_init(&reasons, arena);
    bool good = backup_make_keys(pub, key, &reasons) == OK && backup_write(office_store(world->office), pub, to, &reasons, NULL, NULL) == OK && stat(to, &about) == 0;
    FILE *file = good ? fopen(to, "rb") : NULL;
    char *bytes = file ? arena_alloc(arena, (size_t)about.st_size) : NULL;
    good = bytes && fread(bytes, 1, (size_t)about.st_size, file) == (size_t)about.st_size && (size_t)about.st_size > len;
    if (file)
        fclose(file);
    if (good) {
        memcpy(title, bytes, len);
        title[len] = 0;
        *ret_words = longest_words(bytes + len, (size_t)about.st_size - len);
    }
    arena_free(arena);
    return good;
}
void kept_backup(struct running *r)
{
    char title[2][sizeof ARCHIVE_TITLE];
    size_t words[2];
    bool good = backed_up(r, 0, title[0], &words[0]) && backed_up(r, 1, title[1], &words[1]);
    r->run->answers++;
    if (!good)
        differs(r, "a backup", "is made", "is not");
    else if (!str_eq(title[0], title[1]) || words[0] >= 32 || words[1] >= 32)
        differs(r, "what a sealed backup says to whoever cannot open it", words[0] >= 32 ? "words" : title[0], words[1] >= 32 ? "words" : title[1]);
}

/* ---- checkpoints ---- */

static int is_note(const struct dirent *entry) { return str_ends(entry->d_name, ".note"); }
static int is_list(const struct dirent *entry) { return str_ends(entry->d_name, ".erasures"); }
static void drop_names(struct dirent **names, int n)
{
    for (int i = 0; i < n; i++)
        free(names[i]);
    if (n >= 0)
        free(names);
}

/* All notes of an office: for each its time and its form. */
static void notes_of(struct running *r, unsigned w, struct buf *out)
{
    char folder[300];
    struct dirent **names;
    snprintf(folder, sizeof folder, "%s/checkpoints", r->worlds[w].folder);
    int n = scandir(folder, &names, is_note, alphasort);
    for (int i = 0; i < n; i++) {
        const char *dash = strrchr(names[i]->d_name, '-');
        char *text = read_whole(folder, names[i]->d_name);
        buf_addf(out, "== %.*s\n", (int)(dash ? dash - names[i]->d_name : 0), names[i]->d_name);
        form_of_note(text, out);
        free(text);
    }
    r->run->checkpoints = n > 0 ? (unsigned)n : 0;
    drop_names(names, n);
}
static bool lists_of(struct running *r, unsigned w, struct buf *out)
{
    char folder[300];
    struct dirent **names;
    bool good = true;
    snprintf(folder, sizeof folder, "%s/checkpoints", r->worlds[w].folder);
    int n = scandir(folder, &names, is_list, alphasort);
    for (int i = 0; i < n; i++) {
        char *text = read_whole(folder, names[i]->d_name);
        good = tombstones_of(text, out) && good;
        free(text);
    }
    r->run->lists[w] = n > 0 ? (unsigned)n : 0;
    drop_names(names, n);
    buf_addc(out, 0);
    return good;
}

void kept_compare(struct running *r)
{
    struct buf notes[2], lists[2];
    bool good = true;
    for (unsigned w = 0; w < 2; w++) {
        buf_init(&notes[w], 1 << 22);
        buf_init(&lists[w], 1 << 22);
        notes_of(r, w, &notes[w]);
        good = lists_of(r, w, &lists[w]) && good;
        buf_addc(&notes[w], 0);
    }
    r->run->answers++;
    if (strcmp(notes[0].data, notes[1].data) != 0)
        differs(r, "the notes of checkpoints", notes[0].data, notes[1].data);
    if (!good || !tombstones_within(lists[0].data, lists[1].data))
        differs(r, "what the lists of erasures say", lists[0].data, lists[1].data);
    for (unsigned w = 0; w < 2; w++) {
        buf_free(&notes[w]);
        buf_free(&lists[w]);
    }
}
