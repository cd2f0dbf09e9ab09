/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The harness proves itself: each seeded leak, switched on alone, is caught; with none, nothing differs. What the leaks are
 * stands in leaks.c.
 */
#include "office/leaks.h"
#include "front/template.h"
#include "run.h"
#include "tap.h"
#include "web/pages/pages.h"

int leak_on;

#define LEAKS 32

static bool caught(const struct base *base, uint64_t seed, char first[400], unsigned *ret_answers)
{
    for (int quiet = 0; quiet < 2; quiet++)
        for (int more = 0; more < 2; more++) {
            struct run it = {.seed = seed + (unsigned)more, .days = 5, .hidden_a_day = quiet ? 27 : more ? 120 : 48, .asks_a_page = more ? 20 : 5, .quiet_registers = quiet, .stop_at_first = true};
            run(&it, base);
            *ret_answers += it.answers;
            if (it.differences) {
                snprintf(first, 400, "%s", it.first);
                return true;
            }
            if (!leak_on)
                break;
        }
    return false;
}

int main(void)
{
    struct base base;
    char first[400] = "";
    const char *only = getenv("LEAK");
    tap_seed();
    templates_use(&office_templates);
    pages_start();
    base_make(&base);
    uint64_t seed = tap_random();
    unsigned answers = 0, found = 0;
    if (!ok(!caught(&base, seed, first, &answers), "with no leak open nothing differs"))
        printf("# %s\n", first);
    for (leak_on = only ? atoi(only) : 1; leak_on <= (only ? atoi(only) : LEAKS); leak_on++) {
        answers = 0;
        bool good = caught(&base, seed, first, &answers);
        ok(good, "leak %d is caught after %u answers", leak_on, answers);
        if (good)
            printf("# %s\n", first);
        found += good;
    }
    leak_on = 0;
    ok(only || found >= 25, "%u seeded leaks caught", found);
    base_drop(&base);
    return tap_done();
}
