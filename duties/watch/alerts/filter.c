/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a detection filter must be before two persons put it in force: one Sigma filter that compiles and names its rule, and no other kind of
 * document. A filter for all rules would hide what nobody has looked at.
 */
#include <string.h>

#include "base/text.h"
#include "watch/alerts/engine.h"
#include "watch/sigma/sigma.h"

static bool names_rule(const struct val *document, const char *rule_id)
{
    const struct val *rules = val_get(val_get(document, "filter"), "rules");
    for (size_t i = 0; rules && rules->kind == VAL_ARRAY && i < val_count(rules); i++)
        if (str_eq(val_text(val_at(rules, i)), rule_id))
            return true;
    return rules && rules->kind == VAL_STR && str_eq(val_text(rules), rule_id);
}

static void check(const char *definition, const char *rule_id, struct arena *arena, struct reasons *reasons)
{
    struct sigma_text text = {"definition", definition, strlen(definition)};
    struct sigma_options options = {.without_patterns = true};
    struct reasons ignored;
    struct sigma *sigma = NULL;
    reasons_init(&ignored, arena);
    if (sigma_compile(arena, fields_new(arena), &text, 1, &options, &ignored, &sigma) != OK || sigma_count(sigma) != 1 || !sigma_rule(sigma, 0)->filter) {
        const struct sigma_rule *rule = sigma && sigma_count(sigma) ? sigma_rule(sigma, 0) : NULL;
        struct reason *reason = reason_add(reasons, "watch.filter-faulty", "definition", T_("The definition is not one Sigma filter."));
        if (rule && rule->standing == SIGMA_REFUSED)
            for (int lang = 0; lang < LANG_COUNT; lang++)
                reason->text.in[lang] = arena_printf(reasons->arena, "%s: %s", rule->where, rule->why.in[lang]);
        reason_next(reasons, reason, T_("Write one document with “filter”: its rules, selections and a condition."));
    } else if (sigma_rule(sigma, 0)->standing == SIGMA_REFUSED) {
        const struct sigma_rule *rule = sigma_rule(sigma, 0);
        struct reason *reason = reason_add(reasons, "watch.filter-faulty", "definition", "%1$s", "");
        for (int lang = 0; lang < LANG_COUNT; lang++)
            reason->text.in[lang] = arena_printf(reasons->arena, "%s: %s", rule->where, rule->why.in[lang]);
    } else if (!names_rule(sigma_rule(sigma, 0)->document, rule_id)) {
        struct reason *reason = reason_add(reasons, "watch.filter-faulty", "definition", T_("The filter does not name its rule: %1$s."), rule_id);
        reason_next(reasons, reason, T_("Name it under “rules” of the filter. A filter for all rules is not put in force."));
    }
    sigma_free(sigma);
}

void filters_review(const struct change_view *view, const char *const *names, size_t n, struct reasons *reasons)
{
    const char *definition = view->at ? image_text(view->at, "definition") : NULL, *rule_id = view->at ? image_text(view->at, "rule-id") : NULL;
    for (size_t i = 0; definition && rule_id && i < n; i++) {
        struct arena *arena = strcmp(names[i], FILTER_FAULTY) == 0 ? arena_new((size_t)64 << 20) : NULL;
        if (!arena)
            continue;
        check(definition, rule_id, arena, reasons);
        arena_free(arena);
    }
}
