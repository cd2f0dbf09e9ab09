/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Locked rooms (law 7). The nursery is a process with one thread, no keys and no database, forked before any thread,
 * key or socket exists; it forks a jail for each foreign file or stream. A jail has no network, no file system, no
 * exec, bounded memory and time (seccomp, Landlock, rlimits), reads its input from one descriptor and answers with one
 * message. A child that tries anything else dies and is reported.
 */
#ifndef BASE_JAIL_H
#define BASE_JAIL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/reasons.h"
#include "base/status.h"

/* What runs in a jail: reads `input` (whole, at most the limit), writes its answer. Registered by name before the
 * nursery is forked; the same function pointers are valid in parent and children. */
struct jailer {
    const char *name;                               /* "spif", "xlsx", "label" ... */
    enum status (*run)(struct arena *, const char *input, size_t len, const char *argument, struct reasons *,
                       struct buf *answer);
    size_t max_input, max_answer, max_memory;       /* bytes; 0: 64 MiB, 64 MiB, 256 MiB */
    unsigned max_seconds;                           /* 0: 20 */
};

struct nursery;
/* Forks the nursery. `jailers` is a NULL-terminated table that outlives it. */
enum status nursery_start(const struct jailer *const *jailers, struct reasons *, struct nursery **ret) MUST_CHECK;
void nursery_stop(struct nursery *);                /* takes NULL; waits for the process */
pid_t nursery_process(const struct nursery *);      /* for doctor */
/* Runs one jailer over `input` in a new jail and waits. The answer lies in the arena. FAILED_IO with a reason when the
 * child died (killed by seccomp, by its limits, by time), BAD_INPUT and the child's own reasons when it refused the
 * input. Safe from many threads. */
enum status nursery_run(struct nursery *, const char *jailer, const char *argument, const char *input, size_t len,
                        struct arena *, struct reasons *, const char **ret_answer, size_t *ret_len) MUST_CHECK;
/* The program's one nursery, for whoever has something foreign to read: set once by the command that runs the office, before anything
 * serves. NULL where there is none; nothing foreign is parsed then. */
void nursery_share(struct nursery *);
struct nursery *nursery_shared(void);

/* Least privilege for a long-lived process, each irrevocable. They return false, and say so in the log, where the
 * kernel lacks the means: doctor then shows it as missing hardening. */
struct confine {
    const char *const *read_paths;                  /* NULL-terminated; Landlock */
    const char *const *write_paths;
    bool network;                                   /* may use sockets */
    bool fork;                                      /* may fork */
};
bool confine_process(const struct confine *);
/* Locks the calling process as a jail is locked, irrevocably: no files, no sockets, no fork; it may read and write what
 * is open, use memory that is mapped or its own, and wait. For workers that live longer than one file. Bounding memory
 * and time is the caller's. False when the kernel cannot: the worker must not run then. */
bool jail_lock(void);
/* What this kernel offers: Landlock ABI (0: none), seccomp. */
int landlock_version(void);
bool seccomp_available(void);

#endif
