/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The arithmetic of days that moment.c, zone.c and calendar.c share. Days count from 1970-01-01.
 */
#ifndef BASE_DAYS_H
#define BASE_DAYS_H

#include <stdint.h>

int64_t days_from_date(int year, int month, int day);
void date_from_days(int64_t days, int *year, int *month, int *day);
int month_length(int year, int month);
int64_t floor_div(int64_t, int64_t);

#endif
