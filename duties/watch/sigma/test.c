/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Predicates, tested one by one: the meaning that every faster way must keep. A text test holds for a field when it holds for one of
 * its values; null is no text.
 */
#include <string.h>

#include "watch/sigma/fast.h"

#define RE_WORK_MOST 2000000u              /* steps of one regex over one value */

static void *pcre_take(PCRE2_SIZE size, void *arena) { return arena_alloc(arena, size); }
static void pcre_leave(void *p, void *arena) {}

void bench_init(struct bench *bench, struct arena *arena)
{
    *bench = (struct bench){.arena = arena};
    pcre2_general_context *general = pcre2_general_context_create(pcre_take, pcre_leave, arena);
    bench->match = pcre2_match_data_create(8, general);
    bench->context = pcre2_match_context_create(general);
    pcre2_set_match_limit(bench->context, RE_WORK_MOST);
    pcre2_set_heap_limit(bench->context, 16384);
}

struct looked bench_look(struct bench *bench, unsigned which, const char *text, size_t len)
{
    size_t need = 2 * len + 8;
    if (bench->room[which] < need) {
        bench->room[which] = need < 8192 ? 8192 : 2 * need;
        bench->folded[which] = ARENA_ARRAY(bench->arena, char, bench->room[which]);
    }
    struct looked looked = {.raw = text, .raw_len = len, .folded = bench->folded[which]};
    looked.folded_len = sigma_fold(bench->folded[which], text, len, &looked.ascii);
    return looked;
}

/* ---- texts -------------------------------------------------------------------------------------------------- */

static bool text_holds(const struct pred *pred, const struct looked *looked)
{
    const char *text = pred->cased ? looked->raw : looked->folded;
    size_t len = pred->cased ? looked->raw_len : looked->folded_len;
    switch ((enum test_kind)pred->kind) {
    case TEST_ANY: return true;
    case TEST_EQUALS: return len == pred->len && memcmp(text, pred->text, len) == 0;
    case TEST_STARTS: return len >= pred->len && memcmp(text, pred->text, pred->len) == 0;
    case TEST_ENDS: return len >= pred->len && memcmp(text + len - pred->len, pred->text, pred->len) == 0;
    case TEST_CONTAINS: return memmem(text, len, pred->text, pred->len) != NULL;
    default: return pattern_matches(pred->glob, text, len);
    }
}

static bool re_holds(struct bench *bench, const struct pred *pred, const struct looked *looked)
{
    int found = pcre2_match(pred->re, (PCRE2_SPTR)looked->raw, looked->raw_len, 0, 0, bench->match, bench->context);
    if (found < 0 && found != PCRE2_ERROR_NOMATCH)
        bench->given_up++;
    return found >= 0;
}

static bool network_holds(const struct network *network, const struct looked *looked)
{
    struct network at;
    if (!network_read(looked->raw, looked->raw_len, &at))
        return false;
    const uint8_t *bytes = at.bytes;
    if (at.v6 && !network->v6) {
        static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
        if (memcmp(bytes, mapped, 12) != 0)
            return false;
        bytes += 12;
    } else if (at.v6 != network->v6) {
        return false;
    }
    if (at.bits != (at.v6 ? 128 : 32))
        return false;
    size_t whole = network->bits / 8, rest = network->bits % 8;
    return memcmp(bytes, network->bytes, whole) == 0 && (rest == 0 || ((bytes[whole] ^ network->bytes[whole]) >> (8 - rest)) == 0);
}

/* ---- numbers and times -------------------------------------------------------------------------------------- */

static bool two(const char *text, size_t len, size_t at, int *ret)
{
    if (at + 2 > len || (unsigned char)(text[at] - '0') > 9 || (unsigned char)(text[at + 1] - '0') > 9)
        return false;
    *ret = (text[at] - '0') * 10 + text[at + 1] - '0';
    return true;
}

/* Weeks as ISO 8601 counts them: the first is that with the year's first Thursday. */
static int week_of(struct civil civil)
{
    moment day = moment_from_civil(civil), thursday = day + (4 - moment_weekday(day)) * DAY;
    struct civil first = {.year = moment_civil(thursday).year, .month = 1, .day = 1};
    return (int)((thursday - moment_from_civil(first)) / DAY) / 7 + 1;
}

/* "2026-11-22", "2026-11-22T13:05...", "2026-11-22 13:05...", as written, without regard to a zone. */
static bool part_of(enum part part, const struct looked *looked, struct number *ret)
{
    const char *text = looked->raw;
    size_t len = looked->raw_len;
    int century, year, month, day, hour = -1, minute = -1, value;
    if (len < 10 || !two(text, len, 0, &century) || !two(text, len, 2, &year) || text[4] != '-' || !two(text, len, 5, &month) ||
        text[7] != '-' || !two(text, len, 8, &day))
        return false;
    struct civil civil = {.year = century * 100 + year, .month = month, .day = day};
    if (moment_from_civil(civil) == MOMENT_NONE)
        return false;
    if (len > 10 && ((text[10] != 'T' && text[10] != ' ') || len < 16 || !two(text, len, 11, &hour) || text[13] != ':' ||
                     !two(text, len, 14, &minute) || hour > 23 || minute > 59))
        return false;
    switch (part) {
    case PART_MINUTE: value = minute; break;
    case PART_HOUR: value = hour; break;
    case PART_DAY: value = day; break;
    case PART_WEEK: value = week_of(civil); break;
    case PART_MONTH: value = month; break;
    default: value = civil.year; break;
    }
    *ret = (struct number){.whole = true, .integer = value, .real = value};
    return value >= 0;
}

static bool number_holds(const struct pred *pred, const struct looked *looked)
{
    struct number number;
    if (pred->part ? !part_of((enum part)pred->part, looked, &number) : !number_read(looked->raw, looked->raw_len, &number))
        return false;
    int order = number_compare(number, pred->number);
    switch ((enum compare)pred->compare) {
    case COMPARE_EQ: return order == 0;
    case COMPARE_LT: return order < 0;
    case COMPARE_LTE: return order <= 0;
    case COMPARE_GT: return order > 0;
    default: return order >= 0;
    }
}

bool pred_holds_value(struct bench *bench, const struct pred *pred, const struct looked *looked)
{
    if (pred->kind == TEST_RE)
        return re_holds(bench, pred, looked);
    if (pred->kind == TEST_CIDR)
        return network_holds(&pred->network, looked);
    if (pred->kind == TEST_NUMBER)
        return number_holds(pred, looked);
    return text_holds(pred, looked);
}

/* ---- over events -------------------------------------------------------------------------------------------- */

static bool refers(struct bench *bench, const struct pred *pred, const struct event *event)
{
    for (size_t i = 0; i < event->n; i++) {
        struct event_value *a = &event->values[i];
        if (a->field != pred->field || a->kind == VALUE_NULL)
            continue;
        event_text(event, a);
        const struct looked left = bench_look(bench, 0, a->text, a->len);
        for (size_t k = 0; k < event->n; k++) {
            struct event_value *b = &event->values[k];
            if (b->field != pred->other || b->kind == VALUE_NULL)
                continue;
            event_text(event, b);
            const struct looked right = bench_look(bench, 1, b->text, b->len);
            const struct pred same = {.kind = pred->shape == SHAPE_EQUALS ? TEST_EQUALS : pred->shape == SHAPE_STARTS ? TEST_STARTS :
                                      pred->shape == SHAPE_ENDS ? TEST_ENDS : TEST_CONTAINS, .cased = pred->cased,
                                      .text = pred->cased ? right.raw : right.folded,
                                      .len = (uint32_t)(pred->cased ? right.raw_len : right.folded_len)};
            if (text_holds(&same, &left))
                return true;
        }
    }
    return false;
}

static bool present(const struct pred *pred, const struct event *event)
{
    bool there = false;
    for (size_t i = 0; i < event->n; i++) {
        if (event->values[i].field != pred->field)
            continue;
        if (pred->kind == TEST_NULL && event->values[i].kind == VALUE_NULL)
            return true;
        there = true;
    }
    return pred->kind == TEST_NULL ? !there : there == pred->truth;
}

bool pred_holds(struct bench *bench, const struct pred *pred, const struct event *event)
{
    if (pred->kind == TEST_FIELDREF)
        return refers(bench, pred, event);
    if (PRED_OF_EVENT(pred))
        return present(pred, event);
    for (size_t i = 0; i < event->n; i++) {
        struct event_value *value = &event->values[i];
        if ((pred->field && value->field != pred->field) || value->kind == VALUE_NULL)
            continue;
        event_text(event, value);                      /* a reader may have left escapes */
        const struct looked looked = bench_look(bench, 0, value->text, value->len);
        if (pred_holds_value(bench, pred, &looked))
            return true;
    }
    if (pred->field == 0 && event->n == 0 && event->raw) {
        const struct looked looked = bench_look(bench, 0, event->raw, event->raw_len);
        return pred_holds_value(bench, pred, &looked);
    }
    return false;
}

bool node_holds_directly(struct bench *bench, const struct sigma *sigma, const struct node *node, const struct event *event)
{
    if (node->kind == NODE_PRED)
        return pred_holds(bench, &sigma->preds[node->pred], event);
    if (node->kind == NODE_NOT)
        return !node_holds_directly(bench, sigma, node->kids[0], event);
    for (uint32_t i = 0; i < node->n; i++)
        if (node_holds_directly(bench, sigma, node->kids[i], event) == (node->kind == NODE_OR))
            return node->kind == NODE_OR;
    return node->kind == NODE_AND;
}
