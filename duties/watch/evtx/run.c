/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A record through its plan: each value becomes text once and goes to its field. What one record may write is bounded in steps and bytes,
 * since a few bytes can refer to a value many thousand times, and fragments in values can do so in each other.
 */
#include "watch/evtx/inside.h"

struct place { struct run *run; enum region region; struct text prefix; };

static bool fragment_in(struct run *run, const struct value *value, enum region region, struct text prefix);

static bool step(struct run *run) { return run->steps && run->steps--; }

static void give(struct run *run, const struct item *item, field_id field, const char *name, enum value_kind kind, struct text text)
{
    struct event *event = run->event;
    if (event_add(event, field, kind, text.at, text.len) && !field)
        event->values[event->n - 1].name = arena_strdup(event->arena, name);      /* plans go with their chunk */
}

/* Literals lie in the template, which goes with its chunk; values stay as long as the event. */
static bool lasting(struct run *run, struct text *text)
{
    char *to = space_need(&run->space, text->len + 1u);
    if (!to)
        return false;
    memcpy(to, text->at, text->len);
    text->at = to;
    run->space.at += text->len;
    return true;
}

/* The field of an item whose name is a value itself. */
static bool named_field(struct run *run, const struct item *item, const struct instance *instance, field_id *ret, const char **ret_name)
{
    struct text name = {"", 0};
    enum value_kind kind;
    uint16_t index = item->named_by->index;
    if (index < instance->n && !value_text(&run->space, &instance->values[index], &kind, &name))
        return false;
    char *to = space_need(&run->space, name.len + 1u), *start = to;
    if (!to)
        return false;
    for (uint32_t i = 0; i < name.len; i++)
        if (name.at[i] != ' ' && name.at[i])
            *to++ = name.at[i];
    if (to == start)
        return true;                       /* a name of nothing: the element's own stays */
    *to = 0;
    run->space.at = to + 1;
    *ret = fields_add(run->evtx->fields, start, (size_t)(to - start));
    *ret_name = start;
    return true;
}

static bool scalar(struct run *run, const struct item *item, field_id field, const char *name, const struct value *value)
{
    struct text text;
    enum value_kind kind;
    if (!step(run) || !value_text(&run->space, value, &kind, &text))
        return false;
    if (item->kind == ITEM_NESTED || (item->kind == ITEM_ATTR && kind == VALUE_NULL))
        return true;
    if (field == run->evtx->time_field && value->type == TYPE_FILETIME && value->len == 8)
        run->time = filetime_moment(le64(value->bytes));
    if (field == run->evtx->record_field && kind == VALUE_NUMBER && value->len == 8)
        run->number = le64(value->bytes);
    give(run, item, field, name, kind, text);
    return true;
}

static bool substituted(struct run *run, const struct item *item, field_id field, const char *name, const struct value *value)
{
    struct value rest = *value, one;
    if (value->type == TYPE_BINXML)
        return fragment_in(run, value, (enum region)item->region, item->inner);
    if (!(value->type & TYPE_ARRAY))
        return scalar(run, item, field, name, value);
    while (value_item(&rest, &one))
        if (!scalar(run, item, field, name, &one))
            return false;
    return true;
}

static bool nested_instance(struct run *run, const struct op *op, const struct item *item);

/* Adds one part's text to what stands at the end of the space. */
static bool append(struct run *run, struct text part, struct text *joined)
{
    char *to;
    if (joined->at + joined->len == run->space.at && (size_t)(run->space.end - run->space.at) >= part.len) {
        to = run->space.at;
    } else {
        to = space_need(&run->space, joined->len + part.len + 1u);
        if (!to)
            return false;
        memcpy(to, joined->at, joined->len);
        joined->at = to;
        to += joined->len;
    }
    memmove(to, part.at, part.len);
    joined->len += part.len;
    run->space.at = to + part.len;
    return true;
}

/* Several parts, or literal ones: one text. Fragments and arrays among them stand for themselves. */
static bool mixed(struct run *run, const struct item *item, field_id field, const char *name, const struct instance *instance)
{
    struct text joined = {"", 0};
    enum value_kind kind = VALUE_NULL;
    for (const struct op *op = item->parts; op < item->parts + item->n; op++) {
        const struct value *value = op->kind == OP_SUBST && op->index < instance->n ? &instance->values[op->index] : NULL;
        struct text part = {op->text, op->len};
        enum value_kind its = (enum value_kind)op->value_kind;
        if (!step(run))
            return false;
        if (op->kind == OP_INSTANCE ? !nested_instance(run, op, item) : value && value->type & (TYPE_ARRAY | 0x20) && !substituted(run, item, field, name, value))
            return false;
        if (op->kind == OP_INSTANCE || (op->kind == OP_SUBST && (!value || value->type & (TYPE_ARRAY | 0x20))))
            continue;
        if (value ? !value_text(&run->space, value, &its, &part) : !lasting(run, &part))
            return false;
        if (its == VALUE_NULL)
            continue;
        if (kind == VALUE_NULL)
            joined = part;
        else if (!append(run, part, &joined))
            return false;
        kind = kind == VALUE_NULL ? its : VALUE_TEXT;
    }
    if (item->kind == ITEM_NESTED || (kind == VALUE_NULL && item->kind == ITEM_ATTR))
        return true;
    if (kind == VALUE_NULL)
        joined = (struct text){"null", 4};
    give(run, item, field, name, kind, joined);
    return true;
}

static bool run_item(struct run *run, const struct item *item, const struct instance *instance)
{
    field_id field = item->field;
    const char *name = item->name;
    if (item->named_by && item->kind == ITEM_VALUE && !named_field(run, item, instance, &field, &name))
        return false;
    if (item->n != 1 || item->parts->kind != OP_SUBST || item->parts->index >= instance->n || item->kind == ITEM_NESTED)
        return mixed(run, item, field, name, instance);
    return substituted(run, item, field, name, &instance->values[item->parts->index]);
}

static bool run_instance(struct run *run, const struct instance *instance, enum region region, struct text prefix)
{
    const struct plan *plan = plan_of(run->evtx, instance->program, region, prefix);
    for (uint32_t i = 0; plan && i < plan->n; i++)
        if (!run_item(run, &plan->items[i], instance))
            return false;
    return plan;
}

static bool each_instance(void *arg, const struct instance *instance)
{
    struct place *place = arg;
    return step(place->run) && run_instance(place->run, instance, place->region, place->prefix);
}

static bool plain_elements(void *arg, struct program *program)
{
    return each_instance(arg, &(struct instance){.program = program});
}

/* A fragment that is a value, or an instance inside a template: as deep as NESTED_MOST. */
static bool fragment_at(struct run *run, size_t at, size_t end, bool dependent, enum region region, struct text prefix)
{
    struct place place = {run, region, prefix};
    const struct fragment_use use = {each_instance, plain_elements, &place};
    char *mark = run->evtx->scratch.at;
    if (run->depth == NESTED_MOST || !step(run))
        return false;
    run->depth++;
    bool good = fragment_read(run->evtx, at, end, dependent, &use);
    run->depth--;
    run->evtx->scratch.at = mark;
    return good;
}

static bool fragment_in(struct run *run, const struct value *value, enum region region, struct text prefix)
{
    size_t at = (size_t)(value->bytes - run->evtx->chunk.base);
    return fragment_at(run, at, at + value->len, false, region, prefix);
}

static bool nested_instance(struct run *run, const struct op *op, const struct item *item)
{
    struct instance instance;
    char *mark = run->evtx->scratch.at;
    if (run->depth == NESTED_MOST || !instance_read(run->evtx, op->len, run->evtx->chunk.len, &instance))
        return false;
    run->depth++;
    bool good = run_instance(run, &instance, (enum region)item->region, item->inner);
    run->depth--;
    run->evtx->scratch.at = mark;
    return good;
}

bool run_record(struct evtx *evtx, const struct record *record, struct event *event)
{
    struct run run = {.evtx = evtx, .event = event, .steps = STEPS_MOST, .time = MOMENT_NONE};
    size_t size = record->end - record->at;
    run.space = (struct space){.arena = event->arena, .left = EVENT_BYTES_MOST};
    (void)space_need(&run.space, size);
    if (!fragment_at(&run, record->at + RECORD_HEAD, record->end, true, IN_ROOT, (struct text){"", 0}) || !event->n)
        return false;
    event->record = run.number ? run.number : record->id;       /* exported logs number their records anew, but keep this one */
    event->format = "evtx";
    event->time = run.time != MOMENT_NONE ? run.time : filetime_moment(record->written);
    return true;
}
