/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * SPIF: any bytes, strictly and leniently. What strict takes, lenient takes; a refusal says why; a policy that loads
 * can be described and its every value marked, validated and decided on.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "label/label.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(int good)
{
    if (!good)
        abort();
}

static void use_value(struct policies *policies, const char *class, const struct val *tag, const struct val *value,
                      struct arena *arena)
{
    struct category category = { val_get_str(tag, "set"), TAG_RESTRICTIVE, val_get_str(value, "lacv") };
    for (int type = TAG_RESTRICTIVE; type <= TAG_NOT_APPLICABLE; type++) {
        category.type = (enum tag_type)type;
        struct label label = { policy_oid(policies_at(policies, 0)), class, &category, 1 };
        struct clearance clearance = { label.policy, &class, 1, &category, 1 };
        struct reasons reasons;
        reasons_init(&reasons, arena);
        bool valid = label_valid(policies, &label, 0, true, &reasons);
        must(valid == (reasons.count == 0));
        label_dominated(policies, &label, &clearance, 0, &reasons);
        must(label_marking(policies, &label, MARK_PAGE, LANG_FR, arena) != NULL);
        must(label_marking(policies, &label, MARK_PORTION, LANG_EN, arena) != NULL);
        must(clearance_marking(policies, &clearance, LANG_EN, arena) != NULL);
    }
}

static void use(struct policy *policy, struct arena *arena)
{
    struct policies *policies = policies_new();
    must(policies_add(policies, policy, NULL) == OK);
    const struct val *all = policy_describe(policy, LANG_FR, 0, arena);
    const struct val *classes = val_get(all, "classes"), *tags = val_get(all, "tags");
    for (size_t c = 0; c < val_count(classes) && c < 3; c++)
        for (size_t t = 0; t < val_count(tags) && t < 4; t++)
            for (size_t v = 0; v < val_count(val_get(val_at(tags, t), "values")) && v < 4; v++)
                use_value(policies, val_get_str(val_at(classes, c), "lacv"), val_at(tags, t),
                          val_at(val_get(val_at(tags, t), "values"), v), arena);
    policies_free(policies);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena *arena = arena_new((size_t)512 << 20);
    bool taken[2];
    for (int mode = SPIF_STRICT; mode <= SPIF_LENIENT; mode++) {
        struct reasons faults;
        struct policy *policy = NULL;
        reasons_init(&faults, arena);
        taken[mode] = policy_load("fuzz", (const char *)data, size, (enum spif_mode)mode, &faults, &policy) == OK;
        must(taken[mode] ? policy != NULL : faults.count > 0);
        if (taken[mode])
            use(policy, arena);
    }
    must(!taken[SPIF_STRICT] || taken[SPIF_LENIENT]);
    arena_free(arena);
    return 0;
}
