/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A backup of an office while it is served. The folder is open to one process, so the command asks that one: it lays the public key into the
 * folder (backup.ask), the server's clock finds it, writes the sealed backup beside it (backup.done, or backup.failed with the reason), and
 * the command carries it away. Whoever may write into the folder may ask; what comes out is sealed to a key that is not there.
 */
#include "cli/backup_served.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "cli/cli.h"
#include "cli/inspect.h"
#include "store/backup.h"

#define KEY_MOST 4096
#define WAIT_MOST_SECONDS 7200

static char *in(struct arena *arena, const char *folder, const char *name) { return arena_printf(arena, "%s/%s", folder, name); }

/* ---- in the server ---- */

bool backup_asked(const char *folder)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/backup.ask", folder);
    return access(path, F_OK) == 0;
}

void backup_answer(struct store *store, const char *folder)
{
    struct arena *arena = arena_new(1 << 20);
    struct reasons reasons, ignored;
    reasons_init(&reasons, arena);
    reasons_init(&ignored, arena);
    const char *ask = in(arena, folder, "backup.ask"), *key = in(arena, folder, "backup.key"), *part = in(arena, folder, "backup.part");
    unlink(part);
    if (rename(ask, key) != 0) {
        arena_free(arena);
        return;
    }
    enum status status = backup_write(store, key, part, &reasons, NULL, NULL);
    unlink(key);
    if (status == OK && rename(part, in(arena, folder, "backup.done")) == 0) {
        (void)cli_write(in(arena, folder, "last-backup"), "", 0, 0600, &ignored);
    } else {
        const char *words = reasons.count ? reasons_text(&reasons, LANG_EN) : status_name(status);
        unlink(part);
        log_error("a backup was asked for and failed: %s", words);
        (void)cli_write(in(arena, folder, "backup.failed"), words, strlen(words), 0600, &ignored);
    }
    arena_free(arena);
}

/* ---- the command ---- */

/* To another file system, too; durable before the server's copy goes. */
static bool carry(const char *from, const char *to)
{
    static char block[1 << 16];
    int source = open(from, O_RDONLY | O_CLOEXEC), target = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    ssize_t n = -1;
    while (source >= 0 && target >= 0 && (n = read(source, block, sizeof block)) > 0)
        if (write(target, block, (size_t)n) != n) {
            n = -1;
            break;
        }
    bool good = n == 0 && fsync(target) == 0;
    if (source >= 0)
        close(source);
    if (target >= 0)
        close(target);
    if (good)
        unlink(from);
    return good;
}

static bool server_lives(const char *folder, struct arena *arena)
{
    const struct val *running = processes_read(folder, arena);
    return running && val_get_bool(running, "alive", false);
}

enum status backup_ask(const char *folder, const char *key_path, const char *to, struct arena *arena, struct reasons *reasons)
{
    size_t len;
    const char *ask = in(arena, folder, "backup.ask"), *asking = in(arena, folder, "backup.asking"), *done = in(arena, folder, "backup.done"), *failed = in(arena, folder, "backup.failed");
    char *key = cli_read(arena, key_path, KEY_MOST, &len, reasons);
    if (!key)
        return FAILED_IO;
    if (access(to, F_OK) == 0) {
        reason_add(reasons, "file", to, T_("The file cannot be written: %1$s."), strerror(EEXIST));
        return CONFLICT;
    }
    unlink(done);
    unlink(failed);
    if (!cli_write(asking, key, len, 0600, reasons) || rename(asking, ask) != 0)
        return FAILED_IO;
    for (int i = 0; i < WAIT_MOST_SECONDS * 5; i++) {
        if (access(done, F_OK) == 0)
            return carry(done, to) ? OK : (reason_add(reasons, "file", to, T_("The file cannot be written: %1$s."), strerror(errno)), FAILED_IO);
        if (access(failed, F_OK) == 0) {
            char *words = cli_read(arena, failed, KEY_MOST * 4, &len, reasons);
            unlink(failed);
            reason_add(reasons, "backup.server", NULL, "%1$s", words ? words : "");
            return FAILED_IO;
        }
        if (i % 25 == 24 && !server_lives(folder, arena))
            break;
        usleep(200000);
    }
    unlink(ask);
    reason_add(reasons, "backup.server", NULL, T_("The server of this office ended before it had made the backup."));
    return FAILED_IO;
}
