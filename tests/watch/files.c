/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files for the tests of the watch: whole files, folders walked in a fixed order, the folder of public data.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "both.h"

char *file_read(const char *path, size_t *ret_len)
{
    FILE *file = fopen(path, "rb");
    if (!file)
        return NULL;
    size_t room = 1 << 16, len = 0, got;
    char *text = malloc(room + 1);
    while ((got = fread(text + len, 1, room - len, file)) > 0)
        if ((len += got) == room)
            text = realloc(text, (room *= 2) + 1);
    fclose(file);
    text[len] = 0;
    *ret_len = len;
    return text;
}

struct found { struct arena *arena; struct sigma_text *texts; size_t n, room; };
static void walk(struct found *found, const char *folder, const char *ending)
{
    struct dirent **entries;
    int n = scandir(folder, &entries, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *name = entries[i]->d_name;
        char *path = arena_printf(found->arena, "%s/%s", folder, name);
        struct stat state;
        size_t len = strlen(name), end = strlen(ending);
        if (name[0] != '.' && stat(path, &state) == 0) {
            if (S_ISDIR(state.st_mode))
                walk(found, path, ending);
            else if (len >= end && strcmp(name + len - end, ending) == 0) {
                if (found->n == found->room) {
                    struct sigma_text *more = ARENA_ARRAY(found->arena, struct sigma_text, found->room = found->room ? 2 * found->room : 64);
                    if (found->n)
                        memcpy(more, found->texts, found->n * sizeof *more);
                    found->texts = more;
                }
                size_t size;
                char *text = file_read(path, &size);
                found->texts[found->n++] = (struct sigma_text){path, arena_strndup(found->arena, text, size), size};
                free(text);
            }
        }
        free(entries[i]);
    }
    if (n >= 0)
        free(entries);
}
size_t files_below(struct arena *arena, const char *folder, const char *ending, struct sigma_text **ret)
{
    struct found found = {.arena = arena};
    walk(&found, folder, ending);
    *ret = found.texts;
    return found.n;
}

const char *data_folder(void)
{
    static char path[1000];
    const char *given = getenv("CASTELLAN_DATA"), *root = getenv("SOURCE_ROOT");
    snprintf(path, sizeof path, "%s%s", given ? given : root ? root : ".", given ? "" : "/../shared/data");
    struct stat state;
    return stat(path, &state) == 0 ? path : NULL;
}

size_t live_rules(struct arena *arena, struct sigma_text **ret)
{
    static const char *const folders[] = {"rules", "rules-compliance", "rules-emerging-threats", "rules-placeholder", "rules-threat-hunting"};
    struct sigma_text *all = ARENA_ARRAY(arena, struct sigma_text, 20000), *some;
    size_t n = 0;
    for (size_t f = 0; data_folder() && f < sizeof folders / sizeof *folders; f++) {
        size_t more = files_below(arena, arena_printf(arena, "%s/sigma/%s", data_folder(), folders[f]), ".yml", &some);
        for (size_t i = 0; i < more && n < 20000; i++)
            all[n++] = some[i];
    }
    *ret = all;
    return n;
}

struct sigma_text product_map(struct arena *arena)
{
    const char *root = getenv("SOURCE_ROOT");
    size_t len;
    char *path = arena_printf(arena, "%s/duties/watch/sigma/logsources.yaml", root ? root : "."), *text = file_read(path, &len);
    if (!text)
        abort();
    struct sigma_text map = {path, arena_strndup(arena, text, len), len};
    free(text);
    return map;
}
