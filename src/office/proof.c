/* SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Checkpoints by the clock: the signer signs the tree's root, the note goes into checkpoints/ under its time, and readers see under
 * which checkpoint their record is proven.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "office/erasures.h"
#include "office/inside.h"
#include "office/leaks.h"
#include "store/backup.h"
#include "store/disk.h"

moment office_proven(struct office *office, uint64_t position)
{
    moment at = MOMENT_NONE;
    pthread_mutex_lock(&office->checkpoint_lock);
    for (size_t i = office->n_checkpoints; i-- > 0 && office->checkpoints[i].size > position;)
        at = office->checkpoints[i].time;
    pthread_mutex_unlock(&office->checkpoint_lock);
    return at;
}

/* A whole file under its name, or nothing: a note that a full disk cut short would look as if somebody had tampered with it. */
static bool write_whole(const struct office *office, const struct checkpoint *checkpoint, const char *kind, const struct buf *text)
{
    char folder[4096], path[4200], part[4210], time[MOMENT_TEXT];
    snprintf(folder, sizeof folder, "%s/checkpoints", office->folder);
    snprintf(path, sizeof path, "%s/%s-%llu.%s", folder, moment_iso(checkpoint->time, time), (unsigned long long)checkpoint->size, kind);
    snprintf(part, sizeof part, "%s.part", path);
    if (mkdir(folder, 0755) != 0 && errno != EEXIST)
        return false;
    disk->remove(part);                        /* of an attempt that a crash ended */
    int fd = disk->create(part);
    bool good = fd >= 0 && disk_write(fd, part, 0, text->data, text->len) == OK && fchmod(fd, 0644) == 0 && disk->sync(fd, part) == 0;
    int why = errno;
    if (fd >= 0)
        close(fd);
    if (good && disk->rename(part, path) == 0 && disk->sync_folder(folder) == 0)
        return true;
    why = good ? errno : why;
    disk->remove(part);
    errno = why;
    return false;
}

/* What was erased since the last list travels with the checkpoint, so that a backup restored later does not bring it back; the checkpoint signs all of
 * them together. Each list names its signer, since those of several lives may meet in one folder. */
static enum status take_erasures(struct office *office, const struct signer *signer, struct checkpoint *checkpoint, struct buf *text)
{
    const char *line = signer_public_line(signer), *plus = strchr(line, '+'), *second = plus ? strchr(plus + 1, '+') : NULL;
    struct erasure_list list = {.from = office->listed, .to = checkpoint->size, .lines = text};
    buf_addf(text, ERASURES_HEAD "%.*s\n", (int)(second ? second - line : 0), line);
    size_t head = text->len;
    enum status status = backup_erasure_list(office->store, &list);
    checkpoint->lists = true;
    checkpoint->erasures = list.count;
    checkpoint->erased = list.hash;
    if (LEAK(43))
        buf_addf(text, "size %llu\n", (unsigned long long)checkpoint->size);
    if (text->len == head)
        buf_clear(text);
    return status;
}

static bool write_erasures(struct office *office, const struct checkpoint *checkpoint, const struct buf *text)
{
    if (text->len && !write_whole(office, checkpoint, "erasures", text))
        return false;
    if (text->len)
        office->listed = checkpoint->size;
    return true;
}

static void remember(struct office *office, uint64_t size, moment time)
{
    pthread_mutex_lock(&office->checkpoint_lock);
    void *more = realloc(office->checkpoints, (office->n_checkpoints + 1) * sizeof *office->checkpoints);
    if (more) {
        office->checkpoints = more;
        office->checkpoints[office->n_checkpoints].size = size;
        office->checkpoints[office->n_checkpoints++].time = time;
    }
    pthread_mutex_unlock(&office->checkpoint_lock);
}

/* What was signed before this start: the notes' names carry time and size (TIME-SIZE.note). */
void checkpoints_load(struct office *office)
{
    struct dirent **names;
    char folder[4096];
    snprintf(folder, sizeof folder, "%s/checkpoints", office->folder);
    int n = scandir(folder, &names, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        const char *dash = strrchr(names[i]->d_name, '-');
        char time[MOMENT_TEXT] = "", *end;
        moment at;
        size_t len = dash ? (size_t)(dash - names[i]->d_name) : 0;
        if (len && str_ends(names[i]->d_name, ".erasures")) {
            uint64_t size = strtoull(dash + 1, NULL, 10);
            office->listed = size > office->listed ? size : office->listed;
        }
        if (len && len < sizeof time && str_ends(names[i]->d_name, ".note")) {
            memcpy(time, names[i]->d_name, len);
            unsigned long long size = strtoull(dash + 1, &end, 10);
            if (moment_read(time, &at) == OK && str_eq(end, ".note"))
                remember(office, size, at);
        }
        free(names[i]);
    }
    if (n >= 0)
        free(names);
}

enum status office_checkpoint(struct office *office, struct signer *signer, moment now, struct reasons *reasons)
{
    struct tree_edge edge;
    struct hash proof[PROOF_MAX];
    unsigned n = 0;
    struct buf note, erased;
    enum status status = store_journal_edge(office->store, &edge);
    uint64_t last = signer_last_size(signer);
    if (status != OK)
        return status;
    struct checkpoint checkpoint = {.origin = office->origin, .size = edge.size, .root = tree_root(&edge), .time = now};
    struct tree_source source = store_tree(office->store);
    if (last && last < edge.size)
        status = tree_prove_consistency(&source, last, edge.size, proof, &n);
    buf_init(&note, 1 << 16);
    buf_init(&erased, (size_t)256 << 20);
    if (status == OK)
        status = take_erasures(office, signer, &checkpoint, &erased);
    if (status == OK)
        status = signer_sign(signer, &checkpoint, proof, n, reasons, &note);
    if (status == OK && (!write_erasures(office, &checkpoint, &erased) || !write_whole(office, &checkpoint, "note", &note))) {
        reason_add(reasons, "checkpoint.write", NULL, T_("The checkpoint cannot be written: %1$s."), strerror(errno));
        status = FAILED_IO;
    }
    buf_free(&note);
    buf_free(&erased);
    if (status == OK)
        remember(office, edge.size, LEAK(42) ? now + (moment)edge.size : now);
    return status;
}
