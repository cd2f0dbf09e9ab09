/* SPDX-License-Identifier: GPL-3.0-or-later
 * See erasures.h. Everything lies in the caller's arena: a restore reads the lists once.
 */
#include "office/erasures.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "journal/journal.h"

#define FILE_MOST ((size_t)256 << 20)
#define SIGNERS_MOST 16

struct list { const char *path, *signer; uint64_t size; char *lines; size_t len; };
struct signed_by { const char *line; struct checkpoint newest; bool found; };
struct taking {
    struct arena *arena;
    struct reasons *reasons;
    struct list *lists; size_t n_lists, cap;
    struct signed_by signers[SIGNERS_MOST]; size_t n_signers;
};

static enum status refuse(struct taking *all, enum status status, const char *rule, const char *path, const char *words)
{
    reason_add(all->reasons, rule, path, words);
    return status;
}

static enum status whole_file(struct taking *all, const char *path, struct buf *ret)
{
    FILE *file = fopen(path, "re");
    char block[1 << 16];
    size_t n;
    buf_init(ret, FILE_MOST);
    while (file && (n = fread(block, 1, sizeof block, file)) > 0)
        buf_add(ret, block, n);
    bool good = file && !ferror(file) && !ret->failed;
    if (file)
        fclose(file);
    if (good)
        return OK;
    buf_free(ret);
    return refuse(all, FAILED_IO, "restore.list", path, T_("The list of erasures cannot be read: nothing was restored."));
}

/* "TIME-SIZE.erasures" */
static bool size_of(const char *name, uint64_t *ret)
{
    const char *dash = strrchr(name, '-');
    char *end;
    errno = 0;
    *ret = dash ? strtoull(dash + 1, &end, 10) : 0;
    return dash && dash[1] >= '0' && dash[1] <= '9' && !errno && strcmp(end, ".erasures") == 0;
}

static enum status take_list(struct taking *all, const char *folder, const char *name)
{
    struct list list = {.path = arena_printf(all->arena, "%s/%s", folder, name)};
    const size_t head = strlen(ERASURES_HEAD);
    struct buf text;
    if (!size_of(name, &list.size))
        return refuse(all, BAD_INPUT, "restore.list", list.path, T_("This is not the name of a list of erasures (\"TIME-SIZE.erasures\"): nothing was restored."));
    enum status status = whole_file(all, list.path, &text);
    if (status != OK)
        return status;
    const char *end = text.len ? memchr(text.data, '\n', text.len) : NULL;
    if (!end || text.len <= head || memcmp(text.data, ERASURES_HEAD, head) != 0 || text.data[text.len - 1] != '\n') {
        buf_free(&text);
        return refuse(all, BAD_INPUT, "restore.list", arena_printf(all->arena, "%s:1", list.path), T_("This is no list of erasures (first \"signer NAME+ID\", then lines like \"record 4711 12345\"): nothing was restored."));
    }
    list.signer = arena_printf(all->arena, "%.*s+", (int)(end - text.data - (ptrdiff_t)head), text.data + head);
    list.len = text.len - (size_t)(end + 1 - text.data);
    list.lines = arena_strndup(all->arena, end + 1, list.len);
    buf_free(&text);
    if (all->n_lists == all->cap) {
        struct list *more = ARENA_ARRAY(all->arena, struct list, all->cap * 2 + 16);
        if (all->n_lists)
            memcpy(more, all->lists, all->n_lists * sizeof *more);
        all->lists = more;
        all->cap = all->cap * 2 + 16;
    }
    all->lists[all->n_lists++] = list;
    return OK;
}

/* The newest of each signer that signs lists; what is none, or another's, proves nothing here. */
static void take_note(struct taking *all, const char *folder, const char *name)
{
    struct buf text;
    struct checkpoint note;
    const char *path = arena_printf(all->arena, "%s/%s", folder, name);
    FILE *file = fopen(path, "re");
    char block[1 << 14];
    size_t n = file ? fread(block, 1, sizeof block, file) : 0;
    if (file)
        fclose(file);
    buf_init(&text, sizeof block);
    buf_add(&text, block, n);
    for (size_t s = 0; s < all->n_signers; s++) {
        struct signed_by *by = &all->signers[s];
        if (n && n < sizeof block && checkpoint_read(text.data, text.len, by->line, all->arena, NULL, &note) == OK && note.lists &&
            (!by->found || note.size > by->newest.size || (note.size == by->newest.size && note.time > by->newest.time))) {
            by->newest = note;
            by->found = true;
        }
    }
    buf_free(&text);
}

static enum status take_folder(struct taking *all, const char *folder)
{
    DIR *dir = opendir(folder);
    enum status status = OK;
    if (!dir) {
        reason_add(all->reasons, "restore.lists", folder, T_("The folder of erasure lists cannot be read: %1$s."), strerror(errno));
        return FAILED_IO;
    }
    for (struct dirent *entry; status == OK && (entry = readdir(dir));) {
        if (str_ends(entry->d_name, ".erasures"))
            status = take_list(all, folder, entry->d_name);
        else if (str_ends(entry->d_name, ".note"))
            take_note(all, folder, entry->d_name);
    }
    closedir(dir);
    return status;
}

static int by_size(const void *a, const void *b)
{
    const struct list *x = a, *y = b;
    return x->size < y->size ? -1 : x->size > y->size;
}

/* The lines of all lists of one signer, as the newest checkpoint signs them. */
static enum status prove(struct taking *all, const struct signed_by *by, const char *folder)
{
    struct buf lines;
    uint64_t count = 0;
    enum status status = OK;
    buf_init(&lines, FILE_MOST);
    for (size_t i = 0; status == OK && i < all->n_lists; i++) {
        const struct list *list = &all->lists[i];
        if (!str_starts(by->line, list->signer))
            continue;
        if (!by->found || list->size > by->newest.size)
            status = refuse(all, REFUSED, "restore.list-unsigned", list->path, T_("No checkpoint beside it signs this list of erasures: nothing was restored."));
        buf_add(&lines, list->lines, list->len);
        for (size_t c = 0; c < list->len; c++)
            count += list->lines[c] == '\n';
    }
    struct hash hash = sha256(lines.data ? lines.data : "", lines.len);
    bool fits = !lines.failed && count == by->newest.erasures && hash_equal(&hash, &by->newest.erased);
    buf_free(&lines);
    if (status != OK || !by->found || fits)
        return status;
    return refuse(all, REFUSED, "restore.list-changed", folder,
                  T_("The lists of erasures are not those that the newest checkpoint beside them signs: one was changed, left out or added. Nothing was restored."));
}

static enum status signers_of(struct taking *all, const char *signers)
{
    for (const char *at = signers; *at;) {
        size_t len = strcspn(at, "\n");
        if (len && all->n_signers < SIGNERS_MOST)
            all->signers[all->n_signers++].line = arena_strndup(all->arena, at, len);
        at += len + (at[len] == '\n');
    }
    for (size_t i = 0; i < all->n_lists; i++) {
        bool known = false;
        for (size_t s = 0; s < all->n_signers; s++)
            known |= str_starts(all->signers[s].line, all->lists[i].signer);
        if (!known)
            return refuse(all, REFUSED, "restore.list-signer", all->lists[i].path, T_("This list of erasures is of a signer whose public line was not given (--signer): nothing was restored."));
    }
    return OK;
}

static enum status call_lines(struct taking *all, bool (*line)(void *, char *), void *arg)
{
    for (size_t i = 0; i < all->n_lists; i++) {
        unsigned number = 1;
        for (char *at = all->lists[i].lines; *at;) {
            char *end = strchr(at, '\n');
            number++;
            *end = 0;
            if (!line(arg, at))
                return refuse(all, BAD_INPUT, "restore.list", arena_printf(all->arena, "%s:%u", all->lists[i].path, number),
                              T_("This is no line of an erasure list (\"record 4711 12345\"): nothing was restored."));
            at = end + 1;
        }
    }
    return OK;
}

enum status erasure_lists_take(struct arena *arena, const char *folder, const char *signers, bool (*line)(void *, char *), void *arg, struct reasons *reasons)
{
    struct taking *all = ARENA_NEW(arena, struct taking);
    *all = (struct taking){.arena = arena, .reasons = reasons};
    enum status status = signers_of(all, signers);
    if (status == OK)
        status = take_folder(all, folder);
    if (status == OK)
        status = signers_of(all, "");
    if (all->n_lists)
        qsort(all->lists, all->n_lists, sizeof *all->lists, by_size);
    bool found = false;
    for (size_t s = 0; status == OK && s < all->n_signers; s++) {
        status = prove(all, &all->signers[s], folder);
        found |= all->signers[s].found;
    }
    if (status == OK && !found)
        status = refuse(all, REFUSED, "restore.list-unsigned", folder, T_("No checkpoint of the backup's signer lies here, so nobody can say whether lists of erasures are missing: nothing was restored."));
    return status == OK ? call_lines(all, line, arg) : status;
}
