/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One zone as its TZif file (RFC 8536) gives it: transitions, and the rule in POSIX TZ form for what comes after the
 * last of them. Inside base only; the rooms above ask zone_offset and zone_instant.
 */
#ifndef BASE_ZONE_H
#define BASE_ZONE_H

#include <stdbool.h>
#include <stdint.h>

#define ZONE_NAME 64

struct zone_day {              /* when a yearly change happens */
    char form;                 /* 'M' month.week.weekday, 'J' day 1-365 without leap days, '0' day 0-365 */
    int month, week, day;
    long seconds;              /* of the local day; may lie outside 0..86400 */
};
struct zone_rule {
    bool there, has_summer;
    long standard, summer;     /* seconds east of UTC */
    struct zone_day begins, ends;
};
struct zone {
    char name[ZONE_NAME];
    uint32_t n_changes, n_kinds;
    int64_t *changes;          /* seconds since the epoch, ascending */
    uint8_t *kind_of;          /* what is in force from each change on */
    int32_t *seconds;          /* of each kind, east of UTC */
    struct zone_rule rule;
};

/* NULL when there is no such file or it is not well-formed. */
struct zone *zone_load(const char *name);
void zone_free(struct zone *);
/* From the bytes of a file, for zone_load and its tests. */
struct zone *zone_parse(const char *name, const unsigned char *bytes, uint64_t len);
/* Seconds east of UTC at an instant given in seconds. */
long zone_seconds(const struct zone *, int64_t at);
/* "CET-1CEST,M3.5.0,M10.5.0/3" */
bool zone_rule_read(const char *text, struct zone_rule *ret);
long zone_rule_seconds(const struct zone_rule *, int64_t at);

#endif
