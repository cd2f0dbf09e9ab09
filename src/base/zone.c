/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Zones: the asking side. Each zone is loaded once (zone_file.c) and kept until the process ends; a process that locks
 * itself in asks for its zones before. A wall-clock time is turned into an instant by trying the offsets in force a day
 * before and a day after, since no zone changes twice within two days.
 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "base/days.h"
#include "base/moment.h"
#include "base/zone.h"

#define MOST_ZONES 64

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct zone *zones[MOST_ZONES];
static unsigned n_zones;

static bool is_utc(const char *name)
{
    return !name || !*name || strcmp(name, "UTC") == 0;
}

/* Letters, digits and _+-/ only, no dot: a name cannot leave the zone folder. */
static bool name_is_safe(const char *name)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_+-/";
    size_t len = strlen(name);
    return len < ZONE_NAME && name[0] != '/' && strspn(name, allowed) == len;
}

static const struct zone *zone_find(const char *name)
{
    const struct zone *found = NULL;
    if (!name_is_safe(name))
        return NULL;
    pthread_mutex_lock(&lock);
    for (unsigned i = 0; i < n_zones && !found; i++) {
        if (strcmp(zones[i]->name, name) == 0)
            found = zones[i];
    }
    if (!found && n_zones < MOST_ZONES) {
        struct zone *loaded = zone_load(name);
        if (loaded)
            found = zones[n_zones++] = loaded;
    }
    pthread_mutex_unlock(&lock);
    return found;
}

enum status zone_offset(const char *name, moment at, int *ret_minutes)
{
    if (is_utc(name)) {
        *ret_minutes = 0;
        return OK;
    }
    const struct zone *zone = zone_find(name);
    if (!zone)
        return ABSENT;
    *ret_minutes = (int)floor_div(zone_seconds(zone, floor_div(at, SECOND)), 60);
    return OK;
}

/* The first instant (in seconds) in (from, to] at which the offset is no longer that of `from`. */
static int64_t change_between(const struct zone *zone, int64_t from, int64_t to)
{
    long before = zone_seconds(zone, from);
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (zone_seconds(zone, middle) == before)
            from = middle;
        else
            to = middle;
    }
    return to;
}

enum status zone_instant(const char *name, struct civil local, moment *ret)
{
    moment as_utc = moment_from_civil(local);
    if (as_utc == MOMENT_NONE)
        return BAD_INPUT;
    if (is_utc(name)) {
        *ret = as_utc;
        return OK;
    }
    const struct zone *zone = zone_find(name);
    if (!zone)
        return ABSENT;
    int64_t wall = floor_div(as_utc, SECOND), ms = as_utc - wall * SECOND;
    long before = zone_seconds(zone, wall - 86400), after = zone_seconds(zone, wall + 86400);
    int64_t first = wall - before, second = wall - after;
    bool first_good = zone_seconds(zone, first) == before, second_good = zone_seconds(zone, second) == after;
    if (first_good && (!second_good || first <= second))
        *ret = first * SECOND + ms;
    else if (second_good)
        *ret = second * SECOND + ms;
    else
        *ret = change_between(zone, wall - 86400, wall + 86400) * SECOND;
    return OK;
}
