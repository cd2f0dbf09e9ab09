/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * See stamp.h. Written for speed on the common form, since each event has such a time.
 */
#include "watch/event/stamp.h"

#include <stdint.h>
#include <string.h>

static bool digit(char c) { return c >= '0' && c <= '9'; }

/* Days since 1970-01-01 of a civil date (proleptic Gregorian; years counted from March). */
static int64_t days_of(int year, int month, int day)
{
    int64_t y = month <= 2 ? year - 1 : year, era = y / 400;
    unsigned of_era = (unsigned)(y - era * 400), of_year = (unsigned)((153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1);
    return era * 146097 + (int64_t)(of_era * 365 + of_era / 4 - of_era / 100 + of_year) - 719468;
}

moment stamp_make(int year, int month, int day, int hour, int minute, int second, int ms)
{
    static const uint8_t length[] = {31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    if (year < 1900 || year > 9999 || month < 1 || month > 12 || day < 1 || day > length[month - 1] || (month == 2 && day == 29 && !leap) ||
        hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60 || ms < 0 || ms > 999)
        return MOMENT_NONE;
    return days_of(year, month, day) * DAY + hour * HOUR + minute * MINUTE + (second == 60 ? 59 : second) * SECOND + ms;
}

int stamp_month(const char *three)
{
    static const char names[] = "janfebmaraprmayjunjulaugsepoctnovdec";
    for (int i = 0; i < 12; i++)
        if ((three[0] | 32) == names[3 * i] && (three[1] | 32) == names[3 * i + 1] && (three[2] | 32) == names[3 * i + 2])
            return i + 1;
    return 0;
}

size_t stamp_digits(const char *text, const char *end, size_t most, int *ret)
{
    size_t n = 0;
    int number = 0;
    while (n < most && text + n < end && digit(text[n]))
        number = number * 10 + (text[n++] - '0');
    if (n)
        *ret = number;
    return n;
}

/* Two digits at a place that is known to be inside; -1 when they are none. */
static int pair(const char *at) { return digit(at[0]) && digit(at[1]) ? (at[0] - '0') * 10 + at[1] - '0' : -1; }

/* ".123456" or ",123": milliseconds; moves behind the digits. */
static bool fraction(const char **at, const char *end, int *ret_ms)
{
    const char *p = *at + 1;
    int ms = 0, scale = 100;
    if (p == end || !digit(*p))
        return false;
    for (; p < end && digit(*p); p++, scale /= 10)
        ms += (*p - '0') * scale;
    *at = p;
    *ret_ms = ms;
    return true;
}

/* "", "Z", " UTC", "+01:00", "+0100", "+01": minutes east of UTC; the text must end there. */
static bool zone_of(const char *at, const char *end, int *ret_minutes)
{
    while (at < end && *at == ' ')
        at++;
    size_t len = (size_t)(end - at);
    *ret_minutes = 0;
    if (len == 0 || (len == 1 && (*at == 'Z' || *at == 'z')) || (len == 3 && (memcmp(at, "UTC", 3) == 0 || memcmp(at, "GMT", 3) == 0)))
        return true;
    if ((*at != '+' && *at != '-') || (len != 3 && len != 5 && len != 6) || (len == 6 && at[3] != ':'))
        return false;
    int hours = pair(at + 1), minutes = len == 3 ? 0 : pair(at + len - 2);
    if (hours < 0 || hours > 23 || minutes < 0 || minutes > 59)
        return false;
    *ret_minutes = (*at == '-' ? -1 : 1) * (hours * 60 + minutes);
    return true;
}

static bool civil_of(const char *text, const char *end, moment *ret)
{
    int second = 0, ms = 0, minutes = 0;
    if (end - text < 16 || (text[4] != '-' && text[4] != '/') || text[7] != text[4] || (text[10] != 'T' && text[10] != ' ' && text[10] != 't') || text[13] != ':')
        return false;
    int century = pair(text), year = pair(text + 2), month = pair(text + 5), day = pair(text + 8), hour = pair(text + 11), minute = pair(text + 14);
    const char *at = text + 16;
    if (end - at >= 3 && *at == ':') {
        second = pair(at + 1);
        at += 3;
        if (at < end && (*at == '.' || *at == ',') && !fraction(&at, end, &ms))
            return false;
    }
    if (century < 0 || year < 0 || !zone_of(at, end, &minutes))
        return false;
    moment made = stamp_make(century * 100 + year, month, day, hour, minute, second, ms);
    if (made == MOMENT_NONE)
        return false;
    *ret = made - minutes * MINUTE;
    return true;
}

/* Digits since an epoch; the number of digits says which. */
static bool count_of(const char *text, const char *end, moment *ret)
{
    uint64_t number = 0;
    const char *at = text;
    for (; at < end && digit(*at) && at - text < 19; at++)
        number = number * 10 + (uint64_t)(*at - '0');
    int ms = 0;
    long digits = at - text;
    if (digits >= 9 && digits <= 10 && at < end && *at == '.' && !fraction(&at, end, &ms))
        return false;
    if (at != end || digits < 9 || text[0] == '0')
        return false;
    switch (digits) {
    case 9: case 10: *ret = (moment)number * 1000 + ms; return true;
    case 12: case 13: *ret = (moment)number; return true;
    case 15: case 16: *ret = (moment)(number / 1000); return true;
    case 18:
        if (number >= UINT64_C(116444736000000000)) {          /* FILETIME: 100 ns since 1601 */
            *ret = (moment)((number - UINT64_C(116444736000000000)) / 10000);
            return true;
        }
        return false;
    case 19: *ret = (moment)(number / 1000000); return true;
    default: return false;
    }
}

bool stamp_read(const char *text, size_t len, moment *ret)
{
    const char *end = text + len;
    while (text < end && *text == ' ')
        text++;
    while (end > text && end[-1] == ' ')
        end--;
    if (text == end)
        return false;
    if (end - text > 8 && memcmp(text, "/Date(", 6) == 0 && memcmp(end - 2, ")/", 2) == 0)
        return count_of(text + 6, end - 2, ret);
    return civil_of(text, end, ret) || count_of(text, end, ret);
}
