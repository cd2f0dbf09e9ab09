/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the files of a pack come from: handed in, the journal's canonical form, or the program itself with an office's
 * folder over it (a file at the same path replaces, any other adds).
 */
#include "office/pack-read.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/embedded.h"
#include "base/text.h"

/* ---- the frame of every load -------------------------------------------------------------------------------- */

static enum status begin(struct loading *l, struct reasons *reasons, size_t files, bool lines)
{
    struct arena *arena = arena_new(PACK_ARENA);
    if (!arena)
        return NO_MEMORY;
    l->arena = arena;
    l->pack = ARENA_NEW(arena, struct pack);
    l->pack->arena = arena;
    l->reasons = reasons;
    if (!reasons) {
        l->reasons = ARENA_NEW(arena, struct reasons);
        reasons_init(l->reasons, arena);
    }
    l->faults_before = l->reasons->count;
    l->lines = lines;
    l->trees = ARENA_ARRAY(arena, struct pack_tree, files + 1);
    return OK;
}

static void too_much(struct loading *l, const char *where)
{
    reason_add(l->reasons, "pack", where, T_("A pack has at most 1000 files of 256 KiB each and 2 MiB in all."));
}

static bool split(struct loading *l, const char *path, struct pack_tree *ret)
{
    if (pack_path(l->arena, path, ret))
        return true;
    struct reason *fault = reason_add(l->reasons, "pack", path, T_("No definitions are expected in this file."));
    reason_next(l->reasons, fault, T_("Definitions lie in duties/DUTY/NAME.yaml and posts/NAME.yaml; names have small letters, digits and hyphens."));
    return false;
}

static int compare_trees(const void *a, const void *b)
{
    return strcmp(((const struct pack_tree *)a)->path, ((const struct pack_tree *)b)->path);
}

/* The order in which files were handed in makes no difference to a pack. */
static void settle(struct loading *l)
{
    qsort(l->trees, l->n_trees, sizeof *l->trees, compare_trees);
    for (size_t i = 1; i < l->n_trees; i++)
        if (strcmp(l->trees[i - 1].path, l->trees[i].path) == 0)
            reason_add(l->reasons, "pack", l->trees[i].path, T_("This file is there twice."));
}

static enum status finish(struct loading *l, enum status status, struct pack **ret)
{
    settle(l);
    /* A file that cannot be read leaves names without meaning everywhere: tell that first and alone. */
    if (status == OK && l->reasons->count != l->faults_before)
        status = BAD_INPUT;
    if (status == OK)
        status = pack_build(l);
    if (status == OK)
        *ret = l->pack;
    else
        arena_free(l->arena);
    return status;
}

/* ---- files -------------------------------------------------------------------------------------------------- */

enum status pack_load(const struct pack_file *files, size_t n, struct reasons *reasons, struct pack **ret)
{
    struct loading l = {0};
    enum status status = begin(&l, reasons, n > PACK_MAX_FILES ? 0 : n, true);
    if (status != OK)
        return status;
    size_t total = 0;
    for (size_t i = 0; i < n && status == OK; i++) {
        total += files[i].len;
        if (n > PACK_MAX_FILES || files[i].len > PACK_MAX_FILE || total > PACK_MAX_TOTAL) {
            too_much(&l, files[i].path);
            status = TOO_LARGE;
            break;
        }
        struct pack_tree tree = {0};
        struct val *read;
        const char *path = arena_strdup(l.arena, files[i].path);
        if (split(&l, path, &tree) && yaml_read(l.arena, path, files[i].text, files[i].len, l.reasons, &read) == OK) {
            tree.tree = read;
            l.trees[l.n_trees++] = tree;
        }
    }
    return finish(&l, status, ret);
}

/* ---- the journal's form ------------------------------------------------------------------------------------- */

enum status pack_from_source(const struct val *source, struct reasons *reasons, struct pack **ret)
{
    size_t n = source && source->kind == VAL_OBJECT ? source->count : 0, total = 0;
    struct loading l = {0};
    enum status status = begin(&l, reasons, n > PACK_MAX_FILES ? 0 : n, false);
    if (status != OK)
        return status;
    if (n > PACK_MAX_FILES) {
        too_much(&l, NULL);
        status = TOO_LARGE;
    }
    for (size_t i = 0; i < n && status == OK; i++) {
        const struct val *text = source->members[i].value;
        struct pack_tree tree = {0};
        struct val *read;
        total += text->kind == VAL_STR ? text->str.len : 0;
        if (text->kind != VAL_STR || total > 4 * PACK_MAX_TOTAL) {
            reason_add(l.reasons, "pack", source->members[i].name, T_("This is not the form in which the journal keeps a pack."));
            status = BAD_INPUT;
        } else if (split(&l, arena_strdup(l.arena, source->members[i].name), &tree) &&
                   json_read(l.arena, text->str.s, text->str.len, (struct json_limits){0}, l.reasons, &read) == OK) {
            tree.tree = read;
            l.trees[l.n_trees++] = tree;
        }
    }
    return finish(&l, status, ret);
}

/* ---- the program's own, and a folder over it ---------------------------------------------------------------- */

struct gathered { struct arena *arena; struct reasons *reasons; struct pack_file *files; size_t n; char *buffer; enum status status; };

static void put(struct gathered *all, const char *path, const char *text, size_t len)
{
    size_t i = 0;
    while (i < all->n && strcmp(all->files[i].path, path) != 0)
        i++;
    if (i == all->n && all->n++ >= PACK_MAX_FILES) {
        all->n = PACK_MAX_FILES;
        all->status = TOO_LARGE;
        return;
    }
    all->files[i] = (struct pack_file){path, text, len};
}

static void read_one(struct gathered *all, const char *folder, const char *path)
{
    FILE *file = fopen(arena_printf(all->arena, "%s/%s", folder, path), "re");
    size_t len = file ? fread(all->buffer, 1, PACK_MAX_FILE + 1, file) : 0;
    if (!file || ferror(file)) {
        reason_add(all->reasons, "pack", path, T_("This file cannot be read: %1$s."), strerror(errno));
        all->status = FAILED_IO;
    } else {
        put(all, path, arena_strndup(all->arena, all->buffer, len), len);
    }
    if (file)
        fclose(file);
}

static void read_folder(struct gathered *all, const char *root, const char *under, bool deeper)
{
    DIR *dir = opendir(arena_printf(all->arena, "%s/%s", root, under));
    if (!dir)
        return;
    for (struct dirent *entry; (entry = readdir(dir)) && all->status == OK;) {
        if (entry->d_name[0] == '.')
            continue;
        const char *path = arena_printf(all->arena, "%s/%s", under, entry->d_name);
        struct pack_tree tree;
        if (pack_path(all->arena, path, &tree))
            read_one(all, root, path);
        else if (deeper)
            read_folder(all, root, path, false);
    }
    closedir(dir);
}

static enum status load_gathered(const char *folder, bool embedded, struct reasons *reasons, struct pack **ret)
{
    struct arena *arena = arena_new(PACK_ARENA);
    if (!arena)
        return NO_MEMORY;
    struct gathered all = {arena, reasons, ARENA_ARRAY(arena, struct pack_file, PACK_MAX_FILES), 0,
                           arena_alloc(arena, PACK_MAX_FILE + 2), OK};
    struct pack_tree tree;
    for (size_t i = 0; embedded && i < embedded_count; i++)
        if (pack_path(arena, embedded_files[i].path, &tree))
            put(&all, embedded_files[i].path, embedded_files[i].bytes, embedded_files[i].len);
    if (folder) {
        read_folder(&all, folder, "duties", true);
        read_folder(&all, folder, "posts", false);
    }
    enum status status = all.status;
    if (status == OK)
        status = pack_load(all.files, all.n, reasons, ret);
    arena_free(arena);
    return status;
}

enum status pack_load_embedded(const char *folder, struct reasons *reasons, struct pack **ret)
{
    return load_gathered(folder, true, reasons, ret);
}

enum status pack_load_folder(const char *folder, struct reasons *reasons, struct pack **ret)
{
    return load_gathered(folder, false, reasons, ret);
}
