/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * What passes between the asking side (jail.c), the nursery (nursery.c) and a jail (jailed.c). Inside base only.
 *
 * A request is one message on the control socket: `struct order`, and three descriptors: the input (a sealed memfd),
 * the output (a memfd of fixed size) and a socket for the verdict. The jail writes `struct outcome` and behind it the
 * answer and its reasons into the output; the nursery sends `struct verdict` when the jail has ended. All that comes
 * from a jail is foreign: lengths are checked against the output's size before they are used.
 */
#ifndef BASE_NURSERY_H
#define BASE_NURSERY_H

#include <linux/filter.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/jail.h"

#define ARGUMENT_BYTES 512
#define REASONS_BYTES ((size_t)1 << 20)
#define OUTCOME_MARK 0x43415354u
#define EXIT_OUT_OF_MEMORY 41
#define EXIT_NOT_LOCKED 42

struct order {
    uint32_t jailer;                       /* its place in the table */
    uint64_t input_len, output_len;
    char argument[ARGUMENT_BYTES];
    bool has_argument;
};
struct outcome {
    uint32_t mark, status;
    uint64_t answer_len, reasons_len;
};
enum jail_end { END_NORMAL, END_TIME, END_MEMORY };
struct verdict {
    int32_t wait_status;
    uint32_t end;
};

static inline size_t limit_or(size_t limit, size_t otherwise) { return limit ? limit : otherwise; }
#define MAX_INPUT(jailer) limit_or((jailer)->max_input, (size_t)64 << 20)
#define MAX_ANSWER(jailer) limit_or((jailer)->max_answer, (size_t)64 << 20)
#define MAX_MEMORY(jailer) limit_or((jailer)->max_memory, (size_t)256 << 20)
#define MAX_SECONDS(jailer) ((jailer)->max_seconds ? (jailer)->max_seconds : 20u)

/* The nursery's life; returns when the control socket closes. */
void nursery_live(const struct jailer *const *jailers, int control);
/* A jail's life: locks itself, runs, exits. `mapped` is the address space that the nursery has: the limit comes on top. */
_Noreturn void jail_live(const struct jailer *, const struct order *, const struct sock_fprog *, size_t mapped,
                         int input, int output);
/* Reasons as bytes and back. Reading believes nothing. */
void reasons_pack(const struct reasons *, struct buf *);
bool reasons_unpack(struct reasons *, const char *bytes, size_t len);

#endif
