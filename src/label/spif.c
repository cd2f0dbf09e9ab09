/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Loading one SPIF: parse, check against the schema, build. Strict refuses the file on the first two; lenient lists
 * the same faults as defects and goes on. Both refuse a policy that contradicts itself.
 */
#include "label/model.h"
#include "label/spif_build.h"
#include "label/spif_schema.h"
#include "label/xml.h"

enum { MAX_SPIF = 4 * 1024 * 1024 };
static const size_t MAX_POLICY = (size_t)512 * 1024 * 1024;

static enum status build_policy(const char *name, xmlNode *root, struct reasons *faults, struct policy **ret)
{
    struct arena *arena = arena_new(MAX_POLICY);
    if (!arena)
        return NO_MEMORY;
    struct policy *policy = ARENA_NEW(arena, struct policy);
    policy->arena = arena;
    struct build build = { .name = name, .policy = policy, .arena = arena, .faults = faults };
    enum status status = spif_build(&build, root);
    if (status == OK)
        *ret = policy;
    else
        arena_free(arena);
    return status;
}

enum status policy_load(const char *name, const char *xml, size_t len, enum spif_mode mode, struct reasons *faults,
                        struct policy **ret)
{
    xmlDoc *doc;
    enum status status = xml_parse(name, xml, len, MAX_SPIF, mode == SPIF_LENIENT, faults, &doc);
    if (status != OK)
        return status;
    xmlNode *root = xmlDocGetRootElement(doc);
    bool valid = spif_schema_check(name, root, faults);
    if (!xml_is(root, "SPIF") || (mode == SPIF_STRICT && !valid))
        status = BAD_INPUT;
    struct policy *policy = NULL;
    if (status == OK)
        status = build_policy(name, root, faults, &policy);
    xmlFreeDoc(doc);
    if (status == OK)
        *ret = policy;
    return status;
}
