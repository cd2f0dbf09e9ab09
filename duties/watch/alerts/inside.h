/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside of alerts: the memory that only spares changes, and how a group's events become one. Everything in it may be forgotten at any
 * moment after a flush; the office finds the group's alert again (office/gather.h).
 */
#ifndef WATCH_ALERTS_INSIDE_H
#define WATCH_ALERTS_INSIDE_H

#include "office/gather.h"
#include "watch/alerts/alerts.h"
#include "watch/event/entity.h"

#define RULE "alert.window"                /* in whose name alerts are raised */
#define GROUP_DIGITS 40
#define LINE_MOST 200
#define GUARDS_MOST 256u
#define COUNTERS_MOST 4096u
#define EVENTS_ROOM ((size_t)2 << 20)      /* of events that wait to become evidence */
#define TOGETHER 64u                       /* groups in one change */
#define INDEX_SIZE (4u * ALERT_GROUPS_MOST)
#define OTHERS "*"                         /* the entity that stands for all beyond alert.entities */

struct guard { uint64_t hash; bool usable; char label[1024], file[NUMBER_TEXT], source[NUMBER_TEXT], system[NUMBER_TEXT]; uint64_t eyes; /* label and file alone */ };
struct kept { struct kept *next; size_t len; const char *bytes; };

struct group {
    uint64_t hash;
    char value[GROUP_DIGITS + 1];
    char number[NUMBER_TEXT];              /* its alert; "" not yet known */
    char title[LINE_MOST + 1], rule_id[81], origin[17], reference[81], techniques[LINE_MOST + 1], entity[ENTITY_MOST + 1];
    const struct guard *guard;
    enum sigma_level level;
    bool refused;
    moment seen;                           /* the latest event, written or not */
    uint64_t through;
    uint64_t events; moment first, last;   /* gathered, not yet written */
    struct kept *kept, **kept_end; unsigned n_kept, n_evidence;
    bool at_once;                          /* in the list of this call */
    uint32_t *hits; size_t n_hits, cap_hits;
};

struct counter { uint64_t hash; unsigned n; moment since; };

struct alerts {
    struct office *office;
    moment window, gather, due;
    unsigned entities, evidence, points[5], growth;
    const char *const *entity_names; size_t n_entity_names;
    struct group *groups; uint16_t *index; size_t n_groups;
    struct guard *guards; size_t n_guards;
    struct counter *counters;
    char *room; size_t used;
    struct alerts_counts counts;
};

/* What one group is to take in: this call's hits, or what was gathered (hits NULL). */
struct adding {
    struct alerts *alerts;
    struct group *group;
    const struct watch_hit *hits; const uint32_t *which; size_t n;
    uint64_t events; moment first, last; uint64_t through;
    moment now;
    bool kept_already;                     /* the alert that was found has evidence */
};
void adding_sum(struct adding *, uint64_t above);
enum gathering alert_choose(struct gather *, const struct image *found, struct arena *, struct op *ret);
/* One change for all, or, where one is refused, one for each. */
enum status alerts_write(struct alerts *, struct adding *, size_t n, moment now, struct arena *, struct reasons *) MUST_CHECK;
enum status alerts_keep_evidence(struct alerts *, struct group *, moment now, struct arena *, struct reasons *) MUST_CHECK;

/* How many entities of a rule the eyes of one guard have alerts for; one that is over begins anew. */
struct counter *alerts_counter(struct alerts *, uint64_t eyes, const char *rule_id, moment now);
uint64_t risk_of(const struct alerts *, enum sigma_level, uint64_t events);
uint64_t hash_text(uint64_t hash, const char *text);     /* without regard to the case of ASCII letters */
moment hit_time(const struct watch_hit *, moment now);

#endif
