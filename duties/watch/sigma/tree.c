/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The table of distinct predicates, nodes of boolean trees, and the selections of a rule.
 */
#include <string.h>

#include "watch/sigma/inside.h"

/* ---- predicates --------------------------------------------------------------------------------------------- */

static uint32_t mix(uint32_t hash, const void *bytes, size_t len)
{
    const unsigned char *at = bytes;
    for (size_t i = 0; i < len; i++)
        hash = (hash ^ at[i]) * 16777619u;
    return hash;
}

static uint32_t pred_hash(const struct pred *p)
{
    const uint32_t head[] = {p->kind, p->compare, p->part, p->shape, p->flags, p->cased, p->truth, p->field, p->other};
    uint32_t hash = mix(mix(2166136261u, head, sizeof head), p->text, p->text ? p->len : 0);
    return hash ^ hash >> 15;
}

static bool pred_same(const struct pred *a, const struct pred *b)
{
    return a->kind == b->kind && a->compare == b->compare && a->part == b->part && a->shape == b->shape && a->flags == b->flags &&
           a->cased == b->cased && a->truth == b->truth && a->field == b->field && a->other == b->other && a->len == b->len &&
           (a->len == 0 || memcmp(a->text, b->text, a->len) == 0);
}

static void grow(struct sigma *sigma)
{
    struct pred *preds = ARENA_ARRAY(sigma->arena, struct pred, sigma->pred_room = sigma->pred_room ? 2 * sigma->pred_room : 1024);
    if (sigma->preds)
        memcpy(preds, sigma->preds, (sigma->n_preds + 1) * sizeof *preds);
    sigma->preds = preds;
    sigma->n_pred_slots = sigma->pred_room;
    sigma->pred_slots = ARENA_ARRAY(sigma->arena, uint32_t, sigma->n_pred_slots);
    for (uint32_t id = 1; id <= sigma->n_preds; id++) {
        uint32_t *slot = &sigma->pred_slots[pred_hash(&preds[id]) & (sigma->n_pred_slots - 1)];
        preds[id].next = *slot;
        *slot = id;
    }
}

struct pred *pred_intern(struct sigma *sigma, const struct pred *wanted, uint32_t *ret_id)
{
    if (sigma->n_preds + 2 > sigma->pred_room)
        grow(sigma);
    uint32_t *slot = &sigma->pred_slots[pred_hash(wanted) & (sigma->n_pred_slots - 1)];
    for (uint32_t id = *slot; id; id = sigma->preds[id].next)
        if (pred_same(&sigma->preds[id], wanted))
            return *ret_id = id, &sigma->preds[id];
    uint32_t id = ++sigma->n_preds;
    sigma->preds[id] = *wanted;
    sigma->preds[id].text = wanted->text ? "" : NULL;
    if (wanted->len) {                                 /* what was read lies in memory that goes */
        char *kept = arena_alloc(sigma->arena, wanted->len + 1);
        memcpy(kept, wanted->text, wanted->len);
        sigma->preds[id].text = kept;
        if (wanted->kind == TEST_GLOB)
            sigma->preds[id].glob.tokens = (const uint16_t *)(void *)kept;
    }
    sigma->preds[id].next = *slot;
    *slot = id;
    *ret_id = id;
    return &sigma->preds[id];
}

/* ---- nodes -------------------------------------------------------------------------------------------------- */

const struct node *node_pred(struct arena *arena, uint32_t pred)
{
    struct node *node = ARENA_NEW(arena, struct node);
    *node = (struct node){.kind = NODE_PRED, .pred = pred};
    return node;
}

const struct node *node_many(struct arena *arena, enum node_kind kind, const struct node **kids, size_t n)
{
    if (n == 1)
        return kids[0];
    struct node *node = ARENA_NEW(arena, struct node);
    *node = (struct node){.kind = (uint8_t)kind, .n = (uint32_t)n, .kids = kids};
    return node;
}

const struct node *node_not(struct arena *arena, const struct node *inner)
{
    const struct node **kids = ARENA_ARRAY(arena, const struct node *, 1);
    struct node *node = ARENA_NEW(arena, struct node);
    kids[0] = inner;
    *node = (struct node){.kind = NODE_NOT, .n = 1, .kids = kids};
    return node;
}

/* ---- selections --------------------------------------------------------------------------------------------- */

struct items { struct item *list; size_t n, room; };

static void remember(struct reading *r, struct items *items, struct item item)
{
    if (items->n == items->room) {
        struct item *more = ARENA_ARRAY(r->sigma->arena, struct item, items->room = items->room ? 2 * items->room : 4);
        if (items->n)
            memcpy(more, items->list, items->n * sizeof *more);
        items->list = more;
    }
    items->list[items->n++] = item;
}

static const struct node *map_compile(struct reading *r, const struct val *map, struct items *items)
{
    if (map->count == 0)
        return reading_fault(r, map, T_("the mapping of a selection is empty"));
    const struct node **kids = ARENA_ARRAY(r->sigma->arena, const struct node *, map->count);
    for (uint32_t i = 0; i < map->count; i++) {
        const char *key = map->members[i].name;
        if (!(kids[i] = item_compile(r, key, map->members[i].value)))
            return NULL;
        remember(r, items, (struct item){key, map->members[i].value, kids[i]});
    }
    return node_many(r->sigma->arena, NODE_AND, kids, map->count);
}

static const struct node *selection_compile(struct reading *r, const struct val *value, struct items *items)
{
    if (value->kind == VAL_OBJECT)
        return map_compile(r, value, items);
    if (value->kind != VAL_ARRAY) {
        const struct node *node = keywords_compile(r, value);
        if (node)
            remember(r, items, (struct item){"", value, node});
        return node;
    }
    if (value->count == 0)
        return reading_fault(r, value, T_("the list of a selection is empty"));
    const struct node **kids = ARENA_ARRAY(r->sigma->arena, const struct node *, value->count);
    for (uint32_t i = 0; i < value->count; i++) {
        const struct val *one = value->items[i];
        if (one->kind == VAL_ARRAY)
            return reading_fault(r, one, T_("a list stands in the list of a selection; mappings or texts are expected"));
        kids[i] = one->kind == VAL_OBJECT ? map_compile(r, one, items) : keywords_compile(r, one);
        if (!kids[i])
            return NULL;
        if (one->kind != VAL_OBJECT)
            remember(r, items, (struct item){"", one, kids[i]});
    }
    return node_many(r->sigma->arena, NODE_OR, kids, value->count);
}

bool selections_compile(struct reading *r, const struct val *detection, struct program *program)
{
    struct selection *selections = ARENA_ARRAY(r->sigma->arena, struct selection, detection->count + 1);
    size_t n = 0;
    for (uint32_t i = 0; i < detection->count; i++) {
        const char *name = detection->members[i].name;
        if (strcmp(name, "condition") == 0 || strcmp(name, "rules") == 0)
            continue;
        struct items items = {0};
        const struct node *node = selection_compile(r, detection->members[i].value, &items);
        if (!node)
            return false;
        selections[n++] = (struct selection){name, node, items.list, items.n};
    }
    program->selections = selections;
    program->n_selections = n;
    if (n == 0)
        reading_fault(r, detection, T_("there is no selection"));
    return n > 0;
}
