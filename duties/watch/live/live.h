/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Live detection in a jailed worker: messages of one lane's sources come over a ring (office/lane.h says how), are read as events, matched,
 * correlated, and laid into blocks of the archive; out go blocks, state, counts, hits and verdicts. A library over two rings, which needs no
 * office and no process of its own.
 *
 *     live_configuration_*()   what a worker goes by, as bytes: made in the office, read in the worker
 *     live_work()              the worker's life
 *     live_hit_read() ...      what it says, read in the office as bytes from a stranger
 *
 * A configuration takes effect between two events and none is lost. Rules that are no longer there lose their correlation state, others keep it.
 */
#ifndef WATCH_LIVE_H
#define WATCH_LIVE_H

#include "base/buf.h"
#include "office/lane.h"
#include "watch/sigma/sigma.h"

struct ring;

/* ---- configuration ---- */

struct live_configuration {
    uint32_t generation;                     /* hits and verdicts name it */
    struct sigma_text sources;               /* the log-source map; text NULL: none, and then nothing is matched */
    const struct sigma_text *texts; size_t n_texts;          /* rule sets in force, filters; a hit names its text by its place here */
    const struct sigma_binding *bindings; size_t n_bindings;
    const char *const *entity; size_t n_entity;              /* the pack's rule alert.entity: names of fields, the most telling first */
    int64_t block_age;                       /* ms: a block is given back when its first event is so old; 0: 10 s */
    int64_t lateness;                        /* ms, of correlations; 0: 2 min */
};
#define LIVE_CONFIGURATION_MOST ((size_t)96 << 20)
void live_configuration_write(struct buf *, const struct live_configuration *);
/* Texts lie in `bytes`, which outlive it. */
enum status live_configuration_read(const char *bytes, size_t len, struct arena *, struct live_configuration *ret) MUST_CHECK;

/* ---- the worker ---- */

int live_work(struct ring *in, struct ring *out);            /* stream_def.work */
#define LIVE_MEMORY ((size_t)768 << 20)

/* ---- what it says (LANE_SAID and above) ---- */

enum { LIVE_HIT = LANE_SAID, LIVE_VERDICT };
#define LIVE_EVENT_MOST (16u << 10)          /* JSON of an event that goes with a hit; of a longer one only what fits, still well-formed */
#define LIVE_TAGS_MOST 32u
struct live_hit {
    uint32_t slot, generation, text;         /* text: of the configuration of that generation */
    uint64_t seq;                            /* of the message in the spool */
    moment time;                             /* the event's; MOMENT_NONE */
    bool correlation;
    enum sigma_level level;
    const char *rule_id, *rule_title;
    const char *const *tags; size_t n_tags;
    const char *entity;                      /* "" when the event names nobody */
    const char *event; size_t event_len;     /* a JSON object: {field: text or [texts], ...} */
};
/* One LIVE_HIT message; everything checked: texts are UTF-8 without controls and bounded. DAMAGED: whoever sent it is no honest worker. */
enum status live_hit_read(const char *message, size_t len, struct arena *, struct live_hit *ret) MUST_CHECK;

struct live_verdict {
    uint32_t generation;
    uint32_t rules, ready, refused, correlations, filters;
    uint32_t milliseconds;                   /* that compiling took, of processor time */
    const struct live_refused { const char *rule_id, *title, *where, *why[LANG_COUNT]; } *list; size_t n_list;      /* the first LIVE_REFUSED_MOST */
    const char *fault;                       /* nothing was compiled, and why; "" none. The rules before stay in force then */
};
#define LIVE_REFUSED_MOST 200u
enum status live_verdict_read(const char *message, size_t len, struct arena *, struct live_verdict *ret) MUST_CHECK;

#endif
