/* SPDX-License-Identifier: GPL-3.0-or-later
 * castellan init: an office from a founding deed, with enrolment links.
 */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "cli/cli.h"
#include "cli/found.h"
#include "journal/journal.h"
#include "office/duty.h"
#include "web/secret.h"

static int print_links(struct office *office, const struct val *persons, moment now, struct arena *arena)
{
    struct identity identity = identity_of_office(office);
    if (!secret_start(&identity))
        return 1;
    printf("Enrolment links, each good once and for seven days:\n");
    for (size_t i = 0; i < val_count(persons); i++) {
        const char *login = val_get_str(val_at(persons, i), "login"), *text;
        bool active;
        record_id account = login ? office_account(office, login, &active) : 0;
        if (account && enrol_make(&identity, account, now + 7 * DAY, arena, &text) == OK)
            printf("  %-16s /enrol?token=%s\n", login, text);
    }
    return 0;
}

int cli_init(int argc, char **argv)
{
    static const char *const valued[] = {"--deed", "--now", NULL};
    const char *folder = cli_argument(argc, argv, 0, valued), *deed_path = cli_option(argc, argv, "--deed"), *now_text = cli_option(argc, argv, "--now");
    struct arena *arena = arena_new((size_t)256 << 20);
    struct reasons reasons;
    struct val *deed;
    struct office *office;
    size_t len;
    moment now = moment_now();
    if (!folder || !deed_path || (now_text && moment_read(now_text, &now) != OK)) {
        arena_free(arena);
        return cli_usage("init");
    }
    reasons_init(&reasons, arena);
    char *text = cli_read(arena, deed_path, 1 << 20, &len, &reasons);
    enum status status = text ? yaml_read(arena, deed_path, text, len, &reasons, &deed) : FAILED_IO;
    if (status == OK)
        status = found_office(folder, deed, false, now, arena, &reasons);
    if (status == OK)
        status = office_open(&(struct office_options){.folder = folder, .now = now, .duties = duties_all}, &reasons, &office);
    int ret = status == OK ? print_links(office, val_get(deed, "persons"), now, arena) : cli_fail(&reasons, status);
    if (status == OK)
        office_close(office);
    arena_free(arena);
    return ret;
}
