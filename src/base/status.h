/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What a function that can fail returns. Outputs are named ret_ and are untouched on failure. The words (which rule,
 * where, what would be right) are in the `reasons` that the function is handed, never in the code alone.
 */
#ifndef BASE_STATUS_H
#define BASE_STATUS_H

enum status {
    OK = 0,
    BAD_INPUT,      /* the form is wrong: reasons name file, line or field */
    ABSENT,         /* not there, or not there for this reader: one answer for both */
    REFUSED,        /* a rule refuses: reasons name it */
    CONFLICT,       /* somebody changed it meanwhile, or a key was used before */
    TOO_LARGE,      /* a limit on size or number was passed */
    BUSY,           /* too much is waiting; try later */
    FAILED_IO,      /* disk, network or a peer failed */
    DAMAGED,        /* what was stored does not verify */
    NO_MEMORY,
};

/* The status' name in lower case, for logs. */
const char *status_name(enum status);

#define MUST_CHECK __attribute__((warn_unused_result))

#endif
