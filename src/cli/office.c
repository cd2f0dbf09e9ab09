/* SPDX-License-Identifier: GPL-3.0-or-later
 * Commands that open an office's folder by themselves: checkpoint, backup.
 */
#include "cli/backup_served.h"
#include "cli/cli.h"
#include "cli/signer_home.h"
#include "journal/journal.h"
#include "office/duty.h"
#include "office/office.h"
#include "store/backup.h"

struct opened { struct arena *arena; struct reasons reasons; struct office *office; };

static enum status open_folder(struct opened *opened, const char *folder)
{
    opened->arena = arena_new((size_t)256 << 20);
    reasons_init(&opened->reasons, opened->arena);
    return office_open(&(struct office_options){.folder = folder, .now = moment_now(), .duties = duties_all}, &opened->reasons, &opened->office);
}
static int close_folder(struct opened *opened, enum status status)
{
    int ret = status == OK ? 0 : cli_fail(&opened->reasons, status);
    office_close(opened->office);
    arena_free(opened->arena);
    return ret;
}

int cli_checkpoint(int argc, char **argv)
{
    const char *folder = cli_argument(argc, argv, 0, NULL);
    struct opened opened = {0};
    struct signer *signer = NULL;
    if (!folder)
        return cli_usage("checkpoint");
    struct arena *arena = arena_new(0);
    struct reasons reasons;
    reasons_init(&reasons, arena);
    enum status status = signer_of(folder, arena, &reasons, &signer);
    if (status != OK) {
        int ret = cli_fail(&reasons, status);
        arena_free(arena);
        return ret;
    }
    status = open_folder(&opened, folder);
    if (status == OK)
        status = office_checkpoint(opened.office, signer, moment_now(), &opened.reasons);
    signer_stop(signer);
    arena_free(arena);
    return close_folder(&opened, status);
}

int cli_backup_key(int argc, char **argv)
{
    const char *public_path = cli_argument(argc, argv, 0, NULL), *secret_path = cli_argument(argc, argv, 1, NULL);
    struct opened opened = {.arena = arena_new(0)};
    reasons_init(&opened.reasons, opened.arena);
    if (!public_path || !secret_path) {
        arena_free(opened.arena);
        return cli_usage("backup-key");
    }
    return close_folder(&opened, backup_make_keys(public_path, secret_path, &opened.reasons));
}

static void progress(void *arg, uint64_t done, uint64_t all) { cli_progress(arg, done, all); }

int cli_backup(int argc, char **argv)
{
    static const char *const valued[] = {"--key", "--to", NULL};
    const char *folder = cli_argument(argc, argv, 0, valued), *key = cli_option(argc, argv, "--key"), *to = cli_option(argc, argv, "--to");
    struct opened opened = {.arena = arena_new(0)};
    struct store *store = NULL;
    reasons_init(&opened.reasons, opened.arena);
    if (!folder || !key || !to) {
        arena_free(opened.arena);
        return cli_usage("backup");
    }
    enum status status = store_open(folder, &opened.reasons, &store);
    if (status == BUSY) {                      /* it is served: the server makes it */
        reasons_init(&opened.reasons, opened.arena);
        return close_folder(&opened, backup_ask(folder, key, to, opened.arena, &opened.reasons));
    }
    if (status == OK)
        status = backup_write(store, key, to, &opened.reasons, progress, "backup");
    store_close(store);
    /* Its time is all that doctor asks for. */
    if (status == OK && !cli_write(arena_printf(opened.arena, "%s/last-backup", folder), "", 0, 0600, &opened.reasons))
        status = FAILED_IO;
    return close_folder(&opened, status);
}
