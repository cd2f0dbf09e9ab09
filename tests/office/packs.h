/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the pack tests share: the good pack of tests/office/packs/good as files in memory, edits of it, and loading with
 * the faults in an arena. SOURCE_ROOT names the source tree.
 */
#ifndef TESTS_OFFICE_PACKS_H
#define TESTS_OFFICE_PACKS_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/reasons.h"
#include "base/val.h"
#include "office/pack.h"

#define MAX_PACK_FILES 64
struct files { struct arena *arena; struct pack_file list[MAX_PACK_FILES]; size_t n; };

static inline const char *source_root(void)
{
    const char *root = getenv("SOURCE_ROOT");
    return root ? root : ".";
}

static inline char *file_text(struct arena *arena, const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "re");
    if (!file)
        return NULL;
    fseek(file, 0, SEEK_END);
    size_t size = (size_t)ftell(file);
    rewind(file);
    char *text = arena_alloc(arena, size + 1);
    *ret_len = fread(text, 1, size, file);
    fclose(file);
    return text;
}

static inline void files_put(struct files *files, const char *path, const char *text)
{
    size_t i = 0;
    while (i < files->n && strcmp(files->list[i].path, path) != 0)
        i++;
    files->n += i == files->n;
    files->list[i] = (struct pack_file){path, text, strlen(text)};
}

static inline void files_take(struct files *files, const char *path)
{
    for (size_t i = 0; i < files->n; i++)
        if (strcmp(files->list[i].path, path) == 0)
            files->list[i--] = files->list[--files->n];
}

static inline const char *files_text(const struct files *files, const char *path)
{
    for (size_t i = 0; i < files->n; i++)
        if (strcmp(files->list[i].path, path) == 0)
            return files->list[i].text;
    return NULL;
}

static inline void files_folder(struct files *files, const char *root, const char *under)
{
    DIR *dir = opendir(arena_printf(files->arena, "%s/%s", root, under));
    for (struct dirent *entry; dir && (entry = readdir(dir));) {
        if (entry->d_name[0] == '.')
            continue;
        const char *path = arena_printf(files->arena, "%s/%s", under, entry->d_name);
        size_t len;
        const char *dot = strrchr(path, '.');
        char *text = dot && strcmp(dot, ".yaml") == 0 ? file_text(files->arena, arena_printf(files->arena, "%s/%s", root, path), &len) : NULL;
        if (text)
            files_put(files, path, text);
        else if (!dot)
            files_folder(files, root, path);
    }
    if (dir)
        closedir(dir);
}

/* The good pack, anew. */
static inline void files_good(struct files *files, struct arena *arena)
{
    *files = (struct files){.arena = arena};
    const char *root = arena_printf(arena, "%s/tests/office/packs/good", source_root());
    files_folder(files, root, "duties");
    files_folder(files, root, "posts");
}

/* Replaces the first `was` in a file; false when it is not there. */
static inline bool files_edit(struct files *files, const char *path, const char *was, const char *now)
{
    const char *text = files_text(files, path);
    const char *at = text ? strstr(text, was) : NULL;
    if (!at)
        return false;
    files_put(files, path, arena_printf(files->arena, "%.*s%s%s", (int)(at - text), text, now, at + strlen(was)));
    return true;
}

static inline struct pack *files_load(const struct files *files, struct reasons *reasons)
{
    struct pack *pack = NULL;
    reasons_init(reasons, files->arena);
    return pack_load(files->list, files->n, reasons, &pack) == OK ? pack : NULL;
}

static inline void reasons_print(const struct reasons *reasons)
{
    for (const struct reason *one = reasons->first; one; one = one->after)
        printf("#   %s: %s %s\n", one->where ? one->where : "pack", one->text.in[LANG_EN], one->next.in[LANG_EN] ? one->next.in[LANG_EN] : "");
}

#endif
