/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Serial numbers: spreadsheets count days from 1899-12-30, with a day too many before 1900-03-01, or from 1904-01-01.
 * Dates and times become ISO text; a time of day carries no zone unless the format itself says Z, since the sheet
 * does not say which zone was meant. Other numbers keep at most the 15 digits that a spreadsheet shows.
 */
#include "report/serial.h"

#include <ctype.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum serial_kind serial_kind_of_code(const char *code, bool *ret_zulu)
{
    bool day = false, clock = false, span = false, minutes = false;
    *ret_zulu = false;
    for (const char *p = code; *p && *p != ';'; p++) {
        char c = (char)tolower((unsigned char)*p);
        if (*p == '"') {
            const char *close = strchr(p + 1, '"');
            *ret_zulu |= p[1] == 'Z' && p[2] == '"';
            if (!close)
                break;
            p = close;
        } else if (*p == '\\' || *p == '_' || *p == '*') {
            *ret_zulu |= p[0] == '\\' && p[1] == 'Z';
            if (!*++p)
                break;
        } else if (*p == '[') {
            const char *close = strchr(p, ']');
            char inner = (char)tolower((unsigned char)p[1]);
            span |= close && (inner == 'h' || inner == 'm' || inner == 's') && (p[2] == ']' || p[2] == p[1]);
            if (!close)
                break;
            p = close;
        } else if (c == 'y' || c == 'd') {
            day = true;
        } else if (c == 'h' || c == 's') {
            clock = true;
        } else if (c == 'm') {
            minutes = true;
        } else if (!strncasecmp(p, "General", 7)) {
            return SERIAL_NUMBER;
        }
    }
    if (span)
        return SERIAL_SPAN;
    if (day || (minutes && !clock))        /* "mmm" alone is a month */
        return clock ? SERIAL_MOMENT : SERIAL_DATE;
    return clock ? SERIAL_TIME : SERIAL_NUMBER;
}

enum serial_kind serial_kind_of_id(long id)
{
    static const struct { long from, to; enum serial_kind kind; } table[] = {
        { 14, 17, SERIAL_DATE }, { 18, 21, SERIAL_TIME }, { 22, 22, SERIAL_MOMENT }, { 27, 31, SERIAL_DATE },
        { 32, 35, SERIAL_TIME }, { 36, 36, SERIAL_DATE }, { 45, 45, SERIAL_TIME }, { 46, 46, SERIAL_SPAN },
        { 47, 47, SERIAL_TIME }, { 50, 54, SERIAL_DATE }, { 55, 56, SERIAL_TIME }, { 57, 58, SERIAL_DATE },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        if (id >= table[i].from && id <= table[i].to)
            return table[i].kind;
    return SERIAL_NUMBER;
}

static const char *plain(struct arena *arena, double number)
{
    if (number == 0)
        return "0";
    if (fabs(number) < 1e15 && number == floor(number))
        return arena_printf(arena, "%.0f", number);
    return arena_printf(arena, "%.15g", number);
}

const char *serial_text(struct arena *arena, const char *value, enum serial_kind kind, bool zulu, bool since_1904)
{
    char *end, text[MOMENT_TEXT];
    double number = strtod(value, &end);
    if (end == value || *end || !isfinite(number) || strpbrk(value, "xXnN"))
        return NULL;
    if (kind == SERIAL_NUMBER)
        return plain(arena, number);
    if (number < 0 || number >= 2958466)
        return NULL;
    int64_t seconds = llround(number * 86400.0);
    if (kind == SERIAL_SPAN)
        return arena_printf(arena, "%lld:%02lld:%02lld", (long long)(seconds / 3600),
                            (long long)(seconds / 60 % 60), (long long)(seconds % 60));
    if (kind == SERIAL_TIME || (kind == SERIAL_MOMENT && seconds < 86400 && !since_1904))
        return arena_printf(arena, "%02lld:%02lld:%02lld", (long long)(seconds / 3600 % 24),
                            (long long)(seconds / 60 % 60), (long long)(seconds % 60));
    int64_t days = seconds / 86400;
    if (since_1904)
        days += 1462;
    else if (days == 60 || days == 0)
        return NULL;                     /* 29 February 1900 never was; neither was 0 January */
    else if (days < 60)
        days++;
    moment at = (days - 25569) * DAY + seconds % 86400 * SECOND;
    if (kind == SERIAL_DATE || (seconds % 86400 == 0 && !zulu))
        return arena_strdup(arena, moment_iso_day(at, text));
    moment_iso(at, text);
    if (!zulu)
        text[strlen(text) - 1] = 0;
    return arena_strdup(arena, text);
}
