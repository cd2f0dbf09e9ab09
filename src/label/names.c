/* SPDX-License-Identifier: GPL-3.0-or-later
 * Labels and clearances by the names that people write: policy, class, category values. For deeds, fixed labels, commands.
 */
#include <string.h>

#include "base/text.h"
#include "label/label.h"

static bool add_category(struct arena *arena, const struct val *tags, const char *name, struct val *list)
{
    for (size_t t = 0; t < val_count(tags); t++) {
        const struct val *tag = val_at(tags, t), *values = val_get(tag, "values");
        for (size_t v = 0; v < val_count(values); v++) {
            if (!str_eq(val_get_str(val_at(values, v), "name"), name))
                continue;
            struct val *one = val_array(arena);
            val_push(arena, one, val_str(arena, val_get_str(tag, "set")));
            val_push(arena, one, val_str(arena, val_get_str(tag, "type")));
            val_push(arena, one, val_str(arena, val_get_str(val_at(values, v), "lacv")));
            val_push(arena, list, one);
            return true;
        }
    }
    return false;
}

const char *policy_class_named_lacv(const struct policy *policy, const char *name, moment now, struct arena *arena)
{
    const struct val *classes = val_get(policy_describe(policy, LANG_EN, now, arena), "classes");
    for (size_t i = 0; i < val_count(classes); i++)
        if (str_eq(val_get_str(val_at(classes, i), "name"), name))
            return val_get_str(val_at(classes, i), "lacv");
    return NULL;
}

static const char *by_names(const struct policies *policies, const char *policy_name, const char *class_name, const char *const *categories,
                            bool is_clearance, moment now, struct arena *arena)
{
    const struct policy *policy = policy_name ? policies_find(policies, policy_name) : NULL;
    const char *lacv = policy && class_name ? policy_class_named_lacv(policy, class_name, now, arena) : NULL;
    if (!lacv)
        return NULL;
    const struct val *tags = val_get(policy_describe(policy, LANG_EN, now, arena), "tags");
    struct val *made = val_object(arena), *list = val_array(arena), *classes = val_array(arena);
    for (; categories && *categories; categories++)
        if (!add_category(arena, tags, *categories, list))
            return NULL;
    val_push(arena, classes, val_str(arena, lacv));
    val_set(arena, made, "categories", list);
    val_set(arena, made, is_clearance ? "classes" : "class", is_clearance ? classes : classes->items[0]);
    val_set_str(arena, made, "policy", policy_oid(policy));
    struct buf text;
    buf_init(&text, 1 << 16);
    const char *ret = json_canonical(&text, made) == OK ? arena_strndup(arena, text.data, text.len) : NULL;
    buf_free(&text);
    return ret;
}

/* Read and written once, so that the categories come out in canonical order. */
const char *label_by_names(const struct policies *policies, const char *policy, const char *class_name, const char *const *categories, moment now,
                           struct arena *arena)
{
    const char *text = by_names(policies, policy, class_name, categories, false, now, arena);
    struct label *label;
    return text && label_read(text, strlen(text), arena, NULL, &label) == OK ? label_write(label, arena) : NULL;
}

const char *clearance_by_names(const struct policies *policies, const char *policy, const char *class_name, const char *const *categories, moment now,
                               struct arena *arena)
{
    const char *text = by_names(policies, policy, class_name, categories, true, now, arena);
    struct clearance *clearance;
    return text && clearance_read(text, strlen(text), arena, NULL, &clearance) == OK ? clearance_write(clearance, arena) : NULL;
}
