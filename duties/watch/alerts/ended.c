/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A settled alert, or one that an incident has taken over, takes in no more: its group is struck out of the version that says so. What
 * comes later begins a new alert, and the writer's look-up walks what is open alone.
 */
#include "base/text.h"
#include "office/office.h"
#include "watch/alerts/engine.h"

void alerts_follow(const struct change_view *view, struct consequences *more)
{
    for (size_t i = 0; i < view->n_items; i++) {
        const struct image *alert = view->items[i].after;
        if (!str_eq(alert->def->name, "alert") || !alert->def->states[alert->state].final || !image_text(alert, "group"))
            continue;
        struct val *fields = val_object(view->arena);
        val_set(view->arena, fields, "group", val_null(view->arena));
        more->add(more, "alert.window", alert->number, &(struct op){.kind = OP_EDIT, .number = alert->number, .fields = fields});
    }
}
