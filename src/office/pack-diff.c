/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The difference between two packs in words, for the two persons who put the new one in force. Definitions are compared
 * by kind and name, member by member, as they were written: so nothing that a pack can say is left out, whatever the
 * language grows. A list tells what came and what went; an order is told where it changed. `where` is the dotted
 * path of the difference ("incident.lifecycle.steps.close.right").
 */
#include "office/pack-read.h"

#include <string.h>

#include "base/text.h"

/* ---- collecting what was written ---------------------------------------------------------------------------- */

static void collect(struct loading *l, struct definition *into, const char *kind, const struct pack_tree *tree, const struct val *map, const char *skip)
{
    if (!map) {
        into[l->pack->n_definitions++] = (struct definition){strcmp(kind, "duty") == 0 ? tree->folder : tree->stem, kind, tree->tree};
        return;
    }
    for (uint32_t i = 0; i < map->count; i++)
        if (!skip || strcmp(map->members[i].name, skip) != 0)
            into[l->pack->n_definitions++] = (struct definition){map->members[i].name, kind, map->members[i].value};
}

void collect_definitions(struct loading *l)
{
    size_t most = 0;
    for (size_t i = 0; i < l->n_trees; i++)
        most += 1 + l->trees[i].tree->count + val_count(val_get(l->trees[i].tree, "calendars"));
    struct definition *into = ARENA_ARRAY(l->arena, struct definition, most + 1);
    for (size_t i = 0; i < l->n_trees; i++) {
        const struct pack_tree *tree = &l->trees[i];
        if (strcmp(tree->kind, "rules") == 0)
            collect(l, into, "rule", tree, tree->tree, "rules");
        else if (strcmp(tree->kind, "vocabularies") == 0)
            collect(l, into, "vocabulary", tree, tree->tree, "vocabularies");
        else if (strcmp(tree->kind, "calendars") == 0)
            collect(l, into, "calendar", tree, val_get(tree->tree, "calendars"), NULL);
        else
            collect(l, into, tree->kind, tree, NULL, NULL);
    }
    l->pack->definitions = into;
}

/* ---- words -------------------------------------------------------------------------------------------------- */

struct naming { const char *key, *noun; };
/* Definitions and the maps inside them: a member's name is shown as noun and name. */
static const struct naming kinds[] = {
    {"register", T_("register %1$s")}, {"rule", T_("rule %1$s")}, {"vocabulary", T_("vocabulary %1$s")}, {"duty", T_("duty %1$s")},
    {"calendar", T_("calendar %1$s")}, {"post", T_("post %1$s")}, {"fields", T_("field %1$s")}, {"states", T_("state %1$s")},
    {"steps", T_("step %1$s")}, {"refusals", T_("refusal %1$s")}, {"clocks", T_("clock %1$s")}, {"terms", T_("term %1$s")},
    {"rights", T_("right %1$s")},
};

struct comparing { struct reasons *reasons; struct arena *arena; const char *where; struct words about; };

/* A text with arguments that are words themselves: each language gets its own. */
static struct words say(struct arena *arena, const char *english, struct words a, struct words b, struct words c)
{
    struct words out = words_format(arena, english, a.in[LANG_EN], b.in[LANG_EN], c.in[LANG_EN]);
    out.in[LANG_FR] = words_format(arena, english, a.in[LANG_FR], b.in[LANG_FR], c.in[LANG_FR]).in[LANG_FR];
    return out;
}

static struct words same(const char *text) { return (struct words){{text, text}}; }

static void tell(const struct comparing *c, const char *english, struct words what, struct words from, struct words to)
{
    struct words said = say(c->arena, english, what, from, to);
    struct reason *reason = reason_add(c->reasons, "pack.difference", c->where, "%1$s", "");
    reason->text = say(c->arena, T_("%1$s: %2$s"), c->about, said, same(""));
}

static const char *noun_of(const char *key)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].key, key) == 0)
            return kinds[i].noun;
    return NULL;
}

/* {en, fr} */
static bool is_words(const struct val *value)
{
    return value && value->kind == VAL_OBJECT && value->count == 2 && val_get_str(value, "en") && val_get_str(value, "fr");
}

/* The words by which a definition is known: its name in quotation marks, else its key. */
static struct words shown(struct arena *arena, const char *key, const struct val *value)
{
    const struct val *name = is_words(value) ? value : val_get(value, "name");
    if (!is_words(name))
        return same(key);
    struct words words = {{val_get_str(name, "en"), val_get_str(name, "fr")}};
    return say(arena, T_("“%1$s” (%2$s)"), words, same(key), same(""));
}

/* A value as it would be written on one line, cut where it is long. */
static void flow(struct buf *out, const struct val *value)
{
    if (!value || value->kind == VAL_NULL) {
        buf_adds(out, "-");
    } else if (value->kind == VAL_BOOL) {
        buf_adds(out, value->truth ? "true" : "false");
    } else if (value->kind == VAL_INT) {
        buf_addi(out, value->number);
    } else if (value->kind == VAL_ARRAY) {
        buf_adds(out, "[");
        for (uint32_t i = 0; i < value->count; i++) {
            buf_adds(out, i ? ", " : "");
            flow(out, value->items[i]);
        }
        buf_adds(out, "]");
    } else if (value->kind == VAL_OBJECT) {
        buf_adds(out, "{");
        for (uint32_t i = 0; i < value->count; i++) {
            buf_addf(out, "%s%s: ", i ? ", " : "", value->members[i].name);
            flow(out, value->members[i].value);
        }
        buf_adds(out, "}");
    } else {
        buf_add(out, value->str.s, value->str.len);
    }
}

static struct words value_text(struct arena *arena, const struct val *value)
{
    enum { MOST = 400 };
    if (is_words(value))
        return say(arena, T_("“%1$s”"), (struct words){{val_get_str(value, "en"), val_get_str(value, "fr")}}, same(""), same(""));
    struct buf text;
    buf_init(&text, (size_t)1 << 20);
    flow(&text, value);
    size_t len = text.len;
    if (len > MOST) {
        for (len = MOST; len && ((unsigned char)text.data[len] & 0xc0) == 0x80;)
            len--;
    }
    const char *copy = arena_printf(arena, "%.*s%s", (int)len, text.data ? text.data : "", len < text.len ? "…" : "");
    buf_free(&text);
    return same(copy);
}

/* ---- comparing ---------------------------------------------------------------------------------------------- */

/* Equal with the order of members: the order of fields, states and terms is part of what a pack says. */
static bool same_tree(const struct val *a, const struct val *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind != VAL_OBJECT && a->kind != VAL_ARRAY)
        return val_equal(a, b);
    if (a->count != b->count)
        return false;
    for (uint32_t i = 0; i < a->count; i++) {
        bool members = a->kind == VAL_OBJECT;
        if (members && strcmp(a->members[i].name, b->members[i].name) != 0)
            return false;
        if (!same_tree(members ? a->members[i].value : a->items[i], members ? b->members[i].value : b->items[i]))
            return false;
    }
    return true;
}

static void compare(const struct comparing *, const char *key, const struct val *from, const struct val *to, bool definitions);

static struct comparing inside(const struct comparing *c, const char *key, const char *noun, const struct val *value)
{
    struct comparing deeper = *c;
    deeper.where = arena_printf(c->arena, "%s.%s", c->where, key);
    if (noun) {
        struct words name = say(c->arena, noun, shown(c->arena, key, value), same(""), same(""));
        deeper.about = say(c->arena, T_("%1$s, %2$s"), c->about, name, same(""));
    }
    return deeper;
}

static bool order_changed(const struct val *from, const struct val *to)
{
    uint32_t last = 0;
    bool any = false;
    for (uint32_t i = 0; i < to->count; i++)
        for (uint32_t j = 0; j < from->count; j++) {
            bool equal = to->kind == VAL_OBJECT ? strcmp(from->members[j].name, to->members[i].name) == 0 : same_tree(from->items[j], to->items[i]);
            if (!equal)
                continue;
            if (any && j < last)
                return true;
            any = true;
            last = j;
            break;
        }
    return false;
}

static void tell_order(const struct comparing *c, const char *key)
{
    tell(c, T_("the order under “%1$s” changes."), same(key), same(""), same(""));
}

static void compare_objects(const struct comparing *c, const char *key, const struct val *from, const struct val *to)
{
    const char *noun = noun_of(key);
    for (uint32_t i = 0; i < from->count; i++) {
        const char *name = from->members[i].name;
        const struct val *was = from->members[i].value;
        if (val_get(to, name))
            continue;
        struct comparing at = inside(c, name, NULL, NULL);
        if (noun)
            tell(&at, T_("%1$s is taken away."), say(c->arena, noun, shown(c->arena, name, was), same(""), same("")), same(""), same(""));
        else
            tell(&at, T_("“%1$s” is taken away; it was %2$s."), same(name), value_text(c->arena, was), same(""));
    }
    for (uint32_t i = 0; i < to->count; i++) {
        const char *name = to->members[i].name;
        const struct val *now = to->members[i].value, *was = val_get(from, name);
        struct comparing at = inside(c, name, was ? noun : NULL, now);
        if (was)
            compare(&at, name, was, now, false);
        else if (noun)
            tell(&at, T_("%1$s is new: %2$s"), say(c->arena, noun, shown(c->arena, name, now), same(""), same("")), value_text(c->arena, now), same(""));
        else
            tell(&at, T_("“%1$s” is new: %2$s."), same(name), value_text(c->arena, now), same(""));
    }
    if (order_changed(from, to))
        tell_order(c, key);
}

static bool holds(const struct val *list, const struct val *item)
{
    for (uint32_t i = 0; i < list->count; i++)
        if (same_tree(list->items[i], item))
            return true;
    return false;
}

static void compare_lists(const struct comparing *c, const char *key, const struct val *from, const struct val *to)
{
    bool told = false;
    for (uint32_t i = 0; i < from->count; i++)
        if (!holds(to, from->items[i])) {
            tell(c, T_("“%1$s” no longer holds %2$s."), same(key), value_text(c->arena, from->items[i]), same(""));
            told = true;
        }
    for (uint32_t i = 0; i < to->count; i++)
        if (!holds(from, to->items[i])) {
            tell(c, T_("“%1$s” now holds %2$s."), same(key), value_text(c->arena, to->items[i]), same(""));
            told = true;
        }
    if (order_changed(from, to) || !told)
        tell_order(c, key);
}

static void compare(const struct comparing *c, const char *key, const struct val *from, const struct val *to, bool definition)
{
    if (same_tree(from, to))
        return;
    bool words = is_words(from) && is_words(to);
    if (words && str_eq(val_get_str(from, "en"), val_get_str(to, "en")))
        tell(c, T_("the French of “%1$s” changes from %2$s to %3$s."), same(key), same(val_get_str(from, "fr")), same(val_get_str(to, "fr")));
    else if (words && str_eq(val_get_str(from, "fr"), val_get_str(to, "fr")))
        tell(c, T_("the English of “%1$s” changes from %2$s to %3$s."), same(key), same(val_get_str(from, "en")), same(val_get_str(to, "en")));
    else if (!words && from->kind == VAL_OBJECT && to->kind == VAL_OBJECT)
        compare_objects(c, definition ? "" : key, from, to);
    else if (from->kind == VAL_ARRAY && to->kind == VAL_ARRAY)
        compare_lists(c, key, from, to);
    else
        tell(c, T_("“%1$s” changes from %2$s to %3$s."), same(key), value_text(c->arena, from), value_text(c->arena, to));
}

/* ---- packs -------------------------------------------------------------------------------------------------- */

static const struct definition *find(const struct pack *pack, const struct definition *like)
{
    for (size_t i = 0; i < pack->n_definitions; i++)
        if (strcmp(pack->definitions[i].kind, like->kind) == 0 && strcmp(pack->definitions[i].name, like->name) == 0)
            return &pack->definitions[i];
    return NULL;
}

static void tell_whole(struct comparing *c, const struct definition *one, const char *english)
{
    struct words name = say(c->arena, noun_of(one->kind), shown(c->arena, one->name, one->tree), same(""), same(""));
    struct reason *reason = reason_add(c->reasons, "pack.difference", one->name, "%1$s", "");
    reason->text = say(c->arena, english, name, same(""), same(""));
}

void pack_difference(const struct pack *from, const struct pack *to, struct reasons *reasons)
{
    struct comparing c = {reasons, reasons->arena, NULL, {{NULL, NULL}}};
    size_t before = reasons->count;
    for (size_t i = 0; i < from->n_definitions; i++)
        if (!find(to, &from->definitions[i]))
            tell_whole(&c, &from->definitions[i], T_("%1$s is taken away."));
    for (size_t i = 0; i < to->n_definitions; i++) {
        const struct definition *now = &to->definitions[i], *was = find(from, now);
        if (!was) {
            tell_whole(&c, now, T_("%1$s is new."));
            continue;
        }
        c.where = now->name;
        c.about = say(c.arena, noun_of(now->kind), shown(c.arena, now->name, now->tree), same(""), same(""));
        compare(&c, now->name, was->tree, now->tree, true);
    }
    if (reasons->count == before && strcmp(from->hash, to->hash) != 0)
        reason_add(reasons, "pack.difference", NULL, T_("The definitions stand in other files; none of them changes."));
}
