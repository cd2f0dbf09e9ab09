/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The demonstration office: everything in it is invented, by a seeded generator, and entered through door one. Persons, units and
 * clearances come from the office itself; the year of work is done by the post holders, each step by somebody whose step it is.
 */
#ifndef CLI_DEMO_H
#define CLI_DEMO_H

#include "base/text.h"
#include "cli/cli.h"
#include "cli/found.h"
#include "office/office.h"

struct demo {
    struct arena *arena;               /* lives through the whole run */
    struct reasons *reasons;
    struct office *office;
    uint64_t random;
    moment now;                        /* when the office is handed over */
    size_t persons_wanted;
    const char **persons; size_t n_persons;        /* record numbers; the post holders first */
    const char **units; size_t n_units;
    const char **zones; size_t n_zones;
    const char **systems; size_t n_systems;
    const char **sources, **plans; size_t n_sources, n_plans;
    moment rules_made;                 /* of the newest rule set put in force */
    unsigned rule_sets;                /* deliveries of rules so far */
    unsigned keys;                     /* change keys given out */
    size_t refused;                    /* steps that a rule refused: shown at the end, should be none */
};

uint64_t demo_random(struct demo *);
size_t demo_below(struct demo *, size_t bound);
bool demo_chance(struct demo *, unsigned percent);
const char *demo_pick(struct demo *, const char *const *list, size_t n);
#define DEMO_PICK(demo, list) demo_pick((demo), (list), sizeof(list) / sizeof *(list))
const char *demo_day(struct demo *, moment);                   /* "2026-11-22" in the arena */
const char *demo_time(struct demo *, moment);
/* JSON fields: `format` is a JSON text with single quotes for double ones. */
struct val *demo_fields(struct demo *, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* As the holder of a post, at a time. The number of the record or proposal; NULL when refused (counted, logged in reasons). */
const char *demo_create(struct demo *, const char *login, moment, const char *register_, const char *label, struct val *fields);
bool demo_step(struct demo *, const char *login, moment, const char *number, const char *step, struct val *fields, const char *reason);
/* A step that a second person confirms, an hour later. */
bool demo_two(struct demo *, const char *login, const char *second, moment, const char *number, const char *step, struct val *fields, const char *reason);
/* Adds a file to a record's field. */
bool demo_attach(struct demo *, const char *login, moment, const char *number, const char *field, const char *name, const char *media, const void *, size_t);
/* The number of the file that a record belongs to, as the holder sees it; NULL when there is none. */
const char *demo_file(struct demo *, const char *login, moment, const char *register_, const char *number);
/* The person who holds the post with this login. */
const char *demo_holder(const struct demo *, const char *login);
const char *demo_label(struct demo *, const char *policy, const char *class_name);

/* A case with a next event; year.c tells all stories forward in time. */
struct story {
    moment next;                               /* MOMENT_EVER: nothing more happens */
    unsigned stage, last;                      /* goes on until `last` */
    bool (*go_on)(struct demo *, struct story *);
    const char *number, *other;                /* of the record, of a dependent one */
    const char *label;
    bool grave;
};
void demo_after(struct demo *, struct story *, moment least, moment more);      /* sets the next event at random between the two */
bool demo_alert(struct demo *, struct story *);                /* watch.c */
bool demo_log_review(struct demo *, struct story *);
bool demo_hunt(struct demo *, struct story *);
bool demo_filter(struct demo *, struct story *);
bool demo_rule_set(struct demo *, struct story *);             /* rules.c */
void demo_rules(struct demo *, moment);                        /* rules.c: the publisher's key and a first rule set in force */

/* The parts, in order. */
struct val *demo_deed(struct demo *);                          /* people.c: a holder for every post */
enum status demo_people(struct demo *);                        /* people.c: units, persons, superiors, clearances */
enum status demo_places(struct demo *);                        /* places.c: zones, systems, assets */
enum status demo_watch(struct demo *);                       /* watch.c: log sources and monitoring plans */
enum status demo_seen(struct demo *);                        /* seen.c: alerts of the last days */
enum status demo_year(struct demo *);                          /* year.c: incidents, documents, instructions, actions */
const char *demo_login(const struct post_def *, struct arena *);
extern const struct demo_post { const char *post, *login; } demo_posts[];

#endif
