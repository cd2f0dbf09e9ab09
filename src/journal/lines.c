/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * One buffer of the limit and a bit; what is left of a partial line moves to its front before more is read.
 */
#include "journal/lines.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define CHUNK ((size_t)256 << 10)

enum status lines_open(struct lines *l, int dir, const char *name, size_t limit)
{
    *l = (struct lines){.limit = limit, .cap = limit + 1 + CHUNK};
    l->fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    if (l->fd < 0)
        return errno == ENOENT ? ABSENT : FAILED_IO;
    l->data = malloc(l->cap);
    if (!l->data) {
        close(l->fd);
        l->fd = -1;
        return NO_MEMORY;
    }
    return OK;
}

void lines_close(struct lines *l)
{
    if (l->data)
        close(l->fd);
    free(l->data);
    *l = (struct lines){.fd = -1};
}

/* More bytes behind `end`; false at the end of the file or on failure (then *status says so). */
static bool fill(struct lines *l, enum status *status)
{
    if (l->start > 0) {
        memmove(l->data, l->data + l->start, l->end - l->start);
        l->end -= l->start;
        l->start = 0;
    }
    while (!l->at_end && l->end < l->cap) {
        ssize_t n = read(l->fd, l->data + l->end, l->cap - l->end);
        if (n > 0) {
            l->end += (size_t)n;
            return true;
        }
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            *status = FAILED_IO;
        l->at_end = true;
    }
    return false;
}

/* Drops what is left of a line that was too long; its head stays in the first limit+1 bytes. */
static void skip_rest(struct lines *l, enum status *status)
{
    size_t keep = l->limit + 1;
    for (;;) {
        char *stop = memchr(l->data + keep, '\n', l->end - keep);
        if (stop) {
            l->start = (size_t)(stop + 1 - l->data);
            return;
        }
        l->end = keep;
        if (!fill(l, status)) {
            l->start = l->end;
            l->unended = true;
            return;
        }
    }
}

enum status lines_next(struct lines *l, const char **ret, size_t *ret_len)
{
    enum status s = OK;
    size_t looked = 0;
    for (;;) {
        char *from = l->data + l->start, *stop = memchr(from + looked, '\n', l->end - l->start - looked);
        size_t have = l->end - l->start;
        if (stop && (size_t)(stop - from) <= l->limit) {
            *ret = from;
            *ret_len = (size_t)(stop - from);
            l->start += *ret_len + 1;
            l->number++;
            return OK;
        }
        if (have > l->limit) {
            if (l->start > 0)
                fill(l, &s);                /* brings the line to the front */
            skip_rest(l, &s);
            *ret = l->data;
            *ret_len = l->limit + 1;
            l->number++;
            return s == OK ? TOO_LARGE : s;
        }
        looked = have;
        if (fill(l, &s))
            continue;
        if (s != OK)
            return s;
        if (have == 0)
            return ABSENT;
        l->unended = true;
        *ret = l->data + l->start;
        *ret_len = have;
        l->start = l->end;
        l->number++;
        return OK;
    }
}
