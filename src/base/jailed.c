/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside a jail: map input and output, close everything else, bound memory and time, lock, run the jailer, write its
 * outcome. Nothing of the outcome counts before its mark is written, last.
 */
#include <fcntl.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/landlock.h"
#include "base/nursery.h"

static _Noreturn void out_of_memory(void *arg)
{
    _exit(EXIT_OUT_OF_MEMORY);
}

static void bound(int what, size_t most)
{
    struct rlimit limit = {most, most};
    if (setrlimit((__rlimit_resource_t)what, &limit) != 0)
        _exit(EXIT_NOT_LOCKED);
}

static void close_the_rest(void)
{
    close_range(SANITIZED ? 3 : 0, ~0U, 0);            /* the sanitizers' reports may leave by descriptor 2 */
}

static void lock(const struct jailer *jailer, const struct sock_fprog *filter, size_t mapped)
{
    unsigned seconds = MAX_SECONDS(jailer);
    if (!SANITIZED)
        bound(RLIMIT_AS, mapped + MAX_MEMORY(jailer));
    close_the_rest();
    bound(RLIMIT_CPU, seconds + 1);
    bound(RLIMIT_CORE, 0);
    bound(RLIMIT_FSIZE, 0);
    mallopt(M_ARENA_MAX, 1);               /* a second arena would ask the kernel how many processors there are */
    prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
    landlock_only(NULL, NULL, true);       /* beside the filter; kernels without it have the filter alone */
    if (!filter_put_on(filter))
        _exit(EXIT_NOT_LOCKED);
}

static void write_outcome(struct outcome *outcome, size_t size, enum status status, const struct buf *answer,
                          const struct reasons *reasons)
{
    struct buf packed;
    char *at = (char *)(outcome + 1);
    size_t room = size - sizeof *outcome - REASONS_BYTES;
    buf_init(&packed, REASONS_BYTES);
    reasons_pack(reasons, &packed);
    if (!status && (answer->failed || answer->len > room))
        status = TOO_LARGE;
    size_t answer_len = status ? 0 : answer->len;
    if (answer_len)
        memcpy(at, answer->data, answer_len);
    if (packed.len)
        memcpy(at + answer_len, packed.data, packed.len);
    *outcome = (struct outcome){0, (uint32_t)status, answer_len, packed.len};
    __atomic_store_n(&outcome->mark, OUTCOME_MARK, __ATOMIC_RELEASE);
}

void jail_live(const struct jailer *jailer, const struct order *order, const struct sock_fprog *filter, size_t mapped,
               int input, int output)
{
    size_t len = (size_t)order->input_len;
    const char *bytes = len ? mmap(NULL, len, PROT_READ, MAP_SHARED, input, 0) : "";
    struct outcome *outcome = mmap(NULL, order->output_len, PROT_READ | PROT_WRITE, MAP_SHARED, output, 0);
    if (bytes == MAP_FAILED || outcome == MAP_FAILED)
        _exit(EXIT_NOT_LOCKED);
    lock(jailer, filter, mapped + len + (size_t)order->output_len);
    struct arena *arena = arena_new(MAX_MEMORY(jailer));
    if (!arena)
        _exit(EXIT_OUT_OF_MEMORY);
    arena_on_failure(arena, out_of_memory, NULL);
    struct reasons reasons;
    struct buf answer;
    reasons_init(&reasons, arena);
    buf_init(&answer, MAX_ANSWER(jailer));
    enum status status = jailer->run(arena, bytes, len, order->has_argument ? order->argument : NULL, &reasons, &answer);
    write_outcome(outcome, (size_t)order->output_len, status, &answer, &reasons);
    _exit(0);
}
