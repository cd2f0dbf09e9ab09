/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A file read line by line in bounded memory, for the export's files.
 */
#ifndef JOURNAL_LINES_H
#define JOURNAL_LINES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/status.h"

struct lines {
    int fd;
    char *data;
    size_t start, end, cap;
    size_t limit;                   /* longest line that is handed out whole */
    bool at_end;
    bool unended;                   /* the last line had no newline */
    uint64_t number;                /* of the line handed out last, from 1 */
};
/* ABSENT when there is no such file. */
enum status lines_open(struct lines *, int dir, const char *name, size_t limit) MUST_CHECK;
void lines_close(struct lines *);
/* The next line without its newline, valid until the next call. ABSENT at the end; TOO_LARGE gives the first limit+1
 * bytes of a line that is longer, and the rest is passed over. */
enum status lines_next(struct lines *, const char **ret, size_t *ret_len) MUST_CHECK;

#endif
