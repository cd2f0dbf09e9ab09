/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * An office for benchmarks, made through door one: 1,000 staff with accounts, posts, clearances and briefings, and as
 * many instructions as are asked for. One instruction in 2,000 lies in a file of its own ("small"); the others lie in
 * FILES files. Three readers: "all" is a member of every file, "tenth" of a tenth of them, "small" of the small one.
 * With few records (for the pages) there are no files: everybody cleared reads everything.
 */
#ifndef BENCH_OFFICE_H
#define BENCH_OFFICE_H

#include "office/office.h"

enum { BENCH_STAFF = 1000, BENCH_FILES = 200, BENCH_WRITERS = 64 };

struct bench_office {
    struct office *office;
    struct arena *arena;
    moment now;
    const char *label;             /* NATO CONFIDENTIAL: a read of it is journalled */
    const char *plain;             /* NATO RESTRICTED */
    const char *owner;             /* a person's number */
    char (*numbers)[NUMBER_TEXT]; size_t n_numbers;        /* of instructions, at most 2,000 of each label: even CONFIDENTIAL, odd RESTRICTED */
};
/* Ends the program with words when it cannot. */
void bench_found(struct bench_office *, const char *folder);
void bench_open(struct bench_office *, const char *folder);
/* `filed`: into files, with the three readers; else without any, every second CONFIDENTIAL. */
void bench_fill(struct bench_office *, size_t records, bool filed);
const struct reader *bench_reader(struct bench_office *, const char *login);
/* Login of the staff member or writer. */
const char *bench_login(struct bench_office *, const char *kind, unsigned);
void bench_die(const char *what, const struct reasons *);

#endif
