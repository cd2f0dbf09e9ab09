/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The jail's answer, read as bytes from outside: a jail looks at blocks that a worker made, and either could have been taken over. What
 * does not have the form, or passes a bound, makes the whole answer DAMAGED.
 */
#include <string.h>

#include "base/text.h"
#include "watch/hunt/hunt.h"

static bool is_int(const struct val *val, int64_t least, int64_t most) { return val && val->kind == VAL_INT && val->number >= least && val->number <= most; }
static bool is_text(const struct val *val, size_t most) { return val && val->kind == VAL_STR && val->str.len <= most && strlen(val->str.s) == val->str.len; }

static bool take_values(const struct val *list, struct arena *arena, struct hunt_hit *hit)
{
    struct hunt_value *values;
    if (!list || list->kind != VAL_ARRAY || list->count > HUNT_VALUES_MOST || list->count % 2)
        return false;
    values = ARENA_ARRAY(arena, struct hunt_value, list->count / 2 + 1);
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (!is_text(val_at(list, i), EVENT_NAME_MOST) || !is_text(val_at(list, i + 1), HUNT_RAW_WHOLE))
            return false;
        values[hit->n_values++] = (struct hunt_value){val_text(val_at(list, i)), val_text(val_at(list, i + 1))};
    }
    hit->values = values;
    return true;
}

/* [block, item, time, record, format, line, what, rule, raw, cuts, values] */
static bool take_hit(const struct val *list, struct arena *arena, struct hunt_hit *ret)
{
    if (!list || list->kind != VAL_ARRAY || list->count != 11)
        return false;
    const struct val *rule = val_at(list, 7), *raw = val_at(list, 8);
    bool good = is_int(val_at(list, 0), 0, UINT32_MAX) && is_int(val_at(list, 1), 0, UINT32_MAX) && is_int(val_at(list, 2), INT64_MIN, INT64_MAX)
        && is_int(val_at(list, 3), INT64_MIN, INT64_MAX) && is_text(val_at(list, 4), 64) && is_int(val_at(list, 5), 0, UINT32_MAX) && is_text(val_at(list, 6), HUNT_TERM_MOST)
        && (rule->kind == VAL_NULL || is_text(rule, 64)) && is_text(raw, HUNT_RAW_WHOLE) && is_int(val_at(list, 9), 0, 3);
    if (!good)
        return false;
    *ret = (struct hunt_hit){.block = (uint32_t)val_at(list, 0)->number, .item = (uint32_t)val_at(list, 1)->number, .time = val_at(list, 2)->number,
        .record = (uint64_t)val_at(list, 3)->number, .format = val_text(val_at(list, 4)), .line = (unsigned)val_at(list, 5)->number, .what = val_text(val_at(list, 6)),
        .rule = val_text(rule), .raw = raw->str.s, .raw_len = raw->str.len, .raw_cut = val_at(list, 9)->number & 1, .values_cut = val_at(list, 9)->number & 2};
    return take_values(val_at(list, 10), arena, ret);
}

static bool take_hits(const struct val *list, struct arena *arena, struct hunt_answer *ret)
{
    if (!list || list->kind != VAL_ARRAY || list->count > HUNT_HITS_MOST)
        return false;
    struct hunt_hit *hits = ARENA_ARRAY(arena, struct hunt_hit, list->count + 1);
    for (size_t i = 0; i < list->count; i++) {
        if (!take_hit(val_at(list, i), arena, &hits[i]))
            return false;
        if (i && (hits[i].block < hits[i - 1].block || (hits[i].block == hits[i - 1].block && hits[i].item <= hits[i - 1].item)))
            return false;
    }
    ret->hits = hits;
    ret->n_hits = list->count;
    return true;
}

static bool take_spans(const struct val *list, struct arena *arena, struct hunt_answer *ret)
{
    if (!list || list->kind != VAL_ARRAY || list->count > 2 * HUNT_SPANS_MOST || list->count % 2)
        return false;
    struct hunt_span *spans = ARENA_ARRAY(arena, struct hunt_span, list->count / 2 + 1);
    for (size_t i = 0; i + 1 < list->count; i += 2) {
        if (!is_int(val_at(list, i), INT64_MIN, INT64_MAX) || !is_int(val_at(list, i + 1), 0, INT64_MAX))
            return false;
        spans[ret->n_spans++] = (struct hunt_span){val_at(list, i)->number, (uint64_t)val_at(list, i + 1)->number};
    }
    ret->spans = spans;
    return true;
}

/* Rules that could not be compiled: [id, where, English, French]. */
static bool take_refused(const struct val *list, struct arena *arena, struct hunt_answer *ret)
{
    reasons_init(&ret->refused, arena);
    if (!list || list->kind != VAL_ARRAY || list->count > HUNT_TERMS_MOST)
        return false;
    for (size_t i = 0; i < list->count; i++) {
        const struct val *one = val_at(list, i);
        for (size_t c = 0; c < 4; c++)
            if (!is_text(val_at(one, c), 4096))
                return false;
        struct reason *reason = reason_add(&ret->refused, "hunt.rule", val_text(val_at(one, 0)), "%1$s: %2$s", val_text(val_at(one, 1)), val_text(val_at(one, 2)));
        reason->text.in[LANG_FR] = arena_printf(arena, "%s : %s", val_text(val_at(one, 1)), val_text(val_at(one, 3)));
    }
    return true;
}

enum status hunt_found(const char *answer, size_t len, struct arena *arena, struct hunt_answer *ret)
{
    struct reasons ignored;
    struct val *all;
    struct hunt_answer got = {0};
    reasons_init(&ignored, arena);
    if (json_read(arena, answer, len, (struct json_limits){.bytes = (size_t)128 << 20, .depth = 8}, &ignored, &all) != OK || all->kind != VAL_OBJECT)
        return DAMAGED;
    got.events = (uint64_t)val_get_int(all, "events", 0);
    got.found = (uint64_t)val_get_int(all, "found", 0);
    got.damaged = (uint64_t)val_get_int(all, "damaged", 0);
    if (got.found > got.events || got.events > (uint64_t)1 << 40 || got.damaged > (uint64_t)1 << 32 || !take_hits(val_get(all, "hits"), arena, &got) || got.n_hits > got.found
        || !take_spans(val_get(all, "spans"), arena, &got) || !take_refused(val_get(all, "refused"), arena, &got))
        return DAMAGED;
    *ret = got;
    return OK;
}
