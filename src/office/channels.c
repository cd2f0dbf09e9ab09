/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Declared channels answer about records that their asker may not read: one bit a question. So each person asks each of them seldom. The
 * count is the asker's own: what others ask changes nothing for them. It lies in the writer's memory; questions are steps that were really
 * taken, so each stands in the journal, too.
 */
#include <stdio.h>
#include <stdlib.h>

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

bool channel_may_ask(struct stage *stage, const struct register_def *def, const struct step_def *step, size_t check)
{
    struct office *office = stage->office;
    if (!stage->holder)
        return true;                           /* the office's own steps tell nobody anything */
    int64_t key = key_of(stage->person, def, step, check);
    struct asked *asked = idmap_get(&office->channels, key);
    if (!asked) {
        asked = calloc(1, sizeof *asked);
        if (!asked)
            return refuse(stage, NO_MEMORY, "memory", NULL, T_("The store could not be read."));
        idmap_put(&office->channels, key, asked);
    }
    if (stage->now - asked->since >= CHANNEL_SPAN || stage->now < asked->since)
        *asked = (struct asked){.since = stage->now};
    if (asked->n < CHANNEL_MOST) {
        asked->n++;
        return true;
    }
    char often[8], until[MOMENT_TEXT];
    snprintf(often, sizeof often, "%d", CHANNEL_MOST);
    refuse(stage, REFUSED, "channel.rate", NULL, T_("You have asked this check over all the office's records %1$s times within an hour; this time nothing was looked at."), often);
    reason_next(stage->reasons, stage->reasons->last, T_("Try again after %1$s."), moment_iso(asked->since + CHANNEL_SPAN, until));
    return false;
}

void channels_free(struct office *office)
{
    void *asked;
    for (size_t walk = 0; idmap_next(&office->channels, &walk, NULL, &asked);)
        free(asked);
    idmap_free(&office->channels);
}
