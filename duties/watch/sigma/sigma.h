/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Sigma rules (specification 2.1.0: rules, modifiers, log sources, filters, correlations): read, compiled together, matched against
 * events. A compiled set never changes and is shared by threads; each thread has its own matcher.
 *
 *     struct sigma_sources *map   from logsources.yaml: what a rule's log source means for an event
 *     sigma_compile()             texts of rules, filters and correlations -> struct sigma, with a verdict for each rule
 *     sigma_match()               event -> the rules that match, each once
 *     sigma_explain()             rule and event -> which predicate failed or fired
 */
#ifndef WATCH_SIGMA_H
#define WATCH_SIGMA_H

#include "base/buf.h"
#include "base/reasons.h"
#include "base/val.h"
#include "watch/event/event.h"

#define SIGMA_TEXT_MOST (4u << 20)         /* bytes of one file */
#define SIGMA_RULES_MOST 100000u
#define SIGMA_VALUES_MOST 65536u           /* values of one rule */

struct sigma_text { const char *path, *text; size_t len; };                    /* one YAML file, which may hold several documents */
/* What %name% means here: values of registers or of a local list. A rule with an unbound name is refused by that name. */
struct sigma_binding { const char *name; const char *const *values; size_t n; };

struct sigma_options {
    struct sigma_text sources;                                               /* the log-source map (logsources.yaml) */
    const struct sigma_binding *bindings; size_t n_bindings;
    const char *const *only; size_t n_only;                                  /* rule ids; none: all */
    bool without_patterns;                                                   /* the scalar matcher instead of Vectorscan */
    const void *cache; size_t cache_len;                                     /* what sigma_cache_write() gave; or NULL. Only read while compiling */
    const uint8_t *cache_secret;                                             /* SIGMA_SECRET bytes, or NULL; as it was written with */
};
#define SIGMA_SECRET 32

enum sigma_standing { SIGMA_READY, SIGMA_REFUSED };
enum sigma_level { SIGMA_INFORMATIONAL, SIGMA_LOW, SIGMA_MEDIUM, SIGMA_HIGH, SIGMA_CRITICAL };

struct sigma_rule {
    const char *id, *name, *title, *status, *path;
    unsigned line;                                                           /* of the document in its file */
    enum sigma_level level;
    const char *const *tags; size_t n_tags;                                  /* "attack.t1059.001" */
    const char *product, *category, *service;                                /* NULL where the rule names none */
    enum sigma_standing standing;
    const char *where;                                                       /* REFUSED: "file:line" of the fault */
    struct words why;                                                        /* REFUSED: the reason */
    bool correlation, filter;
    const struct val *document;                                              /* as read */
};

struct sigma;
/* Compiles; what cannot be compiled is listed with its reason and stops nothing else. The arena (and the fields) outlive the result; all
 * memory lies in it, but for the pattern databases that sigma_free() gives back. BAD_INPUT when the log-source map is faulty. */
enum status sigma_compile(struct arena *, struct fields *, const struct sigma_text *texts, size_t n, const struct sigma_options *,
                          struct reasons *, struct sigma **ret) MUST_CHECK;
void sigma_free(struct sigma *);                                             /* takes NULL */
size_t sigma_count(const struct sigma *);                                    /* rules, correlations and filters, in the order read */
const struct sigma_rule *sigma_rule(const struct sigma *, size_t index);
struct sigma_counts { size_t rules, ready, refused, correlations, filters, predicates, patterns, databases, cached; };      /* cached: of the databases */
struct sigma_counts sigma_counts(const struct sigma *);

/* The compiled pattern databases, which take most of the time of compiling, as bytes for the options of a later sigma_compile() of the same
 * rules, by the same program and library, on the same kind of processor. What is damaged, or of anything else, is not used, and compiled as without
 * it. With a secret (the same both times) nobody else can make such bytes; without one the caller vouches for where they come from. */
void sigma_cache_write(const struct sigma *, const uint8_t secret[SIGMA_SECRET], struct buf *out);

struct sigma_matcher;
/* One thread's memory: the bounded memo and scratch. In the arena; sigma_matcher_free() gives back what Vectorscan holds. */
enum status sigma_matcher_new(const struct sigma *, struct arena *, size_t memo_bytes, struct sigma_matcher **ret) MUST_CHECK;
void sigma_matcher_free(struct sigma_matcher *);                             /* takes NULL */
/* Calls `hit` for each detection rule that matches (correlations see their events through correlate.h), in the order of the rules.
 * Returns how many. */
size_t sigma_match(struct sigma_matcher *, const struct event *, void (*hit)(void *arg, size_t rule), void *arg);

/* Why a rule matches or does not: an object {"matches": bool, "log-source": {...}, "selections": [{"name", "holds", "items": [{"field",
 * "test", "values", "holds", "seen"}]}], "condition": TEXT, "filters": [...]} in the arena. Of a correlation: whether it counts the event:
 * {"matches": bool, "rules": [{"rule", "correlation", "matches", "group": {...}, "lacks": [FIELD]}], "correlation": {...}}. */
struct val *sigma_explain(const struct sigma *, size_t rule, const struct event *, struct arena *);

#endif
