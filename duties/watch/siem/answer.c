/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a jail answered, in the office: every text and number is checked, since the jail may have been taken over by what it read.
 */
#include <string.h>

#include "base/text.h"
#include "watch/siem/siem.h"

static bool line_good(const struct val *value, const char **ret)
{
    const char *text = val_text(value);
    if (!text || value->str.len > SIEM_LINE_MOST || strlen(text) != value->str.len || !text_is_plain(text, value->str.len, false) || !utf8_valid(text, value->str.len))
        return false;
    *ret = text;
    return true;
}

static bool number_in(const struct val *value, int64_t least, int64_t most, int64_t *ret)
{
    if (!value || value->kind != VAL_INT || value->number < least || value->number > most)
        return false;
    *ret = value->number;
    return true;
}

static bool alert_good(const struct val *item, struct siem_alert *ret)
{
    int64_t level;
    const struct val *time = val_at(item, 3), *event = val_at(item, 6);
    if (!item || item->kind != VAL_ARRAY || val_count(item) != 7 || !line_good(val_at(item, 0), &ret->title) || !*ret->title ||
        !number_in(val_at(item, 1), SIGMA_INFORMATIONAL, SIGMA_CRITICAL, &level) || !line_good(val_at(item, 2), &ret->entity) ||
        !line_good(val_at(item, 4), &ret->reference) || !line_good(val_at(item, 5), &ret->rule))
        return false;
    ret->level = (enum sigma_level)level;
    ret->time = MOMENT_NONE;
    if (time->kind != VAL_NULL && !number_in(time, INT64_C(-2208988800000), INT64_C(253402300799999), &ret->time))
        return false;
    if (event->kind == VAL_NULL)
        return true;
    ret->event = val_text(event);
    ret->event_len = ret->event ? event->str.len : 0;
    return ret->event && ret->event_len <= SIEM_EVENT_MOST && utf8_valid(ret->event, ret->event_len);
}

enum status siem_answer_read(const char *answer, size_t len, struct arena *arena, struct siem_batch *ret)
{
    struct reasons ignored;
    struct val *all;
    int64_t refused, line, why;
    reasons_init(&ignored, arena);
    if (json_read(arena, answer, len, (struct json_limits){.bytes = (size_t)64 << 20, .depth = 6}, &ignored, &all) != OK)
        return DAMAGED;
    const struct val *alerts = val_get(all, "alerts"), *faults = val_get(all, "faults");
    if (!alerts || alerts->kind != VAL_ARRAY || !faults || faults->kind != VAL_ARRAY || val_count(alerts) > SIEM_ALERTS_MOST || val_count(faults) > SIEM_FAULTS_MOST ||
        !number_in(val_get(all, "refused"), (int64_t)val_count(faults), SIEM_ALERTS_MOST, &refused))
        return DAMAGED;
    struct siem_batch batch = {.alerts = ARENA_ARRAY(arena, struct siem_alert, val_count(alerts) + 1), .faults = ARENA_ARRAY(arena, struct siem_fault, val_count(faults) + 1), .refused = (uint64_t)refused};
    for (; batch.n < val_count(alerts); batch.n++)
        if (!alert_good(val_at(alerts, batch.n), &batch.alerts[batch.n]))
            return DAMAGED;
    for (; batch.n_faults < val_count(faults); batch.n_faults++) {
        const struct val *item = val_at(faults, batch.n_faults);
        if (!number_in(val_at(item, 0), 1, UINT32_MAX, &line) || !number_in(val_at(item, 1), SIEM_NO_FORM, SIEM_TOO_LONG, &why))
            return DAMAGED;
        batch.faults[batch.n_faults] = (struct siem_fault){(uint32_t)line, (enum siem_why)why};
    }
    *ret = batch;
    return OK;
}
