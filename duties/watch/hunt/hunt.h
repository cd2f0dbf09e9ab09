/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a hunt or a search in the archive asks, and how it is answered: the text of a query; a piece of a segment put to a jail
 * (the jailer "hunt"), since blocks were made by a worker that could have been taken over; and the jail's answer, which is looked at
 * as bytes from outside, for the same reason. Needs base and the watch's library alone.
 *
 *     hunt_read()      "Terms or rules" as somebody wrote them -> terms and rule ids, or faults by line
 *     hunt_input_*()   query and blocks -> the jail's input
 *     hunt_jailer      input -> answer, in the jail
 *     hunt_found()     answer -> hits, each bounded, in order of block and item
 *
 * A query has one line for each thing that is looked for; an event is found when one of them holds (in the time asked for):
 *
 *     mimikatz                    anywhere in a value of the event
 *     "net user"                  the same, quoted: blanks at the ends, or a colon, belong to it
 *     Image: *\mimikatz.exe       the field's value: the whole, or, where a * says so, its beginning, its end, a part of it
 *     User: "a * that is meant"   quoted, a * stands for itself
 *     5f0f47a5-cb16-4dbe-9e31-e8d976d73de3      a rule, by its id
 *     # a remark                  is passed over, as empty lines are
 *
 * Upper and lower case of ASCII letters are one, as in Sigma rules.
 */
#ifndef WATCH_HUNT_H
#define WATCH_HUNT_H

#include "base/buf.h"
#include "base/jail.h"
#include "base/reasons.h"
#include "watch/event/event.h"
#include "watch/sigma/sigma.h"

#define HUNT_TEXT_MOST (256u << 10)        /* bytes of a query */
#define HUNT_TERMS_MOST 1000u              /* terms and rules of one query */
#define HUNT_TERM_MOST 1024u               /* bytes of one term */
#define HUNT_TERM_LEAST 2u
#define HUNT_RAW_MOST 4096u                /* bytes of an event's text that an answer gives */
#define HUNT_RAW_WHOLE (256u << 10)        /* the same where single events are asked for by their places */
#define HUNT_PLACES_MOST 200u
#define HUNT_VALUES_MOST 64u               /* values of an event that an answer gives, each cut to ... */
#define HUNT_VALUE_MOST 512u
#define HUNT_HITS_MOST 2000u               /* hits that one answer gives; all are counted */
#define HUNT_INPUT_MOST ((size_t)48 << 20) /* bytes of blocks and query that one jail looks at */
#define HUNT_ALL_RULES "*"                 /* as the only rule: all that are handed in */

enum hunt_how { HUNT_IS, HUNT_BEGINS, HUNT_ENDS, HUNT_HAS };
struct hunt_term {
    unsigned line;                         /* of the query; 0: made by a program */
    const char *field;                     /* NULL: any */
    enum hunt_how how;                     /* of any field: HUNT_HAS */
    const char *text;                      /* UTF-8, NUL-terminated */
    size_t len;
};
struct hunt_rule { unsigned line; const char *id; };
struct hunt_place { uint32_t block, item; };                 /* block: of the input, from 0 */
struct hunt_query {
    const struct hunt_term *terms; size_t n_terms;
    const struct hunt_rule *rules; size_t n_rules;
    bool everything;                       /* every event of the time asked for: a search without terms */
    moment from, to;                       /* events of [from, to); MOMENT_NONE: open. An event without a time is found when both are open */
    size_t most;                           /* hits to give; 0 and more than HUNT_HITS_MOST: HUNT_HITS_MOST */
    bool newest;                           /* of too many the newest are given, not the first */
    const struct hunt_place *places; size_t n_places;        /* these events and nothing else, in order: nothing is looked for */
    moment step;                           /* more than 0: count hits by spans of so many ms, see hunt_answer */
};

/* Reads what somebody wrote. BAD_INPUT: each fault names its line and what would be right. Times and limits stay as they are. */
enum status hunt_read(const char *text, size_t len, struct arena *, struct reasons *, struct hunt_query *ret) MUST_CHECK;
/* Whether the text is a rule's id (a UUID, any case). */
bool hunt_is_rule(const char *text, size_t len);

/* ---- to the jail ---- */

/* Query, then the rules' texts with their log-source map (none where the query names no rule), then blocks of one segment. The buffer is
 * empty and may hold HUNT_INPUT_MOST at least. */
void hunt_input(struct buf *, const struct hunt_query *, const struct sigma_text *texts, size_t n, const struct sigma_options *);
/* False, and nothing added, when the block does not fit any more: this jail is full. */
bool hunt_input_block(struct buf *, const void *block, size_t len, uint32_t items);

extern const struct jailer hunt_jailer;

/* ---- and back ---- */

struct hunt_value { const char *name, *text; };
struct hunt_hit {
    uint32_t block, item;                  /* block: of this input, from 0 */
    moment time;                           /* MOMENT_NONE: the event has none */
    uint64_t record;
    const char *format;                    /* "" unknown */
    const char *what;                      /* the term's text or the rule's title; "" for everything */
    const char *rule;                      /* the rule's id; NULL: a term */
    unsigned line;                         /* of the query */
    const char *raw; size_t raw_len;       /* valid UTF-8, at most HUNT_RAW_MOST */
    bool raw_cut, values_cut;
    const struct hunt_value *values; size_t n_values;
};
struct hunt_span { int64_t number; uint64_t events; };       /* found events with time / step == number */
#define HUNT_SPANS_MOST 4096u
struct hunt_answer {
    const struct hunt_hit *hits; size_t n_hits;             /* in order of block and item; an event that several things fit is there once, with the first */
    uint64_t events;                       /* looked at: those in the time asked for */
    uint64_t found;                        /* of these, found */
    uint64_t damaged;                      /* blocks that could not be read: none of their events was looked at */
    const struct hunt_span *spans; size_t n_spans;
    struct reasons refused;                /* rules that could not be compiled, by id */
};
/* DAMAGED when it is none: whoever answered was not the jailer. Bounds hold for whatever is given. */
enum status hunt_found(const char *answer, size_t len, struct arena *, struct hunt_answer *ret) MUST_CHECK;

#endif
