/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See rule_set.h. Rules are the user's own choice, so they are read without a jail, like a policy or a pack.
 */
#include "cli/rule_set.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/embedded.h"
#include "base/text.h"
#include "cli/cli.h"
#include "cli/rule_cache.h"

enum { FILES_MOST = 100000, DEEPEST = 16 };
static const char own_map[] = "duties/watch/sigma/logsources.yaml";
static const char *const levels[] = {"informational", "low", "medium", "high", "critical"};

struct list { struct arena *arena; const char **paths; size_t n; bool full; };

const char *rule_level(enum sigma_level level) { return levels[level]; }

bool rule_level_read(const char *text, enum sigma_level *ret)
{
    for (unsigned i = 0; i < sizeof levels / sizeof *levels; i++)
        if (str_eq(text, levels[i])) {
            *ret = (enum sigma_level)i;
            return true;
        }
    return false;
}

static bool named_as_rule(const char *path) { return str_ends(path, ".yml") || str_ends(path, ".yaml"); }

bool rule_path(const char *path)
{
    struct stat about;
    return named_as_rule(path) || (stat(path, &about) == 0 && S_ISDIR(about.st_mode));
}

static void put(struct list *list, const char *path)
{
    list->full |= list->n == FILES_MOST;
    if (!list->full)
        list->paths[list->n++] = arena_strdup(list->arena, path);
}

/* Links are followed as files, never as folders. */
static bool walk(struct list *list, const char *folder, unsigned depth)
{
    DIR *dir = opendir(folder);
    if (!dir)
        return false;
    bool good = true;
    for (struct dirent *entry; good && (entry = readdir(dir)) != NULL;) {
        struct stat about;
        if (entry->d_name[0] == '.')
            continue;
        const char *path = arena_printf(list->arena, "%s/%s", folder, entry->d_name);
        if (lstat(path, &about) == 0 && S_ISDIR(about.st_mode))
            good = depth == DEEPEST || walk(list, path, depth + 1);
        else if (named_as_rule(path))
            put(list, path);
    }
    closedir(dir);
    return good;
}

static int by_path(const void *a, const void *b) { return strcmp(*(const char *const *)a, *(const char *const *)b); }

static bool collect(struct list *list, const char *path, struct reasons *reasons)
{
    struct stat about;
    size_t before = list->n;
    bool good = stat(path, &about) == 0;
    if (good && S_ISDIR(about.st_mode))
        good = walk(list, path, 0);
    else if (good)
        put(list, path);
    if (!good)
        reason_add(reasons, "rules.read", path, T_("The rules cannot be read: %1$s."), strerror(errno));
    else if (list->n == before)
        reason_add(reasons, "rules.none", path, T_("There is no rule (*.yml) in this folder."));
    qsort(list->paths + before, list->n - before, sizeof *list->paths, by_path);
    return good && list->n > before;
}

static bool read_map(struct arena *arena, const char *path, struct sigma_text *ret, struct reasons *reasons)
{
    const struct embedded_file *own = embedded_find(own_map);
    *ret = (struct sigma_text){.path = own_map, .text = own ? own->bytes : "", .len = own ? own->len : 0};
    if (!path)
        return true;
    ret->path = path;
    ret->text = cli_read(arena, path, SIGMA_TEXT_MOST, &ret->len, reasons);
    return ret->text;
}

bool rule_set_files(struct arena *arena, const char *const *paths, size_t n, struct reasons *reasons, const char *const **ret, size_t *ret_n)
{
    struct list list = {.arena = arena, .paths = ARENA_ARRAY(arena, const char *, FILES_MOST)};
    bool good = true;
    for (size_t i = 0; good && i < n; i++)
        good = collect(&list, paths[i], reasons);
    if (list.full)
        reason_add(reasons, "rules.many", NULL, T_("There are more than 100,000 files of rules."));
    *ret = list.paths;
    *ret_n = list.n;
    return good && !list.full;
}

bool rule_set_load(struct rule_set *set, struct arena *arena, const char *const *paths, size_t n, const char *map, const char *cache, struct reasons *reasons)
{
    struct list list = {.arena = arena, .paths = ARENA_ARRAY(arena, const char *, FILES_MOST)};
    struct sigma_options options = {0};
    bool good = read_map(arena, map, &options.sources, reasons);
    for (size_t i = 0; good && i < n; i++)
        good = collect(&list, paths[i], reasons);
    struct sigma_text *texts = good ? ARENA_ARRAY(arena, struct sigma_text, list.n + 1) : NULL;
    for (size_t i = 0; good && i < list.n; i++) {
        texts[i].path = list.paths[i];
        texts[i].text = cli_read(arena, list.paths[i], SIGMA_TEXT_MOST, &texts[i].len, reasons);
        good = texts[i].text;
    }
    if (!good || list.full) {
        if (list.full)
            reason_add(reasons, "rules.many", NULL, T_("There are more than 100,000 files of rules."));
        return false;
    }
    *set = (struct rule_set){.arena = arena, .fields = fields_new(arena), .files = list.n};
    char *cached = NULL;
    if (cache)
        rule_cache_read(cache, &options, &cached);
    bool compiled = sigma_compile(arena, set->fields, texts, list.n, &options, reasons, &set->sigma) == OK;
    if (compiled && cache)
        rule_cache_keep(cache, set->sigma, options.cache);
    free(cached);
    return compiled;
}
