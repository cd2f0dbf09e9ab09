/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One record as a tree of elements, for writing it as a whole. Built in the reader's scratch memory, anew for each record.
 */
#ifndef EVTX_TREE_H
#define EVTX_TREE_H

#include "watch/evtx/inside.h"

struct datum { enum value_kind kind; struct text text; struct datum *next; };
struct node {
    struct text name;
    struct node *parent, *next;            /* next: of the same parent */
    struct node *first, *last;             /* elements inside */
    struct node *first_attribute, *last_attribute;
    struct datum *datum, *last_datum;
    struct node *again;                    /* the next of the same parent and name; tree_pair() finds them */
    bool repeats;                          /* another of the same name stands before it */
    bool list;                             /* its value is an array */
    bool named;                            /* Data, called by its attribute "Name" */
};
struct tree { struct evtx *evtx; struct space space; struct node root; struct node *attribute, *at; unsigned depth, elements, steps; uint32_t n; };

/* False when there is no room for it, or it is damaged. */
bool tree_build(struct tree *, struct evtx *, const struct record *);
/* Chains elements of one name in one parent. */
bool tree_pair(struct tree *);
bool tree_is(struct text, const char *);

#endif
