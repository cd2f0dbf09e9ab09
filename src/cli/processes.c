/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * FOLDER/processes.json: the processes of a served office and how they are locked in. What serve writes there is compared with what the
 * kernel says in /proc when it is read, so a note left by a server that was killed deceives nobody.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/jail.h"
#include "base/text.h"
#include "cli/inspect.h"

#define JAILS_MOST 64
#define NOTE_NAME "processes.json"

bool processes_write(const char *folder, const struct process_note *processes, size_t n, const struct listen_note *listens, size_t n_listens,
                     const struct val *office, moment now)
{
    struct arena *arena = arena_new((size_t)64 << 20);
    if (!arena)
        return false;
    struct val *all = val_object(arena), *list = val_array(arena), *listening = val_array(arena);
    struct buf text;
    for (size_t i = 0; i < n; i++) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "name", processes[i].name);
        val_set_int(arena, item, "pid", processes[i].pid);
        val_set_bool(arena, item, "confined", processes[i].confined);
        val_push(arena, list, item);
    }
    for (size_t i = 0; i < n_listens; i++) {
        struct val *item = val_object(arena);
        val_set_str(arena, item, "address", listens[i].address);
        val_set_int(arena, item, "port", listens[i].port);
        val_set_bool(arena, item, "tls", listens[i].tls);
        val_push(arena, listening, item);
    }
    val_set_int(arena, all, "started", now);
    val_set(arena, all, "processes", list);
    val_set(arena, all, "listens", listening);
    val_set(arena, all, "office", val_copy(arena, office));
    buf_init(&text, 4 << 20);
    json_write(&text, all);
    const char *part = arena_printf(arena, "%s/" NOTE_NAME ".part", folder);
    int fd = text.failed ? -1 : open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    bool good = fd >= 0 && write(fd, text.data, text.len) == (ssize_t)text.len;
    if (fd >= 0)
        close(fd);
    good = good && rename(part, arena_printf(arena, "%s/" NOTE_NAME, folder)) == 0;
    buf_free(&text);
    arena_free(arena);
    return good;
}

void processes_remove(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/" NOTE_NAME, folder);
    unlink(path);
}

/* A small file as text; NULL when there is none. */
static char *small_file(struct arena *arena, const char *path, size_t most, size_t *ret_len)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    char *text = fd >= 0 ? arena_alloc(arena, most + 1) : NULL;
    size_t at = 0;
    for (ssize_t n; text && at < most && (n = read(fd, text + at, most - at)) > 0;)
        at += (size_t)n;
    if (fd >= 0)
        close(fd);
    if (text)
        text[at] = 0;
    *ret_len = at;
    return text;
}

static int64_t status_number(const char *status, const char *name)
{
    const char *at = status ? strstr(status, name) : NULL;
    return at ? strtoll(at + strlen(name), NULL, 10) : -1;
}

static bool look_at_process(struct val *item, struct arena *arena)
{
    size_t len;
    long long pid = val_get_int(item, "pid", 0);
    const char *name = small_file(arena, arena_printf(arena, "/proc/%lld/comm", pid), 64, &len);
    const char *status = small_file(arena, arena_printf(arena, "/proc/%lld/status", pid), 1 << 16, &len);
    bool ours = name && (str_starts(name, "castellan") || str_starts(name, "nursery"));
    bool alive = pid > 0 && ours && status && !strstr(status, "\nState:\tZ");
    val_set_bool(arena, item, "alive", alive);
    if (!alive)
        return false;
    val_set_bool(arena, item, "seccomp", status_number(status, "\nSeccomp:") == 2);
    val_set_bool(arena, item, "no-new-privileges", status_number(status, "\nNoNewPrivs:") == 1);
    val_set_int(arena, item, "seccomp-mode", status_number(status, "\nSeccomp:"));
    val_set_int(arena, item, "uid", status_number(status, "\nUid:"));
    val_set_bool(arena, item, "root", status_number(status, "\nUid:") == 0);
    val_set_int(arena, item, "resident-kib", status_number(status, "\nVmRSS:"));
    return true;
}

/* The jails of the moment: children of the nursery, one for each foreign file that is being read. */
static struct val *jails_of(int64_t nursery, struct arena *arena)
{
    struct val *list = val_array(arena);
    DIR *all = nursery > 0 ? opendir("/proc") : NULL;
    for (struct dirent *entry; all && val_count(list) < JAILS_MOST && (entry = readdir(all));) {
        size_t len;
        long long pid = strtoll(entry->d_name, NULL, 10);
        const char *status = pid > 0 ? small_file(arena, arena_printf(arena, "/proc/%lld/status", pid), 1 << 13, &len) : NULL;
        if (!status || status_number(status, "\nPPid:") != nursery)
            continue;
        struct val *item = val_object(arena);
        val_set_str(arena, item, "name", "jail");
        val_set_int(arena, item, "pid", pid);
        val_set_int(arena, item, "seccomp-mode", status_number(status, "\nSeccomp:"));
        val_set_int(arena, item, "uid", status_number(status, "\nUid:"));
        val_push(arena, list, item);
    }
    if (all)
        closedir(all);
    return list;
}

struct val *processes_read(const char *folder, struct arena *arena)
{
    size_t len;
    struct val *all;
    struct reasons ignored;
    reasons_init(&ignored, arena);
    char *text = small_file(arena, arena_printf(arena, "%s/" NOTE_NAME, folder), 4 << 20, &len);
    if (!text || json_read(arena, text, len, (struct json_limits){0}, &ignored, &all) != OK || all->kind != VAL_OBJECT)
        return NULL;
    struct val *list = val_get(all, "processes");
    bool alive = false;
    int64_t nursery = 0;
    for (size_t i = 0; i < val_count(list); i++)
        if (str_eq(val_get_str(val_at(list, i), "name"), "nursery"))
            nursery = val_get_int(val_at(list, i), "pid", 0);
    for (size_t i = 0; i < val_count(list); i++)
        if (look_at_process(val_at(list, i), arena) && str_eq(val_get_str(val_at(list, i), "name"), "office"))
            alive = true;
    val_set_bool(arena, all, "alive", alive);
    if (alive)
        val_set(arena, all, "jails", jails_of(nursery, arena));
    return all;
}
