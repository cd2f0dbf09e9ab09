/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Civil time in UTC: the proleptic Gregorian calendar by counting days, the reading of ISO 8601 as people and programs
 * write it, and the only look at the wall clock.
 */
#include "base/moment.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/days.h"

moment moment_now(void)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (moment)now.tv_sec * SECOND + now.tv_nsec / 1000000;
}

/* Days since 1970-01-01 of a date; years are counted from March so that the leap day comes last. */
int64_t days_from_date(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    int64_t of_era = y - era * 400;
    int64_t of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

void date_from_days(int64_t days, int *year, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t y = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * y + y / 4 - y / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
    *year = (int)(y + era * 400 + (*month <= 2));
}

int month_length(int year, int month)
{
    static const char length[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return month == 2 && leap ? 29 : length[month - 1];
}

int64_t floor_div(int64_t a, int64_t b)
{
    int64_t q = a / b;
    return a % b != 0 && (a < 0) != (b < 0) ? q - 1 : q;
}

struct civil moment_civil(moment at)
{
    struct civil civil;
    int64_t days = floor_div(at, DAY);
    int64_t rest = at - days * DAY;
    date_from_days(days, &civil.year, &civil.month, &civil.day);
    civil.hour = (int)(rest / HOUR);
    civil.minute = (int)(rest / MINUTE % 60);
    civil.second = (int)(rest / SECOND % 60);
    civil.ms = (int)(rest % SECOND);
    return civil;
}

moment moment_from_civil(struct civil c)
{
    bool good = c.year >= 1900 && c.year <= 9999 && c.month >= 1 && c.month <= 12 && c.day >= 1 && c.hour >= 0 &&
                c.hour <= 23 && c.minute >= 0 && c.minute <= 59 && c.second >= 0 && c.second <= 59 && c.ms >= 0 &&
                c.ms <= 999;
    if (!good || c.day > month_length(c.year, c.month))
        return MOMENT_NONE;
    return days_from_date(c.year, c.month, c.day) * DAY + c.hour * HOUR + c.minute * MINUTE + c.second * SECOND + c.ms;
}

moment moment_add_months(moment at, int months)
{
    if (at == MOMENT_NONE || at == MOMENT_EVER)
        return at;
    struct civil civil = moment_civil(at);
    int64_t month = (int64_t)civil.year * 12 + civil.month - 1 + months;
    if (month < (int64_t)1900 * 12 || month >= (int64_t)10000 * 12)
        return MOMENT_NONE;
    civil.year = (int)(month / 12);
    civil.month = (int)(month % 12) + 1;
    int last = month_length(civil.year, civil.month);
    if (civil.day > last)
        civil.day = last;
    return moment_from_civil(civil);
}

int moment_weekday(moment at)
{
    int64_t days = floor_div(at, DAY);
    return (int)(((days + 3) % 7 + 7) % 7) + 1;        /* 1970-01-01 was a Thursday */
}

/* ---- reading ---- */

static bool number(const char **at, int digits, int *ret)
{
    int value = 0;
    for (int i = 0; i < digits; i++) {
        char c = (*at)[i];
        if (c < '0' || c > '9')
            return false;
        value = value * 10 + (c - '0');
    }
    *at += digits;
    *ret = value;
    return true;
}

static bool literal(const char **at, char c)
{
    if (**at != c)
        return false;
    ++*at;
    return true;
}

/* ".123456": at most nine digits, cut to milliseconds. */
static bool fraction(const char **at, int *ms)
{
    int digits = 0;
    *ms = 0;
    for (; **at >= '0' && **at <= '9'; ++*at) {
        if (digits < 3)
            *ms = *ms * 10 + (**at - '0');
        digits++;
    }
    for (int i = digits; i < 3; i++)
        *ms *= 10;
    return digits >= 1 && digits <= 9;
}

static bool clock_time(const char **at, struct civil *c)
{
    if (!number(at, 2, &c->hour) || !literal(at, ':') || !number(at, 2, &c->minute))
        return false;
    if (!literal(at, ':'))
        return true;
    if (!number(at, 2, &c->second))
        return false;
    return !literal(at, '.') || fraction(at, &c->ms);
}

/* "Z" or "+01:00"; minutes east. A time without either names no instant and is refused. */
static bool offset(const char **at, int *minutes)
{
    int hours, rest;
    *minutes = 0;
    if (literal(at, 'Z') || literal(at, 'z'))
        return true;
    bool west = **at == '-';
    if (!literal(at, '+') && !literal(at, '-'))
        return false;
    if (!number(at, 2, &hours) || !literal(at, ':') || !number(at, 2, &rest) || hours > 18 || rest > 59)
        return false;
    *minutes = (west ? -1 : 1) * (hours * 60 + rest);
    return true;
}

enum status moment_read(const char *text, moment *ret)
{
    struct civil civil = {0};
    int minutes = 0;
    const char *at = text;
    if (!text || !number(&at, 4, &civil.year) || !literal(&at, '-') || !number(&at, 2, &civil.month) ||
        !literal(&at, '-') || !number(&at, 2, &civil.day))
        return BAD_INPUT;
    if (*at) {
        if (!literal(&at, 'T') && !literal(&at, 't') && !literal(&at, ' '))
            return BAD_INPUT;
        if (!clock_time(&at, &civil) || !offset(&at, &minutes) || *at)
            return BAD_INPUT;
    }
    moment read = moment_from_civil(civil);
    if (read == MOMENT_NONE)
        return BAD_INPUT;
    read -= minutes * MINUTE;
    if (read < MOMENT_FIRST || read > MOMENT_LAST)     /* the offset can carry it out of the years that we know */
        return BAD_INPUT;
    *ret = read;
    return OK;
}

/* ---- writing ---- */

/* `n` digits and what follows them; behind that. A page writes a dozen times, so not by printf. */
static char *digits(char *out, int number, int n, char then)
{
    unsigned left = (unsigned)number;
    for (int i = n; i-- > 0; left /= 10)
        out[i] = (char)('0' + left % 10);
    out[n] = then;
    return out + n + 1;
}

char *moment_iso(moment at, char out[MOMENT_TEXT])
{
    if (at == MOMENT_NONE || at == MOMENT_EVER) {
        snprintf(out, MOMENT_TEXT, "%s", at == MOMENT_NONE ? "" : "9999-12-31T23:59:59Z");
        return out;
    }
    struct civil c = moment_civil(at);
    char *to = digits(out, c.year, 4, '-');
    to = digits(to, c.month, 2, '-');
    to = digits(to, c.day, 2, 'T');
    to = digits(to, c.hour, 2, ':');
    to = digits(to, c.minute, 2, ':');
    to = digits(to, c.second, 2, c.ms ? '.' : 'Z');
    if (c.ms)
        to = digits(to, c.ms, 3, 'Z');
    *to = '\0';
    return out;
}

char *moment_iso_day(moment at, char out[MOMENT_TEXT])
{
    moment_iso(at, out);
    if (strlen(out) > 10)
        out[10] = '\0';
    return out;
}
