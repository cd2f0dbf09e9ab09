/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Shared by the label tests: see common.h.
 */
#include "common.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/text.h"
#include "label/model.h"

static void die(const char *what, const char *detail)
{
    printf("Bail out! %s: %s\n", what, detail);
    exit(1);
}

char *read_file(struct arena *arena, const char *path, size_t *ret_len)
{
    FILE *file = path ? fopen(path, "rb") : NULL;
    struct stat stat;
    if (!file)
        return NULL;
    char *bytes = NULL;
    if (fstat(fileno(file), &stat) == 0 && S_ISREG(stat.st_mode)) {
        bytes = arena_alloc(arena, (size_t)stat.st_size + 1);
        *ret_len = fread(bytes, 1, (size_t)stat.st_size, file);
    }
    fclose(file);
    return bytes;
}

const char *source_path(struct arena *arena, const char *below)
{
    const char *root = getenv("SOURCE_ROOT");
    return arena_printf(arena, "%s/%s", root ? root : ".", below);
}

const char *data_path(struct arena *arena, const char *below)
{
    const char *data = getenv("CASTELLAN_DATA"), *root = getenv("SOURCE_ROOT");
    const char *path = data ? arena_printf(arena, "%s/%s", data, below)
                            : arena_printf(arena, "%s/../shared/data/%s", root ? root : ".", below);
    struct stat there;
    return stat(path, &there) == 0 ? path : NULL;
}

const char *why(struct reasons *reasons)
{
    return reasons_text(reasons, LANG_EN);
}

struct policy *own_policy(const char *file)
{
    struct arena *arena = arena_new(0);
    struct reasons faults;
    size_t len = 0;
    reasons_init(&faults, arena);
    char *xml = read_file(arena, source_path(arena, arena_printf(arena, "policies/%s", file)), &len);
    struct policy *policy = NULL;
    if (!xml)
        die("no such policy", file);
    if (policy_load(file, xml, len, SPIF_STRICT, &faults, &policy) != OK || faults.count)
        die(file, why(&faults));
    arena_free(arena);
    return policy;
}

struct policies *own_policies(void)
{
    static const char *const files[] = { "nato.xml", "eu.xml", "occar.xml", "office-public.xml" };
    struct policies *policies = policies_new();
    for (size_t i = 0; i < sizeof files / sizeof *files; i++)
        if (policies_add(policies, own_policy(files[i]), NULL) != OK)
            die("cannot add", files[i]);
    return policies;
}

/* "type:set=value", several, behind the first '|' of the text. */
static unsigned short_categories(struct arena *arena, const char *text, struct category *list)
{
    unsigned n = 0;
    while (text && *text) {
        char type[32], set[64], lacv[64] = "";
        int used = 0;
        if (sscanf(text, " %31[^:]:%63[^=]=%63s%n", type, set, lacv, &used) < 2)
            die("bad category", text);
        if (!used)      /* an empty value */
            used = (int)strcspn(text, "=") + 1;
        if (!tag_type_read(type, &list[n].type))
            die("bad tag type", type);
        list[n].tag_set = arena_strdup(arena, set);
        list[n++].lacv = arena_strdup(arena, lacv);
        text += used;
        text += strspn(text, " ");
    }
    return categories_settle(list, n);
}

/* "POLICY/CLASS[/CLASS...] | categories" */
struct clearance *short_clearance(const struct policies *policies, struct arena *arena, const char *text)
{
    char *copy = arena_strdup(arena, text), *bar = strchr(copy, '|'), *slash = NULL;
    if (bar)
        *bar = '\0';
    size_t len = strlen(copy);
    while (len && copy[len - 1] == ' ')
        copy[--len] = '\0';
    const char **classes = ARENA_ARRAY(arena, const char *, 16);
    struct category *list = ARENA_ARRAY(arena, struct category, 64);
    struct clearance *clearance = ARENA_NEW(arena, struct clearance);
    const struct policy *policy = strtok_r(copy, "/", &slash) ? policies_find(policies, copy) : NULL;
    if (!policy)
        die("no such policy", text);
    for (char *name = strtok_r(NULL, "/", &slash); name; name = strtok_r(NULL, "/", &slash)) {
        const struct sp_class *class = policy_class_named(policy, name);
        if (!class)
            die("no such class", text);
        classes[clearance->n_classes++] = class->lacv;
    }
    clearance->policy = policy_oid(policy);
    clearance->classes = classes;
    clearance->n_categories = short_categories(arena, bar ? bar + 1 : NULL, list);
    clearance->categories = list;
    return clearance;
}

struct label *short_label(const struct policies *policies, struct arena *arena, const char *text)
{
    const struct clearance *as = short_clearance(policies, arena, text);
    struct label *label = ARENA_NEW(arena, struct label);
    *label = (struct label){ .policy = as->policy, .class_lacv = as->classes[0], .categories = as->categories,
                             .n_categories = as->n_categories };
    return label;
}
