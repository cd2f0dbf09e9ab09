/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the files of the Sigma engine share: predicates, boolean trees, log sources, rules. Not for users of the engine.
 *
 * A *predicate* is one test of one field (or, under field 0, of every value: keywords); all rules share one table of distinct
 * predicates. A *program* is a rule's boolean tree over predicates, with the field names of one log source; a rule has one for each
 * way in which its fields are named. Nothing here changes after sigma_compile().
 */
#ifndef WATCH_SIGMA_INSIDE_H
#define WATCH_SIGMA_INSIDE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include "watch/sigma/sigma.h"

/* ---- text with wildcards (pattern.c) ------------------------------------------------------------------------ */

/* A character of a pattern: a byte, or one of these. */
enum { TOKEN_STAR = 256, TOKEN_ONE, TOKEN_DASH };
struct pattern { const uint16_t *tokens; size_t n; };

/* Reads a value as the specification escapes it. `percent`: also \% is %. */
struct pattern pattern_read(struct arena *, const char *text, size_t len, bool percent);
struct pattern pattern_join(struct arena *, struct pattern, struct pattern);
struct pattern pattern_star(struct arena *, struct pattern, bool before, bool behind);
/* Dashes that begin an argument become TOKEN_DASH. */
struct pattern pattern_windash(struct arena *, struct pattern);
bool pattern_has_wildcards(struct pattern);
/* The literal bytes between wildcards, folded. */
struct pattern pattern_fold(struct arena *, struct pattern);
char *pattern_bytes(struct arena *, struct pattern);        /* of one without wildcards */
bool pattern_matches(struct pattern, const char *text, size_t len);

/* Simple case folding of Unicode, character by character (fold.c). `out` holds 2 * len + 8 bytes; returns the length. *ret_ascii: all
 * bytes were ASCII. Bytes that are no UTF-8 stay. */
size_t sigma_fold(char *out, const char *text, size_t len, bool *ret_ascii);
/* Bytes of the character at the start, at least 1; continuation bytes belong to what precedes them. */
size_t sigma_char(const char *text, size_t len);

/* ---- predicates (test.c) ------------------------------------------------------------------------------------ */

enum test_kind {
    TEST_EQUALS, TEST_STARTS, TEST_ENDS, TEST_CONTAINS, TEST_GLOB, TEST_ANY,     /* of text */
    TEST_RE, TEST_CIDR, TEST_NUMBER,                                             /* of one value, too */
    TEST_NULL, TEST_EXISTS, TEST_FIELDREF                                        /* of the event */
};
enum compare { COMPARE_EQ, COMPARE_LT, COMPARE_LTE, COMPARE_GT, COMPARE_GTE };
enum part { PART_NONE, PART_MINUTE, PART_HOUR, PART_DAY, PART_WEEK, PART_MONTH, PART_YEAR };
enum shape { SHAPE_EQUALS, SHAPE_STARTS, SHAPE_ENDS, SHAPE_CONTAINS };
enum { RE_I = 1, RE_M = 2, RE_S = 4 };

struct number { bool whole; int64_t integer; double real; };
bool number_read(const char *, size_t, struct number *);
int number_compare(struct number, struct number);
struct network { bool v6; uint8_t bytes[16]; uint8_t bits; };
/* An address, with "/bits" or without. */
bool network_read(const char *, size_t, struct network *);
bool network_has_host_bits(const struct network *);

struct pred {
    uint8_t kind, compare, part, shape, flags;
    bool cased, truth;
    field_id field, other;                 /* other: TEST_FIELDREF */
    uint32_t len;
    uint32_t next;                         /* in the table of distinct predicates */
    const char *text;                      /* literal, folded unless cased; source of a regex; a glob's tokens */
    union { struct pattern glob; struct number number; struct network network; pcre2_code *re; };      /* by kind */
};
_Static_assert(sizeof(struct pred) <= 56, "there are some ten thousand");
#define PRED_OF_EVENT(p) ((p)->kind >= TEST_NULL)

/* One value as predicates look at it: raw and folded. */
struct looked { const char *raw, *folded; size_t raw_len, folded_len; bool ascii; };
/* What one thread needs to test: memory that grows with the largest value. */
struct bench {
    struct arena *arena;
    char *folded[2];
    size_t room[2];
    pcre2_match_data *match;
    pcre2_match_context *context;
    uint64_t given_up;                     /* regexes that passed their limit of work */
};
void bench_init(struct bench *, struct arena *);
struct looked bench_look(struct bench *, unsigned which, const char *text, size_t len);
bool pred_holds_value(struct bench *, const struct pred *, const struct looked *);
/* Directly over the event, whatever the kind. */
bool pred_holds(struct bench *, const struct pred *, const struct event *);

/* ---- boolean trees (condition.c, selection.c) --------------------------------------------------------------- */

enum node_kind { NODE_AND, NODE_OR, NODE_NOT, NODE_PRED };
struct node {
    uint8_t kind;
    uint32_t n;                            /* kids; an AND of none holds, an OR of none does not */
    uint32_t pred;
    const struct node **kids;
};
struct item { const char *key; const struct val *value; const struct node *node; };
struct selection { const char *name; const struct node *node; const struct item *items; size_t n_items; };
struct program {
    const struct rename *renames; size_t n_renames;
    const struct selection *selections; size_t n_selections;
    const struct node *rule;                     /* without filters */
    const struct node *node;                     /* rule and filters */
};

/* ---- log sources (sources.c) -------------------------------------------------------------------------------- */

struct rename { const char *from, *to; };
struct accepted { const char *text; size_t len; bool beginning; };              /* folded */
struct when { field_id field; const struct accepted *accepted; size_t n; };
struct alternative {
    const struct when *when; size_t n_when;
    const char *const *const *formats; size_t n_formats;                         /* lists; one name of each */
    const struct rename *renames; size_t n_renames;
};
struct resolved {                                /* what one (product, category, service) means */
    const char *product, *category, *service;
    const struct alternative *alternatives; size_t n;
    bool missing; struct words why;              /* no events of this source are read */
    const struct resolved *next;
};
struct source_map;
enum status source_map_read(struct arena *, struct fields *, struct sigma_text, struct reasons *, struct source_map **ret) MUST_CHECK;
const struct resolved *source_resolve(struct source_map *, const char *product, const char *category, const char *service);
bool alternative_holds(struct bench *, const struct alternative *, const struct event *);
/* The fields that decide about log sources. */
size_t source_map_fields(const struct source_map *, const field_id **ret);

/* ---- compiling ---------------------------------------------------------------------------------------------- */

enum correlation_type { EVENT_COUNT, VALUE_COUNT, TEMPORAL, TEMPORAL_ORDERED, VALUE_SUM, VALUE_AVG, VALUE_PERCENTILE };
struct bound { enum compare compare; bool differs; double value; };             /* differs: "neq" */
struct correlation {
    enum correlation_type type;
    const uint32_t *rules; size_t n_rules;       /* rules or correlations */
    const field_id *groups; size_t n_groups;     /* n_rules rows of n_groups fields: aliases are resolved */
    const char *const *group_names;              /* as group-by says them */
    const field_id *fields; size_t n_fields;     /* of the condition */
    struct bound bounds[6]; size_t n_bounds;
    double percentile;                           /* below 0: the share of the event's own value */
    int64_t timespan;                            /* ms */
    bool generate;                               /* the rules give hits of their own, too */
};

struct rule_code {                               /* beside each sigma_rule */
    const struct resolved *resolved;
    const struct program **programs;             /* by alternative of resolved; equal renames share one */
    const struct val *body;                      /* detection, filter or correlation */
    const char *text; size_t len; unsigned line; /* the document and its first line, for faults */
    const uint32_t *filters; size_t n_filters;   /* of a rule: those that are joined to it */
    const struct correlation *correlation;
};
struct sigma {
    struct arena *arena;
    struct arena *scratch;                       /* while it is compiled */
    struct fields *fields;
    struct sigma_options options;
    struct source_map *map;
    struct sigma_rule *rules;
    struct rule_code *codes;
    size_t n, room;
    bool any_filter;
    uint32_t *by_name; size_t n_by_name;         /* open-addressed: rule + 1 under its id and its name */
    struct pred *preds;                          /* from 1 */
    uint32_t n_preds, pred_room, n_pred_slots, *pred_slots;
    pcre2_general_context *pcre;
    struct sigma_counts counts;
    struct fast *fast;                           /* NULL: the simple matcher */
};

/* One document while it is read: the first fault decides. */
struct reading {
    struct sigma *sigma;
    struct sigma_rule *rule;
    const char *path, *text;                     /* the document's text and its first line */
    size_t len;
    unsigned line;
    const struct rename *renames; size_t n_renames;
    unsigned values;
};
/* Refuses the rule at the line of `at` (NULL: of the document); returns NULL. */
void *reading_fault(struct reading *, const struct val *at, const char *english, ...);
/* The same at the line where the member's key stands. */
void *reading_fault_key(struct reading *, const char *key, const struct val *value, const char *english, ...);

struct pred *pred_intern(struct sigma *, const struct pred *wanted, uint32_t *ret_id);
const struct node *node_pred(struct arena *, uint32_t pred);
const struct node *node_not(struct arena *, const struct node *);
const struct node *node_many(struct arena *, enum node_kind, const struct node **kids, size_t n);
/* One item of a map: key with modifiers, value. NULL after a fault. */
const struct node *item_compile(struct reading *, const char *key, const struct val *value);
const struct node *keywords_compile(struct reading *, const struct val *list);
/* All selections of `detection` but "condition". */
bool selections_compile(struct reading *, const struct val *detection, struct program *);
const struct node *condition_compile(struct reading *, const struct val *condition, const struct program *);
/* documents.c: every document of a file becomes a rule with its verdict so far. */
void documents_read(struct sigma *, const struct sigma_text *);
/* By id or name; SIZE_MAX when there is none. */
size_t rule_find(const struct sigma *, const char *id_or_name);
void reading_begin(struct reading *, struct sigma *, size_t rule);
/* rule.c, correlation.c */
void filter_compile(struct sigma *, size_t rule);
void rule_compile(struct sigma *, size_t rule);
void correlation_compile(struct sigma *, size_t rule);
/* The log source that is read; the alternative that holds for the event, or -1. */
int code_alternative(struct bench *, const struct rule_code *, const struct event *);

#define SIGMA_DEPTH_MOST 48
#endif
