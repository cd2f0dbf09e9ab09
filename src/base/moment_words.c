/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Times and spans in words, as a person of either language writes them.
 */
#include <stdlib.h>
#include <string.h>

#include "base/moment.h"

static const char *const months[LANG_COUNT][12] = {
    {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"},
    {"janv.", "févr.", "mars", "avr.", "mai", "juin", "juil.", "août", "sept.", "oct.", "nov.", "déc."},
};

const char *moment_words(struct arena *arena, moment at, enum lang lang)
{
    if (at == MOMENT_NONE)
        return lang == LANG_FR ? "aucune date" : "no date";
    if (at == MOMENT_EVER)
        return lang == LANG_FR ? "sans limite" : "without end";
    struct civil c = moment_civil(at);
    char iso[MOMENT_TEXT], day[3] = {0}, year[5] = {0}, clock[6] = {0};
    moment_iso(at, iso);                       /* 2026-11-22T18:05: its digits, without printf */
    memcpy(day, iso + (c.day < 10 ? 9 : 8), c.day < 10 ? 1 : 2);
    memcpy(year, iso, 4);
    memcpy(clock, iso + 11, 5);
    return arena_printf(arena, "%s %s %s %sZ", day, months[lang][c.month - 1], year, clock);
}

/* Units of a distance in time: up to `most` ms in this unit. */
static const struct unit {
    int64_t most, ms;
    const char *one[LANG_COUNT], *many[LANG_COUNT];
} units[] = {
    {99 * MINUTE, MINUTE, {"min", "min"}, {"min", "min"}},
    {48 * HOUR, HOUR, {"h", "h"}, {"h", "h"}},
    {90 * DAY, DAY, {"day", "jour"}, {"days", "jours"}},
    {730 * DAY, DAY * 30, {"month", "mois"}, {"months", "mois"}},
    {INT64_MAX, DAY * 365, {"year", "an"}, {"years", "ans"}},
};

const char *moment_due_words(struct arena *arena, moment due, moment now, enum lang lang)
{
    if (due == MOMENT_NONE || due == MOMENT_EVER)
        return moment_words(arena, due, lang);
    bool late = due < now;
    int64_t distance = late ? now - due : due - now;
    if (distance < MINUTE)
        return lang == LANG_FR ? "maintenant" : "now";
    const struct unit *unit = units;
    while (distance > unit->most)
        unit++;
    long long count = distance / unit->ms;
    const char *name = count == 1 ? unit->one[lang] : unit->many[lang];
    if (lang == LANG_FR)
        return late ? arena_printf(arena, "%lld %s de retard", count, name) : arena_printf(arena, "dans %lld %s", count, name);
    return late ? arena_printf(arena, "%lld %s late", count, name) : arena_printf(arena, "in %lld %s", count, name);
}

const char *span_words(struct arena *arena, struct span span, enum lang lang)
{
    static const struct { char unit; const char *one[LANG_COUNT], *many[LANG_COUNT]; } names[] = {
        {'m', {"minute", "minute"}, {"minutes", "minutes"}},
        {'h', {"hour", "heure"}, {"hours", "heures"}},
        {'d', {"day", "jour"}, {"days", "jours"}},
        {'w', {"week", "semaine"}, {"weeks", "semaines"}},
        {'M', {"month", "mois"}, {"months", "mois"}},
        {'y', {"year", "an"}, {"years", "ans"}},
        {'W', {"working day", "jour ouvré"}, {"working days", "jours ouvrés"}},
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (names[i].unit != span.unit)
            continue;
        bool single = span.count == 1 || span.count == -1 || (lang == LANG_FR && span.count == 0);
        return arena_printf(arena, "%lld %s", (long long)span.count, single ? names[i].one[lang] : names[i].many[lang]);
    }
    return "";
}
