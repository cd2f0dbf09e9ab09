/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Working calendars: a zone, weekly days off, hours, and holidays, which are computed for the years 1990-2100. A
 * holiday is a day ("2026-12-24"), a day of every year ("12-25"), or counted from Western Easter Sunday ("easter",
 * "easter-2", "easter+49"); the long form {on: ..., name: {en, fr}} gives it a name.
 */
#include "office/pack-read.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_YEAR 1990
#define LAST_YEAR 2100
#define MAX_HOLIDAYS 400

/* Days since 1970-01-01 of a civil day; INT32_MIN when there is no such day. */
static int32_t day_number(int year, int month, int day)
{
    moment at = moment_from_civil((struct civil){.year = year, .month = month, .day = day});
    return at == MOMENT_NONE ? INT32_MIN : (int32_t)(at >= 0 ? at / DAY : -((-at + DAY - 1) / DAY));
}

/* Easter Sunday of the Gregorian calendar (Butcher's rule). */
static int32_t easter(int year)
{
    int a = year % 19, b = year / 100, c = year % 100;
    int h = (19 * a + b - b / 4 - (b - (b + 8) / 25 + 1) / 3 + 15) % 30;
    int l = (32 + 2 * (b % 4) + 2 * (c / 4) - h - c % 4) % 7;
    int m = (a + 11 * h + 22 * l) / 451;
    int n = h + l - 7 * m + 114;
    return day_number(year, n / 31, n % 31 + 1);
}

static bool digits(const char *text, size_t from, size_t n, int *ret)
{
    int value = 0;
    for (size_t i = from; i < from + n; i++) {
        if (text[i] < '0' || text[i] > '9')
            return false;
        value = value * 10 + (text[i] - '0');
    }
    *ret = value;
    return true;
}

struct days { int32_t *at; size_t n, cap; };

static void add_day(struct days *days, int32_t day)
{
    if (day != INT32_MIN && days->n < days->cap)
        days->at[days->n++] = day;
}

static bool add_easter(struct days *days, const char *text)
{
    int offset = 0;
    size_t len = strlen(text);
    if (len > 6) {
        if ((text[6] != '+' && text[6] != '-') || len > 9 || len < 8 || !digits(text, 7, len - 7, &offset))
            return false;
        offset = text[6] == '-' ? -offset : offset;
    }
    for (int year = FIRST_YEAR; year <= LAST_YEAR; year++)
        add_day(days, easter(year) + offset);
    return true;
}

static bool add_holiday(struct days *days, const char *text)
{
    int year, month, day;
    size_t len = strlen(text);
    if (strncmp(text, "easter", 6) == 0)
        return add_easter(days, text);
    if (len == 5 && text[2] == '-' && digits(text, 0, 2, &month) && digits(text, 3, 2, &day)) {
        if (day_number(2000, month, day) == INT32_MIN)
            return false;
        for (year = FIRST_YEAR; year <= LAST_YEAR; year++)
            add_day(days, day_number(year, month, day));
        return true;
    }
    if (len == 10 && text[4] == '-' && text[7] == '-' && digits(text, 0, 4, &year) && digits(text, 5, 2, &month) && digits(text, 8, 2, &day)) {
        int32_t number = day_number(year, month, day);
        add_day(days, number);
        return number != INT32_MIN && year >= FIRST_YEAR && year <= LAST_YEAR;
    }
    return false;
}

static int compare_days(const void *a, const void *b)
{
    int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
    return x < y ? -1 : x > y;
}

static void load_holidays(const struct reader_of *r, struct calendar *calendar, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "holidays", false, &n);
    if (n > MAX_HOLIDAYS) {
        FAULT(r, tree, T_("A calendar has at most %1$s lines of holidays."), "400");
        return;
    }
    size_t cap = n * (LAST_YEAR - FIRST_YEAR + 1);
    struct days days = {ARENA_ARRAY(r->l->arena, int32_t, cap + 1), 0, cap};
    for (size_t i = 0; i < n; i++) {
        const struct val *item = list[i], *on = item;
        if (item->kind == VAL_OBJECT) {
            want_object(r, item, tree, "holiday", "on name");
            read_words(r, item, "name", true);
            on = member(r, item, "on", true);
            if (!on)
                continue;
        }
        const char *text = item_text(r, on);
        if (text && !add_holiday(&days, text)) {
            struct reason *fault = FAULT(r, on, T_("“%1$s” is no holiday."), text);
            HINT(r, fault, T_("Write a day (2026-12-24, years 1990 to 2100), a day of every year (12-25), or easter, easter-2, easter+49."));
        }
    }
    qsort(days.at, days.n, sizeof *days.at, compare_days);
    size_t kept = 0;
    for (size_t i = 0; i < days.n; i++)
        if (kept == 0 || days.at[kept - 1] != days.at[i])
            days.at[kept++] = days.at[i];
    calendar->holidays = days.at;
    calendar->n_holidays = (unsigned)kept;
}

static void load_days_off(const struct reader_of *r, struct calendar *calendar, const struct val *tree)
{
    size_t n;
    const struct val *const *list = read_list(r, tree, "days-off", true, &n);
    for (size_t i = 0; i < n; i++) {
        if (list[i]->kind != VAL_INT || list[i]->number < 1 || list[i]->number > 7)
            FAULT(r, list[i], T_("Days of the week are numbered from 1 (Monday) to 7 (Sunday)."));
        else
            calendar->days_off |= 1u << list[i]->number;
    }
    if (calendar->days_off == 0xfe)
        FAULT(r, tree, T_("No working day is left."));
}

/* "08:30" as minutes; -1. */
static int minutes(const char *text)
{
    int hour, minute;
    if (strlen(text) != 5 || text[2] != ':' || !digits(text, 0, 2, &hour) || !digits(text, 3, 2, &minute))
        return -1;
    return minute < 60 && hour * 60 + minute <= 1440 ? hour * 60 + minute : -1;
}

static void load_hours(const struct reader_of *r, struct calendar *calendar, const struct val *tree)
{
    size_t n;
    calendar->opens = 0;
    calendar->closes = 1440;
    const struct val *const *list = read_list(r, tree, "hours", false, &n);
    if (!list)
        return;
    const char *opens = n == 2 ? item_text(r, list[0]) : NULL, *closes = n == 2 ? item_text(r, list[1]) : NULL;
    int from = opens ? minutes(opens) : -1, to = closes ? minutes(closes) : -1;
    if (from < 0 || to < 0 || from >= to) {
        struct reason *fault = FAULT(r, n ? list[0] : tree, T_("These are no hours of a day."));
        HINT(r, fault, T_("Write hours: [\"08:30\", \"17:00\"]."));
        return;
    }
    calendar->opens = from;
    calendar->closes = to;
}

static void load_calendar(const struct reader_of *r, struct calendar *calendar, const struct val *tree)
{
    want_name(r, tree, calendar->name);
    if (!want_object(r, tree, NULL, "calendar", "name zone days-off hours holidays"))
        return;
    read_words(r, tree, "name", false);
    calendar->zone = read_text(r, tree, "zone", true);
    int offset;
    if (calendar->zone && zone_offset(calendar->zone, 0, &offset) != OK) {
        struct reason *fault = FAULT(r, member(r, tree, "zone", false), T_("There is no time zone “%1$s”."), calendar->zone);
        HINT(r, fault, T_("Zones have names such as Europe/Brussels or UTC."));
    }
    load_days_off(r, calendar, tree);
    load_hours(r, calendar, tree);
    load_holidays(r, calendar, tree);
}

void load_calendars(const struct reader_of *r, const struct val *tree, size_t *n)
{
    want_object(r, tree, NULL, "calendars", "calendars");
    const struct val *map = read_map(r, tree, "calendars", true, 20);
    for (uint32_t i = 0; map && i < map->count; i++) {
        struct calendar *calendar = &r->l->calendars[*n];
        if (named_find(r->l->calendars, *n, sizeof *calendar, map->members[i].name)) {
            FAULT(r, map->members[i].value, T_("The calendar %1$s is there twice."), map->members[i].name);
            continue;
        }
        ++*n;
        calendar->name = map->members[i].name;
        load_calendar(r, calendar, map->members[i].value);
    }
}
