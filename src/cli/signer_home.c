/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The signer's place beside the office's folder, and the rules that keep the office's process out of it; see signer_home.h.
 */
#include "cli/signer_home.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/jail.h"
#include "base/log.h"
#include "base/moment.h"
#include "base/text.h"
#include "cli/cli.h"
#include "journal/journal.h"

#define MORE_MOST 4
#define READ_MOST 64

char *signer_home(struct arena *arena, const char *folder)
{
    char *whole = realpath(folder, NULL);          /* "." and "a/.." have no name to put something behind */
    size_t len = strlen(whole ? whole : folder);
    while (len > 1 && (whole ? whole : folder)[len - 1] == '/')
        len--;
    char *home = arena_printf(arena, "%.*s.signer", (int)len, whole ? whole : folder);
    free(whole);
    return home;
}

/* The public line into the office's folder. */
static enum status publish(const char *folder, const char *home, struct arena *arena, struct reasons *reasons)
{
    size_t len;
    char *line = cli_read(arena, arena_printf(arena, "%s/signer.pub", home), 4096, &len, reasons);
    return line && cli_write(arena_printf(arena, "%s/signer.pub", folder), line, len, 0644, reasons) ? OK : FAILED_IO;
}

static enum status put_aside(const char *home, struct arena *arena, struct reasons *reasons)
{
    char *aside = arena_printf(arena, "%s.former-%lld", home, (long long)(moment_now() / SECOND));
    if (rename(home, aside) == 0 || errno == ENOENT)
        return OK;
    reason_add(reasons, "signer.former", home, T_("An earlier signer lies here and cannot be put aside: %1$s."), strerror(errno));
    return FAILED_IO;
}

static enum status make(const char *folder, const char *home, const char *origin, struct arena *arena, struct reasons *reasons)
{
    enum status status = put_aside(home, arena, reasons);
    if (status == OK)
        status = signer_create_key(home, origin, reasons);
    return status == OK ? publish(folder, home, arena, reasons) : status;
}

enum status signer_make(const char *folder, const char *origin, struct arena *arena, struct reasons *reasons)
{
    return make(folder, signer_home(arena, folder), origin, arena, reasons);
}

enum status signer_make_for(const char *folder, const char *later, const char *origin, struct arena *arena, struct reasons *reasons, struct signer **ret)
{
    char *home = signer_home(arena, later);
    enum status status = make(folder, home, origin, arena, reasons);
    return status == OK ? signer_start(home, reasons, ret) : status;
}

enum status signer_of(const char *folder, struct arena *arena, struct reasons *reasons, struct signer **ret)
{
    char *home = signer_home(arena, folder), *earlier = arena_printf(arena, "%s/signer", folder);
    struct stat about;
    if (lstat(home, &about) != 0 && lstat(earlier, &about) == 0 && S_ISDIR(about.st_mode)) {
        if (rename(earlier, home) != 0) {
            reason_add(reasons, "signer.move", earlier, T_("The signer's folder cannot be moved out of the office's folder: %1$s."), strerror(errno));
            return FAILED_IO;
        }
        log_info("the signer's key was moved out of the office's folder");
        enum status status = publish(folder, home, arena, reasons);
        if (status != OK)
            return status;
    }
    return signer_start(home, reasons, ret);
}

bool office_lock(const char *folder, const char *const *more, const char *const *readable)
{
    static const char *const always[] = {"/usr/share/zoneinfo", "/usr/lib", "/lib", "/etc/localtime", "/etc/ssl", "/etc/resolv.conf", "/etc/hosts",
                                             "/etc/nsswitch.conf", "/etc/gai.conf", "/dev/urandom", NULL};
    const char *write_paths[MORE_MOST + 2] = {folder}, *read_paths[READ_MOST];
    size_t n = 0;
    for (; always[n]; n++)
        read_paths[n] = always[n];
    for (size_t i = 0; readable && readable[i] && n < READ_MOST - 1; i++)
        read_paths[n++] = readable[i];
    read_paths[n] = NULL;
    for (size_t i = 0; more && more[i] && i < MORE_MOST; i++)
        write_paths[i + 1] = more[i];
    struct confine confine = {.read_paths = read_paths, .write_paths = write_paths, .network = true};
    return confine_process(&confine);
}
