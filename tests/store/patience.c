/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Jobs for which nobody waits (entries of reads): they gather, and yet each is durable within a second, is taken along by the next job that
 * presses, is not held up when there are many, and is not lost when the store closes.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <string.h>
#include <time.h>

#include "kit.h"
#include "tap.h"

enum { MANY = 600, SECOND_MS = 1000 };

struct note { struct job job; atomic_int settled; };
static atomic_int batches;

static bool append(struct job *job, struct txn *txn)
{
    uint64_t position;
    return txn_append(txn, "{}", 2, &position) == OK;
}
static void settled(struct job *job, bool committed) { atomic_store(&((struct note *)job)->settled, committed ? 1 : -1); }
static void counted(void *arg, bool committed) { atomic_fetch_add(&batches, committed); }

static int64_t ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
static bool submit(struct store *s, struct note *note, bool patient)
{
    *note = (struct note){.job = {.run = append, .settled = settled, .patient = patient}};
    return store_submit(s, &note->job) == OK;
}
/* How long until all are durable; SECOND_MS and more when they are not. */
static int64_t wait_for(struct note *notes, size_t n, int64_t since)
{
    for (size_t i = 0; i < n; i++)
        while (!atomic_load(&notes[i].settled) && ms() - since < SECOND_MS)
            nanosleep(&(struct timespec){.tv_nsec = 200000}, NULL);
    for (size_t i = 0; i < n; i++)
        if (atomic_load(&notes[i].settled) != 1)
            return SECOND_MS;
    return ms() - since;
}
static bool nothing(void *arg, struct txn *txn) { return true; }

int main(void)
{
    static struct note notes[MANY];
    char *folder = kit_folder();
    struct store *s = kit_open(folder);
    store_on_batch(s, NULL, counted, NULL);

    int64_t begun = ms();
    ok(submit(s, &notes[0], true), "one that is patient is taken");
    ok(wait_for(notes, 1, begun) < SECOND_MS, "alone it is durable within a second");

    begun = ms();
    int before = atomic_load(&batches);
    bool taken = true;
    for (size_t i = 0; i < 20; i++) {
        taken = submit(s, &notes[i], true) && taken;
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    }
    ok(taken && wait_for(notes, 20, begun) < SECOND_MS, "twenty are durable within a second");
    ok(atomic_load(&batches) - before <= 12, "in few batches: %d", atomic_load(&batches) - before);

    ok(submit(s, &notes[0], true), "one lies");
    ok(kit_do(s, nothing, NULL), "another presses");
    ok(atomic_load(&notes[0].settled) == 1, "and has taken the first along, since jobs keep their order");

    begun = ms();
    taken = true;
    for (size_t i = 0; i < MANY; i++)
        taken = submit(s, &notes[i], true) && taken;
    ok(taken && wait_for(notes, MANY, begun) < SECOND_MS, "more than a batch of them are durable within a second");

    uint64_t size = store_journal_size(s);
    ok(submit(s, &notes[0], true), "one lies while the store closes");
    store_close(s);
    ok(atomic_load(&notes[0].settled) == 1, "it was written before");
    s = kit_open(folder);
    ok(store_journal_size(s) == size + 1, "and is there afterwards");
    store_close(s);
    kit_remove(folder);
    return tap_done();
}
