/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Inside the jail of jailed_stream.h. All that needs a name or a new descriptor is done before the lock.
 */
#include <errno.h>
#include <fcntl.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/filter.h"
#include "base/nursery.h"
#include "cli/jailed_stream_inner.h"

enum { DONE_STEP = 8 << 20 };

void stream_pack_end(struct buf *out, enum status status, const char *reasons, size_t len)
{
    uint32_t said = (uint32_t)status;
    struct stream_head head = {STREAM_END, (uint32_t)(sizeof said + len)};
    buf_add(out, &head, sizeof head);
    buf_add(out, &said, sizeof said);
    if (len)
        buf_add(out, reasons, len);
}

uint64_t stream_progress_of(const char bytes[8])
{
    uint64_t done;
    memcpy(&done, bytes, sizeof done);
    return done;
}

static bool write_all(int to, const void *from, size_t len)
{
    const char *bytes = from;
    while (len) {
        ssize_t wrote = write(to, bytes, len);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote <= 0)
            return false;
        bytes += wrote;
        len -= (size_t)wrote;
    }
    return true;
}

bool stream_send(struct stream_jail *jail, unsigned kind, const void *bytes, size_t len)
{
    struct stream_head head = {kind, (uint32_t)len};
    return len <= STREAM_MESSAGE_MOST && write_all(jail->out, &head, sizeof head) && write_all(jail->out, bytes, len);
}

long stream_take(struct stream_jail *jail, size_t *at, void *to, size_t len)
{
    if (jail->bytes) {
        size_t left = jail->len - *at, n = len < left ? len : left;
        memcpy(to, jail->bytes + *at, n);
        *at += n;
        stream_done(jail, *at);
        return (long)n;
    }
    for (;;) {
        ssize_t got = read(jail->in, to, len);
        if (got < 0 && errno == EINTR)
            continue;
        *at += got > 0 ? (size_t)got : 0;
        return got;
    }
}

/* Told in steps, so that neither the kernel nor the parent is asked for every record. */
void stream_done(struct stream_jail *jail, size_t at)
{
    static size_t told, page;
    page = page ? page : (size_t)sysconf(_SC_PAGESIZE);
    if (at < told + DONE_STEP && at < jail->len)
        return;
    uint64_t step = at - told;
    size_t from = told & ~(page - 1), to = at & ~(page - 1);
    if (jail->bytes && to > from)
        madvise((void *)(uintptr_t)(jail->bytes + from), to - from, MADV_DONTNEED);
    told = at;
    (void)stream_send(jail, STREAM_PROGRESS, &step, sizeof step);
}

static _Noreturn void out_of_memory(void *arg) { _exit(EXIT_OUT_OF_MEMORY); }

static void bound(int what, size_t most)
{
    struct rlimit limit = {most, most};
    if (setrlimit((__rlimit_resource_t)what, &limit) != 0)
        _exit(EXIT_NOT_LOCKED);
}

static size_t mapped_now(void)
{
    unsigned long pages = 0;
    FILE *file = fopen("/proc/self/statm", "re");
    if (!file || fscanf(file, "%lu", &pages) != 1)
        pages = 1 << 20;
    if (file)
        fclose(file);
    return (size_t)pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void keep_only(int in, int out)
{
    /* Input 3, output 4; of the rest only the sanitizers' way out stays. */
    int high_in = fcntl(in, F_DUPFD, 10), high_out = fcntl(out, F_DUPFD, 10);
    if (high_in < 0 || high_out < 0 || dup2(high_in, 3) != 3 || dup2(high_out, 4) != 4)
        _exit(EXIT_NOT_LOCKED);
    close_range(5, ~0U, 0);
    close_range(0, SANITIZED ? 1 : 2, 0);
}

void stream_live(const struct stream_work *work, const char *path, int in, int out)
{
    struct stream_jail jail = {.path = path, .in = 3, .out = 4};
    struct stat about;
    prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
    prctl(PR_SET_NAME, "jail", 0, 0, 0);
    signal(SIGPIPE, SIG_IGN);
    size_t size = fstat(in, &about) == 0 && S_ISREG(about.st_mode) ? (size_t)about.st_size : 0;
    void *mapped = size ? mmap(NULL, size, PROT_READ, MAP_PRIVATE, in, 0) : MAP_FAILED;
    if (mapped != MAP_FAILED) {
        jail.bytes = mapped;
        jail.len = size;
    }
    size_t now = mapped_now();
    keep_only(in, out);
    if (!SANITIZED)
        bound(RLIMIT_AS, now + (work->memory ? work->memory : (size_t)512 << 20));
    /* A megabyte in eight seconds, also packed, is far below what readers do; a pipe may bring anything, for a day. */
    bound(RLIMIT_CPU, size ? 120 + (size >> 17) : 86400);
    mallopt(M_ARENA_MAX, 1);               /* a second arena would ask the kernel how many processors there are */
    if (!jail_lock())
        _exit(EXIT_NOT_LOCKED);
    struct arena *arena = arena_new((size_t)1 << 40);
    struct reasons reasons;
    struct buf packed, end;
    if (!arena)
        _exit(EXIT_OUT_OF_MEMORY);
    arena_on_failure(arena, out_of_memory, NULL);
    reasons_init(&reasons, arena);
    buf_init(&packed, 1 << 20);
    buf_init(&end, 2 << 20);
    enum status status = work->run(&jail, work->arg, arena, &reasons);
    reasons_pack(&reasons, &packed);
    stream_pack_end(&end, status, packed.data, packed.len);
    _exit(write_all(jail.out, end.data, end.len) ? 0 : 1);
}
