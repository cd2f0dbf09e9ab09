/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Declared channels answer about records that their asker may not read: one bit a question. So each person asks each of them seldom. The
 * count is the asker's own: what others ask changes nothing for them. It lies in the writer's memory and in a side row of the person's, which is
 * written with the question, so that a restart begins no count anew; questions are steps that were really taken, so each stands in the journal, too,
 * and on the desks of those who hold the channel's right.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "office/inside.h"

struct asked { moment since; unsigned n; };

/* Uniform, as idmap wants its keys; never 0. */
static int64_t key_of(record_id person, const struct register_def *def, const struct step_def *step, size_t check)
{
    uint64_t h = (uint64_t)person ^ ((uint64_t)def->index << 48 | (uint64_t)(step - def->steps) << 24 | (uint64_t)check << 8);
    h = (h ^ (h >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    h = (h ^ (h >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (int64_t)((h ^ (h >> 31)) | 1);
}

/* ---- the count, kept ---- */

#define SIDE_COUNT "channel-count"

struct asked_now { const char *key; const struct asked *asked; struct asked_now *next; };

static const char *count_key(struct stage *stage, const struct register_def *def, const struct step_def *step, size_t check)
{
    return arena_printf(stage->arena, "%s/%s/%zu", def->name, step->name, check);
}

static enum status load_count(struct stage *stage, const char *key, struct asked *ret)
{
    const void *bytes;
    size_t len;
    label_id label;
    long long since;
    unsigned n;
    enum status status = txn_get_side(stage->txn, SIDE_COUNT, stage->person, key, stage->arena, &bytes, &len, &label);
    if (status == ABSENT)
        return OK;
    if (status != OK)
        return status;
    if (sscanf(arena_strndup(stage->arena, bytes, len), "%lld %u", &since, &n) != 2)
        return DAMAGED;
    *ret = (struct asked){since, n};
    return OK;
}

static bool keep_counts(struct stage *stage)
{
    for (const struct asked_now *now = stage->asked_now; now; now = now->next) {
        const char *text = arena_printf(stage->arena, "%lld %u", (long long)now->asked->since, now->asked->n);
        if (txn_put_side(stage->txn, SIDE_COUNT, stage->person, now->key, 0, text, strlen(text)) != OK)
            return false;
    }
    return true;
}

bool channel_may_ask(struct stage *stage, const struct register_def *def, const struct step_def *step, size_t check)
{
    struct office *office = stage->office;
    if (!stage->holder)
        return true;                           /* the office's own steps tell nobody anything */
    int64_t key = key_of(stage->person, def, step, check);
    const char *name = count_key(stage, def, step, check);
    struct asked *asked = idmap_get(&office->channels, key);
    if (!asked) {
        asked = calloc(1, sizeof *asked);
        if (!asked || load_count(stage, name, asked) != OK) {
            free(asked);
            return refuse(stage, FAILED_IO, "store", NULL, T_("The store could not be read."));
        }
        idmap_put(&office->channels, key, asked);
    }
    if (stage->now - asked->since >= CHANNEL_SPAN || stage->now < asked->since)
        *asked = (struct asked){.since = stage->now};
    if (asked->n < CHANNEL_MOST) {
        struct asked_now *now = ARENA_NEW(stage->arena, struct asked_now);
        asked->n++;
        *now = (struct asked_now){name, asked, stage->asked_now};
        stage->asked_now = now;
        return true;
    }
    char often[8], until[MOMENT_TEXT];
    snprintf(often, sizeof often, "%d", CHANNEL_MOST);
    refuse(stage, REFUSED, "channel.rate", NULL, T_("You have asked this check over all the office's records %1$s times within an hour; this time nothing was looked at."), often);
    reason_next(stage->reasons, stage->reasons->last, T_("Try again after %1$s."), moment_iso(asked->since + CHANNEL_SPAN, until));
    return false;
}

/* ---- telling those who coordinate ---- */

#define SIDE_CHANNEL "channel"
#define TOLD_FOR (30 * DAY)
#define TOLD_MOST 50

bool channel_tell(struct stage *stage)
{
    struct val *told = val_object(stage->arena);
    struct buf text;
    if (!keep_counts(stage))
        return false;
    if (!stage->asked_step || !stage->holder)
        return true;
    val_set_str(stage->arena, told, "right", stage->asked_right);
    val_set_str(stage->arena, told, "number", stage->asked_number);
    val_set_str(stage->arena, told, "step", stage->asked_step->name);
    val_set_str(stage->arena, told, "person", stage->person_number);
    val_set_int(stage->arena, told, "time", stage->now);
    buf_init(&text, 4096);
    json_write(&text, told);
    /* The latest come first in the table's order; one row for a person, record and minute is enough. */
    const char *key = arena_printf(stage->arena, "%015lld-%s-%s", (long long)(INT64_C(999999999999999) - stage->now / MINUTE), stage->asked_number, stage->person_number);
    bool good = !text.failed && txn_put_side(stage->txn, SIDE_CHANNEL, 0, key, 0, text.data, text.len) == OK;
    buf_free(&text);
    return good;
}

struct telling { struct office *office; const struct reader *reader; moment now; struct arena *arena; struct channel_question *ret; size_t n; };

static bool tell_one(void *arg, const char *key, const void *bytes, size_t len)
{
    struct telling *telling = arg;
    struct channel_question *question = &telling->ret[telling->n];
    struct reasons ignored;
    struct record_view about;
    struct val *told;
    (void)key;
    reasons_init(&ignored, telling->arena);
    if (json_read(telling->arena, bytes, len, (struct json_limits){.bytes = 4096}, &ignored, &told) != OK)
        return true;
    question->time = val_get_int(told, "time", 0);
    if (question->time < telling->now - TOLD_FOR || telling->n >= TOLD_MOST)
        return false;
    if (!reader_has_right(telling->reader, val_get_str(told, "right")) ||
        office_get(telling->office, telling->reader, NULL, val_get_str(told, "number"), telling->arena, &question->record) != OK)
        return true;
    question->step = register_step(question->record.def, val_get_str(told, "step"));
    question->person = office_get(telling->office, telling->reader, "person", val_get_str(told, "person"), telling->arena, &about) == OK ? about.title : NULL;
    telling->n += question->step != NULL;
    return true;
}

enum status office_channel_questions(struct office *office, const struct reader *reader, moment now, struct arena *arena, struct channel_question **ret, size_t *ret_n)
{
    struct telling telling = {office, reader, now, arena, ARENA_ARRAY(arena, struct channel_question, TOLD_MOST + 1), 0};
    enum status status = office_side_each(office, SIDE_CHANNEL, 0, tell_one, &telling);
    if (status == OK) {
        *ret = telling.ret;
        *ret_n = telling.n;
    }
    return status;
}

void channels_free(struct office *office)
{
    void *asked;
    for (size_t walk = 0; idmap_next(&office->channels, &walk, NULL, &asked);)
        free(asked);
    idmap_free(&office->channels);
}
