/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a template's ops to a plan: which field each value of a record goes to. The names follow event.h and depend on where the template
 * is put in (its region and what stands before its names), so a program keeps a plan for each place that it was met in; nearly always
 * that is one.
 */
#include "watch/evtx/inside.h"

struct frame {
    enum region inside;                    /* of the element's members */
    struct text own, inner;                /* its name as a field; what stands before its members' names */
    const struct op *named_by;
    uint32_t first;                        /* where the parts not yet used begin */
    bool members, attributes, named, silent;
};
struct planner {
    struct evtx *evtx;
    struct store *store;
    const struct program *program;
    struct item *items;
    uint32_t n;
    struct frame frames[DEPTH_MOST + 1];
    unsigned depth;
};

static bool is(const struct op *op, const char *name) { return op->len == strlen(name) && memcmp(op->text, name, op->len) == 0; }

/* before + separator + name, without the blanks, in the store. */
static bool join(struct planner *planner, struct text before, char separator, const char *name, uint32_t len, struct text *ret)
{
    char *to = store_take(planner->store, before.len + len + 2u), *start = to;
    if (!to)
        return false;
    if (before.len) {
        memcpy(to, before.at, before.len);
        to += before.len;
        *to++ = separator;
    }
    for (uint32_t i = 0; i < len; i++)
        if (name[i] != ' ' && name[i])
            *to++ = name[i];
    *to = 0;
    *ret = (struct text){start, (uint32_t)(to - start)};
    return true;
}

/* What members of a region are called, and what their own members are in. */
static const struct step { enum region in; const char *name; enum region inside; bool bare; } steps[] = {
    {IN_ROOT, "Event", IN_EVENT, true},
    {IN_EVENT, "System", IN_SYSTEM, true},
    {IN_EVENT, "EventData", IN_DATA, true},
    {IN_EVENT, "UserData", IN_USER, true},
    {IN_USER, NULL, IN_DATA, true},        /* the one element in UserData that is called after the event */
    {IN_SYSTEM, NULL, IN_PLAIN, false},
    {IN_DATA, NULL, IN_PLAIN, false},
    {IN_EVENT, NULL, IN_PLAIN, false},
    {IN_ROOT, NULL, IN_EVENT, true},
    {IN_PLAIN, NULL, IN_PLAIN, false},
};

static const struct step *step_of(enum region in, const struct op *open)
{
    const struct step *step = steps;
    while (step->in != in || (step->name && !is(open, step->name)))
        step++;
    return step;
}

/* The value of the attribute "Name" of the element opened before `at`: one part, or none. */
static const struct op *name_attribute(const struct program *program, uint32_t at)
{
    for (; at < program->n && program->ops[at].kind != OP_BODY; at++)
        if (program->ops[at].kind == OP_ATTR && is(&program->ops[at], "Name") && at + 1 < program->n &&
            (program->ops[at + 1].kind == OP_TEXT || program->ops[at + 1].kind == OP_SUBST))
            return &program->ops[at + 1];
    return NULL;
}

static struct item *add(struct planner *planner, enum item_kind kind, const struct frame *frame, uint32_t first, uint32_t end)
{
    struct item *item = &planner->items[planner->n++];
    *item = (struct item){.kind = (uint8_t)kind, .region = (uint8_t)frame->inside, .inner = frame->inner, .n = (uint16_t)(end - first),
                          .parts = planner->program->ops + first, .named_by = frame->named_by};
    return item;
}

static void call(struct planner *planner, struct item *item, struct text name)
{
    item->name = name.at;
    item->field = fields_add(planner->evtx->fields, name.at, name.len);
}

/* The parts that stand before or between members are no value of the element, but may bring members themselves. */
static void use_between(struct planner *planner, struct frame *frame, uint32_t end)
{
    bool brings = false;
    for (uint32_t i = frame->first; i < end; i++)
        brings |= planner->program->ops[i].kind != OP_TEXT;
    if (brings)
        add(planner, ITEM_NESTED, frame, frame->first, end);
    frame->first = end;
}

static bool open_element(struct planner *planner, uint32_t at)
{
    const struct op *open = &planner->program->ops[at];
    struct frame *outer = &planner->frames[planner->depth++], *frame = outer + 1;
    use_between(planner, outer, at);
    outer->members = true;
    const struct step *step = step_of(outer->inside, open);
    const struct op *named = is(open, "Data") && outer->inside != IN_SYSTEM ? name_attribute(planner->program, at + 1) : NULL;
    *frame = (struct frame){.inside = step->inside, .named = named, .silent = outer->inside != IN_DATA && outer->inside != IN_PLAIN};
    if (named && named->kind == OP_SUBST)
        frame->named_by = named;
    const struct op *from = named && !frame->named_by ? named : open;
    struct text before = outer->inside == IN_EVENT && !step->name ? (struct text){"Event", 5} : outer->inner;
    if (!join(planner, before, outer->inside == IN_PLAIN || before.len ? '.' : 0, from->text, from->len, &frame->own))
        return false;
    frame->inner = step->bare ? (struct text){"", 0} : frame->own;
    return true;
}

static bool attribute(struct planner *planner, uint32_t at, uint32_t *ret_end)
{
    struct frame *frame = &planner->frames[planner->depth];
    const struct op *ops = planner->program->ops;
    uint32_t end = at + 1;
    while (end < planner->program->n && ops[end].kind != OP_ATTR && ops[end].kind != OP_BODY)
        end++;
    *ret_end = end;
    if (frame->named || (ops[at].len >= 5 && memcmp(ops[at].text, "xmlns", 5) == 0) || planner->frames[planner->depth - 1].inside == IN_ROOT)
        return true;
    struct text name;
    if (!join(planner, frame->own, '_', ops[at].text, ops[at].len, &name))
        return false;
    frame->attributes = true;
    call(planner, add(planner, ITEM_ATTR, frame, at + 1, end), name);
    return true;
}

static void end_element(struct planner *planner, uint32_t at)
{
    struct frame *frame = &planner->frames[planner->depth--];
    bool empty = frame->first == at;
    if (frame->members)
        use_between(planner, frame, at);
    else if (!empty || !(frame->attributes || frame->silent))
        call(planner, add(planner, ITEM_VALUE, frame, frame->first, at), frame->own);
    planner->frames[planner->depth].first = at + 1;
}

static bool walk(struct planner *planner)
{
    for (uint32_t i = 0; i < planner->program->n; i++) {
        const struct op *op = &planner->program->ops[i];
        uint32_t end = i + 1;
        if (op->kind == OP_OPEN && !open_element(planner, i))
            return false;
        if (op->kind == OP_ATTR && !attribute(planner, i, &end))
            return false;
        if (op->kind == OP_BODY)
            planner->frames[planner->depth].first = end;
        if (op->kind == OP_END)
            end_element(planner, i);
        i = end - 1;
    }
    use_between(planner, &planner->frames[0], planner->program->n);
    return true;
}

const struct plan *plan_of(struct evtx *evtx, struct program *program, enum region region, struct text prefix)
{
    for (struct plan *plan = program->plans; plan; plan = plan->next)
        if (plan->region == region && plan->prefix.len == prefix.len && memcmp(plan->prefix.at, prefix.at, prefix.len) == 0)
            return plan;
    struct store *store = program->store;
    struct plan *plan = store_take(store, sizeof *plan);
    /* Each op gives one item at most, and the last parts one more. */
    struct item *items = plan ? store_take(store, (program->n + 1u) * sizeof *items) : NULL;
    char *copy = items ? store_take(store, prefix.len + 1u) : NULL;
    struct planner *planner = copy ? store_take(&evtx->scratch, sizeof *planner) : NULL;
    if (!planner)
        return NULL;
    memcpy(copy, prefix.at, prefix.len);
    *planner = (struct planner){.evtx = evtx, .store = store, .program = program, .items = items};
    planner->frames[0] = (struct frame){.inside = region, .inner = {copy, prefix.len}, .silent = true};
    if (!walk(planner))
        return NULL;
    *plan = (struct plan){.next = program->plans, .region = region, .prefix = {copy, prefix.len}, .items = items, .n = planner->n};
    return program->plans = plan;
}
