/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time as the office counts it: milliseconds since 1970-01-01T00:00:00Z, without leap seconds, years 1900-9999.
 * Nothing here reads the wall clock but moment_now(), which only main, web, wire and cli may call (a source check
 * proves it): rules get their time handed in.
 */
#ifndef BASE_MOMENT_H
#define BASE_MOMENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/status.h"
#include "base/words.h"

typedef int64_t moment;                    /* ms since the epoch, UTC */
#define MOMENT_NONE INT64_MIN              /* no such time */
#define MOMENT_EVER INT64_MAX              /* never ends */
#define SECOND INT64_C(1000)
#define MINUTE (60 * SECOND)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

struct civil {
    int year, month, day, hour, minute, second, ms;
};

moment moment_now(void);
struct civil moment_civil(moment);
moment moment_from_civil(struct civil);    /* MOMENT_NONE when it is no valid time */
/* Calendar months later; the day number is kept and clamped to the month's end (31 Jan + 1 = 28 or 29 Feb). */
moment moment_add_months(moment, int months);
/* ISO weekday, 1 Monday .. 7 Sunday, of the UTC day. */
int moment_weekday(moment);
/* "2026-11-22T13:05:00Z", "2026-11-22" (start of day), "2026-11-22T13:05Z", "...+01:00", with or without fraction. */
enum status moment_read(const char *text, moment *ret) MUST_CHECK;
#define MOMENT_TEXT 32
/* "2026-11-22T13:05:00Z", with ".123" only when the ms are not 0. Returns out. */
char *moment_iso(moment, char out[MOMENT_TEXT]);
/* "2026-11-22" */
char *moment_iso_day(moment, char out[MOMENT_TEXT]);
/* "22 Nov 2026 13:05Z" / "22 nov. 2026 13:05Z" */
const char *moment_words(struct arena *, moment, enum lang);
/* "in 3 h", "2 days late" / "dans 3 h", "2 jours de retard" */
const char *moment_due_words(struct arena *, moment due, moment now, enum lang);

/* Zones by IANA name, from the rules that the system's tzdata carries, loaded once; NULL name or "UTC" is UTC.
 * Minutes east of UTC at an instant. ABSENT when the zone is unknown. */
enum status zone_offset(const char *zone, moment at, int *ret_minutes) MUST_CHECK;
/* A wall-clock time of a zone as an instant; of two (autumn) the earlier, of none (spring) the first after. */
enum status zone_instant(const char *zone, struct civil local, moment *ret) MUST_CHECK;

/* A working calendar: weekly days off, holidays, daily hours, in a zone. Plain data, owned by whoever built it. */
struct calendar {
    const char *name;
    const char *zone;
    unsigned days_off;         /* bit n set: ISO weekday n is off */
    int opens, closes;         /* minutes of the local day; 0 and 1440 for the whole day */
    const int32_t *holidays;   /* local days since 1970-01-01, ascending */
    unsigned n_holidays;
};
/* Whether the local day of `at` is a working day. NULL calendar: every day is. */
bool calendar_works(const struct calendar *, moment at);
/* `days` working days after `at`, same local time of day. 0 moves an `at` on a day off to the next working day. */
moment calendar_add_days(const struct calendar *, moment at, int days);

/* A span as rules write it: "24h", "15m", "3d", "2w", "6mo", "5y", "10wd" (working days). */
struct span {
    int64_t count;
    char unit;                 /* m h d w M y W */
};
enum status span_read(const char *text, struct span *ret) MUST_CHECK;
/* MOMENT_NONE when it leaves the years 1900-9999. */
moment span_add(const struct calendar *, moment from, struct span);
const char *span_words(struct arena *, struct span, enum lang);

#endif
