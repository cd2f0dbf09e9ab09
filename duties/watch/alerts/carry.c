/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See carry.h.
 */
#include "watch/alerts/carry.h"

#include <string.h>

#include "base/text.h"
#include "office/own.h"

#define RULE "alert.evidence"

static bool there(const struct val *list, const char *sha256)
{
    for (size_t i = 0; i < val_count(list); i++)
        if (str_eq(val_get_str(val_at(list, i), "sha256"), sha256))
            return true;
    return false;
}

enum status alert_carry(struct office *office, const char *number, const char *incident_number, moment now, struct arena *arena, struct reasons *reasons)
{
    const struct image *alert, *incident = NULL;
    enum status status = office_own_record(office, number, arena, &alert);
    if (status == OK)
        status = office_own_record(office, incident_number, arena, &incident);
    if (status == OK && !image_links_to(alert, register_field(alert->def, "incident"), incident->id))
        return ABSENT;
    const struct val *files = status == OK ? val_get(alert->fields, "evidence") : NULL;
    if (status != OK || !val_count(files))
        return status;
    if (!label_at_least(office_policies(office), office_own_label(office, incident->label), office_own_label(office, alert->label))) {
        reason_add(reasons, "watch.incident-below", "incident", T_("The incident's label lies below the alert's: its events cannot go there."));
        return REFUSED;
    }
    for (unsigned i = 0; status == OK && i < val_count(files); i++) {
        const struct val *item = val_at(files, i);
        struct outcome outcome;
        struct own_file file = {.field = "evidence", .media = val_get_str(item, "media")};
        if (there(val_get(incident->fields, "evidence"), val_get_str(item, "sha256")))
            continue;
        status = office_own_attachment(office, alert, "evidence", i, arena, &file.bytes, &file.len);
        if (status != OK)
            break;
        file.name = arena_printf(arena, "%s-%s", alert->number, val_get_str(item, "name"));
        struct own_attach attach = {.rule = RULE, .cause = alert->number, .number = incident->number, .files = &file, .n_files = 1};
        status = office_own_attach(office, &attach, now, arena, &outcome);
        for (const struct reason *why = outcome.reasons.first; status != OK && why; why = why->after)
            reason_add(reasons, why->rule, incident->number, "%1$s", "")->text = why->text;
    }
    return status;
}
