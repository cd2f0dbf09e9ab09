/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules that a hunt names, from the sets in force. As long as this program puts none to work, none can be hunted with, and each is named.
 */
#include "hunting.h"

enum status hunting_rules(struct office *office, const struct reader *reader, const struct record_view *hunt, const struct hunt_query *query, moment now, struct arena *arena,
                          struct reasons *reasons, const struct sigma_text **ret_texts, size_t *ret_n, struct sigma_options *ret_options)
{
    for (size_t r = 0; r < query->n_rules; r++)
        reason_add(reasons, "hunt.rule-unknown", query->rules[r].id, T_("No rule in force that this hunt may use has the id %1$s."), query->rules[r].id);
    return REFUSED;
}
