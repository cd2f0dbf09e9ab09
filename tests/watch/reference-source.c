/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference's reading of logsources.yaml, whose head describes it. A rule's source becomes variants: one alternative of each entry
 * that speaks of it, with the renames of these alternatives.
 */
#include "reference-inside.h"

static const char *const members[] = {"product", "category", "service"};

static bool same_or_both_absent(const char *a, const char *b)
{
    return a && b ? strcmp(a, b) == 0 : !a && !b;
}
/* Whether each member that the entry names is the rule's. */
static bool part_of_rule(const struct node *entry, const char *const *rule)
{
    for (size_t m = 0; m < 3; m++) {
        const char *named = node_text(node_get(entry, members[m]));
        if (named && (!rule[m] || strcmp(named, rule[m]) != 0))
            return false;
    }
    return true;
}
static bool exactly_rule(const struct node *entry, const char *const *rule)
{
    for (size_t m = 0; m < 3; m++)
        if (!same_or_both_absent(node_text(node_get(entry, members[m])), rule[m]))
            return false;
    return true;
}

static void add_renames(struct arena *arena, struct variant *variant, const struct node *renames)
{
    for (size_t i = 0; renames && i < renames->n; i++) {
        struct rename *rename = ARENA_NEW(arena, struct rename);
        *rename = (struct rename){renames->keys[i]->text, renames->items[i]->text, variant->renames};
        variant->renames = rename;
    }
}

/* One more entry: each variant so far with each of its alternatives, in the order of the file. */
static struct variant *with_entry(struct arena *arena, const struct variant *variants, const struct node *any)
{
    struct variant *made = NULL, **end = &made;
    for (const struct variant *v = variants; v; v = v->next)
        for (size_t i = 0; i < any->n && v->n < 8; i++) {
            struct variant *one = arena_memdup(arena, v, sizeof *v);
            one->alternatives[one->n++] = any->items[i];
            add_renames(arena, one, node_get(any->items[i], "rename"));
            one->next = NULL;
            *end = one;
            end = &one->next;
        }
    return made;
}

bool source_variants(struct reference *reference, const char *product, const char *category, const char *service, struct variant **ret, const char **ret_why)
{
    const char *rule[] = {product, category, service};
    const struct node *sources = node_get(reference->map, "sources"), *chosen[64];
    size_t n = 0, covered = 0;
    struct variant *variants = ARENA_NEW(reference->arena, struct variant);
    if (!reference->map)
        return *ret = variants, true;
    for (size_t i = 0; sources && i < sources->n && !n; i++)
        if (exactly_rule(sources->items[i], rule))
            chosen[n++] = sources->items[i], covered = 7;
    for (size_t i = 0; sources && i < sources->n && covered != 7; i++)
        if (part_of_rule(sources->items[i], rule) && n < 64)
            chosen[n++] = sources->items[i];
    for (size_t c = 0; c < n; c++)
        for (size_t m = 0; m < 3; m++)
            if (!rule[m] || node_get(chosen[c], members[m]))
                covered |= (size_t)1 << m;
    if (!n || covered != 7)
        return *ret_why = "the log source is not in the map", false;
    for (size_t c = 0; c < n; c++) {
        const struct node *any = node_get(chosen[c], "any");
        if (!any)
            return *ret_why = "events of this source are not read", false;
        variants = with_entry(reference->arena, variants, any);
    }
    *ret = variants;
    return true;
}

/* A value of the map: "*" asks only for the field, "abc*" for a beginning. */
struct asked { const struct reference *reference; const struct event_value *value; };
static bool fits_value(const char *wanted, const void *arg)
{
    const struct asked *asked = arg;
    const struct event_value *value = asked->value;
    size_t len = strlen(wanted);
    struct arena *scratch = asked->reference->scratch;
    uint32_t any = ANY;
    arena_clear(scratch);
    struct pattern p = text_characters(scratch, wanted, len && wanted[len - 1] == '*' ? len - 1 : len);
    if (len && wanted[len - 1] == '*')
        p = text_joined(scratch, p, (struct pattern){&any, 1});
    return strcmp(wanted, "*") == 0 || (value->kind != VALUE_NULL && text_matches(p, text_characters(scratch, value->text, value->len), false));
}

static bool one_of(const struct node *wanted, bool (*fits)(const char *, const void *), const void *arg)
{
    if (wanted->kind == NODE_SCALAR)
        return fits(wanted->text, arg);
    for (size_t i = 0; i < wanted->n; i++)
        if (fits(wanted->items[i]->text, arg))
            return true;
    return false;
}
static bool fits_name(const char *wanted, const void *name) { return strcmp(wanted, name) == 0; }

static bool alternative_holds(const struct reference *reference, const struct node *alternative, const struct event *event)
{
    const struct node *when = node_get(alternative, "when"), *format = node_get(alternative, "format");
    if (format && (!event->format || !one_of(format, fits_name, event->format)))
        return false;
    for (size_t i = 0; when && i < when->n; i++) {
        bool any = false;
        for (size_t v = 0; v < event->n && !any; v++)
            any = strcmp(value_name(reference, &event->values[v]), when->keys[i]->text) == 0 && one_of(when->items[i], fits_value, &(struct asked){reference, &event->values[v]});
        if (!any)
            return false;
    }
    return true;
}

bool variant_holds(const struct reference *reference, const struct variant *variant, const struct event *event)
{
    for (size_t i = 0; i < variant->n; i++)
        if (!alternative_holds(reference, variant->alternatives[i], event))
            return false;
    return true;
}
