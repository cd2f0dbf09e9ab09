/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Records that the office itself gathers like things into: found or made in one step, in the writer, so that no memory outside the store
 * has to know which record a thing belongs to, and two threads or a restart cannot make two of one. For engines that act in the name of a
 * rule; nothing here reads on anybody's behalf.
 */
#ifndef OFFICE_GATHER_H
#define OFFICE_GATHER_H

#include "office/image.h"
#include "office/office.h"

enum gathering { GATHER_NEXT, GATHER_OP, GATHER_NOTHING };
struct gather {
    const char *register_, *field, *value;     /* a line marked `sort`; a value of at most 40 plain characters */
    const char *label, *file;                  /* canonical; a file's number, NULL or "" for none */
    /* In the writer, for each record that holds the value, lies in that file and under a label that is at least this one, and at last with NULL.
     * GATHER_OP: *ret is what to do (an OP_CREATE's label and file are filled in; an OP_EDIT's or OP_STEP's number), in the arena. GATHER_NEXT after
     * NULL, and GATHER_NOTHING: nothing for this one. */
    enum gathering (*choose)(struct gather *, const struct image *found, struct arena *, struct op *ret);
    void *arg;
    char number[NUMBER_TEXT]; bool made, wrote; /* out, when the change is OK: the record, if there is one */
};
#define GATHER_LOOKS 64                        /* records of one value that are looked at */
/* All or nothing, as the office, like office_act. OK also when there was nothing to do. */
enum status office_gather(struct office *, const char *rule, const char *cause, struct gather *, size_t n, moment now, struct arena *,
                          struct outcome *ret) MUST_CHECK;

#endif
