/* SPDX-License-Identifier: GPL-3.0-or-later
 * See found.h.
 */
#include "cli/found.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/embedded.h"
#include "base/text.h"
#include "cli/signer_home.h"
#include "journal/journal.h"

static bool is_policy(const struct embedded_file *file) { return str_starts(file->path, "policies/") && str_ends(file->path, ".xml"); }

enum status embedded_policies(struct policies **ret, struct reasons *reasons)
{
    struct policies *all = policies_new();
    enum status status = OK;
    for (size_t i = 0; status == OK && i < embedded_count; i++) {
        struct policy *policy;
        if (!is_policy(&embedded_files[i]))
            continue;
        status = policy_load(embedded_files[i].path, embedded_files[i].bytes, embedded_files[i].len, SPIF_STRICT, reasons, &policy);
        if (status == OK && (status = policies_add(all, policy, reasons)) != OK)
            policy_free(policy);
    }
    if (status == OK)
        *ret = all;
    else
        policies_free(all);
    return status;
}

static enum status unknown(struct reasons *reasons, const char *where, const char *policy, const char *class_name)
{
    reason_add(reasons, "deed.class", where, T_("No policy of the office has the class: %1$s, %2$s."), policy ? policy : "?", class_name ? class_name : "?");
    return BAD_INPUT;
}

/* ceilings: {NATO: SECRET} -> {oid: lacv} */
static enum status resolve_ceilings(struct val *deed, const struct policies *policies, struct arena *arena, struct reasons *reasons)
{
    struct val *settings = val_get(deed, "settings"), *ceilings = val_get(settings, "ceilings"), *made = val_object(arena);
    for (size_t i = 0; i < val_count(ceilings); i++) {
        const struct policy *policy = policies_find(policies, ceilings->members[i].name);
        const char *lacv = policy ? policy_class_named_lacv(policy, val_text(ceilings->members[i].value), 0, arena) : NULL;
        if (!lacv)
            return unknown(reasons, "settings.ceilings", ceilings->members[i].name, val_text(ceilings->members[i].value));
        val_set_str(arena, made, policy_oid(policy), lacv);
    }
    if (settings)
        val_set(arena, settings, "ceilings", made);
    return OK;
}

static enum status resolve_person(struct val *person, const struct policies *policies, struct arena *arena, struct reasons *reasons)
{
    struct val *clearances = val_get(person, "clearances"), *briefings = val_get(person, "briefings");
    for (size_t i = 0; i < val_count(clearances); i++) {
        struct val *item = val_at(clearances, i);
        const struct val *names = val_get(item, "categories");
        const char **list = ARENA_ARRAY(arena, const char *, val_count(names) + 1), *policy = val_get_str(item, "policy"), *class_name = val_get_str(item, "class");
        for (size_t c = 0; c < val_count(names); c++)
            list[c] = val_text(val_at(names, c));
        const char *text = policy ? clearance_by_names(policies, policy, class_name, list, 0, arena) : NULL;
        if (!text)
            return unknown(reasons, "persons.clearances", policy, class_name);
        val_set_str(arena, item, "clearance", text);
    }
    for (size_t i = 0; i < val_count(briefings); i++) {
        struct val *item = val_at(briefings, i);
        const struct policy *policy = val_get_str(item, "policy") ? policies_find(policies, val_get_str(item, "policy")) : NULL;
        const char *lacv = policy ? policy_class_named_lacv(policy, val_get_str(item, "class"), 0, arena) : NULL;
        if (!lacv)
            return unknown(reasons, "persons.briefings", val_get_str(item, "policy"), val_get_str(item, "class"));
        val_set_str(arena, item, "policy", policy_oid(policy));
        val_set_str(arena, item, "class", lacv);
    }
    return OK;
}

static enum status resolve(struct val *deed, const struct policies *policies, struct arena *arena, struct reasons *reasons)
{
    const struct val *persons = val_get(deed, "persons");
    enum status status = resolve_ceilings(deed, policies, arena, reasons);
    for (size_t i = 0; status == OK && i < val_count(persons); i++)
        status = resolve_person(val_at(persons, i), policies, arena, reasons);
    return status;
}

static int drop(const char *path, const struct stat *about, int kind, struct FTW *ftw) { return remove(path); }

/* A deed with a fault founds nothing: what was begun goes, so that the mended deed finds the place free. */
static enum status found_at(const struct office_setup *setup, struct arena *arena, struct reasons *reasons)
{
    struct stat about;
    const char *home = signer_home(arena, setup->folder);
    bool office_was = lstat(setup->folder, &about) == 0, signer_was = lstat(home, &about) == 0;
    enum status status = office_create(setup, reasons);
    if (status == OK)
        status = signer_make(setup->folder, setup->origin, arena, reasons);
    if (status != OK && !office_was)
        (void)nftw(setup->folder, drop, 16, FTW_DEPTH | FTW_PHYS);
    if (status != OK && !signer_was)
        (void)nftw(home, drop, 16, FTW_DEPTH | FTW_PHYS);
    return status;
}

enum status found_office(const char *folder, struct val *deed, bool demonstration, moment now, struct arena *arena, struct reasons *reasons)
{
    struct policies *policies;
    struct pack *pack;
    const char *names[64], *texts[64], *origin = val_get_str(deed, "origin"), *name = val_get_str(deed, "name");
    size_t n = 0;
    if (!origin || !name) {
        reason_add(reasons, "deed.name", origin ? "name" : "origin", T_("The founding deed needs a name and an origin (the name of its log)."));
        return BAD_INPUT;
    }
    for (size_t i = 0; i < embedded_count && n < 64; i++)
        if (is_policy(&embedded_files[i])) {
            names[n] = embedded_files[i].path + strlen("policies/");
            texts[n++] = embedded_files[i].bytes;
        }
    enum status status = embedded_policies(&policies, reasons);
    if (status != OK)
        return status;
    status = resolve(deed, policies, arena, reasons);
    policies_free(policies);
    if (status == OK)
        status = pack_load_embedded(NULL, reasons, &pack);
    if (status != OK)
        return status;
    struct office_setup setup = {.folder = folder, .name = name, .origin = origin, .deed = deed, .pack = pack, .policy_names = names,
                                 .policy_texts = texts, .n_policies = n, .demonstration = demonstration, .now = now};
    status = found_at(&setup, arena, reasons);
    pack_free(pack);
    return status;
}
