/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * The outside forms of labels and clearances, one reader a file; import.c finds out which one it is. A reader never
 * guesses: a name that the policy does not have, or has twice, refuses the label, since to leave a category out could
 * open something. For the same reason malformed XML is recovered in policies but never in labels.
 */
#ifndef LABEL_FORMATS_H
#define LABEL_FORMATS_H

#include <libxml/tree.h>

#include "label/model.h"

#define NS_4774 "urn:nato:stanag:4774:confidentialitymetadatalabel:1:0"
#define NS_4778 "urn:nato:stanag:4778:bindinginformation:1:0"
#define NS_SPIFFY "http://surevine.com/xmlns/spiffy"

enum { MAX_LABEL_FILE = 1024 * 1024, MAX_LABEL_VALUES = 1024 };

struct import {
    const struct policies *policies;
    enum spif_mode mode;
    struct arena *arena;
    struct reasons *reasons;        /* may be NULL */
};
struct values {                     /* categories being collected */
    struct category list[MAX_LABEL_VALUES];
    unsigned n;
};

enum status read_4774(struct import *, const xmlNode *root, struct label_envelope *ret) MUST_CHECK;
enum status read_4778(struct import *, const xmlNode *root, struct label_envelope *ret) MUST_CHECK;
enum status read_spiffy_label(struct import *, const xmlNode *root, struct label **ret) MUST_CHECK;
enum status read_spiffy_clearance(struct import *, const xmlNode *root, struct clearance **ret) MUST_CHECK;
enum status read_ess_label(struct import *, const char *data, size_t len, struct label **ret) MUST_CHECK;

/* Whether an element may be a 4774 label's root; in lenient mode capitals do not count. */
bool is_4774_root(const xmlNode *, enum spif_mode);

/* Adds a reason with the element's line and returns BAD_INPUT. */
enum status import_fault(struct import *, const xmlNode *, const char *rule, const char *english, const char *a,
                         const char *b, const char *c);
/* The policy by OID or name; REFUSED with a reason when it is not loaded. */
enum status import_policy(struct import *, const char *oid_or_name, const struct policy **ret) MUST_CHECK;
bool add_value(struct values *, const char *set, enum tag_type, const char *lacv);
/* A label of what was collected. */
struct label *settle_label(struct import *, const struct policy *, const struct sp_class *, struct values *);

/* How a 4774 category's Type relates to a SPIF tag's. */
bool kind_fits(const char *kind, enum tag_type);
const char *kind_of(enum tag_type);

#endif
