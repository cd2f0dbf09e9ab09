/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Where the signer lives, and that a process under the office's own rules cannot reach its key by any way that opens a file, while it goes on
 * with its own folder.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/jail.h"
#include "cli/signer_home.h"
#include "fixture.h"
#include "journal/journal.h"
#include "tap.h"

static struct fixture f;

static char *in(const char *folder, const char *name) { return arena_printf(f.arena, "%s/%s", folder, name); }

static bool refused(const char *path, int flags)
{
    errno = 0;
    int fd = open(path, flags, 0600);
    if (fd >= 0)
        close(fd);
    return fd < 0 && errno == EACCES;
}

/* What the locked process can do, a bit each. */
enum { OWN_READ = 1, OWN_WRITE = 2, KEY_READ = 4, KEY_WRITE = 8, KEY_TRUNCATE = 16, KEY_FOLDER = 32, KEY_LINKED = 64, KEY_RENAMED = 128 };

static int under_the_rules(const char *home)
{
    char *key = in(home, "signer.key"), *linked = in(f.folder, "linked"), *moved = in(f.folder, "moved");
    int can = 0, fd;
    if (!office_lock(f.folder, NULL, NULL))
        return 0;
    if ((fd = open(in(f.folder, "office.db"), O_RDWR)) >= 0)
        can |= OWN_READ;
    if ((fd = open(in(f.folder, "note"), O_WRONLY | O_CREAT, 0600)) >= 0 && write(fd, "x", 1) == 1)
        can |= OWN_WRITE;
    can |= refused(key, O_RDONLY) ? 0 : KEY_READ;
    can |= refused(key, O_WRONLY) ? 0 : KEY_WRITE;
    can |= refused(key, O_WRONLY | O_TRUNC) ? 0 : KEY_TRUNCATE;
    can |= refused(home, O_RDONLY | O_DIRECTORY) ? 0 : KEY_FOLDER;
    can |= link(key, linked) == 0 && !refused(linked, O_RDONLY) ? KEY_LINKED : 0;
    can |= symlink(key, in(f.folder, "soft")) == 0 && !refused(in(f.folder, "soft"), O_RDONLY) ? KEY_LINKED : 0;
    can |= rename(key, moved) == 0 ? KEY_RENAMED : 0;
    return can;
}

static void locked(const char *home)
{
    if (!landlock_version()) {
        tap_skip("the office's rules", "this kernel has no Landlock");
        return;
    }
    int status = 0;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0)
        _exit(under_the_rules(home));
    int can = waitpid(child, &status, 0) == child && WIFEXITED(status) ? WEXITSTATUS(status) : 0;
    ok(can & OWN_READ, "a process under the office's rules opens the office's database");
    ok(can & OWN_WRITE, "and writes in the office's folder");
    ok(!(can & KEY_READ), "it cannot read the signer's key");
    ok(!(can & (KEY_WRITE | KEY_TRUNCATE)), "nor write it, nor empty it");
    ok(!(can & KEY_FOLDER), "nor list its folder");
    ok(!(can & (KEY_LINKED | KEY_RENAMED)), "nor bring it into its own by a link or a new name");
    int fd = open(in(home, "signer.key"), O_RDONLY);
    ok(fd >= 0, "which this process, under no rules, can: the rules are what holds");
    close(fd);
}

static void homes(void)
{
    char *here = signer_home(f.arena, f.folder), *slash = signer_home(f.arena, arena_printf(f.arena, "%s//", f.folder)),
         *dot = signer_home(f.arena, arena_printf(f.arena, "%s/attachments/..", f.folder));
    ok(strcmp(here + strlen(here) - 7, ".signer") == 0, "the home is beside the folder");
    ok(strcmp(slash, here) == 0, "however the folder's name ends");
    ok(strcmp(dot, here) == 0, "and by whatever way it is named");
}

static void moved(void)
{
    struct reasons reasons;
    struct signer *signer = NULL;
    struct stat about;
    char *home = signer_home(f.arena, f.folder), *earlier = in(f.folder, "signer");
    reasons_init(&reasons, f.arena);
    ok(signer_create_key(earlier, "castellan/test", &reasons) == OK && stat(home, &about) != 0, "an office of the earlier layout, its key inside");
    ok(signer_of(f.folder, f.arena, &reasons, &signer) == OK, "is served: its signer starts");
    signer_stop(signer);
    ok(stat(in(home, "signer.key"), &about) == 0 && (about.st_mode & 0777) == 0600 && stat(earlier, &about) != 0, "the key lies beside the folder now, and no more inside");
    ok(stat(in(f.folder, "signer.pub"), &about) == 0, "and its public line in the folder");
}

static void put_aside(void)
{
    struct reasons reasons;
    char *home = signer_home(f.arena, f.folder), before[512] = "", after[512] = "";
    reasons_init(&reasons, f.arena);
    FILE *file = fopen(in(home, "signer.key"), "r");
    if (file) {
        ok(fread(before, 1, sizeof before - 1, file) > 0, "the key of an office that is no more");
        fclose(file);
    }
    ok(signer_make(f.folder, "castellan/test", f.arena, &reasons) == OK, "does not stop a new one");
    file = fopen(in(home, "signer.key"), "r");
    if (file) {
        ok(fread(after, 1, sizeof after - 1, file) > 0 && strcmp(before, after) != 0, "which gets a key of its own");
        fclose(file);
    }
}

int main(void)
{
    fixture_new(&f);
    homes();
    moved();
    locked(signer_home(f.arena, f.folder));
    put_aside();
    fixture_drop(signer_home(f.arena, f.folder));
    fixture_free(&f);
    return tap_done();
}
