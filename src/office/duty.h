/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The face of a duty engine: one table that the office and the fronts read. An engine touches no SQL, HTTP, socket or file.
 * All of review, consequences and staged run in the writer, inside the batch's transaction, but for a review that foretells.
 */
#ifndef OFFICE_DUTY_H
#define OFFICE_DUTY_H

#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"
#include "office/image.h"

struct office;
struct reader;
struct page;
struct command;
struct port;
struct op;
struct ring;
struct buf;

/* A staged change as an engine sees it: pairs of images, those that the change has made or moved so far. */
struct changed { const struct image *before; const struct image *after; const char *step; };
struct change_view {
    moment now;
    const struct changed *items; size_t n_items;
    /* The image of a record as the change leaves it, with links; NULL when there is none. For the engine's own rules:
     * what it says may not tell of records that the writer cannot read. */
    const struct image *(*look)(const struct change_view *, record_id);
    bool (*writer_reads)(const struct change_view *, record_id);
    /* Records of a register whose line (a field marked `sort`) has exactly this value, as the change leaves them; at most `most`. For the engine's own
     * rules, like look. NULL while foretelling. */
    size_t (*holders)(const struct change_view *, const char *register_, const char *field, const char *value, const struct image **ret, size_t most);
    /* The record whose step names the refusals under review, with the step's fields taken and its state not yet moved; NULL at
     * the end of the change, when everything is looked at and no names are given. */
    const struct image *at;
    record_id writer;                            /* person; 0: the office */
    const struct pack *pack;                     /* for its rules' numbers */
    struct arena *arena;
    bool foretelling;                            /* nothing is being changed: `at` is a record as it stands, before its step was taken */
    void *inside;
};
/* What an engine adds in the same transaction, as the office: rule and cause stand in the entry. The rule must be one of the pack's,
 * and name the register under `consequences`; otherwise the whole change is refused. What an engine adds to a version that the
 * writer is just making (a computed field) stays part of that version. Each engine is asked once, in the order of the table. */
struct consequences {
    struct arena *arena;
    void (*add)(struct consequences *, const char *rule, const char *cause, const struct op *);
    void *inside;
};

struct job_def { const char *name; const char *every; /* span */ enum status (*run)(struct office *, moment now, struct reasons *); };
struct query_def { const char *name; enum status (*ask)(struct office *, const struct reader *, const struct val *, struct arena *, struct val **ret); };

/* A duty that takes masses from ports and posts (logs): the office routes, keeps and lays down; a jailed worker of the duty's looks at them.
 * intake.h has what goes over the rings. */
struct lane_view { const char *label, *file; int32_t index; };        /* canonical text; number or NULL; of the lane, in this run */
struct stream_def {
    const char *sources;                         /* register: taken while "active"; fields port, sender, format */
    const char *segments;                        /* register of segments (segments.h) with a link field "log-source" to the source */
    const char *hold_rule, *size_rule, *span_rule;   /* holds segments; a new one begins beyond so many MiB, after such a span */
    const char *deliver_right;                   /* who may hand in batches */
    int (*work)(struct ring *in, struct ring *out);  /* in the worker */
    const char *const *configured_by;            /* registers whose changes ask for another configuration; NULL-terminated */
    /* The duty's own memory of a lane, in the lane's arena; NULL: it cannot work, which has been logged. `end` may be NULL. */
    void *(*begin)(struct office *, const struct lane_view *, struct arena *);
    void (*end)(void *);
    /* What the workers of such sources go by; from the clock's thread. ABSENT: as before. */
    enum status (*configure)(struct office *, void *, const struct lane_view *, uint32_t generation, moment now, struct arena *, struct reasons *, struct buf *);
    /* LANE_SAID and above, from a worker that may have been taken over. Not OK: it is said again until it is. `number_of` gives the source's number
       for a slot; NULL when it is none of this lane's. */
    enum status (*said)(void *, uint32_t kind, const char *bytes, size_t len, const char *(*number_of)(void *, uint32_t slot), void *arg, moment now, struct arena *);
    /* Now and then; `all`: what was gathered is written, since the messages that it came from are forgotten next. */
    enum status (*keep)(void *, bool all, moment now, struct arena *);
};

struct duty {
    const char *name;
    void *model;
    enum status (*open)(struct duty *, struct office *);
    /* Refuses a named refusal of a step ("refuse: [NAME]" that is not data), or anything else, by adding reasons. */
    void (*review)(struct duty *, const struct change_view *, const char *const *names, size_t n_names, struct reasons *);
    /* Review reads nothing but the view: then a record's page asks it beforehand, from any thread, which steps it would refuse. `look` then gives
     * what the page's reader may read and nothing else, and what a reason says of a field (`where`) that the step itself asks for is left out. */
    bool foretells;
    void (*consequences)(struct duty *, const struct change_view *, struct consequences *);
    void (*staged)(struct duty *, const struct change_view *);
    void (*settled)(struct duty *, bool committed);
    void (*close)(struct duty *);
    const char *const *refusals;                 /* names that `review` knows, as packs write them: "DUTY.NAME"; NULL-terminated.
                                                    office_open refuses a pack that names one which no engine knows */
    const struct page *pages;
    const struct command *commands;
    const struct query_def *queries;
    const struct job_def *jobs;
    const struct port *ports;
    const struct stream_def *stream;
};

/* Every folder of duties/ that has an engine.c, generated while building; NULL-terminated. */
extern const struct duty *const duties_all[];

/* Asks a duty's query ("DUTY.QUERY") on a reader's behalf. ABSENT when there is no such query, or nothing that the reader may know. */
enum status office_ask(struct office *, const struct reader *, const char *query, const struct val *arguments, struct arena *,
                       struct val **ret) MUST_CHECK;

#endif
