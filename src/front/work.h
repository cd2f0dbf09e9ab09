/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Long work: what a reader starts from a page and what takes longer than a request may (a hunt through the archive). It runs in a thread of this
 * room's, on behalf of the reader's account and post, who are asked for anew at every step: who loses a clearance meanwhile reads no further.
 * It shows how far it has come and what it has found so far; it can be stopped; it ends when the server stops. Nothing of it outlives the
 * process: what is to last, the work itself puts into the office before it ends. Begin and end are journalled.
 *
 * Work is seen by the account and post that started it and by nobody else: neither page nor time of another tells of it, but for the office-wide
 * bound on how many run at once, whose answer is fixed.
 */
#ifndef FRONT_WORK_H
#define FRONT_WORK_H

#include "base/arena.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"

struct office;
struct reader;
struct works;
struct work;

#define WORKS_MOST 64                        /* kept, running or ended; the oldest that has ended goes */
#define WORKS_A_PERSON 2                     /* running or waiting, an account */
#define WORK_SHOWN_MOST ((size_t)1 << 20)    /* bytes of JSON that a work shows */
#define WORK_MEMORY ((size_t)1 << 30)        /* its arena's limit */

struct work_def {
    const char *name;                        /* "hunt"; for the journal */
    enum status (*run)(struct work *, struct reasons *);
};

struct works_options {
    struct office *office;
    unsigned threads;                        /* 0: work_begin does the work itself before it returns (tests) */
    moment (*clock)(void *); void *arg;
};
struct works *works_new(const struct works_options *);       /* NULL when no memory or thread can be had */
/* Asks all to stop and waits for them. Takes NULL. */
void works_free(struct works *);
/* The office's, for pages: set by whoever opened it, and unset before works_free. */
void works_of_office(struct office *, struct works *);
struct works *office_works(const struct office *);           /* NULL: none */

/* ---- from a page ---- */

/* CONFLICT: the account has this work under way on this subject. BUSY: too much is under way. Reasons say so. `wish` is copied. */
enum status work_begin(struct works *, const struct work_def *, const struct reader *, const char *subject, const struct val *wish, moment now, struct reasons *) MUST_CHECK;
struct work_view {
    bool running, stopping;
    enum status status;                      /* of one that has ended */
    moment began, ended;
    struct val *shown;                       /* what it showed last; NULL: nothing yet */
    struct reasons reasons;                  /* of one that has ended */
};
/* False: the account and post have none such on this subject. */
bool work_look(struct works *, const struct work_def *, const struct reader *, const char *subject, struct arena *, struct work_view *ret);
bool work_stop(struct works *, const struct work_def *, const struct reader *, const char *subject);

/* ---- from the work itself ---- */

struct office *work_office(const struct work *);
const char *work_subject(const struct work *);
const struct val *work_wish(const struct work *);
struct arena *work_arena(struct work *);     /* lasts as long as the work */
struct arena *work_scratch(struct work *);   /* to be cleared by the work whenever it likes */
moment work_now(const struct work *);
moment work_began(const struct work *);
bool work_stopped(struct work *);            /* somebody asked for an end: it comes to one soon */
/* The reader as of now; REFUSED with reasons when account, person or appointment are no longer in force. Release with reader_free. */
enum status work_reader(struct work *, struct reasons *, const struct reader **ret) MUST_CHECK;
/* What pages show from now on; too large: the former stays. */
void work_show(struct work *, const struct val *);

#endif
