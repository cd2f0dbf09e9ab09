/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The memory of alerts begins: numbers from the pack's rules, room of a fixed size, and how many entities each rule has open alerts for.
 */
#include "base/text.h"
#include "office/own.h"
#include "watch/alerts/inside.h"

static bool read_rules(struct alerts *alerts, struct arena *arena, struct reasons *reasons)
{
    static const char *const levels[] = {"alert.risk.informational", "alert.risk.low", "alert.risk.medium", "alert.risk.high", "alert.risk.critical"};
    const struct pack *pack = office_pack(alerts->office);
    const struct rule *window = pack_rule(pack, RULE), *names = pack_rule(pack, "alert.entity");
    const struct register_def *def = pack_register(pack, "alert");
    struct span span;
    if (!def || !window || !rule_touches(window, def) || rule_span(window, NULL, &span) != OK || !register_field(def, "group")) {
        reason_add(reasons, "alert.rules", NULL, T_("The pack in force has no rule %1$s that names the register %2$s."), RULE, "alert");
        return false;
    }
    alerts->window = span_add(NULL, 0, span);
    alerts->gather = (moment)rule_number(pack_rule(pack, "alert.gather"), 3) * SECOND;
    alerts->entities = (unsigned)rule_number(pack_rule(pack, "alert.entities"), 50);
    alerts->evidence = (unsigned)rule_number(pack_rule(pack, "alert.evidence"), 10);
    alerts->growth = (unsigned)rule_number(pack_rule(pack, "alert.risk.growth"), 50);
    for (size_t i = 0; i < 5; i++)
        alerts->points[i] = (unsigned)rule_number(pack_rule(pack, levels[i]), 10);
    const struct val *list = names ? rule_value(names, NULL) : NULL;
    const char **texts = ARENA_ARRAY(arena, const char *, val_count(list) + 1);
    for (size_t i = 0; i < val_count(list); i++)
        texts[alerts->n_entity_names++] = val_text(val_at(list, i));
    alerts->entity_names = texts;
    return true;
}

/* Entities that have an alert already count, or a restart would give the others alerts of their own. */
static void count_open(struct alerts *alerts, const char *state)
{
    struct arena *scratch = arena_new((size_t)256 << 20);
    const struct image *const *images;
    size_t n = 0;
    if (!scratch)
        return;
    if (office_own_records(alerts->office, "alert", state, false, scratch, &images, &n) != OK)
        n = 0;
    for (size_t i = 0; i < n; i++) {
        const char *rule_id = image_text(images[i], "rule-id"), *entity = image_text(images[i], "entity");
        char file[NUMBER_TEXT] = "";
        if (!image_text(images[i], "group") || !rule_id || str_eq(entity, OTHERS))
            continue;
        if (images[i]->file)
            number_write(pack_register(office_pack(alerts->office), "file"), images[i]->file, images[i]->created, file);
        uint64_t eyes = hash_text(hash_text(UINT64_C(0xcbf29ce484222325), office_own_label_text(alerts->office, images[i]->label)), file);
        alerts_counter(alerts, eyes, rule_id, images[i]->created)->n++;
    }
    arena_free(scratch);
}

struct alerts *alerts_open(struct office *office, struct arena *arena, struct reasons *reasons)
{
    struct alerts *alerts = ARENA_NEW(arena, struct alerts);
    alerts->office = office;
    alerts->due = MOMENT_EVER;
    if (!read_rules(alerts, arena, reasons))
        return NULL;
    alerts->groups = ARENA_ARRAY(arena, struct group, ALERT_GROUPS_MOST);
    alerts->index = ARENA_ARRAY(arena, uint16_t, INDEX_SIZE);
    alerts->guards = ARENA_ARRAY(arena, struct guard, GUARDS_MOST);
    alerts->counters = ARENA_ARRAY(arena, struct counter, COUNTERS_MOST);
    alerts->room = arena_alloc(arena, EVENTS_ROOM);
    count_open(alerts, "new");
    count_open(alerts, "looked-at");
    return alerts;
}
