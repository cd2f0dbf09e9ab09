/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Non-interference: two offices get the same requests by the same persons at the same times; one also lives through
 * hidden changes that touch the visible half wherever they can. Every answer is the same, byte for byte.
 * ./test runs hundreds of hidden changes, `make soak` (CASTELLAN_SOAK) thousands.
 */
#include "front/template.h"
#include "run.h"
#include "tap.h"
#include "web/pages/pages.h"

#ifdef CASTELLAN_LEAKS
int leak_on;
#endif

static void live(const struct base *base, bool quiet, unsigned days, unsigned hidden)
{
    struct run it = {.seed = tap_random(), .days = days, .hidden_a_day = hidden, .asks_a_page = (unsigned)tap_soak(20, 3), .doors = (unsigned)tap_soak(9, 3),
                     .records = (unsigned)tap_soak(40, 12), .quiet_registers = quiet};
    run(&it, base);
    ok(it.hidden >= days * hidden / 3, "%u hidden changes were made (%u more were lawfully refused)", it.hidden, it.hidden_refused);
    ok(it.good * 4 > it.answers, "%u answers were compared, %u of them no refusals", it.answers, it.good);
    if (!ok(it.differences == 0, "no answer tells of %s", quiet ? "registers that the post does not see" : "what lies above or in closed files"))
        printf("# %u differ; the first: %s\n", it.differences, it.first);
    ok(it.hidden_facts >= it.hidden && it.facts > days, "the auditors' journal holds the %zu facts of the visible half in their order, and %zu of the hidden one; both journals verify", it.facts, it.hidden_facts);
    ok(it.told > 0 && it.adoptable == days, "streams told something in %u rounds; definitions were confirmed on each of %u days", it.told, it.adoptable);
    ok(it.checkpoints == days && it.lists[0] == 1 && it.lists[1] == (quiet ? 1 : days) && it.erased == 2,
       "%u checkpoints were compared, and lists of erasures: %u, and %u where there is a hidden half", it.checkpoints, it.lists[0], it.lists[1]);
    is(it.unasked, "", "every page of the tables got requests");
}

int main(void)
{
    struct base base;
    tap_seed();
    templates_use(&office_templates);
    jails_open();
    pages_start();
    base_make(&base);
    live(&base, false, (unsigned)tap_soak(30, 5), (unsigned)tap_soak(120, 48));
    live(&base, true, (unsigned)tap_soak(15, 3), (unsigned)tap_soak(60, 12));
    base_drop(&base);
    jails_close();
    return tap_done();
}
