/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Numbers of a workbook as text: which number formats mean a date or a time, and what day a serial number is. Private
 * to the report room.
 */
#ifndef REPORT_SERIAL_H
#define REPORT_SERIAL_H

#include "report/report.h"

enum serial_kind { SERIAL_NUMBER, SERIAL_DATE, SERIAL_TIME, SERIAL_MOMENT, SERIAL_SPAN };
/* What a format code shows: "yyyy-mm-dd" a date, "[h]:mm" a span, "0.00" a number. `*ret_zulu`: it says Z. */
enum serial_kind serial_kind_of_code(const char *code, bool *ret_zulu);
/* The same for a built-in format's number (ECMA-376 18.8.30). */
enum serial_kind serial_kind_of_id(long id);
/* The text of a cell; NULL when the value is no number or no such day. `since_1904` is the workbook's setting. */
const char *serial_text(struct arena *, const char *value, enum serial_kind, bool zulu, bool since_1904);

#endif
