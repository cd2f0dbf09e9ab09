/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A run from inside: shared by the files that compare pages (run.c), doors (doors.c) and the listed surfaces (surfaces.c).
 */
#ifndef TESTS_INTERFERENCE_INSIDE_H
#define TESTS_INTERFERENCE_INSIDE_H

#include "base/buf.h"
#include "run.h"

struct running {
    struct run *run;
    const struct base *base;
    struct world worlds[2];
    struct pool pool;
    struct arena *arena;                     /* of the day */
    const char *const *who; size_t n_who;
    moment now;
    unsigned asked, rounds;
};
void differs(struct running *, const char *what, const char *a, const char *b);
/* Everything that the office's doors show to one reader, in both worlds: registers, records, explanations, what a try is told, streams. */
void doors(struct running *, const char *login, uint64_t salt);
/* Mails of the day, once for both. */
void mails(struct running *);
/* Live streams: opened anew for the day; a round of the clock, what goes out in it compared (wire.c). */
void wires_day(struct running *);
void wires_round(struct running *);
/* What a reader is told who proposes definitions that lack something; one good proposal a day (packs.c). */
void packs_lacking(struct office *, const struct reader *, moment now, struct arena *, struct buf *);
void packs_day(struct running *);
/* A checkpoint in both offices; at the end of a run their files compared (kept.c). */
void kept_checkpoint(struct running *);
void kept_compare(struct running *);
/* What a sealed backup of each shows to whoever lacks its key. */
void kept_backup(struct running *);
/* The journal's surfaces at the end of a run: they may differ in the entries of the hidden changes and in nothing else. */
void surfaces(struct running *);

#endif
