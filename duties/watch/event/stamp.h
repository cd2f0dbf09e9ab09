/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Times as logs write them: ISO 8601 with T or blank, any fraction (cut to milliseconds), Z, +01:00, +0100, +01 or no zone (then UTC);
 * "2020/09/21 08:09:13"; seconds, milliseconds, microseconds or nanoseconds since 1970 (told apart by their digits, seconds with a
 * fraction too); FILETIME (18 digits); "/Date(1600000000000)/". Years 1900 to 9999.
 */
#ifndef WATCH_STAMP_H
#define WATCH_STAMP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/moment.h"

/* The whole text (blanks around it allowed) as a time. False, and nothing written, when it is none. */
bool stamp_read(const char *text, size_t len, moment *ret);
/* A date and time of day, checked. MOMENT_NONE when there is no such time; a leap second (:60) counts as the second before. */
moment stamp_make(int year, int month, int day, int hour, int minute, int second, int ms);
/* "Jan" ... "Dec" in any case: 1 ... 12; else 0. */
int stamp_month(const char *three);
/* Reads 1 to `most` digits; returns how many there were. */
size_t stamp_digits(const char *text, const char *end, size_t most, int *ret);

#endif
