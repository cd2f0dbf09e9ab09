/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Working days and spans. A working day is a local day of the calendar's zone that is neither a weekly day off nor a
 * holiday. Counting stops after ten years without one, so a calendar that never works cannot hang a clock.
 */
#include <stdlib.h>
#include <string.h>

#include "base/days.h"
#include "base/moment.h"

#define LONGEST_PAUSE 3653

static bool is_holiday(const struct calendar *calendar, int64_t day)
{
    unsigned low = 0, high = calendar->n_holidays;
    while (low < high) {
        unsigned middle = low + (high - low) / 2;
        if (calendar->holidays[middle] < day)
            low = middle + 1;
        else
            high = middle;
    }
    return low < calendar->n_holidays && calendar->holidays[low] == day;
}

static bool day_works(const struct calendar *calendar, int64_t day)
{
    int weekday = (int)(((day + 3) % 7 + 7) % 7) + 1;
    return !(calendar->days_off >> weekday & 1) && !is_holiday(calendar, day);
}

/* The local wall-clock time as ms; an unknown zone counts as UTC (the loader of the calendar refuses it). */
static int64_t local_ms(const struct calendar *calendar, moment at)
{
    int minutes = 0;
    if (zone_offset(calendar->zone, at, &minutes) != OK)
        minutes = 0;
    return at + minutes * MINUTE;
}

bool calendar_works(const struct calendar *calendar, moment at)
{
    return !calendar || day_works(calendar, floor_div(local_ms(calendar, at), DAY));
}

static moment at_local(const struct calendar *calendar, int64_t day, int64_t of_day)
{
    moment instant;
    struct civil civil = moment_civil(day * DAY + of_day);
    if (zone_instant(calendar->zone, civil, &instant) != OK)
        return day * DAY + of_day;
    return instant;
}

moment calendar_add_days(const struct calendar *calendar, moment at, int days)
{
    if (at == MOMENT_NONE || at == MOMENT_EVER)
        return at;
    if (!calendar)
        return at + days * DAY;
    int64_t local = local_ms(calendar, at);
    int64_t day = floor_div(local, DAY), of_day = local - day * DAY;
    int step = days < 0 ? -1 : 1, left = days < 0 ? -days : days, pause = 0;
    if (left == 0 && day_works(calendar, day))
        return at;
    if (left == 0)
        left = 1;
    while (left) {
        day += step;
        if (day_works(calendar, day)) {
            left--;
            pause = 0;
        } else if (++pause > LONGEST_PAUSE) {
            return MOMENT_NONE;
        }
    }
    return at_local(calendar, day, of_day);
}

/* ---- spans ---- */

enum status span_read(const char *text, struct span *ret)
{
    static const struct { const char *suffix; char unit; } units[] = {
        {"m", 'm'}, {"h", 'h'}, {"d", 'd'}, {"w", 'w'}, {"mo", 'M'}, {"y", 'y'}, {"wd", 'W'},
    };
    if (!text)
        return BAD_INPUT;
    size_t digits = strspn(text, "0123456789");
    if (digits == 0 || digits > 6)
        return BAD_INPUT;
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        if (strcmp(text + digits, units[i].suffix) != 0)
            continue;
        *ret = (struct span){strtoll(text, NULL, 10), units[i].unit};
        return OK;
    }
    return BAD_INPUT;
}

static moment added(const struct calendar *calendar, moment from, struct span span)
{
    switch (span.unit) {
    case 'm':
        return from + span.count * MINUTE;
    case 'h':
        return from + span.count * HOUR;
    case 'd':
        return from + span.count * DAY;
    case 'w':
        return from + span.count * 7 * DAY;
    case 'M':
        return moment_add_months(from, (int)span.count);
    case 'y':
        return moment_add_months(from, (int)span.count * 12);
    case 'W':
        return calendar_add_days(calendar, from, (int)span.count);
    default:
        return MOMENT_NONE;
    }
}

moment span_add(const struct calendar *calendar, moment from, struct span span)
{
    if (from == MOMENT_NONE || from == MOMENT_EVER)
        return from;
    moment to = added(calendar, from, span);
    return to < MOMENT_FIRST || to > MOMENT_LAST ? MOMENT_NONE : to;
}
