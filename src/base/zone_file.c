/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * TZif files (RFC 8536), version 2 and later: the second block with 64-bit times, and the footer's rule. Version 1
 * files end in 2037 and are refused. Every count in the header is checked against the file's size before it is used.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/zone.h"

#define FOLDER "/usr/share/zoneinfo/"
#define MOST_BYTES 65536

static uint32_t be32(const unsigned char *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static int64_t be64(const unsigned char *at)
{
    return (int64_t)((uint64_t)be32(at) << 32 | be32(at + 4));
}

struct header {
    uint32_t utc_flags, std_flags, leaps, changes, kinds, chars;
};
#define HEADER_BYTES 44

static bool header_read(const unsigned char *at, uint64_t len, struct header *ret)
{
    if (len < HEADER_BYTES || memcmp(at, "TZif", 4) != 0 || at[4] < '2')
        return false;
    *ret = (struct header){be32(at + 20), be32(at + 24), be32(at + 28), be32(at + 32), be32(at + 36), be32(at + 40)};
    return ret->changes < 8192 && ret->kinds > 0 && ret->kinds <= 256 && ret->chars < 4096 && ret->leaps < 4096 &&
           ret->utc_flags <= 256 && ret->std_flags <= 256;
}

static uint64_t block_bytes(const struct header *h, unsigned time_bytes)
{
    return (uint64_t)h->changes * (time_bytes + 1) + (uint64_t)h->kinds * 6 + h->chars +
           (uint64_t)h->leaps * (time_bytes + 4) + h->std_flags + h->utc_flags;
}

static bool fill(struct zone *zone, const struct header *h, const unsigned char *at)
{
    zone->changes = calloc(h->changes ? h->changes : 1, sizeof *zone->changes);
    zone->kind_of = calloc(h->changes ? h->changes : 1, 1);
    zone->seconds = calloc(h->kinds, sizeof *zone->seconds);
    if (!zone->changes || !zone->kind_of || !zone->seconds)
        return false;
    zone->n_changes = h->changes;
    zone->n_kinds = h->kinds;
    for (uint32_t i = 0; i < h->changes; i++, at += 8) {
        zone->changes[i] = be64(at);
        if (i && zone->changes[i] <= zone->changes[i - 1])
            return false;
    }
    for (uint32_t i = 0; i < h->changes; i++, at++) {
        zone->kind_of[i] = *at;
        if (*at >= h->kinds)
            return false;
    }
    for (uint32_t i = 0; i < h->kinds; i++, at += 6) {
        zone->seconds[i] = (int32_t)be32(at);
        if (zone->seconds[i] < -93600 || zone->seconds[i] > 93600)
            return false;
    }
    return true;
}

static bool footer(struct zone *zone, const unsigned char *at, uint64_t len)
{
    char rule[128];
    if (len < 2 || at[0] != '\n')
        return false;
    const unsigned char *end = memchr(at + 1, '\n', len - 1);
    if (!end || (size_t)(end - at - 1) >= sizeof rule)
        return false;
    memcpy(rule, at + 1, (size_t)(end - at - 1));
    rule[end - at - 1] = '\0';
    return rule[0] == '\0' || zone_rule_read(rule, &zone->rule);
}

struct zone *zone_parse(const char *name, const unsigned char *bytes, uint64_t len)
{
    struct header first, second;
    if (!header_read(bytes, len, &first))
        return NULL;
    uint64_t skip = HEADER_BYTES + block_bytes(&first, 4);
    if (skip > len || !header_read(bytes + skip, len - skip, &second))
        return NULL;
    uint64_t body = skip + HEADER_BYTES, body_len = block_bytes(&second, 8);
    if (body + body_len > len)
        return NULL;
    struct zone *zone = calloc(1, sizeof *zone);
    if (!zone)
        return NULL;
    snprintf(zone->name, sizeof zone->name, "%s", name);
    if (fill(zone, &second, bytes + body) && footer(zone, bytes + body + body_len, len - body - body_len))
        return zone;
    zone_free(zone);
    return NULL;
}

void zone_free(struct zone *zone)
{
    if (!zone)
        return;
    free(zone->changes);
    free(zone->kind_of);
    free(zone->seconds);
    free(zone);
}

struct zone *zone_load(const char *name)
{
    char path[sizeof FOLDER + ZONE_NAME];
    unsigned char *bytes = malloc(MOST_BYTES);
    snprintf(path, sizeof path, "%s%s", FOLDER, name);
    FILE *file = bytes ? fopen(path, "rbe") : NULL;
    struct zone *zone = NULL;
    if (file) {
        size_t len = fread(bytes, 1, MOST_BYTES, file);
        if (len < MOST_BYTES)
            zone = zone_parse(name, bytes, len);
        fclose(file);
    }
    free(bytes);
    return zone;
}

long zone_seconds(const struct zone *zone, int64_t at)
{
    if (zone->n_changes == 0 || at < zone->changes[0])
        return zone->n_changes == 0 && zone->rule.there ? zone_rule_seconds(&zone->rule, at) : zone->seconds[0];
    if (at >= zone->changes[zone->n_changes - 1] && zone->rule.there)
        return zone_rule_seconds(&zone->rule, at);
    uint32_t low = 0, high = zone->n_changes;          /* the last change at or before `at` */
    while (high - low > 1) {
        uint32_t middle = low + (high - low) / 2;
        if (zone->changes[middle] <= at)
            low = middle;
        else
            high = middle;
    }
    return zone->seconds[zone->kind_of[low]];
}
