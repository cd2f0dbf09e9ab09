/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What became of a configuration, as JSON behind the kind: counts, and of rules that could not be compiled the first, with the reason in both
 * languages.
 */
#include "inside.h"

#include <string.h>

#include "base/text.h"

enum { VERDICT_MOST = 1 << 20, WORDS_MOST = 500 };

static struct val *words(struct arena *arena, const char *text)
{
    size_t len = text ? strlen(text) : 0;
    if (len > WORDS_MOST)
        for (len = WORDS_MOST; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
            continue;
    return val_strn(arena, text && utf8_valid(text, len) ? text : "", text && utf8_valid(text, len) ? len : 0);
}

bool live_verdict(struct live *live, const struct rules *rules, uint32_t milliseconds, const char *fault)
{
    struct arena *arena = live->words;
    struct val *object = val_object(arena), *list = val_array(arena);
    struct sigma_counts counts = rules->sigma ? sigma_counts(rules->sigma) : (struct sigma_counts){0};
    const uint32_t kind = LIVE_VERDICT;
    val_set_int(arena, object, "generation", rules->generation);
    val_set_int(arena, object, "rules", (int64_t)counts.rules);
    val_set_int(arena, object, "ready", (int64_t)counts.ready);
    val_set_int(arena, object, "refused", (int64_t)counts.refused);
    val_set_int(arena, object, "correlations", (int64_t)counts.correlations);
    val_set_int(arena, object, "filters", (int64_t)counts.filters);
    val_set_int(arena, object, "milliseconds", milliseconds);
    val_set(arena, object, "fault", words(arena, fault));
    for (size_t i = 0; rules->sigma && i < sigma_count(rules->sigma) && val_count(list) < LIVE_REFUSED_MOST; i++) {
        const struct sigma_rule *rule = sigma_rule(rules->sigma, i);
        if (rule->standing != SIGMA_REFUSED)
            continue;
        struct val *one = val_object(arena);
        val_set(arena, one, "id", words(arena, rule->id));
        val_set(arena, one, "title", words(arena, rule->title));
        val_set(arena, one, "where", words(arena, rule->where));
        val_set(arena, one, "en", words(arena, rule->why.in[LANG_EN]));
        val_set(arena, one, "fr", words(arena, rule->why.in[LANG_FR]));
        val_push(arena, list, one);
    }
    val_set(arena, object, "list", list);
    buf_clear(&live->message);
    buf_add(&live->message, &kind, sizeof kind);
    json_write(&live->message, object);
    return !live->message.failed && live_send(live, live->message.data, live->message.len);
}

/* ---- in the office ---- */

static uint32_t number(const struct val *object, const char *name, bool *good)
{
    int64_t value = val_get_int(object, name, -1);
    *good &= value >= 0 && value <= UINT32_MAX;
    return (uint32_t)value;
}
static const char *text(const struct val *object, const char *name, bool *good)
{
    const char *found = val_get_str(object, name);
    *good &= found && strlen(found) <= WORDS_MOST;
    return found ? found : "";
}

enum status live_verdict_read(const char *message, size_t len, struct arena *arena, struct live_verdict *ret)
{
    struct val *object;
    struct reasons ignored;
    bool good = true;
    reasons_init(&ignored, arena);
    if (len < 4 || len > VERDICT_MOST || json_read(arena, message + 4, len - 4, (struct json_limits){VERDICT_MOST, 6}, &ignored, &object) != OK || object->kind != VAL_OBJECT)
        return DAMAGED;
    struct live_verdict verdict = {.generation = number(object, "generation", &good), .rules = number(object, "rules", &good), .ready = number(object, "ready", &good),
        .refused = number(object, "refused", &good), .correlations = number(object, "correlations", &good), .filters = number(object, "filters", &good),
        .milliseconds = number(object, "milliseconds", &good), .fault = text(object, "fault", &good)};
    const struct val *list = val_get(object, "list");
    size_t n = list && list->kind == VAL_ARRAY ? val_count(list) : 0;
    struct live_refused *refused = ARENA_ARRAY(arena, struct live_refused, n + 1);
    good &= n <= LIVE_REFUSED_MOST;
    for (size_t i = 0; good && i < n; i++) {
        const struct val *one = val_at(list, i);
        refused[i] = (struct live_refused){text(one, "id", &good), text(one, "title", &good), text(one, "where", &good), {text(one, "en", &good), text(one, "fr", &good)}};
    }
    verdict.list = refused;
    verdict.n_list = n;
    if (!good)
        return DAMAGED;
    *ret = verdict;
    return OK;
}
