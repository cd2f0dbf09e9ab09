/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a hunt's record asks, and whether this reader may carry it out now.
 */
#include <string.h>

#include "base/text.h"
#include "hunting.h"

enum status hunting_query(const struct record_view *hunt, struct arena *arena, struct reasons *reasons, struct hunt_query *ret)
{
    const char *text = val_get_str(hunt->fields, "looked-for");
    struct hunt_query query = {.from = MOMENT_NONE, .to = MOMENT_NONE};
    enum status status = hunt_read(text ? text : "", text ? strlen(text) : 0, arena, reasons, &query);
    if (status != OK)
        return status;
    if (!query.n_terms && !query.n_rules) {
        reason_next(reasons, reason_add(reasons, "hunt.nothing", "looked-for", T_("It is not said what is looked for.")),
                    T_("Have the hunt sent back, and write down terms or rules."));
        return REFUSED;
    }
    *ret = query;
    return OK;
}

enum status hunting_may(const struct reader *reader, const struct record_view *hunt, struct reasons *reasons)
{
    bool hunter = false;
    for (size_t i = 0; i < hunt->n_links; i++)
        hunter |= str_eq(hunt->links[i].field->name, "hunter") && hunt->links[i].other == reader_person(reader);
    if (!reader_has_right(reader, "hunt") || !hunter) {
        reason_add(reasons, "hunt.hunter", NULL, T_("A hunt is run by its hunter, in a post that hunts."));
        return REFUSED;
    }
    if (!str_eq(hunt->state->name, "under-way")) {
        reason_next(reasons, reason_add(reasons, "hunt.state", NULL, T_("This hunt is not under way.")), T_("It is approved and begun first."));
        return REFUSED;
    }
    return OK;
}
