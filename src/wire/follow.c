/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * A followed file: its lines are messages, through rotation by rename and by copy and truncate, through restarts.
 *
 * A generation is one file that has (or had) the path. The newest lies at the path; older ones are read on until they
 * have not grown for a minute, since their writer may not have noticed yet. Each has a queue of the messages handed
 * out, in order; its offset moves over those that are settled without a gap. What is saved is every generation's
 * identity and offset, so a restart finds each of them again, wherever rotation has put it.
 *
 * A line over the limit is kept to the limit, read to its end and then delivered cut, so that an offset never points
 * into the middle of a line.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "wire/inside.h"

enum { chunk = 65536, chunks_a_step = 16, look_ms = 300 };

struct handed { uint64_t sequence, end; bool settled; };
struct generation {
    struct found file;                       /* fd -1: cut off by truncation, nothing more to read */
    struct identity identity;
    uint64_t offset;                         /* settled up to here; under the lock */
    uint64_t at;                             /* next byte to read */
    char *line;                              /* the line that is not ended yet */
    size_t filled;
    bool over;                               /* the line is longer than the limit: its rest is passed over */
    moment grown;
    bool rotated;
    struct handed *queue;                    /* under the lock */
    size_t first, n_queue, cap_queue;
};
struct follower {
    int folder;
    char *name;
    struct generation *list[most_generations];      /* oldest first */
    size_t n;
    uint64_t sequence;
    size_t unsettled;
    int64_t since;                           /* files born before this were never ours */
    int64_t looked;                          /* when the folder was last read, ms */
    bool unsaved, warned;                    /* what would be saved has changed since it was; under the lock */
};

static moment now(struct outlet *outlet) { return outlet->wire->taker.now(outlet->wire->taker.arg); }

/* ---- generations ---- */

static void free_generation(struct generation *g)
{
    if (g->file.fd >= 0)
        close(g->file.fd);
    free(g->line);
    free(g->queue);
    free(g);
}

/* The head as far as it can be known; false when the file is another one by now. */
static bool same_head(struct outlet *outlet, struct generation *g, uint64_t size)
{
    struct hash head;
    if (g->identity.head_len && (!find_head(g->file.fd, g->identity.head_len, &head) ||
                                 !hash_equal(&head, &g->identity.head)))
        return false;
    uint32_t len = size < head_most ? (uint32_t)size : head_most;
    if (len > g->identity.head_len && find_head(g->file.fd, len, &head)) {
        pthread_mutex_lock(&outlet->wire->lock);
        g->identity.head = head;
        g->identity.head_len = len;
        pthread_mutex_unlock(&outlet->wire->lock);
    }
    return true;
}

/* Takes over the open file. */
static struct generation *add_generation(struct outlet *outlet, const struct found *file, uint64_t offset)
{
    struct follower *f = outlet->follower;
    struct generation *g = calloc(1, sizeof *g);
    char *line = malloc(outlet->max_message + 1);
    if (!g || !line || f->n == most_generations) {
        free(g);
        free(line);
        if (file->fd >= 0)
            close(file->fd);
        return NULL;
    }
    g->file = *file;
    g->identity.device = file->device;
    g->identity.inode = file->inode;
    g->offset = g->at = offset;
    g->line = line;
    g->grown = now(outlet);
    same_head(outlet, g, file->size);
    pthread_mutex_lock(&outlet->wire->lock);
    f->list[f->n++] = g;
    f->unsaved = true;                       /* what is only begun must be found again, too */
    pthread_mutex_unlock(&outlet->wire->lock);
    return g;
}

/* ---- handing out ---- */

static bool enqueue(struct outlet *outlet, struct generation *g, uint64_t end, uint64_t *ret_token)
{
    struct follower *f = outlet->follower;
    bool good = true;
    pthread_mutex_lock(&outlet->wire->lock);
    if (g->n_queue == g->cap_queue) {
        size_t cap = g->cap_queue ? g->cap_queue * 2 : 64;
        struct handed *queue = calloc(cap, sizeof *queue);
        good = queue != NULL;
        for (size_t i = 0; good && i < g->n_queue; i++)
            queue[i] = g->queue[(g->first + i) % g->cap_queue];
        if (good) {
            free(g->queue);
            g->queue = queue;
            g->cap_queue = cap;
            g->first = 0;
        }
    }
    if (good) {
        uint64_t sequence = ++f->sequence & ((UINT64_C(1) << 48) - 1);
        g->queue[(g->first + g->n_queue++) % g->cap_queue] = (struct handed){ .sequence = sequence, .end = end };
        f->unsettled++;
        *ret_token = ((uint64_t)outlet->index + 1) << 48 | sequence;
    }
    pthread_mutex_unlock(&outlet->wire->lock);
    return good;
}

/* Delivers the line; `end` is the offset behind it. An empty line is settled by what follows it. */
static bool hand_out(struct outlet *outlet, struct generation *g, uint64_t end)
{
    size_t len = g->filled;
    uint64_t token;
    if (len && !g->over && g->line[len - 1] == '\r')
        len--;
    if (len && !enqueue(outlet, g, end, &token))
        return false;
    bool cut = g->over;
    g->filled = 0;
    g->over = false;
    if (len)
        outlet_deliver(outlet, token, g->line, len, cut,
                       &(struct origin){ .peer = outlet->port->address, .sender = outlet->port->address });
    return true;
}

static bool may_hand_out(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->wire->lock);
    bool may = outlet->follower->unsettled < most_unsettled;
    pthread_mutex_unlock(&outlet->wire->lock);
    return may && !atomic_load(&outlet->wire->stopping);
}

static void keep(struct outlet *outlet, struct generation *g, const char *bytes, size_t len)
{
    size_t room = outlet->max_message - g->filled;
    if (len > room) {
        g->over = true;
        len = room;
    }
    memcpy(g->line + g->filled, bytes, len);
    g->filled += len;
}

/* One piece of the file. False at its end, or when nothing more may be handed out now. */
static bool read_piece(struct outlet *outlet, struct generation *g)
{
    char bytes[chunk];
    if (!may_hand_out(outlet))
        return false;
    ssize_t n = pread(g->file.fd, bytes, sizeof bytes, (off_t)g->at);
    if (n <= 0 || (g->identity.head_len < head_most && !same_head(outlet, g, g->at + (uint64_t)n)))
        return false;
    g->grown = now(outlet);
    for (const char *p = bytes, *end = bytes + n; p < end;) {
        const char *lf = memchr(p, '\n', (size_t)(end - p));
        size_t len = (size_t)((lf ? lf : end) - p);
        if (lf && !may_hand_out(outlet))
            return false;                    /* `at` stands where this line's rest begins: it is read again */
        keep(outlet, g, p, len);
        g->at += len;
        p += len;
        if (!lf)
            break;
        if (!hand_out(outlet, g, g->at + 1))
            return false;
        g->at++;
        p++;
    }
    return true;
}

/* ---- truncation and heads ---- */

/* The file was cut under us: go on in its copy, if there is one, and read the file itself from its start. */
static void truncated(struct outlet *outlet, struct generation *g)
{
    struct follower *f = outlet->follower;
    struct found fresh = g->file, copy;
    struct saved was = { .identity = g->identity, .offset = g->at };
    was.identity.inode = 0;                  /* not the file itself */
    g->file.fd = -1;
    if (find_saved(f->folder, f->name, &was, &copy)) {
        g->file = copy;
        pthread_mutex_lock(&outlet->wire->lock);
        g->identity.device = copy.device;
        g->identity.inode = copy.inode;
        pthread_mutex_unlock(&outlet->wire->lock);
    }
    bool rotated = g->rotated;
    g->rotated = true;
    g->grown = now(outlet);
    struct generation *next = add_generation(outlet, &fresh, 0);
    if (next)
        next->rotated = rotated;
}

static void check_truncated(struct outlet *outlet, struct generation *g)
{
    struct stat st;
    if (g->file.fd < 0 || fstat(g->file.fd, &st))
        return;
    if ((uint64_t)st.st_size < g->at || ((uint64_t)st.st_size > g->at && !same_head(outlet, g, (uint64_t)st.st_size)))
        truncated(outlet, g);
}

/* ---- rotation ---- */

/* Files that came and went since we last looked: born after the newest that we know, before the one at the path. */
static void add_between(struct outlet *outlet, const struct found *here)
{
    struct follower *f = outlet->follower;
    struct generation *newest = f->n ? f->list[f->n - 1] : NULL;
    struct identity known[most_generations];
    struct found between[most_generations];
    for (size_t i = 0; i < f->n; i++)
        known[i] = f->list[i]->identity;
    size_t room = most_generations - f->n - (here ? 1 : 0);
    size_t n = find_between(f->folder, f->name, newest ? newest->file.born : f->since - 1, here, known, f->n, between, room);
    for (size_t i = 0; i < n; i++) {
        struct generation *g = add_generation(outlet, &between[i], 0);
        if (g)
            g->rotated = true;
    }
}

/* Whether the newest generation still lies at the path. */
static bool unmoved(const struct follower *f, const struct generation *newest)
{
    struct stat st;
    return newest && !newest->rotated && newest->file.fd >= 0 && !fstatat(f->folder, f->name, &st, 0) &&
           (uint64_t)st.st_ino == newest->file.inode && (uint64_t)st.st_dev == newest->file.device;
}

/* What lies at the path now, and what came and went. */
static void look_for_new(struct outlet *outlet)
{
    struct follower *f = outlet->follower;
    struct generation *newest = f->n ? f->list[f->n - 1] : NULL;
    struct found here;
    if (unmoved(f, newest))
        return;
    bool there = find_at(f->folder, f->name, &here);
    if (there && newest && newest->file.fd >= 0 && here.inode == newest->file.inode &&
        here.device == newest->file.device) {
        close(here.fd);
        newest->rotated = false;
        return;
    }
    if (newest)
        newest->rotated = true;
    if (f->n == most_generations) {          /* until older ones are settled */
        if (there)
            close(here.fd);
        return;
    }
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    int64_t ms = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    if (there || ms - f->looked >= look_ms) {    /* with nothing at the path, the folder is not read all the time */
        f->looked = ms;
        add_between(outlet, there ? &here : NULL);
    }
    if (there)
        add_generation(outlet, &here, 0);
}

/* Lets go of what is read to its end, settled, and quiet for long enough. */
static void drop_finished(struct outlet *outlet)
{
    struct follower *f = outlet->follower;
    for (size_t i = 0; i < f->n;) {
        struct generation *g = f->list[i];
        bool quiet = g->file.fd < 0 || (g->rotated && now(outlet) - g->grown >= follow_grace);
        if (quiet && g->filled && may_hand_out(outlet))
            hand_out(outlet, g, g->at);      /* a last line without its end */
        pthread_mutex_lock(&outlet->wire->lock);
        bool finished = quiet && !g->filled && !g->n_queue && f->n > 1;
        if (finished) {
            memmove(&f->list[i], &f->list[i + 1], (--f->n - i) * sizeof *f->list);
            f->unsaved = true;
        }
        pthread_mutex_unlock(&outlet->wire->lock);
        if (finished)
            free_generation(g);
        else
            i++;
    }
}

/* Before anything of a new generation is handed out, its place is saved. */
static void save_changes(struct outlet *outlet)
{
    pthread_mutex_lock(&outlet->wire->lock);
    if (outlet->follower->unsaved && follow_save(outlet) != OK && !outlet->follower->warned) {
        log_warn("wire: the offsets of port %s could not be saved", outlet->port->name);
        outlet->follower->warned = true;
    }
    pthread_mutex_unlock(&outlet->wire->lock);
}

bool follow_step(struct outlet *outlet)
{
    struct follower *f = outlet->follower;
    bool more = false;
    look_for_new(outlet);
    for (size_t i = 0, n = f->n; i < n; i++)
        check_truncated(outlet, f->list[i]);
    save_changes(outlet);
    for (size_t i = 0; i < f->n; i++) {
        bool piece = f->list[i]->file.fd >= 0;
        for (int k = 0; piece && k < chunks_a_step; k++)
            piece = read_piece(outlet, f->list[i]);
        more |= piece;
    }
    drop_finished(outlet);
    save_changes(outlet);
    return more;
}

/* ---- settling, saving ---- */

static bool mark(struct generation *g, uint64_t sequence)
{
    if (!g->n_queue)
        return false;
    uint64_t from = g->queue[g->first].sequence, place = sequence - from;
    if (sequence < from || place >= g->n_queue) {
        /* generations read side by side share the numbers, so a queue may have holes: look from the back */
        place = g->n_queue;
    }
    for (size_t i = place < g->n_queue ? place + 1 : g->n_queue; i-- > 0;) {
        struct handed *h = &g->queue[(g->first + i) % g->cap_queue];
        if (h->sequence == sequence) {
            h->settled = true;
            return true;
        }
        if (h->sequence < sequence)
            return false;
    }
    return false;
}

bool follow_settle(struct outlet *outlet, const uint64_t *tokens, size_t n)
{
    struct follower *f = outlet->follower;
    for (size_t i = 0; i < n; i++) {
        if (tokens[i] >> 48 != outlet->index + 1)
            continue;
        uint64_t sequence = tokens[i] & ((UINT64_C(1) << 48) - 1);
        for (size_t k = f->n; k-- > 0 && !mark(f->list[k], sequence);)
            ;
    }
    for (size_t k = 0; k < f->n; k++) {
        struct generation *g = f->list[k];
        while (g->n_queue && g->queue[g->first].settled) {
            g->offset = g->queue[g->first].end;
            g->first = (g->first + 1) % g->cap_queue;
            g->n_queue--;
            f->unsettled--;
            f->unsaved = true;
        }
    }
    return f->unsaved;
}

enum status follow_save(struct outlet *outlet)
{
    struct follower *f = outlet->follower;
    struct saved saved[most_generations];
    for (size_t i = 0; i < f->n; i++)
        saved[i] = (struct saved){ .identity = f->list[i]->identity, .offset = f->list[i]->offset };
    enum status status = offset_write(outlet->wire->state, outlet->port->name, saved, f->n);
    f->unsaved = status != OK;
    f->warned &= f->unsaved;
    return status;
}

/* ---- opening ---- */

static enum status load(struct outlet *outlet, struct reasons *reasons)
{
    struct follower *f = outlet->follower;
    struct saved saved[most_generations];
    size_t n = 0;
    enum status status = offset_read(outlet->wire->state, outlet->port->name, reasons, saved, &n);
    if (status == ABSENT)
        status = offset_write(outlet->wire->state, outlet->port->name, saved, 0);
    if (status == OK)
        status = offset_time(outlet->wire->state, outlet->port->name, &f->since);
    if (status == FAILED_IO)
        reason_add(reasons, "port.state", outlet->port->name,
                   T_("The offsets of followed files cannot be saved: %1$s."), strerror(errno));
    if (status != OK)
        return status;
    for (size_t i = 0; i < n; i++) {
        struct found file;
        if (!find_saved(f->folder, f->name, &saved[i], &file)) {
            log_warn("wire: a file that port %s followed is gone; what it held behind byte %llu was not read",
                     outlet->port->name, (unsigned long long)saved[i].offset);
            TALLY(outlet->counts.gaps, 1);
            continue;
        }
        struct generation *g = add_generation(outlet, &file, saved[i].offset);
        if (!g)
            return NO_MEMORY;
        g->identity.head_len = saved[i].identity.head_len;
        g->identity.head = saved[i].identity.head;
        g->rotated = true;                   /* look_for_new takes it back for the one at the path */
    }
    return OK;
}

enum status follow_open(struct outlet *outlet, struct reasons *reasons)
{
    const char *path = outlet->port->address, *slash = path ? strrchr(path, '/') : NULL;
    if (!slash || !slash[1]) {
        reason_add(reasons, "port.path", outlet->port->name,
                   T_("\"%1$s\" is no path of a file to follow; write it from the root on."), path ? path : "");
        return BAD_INPUT;
    }
    struct follower *f = outlet->follower = calloc(1, sizeof *f);
    char *folder = strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (!f || !folder) {
        free(folder);
        return NO_MEMORY;
    }
    f->name = strdup(slash + 1);
    f->folder = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum status status = OK;
    if (f->folder < 0 || !f->name) {
        reason_add(reasons, "port.path", outlet->port->name, T_("The folder \"%1$s\" cannot be opened: %2$s."), folder,
                   strerror(errno));
        status = FAILED_IO;
    } else if (outlet->wire->inotify >= 0 &&
               inotify_add_watch(outlet->wire->inotify, folder,
                                 IN_MODIFY | IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE) < 0) {
        log_warn("wire: no word of changes in the folder of port %s; it is looked at every half second",
                 outlet->port->name);
    }
    free(folder);
    if (status == OK)
        status = load(outlet, reasons);
    if (status == OK) {
        look_for_new(outlet);
        save_changes(outlet);
    }
    return status;
}

void follow_close(struct outlet *outlet)
{
    struct follower *f = outlet->follower;
    if (!f)
        return;
    for (size_t i = 0; i < f->n; i++)
        free_generation(f->list[i]);
    if (f->folder >= 0)
        close(f->folder);
    free(f->name);
    free(f);
    outlet->follower = NULL;
}
