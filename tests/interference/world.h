/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Two offices that began alike: founded once, filled once, then copied, secrets and all. What follows is the same in both,
 * except for the hidden half, which only the second one lives through.
 *
 * The hidden half is what lies above CONFIDENTIAL or in a file whose members are officers alone. The readers who are
 * compared hold at most CONFIDENTIAL and are members of no such file; among them are officers with every post's rights.
 */
#ifndef TESTS_INTERFERENCE_WORLD_H
#define TESTS_INTERFERENCE_WORLD_H

#include <pthread.h>

#include "front/front.h"
#include "front/seal.h"
#include "office/office.h"

struct works;
struct news { struct touched *items; size_t n, cap; pthread_mutex_t lock; };
struct world {
    char folder[160];
    struct office *office;
    struct works *works;                     /* long work, done before the answer */
    moment now;                              /* its clock */
    struct seal seal;
    struct signer *signer;
    struct wire *wire;                       /* live streams (wire.c) */
    struct news news;                        /* what the office said had changed, since the last comparison */
};

/* Numbers by register: what requests are about. */
struct known { char register_[40], number[NUMBER_TEXT]; };
struct pool {
    struct known visible[2000]; size_t n_visible;
    struct known hidden[6000]; size_t n_hidden;
    char erased[NUMBER_TEXT];                /* a hidden record, erased last */
};

struct base {
    struct arena *arena;
    char folder[64];
    moment now;
    const char *internal, *restricted, *confidential, *secret, *secret_too, *late, *hidden_late;      /* labels; the last of another policy */
    struct pool pool;
    char zone[NUMBER_TEXT], system[NUMBER_TEXT], asset[NUMBER_TEXT], low_incident[NUMBER_TEXT], incident[NUMBER_TEXT],
         waiting[NUMBER_TEXT] /* an incident with a waiting proposal */, half[NUMBER_TEXT] /* born hidden, lowered later */,
         closed_file[NUMBER_TEXT] /* whose members are officers alone */, hidden_system[NUMBER_TEXT],
         doomed[NUMBER_TEXT] /* a system that hidden records point to, erased on the second day */, former[NUMBER_TEXT] /* a person without appointment */,
         spare[NUMBER_TEXT] /* a system that only hidden records point to */, upper_file[NUMBER_TEXT] /* its own record is SECRET, its members read what lies in it */, document[NUMBER_TEXT], organisation[NUMBER_TEXT], low_file[NUMBER_TEXT] /* of low_incident */, segment[NUMBER_TEXT] /* of events, RESTRICTED */, hunt[NUMBER_TEXT] /* of ict3, under way */;
    const char *staff, *low, *hso, *inv, *ghost;                      /* numbers of persons */
};

struct wire *wire_open(struct world *);
void wire_close(struct wire *);
void wire_heard(struct wire *, const struct touched *, size_t);

/* Founds and fills the office that both are copies of; closes it. */
void base_make(struct base *);
void base_drop(struct base *);
void pool_add(struct known *, size_t *n, size_t cap, const char *number, const struct pack *);

/* A segment of four events, closed; "" when it cannot be made. The same words in each, whoever may read it. */
void segment_make(struct office *, const char *source, const char *label, const char *file, moment now, char out[NUMBER_TEXT]);
/* A jail for what reads blocks, before the first thread. */
void jails_open(void);
void jails_close(void);
void world_open(struct world *, const struct base *, const char *name);
void world_close(struct world *);            /* removes the folder */
const struct reader *world_reader(struct world *, const char *login, moment now, struct arena *);
/* One op as somebody, with a change key. Returns the status; the number of the record or proposal in `ret`, if it went well. */
/* An erasure by order: one proposes, the other confirms what they saw. The proposal's number in `ret`, which may be NULL. */
bool world_erase(struct world *, const char *one, const char *other, const char *key, moment now, const char *number, char ret[NUMBER_TEXT]);
/* The second person's confirmation of a proposal. */
enum status world_confirm(struct world *, const char *login, const char *key, moment now, const char *proposal);
enum status world_do(struct world *, const char *login, const char *key, moment now, struct op, const char *fields_json, char ret[NUMBER_TEXT]);

/* A hidden change of some kind, in one world alone. */
struct hidden { struct world *world; struct base *base; struct pool *pool; moment now; uint64_t random; const char *key; bool quiet_registers; unsigned done, refused; };
extern const size_t hidden_kinds;
void hidden_change(struct hidden *, size_t kind);
const char *hidden_name(size_t kind);

#endif
