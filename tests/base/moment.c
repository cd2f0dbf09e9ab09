/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Time: civil dates against the C library's, months clamped, ISO 8601 read strictly; zones against the C library's over
 * all kinds of zones and centuries, both changes of the clock; working days with holidays; spans.
 */
#include "tap.h"

#include "base/moment.h"
#include "base/text.h"
#include "base/zone.h"

static struct arena *arena;

static moment at(const char *text)
{
    moment read = MOMENT_NONE;
    if (moment_read(text, &read) != OK)
        printf("# cannot be read: %s\n", text);
    return read;
}
static const char *iso(moment when)
{
    return moment_iso(when, arena_alloc(arena, MOMENT_TEXT));
}

static void civil(void)
{
    size_t cases = tap_cases(2000000), wrong = 0;
    for (size_t i = 0; i < cases; i++) {
        moment when = (moment)(tap_below(UINT64_C(8099) * 365 * 86400)) * 1000 - INT64_C(2208988800000) + (moment)tap_below(1000);
        time_t seconds = (time_t)((when - (when % 1000 + 1000) % 1000) / 1000);
        struct tm tm;
        struct civil c = moment_civil(when);
        gmtime_r(&seconds, &tm);
        wrong += c.year != tm.tm_year + 1900 || c.month != tm.tm_mon + 1 || c.day != tm.tm_mday || c.hour != tm.tm_hour ||
                 c.minute != tm.tm_min || c.second != tm.tm_sec || moment_from_civil(c) != when ||
                 moment_weekday(when) % 7 != tm.tm_wday;
    }
    is_int(wrong, 0, "civil times of eight thousand years are the C library's");
}

static void months(void)
{
    static const struct { const char *from; int months; const char *to; } table[] = {
        {"2026-01-31", 1, "2026-02-28T00:00:00Z"}, {"2028-01-31", 1, "2028-02-29T00:00:00Z"},
        {"2028-02-29", 12, "2029-02-28T00:00:00Z"}, {"2028-02-29", 48, "2032-02-29T00:00:00Z"},
        {"2026-03-31", -1, "2026-02-28T00:00:00Z"}, {"2026-11-22T13:05Z", 14, "2028-01-22T13:05:00Z"},
        {"2100-01-31", 1, "2100-02-28T00:00:00Z"}, {"2000-01-30", 1, "2000-02-29T00:00:00Z"},
        {"9999-12-01", 1, ""}, {"1900-01-01", -1, ""},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
        is(iso(moment_add_months(at(table[i].from), table[i].months)), table[i].to, table[i].from);
    ok(moment_add_months(MOMENT_EVER, 1) == MOMENT_EVER, "what never ends stays so");
}

static void reading(void)
{
    static const struct { const char *text, *iso; } good[] = {
        {"2026-11-22", "2026-11-22T00:00:00Z"}, {"2026-11-22T13:05Z", "2026-11-22T13:05:00Z"},
        {"2026-11-22t13:05:07z", "2026-11-22T13:05:07Z"}, {"2026-11-22 13:05:07.1239Z", "2026-11-22T13:05:07.123Z"},
        {"2026-11-22T00:30:00+01:00", "2026-11-21T23:30:00Z"}, {"2026-11-22T23:30:00-05:30", "2026-11-23T05:00:00Z"},
        {"1969-12-31T23:59:59.999Z", "1969-12-31T23:59:59.999Z"}, {"1900-01-01", "1900-01-01T00:00:00Z"},
    };
    static const char *const bad[] = {
        "", "2026", "2026-11", "2026-11-31", "2027-02-29", "1900-02-29", "1899-12-31", "2026-13-01", "2026-00-01", "26-11-22",
        "2026-11-22T", "2026-11-22T13", "2026-11-22T13:05", "2026-11-22T24:00Z", "2026-11-22T13:60Z", "2026-11-22T13:05:60Z",
        "2026-11-22T13:05Zx", "2026-11-22T13:05:07.Z", "2026-11-22T13:05+1:00", "2026-11-22T13:05+19:00", " 2026-11-22",
        "2026-11-22 ", "2026-11-2x", "9999-12-31T23:59:59-01:00", "1900-01-01T00:00+00:01", "-026-11-22",
    };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++)
        is(iso(at(good[i].text)), good[i].iso, good[i].text);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        moment read = 7;
        ok(moment_read(bad[i], &read) == BAD_INPUT && read == 7, "refused: “%s”", bad[i]);
    }
    ok(moment_read(NULL, &(moment){0}) == BAD_INPUT, "refused: nothing");
    char day[MOMENT_TEXT];
    is(moment_iso_day(at("2026-11-22T23:59:59Z"), day), "2026-11-22", "the day alone");
}

/* ---- zones ---- */

static const char *instant(const char *zone, const char *local)
{
    moment when = MOMENT_NONE, as_utc = at(local);
    if (zone_instant(zone, moment_civil(as_utc), &when) != OK)
        return "unknown";
    return iso(when);
}

static void zones(void)
{
    int minutes = -1;
    is(instant("Europe/Brussels", "2026-07-01T12:00Z"), "2026-07-01T10:00:00Z", "summer");
    is(instant("Europe/Brussels", "2026-12-01T12:00Z"), "2026-12-01T11:00:00Z", "winter");
    is(instant("Europe/Brussels", "2027-03-28T02:30Z"), "2027-03-28T01:00:00Z", "an hour that is not there: the first instant after");
    is(instant("Europe/Brussels", "2027-03-28T01:59:59Z"), "2027-03-28T00:59:59Z", "the last second before");
    is(instant("Europe/Brussels", "2027-03-28T03:00Z"), "2027-03-28T01:00:00Z", "the first after");
    is(instant("Europe/Brussels", "2026-10-25T02:30Z"), "2026-10-25T00:30:00Z", "an hour that is there twice: the earlier");
    is(instant("Europe/Brussels", "2026-10-25T03:00Z"), "2026-10-25T02:00:00Z", "behind it");
    is(instant("Europe/Brussels", "2095-07-01T12:00Z"), "2095-07-01T10:00:00Z", "beyond the table, by the rule");
    is(instant("America/New_York", "2026-03-08T02:15Z"), "2026-03-08T07:00:00Z", "west of Greenwich");
    is(instant("Australia/Lord_Howe", "2026-10-04T02:15Z"), "2026-10-03T15:30:00Z", "a change of half an hour");
    is(instant("Asia/Kathmandu", "2026-01-01T12:00Z"), "2026-01-01T06:15:00Z", "a quarter of an hour");
    is(instant("UTC", "2026-01-01T12:00Z"), "2026-01-01T12:00:00Z", "UTC");
    is(instant(NULL, "2026-01-01T12:00Z"), "2026-01-01T12:00:00Z", "no zone is UTC");
    is(instant("Europe/Nowhere", "2026-01-01T12:00Z"), "unknown", "an unknown zone");
    is_int(zone_offset("../../../etc/passwd", 0, &minutes), ABSENT, "a zone's name cannot leave the folder");
    is_int(zone_offset("/etc/localtime", 0, &minutes), ABSENT, "nor begin at the root");
    ok(minutes == -1, "the output is untouched");
}

static void zones_as_the_library(void)
{
    static const char *const names[] = {
        "Europe/Brussels", "Europe/Dublin", "America/New_York", "America/St_Johns", "Australia/Lord_Howe", "Asia/Kolkata",
        "Africa/Casablanca", "Pacific/Apia", "America/Sao_Paulo", "Asia/Tehran", "Antarctica/Troll", "America/Nuuk",
    };
    size_t each = tap_cases(200000);
    for (size_t n = 0; n < sizeof names / sizeof *names; n++) {
        size_t wrong = 0, unstable = 0;
        setenv("TZ", names[n], 1);
        tzset();
        for (size_t i = 0; i < each; i++) {
            time_t seconds = (time_t)tap_below(UINT64_C(130) * 366 * 86400);
            struct tm tm;
            int minutes = 0;
            localtime_r(&seconds, &tm);
            if (zone_offset(names[n], (moment)seconds * 1000, &minutes) != OK || minutes != (tm.tm_gmtoff - (tm.tm_gmtoff % 60 + 60) % 60) / 60)
                wrong++;
            moment back;
            struct civil local = moment_civil((moment)seconds * 1000 + minutes * MINUTE);
            if (zone_instant(names[n], local, &back) != OK || back > (moment)seconds * 1000)
                unstable++;                /* the same instant, or the earlier of two */
        }
        ok(wrong == 0 && unstable == 0, "%s: offsets are the C library's (%zu, %zu wrong)", names[n], wrong, unstable);
    }
    unsetenv("TZ");
    tzset();
}

static void damaged_zones(void)
{
    unsigned char bytes[65536], mutant[65536];
    FILE *file = fopen("/usr/share/zoneinfo/Europe/Brussels", "rb");
    if (!file) {
        tap_skip("damaged zone files", "no tzdata here");
        return;
    }
    size_t len = fread(bytes, 1, sizeof bytes, file), read = 0;
    fclose(file);
    for (size_t i = 0; i < tap_cases(500000); i++) {
        memcpy(mutant, bytes, len);
        for (uint64_t n = 1 + tap_below(3); n; n--)
            mutant[tap_below(tap_below(2) ? 100 : len)] = (unsigned char)tap_random();
        struct zone *zone = zone_parse("x", mutant, tap_below(2) ? len : tap_below(len));
        if (zone) {
            zone_seconds(zone, (int64_t)tap_below(UINT64_C(8000000000)) - 2000000000);
            read++;
        }
        zone_free(zone);
    }
    ok(read > 0, "damaged zone files are refused or read, and hurt nobody");
}

/* ---- working days ---- */

static void working_days(void)
{
    /* Christmas Eve to the first working day of the year, as an office in Brussels keeps them. */
    static const int32_t holidays[] = {20811, 20812, 20813, 20814, 20815, 20816, 20817, 20818, 20819};
    const struct calendar office = {"office", "Europe/Brussels", 1u << 6 | 1u << 7, 0, 1440, holidays, 9};
    is(iso(20811 * DAY), "2026-12-24T00:00:00Z", "the first holiday of the table");
    ok(calendar_works(&office, at("2026-12-23T22:30Z")), "the evening before, local time");
    ok(!calendar_works(&office, at("2026-12-23T23:30Z")), "half past midnight, local time");
    ok(!calendar_works(&office, at("2026-11-22T12:00Z")), "a Sunday");
    ok(calendar_works(NULL, at("2026-11-22T12:00Z")), "without a calendar every day works");
    is(iso(calendar_add_days(&office, at("2026-11-20T15:00Z"), 1)), "2026-11-23T15:00:00Z", "Friday and one is Monday");
    is(iso(calendar_add_days(&office, at("2026-11-21T15:00Z"), 0)), "2026-11-23T15:00:00Z", "Saturday moves to Monday");
    is(iso(calendar_add_days(&office, at("2026-11-20T15:00Z"), 0)), "2026-11-20T15:00:00Z", "a working day does not move");
    is(iso(calendar_add_days(&office, at("2026-12-23T09:00Z"), 1)), "2027-01-04T09:00:00Z", "over the holidays and two weekends");
    is(iso(calendar_add_days(&office, at("2026-10-23T08:00Z"), 1)), "2026-10-26T09:00:00Z", "the same local hour over the change to winter");
    is(iso(calendar_add_days(&office, at("2027-03-26T08:00Z"), 1)), "2027-03-29T07:00:00Z", "and to summer");
    is(iso(calendar_add_days(&office, at("2026-11-23T15:00Z"), -1)), "2026-11-20T15:00:00Z", "backwards");
    const struct calendar never = {"never", NULL, 0xfe, 0, 1440, NULL, 0};
    ok(calendar_add_days(&never, at("2026-11-23"), 1) == MOMENT_NONE, "a calendar that never works does not hang");
}

static void spans(void)
{
    static const struct { const char *text, *to, *english, *french; } table[] = {
        {"24h", "2026-02-01T10:00:00Z", "24 hours", "24 heures"}, {"15m", "2026-01-31T10:15:00Z", "15 minutes", "15 minutes"},
        {"1d", "2026-02-01T10:00:00Z", "1 day", "1 jour"}, {"2w", "2026-02-14T10:00:00Z", "2 weeks", "2 semaines"},
        {"1mo", "2026-02-28T10:00:00Z", "1 month", "1 mois"}, {"5y", "2031-01-31T10:00:00Z", "5 years", "5 ans"},
        {"1wd", "2026-02-02T10:00:00Z", "1 working day", "1 jour ouvré"}, {"10wd", "2026-02-13T10:00:00Z", "10 working days", "10 jours ouvrés"},
    };
    static const char *const bad[] = {"", "h", "24", "24 h", "-1d", "1.5h", "24hours", "9999999d", "1M", "1s"};
    const struct calendar week = {"week", NULL, 1u << 6 | 1u << 7, 0, 1440, NULL, 0};
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        struct span span = {0};
        ok(span_read(table[i].text, &span) == OK, "%s", table[i].text);
        is(iso(span_add(&week, at("2026-01-31T10:00Z"), span)), table[i].to, "added");
        is(span_words(arena, span, LANG_EN), table[i].english, "in English");
        is(span_words(arena, span, LANG_FR), table[i].french, "in French");
    }
    struct span far = {0};
    ok(span_read("999999w", &far) == OK && span_add(NULL, at("2026-01-01"), far) == MOMENT_NONE, "a span beyond the year 9999");
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
        ok(span_read(bad[i], &(struct span){0}) == BAD_INPUT, "refused: “%s”", bad[i]);
}

static void in_words(void)
{
    moment now = at("2026-11-22T13:05Z");
    is(moment_words(arena, now, LANG_EN), "22 Nov 2026 13:05Z", "a time in English");
    is(moment_words(arena, now, LANG_FR), "22 nov. 2026 13:05Z", "in French");
    static const struct { int64_t after; const char *english, *french; } table[] = {
        {3 * HOUR, "in 3 h", "dans 3 h"}, {-2 * DAY - HOUR, "2 days late", "2 jours de retard"},
        {20 * MINUTE, "in 20 min", "dans 20 min"}, {-DAY * 3, "3 days late", "3 jours de retard"}, {10 * SECOND, "now", "maintenant"},
        {100 * DAY, "in 3 months", "dans 3 mois"}, {-800 * DAY, "2 years late", "2 ans de retard"},
        {49 * HOUR, "in 2 days", "dans 2 jours"}, {36 * HOUR, "in 36 h", "dans 36 h"},
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        is(moment_due_words(arena, now + table[i].after, now, LANG_EN), table[i].english, table[i].english);
        is(moment_due_words(arena, now + table[i].after, now, LANG_FR), table[i].french, table[i].french);
    }
}

int main(void)
{
    tap_seed();
    arena = arena_new(0);
    civil();
    months();
    reading();
    zones();
    zones_as_the_library();
    damaged_zones();
    working_days();
    spans();
    in_words();
    arena_free(arena);
    return tap_done();
}
