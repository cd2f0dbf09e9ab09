/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The arithmetic of days that moment.c, zone.c and calendar.c share. Days count from 1970-01-01.
 */
#ifndef BASE_DAYS_H
#define BASE_DAYS_H

#include <stdint.h>

/* 1900-01-01T00:00:00Z and 9999-12-31T23:59:59.999Z */
#define MOMENT_FIRST INT64_C(-2208988800000)
#define MOMENT_LAST INT64_C(253402300799999)

int64_t days_from_date(int year, int month, int day);
void date_from_days(int64_t days, int *year, int *month, int *day);
int month_length(int year, int month);
int64_t floor_div(int64_t, int64_t);

#endif
