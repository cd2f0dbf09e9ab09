/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jailed workers that live long: each looks at a stream of messages over a ring and answers over another. They are forked by a *keeper*, a
 * process with one thread, no keys and no files, which is itself forked before any thread, key or socket exists. So a worker that has died,
 * or one that shall see other things than before, is replaced by a fresh process at any time, though the office's process may not fork.
 * A worker is locked as a jail is (base/jail.h) before it takes its first message.
 */
#ifndef WIRE_WORKERS_H
#define WIRE_WORKERS_H

#include <sys/types.h>

#include "wire/wire.h"

#define WORKERS_MOST 64u

struct worker_work {
    const char *name;                        /* of the process */
    int (*run)(struct ring *in, struct ring *out);      /* in the worker; returns its exit status */
    size_t in_bytes, out_bytes;              /* of the rings */
    size_t memory;                           /* what one worker may hold; 0: 1 GiB */
};
struct keeper;
/* Forks the keeper. `work` outlives it. */
enum status keeper_start(unsigned n, const struct worker_work *work, struct reasons *, struct keeper **ret) MUST_CHECK;
void keeper_stop(struct keeper *);         /* kills what still runs and waits for the keeper; takes NULL */
unsigned keeper_count(const struct keeper *);
pid_t keeper_pid(const struct keeper *);
/* A fresh process over empty rings; one that still runs there is killed first. Nobody may be using the rings meanwhile. */
bool keeper_begin(struct keeper *, unsigned index, struct ring **ret_in, struct ring **ret_out) MUST_CHECK;
void keeper_kill(struct keeper *, unsigned index);
pid_t keeper_process(const struct keeper *, unsigned index);    /* 0: none runs */
/* How the last one there ended, as waitpid() gives it; when a worker ends, both its rings end, too. */
int keeper_ended(const struct keeper *, unsigned index);

#endif
