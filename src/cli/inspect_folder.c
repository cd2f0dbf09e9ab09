/* SPDX-License-Identifier: GPL-3.0-or-later
 * What an office's folder says from outside; see inspect.h. Only names, modes and times are looked at.
 */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/inspect.h"
#include "cli/signer_home.h"

#define SHOWN_MOST 20

/* What may be read by others, since it is made to be carried away. */
static bool meant_for_others(const char *name) { return str_eq(name, "checkpoints") || str_eq(name, "signer.pub") || str_eq(name, "lock"); }

static void look_at(const char *path, const char *name, bool inside, struct arena *arena, struct val *open_to_others)
{
    struct stat about;
    if (meant_for_others(name) || lstat(path, &about) != 0)
        return;
    bool folder = S_ISDIR(about.st_mode);
    /* Behind a folder that is shut, a mode that is too wide opens nothing; secrets are held to it all the same. */
    bool secret = str_ends(name, ".key") || str_eq(name, "signer.state") || str_eq(name, "demonstration.txt") || str_eq(name, "office.db");
    if ((about.st_mode & 077) && (!inside || secret) && val_count(open_to_others) < SHOWN_MOST)
        val_push(arena, open_to_others, val_strf(arena, "%s %04o", path, (unsigned)(about.st_mode & 07777)));
    if (!folder || inside)
        return;
    DIR *all = opendir(path);
    for (struct dirent *entry; all && (entry = readdir(all));)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            look_at(arena_printf(arena, "%s/%s", path, entry->d_name), entry->d_name, true, arena, open_to_others);
    if (all)
        closedir(all);
}

/* The newest note by its name, which begins with its time. */
static moment newest_checkpoint(const char *folder, struct arena *arena)
{
    DIR *all = opendir(arena_printf(arena, "%s/checkpoints", folder));
    moment newest = MOMENT_NONE, at;
    for (struct dirent *entry; all && (entry = readdir(all));) {
        const char *dash = strrchr(entry->d_name, '-');
        if (!str_ends(entry->d_name, ".note") || !dash)
            continue;
        if (moment_read(arena_strndup(arena, entry->d_name, (size_t)(dash - entry->d_name)), &at) == OK && (newest == MOMENT_NONE || at > newest))
            newest = at;
    }
    if (all)
        closedir(all);
    return newest;
}

static moment changed_at(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 ? (moment)about.st_mtim.tv_sec * SECOND : MOMENT_NONE;
}

struct val *inspect_folder(const char *folder, struct arena *arena)
{
    struct val *facts = val_object(arena), *open_to_others = val_array(arena);
    struct statvfs disk;
    look_at(folder, folder, false, arena, open_to_others);
    val_set(arena, facts, "open-to-others", open_to_others);
    moment checkpoint = newest_checkpoint(folder, arena), backup = changed_at(arena_printf(arena, "%s/last-backup", folder));
    if (checkpoint != MOMENT_NONE)
        val_set_int(arena, facts, "checkpoint", checkpoint);
    if (backup != MOMENT_NONE)
        val_set_int(arena, facts, "backup", backup);
    const char *home = signer_home(arena, folder);
    look_at(home, home, false, arena, open_to_others);
    val_set_bool(arena, facts, "signer-key-here", access(arena_printf(arena, "%s/signer.key", home), F_OK) == 0);
    val_set_bool(arena, facts, "signer-in-reach", access(arena_printf(arena, "%s/signer/signer.key", folder), F_OK) == 0);
    val_set_str(arena, facts, "signer", home);
    if (statvfs(folder, &disk) == 0 && disk.f_blocks)
        val_set_int(arena, facts, "disk-free-percent", (int64_t)(disk.f_bavail * 100 / disk.f_blocks));
    return facts;
}
