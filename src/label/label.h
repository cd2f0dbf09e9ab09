/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Labels, clearances and what they mean under a security policy (Open XML SPIF 1.0-2.1).
 *
 * A label is stored and compared as plain data, by identifiers: the policy's OID, the class' lacv, and category values
 * as (tag-set OID, tag type, lacv). Names and colours come from the policy. A `policies` set is immutable after
 * loading and shared by all threads.
 */
#ifndef LABEL_LABEL_H
#define LABEL_LABEL_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/moment.h"
#include "base/reasons.h"
#include "base/status.h"
#include "base/val.h"
#include "base/words.h"

struct policy;                                        /* one loaded SPIF */
struct policies;                                      /* those of an office */

enum tag_type {                                       /* SPIF tagType with enumType */
    TAG_RESTRICTIVE, TAG_PERMISSIVE, TAG_ENUM_RESTRICTIVE, TAG_ENUM_PERMISSIVE, TAG_INFORMATIVE /* tagType7 */,
    TAG_NOT_APPLICABLE,
};

struct category {
    const char *tag_set;                              /* OID */
    enum tag_type type;
    const char *lacv;                                 /* as text; integers without leading zeros */
};
struct label {
    const char *policy;                               /* OID */
    const char *class_lacv;
    const struct category *categories;                /* sorted by (tag_set, type, lacv), distinct */
    unsigned n_categories;
};
struct clearance {
    const char *policy;
    const char *const *classes;                       /* lacv; several when the policy decides by class list */
    unsigned n_classes;
    const struct category *categories;
    unsigned n_categories;
};

enum spif_mode { SPIF_STRICT, SPIF_LENIENT };
/* Loads one SPIF. Lenient: recovers malformed XML, a missing namespace, misplaced elements, and lists each as a
 * defect; a value that is ambiguous (duplicate lacv or name in its tag) is kept and refused when used. A policy that
 * contradicts itself (duplicate excluded class and the like) is refused whole. The policy owns an arena of its own. */
enum status policy_load(const char *name, const char *xml, size_t len, enum spif_mode, struct reasons *faults,
                        struct policy **ret) MUST_CHECK;
void policy_free(struct policy *);
const char *policy_oid(const struct policy *);
const char *policy_name(const struct policy *);

struct policies *policies_new(void);
/* Takes ownership. REFUSED when the OID is there already. */
enum status policies_add(struct policies *, struct policy *, struct reasons *) MUST_CHECK;
void policies_free(struct policies *);
unsigned policies_count(const struct policies *);
const struct policy *policies_at(const struct policies *, unsigned);
/* By OID or by name. NULL when unknown. */
const struct policy *policies_find(const struct policies *, const char *oid_or_name);

/* What a form needs: classes in hierarchy order and tags with their values, each with its names. Values that are
 * obsolete at `now` are left out. As data:
 * {oid,name,classes:[{lacv,name,colour,hierarchy}],tags:[{set,set_name,type,name,single,min,max,values:[{lacv,name}]}]} */
struct val *policy_describe(const struct policy *, enum lang, moment now, struct arena *);
/* The classes that labels may carry now, in no order; the words live as long as the policy. */
const char **policy_classes(const struct policy *, struct arena *, unsigned *ret_n);
/* The rank of a class by hierarchy; -1 when the policy has no such class. */
int policy_class_rank(const struct policy *, const char *lacv);
const char *policy_class_colour(const struct policy *, const char *lacv);
/* The class at or above which a named threshold of the policy's extension data lies (see policies/README.md):
 * "certificate" (from which a clearance certificate is asked), "briefing", "read-journal". -1: never asked. */
int policy_threshold(const struct policy *, const char *name);

/* Canonical text of a label or clearance, the form that is interned, journalled and stored:
 * compact canonical JSON {"categories":[["oid","type","lacv"],...],"class":"4","policy":"oid"}; a clearance has
 * "classes":[...]. Equal labels give equal bytes. */
char *label_write(const struct label *, struct arena *);
enum status label_read(const char *text, size_t len, struct arena *, struct reasons *, struct label **ret) MUST_CHECK;
char *clearance_write(const struct clearance *, struct arena *);
enum status clearance_read(const char *text, size_t len, struct arena *, struct reasons *,
                           struct clearance **ret) MUST_CHECK;
/* From any supported outside form: STANAG 4774 XML (strict or lenient), a 4778 sidecar, the cases' short syntax, ESS
 * BER (enough to name the policy), our JSON. Names are resolved to identifiers through the policies. */
enum status label_import(const struct policies *, const char *data, size_t len, enum spif_mode, struct arena *,
                         struct reasons *, struct label **ret) MUST_CHECK;
enum status clearance_import(const struct policies *, const char *data, size_t len, enum spif_mode, struct arena *,
                             struct reasons *, struct clearance **ret) MUST_CHECK;
/* A STANAG 4774 label with what stands around it. */
struct label_envelope {
    struct label *label;
    const char *privacy_mark;                         /* NULL: none */
    const char *originator, *originator_type;         /* OriginatorID and its IDType; NULL: none */
    moment created, review;                           /* MOMENT_NONE: not given */
    moment succession;                                /* a planned downgrade: when, and what then */
    struct label *successor;
};
/* As label_import, with the surroundings that only the 4774 forms have. */
enum status label_import_whole(const struct policies *, const char *data, size_t len, enum spif_mode, struct arena *,
                               struct reasons *, struct label_envelope *ret) MUST_CHECK;
/* STANAG 4774 XML, schema-valid, byte-stable. `created` is the CreationDateTime; `originator` may be NULL. */
enum status label_export_4774(const struct policies *, const struct label *, moment created, const char *originator,
                              struct buf *) MUST_CHECK;

/* Validity before access: class and values known, not ambiguous, exclusions, requirements, selection counts, dates,
 * and, where `is_new`, no obsolete value. Each fault is a reason. */
bool label_valid(const struct policies *, const struct label *, moment now, bool is_new, struct reasons *);
bool clearance_valid(const struct policies *, const struct clearance *, moment now, struct reasons *);

/* Whether the clearance dominates the label: same policy or by equivalence, class (list or hierarchy, as the policy's
 * data says), restrictive subset, permissive intersection per tag; informative ignored. Reasons (may be NULL) get one
 * line per rule that speaks for or against. Fast path: at most 0.5 us without reasons. */
bool label_dominated(const struct policies *, const struct label *, const struct clearance *, moment now,
                     struct reasons *);
/* The next instant after `now` at which a decision or a label's validity may change by itself, because a value or a
 * policy comes into force or ends; MOMENT_EVER when there is none. */
moment policies_next_change(const struct policies *, moment now);
/* Whether `high` is at least `low` (same policy, lattice order: class, restrictive superset, permissive subset). */
bool label_at_least(const struct policies *, const struct label *high, const struct label *low);
/* High-water mark: class max, restrictive union, permissive intersection, informative union. One result per policy that
 * occurs. `ret_empty[i]` is set where a permissive intersection came out empty: nobody may read it, a person decides. */
struct label **label_high_water(const struct policies *, const struct label *const *, unsigned n, struct arena *,
                                unsigned *ret_n, bool **ret_empty);
/* Into another policy, by its own and the other's equivalence data. REFUSED with reasons where a value has none. */
enum status label_translate(const struct policies *, const struct label *, const char *to_policy, moment now,
                            struct arena *, struct reasons *, struct label **ret) MUST_CHECK;

/* By the names that people write; `categories` ends with NULL, or is NULL. Canonical text, or NULL when a name is unknown. */
const char *label_by_names(const struct policies *, const char *policy, const char *class_name, const char *const *categories, moment now,
                           struct arena *);
const char *clearance_by_names(const struct policies *, const char *policy, const char *class_name, const char *const *categories, moment now,
                               struct arena *);
const char *policy_class_named_lacv(const struct policy *, const char *name, moment now, struct arena *);

enum marking_place { MARK_PAGE, MARK_PORTION };
/* The marking in words: page marking or portion mark ("NS"). In the arena. */
char *label_marking(const struct policies *, const struct label *, enum marking_place, enum lang, struct arena *);
char *clearance_marking(const struct policies *, const struct clearance *, enum lang, struct arena *);

#endif
