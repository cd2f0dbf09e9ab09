/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a loaded security policy looks like inside the label room. Nobody outside includes this. Everything hangs in
 * the policy's own arena and never changes after policy_load() has returned, so all threads share it.
 *
 * A class or value that the file leaves unclear carries a flaw: it is kept, listed as a defect, and refused wherever
 * it is used. So one bad line of a foreign policy never opens anything and never takes the rest of the policy away.
 */
#ifndef LABEL_MODEL_H
#define LABEL_MODEL_H

#include "label/label.h"

#define MAX_CLASSES 64          /* so that a set of classes is one word */

/* Adds a reason when somebody wants to hear it. A foreign file may have a fault on every line; the arguments of those
 * beyond a thousand are not even worked out, so that faults cannot eat the memory. */
enum { MOST_FAULTS = 1000 };
#define SAY(reasons, ...)                                                                                             \
    ((reasons) && (reasons)->count < MOST_FAULTS ? reason_add((reasons), __VA_ARGS__) : NULL)

enum flaw { FLAW_NONE, FLAW_AMBIGUOUS, FLAW_BROKEN };

/* markingData and markingQualifier, with the places as a set. */
enum {
    AT_PAGE = 1 << 0,           /* pageTop, pageBottom, pageTopBottom */
    AT_PORTION = 1 << 1,
    AT_OTHER = 1 << 2,          /* document start, subject, water mark ...: read, used by nobody here */
    NO_NAME = 1 << 3, NO_MARKING = 1 << 4, NO_CLASS = 1 << 5, NEW_POLICY = 1 << 6,
};
#define AT_ANY (AT_PAGE | AT_PORTION | AT_OTHER)
struct mark {
    const char *lang;           /* NULL: any */
    const char *phrase;         /* NULL: the item's name */
    unsigned codes;
};
enum qualifier_kind { QUAL_PREFIX, QUAL_SUFFIX, QUAL_SEPARATOR };
struct qualifier {
    const char *lang;
    const char *text;
    enum qualifier_kind kind;
    unsigned places;            /* 0: everywhere */
};
struct marks {
    const struct mark *data;
    unsigned n_data;
    const struct qualifier *quals;
    unsigned n_quals;
};

/* categoryGroup and excludedCategory: one value, or (lacv NULL) every value of a tag set's type. */
struct selector {
    const char *set_name;
    const char *set_oid;        /* NULL when the set belongs to another policy, or to none */
    enum tag_type type;
    const char *lacv;
};
enum operation { NEED_ONLY_ONE, NEED_ONE_OR_MORE, NEED_ALL };
struct group {
    enum operation op;
    const struct selector *selectors;
    unsigned n;
};
struct groups {
    const struct group *list;
    unsigned n;
};

enum { ON_ENCRYPT = 1, ON_DECRYPT = 2 };
struct equiv_class {
    const char *policy;         /* OID */
    const char *lacv;
    unsigned applied;
    struct groups required;
};
struct equiv_value {
    const char *policy;
    const char *set;            /* OID */
    enum tag_type type;
    const char *lacv;
    unsigned applied;
    bool discard;
};
struct equiv_set {              /* the same values in another policy's set */
    const char *policy;
    const char *name, *oid;
    struct groups required;
};
struct equiv_policy {
    const char *name, *oid;
    struct groups required;
};

struct sp_class {
    const char *name, *lacv, *color;
    int64_t hierarchy;
    int rank;                   /* dense, by hierarchy, from 0 */
    bool obsolete;
    enum flaw flaw;
    struct marks marks;
    struct groups required;
    const struct equiv_class *equivs;
    unsigned n_equivs;
    unsigned line;
};

enum input_kind { INPUT_NONE, INPUT_STRING, INPUT_INTEGER, INPUT_DATE };
struct sp_tag;
struct sp_value {
    const char *name, *lacv;
    const struct sp_tag *tag;
    unsigned ordinal;           /* place in the whole policy: the order of markings */
    bool obsolete;
    enum flaw flaw;
    enum input_kind input;
    const char *date_format;
    int required_class;         /* index, -1: none */
    uint64_t excluded_classes;
    struct groups required;
    const struct selector *excluded;
    unsigned n_excluded;
    const struct equiv_value *equivs;
    unsigned n_equivs;
    moment not_before, not_after;
    struct marks marks;
    unsigned line;
};
struct sp_set;
struct sp_tag {
    const char *name;
    enum tag_type type;
    const struct sp_set *set;
    unsigned index;             /* among all tags of the policy */
    bool single;
    unsigned min, max;          /* 0: none */
    struct sp_value *values;
    unsigned n;
    struct marks marks;
    unsigned line;
};
struct sp_set {
    const char *name, *oid;
    struct sp_tag *tags;
    unsigned n;
    const struct equiv_set *equivs;
    unsigned n_equivs;
    unsigned line;
};
struct privacy_mark {
    const char *name;
    bool obsolete;
    struct marks marks;
};
struct threshold {
    const char *name;
    int rank;
};

struct policy {
    struct arena *arena;
    const char *oid, *name;
    const char *version, *created, *originator;
    bool by_hierarchy;          /* else by class list */
    moment not_before, not_after;
    struct sp_class *classes;
    unsigned n_classes;
    struct sp_set *sets;
    unsigned n_sets;
    unsigned n_tags, n_values;
    const struct sp_value **slots;      /* open hash by (set, type, lacv) */
    unsigned mask;
    const struct equiv_policy *equivs;
    unsigned n_equivs;
    const struct privacy_mark *privacy;
    unsigned n_privacy;
    struct marks marks, id_marks, class_marks;
    const struct threshold *thresholds;
    unsigned n_thresholds;
};
struct policies {
    struct policy **list;
    unsigned n, cap;
};

/* model.c: lookups. */
const struct sp_class *policy_class(const struct policy *, const char *lacv);
const struct sp_class *policy_class_named(const struct policy *, const char *name);
/* Also finds the value whose text the user enters (userInput) when no listed value has this lacv. */
const struct sp_value *policy_value(const struct policy *, const char *set, enum tag_type, const char *lacv);
const struct sp_set *policy_set(const struct policy *, const char *oid);
const struct sp_set *policy_set_named(const struct policy *, const char *name);
void policy_index(struct policy *);     /* builds the hash */
/* A label names its policy by OID, never by name. */
const struct policy *policies_by_oid(const struct policies *, const char *oid);
bool value_in_force(const struct sp_value *, moment);
bool selector_takes(const struct selector *, const struct category *);

/* Equality of short texts, where a call costs more than the comparison. */
static inline bool same_text(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}
static inline bool is_restrictive(enum tag_type type) { return type == TAG_RESTRICTIVE || type == TAG_ENUM_RESTRICTIVE; }
static inline bool is_permissive(enum tag_type type) { return type == TAG_PERMISSIVE || type == TAG_ENUM_PERMISSIVE; }
const char *tag_type_text(enum tag_type);               /* our JSON's word */
bool tag_type_read(const char *, enum tag_type *ret);
/* translate.c */
bool policies_related(const struct policy *from, const struct policy *to);

/* canon.c */
/* The text without leading zeros when it is an integer; the same pointer when nothing changes. */
const char *lacv_normal(struct arena *, const char *);
/* White space collapsed as xs:token says. */
const char *collapse(struct arena *, const char *);
int category_compare(const struct category *, const struct category *);
/* Sorts and drops doubles, in place; returns the number left. */
unsigned categories_settle(struct category *, unsigned n);
/* A permissive category with an empty value: an intersection that came out empty, hence releasable to nobody. */
static inline bool is_nobody(const struct category *c) { return c->lacv[0] == '\0'; }

#endif
