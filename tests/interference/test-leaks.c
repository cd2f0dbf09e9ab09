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

#define LEAKS 44

/* A short run first; what it does not show is looked for longer, and last among registers that the readers do not see. */
static const struct run attempts[] = {
    {.days = 2, .hidden_a_day = 48, .asks_a_page = 1, .doors = 3, .records = 5},
    {.days = 4, .hidden_a_day = 72, .asks_a_page = 3, .doors = 5, .records = 16},
    {.days = 6, .hidden_a_day = 72, .asks_a_page = 4, .doors = 9, .records = 24},
    {.days = 2, .hidden_a_day = 18, .asks_a_page = 4, .doors = 4, .records = 8, .quiet_registers = true},
};
enum { ATTEMPTS = sizeof attempts / sizeof *attempts };

static bool caught(const struct base *base, uint64_t seed, char first[400], unsigned *ret_answers)
{
    for (size_t i = leak_on == 32 || leak_on == 36 ? ATTEMPTS - 1 : 0; i < ATTEMPTS; i++) {      /* these lie in such a register */
        struct run it = attempts[i];
        it.seed = seed + i;
        it.stop_at_first = true;
        it.days = (unsigned)tap_soak(it.days * 4, it.days);
        if (!getenv("CASTELLAN_SOAK") && !leak_on && i > 0 && i < ATTEMPTS - 1)
            continue;                        /* the test beside this one runs the same without leaks, longer */
        run(&it, base);
        *ret_answers += it.answers;
        if (it.differences) {
            snprintf(first, 400, "%s", it.first);
            return true;
        }
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
    jails_open();
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
    jails_close();
    return tap_done();
}
