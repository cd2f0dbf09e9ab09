/* SPDX-License-Identifier: GPL-3.0-or-later
 * Zones, systems and assets of the demonstration, entered by the post holders whose registers they are.
 */
#include "cli/demo/demo.h"

enum status demo_places(struct demo *demo)
{
    static const char *const areas[] = {"administrative", "class-ii", "class-ii", "class-i", "technically-secured"};
    static const char *const uses[] = {"offices", "conference room", "registry", "server room", "communications centre", "archive", "visitor hall", "workshop"};
    static const char *const roles[] = {"office automation", "message handling", "operations picture", "document registry", "video conference", "identity management", "backup", "cross-domain gateway"};
    static const char *const kinds[] = {"server", "workstation", "network", "gateway", "crypto", "container"};
    moment at = demo->now - 398 * DAY;
    const char *internal = demo_label(demo, "OFFICE-PUBLIC", "INTERNAL"), *restricted = demo_label(demo, "NATO", "RESTRICTED");
    demo->zones = ARENA_ARRAY(demo->arena, const char *, 64);
    demo->systems = ARENA_ARRAY(demo->arena, const char *, 32);
    for (size_t i = 0; i < 40; i++) {
        const char *use = DEMO_PICK(demo, uses);
        const char *number = demo_create(demo, "hso", at + (moment)i * MINUTE, "zone", internal, demo_fields(demo, "{'name':'Building %c, room %zu','short':'%c-%zu','area-class':'%s','role':'%s','checked-on':'%s'}",
            (char)('A' + i / 14), 101 + i % 14 * 7, (char)('A' + i / 14), 101 + i % 14 * 7, DEMO_PICK(demo, areas), use, demo_day(demo, demo->now - (moment)demo_below(demo, 420) * DAY)));
        if (number)
            demo->zones[demo->n_zones++] = number;
    }
    for (size_t i = 0; i < 16; i++) {
        const char *role = roles[i % 8];
        const char *number = demo_create(demo, "ism", at + HOUR + (moment)i * MINUTE, "system", restricted, demo_fields(demo, "{'name':'%s system %zu','short':'SYS-%02zu','role':'%s','description':'Serves %s in the headquarters.','admin-accounts':'adm-kowal\\nadm-larsen%zu'}", role, i + 1, i + 1, role, role, i % 4 + 1));
        if (number)
            demo->systems[demo->n_systems++] = number;
        if (number && i % 5)
            (void)demo_step(demo, "ism", at + 2 * HOUR + (moment)i * MINUTE, number, "start", NULL, NULL);
    }
    for (size_t i = 0; i < 120 && demo->n_systems; i++)
        (void)demo_create(demo, "ism", at + 3 * HOUR + (moment)i * MINUTE, "asset", restricted, demo_fields(demo, "{'name':'Asset %03zu','serial':'SN-%05zu','host':'NODE-%03zu','kind':'%s','system':'%s','zone':'%s'}", i + 1, 10000 + demo_below(demo, 89999), i + 1,
            DEMO_PICK(demo, kinds), demo->systems[demo_below(demo, demo->n_systems)], demo->zones[demo_below(demo, demo->n_zones)]));
    return OK;
}
