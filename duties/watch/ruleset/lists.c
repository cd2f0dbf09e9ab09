/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See lists.h. The map with its additions is written as JSON, which is YAML, too; additions are tried by compiling nothing under the whole.
 */
#include "watch/ruleset/lists.h"

#include <string.h>

#include "base/embedded.h"
#include "base/text.h"

#define OWN_MAP "duties/watch/sigma/logsources.yaml"

size_t list_values(struct arena *arena, const char *text, bool commas, const char ***ret)
{
    size_t n = 0, most = 1;
    for (const char *c = text; c && *c; c++)
        most += *c == '\n' || *c == ',';
    const char **values = ARENA_ARRAY(arena, const char *, most + 1);
    for (const char *at = text ? text : ""; *at;) {
        size_t len = strcspn(at, commas ? ",\r\n" : "\r\n"), from = strspn(at, " \t"), to = len;
        while (to > from && (at[to - 1] == ' ' || at[to - 1] == '\t'))
            to--;
        if (to > from && from < len)
            values[n++] = arena_strndup(arena, at + from, to - from);
        at += len + (at[len] != 0);
    }
    *ret = values;
    return n;
}

/* ---- the log-source map ---- */

static const char *or_none(const struct val *entry, const char *name) { return val_get_str(entry, name) ? val_get_str(entry, name) : ""; }
static bool same_source(const struct val *a, const struct val *b)
{
    return str_eq(or_none(a, "product"), or_none(b, "product")) && str_eq(or_none(a, "category"), or_none(b, "category")) && str_eq(or_none(a, "service"), or_none(b, "service"));
}

static void put_entry(struct arena *arena, struct val *list, struct val *entry)
{
    for (size_t i = 0; i < val_count(list); i++)
        if (same_source(val_at(list, i), entry)) {
            list->items[i] = entry;
            return;
        }
    val_push(arena, list, entry);
}

/* A map is read by compiling no rule under it. */
static enum status try_map(struct arena *arena, struct sigma_text map, struct reasons *reasons)
{
    struct sigma_options options = {.sources = map, .without_patterns = true};
    struct sigma *sigma;
    enum status status = sigma_compile(arena, fields_new(arena), NULL, 0, &options, reasons, &sigma);
    if (status == OK)
        sigma_free(sigma);
    return status;
}

enum status list_map(struct arena *arena, const struct sigma_text *additions, size_t n, struct reasons *reasons, struct sigma_text *ret)
{
    const struct embedded_file *own = embedded_find(OWN_MAP);
    struct sigma_text map = {.path = OWN_MAP, .text = own ? own->bytes : "", .len = own ? own->len : 0};
    struct val *tree, *more;
    struct buf text;
    if (!n) {
        *ret = map;
        return OK;
    }
    enum status status = yaml_read(arena, map.path, map.text, map.len, reasons, &tree);
    struct val *list = status == OK ? val_get(tree, "sources") : NULL;
    for (size_t i = 0; status == OK && i < n; i++) {
        status = try_map(arena, additions[i], reasons);
        if (status == OK)
            status = yaml_read(arena, additions[i].path, additions[i].text, additions[i].len, reasons, &more);
        struct val *entries = status == OK ? val_get(more, "sources") : NULL;
        for (size_t e = 0; e < val_count(entries); e++)
            put_entry(arena, list, val_at(entries, e));
    }
    if (status != OK || !list)
        return status == OK ? DAMAGED : status;
    buf_init(&text, SIGMA_TEXT_MOST);
    json_write(&text, tree);
    map.text = text.failed ? NULL : arena_strndup(arena, text.data, text.len);
    map.len = text.len;
    buf_free(&text);
    if (map.text)
        status = try_map(arena, map, reasons);
    else
        status = TOO_LARGE;
    if (status == OK)
        *ret = map;
    return status;
}

/* ---- whether a list can be put in force ---- */

static bool is_name(const char *name)
{
    for (const char *c = name ? name : ""; *c; c++)
        if (!(*c == '_' || *c == '-' || *c == '.' || *c == ' ' || (unsigned char)(*c - '0') <= 9 || (unsigned char)((*c | 32) - 'a') < 26))
            return false;
    return name && *name;
}

void list_check(const struct image *list, struct arena *arena, struct reasons *reasons)
{
    const char *name = image_text(list, "name"), *text = image_text(list, "values");
    const char **values;
    struct sigma_text merged;
    if (str_eq(image_text(list, "kind"), "log-sources")) {
        struct sigma_text addition = {.path = list->number, .text = text ? text : "", .len = text ? strlen(text) : 0};
        size_t before = reasons->count;
        if (list_map(arena, &addition, 1, reasons, &merged) != OK && reasons->count == before)
            reason_add(reasons, "watch.list-form", "values", T_("These entries of the log-source map cannot be read."));
        return;
    }
    size_t n = list_values(arena, text, false, &values);
    if (!is_name(name))
        reason_next(reasons, reason_add(reasons, "watch.list-form", "name", T_("No rule can ask for a list of this name.")),
                    T_("Write what stands between the percent signs: letters, digits, blanks, dots, hyphens and underscores."));
    if (!n)
        reason_add(reasons, "watch.list-form", "values", T_("The list holds no value."));
    else if (n > LIST_VALUES_MOST)
        reason_add(reasons, "watch.list-form", "values", T_("A list holds at most 4,096 values."));
}
