/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What the parts of the reference share among themselves.
 */
#ifndef TESTS_REFERENCE_INSIDE_H
#define TESTS_REFERENCE_INSIDE_H

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>
#include <string.h>
#include <yaml.h>

#include "reference.h"

/* ---- reference-yaml.c */
enum scalar { SCALAR_TEXT, SCALAR_NUMBER, SCALAR_BOOL, SCALAR_NULL };
struct node {
    enum { NODE_SCALAR, NODE_LIST, NODE_MAP } kind;
    unsigned line;
    enum scalar type;
    const char *text;          /* SCALAR: as written */
    size_t n;                  /* items, or pairs */
    struct node **keys, **items;
};
/* The documents of a text; on a fault the count read so far, and *ret_fault says where. */
size_t nodes_read(struct arena *, const char *text, size_t len, struct node ***ret_documents, unsigned *ret_fault_line, const char **ret_fault);
struct node *node_get(const struct node *map, const char *key);        /* NULL when absent */
const char *node_text(const struct node *);                            /* NULL unless a scalar that is not null */

/* ---- reference-text.c */
#define ANY 0x200000u          /* the wildcard "*" */
#define ONE 0x200001u          /* the wildcard "?" */
struct pattern { uint32_t *c; size_t n; };                             /* characters and wildcards */
struct pattern text_characters(struct arena *, const char *text, size_t len);      /* no escapes: every character is itself */
struct pattern text_pattern(struct arena *, const char *text);                     /* escapes and wildcards of the specification */
struct pattern text_joined(struct arena *, struct pattern, struct pattern);
bool text_plain(struct arena *, struct pattern, const char **ret_bytes, size_t *ret_len);      /* false when it has wildcards */
bool text_matches(struct pattern, struct pattern characters, bool cased);
bool text_equal(const char *a, const char *b);                         /* without case; "" for NULL */
bool text_glob(const char *glob, const char *name);                    /* "*" only, with case: names of selections */

/* ---- reference-value.c */
enum test_kind { TEST_PATTERN, TEST_REGEX, TEST_CIDR, TEST_NUMBER, TEST_NULL, TEST_EXISTS, TEST_FIELD };
enum part { PART_NONE, PART_MINUTE, PART_HOUR, PART_DAY, PART_WEEK, PART_MONTH, PART_YEAR };
enum order { ORDER_EQ, ORDER_LT, ORDER_LTE, ORDER_GT, ORDER_GTE };
struct test {
    enum test_kind kind;
    struct pattern pattern; bool cased;
    pcre2_code *regex; const char *expression;
    int family; unsigned char address[16]; unsigned prefix;
    enum order order; long double number; enum part part;
    bool exists;
    const char *field; bool starts, ends;  /* TEST_FIELD: this field's value, with anything before (ends) or behind (starts) it */
    struct test *next;         /* one of them is enough */
};
struct item {
    const char *field;         /* NULL: the whole event */
    struct test **values; size_t n_values;
    bool all, negated;
};
struct fault { const char *why; unsigned line; };
/* "Field|modifier|modifier: values"; false and the fault when it must be refused. A NULL key: keywords. */
bool item_read(struct reference *, const struct node *key, const struct node *values, struct item *ret, struct fault *);

/* ---- reference-test.c */
struct rename { const char *from, *to; struct rename *next; };
bool item_holds(const struct reference *, const struct item *, const struct rename *, const struct event *);
bool test_holds_for(const struct test *, const char *text, size_t len);    /* of tests that need no other field */
bool decimal_read(const char *text, size_t len, long double *ret);

/* ---- reference-condition.c */
struct selection { const char *name; const struct node *node; struct group *groups; size_t n_groups; unsigned line; };
struct group { struct item *items; size_t n; };                        /* all of them; one group is enough */
struct expression {
    enum { IS_SELECTION, IS_NOT, IS_AND, IS_OR } kind;
    size_t selection;
    struct expression *left, *right;
};
struct expression *condition_read(struct arena *, const char *text, const struct selection *, size_t n, const char **ret_why);

/* ---- reference-source.c */
struct variant { const struct node *alternatives[8]; size_t n; struct rename *renames; struct variant *next; };
/* The variants under which events are of this source; false with the reason when the source is not in the map. */
bool source_variants(struct reference *, const char *product, const char *category, const char *service, struct variant **ret, const char **ret_why);
bool variant_holds(const struct reference *, const struct variant *, const struct event *);

/* ---- reference-correlation.c */
struct counting {                          /* what a correlation counts */
    size_t index;                          /* of its rule */
    int type;
    size_t *rules; size_t n_rules;
    const char **groups; size_t n_groups;  /* for each of the rules its n_groups fields */
    const char **fields; size_t n_fields;
    moment span;
    struct { unsigned order; double number; } criteria[6]; size_t n_criteria;
    bool has_percentile, generate; unsigned percentile;
};
void correlations_ready(struct reference *);

/* ---- reference-rule.c */
struct rule {
    struct reference_rule shown;
    const struct node *document;
    struct selection *selections; size_t n_selections;
    struct expression **conditions; size_t n_conditions;    /* one is enough */
    struct variant *variants;
    struct rule **filters; size_t n_filters;                /* each must hold, too */
    struct counting *counting;                              /* of a correlation */
    struct rule *next;
};

struct reference {
    struct arena *arena, *scratch;         /* scratch: for one comparison */
    const struct fields *fields;
    const struct node *map;
    const struct sigma_binding *bindings; size_t n_bindings;
    struct rule *first, *last; size_t n;
    struct rule **rules;
    struct compiled { pcre2_code *code; struct compiled *next; } *regexes;
};
/* The name of a value's field. */
static inline const char *value_name(const struct reference *reference, const struct event_value *value)
{
    return value->field ? fields_name(reference->fields, value->field) : value->name ? value->name : "";
}

#endif
