/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a policy of ours says beyond the SPIF, in its <extensions> under a namespace of its own (policies/README.md):
 *
 *     <c:policy xmlns:c="urn:castellan:policy:1" dominance="hierarchy">
 *       <c:threshold name="certificate" class="CONFIDENTIAL" standing="confirmed" source="..." as-of="..."/>
 *     </c:policy>
 *
 * Without it a policy decides by class list, as X.841 does, and has no thresholds.
 */
#include <string.h>

#include "base/text.h"
#include "label/spif_build.h"
#include "label/xml.h"

static const xmlNode *find(const xmlNode *root)
{
    const xmlNode *extensions = first_child(root, "extensions");
    if (!extensions)
        return NULL;
    for EACH_CHILD (node, extensions, "policy")
        if (str_eq(xml_ns(node), EXTENSION_NS))
            return node;
    return NULL;
}

/* A threshold that names no class of the policy must not read as "never asked". */
static void read_threshold(struct build *build, const xmlNode *node, struct threshold *out)
{
    const char *name = xml_attr(build->arena, node, "name"), *class_name = xml_attr(build->arena, node, "class");
    const struct sp_class *class = class_name ? policy_class_named(build->policy, class_name) : NULL;
    *out = (struct threshold){ .name = name ? name : "", .rank = class ? class->rank : 0 };
    if (name && class)
        return;
    build->contradiction = true;
    SAY(build->faults, "policy.threshold", xml_where(build->faults->arena, build->name, node_line(node)),
        T_("The threshold \"%1$s\" names the class \"%2$s\", which the policy does not have"), name ? name : "",
        class_name ? class_name : "");
}

void read_extension(struct build *build, const xmlNode *root)
{
    const xmlNode *own = find(root);
    if (!own)
        return;
    const char *dominance = xml_attr(build->arena, own, "dominance");
    build->policy->by_hierarchy = str_eq(dominance, "hierarchy");
    if (dominance && !str_eq(dominance, "hierarchy") && !str_eq(dominance, "list")) {
        build->contradiction = true;
        SAY(build->faults, "policy.dominance", xml_where(build->faults->arena, build->name, node_line(own)),
            T_("dominance is \"%1$s\"; right is: hierarchy, list"), dominance);
    }
    struct threshold *list = ARENA_ARRAY(build->arena, struct threshold, count_children(own, "threshold") + 1);
    unsigned n = 0;
    for EACH_CHILD (node, own, "threshold")
        read_threshold(build, node, &list[n++]);
    build->policy->thresholds = list;
    build->policy->n_thresholds = n;
}
