/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Finding a followed file again after rotation: by device and inode while its head is the same, else (it was copied
 * and truncated) a sibling with the same head that is long enough. Siblings are the regular files of the folder whose
 * name begins with the followed one's and "." or "-", compressed ones excepted.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/text.h"
#include "wire/inside.h"

enum { least_head = 16, most_siblings = 512 };   /* a shorter head proves nothing about a copy */

bool find_head(int fd, uint32_t len, struct hash *ret)
{
    char bytes[head_most];
    if (len > head_most || pread(fd, bytes, len, 0) != (ssize_t)len)
        return false;
    *ret = sha256(bytes, len);
    return true;
}

bool find_at(int folder, const char *name, struct found *ret)
{
    struct statx st;
    int fd = openat(folder, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return false;
    if (statx(fd, "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) || !S_ISREG(st.stx_mode)) {
        close(fd);
        return false;
    }
    const struct statx_timestamp *born = st.stx_mask & STATX_BTIME ? &st.stx_btime : &st.stx_mtime;
    *ret = (struct found){ .fd = fd, .device = makedev(st.stx_dev_major, st.stx_dev_minor), .inode = st.stx_ino,
                           .size = st.stx_size, .born = born->tv_sec * INT64_C(1000000000) + born->tv_nsec };
    return true;
}

static bool is_sibling(const char *name, const char *of)
{
    static const char *const packed[] = { ".gz", ".xz", ".bz2", ".zst", ".lz4", ".Z" };
    size_t len = strlen(of);
    if (strncmp(name, of, len) || (name[len] != '.' && name[len] != '-'))
        return false;
    for (size_t i = 0; i < sizeof packed / sizeof *packed; i++)
        if (str_ends(name, packed[i]))
            return false;
    return true;
}

/* Calls `want` with each sibling, open; it closes or keeps it and says whether to go on. */
static void each_sibling(int folder, const char *of, bool (*want)(void *, struct found *), void *arg)
{
    int copy = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = copy >= 0 ? fdopendir(copy) : NULL;
    if (!dir) {
        if (copy >= 0)
            close(copy);
        return;
    }
    struct dirent *entry;
    bool more = true;
    for (int n = 0; more && n < most_siblings && (entry = readdir(dir));) {
        struct found found;
        if (!is_sibling(entry->d_name, of) || !find_at(folder, entry->d_name, &found))
            continue;
        n++;
        more = want(arg, &found);
    }
    closedir(dir);
}

/* ---- the saved file ---- */

struct search { const struct saved *saved; struct found found; bool by_inode, there; };

static bool matches(const struct search *s, const struct found *found)
{
    const struct identity *id = &s->saved->identity;
    struct hash head;
    if (s->by_inode ? (found->inode != id->inode || found->device != id->device) : id->head_len < least_head)
        return false;
    if (!id->head_len)                       /* it was empty then: nothing to compare */
        return true;
    return found->size >= s->saved->offset && find_head(found->fd, id->head_len, &head) && hash_equal(&head, &id->head);
}

static bool look_saved(void *arg, struct found *found)
{
    struct search *s = arg;
    if (!matches(s, found)) {
        close(found->fd);
        return true;
    }
    s->found = *found;
    s->there = true;
    return false;
}

bool find_saved(int folder, const char *name, const struct saved *saved, struct found *ret)
{
    struct search s = { .saved = saved };
    for (int pass = 0; pass < 2 && !s.there; pass++) {
        struct found here;
        s.by_inode = pass == 0;
        if (find_at(folder, name, &here))
            look_saved(&s, &here);
        if (!s.there)
            each_sibling(folder, name, look_saved, &s);
    }
    if (s.there)
        *ret = s.found;
    return s.there;
}

/* ---- those in between ---- */

struct between {
    int64_t since;
    const struct found *next;
    const struct identity *known;
    size_t n_known;
    struct found *list;
    size_t n, cap;
};

/* One of the files that are followed already, or a copy of one. */
static bool is_known(const struct between *b, const struct found *found)
{
    struct hash head;
    for (size_t i = 0; i < b->n_known; i++) {
        const struct identity *id = &b->known[i];
        if (found->inode == id->inode && found->device == id->device)
            return true;
        if (id->head_len >= least_head && find_head(found->fd, id->head_len, &head) && hash_equal(&head, &id->head))
            return true;
    }
    return false;
}

static bool look_between(void *arg, struct found *found)
{
    struct between *b = arg;
    const struct found *next = b->next;
    bool at_path = next && found->inode == next->inode && found->device == next->device;
    bool in_time = found->born > b->since && (!next || found->born < next->born);
    if (at_path || !in_time || b->n == b->cap || is_known(b, found)) {
        close(found->fd);
        return true;
    }
    size_t i = b->n++;
    for (; i && b->list[i - 1].born > found->born; i--)
        b->list[i] = b->list[i - 1];
    b->list[i] = *found;
    return true;
}

size_t find_between(int folder, const char *name, int64_t since, const struct found *next,
                    const struct identity *known, size_t n_known, struct found *ret, size_t cap)
{
    struct between b = { .since = since, .next = next, .known = known, .n_known = n_known, .list = ret, .cap = cap };
    each_sibling(folder, name, look_between, &b);
    return b.n;
}
