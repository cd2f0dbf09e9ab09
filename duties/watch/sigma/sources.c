/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The log-source map (the form stands at the head of logsources.yaml): read once, asked for each rule's log source, which is resolved
 * once for all rules that name the same.
 */
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "watch/sigma/inside.h"

#define ALTERNATIVES_MOST 256

struct source {
    const char *product, *category, *service;
    struct alternative *any;
    size_t n;
    struct words why;
};
struct source_map {
    struct arena *arena;
    struct fields *fields;
    bool none;                                   /* no map: every rule looks at every event */
    struct source *sources;
    size_t n;
    const struct resolved *resolved;
    field_id *deciding;
    size_t n_deciding;
};
struct form { struct source_map *map; struct reasons *reasons; const char *path; bool good; };

static bool fault(struct form *f, const struct val *at, const char *english, const char *argument)
{
    reason_add(f->reasons, "watch.sources", arena_printf(f->map->arena, "%s:%u", f->path, at ? at->line : 1), english, argument);
    return f->good = false;
}

/* ---- reading ------------------------------------------------------------------------------------------------ */

static size_t list_count(const struct val *value) { return value->kind == VAL_ARRAY ? value->count : 1; }
static const struct val *list_at(const struct val *value, size_t i) { return value->kind == VAL_ARRAY ? value->items[i] : value; }

static void decides(struct source_map *map, field_id field)
{
    for (size_t i = 0; i < map->n_deciding; i++)
        if (map->deciding[i] == field)
            return;
    if (map->n_deciding < 64)
        map->deciding[map->n_deciding++] = field;
}

static bool read_when(struct form *f, const struct val *when, struct alternative *ret)
{
    struct arena *arena = f->map->arena;
    if (when->kind != VAL_OBJECT || when->count == 0)
        return fault(f, when, T_("“when” must be a mapping of fields to values"), NULL);
    struct when *made = ARENA_ARRAY(arena, struct when, when->count);
    for (uint32_t i = 0; i < when->count; i++) {
        const struct val *value = when->members[i].value;
        const char *name = when->members[i].name;
        struct accepted *accepted = ARENA_ARRAY(arena, struct accepted, list_count(value) + 1);
        for (size_t k = 0; k < list_count(value); k++) {
            const struct val *one = list_at(value, k);
            const char *text = one->kind == VAL_INT ? arena_printf(arena, "%lld", (long long)one->number) : val_text(one);
            if (!text)
                return fault(f, one, T_("a value of “when” must be text or a whole number"), NULL);
            bool ascii;
            size_t len = strlen(text);
            char *folded = ARENA_ARRAY(arena, char, 2 * len + 8);
            len = sigma_fold(folded, text, len, &ascii);
            bool beginning = len && folded[len - 1] == '*';
            accepted[k] = (struct accepted){folded, len - beginning, beginning};
        }
        made[i] = (struct when){fields_add(f->map->fields, name, strlen(name)), accepted, list_count(value)};
        decides(f->map, made[i].field);
    }
    ret->when = made;
    ret->n_when = when->count;
    return true;
}

static bool read_formats(struct form *f, const struct val *format, struct alternative *ret)
{
    struct arena *arena = f->map->arena;
    const char **names = ARENA_ARRAY(arena, const char *, list_count(format) + 1);
    for (size_t i = 0; i < list_count(format); i++)
        if (!(names[i] = val_text(list_at(format, i))))
            return fault(f, format, T_("“format” must be a name or a list of names"), NULL);
    const char *const **lists = ARENA_ARRAY(arena, const char *const *, 1);
    lists[0] = names;
    ret->formats = lists;
    ret->n_formats = 1;
    return true;
}

static bool read_renames(struct form *f, const struct val *rename, struct alternative *ret)
{
    if (rename->kind != VAL_OBJECT)
        return fault(f, rename, T_("“rename” must be a mapping of names to names"), NULL);
    struct rename *made = ARENA_ARRAY(f->map->arena, struct rename, rename->count + 1);
    for (uint32_t i = 0; i < rename->count; i++) {
        made[i] = (struct rename){rename->members[i].name, val_text(rename->members[i].value)};
        if (!made[i].to)
            return fault(f, rename, T_("“rename” must be a mapping of names to names"), NULL);
    }
    ret->renames = made;
    ret->n_renames = rename->count;
    return true;
}

static bool read_alternative(struct form *f, const struct val *value, struct alternative *ret)
{
    if (value->kind != VAL_OBJECT || value->count == 0)
        return fault(f, value, T_("an alternative is a mapping of when, format, rename"), NULL);
    for (uint32_t i = 0; i < value->count; i++) {
        const char *name = value->members[i].name;
        const struct val *member = value->members[i].value;
        bool good = str_eq(name, "when") ? read_when(f, member, ret) : str_eq(name, "format") ? read_formats(f, member, ret) :
                    str_eq(name, "rename") ? read_renames(f, member, ret) :
                    fault(f, member, T_("“%1$s” is not known here; an alternative has when, format, rename"), name);
        if (!good)
            return false;
    }
    return true;
}

static bool read_source(struct form *f, const struct val *value, struct source *ret)
{
    static const char *const known[] = {"product", "category", "service", "any", "why", NULL};
    if (value->kind != VAL_OBJECT)
        return fault(f, value, T_("a log source is a mapping of product, category, service, any, why"), NULL);
    for (uint32_t i = 0; i < value->count; i++)
        if (!str_in(value->members[i].name, known))
            return fault(f, value->members[i].value, T_("“%1$s” is not known here; a log source has product, category, service, any, why"), value->members[i].name);
    struct val *any = val_get(value, "any"), *why = val_get(value, "why");
    *ret = (struct source){val_get_str(value, "product"), val_get_str(value, "category"), val_get_str(value, "service")};
    for (size_t i = 0; i < f->map->n; i++)
        if (str_eq(f->map->sources[i].product, ret->product) && str_eq(f->map->sources[i].category, ret->category) && str_eq(f->map->sources[i].service, ret->service))
            return fault(f, value, T_("this log source is there twice"), NULL);
    if (!ret->product && !ret->category && !ret->service)
        return fault(f, value, T_("a log source names a product, a category or a service"), NULL);
    if (why) {
        ret->why.in[0] = val_get_str(why, "en");
        ret->why.in[1] = val_get_str(why, "fr");
        return ret->why.in[0] && ret->why.in[1] ? true : fault(f, why, T_("“why” needs both languages, en and fr"), NULL);
    }
    if (!any || any->kind != VAL_ARRAY || any->count == 0 || any->count > ALTERNATIVES_MOST)
        return fault(f, value, T_("a log source needs a list “any” of alternatives, or “why”"), NULL);
    ret->any = ARENA_ARRAY(f->map->arena, struct alternative, any->count);
    ret->n = any->count;
    for (uint32_t i = 0; i < any->count; i++)
        if (!read_alternative(f, any->items[i], &ret->any[i]))
            return false;
    return true;
}

enum status source_map_read(struct arena *arena, struct fields *fields, struct sigma_text text, struct reasons *reasons, struct source_map **ret)
{
    struct source_map *map = ARENA_NEW(arena, struct source_map);
    struct form f = {map, reasons, text.path ? text.path : "logsources.yaml", true};
    struct val *tree;
    *map = (struct source_map){.arena = arena, .fields = fields, .none = text.text == NULL, .deciding = ARENA_ARRAY(arena, field_id, 64)};
    static const char *const always[] = {"Channel", "EventID", "EventType", "Provider_Name"};
    for (size_t i = 0; i < sizeof always / sizeof *always; i++)
        decides(map, fields_add(fields, always[i], strlen(always[i])));
    *ret = map;
    if (map->none)
        return OK;
    enum status status = yaml_read(arena, f.path, text.text, text.len, reasons, &tree);
    if (status != OK)
        return status;
    const struct val *sources = tree->kind == VAL_OBJECT ? val_get(tree, "sources") : NULL;
    if (!sources || sources->kind != VAL_ARRAY)
        return fault(&f, tree, T_("the log-source map is a mapping with the list “sources”"), NULL), BAD_INPUT;
    map->sources = ARENA_ARRAY(arena, struct source, sources->count + 1);
    for (uint32_t i = 0; i < sources->count; i++)
        if (read_source(&f, sources->items[i], &map->sources[map->n]))
            map->n++;
    return f.good ? OK : BAD_INPUT;
}

size_t source_map_fields(const struct source_map *map, const field_id **ret)
{
    *ret = map->deciding;
    return map->n_deciding;
}

/* ---- resolving ---------------------------------------------------------------------------------------------- */

static void *joined(struct arena *arena, const void *a, size_t n_a, const void *b, size_t n_b, size_t size)
{
    char *made = arena_array(arena, n_a + n_b + 1, size);
    if (n_a)
        memcpy(made, a, n_a * size);
    if (n_b)
        memcpy(made + n_a * size, b, n_b * size);
    return made;
}

/* Both must hold: each alternative of the one with each of the other. */
static bool conjoin(struct source_map *map, struct resolved *r, const struct source *source)
{
    size_t n = r->n * source->n;
    if (n > ALTERNATIVES_MOST)
        return false;
    struct alternative *made = ARENA_ARRAY(map->arena, struct alternative, n + 1);
    for (size_t i = 0; i < n; i++) {
        const struct alternative *a = &r->alternatives[i / source->n], *b = &source->any[i % source->n];
        made[i] = (struct alternative){
            joined(map->arena, a->when, a->n_when, b->when, b->n_when, sizeof *a->when), a->n_when + b->n_when,
            joined(map->arena, a->formats, a->n_formats, b->formats, b->n_formats, sizeof *a->formats), a->n_formats + b->n_formats,
            joined(map->arena, a->renames, a->n_renames, b->renames, b->n_renames, sizeof *a->renames), a->n_renames + b->n_renames};
    }
    r->alternatives = made;
    r->n = n;
    return true;
}

static bool names(const char *source, const char *rule) { return !source || str_eq(source, rule); }

static void resolve(struct source_map *map, struct resolved *r)
{
    static const struct alternative anything;
    r->alternatives = &anything;
    r->n = 1;
    if (map->none)
        return;
    bool product = !r->product, category = !r->category, service = !r->service;
    for (size_t i = 0; i < map->n; i++) {
        const struct source *s = &map->sources[i];
        if (str_eq(s->product, r->product) && str_eq(s->category, r->category) && str_eq(s->service, r->service)) {
            r->missing = s->any == NULL;
            r->why = s->why;
            r->alternatives = s->any;
            r->n = s->n;
            return;
        }
    }
    for (size_t i = 0; i < map->n && !r->missing; i++) {
        const struct source *s = &map->sources[i];
        if (!names(s->product, r->product) || !names(s->category, r->category) || !names(s->service, r->service))
            continue;
        product |= s->product != NULL;
        category |= s->category != NULL;
        service |= s->service != NULL;
        r->missing = !s->any || !conjoin(map, r, s);
        r->why = s->why;
    }
    r->missing |= !product || !category || !service;
}

const struct resolved *source_resolve(struct source_map *map, const char *product, const char *category, const char *service)
{
    for (const struct resolved *r = map->resolved; r; r = r->next)
        if (str_eq(r->product, product) && str_eq(r->category, category) && str_eq(r->service, service))
            return r;
    struct resolved *r = ARENA_NEW(map->arena, struct resolved);
    *r = (struct resolved){.product = product, .category = category, .service = service, .next = map->resolved};
    resolve(map, r);
    map->resolved = r;
    return r;
}

/* ---- asking ------------------------------------------------------------------------------------------------- */

static bool accepted_value(struct bench *bench, const struct when *when, const struct event *event, struct event_value *value)
{
    if (value->field != when->field || value->kind == VALUE_NULL)
        return false;
    event_text(event, value);
    const struct looked looked = bench_look(bench, 0, value->text, value->len);
    for (size_t i = 0; i < when->n; i++) {
        const struct accepted *a = &when->accepted[i];
        if ((a->beginning ? looked.folded_len >= a->len : looked.folded_len == a->len) && memcmp(a->text, looked.folded, a->len) == 0)
            return true;
    }
    return false;
}

/* One of the field's values is enough: an event joined from several records (auditd) has several of some. */
static bool when_holds(struct bench *bench, const struct when *when, const struct event *event)
{
    for (size_t i = 0; i < event->n; i++)
        if (accepted_value(bench, when, event, &event->values[i]))
            return true;
    return false;
}

bool alternative_holds(struct bench *bench, const struct alternative *a, const struct event *event)
{
    for (size_t i = 0; i < a->n_formats; i++)
        if (!event->format || !str_in(event->format, a->formats[i]))
            return false;
    for (size_t i = 0; i < a->n_when; i++)
        if (!when_holds(bench, &a->when[i], event))
            return false;
    return true;
}
