/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * From a SPIF's tree to a policy. Reading is by element name wherever an element stands in its parent, since lenient
 * loading forgives the order; what cannot be understood leaves a flaw on the class or value that it belongs to.
 */
#ifndef LABEL_SPIF_BUILD_H
#define LABEL_SPIF_BUILD_H

#include <libxml/tree.h>

#include "label/model.h"

#define EXTENSION_NS "urn:castellan:policy:1"

struct build {
    const char *name;           /* the file's */
    struct policy *policy;
    struct arena *arena;        /* the policy's */
    struct reasons *faults;
    bool contradiction;         /* the policy is refused whole */
};

/* Counts and visits children by name. */
unsigned count_children(const xmlNode *, const char *name);
xmlNode *first_child(const xmlNode *, const char *name);
xmlNode *next_same(const xmlNode *);
unsigned node_line(const xmlNode *);
#define EACH_CHILD(child, parent, name) \
    (xmlNode *child = first_child((parent), (name)); child; child = next_same(child))

/* spif_build.c: names of sets and classes are known before anything refers to them. */
enum status spif_build(struct build *, xmlNode *root);
/* spif_parts.c */
struct marks read_marks(struct build *, const xmlNode *holder);
/* The type that tagType and enumType give; false when they give none. */
bool read_tag_type(struct build *, const xmlNode *, enum tag_type *ret);
/* `own`: selectors name sets of this policy, which are resolved; *flawed is set where one does not exist. */
struct groups read_groups(struct build *, const xmlNode *holder, bool own, bool *flawed);
bool read_selector(struct build *, const xmlNode *, bool own, struct selector *ret);
const char *read_lacv(struct build *, const xmlNode *, const char *attr);
moment read_moment(struct build *, const xmlNode *, const char *attr);
/* An equivalent policy's OID by the name used in this file; NULL when it is not declared. */
const char *equiv_oid(struct build *, const xmlNode *);
unsigned read_applied(struct build *, const xmlNode *);
/* spif_extension.c */
void read_extension(struct build *, const xmlNode *root);
/* spif_check.c: ambiguity, which flaws a value, and contradiction, which refuses the policy. */
void spif_check(struct build *);

#endif
