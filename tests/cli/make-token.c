/* SPDX-License-Identifier: GPL-3.0-or-later
 * make-token FOLDER LOGIN: an API token of an account in its first post, as the account's page gives one. For tests, in an office that nobody serves.
 */
#include <stdio.h>

#include "office/duty.h"
#include "office/office.h"
#include "web/secret.h"

int main(int argc, char **argv)
{
    struct arena *arena = arena_new((size_t)256 << 20);
    struct reasons reasons;
    struct office *office;
    struct seat *seats;
    const char *text;
    bool active;
    reasons_init(&reasons, arena);
    if (argc != 3 || office_open(&(struct office_options){.folder = argv[1], .now = moment_now(), .duties = duties_all}, &reasons, &office) != OK)
        return 2;
    struct identity identity = identity_of_office(office);
    record_id account = office_account(office, argv[2], &active);
    if (!secret_start(&identity) || !office_seats(office, account, moment_now(), arena, &seats) ||
        token_make(&identity, account, seats[0].appointment, "test", moment_now(), moment_now() + DAY, arena, &text) != OK)
        return 1;
    printf("%s\n", text);
    office_close(office);
    arena_free(arena);
    return 0;
}
