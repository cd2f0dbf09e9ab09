/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The reference: a plain evaluator of Sigma rules, written straight from specification 2.1.0 and for being obviously right. It has no
 * index, no memo and no shortcut, looks at every value of an event for every test, and shares with the engine nothing but the event and
 * its JSON reader: it reads YAML with libyaml by itself, has its own condition parser, its own text matching and its own reading of
 * the log-source map. Tests run both and compare.
 *
 * What the specification leaves open is decided as docs/watch-rules.md says; each such place is marked "decided" in the code.
 *
 *     reference-yaml.c       documents, their scalars' types, lines
 *     reference-text.c       characters, case, wildcards and escapes
 *     reference-value.c      one value under its modifiers becomes the tests of which one must hold
 *     reference-test.c       one test against the values of a field
 *     reference-condition.c  "1 of selection* and not filter"
 *     reference-source.c     log sources
 *     reference-rule.c       documents to rules; a rule against an event
 *     reference-correlation.c   correlations, over all events that were ever seen
 */
#ifndef TESTS_REFERENCE_H
#define TESTS_REFERENCE_H

#include "base/arena.h"
#include "watch/event/event.h"
#include "watch/sigma/sigma.h"

struct reference;
struct reference_rule {
    const char *id, *name, *title, *path;
    const char *product, *category, *service;
    unsigned line;             /* of the document */
    const char *refused;       /* why, in English; NULL when it can be evaluated */
    unsigned refused_line;     /* where */
    bool filter, correlation;
};

/* The map's text may be NULL: then rules look at every event. Memory lies in the arena, but for what reference_free() gives back.
 * Aborts when the map is no YAML. */
struct reference *reference_new(struct arena *, const struct fields *, const char *map, size_t map_len, const struct sigma_binding *, size_t n_bindings);
void reference_read(struct reference *, const char *path, const char *text, size_t len);
/* When all is read: filters find their rules. */
void reference_ready(struct reference *);
size_t reference_count(const struct reference *);
const struct reference_rule *reference_rule(const struct reference *, size_t index);
void reference_free(struct reference *);         /* compiled regexes and scratch; the rest is the arena's */
bool reference_match(const struct reference *, size_t index, const struct event *);

/* Correlations over a stream of events; each event with the rules that match it. Everything is kept, so streams are short. */
struct reference_stream;
struct reference_correlated { size_t rule; double value; moment first, last; };
typedef void reference_found(void *arg, const struct reference_correlated *);
struct reference_stream *reference_stream_new(struct reference *, struct arena *, moment lateness);
void reference_stream_take(struct reference_stream *, const struct event *, const bool *matches, reference_found *, void *arg);
size_t reference_stream_late(const struct reference_stream *);
size_t reference_stream_timeless(const struct reference_stream *);
/* Whether hits of the rule are only there to be counted. */
bool reference_silences(const struct reference *, size_t index);

#endif
