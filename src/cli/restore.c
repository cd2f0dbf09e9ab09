/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * castellan restore. The store unseals and verifies; then, before the office gets its name: journal and tables are verified against the
 * checkpoints that the backup carries, what was erased later is erased again, the office gets a signer of its own, and a first checkpoint of
 * that is signed. The key of before signs no more: it may have signed more than the backup holds, and one key never signs two histories. Its
 * notes and its public line go to checkpoints/before-TIME, where they still prove what they proved.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/signer_home.h"
#include "journal/journal.h"
#include "office/duty.h"
#include "office/office.h"
#include "office/restore.h"
#include "office/verify.h"
#include "store/backup.h"

struct restoring {
    struct arena *arena;
    const char *to, *lists, *signers;
    moment now;
    char *origin;
    size_t erased;
    struct office_verdict verdict;
    struct signer *signer;
};

static enum status open_at(const struct restoring *all, const char *folder, struct reasons *why, struct office **ret)
{
    return office_open(&(struct office_options){.folder = folder, .now = all->now, .duties = duties_all}, why, ret);
}

static void progress(void *arg, uint64_t done) { cli_progress(arg, done, 0); }

static enum status verify(struct restoring *all, struct office *office, const char *folder, struct reasons *why)
{
    struct reasons found;
    reasons_init(&found, all->arena);
    enum status status = office_verify(office, folder, false, progress, (void *)"verify", all->arena, &found, &all->verdict);
    if (status != OK)
        reasons_join(why, &found);
    return status;
}

/* As it came out of the backup, and then without what was erased since. */
static enum status check_and_erase(struct restoring *all, const char *folder, struct reasons *why)
{
    struct office *office;
    enum status status = open_at(all, folder, why, &office);
    if (status != OK)
        return status;
    all->origin = arena_strdup(all->arena, office_origin(office));
    status = verify(all, office, folder, why);
    if (status == OK && all->lists)
        status = office_erase_again(office, all->lists, all->signers, all->now, all->arena, why, &all->erased);
    if (status == OK)
        status = office_note_event(office, 0, 0, "restore", NULL, all->now);
    office_close(office);
    return status;
}

/* Notes and key of before, into a folder of their own. */
static enum status lay_aside(struct restoring *all, const char *folder, struct reasons *why)
{
    char time[MOMENT_TEXT];
    const char *notes = arena_printf(all->arena, "%s/checkpoints", folder), *aside = arena_printf(all->arena, "%s/before-%s", notes, moment_iso(all->now, time));
    bool good = mkdir(aside, 0755) == 0;
    DIR *list = good ? opendir(notes) : NULL;
    good = list;
    for (struct dirent *entry; good && (entry = readdir(list));)
        if (str_ends(entry->d_name, ".note"))
            good = rename(arena_printf(all->arena, "%s/%s", notes, entry->d_name), arena_printf(all->arena, "%s/%s", aside, entry->d_name)) == 0;
    if (list)
        closedir(list);
    if (good && rename(arena_printf(all->arena, "%s/signer.pub", folder), arena_printf(all->arena, "%s/signer.pub", aside)) != 0 && errno != ENOENT)
        good = false;
    if (good)
        return OK;
    reason_add(why, "restore.notes", notes, T_("The checkpoints of before the restore cannot be laid aside: %1$s."), strerror(errno));
    return FAILED_IO;
}

/* The signer is forked while no thread runs; then the office is opened again. */
static enum status first_checkpoint(struct restoring *all, const char *folder, struct reasons *why)
{
    struct office *office;
    enum status status = signer_make_for(folder, all->to, all->origin, all->arena, why, &all->signer);
    if (status == OK)
        status = open_at(all, folder, why, &office);
    if (status != OK)
        return status;
    status = office_checkpoint(office, all->signer, all->now, why);
    if (status == OK)
        status = verify(all, office, folder, why);
    office_close(office);
    return status;
}

static enum status prepare(void *arg, const char *folder, struct reasons *why)
{
    struct restoring *all = arg;
    enum status status = check_and_erase(all, folder, why);
    if (status == OK)
        status = lay_aside(all, folder, why);
    if (status == OK)
        status = first_checkpoint(all, folder, why);
    if (status == OK) {
        printf("entries %llu, records %llu, erased again %zu\n%s\n", (unsigned long long)all->verdict.journal.entries, (unsigned long long)all->verdict.records, all->erased,
               signer_public_line(all->signer));
        if (!all->lists)
            fprintf(stderr, "%s\n", tr(cli_lang(), T_("No list of erasures was given (--erasures): what was erased after this backup has come back.")));
    }
    return status;
}

int cli_restore(int argc, char **argv)
{
    static const char *const valued[] = {"--key", "--to", "--erasures", "--signer", NULL};
    const char *file = cli_argument(argc, argv, 0, valued), *key = cli_option(argc, argv, "--key"), *to = cli_option(argc, argv, "--to");
    struct restoring all = {.arena = arena_new((size_t)1 << 30), .to = to, .lists = cli_option(argc, argv, "--erasures"), .signers = cli_option(argc, argv, "--signer"), .now = moment_now()};
    struct reasons reasons;
    reasons_init(&reasons, all.arena);
    int ret = 0;
    if (!file || !key || !to) {
        ret = cli_usage("restore");
    } else {
        enum status status = backup_restore(file, key, to, prepare, &all, &reasons);
        ret = status == OK ? 0 : cli_fail(&reasons, status);
    }
    signer_stop(all.signer);
    arena_free(all.arena);
    return ret;
}
