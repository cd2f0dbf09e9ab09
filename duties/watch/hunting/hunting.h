/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Hunts and the event search in the office: which segments a question may look at (scope.c), their blocks put through jails (sift.c), the
 * long work of a hunt (run.c) with what it leaves (results.c), the pages (page.c, events.c, event.c).
 *
 * A segment that the reader may not read by any of the four keys, or that lies above the hunt or outside of its file, is as one that does not
 * exist: not read, not counted, no part of any total.
 */
#ifndef WATCH_HUNTING_H
#define WATCH_HUNTING_H

#include "front/front.h"
#include "front/work.h"
#include "office/office.h"
#include "office/segments.h"
#include "watch/hunt/hunt.h"

/* ---- scope ---- */

struct scope_segment { const char *number, *source /* its name, "" where the reader does not read it */; const struct record_view *record; struct segment_facts facts; };
struct scope { struct scope_segment *items; size_t n; bool more; /* there were more than SCOPE_MOST records to look at */ };
#define SCOPE_MOST 20000u
struct scope_wish {
    const char *asking;                    /* number of the hunt; NULL: a search */
    const char *const *sources; size_t n_sources;          /* numbers of log sources; none: all */
    moment from, to;                       /* MOMENT_NONE: open */
};
/* Newest first: by the end of what they cover, open ones before. */
enum status scope_find(struct office *, const struct reader *, const struct scope_wish *, struct arena *, struct reasons *, struct scope *ret) MUST_CHECK;
moment scope_end(const struct scope_segment *);            /* MOMENT_EVER: open */

/* ---- blocks through jails ---- */

struct sift_block { const struct scope_segment *segment; uint32_t base; /* number of its first item in the segment */ };
#define SIFT_BLOCKS_MOST 4096u
struct sift {
    struct office *office;
    const struct reader *reader;           /* may be another one from segment to segment */
    const char *asking;
    struct hunt_query query;
    const struct sigma_text *texts; size_t n_texts;        /* rules; none where the query names none */
    const struct sigma_options *options;
    struct arena *scratch;                 /* cleared with each jail */
    /* Called after each jail; what it is given is gone afterwards. False ends the sifting. */
    bool (*took)(void *, const struct hunt_answer *, const struct sift_block *blocks);
    bool (*stop)(void *);                  /* asked before each block; NULL: never */
    void *arg;
    moment now;
    uint64_t bytes, jails, died;           /* of blocks put to jails; jails that died over theirs */
    struct buf in; struct sift_block *blocks; size_t n_blocks; bool ended;
    enum status status;
};
/* `arena` lasts as long as the sift. */
void sift_begin(struct sift *, struct arena *);
/* OK also when somebody asked for a stop. ABSENT: not for this reader. DAMAGED: the segment cannot be read, or not to its end. */
enum status sift_segment(struct sift *, const struct scope_segment *, struct reasons *) MUST_CHECK;
enum status sift_flush(struct sift *, struct reasons *) MUST_CHECK;        /* what is still waiting for its jail */
void sift_end(struct sift *);
/* Single events, whole, in order of (segment, item): `took` gets them. */
struct sift_place { const char *segment; uint32_t item; };
enum status sift_places(struct sift *, const struct sift_place *, size_t n, struct arena *, struct reasons *) MUST_CHECK;

/* ---- what a hunt leaves ---- */

#define RESULTS_MOST 20000u                /* events in the files of one run; further ones are counted */
#define RESULTS_BYTES ((size_t)48 << 20)
#define RESULTS_SHOWN 100u                 /* on the page */
struct results {
    struct arena *arena;
    struct buf lines;                      /* JSON lines */
    struct document *table;                /* the same for a spreadsheet */
    struct cell *cells; size_t n_rows;
    struct val *shown;                     /* the first, for the page */
    uint64_t events, found, damaged;
    bool cut;                              /* found more than the files hold */
};
void results_begin(struct results *, struct arena *, const struct office *, const char *number, const char *marking, moment now);
void results_take(struct results *, const struct hunt_answer *, const struct sift_block *);
void results_end(struct results *);
struct val *results_hit(struct arena *, const struct hunt_hit *, const struct sift_block *, bool whole);

/* ---- the work and the pages ---- */

extern const struct work_def hunting_work;
/* What the hunt looks for, as its record says; faults by line. */
enum status hunting_query(const struct record_view *hunt, struct arena *, struct reasons *, struct hunt_query *ret) MUST_CHECK;
/* Whether this reader may run it now; reasons say why not. */
enum status hunting_may(const struct reader *, const struct record_view *hunt, struct reasons *) MUST_CHECK;
/* The texts of the rules that the query names, of those in force that whoever reads the hunt may know; `ret_texts` lie in the arena. */
enum status hunting_rules(struct office *, const struct reader *, const struct record_view *hunt, const struct hunt_query *, moment now, struct arena *, struct reasons *,
                          const struct sigma_text **ret_texts, size_t *ret_n, struct sigma_options *ret_options) MUST_CHECK;

enum status hunting_page(const struct request *, struct answer *);         /* GET /hunt/{number}/run */
enum status hunting_post(const struct request *, struct answer *);
enum status hunting_raise(const struct request *, struct answer *);        /* POST /hunt/{number}/raise */
enum status events_page(const struct request *, struct answer *);          /* GET /events */
enum status event_page(const struct request *, struct answer *);           /* GET /events/{segment}/{item} */

#endif
