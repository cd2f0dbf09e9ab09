/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See renew.h. What is new or changed is asked of the two censuses once more: against the set that the examination compared with.
 */
#include "watch/ruleset/renew.h"

#include <string.h>

#include "base/text.h"
#include "office/own.h"
#include "watch/bundle/census.h"
#include "watch/hunt/hunt.h"
#include "watch/hunting/propose.h"

static bool census_of(struct office *office, const struct image *set, struct arena *arena, struct census *ret)
{
    const void *lines;
    size_t len;
    return set && office_own_attachment(office, set, "census", 0, arena, &lines, &len) == OK && census_read(lines, len, arena, ret) == OK;
}

static const struct image *compared_with(struct office *office, const struct image *set, struct arena *arena)
{
    const struct image *const *all;
    record_id id = image_link_to(set, register_field(set->def, "compared-with"));
    size_t n;
    if (!id || office_own_records(office, "rule-set", NULL, false, arena, &all, &n) != OK)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (all[i]->id == id)
            return all[i];
    return NULL;
}

static void push_ids(const struct census_change *changes, size_t n, const char **ids, size_t *n_ids)
{
    for (size_t i = 0; i < n; i++)
        if (changes[i].now && changes[i].now->ready && changes[i].now->kind == CENSUS_RULE && hunt_is_rule(changes[i].now->id, strlen(changes[i].now->id)))
            ids[(*n_ids)++] = changes[i].now->id;
}

static enum status renew(struct office *office, const struct image *set, moment now, struct arena *arena, struct reasons *reasons)
{
    struct census before, after;
    struct census_difference difference;
    struct outcome outcome;
    const char *const *numbers;
    size_t n = 0, n_hunts;
    struct val *fields = val_object(arena);
    if (!census_of(office, set, arena, &after))
        return OK;
    const struct image *former = compared_with(office, set, arena);
    census_compare(census_of(office, former, arena, &before) ? &before : NULL, &after, arena, &difference);
    const char **ids = ARENA_ARRAY(arena, const char *, difference.n_added + difference.n_changed + 1);
    push_ids(difference.added, difference.n_added, ids, &n);
    push_ids(difference.changed, difference.n_changed, ids, &n);
    enum status status = hunt_propose(office, set->number, ids, n, now, arena, reasons, &numbers, &n_hunts);
    if (status != OK && status != REFUSED && status != BAD_INPUT)
        return status;                         /* tried again; what an office's own rules refuse is not */
    val_set_int(arena, fields, "hunted", now);
    return office_act(office, "rule-set.examination", set->number, &(struct op){.kind = OP_EDIT, .number = set->number, .fields = fields}, 1, now, arena, &outcome);
}

enum status ruleset_renew(struct office *office, moment now, struct arena *arena, struct reasons *reasons, size_t *ret_n)
{
    const struct image *const *sets;
    size_t n, done = 0;
    enum status status = office_own_records(office, "rule-set", "in-force", true, arena, &sets, &n);
    for (size_t i = 0; status == OK && i < n; i++)
        if (!val_get(sets[i]->fields, "hunted")) {
            status = renew(office, sets[i], now, arena, reasons);
            done += status == OK;
        }
    if (status == OK)
        *ret_n = done;
    return status;
}

enum status ruleset_renew_job(struct office *office, moment now, struct reasons *reasons)
{
    struct arena *arena = arena_new((size_t)1 << 30);
    struct reasons found;
    size_t n;
    if (!arena)
        return NO_MEMORY;
    reasons_init(&found, arena);
    enum status status = ruleset_renew(office, now, arena, &found, &n);
    for (const struct reason *one = found.first; one; one = one->after) {
        struct reason *copy = reason_add(reasons, "rule-set.renew", NULL, "%1$s", one->text.in[LANG_EN]);
        for (unsigned l = 0; copy && l < LANG_COUNT; l++)
            copy->text.in[l] = one->text.in[l] ? arena_strdup(reasons->arena, one->text.in[l]) : NULL;
    }
    arena_free(arena);
    return status;
}
