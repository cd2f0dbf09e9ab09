/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The yearly rule of a zone in POSIX TZ form, with the extensions of RFC 8536 (hours from -167 to 167, names in <>).
 */
#include <string.h>

#include "base/days.h"
#include "base/zone.h"

static bool number(const char **at, int most, int *ret)
{
    int value = 0, digits = 0;
    for (; **at >= '0' && **at <= '9' && digits < 4; ++*at, digits++)
        value = value * 10 + (**at - '0');
    *ret = value;
    return digits > 0 && value <= most;
}

static bool skip_name(const char **at)
{
    const char *begin = *at;
    if (**at == '<') {
        const char *end = strchr(*at, '>');
        if (!end)
            return false;
        *at = end + 1;
        return true;
    }
    while ((**at >= 'A' && **at <= 'Z') || (**at >= 'a' && **at <= 'z'))
        ++*at;
    return *at - begin >= 3;
}

/* "[+-]hh[:mm[:ss]]" as seconds. */
static bool duration(const char **at, long *ret)
{
    int part[3] = {0, 0, 0};
    bool negative = **at == '-';
    if (**at == '-' || **at == '+')
        ++*at;
    if (!number(at, 167, &part[0]))
        return false;
    for (int i = 1; i < 3 && **at == ':'; i++) {
        ++*at;
        if (!number(at, 59, &part[i]))
            return false;
    }
    *ret = (negative ? -1 : 1) * (part[0] * 3600L + part[1] * 60L + part[2]);
    return true;
}

static bool skip(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

static bool change_day(const char **at, struct zone_day *ret)
{
    ret->seconds = 7200;
    if (!skip(at, ','))
        return false;
    if (skip(at, 'M')) {
        ret->form = 'M';
        if (!number(at, 12, &ret->month) || ret->month < 1 || !skip(at, '.') || !number(at, 5, &ret->week) ||
            ret->week < 1 || !skip(at, '.') || !number(at, 6, &ret->day))
            return false;
    } else {
        ret->form = skip(at, 'J') ? 'J' : '0';
        if (!number(at, 365, &ret->day) || (ret->form == 'J' && ret->day < 1))
            return false;
    }
    return !skip(at, '/') || duration(at, &ret->seconds);
}

bool zone_rule_read(const char *text, struct zone_rule *ret)
{
    struct zone_rule rule = {.there = true};
    const char *at = text;
    if (!skip_name(&at) || !duration(&at, &rule.standard))
        return false;
    rule.standard = -rule.standard;                    /* POSIX counts west */
    rule.summer = rule.standard + 3600;
    if (*at) {
        rule.has_summer = true;
        if (!skip_name(&at))
            return false;
        if (*at && *at != ',') {
            if (!duration(&at, &rule.summer))
                return false;
            rule.summer = -rule.summer;
        }
        if (!change_day(&at, &rule.begins) || !change_day(&at, &rule.ends) || *at)
            return false;
    }
    *ret = rule;
    return true;
}

/* The change of a year as local seconds since the epoch, by the wall clock in force before it. */
static int64_t change_in(const struct zone_day *day, int year)
{
    int64_t days;
    if (day->form == 'M') {
        int64_t first = days_from_date(year, day->month, 1);
        int weekday = (int)(((first + 4) % 7 + 7) % 7);              /* 0 Sunday */
        int of_month = 1 + (day->day - weekday + 7) % 7 + (day->week - 1) * 7;
        while (of_month > month_length(year, day->month))
            of_month -= 7;
        days = first + of_month - 1;
    } else if (day->form == 'J') {
        bool behind_leap_day = day->day >= 60 && month_length(year, 2) == 29;
        days = days_from_date(year, 1, 1) + day->day - 1 + behind_leap_day;
    } else {
        days = days_from_date(year, 1, 1) + day->day;
    }
    return days * 86400 + day->seconds;
}

long zone_rule_seconds(const struct zone_rule *rule, int64_t at)
{
    int year, month, day;
    if (!rule->has_summer)
        return rule->standard;
    date_from_days(floor_div(at + rule->standard, 86400), &year, &month, &day);
    int64_t begins = change_in(&rule->begins, year) - rule->standard;
    int64_t ends = change_in(&rule->ends, year) - rule->summer;
    bool summer = begins < ends ? at >= begins && at < ends : at >= begins || at < ends;
    return summer ? rule->summer : rule->standard;
}
