/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The rules that a hunt names, from the sets in force. A hit tells of the rule that found it, so a hunt works with what its own readers could
 * read: sets whose record the hunter reads and whose label the hunt's own is at least, in no file or the hunt's. Filters and lists for
 * placeholders go by the same measure. What a set above the hunt holds is unknown here, like a rule that there is not.
 */
#include <string.h>

#include "base/text.h"
#include "hunting.h"
#include "label/label.h"
#include "watch/ruleset/ruleset.h"

struct measure { struct office *office; const struct reader *reader; const struct record_view *hunt; struct arena *arena; };

static bool below(const struct measure *m, const char *text)
{
    struct label *label;
    struct reasons ignored;
    reasons_init(&ignored, m->arena);
    return label_read(text, strlen(text), m->arena, &ignored, &label) == OK && label_at_least(office_policies(m->office), m->hunt->label, label);
}

static bool may(const struct measure *m, const char *register_, const char *number, const char *label, const char *file)
{
    struct record_view record;
    return (!file || str_eq(file, m->hunt->file_number)) && below(m, label) && office_get(m->office, m->reader, register_, number, m->arena, &record) == OK;
}

static bool all_below(const struct measure *m, const char *const *labels, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (!below(m, labels[i]))
            return false;
    return true;
}

/* What is in force, less what this hunt may not work with. */
static void cut_down(const struct measure *m, struct rules_in_force *rules)
{
    struct rules_set *sets = ARENA_ARRAY(m->arena, struct rules_set, rules->n_sets + 1);
    struct rules_filter *filters = ARENA_ARRAY(m->arena, struct rules_filter, rules->n_filters + 1);
    struct sigma_binding *bindings = ARENA_ARRAY(m->arena, struct sigma_binding, rules->n_bindings + 1);
    size_t n_sets = 0, n_filters = 0, n_bindings = 0;
    for (size_t i = 0; i < rules->n_sets; i++)
        if (may(m, "rule-set", rules->sets[i].number, rules->sets[i].label, rules->sets[i].file))
            sets[n_sets++] = rules->sets[i];
    for (size_t i = 0; i < rules->n_filters; i++)
        if (may(m, "detection-filter", rules->filters[i].number, rules->filters[i].label, rules->filters[i].file))
            filters[n_filters++] = rules->filters[i];
    for (size_t i = 0; i < rules->n_bindings; i++)
        if (all_below(m, rules->origins[i].labels, rules->origins[i].n))
            bindings[n_bindings++] = rules->bindings[i];
    rules->sets = sets, rules->n_sets = n_sets;
    rules->filters = filters, rules->n_filters = n_filters;
    rules->bindings = bindings, rules->n_bindings = n_bindings;
    rules->origins = NULL;                     /* they stood beside the bindings */
}

enum status hunting_rules(struct office *office, const struct reader *reader, const struct record_view *hunt, const struct hunt_query *query, moment now, struct arena *arena,
                          struct reasons *reasons, const struct sigma_text **ret_texts, size_t *ret_n, struct sigma_options *ret_options)
{
    struct measure m = {office, reader, hunt, arena};
    struct rules_in_force rules;
    struct reasons unread;
    reasons_init(&unread, arena);
    enum status status = rules_in_force(office, hunt->file_number, now, arena, &unread, &rules);
    if (status != OK)
        return status;
    if (!all_below(&m, rules.source_labels, rules.n_source_labels)) {
        reason_add(reasons, "hunt.log-sources", hunt->number, T_("The office's additions to the log-source map lie above this hunt, so no rule can be used in it."));
        return REFUSED;
    }
    cut_down(&m, &rules);
    *ret_n = rules_texts(&rules, arena, ret_texts, ret_options);
    return OK;
}
