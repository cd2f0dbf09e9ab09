/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The face of a duty engine: one table that the office and the fronts read. An engine touches no SQL, HTTP, socket or file.
 * All of review, consequences and staged run in the writer, inside the batch's transaction.
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

/* A staged change as an engine sees it: pairs of images. */
struct changed { const struct image *before; const struct image *after; const char *step; };
struct change_view {
    moment now;
    const struct changed *items; size_t n_items;
    /* The image of a record as the change leaves it, with links; NULL when there is none. For the engine's own rules:
     * what it says may not tell of records that the writer cannot read. */
    const struct image *(*look)(const struct change_view *, record_id);
    bool (*writer_reads)(const struct change_view *, record_id);
    record_id writer;                            /* person; 0: the office */
    void *inside;
};
/* What an engine adds in the same transaction, as the office: rule and cause stand in the entry. */
struct consequences {
    struct arena *arena;
    void (*add)(struct consequences *, const char *rule, const char *cause, const struct op *);
    void *inside;
};

struct job_def { const char *name; const char *every; /* span */ enum status (*run)(struct office *, moment now, struct reasons *); };
struct query_def { const char *name; enum status (*ask)(struct office *, const struct reader *, const struct val *, struct arena *, struct val **ret); };

struct duty {
    const char *name;
    void *model;
    enum status (*open)(struct duty *, struct office *);
    /* Refuses a named refusal of a step ("refuse: [NAME]" that is not data), or anything else, by adding reasons. */
    void (*review)(struct duty *, const struct change_view *, const char *const *names, size_t n_names, struct reasons *);
    void (*consequences)(struct duty *, const struct change_view *, struct consequences *);
    void (*staged)(struct duty *, const struct change_view *);
    void (*settled)(struct duty *, bool committed);
    void (*close)(struct duty *);
    const char *const *refusals;                 /* names that `review` knows; NULL-terminated */
    const struct page *pages;
    const struct command *commands;
    const struct query_def *queries;
    const struct job_def *jobs;
    const struct port *ports;
};

#endif
