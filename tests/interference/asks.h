/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Requests, generated from the tables of pages: every entry of every table has a generator by its name, or by its pattern
 * where the name says nothing special. A request is plain data, made once and put to both offices.
 */
#ifndef TESTS_INTERFERENCE_ASKS_H
#define TESTS_INTERFERENCE_ASKS_H

#include "world.h"

struct ask {
    const char *page;                        /* the entry's name */
    const char *who;
    enum method method;
    enum lang lang;
    const char *path;
    struct pair query[6]; size_t n_query;
    struct pair form[14]; size_t n_form;
    struct upload upload; bool uploads;
    bool api;
    const struct val *json;
    const char *follow;                      /* the cursor of the answer before: "after" of its next link */
};
struct asks { struct arena *arena; struct ask *items; size_t n, cap; };

struct asking { struct asks *out; const struct pack *pack; const struct base *base; const struct pool *pool; struct world *world; moment now; const char *const *who; size_t n_who; };
/* Some requests for one entry; `salt` chooses among the possible ones. False when none could be made. */
bool asks_for(struct asking *, const struct page *, uint64_t salt);
/* What the visible half does by itself: new records, edits, steps of all kinds. */
void asks_of_the_day(struct asking *, uint64_t salt);

#endif
